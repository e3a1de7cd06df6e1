/*
 * test_sqs.c
 *		SQS's digests, and answers that say what they may not. What is sent and
 *		received is compared with boto3 in tests/python/test_queues.py.
 */
#include "aws/sqs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aws/sqs_digest.h"

/* The example of RFC 1321. */
static void
bodies_are_digested(void **state)
{
	char digits[SQS_DIGEST_LENGTH];

	assert_int_equal(sqs_digest_of_body(BYTES_LITERAL("message digest"), digits).code, RESULT_OK);
	assert_memory_equal(digits, "f96b697d7cb7938d525a2f31aaf161d0", SQS_DIGEST_LENGTH);
}

/* The order in which attributes come says nothing. */
static void
attributes_are_digested_by_name(void **state)
{
	SqsAttribute attributes[] = {
	    {BYTES_LITERAL("b"), BYTES_LITERAL("Binary"), {"\0\xff", 2}},
	    {BYTES_LITERAL("a"), BYTES_LITERAL("String"), BYTES_LITERAL("x")},
	};
	SqsAttribute swapped[] = {attributes[1], attributes[0]};
	char digits[SQS_DIGEST_LENGTH];
	char others[SQS_DIGEST_LENGTH];

	assert_int_equal(sqs_digest_of_attributes(attributes, 2, digits).code, RESULT_OK);
	assert_int_equal(sqs_digest_of_attributes(swapped, 2, others).code, RESULT_OK);
	assert_memory_equal(digits, others, SQS_DIGEST_LENGTH);
	attributes[0].data_type = BYTES_LITERAL("String");
	assert_int_equal(sqs_digest_of_attributes(attributes, 2, others).code, RESULT_OK);
	assert_memory_not_equal(digits, others, SQS_DIGEST_LENGTH);
}

static void
too_many_attributes_are_refused(void **state)
{
	SqsAttribute attributes[SQS_ATTRIBUTES_MAXIMUM + 1] = {{{NULL, 0}, {NULL, 0}, {NULL, 0}}};
	char digits[SQS_DIGEST_LENGTH];

	assert_int_equal(sqs_digest_of_attributes(attributes, SQS_ATTRIBUTES_MAXIMUM + 1, digits).code,
	                 RESULT_TOO_LARGE);
}

static void
entries_that_were_not_asked_are_malformed(void **state)
{
	SqsOutcome outcomes[2];
	Arena arena;

	arena_init(&arena, malloc_block_source, ARENA_PLAIN, 1024 * 1024);
	assert_int_equal(
	    sqs_read_outcomes(&arena, BYTES_LITERAL("{\"Failed\": [{\"Id\": \"2\"}]}"), outcomes, 2)
	        .code,
	    RESULT_MALFORMED);
	assert_int_equal(
	    sqs_read_outcomes(&arena, BYTES_LITERAL("{\"Successful\": [{\"Id\": \"1\"}]}"), outcomes, 2)
	        .code,
	    RESULT_OK);
	assert_false(outcomes[0].succeeded);
	assert_true(outcomes[1].succeeded);
	arena_release(&arena);
}

static void
names_of_attributes_are_checked(void **state)
{
	static const char *const good[] = {"a", "A-b_c.9", "AWSx", "awsom.e"};
	static const char *const bad[] = {"",    ".",        ".a",    "a.",      "a..b",
	                                  "a b", "\xc3\xbc", "aWs.x", "AMAZON.x"};
	char longest[SQS_ATTRIBUTE_NAME_MAXIMUM + 1];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(sqs_attribute_name_is_valid(bytes_of_string(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(sqs_attribute_name_is_valid(bytes_of_string(bad[i])));
	memset(longest, 'a', sizeof(longest));
	assert_true(sqs_attribute_name_is_valid((Bytes){longest, sizeof(longest) - 1}));
	assert_false(sqs_attribute_name_is_valid((Bytes){longest, sizeof(longest)}));
}

static void
characters_are_refused_that_sqs_refuses(void **state)
{
	uint32_t code_point;

	assert_false(sqs_find_refused_character(
	    BYTES_LITERAL("\t\r\n \x7f\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd\xf4\x8f\xbf\xbf"),
	    &code_point));
	assert_true(sqs_find_refused_character(BYTES_LITERAL("a\x1f"), &code_point));
	assert_int_equal(code_point, 0x1f);
	assert_true(sqs_find_refused_character(BYTES_LITERAL("\xef\xbf\xbe"), &code_point));
	assert_int_equal(code_point, 0xfffe);
	assert_true(sqs_find_refused_character(BYTES_LITERAL("\xef\xbf\xbf"), &code_point));
	assert_int_equal(code_point, 0xffff);
	assert_true(sqs_find_refused_character((Bytes){"\0", 1}, &code_point));
	assert_int_equal(code_point, 0);
}

static void
urls_end_in_names(void **state)
{
	Bytes name = sqs_queue_name(BYTES_LITERAL("https://sqs.eu-west-1.amazonaws.com/1/q.fifo"));

	assert_true(bytes_equal(name, BYTES_LITERAL("q.fifo")));
	assert_true(bytes_equal(sqs_queue_name(BYTES_LITERAL("q")), BYTES_LITERAL("q")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bodies_are_digested),
	    cmocka_unit_test(attributes_are_digested_by_name),
	    cmocka_unit_test(too_many_attributes_are_refused),
	    cmocka_unit_test(entries_that_were_not_asked_are_malformed),
	    cmocka_unit_test(names_of_attributes_are_checked),
	    cmocka_unit_test(characters_are_refused_that_sqs_refuses),
	    cmocka_unit_test(urls_end_in_names),
	};

	return cmocka_run_group_tests_name("sqs", tests, NULL, NULL);
}
