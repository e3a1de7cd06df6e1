/*
 * test_buffer.c
 *		Buffers: appends that report once, maxima, failures that stick, wiping. And the bytes,
 *		base64 and UTF-8 that go through them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "foundation/base64.h"
#include "foundation/buffer.h"
#include "foundation/utf8.h"
#include "unit/block_sources.h"

static void
test_appends(void **state)
{
	ByteBuffer buffer;

	(void) state;
	buffer_init(&buffer, malloc_block_source, ARENA_PLAIN, 1000);
	assert_int_equal(buffer_bytes(&buffer).length, 0);
	buffer_append(&buffer, NULL, 0);
	buffer_append_string(&buffer, "a string");
	buffer_append_character(&buffer, '\0');
	buffer_append_bytes(&buffer, BYTES_LITERAL("bytes"));
	buffer_append_integer(&buffer, INT64_MIN);
	buffer_append_hexadecimal(&buffer, BYTES_LITERAL("\x00\xaf"));
	assert_true(result_is_ok(buffer_result(&buffer)));
	assert_true(bytes_equal(buffer_bytes(&buffer),
	                        BYTES_LITERAL("a string\0bytes-922337203685477580800af")));
	buffer_reset(&buffer);
	assert_int_equal(buffer_bytes(&buffer).length, 0);
	buffer_release(&buffer);
}

static void
test_maximum_is_exact_and_failure_sticks(void **state)
{
	ByteBuffer buffer;

	(void) state;
	buffer_init(&buffer, malloc_block_source, ARENA_PLAIN, 600);
	for (int i = 0; i < 600; i++)
		buffer_append_character(&buffer, 'x');
	assert_true(result_is_ok(buffer_result(&buffer)));
	buffer_append_character(&buffer, 'y');
	assert_int_equal(buffer_result(&buffer).code, RESULT_TOO_LARGE);
	assert_null(buffer_reserve(&buffer, 0));
	buffer_fail(&buffer, result_failed(RESULT_MALFORMED, "later"));
	assert_int_equal(buffer_result(&buffer).code, RESULT_TOO_LARGE);
	assert_int_equal(buffer_bytes(&buffer).length, 600);
	buffer_reset(&buffer);
	assert_non_null(buffer_reserve(&buffer, 600));
	assert_null(buffer_reserve(&buffer, SIZE_MAX));
	buffer_release(&buffer);
	buffer_fail(&buffer, result_failed(RESULT_MALFORMED, "own"));
	assert_int_equal(buffer_result(&buffer).code, RESULT_MALFORMED);
}

static void
test_exhaustion(void **state)
{
	ObservedSource source;
	ByteBuffer buffer;

	(void) state;
	buffer_init(&buffer, observed_source(&source, 1), ARENA_PLAIN, 100000);
	buffer_append_string(&buffer, "kept");
	for (int i = 0; i < 1000; i++)
		buffer_append_character(&buffer, 'x');
	assert_int_equal(buffer_result(&buffer).code, RESULT_OUT_OF_MEMORY);
	assert_true(bytes_start_with(buffer_bytes(&buffer), BYTES_LITERAL("kept")));
	buffer_release(&buffer);
	assert_int_equal(source.live, 0);
}

static void
test_secrets_are_wiped(void **state)
{
	ObservedSource source;
	ByteBuffer buffer;

	(void) state;
	buffer_init(&buffer, observed_source(&source, SIZE_MAX), ARENA_SECRET, 100000);
	for (int i = 0; i < 10000; i++)
		buffer_append_character(&buffer, 's');
	assert_true(source.taken > 1);
	buffer_reset(&buffer);
	assert_int_equal(buffer.data[0], 0);
	buffer_append_string(&buffer, "secret");
	buffer_release(&buffer);
	assert_int_equal(source.live, 0);
	assert_int_equal(source.released_dirty, 0);
}

static void
test_bytes_order(void **state)
{
	(void) state;
	assert_true(bytes_compare(BYTES_LITERAL("a"), BYTES_LITERAL("b")) < 0);
	assert_true(bytes_compare(BYTES_LITERAL("\xff"), BYTES_LITERAL("a")) > 0);
	assert_true(bytes_compare(BYTES_LITERAL("a"), BYTES_LITERAL("aa")) < 0);
	assert_true(bytes_compare(BYTES_EMPTY, BYTES_EMPTY) == 0);
	assert_true(bytes_compare(BYTES_LITERAL("a\0b"), BYTES_LITERAL("a\0a")) > 0);
	assert_true(bytes_equal(BYTES_EMPTY, BYTES_LITERAL("")));
	assert_true(bytes_start_with(BYTES_LITERAL("ab"), BYTES_EMPTY));
	assert_false(bytes_start_with(BYTES_LITERAL("a"), BYTES_LITERAL("ab")));
	assert_int_equal(bytes_of_string(NULL).length, 0);
}

static void
test_base64(void **state)
{
	static const char *const refused[] = {"A",
	                                      "AA",
	                                      "AAA",
	                                      "AA=",
	                                      "A===",
	                                      "====",
	                                      "AB==",
	                                      "AAB=",
	                                      "AA=A",
	                                      "AAAA=",
	                                      "AA==AAAA",
	                                      "A A=",
	                                      "AA-_",
	                                      "AAA*",
	                                      "=AAA",
	                                      "AA\n=",
	                                      "AAAA\n",
	                                      "\x80"
	                                      "AAA",
	                                      "AAA\xff"};
	char bytes[64];
	char text[BASE64_ENCODED_LENGTH(sizeof(bytes))];
	size_t length;

	(void) state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char) (i * 37 + 201);
	for (size_t size = 0; size <= sizeof(bytes); size++)
	{
		size_t written = BASE64_ENCODED_LENGTH(size);

		base64_encode((Bytes){bytes, size}, text);
		assert_true(base64_decode((Bytes){text, written}, text, &length));
		assert_true(bytes_equal((Bytes){text, length}, (Bytes){bytes, size}));
	}
	base64_encode(BYTES_LITERAL("\xfb\xff\xfe"), text);
	assert_memory_equal(text, "+//+", 4);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(base64_decode(bytes_of_string(refused[i]), text, &length));
}

static void
test_utf8(void **state)
{
	static const char *const refused[] = {"\x80",
	                                      "\xc0\x80",
	                                      "\xc1\xbf",
	                                      "\xc3",
	                                      "\xc3(",
	                                      "\xe0\x9f\xbf",
	                                      "\xed\xa0\x80",
	                                      "\xed\xbf\xbf",
	                                      "\xe2\x82",
	                                      "\xe2(\xac",
	                                      "\xf0\x8f\xbf\xbf",
	                                      "\xf4\x90\x80\x80",
	                                      "\xf5\x80\x80\x80",
	                                      "\xf0\x9f\x98",
	                                      "\xff",
	                                      "twelve bytes\xc3"};

	(void) state;
	for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++)
	{
		char text[UTF8_CHARACTER_MAXIMUM];
		bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
		size_t length = utf8_encode(code_point, text);

		if (utf8_is_valid((Bytes){text, length}) == is_surrogate)
			fail_msg("U+%04X", (unsigned) code_point);
		if (utf8_character_length((Bytes){text, length}) != (is_surrogate ? 0 : length))
			fail_msg("length of U+%04X", (unsigned) code_point);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(utf8_is_valid(bytes_of_string(refused[i])));
	assert_true(utf8_is_valid(BYTES_EMPTY));
	assert_true(
	    utf8_is_valid(BYTES_LITERAL("long enough for words, then \xf0\x9f\x98\x80 and on")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_appends),
	    cmocka_unit_test(test_maximum_is_exact_and_failure_sticks),
	    cmocka_unit_test(test_exhaustion),
	    cmocka_unit_test(test_secrets_are_wiped),
	    cmocka_unit_test(test_bytes_order),
	    cmocka_unit_test(test_base64),
	    cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
