/*
 * analyze.c
 *		ANALYZE: a sample of a table's items, for the price of a few megabytes.
 *
 * DynamoDB spreads items over a Scan's segments by a hash of their keys, so that a random choice of
 * small segments is close to a random choice of items. A table is cut into segments of about one
 * page, and these are read in random order until there are rows enough or the budget is used.
 *
 * Encrypted items are not opened: statistics are no place for plaintext. What is not encrypted of
 * them is taken as it is stored.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/heap.h"
#include "commands/vacuum.h"
#include "common/pg_prng.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/sampling.h"

#include "postgres/compat.h"

#include "postgres/encryption/table_encryption.h"
#include "postgres/scan/fetch.h"
#include "postgres/scan/row.h"
#include "postgres/scan/scan.h"

/* What one ANALYZE receives at most, within one page: 16 MB are 2,048 capacity units. */
#define SAMPLE_BYTES_MAXIMUM ((int64) 16 * 1024 * 1024)

/* The size of the segments that a table is cut into: what the service puts on one page. */
#define SEGMENT_BYTES ((int64) 1024 * 1024)

/* TotalSegments as DynamoDB takes it. */
#define SEGMENTS_MAXIMUM 1000000

typedef struct Sample
{
	RowReader *reader;
	TupleDesc descriptor;
	Datum *values;
	bool *nulls;
	MemoryContext row; /* a row's values, before they are a tuple */

	HeapTuple *rows;
	int row_maximum;
	int row_count;
	ReservoirStateData reservoir;
	double rows_seen;
	double rows_to_skip; /* before the next one that takes another's place; -1: not drawn yet */

	int32 segments; /* that the table is cut into */
	int32 segments_read;
	int64 bytes;
	CapacitySum consumed;
	bool stopped; /* within a segment: the budget is used */
} Sample;

/* The size of what the foreign table reads: the DynamoDB table, or its one index. */
static void
measure(const ForeignRelation *relation, int64 *item_count, int64 *size_bytes)
{
	const TableDescription *description = relation->description;
	const IndexDescription *index = NULL;

	*item_count = *size_bytes = 0;
	if (description == NULL)
		return;
	if (relation->options->index_name != NULL)
		index = table_index(description, bytes_of_string(relation->options->index_name));
	*item_count = index == NULL ? description->item_count : index->item_count;
	*size_bytes = index == NULL ? description->size_bytes : index->size_bytes;
}

/* How many segments the table is cut into; one when it is read as a whole. */
static int32
choose_segments(int64 size_bytes)
{
	if (size_bytes <= SAMPLE_BYTES_MAXIMUM)
		return 1;
	return (int32) Min(size_bytes / SEGMENT_BYTES, SEGMENTS_MAXIMUM);
}

static HeapTuple
make_row(Sample *sample, const DynamodbItem *item)
{
	MemoryContext caller = MemoryContextSwitchTo(sample->row);
	HeapTuple row;

	row_read(sample->reader, item, sample->values, sample->nulls);
	MemoryContextSwitchTo(caller);
	row = heap_form_tuple(sample->descriptor, sample->values, sample->nulls);
	MemoryContextReset(sample->row);
	return row;
}

/* Vitter's reservoir: every row seen so far is in the sample with the same probability. */
static void
sample_item(Sample *sample, const DynamodbItem *item)
{
	sample->rows_seen++;
	if (sample->row_count < sample->row_maximum)
	{
		sample->rows[sample->row_count++] = make_row(sample, item);
		return;
	}
	if (sample->rows_to_skip < 0)
		sample->rows_to_skip =
		    reservoir_get_next_S(&sample->reservoir, sample->rows_seen - 1, sample->row_maximum);
	if (sample->rows_to_skip <= 0)
	{
		int place =
		    (int) (sample->row_maximum * sampler_random_fract(&sample->reservoir.randstate));

		heap_freetuple(sample->rows[place]);
		sample->rows[place] = make_row(sample, item);
	}
	sample->rows_to_skip--;
}

static FetchPlan
segment_plan(Sample *sample, const int32 *segment)
{
	const ForeignRelation *relation = sample->reader->relation;

	return (FetchPlan){
	    .kind = REQUEST_SCAN,
	    .read = {.table_name = bytes_of_string(relation->options->table_name),
	             .index_name = bytes_of_string(relation->options->index_name),
	             .limit = relation->options->fetch_size},
	    .segments = sample->segments,
	    .segment_numbers = segment,
	    .segment_number_count = 1,
	    .names = &sample->reader->names,
	    .max_capacity_units = relation->options->max_capacity_units,
	    .rate_limit = rate_limit_of_table(relation->id, relation->options->rate_limit),
	    .statement_units = &sample->consumed,
	    .missing_table_is_empty = relation->options->missing_table_is_empty,
	};
}

/* Reads one segment to its end, or until the budget is used. */
static void
sample_segment(Sample *sample, int32 segment)
{
	FetchPlan plan = segment_plan(sample, &segment);
	Fetch *fetch = fetch_open(sample->reader->relation->client, &plan);
	int64 bytes_before = sample->bytes;
	const DynamodbItem *item;

	while (!sample->stopped && (item = fetch_next(fetch)) != NULL)
	{
		SAMPLING_DELAY_POINT();
		if (row_is_visible(sample->reader, item))
			sample_item(sample, item);
		sample->bytes = bytes_before + fetch_counters(fetch).bytes_received;
		sample->stopped = sample->bytes >= SAMPLE_BYTES_MAXIMUM;
	}
	sample->bytes = bytes_before + fetch_counters(fetch).bytes_received;
	sample->segments_read += sample->stopped ? 0 : 1;
	fetch_close(fetch);
}

/*
 * Reads segments in random order, each at most once: of what is left, each is chosen with the
 * probability that leaves none behind if all were wanted.
 */
static void
sample_segments(Sample *sample)
{
	int32 *numbers = palloc_array(int32, sample->segments);

	for (int32 i = 0; i < sample->segments; i++)
		numbers[i] = i;
	for (int32 i = 0; i < sample->segments; i++)
	{
		int32 other = i + (int32) pg_prng_uint64_range(&pg_global_prng_state, 0,
		                                               (uint64) (sample->segments - 1 - i));
		int32 chosen = numbers[other];

		numbers[other] = numbers[i];
		sample_segment(sample, chosen);
		if (sample->stopped || sample->rows_seen >= sample->row_maximum)
			break;
	}
	pfree(numbers);
}

/*
 * How many rows the table has. The service counts items every six hours or so, and only it can
 * say where few segments were read; what was read to the end is known better.
 */
static double
estimate_rows(const Sample *sample, int64 item_count)
{
	if (sample->segments_read == sample->segments)
		return sample->rows_seen;
	if (item_count > 0)
		return Max((double) item_count, sample->rows_seen);
	if (sample->segments_read > 0)
		return sample->rows_seen * sample->segments / sample->segments_read;
	return sample->rows_seen;
}

/* ---- columns that ANALYZE cannot see ---- */

/* A column of which the transaction's ANALYZE knows nothing. */
typedef struct UnseenColumn
{
	Oid relation_id;
	AttrNumber number;
} UnseenColumn;

/* In TopTransactionContext. */
static List *unseen_columns = NIL;

/*
 * Of columns that are not decrypted here every row of the sample has NULL. What ANALYZE makes of
 * that would have the planner believe it, so it goes before anybody else can see it.
 */
static void
remove_statistics(XactEvent event, void *unused)
{
	ListCell *cell;

	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
	{
		foreach (cell, unseen_columns)
		{
			const UnseenColumn *unseen = lfirst(cell);

			RemoveStatistics(unseen->relation_id, unseen->number);
		}
	}
	unseen_columns = NIL;
}

static void
note_unseen_columns(const ForeignRelation *foreign)
{
	static bool registered = false;
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

	if (!registered)
		RegisterXactCallback(remove_statistics, NULL);
	registered = true;
	for (int i = 0; i < foreign->column_count; i++)
	{
		const ForeignColumn *column = &foreign->columns[i];
		UnseenColumn *unseen;

		if (!column->live || (column->encryption == NULL && !column->is_sealed))
			continue;
		unseen = palloc_object(UnseenColumn);
		*unseen = (UnseenColumn){foreign->id, (AttrNumber) column->number};
		unseen_columns = lappend(unseen_columns, unseen);
	}
	MemoryContextSwitchTo(caller);
}

/* ---- the sample ---- */

/* An empty sample of the relation. */
static void
sample_init(Sample *sample, const ForeignRelation *foreign, Relation relation, HeapTuple *rows,
            int row_maximum)
{
	int column_count = Max(RelationGetDescr(relation)->natts, 1);

	*sample = (Sample){
	    .reader = row_reader_create(foreign, columns_not_sealed(foreign)),
	    .descriptor = RelationGetDescr(relation),
	    .values = palloc_array(Datum, column_count),
	    .nulls = palloc_array(bool, column_count),
	    .row = AllocSetContextCreate(CurrentMemoryContext, "DynamoDB row", ALLOCSET_DEFAULT_SIZES),
	    .rows = rows,
	    .row_maximum = row_maximum,
	    .rows_to_skip = -1,
	};
	reservoir_init_selection_state(&sample->reservoir, row_maximum);
}

static int
acquire_sample_rows(Relation relation, int level, HeapTuple *rows, int row_maximum,
                    double *row_count, double *dead_row_count)
{
	ForeignRelation *foreign =
	    foreign_relation_open(RelationGetRelid(relation), relation->rd_rel->relowner);
	int64 item_count;
	int64 size_bytes;
	Sample sample;

	sample_init(&sample, foreign, relation, rows, row_maximum);
	measure(foreign, &item_count, &size_bytes);
	sample.segments = choose_segments(size_bytes);
	note_unseen_columns(foreign);
	report_place_enter(&sample.reader->place);
	if (foreign->description != NULL)
		sample_segments(&sample);
	report_place_leave(&sample.reader->place);

	*row_count = estimate_rows(&sample, item_count);
	*dead_row_count = 0;
	ereport(level, (errmsg("\"%s\": read %.0f items in %d of %d segments, %.0f capacity units; "
	                       "%d rows in sample, %.0f estimated total rows",
	                       RelationGetRelationName(relation), sample.rows_seen,
	                       sample.segments_read + (sample.stopped ? 1 : 0), sample.segments,
	                       capacity_sum_add(&sample.consumed, 0), sample.row_count, *row_count)));
	return sample.row_count;
}

bool
dynamodbAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc *sample_rows,
                            BlockNumber *total_pages)
{
	ForeignRelation *foreign =
	    foreign_relation_open(RelationGetRelid(relation), relation->rd_rel->relowner);
	int64 item_count;
	int64 size_bytes;

	measure(foreign, &item_count, &size_bytes);
	*sample_rows = acquire_sample_rows;
	*total_pages = (BlockNumber) Min(Max((size_bytes + BLCKSZ - 1) / BLCKSZ, 1), MaxBlockNumber);
	return true;
}
