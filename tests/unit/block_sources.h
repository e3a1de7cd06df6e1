/*
 * block_sources.h
 *		Sources of memory that fail, and sources that look at what they get back.
 */
#ifndef TESTS_BLOCK_SOURCES_H
#define TESTS_BLOCK_SOURCES_H

#include "foundation/arena.h"

typedef struct ObservedSource
{
	size_t allowed;        /* allocations that succeed before all fail; SIZE_MAX: none fails */
	size_t taken;          /* allocations that succeeded */
	size_t live;           /* of those, not yet given back */
	size_t released_dirty; /* given back with a byte that was not zero */
} ObservedSource;

/* A source that lets `allowed` allocations succeed; `source` must outlive its blocks. */
extern BlockSource observed_source(ObservedSource *source, size_t allowed);

#endif
