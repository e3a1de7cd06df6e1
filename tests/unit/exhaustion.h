/*
 * exhaustion.h
 *		Running a function out of memory at every place where it asks for some.
 */
#ifndef UNIT_EXHAUSTION_H
#define UNIT_EXHAUSTION_H

#include "foundation/arena.h"

/* What is to be run; takes all its memory from the arena or from the arena's source. */
typedef CheckedResult (*ArenaUse)(Arena *arena);

/*
 * Runs `use` with its first, second … block refused, and with arenas of every maximum up to the one
 * that suffices, until it succeeds. Fails the cmocka test when a run without memory gives anything
 * but RESULT_OUT_OF_MEMORY or RESULT_TOO_LARGE, or keeps a block.
 */
extern void assert_survives_exhaustion(ArenaUse use);

/* A malloc source that counts, for looking after leaks: `*outstanding` blocks are not given back.
 */
extern BlockSource counting_block_source(long *outstanding);

#endif
