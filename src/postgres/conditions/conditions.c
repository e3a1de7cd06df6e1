/*
 * conditions.c
 *		Which SQL conditions DynamoDB can evaluate, exactly or nearly, and which it cannot.
 *
 * Operators, NULL tests, booleans and junctions are known here; the files of patterns, arrays,
 * documents and sizes know the forms of their own.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

#include "postgres/compat.h"

#include "postgres/conditions/array_conditions.h"
#include "postgres/conditions/condition_parts.h"
#include "postgres/conditions/conditions.h"
#include "postgres/conditions/document_conditions.h"
#include "postgres/conditions/document_members.h"
#include "postgres/conditions/pattern_conditions.h"
#include "postgres/conditions/size_conditions.h"

/* `column <comparison> value`, its value's type taken from the expression. */
static List *
comparison_template(const ForeignColumn *column, ConditionKind comparison, Expr *value)
{
	TemplateLeaf leaf = leaf_about(column);

	leaf.kind = TEMPLATE_COMPARE;
	leaf.comparison = comparison;
	leaf.value_type = getBaseType(exprType((Node *) value));
	leaf.value = (Node *) value;
	return template_of_leaf(&leaf);
}

static List *
null_template(const ForeignColumn *column, bool is_null)
{
	if (column == NULL)
		return NIL;
	return condition_leaf(is_null ? TEMPLATE_IS_NULL : TEMPLATE_IS_NOT_NULL, column, InvalidOid,
	                      NULL);
}

/* `operand <operator> value`; NIL when the operator or the types do not allow it. */
static List *
operator_template(const ConditionScope *scope, Oid operator_id, Oid collation, Expr *operand,
                  Expr *value)
{
	const ForeignColumn *column = condition_operand_column(scope, operand);
	Oid operand_type = getBaseType(exprType((Node *) operand));
	ConditionKind comparison;

	if (column == NULL || !OidIsValid(operator_id) || !condition_value_is_usable(scope, value) ||
	    !condition_types_agree(operand_type, getBaseType(exprType((Node *) value))) ||
	    !condition_operator_meaning(operator_id, operand_type, &comparison) ||
	    !condition_column_compares(column, comparison, collation))
		return NIL;
	return comparison_template(column, comparison, value);
}

/* The same with the operands in either order. */
static List *
symmetric_operator_template(const ConditionScope *scope, Oid operator_id, Oid collation, Expr *left,
                            Expr *right)
{
	List *template = operator_template(scope, operator_id, collation, left, right);

	if (template != NIL)
		return template;
	return operator_template(scope, get_commutator(operator_id), collation, right, left);
}

static List *
operator_expression_template(const ConditionScope *scope, OpExpr *expression)
{
	Oid collation = expression->inputcollid;
	Expr *left;
	Expr *right;
	List *template;

	if (list_length(expression->args) != 2)
		return NIL;
	left = linitial(expression->args);
	right = lsecond(expression->args);
	template = prefix_template(scope, get_opcode(expression->opno), collation, left, right);
	if (template == NIL)
		template = position_template(scope, expression);
	if (template == NIL)
		template = containment_template(scope, expression);
	if (template == NIL)
		template = size_template(scope, expression);
	if (template == NIL)
		template = document_template(scope, expression);
	if (template == NIL)
		template = symmetric_operator_template(scope, expression->opno, collation, left, right);
	return template;
}

/*
 * `operand IS [NOT] DISTINCT FROM constant`, whose expression is that of the operator `=`. A value
 * that is not known yet may turn out to be NULL, which would mean something else.
 */
static List *
distinct_template(const ConditionScope *scope, DistinctExpr *expression, bool distinct)
{
	Expr *left = linitial(expression->args);
	Expr *right = lsecond(expression->args);
	List *equal = NIL;
	TemplateLeaf leaf;

	if ((IsA(left, Const) && !((Const *) left)->constisnull) ||
	    (IsA(right, Const) && !((Const *) right)->constisnull))
		equal = symmetric_operator_template(scope, expression->opno, expression->inputcollid, left,
		                                    right);
	if (equal == NIL || !distinct)
		return equal;
	leaf = template_leaf(equal);
	leaf.comparison = CONDITION_NOT_EQUAL;
	return template_of_children(
	    TEMPLATE_OR, list_make2(null_template(template_leaf_column(scope->relation, &leaf), true),
	                            template_of_leaf(&leaf)));
}

/* True when a condition of the table itself says that the row comparison's operands are equal. */
static bool
operands_are_equal(const ConditionScope *scope, const RowCompareExpr *rows, int place)
{
	ListCell *cell;

	foreach (cell, scope->base->baserestrictinfo)
	{
		const OpExpr *equality = (const OpExpr *) lfirst_node(RestrictInfo, cell)->clause;

		if (IsA(equality, OpExpr) && list_length(equality->args) == 2 &&
		    equality->inputcollid == list_nth_oid(rows->inputcollids, place) &&
		    get_op_opfamily_strategy(equality->opno, list_nth_oid(rows->opfamilies, place)) ==
		        BTEqualStrategyNumber &&
		    equal(linitial(equality->args), list_nth(rows->largs, place)) &&
		    equal(lsecond(equality->args), list_nth(rows->rargs, place)))
			return true;
	}
	return false;
}

/*
 * `(a, b) < (x, y)`: a is then at most x, or less where there is nothing behind it. Columns before
 * it that are known to equal their values say nothing.
 */
static List *
row_template(const ConditionScope *scope, RowCompareExpr *rows)
{
	int first = 0;
	int last = list_length(rows->opnos) - 1;
	List *template;
	TemplateLeaf leaf;

	while (first < last && operands_are_equal(scope, rows, first))
		first++;
	template = symmetric_operator_template(
	    scope, list_nth_oid(rows->opnos, first), list_nth_oid(rows->inputcollids, first),
	    list_nth(rows->largs, first), list_nth(rows->rargs, first));
	if (template == NIL || first == last)
		return template;
	leaf = template_leaf(template);
	leaf.is_part = true;
	if (leaf.comparison == CONDITION_LESS)
		leaf.comparison = CONDITION_LESS_OR_EQUAL;
	else if (leaf.comparison == CONDITION_GREATER)
		leaf.comparison = CONDITION_GREATER_OR_EQUAL;
	return template_of_leaf(&leaf);
}

static List *
function_template(const ConditionScope *scope, FuncExpr *expression)
{
	if (list_length(expression->args) != 2)
		return NIL;
	return prefix_template(scope, expression->funcid, expression->inputcollid,
	                       linitial(expression->args), lsecond(expression->args));
}

/* IS NULL of a whole row or of a composite value asks for its fields, so it stays local. */
static List *
null_test_template(const ConditionScope *scope, NullTest *test)
{
	if (test->argisrow)
		return NIL;
	return null_template(condition_operand_column(scope, test->arg), test->nulltesttype == IS_NULL);
}

/* `b` or `NOT b` of a boolean column. */
static List *
boolean_template(const ConditionScope *scope, Expr *operand, bool wanted)
{
	const ForeignColumn *column = condition_operand_column(scope, operand);

	if (column == NULL || getBaseType(column->type) != BOOLOID ||
	    !condition_column_compares(column, CONDITION_EQUAL, InvalidOid))
		return NIL;
	return comparison_template(column, CONDITION_EQUAL, (Expr *) makeBoolConst(wanted, false));
}

/* `b IS NOT FALSE` or `b IS NOT TRUE`: wanted, or NULL. */
static List *
boolean_or_null_template(const ConditionScope *scope, Expr *operand, bool wanted)
{
	List *template = boolean_template(scope, operand, wanted);

	if (template == NIL)
		return NIL;
	return template_of_children(
	    TEMPLATE_OR,
	    list_make2(null_template(condition_operand_column(scope, operand), true), template));
}

static List *
boolean_test_template(const ConditionScope *scope, BooleanTest *test)
{
	switch (test->booltesttype)
	{
		case IS_TRUE:
			return boolean_template(scope, test->arg, true);
		case IS_FALSE:
			return boolean_template(scope, test->arg, false);
		case IS_UNKNOWN:
			return null_template(condition_operand_column(scope, test->arg), true);
		case IS_NOT_UNKNOWN:
			return null_template(condition_operand_column(scope, test->arg), false);
		case IS_NOT_TRUE:
			return boolean_or_null_template(scope, test->arg, false);
		case IS_NOT_FALSE:
			return boolean_or_null_template(scope, test->arg, true);
	}
	return NIL;
}

/* The template, which stands for a part of a condition: only a leaf can be taken for the whole. */
static List *
part_template(List *template)
{
	TemplateLeaf leaf;

	if (template == NIL || !template_is_leaf(template))
		return template;
	leaf = template_leaf(template);
	leaf.is_part = true;
	return template_of_leaf(&leaf);
}

/* An AND may leave out what cannot be sent. */
static List *
conjunction_template(const ConditionScope *scope, List *conditions)
{
	List *children = NIL;
	List *template;
	ListCell *cell;

	foreach (cell, conditions)
	{
		List *child = condition_template(scope, lfirst(cell));

		if (child != NIL)
			children = lappend(children, child);
	}
	template = template_of_children(TEMPLATE_AND, children);
	return list_length(children) < list_length(conditions) ? part_template(template) : template;
}

/* An OR with a part that cannot be sent can hold for any item. */
static List *
disjunction_template(const ConditionScope *scope, List *conditions)
{
	List *equalities;
	List *children = NIL;
	ListCell *cell;

	foreach (cell, conditions)
	{
		List *child = condition_template(scope, lfirst(cell));

		if (child == NIL)
			return NIL;
		children = lappend(children, child);
	}
	equalities = equalities_template(scope, children);
	return equalities != NIL ? equalities : template_of_children(TEMPLATE_OR, children);
}

/*
 * The planner has already moved NOT down to the leaves; what is left is NOT of a boolean value, and
 * IS NOT DISTINCT FROM.
 */
static List *
boolean_expression_template(const ConditionScope *scope, BoolExpr *expression)
{
	if (expression->boolop == AND_EXPR)
		return conjunction_template(scope, expression->args);
	if (expression->boolop == OR_EXPR)
		return disjunction_template(scope, expression->args);
	if (IsA(linitial(expression->args), DistinctExpr))
		return distinct_template(scope, linitial(expression->args), false);
	return boolean_template(scope, linitial(expression->args), false);
}

List *
condition_template(const ConditionScope *scope, Expr *condition)
{
	switch (nodeTag(condition))
	{
		case T_RestrictInfo:
			return condition_template(scope, ((RestrictInfo *) condition)->clause);
		case T_OpExpr:
			return operator_expression_template(scope, (OpExpr *) condition);
		case T_FuncExpr:
			return function_template(scope, (FuncExpr *) condition);
		case T_DistinctExpr:
			return distinct_template(scope, (DistinctExpr *) condition, true);
		case T_RowCompareExpr:
			return row_template(scope, (RowCompareExpr *) condition);
		case T_ScalarArrayOpExpr:
			return array_template(scope, (ScalarArrayOpExpr *) condition);
		case T_NullTest:
			return null_test_template(scope, (NullTest *) condition);
		case T_BooleanTest:
			return boolean_test_template(scope, (BooleanTest *) condition);
		case T_BoolExpr:
			return boolean_expression_template(scope, (BoolExpr *) condition);
		case T_Var:
		case T_RelabelType:
		case T_CoerceViaIO:
			return boolean_template(scope, condition, true);
		default:
			return NIL;
	}
}

ColumnConversion *
condition_value_conversion(const ForeignColumn *column, Oid type)
{
	if (getBaseType(column->type) == type)
		return column->conversion;
	if (column_conversion_element(column->conversion) != NULL)
		return column_conversion_element(column->conversion);
	return column_conversion_create(column->name, type, -1, column->options);
}
