/*
 * kms_messages.c
 *		Writes requests to KMS and reads its answers, for test_kms_messages.py.
 *
 * In:  {"operation": number, "key_id", "plaintext", "ciphertext", "context": [name, value …],
 *       "destination_context", "algorithm", "number_of_bytes", "marker"}      Out: name, body
 * In:  {"answer": text, "operation": number, "piece": bytes fed at a time}
 *      Out: key_id, plaintext, ciphertext, mac, mac_valid, has_plaintext; or error
 * In:  {"list": text, "operation": number}        Out: entries (key_id, arn, name), next_marker
 * In:  {"arn", "name"}                            Out: named, alias
 *
 * Binary values are hexadecimal digits.
 */
#include <stdlib.h>

#include "aws/kms.h"
#include "unit/json_lines.h"

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static KmsOperation
operation_of(json_object *question)
{
	return (KmsOperation) description_integer(question, "operation", 0);
}

static KmsContext
context_of(json_object *question, const char *name, Arena *arena)
{
	json_object *array = description_array(question, name);
	size_t count = array == NULL ? 0 : json_object_array_length(array) / 2;
	KmsContextPair *pairs = arena_allocate_array(arena, count + 1, sizeof(*pairs));

	require(pairs != NULL);
	for (size_t i = 0; i < count; i++)
	{
		pairs[i].name =
		    bytes_of_string(json_object_get_string(json_object_array_get_idx(array, 2 * i)));
		pairs[i].value =
		    bytes_of_string(json_object_get_string(json_object_array_get_idx(array, 2 * i + 1)));
	}
	return (KmsContext){pairs, count};
}

static void
answer_request(json_object *question, Arena *arena, JsonWriter *answer)
{
	ByteBuffer body;
	KmsRequest request = {
	    .operation = operation_of(question),
	    .key_id = description_string(question, "key_id"),
	    .plaintext = json_line_hexadecimal(question, "plaintext", arena),
	    .ciphertext = json_line_hexadecimal(question, "ciphertext", arena),
	    .context = context_of(question, "context", arena),
	    .destination_context = context_of(question, "destination_context", arena),
	    .algorithm = description_string(question, "algorithm"),
	    .number_of_bytes = (int32_t) description_integer(question, "number_of_bytes", 0),
	    .marker = description_string(question, "marker"),
	};

	buffer_init(&body, malloc_block_source, ARENA_SECRET, KMS_BODY_MAXIMUM);
	require(result_is_ok(kms_write_request(&request, &body)));
	json_line_string(answer, "name", bytes_of_string(kms_operation_name(request.operation)));
	json_line_string(answer, "body", buffer_bytes(&body));
	buffer_release(&body);
}

static void
hexadecimal(JsonWriter *answer, const char *name, Bytes value)
{
	ByteBuffer digits;

	buffer_init(&digits, malloc_block_source, ARENA_PLAIN, 1024 * 1024);
	buffer_append_hexadecimal(&digits, value);
	require(result_is_ok(buffer_result(&digits)));
	json_line_string(answer, name, buffer_bytes(&digits));
	buffer_release(&digits);
}

static void
boolean(JsonWriter *answer, const char *name, bool value)
{
	json_name(answer, bytes_of_string(name));
	json_boolean(answer, value);
}

static CheckedResult
read_in_pieces(KmsAnswerReader *reader, Bytes text, size_t piece, KmsOperation operation,
               KmsAnswer *parts)
{
	for (size_t fed = 0; fed < text.length; fed += piece)
	{
		size_t length = text.length - fed < piece ? text.length - fed : piece;

		RETURN_IF_FAILED(kms_answer_feed(reader, (Bytes){text.data + fed, length}));
	}
	return kms_answer_finish(reader, operation, parts);
}

static void
answer_answer(json_object *question, Bytes text, Arena *arena, JsonWriter *answer)
{
	size_t piece = (size_t) description_integer(question, "piece", 1);
	KmsAnswerReader reader;
	KmsAnswer parts;
	CheckedResult result;

	kms_answer_begin(&reader, arena);
	result = read_in_pieces(&reader, text, piece, operation_of(question), &parts);
	if (!result_is_ok(result))
	{
		json_line_failure(answer, result);
		return;
	}
	json_line_string(answer, "key_id", parts.key_id);
	hexadecimal(answer, "plaintext", parts.plaintext);
	hexadecimal(answer, "ciphertext", parts.ciphertext);
	hexadecimal(answer, "mac", parts.mac);
	boolean(answer, "mac_valid", parts.mac_valid);
	boolean(answer, "has_plaintext", parts.has_plaintext);
}

static void
answer_list(json_object *question, Bytes text, Arena *arena, JsonWriter *answer)
{
	KmsList list;
	CheckedResult result = kms_read_list(arena, operation_of(question), text, &list);

	if (!result_is_ok(result))
	{
		json_line_failure(answer, result);
		return;
	}
	json_name(answer, BYTES_LITERAL("entries"));
	json_begin_array(answer);
	for (size_t i = 0; i < list.count; i++)
	{
		json_begin_array(answer);
		json_string(answer, list.entries[i].key_id);
		json_string(answer, list.entries[i].arn);
		json_string(answer, list.entries[i].name);
		json_end_array(answer);
	}
	json_end_array(answer);
	json_line_string(answer, "next_marker", list.next_marker);
}

static void
answer_question(json_object *question, Arena *arena, JsonWriter *answer)
{
	Bytes text = description_string(question, "answer");
	Bytes list = description_string(question, "list");
	Bytes arn = description_string(question, "arn");

	if (text.length > 0)
		answer_answer(question, text, arena, answer);
	else if (list.length > 0)
		answer_list(question, list, arena, answer);
	else if (arn.length > 0)
	{
		boolean(answer, "named", kms_key_is_named(arn, description_string(question, "name")));
		boolean(answer, "alias", kms_key_id_is_alias(description_string(question, "name")));
	}
	else
		answer_request(question, arena, answer);
}

int
main(void)
{
	return json_lines_serve(answer_question);
}
