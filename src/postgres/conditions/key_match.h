/*
 * key_match.h
 *		Which conditions say something about the keys of a table or an index.
 */
#ifndef POSTGRES_CONDITIONS_KEY_MATCH_H
#define POSTGRES_CONDITIONS_KEY_MATCH_H

#include "postgres.h"

#include "nodes/pathnodes.h"

#include "postgres/compat.h"

#include "postgres/conditions/template.h"
#include "postgres/relation/relation.h"

/* A condition of the query and what DynamoDB can evaluate of it: NIL for nothing. */
typedef struct PlannedCondition
{
	RestrictInfo *restriction;
	List *template;
} PlannedCondition;

typedef struct KeyMatch
{
	bool query;      /* every hash attribute has known values */
	bool lookup;     /* and every range attribute too */
	bool one_stream; /* and no attribute has several */
	double keys;     /* estimated number of their combinations … */
	bool is_counted; /* … which there are no more of */
	List *hash;      /* PlannedConditions of the key condition, on hash attributes … */
	List *range;     /* … and on range attributes */
	List *template;  /* of the key condition: their templates, or alternatives of such */
} KeyMatch;

/* Matches the conditions, PlannedConditions, with the key schema. */
extern KeyMatch key_match(PlannerInfo *root, const ForeignRelation *relation, const KeySchema *keys,
                          List *conditions);

/*
 * The same where one of the conditions is an OR of which each part gives keys, together with all
 * other conditions; false when there is none. The OR is among match->hash.
 */
extern bool key_match_alternatives(PlannerInfo *root, const ForeignRelation *relation,
                                   const KeySchema *keys, List *conditions, KeyMatch *match);

/*
 * The RestrictInfos among the match's conditions that need no check after the read, because
 * DynamoDB gives exactly the items for which they are true.
 */
extern List *key_match_exact(const ForeignRelation *relation, const KeySchema *keys,
                             const KeyMatch *match);

/* True when the column is exactly that key attribute, written as its type. */
extern bool column_is_key_attribute(const ForeignColumn *column, const KeyAttribute *attribute);

/* True when the template is a leaf that gives the attribute known values. */
extern bool template_gives_key(const ForeignRelation *relation, const List *template,
                               const KeyAttribute *attribute);

/* The same for any of the schema's hash attributes. */
extern bool template_gives_hash_key(const ForeignRelation *relation, const List *template,
                                    const KeySchema *keys);

/* True when the template mentions one of the schema's attributes, which a Query's filter may not.
 */
extern bool template_mentions_keys(const ForeignRelation *relation, const List *template,
                                   const KeySchema *keys);

/* True when the conditions can only be true of items that have the attribute. */
extern bool conditions_need_attribute(const ForeignRelation *relation, List *conditions,
                                      const KeyAttribute *attribute);

#endif
