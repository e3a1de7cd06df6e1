/*
 * random_source.c
 *		Random bytes of the operating system.
 */
#include "crypto/random_source.h"

#include <unistd.h>

/* Bytes that one call may ask for. */
#define ENTROPY_MAXIMUM ((size_t) 256)

static bool
fill_from_system(void *context, void *bytes, size_t length)
{
	char *next = bytes;

	(void) context;
	while (length > 0)
	{
		size_t part = length < ENTROPY_MAXIMUM ? length : ENTROPY_MAXIMUM;

		if (getentropy(next, part) != 0)
			return false;
		next += part;
		length -= part;
	}
	return true;
}

const RandomSource system_random_source = {fill_from_system, NULL};

CheckedResult
random_fill(const RandomSource *source, void *bytes, size_t length)
{
	if (!source->fill(source->context, bytes, length))
		return result_failed(RESULT_LIBRARY_FAILURE, "the system gave no random bytes");
	return result_ok();
}
