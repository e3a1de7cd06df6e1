/*
 * stream_records.c
 *		Keeps records, beyond work_mem on disk, as the JSON that they came in.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/tuplestore.h"

#include "postgres/compat.h"

#include "aws/dynamodb_streams.h"
#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/scan/decoded_answer.h"
#include "postgres/stream/stream_records.h"

/* Two images of 400 KB, as text, and decoded: many times over. */
#define RECORD_MAXIMUM ((Size) 64 * 1024 * 1024)

struct StreamRecords
{
	StreamReader *reader; /* NULL before reading begins */
	bool is_over;
	bool replays; /* records come from `kept` until there are no more */
	Tuplestorestate *kept;
	TupleDesc descriptor; /* of one column: the record's JSON */
	TupleTableSlot *slot; /* for taking records out again … */
	DecodedAnswer answer; /* … which are read into this */
	ByteBuffer *json;
};

StreamRecords *
stream_records_create(const NameTable *names)
{
	StreamRecords *records = palloc0_object(StreamRecords);

	records->kept = tuplestore_begin_heap(true, false, work_mem);
	records->descriptor = CreateTemplateTupleDesc(1);
	TupleDescInitEntry(records->descriptor, 1, "record", BYTEAOID, -1, 0);
	records->slot = MakeSingleTupleTableSlot(records->descriptor, &TTSOpsMinimalTuple);
	records->answer.arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, RECORD_MAXIMUM);
	records->answer.names = names;
	records->json = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, RECORD_MAXIMUM);
	return records;
}

void
stream_records_begin(StreamRecords *records, StreamReader *reader)
{
	records->reader = reader;
}

bool
stream_records_have_begun(const StreamRecords *records)
{
	return records->reader != NULL;
}

static void
keep(StreamRecords *records, const StreamRecord *record)
{
	bytea *json;
	Datum value;
	bool is_null = false;

	buffer_reset(records->json);
	CHECK_RESULT(streams_write_record(record, records->json), "keep a record");
	json = palloc(VARHDRSZ + records->json->length);
	SET_VARSIZE(json, VARHDRSZ + records->json->length);
	memcpy(VARDATA(json), records->json->data, records->json->length);
	value = PointerGetDatum(json);
	tuplestore_putvalues(records->kept, records->descriptor, &value, &is_null);
	pfree(json);
}

/* The next of those that were kept; NULL when there are no more. */
static const StreamRecord *
next_kept(StreamRecords *records)
{
	ResponseSink sink = decoded_answer_sink(&records->answer);
	bytea *json;
	bool is_null;

	if (!tuplestore_gettupleslot(records->kept, true, false, records->slot))
		return NULL;
	json = (bytea *) DatumGetPointer(slot_getattr(records->slot, 1, &is_null));
	CHECK_RESULT(sink.begin(sink.context), "read a record");
	CHECK_RESULT(sink.write(sink.context, (Bytes){VARDATA_ANY(json), VARSIZE_ANY_EXHDR(json)}),
	             "read a record");
	CHECK_RESULT(sink.finish(sink.context), "read a record");
	return &records->answer.page.records[0];
}

const StreamRecord *
stream_records_next(StreamRecords *records)
{
	const StreamRecord *record = records->replays ? next_kept(records) : NULL;

	if (record != NULL)
		return record;
	records->replays = false;
	if (records->is_over)
		return NULL;
	record = stream_reader_next(records->reader);
	records->is_over = record == NULL;
	if (record != NULL)
		keep(records, record);
	return record;
}

bool
stream_records_are_ready(const StreamRecords *records)
{
	return records->replays || records->is_over || stream_reader_is_ready(records->reader);
}

void
stream_records_rewind(StreamRecords *records)
{
	tuplestore_rescan(records->kept);
	records->replays = true;
}

StreamCounters
stream_records_counters(const StreamRecords *records)
{
	return records->reader == NULL ? (StreamCounters){0} : stream_reader_counters(records->reader);
}

void
stream_records_close(StreamRecords *records)
{
	if (records->reader != NULL)
		stream_reader_close(records->reader);
	tuplestore_end(records->kept);
	ExecDropSingleTupleTableSlot(records->slot);
}
