/*
 * item_limits.h
 *		What DynamoDB refuses to store, found before anything is sent.
 */
#ifndef ITEM_ITEM_LIMITS_H
#define ITEM_ITEM_LIMITS_H

#include "foundation/arena.h"
#include "foundation/result.h"
#include "item/attribute_path.h"
#include "item/attribute_value.h"

#define ITEM_SIZE_MAXIMUM      ((size_t) 400 * 1024) /* by item_size() */
#define HASH_KEY_SIZE_MAXIMUM  ((size_t) 2048)
#define RANGE_KEY_SIZE_MAXIMUM ((size_t) 1024)

/*
 * Levels of one attribute, its own value the first: a scalar or set may stand in 31 lists and maps.
 * DynamoDB refuses a list or map on the last level also when it is empty. What is read may be
 * deeper by one, see ATTRIBUTE_DEPTH_MAXIMUM.
 */
#define ITEM_LEVELS_MAXIMUM 32

/* One cause each; what each is in SQL is decided in postgres/. */
typedef enum ItemViolationKind
{
	ITEM_IS_FINE,
	ITEM_TOO_LARGE,           /* size > ITEM_SIZE_MAXIMUM */
	ITEM_HASH_KEY_TOO_LARGE,  /* size, limit */
	ITEM_RANGE_KEY_TOO_LARGE, /* size, limit */
	ITEM_KEY_MISSING,         /* a key attribute is not there */
	ITEM_KEY_OF_WRONG_TYPE,   /* … or not of the type the table declares */
	ITEM_KEY_EMPTY,           /* … or an empty string or binary */
	ITEM_NUMBER_INVALID,      /* more than 38 digits, or out of range, or no number */
	ITEM_SET_EMPTY,
	ITEM_SET_NOT_UNIQUE, /* an element twice; numbers by value */
	ITEM_TOO_DEEP,       /* levels: size, limit */
	ITEM_NAME_EMPTY,     /* an attribute's name, also inside a map */
	ITEM_NAME_TOO_LONG   /* size, limit: 65,535, of a key 255 */
} ItemViolationKind;

typedef struct ItemViolation
{
	ItemViolationKind kind;
	AttributePath path; /* where; no steps for the item as a whole. Names are borrowed */
	size_t size;        /* for the kinds with sizes: what it is … */
	size_t limit;       /* … and may be, in bytes unless said otherwise */
} ItemViolation;

/* A key attribute as the table, or one of its indexes, declares it. */
typedef struct KeyRule
{
	Bytes name;
	AttributeType type; /* S, N or B */
	bool is_range;
	bool required; /* false for the key of an index: an item without it is just not in the index */
} KeyRule;

/*
 * Checks an item against what DynamoDB stores. `violation` is the first thing found, or
 * ITEM_IS_FINE. The result fails for want of memory only; the path's steps are of the arena.
 */
extern CheckedResult item_check_limits(Arena *arena, const DynamodbItem *item, const KeyRule *rules,
                                       size_t rule_count, ItemViolation *violation) MUST_CHECK;

/*
 * The same for one value at a path, as UpdateItem sets it; ITEM_TOO_LARGE when the value alone is
 * larger than an item may be. Whether it is a key's value is not looked at.
 */
extern CheckedResult attribute_value_check_limits(Arena *arena, const AttributePath *path,
                                                  const AttributeValue *value,
                                                  ItemViolation *violation) MUST_CHECK;

#endif
