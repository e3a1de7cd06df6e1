/*
 * migration_copy.c
 *		Items of a migration's source, from Scan and from the stream, as rows of its target.
 *
 * Rows are put in place of what is there, many in one request, whatever the target's write mode is.
 * A key is written once in a transaction: of several changes the last one counts.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "executor/executor.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "postgres/compat.h"

#include "postgres/encryption/item_encryption.h"
#include "postgres/encryption/secret_errors.h"
#include "postgres/memory.h"
#include "postgres/migration/migration.h"
#include "postgres/modify/table_writer.h"
#include "postgres/planning/cost.h"
#include "postgres/relation/column_defaults.h"
#include "postgres/report.h"
#include "postgres/scan/access.h"
#include "postgres/scan/rate_limit.h"
#include "postgres/scan/rows_ahead.h"
#include "postgres/service/service_clock.h"
#include "postgres/service/transport.h"

/* Segments of a Scan that are read at once, and after which progress is saved. */
#define SEGMENTS_AT_ONCE 8

/* The size of a segment where nobody says how many there are. */
#define SEGMENT_BYTES ((int64) 32 * 1024 * 1024)

#define SEGMENTS_MAXIMUM 1000000

/* What a capacity unit reads, strongly consistent. */
#define READ_UNIT_BYTES 4096.0

/* Changes that are applied in one transaction, and the memory that their items may take. */
#define CHANGES_AT_ONCE        2000
#define CHANGES_MEMORY_WANTED  ((Size) 64 * 1024 * 1024)
#define CHANGES_MEMORY_MAXIMUM ((Size) 256 * 1024 * 1024)

/*
 * Changes older than the noted position, by this many seconds, are in what is copied. A stream's
 * times are approximate.
 */
#define CHANGES_MARGIN 600

/* ---- writing ---- */

/* What one transaction writes. */
typedef struct RowCopy
{
	MigrationPair *pair;
	EState *statement;
	Relation relation; /* the target */
	TableWriter *writer;
	RowReader *reader;
	TupleTableSlot *slot;
	ColumnDefaults *defaults; /* of the target's other columns */
	bool is_secret;           /* values may be plaintexts of what is encrypted */
	Datum *values;            /* the source's row */
	bool *nulls;
	MemoryContext row;
	KmsUse kms;
} RowCopy;

/* Numbers of the target's columns that come from the source. */
static Bitmapset *
given_columns(const RowCopy *copy)
{
	Bitmapset *given = NULL;

	for (int i = 0; i < copy->pair->target->column_count; i++)
	{
		if (copy->pair->source_places[i] >= 0)
			given = bms_add_member(given, i + 1);
	}
	return given;
}

static RowCopy *
begin_copy(const Migration *migration)
{
	RowCopy *copy = palloc0_object(RowCopy);
	int columns;

	copy->statement = CreateExecutorState();
	copy->pair = migration_pair_open(migration);
	copy->relation = table_open(migration->target, RowExclusiveLock);
	copy->writer = table_writer_begin_overwriting(copy->statement, copy->relation, GetUserId());
	copy->reader = row_reader_create(copy->pair->source, copy->pair->read_columns);
	copy->slot = MakeSingleTupleTableSlot(RelationGetDescr(copy->relation), &TTSOpsVirtual);
	columns = Max(copy->pair->source->column_count, 1);
	copy->values = palloc_array(Datum, columns);
	copy->nulls = palloc_array(bool, columns);
	copy->row = AllocSetContextCreate(CurrentMemoryContext, "DynamoDB row", ALLOCSET_DEFAULT_SIZES);
	copy->defaults = column_defaults_prepare(copy->statement, copy->relation, given_columns(copy));
	copy->is_secret = rows_ahead_are_needed(copy->reader) || copy->writer->encryption != NULL;
	copy->kms.maximum = copy->pair->source->options->max_kms_calls;
	return copy;
}

/* The source's row in the target's columns. */
static void
fill_given(RowCopy *copy, TupleTableSlot *slot)
{
	for (int i = 0; i < copy->pair->target->column_count; i++)
	{
		int place = copy->pair->source_places[i];

		if (place < 0)
			continue;
		slot->tts_isnull[i] = copy->nulls[place];
		slot->tts_values[i] = copy->values[place];
	}
}

/* The row as an INSERT of the source's columns makes it. */
static void
fill_slot(RowCopy *copy)
{
	TupleTableSlot *slot = ExecClearTuple(copy->slot);

	ResetPerTupleExprContext(copy->statement);
	column_defaults_fill(copy->defaults, slot);
	fill_given(copy, slot);
	ExecStoreVirtualTuple(slot);
	column_defaults_generate(copy->defaults, slot);
}

/* An expression that fails may say of what, which of an encrypted table's values nothing may. */
static void
fill_slot_secretly(RowCopy *copy)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		fill_slot(copy);
	}
	PG_CATCH();
	{
		report_without_value(NULL, caller);
	}
	PG_END_TRY();
}

static void
put_row(RowCopy *copy)
{
	if (copy->is_secret)
		fill_slot_secretly(copy);
	else
		fill_slot(copy);
	table_writer_insert(copy->writer, copy->slot, NULL);
}

/* Removes the item with the key of the source's row. */
static void
remove_row(RowCopy *copy)
{
	TupleTableSlot *slot = ExecClearTuple(copy->slot);
	HeapTuple old;

	memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
	fill_given(copy, slot);
	ExecStoreVirtualTuple(slot);
	old = heap_form_tuple(RelationGetDescr(copy->relation), copy->slot->tts_values,
	                      copy->slot->tts_isnull);
	table_writer_delete(copy->writer, old->t_data);
	heap_freetuple(old);
}

/* Waits for what is in flight. */
static void
end_copy(RowCopy *copy)
{
	table_writer_end(copy->writer);
	ExecDropSingleTupleTableSlot(copy->slot);
	table_close(copy->relation, NoLock);
	FreeExecutorState(copy->statement);
}

/* ---- the seed ---- */

typedef struct SeedSource
{
	RowCopy *copy;
	Fetch *fetch;
} SeedSource;

static const DynamodbItem *
next_seed_item(void *context)
{
	const SeedSource *seed = context;
	const DynamodbItem *item;

	do
		item = fetch_next(seed->fetch);
	while (item != NULL && !row_is_visible(seed->copy->reader, item));
	return item;
}

static bool
seed_is_ready(void *context)
{
	return fetch_is_ready(((SeedSource *) context)->fetch);
}

/* Where rows come from: items, one after another. */
typedef struct RowSource
{
	ItemSource items;
	/* Told of items that make no row, by their numbers from 0 in the order they came; NULL: not. */
	void (*skip)(void *context, int64 number);
} RowSource;

/* The next row; false at the end. With `ahead` those of bad items are left out. */
static bool
next_row(RowCopy *copy, const RowSource *source, RowsAhead *ahead)
{
	const DynamodbItem *item;

	if (ahead != NULL)
		return rows_ahead_next(ahead, copy->values, copy->nulls);
	item = source->items.next(source->items.context);
	if (item != NULL)
		row_read(copy->reader, item, copy->values, copy->nulls);
	return item != NULL;
}

/* Tells of the items that were left out behind the first `items`; how many there are by now. */
static int64
tell_of_skipped(const RowSource *source, const RowsAhead *ahead, int64 rows, int64 skipped)
{
	int64 now = ahead == NULL ? 0 : rows_ahead_skipped(ahead);

	for (; skipped < now; skipped++)
	{
		if (source->skip != NULL)
			source->skip(source->items.context, rows + skipped);
	}
	return now;
}

/* Puts all rows of the source, each of them in a context of its own; how many there were. */
static int64
copy_rows(RowCopy *copy, const RowSource *source)
{
	RowsAhead *ahead = NULL;
	int64 skipped = 0;

	if (rows_ahead_are_needed(copy->reader))
		ahead = rows_ahead_create(copy->reader, copy->statement->es_query_cxt, &copy->kms,
		                          &source->items);
	for (int64 rows = 0;; rows++)
	{
		MemoryContext caller = MemoryContextSwitchTo(copy->row);
		bool found;

		MemoryContextReset(copy->row);
		found = next_row(copy, source, ahead);
		skipped = tell_of_skipped(source, ahead, rows, skipped);
		if (found)
			put_row(copy);
		MemoryContextSwitchTo(caller);
		if (found)
			continue;
		item_warn_of_skipped(copy->pair->source, skipped);
		return rows;
	}
}

/* Items of a page that takes about a second of the rate; 0: as many as the service sends. */
static int64
choose_page_items(const ForeignRelation *source, const RateLimit *limit)
{
	int64 most = source->options->fetch_size;
	double of_second;

	if (limit == NULL)
		return most;
	of_second = rate_limit_units(limit) * READ_UNIT_BYTES / cost_table_volume(source, -1).item_size;
	of_second = Min(Max(of_second, 1), PG_INT32_MAX);
	return most == 0 ? (int64) of_second : Min(most, (int64) of_second);
}

static FetchPlan
plan_segments(const Migration *migration, const RowCopy *copy, const int32 *numbers, int count,
              CapacitySum *units)
{
	const ForeignRelation *source = copy->pair->source;
	Access access = {.kind = REQUEST_SCAN,
	                 .columns = copy->pair->read_columns,
	                 .consistent_read = true,
	                 .whole_items = source->whole_item_column >= 0};
	FetchPlan plan = {
	    .kind = REQUEST_SCAN,
	    .read = {.table_name = bytes_of_string(source->options->table_name),
	             .consistent_read = true},
	    .segments = migration->segment_count,
	    .segment_numbers = numbers,
	    .segment_number_count = count,
	    .names = &copy->reader->names,
	    .max_capacity_units = source->options->max_capacity_units,
	    .statement_units = units,
	    .rate_limit = rate_limit_of_table(source->id, source->options->rate_limit),
	};

	plan.read.limit = choose_page_items(source, plan.rate_limit);
	plan.read.total_segments = plan.segments;
	plan.read.projection = access_projection(&access, source, &plan.read.projection_count);
	return plan;
}

static int64
copy_segments(Migration *migration, RowCopy *copy, int count)
{
	int32 numbers[SEGMENTS_AT_ONCE];
	CapacitySum units = {0};
	SeedSource seed = {.copy = copy};
	RowSource source = {.items = {next_seed_item, seed_is_ready, &seed}};
	FetchPlan plan;
	int64 rows;

	for (int i = 0; i < count; i++)
		numbers[i] = migration->segments_done + i;
	plan = plan_segments(migration, copy, numbers, count, &units);
	seed.fetch = fetch_open(copy->pair->source->client, &plan);
	report_place_enter(&copy->reader->place);
	rows = copy_rows(copy, &source);
	report_place_leave(&copy->reader->place);
	fetch_close(seed.fetch);
	return rows;
}

/* How many segments the source is copied in. */
static int
choose_segments(const Migration *migration, const ForeignRelation *source)
{
	int64 count = migration->segments;

	if (count <= 0)
		count = Max(source->description->size_bytes / SEGMENT_BYTES, SEGMENTS_AT_ONCE);
	return (int) Min(count, SEGMENTS_MAXIMUM);
}

bool
migration_seed(Migration *migration)
{
	RowCopy *copy = begin_copy(migration);
	int count;

	if (migration->segment_count == 0)
		migration->segment_count = choose_segments(migration, copy->pair->source);
	count = Min(SEGMENTS_AT_ONCE, migration->segment_count - migration->segments_done);
	migration->items_seeded += copy_segments(migration, copy, count);
	end_copy(copy);
	migration->segments_done += count;
	return migration->segments_done >= migration->segment_count;
}

/* ---- changes ---- */

/* What a key's last change leaves. */
typedef struct KeyState
{
	DynamodbItem key;
	DynamodbItem image;
	bool removed;
} KeyState;

typedef struct Changes
{
	Arena *arena; /* of keys and images */
	KeyState *states;
	int count;
	int *places; /* hash table of 1 + index into states; 0: free */
	int next;    /* of states, for the source of items */
	int *puts;   /* indexes into states of the items that were given, in their order */
	int put_count;
	RowCopy *copy;
} Changes;

#define PLACES (CHANGES_AT_ONCE * 2)

static Changes *
create_changes(RowCopy *copy)
{
	Changes *changes = palloc0_object(Changes);

	changes->arena =
	    memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, CHANGES_MEMORY_MAXIMUM);
	changes->states = palloc_array(KeyState, CHANGES_AT_ONCE);
	changes->places = palloc0_array(int, PLACES);
	changes->puts = palloc_array(int, CHANGES_AT_ONCE);
	changes->copy = copy;
	return changes;
}

/* The state of the key, which is new where it was not there. */
static KeyState *
state_of_key(Changes *changes, const DynamodbItem *key)
{
	uint32 place = row_key_hash(key) % PLACES;

	for (; changes->places[place] != 0; place = (place + 1) % PLACES)
	{
		KeyState *state = &changes->states[changes->places[place] - 1];

		if (row_keys_equal(&state->key, key))
			return state;
	}
	changes->places[place] = ++changes->count;
	return &changes->states[changes->count - 1];
}

static void
copy_item(Changes *changes, const DynamodbItem *item, DynamodbItem *copy)
{
	if (!item_copy(changes->arena, item, copy))
		report_result(arena_failure(changes->arena, 1), "keep a change");
	row_reader_assign_slots(changes->copy->reader, copy);
}

static void
note_change(Changes *changes, const StreamRecord *record)
{
	KeyState *state = state_of_key(changes, &record->keys);
	bool removed = bytes_equal(record->event_name, BYTES_LITERAL("REMOVE"));

	if (!removed && !record->has_new_image)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("record of the change stream has no new image"),
		                errhint("The stream's view must be NEW_AND_OLD_IMAGES.")));
	copy_item(changes, &record->keys, &state->key);
	if (!removed)
		copy_item(changes, &record->new_image, &state->image);
	/* What the source hides is not there. */
	state->removed = removed || !row_is_visible(changes->copy->reader, &state->image);
}

/* The next item that is to be put. */
static const DynamodbItem *
next_put(void *context)
{
	Changes *changes = context;

	while (changes->next < changes->count)
	{
		int place = changes->next++;

		if (changes->states[place].removed)
			continue;
		changes->puts[changes->put_count++] = place;
		return &changes->states[place].image;
	}
	return NULL;
}

/* A bad item is not there for who reads the source, so that what it was before is not, either. */
static void
skip_put(void *context, int64 number)
{
	const Changes *changes = context;

	changes->states[changes->puts[number]].removed = true;
}

static bool
next_put_is_ready(void *context)
{
	return true;
}

static void
remove_items(Changes *changes)
{
	RowCopy *copy = changes->copy;

	for (int i = 0; i < changes->count; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(copy->row);

		if (changes->states[i].removed)
		{
			row_read(copy->reader, &changes->states[i].key, copy->values, copy->nulls);
			remove_row(copy);
		}
		MemoryContextSwitchTo(caller);
		MemoryContextReset(copy->row);
	}
}

/* Those that the seed has seen are not needed. */
static bool
is_needed(const Migration *migration, const StreamRecord *record)
{
	return record->created_at <= 0 || record->created_at > migration->noted_at - CHANGES_MARGIN;
}

/* Takes what the stream has; true at its end as of now. */
static bool
collect_changes(Migration *migration, Changes *changes, int64 *count)
{
	while (changes->count < CHANGES_AT_ONCE && changes->arena->allocated < CHANGES_MEMORY_WANTED)
	{
		const StreamRecord *record = stream_reader_next(migration->reader);

		if (record == NULL)
			return true;
		if (!is_needed(migration, record))
			continue;
		note_change(changes, record);
		(*count)++;
	}
	return false;
}

/*
 * A shard of which no record was seen is read from its beginning; that must still be what it was
 * when it was known to be complete.
 */
static void
check_age(const Migration *migration, ServiceClient *client)
{
	double age = (double) service_client_time(client) - migration->complete_until;
	List *positions = migration->reader == NULL ? migration->positions
	                                            : stream_reader_positions(migration->reader);
	ListCell *cell;

	if (age < 24 * 3600)
		return;
	foreach (cell, positions)
	{
		const ShardPosition *position = lfirst(cell);

		if (!position->ended && position->sequence_number == NULL)
			ereport(ERROR,
			        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			         errmsg("changes of the source are no longer kept in its stream"),
			         errdetail("The migration was interrupted, or its seed has lasted, for more "
			                   "than 24 hours."),
			         errhint("Empty the target and begin anew.")));
	}
}

static void
open_reader(Migration *migration, ServiceClient *client)
{
	StreamStart start = {.kind = STREAM_FROM_POSITIONS, .positions = migration->positions};
	MemoryContext caller = MemoryContextSwitchTo(migration->context);

	migration->reader = stream_reader_open(client, migration->stream_arn, &start, NULL);
	MemoryContextSwitchTo(caller);
}

static void
apply_changes(Migration *migration, Changes *changes)
{
	RowSource source = {{next_put, next_put_is_ready, changes}, skip_put};
	RowCopy *copy = changes->copy;

	report_place_enter(&copy->reader->place);
	(void) copy_rows(copy, &source);
	remove_items(changes);
	report_place_leave(&copy->reader->place);
}

/* ---- a while ---- */

typedef struct Pause
{
	TransportTimer timer;
	bool over;
} Pause;

static bool
pause_is_over(void *context)
{
	return ((Pause *) context)->over;
}

static void
end_pause(void *context)
{
	((Pause *) context)->over = true;
}

/* Waits as long; requests in flight go on, and a cancel ends it. */
static void
wait_ms(int64 duration_ms)
{
	Pause pause = {.timer = {.expired = end_pause}};

	pause.timer.context = &pause;
	transport_timer_start(&pause.timer,
	                      transport_now() + duration_ms * MICROSECONDS_PER_MILLISECOND);
	PG_TRY();
	{
		transport_wait(pause_is_over, &pause);
	}
	PG_FINALLY();
	{
		transport_timer_stop(&pause.timer);
	}
	PG_END_TRY();
}

bool
migration_apply(Migration *migration, int64 delay_ms, int64 *changes)
{
	RowCopy *copy = begin_copy(migration);
	Changes *collected = create_changes(copy);
	ServiceClient *client = copy->pair->source->client;
	double began_at = (double) service_client_time(client);
	bool at_end;

	*changes = 0;
	if (delay_ms > 0)
		wait_ms(delay_ms);
	check_age(migration, client);
	if (migration->reader == NULL)
		open_reader(migration, client);
	else
		stream_reader_go_on(migration->reader);
	stream_reader_stop_after(migration->reader, migration->stop_after);
	at_end = collect_changes(migration, collected, changes);
	stream_reader_pause(migration->reader);
	apply_changes(migration, collected);
	end_copy(copy);
	migration->changes_applied += *changes;
	if (at_end)
		migration->complete_until = began_at;
	return at_end;
}
