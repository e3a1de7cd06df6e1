/*
 * json_questions.c
 *		Reading what a test asks about.
 */
#include "unit/json_questions.h"

#include <stdlib.h>

#include "item/page_decoder.h"

void
question_require(bool condition)
{
	if (!condition)
		abort();
}

void *
question_allocate(Arena *arena, size_t count, size_t size)
{
	void *memory = arena_allocate_zeroed(arena, count == 0 ? 1 : count, size);

	question_require(memory != NULL);
	return memory;
}

bool
question_is_true(json_object *question, const char *name)
{
	return json_object_get_boolean(json_object_object_get(question, name));
}

size_t
question_count(json_object *array)
{
	return array == NULL ? 0 : json_object_array_length(array);
}

/* The text of a value, or what a string holds. */
static Bytes
text_of(json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		return bytes_of_string(json_object_get_string(value));
	return bytes_of_string(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
}

DynamodbItem
question_item(json_object *item, Arena *arena)
{
	DynamodbItem decoded;

	question_require(result_is_ok(item_decode(arena, text_of(item), &decoded)));
	return decoded;
}

DynamodbItem *
question_items(json_object *array, Arena *arena)
{
	DynamodbItem *items = question_allocate(arena, question_count(array), sizeof(DynamodbItem));

	for (size_t i = 0; i < question_count(array); i++)
		items[i] = question_item(json_object_array_get_idx(array, i), arena);
	return items;
}

AttributeValue
question_value(json_object *value, Arena *arena)
{
	AttributeValue decoded;

	question_require(result_is_ok(attribute_value_decode(arena, text_of(value), &decoded)));
	return decoded;
}

AttributePath
question_path(json_object *text, Arena *arena)
{
	AttributePath path;

	question_require(result_is_ok(
	    attribute_path_parse(arena, bytes_of_string(json_object_get_string(text)), &path)));
	return path;
}

AttributePath *
question_paths(json_object *array, Arena *arena)
{
	AttributePath *paths = question_allocate(arena, question_count(array), sizeof(AttributePath));

	for (size_t i = 0; i < question_count(array); i++)
		paths[i] = question_path(json_object_array_get_idx(array, i), arena);
	return paths;
}

static void
read_children(json_object *array, Arena *arena, Condition *condition)
{
	condition->child_count = (uint32_t) question_count(array);
	condition->children = question_allocate(arena, condition->child_count, sizeof(Condition *));
	for (uint32_t i = 0; i < condition->child_count; i++)
		condition->children[i] = question_condition(json_object_array_get_idx(array, i), arena);
}

static void
read_leaf(json_object *object, Arena *arena, Condition *condition)
{
	json_object *values = description_array(object, "values");

	condition->kind = (ConditionKind) description_integer(object, "kind", 0);
	condition->path = question_path(json_object_object_get(object, "path"), arena);
	condition->value_count = (uint32_t) question_count(values);
	condition->values = question_allocate(arena, condition->value_count, sizeof(AttributeValue));
	for (uint32_t i = 0; i < condition->value_count; i++)
		condition->values[i] = question_value(json_object_array_get_idx(values, i), arena);
}

Condition *
question_condition(json_object *object, Arena *arena)
{
	Condition *condition;

	if (object == NULL)
		return NULL;
	condition = question_allocate(arena, 1, sizeof(Condition));
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

AttributeChange *
question_changes(json_object *array, Arena *arena)
{
	size_t count = question_count(array);
	AttributeChange *changes = question_allocate(arena, count, sizeof(AttributeChange));
	AttributeValue *values = question_allocate(arena, count, sizeof(AttributeValue));

	for (size_t i = 0; i < count; i++)
	{
		json_object *change = json_object_array_get_idx(array, i);
		json_object *value = description_object(change, "value");

		changes[i].path = question_path(json_object_object_get(change, "path"), arena);
		if (value == NULL)
			continue;
		values[i] = question_value(value, arena);
		changes[i].value = &values[i];
	}
	return changes;
}
