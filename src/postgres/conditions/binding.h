/*
 * binding.h
 *		Templates whose values are known: what DynamoDB is asked for.
 *
 * Everything is allocated in CurrentMemoryContext, the bytes of attribute values in the binding's
 * arena.
 */
#ifndef POSTGRES_CONDITIONS_BINDING_H
#define POSTGRES_CONDITIONS_BINDING_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/conditions/template.h"
#include "postgres/relation/relation.h"

/* The values of fdw_exprs, one Datum and null flag each. */
typedef struct Binding
{
	const ForeignRelation *relation;
	Arena *arena;
	const Datum *values;
	const bool *nulls;
	int value_count;
	bool every_key; /* lookups stay lookups, however many combinations of key values there are */
} Binding;

typedef enum DemandOutcome
{
	DEMAND_ALWAYS,   /* nothing is asked of the item */
	DEMAND_NEVER,    /* no item can satisfy it */
	DEMAND_CONDITION /* `comparison` with `values` */
} DemandOutcome;

/* What a leaf asks of its column. */
typedef struct Demand
{
	DemandOutcome outcome;
	ConditionKind comparison; /* a comparison, IN, NOT (of IN), BEGINS_WITH, CONTAINS (every value),
	                             OR (contains any value), SIZE_…, AND (a size between two), EXISTS
	                             or NOT_EXISTS */
	AttributeValue *values;   /* those of IN are sorted and unique */
	uint32 value_count;
} Demand;

extern Demand leaf_demand(const Binding *binding, const TemplateLeaf *leaf);

/* Orders two values of the same type S, N, B or BOOL as DynamoDB does; others are equal. */
extern int scalar_compare(const AttributeValue *a, const AttributeValue *b);

/*
 * The filter of a template: the conjuncts that fit into one expression. False when no item can
 * satisfy it; *filter is NULL when nothing is left to be asked.
 */
extern bool filter_bind(const Binding *binding, List *template, const Condition **filter);

/* What is asked of the key attributes: keys to look up, or conditions for Query. */
typedef struct KeyDemand
{
	bool never; /* no key can satisfy it */
	const Condition **conditions;
	int condition_count;
	DynamodbItem *keys; /* NULL when not every key attribute has known values */
	int key_count;
} KeyDemand;

/* Bytes of a key attribute's value that DynamoDB allows. */
#define HASH_BYTES_MAXIMUM  2048
#define RANGE_BYTES_MAXIMUM 1024

/* More combinations of key values than this are not asked for one by one. */
#define KEY_COMBINATIONS_MAXIMUM 10000

/*
 * Binds the template of a key condition: keys if `lookup`, unless they are too many combinations
 * and not `every_key`, else conditions. Conditions on one attribute are folded into one, as
 * DynamoDB wants it. A template that is an OR has alternatives; no key is in the result twice.
 */
extern KeyDemand key_bind(const Binding *binding, const KeySchema *keys, List *template,
                          bool lookup);

#endif
