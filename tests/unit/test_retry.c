/*
 * test_retry.c
 *		When another attempt follows, and after what delay.
 */
#include "aws/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* The delay after the given number of attempts, with a full bucket; -1 when there is no retry. */
static int64_t
delay_after(int attempts, ErrorClass class, int64_t retry_after_ms, double random)
{
	RetryState state = {.attempts = attempts};
	RetryBucket bucket;
	int64_t delay_ms = -1;

	retry_bucket_init(&bucket);
	if (!retry_after_failure(&bucket, &state, 1000, class, retry_after_ms, random, &delay_ms))
		assert_int_equal(delay_ms, -1);
	return delay_ms;
}

static void
delays_double_up_to_twenty_seconds(void **state)
{
	static const int64_t transient_ms[] = {25, 50, 100, 200, 400};
	static const int64_t throttled_ms[] = {1000, 2000, 4000, 8000, 16000, 20000, 20000};

	for (int i = 0; i < 5; i++)
		assert_int_equal(delay_after(i + 1, ERROR_CLASS_TRANSIENT, -1, 1.0), transient_ms[i]);
	for (int i = 0; i < 7; i++)
		assert_int_equal(delay_after(i + 1, ERROR_CLASS_THROTTLED, -1, 1.0), throttled_ms[i]);
	assert_int_equal(delay_after(900, ERROR_CLASS_TRANSIENT, -1, 1.0), 20000);
}

static void
jitter_is_full(void **state)
{
	assert_int_equal(delay_after(3, ERROR_CLASS_THROTTLED, -1, 0.0), 0);
	assert_int_equal(delay_after(3, ERROR_CLASS_THROTTLED, -1, 0.5), 2000);
	assert_int_equal(delay_after(3, ERROR_CLASS_THROTTLED, -1, 0.25), 1000);
}

static void
retry_after_lengthens_within_bounds(void **state)
{
	assert_int_equal(delay_after(1, ERROR_CLASS_THROTTLED, 1500, 0.5), 1500);
	assert_int_equal(delay_after(1, ERROR_CLASS_THROTTLED, 100, 0.5), 500);
	assert_int_equal(delay_after(1, ERROR_CLASS_THROTTLED, 3600000, 0.5), 5500);
	assert_int_equal(delay_after(1, ERROR_CLASS_TRANSIENT, 0, 0.0), 0);
}

static void
attempts_are_limited(void **state)
{
	RetryState retry = {.attempts = 0};
	RetryBucket bucket;
	int64_t delay_ms;

	retry_bucket_init(&bucket);
	for (retry.attempts = 1; retry.attempts < 4; retry.attempts++)
		assert_true(
		    retry_after_failure(&bucket, &retry, 4, ERROR_CLASS_TIMEOUT, -1, 0.5, &delay_ms));
	assert_false(retry_after_failure(&bucket, &retry, 4, ERROR_CLASS_TIMEOUT, -1, 0.5, &delay_ms));
	retry.attempts = 1;
	assert_false(retry_after_failure(&bucket, &retry, 1, ERROR_CLASS_TIMEOUT, -1, 0.5, &delay_ms));
}

/* 500 tokens are 35 retries at 14, or 100 at 5. */
static void
bucket_runs_dry(void **state)
{
	static const struct
	{
		ErrorClass class;
		int retries;
	} cases[] = {{ERROR_CLASS_TRANSIENT, 35}, {ERROR_CLASS_THROTTLED, 100}};

	for (size_t i = 0; i < 2; i++)
	{
		RetryBucket bucket;
		int retries = 0;
		int64_t delay_ms;

		retry_bucket_init(&bucket);
		for (;; retries++)
		{
			RetryState retry = {.attempts = 1};

			if (!retry_after_failure(&bucket, &retry, 4, cases[i].class, -1, 0.5, &delay_ms))
				break;
		}
		assert_int_equal(retries, cases[i].retries);
	}
}

static void
success_gives_tokens_back(void **state)
{
	RetryState retry = {.attempts = 1};
	RetryState other = {.attempts = 1};
	RetryBucket bucket;
	int64_t delay_ms;

	retry_bucket_init(&bucket);
	assert_true(
	    retry_after_failure(&bucket, &retry, 4, ERROR_CLASS_CONNECTION, -1, 0.5, &delay_ms));
	assert_int_equal(bucket.tokens, 486);
	retry.attempts = 2;
	assert_true(retry_after_failure(&bucket, &retry, 4, ERROR_CLASS_THROTTLED, -1, 0.5, &delay_ms));
	assert_int_equal(bucket.tokens, 481);
	retry_after_success(&bucket, &retry);
	assert_int_equal(bucket.tokens, 486);
	retry_after_success(&bucket, &other);
	assert_int_equal(bucket.tokens, 487);
	for (int i = 0; i < 100; i++)
		retry_after_success(&bucket, &other);
	assert_int_equal(bucket.tokens, 500);
}

static void
only_what_repetition_cures_is_retried(void **state)
{
	for (int class = ERROR_CLASS_NONE; class <= ERROR_CLASS_OTHER; class ++)
	{
		bool curable = class == ERROR_CLASS_THROTTLED || class == ERROR_CLASS_TRANSIENT ||
		               class == ERROR_CLASS_CONNECTION || class == ERROR_CLASS_TIMEOUT ||
		               class == ERROR_CLASS_CORRUPT || class == ERROR_CLASS_CONFLICT;

		assert_int_equal(error_class_is_retryable((ErrorClass) class), curable);
		assert_int_equal(delay_after(1, (ErrorClass) class, -1, 0.0), curable ? 0 : -1);
	}
}

static void
unprocessed_keys_are_waited_for(void **state)
{
	assert_int_equal(retry_unprocessed_delay_ms(1, 1.0), 50);
	assert_int_equal(retry_unprocessed_delay_ms(2, 1.0), 100);
	assert_int_equal(retry_unprocessed_delay_ms(2, 0.5), 50);
	assert_int_equal(retry_unprocessed_delay_ms(1000000, 1.0), 20000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(delays_double_up_to_twenty_seconds),
	    cmocka_unit_test(jitter_is_full),
	    cmocka_unit_test(retry_after_lengthens_within_bounds),
	    cmocka_unit_test(attempts_are_limited),
	    cmocka_unit_test(bucket_runs_dry),
	    cmocka_unit_test(success_gives_tokens_back),
	    cmocka_unit_test(only_what_repetition_cures_is_retried),
	    cmocka_unit_test(unprocessed_keys_are_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
