/*
 * direct_planning.c
 *		Which UPDATEs and DELETEs go without reading the items first.
 *
 * The conditions name the keys, and what else they say DynamoDB decides, or they are about the keys
 * alone. What is assigned depends on nothing that is stored. PostgreSQL itself has seen to it that
 * there are no row triggers, generated columns or check options.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "optimizer/appendinfo.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"

#include "postgres/compat.h"

#include "postgres/conditions/decided_conditions.h"
#include "postgres/conditions/key_match.h"
#include "postgres/encryption/column_encryption.h"
#include "postgres/modify/direct_modify.h"
#include "postgres/modify/modify_planning.h"
#include "postgres/modify/row_writer.h"
#include "postgres/planning/planning.h"
#include "postgres/scan/access.h"

/* What planning finds out. */
typedef struct DirectPlanning
{
	ConditionScope scope;
	const RelationPlanning *planning;
	CmdType operation;
	List *templates;      /* of what is asked of items */
	List *key_conditions; /* what is asked of keys alone */
	List *values;         /* expressions that are assigned … */
	List *assigned;       /* … to these columns */
	List *returned;       /* columns that RETURNING looks at */
} DirectPlanning;

/*
 * The scan that finds the table's rows, if there are no others to join them with. A parent's
 * children are appended to one another, and what is assigned may be computed above that.
 */
static ForeignScan *
find_scan(const ModifyTable *plan, Index result_relation, int subplan_index)
{
	const Plan *child = outerPlan(plan);

	if (IsA(child, Result) && outerPlan(child) != NULL && IsA(outerPlan(child), Append))
		child = outerPlan(child);
	if (IsA(child, Append))
	{
		const List *children = ((const Append *) child)->appendplans;

		if (subplan_index >= list_length(children))
			return NULL;
		child = list_nth(children, subplan_index);
	}
	if (!IsA(child, ForeignScan) ||
	    ((const ForeignScan *) child)->scan.scanrelid != result_relation)
		return NULL;
	return (ForeignScan *) child;
}

/* True when the scan looks up the table's keys. */
static bool
scan_looks_up_keys(const ForeignScan *scan)
{
	const Access *access =
	    access_from_list(list_nth_node(List, scan->fdw_private, SCAN_PRIVATE_ACCESS));

	return (access->kind == REQUEST_GET_ITEM || access->kind == REQUEST_BATCH_GET_ITEM) &&
	       !access->looked_up;
}

/*
 * Other modes answer for rows that they have not written yet, or do not ask whether there was one.
 * That a partition's new row belongs to it is checked by looking at all of the row.
 */
static bool
table_allows(const DirectPlanning *direct)
{
	const ForeignRelation *relation = direct->scope.relation;

	/* An encrypted item is verified before it is changed. */
	return relation->encryption == NULL && relation->options->write_mode == WRITE_MODE_STATEMENT &&
	       !relation->options->hide_expired &&
	       (direct->operation == CMD_DELETE || !get_rel_relispartition(relation->id));
}

/* --- conditions ------------------------------------------------------------------------------- */

/* True when the condition looks at columns of the key alone, and at one at least. */
static bool
is_about_keys(const DirectPlanning *direct, Expr *condition)
{
	const ForeignRelation *relation = direct->scope.relation;
	Bitmapset *attributes = NULL;
	Bitmapset *columns;

	pull_varattnos((Node *) condition, direct->scope.base->relid, &attributes);
	columns = columns_of_attributes(relation, attributes);
	return !bms_is_empty(columns) && bms_is_subset(columns, columns_of_key(relation)) &&
	       (relation->whole_item_column < 0 ||
	        !bms_is_member(relation->whole_item_column + 1, columns));
}

/* True when the condition may be evaluated, in view of what views hide, before others are. */
static bool
has_template(const DirectPlanning *direct, Expr *condition)
{
	ListCell *cell;

	foreach (cell, direct->planning->conditions)
	{
		const PlannedCondition *planned = lfirst(cell);

		if (planned->template != NIL && equal(planned->restriction->clause, condition))
			return true;
	}
	return false;
}

/* Sorts out who decides the conditions that are left to be checked; false when only reading does.
 */
static bool
divide_conditions(DirectPlanning *direct, List *conditions)
{
	ListCell *cell;

	foreach (cell, conditions)
	{
		Expr *condition = lfirst(cell);
		List *template =
		    has_template(direct, condition) ? decided_template(&direct->scope, condition) : NIL;

		if (template == NIL)
			return false;
		if (is_about_keys(direct, condition))
			direct->key_conditions = lappend(direct->key_conditions, condition);
		else
			direct->templates = lappend(direct->templates, template);
	}
	return true;
}

/* --- assignments ------------------------------------------------------------------------------ */

/* Two columns of one attribute would be two changes of one place. */
static bool
is_mapped_once(const ForeignRelation *relation, const ForeignColumn *column)
{
	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *other = &relation->columns[i];

		if (other != column && other->live && !other->options->whole_item &&
		    attribute_path_overlap(&other->path, &column->path))
			return false;
	}
	return true;
}

/* True when the column can be assigned without regard to what is stored. */
static bool
is_assignable(const ForeignRelation *relation, AttrNumber number)
{
	const ForeignColumn *column = &relation->columns[number - 1];

	return column_is_assignable_unread(column) && !column_is_bound(relation, column) &&
	       !bms_is_member(number, columns_of_key(relation)) && is_mapped_once(relation, column);
}

/* What is assigned, and to which columns; false when that needs the old row. */
static bool
find_assignments(DirectPlanning *direct)
{
	ListCell *entry;
	ListCell *column;
	List *entries = NIL;

	if (direct->operation != CMD_UPDATE)
		return true;
	get_translated_update_targetlist(direct->scope.root, direct->scope.base->relid, &entries,
	                                 &direct->assigned);
	forboth (entry, entries, column, direct->assigned)
	{
		Expr *expression = lfirst_node(TargetEntry, entry)->expr;
		AttrNumber number = (AttrNumber) lfirst_int(column);

		if (number <= InvalidAttrNumber || contain_var_clause((Node *) expression) ||
		    !expression_is_harmless(expression) || !is_assignable(direct->scope.relation, number))
			return false;
		direct->values = lappend(direct->values, expression);
	}
	return true;
}

/* --- RETURNING -------------------------------------------------------------------------------- */

/*
 * True when the column may be returned. A row that is deleted is gone for good when its answer is
 * lost, or holds what a column cannot; so no more of it is returned than its key, which is known.
 */
static bool
is_returnable(const DirectPlanning *direct, const ForeignColumn *column)
{
	if (direct->operation == CMD_DELETE)
		return !column->options->whole_item && column->path.count == 1 &&
		       bms_is_member(column->number, columns_of_key(direct->scope.relation));
	return column->encryption == NULL;
}

/*
 * True when the whole item shows the document inside of which a column is assigned. In a row that
 * was read it is shown as it was.
 */
static bool
shows_what_is_assigned(const DirectPlanning *direct)
{
	const ForeignRelation *relation = direct->scope.relation;
	ListCell *cell;

	if (relation->whole_item_column < 0 ||
	    !list_member_int(direct->returned, relation->whole_item_column + 1))
		return false;
	foreach (cell, direct->assigned)
	{
		if (relation->columns[lfirst_int(cell) - 1].path.count > 1)
			return true;
	}
	return false;
}

static bool
mentions_system_column(const Bitmapset *attributes)
{
	for (int number = FirstLowInvalidHeapAttributeNumber + 1; number < 0; number++)
	{
		if (number != TableOidAttributeNumber &&
		    bms_is_member(number - FirstLowInvalidHeapAttributeNumber, attributes))
			return true;
	}
	return false;
}

/* The columns that RETURNING looks at; false when the rows must be read for it. */
static bool
find_returned(DirectPlanning *direct, const ModifyTable *plan, int subplan_index)
{
	Bitmapset *attributes = NULL;
	Bitmapset *columns;
	int number = -1;

	if (plan->returningLists == NIL)
		return true;
	pull_varattnos(list_nth(plan->returningLists, subplan_index), direct->scope.base->relid,
	               &attributes);
	columns = columns_of_attributes(direct->scope.relation, attributes);
	while ((number = bms_next_member(columns, number)) >= 0)
	{
		if (!is_returnable(direct, &direct->scope.relation->columns[number - 1]))
			return false;
		direct->returned = lappend_int(direct->returned, number);
	}
	return !shows_what_is_assigned(direct) && !mentions_system_column(attributes);
}

/* --- the plan --------------------------------------------------------------------------------- */

/* Makes the scan what modifies. All of its conditions are kept, for items that come all the same.
 */
static void
finish_scan(ForeignScan *scan, const DirectPlanning *direct, const ModifyTable *plan)
{
	List *template = template_number_values(template_of_children(TEMPLATE_AND, direct->templates),
	                                        &scan->fdw_exprs);
	List *members = list_make2(template, makeInteger(list_length(scan->fdw_exprs)));

	members = lappend(members, direct->assigned);
	members = lappend(members, makeBoolean(direct->key_conditions != NIL));
	members = lappend(members, list_of_set(direct->planning->read_columns));
	members = lappend(members, direct->returned);
	members = lappend(members, makeBoolean(plan->canSetTag));
	scan->fdw_private = list_concat(scan->fdw_private, members);
	scan->fdw_exprs = list_concat(scan->fdw_exprs, direct->values);
	if (direct->key_conditions != NIL)
		scan->fdw_exprs = lappend(scan->fdw_exprs, make_ands_explicit(direct->key_conditions));
	scan->fdw_recheck_quals = list_concat(scan->scan.plan.qual, scan->fdw_recheck_quals);
	scan->scan.plan.qual = NIL;
	/* Below an Append, a scan would proceed while others do. */
	scan->scan.plan.async_capable = false;
	scan->operation = direct->operation;
	scan->resultRelation = direct->scope.base->relid;
}

bool
dynamodbPlanDirectModify(PlannerInfo *root, ModifyTable *plan, Index result_relation,
                         int subplan_index)
{
	ForeignScan *scan = find_scan(plan, result_relation, subplan_index);
	DirectPlanning direct = {.operation = plan->operation};

	if (scan == NULL)
		return false;
	direct.planning = root->simple_rel_array[result_relation]->fdw_private;
	direct.scope =
	    (ConditionScope){root, root->simple_rel_array[result_relation], direct.planning->relation};
	if (direct.scope.relation->description == NULL || !scan_looks_up_keys(scan) ||
	    !table_allows(&direct) || !divide_conditions(&direct, scan->scan.plan.qual) ||
	    !find_assignments(&direct) || !find_returned(&direct, plan, subplan_index))
		return false;
	finish_scan(scan, &direct, plan);
	return true;
}
