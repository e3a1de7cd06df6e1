/*
 * direct_modify.c
 *		UPDATE and DELETE of items that are not read before.
 *
 * Keys and what else the conditions say are bound once, and one write is sent for each key, in
 * batches. Where a write's condition does not hold, the item comes with the refusal: it is looked
 * at as if it had been read, and if SQL finds that it is a row all the same, that is written as any
 * row that was read. Where values are such that DynamoDB cannot decide, all items are read.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/conditions/decided_conditions.h"
#include "postgres/memory.h"
#include "postgres/modify/direct_modify.h"
#include "postgres/modify/modify_planning.h"
#include "postgres/modify/table_writer.h"
#include "postgres/scan/access.h"
#include "postgres/scan/capacity.h"
#include "postgres/scan/row.h"

/* The values of keys and condition: a statement's constants and parameters, and what is made of
 * them. */
#define BOUND_VALUES_MAXIMUM ((Size) 256 * 1024 * 1024)

/* The items of one batch, of 400 KB each, as decoded values. */
#define BATCH_ITEMS_MAXIMUM ((Size) 1024 * 1024 * 1024)

/* One row that may be written. */
typedef struct DirectRow
{
	RowOutcome outcome;
	AnsweredItem answered;
	const DynamodbItem *key; /* of one that was not read */
	Datum *values;           /* of one that was read, as it is afterwards; else NULL */
	bool *nulls;
} DirectRow;

typedef struct DirectModification
{
	/* From the plan. */
	CmdType operation;
	const Access *access;
	List *condition; /* template */
	int value_count; /* of fdw_exprs; the assigned ones follow */
	List *returned;
	bool counts_rows;
	ExprState *key_condition; /* NULL: none */

	TableWriter *writer;
	RowReader *reader;          /* of what is read all the same */
	RowReader *returned_reader; /* of items that come back */
	TupleTableSlot *new_row;

	/* What is bound, once. */
	MemoryContext bound;
	bool begun;
	bool returns_rows;
	Datum *values; /* of fdw_exprs, but for the condition on keys */
	bool *nulls;
	AssignedColumns assigned;
	const Condition *sent_condition;
	DynamodbItem *keys;
	int key_count;
	int next_key;
	Fetch *fetch; /* NULL unless the items are read */

	/* The batch under way. */
	MemoryContext batch;
	Arena *items;
	DirectRow *rows;
	int row_count;
	int next_row; /* to be returned */
} DirectModification;

/* --- beginning -------------------------------------------------------------------------------- */

static void
take_plan(DirectModification *direct, const ForeignScan *plan)
{
	const List *members = plan->fdw_private;

	direct->operation = plan->operation;
	direct->access = access_from_list(list_nth_node(List, members, DIRECT_PRIVATE_ACCESS));
	direct->condition = list_nth(members, DIRECT_PRIVATE_CONDITION);
	direct->value_count = intVal(list_nth(members, DIRECT_PRIVATE_VALUE_COUNT));
	direct->assigned.columns = list_nth(members, DIRECT_PRIVATE_ASSIGNED);
	direct->returned = list_nth(members, DIRECT_PRIVATE_RETURNED);
	direct->counts_rows = boolVal(list_nth(members, DIRECT_PRIVATE_COUNTS_ROWS));
}

static void
prepare(DirectModification *direct, ForeignScanState *node)
{
	const ForeignScan *plan = (const ForeignScan *) node->ss.ps.plan;
	EState *statement = node->ss.ps.state;
	Relation relation = node->resultRelInfo->ri_RelationDesc;

	if (boolVal(list_nth(plan->fdw_private, DIRECT_PRIVATE_JUDGES_KEYS)))
		direct->key_condition = ExecInitExpr(llast(plan->fdw_exprs), &node->ss.ps);
	direct->writer =
	    table_writer_begin(statement, relation, foreign_target_user(node->resultRelInfo, statement),
	                       set_of_list(list_nth(plan->fdw_private, DIRECT_PRIVATE_LOOKED_AT)));
	direct->reader = row_reader_create(direct->writer->relation, direct->access->columns);
	direct->returned_reader = row_reader_create(direct->writer->relation, direct->returned);
	direct->new_row = ExecInitExtraTupleSlot(statement, RelationGetDescr(relation), &TTSOpsVirtual);
	direct->bound =
	    AllocSetContextCreate(CurrentMemoryContext, "DynamoDB keys", ALLOCSET_DEFAULT_SIZES);
	direct->batch =
	    AllocSetContextCreate(CurrentMemoryContext, "DynamoDB items", ALLOCSET_DEFAULT_SIZES);
}

void
dynamodbBeginDirectModify(ForeignScanState *node, int executor_flags)
{
	DirectModification *direct;

	/* Explaining must neither need credentials nor send anything. */
	if (executor_flags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	direct = palloc0_object(DirectModification);
	take_plan(direct, (const ForeignScan *) node->ss.ps.plan);
	prepare(direct, node);
	node->fdw_state = direct;
}

/* --- binding ---------------------------------------------------------------------------------- */

/* The values of keys and condition, then those that are assigned. */
static void
evaluate_values(DirectModification *direct, ForeignScanState *node)
{
	List *expressions = ((const ForeignScan *) node->ss.ps.plan)->fdw_exprs;
	int count = direct->value_count + list_length(direct->assigned.columns);

	direct->values = palloc_array(Datum, Max(count, 1));
	direct->nulls = palloc_array(bool, Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		Expr *expression = list_nth(expressions, i);
		int16 length;
		bool by_value;

		get_typlenbyval(exprType((Node *) expression), &length, &by_value);
		direct->values[i] = ExecEvalExpr(ExecInitExpr(expression, &node->ss.ps),
		                                 node->ss.ps.ps_ExprContext, &direct->nulls[i]);
		if (!direct->nulls[i])
			direct->values[i] = datumCopy(direct->values[i], by_value, length);
	}
	direct->assigned.values = direct->values + direct->value_count;
	direct->assigned.nulls = direct->nulls + direct->value_count;
}

/* Reads what the conditions say of keys, as the scan would have done. */
static void
begin_reading(DirectModification *direct, const Binding *binding, EState *statement)
{
	const ForeignRelation *relation = direct->writer->relation;
	BoundAccess *bound = access_bind(direct->access, relation, binding->arena, direct->values,
	                                 direct->nulls, direct->value_count);

	if (bound->no_rows)
		return;
	bound->plan.names = &direct->reader->names;
	bound->plan.statement_units = capacity_sum_of_statement(statement, relation->server_id);
	direct->fetch = fetch_open(relation->client, &bound->plan);
}

/* Without keys and without a fetch there are no rows. */
static void
bind(DirectModification *direct, const Binding *binding, EState *statement)
{
	KeyDemand keys = key_bind(binding, &binding->relation->description->keys,
	                          direct->access->key_condition, true);
	Decision decision = decided_bind(binding, direct->condition, &direct->sent_condition);

	if (keys.never || decision == DECIDED_NEVER)
		return;
	if (decision == DECIDED_BY_READING || keys.keys == NULL ||
	    !row_can_assign(direct->writer->rows, &direct->assigned))
	{
		begin_reading(direct, binding, statement);
		return;
	}
	direct->keys = keys.keys;
	direct->key_count = keys.key_count;
	for (int i = 0; i < direct->key_count; i++)
		row_reader_assign_slots(direct->reader, &direct->keys[i]);
}

static void
begin_modifying(DirectModification *direct, ForeignScanState *node)
{
	MemoryContext caller = MemoryContextSwitchTo(direct->bound);
	Binding binding = {
	    .relation = direct->writer->relation,
	    .arena = memory_context_arena(direct->bound, ARENA_PLAIN, BOUND_VALUES_MAXIMUM),
	    .every_key = true,
	};

	direct->begun = true;
	direct->returns_rows = node->resultRelInfo->ri_projectReturning != NULL;
	evaluate_values(direct, node);
	binding.values = direct->values;
	binding.nulls = direct->nulls;
	binding.value_count = direct->value_count;
	bind(direct, &binding, node->ss.ps.state);
	MemoryContextSwitchTo(caller);
}

/* --- rows that are looked at ------------------------------------------------------------------ */

/* Shows the values to the executor, as the row that expressions look at. */
static void
show_row(ForeignScanState *node, const Datum *values, const bool *nulls)
{
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	int count = slot->tts_tupleDescriptor->natts;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, values, sizeof(*values) * count);
	memcpy(slot->tts_isnull, nulls, sizeof(*nulls) * count);
	ExecStoreVirtualTuple(slot);
	/* From 18 on, the executor leaves to us what RETURNING shows as tableoid. */
	slot->tts_tableOid = RelationGetRelid(node->ss.ss_currentRelation);
	node->ss.ps.ps_ExprContext->ecxt_scantuple = slot;
}

/* Reads an item in the batch's memory. */
static void
read_item(DirectModification *direct, RowReader *reader, const DynamodbItem *item, DirectRow *row)
{
	MemoryContext caller = MemoryContextSwitchTo(direct->batch);
	int count = Max(direct->writer->relation->column_count, 1);

	row->values = palloc_array(Datum, count);
	row->nulls = palloc_array(bool, count);
	report_place_enter(&reader->place);
	row_read(reader, item, row->values, row->nulls);
	report_place_leave(&reader->place);
	MemoryContextSwitchTo(caller);
}

static void
assign(const DirectModification *direct, DirectRow *row)
{
	ListCell *cell;

	foreach (cell, direct->assigned.columns)
	{
		int i = foreach_current_index(cell);

		row->values[lfirst_int(cell) - 1] = direct->assigned.values[i];
		row->nulls[lfirst_int(cell) - 1] = direct->assigned.nulls[i];
	}
}

/* Writes a row that was read, which is then what it is afterwards. */
static void
write_read_row(DirectModification *direct, DirectRow *row)
{
	TupleDesc descriptor = direct->new_row->tts_tupleDescriptor;
	MemoryContext caller = MemoryContextSwitchTo(direct->batch);
	HeapTuple old = heap_form_tuple(descriptor, row->values, row->nulls);

	MemoryContextSwitchTo(caller);
	if (direct->operation == CMD_DELETE)
		table_writer_delete(direct->writer, old->t_data);
	else
	{
		assign(direct, row);
		ExecClearTuple(direct->new_row);
		memcpy(direct->new_row->tts_values, row->values, sizeof(Datum) * descriptor->natts);
		memcpy(direct->new_row->tts_isnull, row->nulls, sizeof(bool) * descriptor->natts);
		table_writer_update(direct->writer, old->t_data, ExecStoreVirtualTuple(direct->new_row));
	}
	/* Or else the writer will raise an error. */
	row->outcome = ROW_STORED;
}

/* Writes the item if it is a row for which all conditions are true. */
static void
write_if_row(DirectModification *direct, ForeignScanState *node, const DynamodbItem *item,
             DirectRow *row)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;

	read_item(direct, direct->reader, item, row);
	show_row(node, row->values, row->nulls);
	if (ExecQual(node->fdw_recheck_quals, econtext))
		write_read_row(direct, row);
	ResetExprContext(econtext);
}

/* --- batches ---------------------------------------------------------------------------------- */

static void
begin_batch(DirectModification *direct)
{
	int size = direct->writer->relation->options->batch_size;

	MemoryContextReset(direct->batch);
	direct->items = memory_context_arena(direct->batch, ARENA_PLAIN, BATCH_ITEMS_MAXIMUM);
	direct->rows = MemoryContextAllocZero(direct->batch, sizeof(DirectRow) * size);
	direct->row_count = 0;
	direct->next_row = 0;
}

static bool
batch_is_full(const DirectModification *direct)
{
	return direct->row_count == direct->writer->relation->options->batch_size;
}

/* True when all conditions on keys alone are true. */
static bool
key_is_meant(DirectModification *direct, ForeignScanState *node, const DynamodbItem *key)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	DirectRow row = {0};
	bool is_null;
	bool is_meant;

	if (direct->key_condition == NULL)
		return true;
	read_item(direct, direct->reader, key, &row);
	show_row(node, row.values, row.nulls);
	is_meant = DatumGetBool(ExecEvalExprSwitchContext(direct->key_condition, econtext, &is_null));
	ResetExprContext(econtext);
	return is_meant && !is_null;
}

static void
write_key(DirectModification *direct, const DynamodbItem *key)
{
	DirectRow *row = &direct->rows[direct->row_count++];
	DirectWrite write = {
	    .kind = direct->operation == CMD_UPDATE ? ROW_UPDATE : ROW_DELETE,
	    .key = *key,
	    .condition = direct->sent_condition,
	    .assigned = &direct->assigned,
	    .answered = &row->answered,
	    .returns_item = direct->operation == CMD_UPDATE && direct->returned != NIL,
	};

	row->key = key;
	row->answered.arena = direct->items;
	table_writer_write_direct(direct->writer, &write, &row->outcome);
}

/* One write for each key; then the items for which the condition does not hold are looked at. */
static void
write_keys(DirectModification *direct, ForeignScanState *node)
{
	while (direct->next_key < direct->key_count && !batch_is_full(direct))
	{
		const DynamodbItem *key = &direct->keys[direct->next_key++];

		if (key_is_meant(direct, node, key))
			write_key(direct, key);
	}
	table_writer_settle(direct->writer);
	for (int i = 0; i < direct->row_count; i++)
	{
		DirectRow *row = &direct->rows[i];

		if (row->outcome != ROW_DIFFERS)
			continue;
		row_reader_assign_slots(direct->reader, row->answered.item);
		write_if_row(direct, node, row->answered.item, row);
	}
}

/* What reading has cost is part of what writing costs. */
static void
end_reading(DirectModification *direct)
{
	FetchCounters counters = fetch_counters(direct->fetch);

	direct->writer->counters.requests += counters.requests;
	direct->writer->counters.retries += counters.retries;
	direct->writer->counters.capacity_units += counters.capacity_units;
	fetch_close(direct->fetch);
	direct->fetch = NULL;
}

/* Reads items, and writes those that are rows. */
static void
write_fetched(DirectModification *direct, ForeignScanState *node)
{
	while (!batch_is_full(direct))
	{
		const DynamodbItem *item = fetch_next(direct->fetch);

		if (item == NULL)
		{
			end_reading(direct);
			return;
		}
		write_if_row(direct, node, item, &direct->rows[direct->row_count++]);
	}
}

/* Writes the next batch of rows; false when there are no more. */
static bool
write_batch(DirectModification *direct, ForeignScanState *node)
{
	if (!direct->begun)
		begin_modifying(direct, node);
	begin_batch(direct);
	if (direct->fetch != NULL)
		write_fetched(direct, node);
	else
		write_keys(direct, node);
	table_writer_settle(direct->writer);
	return direct->row_count > 0;
}

/* --- answers to the executor ------------------------------------------------------------------ */

static void
count_row(const DirectModification *direct, ForeignScanState *node)
{
	if (direct->counts_rows)
		node->ss.ps.state->es_processed++;
	if (!direct->returns_rows && node->ss.ps.instrument != NULL)
		node->ss.ps.instrument->tuplecount++;
}

/* The next row that was written; NULL at the end of all. */
static DirectRow *
next_row(DirectModification *direct, ForeignScanState *node)
{
	do
	{
		while (direct->next_row < direct->row_count)
		{
			DirectRow *row = &direct->rows[direct->next_row++];

			if (row->outcome == ROW_STORED)
				return row;
		}
	} while (write_batch(direct, node));
	return NULL;
}

/* Puts the row as it is afterwards, or when it is deleted its key, to where RETURNING looks at it.
 */
static TupleTableSlot *
return_row(DirectModification *direct, ForeignScanState *node, DirectRow *row)
{
	DynamodbItem *item = row->answered.item;

	if (row->values == NULL && direct->operation == CMD_DELETE)
		read_item(direct, direct->returned_reader, row->key, row);
	else if (row->values == NULL)
	{
		if (item == NULL && direct->returned != NIL)
			elog(ERROR, "UpdateItem has returned no item");
		if (item != NULL)
			row_reader_assign_slots(direct->returned_reader, item);
		read_item(direct, direct->returned_reader, item == NULL ? row->key : item, row);
		assign(direct, row);
	}
	show_row(node, row->values, row->nulls);
	node->resultRelInfo->ri_projectReturning->pi_exprContext->ecxt_scantuple =
	    node->ss.ss_ScanTupleSlot;
	return node->ss.ss_ScanTupleSlot;
}

TupleTableSlot *
dynamodbIterateDirectModify(ForeignScanState *node)
{
	DirectModification *direct = node->fdw_state;
	MemoryContext caller = MemoryContextSwitchTo(node->ss.ps.ps_ExprContext->ecxt_per_query_memory);
	DirectRow *row;

	while ((row = next_row(direct, node)) != NULL)
	{
		count_row(direct, node);
		if (direct->returns_rows)
			break;
	}
	MemoryContextSwitchTo(caller);
	if (row == NULL)
		return ExecClearTuple(node->ss.ss_ScanTupleSlot);
	return return_row(direct, node, row);
}

/* --- ending ----------------------------------------------------------------------------------- */

TableWriter *
direct_modification_writer(const ForeignScanState *node)
{
	const DirectModification *direct = node->fdw_state;

	return direct == NULL ? NULL : direct->writer;
}

void
dynamodbEndDirectModify(ForeignScanState *node)
{
	DirectModification *direct = node->fdw_state;

	if (direct == NULL)
		return;
	if (direct->fetch != NULL)
		fetch_close(direct->fetch);
	table_writer_end(direct->writer);
}
