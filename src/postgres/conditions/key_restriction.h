/*
 * key_restriction.h
 *		What conditions say about single key attributes; for the files that bind keys alone.
 */
#ifndef POSTGRES_CONDITIONS_KEY_RESTRICTION_H
#define POSTGRES_CONDITIONS_KEY_RESTRICTION_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/conditions/binding.h"

#define KEY_PARTS_MAXIMUM (2 * KEY_ATTRIBUTES_MAXIMUM)

/* One end of a range. */
typedef struct KeyBound
{
	bool is_set;
	bool inclusive;
	AttributeValue value;
} KeyBound;

/* What the conditions on one key attribute say together. */
typedef struct KeyRestriction
{
	AttributePath path;
	size_t bytes_maximum;
	bool never;
	bool has_points; /* the value is one of points, which are sorted and unique */
	AttributeValue *points;
	uint32 point_count;
	KeyBound lower;
	KeyBound upper;
	bool has_prefix;
	AttributeValue prefix;
} KeyRestriction;

/* Those of one alternative: of the hash attributes, then of the range attributes. */
typedef struct KeyRestrictions
{
	KeyRestriction parts[KEY_PARTS_MAXIMUM];
	uint32 count;
	uint32 hash_count; /* of them are of hash attributes */
} KeyRestrictions;

/* How many keys or conditions the restrictions stand for. */
extern double key_combinations(const KeyRestrictions *restrictions);

/* Number of values, or conditions, that one of them stands for. */
extern uint32 key_choices(const KeyRestriction *restriction);

/* Widens what is said of range attributes to one condition each. */
extern void key_widen(KeyRestrictions *restrictions);

/* `path <kind> first`, or with a second value BETWEEN; palloc'd. */
extern Condition *key_condition(const AttributePath *path, ConditionKind kind,
                                const AttributeValue *first, const AttributeValue *second);

/* The one condition of a range; NULL when the attribute may have any value. */
extern Condition *key_range_condition(const AttributePath *path, const KeyBound *lower,
                                      const KeyBound *upper, const AttributeValue *prefix);

/* palloc'd memory for any number of things. */
extern void *allocate_many(double count, Size size);

/*
 * In key_ranges.c: the keys or conditions of several alternatives together, each item in one of
 * them, sorted by hash and range. Of range attributes only what is said of the first is used.
 */
extern KeyDemand key_ranges_demand(const KeyRestrictions *alternatives, int count, bool lookup);

#endif
