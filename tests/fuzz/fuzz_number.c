/*
 * fuzz_number.c
 *		Any bytes as a number, and any two as a comparison: the functions must agree.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "item/number.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

/* A number within the bounds and its canonical text are the same to every function. */
static void
check_canonical(Arena *arena, Bytes text)
{
	Bytes canonical;
	Bytes again;
	int64_t number;
	int64_t same_number;
	CheckedResult result;

	demand(result_is_ok(number_canonical(arena, text, &canonical)));
	demand(canonical.length <= NUMBER_TEXT_MAXIMUM);
	demand(result_is_ok(number_check(canonical)));
	demand(number_compare(text, canonical) == 0);
	demand(number_stored_size(text) == number_stored_size(canonical));
	demand(number_stored_size(text) >= 1 && number_stored_size(text) <= 21);
	demand(result_is_ok(number_canonical(arena, canonical, &again)));
	demand(bytes_equal(canonical, again));
	result = number_to_int64(text, &number);
	demand(number_to_int64(canonical, &same_number).code == result.code);
	demand(!result_is_ok(result) || number == same_number);
}

/* Order is the same from both sides, and equality is that of the canonical texts. */
static void
check_order(Arena *arena, Bytes a, Bytes b)
{
	int order = number_compare(a, b);
	int reverse = number_compare(b, a);
	Bytes left;
	Bytes right;

	demand((order > 0) == (reverse < 0) && (order < 0) == (reverse > 0));
	if (!result_is_ok(number_canonical(arena, a, &left)) ||
	    !result_is_ok(number_canonical(arena, b, &right)))
		return;
	demand(bytes_equal(left, right) == (order == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes text = {(const char *) data, size};
	const char *space = size == 0 ? NULL : memchr(data, ' ', size);
	Arena arena;
	int64_t number;

	arena_init(&arena, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	if (result_is_ok(number_check(text)))
		check_canonical(&arena, text);
	else
		demand(!result_is_ok(number_to_int64(text, &number)));
	if (space != NULL)
	{
		Bytes first = {text.data, (size_t) (space - text.data)};

		check_order(&arena, first, (Bytes){space + 1, size - first.length - 1});
	}
	arena_release(&arena);
	return 0;
}
