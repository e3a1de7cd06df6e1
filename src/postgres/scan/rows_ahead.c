/*
 * rows_ahead.c
 *		Rows of items, on their way from ciphertext to plaintext.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "postgres/compat.h"

#include "postgres/encryption/column_openings.h"
#include "postgres/encryption/item_encryption.h"
#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/scan/ahead_queue.h"
#include "postgres/scan/rows_ahead.h"

/* A row on its way: its item is encrypted as a whole, or columns of it are. */
typedef struct AheadRow
{
	MemoryContext context; /* of its own: item and, in the end, values */
	DynamodbItem item;
	ItemOpening *opening;    /* NULL: items are stored as they are */
	ColumnOpenings *columns; /* NULL: items are not */
	SecretValues *secrets;
} AheadRow;

struct RowsAhead
{
	RowReader *reader;
	KmsUse *use;
	ItemEncryption *encryption; /* NULL: items are not encrypted */
	ColumnOpener *columns;      /* NULL: no column is */
	ItemSource source;
	AheadQueue *queue;
	int64 skipped;
};

bool
rows_ahead_are_needed(const RowReader *reader)
{
	return reader->encrypted_count > 0 || reader->relation->encryption != NULL;
}

/* ---- one row ---- */

static const void *
next_item(void *rows)
{
	const ItemSource *source = &((RowsAhead *) rows)->source;

	return source->next(source->context);
}

static bool
item_is_ready(void *rows)
{
	const ItemSource *source = &((RowsAhead *) rows)->source;

	return source->is_ready(source->context);
}

static void *
begin_row(void *context, const void *item)
{
	RowsAhead *rows = context;
	AheadRow *row = palloc0_object(AheadRow);
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, MaxAllocSize);

	row->context = CurrentMemoryContext;
	row->secrets = secret_values_create(rows->reader->relation);
	if (!item_copy(arena, item, &row->item))
		report_result(arena_failure(arena, 1), "copy item");
	if (rows->encryption != NULL)
		row->opening = item_opening_begin(rows->encryption, &row->item);
	else
		row->columns = column_openings_begin(rows->columns, &row->item);
	return row;
}

/* False for a bad item that is to be skipped. */
static bool
open_row(const RowsAhead *rows, AheadRow *row, Datum *values, bool *nulls)
{
	RowReader *reader = rows->reader;
	Arena *secrets = memory_context_arena(row->context, ARENA_SECRET, ITEM_SECRETS_MAXIMUM);
	DynamodbItem plaintext;
	bool good;

	reader->place.item = &row->item;
	good = item_opening_end_or_report(row->opening, secrets, &plaintext);
	reader->place.item = NULL;
	if (!good)
		return false;
	row_read_secret(reader, &plaintext, values, nulls);
	secret_values_add_sealed(row->secrets, values, nulls);
	return true;
}

/* False when the item makes no row. */
static bool
read_row(const RowsAhead *rows, AheadRow *row, Datum *values, bool *nulls)
{
	MemoryContext caller = MemoryContextSwitchTo(row->context);
	bool is_row = true;

	if (row->opening != NULL)
		is_row = open_row(rows, row, values, nulls);
	else
		column_openings_end(row->columns, row->secrets, values, nulls);
	MemoryContextSwitchTo(caller);
	return is_row;
}

/* ---- all of them ---- */

RowsAhead *
rows_ahead_create(RowReader *reader, MemoryContext statement, KmsUse *use, const ItemSource *source)
{
	RowsAhead *rows = palloc0_object(RowsAhead);
	AheadSource each = {.next = next_item,
	                    .is_ready = item_is_ready,
	                    .begin = begin_row,
	                    .context = rows,
	                    .calls = Max(reader->encrypted_count, 1)};

	rows->reader = reader;
	rows->use = use;
	if (reader->relation->encryption != NULL)
		rows->encryption = item_encryption_create(reader->relation, use);
	else
		rows->columns = column_opener_create(reader, statement, use);
	rows->source = *source;
	rows->queue = ahead_queue_create(reader->relation->client, use, &each);
	return rows;
}

void
rows_ahead_expect(RowsAhead *rows, const DynamodbItem *item)
{
	if (rows->columns != NULL)
		column_opener_expect(rows->columns, item);
	else if (kms_calls_left(rows->reader->relation->client, rows->use) > 1 &&
	         row_is_visible(rows->reader, item))
		(void) item_opening_begin(rows->encryption, item);
}

bool
rows_ahead_is_ready(RowsAhead *rows)
{
	bool is_end;
	const AheadRow *row = ahead_queue_first(rows->queue, &is_end);

	if (row == NULL)
		return is_end;
	return row->opening != NULL ? item_opening_is_ready(row->opening)
	                            : column_openings_are_ready(row->columns);
}

int
rows_ahead_most(const RowsAhead *rows)
{
	return ahead_queue_most(rows->queue);
}

bool
rows_ahead_next(RowsAhead *rows, Datum *values, bool *nulls)
{
	AheadRow *row;

	while ((row = ahead_queue_next(rows->queue)) != NULL)
	{
		if (read_row(rows, row, values, nulls))
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
rows_ahead_reset(RowsAhead *rows)
{
	ahead_queue_reset(rows->queue);
}
