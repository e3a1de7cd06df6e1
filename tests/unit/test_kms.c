/*
 * test_kms.c
 *		What KMS's messages leave behind: nothing. What they say is compared with botocore in
 *		tests/python/test_kms_messages.py.
 */
#include "aws/kms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/block_sources.h"
#include "unit/exhaustion.h"

#define ANSWER                                                                                     \
	"{\"KeyId\": \"arn:key/k\", \"Plaintext\": \"c2VjcmV0\", \"New\": [1, {\"a\": \"b\"}]}"

static CheckedResult
read_answer(Arena *arena, KmsAnswer *answer)
{
	KmsAnswerReader reader;
	Bytes text = BYTES_LITERAL(ANSWER);

	kms_answer_begin(&reader, arena);
	for (size_t i = 0; i < text.length; i++)
		RETURN_IF_FAILED(kms_answer_feed(&reader, (Bytes){text.data + i, 1}));
	return kms_answer_finish(&reader, KMS_DECRYPT, answer);
}

static void
answers_leave_nothing_behind(void **state)
{
	ObservedSource source;
	KmsAnswer answer;
	Arena arena;

	arena_init(&arena, observed_source(&source, SIZE_MAX), ARENA_SECRET, 1024 * 1024);
	assert_int_equal(read_answer(&arena, &answer).code, RESULT_OK);
	assert_int_equal(answer.plaintext.length, 6);
	assert_memory_equal(answer.plaintext.data, "secret", 6);
	arena_release(&arena);
	assert_int_equal(source.live, 0);
	assert_int_equal(source.released_dirty, 0);
}

static void
requests_leave_nothing_behind(void **state)
{
	char plaintext[KMS_PLAINTEXT_MAXIMUM];
	KmsContextPair pair = {BYTES_LITERAL("table"), BYTES_LITERAL("users")};
	KmsRequest request = {.operation = KMS_ENCRYPT,
	                      .key_id = BYTES_LITERAL("alias/k"),
	                      .plaintext = {plaintext, sizeof(plaintext)},
	                      .context = {&pair, 1}};
	ObservedSource source;
	ByteBuffer body;

	memset(plaintext, 'x', sizeof(plaintext));
	assert_int_equal(kms_context_size(request.context), 10);
	buffer_init(&body, observed_source(&source, SIZE_MAX), ARENA_SECRET, KMS_BODY_MAXIMUM);
	assert_int_equal(kms_write_request(&request, &body).code, RESULT_OK);
	buffer_release(&body);
	assert_int_equal(source.live, 0);
	assert_int_equal(source.released_dirty, 0);
}

/* The largest request there can be: a context of control characters, each written as six. */
static void
every_request_fits(void **state)
{
	static char name[KMS_CONTEXT_MAXIMUM / 2];
	static char value[KMS_CONTEXT_MAXIMUM / 2];
	static char ciphertext[KMS_CIPHERTEXT_MAXIMUM];
	static char key_id[KMS_KEY_ID_MAXIMUM];
	KmsContextPair pair = {{name, sizeof(name)}, {value, sizeof(value)}};
	KmsRequest request = {.operation = KMS_REENCRYPT,
	                      .key_id = {key_id, sizeof(key_id)},
	                      .ciphertext = {ciphertext, sizeof(ciphertext)},
	                      .context = {&pair, 1},
	                      .destination_context = {&pair, 1}};
	ByteBuffer body;

	memset(name, 1, sizeof(name));
	memset(value, 1, sizeof(value));
	memset(key_id, 1, sizeof(key_id));
	buffer_init(&body, malloc_block_source, ARENA_SECRET, KMS_BODY_MAXIMUM);
	assert_int_equal(kms_write_request(&request, &body).code, RESULT_OK);
	buffer_release(&body);
}

static CheckedResult
use_kms(Arena *arena)
{
	KmsAnswer answer;
	KmsList list;

	RETURN_IF_FAILED(read_answer(arena, &answer));
	return kms_read_list(arena, KMS_LIST_KEYS,
	                     BYTES_LITERAL("{\"Keys\":[{\"KeyId\":\"k\",\"KeyArn\":\"a\"}]}"), &list);
}

static void
exhaustion_is_survived(void **state)
{
	assert_survives_exhaustion(use_kms);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_leave_nothing_behind),
	    cmocka_unit_test(requests_leave_nothing_behind),
	    cmocka_unit_test(every_request_fits),
	    cmocka_unit_test(exhaustion_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
