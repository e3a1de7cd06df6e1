/*
 * array_conditions.c
 *		Conditions with arrays: a column among given values, and a set that contains given values.
 *
 * Of columns that are arrays only sets are judged by DynamoDB, whose contains finds an element
 * there as SQL does. Lists may be nested or hold values of any type, so they all pass its filter.
 */
#include "postgres.h"

#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "postgres/compat.h"

#include "postgres/conditions/array_conditions.h"
#include "postgres/conditions/condition_parts.h"

/* The base type of an array's elements; InvalidOid for what is no array. */
static Oid
element_base_type(Expr *array)
{
	Oid element = get_element_type(getBaseType(exprType((Node *) array)));

	return OidIsValid(element) ? getBaseType(element) : InvalidOid;
}

/* `operand = ANY (values)`, which IN is too, or `operand <> ALL (values)`, which is NOT IN. */
static List *
membership_template(const ConditionScope *scope, ScalarArrayOpExpr *expression)
{
	Expr *operand = linitial(expression->args);
	Expr *values = lsecond(expression->args);
	const ForeignColumn *column = condition_operand_column(scope, operand);
	Oid operand_type = getBaseType(exprType((Node *) operand));
	Oid element_type = element_base_type(values);
	ConditionKind comparison;

	if (column == NULL || !OidIsValid(element_type) || !condition_value_is_usable(scope, values) ||
	    !condition_types_agree(operand_type, element_type) ||
	    !condition_operator_meaning(expression->opno, operand_type, &comparison) ||
	    comparison != (expression->useOr ? CONDITION_EQUAL : CONDITION_NOT_EQUAL) ||
	    !condition_column_compares(column, comparison, expression->inputcollid))
		return NIL;
	return condition_leaf(expression->useOr ? TEMPLATE_ANY : TEMPLATE_NOT_ANY, column, element_type,
	                      (Node *) values);
}

/* The column of sets that an expression is, if values of `type` can be looked for in them. */
static const ForeignColumn *
set_column(const ConditionScope *scope, Expr *sets, Oid type, Oid collation)
{
	const ForeignColumn *column = condition_operand_column(scope, sets);
	ColumnConversion *element =
	    column == NULL ? NULL : column_conversion_element(column->conversion);

	if (element == NULL || element_base_type(sets) != type ||
	    !column_conversion_accepts(column->conversion, column_conversion_set_type(element)) ||
	    !column_conversion_comparability(element, collation).equality)
		return NULL;
	return column;
}

/* `value = ANY (column)` */
static List *
element_template(const ConditionScope *scope, ScalarArrayOpExpr *expression)
{
	Expr *value = linitial(expression->args);
	Oid type = getBaseType(exprType((Node *) value));
	const ForeignColumn *column =
	    set_column(scope, lsecond(expression->args), type, expression->inputcollid);
	ConditionKind comparison;

	if (column == NULL || !expression->useOr || !condition_value_is_usable(scope, value) ||
	    !condition_operator_meaning(expression->opno, type, &comparison) ||
	    comparison != CONDITION_EQUAL)
		return NIL;
	return condition_leaf(TEMPLATE_CONTAINS, column, type, (Node *) value);
}

List *
array_template(const ConditionScope *scope, ScalarArrayOpExpr *expression)
{
	List *template = membership_template(scope, expression);

	return template != NIL ? template : element_template(scope, expression);
}

static List *
set_template(const ConditionScope *scope, TemplateKind kind, Oid collation, Expr *sets,
             Expr *values)
{
	Oid type = element_base_type(values);
	const ForeignColumn *column = set_column(scope, sets, type, collation);

	if (column == NULL || !condition_value_is_usable(scope, values))
		return NIL;
	return condition_leaf(kind, column, type, (Node *) values);
}

/* The number of an array's elements. */
static Node *
cardinality_of(const ConditionScope *scope, Expr *array)
{
	FuncExpr *function = makeFuncExpr(F_CARDINALITY, INT4OID, list_make1(array), InvalidOid,
	                                  InvalidOid, COERCE_EXPLICIT_CALL);

	return eval_const_expressions(scope->root, (Node *) function);
}

/* `sets <@ values`: a set has one of the values, since none is empty, and not more than there are.
 */
static List *
contained_template(const ConditionScope *scope, Oid collation, Expr *sets, Expr *values)
{
	List *elements = set_template(scope, TEMPLATE_CONTAINED, collation, sets, values);
	TemplateLeaf size;

	if (elements == NIL)
		return NIL;
	size = template_leaf(elements);
	size.kind = TEMPLATE_SIZE;
	size.comparison = CONDITION_LESS_OR_EQUAL;
	size.value_type = INT4OID;
	size.value = cardinality_of(scope, values);
	return template_of_children(TEMPLATE_AND, list_make2(elements, template_of_leaf(&size)));
}

List *
containment_template(const ConditionScope *scope, const OpExpr *expression)
{
	Oid collation = expression->inputcollid;
	Expr *left = linitial(expression->args);
	Expr *right = lsecond(expression->args);
	List *template;

	switch (expression->opno)
	{
		case OID_ARRAY_CONTAINS_OP:
			template = set_template(scope, TEMPLATE_CONTAINS_ALL, collation, left, right);
			return template != NIL ? template : contained_template(scope, collation, right, left);
		case OID_ARRAY_CONTAINED_OP:
			template = set_template(scope, TEMPLATE_CONTAINS_ALL, collation, right, left);
			return template != NIL ? template : contained_template(scope, collation, left, right);
		case OID_ARRAY_OVERLAP_OP:
			template = set_template(scope, TEMPLATE_CONTAINS_ANY, collation, left, right);
			return template != NIL
			           ? template
			           : set_template(scope, TEMPLATE_CONTAINS_ANY, collation, right, left);
		default:
			return NIL;
	}
}

/* True when both leaves compare the same column for equality with values of the same type. */
static bool
are_same_equalities(const TemplateLeaf *a, const TemplateLeaf *b)
{
	return a->kind == TEMPLATE_COMPARE && a->comparison == CONDITION_EQUAL &&
	       b->kind == TEMPLATE_COMPARE && b->comparison == CONDITION_EQUAL &&
	       a->column == b->column && equal(a->members, b->members) &&
	       a->member_type == b->member_type && exprType(a->value) == exprType(b->value);
}

/* An array of the values, as a constant if they all are; NULL for a type without arrays. */
static Node *
array_of_values(const ConditionScope *scope, List *values)
{
	ArrayExpr *array = makeNode(ArrayExpr);

	array->element_typeid = exprType(linitial(values));
	array->array_typeid = get_array_type(array->element_typeid);
	array->array_collid = exprCollation(linitial(values));
	array->elements = values;
	array->location = -1;
	if (!OidIsValid(array->array_typeid))
		return NULL;
	return eval_const_expressions(scope->root, (Node *) array);
}

List *
equalities_template(const ConditionScope *scope, List *templates)
{
	List *values = NIL;
	TemplateLeaf any;
	ListCell *cell;

	if (list_length(templates) < 2 || !template_is_leaf(linitial(templates)))
		return NIL;
	any = template_leaf(linitial(templates));
	foreach (cell, templates)
	{
		TemplateLeaf leaf;

		if (!template_is_leaf(lfirst(cell)))
			return NIL;
		leaf = template_leaf(lfirst(cell));
		if (!are_same_equalities(&any, &leaf))
			return NIL;
		any.is_part = any.is_part || leaf.is_part;
		values = lappend(values, leaf.value);
	}
	any.kind = TEMPLATE_ANY;
	any.value = array_of_values(scope, values);
	return any.value == NULL ? NIL : template_of_leaf(&any);
}
