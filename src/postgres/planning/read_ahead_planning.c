/*
 * read_ahead_planning.c
 *		Nested loops whose outer side is read ahead, as paths among which the planner chooses.
 *
 * Such a path is an ordinary nested loop over two others: above the outer side the node that reads
 * ahead, and as inner side the scan that looks keys up or queries for them, at the cost of a share
 * in the requests of many rows.
 */
#include "postgres.h"

#include <math.h>

#include "nodes/value.h"
#include "optimizer/appendinfo.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paramassign.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"

#include "postgres/compat.h"

#include "postgres/conditions/template.h"
#include "postgres/planning/cost.h"
#include "postgres/planning/partition_rows.h"
#include "postgres/planning/planning.h"
#include "postgres/scan/access.h"
#include "postgres/scan/read_ahead.h"
#include "postgres/settings.h"

/* Rows that are read ahead at first where the query does not say how many it wants. */
#define FIRST_ROWS 100

static set_join_pathlist_hook_type previous_hook = NULL;

/* A join under consideration. */
typedef struct JoinScope
{
	PlannerInfo *root;
	RelOptInfo *join;
	RelOptInfo *outer;
	RelOptInfo *inner;
	JoinType type;
	JoinPathExtraData *extra;
} JoinScope;

/* As what the query names the relation: a partition, or a join of such, by its topmost parents. */
static Relids
named_relids(const RelOptInfo *rel)
{
	return rel->top_parent_relids == NULL ? rel->relids : rel->top_parent_relids;
}

int
read_ahead_parameter(PlannerInfo *root, ReadAheadUse *use)
{
	if (!use->has_parameter)
		use->parameter = assign_special_exec_param(root);
	use->has_parameter = true;
	return use->parameter;
}

/* Where the values are among the expressions, to which they are added unless they are there. */
static int
place_values(List **expressions, List *values)
{
	int count = list_length(values);

	for (int first = 0; first + count <= list_length(*expressions); first++)
	{
		int same = 0;

		while (same < count && equal(list_nth(*expressions, first + same), list_nth(values, same)))
			same++;
		if (same == count)
			return first;
	}
	*expressions = list_concat(*expressions, values);
	return list_length(*expressions) - count;
}

/* The use as the plan carries it: see ReadAheadUsePrivate. */
static List *
plan_use(PlannerInfo *root, ReadAheadUse *use, List **expressions)
{
	List *values = NIL;
	int first_value;
	int condition = -1;

	/* In the order in which dynamodbGetForeignPlan() numbers them. */
	template_number_values(use->key_condition, &values);
	template_number_values(use->filter, &values);
	first_value = place_values(expressions, values);
	/* No two partitions have the same. */
	if (use->condition != NULL)
	{
		condition = list_length(*expressions);
		*expressions = lappend(*expressions, use->condition);
	}
	return list_make4_int(read_ahead_parameter(root, use), first_value, list_length(values),
	                      condition);
}

static Plan *
plan_read_ahead(PlannerInfo *root, RelOptInfo *rel, CustomPath *best_path, List *target_list,
                List *clauses, List *custom_plans)
{
	ReadAheadPlanning *planning = linitial(best_path->custom_private);
	const Plan *child = linitial(custom_plans);
	CustomScan *plan = makeNode(CustomScan);
	List *uses = NIL;
	ListCell *cell;

	plan->scan.plan.targetlist = target_list;
	plan->custom_plans = custom_plans;
	plan->custom_scan_tlist = copyObject(child->targetlist);
	foreach (cell, planning->uses)
		uses = lappend(uses, plan_use(root, lfirst(cell), &plan->custom_exprs));
	plan->custom_private = list_make2(makeInteger(planning->first_rows), uses);
	plan->flags = best_path->flags;
	plan->methods = &read_ahead_scan_methods;
	return &plan->scan.plan;
}

static const CustomPathMethods path_methods = {
    .CustomName = "DynamoDB Read Ahead",
    .PlanCustomPath = plan_read_ahead,
};

/* The path that reads `outer` ahead. */
static Path *
make_read_ahead_path(Path *outer, ReadAheadPlanning *planning)
{
	CustomPath *path = makeNode(CustomPath);

	path->path.pathtype = T_CustomScan;
	path->path.parent = outer->parent;
	path->path.pathtarget = outer->pathtarget;
	path->path.rows = outer->rows;
	COPY_DISABLED_NODES(&path->path, outer);
	path->path.startup_cost = outer->startup_cost;
	path->path.total_cost = outer->total_cost + cpu_tuple_cost * outer->rows;
	path->path.pathkeys = outer->pathkeys;
	path->custom_paths = list_make1(outer);
	path->custom_private = list_make1(planning);
	path->methods = &path_methods;
	return &path->path;
}

/* What reading for one outer row costs when that for `rows` is done together. */
static Cost
cost_of_share(const RelOptInfo *inner, const ForeignPath *path, double rows)
{
	const RelationPlanning *planning = inner->fdw_private;
	const Access *access = list_nth(path->fdw_private, PATH_PRIVATE_ACCESS);
	double together = Min(rows, READ_AHEAD_ROWS_MAXIMUM);
	ReadEstimate estimate = access->estimate;
	ReadCost cost;

	if (estimate.kind == REQUEST_GET_ITEM)
		estimate.kind = REQUEST_BATCH_GET_ITEM;
	estimate.one_by_one = false;
	estimate.streams *= together;
	estimate.items *= together;
	estimate.rows *= together;
	cost = cost_of_read(planning->relation, &estimate);
	if (access->looked_up)
		cost =
		    cost_with_lookups(planning->relation, cost, estimate.items, planning->volume.item_size);
	return cost.total / together +
	       (inner->baserestrictcost.per_tuple + inner->reltarget->cost.per_tuple) * path->path.rows;
}

/* Notes what the outer side is to know of the inner path's values, in its own columns. */
static ReadAheadUse *
add_use(const JoinScope *scope, const ForeignPath *path, ReadAheadPlanning *planning)
{
	const Access *access = list_nth(path->fdw_private, PATH_PRIVATE_ACCESS);
	ReadAheadUse *use = palloc0_object(ReadAheadUse);

	if (path->path.parent != scope->inner)
		use->condition = partition_row_condition(scope->root, path->path.parent,
		                                         path->path.param_info->ppi_clauses);
	if (scope->outer->top_parent_relids != NULL)
	{
		access = access_for_child(scope->root, access, scope->outer);
		use->condition =
		    (Expr *) ADJUST_TO_CHILD(scope->root, (Node *) use->condition, scope->outer);
	}
	use->key_condition = access->key_condition;
	use->filter = access->filter;
	planning->uses = lappend(planning->uses, use);
	return use;
}

/* The inner path as it is when it reads for `rows` outer rows together. */
static Path *
share_scan(const JoinScope *scope, const ForeignPath *path, double rows,
           ReadAheadPlanning *planning)
{
	const RelOptInfo *table = path->path.parent;
	ForeignPath *shared = makeNode(ForeignPath);

	*shared = *path;
	shared->path.startup_cost = table->baserestrictcost.startup + table->reltarget->cost.startup;
	shared->path.total_cost = shared->path.startup_cost + cost_of_share(table, path, rows);
	shared->fdw_private =
	    list_make3(list_nth(path->fdw_private, PATH_PRIVATE_ACCESS),
	               list_nth(path->fdw_private, PATH_PRIVATE_EXACT), add_use(scope, path, planning));
	return &shared->path;
}

/*
 * How many rows of the outer side there are for each of the join's. Where whole keys are looked up,
 * there are no more rows of the join, whatever the estimate.
 */
static double
outer_rows_needed(const JoinScope *scope, const Path *outer, bool whole_keys)
{
	double needed = outer->rows / Max(scope->join->rows, 1);

	return whole_keys ? Max(needed, 1) : needed;
}

/* Rows of the outer side that the query will probably want at first. */
static int
first_rows(const JoinScope *scope, const Path *outer, bool whole_keys)
{
	PlannerInfo *root = scope->root;
	double wanted = query_row_goal(root);

	if (wanted <= 0 || !bms_equal(named_relids(scope->join), RELIDS_OF_QUERY(root)) ||
	    !pathkeys_contained_in(root->query_pathkeys, outer->pathkeys))
		return FIRST_ROWS;
	wanted = ceil(wanted * outer_rows_needed(scope, outer, whole_keys));
	return (int) Max(Min(wanted, FIRST_ROWS), 1);
}

/* True when the values of the path's conditions can be evaluated by a node of their own. */
static bool
values_stand_alone(const Access *access)
{
	List *values = NIL;

	template_number_values(access->key_condition, &values);
	template_number_values(access->filter, &values);
	return !contain_subplans((Node *) values);
}

/* True when several readings of the kind can be under way together. */
static bool
access_can_be_shared(const Access *access)
{
	switch (access->kind)
	{
		case REQUEST_GET_ITEM:
		case REQUEST_BATCH_GET_ITEM:
			return true;
		case REQUEST_QUERY:
			return !access->merged;
		case REQUEST_SCAN:
			break;
	}
	return false;
}

/*
 * True when the path's parameters are columns of the outer side; those of a partition by its own
 * name, or still by its topmost parent's.
 */
static bool
asks_outer_alone(const JoinScope *scope, const Path *path)
{
	return path->param_info != NULL &&
	       (bms_is_subset(PATH_REQ_OUTER(path), scope->outer->relids) ||
	        bms_is_subset(PATH_REQ_OUTER(path), named_relids(scope->outer)));
}

/* True when the path reads keys that are known from the outer side, and from nothing else. */
static bool
path_reads_keys(const JoinScope *scope, const Path *path)
{
	const Access *access;

	if (!IsA(path, ForeignPath) || !is_planned_here(path->parent) || !asks_outer_alone(scope, path))
		return false;
	access = list_nth(((const ForeignPath *) path)->fdw_private, PATH_PRIVATE_ACCESS);
	return access_can_be_shared(access) && values_stand_alone(access);
}

/* True for an Append below which a path reads keys, as it is for partitions. */
static bool
append_reads_keys(const JoinScope *scope, const Path *path)
{
	ListCell *cell;

	if (!IsA(path, AppendPath) || !asks_outer_alone(scope, path))
		return false;
	foreach (cell, ((const AppendPath *) path)->subpaths)
	{
		if (path_reads_keys(scope, lfirst(cell)))
			return true;
	}
	return false;
}

/* The Append as it is when those below it that read keys read for `rows` outer rows together. */
static Path *
share_append(const JoinScope *scope, const AppendPath *path, double rows,
             ReadAheadPlanning *planning)
{
	AppendPath *shared = makeNode(AppendPath);
	ListCell *cell;

	*shared = *path;
	shared->subpaths = NIL;
	foreach (cell, path->subpaths)
	{
		Path *single = lfirst(cell);
		Path *kept = single;

		if (path_reads_keys(scope, single))
			kept = share_scan(scope, (ForeignPath *) single, rows, planning);
		shared->path.total_cost += kept->total_cost - single->total_cost;
		shared->subpaths = lappend(shared->subpaths, kept);
	}
	shared->path.startup_cost = ((Path *) linitial(shared->subpaths))->startup_cost;
	return &shared->path;
}

/* True when the path looks up whole keys, of each of which there is an item at most. */
static bool
reads_whole_keys(const Path *path)
{
	const Access *access;

	if (!IsA(path, ForeignPath))
		return false;
	access = list_nth(((const ForeignPath *) path)->fdw_private, PATH_PRIVATE_ACCESS);
	return access->kind != REQUEST_QUERY;
}

static void
add_nested_loop(const JoinScope *scope, Path *outer, Path *inner)
{
	ReadAheadPlanning *planning = palloc0_object(ReadAheadPlanning);
	JoinCostWorkspace workspace;
	Path *ahead = make_read_ahead_path(outer, planning);
	Path *shared;

	planning->first_rows = first_rows(scope, outer, reads_whole_keys(inner));
	if (scope->outer->top_parent_relids != NULL)
		inner = PATH_FOR_CHILD(scope->root, inner, scope->outer);
	if (inner == NULL)
		return;
	if (IsA(inner, AppendPath))
		shared = share_append(scope, (AppendPath *) inner, outer->rows, planning);
	else
		shared = share_scan(scope, (ForeignPath *) inner, outer->rows, planning);
	initial_cost_nestloop(scope->root, &workspace, scope->type, ahead, shared, scope->extra);
	add_path(scope->join,
	         (Path *) create_nestloop_path(
	             scope->root, scope->join, scope->type, &workspace, scope->extra, ahead, shared,
	             scope->extra->restrictlist,
	             build_join_pathkeys(scope->root, scope->join, scope->type, outer->pathkeys),
	             NULL));
}

/* The nested loops of one outer path with every inner path that reads keys. */
static void
add_nested_loops(const JoinScope *scope, Path *outer)
{
	ListCell *cell;

	if (outer->param_info != NULL || outer->rows < 2)
		return;
	foreach (cell, scope->inner->pathlist)
	{
		if (path_reads_keys(scope, lfirst(cell)) || append_reads_keys(scope, lfirst(cell)))
			add_nested_loop(scope, outer, lfirst(cell));
	}
}

/* Adds paths of the join of `scope`, whose inner side may be, or have, tables of ours. */
static void
add_join_paths(JoinScope *scope)
{
	List *outer_paths = scope->outer->pathlist;
	ListCell *cell;

	if (scope->type == JOIN_UNIQUE_OUTER)
	{
		Path *unique = UNIQUE_OUTER_PATH(scope->root, scope->outer, scope->extra->sjinfo);

		scope->type = JOIN_INNER;
		outer_paths = unique == NULL ? NIL : list_make1(unique);
	}
	foreach (cell, outer_paths)
		add_nested_loops(scope, lfirst(cell));
}

/* True for the joins that a nested loop makes by asking the inner side for each outer row. */
static bool
join_asks_for_each_row(JoinType type)
{
	return type == JOIN_INNER || type == JOIN_LEFT || type == JOIN_SEMI || type == JOIN_ANTI ||
	       type == JOIN_UNIQUE_OUTER;
}

static void
consider_join(PlannerInfo *root, RelOptInfo *join, RelOptInfo *outer, RelOptInfo *inner,
              JoinType type, JoinPathExtraData *extra)
{
	JoinScope scope = {root, join, outer, inner, type, extra};

	if (previous_hook != NULL)
		previous_hook(root, join, outer, inner, type, extra);
	if (enable_bulk_lookup && join_asks_for_each_row(type) && IS_SIMPLE_REL(inner) &&
	    COLUMNS_HAVE_ONE_FORM(root, outer))
		add_join_paths(&scope);
}

void
read_ahead_install(void)
{
	previous_hook = set_join_pathlist_hook;
	set_join_pathlist_hook = consider_join;
	RegisterCustomScanMethods(&read_ahead_scan_methods);
}
