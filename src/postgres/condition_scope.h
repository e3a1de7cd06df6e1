/*
 * condition_scope.h
 *		Whose conditions are looked at.
 */
#ifndef POSTGRES_CONDITION_SCOPE_H
#define POSTGRES_CONDITION_SCOPE_H

#include "postgres.h"

#include "nodes/pathnodes.h"

#include "postgres/compat.h"

#include "postgres/relation.h"

typedef struct ConditionScope
{
	PlannerInfo *root;
	RelOptInfo *base;
	const ForeignRelation *relation;
} ConditionScope;

#endif
