/*
 * planning.c
 *		The first and the last step of planning a scan: what the query needs, and the finished plan.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/heap.h"
#include "optimizer/appendinfo.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"

#include "postgres/compat.h"

#include "postgres/conditions/conditions.h"
#include "postgres/conditions/key_match.h"
#include "postgres/encryption/column_encryption.h"
#include "postgres/modify/modify_planning.h"
#include "postgres/modify/pending_items.h"
#include "postgres/planning/planning.h"
#include "postgres/scan/access.h"
#include "postgres/scan/read_ahead.h"
#include "postgres/scan/scan.h"

/* Items have no system columns but the table's oid, which the executor fills in. */
static void
refuse_system_column(const ForeignRelation *relation, AttrNumber number)
{
	if (number == TableOidAttributeNumber)
		return;
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
	                errmsg("foreign table \"%s\" has no system column \"%s\"", relation->name,
	                       NameStr(SystemAttributeDefinition(number)->attname))));
}

Bitmapset *
columns_of_attributes(const ForeignRelation *relation, const Bitmapset *attributes)
{
	bool whole_row =
	    bms_is_member(InvalidAttrNumber - FirstLowInvalidHeapAttributeNumber, attributes);
	Bitmapset *columns = NULL;

	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (column->live &&
		    (whole_row ||
		     bms_is_member(column->number - FirstLowInvalidHeapAttributeNumber, attributes)))
			columns = bms_add_member(columns, column->number);
	}
	return columns;
}

/* What the rest of the plan, and the conditions, look at, as pull_varattnos() says it. */
static Bitmapset *
find_needed_attributes(RelOptInfo *base, const ForeignRelation *relation)
{
	Bitmapset *attributes = NULL;
	ListCell *cell;

	pull_varattnos((Node *) base->reltarget->exprs, base->relid, &attributes);
	foreach (cell, base->baserestrictinfo)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, cell)->clause, base->relid, &attributes);
	for (AttrNumber number = FirstLowInvalidHeapAttributeNumber + 1; number < 0; number++)
	{
		if (bms_is_member(number - FirstLowInvalidHeapAttributeNumber, attributes))
			refuse_system_column(relation, number);
	}
	return attributes;
}

/*
 * The columns without the encrypted ones that nothing looks at, though the old row has a place for
 * them: who may not decrypt a column may change the others.
 */
static Bitmapset *
leave_encrypted_closed(const ForeignRelation *relation, Bitmapset *columns,
                       const Bitmapset *looked_at)
{
	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (column->live && column->encryption != NULL && !bms_is_member(column->number, looked_at))
			columns = bms_del_member(columns, column->number);
	}
	return columns;
}

/* Notes the columns that are read, and of those of a changed table, which are looked at. */
static void
find_needed_columns(PlannerInfo *root, RelOptInfo *base, RelationPlanning *planning)
{
	const ForeignRelation *relation = planning->relation;
	Bitmapset *attributes = find_needed_attributes(base, relation);
	Bitmapset *columns = columns_of_attributes(relation, attributes);
	int number = -1;

	if (changes_relation(root, base))
	{
		planning->read_columns = columns_looked_at(root, base, relation, attributes);
		if (root->parse->commandType == CMD_DELETE)
			columns = bms_union(planning->read_columns, columns_of_key(relation));
		columns = leave_encrypted_closed(relation, columns, planning->read_columns);
	}
	while ((number = bms_next_member(columns, number)) >= 0)
	{
		planning->columns = lappend_int(planning->columns, number);
		if (relation->columns[number - 1].options->whole_item)
			planning->whole_items = true;
	}
	planning->columns = column_encryption_add_context_columns(relation, planning->columns);
	/* Only a whole item can be verified. */
	planning->whole_items = planning->whole_items || relation->encryption != NULL;
}

List *
plan_conditions(PlannerInfo *root, RelOptInfo *base, const ForeignRelation *relation,
                List *restrictions)
{
	ConditionScope scope = {root, base, relation};
	List *conditions = NIL;
	ListCell *cell;

	foreach (cell, restrictions)
	{
		PlannedCondition *condition = palloc0(sizeof(*condition));

		condition->restriction = lfirst_node(RestrictInfo, cell);
		if (restriction_is_securely_promotable(condition->restriction, base) &&
		    !condition->restriction->pseudoconstant)
			condition->template = condition_template(&scope, condition->restriction->clause);
		conditions = lappend(conditions, condition);
	}
	return conditions;
}

Selectivity
conditions_selectivity(PlannerInfo *root, RelOptInfo *base, List *conditions)
{
	List *restrictions = NIL;
	ListCell *cell;

	foreach (cell, conditions)
		restrictions = lappend(restrictions, ((PlannedCondition *) lfirst(cell))->restriction);
	return clauselist_selectivity(root, restrictions, base->relid, JOIN_INNER, NULL);
}

double
plan_rows(PlannerInfo *root, RelOptInfo *base, List *conditions, double rows)
{
	RelationPlanning *planning = base->fdw_private;
	const KeySchema *keys = &planning->relation->description->keys;
	KeyMatch match = key_match(root, planning->relation, keys, conditions);
	KeyMatch alternatives;

	if (match.lookup)
		return clamp_row_est(Min(rows, match.keys));
	if (key_match_alternatives(root, planning->relation, keys, conditions, &alternatives) &&
	    alternatives.lookup)
		return clamp_row_est(Min(rows, alternatives.keys));
	if (match.query && !planning->analyzed)
	{
		List *others = list_difference_ptr(conditions, match.hash);
		double items = cost_items_of_keys(planning->volume, 0, match.keys, false);

		return clamp_row_est(Max(rows, items * conditions_selectivity(root, base, others)));
	}
	return rows;
}

void
dynamodbGetForeignRelSize(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id)
{
	Oid user = OidIsValid(base->userid) ? base->userid : GetUserId();
	RelationPlanning *planning = palloc0(sizeof(*planning));

	planning->relation = foreign_relation_open(foreign_table_id, user);
	base->fdw_private = planning;
	find_needed_columns(root, base, planning);
	planning->conditions = plan_conditions(root, base, planning->relation, base->baserestrictinfo);
	planning->analyzed = base->tuples >= 0;
	planning->volume = cost_table_volume(planning->relation, base->tuples);
	base->tuples = planning->volume.items;
	set_baserel_size_estimates(root, base);
	if (planning->relation->description != NULL)
		base->rows = plan_rows(root, base, planning->conditions, base->rows);
}

/*
 * What the transaction has yet to write is in the memory of the leader alone. A plan that is kept
 * may come to such a transaction later: see dynamodbInitializeDSMForeignScan().
 */
bool
dynamodbIsForeignScanParallelSafe(PlannerInfo *root, RelOptInfo *base, RangeTblEntry *entry)
{
	return !pending_items_exist();
}

void
refuse_full_scan(const ForeignRelation *relation, const Access *access)
{
	if (access->kind != REQUEST_SCAN || relation->description == NULL ||
	    relation->options->allow_full_scan)
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
	         errmsg("reading foreign table \"%s\" needs a full scan, which allow_full_scan forbids",
	                relation->name),
	         errhint("Give values for the key attributes of the table or of one of its indexes, or "
	                 "set the option \"allow_full_scan\" of the foreign table or its server.")));
}

ForeignScan *
dynamodbGetForeignPlan(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id,
                       ForeignPath *best_path, List *target_list, List *scan_clauses,
                       Plan *outer_plan)
{
	RelationPlanning *planning = base->fdw_private;
	Access access = *(Access *) list_nth(best_path->fdw_private, PATH_PRIVATE_ACCESS);
	List *exact = list_nth(best_path->fdw_private, PATH_PRIVATE_EXACT);
	List *checked = NIL;
	List *unchecked = NIL;
	List *expressions = NIL;
	ListCell *cell;

	refuse_full_scan(planning->relation, &access);
	foreach (cell, scan_clauses)
	{
		/* Equal, not the same: those of a partition's join are translated twice. */
		if (list_member(exact, lfirst(cell)))
			unchecked = lappend(unchecked, lfirst(cell));
		else
			checked = lappend(checked, lfirst(cell));
	}
	access.key_condition = template_number_values(access.key_condition, &expressions);
	access.filter = template_number_values(access.filter, &expressions);
	if (list_length(best_path->fdw_private) > PATH_PRIVATE_READ_AHEAD)
	{
		access.read_ahead = true;
		access.read_ahead_parameter =
		    read_ahead_parameter(root, list_nth(best_path->fdw_private, PATH_PRIVATE_READ_AHEAD));
	}
	return make_foreignscan(target_list, extract_actual_clauses(checked, false), base->relid,
	                        expressions, list_make1(access_to_list(&access)), NIL,
	                        extract_actual_clauses(unchecked, false), outer_plan);
}

/* Whose columns become which relation's. */
typedef struct ChildAdjustment
{
	PlannerInfo *root;
	RelOptInfo *child;
} ChildAdjustment;

static Node *
adjust_value(Node *value, void *context)
{
	const ChildAdjustment *adjustment = context;

	return ADJUST_TO_CHILD(adjustment->root, value, adjustment->child);
}

Access *
access_for_child(PlannerInfo *root, const Access *of_parent, RelOptInfo *child)
{
	ChildAdjustment adjustment = {root, child};
	Access *access = palloc_object(Access);

	*access = *of_parent;
	access->key_condition =
	    template_replace_values(of_parent->key_condition, adjust_value, &adjustment);
	access->filter = template_replace_values(of_parent->filter, adjust_value, &adjustment);
	return access;
}

List *
dynamodbReparameterizeForeignPathByChild(PlannerInfo *root, List *fdw_private, RelOptInfo *child)
{
	List *adjusted = list_copy(fdw_private);

	list_nth_cell(adjusted, PATH_PRIVATE_ACCESS)->ptr_value =
	    access_for_child(root, list_nth(fdw_private, PATH_PRIVATE_ACCESS), child);
	list_nth_cell(adjusted, PATH_PRIVATE_EXACT)->ptr_value =
	    ADJUST_TO_CHILD(root, list_nth(fdw_private, PATH_PRIVATE_EXACT), child);
	return adjusted;
}
