/*
 * arena.h
 *		Memory for the server-free rooms: taken in blocks, given back all at once.
 *
 * The rooms below the wall never call malloc or palloc. They take memory from an Arena, whose
 * blocks come from a BlockSource that the caller supplies: a memory context without exceptions in
 * the backend, malloc in tests.
 */
#ifndef FOUNDATION_ARENA_H
#define FOUNDATION_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "foundation/bytes.h"
#include "foundation/result.h"

/* Where blocks come from. Neither function may throw or longjmp. */
typedef struct BlockSource
{
	void *(*allocate)(void *context, size_t size); /* NULL on exhaustion */
	void (*release)(void *context, void *block);   /* takes back what allocate gave */
	void *context;                                 /* handed to both */
} BlockSource;

/* Blocks from the C library's malloc; for unit tests, fuzzers and the benchmark. */
extern const BlockSource malloc_block_source;

typedef enum ArenaContents
{
	ARENA_PLAIN,
	ARENA_SECRET /* memory is wiped before it is reused or given back */
} ArenaContents;

typedef struct ArenaBlock ArenaBlock;

/* The fields are arena.c's own; the struct is here so that it can be embedded. */
typedef struct Arena
{
	BlockSource source;
	ArenaContents contents;
	ArenaBlock *blocks; /* newest first */
	char *next;         /* next free byte of the newest block */
	char *end;          /* one past the newest block's last byte */
	size_t allocated;   /* bytes of all blocks, headers included */
	size_t maximum;     /* bytes `allocated` may not pass */
} Arena;

/* Makes an empty arena that will never hold more than `maximum` bytes of blocks. Takes no memory.
 */
extern void arena_init(Arena *arena, BlockSource source, ArenaContents contents, size_t maximum);

/*
 * `size` bytes aligned for any type, uninitialised, valid until the arena is reset or released.
 * NULL when the source is exhausted or the maximum would be passed; arena_failure() tells which.
 */
extern void *arena_allocate(Arena *arena, size_t size) MUST_CHECK;

/* The same for `count` elements of `size` bytes; NULL also when the product overflows. */
extern void *arena_allocate_array(Arena *arena, size_t count, size_t size) MUST_CHECK;

/* The same, filled with zero bytes. */
extern void *arena_allocate_zeroed(Arena *arena, size_t count, size_t size) MUST_CHECK;

/*
 * For an array that grows: `elements` itself while `count` is below *capacity, else a copy of them
 * with a larger *capacity. NULL as arena_allocate, and then *capacity is what was asked for.
 */
extern void *arena_grow_array(Arena *arena, void *elements, size_t count, size_t *capacity,
                              size_t size) MUST_CHECK;

/* A copy of `bytes` with a terminating zero byte behind it. NULL as arena_allocate. */
extern char *arena_copy(Arena *arena, Bytes bytes) MUST_CHECK;

/* The failure to return after an allocation of `size` bytes gave NULL. */
extern CheckedResult arena_failure(const Arena *arena, size_t size);

/*
 * Forgets everything allocated; keeps the newest block for reuse unless it is larger than
 * ARENA_KEEP_MAXIMUM. Wipes if the contents are secret.
 */
extern void arena_reset(Arena *arena);

/* Gives every block back, wiped if the contents are secret. The arena is then empty and usable. */
extern void arena_release(Arena *arena);

/* Bytes of the first block, and of the largest block that a reset keeps. */
#define ARENA_FIRST_BLOCK_SIZE ((size_t) 8 * 1024)
#define ARENA_KEEP_MAXIMUM     ((size_t) 1024 * 1024)

/* Overwrites `size` bytes with zeroes in a way the compiler may not leave out. */
extern void wipe(void *memory, size_t size);

#endif
