/*
 * stream_scan.c
 *		The executor's side of a scan of a change stream.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/encryption/item_encryption.h"
#include "postgres/scan/scan.h"
#include "postgres/service/service_clock.h"
#include "postgres/stream/records_ahead.h"
#include "postgres/stream/stream.h"
#include "postgres/stream/stream_description.h"
#include "postgres/stream/stream_records.h"

/*
 * A read ends with what was written before it began, by the service's clock. This much more, in
 * seconds, allows for records that say when they were made to the second, and for several clocks.
 */
#define END_MARGIN 15

typedef struct StreamScan
{
	StreamRelation *stream;
	StreamRowReader *rows;
	StreamRecords *records;
	RecordsAhead *ahead; /* NULL when nothing that is read is encrypted */
	KmsUse kms;
	MemoryContext row; /* the values of the slot's row */
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
	stream_relation_find_encryption(scan->stream);
	scan->rows = stream_row_reader_create(scan->stream, linitial_node(List, plan->fdw_private));
	scan->records = stream_records_create(&scan->rows->names);
	scan->kms.maximum = scan->stream->relation->options->max_kms_calls;
	if (records_ahead_are_needed(scan->rows))
		scan->ahead = records_ahead_create(scan->rows, node->ss.ps.state->es_query_cxt, &scan->kms,
		                                   scan->records);
	scan->row = AllocSetContextCreate(CurrentMemoryContext, "DynamoDB row", ALLOCSET_DEFAULT_SIZES);
	node->fdw_state = scan;
}

static void
begin_reading(StreamScan *scan, EState *statement)
{
	MemoryContext caller = MemoryContextSwitchTo(statement->es_query_cxt);
	ServiceClient *client = scan->stream->relation->client;
	const TableOptions *options = scan->stream->relation->options;
	char *arn = stream_get(client, scan->stream->table_name);
	StreamReader *reader =
	    stream_reader_open(client, arn, &scan->stream->start, &scan->rows->names);

	if (options->empty_answers > 0)
		stream_reader_end_after(reader, options->empty_answers);
	stream_reader_stop_after(reader, (double) service_client_measured_time(client) + END_MARGIN);
	stream_records_begin(scan->records, reader);
	MemoryContextSwitchTo(caller);
}

/* Puts the values of the next record into the slot; false at the end. */
static bool
read_next_row(StreamScan *scan, TupleTableSlot *slot)
{
	const StreamRecord *record;
	MemoryContext caller;

	if (scan->ahead != NULL)
		return records_ahead_next(scan->ahead, slot->tts_values, slot->tts_isnull);
	record = stream_records_next(scan->records);
	if (record == NULL)
		return false;
	caller = MemoryContextSwitchTo(scan->row);
	stream_row_read(scan->rows, record, slot->tts_values, slot->tts_isnull);
	MemoryContextSwitchTo(caller);
	return true;
}

TupleTableSlot *
streamIterateForeignScan(ForeignScanState *node)
{
	StreamScan *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	ExecClearTuple(slot);
	MemoryContextReset(scan->row);
	report_place_enter(&scan->rows->attributes->place);
	if (!stream_records_have_begun(scan->records))
		begin_reading(scan, node->ss.ps.state);
	if (read_next_row(scan, slot))
		ExecStoreVirtualTuple(slot);
	report_place_leave(&scan->rows->attributes->place);
	return slot;
}

/* Conditions are checked above, so what was read is right for any parameters. */
void
streamReScanForeignScan(ForeignScanState *node)
{
	StreamScan *scan = node->fdw_state;

	if (scan->ahead != NULL)
		records_ahead_reset(scan->ahead);
	stream_records_rewind(scan->records);
}

void
streamEndForeignScan(ForeignScanState *node)
{
	StreamScan *scan = node->fdw_state;

	if (scan == NULL)
		return;
	if (scan->ahead != NULL)
	{
		records_ahead_reset(scan->ahead);
		item_warn_of_skipped(scan->stream->relation, records_ahead_skipped(scan->ahead));
	}
	stream_records_close(scan->records);
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
	StreamCounters counters;

	if (state->verbose)
		show_request(node, state);
	if (!state->analyze || scan == NULL)
		return;
	counters = stream_records_counters(scan->records);
	ExplainPropertyInteger("Requests", NULL, counters.requests, state);
	ExplainPropertyInteger("Items Returned", NULL, counters.records, state);
	ExplainPropertyInteger("Bytes Received", NULL, counters.bytes_received, state);
	ExplainPropertyInteger("Retries", NULL, counters.retries, state);
	if (scan->ahead != NULL)
		explain_kms(&scan->kms, state);
}
