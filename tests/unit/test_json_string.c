/*
 * test_json_string.c
 *		The end of strings, found by both ways of looking and by a plain loop; and escapes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "item/json_string.h"
#include "unit/portable_json_string.h"

#define LENGTH 80

/* What json_string_end() promises, byte by byte. */
static char *
plain_end(char *text, const char *end, JsonStringTraits *traits)
{
	while (text < end && *text != '"' && (unsigned char) *text >= 0x20)
	{
		if (*text == '\\' && end - text < 2)
			return text;
		traits->has_escape |= *text == '\\';
		traits->has_high_byte |= (unsigned char) *text >= 0x80;
		text += *text == '\\' && (unsigned char) text[1] >= 0x20 ? 2 : 1;
	}
	return text;
}

static void
assert_agreement(char *text, const char *end)
{
	JsonStringTraits traits[3] = {{false, false}, {false, false}, {false, false}};
	char *found[] = {plain_end(text, end, &traits[0]), json_string_end(text, end, &traits[1]),
	                 portable_json_string_end(text, end, &traits[2])};

	for (int i = 1; i < 3; i++)
	{
		assert_ptr_equal(found[i], found[0]);
		assert_int_equal(traits[i].has_escape, traits[0].has_escape);
		assert_int_equal(traits[i].has_high_byte, traits[0].has_high_byte);
	}
}

/* Each byte at each place of a text, and behind each place a quote. */
static void
test_every_byte_everywhere(void **state)
{
	char text[LENGTH + JSON_PADDING];

	(void) state;
	for (int byte = 0; byte < 256; byte++)
	{
		for (size_t place = 0; place < LENGTH; place++)
		{
			memset(text, 'x', LENGTH);
			memset(text + LENGTH, 0, JSON_PADDING);
			text[place] = (char) byte;
			assert_agreement(text, text + LENGTH);
			assert_agreement(text + place / 2, text + LENGTH);
			text[LENGTH - 1] = '"';
			assert_agreement(text, text + LENGTH);
		}
	}
}

static void
test_random_texts(void **state)
{
	static const char letters[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x80\xff\x7f !\"\\\\\x1f\t";
	unsigned seed = 20;

	(void) state;
	for (int round = 0; round < 50000; round++)
	{
		char text[LENGTH + JSON_PADDING] = {0};
		size_t length = (size_t) round % LENGTH;

		for (size_t i = 0; i < length; i++)
		{
			seed = seed * 1103515245 + 12345;
			text[i] = letters[seed / 65536 % (sizeof(letters) - 1)];
		}
		assert_agreement(text, text + length);
	}
}

static void
test_escapes(void **state)
{
	static const struct
	{
		const char *text;
		const char *meaning;
	} escapes[] = {
	    {"", ""},
	    {"none", "none"},
	    {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
	    {"\\u0041\\u00e9\\u20AC", "A\xc3\xa9\xe2\x82\xac"},
	    {"a\\ud83d\\ude00b\\n", "a\xf0\x9f\x98\x80"
	                            "b\n"},
	    {"\\uD800\\uDC00\\uDBFF\\uDFFF", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
	    {"\\ud7ff\\ue000\\uffff", "\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
	{
		char text[64];
		size_t length = strlen(escapes[i].text);

		memcpy(text, escapes[i].text, length);
		assert_int_equal(json_string_check_escapes((Bytes){text, length}).code, RESULT_OK);
		assert_int_equal(json_string_unescape(text, &length).code, RESULT_OK);
		assert_true(bytes_equal((Bytes){text, length}, bytes_of_string(escapes[i].meaning)));
	}
}

static void
test_malformed_escapes(void **state)
{
	static const struct
	{
		const char *text;
		size_t position;
	} refused[] = {{"\\", 0},
	               {"ab\\x", 2},
	               {"\\n\\", 2},
	               {"\\u", 0},
	               {"\\u123", 0},
	               {"\\u123g", 0},
	               {"\\u 123", 0},
	               {"\\u+123", 0},
	               {"\\ud800", 0},
	               {"\\udc00", 0},
	               {"\\ud800x", 0},
	               {"\\ud800\\n", 0},
	               {"\\ud800\\ud800", 0},
	               {"\\ud800\\u0041", 0},
	               {"\\ud800\\udc0", 0},
	               {"\\udc00\\ud800", 0},
	               {"ok\\t\\ud83d\\ue000", 4},
	               {"\\\xc3\xa9", 0}};

	(void) state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		char text[64];
		size_t length = strlen(refused[i].text);
		CheckedResult result = json_string_check_escapes(bytes_of_string(refused[i].text));

		memcpy(text, refused[i].text, length);
		assert_int_equal(result.code, RESULT_MALFORMED);
		assert_int_equal(result.position, refused[i].position);
		result = json_string_unescape(text, &length);
		assert_int_equal(result.code, RESULT_MALFORMED);
		assert_int_equal(result.position, refused[i].position);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_byte_everywhere),
	    cmocka_unit_test(test_random_texts),
	    cmocka_unit_test(test_escapes),
	    cmocka_unit_test(test_malformed_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
