/*
 * fold_actions.c
 *		Folds actions on one item for test_item_action_peer.py.
 *
 * In:  table, key(item), stored(item; absent for none), actions[action…], where an action is
 *      {"put": item}, {"delete": true} or {"changes": [{"path", "value"; none: removed}…]}, each
 *      perhaps with "expect": [{"path", "value"; none: nothing}…].
 * Out: body (of the TransactWriteItems of the one action), after (the item as text; none: no
 *      item), or error
 */
#include <stdlib.h>

#include "aws/dynamodb_write.h"
#include "item/item_action.h"
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
read_item(json_object *object, Arena *arena)
{
	DynamodbItem *item = allocate(arena, 1, sizeof(*item));

	if (object == NULL)
		return NULL;
	require(result_is_ok(item_decode(arena, text_of(object), item)));
	return item;
}

static AttributePath
read_path(json_object *object, Arena *arena)
{
	AttributePath path;

	require(result_is_ok(attribute_path_parse(arena, description_string(object, "path"), &path)));
	return path;
}

static const AttributeValue *
read_value(json_object *object, Arena *arena)
{
	json_object *member = description_object(object, "value");
	AttributeValue *value = allocate(arena, 1, sizeof(*value));

	if (member == NULL)
		return NULL;
	require(result_is_ok(attribute_value_decode(arena, text_of(member), value)));
	return value;
}

static void
read_expectations(json_object *array, Arena *arena, ItemAction *action)
{
	ItemExpectation *expectations = allocate(arena, count_of(array), sizeof(*expectations));

	for (size_t i = 0; i < count_of(array); i++)
	{
		json_object *object = json_object_array_get_idx(array, i);

		expectations[i].path = read_path(object, arena);
		expectations[i].value = read_value(object, arena);
	}
	action->expectations = expectations;
	action->expectation_count = count_of(array);
}

static void
read_changes(json_object *array, Arena *arena, ItemAction *action)
{
	AttributeChange *changes = allocate(arena, count_of(array), sizeof(*changes));

	for (size_t i = 0; i < count_of(array); i++)
	{
		json_object *object = json_object_array_get_idx(array, i);

		changes[i].path = read_path(object, arena);
		changes[i].value = read_value(object, arena);
	}
	action->changes = changes;
	action->change_count = count_of(array);
	action->effect = ITEM_EFFECT_CHANGE;
}

static ItemAction
read_action(json_object *object, Arena *arena)
{
	ItemAction action = {.expects_item = true, .effect = ITEM_EFFECT_DELETE};
	json_object *put = description_object(object, "put");
	json_object *changes = description_array(object, "changes");

	if (put != NULL)
		action = (ItemAction){.effect = ITEM_EFFECT_PUT, .item = *read_item(put, arena)};
	else if (changes != NULL)
		read_changes(changes, arena, &action);
	read_expectations(description_array(object, "expect"), arena, &action);
	return action;
}

/* All of the actions as one. */
static CheckedResult
fold_all(json_object *array, Arena *arena, const DynamodbItem *stored, ItemAction *folded)
{
	*folded = read_action(json_object_array_get_idx(array, 0), arena);
	for (size_t i = 1; i < count_of(array); i++)
	{
		ItemAction later = read_action(json_object_array_get_idx(array, i), arena);

		RETURN_IF_FAILED(item_action_fold(arena, folded, &later, stored, folded));
	}
	return result_ok();
}

static CheckedResult
write_body(json_object *question, Arena *arena, const ItemAction *action, ByteBuffer *body)
{
	static const ItemWriteAction actions[] = {ITEM_WRITE_CHECK, ITEM_WRITE_PUT, ITEM_WRITE_UPDATE,
	                                          ITEM_WRITE_DELETE};
	ItemWrite write = {
	    .action = actions[action->effect],
	    .table_name = description_string(question, "table"),
	    .key = *read_item(description_object(question, "key"), arena),
	    .item = action->item,
	    .changes = action->changes,
	    .change_count = action->change_count,
	    .condition = item_action_condition(arena, action, BYTES_LITERAL("id")),
	};

	return dynamodb_write_transaction(arena, &write, 1, BYTES_LITERAL("token"), body);
}

static CheckedResult
write_after(Arena *arena, const ItemAction *action, const DynamodbItem *stored, ByteBuffer *text)
{
	JsonWriter json;
	DynamodbItem after;
	bool present;

	RETURN_IF_FAILED(item_action_apply(arena, action, stored, &after, &present));
	if (!present)
		return result_ok();
	json_writer_init(&json, text);
	json_item(&json, &after);
	return buffer_result(text);
}

static CheckedResult
answer_into(json_object *question, Arena *arena, ByteBuffer *body, ByteBuffer *after)
{
	DynamodbItem *stored = read_item(description_object(question, "stored"), arena);
	ItemAction folded;

	RETURN_IF_FAILED(fold_all(description_array(question, "actions"), arena, stored, &folded));
	RETURN_IF_FAILED(write_body(question, arena, &folded, body));
	return write_after(arena, &folded, stored, after);
}

static void
answer_question(json_object *question, Arena *arena, JsonWriter *answer)
{
	ByteBuffer body;
	ByteBuffer after;
	CheckedResult result;

	buffer_init(&body, malloc_block_source, ARENA_PLAIN, BODY_MAXIMUM);
	buffer_init(&after, malloc_block_source, ARENA_PLAIN, BODY_MAXIMUM);
	result = answer_into(question, arena, &body, &after);
	if (!result_is_ok(result))
		json_line_failure(answer, result);
	else
	{
		json_line_string(answer, "body", buffer_bytes(&body));
		json_line_string(answer, "after", buffer_bytes(&after));
	}
	buffer_release(&body);
	buffer_release(&after);
}

int
main(void)
{
	return json_lines_serve(answer_question);
}
