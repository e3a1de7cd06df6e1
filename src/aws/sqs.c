/*
 * sqs.c
 *		Request bodies of SQS, and its answers.
 */
#include "aws/sqs.h"

#include <string.h>

#include "aws/sqs_digest.h"
#include "foundation/ascii.h"
#include "foundation/base64.h"
#include "item/json_text.h"
#include "item/json_writer.h"

/* ---- requests ---- */

static bool
is_type(Bytes data_type, Bytes base)
{
	return bytes_start_with(data_type, base) &&
	       (data_type.length == base.length || data_type.data[base.length] == '.');
}

bool
sqs_type_is_binary(Bytes data_type)
{
	return is_type(data_type, BYTES_LITERAL("Binary"));
}

bool
sqs_type_is_valid(Bytes data_type)
{
	return sqs_type_is_binary(data_type) || is_type(data_type, BYTES_LITERAL("String")) ||
	       is_type(data_type, BYTES_LITERAL("Number"));
}

/* Whatever the case of its letters. */
static bool
begins_with(Bytes name, const char *lower)
{
	size_t length = 0;

	while (lower[length] != '\0' && length < name.length &&
	       ascii_lower(name.data[length]) == lower[length])
		length++;
	return lower[length] == '\0';
}

bool
sqs_attribute_name_is_valid(Bytes name)
{
	if (name.length == 0 || name.length > SQS_ATTRIBUTE_NAME_MAXIMUM || begins_with(name, "aws.") ||
	    begins_with(name, "amazon."))
		return false;
	for (size_t i = 0; i < name.length; i++)
	{
		char character = name.data[i];
		bool is_at_end = i == 0 || i == name.length - 1;

		if (character == '.' && (is_at_end || name.data[i - 1] == '.'))
			return false;
		if (!ascii_is_letter(character) && !ascii_is_digit(character) && character != '_' &&
		    character != '-' && character != '.')
			return false;
	}
	return true;
}

bool
sqs_find_refused_character(Bytes text, uint32_t *code_point)
{
	for (size_t i = 0; i < text.length; i++)
	{
		unsigned char byte = (unsigned char) text.data[i];
		Bytes rest = {text.data + i, text.length - i};

		*code_point = byte;
		if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r')
			return true;
		*code_point = 0xFFFE;
		if (bytes_start_with(rest, BYTES_LITERAL("\xEF\xBF\xBE")))
			return true;
		*code_point = 0xFFFF;
		if (bytes_start_with(rest, BYTES_LITERAL("\xEF\xBF\xBF")))
			return true;
	}
	return false;
}

size_t
sqs_message_size(const SqsOutgoing *message)
{
	size_t size = message->body.length;

	for (size_t i = 0; i < message->attribute_count; i++)
	{
		const SqsAttribute *attribute = &message->attributes[i];

		size += attribute->name.length + attribute->data_type.length + attribute->value.length;
	}
	return size;
}

/* An array that asks for everything there is. */
static void
write_all(JsonWriter *json, const char *name)
{
	json_begin_array_member(json, name);
	json_string(json, BYTES_LITERAL("All"));
	json_end_array(json);
}

/* Begins a request about a queue. */
static JsonWriter
begin_request(ByteBuffer *body, Bytes queue_url)
{
	JsonWriter json;

	json_writer_init(&json, body);
	json_begin_object(&json);
	json_string_member_if_any(&json, "QueueUrl", queue_url);
	return json;
}

static CheckedResult
end_request(JsonWriter *json)
{
	json_end_object(json);
	return buffer_result(json->buffer);
}

CheckedResult
sqs_write_receive(const SqsReceive *receive, ByteBuffer *body)
{
	JsonWriter json = begin_request(body, receive->queue_url);

	json_integer_member(&json, "MaxNumberOfMessages", receive->maximum);
	if (receive->visibility_seconds >= 0)
		json_integer_member(&json, "VisibilityTimeout", receive->visibility_seconds);
	json_integer_member(&json, "WaitTimeSeconds", receive->wait_seconds);
	write_all(&json, "MessageSystemAttributeNames");
	write_all(&json, "MessageAttributeNames");
	json_string_member_if_any(&json, "ReceiveRequestAttemptId", receive->attempt_id);
	return end_request(&json);
}

static void
begin_entries(JsonWriter *json)
{
	json_begin_array_member(json, "Entries");
}

/* An entry is called by its number, of one digit. */
static void
begin_entry(JsonWriter *json, size_t number)
{
	char digit = (char) ('0' + number);

	json_begin_object(json);
	json_string_member(json, "Id", (Bytes){&digit, 1});
}

static void
write_attribute(JsonWriter *json, const SqsAttribute *attribute)
{
	json_name(json, attribute->name);
	json_begin_object(json);
	json_string_member(json, "DataType", attribute->data_type);
	if (sqs_type_is_binary(attribute->data_type))
		json_base64_member(json, "BinaryValue", attribute->value);
	else
		json_string_member(json, "StringValue", attribute->value);
	json_end_object(json);
}

static void
write_outgoing(JsonWriter *json, const SqsOutgoing *message)
{
	json_string_member(json, "MessageBody", message->body);
	if (message->attribute_count > 0)
	{
		json_begin_object_member(json, "MessageAttributes");
		for (size_t i = 0; i < message->attribute_count; i++)
			write_attribute(json, &message->attributes[i]);
		json_end_object(json);
	}
	json_string_member_if_any(json, "MessageGroupId", message->group_id);
	json_string_member_if_any(json, "MessageDeduplicationId", message->deduplication_id);
}

CheckedResult
sqs_write_send_batch(Bytes queue_url, const SqsOutgoing *messages, size_t count, ByteBuffer *body)
{
	JsonWriter json = begin_request(body, queue_url);

	begin_entries(&json);
	for (size_t i = 0; i < count; i++)
	{
		begin_entry(&json, i);
		write_outgoing(&json, &messages[i]);
		json_end_object(&json);
	}
	json_end_array(&json);
	return end_request(&json);
}

/* `visibility_seconds` -1: not said. */
static CheckedResult
write_receipts(Bytes queue_url, const Bytes *receipt_handles, size_t count, int visibility_seconds,
               ByteBuffer *body)
{
	JsonWriter json = begin_request(body, queue_url);

	begin_entries(&json);
	for (size_t i = 0; i < count; i++)
	{
		begin_entry(&json, i);
		json_string_member(&json, "ReceiptHandle", receipt_handles[i]);
		if (visibility_seconds >= 0)
			json_integer_member(&json, "VisibilityTimeout", visibility_seconds);
		json_end_object(&json);
	}
	json_end_array(&json);
	return end_request(&json);
}

CheckedResult
sqs_write_delete_batch(Bytes queue_url, const Bytes *receipt_handles, size_t count,
                       ByteBuffer *body)
{
	return write_receipts(queue_url, receipt_handles, count, -1, body);
}

CheckedResult
sqs_write_visibility_batch(Bytes queue_url, const Bytes *receipt_handles, size_t count,
                           int visibility_seconds, ByteBuffer *body)
{
	return write_receipts(queue_url, receipt_handles, count, visibility_seconds, body);
}

CheckedResult
sqs_write_get_queue_url(Bytes queue_name, ByteBuffer *body)
{
	JsonWriter json = begin_request(body, BYTES_EMPTY);

	json_string_member(&json, "QueueName", queue_name);
	return end_request(&json);
}

CheckedResult
sqs_write_get_queue_attributes(Bytes queue_url, ByteBuffer *body)
{
	JsonWriter json = begin_request(body, queue_url);

	write_all(&json, "AttributeNames");
	return end_request(&json);
}

CheckedResult
sqs_write_list_queues(Bytes prefix, Bytes next_token, ByteBuffer *body)
{
	JsonWriter json = begin_request(body, BYTES_EMPTY);

	json_string_member_if_any(&json, "QueueNamePrefix", prefix);
	json_string_member_if_any(&json, "NextToken", next_token);
	json_integer_member(&json, "MaxResults", SQS_LIST_MAXIMUM);
	return end_request(&json);
}

/* ---- answers ---- */

/* What a member's string means goes to `field`. */
typedef struct TextMember
{
	const char *name;
	size_t offset; /* of a Bytes in the struct that is filled */
} TextMember;

/* A string's meaning, in the arena. RESULT_MALFORMED for any other value. */
static CheckedResult
read_string(Arena *arena, Bytes value, Bytes *text)
{
	char *decoded;

	if (!json_text_is_string(value))
		return result_failed(RESULT_MALFORMED, "string expected in the answer");
	decoded = arena_allocate(arena, value.length);
	if (decoded == NULL)
		return arena_failure(arena, value.length);
	*text = (Bytes){decoded, json_text_decode(value, decoded, value.length)};
	return result_ok();
}

/* Fills the field of `target` that the member is of, if there is one. */
static CheckedResult
read_text_member(Arena *arena, const TextMember *members, size_t count, Bytes name, Bytes value,
                 void *target)
{
	for (size_t i = 0; i < count; i++)
	{
		if (bytes_equal(name, bytes_of_string(members[i].name)))
			return read_string(arena, value, (Bytes *) ((char *) target + members[i].offset));
	}
	return result_ok();
}

/* Fills all fields from an object's members. */
static CheckedResult
read_text_members(Arena *arena, const TextMember *members, size_t count, Bytes object, void *target)
{
	JsonTextWalk walk;
	Bytes name;
	Bytes value;

	if (!json_text_is_object(object))
		return result_failed(RESULT_MALFORMED, "object expected in the answer");
	walk = json_text_walk(object);
	while (json_text_next_member(&walk, &name, &value))
		RETURN_IF_FAILED(read_text_member(arena, members, count, name, value, target));
	return result_ok();
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The value of a member of an object; no bytes when it has none. */
static Bytes
member_of(Bytes object, const char *wanted)
{
	JsonTextWalk walk = json_text_walk(object);
	Bytes name;
	Bytes value;

	while (json_text_next_member(&walk, &name, &value))
	{
		if (bytes_equal(name, bytes_of_string(wanted)))
			return value;
	}
	return BYTES_EMPTY;
}

/* The answer as one object. */
static CheckedResult
open_answer(Bytes json, Bytes *object)
{
	if (!json_text_check(json, object))
		return result_failed_at(RESULT_MALFORMED, "answer is not JSON",
		                        (size_t) (object->data - json.data));
	if (!json_text_is_object(*object))
		return result_failed(RESULT_MALFORMED, "answer is not a JSON object");
	return result_ok();
}

static size_t
count_elements(Bytes array)
{
	JsonTextWalk walk = json_text_walk(array);
	size_t count = 0;
	Bytes element;

	while (json_text_next_element(&walk, &element))
		count++;
	return count;
}

/* The array of that name, and how many elements it has; none when the answer does not mention it.
 */
static CheckedResult
find_array(Bytes object, const char *name, Bytes *array, size_t *count)
{
	*array = member_of(object, name);
	*count = 0;
	if (array->length == 0)
		return result_ok();
	if (!json_text_is_array(*array))
		return result_failed(RESULT_MALFORMED, "array expected in the answer");
	*count = count_elements(*array);
	return result_ok();
}

/* Reads one element into a struct that is zero. */
typedef CheckedResult (*ElementReader)(Arena *arena, Bytes element, void *target);

/*
 * Reads the array of that name, and how many elements it has, into structs of `size` bytes; NULL
 * when there are none.
 */
static CheckedResult
read_array(Arena *arena, Bytes object, const char *name, ElementReader read, size_t size,
           void **elements, size_t *count)
{
	JsonTextWalk walk;
	Bytes array;
	Bytes element;
	char *next;

	*elements = NULL;
	RETURN_IF_FAILED(find_array(object, name, &array, count));
	if (*count == 0)
		return result_ok();
	*elements = next = arena_allocate_zeroed(arena, *count, size);
	if (next == NULL)
		return arena_failure(arena, *count * size);
	walk = json_text_walk(array);
	for (; json_text_next_element(&walk, &element); next += size)
		RETURN_IF_FAILED(read(arena, element, next));
	return result_ok();
}

/* Messages */

typedef struct WireAttribute
{
	Bytes data_type;
	Bytes string_value;
	Bytes binary_value; /* base64 */
} WireAttribute;

static CheckedResult
decode_binary(Bytes *value)
{
	/* The bytes are shorter than their digits, which are the arena's own. */
	if (!base64_decode(*value, (char *) value->data, &value->length))
		return result_failed(RESULT_MALFORMED, "invalid base64 in the answer");
	return result_ok();
}

static CheckedResult
read_attribute(Arena *arena, Bytes name, Bytes object, SqsAttribute *attribute)
{
	static const TextMember members[] = {
	    {"DataType", offsetof(WireAttribute, data_type)},
	    {"StringValue", offsetof(WireAttribute, string_value)},
	    {"BinaryValue", offsetof(WireAttribute, binary_value)},
	};
	Bytes quoted = {name.data - 1, name.length + 2};
	WireAttribute wire = {{NULL, 0}, {NULL, 0}, {NULL, 0}};

	RETURN_IF_FAILED(read_string(arena, quoted, &attribute->name));
	RETURN_IF_FAILED(read_text_members(arena, members, COUNT(members), object, &wire));
	attribute->data_type = wire.data_type;
	attribute->value = wire.string_value;
	if (!sqs_type_is_binary(wire.data_type))
		return result_ok();
	attribute->value = wire.binary_value;
	return attribute->value.length == 0 ? result_ok() : decode_binary(&attribute->value);
}

static CheckedResult
read_attributes(Arena *arena, Bytes object, SqsMessage *message)
{
	JsonTextWalk walk;
	size_t count = 0;
	Bytes name;
	Bytes value;

	if (object.length == 0)
		return result_ok();
	if (!json_text_is_object(object))
		return result_failed(RESULT_MALFORMED, "object expected in the answer");
	walk = json_text_walk(object);
	while (json_text_next_member(&walk, &name, &value))
		count++;
	message->attributes = arena_allocate_zeroed(arena, count + 1, sizeof(SqsAttribute));
	if (message->attributes == NULL)
		return arena_failure(arena, (count + 1) * sizeof(SqsAttribute));
	walk = json_text_walk(object);
	while (json_text_next_member(&walk, &name, &value))
		RETURN_IF_FAILED(
		    read_attribute(arena, name, value, &message->attributes[message->attribute_count++]));
	return result_ok();
}

static bool
digest_differs(CheckedResult computed, const char *digits, Bytes said)
{
	return !result_is_ok(computed) || !bytes_equal((Bytes){digits, SQS_DIGEST_LENGTH}, said);
}

/* A failure to compute a digest is one to verify by it. */
static CheckedResult
check_digests(Bytes body, const SqsAttribute *attributes, size_t attribute_count, Bytes body_digest,
              Bytes attributes_digest)
{
	char digits[SQS_DIGEST_LENGTH];

	if (digest_differs(sqs_digest_of_body(body, digits), digits, body_digest))
		return result_failed(RESULT_NOT_VERIFIED, "the body does not agree with its MD5 digest");
	if (attribute_count > 0 &&
	    digest_differs(sqs_digest_of_attributes(attributes, attribute_count, digits), digits,
	                   attributes_digest))
		return result_failed(RESULT_NOT_VERIFIED,
		                     "the message attributes do not agree with their MD5 digest");
	return result_ok();
}

/* A message as it travels: the parts that are strings of the message itself. */
typedef struct WireMessage
{
	SqsMessage message;
	Bytes body_digest;
	Bytes attributes_digest;
} WireMessage;

static CheckedResult
read_message(Arena *arena, Bytes object, void *target)
{
	static const TextMember own[] = {
	    {"MessageId", offsetof(WireMessage, message.message_id)},
	    {"ReceiptHandle", offsetof(WireMessage, message.receipt_handle)},
	    {"Body", offsetof(WireMessage, message.body)},
	    {"MD5OfBody", offsetof(WireMessage, body_digest)},
	    {"MD5OfMessageAttributes", offsetof(WireMessage, attributes_digest)},
	};
	static const TextMember system[] = {
	    {"SentTimestamp", offsetof(WireMessage, message.sent_timestamp)},
	    {"ApproximateReceiveCount", offsetof(WireMessage, message.receive_count)},
	    {"MessageGroupId", offsetof(WireMessage, message.group_id)},
	    {"MessageDeduplicationId", offsetof(WireMessage, message.deduplication_id)},
	    {"SequenceNumber", offsetof(WireMessage, message.sequence_number)},
	};
	SqsMessage *message = target;
	WireMessage wire;
	Bytes attributes;

	memset(&wire, 0, sizeof(wire));
	RETURN_IF_FAILED(read_text_members(arena, own, COUNT(own), object, &wire));
	attributes = member_of(object, "Attributes");
	if (attributes.length > 0)
		RETURN_IF_FAILED(read_text_members(arena, system, COUNT(system), attributes, &wire));
	RETURN_IF_FAILED(read_attributes(arena, member_of(object, "MessageAttributes"), &wire.message));
	if (wire.message.message_id.length == 0 || wire.message.receipt_handle.length == 0 ||
	    wire.message.body.data == NULL)
		return result_failed(RESULT_MALFORMED, "a message lacks its id, receipt handle or body");
	*message = wire.message;
	message->integrity = check_digests(message->body, message->attributes, message->attribute_count,
	                                   wire.body_digest, wire.attributes_digest);
	return result_ok();
}

CheckedResult
sqs_read_messages(Arena *arena, Bytes json, SqsMessages *messages)
{
	Bytes object;
	void *elements;
	size_t count;

	*messages = (SqsMessages){NULL, 0};
	RETURN_IF_FAILED(open_answer(json, &object));
	RETURN_IF_FAILED(
	    read_array(arena, object, "Messages", read_message, sizeof(SqsMessage), &elements, &count));
	*messages = (SqsMessages){elements, count};
	return result_ok();
}

/* Batches */

typedef struct WireOutcome
{
	Bytes id;
	SqsOutcome outcome;
} WireOutcome;

static CheckedResult
read_outcome(Arena *arena, Bytes object, bool succeeded, SqsOutcome *outcomes, size_t count)
{
	static const TextMember members[] = {
	    {"Id", offsetof(WireOutcome, id)},
	    {"Code", offsetof(WireOutcome, outcome.code)},
	    {"Message", offsetof(WireOutcome, outcome.message)},
	    {"MessageId", offsetof(WireOutcome, outcome.message_id)},
	    {"SequenceNumber", offsetof(WireOutcome, outcome.sequence_number)},
	    {"MD5OfMessageBody", offsetof(WireOutcome, outcome.body_digest)},
	    {"MD5OfMessageAttributes", offsetof(WireOutcome, outcome.attributes_digest)},
	};
	WireOutcome wire;
	size_t number;

	memset(&wire, 0, sizeof(wire));
	RETURN_IF_FAILED(read_text_members(arena, members, COUNT(members), object, &wire));
	number = wire.id.length == 1 ? (size_t) (wire.id.data[0] - '0') : count;
	if (number >= count)
		return result_failed(RESULT_MALFORMED, "the answer mentions an entry that was not asked");
	outcomes[number] = wire.outcome;
	outcomes[number].succeeded = succeeded;
	outcomes[number].sender_fault =
	    bytes_equal(member_of(object, "SenderFault"), BYTES_LITERAL("true"));
	return result_ok();
}

static CheckedResult
read_outcomes_of(Arena *arena, Bytes object, const char *name, bool succeeded, SqsOutcome *outcomes,
                 size_t count)
{
	JsonTextWalk walk;
	Bytes array;
	Bytes element;
	size_t found;

	RETURN_IF_FAILED(find_array(object, name, &array, &found));
	if (found == 0)
		return result_ok();
	walk = json_text_walk(array);
	while (json_text_next_element(&walk, &element))
		RETURN_IF_FAILED(read_outcome(arena, element, succeeded, outcomes, count));
	return result_ok();
}

CheckedResult
sqs_read_outcomes(Arena *arena, Bytes json, SqsOutcome *outcomes, size_t count)
{
	Bytes object;

	memset(outcomes, 0, count * sizeof(*outcomes));
	RETURN_IF_FAILED(open_answer(json, &object));
	RETURN_IF_FAILED(read_outcomes_of(arena, object, "Successful", true, outcomes, count));
	return read_outcomes_of(arena, object, "Failed", false, outcomes, count);
}

CheckedResult
sqs_check_sent(const SqsOutgoing *message, const SqsOutcome *outcome)
{
	return check_digests(message->body, message->attributes, message->attribute_count,
	                     outcome->body_digest, outcome->attributes_digest);
}

/* Queues */

CheckedResult
sqs_read_queue_url(Arena *arena, Bytes json, Bytes *url)
{
	Bytes object;

	RETURN_IF_FAILED(open_answer(json, &object));
	return read_string(arena, member_of(object, "QueueUrl"), url);
}

/* Digits alone; -1 for anything else, and for more of them than there is room for. */
static int64_t
read_integer(Bytes digits)
{
	int64_t number = 0;

	if (digits.length == 0 || digits.length > 18)
		return -1;
	for (size_t i = 0; i < digits.length; i++)
	{
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return -1;
		number = number * 10 + (digits.data[i] - '0');
	}
	return number;
}

typedef struct WireQueue
{
	Bytes visibility_timeout;
	Bytes messages;
	Bytes kms_key_id;
	Bytes is_fifo;
} WireQueue;

CheckedResult
sqs_read_queue_attributes(Arena *arena, Bytes json, SqsQueue *queue)
{
	static const TextMember members[] = {
	    {"VisibilityTimeout", offsetof(WireQueue, visibility_timeout)},
	    {"ApproximateNumberOfMessages", offsetof(WireQueue, messages)},
	    {"KmsMasterKeyId", offsetof(WireQueue, kms_key_id)},
	    {"FifoQueue", offsetof(WireQueue, is_fifo)},
	};
	WireQueue wire;
	Bytes object;
	Bytes attributes;

	memset(&wire, 0, sizeof(wire));
	RETURN_IF_FAILED(open_answer(json, &object));
	attributes = member_of(object, "Attributes");
	if (attributes.length > 0)
		RETURN_IF_FAILED(read_text_members(arena, members, COUNT(members), attributes, &wire));
	*queue = (SqsQueue){
	    .visibility_seconds = read_integer(wire.visibility_timeout),
	    .messages = read_integer(wire.messages),
	    .kms_key_id = wire.kms_key_id,
	    .is_fifo = bytes_equal(wire.is_fifo, BYTES_LITERAL("true")),
	};
	return result_ok();
}

static CheckedResult
read_url(Arena *arena, Bytes element, void *url)
{
	return read_string(arena, element, url);
}

CheckedResult
sqs_read_queue_list(Arena *arena, Bytes json, SqsQueueList *list)
{
	Bytes object;
	Bytes next_token;
	void *elements;
	size_t count;

	*list = (SqsQueueList){NULL, 0, BYTES_EMPTY};
	RETURN_IF_FAILED(open_answer(json, &object));
	next_token = member_of(object, "NextToken");
	if (json_text_is_string(next_token))
		RETURN_IF_FAILED(read_string(arena, next_token, &list->next_token));
	RETURN_IF_FAILED(
	    read_array(arena, object, "QueueUrls", read_url, sizeof(Bytes), &elements, &count));
	list->urls = elements;
	list->count = count;
	return result_ok();
}

Bytes
sqs_queue_name(Bytes url)
{
	size_t start = url.length;

	while (start > 0 && url.data[start - 1] != '/')
		start--;
	return (Bytes){url.data + start, url.length - start};
}
