/*
 * test_attribute_change.c
 *		Changes of places: how they are written, what they do, and how they are found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "item/attribute_change.h"
#include "item/page_decoder.h"
#include "unit/exhaustion.h"
#include "unit/fixture.h"

#define CHANGES_MAXIMUM 1000

static AttributeValue *
new_value_of(const char *json)
{
	AttributeValue *value = arena_allocate(&arena, sizeof(*value));

	*value = value_of(json);
	return value;
}

/* A change, written as its path and its value's typed JSON; NULL removes. */
typedef struct Written
{
	const char *path;
	const char *value;
} Written;

static size_t
changes_of(const Written *written, AttributeChange *changes)
{
	size_t count = 0;

	for (; written[count].path != NULL; count++)
		changes[count] = (AttributeChange){
		    path_of(written[count].path),
		    written[count].value == NULL ? NULL : new_value_of(written[count].value),
		};
	return count;
}

static bool
items_equal(const DynamodbItem *a, const DynamodbItem *b)
{
	AttributeValue left = {ATTRIBUTE_M, a->count, {.attributes = a->attributes}};
	AttributeValue right = {ATTRIBUTE_M, b->count, {.attributes = b->attributes}};

	return attribute_value_equal(&left, &right);
}

static void
assert_expression(const Written *written, const char *expected)
{
	AttributeChange changes[CHANGES_MAXIMUM];
	size_t count = changes_of(written, changes);
	ExpressionAttributes *attributes = expression_attributes_create(&arena);
	Bytes expression;

	buffer_reset(&buffer);
	assert_int_equal(expression_write_update(attributes, &buffer, changes, count).code, RESULT_OK);
	expression = buffer_bytes(&buffer);
	if (!bytes_equal(expression, bytes_of_string(expected)))
		fail_msg("%.*s is not %s", (int) expression.length, expression.data, expected);
}

static void
sets_and_removals_are_one_clause_each(void **state)
{
	assert_expression((Written[]){{"a", "{\"S\":\"x\"}"}, {NULL}}, "SET #0 = :0");
	assert_expression((Written[]){{"a", NULL}, {NULL}}, "REMOVE #0");
	assert_expression((Written[]){{"a", NULL},
	                              {"b.a[3].c", "{\"N\":\"1\"}"},
	                              {"d", NULL},
	                              {"e", "{\"N\":\"1\"}"},
	                              {NULL}},
	                  "SET #0.#1[3].#2 = :0, #3 = :0 REMOVE #1, #4");
}

static void
updates_without_changes_are_refused(void **state)
{
	ExpressionAttributes *attributes = expression_attributes_create(&arena);

	assert_int_equal(expression_write_update(attributes, &buffer, NULL, 0).code,
	                 RESULT_INVALID_ARGUMENT);
}

static void
updates_beyond_the_limit_are_refused(void **state)
{
	static AttributeChange changes[CHANGES_MAXIMUM];
	AttributeValue value = attribute_boolean(true);
	size_t count = 0;
	CheckedResult result;

	do
	{
		char name[16];

		sprintf(name, "a%zu", count);
		changes[count++] = (AttributeChange){path_of(name), &value};
		buffer_reset(&buffer);
		result =
		    expression_write_update(expression_attributes_create(&arena), &buffer, changes, count);
	} while (result_is_ok(result) && count < CHANGES_MAXIMUM);
	assert_int_equal(result.code, RESULT_TOO_LARGE);
	/* 11 bytes of "SET #0 = :0", then 9 of ", #1 = :0", 10 from #10 on, 11 from #100 on */
	assert_int_equal(count - 1, 100 + (4096 - 11 - 9 * 9 - 90 * 10) / 11);
}

/* Each seen on DynamoDB Local; NULL where it refuses. */
static const struct
{
	const char *before;
	Written changes[5];
	const char *after;
} effects[] = {
    {"{}", {{"a", "{\"N\":\"1\"}"}}, "{\"a\":{\"N\":\"1\"}}"},
    {"{\"a\":{\"S\":\"x\"},\"b\":{\"S\":\"y\"}}",
     {{"a", "{\"N\":\"1\"}"}, {"b", NULL}, {"c", NULL}, {"d", "{\"NULL\":true}"}},
     "{\"a\":{\"N\":\"1\"},\"d\":{\"NULL\":true}}"},
    {"{\"m\":{\"M\":{\"a\":{\"N\":\"1\"},\"c\":{\"N\":\"3\"}}}}",
     {{"m.a", "{\"N\":\"2\"}"}, {"m.b", "{\"N\":\"2\"}"}, {"m.c", NULL}, {"m.d", NULL}},
     "{\"m\":{\"M\":{\"a\":{\"N\":\"2\"},\"b\":{\"N\":\"2\"}}}}"},
    {"{\"l\":{\"L\":[{\"N\":\"0\"},{\"N\":\"1\"},{\"N\":\"2\"},{\"N\":\"3\"}]}}",
     {{"l[9]", "{\"N\":\"9\"}"}, {"l[7]", "{\"N\":\"7\"}"}},
     "{\"l\":{\"L\":[{\"N\":\"0\"},{\"N\":\"1\"},{\"N\":\"2\"},{\"N\":\"3\"},{\"N\":\"7\"},"
     "{\"N\":\"9\"}]}}"},
    {"{\"l\":{\"L\":[{\"N\":\"0\"},{\"N\":\"1\"},{\"N\":\"2\"},{\"N\":\"3\"}]}}",
     {{"l[1]", "{\"N\":\"9\"}"}, {"l[4]", "{\"N\":\"8\"}"}, {"l[0]", NULL}, {"l[9]", NULL}},
     "{\"l\":{\"L\":[{\"N\":\"9\"},{\"N\":\"2\"},{\"N\":\"3\"},{\"N\":\"8\"}]}}"},
    {"{\"l\":{\"L\":[{\"N\":\"0\"},{\"N\":\"1\"},{\"N\":\"2\"},{\"N\":\"3\"}]}}",
     {{"l[0]", NULL}, {"l[1]", NULL}, {"l[3]", NULL}},
     "{\"l\":{\"L\":[{\"N\":\"2\"}]}}"},
    {"{\"l\":{\"L\":[{\"L\":[{\"N\":\"1\"},{\"N\":\"2\"}]},{\"M\":{\"a\":{\"N\":\"1\"}}}]}}",
     {{"l[1].a", "{\"N\":\"2\"}"}, {"l[0][5]", "{\"N\":\"3\"}"}, {"l[0][0]", NULL}},
     "{\"l\":{\"L\":[{\"L\":[{\"N\":\"2\"},{\"N\":\"3\"}]},{\"M\":{\"a\":{\"N\":\"2\"}}}]}}"},
    {"{\"m\":{\"M\":{}}}", {{"m.a.b", "{\"N\":\"1\"}"}}, NULL},
    {"{\"m\":{\"M\":{}}}", {{"m.a.b", NULL}}, NULL},
    {"{\"m\":{\"M\":{}}}", {{"m[0]", "{\"N\":\"1\"}"}}, NULL},
    {"{\"l\":{\"L\":[]}}", {{"l.a", NULL}}, NULL},
    {"{\"l\":{\"L\":[]}}", {{"l[1].a", "{\"N\":\"1\"}"}}, NULL},
    {"{\"s\":{\"SS\":[\"a\"]}}", {{"s[0]", NULL}}, NULL},
    {"{}", {{"m.a", NULL}}, NULL},
    {"{\"m\":{\"M\":{}}}", {{"m.a", "{\"N\":\"1\"}"}, {"m", "{\"N\":\"1\"}"}}, NULL},
    {"{\"m\":{\"M\":{}}}", {{"m", "{\"N\":\"1\"}"}, {"m", NULL}}, NULL},
    {"{\"m\":{\"M\":{}}}", {{"m.a", "{\"N\":\"1\"}"}, {"m[0]", "{\"N\":\"1\"}"}}, NULL},
};

#define EFFECT_COUNT (sizeof(effects) / sizeof(effects[0]))

static void
changes_have_the_effect_they_have_in_dynamodb(void **state)
{
	for (size_t i = 0; i < EFFECT_COUNT; i++)
	{
		AttributeChange changes[5];
		size_t count = changes_of(effects[i].changes, changes);
		DynamodbItem before = item_of(effects[i].before);
		DynamodbItem after;
		CheckedResult result = item_apply_changes(&arena, &before, changes, count, &after);

		if (effects[i].after == NULL)
		{
			if (result.code != RESULT_INVALID_ARGUMENT)
				fail_msg("%s %s", effects[i].before, effects[i].changes[0].path);
			continue;
		}
		assert_int_equal(result.code, RESULT_OK);
		before = item_of(effects[i].after);
		if (!items_equal(&after, &before))
			fail_msg("%s %s", effects[i].before, effects[i].changes[0].path);
	}
}

static void
unchanged_attributes_keep_their_slots(void **state)
{
	Attribute attributes[] = {
	    {BYTES_LITERAL("a"), 3, attribute_boolean(true)},
	    {BYTES_LITERAL("b"), 5, attribute_boolean(true)},
	};
	DynamodbItem before = {attributes, 2};
	AttributeChange changes[] = {
	    {path_of("b"), new_value_of("{\"N\":\"1\"}")},
	    {path_of("c"), new_value_of("{\"N\":\"1\"}")},
	};
	DynamodbItem after;

	assert_int_equal(item_apply_changes(&arena, &before, changes, 2, &after).code, RESULT_OK);
	assert_int_equal(after.count, 3);
	assert_int_equal(after.attributes[0].slot, 3);
	assert_int_equal(after.attributes[1].slot, 5);
	assert_int_equal(after.attributes[2].slot, ATTRIBUTE_NO_SLOT);
	assert_int_equal(attributes[1].value.type, ATTRIBUTE_BOOL);
}

static AttributeChange *
difference(const char *before, const char *after, size_t *count)
{
	AttributePath path = path_of("v");
	AttributeChange *changes = NULL;
	size_t capacity = 0;

	*count = 0;
	assert_int_equal(attribute_changes_between(
	                     &arena, &path, before == NULL ? NULL : new_value_of(before),
	                     after == NULL ? NULL : new_value_of(after), &changes, count, &capacity)
	                     .code,
	                 RESULT_OK);
	return changes;
}

/* The paths of the changes, those that remove behind a minus. */
static const struct
{
	const char *before;
	const char *after;
	const char *paths;
} differences[] = {
    {NULL, NULL, ""},
    {NULL, "{\"N\":\"1\"}", "v "},
    {"{\"N\":\"1\"}", NULL, "-v "},
    {"{\"N\":\"1\"}", "{\"N\":\"1.0\"}", ""},
    {"{\"N\":\"1\"}", "{\"S\":\"1\"}", "v "},
    {"{\"SS\":[\"a\",\"b\"]}", "{\"SS\":[\"b\",\"a\"]}", ""},
    {"{\"SS\":[\"a\",\"b\"]}", "{\"SS\":[\"b\",\"c\"]}", "v "},
    {"{\"M\":{\"a\":{\"N\":\"1\"},\"b\":{\"N\":\"2\"},\"d\":{\"N\":\"4\"}}}",
     "{\"M\":{\"b\":{\"N\":\"2\"},\"a\":{\"N\":\"3\"},\"c\":{\"N\":\"1\"}}}", "v.a -v.d v.c "},
    {"{\"M\":{\"a\":{\"M\":{\"b\":{\"L\":[{\"N\":\"1\"},{\"N\":\"2\"}]},\"c.d\":{\"N\":\"1\"}}}}}",
     "{\"M\":{\"a\":{\"M\":{\"b\":{\"L\":[{\"N\":\"1\"},{\"N\":\"3\"}]},\"c.d\":{\"N\":\"2\"}}}}}",
     "v.a.b[1] v.a.\"c.d\" "},
    {"{\"L\":[{\"N\":\"1\"}]}", "{\"L\":[{\"N\":\"1\"},{\"N\":\"2\"}]}", "v "},
    {"{\"L\":[]}", "{\"L\":[]}", ""},
    {"{\"L\":[]}", "{\"M\":{}}", "v "},
    {"{\"M\":{}}", "{\"M\":{\"a\":{\"M\":{}}}}", "v.a "},
};

#define DIFFERENCE_COUNT (sizeof(differences) / sizeof(differences[0]))

static void
differences_are_the_smallest_places(void **state)
{
	for (size_t i = 0; i < DIFFERENCE_COUNT; i++)
	{
		size_t count;
		AttributeChange *changes = difference(differences[i].before, differences[i].after, &count);

		buffer_reset(&buffer);
		for (size_t k = 0; k < count; k++)
		{
			if (changes[k].value == NULL)
				buffer_append_character(&buffer, '-');
			attribute_path_write(&buffer, &changes[k].path);
			buffer_append_character(&buffer, ' ');
		}
		if (!bytes_equal(buffer_bytes(&buffer), bytes_of_string(differences[i].paths)))
			fail_msg("%zu: %.*s", i, (int) buffer.length, buffer.data);
	}
}

/* A list of numbers, all of which are `number`, in a map. */
static AttributeValue
map_of_list(uint32_t length, const char *number)
{
	AttributeValue list = {.type = ATTRIBUTE_L, .count = length};
	Attribute *member = arena_allocate(&arena, sizeof(Attribute));

	list.elements = arena_allocate_array(&arena, length, sizeof(AttributeValue));
	for (uint32_t i = 0; i < length; i++)
		list.elements[i] = attribute_number(bytes_of_string(number));
	*member = (Attribute){BYTES_LITERAL("list"), ATTRIBUTE_NO_SLOT, list};
	return (AttributeValue){.type = ATTRIBUTE_M, .count = 1, .attributes = member};
}

static void
many_differences_in_one_value_replace_it(void **state)
{
	AttributePath path = path_of("v");

	for (uint32_t length = CHANGES_WITHIN_VALUE_MAXIMUM - 1;
	     length <= CHANGES_WITHIN_VALUE_MAXIMUM + 1; length++)
	{
		AttributeValue before = map_of_list(length, "1");
		AttributeValue after = map_of_list(length, "2");
		AttributeChange *changes = NULL;
		size_t capacity = 0;
		size_t count = 0;
		bool whole = length > CHANGES_WITHIN_VALUE_MAXIMUM;

		assert_int_equal(
		    attribute_changes_between(&arena, &path, &before, &after, &changes, &count, &capacity)
		        .code,
		    RESULT_OK);
		assert_int_equal(count, whole ? 1 : length);
		assert_int_equal(changes[0].path.count, whole ? 2 : 3);
		assert_int_equal(changes[0].value->type, whole ? ATTRIBUTE_L : ATTRIBUTE_N);
	}
}

/* What lies inside the value and inside what holds it is never changed with it. */
static void
differences_make_the_one_of_the_other(void **state)
{
	for (size_t i = 0; i < DIFFERENCE_COUNT; i++)
	{
		Attribute before = {.name = BYTES_LITERAL("v"), .slot = 0};
		Attribute after = before;
		DynamodbItem item = {&before, differences[i].before != NULL};
		DynamodbItem expected = {&after, differences[i].after != NULL};
		DynamodbItem changed;
		size_t count;
		AttributeChange *changes = difference(differences[i].before, differences[i].after, &count);

		if (differences[i].before != NULL)
			before.value = *new_value_of(differences[i].before);
		if (differences[i].after != NULL)
			after.value = *new_value_of(differences[i].after);
		assert_int_equal(item_apply_changes(&arena, &item, changes, count, &changed).code,
		                 RESULT_OK);
		assert_true(items_equal(&changed, &expected));
	}
}

static CheckedResult
change_without_memory(Arena *limited)
{
	static Attribute member = {{"a", 1}, 0, {.type = ATTRIBUTE_BOOL}};
	static Attribute other = {{"b", 1}, 0, {.type = ATTRIBUTE_BOOL}};
	AttributeValue map = {ATTRIBUTE_M, 1, {.attributes = &member}};
	AttributeValue changed_map = {ATTRIBUTE_M, 1, {.attributes = &other}};
	AttributeValue lists[] = {{ATTRIBUTE_L, 1, {.elements = &map}},
	                          {ATTRIBUTE_L, 1, {.elements = &changed_map}}};
	Attribute attribute = {{"v", 1}, 0, lists[0]};
	DynamodbItem item = {&attribute, 1};
	AttributePathStep step = {.name = {"v", 1}};
	AttributePath path = {&step, 1};
	AttributeChange *changes = NULL;
	size_t count = 0;
	size_t capacity = 0;
	DynamodbItem changed;

	RETURN_IF_FAILED(attribute_changes_between(limited, &path, &lists[0], &lists[1], &changes,
	                                           &count, &capacity));
	assert_int_equal(count, 2);
	return item_apply_changes(limited, &item, changes, count, &changed);
}

static void
changes_survive_exhaustion(void **state)
{
	assert_survives_exhaustion(change_without_memory);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(sets_and_removals_are_one_clause_each),
	    TEST(updates_without_changes_are_refused),
	    TEST(updates_beyond_the_limit_are_refused),
	    TEST(changes_have_the_effect_they_have_in_dynamodb),
	    TEST(unchanged_attributes_keep_their_slots),
	    TEST(differences_are_the_smallest_places),
	    TEST(many_differences_in_one_value_replace_it),
	    TEST(differences_make_the_one_of_the_other),
	    TEST(changes_survive_exhaustion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
