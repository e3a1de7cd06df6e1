/*
 * records_ahead.c
 *		Records of a change stream, on their way from ciphertext to plaintext.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "postgres/compat.h"

#include "postgres/encryption/column_openings.h"
#include "postgres/encryption/item_encryption.h"
#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/scan/ahead_queue.h"
#include "postgres/stream/records_ahead.h"

/* A record on its way: images are encrypted as a whole, or attributes of them are. */
typedef struct AheadRecord
{
	MemoryContext context;  /* of its own: record and, in the end, values */
	StreamRecord record;    /* its images are opened in the end, as far as they are read */
	ItemOpening *new_image; /* NULL: it is not read, or not encrypted */
	ItemOpening *old_image;
	ColumnOpenings *columns; /* NULL: no column is encrypted */
	SecretValues *secrets;
} AheadRecord;

struct RecordsAhead
{
	StreamRowReader *reader;
	ItemEncryption *encryption; /* NULL: images are not encrypted */
	ColumnOpener *columns;      /* NULL: no column is */
	StreamRecords *records;
	AheadQueue *queue;
	int64 skipped;
};

bool
records_ahead_are_needed(const StreamRowReader *reader)
{
	if (reader->stream->relation->encryption == NULL)
		return reader->attributes->encrypted_count > 0;
	return reader->reads_attributes || reader->reads_new_image || reader->reads_old_image;
}

/* ---- one record ---- */

static const void *
next_record(void *ahead)
{
	return stream_records_next(((RecordsAhead *) ahead)->records);
}

static bool
record_is_ready(void *ahead)
{
	return stream_records_are_ready(((RecordsAhead *) ahead)->records);
}

static Bytes
copy_bytes(Arena *arena, Bytes bytes)
{
	char *copy = arena_copy(arena, bytes);

	if (copy == NULL)
		report_result(arena_failure(arena, bytes.length), "keep a record");
	return (Bytes){copy, bytes.length};
}

static DynamodbItem
copy_item(Arena *arena, const DynamodbItem *item)
{
	DynamodbItem copy;

	if (!item_copy(arena, item, &copy))
		report_result(arena_failure(arena, 1), "keep a record");
	return copy;
}

/* Single attributes are read from the new image, and from the old one where there is no other. */
static bool
reads_new_image(const StreamRowReader *reader, const StreamRecord *record)
{
	return record->has_new_image && (reader->reads_new_image || reader->reads_attributes);
}

static bool
reads_old_image(const StreamRowReader *reader, const StreamRecord *record)
{
	return record->has_old_image &&
	       (reader->reads_old_image || (reader->reads_attributes && !record->has_new_image));
}

/* The record with those of its images that are read. */
static StreamRecord
copy_record(const StreamRowReader *reader, const StreamRecord *record)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, MaxAllocSize);
	StreamRecord copy = *record;

	copy.event_id = copy_bytes(arena, record->event_id);
	copy.event_name = copy_bytes(arena, record->event_name);
	copy.sequence_number = copy_bytes(arena, record->sequence_number);
	copy.keys = copy_item(arena, &record->keys);
	copy.new_image = (DynamodbItem){0};
	copy.old_image = (DynamodbItem){0};
	if (reads_new_image(reader, record))
		copy.new_image = copy_item(arena, &record->new_image);
	if (reads_old_image(reader, record))
		copy.old_image = copy_item(arena, &record->old_image);
	return copy;
}

static void
begin_images(const RecordsAhead *ahead, AheadRecord *made)
{
	const StreamRecord *record = &made->record;

	if (reads_new_image(ahead->reader, record))
		made->new_image = item_opening_begin(ahead->encryption, &record->new_image);
	if (reads_old_image(ahead->reader, record))
		made->old_image = item_opening_begin(ahead->encryption, &record->old_image);
}

static void *
begin_record(void *context, const void *record)
{
	const RecordsAhead *ahead = context;
	AheadRecord *made = palloc0_object(AheadRecord);

	made->context = CurrentMemoryContext;
	made->secrets = secret_values_create(ahead->reader->stream->relation);
	made->record = copy_record(ahead->reader, record);
	if (ahead->encryption != NULL)
		begin_images(ahead, made);
	else
		made->columns = column_openings_begin(ahead->columns, stream_record_item(&made->record));
	return made;
}

/* Puts the plaintext in the image's place; false for a bad one that is to be skipped. */
static bool
open_image(ItemOpening *opening, Arena *secrets, DynamodbItem *image)
{
	DynamodbItem plaintext;

	if (opening == NULL)
		return true;
	if (!item_opening_end_or_report(opening, secrets, &plaintext))
		return false;
	*image = plaintext;
	return true;
}

static bool
open_images(const RecordsAhead *ahead, AheadRecord *made, Datum *values, bool *nulls)
{
	ReportPlace *place = &ahead->reader->attributes->place;
	Arena *secrets = memory_context_arena(made->context, ARENA_SECRET, 2 * ITEM_SECRETS_MAXIMUM);
	bool good;

	place->item = &made->record.keys;
	good = open_image(made->new_image, secrets, &made->record.new_image) &&
	       open_image(made->old_image, secrets, &made->record.old_image);
	place->item = NULL;
	if (!good)
		return false;
	stream_row_read_secret(ahead->reader, &made->record, values, nulls);
	secret_values_add_sealed(made->secrets, values, nulls);
	return true;
}

/* False when the record makes no row. */
static bool
read_record(const RecordsAhead *ahead, AheadRecord *made, Datum *values, bool *nulls)
{
	MemoryContext caller = MemoryContextSwitchTo(made->context);
	bool is_row = true;

	if (ahead->encryption != NULL)
		is_row = open_images(ahead, made, values, nulls);
	else
	{
		column_openings_end(made->columns, made->secrets, values, nulls);
		stream_row_read_roles(ahead->reader, &made->record, values, nulls);
	}
	MemoryContextSwitchTo(caller);
	return is_row;
}

/* ---- all of them ---- */

/* Images that a record may have to be opened; one at least is read. */
static int
images_of_record(const StreamRowReader *reader)
{
	bool reads_newest = reader->reads_new_image || reader->reads_attributes;

	return reads_newest && reader->reads_old_image ? 2 : 1;
}

RecordsAhead *
records_ahead_create(StreamRowReader *reader, MemoryContext statement, KmsUse *use,
                     StreamRecords *records)
{
	const ForeignRelation *relation = reader->stream->relation;
	RecordsAhead *ahead = palloc0_object(RecordsAhead);
	AheadSource each = {
	    .next = next_record, .is_ready = record_is_ready, .begin = begin_record, .context = ahead};

	ahead->reader = reader;
	if (relation->encryption != NULL)
	{
		ahead->encryption = item_encryption_create(relation, use);
		each.calls = images_of_record(reader);
	}
	else
	{
		ahead->columns = column_opener_create(reader->attributes, statement, use);
		each.calls = reader->attributes->encrypted_count;
	}
	ahead->records = records;
	ahead->queue = ahead_queue_create(relation->client, use, &each);
	return ahead;
}

bool
records_ahead_next(RecordsAhead *ahead, Datum *values, bool *nulls)
{
	AheadRecord *made;

	while ((made = ahead_queue_next(ahead->queue)) != NULL)
	{
		if (read_record(ahead, made, values, nulls))
			return true;
		ahead->skipped++;
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

int64
records_ahead_skipped(const RecordsAhead *ahead)
{
	return ahead->skipped;
}

void
records_ahead_reset(RecordsAhead *ahead)
{
	ahead_queue_reset(ahead->queue);
}
