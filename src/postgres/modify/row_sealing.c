/*
 * row_sealing.c
 *		Rows of an encrypted table, between plaintext and what is stored.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/encryption/item_encryption.h"
#include "postgres/encryption/table_encryption.h"
#include "postgres/memory.h"
#include "postgres/modify/row_sealing.h"
#include "postgres/modify/row_writer_parts.h"
#include "postgres/report.h"

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

static bool
is_unsigned(const RowWrite *row, Bytes name)
{
	const EncryptionClientTable *table = &row->writer->relation->encryption->client;

	return encryption_client_table_action(table, name) == CRYPTO_DO_NOTHING;
}

static void
expect_attribute(RowWrite *row, ConditionList *list, Bytes name, const AttributeValue *value)
{
	AttributePath path = path_of_name(row, name);

	add_stored(row, list, &path, value);
}

const Condition *
row_expect_sealed(RowWrite *row, const DynamodbItem *stored)
{
	const NameTable *mapped = &row->writer->relation->names;
	ConditionList list = {0};

	add_existence(row, &list);
	for (uint32 i = 0; i < stored->count; i++)
	{
		const Attribute *attribute = &stored->attributes[i];

		/* Signature and description are themselves among what is not signed. */
		if (is_unsigned(row, attribute->name) && item_find(&row->key, attribute->name) == NULL)
			expect_attribute(row, &list, attribute->name, &attribute->value);
	}
	for (uint32 slot = 0; slot < mapped->count; slot++)
	{
		if (is_unsigned(row, mapped->names[slot]) && item_find(stored, mapped->names[slot]) == NULL)
			expect_attribute(row, &list, mapped->names[slot], NULL);
	}
	return all_of(row, &list);
}

void
row_send_sealed(RowWrite *row, const DynamodbItem *stored, const DynamodbItem *changed)
{
	AttributePath hash_key = path_of_name(row, row->writer->rules[0].name);
	const Condition *unchanged = row_expect_sealed(row, stored);
	bool moves = row->kind == ROW_MOVE;
	ItemWrite put = {
	    .action = ITEM_WRITE_PUT,
	    .table_name = row->writer->table_name,
	    .key = moves ? row->new_key : row->key,
	    .item = row_seal_item(row, changed),
	    .condition = moves ? make_condition(row, CONDITION_NOT_EXISTS, &hash_key) : unchanged,
	};

	row->write_count = 0;
	if (moves)
		send_delete(row, unchanged);
	row->writes[row->write_count++] = put;
}
