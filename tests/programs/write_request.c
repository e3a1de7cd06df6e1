/*
 * write_request.c
 *		Writes requests to DynamoDB for test_dynamodb_requests.py and test_item_changes.py.
 *
 * In:  operation, table, index, key, filter, projection[path…], keys[item…], start(item), count,
 *      consistent, backward, limit, segment, total_segments; for writes: returned (number of
 *      ReturnedAttributes), token, and writes[{action (number of ItemWriteAction), table,
 *      item or key, changes[change…], condition}…]. Items, paths, conditions and changes are those
 *      of unit/json_questions.h.
 * Out: body (as text), or error; of batches and transactions also sizes, of each write
 */
#include "aws/dynamodb.h"
#include "aws/dynamodb_write.h"
#include "unit/json_lines.h"
#include "unit/json_questions.h"

#define BODY_MAXIMUM ((size_t) 16 * 1024 * 1024)

static ReadRequest
read_request(json_object *question, Arena *arena)
{
	json_object *projection = description_array(question, "projection");
	json_object *start = description_array(question, "start");

	return (ReadRequest){
	    .table_name = description_string(question, "table"),
	    .index_name = description_string(question, "index"),
	    .key_condition = question_condition(description_object(question, "key"), arena),
	    .filter = question_condition(description_object(question, "filter"), arena),
	    .projection = question_paths(projection, arena),
	    .projection_count = question_count(projection),
	    .count_only = question_is_true(question, "count"),
	    .consistent_read = question_is_true(question, "consistent"),
	    .backward = question_is_true(question, "backward"),
	    .limit = description_integer(question, "limit", 0),
	    .segment = (int32_t) description_integer(question, "segment", 0),
	    .total_segments = (int32_t) description_integer(question, "total_segments", 0),
	    .exclusive_start_key = start == NULL ? NULL : question_items(start, arena),
	};
}

static LookupRequest
lookup_request(json_object *question, Arena *arena)
{
	json_object *keys = description_array(question, "keys");
	json_object *projection = description_array(question, "projection");

	return (LookupRequest){
	    .table_name = description_string(question, "table"),
	    .keys = question_items(keys, arena),
	    .key_count = question_count(keys),
	    .projection = question_paths(projection, arena),
	    .projection_count = question_count(projection),
	    .consistent_read = question_is_true(question, "consistent"),
	};
}

static ItemWrite
read_write(json_object *question, Arena *arena)
{
	json_object *item = description_object(question, "item");
	json_object *key = description_object(question, "key");
	json_object *changes = description_array(question, "changes");
	ItemWrite write = {
	    .action = (ItemWriteAction) description_integer(question, "action", 0),
	    .table_name = description_string(question, "table"),
	    .changes = question_changes(changes, arena),
	    .change_count = question_count(changes),
	    .condition = question_condition(description_object(question, "condition"), arena),
	};

	if (item != NULL)
		write.item = question_item(item, arena);
	if (key != NULL)
		write.key = question_item(key, arena);
	return write;
}

static ItemWrite *
read_writes(json_object *array, Arena *arena)
{
	ItemWrite *writes = question_allocate(arena, question_count(array), sizeof(ItemWrite));

	for (size_t i = 0; i < question_count(array); i++)
		writes[i] = read_write(json_object_array_get_idx(array, i), arena);
	return writes;
}

static void
answer_sizes(const ItemWrite *writes, size_t count, bool batch, Arena *arena, JsonWriter *answer)
{
	json_name(answer, BYTES_LITERAL("sizes"));
	json_begin_array(answer);
	for (size_t i = 0; i < count; i++)
	{
		size_t size = item_write_batch_size(&writes[i]);

		if (!batch)
			question_require(result_is_ok(item_write_transaction_size(arena, &writes[i], &size)));
		json_integer(answer, (int64_t) size);
	}
	json_end_array(answer);
}

static CheckedResult
write_writes(json_object *question, Bytes operation, Arena *arena, ByteBuffer *body,
             JsonWriter *answer)
{
	json_object *array = description_array(question, "writes");
	ItemWrite *writes = read_writes(array, arena);
	size_t count = question_count(array);
	bool batch = bytes_equal(operation, BYTES_LITERAL("BatchWriteItem"));

	if (!batch && !bytes_equal(operation, BYTES_LITERAL("TransactWriteItems")))
	{
		const char *expected = item_write_operation(writes[0].action);

		question_require(bytes_equal(operation, bytes_of_string(expected)));
		return dynamodb_write_item(
		    arena, &writes[0], (ReturnedAttributes) description_integer(question, "returned", 0),
		    body);
	}
	answer_sizes(writes, count, batch, arena, answer);
	if (batch)
		return dynamodb_write_batch(writes, count, body);
	return dynamodb_write_transaction(arena, writes, count, description_string(question, "token"),
	                                  body);
}

static CheckedResult
write_body(json_object *question, Arena *arena, ByteBuffer *body, JsonWriter *answer)
{
	Bytes operation = description_string(question, "operation");
	ReadRequest read = read_request(question, arena);
	LookupRequest lookup = lookup_request(question, arena);

	if (bytes_equal(operation, BYTES_LITERAL("Query")))
		return dynamodb_write_query(arena, &read, body);
	if (bytes_equal(operation, BYTES_LITERAL("Scan")))
		return dynamodb_write_scan(arena, &read, body);
	if (bytes_equal(operation, BYTES_LITERAL("GetItem")))
		return dynamodb_write_get_item(arena, &lookup, body);
	if (bytes_equal(operation, BYTES_LITERAL("BatchGetItem")))
		return dynamodb_write_batch_get_item(arena, &lookup, body);
	return write_writes(question, operation, arena, body, answer);
}

static void
answer_question(json_object *question, Arena *arena, JsonWriter *answer)
{
	ByteBuffer body;
	CheckedResult result;

	buffer_init(&body, malloc_block_source, ARENA_PLAIN, BODY_MAXIMUM);
	result = write_body(question, arena, &body, answer);
	if (result_is_ok(result))
		json_line_string(answer, "body", buffer_bytes(&body));
	else
		json_line_failure(answer, result);
	buffer_release(&body);
}

int
main(void)
{
	return json_lines_serve(answer_question);
}
