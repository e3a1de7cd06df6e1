/*
 * queue_scan.c
 *		The executor's side of a scan of a queue: from messages to rows in a slot.
 *
 * A message is received once, so its row is kept for when the scan is run again. Conditions are
 * checked here, and not by the executor above, because it matters which rows pass them: a message
 * whose row does not is put back.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "postgres/compat.h"

#include "postgres/queue/queue.h"
#include "postgres/queue/queue_message.h"
#include "postgres/report.h"

typedef struct QueueScan
{
	QueueRelation *relation;
	QueueReceiver *receiver;
	ExprState *conditions; /* NULL: none */
	bool conditions_vary;  /* they have parameters, so each run may want other rows */
	bool is_deletion;

	Tuplestorestate *rows; /* made with the first; those that a later run may want */
	TupleTableSlot *stored;
	uint32 *numbers; /* of their receipts */
	int row_count;
	int row_capacity;
	int next;     /* of the rows kept, to be handed out; row_count: receive more */
	bool is_over; /* there are no more messages */

	MemoryContext row; /* the values of the slot's row */
	int64 returned;
} QueueScan;

void
queue_row_id(uint32 number, ItemPointer id)
{
	ItemPointerSet(id, number, FirstOffsetNumber);
}

uint32
queue_receipt_of_row(ItemPointer id)
{
	return ItemPointerGetBlockNumber(id);
}

/* ---- beginning ---- */

/* Without time of its own a message would be everybody's while it waits to be deleted. */
static void
check_deletion(const QueueRelation *relation)
{
	if (queue_visibility_seconds(relation) > 0)
		return;
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	                errmsg("cannot delete from queue \"%s\"", queue_relation_queue_name(relation)),
	                errdetail("The visibility timeout of its messages is zero."),
	                errhint("Set the option \"visibility_timeout\" of the foreign table.")));
}

/* The executor above is left without conditions: those that it shows are the plan's. */
static void
take_conditions(QueueScan *scan, ForeignScanState *node)
{
	scan->conditions = node->ss.ps.qual;
	scan->conditions_vary = scan->conditions != NULL && !bms_is_empty(node->ss.ps.plan->allParam);
	node->ss.ps.qual = NULL;
}

void
queueBeginForeignScan(ForeignScanState *node, int executor_flags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	Oid table = RelationGetRelid(node->ss.ss_currentRelation);
	QueueScan *scan;

	/* Explaining must neither need credentials nor receive anything. */
	if (executor_flags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	scan = palloc0_object(QueueScan);
	scan->is_deletion = ExecRelationIsTargetRelation(node->ss.ps.state, plan->scan.scanrelid);
	scan->relation = queue_relation_open(table, foreign_scan_user(node));
	if (scan->is_deletion)
		check_deletion(scan->relation);
	scan->receiver = queue_receiver_create(scan->relation,
	                                       intVal(list_nth(plan->fdw_private, QUEUE_SCAN_ROW_GOAL)),
	                                       scan->is_deletion);
	take_conditions(scan, node);
	scan->stored = MakeSingleTupleTableSlot(node->ss.ss_ScanTupleSlot->tts_tupleDescriptor,
	                                        &TTSOpsMinimalTuple);
	scan->row = AllocSetContextCreate(CurrentMemoryContext, "SQS row", ALLOCSET_DEFAULT_SIZES);
	node->fdw_state = scan;
}

/* ---- rows ---- */

static void
keep_row(QueueScan *scan, ForeignScanState *node, TupleTableSlot *slot, uint32 number)
{
	MemoryContext caller = MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);

	if (scan->rows == NULL)
	{
		scan->rows = tuplestore_begin_heap(true, false, work_mem);
		scan->row_capacity = 64;
		scan->numbers = palloc_array(uint32, scan->row_capacity);
	}
	if (scan->row_count == scan->row_capacity)
	{
		scan->row_capacity *= 2;
		scan->numbers = repalloc_huge(scan->numbers, scan->row_capacity * sizeof(uint32));
	}
	tuplestore_puttupleslot(scan->rows, slot);
	scan->numbers[scan->row_count++] = number;
	scan->next = scan->row_count;
	MemoryContextSwitchTo(caller);
}

static bool
passes(QueueScan *scan, ForeignScanState *node, TupleTableSlot *slot)
{
	ExprContext *context = node->ss.ps.ps_ExprContext;
	bool passed;

	if (scan->conditions == NULL)
		return true;
	ResetExprContext(context);
	context->ecxt_scantuple = slot;
	passed = ExecQual(scan->conditions, context);
	if (!passed)
		InstrCountFiltered1(node, 1);
	return passed;
}

/* Puts the next of the rows kept into the slot; false when all were handed out. */
static bool
next_kept(QueueScan *scan, TupleTableSlot *slot, uint32 *number)
{
	if (scan->next == scan->row_count)
		return false;
	if (!tuplestore_gettupleslot(scan->rows, true, false, scan->stored))
		elog(ERROR, "row of queue \"%s\" is missing", scan->relation->name);
	ExecCopySlot(slot, scan->stored);
	*number = scan->numbers[scan->next++];
	return true;
}

/* Nothing more comes: what was not wanted goes back, unless another run may want it. */
static void
finish_receiving(QueueScan *scan)
{
	if (!scan->is_over && !scan->conditions_vary)
		queue_receiver_put_back(scan->receiver);
	scan->is_over = true;
}

/* Puts the next message's row into the slot, which is empty; false when there are no more. */
static bool
next_received(QueueScan *scan, ForeignScanState *node, TupleTableSlot *slot, bool *passed)
{
	ReportPlace place = {.table = scan->relation->name};
	const SqsMessage *message;
	MemoryContext caller;
	uint32 number;

	if (scan->is_over)
		return false;
	report_place_enter(&place);
	message = queue_receiver_next(scan->receiver, &number);
	report_place_leave(&place);
	if (message == NULL)
	{
		finish_receiving(scan);
		return false;
	}
	caller = MemoryContextSwitchTo(scan->row);
	message_read(scan->relation, message, slot->tts_values, slot->tts_isnull);
	MemoryContextSwitchTo(caller);
	ExecStoreVirtualTuple(slot);
	queue_row_id(number, &slot->tts_tid);
	*passed = passes(scan, node, slot);
	if (*passed)
		receipt_see(number);
	else
		queue_receiver_reject(scan->receiver);
	if (*passed || scan->conditions_vary)
		keep_row(scan, node, slot, number);
	return true;
}

TupleTableSlot *
queueIterateForeignScan(ForeignScanState *node)
{
	QueueScan *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	bool passed = false;
	uint32 number;

	while (!passed)
	{
		CHECK_FOR_INTERRUPTS();
		ExecClearTuple(slot);
		MemoryContextReset(scan->row);
		if (next_kept(scan, slot, &number))
		{
			queue_row_id(number, &slot->tts_tid);
			passed = passes(scan, node, slot);
			if (passed)
				receipt_see(number);
		}
		else if (!next_received(scan, node, slot, &passed))
			return ExecClearTuple(slot);
	}
	scan->returned++;
	return slot;
}

void
queueReScanForeignScan(ForeignScanState *node)
{
	QueueScan *scan = node->fdw_state;

	if (scan->rows == NULL)
		return;
	tuplestore_rescan(scan->rows);
	scan->next = 0;
}

/* What was received for rows that nobody took goes back; and what a DELETE has not deleted. */
void
queueEndForeignScan(ForeignScanState *node)
{
	QueueScan *scan = node->fdw_state;

	if (scan == NULL)
		return;
	queue_receiver_end(scan->receiver, scan->is_deletion);
	if (scan->rows != NULL)
		tuplestore_end(scan->rows);
	ExecDropSingleTupleTableSlot(scan->stored);
}

bool
queue_scan_counters(const ForeignScanState *node, ReceiverCounters *counters, int64 *returned)
{
	const QueueScan *scan = node->fdw_state;

	if (scan == NULL)
		return false;
	*counters = queue_receiver_counters(scan->receiver);
	*returned = scan->returned;
	return true;
}
