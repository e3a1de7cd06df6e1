/*
 * partition_rows.c
 *		Which rows of a join's other side may have a partner in a partition.
 *
 * The executor's pruning decides the same when a row is joined. Here it is known before, of rows
 * that are read ahead.
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/partcache.h"

#include "postgres/compat.h"

#include "postgres/planning/partition_rows.h"

typedef struct ColumnReplacement
{
	PlannerInfo *root;
	Index relation; /* the partition: its columns in clauses; in bounds they are of relation 1 */
	List *clauses;
	bool complete; /* each column had a value */
} ColumnReplacement;

static Node *
without_relabeling(Node *node)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

static bool
is_column(const Node *node, Index relation, AttrNumber number)
{
	const Var *column = (const Var *) node;

	return node != NULL && IsA(node, Var) && column->varno == (int) relation &&
	       column->varattno == number && column->varlevelsup == 0;
}

/* True when the value can be known of the other side's rows, and stand where the column does. */
static bool
is_value_for(PlannerInfo *root, Node *value, Index relation, const Var *column)
{
	return exprType(value) == column->vartype &&
	       !bms_is_member((int) relation, pull_varnos(root, value)) && !contain_subplans(value) &&
	       !contain_volatile_functions(value);
}

/* What the clause says that the column equals; NULL when it says nothing. */
static Node *
value_by_clause(PlannerInfo *root, const RestrictInfo *clause, Index relation, const Var *column)
{
	const OpExpr *operation = (const OpExpr *) clause->clause;
	Node *left;
	Node *right;

	if (clause->mergeopfamilies == NIL || !is_opclause(operation) ||
	    list_length(operation->args) != 2)
		return NULL;
	left = without_relabeling(linitial(operation->args));
	right = without_relabeling(lsecond(operation->args));
	if (is_column(left, relation, column->varattno) && is_value_for(root, right, relation, column))
		return right;
	if (is_column(right, relation, column->varattno) && is_value_for(root, left, relation, column))
		return left;
	return NULL;
}

static Node *
replace_columns(Node *node, void *context)
{
	ColumnReplacement *replacement = context;
	ListCell *cell;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var))
		return expression_tree_mutator(node, replace_columns, context);
	foreach (cell, replacement->clauses)
	{
		Node *value = value_by_clause(replacement->root, lfirst_node(RestrictInfo, cell),
		                              replacement->relation, (const Var *) node);

		if (value != NULL)
			return copyObject(value);
	}
	replacement->complete = false;
	return node;
}

/* True when the executor passes over the partition where the bounds allow it. */
static bool
is_pruned(PlannerInfo *root, const RelOptInfo *partition)
{
	const AppendRelInfo *link = root->append_rel_array[partition->relid];

	return enable_partition_pruning && link != NULL &&
	       IS_PARTITIONED_REL(root->simple_rel_array[link->parent_relid]);
}

Expr *
partition_row_condition(PlannerInfo *root, const RelOptInfo *partition, List *clauses)
{
	Expr *bounds;
	List *conditions = NIL;
	ListCell *cell;

	if (!is_pruned(root, partition))
		return NULL;
	bounds = get_partition_qual_relid(planner_rt_fetch(partition->relid, root)->relid);
	foreach (cell, make_ands_implicit(bounds))
	{
		ColumnReplacement replacement = {root, partition->relid, clauses, true};
		Node *condition = replace_columns(lfirst(cell), &replacement);

		if (replacement.complete)
			conditions = lappend(conditions, condition);
	}
	return conditions == NIL ? NULL : expression_planner(make_ands_explicit(conditions));
}
