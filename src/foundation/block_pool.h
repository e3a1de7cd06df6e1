/*
 * block_pool.h
 *		Blocks of memory that go from one arena to the next without going back to their source.
 *
 * A block that comes from the system anew costs a page fault for every 4 kB of it, which is a
 * quarter of what decoding a page of small items takes. So blocks that arenas give back wait here
 * for the next arena, up to a number of bytes. Not for secrets: what waits is not wiped.
 */
#ifndef FOUNDATION_BLOCK_POOL_H
#define FOUNDATION_BLOCK_POOL_H

#include "foundation/arena.h"

/* The fields are block_pool.c's own; the struct is here so that it can be embedded. */
typedef struct BlockPool
{
	BlockSource source; /* of blocks that do not wait here */
	struct PooledBlock
	    *waiting;        /* the last one given back first: the processor may still have it */
	size_t waiting_size; /* bytes of those, headers included */
	size_t maximum;      /* bytes `waiting_size` may not pass */
} BlockPool;

/* Makes an empty pool in which at most `maximum` bytes wait. Takes no memory. */
extern void block_pool_init(BlockPool *pool, BlockSource source, size_t maximum);

/*
 * A source of blocks for arenas: those that wait where they fit, at most a quarter too large, else
 * new ones. The pool must
 * outlive them.
 */
extern BlockSource block_pool_blocks(BlockPool *pool);

/* Gives the blocks that wait back to their source; those that arenas have stay theirs. */
extern void block_pool_release(BlockPool *pool);

#endif
