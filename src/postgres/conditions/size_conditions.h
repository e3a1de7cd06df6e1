/*
 * size_conditions.h
 *		What comparisons with the length of a value say about DynamoDB's size() of it.
 *
 * Of binary values size() counts bytes, of sets and lists their elements, as SQL does. Of strings
 * it counts UTF-16 units, which SQL does not count at all, and of which other implementations of
 * DynamoDB have other ideas: characters, or bytes of UTF-8. So the bounds hold for any of the
 * three.
 */
#ifndef POSTGRES_CONDITIONS_SIZE_CONDITIONS_H
#define POSTGRES_CONDITIONS_SIZE_CONDITIONS_H

#include "postgres.h"

#include "nodes/primnodes.h"

#include "postgres/compat.h"

#include "postgres/conditions/condition_scope.h"
#include "postgres/conditions/template.h"

/* size() is at least `least` and at most `most`. */
typedef struct SizeBounds
{
	int64 least; /* 0: says nothing */
	int64 most;  /* negative: no size is that small */
	bool has_most;
} SizeBounds;

/* True for the kinds of leaves that compare sizes. */
extern bool leaf_is_size(const TemplateLeaf *leaf);

/* The bounds that a leaf which compares sizes sets, its value being known. */
extern SizeBounds size_bounds(const TemplateLeaf *leaf, int64 value);

/*
 * The template of length(column) < value and the like; the expression has two arguments. NIL for
 * everything else, and where it cannot be sent.
 */
extern List *size_template(const ConditionScope *scope, const OpExpr *expression);

#endif
