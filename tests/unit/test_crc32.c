/*
 * test_crc32.c
 *		Checksums against zlib's, of every length about the sizes that are folded, in any pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "foundation/crc32.h"

#define LENGTH_MAXIMUM 2000

static void
fill(char *bytes, size_t length, unsigned seed)
{
	for (size_t i = 0; i < length; i++)
	{
		seed = seed * 1103515245u + 12345u;
		bytes[i] = (char) (seed >> 16);
	}
}

/* The value that gzip's specification and all of its users agree on. */
static void
test_known_value(void **state)
{
	(void) state;
	assert_int_equal(crc32_of_more(0, BYTES_LITERAL("123456789")), 0xCBF43926);
	assert_int_equal(crc32_of_more(0, BYTES_EMPTY), 0);
}

/* Each length in memory of its own, so that the sanitizer sees a byte read too far. */
static void
test_lengths(void **state)
{
	(void) state;
	for (size_t length = 0; length < LENGTH_MAXIMUM; length++)
	{
		char *bytes = malloc(length + 1);
		uint32_t before = (uint32_t) (length * 2654435761u);

		fill(bytes, length, (unsigned) length);
		assert_int_equal(crc32_of_more(before, (Bytes){bytes, length}),
		                 crc32_z(before, (Bytef *) bytes, length));
		free(bytes);
	}
}

static void
test_pieces(void **state)
{
	static char bytes[LENGTH_MAXIMUM];
	uint32_t whole;

	(void) state;
	fill(bytes, sizeof(bytes), 1);
	whole = crc32_of_more(0, (Bytes){bytes, sizeof(bytes)});
	for (size_t cut = 0; cut <= sizeof(bytes); cut++)
	{
		uint32_t first = crc32_of_more(0, (Bytes){bytes, cut});

		assert_int_equal(crc32_of_more(first, (Bytes){bytes + cut, sizeof(bytes) - cut}), whole);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_value),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
