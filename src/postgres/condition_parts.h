/*
 * condition_parts.h
 *		What the files that make templates of conditions have in common; for them alone.
 *
 * conditions.c knows operators, NULL tests, booleans and junctions, and asks the others about the
 * forms that they know. Each returns NIL for what it does not know, or what is not sent.
 */
#ifndef POSTGRES_CONDITION_PARTS_H
#define POSTGRES_CONDITION_PARTS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/conditions.h"

/* True for a value that is computed once a scan, from whatever is known before it begins. */
extern bool condition_value_is_usable(const ConditionScope *scope, Expr *value);

/*
 * True when values of `value_type` can be compared with those of `operand_type`, both base types,
 * as an operator says, by comparing what both write.
 */
extern bool condition_types_agree(Oid operand_type, Oid value_type);

/*
 * What the operator means for values of the type: a comparison, by the type's default operator
 * families. False when they do not say.
 */
extern bool condition_operator_meaning(Oid operator_id, Oid type, ConditionKind *comparison);

/* What may be compared: nothing where the type of the stored values is not known beforehand. */
extern Comparability condition_comparability(const ForeignColumn *column, Oid collation);

/* True when comparing stored values under the collation stands for comparing SQL values. */
extern bool condition_column_compares(const ForeignColumn *column, ConditionKind comparison,
                                      Oid collation);

/* A leaf about the column, its kind and value still to be set. */
extern TemplateLeaf leaf_about(const ForeignColumn *column);

/* A leaf other than a comparison. */
extern List *condition_leaf(TemplateKind kind, const ForeignColumn *column, Oid value_type,
                            Node *value);

/* In pattern_conditions.c: `operand LIKE value` and starts_with(operand, value), by function. */
extern List *prefix_template(const ConditionScope *scope, Oid function_id, Oid collation,
                             Expr *operand, Expr *value);

/* strpos(operand, value) > 0; the expression has two arguments. */
extern List *position_template(const ConditionScope *scope, const OpExpr *expression);

/* In size_conditions.c: length(column) < value and the like; the expression has two arguments. */
extern List *size_template(const ConditionScope *scope, const OpExpr *expression);

/* In document_conditions.c: jsonb @> jsonb, jsonb = jsonb, jsonb ? text; with two arguments. */
extern List *document_template(const ConditionScope *scope, const OpExpr *expression);

/* In array_conditions.c: an operand and an array, either of which may be the column. */
extern List *array_template(const ConditionScope *scope, ScalarArrayOpExpr *expression);

/* array @> array, array <@ array, array && array; the expression has two arguments. */
extern List *containment_template(const ConditionScope *scope, const OpExpr *expression);

/*
 * `column = a OR column = b`, given as templates, as the column = ANY (array) that it means, so
 * that a key has known values.
 */
extern List *equalities_template(const ConditionScope *scope, List *templates);

#endif
