/*
 * row_sealing.c
 *		Rows of an encrypted table, between plaintext and what is stored.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/item_encryption.h"
#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/row_sealing.h"
#include "postgres/row_writer_parts.h"
#include "postgres/table_encryption.h"

static bool
puts_item(const RowWrite *row)
{
	return row->writer->items != NULL && row->kind != ROW_DELETE;
}

void
row_sealing_begin(RowWrite *row)
{
	const DynamodbItem *key = row->kind == ROW_MOVE ? &row->new_key : &row->key;
	MemoryContext caller;

	if (!puts_item(row))
		return;
	caller = MemoryContextSwitchTo(row->context);
	row->sealing = item_sealing_begin(row->writer->items, key);
	MemoryContextSwitchTo(caller);
}

bool
row_sealing_is_ready(const RowWrite *row)
{
	return row->sealing == NULL || item_sealing_is_ready(row->sealing);
}

/* A row that was not begun ahead begins now. */
static void
require_sealing(RowWrite *row)
{
	if (row->sealing == NULL)
		row_sealing_begin(row);
}

DynamodbItem
row_seal_item(RowWrite *row, const DynamodbItem *plaintext)
{
	DynamodbItem sealed;

	require_sealing(row);
	item_seal(row->sealing, row->arena, plaintext, &sealed);
	check_item(row, &sealed);
	return sealed;
}

void
row_sealing_end(RowWrite *row)
{
	if (!puts_item(row))
		return;
	item_sealing_wait(row->sealing);
	if (row->kind == ROW_INSERT)
		row->writes[0].item = row_seal_item(row, &row->writes[0].item);
}

const DynamodbItem *
row_open_stored(RowWrite *row, const DynamodbItem *stored)
{
	DynamodbItem *plaintext = ROW_ALLOCATE(row, 1, DynamodbItem);
	ItemOpening *opening = item_opening_begin(row->writer->items, stored);
	const char *message;

	if (!item_opening_end(opening, row->arena, plaintext, &message))
		item_report_bad(row->writer->relation, message);
	return plaintext;
}

/* The unsigned attributes that columns map and the stored item lacks, each once. */
static void
expect_no_unsigned(RowWrite *row, const DynamodbItem *stored,
                   void (*expect)(RowWrite *row, void *list, Bytes name,
                                  const AttributeValue *value),
                   void *list)
{
	const ForeignRelation *relation = row->writer->relation;

	for (uint32 slot = 0; slot < relation->names.count; slot++)
	{
		Bytes name = relation->names.names[slot];

		if (encryption_client_table_action(&relation->encryption->client, name) ==
		        CRYPTO_DO_NOTHING &&
		    item_find(stored, name) == NULL)
			expect(row, list, name, NULL);
	}
}

void
row_expect_sealed(RowWrite *row, const DynamodbItem *stored,
                  void (*expect)(RowWrite *row, void *list, Bytes name,
                                 const AttributeValue *value),
                  void *list)
{
	const EncryptionClientTable *table = &row->writer->relation->encryption->client;

	for (uint32 i = 0; i < stored->count; i++)
	{
		const Attribute *attribute = &stored->attributes[i];

		/* The signature and the description are themselves among what nothing is done with. */
		if (encryption_client_table_action(table, attribute->name) == CRYPTO_DO_NOTHING &&
		    item_find(&row->key, attribute->name) == NULL)
			expect(row, list, attribute->name, &attribute->value);
	}
	expect_no_unsigned(row, stored, expect, list);
}
