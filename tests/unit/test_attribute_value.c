/*
 * test_attribute_value.c
 *		Values: types' names, search, equality, copies that borrow nothing, sizes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "item/attribute_value.h"
#include "item/json_writer.h"
#include "item/page_decoder.h"
#include "unit/block_sources.h"
#include "unit/fixture.h"

static void
test_type_names(void **state)
{
	AttributeType type;

	(void) state;
	for (int i = 0; i < ATTRIBUTE_TYPE_COUNT; i++)
	{
		const char *name = attribute_type_name((AttributeType) i);

		assert_true(attribute_type_from_name(bytes_of_string(name), &type));
		assert_int_equal(type, i);
		assert_int_equal(attribute_type_is_set(type), strlen(name) == 2);
	}
	assert_string_equal(attribute_type_name(ATTRIBUTE_NULL), "NULL");
	assert_false(attribute_type_from_name(BYTES_LITERAL("s"), &type));
	assert_false(attribute_type_from_name(BYTES_LITERAL("SSS"), &type));
	assert_false(attribute_type_from_name(BYTES_EMPTY, &type));
}

static void
test_find(void **state)
{
	DynamodbItem item = item_of("{\"a\":{\"M\":{\"b\":{\"S\":\"x\"}}},\"s\":{\"S\":\"y\"}}");
	const AttributeValue *map = item_find(&item, BYTES_LITERAL("a"));

	(void) state;
	assert_true(bytes_equal(map_find(map, BYTES_LITERAL("b"))->bytes, BYTES_LITERAL("x")));
	assert_null(map_find(map, BYTES_LITERAL("c")));
	assert_null(item_find(&item, BYTES_LITERAL("A")));
	assert_null(map_find(item_find(&item, BYTES_LITERAL("s")), BYTES_LITERAL("b")));
}

/* Each row's first two are equal, and its third is different from both. */
static const char *const comparisons[][3] = {
    {"{\"S\":\"a\"}", "{\"S\":\"\\u0061\"}", "{\"S\":\"b\"}"},
    {"{\"S\":\"1\"}", "{\"S\":\"1\"}", "{\"N\":\"1\"}"},
    {"{\"S\":\"\"}", "{\"S\":\"\"}", "{\"S\":\"\\u0000\"}"},
    {"{\"N\":\"1\"}", "{\"N\":\"10E-1\"}", "{\"N\":\"-1\"}"},
    {"{\"B\":\"AA==\"}", "{\"B\":\"AA==\"}", "{\"B\":\"AAA=\"}"},
    {"{\"B\":\"\"}", "{\"B\":\"\"}", "{\"S\":\"\"}"},
    {"{\"BOOL\":true}", "{\"BOOL\":true}", "{\"BOOL\":false}"},
    {"{\"NULL\":true}", "{\"NULL\":true}", "{\"BOOL\":true}"},
    {"{\"SS\":[\"a\",\"b\"]}", "{\"SS\":[\"b\",\"a\"]}", "{\"SS\":[\"a\",\"c\"]}"},
    {"{\"NS\":[\"1\",\"2\"]}", "{\"NS\":[\"2.0\",\"1.0\"]}", "{\"NS\":[\"1\",\"2\",\"3\"]}"},
    {"{\"BS\":[\"AA==\"]}", "{\"BS\":[\"AA==\"]}", "{\"SS\":[\"\\u0000\"]}"},
    {"{\"L\":[{\"S\":\"a\"},{\"S\":\"b\"}]}", "{\"L\":[{\"S\":\"a\"},{\"S\":\"b\"}]}",
     "{\"L\":[{\"S\":\"b\"},{\"S\":\"a\"}]}"},
    {"{\"M\":{\"a\":{\"N\":\"1\"},\"b\":{\"N\":\"2\"}}}",
     "{\"M\":{\"b\":{\"N\":\"2\"},\"a\":{\"N\":\"1\"}}}",
     "{\"M\":{\"a\":{\"N\":\"1\"},\"c\":{\"N\":\"2\"}}}"},
    {"{\"M\":{}}", "{\"M\":{}}", "{\"L\":[]}"},
};

#define COMPARISON_COUNT (sizeof(comparisons) / sizeof(comparisons[0]))

static void
test_equality(void **state)
{
	(void) state;
	for (size_t i = 0; i < COMPARISON_COUNT; i++)
	{
		AttributeValue first = value_of(comparisons[i][0]);
		AttributeValue second = value_of(comparisons[i][1]);
		AttributeValue third = value_of(comparisons[i][2]);

		assert_true(attribute_value_equal(&first, &second));
		assert_true(attribute_value_equal(&second, &first));
		assert_false(attribute_value_equal(&first, &third));
		assert_false(attribute_value_equal(&third, &first));
	}
}

/* A copy stays what it was when what it was made from is gone. */
static void
test_copies_borrow_nothing(void **state)
{
	Arena copies;
	AttributeValue kept[COMPARISON_COUNT];

	(void) state;
	arena_init(&copies, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	for (size_t i = 0; i < COMPARISON_COUNT; i++)
	{
		AttributeValue value = value_of(comparisons[i][0]);

		assert_true(attribute_value_copy(&copies, &value, &kept[i]));
	}
	arena_release(&arena);
	for (size_t i = 0; i < COMPARISON_COUNT; i++)
	{
		AttributeValue value = value_of(comparisons[i][1]);

		assert_true(attribute_value_equal(&value, &kept[i]));
	}
	arena_release(&copies);
}

static void
test_item_copy(void **state)
{
	DynamodbItem item =
	    item_of("{\"a\":{\"L\":[{\"S\":\"x\"},{\"SS\":[\"y\"]}]},\"b\":{\"N\":\"1\"}}");
	DynamodbItem copy;

	(void) state;
	item.attributes[1].slot = 7;
	for (size_t allowed = 0;; allowed++)
	{
		ObservedSource source;
		Arena small;
		bool copied;

		arena_init(&small, observed_source(&source, allowed), ARENA_PLAIN, SIZE_MAX);
		copied = item_copy(&small, &item, &copy);
		if (copied)
		{
			assert_int_equal(copy.count, 2);
			assert_int_equal(copy.attributes[1].slot, 7);
			assert_true(
			    attribute_value_equal(&copy.attributes[0].value, &item.attributes[0].value));
		}
		arena_release(&small);
		assert_int_equal(source.live, 0);
		assert_int_equal(copied, allowed > 0);
		if (copied)
			break;
	}
}

static void
test_scalars(void **state)
{
	AttributeValue text = attribute_string(BYTES_LITERAL("a"));
	AttributeValue number = attribute_number(BYTES_LITERAL("1"));
	AttributeValue binary = attribute_binary(BYTES_LITERAL("\0"));
	AttributeValue boolean = attribute_boolean(true);
	AttributeValue null = attribute_null();
	AttributeValue same[] = {value_of("{\"S\":\"a\"}"), value_of("{\"N\":\"1\"}"),
	                         value_of("{\"B\":\"AA==\"}"), value_of("{\"BOOL\":true}"),
	                         value_of("{\"NULL\":true}")};

	(void) state;
	assert_true(attribute_value_equal(&text, &same[0]));
	assert_true(attribute_value_equal(&number, &same[1]));
	assert_true(attribute_value_equal(&binary, &same[2]));
	assert_true(attribute_value_equal(&boolean, &same[3]));
	assert_true(attribute_value_equal(&null, &same[4]));
}

/* By the rules of the developer guide, "DynamoDB item sizes and formats". */
static void
test_item_size(void **state)
{
	static const struct
	{
		const char *json;
		size_t size;
	} items[] = {
	    {"{}", 0},
	    {"{\"name\":{\"S\":\"\"}}", 4},
	    {"{\"name\":{\"S\":\"abc\"}}", 7},
	    {"{\"n\":{\"S\":\"\\u20ac\"}}", 4},
	    {"{\"\\u20ac\":{\"B\":\"AAAA\"}}", 6},
	    {"{\"n\":{\"N\":\"0\"}}", 2},
	    {"{\"n\":{\"N\":\"1\"}}", 3},
	    {"{\"n\":{\"N\":\"12\"}}", 3},
	    {"{\"n\":{\"N\":\"123\"}}", 4},
	    {"{\"n\":{\"N\":\"1230000\"}}", 4},
	    {"{\"n\":{\"N\":\"99999999999999999999999999999999999999\"}}", 21},
	    {"{\"n\":{\"BOOL\":true}}", 2},
	    {"{\"n\":{\"NULL\":true}}", 2},
	    {"{\"n\":{\"SS\":[\"ab\",\"c\"]}}", 4},
	    {"{\"n\":{\"L\":[]}}", 4},
	    {"{\"n\":{\"L\":[{\"S\":\"ab\"},{\"BOOL\":true}]}}", 9},
	    {"{\"n\":{\"M\":{\"key\":{\"S\":\"ab\"}}}}", 10},
	    {"{\"a\":{\"S\":\"b\"},\"c\":{\"S\":\"d\"}}", 4},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
	{
		DynamodbItem item = item_of(items[i].json);

		if (item_size(&item) != items[i].size)
			fail_msg("%s: %zu", items[i].json, item_size(&item));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_type_names), cmocka_unit_test(test_find),
	    cmocka_unit_test(test_equality),   cmocka_unit_test(test_copies_borrow_nothing),
	    cmocka_unit_test(test_item_copy),  cmocka_unit_test(test_scalars),
	    cmocka_unit_test(test_item_size),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
