/*
 * conditions.c
 *		Which SQL conditions DynamoDB can evaluate, exactly or nearly, and which it cannot.
 *
 * DynamoDB compares only values of the same type, finds a missing attribute unequal to everything,
 * and orders strings by their UTF-8 bytes. So an operator is looked up in the operator family by
 * which PostgreSQL itself gives it meaning, and the column's conversion says whether the stored
 * values compare as the SQL values do.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "postgres/compat.h"

#include "postgres/conditions.h"
#include "postgres/memory.h"

static bool
is_integer_type(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

/*
 * True when values of `type` can be compared with the column's as the operator family says, by
 * comparing what both write. Integers of different widths can; other cross-type operators convert
 * one side in ways that the written values would not show.
 */
static bool
types_compare_as_written(Oid operand_type, Oid value_type)
{
	return operand_type == value_type ||
	       (is_integer_type(operand_type) && is_integer_type(value_type));
}

/* Conversions between binary-compatible types that also keep what comparison means. */
static bool
relabel_keeps_meaning(Oid column_type, Oid operand_type)
{
	Oid base_type = getBaseType(column_type);

	return operand_type == column_type || operand_type == base_type ||
	       (base_type == VARCHAROID && operand_type == TEXTOID);
}

const ForeignColumn *
condition_operand_column(const ConditionScope *scope, Expr *operand)
{
	Expr *inner = operand;
	const ForeignColumn *column;
	Var *var;

	while (IsA(inner, RelabelType))
		inner = ((RelabelType *) inner)->arg;
	if (!IsA(inner, Var))
		return NULL;
	var = (Var *) inner;
	if ((Index) var->varno != scope->base->relid || var->varlevelsup != 0 || var->varattno <= 0)
		return NULL;
	column = &scope->relation->columns[var->varattno - 1];
	if (!column->live || column->options->whole_item ||
	    !relabel_keeps_meaning(column->type, exprType((Node *) operand)))
		return NULL;
	return column;
}

/* Values are computed once a scan, from whatever is known before it begins. */
static bool
is_usable_value(const ConditionScope *scope, Expr *value)
{
	return !bms_is_member(scope->base->relid, pull_varnos(scope->root, (Node *) value)) &&
	       !contain_volatile_functions((Node *) value) && !contain_subplans((Node *) value);
}

/* What the operator means for values of the type, by its default operator families. */
static bool
operator_comparison(Oid operator_id, Oid type, ConditionKind *comparison)
{
	static const ConditionKind by_strategy[] = {
	    [BTLessStrategyNumber] = CONDITION_LESS,
	    [BTLessEqualStrategyNumber] = CONDITION_LESS_OR_EQUAL,
	    [BTEqualStrategyNumber] = CONDITION_EQUAL,
	    [BTGreaterEqualStrategyNumber] = CONDITION_GREATER_OR_EQUAL,
	    [BTGreaterStrategyNumber] = CONDITION_GREATER,
	};
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
	int strategy;
	Oid negator;

	if (!OidIsValid(entry->btree_opf))
		return false;
	strategy = get_op_opfamily_strategy(operator_id, entry->btree_opf);
	if (strategy != 0)
	{
		*comparison = by_strategy[strategy];
		return true;
	}
	negator = get_negator(operator_id);
	*comparison = CONDITION_NOT_EQUAL;
	return OidIsValid(negator) &&
	       get_op_opfamily_strategy(negator, entry->btree_opf) == BTEqualStrategyNumber;
}

static bool
comparison_is_of_equality(ConditionKind comparison)
{
	return comparison == CONDITION_EQUAL || comparison == CONDITION_NOT_EQUAL;
}

/* What may be compared: nothing where the type of the stored values is not known beforehand. */
static Comparability
column_comparability(const ForeignColumn *column, Oid collation)
{
	AttributeType written;

	if (!column_conversion_written_type(column->conversion, &written))
		return (Comparability){false, false, false};
	return column_conversion_comparability(column->conversion, collation);
}

/* True when comparing stored values under the collation stands for comparing SQL values. */
static bool
column_compares(const ForeignColumn *column, ConditionKind comparison, Oid collation)
{
	Comparability comparability = column_comparability(column, collation);

	return comparison_is_of_equality(comparison) ? comparability.equality : comparability.order;
}

/* `column <comparison> value`, its value's type taken from the expression. */
static List *
comparison_template(const ForeignColumn *column, ConditionKind comparison, Expr *value)
{
	TemplateLeaf leaf = {
	    .kind = TEMPLATE_COMPARE,
	    .column = column->number,
	    .comparison = comparison,
	    .value_type = getBaseType(exprType((Node *) value)),
	    .value = (Node *) value,
	};

	return template_of_leaf(&leaf);
}

/* `operand <operator> value`; NIL when the operator or the types do not allow it. */
static List *
operator_template(const ConditionScope *scope, Oid operator_id, Oid collation, Expr *operand,
                  Expr *value)
{
	const ForeignColumn *column = condition_operand_column(scope, operand);
	Oid operand_type = getBaseType(exprType((Node *) operand));
	ConditionKind comparison;

	if (column == NULL || !OidIsValid(operator_id) || !is_usable_value(scope, value) ||
	    !types_compare_as_written(operand_type, getBaseType(exprType((Node *) value))) ||
	    !operator_comparison(operator_id, operand_type, &comparison) ||
	    !column_compares(column, comparison, collation))
		return NIL;
	return comparison_template(column, comparison, value);
}

bool
like_prefix(const char *pattern, int length, StringInfo prefix, bool *is_whole)
{
	*is_whole = false;
	for (int i = 0; i < length; i++)
	{
		if (pattern[i] == '%' || pattern[i] == '_')
			return true;
		if (pattern[i] == '\\' && ++i == length)
			return false;
		appendStringInfoCharMacro(prefix, pattern[i]);
	}
	*is_whole = true;
	return true;
}

/* True for a pattern that is known to begin with a wildcard: it says nothing about a prefix. */
static bool
is_useless_pattern(const Node *value)
{
	const Const *constant = (const Const *) value;
	StringInfoData prefix;
	bool is_whole;
	text *pattern;

	if (!IsA(value, Const) || constant->constisnull)
		return false;
	initStringInfo(&prefix);
	pattern = DatumGetTextPP(constant->constvalue);
	return !like_prefix(VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern), &prefix, &is_whole) ||
	       (prefix.len == 0 && !is_whole);
}

/* `operand LIKE value` or `starts_with(operand, value)`, as an operator or as a function. */
static List *
prefix_template(const ConditionScope *scope, Oid function_id, Oid collation, Expr *operand,
                Expr *value)
{
	const ForeignColumn *column = condition_operand_column(scope, operand);
	TemplateLeaf leaf = {.value_type = TEXTOID, .value = (Node *) value};

	if (function_id == F_TEXTLIKE)
		leaf.kind = TEMPLATE_LIKE;
	else if (function_id == F_STARTS_WITH)
		leaf.kind = TEMPLATE_STARTS_WITH;
	else
		return NIL;
	if (column == NULL || !is_usable_value(scope, value) ||
	    getBaseType(exprType((Node *) value)) != TEXTOID ||
	    !column_comparability(column, collation).prefix ||
	    (leaf.kind == TEMPLATE_LIKE && is_useless_pattern(leaf.value)))
		return NIL;
	leaf.column = column->number;
	return template_of_leaf(&leaf);
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
		template = operator_template(scope, expression->opno, collation, left, right);
	if (template == NIL)
		template =
		    operator_template(scope, get_commutator(expression->opno), collation, right, left);
	return template;
}

static List *
function_template(const ConditionScope *scope, FuncExpr *expression)
{
	if (list_length(expression->args) != 2)
		return NIL;
	return prefix_template(scope, expression->funcid, expression->inputcollid,
	                       linitial(expression->args), lsecond(expression->args));
}

/* `operand = ANY (array)`, which IN is too. */
static List *
array_template(const ConditionScope *scope, ScalarArrayOpExpr *expression)
{
	Expr *operand = linitial(expression->args);
	Expr *array = lsecond(expression->args);
	const ForeignColumn *column = condition_operand_column(scope, operand);
	Oid operand_type = getBaseType(exprType((Node *) operand));
	Oid element_type = get_element_type(getBaseType(exprType((Node *) array)));
	TemplateLeaf leaf = {.kind = TEMPLATE_ANY, .value = (Node *) array};
	ConditionKind comparison;

	if (column == NULL || !expression->useOr || !OidIsValid(element_type) ||
	    !is_usable_value(scope, array))
		return NIL;
	leaf.column = column->number;
	leaf.value_type = getBaseType(element_type);
	if (!types_compare_as_written(operand_type, leaf.value_type) ||
	    !operator_comparison(expression->opno, operand_type, &comparison) ||
	    comparison != CONDITION_EQUAL ||
	    !column_compares(column, comparison, expression->inputcollid))
		return NIL;
	return template_of_leaf(&leaf);
}

static List *
null_template(const ForeignColumn *column, bool is_null)
{
	TemplateLeaf leaf = {.kind = is_null ? TEMPLATE_IS_NULL : TEMPLATE_IS_NOT_NULL};

	if (column == NULL)
		return NIL;
	leaf.column = column->number;
	return template_of_leaf(&leaf);
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
	    !column_compares(column, CONDITION_EQUAL, InvalidOid))
		return NIL;
	return comparison_template(column, CONDITION_EQUAL, (Expr *) makeBoolConst(wanted, false));
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
		case IS_NOT_FALSE:
			break;
	}
	return NIL;
}

/* True when both leaves compare the same column for equality with values of the same type. */
static bool
are_same_equalities(const TemplateLeaf *a, const TemplateLeaf *b)
{
	return a->kind == TEMPLATE_COMPARE && a->comparison == CONDITION_EQUAL &&
	       b->kind == TEMPLATE_COMPARE && b->comparison == CONDITION_EQUAL &&
	       a->column == b->column && exprType(a->value) == exprType(b->value);
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

/*
 * `column = a OR column = b` as the column = ANY (array) that it means, so that a key has known
 * values; NIL for any other OR.
 */
static List *
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
		values = lappend(values, leaf.value);
	}
	any.kind = TEMPLATE_ANY;
	any.value = array_of_values(scope, values);
	return any.value == NULL ? NIL : template_of_leaf(&any);
}

/* An AND may leave out what cannot be sent; an OR with such a part can hold for any item. */
static List *
junction_template(const ConditionScope *scope, BoolExpr *expression)
{
	bool is_and = expression->boolop == AND_EXPR;
	List *equalities = NIL;
	List *children = NIL;
	ListCell *cell;

	foreach (cell, expression->args)
	{
		List *child = condition_template(scope, lfirst(cell));

		if (child != NIL)
			children = lappend(children, child);
		else if (!is_and)
			return NIL;
	}
	if (!is_and)
		equalities = equalities_template(scope, children);
	if (equalities != NIL)
		return equalities;
	return template_of_children(is_and ? TEMPLATE_AND : TEMPLATE_OR, children);
}

/* The planner has already moved NOT down to the leaves; what is left is NOT of a boolean value. */
static List *
boolean_expression_template(const ConditionScope *scope, BoolExpr *expression)
{
	if (expression->boolop == NOT_EXPR)
		return boolean_template(scope, linitial(expression->args), false);
	return junction_template(scope, expression);
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
	return column_conversion_create(column->name, type, -1, column->options);
}

bool
condition_is_exact(const ForeignRelation *relation, const List *template)
{
	const ForeignColumn *column;
	TemplateLeaf leaf;
	AttributeValue value;
	Const *constant;
	Arena *arena;

	if (!template_is_leaf(template))
		return false;
	leaf = template_leaf(template);
	if (leaf.kind != TEMPLATE_COMPARE || leaf.comparison != CONDITION_EQUAL ||
	    !IsA(leaf.value, Const))
		return false;
	constant = (Const *) leaf.value;
	if (constant->constisnull)
		return false;
	column = &relation->columns[leaf.column - 1];
	arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, CONSTANT_ARENA_MAXIMUM);
	return column_conversion_write(condition_value_conversion(column, leaf.value_type), arena,
	                               constant->constvalue, &value) == WRITE_EXACT;
}
