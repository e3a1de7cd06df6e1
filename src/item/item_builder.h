/*
 * item_builder.h
 *		An item put together place by place.
 */
#ifndef ITEM_ITEM_BUILDER_H
#define ITEM_ITEM_BUILDER_H

#include "foundation/arena.h"
#include "foundation/result.h"
#include "item/attribute_path.h"
#include "item/attribute_value.h"

/* Embedded by its user; values put in are borrowed, the rest is of the arena. */
typedef struct ItemBuilder
{
	Arena *arena;
	DynamodbItem item; /* what was put together so far */
} ItemBuilder;

/* Begins with a copy of the top level of `item`, which is never changed; NULL: with nothing. */
extern CheckedResult item_builder_init(ItemBuilder *builder, Arena *arena,
                                       const DynamodbItem *item) MUST_CHECK;

/* How a put found its place. */
typedef enum PutOutcome
{
	PUT_DONE,
	PUT_CONFLICT /* the place has another value, or the way leads through a scalar or a set */
} PutOutcome;

/*
 * Puts the value at a place that has none yet. Maps and lists on the way are made; elements of a
 * list before an index that are missing become NULL, which is how SQL reads a missing one. A NULL
 * element counts as none. Equal values twice are no conflict, nor is a value inside a map or list
 * that was put before. RESULT_TOO_LARGE for an index that would make a list of more than
 * ITEM_BUILDER_ELEMENTS_MAXIMUM elements; otherwise fails for want of memory only.
 */
#define ITEM_BUILDER_ELEMENTS_MAXIMUM 100000
extern CheckedResult item_builder_put(ItemBuilder *builder, const AttributePath *path,
                                      const AttributeValue *value, PutOutcome *outcome) MUST_CHECK;

/* The same, but the value takes the place of what is there. */
extern CheckedResult item_builder_replace(ItemBuilder *builder, const AttributePath *path,
                                          const AttributeValue *value,
                                          PutOutcome *outcome) MUST_CHECK;

/*
 * Takes away what is at the place; nothing when nothing is. An element of a list becomes NULL
 * instead, because without it all elements behind it would move.
 */
extern CheckedResult item_builder_remove(ItemBuilder *builder,
                                         const AttributePath *path) MUST_CHECK;

#endif
