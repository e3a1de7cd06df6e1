/*
 * block_pool.c
 *		Blocks of memory that go from one arena to the next without going back to their source.
 */
#include "foundation/block_pool.h"

#include <stdalign.h>
#include <stdint.h>

/* What stands in front of each block of a pool, whether an arena has it or not. */
typedef struct PooledBlock
{
	struct PooledBlock *next; /* of those that wait */
	size_t size;              /* with this header */
} PooledBlock;

#define ALIGNMENT   alignof(max_align_t)
#define HEADER_SIZE ((sizeof(PooledBlock) + ALIGNMENT - 1) & ~(ALIGNMENT - 1))

/* Takes a waiting block of `size` bytes, or up to a quarter more; NULL when there is none. */
static PooledBlock *
take_waiting(BlockPool *pool, size_t size)
{
	for (PooledBlock **link = &pool->waiting; *link != NULL; link = &(*link)->next)
	{
		PooledBlock *block = *link;

		if (block->size < size || block->size - size > size / 4)
			continue;
		*link = block->next;
		pool->waiting_size -= block->size;
		return block;
	}
	return NULL;
}

static PooledBlock *
take_new(BlockPool *pool, size_t size)
{
	PooledBlock *block = pool->source.allocate(pool->source.context, size);

	if (block != NULL)
		block->size = size;
	return block;
}

static void *
allocate_in_pool(void *context, size_t size)
{
	BlockPool *pool = context;
	PooledBlock *block;

	if (size > SIZE_MAX - HEADER_SIZE)
		return NULL;
	block = take_waiting(pool, HEADER_SIZE + size);
	if (block == NULL)
		block = take_new(pool, HEADER_SIZE + size);
	return block == NULL ? NULL : (char *) block + HEADER_SIZE;
}

static void
release_in_pool(void *context, void *memory)
{
	BlockPool *pool = context;
	PooledBlock *block = (PooledBlock *) (void *) ((char *) memory - HEADER_SIZE);

	if (block->size > pool->maximum - pool->waiting_size)
	{
		pool->source.release(pool->source.context, block);
		return;
	}
	block->next = pool->waiting;
	pool->waiting = block;
	pool->waiting_size += block->size;
}

void
block_pool_init(BlockPool *pool, BlockSource source, size_t maximum)
{
	*pool = (BlockPool){.source = source, .maximum = maximum};
}

BlockSource
block_pool_blocks(BlockPool *pool)
{
	return (BlockSource){allocate_in_pool, release_in_pool, pool};
}

void
block_pool_release(BlockPool *pool)
{
	while (pool->waiting != NULL)
	{
		PooledBlock *block = pool->waiting;

		pool->waiting = block->next;
		pool->source.release(pool->source.context, block);
	}
	pool->waiting_size = 0;
}
