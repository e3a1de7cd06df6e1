/*
 * stream_routine.c
 *		The callbacks of foreign tables that are change streams.
 */
#include "postgres.h"

#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/options/options.h"
#include "postgres/relation_kind.h"
#include "postgres/stream/stream.h"

/* What happened cannot be changed. */
static int
is_updatable(Relation relation)
{
	return 0;
}

static void
refuse_change(Oid relation_id)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
	                errmsg("cannot write to foreign table \"%s\"", get_rel_name(relation_id)),
	                errdetail("It is the change stream of DynamoDB table \"%s\".",
	                          options_of_relation_id(relation_id)->stream_of)));
}

static void
refuse_update(PlannerInfo *root, Index rtindex, RangeTblEntry *target_rte, Relation target)
{
	refuse_change(RelationGetRelid(target));
}

static List *
refuse_modification(PlannerInfo *root, ModifyTable *plan, Index result_relation, int subplan_index)
{
	refuse_change(planner_rt_fetch(result_relation, root)->relid);
	return NIL;
}

static void
refuse_truncate(List *relations, DropBehavior behavior, bool restart_sequences)
{
	refuse_change(RelationGetRelid((Relation) linitial(relations)));
}

/* A sample would be of the oldest changes alone. */
static bool
refuse_analyze(Relation relation, AcquireSampleRowsFunc *sample_rows, BlockNumber *total_pages)
{
	return false;
}

FdwRoutine stream_routine = {
    .type = T_FdwRoutine,
    .GetForeignRelSize = streamGetForeignRelSize,
    .GetForeignPaths = streamGetForeignPaths,
    .GetForeignPlan = streamGetForeignPlan,
    .BeginForeignScan = streamBeginForeignScan,
    .IterateForeignScan = streamIterateForeignScan,
    .ReScanForeignScan = streamReScanForeignScan,
    .EndForeignScan = streamEndForeignScan,
    .ExplainForeignScan = streamExplainForeignScan,
    .IsForeignRelUpdatable = is_updatable,
    .AddForeignUpdateTargets = refuse_update,
    .PlanForeignModify = refuse_modification,
    .ExecForeignTruncate = refuse_truncate,
    .AnalyzeForeignTable = refuse_analyze,
};
