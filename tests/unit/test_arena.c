/*
 * test_arena.c
 *		What an arena promises of memory: alignment, bounds, honesty about failure, wiping.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "foundation/arena.h"
#include "unit/block_sources.h"

static void
test_memory_is_aligned_and_apart(void **state)
{
	unsigned char *pieces[500];
	Arena arena;

	(void) state;
	arena_init(&arena, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	for (size_t i = 0; i < 500; i++)
	{
		pieces[i] = arena_allocate(&arena, i * 7);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t) pieces[i] % _Alignof(max_align_t), 0);
		memset(pieces[i], (int) (i % 251), i * 7);
	}
	for (size_t i = 0; i < 500; i++)
	{
		for (size_t k = 0; k < i * 7; k++)
			assert_int_equal(pieces[i][k], i % 251);
	}
	arena_release(&arena);
}

static void
test_blocks_grow(void **state)
{
	ObservedSource source;
	Arena arena;

	(void) state;
	arena_init(&arena, observed_source(&source, SIZE_MAX), ARENA_PLAIN, SIZE_MAX);
	for (int i = 0; i < 64 * 1024; i++)
		assert_non_null(arena_allocate(&arena, 64));
	assert_true(source.taken < 16);
	arena_release(&arena);
	assert_int_equal(source.live, 0);
}

static void
test_maximum_is_kept(void **state)
{
	ObservedSource source;
	Arena arena;

	(void) state;
	arena_init(&arena, observed_source(&source, SIZE_MAX), ARENA_PLAIN, 100000);
	while (arena_allocate(&arena, 1000) != NULL)
		assert_true(arena.allocated <= 100000);
	assert_int_equal(arena_failure(&arena, 1000).code, RESULT_TOO_LARGE);
	/* nearly all of the maximum was of use */
	assert_true(arena.allocated > 98000);
	arena_release(&arena);
	assert_null(arena_allocate(&arena, 100000));
	assert_null(arena_allocate(&arena, SIZE_MAX));
	assert_null(arena_allocate_array(&arena, SIZE_MAX / 2, 3));
	assert_int_equal(source.live, 0);
}

static void
test_exhaustion_is_told_from_the_maximum(void **state)
{
	ObservedSource source;
	Arena arena;

	(void) state;
	arena_init(&arena, observed_source(&source, 1), ARENA_PLAIN, SIZE_MAX);
	assert_non_null(arena_allocate(&arena, 16));
	assert_null(arena_allocate(&arena, 1 << 20));
	assert_int_equal(arena_failure(&arena, 1 << 20).code, RESULT_OUT_OF_MEMORY);
	/* what is left of the first block still serves */
	assert_non_null(arena_allocate(&arena, 16));
	arena_release(&arena);
}

static void
test_reset_keeps_one_block(void **state)
{
	ObservedSource source;
	Arena arena;

	(void) state;
	arena_init(&arena, observed_source(&source, SIZE_MAX), ARENA_PLAIN, SIZE_MAX);
	for (int i = 0; i < 1000; i++)
		assert_non_null(arena_allocate(&arena, 100));
	assert_true(source.live > 1);
	arena_reset(&arena);
	assert_int_equal(source.live, 1);
	assert_non_null(arena_allocate(&arena, ARENA_KEEP_MAXIMUM * 2));
	arena_reset(&arena);
	assert_int_equal(source.live, 0);
	assert_non_null(arena_allocate(&arena, 1));
	arena_release(&arena);
	assert_int_equal(source.live, 0);
}

static void
test_secrets_are_wiped(void **state)
{
	ObservedSource source;
	Arena arena;
	char *secret;

	(void) state;
	arena_init(&arena, observed_source(&source, SIZE_MAX), ARENA_SECRET, SIZE_MAX);
	for (int i = 0; i < 1000; i++)
		memset(arena_allocate(&arena, 100), 0x5A, 100);
	arena_reset(&arena);
	secret = arena_allocate(&arena, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(secret[i], 0);
	memset(secret, 0x5A, 100);
	arena_release(&arena);
	assert_int_equal(source.released_dirty, 0);

	/* the same steps without secrets leave traces: the observation can fail */
	arena_init(&arena, observed_source(&source, SIZE_MAX), ARENA_PLAIN, SIZE_MAX);
	memset(arena_allocate(&arena, 100), 0x5A, 100);
	arena_release(&arena);
	assert_int_equal(source.released_dirty, 1);
}

static void
test_copies_and_arrays(void **state)
{
	Arena arena;
	size_t capacity = 0;
	uint32_t *numbers = NULL;
	char *copy;
	char *zeroes;

	(void) state;
	arena_init(&arena, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	copy = arena_copy(&arena, BYTES_LITERAL("with\0zero"));
	assert_memory_equal(copy, "with\0zero", 10);
	assert_string_equal(arena_copy(&arena, BYTES_EMPTY), "");
	zeroes = arena_allocate_zeroed(&arena, 100, 7);
	for (int i = 0; i < 700; i++)
		assert_int_equal(zeroes[i], 0);
	for (uint32_t i = 0; i < 10000; i++)
	{
		numbers = arena_grow_array(&arena, numbers, i, &capacity, sizeof(*numbers));
		assert_true(capacity > i);
		numbers[i] = i;
	}
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(numbers[i], i);
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory_is_aligned_and_apart),
	    cmocka_unit_test(test_blocks_grow),
	    cmocka_unit_test(test_maximum_is_kept),
	    cmocka_unit_test(test_exhaustion_is_told_from_the_maximum),
	    cmocka_unit_test(test_reset_keeps_one_block),
	    cmocka_unit_test(test_secrets_are_wiped),
	    cmocka_unit_test(test_copies_and_arrays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
