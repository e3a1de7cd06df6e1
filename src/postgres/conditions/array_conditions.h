/*
 * array_conditions.h
 *		Conditions with arrays: a column among given values, and a set that contains given values.
 */
#ifndef POSTGRES_CONDITIONS_ARRAY_CONDITIONS_H
#define POSTGRES_CONDITIONS_ARRAY_CONDITIONS_H

#include "postgres.h"

#include "nodes/primnodes.h"

#include "postgres/compat.h"

#include "postgres/conditions/condition_scope.h"

/*
 * The template of an operand and an array, either of which may be the column; NIL where it cannot
 * be sent.
 */
extern List *array_template(const ConditionScope *scope, ScalarArrayOpExpr *expression);

/*
 * That of array @> array, array <@ array, array && array; the expression has two arguments. NIL for
 * everything else.
 */
extern List *containment_template(const ConditionScope *scope, const OpExpr *expression);

/*
 * `column = a OR column = b`, given as templates, as the column = ANY (array) that it means, so
 * that a key has known values. NIL for other templates.
 */
extern List *equalities_template(const ConditionScope *scope, List *templates);

#endif
