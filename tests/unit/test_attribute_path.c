/*
 * test_attribute_path.c
 *		Paths: their text, what it may not be, and where they lead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "item/attribute_path.h"
#include "item/page_decoder.h"
#include "unit/block_sources.h"
#include "unit/fixture.h"

static void
test_steps(void **state)
{
	AttributePath path = path_of("address.lines[0][12].\"odd.\"\"name\"\"[\"");

	(void) state;
	assert_int_equal(path.count, 5);
	assert_true(bytes_equal(path.steps[0].name, BYTES_LITERAL("address")));
	assert_true(bytes_equal(path.steps[1].name, BYTES_LITERAL("lines")));
	assert_true(path.steps[2].is_index);
	assert_int_equal(path.steps[2].index, 0);
	assert_int_equal(path.steps[3].index, 12);
	assert_true(bytes_equal(path.steps[4].name, BYTES_LITERAL("odd.\"name\"[")));
}

static void
test_written_text_is_read_back(void **state)
{
	static const char *const texts[] = {"a",
	                                    "a.b",
	                                    "a[0]",
	                                    "a[4294967295].b",
	                                    "\"a.b\"",
	                                    "\"a\"\"b\".c",
	                                    "a b",
	                                    "-x-",
	                                    "\xc5\xbe.\xe2\x82\xac",
	                                    "\"]\"[1]",
	                                    "a.0",
	                                    "\"\"\"\""};

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		AttributePath path = path_of(texts[i]);
		AttributePath again;

		buffer_reset(&buffer);
		attribute_path_write(&buffer, &path);
		assert_true(bytes_equal(buffer_bytes(&buffer), bytes_of_string(texts[i])));
		assert_true(result_is_ok(attribute_path_parse(&arena, buffer_bytes(&buffer), &again)));
		assert_true(attribute_path_equal(&path, &again));
	}
}

static void
test_malformed_text(void **state)
{
	static const struct
	{
		const char *text;
		size_t position;
	} refused[] = {{"", 0},       {".", 0},      {"[0]", 0},
	               {"a.", 2},     {"a..b", 2},   {"a[", 2},
	               {"a[]", 2},    {"a[x]", 2},   {"a[-1]", 2},
	               {"a[1", 3},    {"a[01]", 4},  {"a[00]", 4},
	               {"a[1]b", 4},  {"a]", 1},     {"a\"b\"", 1},
	               {"\"a", 2},    {"\"a\"b", 3}, {"\"\"", 2},
	               {"a.\"\"", 4}, {"a[1.5]", 3}, {"a[4294967296]", 11},
	               {"\xff", 0},   {"\"\"\"", 3}, {"a[0].[1]", 5}};
	AttributePath path;

	(void) state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		CheckedResult result =
		    attribute_path_parse(&arena, bytes_of_string(refused[i].text), &path);

		if (result.code != RESULT_MALFORMED || result.position != refused[i].position)
			fail_msg("%s: %d at %zu", refused[i].text, (int) result.code, result.position);
	}
}

static void
test_number_of_steps(void **state)
{
	char text[3 * ATTRIBUTE_DEPTH_MAXIMUM + 5] = "a";
	AttributePath path;

	(void) state;
	for (int i = 0; i < ATTRIBUTE_DEPTH_MAXIMUM; i++)
		strcat(text, "[0]");
	path = path_of(text);
	assert_int_equal(path.count, ATTRIBUTE_DEPTH_MAXIMUM + 1);
	strcat(text, "[0]");
	assert_int_equal(attribute_path_parse(&arena, bytes_of_string(text), &path).code,
	                 RESULT_TOO_LARGE);
}

static void
test_find(void **state)
{
	static const char json[] =
	    "{\"a\":{\"M\":{\"list\":{\"L\":[{\"S\":\"x\"},{\"M\":{\"deep\":{\"N\":\"5\"}}}]},"
	    "\"set\":{\"SS\":[\"one\"]}}},\"s\":{\"S\":\"y\"}}";
	static const char *const nowhere[] = {
	    "b",        "a.b",         "a.list.x",         "a.list[2]",        "s.x", "s[0]", "a[0]",
	    "a.set[0]", "a.list[0].x", "a.list[1].deep.x", "a.list[1].deep[0]"};
	const AttributeValue *value;
	AttributePath path;
	DynamodbItem item;

	(void) state;
	assert_true(result_is_ok(item_decode(&arena, bytes_of_string(json), &item)));
	path = path_of("a.list[1].deep");
	value = attribute_path_find(&path, &item);
	assert_non_null(value);
	assert_true(bytes_equal(value->bytes, BYTES_LITERAL("5")));
	assert_ptr_equal(attribute_path_find_below(&path, item_find(&item, BYTES_LITERAL("a"))), value);
	path = path_of("s");
	value = attribute_path_find(&path, &item);
	assert_true(bytes_equal(value->bytes, BYTES_LITERAL("y")));
	assert_ptr_equal(attribute_path_find_below(&path, value), value);
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
	{
		path = path_of(nowhere[i]);
		assert_null(attribute_path_find(&path, &item));
	}
}

static void
test_overlap(void **state)
{
	AttributePath a = path_of("a");
	AttributePath ab = path_of("a.b");
	AttributePath ac = path_of("a.c");
	AttributePath a0 = path_of("a[0]");
	AttributePath literal;

	(void) state;
	assert_true(attribute_path_overlap(&a, &ab));
	assert_true(attribute_path_overlap(&ab, &a));
	assert_true(attribute_path_overlap(&ab, &ab));
	assert_false(attribute_path_overlap(&ab, &ac));
	assert_false(attribute_path_overlap(&ab, &a0));
	assert_false(attribute_path_equal(&a, &ab));
	assert_true(attribute_path_of_name(&arena, BYTES_LITERAL("a.b"), &literal));
	assert_int_equal(literal.count, 1);
	assert_false(attribute_path_overlap(&literal, &ab));
	assert_false(attribute_path_equal(&literal, &ab));
}

static void
test_exhaustion(void **state)
{
	(void) state;
	for (size_t allowed = 0; allowed < 2; allowed++)
	{
		ObservedSource source;
		Arena small;
		AttributePath path;
		CheckedResult result;

		arena_init(&small, observed_source(&source, allowed), ARENA_PLAIN, SIZE_MAX);
		result = attribute_path_parse(&small, BYTES_LITERAL("\"a\".b[0]"), &path);
		assert_int_equal(result.code, allowed == 0 ? RESULT_OUT_OF_MEMORY : RESULT_OK);
		assert_int_equal(attribute_path_of_name(&small, BYTES_LITERAL("a"), &path), allowed > 0);
		arena_release(&small);
		assert_int_equal(source.live, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_steps),          cmocka_unit_test(test_written_text_is_read_back),
	    cmocka_unit_test(test_malformed_text), cmocka_unit_test(test_number_of_steps),
	    cmocka_unit_test(test_find),           cmocka_unit_test(test_overlap),
	    cmocka_unit_test(test_exhaustion),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
