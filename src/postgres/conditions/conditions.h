/*
 * conditions.h
 *		SQL conditions as templates of what DynamoDB can evaluate.
 */
#ifndef POSTGRES_CONDITIONS_CONDITIONS_H
#define POSTGRES_CONDITIONS_CONDITIONS_H

#include "postgres.h"

#include "nodes/primnodes.h"

#include "postgres/compat.h"

#include "postgres/conditions/condition_scope.h"
#include "postgres/conditions/template.h"

/* Memory to write one constant with: DynamoDB's largest item is 400 KB. */
#define CONSTANT_ARENA_MAXIMUM ((Size) 4 * 1024 * 1024)

/*
 * The template of a condition, NIL when DynamoDB can say nothing about it. Every item for which the
 * condition is true satisfies the template; the condition must be checked again, because others may
 * satisfy it too (see key_match_exact for the exception). Values are expressions without columns
 * of this foreign table and without volatile functions.
 */
extern List *condition_template(const ConditionScope *scope, Expr *condition);

/*
 * The conversion by which a value of `type` is written as the column's attribute, or as an element
 * of it where the column is an array: the column's own, or one made for the type in
 * CurrentMemoryContext.
 */
extern ColumnConversion *condition_value_conversion(const ForeignColumn *column, Oid type);

#endif
