/*
 * test_json_writer.c
 *		JSON as it is written: commas, escapes, typed values; read by json-c to be sure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "item/json_writer.h"
#include "item/page_decoder.h"
#include "unit/block_sources.h"

static ByteBuffer buffer;
static JsonWriter writer;

static int
begin_test(void **state)
{
	(void) state;
	buffer_init(&buffer, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	json_writer_init(&writer, &buffer);
	return 0;
}

static int
end_test(void **state)
{
	(void) state;
	buffer_release(&buffer);
	return 0;
}

static void
assert_written(const char *json)
{
	assert_true(result_is_ok(buffer_result(&buffer)));
	buffer_append_character(&buffer, '\0');
	assert_string_equal(buffer_bytes(&buffer).data, json);
}

static void
test_structure(void **state)
{
	(void) state;
	json_begin_object(&writer);
	json_name(&writer, BYTES_LITERAL("a"));
	json_integer(&writer, -5);
	json_name(&writer, BYTES_LITERAL("b"));
	json_begin_array(&writer);
	json_boolean(&writer, true);
	json_boolean(&writer, false);
	json_null(&writer);
	json_begin_object(&writer);
	json_end_object(&writer);
	json_begin_array(&writer);
	json_end_array(&writer);
	json_string(&writer, BYTES_LITERAL("s"));
	json_raw(&writer, BYTES_LITERAL("{\"raw\":1}"));
	json_base64(&writer, BYTES_EMPTY);
	json_base64(&writer, BYTES_LITERAL("\xff"));
	json_end_array(&writer);
	json_name(&writer, BYTES_LITERAL("c"));
	json_begin_object(&writer);
	json_name(&writer, BYTES_EMPTY);
	json_string(&writer, BYTES_EMPTY);
	json_end_object(&writer);
	json_name(&writer, BYTES_LITERAL("d"));
	json_null(&writer);
	json_end_object(&writer);
	assert_written("{\"a\":-5,\"b\":[true,false,null,{},[],\"s\",{\"raw\":1},\"\",\"/w==\"],"
	               "\"c\":{\"\":\"\"},\"d\":null}");
}

/* json-c reads back every character. */
static void
test_escapes(void **state)
{
	char text[260];
	size_t length = 0;
	json_object *read;

	(void) state;
	for (int i = 0; i < 128; i++)
		text[length++] = (char) i;
	memcpy(text + length, "\xc5\xbe\xe2\x82\xac\xf0\x9f\x98\x80\"", 10);
	length += 10;
	json_string(&writer, (Bytes){text, length});
	assert_true(result_is_ok(buffer_result(&buffer)));
	buffer_append_character(&buffer, '\0');
	read = json_tokener_parse(buffer_bytes(&buffer).data);
	assert_non_null(read);
	assert_int_equal(json_object_get_string_len(read), length);
	assert_memory_equal(json_object_get_string(read), text, length);
	json_object_put(read);
}

static void
test_typed_values(void **state)
{
	static const char json[] =
	    "{\"s\":{\"S\":\"a\\u0001\"},\"n\":{\"N\":\"-1.5\"},\"b\":{\"B\":\"AAEC\"},"
	    "\"t\":{\"BOOL\":true},\"f\":{\"BOOL\":false},\"z\":{\"NULL\":true},"
	    "\"ss\":{\"SS\":[\"x\",\"y\"]},\"ns\":{\"NS\":[\"1\"]},\"bs\":{\"BS\":[\"AA==\",\"\"]},"
	    "\"l\":{\"L\":[{\"L\":[]},{\"S\":\"\"}]},\"m\":{\"M\":{\"k\":{\"M\":{}},\"j\":{\"N\":\"0\"}"
	    "}}}";
	Arena arena;
	DynamodbItem item;

	(void) state;
	arena_init(&arena, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	assert_true(result_is_ok(item_decode(&arena, bytes_of_string(json), &item)));
	json_item(&writer, &item);
	assert_written(json);
	buffer_reset(&buffer);
	json_writer_init(&writer, &buffer);
	json_attribute_value(&writer, item_find(&item, BYTES_LITERAL("ss")));
	assert_written("{\"SS\":[\"x\",\"y\"]}");
	arena_release(&arena);
}

/* `levels` lists around a string, in `values`. */
static const AttributeValue *
nest(AttributeValue *values, int levels)
{
	values[0] = attribute_string(BYTES_LITERAL("x"));
	for (int i = 1; i <= levels; i++)
		values[i] = (AttributeValue){.type = ATTRIBUTE_L, .count = 1, .elements = &values[i - 1]};
	return &values[levels];
}

static void
test_nesting(void **state)
{
	AttributeValue values[ATTRIBUTE_DEPTH_MAXIMUM + 2];

	(void) state;
	json_attribute_value(&writer, nest(values, ATTRIBUTE_DEPTH_MAXIMUM));
	assert_true(result_is_ok(buffer_result(&buffer)));
	json_attribute_value(&writer, nest(values, ATTRIBUTE_DEPTH_MAXIMUM + 1));
	assert_int_equal(buffer_result(&buffer).code, RESULT_TOO_LARGE);
}

static void
test_bounds(void **state)
{
	ObservedSource source;
	ByteBuffer small;

	(void) state;
	buffer_init(&small, malloc_block_source, ARENA_PLAIN, 10);
	json_writer_init(&writer, &small);
	json_base64(&writer, BYTES_LITERAL("more than ten bytes"));
	assert_int_equal(buffer_result(&small).code, RESULT_TOO_LARGE);
	buffer_release(&small);
	buffer_init(&small, observed_source(&source, 0), ARENA_SECRET, 10);
	json_string(&writer, BYTES_LITERAL("x"));
	assert_int_equal(buffer_result(&small).code, RESULT_OUT_OF_MEMORY);
	buffer_release(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_structure, begin_test, end_test),
	    cmocka_unit_test_setup_teardown(test_escapes, begin_test, end_test),
	    cmocka_unit_test_setup_teardown(test_typed_values, begin_test, end_test),
	    cmocka_unit_test_setup_teardown(test_nesting, begin_test, end_test),
	    cmocka_unit_test_setup_teardown(test_bounds, begin_test, end_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
