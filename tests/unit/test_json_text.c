/*
 * test_json_text.c
 *		JSON texts: what is one, what is in one, and what its strings mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "item/json_text.h"

/* The text in memory of exactly its length, so that the sanitizers see a step beyond it. */
static bool
check(Bytes text, char **copy, Bytes *value)
{
	*copy = malloc(text.length == 0 ? 1 : text.length);
	assert_non_null(*copy);
	if (text.length > 0)
		memcpy(*copy, text.data, text.length);
	return json_text_check((Bytes){*copy, text.length}, value);
}

static bool
is_json(Bytes text)
{
	char *copy;
	Bytes value;
	bool valid = check(text, &copy, &value);

	free(copy);
	return valid;
}

static void
values_are_found_among_white_space(void **state)
{
	static const char *const texts[][2] = {
	    {"null", "null"},
	    {" true\n", "true"},
	    {"\t\r\nfalse", "false"},
	    {"0", "0"},
	    {"-10.25e+3 ", "-10.25e+3"},
	    {"\"a\"", "\"a\""},
	    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
	     "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\""},
	    {"\"\xc3\xa9\x7f\"", "\"\xc3\xa9\x7f\""},
	    {" [ ] ", "[ ]"},
	    {"{ }", "{ }"},
	    {"[1 , [2],{\"a\" : [ ]}]", "[1 , [2],{\"a\" : [ ]}]"},
	    {"{\"a\":{},\"a\":1}", "{\"a\":{},\"a\":1}"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		char *copy;
		Bytes value;

		if (!check(bytes_of_string(texts[i][0]), &copy, &value) ||
		    !bytes_equal(value, bytes_of_string(texts[i][1])))
			fail_msg("%s", texts[i][0]);
		free(copy);
	}
}

static void
what_is_no_json_is_refused(void **state)
{
	static const char *const texts[] = {
	    "",
	    " ",
	    "nul",
	    "nulls",
	    "True",
	    "01",
	    "+1",
	    "1.",
	    ".5",
	    "1e",
	    "1e+",
	    "-",
	    "\"",
	    "\"a",
	    "\"\\",
	    "\"\\\"",
	    "\"\\x\"",
	    "\"\\u12\"",
	    "\"\n\"",
	    "\"\xff\"",
	    "\"\xc3\"",
	    "\"\\ud800\"",
	    "\"\\ude00\"",
	    "[",
	    "]",
	    "[1",
	    "[1,",
	    "[1,]",
	    "[,1]",
	    "[1 2]",
	    "[1}",
	    "{",
	    "{\"a\"",
	    "{\"a\":",
	    "{\"a\":1",
	    "{\"a\":1,",
	    "{\"a\":1,}",
	    "{,}",
	    "{a:1}",
	    "{\"a\" 1}",
	    "{1:1}",
	    "{\"a\":1]",
	    "{}x",
	    "1 2",
	    "{}{}",
	    "\xef\xbb\xbf{}",
	    "/**/1",
	    "'a'",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		if (is_json(bytes_of_string(texts[i])))
			fail_msg("%s", texts[i]);
	}
	assert_false(is_json(BYTES_LITERAL("1\0")));
	assert_false(is_json(BYTES_LITERAL("[\0]")));
	assert_false(is_json(BYTES_LITERAL("\"\0\"")));
	assert_false(is_json(BYTES_LITERAL("\"\\\0\"")));
}

static void
nesting_is_bounded(void **state)
{
	static char text[2 * JSON_TEXT_DEPTH_MAXIMUM + 2];
	const size_t depth = JSON_TEXT_DEPTH_MAXIMUM;

	memset(text, '[', depth + 1);
	memset(text + depth + 1, ']', depth + 1);
	assert_false(is_json((Bytes){text, 2 * depth + 2}));
	assert_true(is_json((Bytes){text + 1, 2 * depth}));
}

static void
assert_parts(JsonTextWalk walk, bool members, const char *const *expected)
{
	Bytes name = BYTES_EMPTY;
	Bytes value;

	while (members ? json_text_next_member(&walk, &name, &value)
	               : json_text_next_element(&walk, &value))
	{
		if (members)
			assert_true(bytes_equal(name, bytes_of_string(*expected++)));
		assert_true(bytes_equal(value, bytes_of_string(*expected++)));
	}
	assert_null(*expected);
}

static void
containers_are_walked(void **state)
{
	static const char *const elements[] = {"1", "\"]\"", "[2, {}]", "null", NULL};
	static const char *const members[] = {"a", "1", "b}", "{\"a\":[ ]}", "\\\"", "\"\"", NULL};
	static const char *const none[] = {NULL};
	Bytes array = BYTES_LITERAL("[1 , \"]\",[2, {}] ,null ]");
	Bytes object = BYTES_LITERAL("{ \"a\" : 1,\"b}\":{\"a\":[ ]} , \"\\\"\":\"\" }");

	assert_true(json_text_is_array(array) && !json_text_is_object(array));
	assert_true(json_text_is_object(object) && !json_text_is_string(object));
	assert_true(json_text_is_string(BYTES_LITERAL("\"\"")));
	assert_false(json_text_is_string(BYTES_EMPTY));
	assert_parts(json_text_walk(array), false, elements);
	assert_parts(json_text_walk(object), true, members);
	assert_parts(json_text_walk(BYTES_LITERAL("[ ]")), false, none);
	assert_parts(json_text_walk(BYTES_LITERAL("{}")), true, none);
}

static void
strings_are_decoded_and_cut_at_characters(void **state)
{
	Bytes string = BYTES_LITERAL("\"a\\n\\u00e9\\ud83d\\ude00\xe2\x82\xac\\\\\"");
	const char *meaning = "a\n\xc3\xa9\xf0\x9f\x98\x80\xe2\x82\xac\\";
	/* how much of it fits into 0, 1, 2 … bytes */
	const size_t lengths[] = {0, 1, 2, 2, 4, 4, 4, 4, 8, 8, 8, 11, 12, 12};

	for (size_t size = 0; size < sizeof(lengths) / sizeof(lengths[0]); size++)
	{
		char text[16];

		memset(text, '!', sizeof(text));
		assert_int_equal(json_text_decode(string, text, size), lengths[size]);
		assert_memory_equal(text, meaning, lengths[size]);
		assert_int_equal(text[size], '!');
	}
	assert_int_equal(json_text_decode(BYTES_LITERAL("\"\""), NULL, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_are_found_among_white_space),
	    cmocka_unit_test(what_is_no_json_is_refused),
	    cmocka_unit_test(nesting_is_bounded),
	    cmocka_unit_test(containers_are_walked),
	    cmocka_unit_test(strings_are_decoded_and_cut_at_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
