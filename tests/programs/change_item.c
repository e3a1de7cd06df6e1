/*
 * change_item.c
 *		Changes and checks items for test_item_changes.py.
 *
 * In:  item and changes[change…]; or item and after (items): how the one becomes the other; or item
 *      and rules[{name, type, range, required}…]. As in unit/json_questions.h.
 * Out: item, or error; or changes[{path, value}…]; or kind (number of ItemViolationKind), path,
 * size (of the item)
 */
#include "item/attribute_change.h"
#include "item/item_limits.h"
#include "unit/json_lines.h"
#include "unit/json_questions.h"

static void
answer_path(const AttributePath *path, JsonWriter *answer)
{
	ByteBuffer text;

	buffer_init(&text, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	attribute_path_write(&text, path);
	question_require(result_is_ok(buffer_result(&text)));
	json_line_string(answer, "path", buffer_bytes(&text));
	buffer_release(&text);
}

static void
answer_changed(const DynamodbItem *item, json_object *array, Arena *arena, JsonWriter *answer)
{
	DynamodbItem changed;
	CheckedResult result = item_apply_changes(arena, item, question_changes(array, arena),
	                                          question_count(array), &changed);

	if (!result_is_ok(result))
	{
		json_line_failure(answer, result);
		return;
	}
	json_name(answer, BYTES_LITERAL("item"));
	json_item(answer, &changed);
}

/* The changes of one attribute. */
static void
find_changes(Arena *arena, Bytes name, const DynamodbItem *before, const DynamodbItem *after,
             JsonWriter *answer)
{
	AttributeChange *changes = NULL;
	size_t count = 0;
	size_t capacity = 0;
	AttributePath path;

	question_require(attribute_path_of_name(arena, name, &path));
	question_require(result_is_ok(attribute_changes_between(arena, &path, item_find(before, name),
	                                                        item_find(after, name), &changes,
	                                                        &count, &capacity)));
	for (size_t i = 0; i < count; i++)
	{
		json_begin_object(answer);
		answer_path(&changes[i].path, answer);
		if (changes[i].value != NULL)
		{
			json_name(answer, BYTES_LITERAL("value"));
			json_attribute_value(answer, changes[i].value);
		}
		json_end_object(answer);
	}
}

static void
answer_difference(const DynamodbItem *before, const DynamodbItem *after, Arena *arena,
                  JsonWriter *answer)
{
	json_name(answer, BYTES_LITERAL("changes"));
	json_begin_array(answer);
	for (uint32_t i = 0; i < before->count; i++)
		find_changes(arena, before->attributes[i].name, before, after, answer);
	for (uint32_t i = 0; i < after->count; i++)
	{
		if (item_find(before, after->attributes[i].name) == NULL)
			find_changes(arena, after->attributes[i].name, before, after, answer);
	}
	json_end_array(answer);
}

static KeyRule
read_rule(json_object *question)
{
	KeyRule rule = {
	    .name = description_string(question, "name"),
	    .is_range = question_is_true(question, "range"),
	    .required = question_is_true(question, "required"),
	};

	question_require(attribute_type_from_name(description_string(question, "type"), &rule.type));
	return rule;
}

static void
answer_violation(const DynamodbItem *item, json_object *array, Arena *arena, JsonWriter *answer)
{
	KeyRule *rules = question_allocate(arena, question_count(array), sizeof(KeyRule));
	ItemViolation violation;

	for (size_t i = 0; i < question_count(array); i++)
		rules[i] = read_rule(json_object_array_get_idx(array, i));
	question_require(
	    result_is_ok(item_check_limits(arena, item, rules, question_count(array), &violation)));
	json_name(answer, BYTES_LITERAL("kind"));
	json_integer(answer, violation.kind);
	answer_path(&violation.path, answer);
	json_name(answer, BYTES_LITERAL("size"));
	json_integer(answer, (int64_t) item_size(item));
}

static void
answer_question(json_object *question, Arena *arena, JsonWriter *answer)
{
	DynamodbItem item = question_item(json_object_object_get(question, "item"), arena);
	json_object *changes = description_array(question, "changes");
	json_object *after = description_object(question, "after");
	DynamodbItem target;

	if (changes != NULL)
		answer_changed(&item, changes, arena, answer);
	else if (after != NULL)
	{
		target = question_item(after, arena);
		answer_difference(&item, &target, arena, answer);
	}
	else
		answer_violation(&item, description_array(question, "rules"), arena, answer);
}

int
main(void)
{
	return json_lines_serve(answer_question);
}
