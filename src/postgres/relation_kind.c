/*
 * relation_kind.c
 *		From the wrapper's callbacks to those of the kind that a foreign table is of.
 *
 * The functions here are the ones that PostgreSQL finds by the relation. What planning and
 * execution keep of a relation (RelOptInfo, ForeignScanState, ResultRelInfo) carries its callbacks
 * along: it gets the kind's own as soon as it is first shown to us.
 */
#include "postgres.h"

#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/options/options.h"
#include "postgres/relation_kind.h"

static FdwRoutine *const routines[] = {
    [RELATION_IS_TABLE] = &table_routine,
    [RELATION_IS_STREAM] = &stream_routine,
    [RELATION_IS_QUEUE] = &queue_routine,
};

FdwRoutine *
routine_of_relation(Oid relation_id)
{
	return routines[relation_kind(relation_id)];
}

/* ---- planning ---- */

static bool
is_parallel_safe(PlannerInfo *root, RelOptInfo *base, RangeTblEntry *entry)
{
	const FdwRoutine *routine = routine_of_relation(entry->relid);

	return routine->IsForeignScanParallelSafe != NULL &&
	       routine->IsForeignScanParallelSafe(root, base, entry);
}

static void
get_relation_size(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id)
{
	base->fdwroutine = routine_of_relation(foreign_table_id);
	base->fdwroutine->GetForeignRelSize(root, base, foreign_table_id);
}

static int
is_updatable(Relation relation)
{
	return routine_of_relation(RelationGetRelid(relation))->IsForeignRelUpdatable(relation);
}

static void
add_update_targets(PlannerInfo *root, Index rtindex, RangeTblEntry *target_rte, Relation target)
{
	routine_of_relation(RelationGetRelid(target))
	    ->AddForeignUpdateTargets(root, rtindex, target_rte, target);
}

static List *
plan_modification(PlannerInfo *root, ModifyTable *plan, Index result_relation, int subplan_index)
{
	return routine_of_relation(planner_rt_fetch(result_relation, root)->relid)
	    ->PlanForeignModify(root, plan, result_relation, subplan_index);
}

/* ---- execution ---- */

/* What scans no relation of its own is a count of a table's rows. */
static void
begin_scan(ForeignScanState *node, int executor_flags)
{
	node->fdwroutine = node->ss.ss_currentRelation == NULL
	                       ? &count_routine
	                       : routine_of_relation(RelationGetRelid(node->ss.ss_currentRelation));
	node->fdwroutine->BeginForeignScan(node, executor_flags);
}

static void
begin_direct_modification(ForeignScanState *node, int executor_flags)
{
	node->fdwroutine = routine_of_relation(RelationGetRelid(node->ss.ss_currentRelation));
	node->fdwroutine->BeginDirectModify(node, executor_flags);
}

static void
begin_modification(ModifyTableState *node, ResultRelInfo *target, List *fdw_private,
                   int subplan_index, int executor_flags)
{
	target->ri_FdwRoutine = routine_of_relation(RelationGetRelid(target->ri_RelationDesc));
	target->ri_FdwRoutine->BeginForeignModify(node, target, fdw_private, subplan_index,
	                                          executor_flags);
}

static void
begin_insertion(ModifyTableState *node, ResultRelInfo *target)
{
	target->ri_FdwRoutine = routine_of_relation(RelationGetRelid(target->ri_RelationDesc));
	target->ri_FdwRoutine->BeginForeignInsert(node, target);
}

/* ---- which relations are ours ---- */

bool
relation_is_ours(Oid relation_id)
{
	return get_rel_relkind(relation_id) == RELKIND_FOREIGN_TABLE &&
	       GetFdwRoutineByRelId(relation_id)->GetForeignRelSize == get_relation_size;
}

void
require_dynamodb_table(Oid relation_id)
{
	const char *name = get_rel_name(relation_id);
	RelationKind kind;

	if (name == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
		                errmsg("relation with OID %u does not exist", relation_id)));
	if (!relation_is_ours(relation_id))
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		                errmsg("\"%s\" is not a foreign table of dynamodb_kms_fdw", name)));
	kind = relation_kind(relation_id);
	if (kind != RELATION_IS_TABLE)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		                errmsg("foreign table \"%s\" is not a DynamoDB table", name),
		                kind == RELATION_IS_STREAM
		                    ? errdetail("It is the change stream of a DynamoDB table.")
		                    : errdetail("It is a queue of Amazon SQS.")));
}

/* ---- commands ---- */

/* Relations of one server may be of several kinds: each kind that can truncate gets its own. */
static void
truncate_relations(List *relations, DropBehavior behavior, bool restart_sequences)
{
	ListCell *cell;

	for (size_t kind = 0; kind < lengthof(routines); kind++)
	{
		List *of_kind = NIL;

		foreach (cell, relations)
		{
			if (routine_of_relation(RelationGetRelid((Relation) lfirst(cell))) == routines[kind])
				of_kind = lappend(of_kind, lfirst(cell));
		}
		if (of_kind != NIL)
			routines[kind]->ExecForeignTruncate(of_kind, behavior, restart_sequences);
	}
}

static bool
analyze_relation(Relation relation, AcquireSampleRowsFunc *sample_rows, BlockNumber *total_pages)
{
	const FdwRoutine *routine = routine_of_relation(RelationGetRelid(relation));

	return routine->AnalyzeForeignTable(relation, sample_rows, total_pages);
}

/* Each kind has a remote schema of its own; of others the table's says that they do not exist. */
static List *
import_schema(ImportForeignSchemaStmt *statement, Oid server_id)
{
	bool queues = strcmp(statement->remote_schema, "sqs") == 0;
	const FdwRoutine *routine = routines[queues ? RELATION_IS_QUEUE : RELATION_IS_TABLE];

	return routine->ImportForeignSchema(statement, server_id);
}

/* What is not found by a relation, or only by what carries the kind's callbacks, is the table's. */
void
fill_routine_of_wrapper(FdwRoutine *routine)
{
	*routine = table_routine;
	routine->GetForeignRelSize = get_relation_size;
	routine->IsForeignScanParallelSafe = is_parallel_safe;
	routine->IsForeignRelUpdatable = is_updatable;
	routine->AddForeignUpdateTargets = add_update_targets;
	routine->PlanForeignModify = plan_modification;
	routine->BeginForeignScan = begin_scan;
	routine->BeginDirectModify = begin_direct_modification;
	routine->BeginForeignModify = begin_modification;
	routine->BeginForeignInsert = begin_insertion;
	routine->ExecForeignTruncate = truncate_relations;
	routine->AnalyzeForeignTable = analyze_relation;
	routine->ImportForeignSchema = import_schema;
}
