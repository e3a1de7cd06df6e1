/*
 * column_openings.c
 *		Decrypt calls for the encrypted columns of a row, and the row that is made of their answers.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/encryption/column_encryption.h"
#include "postgres/encryption/column_openings.h"
#include "postgres/memory.h"

struct ColumnOpener
{
	RowReader *reader;
	KmsPlaintexts *plaintexts;
	KmsUse *use;
};

struct ColumnOpenings
{
	ColumnOpener *opener;
	const DynamodbItem *item;
	Arena *arena;
	KmsPlaintext **asked; /* by place among the encrypted columns; NULL: nothing to be asked */
};

ColumnOpener *
column_opener_create(RowReader *reader, MemoryContext statement, KmsUse *use)
{
	ColumnOpener *opener = palloc_object(ColumnOpener);

	opener->reader = reader;
	opener->plaintexts = kms_plaintexts_of(statement, reader->relation->client);
	opener->use = use;
	return opener;
}

static const AttributeValue *
find_attribute(const void *reader, const ForeignColumn *column)
{
	return row_attribute(reader, column);
}

/*
 * Asks for what the column's attribute holds, in the item that is spread; NULL where there is
 * nothing to be asked, or where that cannot be, which the row will say.
 */
static KmsPlaintext *
ask_for_column(ColumnOpener *opener, Arena *arena, int place)
{
	const ForeignColumn *column = opener->reader->encrypted[place];
	const AttributeValue *stored = row_attribute(opener->reader, column);
	AttributeSource source = {find_attribute, opener->reader};
	KmsRequest request;

	if (stored == NULL || stored->type == ATTRIBUTE_NULL ||
	    column_decrypt_request(column, arena, stored, &source, &request) != OBSTACLE_NONE)
		return NULL;
	return kms_plaintext_ask(opener->plaintexts, opener->use, &request);
}

void
column_opener_expect(ColumnOpener *opener, const DynamodbItem *item)
{
	int columns = opener->reader->encrypted_count;
	Arena *arena;

	if (kms_calls_left(opener->reader->relation->client, opener->use) <= columns ||
	    !row_is_visible(opener->reader, item))
		return;
	arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, MaxAllocSize);
	row_spread(opener->reader, item);
	for (int i = 0; i < columns; i++)
		ask_for_column(opener, arena, i);
}

ColumnOpenings *
column_openings_begin(ColumnOpener *opener, const DynamodbItem *item)
{
	ColumnOpenings *openings = palloc0_object(ColumnOpenings);

	openings->opener = opener;
	openings->item = item;
	openings->arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, MaxAllocSize);
	openings->asked = palloc0_array(KmsPlaintext *, opener->reader->encrypted_count);
	row_spread(opener->reader, item);
	for (int i = 0; i < opener->reader->encrypted_count; i++)
		openings->asked[i] = ask_for_column(opener, openings->arena, i);
	return openings;
}

bool
column_openings_are_ready(const ColumnOpenings *openings)
{
	for (int i = 0; i < openings->opener->reader->encrypted_count; i++)
	{
		if (openings->asked[i] != NULL && !kms_plaintext_is_ready(openings->asked[i]))
			return false;
	}
	return true;
}

/* The column's Datum, or the error that keeps it back. The row's attributes are spread. */
static Datum
decrypt_column(const ColumnOpenings *openings, int place, bool *is_null)
{
	const ColumnOpener *opener = openings->opener;
	const ForeignColumn *column = opener->reader->encrypted[place];
	const AttributeValue *stored = row_attribute(opener->reader, column);
	AttributeSource source = {find_attribute, opener->reader};
	KmsRequest request;
	Bytes plaintext;
	Bytes key_arn;

	*is_null = stored == NULL || stored->type == ATTRIBUTE_NULL;
	if (*is_null)
		return (Datum) 0;
	if (openings->asked[place] == NULL)
		column_report_undecryptable(
		    column, column_decrypt_request(column, openings->arena, stored, &source, &request),
		    stored);
	plaintext = kms_plaintext_wait(openings->asked[place], &key_arn);
	column_check_key(column, opener->reader->relation->client, opener->use, key_arn);
	return column_read_plaintext(column, plaintext);
}

static void
release_asked(ColumnOpenings *openings)
{
	for (int i = 0; i < openings->opener->reader->encrypted_count; i++)
	{
		if (openings->asked[i] != NULL)
			kms_plaintext_release(openings->asked[i]);
		openings->asked[i] = NULL;
	}
}

void
column_openings_end(ColumnOpenings *openings, SecretValues *secrets, Datum *values, bool *nulls)
{
	RowReader *reader = openings->opener->reader;

	row_read(reader, openings->item, values, nulls);
	reader->place.item = openings->item;
	for (int i = 0; i < reader->encrypted_count; i++)
	{
		const ForeignColumn *column = reader->encrypted[i];
		int position = column->number - 1;

		reader->place.column = column->name;
		values[position] = decrypt_column(openings, i, &nulls[position]);
		if (!nulls[position])
			secret_values_add(secrets, column, values[position]);
	}
	reader->place.column = NULL;
	reader->place.item = NULL;
	release_asked(openings);
}
