/*
 * test_block_pool.c
 *		What a pool of blocks promises: reuse, bounds, and nothing kept in the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "foundation/block_pool.h"
#include "unit/block_sources.h"

#define KILOBYTE ((size_t) 1024)

static void *
take(BlockPool *pool, size_t size)
{
	BlockSource blocks = block_pool_blocks(pool);
	void *memory = blocks.allocate(blocks.context, size);

	assert_non_null(memory);
	assert_int_equal((uintptr_t) memory % _Alignof(max_align_t), 0);
	memset(memory, 0xA5, size);
	return memory;
}

static void
give_back(BlockPool *pool, void *memory)
{
	BlockSource blocks = block_pool_blocks(pool);

	blocks.release(blocks.context, memory);
}

static void
blocks_are_handed_on(void **state)
{
	ObservedSource source;
	BlockPool pool;
	void *first;
	void *second;

	(void) state;
	block_pool_init(&pool, observed_source(&source, SIZE_MAX), SIZE_MAX);
	first = take(&pool, 8 * KILOBYTE);
	second = take(&pool, 64 * KILOBYTE);
	give_back(&pool, first);
	give_back(&pool, second);
	assert_ptr_equal(take(&pool, 7 * KILOBYTE), first);
	assert_ptr_equal(take(&pool, 64 * KILOBYTE), second);
	assert_int_equal(source.taken, 2);
	give_back(&pool, first);
	give_back(&pool, second);
	block_pool_release(&pool);
	assert_int_equal(source.live, 0);
}

static void
what_does_not_fit_is_not_handed_on(void **state)
{
	ObservedSource source;
	BlockPool pool;
	void *block;
	void *larger;
	void *smaller;

	(void) state;
	block_pool_init(&pool, observed_source(&source, SIZE_MAX), SIZE_MAX);
	block = take(&pool, 64 * KILOBYTE);
	give_back(&pool, block);
	larger = take(&pool, 65 * KILOBYTE);
	smaller = take(&pool, 48 * KILOBYTE);
	assert_int_equal(source.taken, 3);
	assert_ptr_not_equal(larger, block);
	assert_ptr_not_equal(smaller, block);
	give_back(&pool, larger);
	give_back(&pool, smaller);
	block_pool_release(&pool);
	assert_int_equal(source.live, 0);
}

static void
no_more_than_the_maximum_waits(void **state)
{
	ObservedSource source;
	BlockPool pool;
	void *blocks[100];
	void *large;

	(void) state;
	block_pool_init(&pool, observed_source(&source, SIZE_MAX), 1000 * KILOBYTE);
	for (size_t i = 0; i < 100; i++)
		blocks[i] = take(&pool, 64 * KILOBYTE);
	large = take(&pool, 1001 * KILOBYTE);
	assert_int_equal(source.live, 101);
	give_back(&pool, large);
	assert_int_equal(source.live, 100);
	for (size_t i = 0; i < 100; i++)
		give_back(&pool, blocks[i]);
	assert_int_equal(source.live, 15);
	for (size_t i = 0; i < 15; i++)
		blocks[i] = take(&pool, 64 * KILOBYTE);
	assert_int_equal(source.taken, 101);
	for (size_t i = 0; i < 15; i++)
		give_back(&pool, blocks[i]);
	block_pool_release(&pool);
	assert_int_equal(source.live, 0);
}

static void
nothing_waits_in_a_pool_of_no_size(void **state)
{
	ObservedSource source;
	BlockPool pool;

	(void) state;
	block_pool_init(&pool, observed_source(&source, SIZE_MAX), 0);
	give_back(&pool, take(&pool, 1));
	assert_int_equal(source.live, 0);
}

static void
exhaustion_is_reported(void **state)
{
	ObservedSource source;
	BlockPool pool;
	BlockSource blocks;
	void *block;

	(void) state;
	block_pool_init(&pool, observed_source(&source, 1), SIZE_MAX);
	blocks = block_pool_blocks(&pool);
	assert_null(blocks.allocate(blocks.context, SIZE_MAX));
	assert_int_equal(source.taken, 0);
	block = take(&pool, 1024);
	assert_null(blocks.allocate(blocks.context, 1024));
	give_back(&pool, block);
	assert_ptr_equal(take(&pool, 1024), block);
	give_back(&pool, block);
	block_pool_release(&pool);
	assert_int_equal(source.live, 0);
}

/* As pages of a scan do: two arenas in turns, each released before it is filled anew. */
static void
arenas_in_turns_take_no_new_blocks(void **state)
{
	ObservedSource source;
	BlockPool pool;
	Arena arenas[2];
	size_t taken = 0;

	(void) state;
	block_pool_init(&pool, observed_source(&source, SIZE_MAX), 8192 * KILOBYTE);
	for (size_t i = 0; i < 2; i++)
		arena_init(&arenas[i], block_pool_blocks(&pool), ARENA_PLAIN, SIZE_MAX);
	for (size_t page = 0; page < 100; page++)
	{
		Arena *arena = &arenas[page % 2];

		arena_release(arena);
		for (size_t i = 0; i < 20; i++)
			assert_non_null(arena_allocate(arena, 100 * KILOBYTE));
		if (page == 3)
			taken = source.taken;
	}
	assert_int_equal(source.taken, taken);
	for (size_t i = 0; i < 2; i++)
		arena_release(&arenas[i]);
	block_pool_release(&pool);
	assert_int_equal(source.live, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blocks_are_handed_on),
	    cmocka_unit_test(what_does_not_fit_is_not_handed_on),
	    cmocka_unit_test(no_more_than_the_maximum_waits),
	    cmocka_unit_test(nothing_waits_in_a_pool_of_no_size),
	    cmocka_unit_test(exhaustion_is_reported),
	    cmocka_unit_test(arenas_in_turns_take_no_new_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
