/*
 * queue_modify.c
 *		The executor's side of INSERT, DELETE and COPY FROM over queues.
 *
 * An INSERT sends as the statement runs, or with write_mode 'transaction' leaves it to the commit.
 * A DELETE is of what the same statement receives: its scan has received the message, and here its
 * receipt is marked for the commit.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/queue/pending_sends.h"
#include "postgres/queue/queue.h"
#include "postgres/queue/queue_message.h"
#include "postgres/queue/queue_message_writer.h"
#include "postgres/queue/queue_sender.h"
#include "postgres/report.h"

typedef struct QueueModification
{
	QueueRelation *relation;
	QueueSender *sender; /* of an INSERT that sends itself; else NULL */
	AttrNumber row_id;   /* of a DELETE: the junk attribute */
	int64 rows;
} QueueModification;

/* ---- beginning ---- */

static QueueModification *
begin(EState *statement, ResultRelInfo *target)
{
	QueueModification *modification = palloc0_object(QueueModification);

	modification->relation = queue_relation_open(RelationGetRelid(target->ri_RelationDesc),
	                                             foreign_target_user(target, statement));
	return modification;
}

static void
begin_sending(QueueModification *modification, const EState *statement)
{
	const QueueRelation *relation = modification->relation;
	SendTarget target = {
	    .client = relation->client,
	    .queue = *relation->queue,
	    .queue_name = queue_relation_queue_name(relation),
	    .relation_id = relation->id,
	    .foreign_table = relation->name,
	    .source = "statement",
	};

	if (relation->options->write_mode == WRITE_MODE_STATEMENT)
		modification->sender = queue_sender_create(&target, statement->es_query_cxt);
}

/* SQS knows no keys: whether a message is a duplicate is for its reader to say. */
static void
refuse_conflicts(const ModifyTableState *node, const ResultRelInfo *target)
{
	const ModifyTable *plan = (const ModifyTable *) node->ps.plan;

	if (plan != NULL && plan->onConflictAction != ONCONFLICT_NONE)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("ON CONFLICT is not supported for queue \"%s\"",
		                       RelationGetRelationName(target->ri_RelationDesc))));
}

void
queueBeginForeignModify(ModifyTableState *node, ResultRelInfo *target, List *fdw_private,
                        int subplan_index, int executor_flags)
{
	QueueModification *modification;

	if (node->operation == CMD_INSERT)
		refuse_conflicts(node, target);
	/* Explaining must neither need credentials nor send anything. */
	if (executor_flags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	modification = begin(node->ps.state, target);
	target->ri_FdwState = modification;
	if (node->operation == CMD_INSERT)
	{
		begin_sending(modification, node->ps.state);
		return;
	}
	modification->row_id =
	    ExecFindJunkAttributeInTlist(outerPlanState(node)->plan->targetlist, QUEUE_ROW_ID);
	if (!AttributeNumberIsValid(modification->row_id))
		elog(ERROR, "junk attribute \"%s\" is missing", QUEUE_ROW_ID);
}

/* COPY FROM, and rows routed to a partition. */
void
queueBeginForeignInsert(ModifyTableState *node, ResultRelInfo *target)
{
	QueueModification *modification;

	refuse_conflicts(node, target);
	if (target->ri_FdwState != NULL)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("cannot route rows to queue \"%s\", which is deleted from",
		                       RelationGetRelationName(target->ri_RelationDesc))));
	modification = begin(node->ps.state, target);
	begin_sending(modification, node->ps.state);
	target->ri_FdwState = modification;
}

/* ---- INSERT ---- */

/* The row must belong to the partition, which nothing else checks for a foreign one. */
static void
check_row(EState *statement, ResultRelInfo *target, TupleTableSlot *slot)
{
	if (target->ri_RelationDesc->rd_rel->relispartition)
		(void) ExecPartitionCheck(target, slot, statement, true);
	if (target->ri_WithCheckOptions != NIL)
		ExecWithCheckOptions(WCO_VIEW_CHECK, target, slot, statement);
}

static void
leave_to_commit(QueueModification *modification, TupleTableSlot *slot)
{
	Arena *arena;
	PendingSend *send = pending_send_begin(modification->relation, &arena);

	pending_send_add(send, message_write(modification->relation, slot, arena));
}

/* RETURNING may ask for what SQS says of a message, so it waits for that. */
static void
send_row(QueueModification *modification, TupleTableSlot *slot, bool is_returned)
{
	ReportPlace place = {.table = modification->relation->name};
	const SqsOutcome *outcome;
	SqsOutgoing *message;

	modification->rows++;
	if (modification->sender == NULL)
	{
		leave_to_commit(modification, slot);
		return;
	}
	message = message_write(modification->relation, slot, queue_sender_arena(modification->sender));
	report_place_enter(&place);
	queue_sender_take(modification->sender, message, is_returned ? &outcome : NULL);
	report_place_leave(&place);
	if (is_returned)
		message_note_sent(modification->relation, outcome, slot);
}

TupleTableSlot *
queueExecForeignInsert(EState *statement, ResultRelInfo *target, TupleTableSlot *slot,
                       TupleTableSlot *plan_slot)
{
	check_row(statement, target, slot);
	send_row(target->ri_FdwState, slot, target->ri_projectReturning != NULL);
	return slot;
}

TupleTableSlot **
queueExecForeignBatchInsert(EState *statement, ResultRelInfo *target, TupleTableSlot **slots,
                            TupleTableSlot **plan_slots, int *slot_count)
{
	/* There are no plan_slots for COPY, which comes here from 16 on. */
	for (int i = 0; i < *slot_count; i++)
		(void) queueExecForeignInsert(statement, target, slots[i], NULL);
	return slots;
}

/* Batches of requests are made by the sender; those of the executor would only save calls. */
int
queueGetForeignModifyBatchSize(ResultRelInfo *target)
{
	const TriggerDesc *triggers = target->ri_TrigDesc;

	if (target->ri_projectReturning != NULL || target->ri_WithCheckOptions != NIL ||
	    (triggers != NULL && (triggers->trig_insert_before_row || triggers->trig_insert_after_row)))
		return 1;
	return options_of_relation_id(RelationGetRelid(target->ri_RelationDesc))->batch_size;
}

/* ---- DELETE ---- */

/* Puts a copy of the row as it was received, which the slot then owns, into the slot. */
static void
store_old_row(const ResultRelInfo *target, TupleTableSlot *plan_slot, TupleTableSlot *slot)
{
	MemoryContext caller = MemoryContextSwitchTo(slot->tts_mcxt);
	HeapTupleData tuple;
	bool is_null;
	Datum row = ExecGetJunkAttribute(plan_slot, target->ri_RowIdAttNo, &is_null);

	if (is_null)
		elog(ERROR, "old row of foreign table \"%s\" is missing",
		     RelationGetRelationName(target->ri_RelationDesc));
	tuple.t_data = DatumGetHeapTupleHeader(row);
	tuple.t_len = HeapTupleHeaderGetDatumLength(tuple.t_data);
	tuple.t_tableOid = InvalidOid;
	ItemPointerSetInvalid(&tuple.t_self);
	ExecForceStoreHeapTuple(heap_copytuple(&tuple), slot, true);
	MemoryContextSwitchTo(caller);
}

TupleTableSlot *
queueExecForeignDelete(EState *statement, ResultRelInfo *target, TupleTableSlot *slot,
                       TupleTableSlot *plan_slot)
{
	QueueModification *modification = target->ri_FdwState;
	bool is_null;
	Datum id = ExecGetJunkAttribute(plan_slot, modification->row_id, &is_null);

	if (is_null)
		elog(ERROR, "%s is NULL", QUEUE_ROW_ID);
	receipts_keep();
	/* A join may meet a message twice, and SQL deletes each once. */
	if (!receipt_delete(queue_receipt_of_row((ItemPointer) DatumGetPointer(id))))
		return NULL;
	modification->rows++;
	if (target->ri_projectReturning != NULL)
		store_old_row(target, plan_slot, slot);
	return slot;
}

/* ---- ending ---- */

/* Waits for what is sent; `finish` is queue_sender_finish() or queue_sender_end(). */
static void
finish_sending(QueueModification *modification, void (*finish)(QueueSender *sender))
{
	ReportPlace place = {.table = modification->relation->name};

	report_place_enter(&place);
	finish(modification->sender);
	report_place_leave(&place);
}

void
queueEndForeignModify(EState *statement, ResultRelInfo *target)
{
	QueueModification *modification = target->ri_FdwState;

	target->ri_FdwState = NULL;
	if (modification != NULL && modification->sender != NULL)
		finish_sending(modification, queue_sender_end);
}

bool
queue_modification_counters(const ResultRelInfo *target, int64 *requests, int64 *rows)
{
	QueueModification *modification = target->ri_FdwState;

	if (modification == NULL)
		return false;
	if (modification->sender != NULL)
		finish_sending(modification, queue_sender_finish);
	*requests = modification->sender == NULL ? 0 : queue_sender_requests(modification->sender);
	*rows = modification->rows;
	return true;
}
