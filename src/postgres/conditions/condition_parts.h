/*
 * condition_parts.h
 *		What conditions are made of: columns, operators, values, and leaves about them.
 *
 * The files that make templates are built on this and on nothing of one another: conditions.c asks
 * each about the forms that it knows, and none of them asks back.
 */
#ifndef POSTGRES_CONDITIONS_CONDITION_PARTS_H
#define POSTGRES_CONDITIONS_CONDITION_PARTS_H

#include "postgres.h"

#include "nodes/primnodes.h"

#include "postgres/compat.h"

#include "postgres/conditions/condition_scope.h"
#include "postgres/conditions/template.h"

/*
 * The column that an expression is, looking through conversions that keep its meaning, or one made
 * for the member of a document that it is; else NULL.
 */
extern const ForeignColumn *condition_operand_column(const ConditionScope *scope, Expr *operand);

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

/*
 * The template of an expression with two arguments, either of which may be the operand: `operand
 * <operator> value`, or the same with the operator's commutator, which may be none.
 */
typedef List *(*OperandTemplate)(const ConditionScope *scope, Oid operator_id, Expr *operand,
                                 Expr *value);
extern List *template_either_way(const ConditionScope *scope, const OpExpr *expression,
                                 OperandTemplate make);

/* A leaf about the column, its kind and value still to be set. */
extern TemplateLeaf leaf_about(const ForeignColumn *column);

/* A leaf other than a comparison. */
extern List *condition_leaf(TemplateKind kind, const ForeignColumn *column, Oid value_type,
                            Node *value);

#endif
