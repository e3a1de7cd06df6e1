/*
 * random_source.h
 *		Where random bytes come from: whoever calls says so, as tests want the same every time.
 */
#ifndef CRYPTO_RANDOM_SOURCE_H
#define CRYPTO_RANDOM_SOURCE_H

#include "foundation/bytes.h"
#include "foundation/result.h"

typedef struct RandomSource
{
	bool (*fill)(void *context, void *bytes, size_t length); /* false: there are none to be had */
	void *context;                                           /* handed to `fill` */
} RandomSource;

/* The operating system's generator, which a fork does not repeat. */
extern const RandomSource system_random_source;

/* Fills `bytes`; RESULT_LIBRARY_FAILURE when the source has none. */
extern CheckedResult random_fill(const RandomSource *source, void *bytes, size_t length) MUST_CHECK;

#endif
