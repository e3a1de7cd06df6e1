/*
 * arena.c
 *		A bump allocator over blocks of growing size.
 */
#include "foundation/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct ArenaBlock
{
	ArenaBlock *older;
	size_t size; /* of the whole block, this header included */
};

#define ALIGNMENT          alignof(max_align_t)
#define ALIGN_UP(size)     (((size) + ALIGNMENT - 1) & ~(ALIGNMENT - 1))
#define HEADER_SIZE        ALIGN_UP(sizeof(ArenaBlock))
#define SMALLEST_ARRAY     ((size_t) 16)
#define BLOCK_SIZE_MAXIMUM ((size_t) 1024 * 1024)

static void *
malloc_allocate(void *context, size_t size)
{
	(void) context;
	return malloc(size);
}

static void
malloc_release(void *context, void *block)
{
	(void) context;
	free(block);
}

const BlockSource malloc_block_source = {malloc_allocate, malloc_release, NULL};

void
wipe(void *memory, size_t size)
{
	if (size > 0)
		explicit_bzero(memory, size);
}

void
arena_init(Arena *arena, BlockSource source, ArenaContents contents, size_t maximum)
{
	*arena = (Arena){.source = source, .contents = contents, .maximum = maximum};
}

/* The size of the next block: twice the last one's, within bounds, and enough for `needed`. */
static size_t
next_block_size(const Arena *arena, size_t needed)
{
	size_t size = arena->blocks == NULL ? ARENA_FIRST_BLOCK_SIZE : arena->blocks->size * 2;

	if (size > BLOCK_SIZE_MAXIMUM)
		size = BLOCK_SIZE_MAXIMUM;
	if (size > arena->maximum - arena->allocated)
		size = arena->maximum - arena->allocated;
	return size < needed ? needed : size;
}

/* Adds a block with room for `size` aligned bytes; false when there is none to be had. */
static bool
add_block(Arena *arena, size_t size)
{
	size_t room = arena->maximum - arena->allocated;
	size_t block_size;
	ArenaBlock *block;

	if (room < HEADER_SIZE || size > room - HEADER_SIZE)
		return false;
	block_size = next_block_size(arena, size + HEADER_SIZE);
	block = arena->source.allocate(arena->source.context, block_size);
	if (block == NULL)
		return false;
	block->older = arena->blocks;
	block->size = block_size;
	arena->blocks = block;
	arena->allocated += block_size;
	arena->next = (char *) block + HEADER_SIZE;
	arena->end = (char *) block + block_size;
	return true;
}

void *
arena_allocate(Arena *arena, size_t size)
{
	void *memory;

	if (size > SIZE_MAX - ALIGNMENT)
		return NULL;
	size = ALIGN_UP(size == 0 ? 1 : size);
	if (size > (size_t) (arena->end - arena->next) && !add_block(arena, size))
		return NULL;
	memory = arena->next;
	arena->next += size;
	return memory;
}

void *
arena_allocate_array(Arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return arena_allocate(arena, total);
}

void *
arena_allocate_zeroed(Arena *arena, size_t count, size_t size)
{
	void *memory = arena_allocate_array(arena, count, size);

	if (memory != NULL)
		memset(memory, 0, count * size);
	return memory;
}

void *
arena_grow_array(Arena *arena, void *elements, size_t count, size_t *capacity, size_t size)
{
	void *moved;

	if (count < *capacity)
		return elements;
	*capacity = *capacity == 0 ? SMALLEST_ARRAY : *capacity * 2;
	moved = arena_allocate_array(arena, *capacity, size);
	if (moved != NULL && count > 0)
		memcpy(moved, elements, count * size);
	return moved;
}

char *
arena_copy(Arena *arena, Bytes bytes)
{
	char *copy = bytes.length == SIZE_MAX ? NULL : arena_allocate(arena, bytes.length + 1);

	if (copy == NULL)
		return NULL;
	if (bytes.length > 0)
		memcpy(copy, bytes.data, bytes.length);
	copy[bytes.length] = '\0';
	return copy;
}

CheckedResult
arena_failure(const Arena *arena, size_t size)
{
	size_t room = arena->maximum - arena->allocated;

	if (size > room || room - size < HEADER_SIZE + ALIGNMENT)
		return result_failed(RESULT_TOO_LARGE, "data exceeds the memory allowed for it");
	return result_out_of_memory();
}

/* `used` bytes of the block may hold something: a part of the newest one, the others as a whole. */
static void
release_block(Arena *arena, ArenaBlock *block, size_t used)
{
	arena->allocated -= block->size;
	if (arena->contents == ARENA_SECRET)
		wipe(block, used);
	arena->source.release(arena->source.context, block);
}

void
arena_reset(Arena *arena)
{
	ArenaBlock *kept = arena->blocks;

	if (kept == NULL || kept->size > ARENA_KEEP_MAXIMUM)
	{
		arena_release(arena);
		return;
	}
	while (kept->older != NULL)
	{
		ArenaBlock *block = kept->older;

		kept->older = block->older;
		release_block(arena, block, block->size);
	}
	if (arena->contents == ARENA_SECRET)
		wipe((char *) kept + HEADER_SIZE, (size_t) (arena->next - (char *) kept) - HEADER_SIZE);
	arena->next = (char *) kept + HEADER_SIZE;
}

void
arena_release(Arena *arena)
{
	const char *used_end = arena->next;

	while (arena->blocks != NULL)
	{
		ArenaBlock *block = arena->blocks;

		arena->blocks = block->older;
		release_block(arena, block, (size_t) (used_end - (const char *) block));
		if (arena->blocks != NULL)
			used_end = (const char *) arena->blocks + arena->blocks->size;
	}
	arena->next = arena->end = NULL;
}
