/*
 * service_error.c
 *		The bodies of refusals, and the one table of error codes.
 */
#include "aws/service_error.h"

#include <string.h>

#include "aws/xml.h"
#include "foundation/ascii.h"
#include "foundation/utf8.h"
#include "item/json_text.h"

typedef struct CodeRow
{
	const char *code;
	const char *message_part; /* the row is for messages that hold this; NULL: for all */
	ErrorClass class;
} CodeRow;

/* The first row that fits decides, so rows with a part of a message come before their code's own.
 */
static const CodeRow code_rows[] = {
    /* Common to AWS's services; the query protocol leaves "Exception" off. */
    {"AccessDenied", NULL, ERROR_CLASS_ACCESS_DENIED},
    {"AccessDeniedException", NULL, ERROR_CLASS_ACCESS_DENIED},
    {"NotAuthorized", NULL, ERROR_CLASS_ACCESS_DENIED},
    {"OptInRequired", NULL, ERROR_CLASS_ACCESS_DENIED},
    {"UnauthorizedOperation", NULL, ERROR_CLASS_ACCESS_DENIED},
    {"AuthFailure", NULL, ERROR_CLASS_CREDENTIALS},
    {"IncompleteSignature", NULL, ERROR_CLASS_CREDENTIALS},
    {"IncompleteSignatureException", NULL, ERROR_CLASS_CREDENTIALS},
    {"InvalidAccessKeyId", NULL, ERROR_CLASS_CREDENTIALS},
    {"InvalidClientTokenId", NULL, ERROR_CLASS_CREDENTIALS},
    {"InvalidSignatureException", "Signature expired", ERROR_CLASS_CLOCK_SKEW},
    {"InvalidSignatureException", "Signature not yet current", ERROR_CLASS_CLOCK_SKEW},
    {"InvalidSignatureException", NULL, ERROR_CLASS_CREDENTIALS},
    {"MissingAuthenticationToken", NULL, ERROR_CLASS_CREDENTIALS},
    {"MissingAuthenticationTokenException", NULL, ERROR_CLASS_CREDENTIALS},
    {"SignatureDoesNotMatch", "Signature expired", ERROR_CLASS_CLOCK_SKEW},
    {"SignatureDoesNotMatch", "Signature not yet current", ERROR_CLASS_CLOCK_SKEW},
    {"SignatureDoesNotMatch", NULL, ERROR_CLASS_CREDENTIALS},
    {"UnrecognizedClientException", NULL, ERROR_CLASS_CREDENTIALS},
    {"ExpiredToken", NULL, ERROR_CLASS_EXPIRED_CREDENTIALS},
    {"ExpiredTokenException", NULL, ERROR_CLASS_EXPIRED_CREDENTIALS},
    {"TokenRefreshRequired", NULL, ERROR_CLASS_EXPIRED_CREDENTIALS},
    {"RequestExpired", NULL, ERROR_CLASS_CLOCK_SKEW},
    {"RequestInTheFuture", NULL, ERROR_CLASS_CLOCK_SKEW},
    {"RequestTimeTooSkewed", NULL, ERROR_CLASS_CLOCK_SKEW},
    {"BandwidthLimitExceeded", NULL, ERROR_CLASS_THROTTLED},
    {"EC2ThrottledException", NULL, ERROR_CLASS_THROTTLED},
    {"PriorRequestNotComplete", NULL, ERROR_CLASS_THROTTLED},
    {"RequestLimitExceeded", NULL, ERROR_CLASS_THROTTLED},
    {"RequestThrottled", NULL, ERROR_CLASS_THROTTLED},
    {"RequestThrottledException", NULL, ERROR_CLASS_THROTTLED},
    {"SlowDown", NULL, ERROR_CLASS_THROTTLED},
    {"ThrottledException", NULL, ERROR_CLASS_THROTTLED},
    {"Throttling", NULL, ERROR_CLASS_THROTTLED},
    {"ThrottlingException", NULL, ERROR_CLASS_THROTTLED},
    {"TooManyRequestsException", NULL, ERROR_CLASS_THROTTLED},
    {"InternalError", NULL, ERROR_CLASS_TRANSIENT},
    {"InternalFailure", NULL, ERROR_CLASS_TRANSIENT},
    {"InternalServerError", NULL, ERROR_CLASS_TRANSIENT},
    {"InternalServerErrorException", NULL, ERROR_CLASS_TRANSIENT},
    {"InternalServerException", NULL, ERROR_CLASS_TRANSIENT},
    {"RequestTimeout", NULL, ERROR_CLASS_TRANSIENT},
    {"RequestTimeoutException", NULL, ERROR_CLASS_TRANSIENT},
    {"ServiceUnavailable", NULL, ERROR_CLASS_TRANSIENT},
    {"ServiceUnavailableException", NULL, ERROR_CLASS_TRANSIENT},
    {"InvalidAction", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidParameterCombination", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidParameterValue", NULL, ERROR_CLASS_VALIDATION},
    {"MalformedQueryString", NULL, ERROR_CLASS_VALIDATION},
    {"MissingAction", NULL, ERROR_CLASS_VALIDATION},
    {"MissingParameter", NULL, ERROR_CLASS_VALIDATION},
    {"SerializationException", NULL, ERROR_CLASS_VALIDATION},
    {"UnknownOperationException", NULL, ERROR_CLASS_OTHER},
    {"ValidationError", NULL, ERROR_CLASS_VALIDATION},

    /* DynamoDB, and with it streams. */
    {"ValidationException", "does not have the specified index", ERROR_CLASS_NOT_FOUND},
    {"ValidationException", "has exceeded the maximum", ERROR_CLASS_LIMIT_EXCEEDED},
    {"ValidationException", NULL, ERROR_CLASS_VALIDATION},
    {"BackupInUseException", NULL, ERROR_CLASS_OTHER},
    {"BackupNotFoundException", NULL, ERROR_CLASS_NOT_FOUND},
    {"ConditionalCheckFailedException", NULL, ERROR_CLASS_CONDITION_FAILED},
    {"ContinuousBackupsUnavailableException", NULL, ERROR_CLASS_OTHER},
    {"DuplicateItemException", NULL, ERROR_CLASS_CONDITION_FAILED},
    {"ExportConflictException", NULL, ERROR_CLASS_OTHER},
    {"ExportNotFoundException", NULL, ERROR_CLASS_NOT_FOUND},
    {"GlobalTableAlreadyExistsException", NULL, ERROR_CLASS_OTHER},
    {"GlobalTableNotFoundException", NULL, ERROR_CLASS_NOT_FOUND},
    {"IdempotentParameterMismatchException", NULL, ERROR_CLASS_VALIDATION},
    {"ImportConflictException", NULL, ERROR_CLASS_OTHER},
    {"ImportNotFoundException", NULL, ERROR_CLASS_NOT_FOUND},
    {"IndexNotFoundException", NULL, ERROR_CLASS_NOT_FOUND},
    {"InvalidEndpointException", NULL, ERROR_CLASS_OTHER},
    {"InvalidExportTimeException", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidRestoreTimeException", NULL, ERROR_CLASS_VALIDATION},
    {"ItemCollectionSizeLimitExceededException", NULL, ERROR_CLASS_LIMIT_EXCEEDED},
    {"LimitExceededException", NULL, ERROR_CLASS_LIMIT_EXCEEDED},
    {"PointInTimeRecoveryUnavailableException", NULL, ERROR_CLASS_OTHER},
    {"PolicyNotFoundException", NULL, ERROR_CLASS_NOT_FOUND},
    {"ProvisionedThroughputExceededException", NULL, ERROR_CLASS_THROTTLED},
    {"ReplicaAlreadyExistsException", NULL, ERROR_CLASS_OTHER},
    {"ReplicaNotFoundException", NULL, ERROR_CLASS_NOT_FOUND},
    {"ReplicatedWriteConflictException", NULL, ERROR_CLASS_CONFLICT},
    {"ResourceInUseException", NULL, ERROR_CLASS_OTHER},
    {"ResourceNotFoundException", NULL, ERROR_CLASS_NOT_FOUND},
    {"TableAlreadyExistsException", NULL, ERROR_CLASS_OTHER},
    {"TableInUseException", NULL, ERROR_CLASS_OTHER},
    {"TableNotFoundException", NULL, ERROR_CLASS_NOT_FOUND},
    {"TransactionCanceledException", NULL, ERROR_CLASS_TRANSACTION_CANCELED},
    {"TransactionConflictException", NULL, ERROR_CLASS_CONFLICT},
    /* The same transaction is still being worked on, so asking again later finds its result. */
    {"TransactionInProgressException", NULL, ERROR_CLASS_THROTTLED},
    {"ExpiredIteratorException", NULL, ERROR_CLASS_EXPIRED_ITERATOR},
    {"TrimmedDataAccessException", NULL, ERROR_CLASS_TRIMMED},

    /* STS. Some names of its model lose "Exception" on the wire. */
    {"ExpiredTradeInTokenException", NULL, ERROR_CLASS_EXPIRED_CREDENTIALS},
    {"IDPCommunicationError", NULL, ERROR_CLASS_TRANSIENT},
    {"IDPRejectedClaim", NULL, ERROR_CLASS_CREDENTIALS},
    {"InvalidAuthorizationMessageException", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidIdentityToken", NULL, ERROR_CLASS_CREDENTIALS},
    {"JWTPayloadSizeExceededException", NULL, ERROR_CLASS_LIMIT_EXCEEDED},
    {"MalformedPolicyDocument", NULL, ERROR_CLASS_VALIDATION},
    {"OutboundWebIdentityFederationDisabledException", NULL, ERROR_CLASS_ACCESS_DENIED},
    {"PackedPolicyTooLarge", NULL, ERROR_CLASS_LIMIT_EXCEEDED},
    {"RegionDisabledException", NULL, ERROR_CLASS_ACCESS_DENIED},
    {"SessionDurationEscalationException", NULL, ERROR_CLASS_ACCESS_DENIED},

    /* KMS: use of keys. */
    {"DependencyTimeoutException", NULL, ERROR_CLASS_TRANSIENT},
    {"DisabledException", NULL, ERROR_CLASS_KEY_UNAVAILABLE},
    {"DryRunOperationException", NULL, ERROR_CLASS_OTHER},
    {"IncorrectKeyException", NULL, ERROR_CLASS_BAD_CIPHERTEXT},
    {"InvalidCiphertextException", NULL, ERROR_CLASS_BAD_CIPHERTEXT},
    {"InvalidGrantTokenException", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidKeyUsageException", NULL, ERROR_CLASS_VALIDATION},
    {"KMSInternalException", NULL, ERROR_CLASS_TRANSIENT},
    {"KMSInvalidMacException", NULL, ERROR_CLASS_BAD_CIPHERTEXT},
    {"KMSInvalidSignatureException", NULL, ERROR_CLASS_BAD_CIPHERTEXT},
    {"KMSInvalidStateException", NULL, ERROR_CLASS_KEY_UNAVAILABLE},
    /* A state of the service, not of the key: KMS's reference says to send the request again. */
    {"KeyUnavailableException", NULL, ERROR_CLASS_TRANSIENT},
    {"NotFoundException", NULL, ERROR_CLASS_KEY_NOT_FOUND},

    /* SQS, and what it says of its queues' keys. */
    {"AWS.SimpleQueueService.NonExistentQueue", NULL, ERROR_CLASS_NOT_FOUND},
    {"QueueDoesNotExist", NULL, ERROR_CLASS_NOT_FOUND},
    {"BatchEntryIdsNotDistinct", NULL, ERROR_CLASS_VALIDATION},
    {"BatchRequestTooLong", NULL, ERROR_CLASS_LIMIT_EXCEEDED},
    {"EmptyBatchRequest", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidAddress", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidAttributeName", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidAttributeValue", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidBatchEntryId", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidIdFormat", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidMessageContents", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidSecurity", NULL, ERROR_CLASS_CREDENTIALS},
    {"KmsAccessDenied", NULL, ERROR_CLASS_ACCESS_DENIED},
    {"KmsDisabled", NULL, ERROR_CLASS_KEY_UNAVAILABLE},
    {"KmsInvalidKeyUsage", NULL, ERROR_CLASS_VALIDATION},
    {"KmsInvalidState", NULL, ERROR_CLASS_KEY_UNAVAILABLE},
    {"KmsNotFound", NULL, ERROR_CLASS_KEY_NOT_FOUND},
    {"KmsOptInRequired", NULL, ERROR_CLASS_ACCESS_DENIED},
    {"KmsThrottled", NULL, ERROR_CLASS_THROTTLED},
    {"MessageNotInflight", NULL, ERROR_CLASS_CONFLICT},
    {"OverLimit", NULL, ERROR_CLASS_LIMIT_EXCEEDED},
    {"PurgeQueueInProgress", NULL, ERROR_CLASS_OTHER},
    {"QueueDeletedRecently", NULL, ERROR_CLASS_OTHER},
    {"QueueNameExists", NULL, ERROR_CLASS_OTHER},
    {"ReceiptHandleIsInvalid", NULL, ERROR_CLASS_CONFLICT},
    {"TooManyEntriesInBatchRequest", NULL, ERROR_CLASS_VALIDATION},
    {"UnsupportedOperation", NULL, ERROR_CLASS_OTHER},

    /* KMS: management of keys, and of key stores outside it. */
    {"AlreadyExistsException", NULL, ERROR_CLASS_OTHER},
    {"CloudHsmClusterInUseException", NULL, ERROR_CLASS_OTHER},
    {"CloudHsmClusterInvalidConfigurationException", NULL, ERROR_CLASS_OTHER},
    {"CloudHsmClusterNotActiveException", NULL, ERROR_CLASS_KEY_UNAVAILABLE},
    {"CloudHsmClusterNotFoundException", NULL, ERROR_CLASS_NOT_FOUND},
    {"CloudHsmClusterNotRelatedException", NULL, ERROR_CLASS_OTHER},
    {"ConflictException", NULL, ERROR_CLASS_OTHER},
    {"CustomKeyStoreHasCMKsException", NULL, ERROR_CLASS_OTHER},
    {"CustomKeyStoreInvalidStateException", NULL, ERROR_CLASS_KEY_UNAVAILABLE},
    {"CustomKeyStoreNameInUseException", NULL, ERROR_CLASS_OTHER},
    {"CustomKeyStoreNotFoundException", NULL, ERROR_CLASS_NOT_FOUND},
    {"ExpiredImportTokenException", NULL, ERROR_CLASS_VALIDATION},
    {"IncorrectKeyMaterialException", NULL, ERROR_CLASS_VALIDATION},
    {"IncorrectTrustAnchorException", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidAliasNameException", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidArnException", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidGrantIdException", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidImportTokenException", NULL, ERROR_CLASS_VALIDATION},
    {"InvalidMarkerException", NULL, ERROR_CLASS_VALIDATION},
    {"MalformedPolicyDocumentException", NULL, ERROR_CLASS_VALIDATION},
    {"TagException", NULL, ERROR_CLASS_VALIDATION},
    {"UnsupportedOperationException", NULL, ERROR_CLASS_OTHER},
    {"XksKeyAlreadyInUseException", NULL, ERROR_CLASS_OTHER},
    {"XksKeyInvalidConfigurationException", NULL, ERROR_CLASS_KEY_UNAVAILABLE},
    {"XksKeyNotFoundException", NULL, ERROR_CLASS_NOT_FOUND},
    {"XksProxyIncorrectAuthenticationCredentialException", NULL, ERROR_CLASS_KEY_UNAVAILABLE},
    {"XksProxyInvalidConfigurationException", NULL, ERROR_CLASS_KEY_UNAVAILABLE},
    {"XksProxyInvalidResponseException", NULL, ERROR_CLASS_KEY_UNAVAILABLE},
    {"XksProxyUriEndpointInUseException", NULL, ERROR_CLASS_OTHER},
    {"XksProxyUriInUseException", NULL, ERROR_CLASS_OTHER},
    {"XksProxyUriUnreachableException", NULL, ERROR_CLASS_KEY_UNAVAILABLE},
    {"XksProxyVpcEndpointServiceInUseException", NULL, ERROR_CLASS_OTHER},
    {"XksProxyVpcEndpointServiceInvalidConfigurationException", NULL, ERROR_CLASS_KEY_UNAVAILABLE},
    {"XksProxyVpcEndpointServiceNotFoundException", NULL, ERROR_CLASS_NOT_FOUND},
};

/* Statuses whose meaning does not depend on a code. */
static const struct
{
	int status;
	ErrorClass class;
} status_rows[] = {
    {0, ERROR_CLASS_CONNECTION},    {200, ERROR_CLASS_NONE},
    {401, ERROR_CLASS_CREDENTIALS}, {403, ERROR_CLASS_ACCESS_DENIED},
    {408, ERROR_CLASS_TRANSIENT},   {413, ERROR_CLASS_LIMIT_EXCEEDED},
    {429, ERROR_CLASS_THROTTLED},   {500, ERROR_CLASS_TRANSIENT},
    {502, ERROR_CLASS_TRANSIENT},   {503, ERROR_CLASS_TRANSIENT},
    {504, ERROR_CLASS_TRANSIENT},   {509, ERROR_CLASS_THROTTLED},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
contains(Bytes text, Bytes part)
{
	while (text.length >= part.length)
	{
		if (bytes_start_with(text, part))
			return true;
		if (text.length == 0)
			return false;
		text = (Bytes){text.data + 1, text.length - 1};
	}
	return false;
}

static bool
row_fits(const CodeRow *row, Bytes code, Bytes message)
{
	return bytes_equal(code, bytes_of_string(row->code)) &&
	       (row->message_part == NULL || contains(message, bytes_of_string(row->message_part)));
}

static ErrorClass
class_of_status(int http_status)
{
	for (size_t i = 0; i < COUNT(status_rows); i++)
		if (status_rows[i].status == http_status)
			return status_rows[i].class;
	return ERROR_CLASS_OTHER;
}

ErrorClass
service_error_classify(Bytes code, Bytes message, int http_status)
{
	for (size_t i = 0; i < COUNT(code_rows); i++)
		if (row_fits(&code_rows[i], code, message))
			return code_rows[i].class;
	return class_of_status(http_status);
}

bool
service_error_code_is_known(Bytes code)
{
	for (size_t i = 0; i < COUNT(code_rows); i++)
		if (bytes_equal(code, bytes_of_string(code_rows[i].code)))
			return true;
	return false;
}

bool
error_class_is_ambiguous(ErrorClass class)
{
	return class == ERROR_CLASS_TRANSIENT || class == ERROR_CLASS_CONNECTION ||
	       class == ERROR_CLASS_TIMEOUT || class == ERROR_CLASS_CORRUPT;
}

/*
 * Copies a message as terminated UTF-8 without control characters, cut at a character. What is
 * neither becomes a space or a question mark, for the text ends in a log.
 */
static void
copy_message(char *target, size_t size, Bytes text)
{
	size_t used = 0;

	while (text.length > 0)
	{
		size_t length = utf8_character_length(text);
		size_t taken = length == 0 ? 1 : length;

		if (taken > size - 1 - used)
			break;
		memcpy(target + used, text.data, taken);
		if (length == 0)
			target[used] = '?';
		else if (length == 1 && ((unsigned char) text.data[0] < 0x20 || text.data[0] == 0x7f))
			target[used] = ' ';
		used += taken;
		text = (Bytes){text.data + taken, text.length - taken};
	}
	target[used] = '\0';
}

static bool
is_code_character(char character)
{
	return ascii_is_letter(character) || ascii_is_digit(character) || character == '.' ||
	       character == '_' || character == '-';
}

/* What stands behind the last `separator`, or all. */
static Bytes
behind_last(Bytes text, char separator)
{
	for (size_t start = text.length; start > 0; start--)
		if (text.data[start - 1] == separator)
			return (Bytes){text.data + start, text.length - start};
	return text;
}

/* What stands before the first `separator`, or all. */
static Bytes
before_first(Bytes text, char separator)
{
	const char *end = text.length == 0 ? NULL : memchr(text.data, separator, text.length);

	return end == NULL ? text : (Bytes){text.data, (size_t) (end - text.data)};
}

/*
 * The code itself, of any form it is sent in:
 *		ResourceNotFoundException
 *		com.amazonaws.dynamodb.v20120810#ResourceNotFoundException
 *		ValidationException:http://internal.amazon.com/coral/com.amazon.coral.validate/
 *		http://internal.amazon.com/coral/com.amazon.coral.service/UnrecognizedClientException
 */
static Bytes
code_without_namespace(Bytes text)
{
	if (bytes_start_with(text, BYTES_LITERAL("http://")) ||
	    bytes_start_with(text, BYTES_LITERAL("https://")))
		return behind_last(behind_last(text, '/'), '#');
	return behind_last(before_first(text, ':'), '#');
}

/* Takes the code if it looks like one; a proxy's page may say anything. */
static void
take_code(ServiceError *error, Bytes text)
{
	Bytes code = code_without_namespace(text);

	if (code.length == 0 || code.length >= sizeof(error->code))
		return;
	for (size_t i = 0; i < code.length; i++)
		if (!is_code_character(code.data[i]))
			return;
	memcpy(error->code, code.data, code.length);
	error->code[code.length] = '\0';
}

/* The members of a refusal that say something; of several names for one thing, the first counts. */
typedef enum RefusalMember
{
	MEMBER_TYPE,
	MEMBER_CODE,
	MEMBER_CODE_CAPITALIZED,
	MEMBER_MESSAGE,
	MEMBER_MESSAGE_CAPITALIZED,
	MEMBER_ERROR_MESSAGE,
	MEMBER_ITEM,
	MEMBER_CANCELLATION_REASONS,
	MEMBER_THROTTLING_REASONS,
	MEMBER_COUNT
} RefusalMember;

static const char *const member_names[MEMBER_COUNT] = {
    [MEMBER_TYPE] = "__type",
    [MEMBER_CODE] = "code",
    [MEMBER_CODE_CAPITALIZED] = "Code",
    [MEMBER_MESSAGE] = "message",
    [MEMBER_MESSAGE_CAPITALIZED] = "Message",
    [MEMBER_ERROR_MESSAGE] = "errorMessage",
    [MEMBER_ITEM] = "Item",
    [MEMBER_CANCELLATION_REASONS] = "CancellationReasons",
    [MEMBER_THROTTLING_REASONS] = "ThrottlingReasons",
};

/* The values of the members in a checked object, borrowed; no bytes for those that are not there.
 */
static void
find_members(Bytes object, Bytes *values)
{
	JsonTextWalk walk = json_text_walk(object);
	Bytes name;
	Bytes value;

	memset(values, 0, MEMBER_COUNT * sizeof(Bytes));
	while (json_text_next_member(&walk, &name, &value))
	{
		for (size_t i = 0; i < MEMBER_COUNT; i++)
		{
			if (bytes_equal(name, bytes_of_string(member_names[i])))
				values[i] = value;
		}
	}
}

/* The first of some values that is a string with bytes, decoded and cut at `size`. */
static Bytes
first_string(const Bytes *values, size_t count, char *decoded, size_t size)
{
	for (size_t i = 0; i < count; i++)
	{
		/* a string without bytes is two quotes */
		if (json_text_is_string(values[i]) && values[i].length > 2)
			return (Bytes){decoded, json_text_decode(values[i], decoded, size)};
	}
	return BYTES_EMPTY;
}

static void
parse_json(Bytes body, ServiceError *error)
{
	char decoded[ERROR_MESSAGE_MAXIMUM];
	Bytes values[MEMBER_COUNT];
	Bytes document;

	if (!json_text_check(body, &document) || !json_text_is_object(document))
		return;
	find_members(document, values);
	take_code(error, first_string(&values[MEMBER_TYPE], MEMBER_MESSAGE - MEMBER_TYPE, decoded,
	                              sizeof(decoded)));
	copy_message(error->message, sizeof(error->message),
	             first_string(&values[MEMBER_MESSAGE], MEMBER_ITEM - MEMBER_MESSAGE, decoded,
	                          sizeof(decoded)));
	if (json_text_is_object(values[MEMBER_ITEM]))
		error->item = values[MEMBER_ITEM];
	if (json_text_is_array(values[MEMBER_CANCELLATION_REASONS]))
		error->cancellation_reasons = values[MEMBER_CANCELLATION_REASONS];
	if (json_text_is_array(values[MEMBER_THROTTLING_REASONS]))
		error->throttling_reasons = values[MEMBER_THROTTLING_REASONS];
}

/* The decoded text of an element, cut at `size`; no bytes when it cannot be read. */
static Bytes
xml_text(Bytes body, const char *path, char *decoded, size_t size)
{
	Bytes text;
	size_t length;

	if (!result_is_ok(xml_find_text(body, path, &text)) ||
	    !result_is_ok(xml_decode_text(text, decoded, size, &length)))
		return BYTES_EMPTY;
	return (Bytes){decoded, length};
}

static void
parse_xml(Bytes body, ServiceError *error)
{
	char decoded[ERROR_MESSAGE_MAXIMUM];

	take_code(error, xml_text(body, "ErrorResponse/Error/Code", decoded, sizeof(decoded)));
	copy_message(error->message, sizeof(error->message),
	             xml_text(body, "ErrorResponse/Error/Message", decoded, sizeof(decoded)));
}

/* DynamoDB Streams says of too many requests what others say of a quota. */
static ErrorClass
class_at_service(ErrorClass class, AwsService service)
{
	return service == AWS_DYNAMODB_STREAMS && class == ERROR_CLASS_LIMIT_EXCEEDED
	           ? ERROR_CLASS_THROTTLED
	           : class;
}

void
service_error_parse(const HttpResponseHead *head, Bytes body, AwsService service,
                    ServiceError *error)
{
	*error = (ServiceError){.http_status = head->status};
	memcpy(error->request_id, head->request_id, sizeof(error->request_id));
	if (service == AWS_STS)
		parse_xml(body, error);
	else
		parse_json(body, error);
	if (error->code[0] == '\0')
		take_code(error, bytes_of_string(head->error_type));
	error->class =
	    class_at_service(service_error_classify(bytes_of_string(error->code),
	                                            bytes_of_string(error->message), head->status),
	                     service);
}
