/*
 * memory.c
 *		Arenas and buffers whose memory belongs to a memory context.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "postgres/memory.h"

static void *
allocate_in_context(void *context, size_t size)
{
	return MemoryContextAllocExtended((MemoryContext) context, size,
	                                  MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE);
}

static void
release_in_context(void *context, void *block)
{
	(void) context;
	pfree(block);
}

BlockSource
memory_context_blocks(MemoryContext context)
{
	return (BlockSource){allocate_in_context, release_in_context, context};
}

static void
release_arena(void *arena)
{
	arena_release((Arena *) arena);
}

static void
release_buffer(void *buffer)
{
	buffer_release((ByteBuffer *) buffer);
}

/* Has `release` called with `resource` when the context is reset or deleted. */
static void
release_with_context(MemoryContext context, MemoryContextCallbackFunction release, void *resource)
{
	MemoryContextCallback *callback = MemoryContextAlloc(context, sizeof(*callback));

	callback->func = release;
	callback->arg = resource;
	MemoryContextRegisterResetCallback(context, callback);
}

Arena *
memory_context_arena(MemoryContext context, ArenaContents contents, Size maximum)
{
	Arena *arena = MemoryContextAlloc(context, sizeof(*arena));

	arena_init(arena, memory_context_blocks(context), contents, maximum);
	release_with_context(context, release_arena, arena);
	return arena;
}

ByteBuffer *
memory_context_buffer(MemoryContext context, ArenaContents contents, Size maximum)
{
	ByteBuffer *buffer = MemoryContextAlloc(context, sizeof(*buffer));

	buffer_init(buffer, memory_context_blocks(context), contents, maximum);
	release_with_context(context, release_buffer, buffer);
	return buffer;
}
