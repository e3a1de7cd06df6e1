/*
 * rows_ahead.c
 *		A queue of rows on their way from ciphertext to plaintext.
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/column_encryption.h"
#include "postgres/item_encryption.h"
#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/rows_ahead.h"

/* What the copies of items may take, of what a scan may; the rest is for pages. */
#define ITEMS_SHARE_OF_MEMORY 4

/* A row that was not handed out, or the one that was last. */
typedef struct AheadRow
{
	dlist_node node;
	RowsAhead *rows;
	MemoryContext context; /* of its own: item and, in the end, values */
	Arena *arena;
	DynamodbItem item;
	Size memory;
	KmsPlaintext **asked; /* by place among the encrypted columns; NULL: nothing to be asked */
	ItemOpening *opening; /* of an encrypted table's item; NULL: there is none */
	Datum *plaintexts;    /* as handed out, for being wiped, by column; 0 where there is none */
	MemoryContextCallback wipe;
} AheadRow;

struct RowsAhead
{
	RowReader *reader;
	KmsPlaintexts *plaintexts;  /* NULL: no column is encrypted */
	ItemEncryption *encryption; /* NULL: items are not */
	KmsUse *use;
	ItemSource source;
	MemoryContext context;
	dlist_head waiting; /* in the order of the items */
	int waiting_count;
	Size memory; /* of what waits */
	AheadRow *current;
	int64 handed_out;
	int most; /* rows that are worth asking for at once */
	bool source_ended;
	int64 skipped;
};

bool
rows_ahead_are_needed(const RowReader *reader)
{
	return reader->encrypted_count > 0 || reader->relation->encryption != NULL;
}

RowsAhead *
rows_ahead_create(RowReader *reader, MemoryContext statement, KmsUse *use, const ItemSource *source)
{
	RowsAhead *rows = palloc0_object(RowsAhead);
	ServiceClient *client = reader->relation->client;
	int calls = kms_calls_at_once(client);

	rows->reader = reader;
	if (reader->encrypted_count > 0)
		rows->plaintexts = kms_plaintexts_of(statement, client);
	if (reader->relation->encryption != NULL)
		rows->encryption = item_encryption_create(reader->relation, use);
	rows->use = use;
	rows->source = *source;
	rows->context = CurrentMemoryContext;
	rows->most = Max(calls / Max(reader->encrypted_count, 1), 1);
	dlist_init(&rows->waiting);
	return rows;
}

/* ---- one row ---- */

static const AttributeValue *
find_attribute(const void *reader, const ForeignColumn *column)
{
	return row_attribute(reader, column);
}

/* The context goes, for whatever reason: plaintexts that were handed out go first. */
static void
wipe_row(void *context)
{
	AheadRow *row = context;
	const ForeignRelation *relation = row->rows->reader->relation;

	for (int i = 0; i < relation->column_count; i++)
		if (row->plaintexts[i] != (Datum) 0)
			column_wipe_datum(&relation->columns[i], row->plaintexts[i]);
}

static void
release_asked(AheadRow *row)
{
	for (int i = 0; i < row->rows->reader->encrypted_count; i++)
	{
		if (row->asked[i] != NULL)
			kms_plaintext_release(row->asked[i]);
		row->asked[i] = NULL;
	}
}

static void
drop_row(AheadRow *row)
{
	release_asked(row);
	MemoryContextDelete(row->context);
}

static AheadRow *
make_row(RowsAhead *rows, const DynamodbItem *item)
{
	MemoryContext context =
	    AllocSetContextCreate(rows->context, "DynamoDB row ahead", ALLOCSET_SMALL_SIZES);
	AheadRow *row = MemoryContextAllocZero(context, sizeof(*row));
	int encrypted_count = rows->reader->encrypted_count;

	row->rows = rows;
	row->context = context;
	row->arena = memory_context_arena(context, ARENA_PLAIN, MaxAllocSize);
	row->asked = MemoryContextAllocZero(context, sizeof(*row->asked) * encrypted_count);
	row->plaintexts =
	    MemoryContextAllocZero(context, sizeof(Datum) * rows->reader->relation->column_count);
	row->wipe = (MemoryContextCallback){.func = wipe_row, .arg = row};
	MemoryContextRegisterResetCallback(context, &row->wipe);
	if (!item_copy(row->arena, item, &row->item))
		report_result(arena_failure(row->arena, 1), "copy item");
	return row;
}

/*
 * Asks for what the column's attribute holds, in the item that is spread; NULL where there is
 * nothing to be asked, or where that cannot be, which the row will say.
 */
static KmsPlaintext *
ask_for_column(RowsAhead *rows, Arena *arena, int place)
{
	const ForeignColumn *column = rows->reader->encrypted[place];
	const AttributeValue *stored = row_attribute(rows->reader, column);
	AttributeSource source = {find_attribute, rows->reader};
	KmsRequest request;

	if (stored == NULL || stored->type == ATTRIBUTE_NULL ||
	    column_decrypt_request(column, arena, stored, &source, &request) != OBSTACLE_NONE)
		return NULL;
	return kms_plaintext_ask(rows->plaintexts, rows->use, &request);
}

static void
ask_for_row(AheadRow *row)
{
	MemoryContext caller = MemoryContextSwitchTo(row->context);

	if (row->rows->encryption != NULL)
		row->opening = item_opening_begin(row->rows->encryption, &row->item);
	row_spread(row->rows->reader, &row->item);
	for (int i = 0; i < row->rows->reader->encrypted_count; i++)
		row->asked[i] = ask_for_column(row->rows, row->arena, i);
	MemoryContextSwitchTo(caller);
	row->memory = MemoryContextMemAllocated(row->context, true);
}

/* The column's Datum, or the error that keeps it back. The row's attributes are spread. */
static Datum
decrypt_column(AheadRow *row, int place, bool *is_null)
{
	RowsAhead *rows = row->rows;
	const ForeignColumn *column = rows->reader->encrypted[place];
	const AttributeValue *stored = row_attribute(rows->reader, column);
	AttributeSource source = {find_attribute, rows->reader};
	KmsRequest request;
	Bytes plaintext;
	Bytes key_arn;

	*is_null = stored == NULL || stored->type == ATTRIBUTE_NULL;
	if (*is_null)
		return (Datum) 0;
	if (row->asked[place] == NULL)
		column_report_undecryptable(
		    column, column_decrypt_request(column, row->arena, stored, &source, &request), stored);
	plaintext = kms_plaintext_wait(row->asked[place], &key_arn);
	column_check_key(column, rows->reader->relation->client, rows->use, key_arn);
	row->plaintexts[column->number - 1] = column_read_plaintext(column, plaintext);
	return row->plaintexts[column->number - 1];
}

/* Reads the row of an opened item; what it hands out will be wiped. */
static void
read_plaintext(AheadRow *row, const DynamodbItem *plaintext, Datum *values, bool *nulls)
{
	RowReader *reader = row->rows->reader;

	row_read_secret(reader, plaintext, values, nulls);
	for (int i = 0; i < reader->column_count; i++)
	{
		int place = reader->columns[i]->number - 1;

		if (!nulls[place] && reader->columns[i]->is_sealed)
			row->plaintexts[place] = values[place];
	}
}

/* False for a bad item that is to be skipped. */
static bool
open_row(AheadRow *row, Datum *values, bool *nulls)
{
	RowReader *reader = row->rows->reader;
	Arena *secrets = memory_context_arena(row->context, ARENA_SECRET, ITEM_SECRETS_MAXIMUM);
	DynamodbItem plaintext;
	const char *message;
	bool good;

	reader->place.item = &row->item;
	good = item_opening_end(row->opening, secrets, &plaintext, &message);
	if (!good && !reader->relation->options->skips_bad_items)
		item_report_bad(reader->relation, message);
	reader->place.item = NULL;
	if (good)
		read_plaintext(row, &plaintext, values, nulls);
	return good;
}

static void
read_encrypted_columns(AheadRow *row, Datum *values, bool *nulls)
{
	RowReader *reader = row->rows->reader;

	row_read(reader, &row->item, values, nulls);
	reader->place.item = &row->item;
	for (int i = 0; i < reader->encrypted_count; i++)
	{
		int position = reader->encrypted[i]->number - 1;

		reader->place.column = reader->encrypted[i]->name;
		values[position] = decrypt_column(row, i, &nulls[position]);
	}
	reader->place.column = NULL;
	reader->place.item = NULL;
	release_asked(row);
}

/* False when the item makes no row. */
static bool
read_row(AheadRow *row, Datum *values, bool *nulls)
{
	MemoryContext caller = MemoryContextSwitchTo(row->context);
	bool is_row = true;

	if (row->opening != NULL)
		is_row = open_row(row, values, nulls);
	else
		read_encrypted_columns(row, values, nulls);
	MemoryContextSwitchTo(caller);
	return is_row;
}

void
rows_ahead_expect(RowsAhead *rows, const DynamodbItem *item)
{
	int columns = rows->reader->encrypted_count;
	Arena *arena;

	if (columns == 0 || kms_calls_left(rows->reader->relation->client, rows->use) <= columns ||
	    !row_is_visible(rows->reader, item))
		return;
	arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, MaxAllocSize);
	row_spread(rows->reader, item);
	for (int i = 0; i < columns; i++)
		ask_for_column(rows, arena, i);
}

int
rows_ahead_most(const RowsAhead *rows)
{
	return rows->most;
}

/* ---- the queue ---- */

/*
 * True when another row is to be asked for before one is handed out: always the first; then as many
 * as were asked for so far, where that costs neither waiting nor a guard's last calls.
 */
static bool
wants_more(const RowsAhead *rows)
{
	if (rows->source_ended)
		return false;
	if (rows->waiting_count == 0)
		return true;
	return rows->waiting_count < Min(rows->handed_out + 1, (int64) rows->most) &&
	       rows->memory < (Size) max_memory_per_scan_kb * 1024 / ITEMS_SHARE_OF_MEMORY &&
	       kms_calls_left(rows->reader->relation->client, rows->use) >=
	           Max(rows->reader->encrypted_count, 1) &&
	       rows->source.is_ready(rows->source.context);
}

static void
take_item(RowsAhead *rows)
{
	const DynamodbItem *item = rows->source.next(rows->source.context);
	AheadRow *row;

	rows->source_ended = item == NULL;
	if (item == NULL)
		return;
	row = make_row(rows, item);
	dlist_push_tail(&rows->waiting, &row->node);
	rows->waiting_count++;
	ask_for_row(row);
	rows->memory += row->memory;
}

static void
drop_current(RowsAhead *rows)
{
	if (rows->current != NULL)
		drop_row(rows->current);
	rows->current = NULL;
}

/* The next item's row becomes the current one; false at the end. */
static bool
advance(RowsAhead *rows)
{
	drop_current(rows);
	while (wants_more(rows))
		take_item(rows);
	if (rows->waiting_count == 0)
		return false;
	rows->current = dlist_container(AheadRow, node, dlist_pop_head_node(&rows->waiting));
	rows->waiting_count--;
	rows->memory -= rows->current->memory;
	rows->handed_out++;
	return true;
}

bool
rows_ahead_next(RowsAhead *rows, Datum *values, bool *nulls)
{
	while (advance(rows))
	{
		if (read_row(rows->current, values, nulls))
			return true;
		rows->skipped++;
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

int64
rows_ahead_skipped(const RowsAhead *rows)
{
	return rows->skipped;
}

/* What an analyst must know of a result that leaves items out. */
void
rows_ahead_warn_of_skipped(const ForeignRelation *relation, int64 skipped)
{
	if (skipped > 0)
		ereport(WARNING,
		        (errcode(ERRCODE_DATA_CORRUPTED),
		         errmsg_plural("%lld item of encrypted DynamoDB table \"%s\" does not verify and "
		                       "was skipped",
		                       "%lld items of encrypted DynamoDB table \"%s\" do not verify and "
		                       "were skipped",
		                       (unsigned long) skipped, (long long) skipped,
		                       relation->options->table_name)));
}

void
rows_ahead_reset(RowsAhead *rows)
{
	drop_current(rows);
	while (!dlist_is_empty(&rows->waiting))
		drop_row(dlist_container(AheadRow, node, dlist_pop_head_node(&rows->waiting)));
	rows->waiting_count = 0;
	rows->memory = 0;
	rows->source_ended = false;
}
