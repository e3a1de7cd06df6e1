/*
 * memory.h
 *		Memory contexts as the server-free rooms' source of memory.
 */
#ifndef POSTGRES_MEMORY_H
#define POSTGRES_MEMORY_H

#include "postgres.h"

#include "postgres/compat.h"

#include "foundation/arena.h"
#include "foundation/buffer.h"

/* Blocks from `context`, NULL on exhaustion instead of an error. */
extern BlockSource memory_context_blocks(MemoryContext context);

/*
 * An arena in `context`. It is released, and wiped if secret, when the context is reset or deleted,
 * also after an error.
 */
extern Arena *memory_context_arena(MemoryContext context, ArenaContents contents, Size maximum);

/* The same for a buffer. */
extern ByteBuffer *memory_context_buffer(MemoryContext context, ArenaContents contents,
                                         Size maximum);

#endif
