/*
 * condition_scope.h
 *		Whose conditions are looked at.
 */
#ifndef POSTGRES_CONDITIONS_CONDITION_SCOPE_H
#define POSTGRES_CONDITIONS_CONDITION_SCOPE_H

#include "postgres.h"

#include "nodes/pathnodes.h"

#include "postgres/compat.h"

#include "postgres/relation/relation.h"

typedef struct ConditionScope
{
	PlannerInfo *root;
	RelOptInfo *base;
	const ForeignRelation *relation;
} ConditionScope;

#endif
