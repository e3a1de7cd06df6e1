/*
 * retry.c
 *		The arithmetic of trying again.
 *
 * The constants are those of botocore's retries/standard.py for DynamoDB, in its behaviour of 2026.
 */
#include "aws/retry.h"

#define BUCKET_CAPACITY     500
#define RETRY_COST          14
#define THROTTLED_COST      5
#define REFUND_WITHOUT_COST 1

#define BASE_MS             25.0
#define THROTTLED_BASE_MS   1000.0
#define UNPROCESSED_BASE_MS 50.0
#define DELAY_MAXIMUM_MS    20000.0

/* How much longer than its own delay a service may make a client wait. */
#define RETRY_AFTER_ADDITION_MS 5000

void
retry_bucket_init(RetryBucket *bucket)
{
	bucket->tokens = BUCKET_CAPACITY;
}

bool
error_class_is_retryable(ErrorClass class)
{
	switch (class)
	{
		case ERROR_CLASS_THROTTLED:
		case ERROR_CLASS_TRANSIENT:
		case ERROR_CLASS_CONNECTION:
		case ERROR_CLASS_TIMEOUT:
		case ERROR_CLASS_CORRUPT:
		case ERROR_CLASS_CONFLICT:
			return true;
		case ERROR_CLASS_NONE:
		case ERROR_CLASS_CLOCK_SKEW:
		case ERROR_CLASS_CREDENTIALS:
		case ERROR_CLASS_NO_CREDENTIALS:
		case ERROR_CLASS_EXPIRED_CREDENTIALS:
		case ERROR_CLASS_ACCESS_DENIED:
		case ERROR_CLASS_NOT_FOUND:
		case ERROR_CLASS_CONDITION_FAILED:
		case ERROR_CLASS_TRANSACTION_CANCELED:
		case ERROR_CLASS_LIMIT_EXCEEDED:
		case ERROR_CLASS_VALIDATION:
		case ERROR_CLASS_KEY_NOT_FOUND:
		case ERROR_CLASS_KEY_UNAVAILABLE:
		case ERROR_CLASS_BAD_CIPHERTEXT:
		case ERROR_CLASS_EXPIRED_ITERATOR:
		case ERROR_CLASS_TRIMMED:
		case ERROR_CLASS_OTHER:
			return false;
	}
	return false;
}

/* random × min(base × 2^doublings, 20 s): full jitter. */
static int64_t
jittered_delay_ms(double base_ms, int doublings, double random)
{
	double delay = base_ms;

	for (int i = 0; i < doublings && delay < DELAY_MAXIMUM_MS; i++)
		delay *= 2;
	if (delay > DELAY_MAXIMUM_MS)
		delay = DELAY_MAXIMUM_MS;
	return (int64_t) (random * delay);
}

/* The service's wish, where it is longer than our delay, but not much longer. */
static int64_t
with_retry_after(int64_t delay_ms, int64_t retry_after_ms)
{
	if (retry_after_ms <= delay_ms)
		return delay_ms;
	if (retry_after_ms > delay_ms + RETRY_AFTER_ADDITION_MS)
		return delay_ms + RETRY_AFTER_ADDITION_MS;
	return retry_after_ms;
}

bool
retry_after_failure(RetryBucket *bucket, RetryState *state, int max_attempts, ErrorClass class,
                    int64_t retry_after_ms, double random, int64_t *delay_ms)
{
	bool throttled = class == ERROR_CLASS_THROTTLED;
	int cost = throttled ? THROTTLED_COST : RETRY_COST;
	double base_ms = throttled ? THROTTLED_BASE_MS : BASE_MS;

	if (!error_class_is_retryable(class) || state->attempts >= max_attempts ||
	    bucket->tokens < cost)
		return false;
	bucket->tokens -= cost;
	state->spent = cost;
	*delay_ms =
	    with_retry_after(jittered_delay_ms(base_ms, state->attempts - 1, random), retry_after_ms);
	return true;
}

void
retry_after_success(RetryBucket *bucket, RetryState *state)
{
	bucket->tokens += state->spent > 0 ? state->spent : REFUND_WITHOUT_COST;
	if (bucket->tokens > BUCKET_CAPACITY)
		bucket->tokens = BUCKET_CAPACITY;
	state->spent = 0;
}

int64_t
retry_unprocessed_delay_ms(int rounds, double random)
{
	return jittered_delay_ms(UNPROCESSED_BASE_MS, rounds - 1, random);
}
