/*
 * modify.c
 *		The executor's side of INSERT, UPDATE, DELETE and COPY FROM: from its slots to the table's
 *		writer.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "foreign/foreign.h"
#include "nodes/plannodes.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/modify/modify.h"
#include "postgres/modify/modify_planning.h"
#include "postgres/modify/rows_met.h"
#include "postgres/modify/table_writer.h"
#include "postgres/options/options.h"

/* One foreign table that a statement changes. */
typedef struct Modification
{
	TableWriter *writer;
	bool skips_duplicates; /* ON CONFLICT DO NOTHING */
	RowsMet *met;          /* of an UPDATE or DELETE that may meet a row twice; else NULL */
	RowOutcome *outcomes;  /* room for a batch; made when needed */
	int outcome_count;
} Modification;

/* The table's own options, its server's where it has none. palloc'd. */
static TableOptions *
options_of_relation(Relation relation)
{
	ForeignTable *table = GetForeignTable(RelationGetRelid(relation));

	return options_of_table(table, options_of_server(GetForeignServer(table->serverid)));
}

int
dynamodbIsForeignRelUpdatable(Relation relation)
{
	if (!options_of_relation(relation)->updatable)
		return 0;
	return (1 << CMD_INSERT) | (1 << CMD_UPDATE) | (1 << CMD_DELETE);
}

/* --- beginning -------------------------------------------------------------------------------- */

/* Numbers of the columns that the command sets. */
static Bitmapset *
assigned_columns(EState *statement, ResultRelInfo *target)
{
	Bitmapset *attributes = ExecGetUpdatedCols(target, statement);
	Bitmapset *columns = NULL;
	int attribute = -1;

	while ((attribute = bms_next_member(attributes, attribute)) >= 0)
		columns = bms_add_member(columns, attribute + FirstLowInvalidHeapAttributeNumber);
	return columns;
}

static Modification *
begin(EState *statement, ResultRelInfo *target, const Bitmapset *read_columns)
{
	Modification *modification = palloc0_object(Modification);

	modification->writer = table_writer_begin(statement, target->ri_RelationDesc,
	                                          foreign_target_user(target, statement), read_columns);
	row_writer_note_assigned(modification->writer->rows, assigned_columns(statement, target));
	return modification;
}

/* True when the rows to change come from a scan of the table alone, which gives each once. */
static bool
meets_rows_once(const ModifyTableState *node)
{
	return IsA(outerPlanState(node), ForeignScanState);
}

static bool
skips_duplicates(const ModifyTableState *node)
{
	const ModifyTable *plan = (const ModifyTable *) node->ps.plan;

	return plan != NULL && plan->onConflictAction == ONCONFLICT_NOTHING;
}

void
dynamodbBeginForeignModify(ModifyTableState *node, ResultRelInfo *target, List *fdw_private,
                           int subplan_index, int executor_flags)
{
	List *read_columns = list_nth(fdw_private, MODIFY_PRIVATE_READ_COLUMNS);
	Modification *modification;

	/* Explaining must neither need credentials nor send anything. */
	if (executor_flags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	modification = begin(node->ps.state, target, set_of_list(read_columns));
	modification->skips_duplicates = skips_duplicates(node);
	if (node->operation != CMD_INSERT && !meets_rows_once(node))
		modification->met = rows_met_create();
	target->ri_FdwState = modification;
}

/* COPY FROM, and rows routed to a partition. */
void
dynamodbBeginForeignInsert(ModifyTableState *node, ResultRelInfo *target)
{
	Modification *modification;

	if (target->ri_FdwState != NULL)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("cannot route tuples into foreign table to be updated \"%s\"",
		                       RelationGetRelationName(target->ri_RelationDesc))));
	modification = begin(node->ps.state, target, NULL);
	modification->skips_duplicates = skips_duplicates(node);
	target->ri_FdwState = modification;
}

/* --- rows ------------------------------------------------------------------------------------- */

/* The row must belong to the partition, which nothing else checks for a foreign one. */
static void
check_partition(EState *statement, ResultRelInfo *target, TupleTableSlot *slot)
{
	if (target->ri_RelationDesc->rd_rel->relispartition)
		(void) ExecPartitionCheck(target, slot, statement, true);
}

/*
 * The executor checks the options of views after the row was written, which could not be undone
 * then; so they are checked here, too.
 */
static void
check_view(EState *statement, ResultRelInfo *target, TupleTableSlot *slot)
{
	if (target->ri_WithCheckOptions != NIL)
		ExecWithCheckOptions(WCO_VIEW_CHECK, target, slot, statement);
}

/* A row that was routed belongs to it, unless a trigger has changed it since. */
static bool
was_routed(const ResultRelInfo *target)
{
	return target->ri_RootResultRelInfo != NULL &&
	       (target->ri_TrigDesc == NULL || !target->ri_TrigDesc->trig_insert_before_row);
}

TupleTableSlot *
dynamodbExecForeignInsert(EState *statement, ResultRelInfo *target, TupleTableSlot *slot,
                          TupleTableSlot *plan_slot)
{
	Modification *modification = target->ri_FdwState;
	RowOutcome outcome;

	if (!was_routed(target))
		check_partition(statement, target, slot);
	check_view(statement, target, slot);
	if (!modification->skips_duplicates)
	{
		table_writer_insert(modification->writer, slot, NULL);
		return slot;
	}
	table_writer_insert(modification->writer, slot, &outcome);
	table_writer_settle(modification->writer);
	return outcome == ROW_STORED ? slot : NULL;
}

static RowOutcome *
outcomes_for(Modification *modification, EState *statement, int count)
{
	if (modification->outcome_count < count)
	{
		modification->outcomes =
		    MemoryContextAlloc(statement->es_query_cxt, count * sizeof(RowOutcome));
		modification->outcome_count = count;
	}
	return modification->outcomes;
}

/* Writes the batch and leaves in `slots` those of the rows that were stored. */
static void
insert_new_rows(Modification *modification, EState *statement, TupleTableSlot **slots,
                int *slot_count)
{
	RowOutcome *outcomes = outcomes_for(modification, statement, *slot_count);
	int stored = 0;

	for (int i = 0; i < *slot_count; i++)
		table_writer_insert(modification->writer, slots[i], &outcomes[i]);
	table_writer_settle(modification->writer);
	for (int i = 0; i < *slot_count; i++)
	{
		if (outcomes[i] == ROW_STORED)
			slots[stored++] = slots[i];
	}
	*slot_count = stored;
}

TupleTableSlot **
dynamodbExecForeignBatchInsert(EState *statement, ResultRelInfo *target, TupleTableSlot **slots,
                               TupleTableSlot **plan_slots, int *slot_count)
{
	Modification *modification = target->ri_FdwState;

	for (int i = 0; i < *slot_count && !was_routed(target); i++)
		check_partition(statement, target, slots[i]);
	if (modification->skips_duplicates)
	{
		TupleTableSlot **stored = palloc_array(TupleTableSlot *, *slot_count);

		/* The executor keeps its own array for the next batch. */
		memcpy(stored, slots, *slot_count * sizeof(*slots));
		insert_new_rows(modification, statement, stored, slot_count);
		return stored;
	}
	for (int i = 0; i < *slot_count; i++)
		table_writer_insert(modification->writer, slots[i], NULL);
	return slots;
}

/* True when the executor must have each row by itself, at once. */
static bool
needs_single_rows(const ResultRelInfo *target)
{
	const TriggerDesc *triggers = target->ri_TrigDesc;

	return target->ri_projectReturning != NULL || target->ri_WithCheckOptions != NIL ||
	       (triggers != NULL &&
	        (triggers->trig_insert_before_row || triggers->trig_insert_after_row));
}

/*
 * Where nothing is sent there is no use in a batch, unless it is looked up whether its rows are
 * there; and functions that the statement calls see the rows before the one they are called for.
 */
static bool
gains_nothing_by_batches(const ResultRelInfo *target, const TableOptions *options)
{
	const Modification *modification = target->ri_FdwState;

	return options->write_mode == WRITE_MODE_TRANSACTION && modification != NULL &&
	       !modification->skips_duplicates;
}

int
dynamodbGetForeignModifyBatchSize(ResultRelInfo *target)
{
	const TableOptions *options = options_of_relation(target->ri_RelationDesc);

	if (needs_single_rows(target) || gains_nothing_by_batches(target, options))
		return 1;
	return options->batch_size;
}

/* The row as the scan has read it; borrowed from the slot. */
static HeapTupleHeader
old_row(const ResultRelInfo *target, TupleTableSlot *plan_slot)
{
	bool is_null;
	Datum row = ExecGetJunkAttribute(plan_slot, target->ri_RowIdAttNo, &is_null);

	if (is_null)
		elog(ERROR, "old row of foreign table \"%s\" is missing",
		     RelationGetRelationName(target->ri_RelationDesc));
	return DatumGetHeapTupleHeader(row);
}

/* False for a row that the statement has changed before: SQL changes each once. */
static bool
is_met_first(Modification *modification, HeapTupleHeader old)
{
	return modification->met == NULL ||
	       rows_met_add(modification->met, modification->writer->rows, old);
}

TupleTableSlot *
dynamodbExecForeignUpdate(EState *statement, ResultRelInfo *target, TupleTableSlot *slot,
                          TupleTableSlot *plan_slot)
{
	Modification *modification = target->ri_FdwState;
	HeapTupleHeader old = old_row(target, plan_slot);

	if (!is_met_first(modification, old))
		return NULL;
	check_partition(statement, target, slot);
	check_view(statement, target, slot);
	table_writer_update(modification->writer, old, slot);
	return slot;
}

/* Puts a copy of the old row, which the slot then owns, into the slot, for RETURNING. */
static void
store_old_row(HeapTupleHeader old, TupleTableSlot *slot)
{
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(old), .t_data = old};
	MemoryContext caller = MemoryContextSwitchTo(slot->tts_mcxt);

	ItemPointerSetInvalid(&tuple.t_self);
	ExecForceStoreHeapTuple(heap_copytuple(&tuple), slot, true);
	MemoryContextSwitchTo(caller);
}

TupleTableSlot *
dynamodbExecForeignDelete(EState *statement, ResultRelInfo *target, TupleTableSlot *slot,
                          TupleTableSlot *plan_slot)
{
	Modification *modification = target->ri_FdwState;
	HeapTupleHeader old = old_row(target, plan_slot);

	if (!is_met_first(modification, old))
		return NULL;
	table_writer_delete(modification->writer, old);
	if (target->ri_projectReturning != NULL)
		store_old_row(old, slot);
	return slot;
}

TableWriter *
modification_writer(const ResultRelInfo *target)
{
	const Modification *modification = target->ri_FdwState;

	return modification == NULL ? NULL : modification->writer;
}

/* --- ending ----------------------------------------------------------------------------------- */

static void
end(ResultRelInfo *target)
{
	Modification *modification = target->ri_FdwState;

	target->ri_FdwState = NULL;
	if (modification != NULL)
		table_writer_end(modification->writer);
}

void
dynamodbEndForeignModify(EState *statement, ResultRelInfo *target)
{
	end(target);
}

void
dynamodbEndForeignInsert(EState *statement, ResultRelInfo *target)
{
	end(target);
}
