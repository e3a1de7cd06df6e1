/*
 * block_sources.c
 *		calloc, counted and limited: what is not zero in a block that comes back was written there.
 *		Each block is preceded by its size.
 */
#include "unit/block_sources.h"

#include <stdlib.h>

#define SIZE_ROOM 16

static void *
allocate(void *context, size_t size)
{
	ObservedSource *source = context;
	char *memory;

	if (source->taken >= source->allowed)
		return NULL;
	memory = calloc(1, size + SIZE_ROOM);
	if (memory == NULL)
		abort();
	*(size_t *) (void *) memory = size;
	source->taken++;
	source->live++;
	return memory + SIZE_ROOM;
}

static void
release(void *context, void *block)
{
	ObservedSource *source = context;
	char *memory = (char *) block - SIZE_ROOM;
	size_t size = *(size_t *) (void *) memory;
	size_t position = 0;

	while (position < size && memory[SIZE_ROOM + position] == 0)
		position++;
	source->released_dirty += position < size;
	source->live--;
	free(memory);
}

BlockSource
observed_source(ObservedSource *source, size_t allowed)
{
	*source = (ObservedSource){.allowed = allowed};
	return (BlockSource){allocate, release, source};
}
