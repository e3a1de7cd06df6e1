/*
 * counting.c
 *		count(*) as DynamoDB answers it: a path that gives the number of a table's rows as one row.
 *
 * Where nothing but the number of items matters, the service is asked for nothing else. A plan that
 * aggregates rows would still make one for each item, all of them empty; this one adds up what the
 * pages say. Its node has the place of the aggregate above a scan, and scans no relation of its
 * own: what it gives are the aggregates themselves. HAVING is checked, and expressions over the
 * counts are computed, by the node, as they would be by the aggregate's.
 *
 * Of a partition, the node gives what an aggregate above all of them adds up.
 */
#include "postgres.h"

#include "commands/explain.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planmain.h"
#include "optimizer/tlist.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "postgres/compat.h"

#include "postgres/conditions/condition_parts.h"
#include "postgres/conditions/key_match.h"
#include "postgres/planning/planning.h"
#include "postgres/relation_kind.h"
#include "postgres/scan/access.h"
#include "postgres/scan/async_scan.h"
#include "postgres/scan/scan.h"

/* Members of the fdw_private of a path that counts; the first one is every path's. */
enum CountPrivate
{
	COUNT_PRIVATE_ACCESS = PATH_PRIVATE_ACCESS,
	COUNT_PRIVATE_COUNTS, /* List of the Aggrefs */
	COUNT_PRIVATE_HAVING  /* List of conditions over them */
};

/* ---- planning ---- */

static bool
is_key_attribute(const ForeignColumn *column, const KeyAttribute *attributes, uint32 count)
{
	for (uint32 i = 0; i < count; i++)
	{
		if (column_is_key_attribute(column, &attributes[i]))
			return true;
	}
	return false;
}

/* True for a column that no item is without. */
static bool
is_never_null(PlannerInfo *root, RelOptInfo *base, Expr *operand)
{
	const RelationPlanning *planning = base->fdw_private;
	ConditionScope scope = {root, base, planning->relation};
	const ForeignColumn *column = condition_operand_column(&scope, operand);
	const KeySchema *keys;

	if (column == NULL || planning->relation->description == NULL)
		return false;
	keys = &planning->relation->description->keys;
	return is_key_attribute(column, keys->hash, keys->hash_count) ||
	       is_key_attribute(column, keys->range, keys->range_count);
}

/* True when the aggregate is the number of the table's rows, whatever is in them. */
static bool
counts_rows(PlannerInfo *root, RelOptInfo *base, const Aggref *aggregate)
{
	Expr *counted;

	if (aggregate->aggdistinct != NIL || aggregate->aggfilter != NULL || aggregate->aggorder != NIL)
		return false;
	if (aggregate->aggfnoid == F_COUNT_)
		return true;
	if (aggregate->aggfnoid != F_COUNT_ANY)
		return false;
	counted = linitial_node(TargetEntry, aggregate->args)->expr;
	if (IsA(counted, Const))
		return !((Const *) counted)->constisnull;
	return is_never_null(root, base, counted);
}

/*
 * The aggregates that the output and the conditions are made of, each once, if all are numbers of
 * rows; else NIL.
 */
static List *
find_counts(PlannerInfo *root, RelOptInfo *base, const PathTarget *output, List *having)
{
	List *expressions = list_concat_copy(output->exprs, having);
	List *counts = NIL;
	ListCell *cell;

	foreach (cell, pull_var_clause((Node *) expressions, PVC_INCLUDE_AGGREGATES |
	                                                         PVC_RECURSE_WINDOWFUNCS |
	                                                         PVC_INCLUDE_PLACEHOLDERS))
	{
		if (!IsA(lfirst(cell), Aggref) || !counts_rows(root, base, lfirst(cell)))
			return NIL;
		counts = list_append_unique(counts, lfirst(cell));
	}
	return counts;
}

/*
 * The access of a scan's path when nothing of the items but their number is needed; false when that
 * cannot be all: the service must decide every condition, and exactly.
 */
static bool
access_of_count(const RelOptInfo *base, const Path *path, Access *access)
{
	const RelationPlanning *planning = base->fdw_private;
	const List *private;
	ListCell *cell;

	if (!IsA(path, ForeignPath) || path->param_info != NULL || path->parallel_aware)
		return false;
	private = ((const ForeignPath *) path)->fdw_private;
	foreach (cell, base->baserestrictinfo)
	{
		if (!list_member_ptr(list_nth(private, PATH_PRIVATE_EXACT), lfirst(cell)))
			return false;
	}
	*access = *(const Access *) list_nth(private, PATH_PRIVATE_ACCESS);
	access->columns = NIL;
	access->keys_only = true;
	access->in_order = access->merged = access->backward = access->streams_backward = false;
	return access_is_count_only(access, planning->relation);
}

/* Adds the path that counts what a path of the scan reads. It costs the same, but for the rows. */
static void
add_count_path(PlannerInfo *root, const RelOptInfo *base, RelOptInfo *output, const Path *path,
               List *counts, List *having)
{
	const RelationPlanning *planning = base->fdw_private;
	Access *access = palloc(sizeof(*access));
	Cost of_rows = planning->relation->server_options->fdw_tuple_cost * path->rows;
	Cost total;
	ForeignPath *counting;

	if (!access_of_count(base, path, access))
		return;
	total = Max(path->total_cost - of_rows, path->startup_cost);
	counting =
	    CREATE_FOREIGN_UPPER_PATH(root, output, total, total, list_make3(access, counts, having));
	counting->path.parallel_safe = false;
	output->fdw_private = base->fdw_private;
	output->fdwroutine = &count_routine;
	add_path(output, (Path *) counting);
}

/* True when all that the query does with the rows of the one table is to aggregate them at once. */
static bool
aggregates_all_rows(const PlannerInfo *root, UpperRelationKind stage, const RelOptInfo *input,
                    const GroupPathExtraData *extra)
{
	const Query *query = root->parse;

	if (!is_planned_here(input) || query->groupClause != NIL || query->groupingSets != NIL)
		return false;
	if (stage == UPPERREL_PARTIAL_GROUP_AGG)
		return extra->patype == PARTITIONWISE_AGGREGATE_PARTIAL;
	return input->reloptkind == RELOPT_BASEREL && bms_equal(input->relids, root->all_baserels);
}

void
dynamodbGetForeignUpperPaths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
                             RelOptInfo *output, void *extra)
{
	List *having = NIL;
	List *counts;
	ListCell *cell;

	if ((stage != UPPERREL_GROUP_AGG && stage != UPPERREL_PARTIAL_GROUP_AGG) ||
	    !aggregates_all_rows(root, stage, input, extra))
		return;
	if (stage == UPPERREL_GROUP_AGG)
		having = (List *) ((GroupPathExtraData *) extra)->havingQual;
	counts = find_counts(root, input, output->reltarget, having);
	if (counts == NIL)
		return;
	foreach (cell, input->pathlist)
		add_count_path(root, input, output, lfirst(cell), counts, having);
}

static ForeignScan *
plan_count(PlannerInfo *root, RelOptInfo *output, Oid foreign_table_id, ForeignPath *best_path,
           List *target_list, List *scan_clauses, Plan *outer_plan)
{
	const RelationPlanning *planning = output->fdw_private;
	Access access = *(const Access *) list_nth(best_path->fdw_private, COUNT_PRIVATE_ACCESS);
	List *counts = list_nth(best_path->fdw_private, COUNT_PRIVATE_COUNTS);
	List *having = list_nth(best_path->fdw_private, COUNT_PRIVATE_HAVING);
	List *expressions = NIL;

	refuse_full_scan(planning->relation, &access);
	access.key_condition = template_number_values(access.key_condition, &expressions);
	access.filter = template_number_values(access.filter, &expressions);
	return make_foreignscan(target_list, having, 0, expressions,
	                        list_make1(access_to_list(&access)), add_to_flat_tlist(NIL, counts),
	                        NIL, NULL);
}

/* ---- execution ---- */

static TupleTableSlot *
give_count(ForeignScanState *node)
{
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	int64 count;

	ExecClearTuple(slot);
	if (!dynamodb_scan_count(node, &count))
		return slot;
	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
	{
		slot->tts_values[i] = Int64GetDatum(count);
		slot->tts_isnull[i] = false;
	}
	return ExecStoreVirtualTuple(slot);
}

/* The node names no relation, so this does. */
static void
explain_count(ForeignScanState *node, ExplainState *explain)
{
	Oid table = foreign_scan_table(node)->relid;
	char *schema = explain->verbose ? get_namespace_name(get_rel_namespace(table)) : NULL;
	const char *name = quote_qualified_identifier(schema, get_rel_name(table));

	ExplainPropertyText("Relations", psprintf("Aggregate on (%s)", name), explain);
	dynamodbExplainForeignScan(node, explain);
}

FdwRoutine count_routine = {
    .type = T_FdwRoutine,
    .GetForeignPlan = plan_count,
    .BeginForeignScan = dynamodbBeginForeignScan,
    .IterateForeignScan = give_count,
    .ReScanForeignScan = dynamodbReScanForeignScan,
    .EndForeignScan = dynamodbEndForeignScan,
    .ExplainForeignScan = explain_count,
    .IsForeignPathAsyncCapable = dynamodbIsForeignPathAsyncCapable,
    .ForeignAsyncRequest = dynamodbForeignAsyncRequest,
    .ForeignAsyncConfigureWait = dynamodbForeignAsyncConfigureWait,
    .ForeignAsyncNotify = dynamodbForeignAsyncNotify,
};
