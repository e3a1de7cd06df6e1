/*
 * stored_items.h
 *		Items as they are stored, looked up by their keys: read consistently, without the scan of a
 *		statement.
 */
#ifndef POSTGRES_SCAN_STORED_ITEMS_H
#define POSTGRES_SCAN_STORED_ITEMS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/relation/relation.h"
#include "postgres/scan/fetch.h"

/* The plan of reading whole items by their keys; everything is borrowed. */
extern FetchPlan stored_items_plan(const ForeignRelation *relation, const DynamodbItem *keys,
                                   int key_count);

/*
 * The stored item of that key, whole, in CurrentMemoryContext; NULL: none. Waits; raises what a
 * read raises.
 */
extern DynamodbItem *stored_item_read(const ForeignRelation *relation, const DynamodbItem *key);

/*
 * Of the keys, all different, those of which an item is stored: a List of DynamodbItem, which have
 * the key attributes only. Memory and failures as above.
 */
extern List *stored_items_find(const ForeignRelation *relation, const DynamodbItem *keys,
                               int key_count);

/*
 * The item with the slots that a decoder with the names would have given its attributes. The values
 * are shared with `item`. Raises an error when the arena has no room.
 */
extern void stored_item_place_attributes(Arena *arena, const NameTable *names,
                                         const DynamodbItem *item, DynamodbItem *placed);

#endif
