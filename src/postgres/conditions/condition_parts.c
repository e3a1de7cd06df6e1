/*
 * condition_parts.c
 *		Columns, operators and values, as every form of a condition asks about them.
 *
 * DynamoDB compares only values of the same type, finds a missing attribute unequal to everything,
 * and orders strings by their UTF-8 bytes. So an operator is looked up in the operator family by
 * which PostgreSQL itself gives it meaning, and the column's conversion says whether the stored
 * values compare as the SQL values do.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "postgres/compat.h"

#include "postgres/conditions/condition_parts.h"
#include "postgres/conditions/document_members.h"

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
bool
condition_types_agree(Oid operand_type, Oid value_type)
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
	{
		column = document_member(scope, inner);
		return column != NULL && relabel_keeps_meaning(column->type, exprType((Node *) operand))
		           ? column
		           : NULL;
	}
	var = (Var *) inner;
	if ((Index) var->varno != scope->base->relid || var->varlevelsup != 0 || var->varattno <= 0)
		return NULL;
	column = &scope->relation->columns[var->varattno - 1];
	if (!column->live || column->options->whole_item || column->encryption != NULL ||
	    column->is_sealed || !relabel_keeps_meaning(column->type, exprType((Node *) operand)))
		return NULL;
	return column;
}

/* Values are computed once a scan, from whatever is known before it begins. */
bool
condition_value_is_usable(const ConditionScope *scope, Expr *value)
{
	return !bms_is_member(scope->base->relid, pull_varnos(scope->root, (Node *) value)) &&
	       !contain_volatile_functions((Node *) value) && !contain_subplans((Node *) value);
}

/* What the operator means for values of the type, by its default operator families. */
bool
condition_operator_meaning(Oid operator_id, Oid type, ConditionKind *comparison)
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
Comparability
condition_comparability(const ForeignColumn *column, Oid collation)
{
	AttributeType written;

	if (!column_conversion_written_type(column->conversion, &written))
		return (Comparability){false, false, false};
	return column_conversion_comparability(column->conversion, collation);
}

/* True when comparing stored values under the collation stands for comparing SQL values. */
bool
condition_column_compares(const ForeignColumn *column, ConditionKind comparison, Oid collation)
{
	Comparability comparability = condition_comparability(column, collation);

	return comparison_is_of_equality(comparison) ? comparability.equality : comparability.order;
}

List *
template_either_way(const ConditionScope *scope, const OpExpr *expression, OperandTemplate make)
{
	Expr *left = linitial(expression->args);
	Expr *right = lsecond(expression->args);
	List *template = make(scope, expression->opno, left, right);

	return template != NIL ? template : make(scope, get_commutator(expression->opno), right, left);
}

TemplateLeaf
leaf_about(const ForeignColumn *column)
{
	TemplateLeaf leaf = {.column = column->number, .members = column->members};

	if (column->members != NIL)
		leaf.member_type = column->type;
	return leaf;
}

List *
condition_leaf(TemplateKind kind, const ForeignColumn *column, Oid value_type, Node *value)
{
	TemplateLeaf leaf = leaf_about(column);

	leaf.kind = kind;
	leaf.value_type = value_type;
	leaf.value = value;
	return template_of_leaf(&leaf);
}
