/*
 * report.c
 *		Where results and refusals become PostgreSQL errors.
 *
 * What a service says is text from outside: it is shown as valid text of the database's encoding,
 * without control characters. What is a key's value is shown as far as it helps to find the item.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "postgres/compat.h"
#include "postgres/report.h"

/* Bytes of one key value, and of the service's throttling reasons, that are shown. */
#define SHOWN_VALUE_MAXIMUM   ((size_t) 64)
#define SHOWN_REASONS_MAXIMUM ((size_t) 512)

typedef struct ClassReport
{
	int sqlstate;
	const char *hint; /* the way out; NULL where there is none to name */
} ClassReport;

/* One row a class, in the order of ErrorClass. */
static const ClassReport class_reports[] = {
    [ERROR_CLASS_NONE] = {ERRCODE_FDW_ERROR, NULL},
    [ERROR_CLASS_THROTTLED] = {ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
                               "Raise the capacity of the table or index, or the server option "
                               "\"max_attempts\"."},
    [ERROR_CLASS_TRANSIENT] = {ERRCODE_FDW_ERROR,
                               "The service failed at every attempt; try again later."},
    [ERROR_CLASS_CONNECTION] = {ERRCODE_CONNECTION_FAILURE, NULL},
    [ERROR_CLASS_TIMEOUT] = {ERRCODE_CONNECTION_FAILURE, NULL},
    [ERROR_CLASS_CORRUPT] = {ERRCODE_PROTOCOL_VIOLATION, NULL},
    [ERROR_CLASS_CLOCK_SKEW] = {ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                                "Set the clock of the machine that PostgreSQL runs on."},
    [ERROR_CLASS_CREDENTIALS] = {ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                                 "Check the keys in the user mapping."},
    [ERROR_CLASS_EXPIRED_CREDENTIALS] = {ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                                         "Put new temporary keys in the user mapping, or permanent "
                                         "keys with a \"role_arn\", which is renewed by itself."},
    [ERROR_CLASS_NO_CREDENTIALS] = {ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, NULL},
    [ERROR_CLASS_ACCESS_DENIED] = {ERRCODE_INSUFFICIENT_PRIVILEGE, NULL},
    [ERROR_CLASS_NOT_FOUND] = {ERRCODE_FDW_TABLE_NOT_FOUND, NULL},
    [ERROR_CLASS_CONDITION_FAILED] = {ERRCODE_T_R_SERIALIZATION_FAILURE, NULL},
    [ERROR_CLASS_CONFLICT] = {ERRCODE_T_R_SERIALIZATION_FAILURE,
                              "The transaction may succeed when it is run again."},
    [ERROR_CLASS_TRANSACTION_CANCELED] = {ERRCODE_T_R_SERIALIZATION_FAILURE,
                                          "The transaction may succeed when it is run again."},
    [ERROR_CLASS_LIMIT_EXCEEDED] = {ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL},
    [ERROR_CLASS_VALIDATION] = {ERRCODE_FDW_ERROR, NULL},
    [ERROR_CLASS_KEY_NOT_FOUND] = {ERRCODE_FDW_ERROR,
                                   "Check the key's id and the server's region; the name of an "
                                   "alias begins with \"alias/\"."},
    [ERROR_CLASS_KEY_UNAVAILABLE] = {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, NULL},
    [ERROR_CLASS_BAD_CIPHERTEXT] = {ERRCODE_DATA_CORRUPTED,
                                    "It is damaged, or was made with another key or another "
                                    "encryption context."},
    [ERROR_CLASS_EXPIRED_ITERATOR] = {ERRCODE_FDW_ERROR,
                                      "The service forgets a place in a stream behind which "
                                      "nothing was read after 15 minutes; begin anew."},
    [ERROR_CLASS_TRIMMED] = {ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                             "A stream keeps its records for 24 hours."},
    [ERROR_CLASS_OTHER] = {ERRCODE_FDW_ERROR, NULL},
};

/* In the order of AwsService. */
static const char *const display_names[] = {
    [AWS_DYNAMODB] = "DynamoDB", [AWS_STS] = "AWS STS",
    [AWS_KMS] = "AWS KMS",       [AWS_DYNAMODB_STREAMS] = "DynamoDB Streams",
    [AWS_SQS] = "Amazon SQS",
};

StaticAssertDecl(lengthof(display_names) == AWS_SERVICE_COUNT, "one name for each service");
StaticAssertDecl(lengthof(class_reports) == ERROR_CLASS_OTHER + 1, "one row for each class");

const char *
service_display_name(AwsService service)
{
	return display_names[service];
}

/* Text from outside */

/* True when the byte can be shown as it is, given that the whole is valid in the database. */
static bool
is_harmless(unsigned char byte, bool keep_high)
{
	return byte >= 0x80 ? keep_high : byte >= 0x20 && byte != 0x7F;
}

void
report_append_outside_text(StringInfo text, Bytes bytes, size_t maximum)
{
	size_t length = Min(bytes.length, maximum);
	bool keep_high;

	length = pg_encoding_mbcliplen(PG_UTF8, bytes.data, length, length);
	keep_high = GetDatabaseEncoding() == PG_UTF8 &&
	            pg_encoding_verifymbstr(PG_UTF8, bytes.data, length) == (int) length;
	for (size_t i = 0; i < length; i++)
		appendStringInfoChar(text, is_harmless(bytes.data[i], keep_high) ? bytes.data[i] : '?');
	if (length < bytes.length)
		appendStringInfoString(text, "...");
}

char *
outside_text(Bytes bytes, size_t maximum)
{
	StringInfoData text;

	initStringInfo(&text);
	report_append_outside_text(&text, bytes, maximum);
	return text.data;
}

/* Refusals of a service */

static bool
has_no_response(const ServiceError *error)
{
	return error->http_status == 0 &&
	       (error->class == ERROR_CLASS_CONNECTION || error->class == ERROR_CLASS_TIMEOUT);
}

/* 08001 says that nothing can have happened on the other side; 08006 does not. */
static int
sqlstate_of(const ServiceError *error)
{
	if (has_no_response(error) && !error->connected)
		return ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
	return class_reports[error->class].sqlstate;
}

static const char *
default_message(const ServiceError *error)
{
	if (error->code[0] != '\0')
		return error->code;
	return error->http_status == 0 ? "no response" : psprintf("HTTP status %d", error->http_status);
}

static char *
message_of(AwsService service, const char *operation, const ServiceError *error)
{
	const char *name = service_display_name(service);
	const char *words = error->message[0] != '\0'
	                        ? outside_text(bytes_of_string(error->message), ERROR_MESSAGE_MAXIMUM)
	                        : default_message(error);

	if (error->class == ERROR_CLASS_NO_CREDENTIALS)
		return psprintf("no AWS credentials for %s %s", name, operation);
	if (has_no_response(error) && !error->connected)
		return psprintf("could not connect to %s: %s", name, words);
	if (error->class == ERROR_CLASS_CONNECTION)
		return psprintf("connection to %s was lost during %s: %s", name, operation, words);
	if (error->class == ERROR_CLASS_TIMEOUT && error->http_status == 0)
		return psprintf("%s did not answer %s: %s", name, operation, words);
	return psprintf("%s %s failed: %s", name, operation, words);
}

static char *
shown_or(const char *text, const char *absent)
{
	return text[0] == '\0' ? pstrdup(absent) : outside_text(bytes_of_string(text), strlen(text));
}

/* Of throttling there is more to say where it is known what was throttled. */
static const char *
hint_of(AwsService service, const ServiceError *error)
{
	if (error->hint != NULL)
		return error->hint;
	if (error->class == ERROR_CLASS_THROTTLED && service == AWS_KMS)
		return "Raise the account's request quota of AWS KMS, or the server option "
		       "\"max_attempts\".";
	return class_reports[error->class].hint;
}

static char *
detail_of(const ServiceError *error, Bytes key)
{
	StringInfoData detail;

	if (error->class == ERROR_CLASS_NO_CREDENTIALS)
		return psprintf("Tried: %s.",
		                outside_text(bytes_of_string(error->message), ERROR_MESSAGE_MAXIMUM));
	initStringInfo(&detail);
	appendStringInfo(&detail, "AWS error code: %s, HTTP status: ", shown_or(error->code, "none"));
	if (error->http_status == 0)
		appendStringInfoString(&detail, "none");
	else
		appendStringInfo(&detail, "%d", error->http_status);
	appendStringInfo(&detail, ", request id: %s.", shown_or(error->request_id, "none"));
	if (key.length > 0)
	{
		appendStringInfoString(&detail, " KMS key: ");
		report_append_outside_text(&detail, key, SHOWN_REASONS_MAXIMUM);
		appendStringInfoChar(&detail, '.');
	}
	if (error->throttling_reasons.length > 0)
	{
		appendStringInfoString(&detail, " Throttling reasons: ");
		report_append_outside_text(&detail, error->throttling_reasons, SHOWN_REASONS_MAXIMUM);
	}
	return detail.data;
}

char *
service_error_detail(const ServiceError *error)
{
	return detail_of(error, BYTES_EMPTY);
}

void
report_refusal(AwsService service, const char *operation, const ServiceError *error, Bytes key,
               const char *sentence)
{
	const char *hint = hint_of(service, error);

	ereport(ERROR, (errcode(sqlstate_of(error)),
	                errmsg_internal("%s", message_of(service, operation, error)),
	                errdetail_internal("%s%s%s", detail_of(error, key), sentence == NULL ? "" : " ",
	                                   sentence == NULL ? "" : sentence),
	                hint != NULL ? errhint("%s", hint) : 0));
}

void
report_service_error(AwsService service, const char *operation, const ServiceError *error)
{
	report_refusal(service, operation, error, BYTES_EMPTY, NULL);
}

/* Results */

typedef struct ResultReport
{
	int sqlstate;
	bool show_position; /* where in the input it went wrong says something to its reader */
} ResultReport;

/* One row a code, in the order of ResultCode. */
static const ResultReport result_reports[] = {
    [RESULT_OK] = {ERRCODE_INTERNAL_ERROR, false},
    [RESULT_OUT_OF_MEMORY] = {ERRCODE_OUT_OF_MEMORY, false},
    [RESULT_TOO_LARGE] = {ERRCODE_PROGRAM_LIMIT_EXCEEDED, false},
    [RESULT_MALFORMED] = {ERRCODE_PROTOCOL_VIOLATION, true},
    [RESULT_OUT_OF_RANGE] = {ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, false},
    [RESULT_NUL_CHARACTER] = {ERRCODE_UNTRANSLATABLE_CHARACTER, false},
    [RESULT_INVALID_ARGUMENT] = {ERRCODE_INVALID_PARAMETER_VALUE, true},
    [RESULT_UNSUPPORTED] = {ERRCODE_FEATURE_NOT_SUPPORTED, false},
    [RESULT_NOT_VERIFIED] = {ERRCODE_DATA_CORRUPTED, false},
    [RESULT_LIBRARY_FAILURE] = {ERRCODE_SYSTEM_ERROR, false},
};

StaticAssertDecl(lengthof(result_reports) == RESULT_LIBRARY_FAILURE + 1, "one row for each code");

void
report_result(CheckedResult result, const char *doing)
{
	ResultReport report = result_reports[result.code];
	bool has_position = report.show_position && result.position > 0;

	ereport(ERROR,
	        (errcode(report.sqlstate), errmsg("could not %s: %s", doing, result.message),
	         has_position ? errdetail("It is wrong from byte %zu on.", result.position) : 0));
}

/* Places */

/* A key's value in DynamoDB's plain JSON; binary as PostgreSQL shows bytea. */
static void
append_key_value(StringInfo text, const AttributeValue *value)
{
	switch (value->type)
	{
		case ATTRIBUTE_S:
			appendStringInfoChar(text, '"');
			report_append_outside_text(text, value->bytes, SHOWN_VALUE_MAXIMUM);
			appendStringInfoChar(text, '"');
			break;
		case ATTRIBUTE_N:
			report_append_outside_text(text, value->bytes, SHOWN_VALUE_MAXIMUM);
			break;
		case ATTRIBUTE_B:
			appendStringInfoString(text, "\"\\x");
			for (size_t i = 0; i < Min(value->bytes.length, SHOWN_VALUE_MAXIMUM / 2); i++)
				appendStringInfo(text, "%02x", (unsigned char) value->bytes.data[i]);
			if (value->bytes.length > SHOWN_VALUE_MAXIMUM / 2)
				appendStringInfoString(text, "...");
			appendStringInfoChar(text, '"');
			break;
		default:
			/* No key is of another type. */
			appendStringInfo(text, "(%s)", attribute_type_name(value->type));
			break;
	}
}

static void
append_key(StringInfo text, const ReportPlace *place)
{
	const char *separator = "";

	appendStringInfoString(text, ", key {");
	for (int i = 0; i < place->key_name_count; i++)
	{
		const AttributeValue *value = item_find(place->item, place->key_names[i]);

		if (value == NULL)
			continue;
		appendStringInfo(text, "%s\"", separator);
		report_append_outside_text(text, place->key_names[i], SHOWN_VALUE_MAXIMUM);
		appendStringInfoString(text, "\": ");
		append_key_value(text, value);
		separator = ", ";
	}
	appendStringInfoChar(text, '}');
}

/* Looks up no catalog: the error may be one after which that is not possible. */
static void
show_place(void *context)
{
	const ReportPlace *place = context;
	StringInfoData text;

	if (place->table == NULL)
		return;
	initStringInfo(&text);
	appendStringInfo(&text, "foreign table \"%s\"", place->table);
	if (place->column != NULL)
		appendStringInfo(&text, ", column \"%s\"", place->column);
	if (place->item != NULL && place->key_name_count > 0)
		append_key(&text, place);
	errcontext("%s", text.data);
}

void
report_place_enter(ReportPlace *place)
{
	place->callback.callback = show_place;
	place->callback.arg = place;
	place->callback.previous = error_context_stack;
	error_context_stack = &place->callback;
}

void
report_place_leave(ReportPlace *place)
{
	error_context_stack = place->callback.previous;
}
