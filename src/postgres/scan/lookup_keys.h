/*
 * lookup_keys.h
 *		Keys of one table's items: compared, made unique, taken from items.
 *
 * A key is an item whose attributes are the table's key attributes, hash before range, each in the
 * order of the schema.
 */
#ifndef POSTGRES_SCAN_LOOKUP_KEYS_H
#define POSTGRES_SCAN_LOOKUP_KEYS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/dynamodb.h"

/* By each attribute in turn; two keys of one table. For qsort() over DynamodbItems, too. */
extern int lookup_key_compare(const void *left, const void *right);

/* Sorts the keys and keeps one of each; how many are kept. */
extern int lookup_keys_make_unique(DynamodbItem *keys, int count);

/*
 * The key of an item, whose values it borrows; `attributes` has room for all of the schema's. An
 * item without one of them is an internal error.
 */
extern DynamodbItem lookup_key_of_item(const KeySchema *schema, const DynamodbItem *item,
                                       Attribute *attributes);

/* The same, its values copied into the arena; names are the schema's. In CurrentMemoryContext. */
extern DynamodbItem lookup_key_copy(const KeySchema *schema, const DynamodbItem *item,
                                    Arena *arena);

#endif
