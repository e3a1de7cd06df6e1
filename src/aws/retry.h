/*
 * retry.h
 *		When to try again: the "standard" retry mode of AWS's SDKs as of 2026.
 *
 * Attempts are limited, delays grow with full jitter, and a token bucket per client stops retries
 * from adding to an outage. Pure: time and randomness are given.
 */
#ifndef AWS_RETRY_H
#define AWS_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/service_error.h"

typedef struct RetryBucket
{
	int tokens;
} RetryBucket;

/* A full bucket. */
extern void retry_bucket_init(RetryBucket *bucket);

typedef struct RetryState
{
	int attempts; /* sent so far, counted by the caller as it sends one */
	int spent;    /* tokens that the last retry took from the bucket */
} RetryState;

/*
 * Decides after a failed attempt whether there is another, and in how many milliseconds.
 *
 * `max_attempts` counts the first one. `retry_after_ms` is the service's wish, -1 when it has none:
 * it is honoured as far as it lengthens the delay by at most five seconds. `random` is uniform in
 * [0, 1). Takes tokens for the retry; `delay_ms` is set only when there is one.
 */
extern bool retry_after_failure(RetryBucket *bucket, RetryState *state, int max_attempts,
                                ErrorClass class, int64_t retry_after_ms, double random,
                                int64_t *delay_ms);

/* Gives tokens back after a success: what the last retry took, or one when there was none. */
extern void retry_after_success(RetryBucket *bucket, RetryState *state);

/*
 * Classes that the same request, sent again, may cure. Clock skew and expired credentials are not
 * among them: they need another signature, not another attempt.
 */
extern bool error_class_is_retryable(ErrorClass class);

/*
 * Delay before asking again for UnprocessedKeys or UnprocessedItems, after `rounds` such answers in
 * a row, the first of which is 1.
 */
extern int64_t retry_unprocessed_delay_ms(int rounds, double random);

#endif
