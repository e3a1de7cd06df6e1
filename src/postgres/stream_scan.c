/*
 * stream_scan.c
 *		The executor's side of a scan of a change stream.
 *
 * Rows are kept for when the scan is run again: a stream read twice is not the same twice.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "postgres/compat.h"

#include "postgres/service_client.h"
#include "postgres/stream.h"
#include "postgres/stream_description.h"

/*
 * A read ends with what was written before it began, by the service's clock. This much more, in
 * seconds, allows for records that say when they were made to the second, and for several clocks.
 */
#define END_MARGIN 15

typedef struct StreamScan
{
	StreamRelation *stream;
	StreamRowReader *rows;
	StreamReader *reader; /* NULL before the first row */
	bool is_over;
	MemoryContext row; /* the values of the slot's row */

	Tuplestorestate *kept;
	TupleTableSlot *stored; /* for taking rows out of it again */
	bool replays;           /* rows come from `kept` until there are no more */
} StreamScan;

void
streamBeginForeignScan(ForeignScanState *node, int executor_flags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	Oid table = RelationGetRelid(node->ss.ss_currentRelation);
	StreamScan *scan;

	/* Explaining must neither need credentials nor send anything. */
	if (executor_flags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	scan = palloc0_object(StreamScan);
	scan->stream = stream_relation_open(table, foreign_scan_user(node));
	scan->rows = stream_row_reader_create(scan->stream, linitial_node(List, plan->fdw_private));
	scan->row = AllocSetContextCreate(CurrentMemoryContext, "DynamoDB row", ALLOCSET_DEFAULT_SIZES);
	scan->kept = tuplestore_begin_heap(true, false, work_mem);
	scan->stored = MakeSingleTupleTableSlot(node->ss.ss_ScanTupleSlot->tts_tupleDescriptor,
	                                        &TTSOpsMinimalTuple);
	node->fdw_state = scan;
}

static void
begin_reading(StreamScan *scan, EState *statement)
{
	MemoryContext caller = MemoryContextSwitchTo(statement->es_query_cxt);
	ServiceClient *client = scan->stream->relation->client;
	char *arn = stream_get(client, scan->stream->table_name);

	scan->reader = stream_reader_open(client, arn, &scan->stream->start, &scan->rows->names);
	if (scan->stream->relation->options->empty_answers > 0)
		stream_reader_end_after(scan->reader, scan->stream->relation->options->empty_answers);
	stream_reader_stop_after(scan->reader,
	                         (double) service_client_measured_time(client) + END_MARGIN);
	MemoryContextSwitchTo(caller);
}

/* Puts the next record's row into the slot, which is empty; leaves it so at the end. */
static void
read_row(StreamScan *scan, TupleTableSlot *slot)
{
	const StreamRecord *record = scan->is_over ? NULL : stream_reader_next(scan->reader);
	MemoryContext caller;

	scan->is_over = record == NULL;
	if (record == NULL)
		return;
	caller = MemoryContextSwitchTo(scan->row);
	stream_row_read(scan->rows, record, slot->tts_values, slot->tts_isnull);
	MemoryContextSwitchTo(caller);
	ExecStoreVirtualTuple(slot);
	tuplestore_puttupleslot(scan->kept, slot);
}

TupleTableSlot *
streamIterateForeignScan(ForeignScanState *node)
{
	StreamScan *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	ExecClearTuple(slot);
	MemoryContextReset(scan->row);
	if (scan->replays)
	{
		scan->replays = tuplestore_gettupleslot(scan->kept, true, false, scan->stored);
		if (scan->replays)
			return ExecCopySlot(slot, scan->stored);
	}
	report_place_enter(&scan->rows->attributes->place);
	if (scan->reader == NULL)
		begin_reading(scan, node->ss.ps.state);
	read_row(scan, slot);
	report_place_leave(&scan->rows->attributes->place);
	return slot;
}

/* Conditions are checked above, so what was read is right for any parameters. */
void
streamReScanForeignScan(ForeignScanState *node)
{
	StreamScan *scan = node->fdw_state;

	tuplestore_rescan(scan->kept);
	scan->replays = true;
}

void
streamEndForeignScan(ForeignScanState *node)
{
	StreamScan *scan = node->fdw_state;

	if (scan == NULL)
		return;
	if (scan->reader != NULL)
		stream_reader_close(scan->reader);
	tuplestore_end(scan->kept);
	ExecDropSingleTupleTableSlot(scan->stored);
}

/* ---- EXPLAIN ---- */

static void
show_request(ForeignScanState *node, ExplainState *state)
{
	const TableOptions *options =
	    options_of_relation_id(RelationGetRelid(node->ss.ss_currentRelation));

	ExplainPropertyText("DynamoDB Request", "GetRecords", state);
	ExplainPropertyText("Stream Of", options->stream_of, state);
	ExplainPropertyText("Start At", options->start_at == NULL ? "trim_horizon" : options->start_at,
	                    state);
}

void
streamExplainForeignScan(ForeignScanState *node, ExplainState *state)
{
	const StreamScan *scan = node->fdw_state;
	StreamCounters counters = {0};

	if (state->verbose)
		show_request(node, state);
	if (!state->analyze || scan == NULL)
		return;
	if (scan->reader != NULL)
		counters = stream_reader_counters(scan->reader);
	ExplainPropertyInteger("Requests", NULL, counters.requests, state);
	ExplainPropertyInteger("Items Returned", NULL, counters.records, state);
	ExplainPropertyInteger("Bytes Received", NULL, counters.bytes_received, state);
	ExplainPropertyInteger("Retries", NULL, counters.retries, state);
}
