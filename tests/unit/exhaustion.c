/*
 * exhaustion.c
 *		Block sources that run dry.
 */
#include "unit/exhaustion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define BLOCKS_MAXIMUM   100000
#define MAXIMUM_STEP     ((size_t) 16)
#define ENOUGH           ((size_t) 64 * 1024 * 1024)
#define SEARCHED_MAXIMUM ((size_t) 1024 * 1024)

typedef struct LimitedSource
{
	long allowed; /* blocks still to be given */
	long outstanding;
} LimitedSource;

static void *
limited_allocate(void *context, size_t size)
{
	LimitedSource *source = context;

	if (source->allowed == 0)
		return NULL;
	source->allowed--;
	source->outstanding++;
	return malloc(size);
}

static void
limited_release(void *context, void *block)
{
	LimitedSource *source = context;

	source->outstanding--;
	free(block);
}

/* One run; true when it succeeded. */
static bool
run_once(ArenaUse use, long allowed, size_t maximum)
{
	LimitedSource source = {.allowed = allowed};
	Arena arena;
	CheckedResult result;

	arena_init(&arena, (BlockSource){limited_allocate, limited_release, &source}, ARENA_SECRET,
	           maximum);
	result = use(&arena);
	arena_release(&arena);
	assert_int_equal(source.outstanding, 0);
	if (result.code != RESULT_OUT_OF_MEMORY && result.code != RESULT_TOO_LARGE)
		assert_int_equal(result.code, RESULT_OK);
	return result_is_ok(result);
}

void
assert_survives_exhaustion(ArenaUse use)
{
	long allowed = 0;
	size_t maximum = 0;

	while (!run_once(use, allowed, ENOUGH))
		assert_true(++allowed < BLOCKS_MAXIMUM);
	assert_true(allowed > 0);
	while (!run_once(use, BLOCKS_MAXIMUM, maximum))
	{
		maximum += MAXIMUM_STEP;
		assert_true(maximum < SEARCHED_MAXIMUM);
	}
}

static void *
counting_allocate(void *context, size_t size)
{
	(*(long *) context)++;
	return malloc(size);
}

static void
counting_release(void *context, void *block)
{
	(*(long *) context)--;
	free(block);
}

BlockSource
counting_block_source(long *outstanding)
{
	*outstanding = 0;
	return (BlockSource){counting_allocate, counting_release, outstanding};
}
