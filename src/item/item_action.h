/*
 * item_action.h
 *		What a transaction is to do with one item, and what several such actions come to.
 *
 * DynamoDB takes one action on an item in a transaction. Of the statements that write an item, each
 * sees what those before it have made of it, so two actions in a row can be folded into one that
 * asks of the stored item what both asked, and does what both did.
 */
#ifndef ITEM_ITEM_ACTION_H
#define ITEM_ITEM_ACTION_H

#include "foundation/arena.h"
#include "foundation/result.h"
#include "item/attribute_change.h"
#include "item/attribute_path.h"
#include "item/attribute_value.h"
#include "item/condition.h"

/* What a place of the item held when it was read. */
typedef struct ItemExpectation
{
	AttributePath path;
	const AttributeValue *value; /* NULL: nothing … */
	bool null_will_do;           /* … or the NULL value */
} ItemExpectation;

typedef enum ItemEffect
{
	ITEM_EFFECT_NONE, /* the item stays as it is, and only what is expected is checked */
	ITEM_EFFECT_PUT,
	ITEM_EFFECT_CHANGE,
	ITEM_EFFECT_DELETE
} ItemEffect;

/* Everything is borrowed. */
typedef struct ItemAction
{
	bool expects_item; /* the item must be stored; else there must be none of its key */
	const ItemExpectation *expectations; /* of an item that must be stored */
	size_t expectation_count;
	ItemEffect effect;
	DynamodbItem item;              /* PUT: the whole item */
	const AttributeChange *changes; /* CHANGE: at least one, no two of whose paths overlap */
	size_t change_count;
} ItemAction;

/* True when there is an item once the action is done. */
extern bool item_action_leaves_item(const ItemAction *action);

/*
 * The action that asks and does what `earlier` and, after it, `later` ask and do. `later` speaks of
 * what `earlier` makes of the stored item, and has been found true of that; `folded` speaks of the
 * stored item alone. It borrows from both; the rest is of the arena.
 *
 * `stored` is the item as it is stored, as far as known: NULL when it was not read. It is needed
 * where `earlier` changes something inside of what `later` has read as a whole, or elements of a
 * list that `later` changes, too.
 *
 * RESULT_INVALID_ARGUMENT when `later` cannot follow `earlier` (it expects an item that `earlier`
 * leaves none of, or the reverse), when `stored` is needed and NULL, and where DynamoDB would
 * refuse the changes.
 */
extern CheckedResult item_action_fold(Arena *arena, const ItemAction *earlier,
                                      const ItemAction *later, const DynamodbItem *stored,
                                      ItemAction *folded) MUST_CHECK;

/*
 * The item that the action makes of the stored one, NULL for none; *present is false when it leaves
 * none. Borrows from both. RESULT_INVALID_ARGUMENT when the action cannot be done to that item.
 */
extern CheckedResult item_action_apply(Arena *arena, const ItemAction *action,
                                       const DynamodbItem *stored, DynamodbItem *after,
                                       bool *present) MUST_CHECK;

/*
 * The condition under which the action may be done: that the hash key attribute is there, or not,
 * and the expectations. Of the arena; NULL when that is exhausted.
 */
extern Condition *item_action_condition(Arena *arena, const ItemAction *action,
                                        Bytes hash_key) MUST_CHECK;

/*
 * The expectations that a condition of a write is made of: attribute_exists of `hash_key`, which
 * says that the item is expected, and of single places that they equal a value, or that there is
 * nothing, or nothing but NULL; all joined by AND. RESULT_UNSUPPORTED for any other. Borrows from
 * the condition.
 */
extern CheckedResult item_expectations_read(Arena *arena, const Condition *condition,
                                            Bytes hash_key, ItemExpectation **expectations,
                                            size_t *count) MUST_CHECK;

/* True when the place of the item (NULL: there is none) holds what is expected. */
extern bool item_expectation_holds(const ItemExpectation *expectation, const DynamodbItem *item);

#endif
