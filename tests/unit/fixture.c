/*
 * fixture.c
 *		The memory of one test, and what tests read from texts into it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aws/description.h"
#include "item/page_decoder.h"
#include "unit/fixture.h"

Arena arena;
ByteBuffer buffer;

int
set_up(void **state)
{
	(void) state;
	arena_init(&arena, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	buffer_init(&buffer, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	return 0;
}

int
tear_down(void **state)
{
	(void) state;
	arena_release(&arena);
	buffer_release(&buffer);
	return 0;
}

AttributeValue
value_of(const char *json)
{
	AttributeValue value;

	if (!result_is_ok(attribute_value_decode(&arena, bytes_of_string(json), &value)))
		fail_msg("%s is no value", json);
	return value;
}

DynamodbItem
item_of(const char *json)
{
	DynamodbItem item;

	if (!result_is_ok(item_decode(&arena, bytes_of_string(json), &item)))
		fail_msg("%s is no item", json);
	return item;
}

AttributePath
path_of(const char *text)
{
	AttributePath path;

	if (!result_is_ok(attribute_path_parse(&arena, bytes_of_string(text), &path)))
		fail_msg("%s is no path", text);
	return path;
}

void
assert_body(CheckedResult result, const char *expected)
{
	json_object *written;
	json_object *wanted;

	assert_int_equal(result.code, RESULT_OK);
	assert_int_equal(description_open(buffer_bytes(&buffer), &written).code, RESULT_OK);
	assert_int_equal(description_open(bytes_of_string(expected), &wanted).code, RESULT_OK);
	if (!json_object_equal(written, wanted))
		fail_msg("%.*s\nis not\n%s", (int) buffer.length, buffer.data, expected);
	description_close(written);
	description_close(wanted);
	buffer_reset(&buffer);
}

void
assert_bytes(Bytes bytes, const char *expected)
{
	assert_int_equal(bytes.length, strlen(expected));
	assert_memory_equal(bytes.data, expected, bytes.length);
}
