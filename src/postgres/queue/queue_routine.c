/*
 * queue_routine.c
 *		The callbacks of foreign tables that are queues of SQS.
 */
#include "postgres.h"

#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/queue/queue.h"
#include "postgres/relation_kind.h"

/* SQS can empty a queue, but neither at a commit nor exactly once in a minute. */
static void
refuse_truncate(List *relations, DropBehavior behavior, bool restart_sequences)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
	                errmsg("TRUNCATE is not supported for queue \"%s\"",
	                       RelationGetRelationName((Relation) linitial(relations))),
	                errhint("DELETE receives its messages and deletes them.")));
}

/* To sample a queue would be to receive from it; how many messages it has is asked when planning.
 */
static bool
refuse_analyze(Relation relation, AcquireSampleRowsFunc *sample_rows, BlockNumber *total_pages)
{
	return false;
}

FdwRoutine queue_routine = {
    .type = T_FdwRoutine,
    .GetForeignRelSize = queueGetForeignRelSize,
    .GetForeignPaths = queueGetForeignPaths,
    .GetForeignPlan = queueGetForeignPlan,
    .BeginForeignScan = queueBeginForeignScan,
    .IterateForeignScan = queueIterateForeignScan,
    .ReScanForeignScan = queueReScanForeignScan,
    .EndForeignScan = queueEndForeignScan,
    .ExplainForeignScan = queueExplainForeignScan,
    .IsForeignRelUpdatable = queueIsForeignRelUpdatable,
    .AddForeignUpdateTargets = queueAddForeignUpdateTargets,
    .PlanForeignModify = queuePlanForeignModify,
    .BeginForeignModify = queueBeginForeignModify,
    .ExecForeignInsert = queueExecForeignInsert,
    .ExecForeignBatchInsert = queueExecForeignBatchInsert,
    .GetForeignModifyBatchSize = queueGetForeignModifyBatchSize,
    .ExecForeignDelete = queueExecForeignDelete,
    .EndForeignModify = queueEndForeignModify,
    .BeginForeignInsert = queueBeginForeignInsert,
    .EndForeignInsert = queueEndForeignModify,
    .ExplainForeignModify = queueExplainForeignModify,
    .ExecForeignTruncate = refuse_truncate,
    .AnalyzeForeignTable = refuse_analyze,
    .ImportForeignSchema = queueImportForeignSchema,
};
