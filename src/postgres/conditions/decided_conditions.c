/*
 * decided_conditions.c
 *		Conditions that are decided by DynamoDB alone.
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "postgres/compat.h"

#include "postgres/conditions/bound_conditions.h"
#include "postgres/conditions/decided_conditions.h"
#include "postgres/conditions/pattern_conditions.h"

/* --- expressions ------------------------------------------------------------------------------ */

/* Functions that promise not to fail, whatever they are given; and the statement's time. */
static bool
function_may_fail(Oid function, void *context)
{
	return func_volatile(function) == PROVOLATILE_VOLATILE ||
	       !(get_func_leakproof(function) || function == F_NOW ||
	         function == F_TRANSACTION_TIMESTAMP || function == F_STATEMENT_TIMESTAMP);
}

static bool
may_fail(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Const:
		case T_SQLValueFunction:
		case T_RelabelType:
		case T_FuncExpr:
		case T_OpExpr:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_ArrayExpr:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_List:
			break;
		case T_Param:
			/* Others are results of subqueries, which run when they are asked for. */
			if (((Param *) node)->paramkind != PARAM_EXTERN)
				return true;
			break;
		default:
			return true;
	}
	return check_functions_in_node(node, function_may_fail, context) ||
	       expression_tree_walker(node, may_fail, context);
}

bool
expression_is_harmless(Expr *expression)
{
	return !may_fail((Node *) expression, NULL);
}

/* --- templates -------------------------------------------------------------------------------- */

/* True when the column takes every stored value of the type that it writes. */
static bool
column_takes_all(const ForeignColumn *column)
{
	return column_conversion_orders_all(column->conversion) || column->type == BOOLOID;
}

static bool
set_takes_all(const ForeignColumn *column)
{
	ColumnConversion *element = column_conversion_element(column->conversion);

	return element != NULL && column_conversion_orders_all(element);
}

/*
 * What is equal to a value can be read; what only differs from it, or lies on one side of it, must
 * be known to be readable. DynamoDB's contains() of a string is not what most patterns say.
 */
static bool
leaf_is_decided(const ForeignColumn *column, const TemplateLeaf *leaf)
{
	AttributeType written;

	switch (leaf->kind)
	{
		case TEMPLATE_COMPARE:
			return leaf->comparison == CONDITION_EQUAL || column_takes_all(column);
		case TEMPLATE_NOT_ANY:
			return column_takes_all(column);
		case TEMPLATE_CONTAINS:
		case TEMPLATE_CONTAINS_ALL:
		case TEMPLATE_CONTAINS_ANY:
			return set_takes_all(column);
		case TEMPLATE_CONTAINED:
		case TEMPLATE_CHARACTERS:
		case TEMPLATE_OCTETS:
		case TEMPLATE_SIZE:
		case TEMPLATE_ELEMENTS:
		case TEMPLATE_HAS_MEMBER:
		case TEMPLATE_HAS_ELEMENT:
		case TEMPLATE_IS_OR_HAS:
			return false;
		case TEMPLATE_LIKE:
			return column_takes_all(column) && pattern_is_prefix(leaf->value);
		case TEMPLATE_STARTS_WITH:
			return column_takes_all(column);
		case TEMPLATE_IS_NOT_NULL:
			return column_takes_all(column) ||
			       !column_conversion_written_type(column->conversion, &written);
		default:
			return true;
	}
}

static bool
template_is_decided(const ForeignRelation *relation, List *template)
{
	TemplateLeaf leaf;
	ListCell *cell;

	if (template_is_leaf(template))
	{
		leaf = template_leaf(template);
		return !leaf.is_part && leaf.members == NIL &&
		       leaf_is_decided(&relation->columns[leaf.column - 1], &leaf) &&
		       expression_is_harmless((Expr *) leaf.value);
	}
	foreach (cell, template_children(template))
	{
		if (!template_is_decided(relation, lfirst(cell)))
			return false;
	}
	return true;
}

/* Each part by itself: condition_template() may leave out parts of an AND. */
static List *
junction_template(const ConditionScope *scope, TemplateKind kind, List *conditions)
{
	List *children = NIL;
	ListCell *cell;

	foreach (cell, conditions)
	{
		List *child = decided_template(scope, lfirst(cell));

		if (child == NIL)
			return NIL;
		children = lappend(children, child);
	}
	return template_of_children(kind, children);
}

List *
decided_template(const ConditionScope *scope, Expr *condition)
{
	const BoolExpr *expression = (const BoolExpr *) condition;
	List *template;

	if (IsA(condition, BoolExpr) && expression->boolop != NOT_EXPR)
		return junction_template(scope, expression->boolop == AND_EXPR ? TEMPLATE_AND : TEMPLATE_OR,
		                         expression->args);
	template = condition_template(scope, condition);
	return template != NIL && template_is_decided(scope->relation, template) ? template : NIL;
}

/* --- values ----------------------------------------------------------------------------------- */

/* A value that is there and of one of the types that the column takes. */
static Condition *
make_is_value(const ForeignColumn *column)
{
	AttributeType written;

	if (column_conversion_written_type(column->conversion, &written))
		return make_has_type(column, written);
	return make_is_not_null(column);
}

/*
 * DynamoDB finds a missing attribute, and one of another type, unequal to everything. The type
 * comes first, because not every implementation of DynamoDB can compare values of different types.
 */
static Condition *
make_typed(const ForeignColumn *column, Condition *comparison)
{
	Condition *children[] = {make_has_type(column, judged_type(column)), comparison};

	return make_junction(CONDITION_AND, children, lengthof(children));
}

/* A demand that is met always may be one that only SQL can say. */
static Decision
bind_leaf(const Binding *binding, const TemplateLeaf *leaf, Condition **condition)
{
	const ForeignColumn *column = &binding->relation->columns[leaf->column - 1];
	Demand demand = leaf_demand(binding, leaf);

	if (demand.outcome != DEMAND_CONDITION)
		return demand.outcome == DEMAND_NEVER ? DECIDED_NEVER : DECIDED_BY_READING;
	switch (demand.comparison)
	{
		case CONDITION_NOT_EXISTS:
			*condition = make_is_null(column);
			break;
		case CONDITION_EXISTS:
			*condition = make_is_value(column);
			break;
		case CONDITION_EQUAL:
		case CONDITION_IN:
			*condition = make_demanded(column, &demand);
			break;
		default:
			*condition = make_typed(column, make_demanded(column, &demand));
			break;
	}
	return DECIDED_BY_WRITE;
}

static Decision bind_template(const Binding *binding, List *template, Condition **condition);

/* One part that never holds decides an AND, and is no part of an OR. */
static Decision
bind_junction(const Binding *binding, TemplateKind kind, List *templates, Condition **condition)
{
	Condition **children = palloc_array(Condition *, list_length(templates));
	bool by_reading = false;
	uint32 count = 0;
	ListCell *cell;

	foreach (cell, templates)
	{
		Decision decision = bind_template(binding, lfirst(cell), &children[count]);

		if (decision == DECIDED_NEVER && kind == TEMPLATE_AND)
			return DECIDED_NEVER;
		by_reading = by_reading || decision == DECIDED_BY_READING;
		if (decision == DECIDED_BY_WRITE)
			count++;
	}
	if (by_reading)
		return DECIDED_BY_READING;
	if (count == 0)
		return DECIDED_NEVER;
	*condition =
	    make_junction(kind == TEMPLATE_AND ? CONDITION_AND : CONDITION_OR, children, count);
	return DECIDED_BY_WRITE;
}

static Decision
bind_template(const Binding *binding, List *template, Condition **condition)
{
	TemplateLeaf leaf;

	if (!template_is_leaf(template))
		return bind_junction(binding, template_kind(template), template_children(template),
		                     condition);
	leaf = template_leaf(template);
	return bind_leaf(binding, &leaf, condition);
}

Decision
decided_bind(const Binding *binding, List *template, const Condition **condition)
{
	Condition *bound = NULL;
	Decision decision;

	*condition = NULL;
	if (template == NIL)
		return DECIDED_BY_WRITE;
	decision = bind_template(binding, template, &bound);
	if (decision == DECIDED_BY_WRITE && !condition_fits_expression(bound))
		return DECIDED_BY_READING;
	*condition = bound;
	return decision;
}
