/*
 * attribute_change.h
 *		Changes of single places of an item, as UpdateItem makes them.
 */
#ifndef ITEM_ATTRIBUTE_CHANGE_H
#define ITEM_ATTRIBUTE_CHANGE_H

#include "foundation/arena.h"
#include "foundation/buffer.h"
#include "foundation/result.h"
#include "item/attribute_path.h"
#include "item/attribute_value.h"
#include "item/condition.h"

/* One place is set to a value, or removed. Path and value are borrowed. */
typedef struct AttributeChange
{
	AttributePath path;
	const AttributeValue *value; /* NULL: the place is removed */
} AttributeChange;

/*
 * Writes the update expression of the changes, at least one, no two of whose paths overlap: SET …
 * REMOVE …. Takes placeholders as expression_write_condition() does. RESULT_TOO_LARGE when it
 * passes DynamoDB's limits, RESULT_INVALID_ARGUMENT when there is no change.
 */
extern CheckedResult expression_write_update(ExpressionAttributes *attributes,
                                             ByteBuffer *expression, const AttributeChange *changes,
                                             size_t count) MUST_CHECK;

/*
 * The item after the changes, made as DynamoDB makes them: removing what is not there is nothing,
 * indexes are those of the list before any change, setting elements beyond its end appends them in
 * their order. What is unchanged is borrowed from `item`, values and new names from the changes,
 * the rest is of the arena. New attributes have ATTRIBUTE_NO_SLOT. RESULT_INVALID_ARGUMENT where
 * DynamoDB refuses: a path that leads through a place that is missing or no document, paths that
 * overlap. Key attributes, which DynamoDB does not update either, are the caller's business.
 */
extern CheckedResult item_apply_changes(Arena *arena, const DynamodbItem *item,
                                        const AttributeChange *changes, size_t count,
                                        DynamodbItem *changed) MUST_CHECK;

/* A map or list inside of which more than so many places differ is set as a whole. */
#define CHANGES_WITHIN_VALUE_MAXIMUM 20

/*
 * The changes that make `after` of `before`, two values at `path`: nested maps are compared member
 * by member, lists of equal length element by element, everything else is set as a whole, and so is
 * what differs in too many places for one expression. Equal values (attribute_value_equal) give no
 * change. NULL stands for a missing value. Appends to *changes, an array of *count that has room
 * for *capacity, grown in the arena. Names and values are borrowed, steps are of the arena.
 */
extern CheckedResult attribute_changes_between(Arena *arena, const AttributePath *path,
                                               const AttributeValue *before,
                                               const AttributeValue *after,
                                               AttributeChange **changes, size_t *count,
                                               size_t *capacity) MUST_CHECK;

#endif
