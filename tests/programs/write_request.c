/*
 * write_request.c
 *		Writes requests to DynamoDB for test_dynamodb_requests.py.
 *
 * In:  operation, table, index, key, filter, projection[path…], keys[item…], start(item), count,
 *      consistent, backward, limit, segment, total_segments. `key` and `filter` are conditions:
 *      {"all": [condition…]}, {"any": [condition…]}, or {"kind": number, "path", "values":
 *[value…]}. Out: body (as text), or error
 */
#include <stdlib.h>

#include "aws/dynamodb.h"
#include "item/page_decoder.h"
#include "unit/json_lines.h"

#define BODY_MAXIMUM ((size_t) 16 * 1024 * 1024)

/* A test's question that is no question ends the program. */
static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void *
allocate(Arena *arena, size_t count, size_t size)
{
	void *memory = arena_allocate_zeroed(arena, count == 0 ? 1 : count, size);

	require(memory != NULL);
	return memory;
}

static bool
is_true(json_object *question, const char *name)
{
	return json_object_get_boolean(json_object_object_get(question, name));
}

static size_t
count_of(json_object *array)
{
	return array == NULL ? 0 : json_object_array_length(array);
}

static Bytes
text_of(json_object *value)
{
	return bytes_of_string(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
}

static DynamodbItem *
read_items(json_object *array, Arena *arena)
{
	DynamodbItem *items = allocate(arena, count_of(array), sizeof(DynamodbItem));

	for (size_t i = 0; i < count_of(array); i++)
		require(result_is_ok(
		    item_decode(arena, text_of(json_object_array_get_idx(array, i)), &items[i])));
	return items;
}

static AttributePath
read_path(json_object *text, Arena *arena)
{
	AttributePath path;

	require(result_is_ok(
	    attribute_path_parse(arena, bytes_of_string(json_object_get_string(text)), &path)));
	return path;
}

static AttributePath *
read_paths(json_object *array, Arena *arena)
{
	AttributePath *paths = allocate(arena, count_of(array), sizeof(AttributePath));

	for (size_t i = 0; i < count_of(array); i++)
		paths[i] = read_path(json_object_array_get_idx(array, i), arena);
	return paths;
}

static Condition *read_condition(json_object *object, Arena *arena);

static void
read_children(json_object *array, Arena *arena, Condition *condition)
{
	condition->child_count = (uint32_t) count_of(array);
	condition->children = allocate(arena, condition->child_count, sizeof(Condition *));
	for (uint32_t i = 0; i < condition->child_count; i++)
		condition->children[i] = read_condition(json_object_array_get_idx(array, i), arena);
}

static void
read_leaf(json_object *object, Arena *arena, Condition *condition)
{
	json_object *values = description_array(object, "values");

	condition->kind = (ConditionKind) description_integer(object, "kind", 0);
	condition->path = read_path(json_object_object_get(object, "path"), arena);
	condition->value_count = (uint32_t) count_of(values);
	condition->values = allocate(arena, condition->value_count, sizeof(AttributeValue));
	for (uint32_t i = 0; i < condition->value_count; i++)
		require(result_is_ok(attribute_value_decode(
		    arena, text_of(json_object_array_get_idx(values, i)), &condition->values[i])));
}

static Condition *
read_condition(json_object *object, Arena *arena)
{
	Condition *condition;

	if (object == NULL)
		return NULL;
	condition = allocate(arena, 1, sizeof(Condition));
	condition->kind = CONDITION_AND;
	if (description_array(object, "all") != NULL)
		read_children(description_array(object, "all"), arena, condition);
	else if (description_array(object, "any") != NULL)
	{
		condition->kind = CONDITION_OR;
		read_children(description_array(object, "any"), arena, condition);
	}
	else
		read_leaf(object, arena, condition);
	return condition;
}

static ReadRequest
read_request(json_object *question, Arena *arena)
{
	json_object *projection = description_array(question, "projection");
	json_object *start = description_array(question, "start");

	return (ReadRequest){
	    .table_name = description_string(question, "table"),
	    .index_name = description_string(question, "index"),
	    .key_condition = read_condition(description_object(question, "key"), arena),
	    .filter = read_condition(description_object(question, "filter"), arena),
	    .projection = read_paths(projection, arena),
	    .projection_count = count_of(projection),
	    .count_only = is_true(question, "count"),
	    .consistent_read = is_true(question, "consistent"),
	    .backward = is_true(question, "backward"),
	    .limit = description_integer(question, "limit", 0),
	    .segment = (int32_t) description_integer(question, "segment", 0),
	    .total_segments = (int32_t) description_integer(question, "total_segments", 0),
	    .exclusive_start_key = start == NULL ? NULL : read_items(start, arena),
	};
}

static LookupRequest
lookup_request(json_object *question, Arena *arena)
{
	json_object *keys = description_array(question, "keys");
	json_object *projection = description_array(question, "projection");

	return (LookupRequest){
	    .table_name = description_string(question, "table"),
	    .keys = read_items(keys, arena),
	    .key_count = count_of(keys),
	    .projection = read_paths(projection, arena),
	    .projection_count = count_of(projection),
	    .consistent_read = is_true(question, "consistent"),
	};
}

static CheckedResult
write_body(json_object *question, Arena *arena, ByteBuffer *body)
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
	require(bytes_equal(operation, BYTES_LITERAL("BatchGetItem")));
	return dynamodb_write_batch_get_item(arena, &lookup, body);
}

static void
answer_question(json_object *question, Arena *arena, JsonWriter *answer)
{
	ByteBuffer body;
	CheckedResult result;

	buffer_init(&body, malloc_block_source, ARENA_PLAIN, BODY_MAXIMUM);
	result = write_body(question, arena, &body);
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
