/*
 * row.c
 *		Reads items as rows: finds each column's value in the item and converts it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "postgres/compat.h"

#include "item/number.h"
#include "postgres/encryption/secret_errors.h"
#include "postgres/scan/access.h"
#include "postgres/scan/row.h"

static void
add_key_names(RowReader *reader, const KeyAttribute *attributes, uint32 count)
{
	for (uint32 i = 0; i < count; i++)
	{
		if (!foreign_relation_hides(reader->relation, attributes[i].name))
			reader->key_names[reader->place.key_name_count++] = attributes[i].name;
	}
}

/* Lists the table's key attributes, which the context of an error shows unless they are secret. */
static void
set_key_names(RowReader *reader)
{
	const TableDescription *description = reader->relation->description;

	if (description == NULL)
		return;
	add_key_names(reader, description->keys.hash, description->keys.hash_count);
	add_key_names(reader, description->keys.range, description->keys.range_count);
	reader->place.key_names = reader->key_names;
}

/* Adds a name where it is new; `all` has room for it. */
static void
add_name(NameTable *names, Bytes *all, Bytes name)
{
	for (uint32 i = 0; i < names->count; i++)
	{
		if (bytes_equal(all[i], name))
			return;
	}
	all[names->count++] = name;
}

/*
 * The relation's names, their slots unchanged, and behind them what else the reader looks for where
 * the decoder would leave it out.
 */
static NameTable
names_to_decode(const RowReader *reader)
{
	const NameTable *mapped = &reader->relation->names;
	int key_count = reader->place.key_name_count;
	NameTable names = {.count = mapped->count, .skip_unknown = mapped->skip_unknown};
	Bytes *all = palloc_array(Bytes, mapped->count + key_count + 1);

	memcpy(all, mapped->names, sizeof(Bytes) * mapped->count);
	names.names = all;
	if (!names.skip_unknown)
		return names;
	for (int i = 0; i < key_count; i++)
		add_name(&names, all, reader->key_names[i]);
	if (reader->expiry_attribute.length > 0)
		add_name(&names, all, reader->expiry_attribute);
	return names;
}

/*
 * Which attributes a whole_item column leaves out, selected or not. One of which columns map only
 * places inside is not among them: the rest of it would be in no column.
 */
static bool *
find_mapped_whole(const ForeignRelation *relation)
{
	bool *is_mapped_whole = palloc0_array(bool, Max(relation->names.count, 1));

	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (column->live && column->slot != ATTRIBUTE_NO_SLOT && column->path.count == 1)
			is_mapped_whole[column->slot] = true;
	}
	return is_mapped_whole;
}

/* A reader without columns, and with room for all of them. */
static RowReader *
create_empty(const ForeignRelation *relation)
{
	RowReader *reader = palloc0_object(RowReader);

	reader->relation = relation;
	reader->columns = palloc_array(const ForeignColumn *, Max(relation->column_count, 1));
	reader->encrypted = palloc_array(const ForeignColumn *, Max(relation->column_count, 1));
	reader->top_level = palloc_array(const AttributeValue *, Max(relation->names.count, 1));
	reader->is_mapped_whole = find_mapped_whole(relation);
	reader->expiry_attribute = expiry_attribute(relation);
	reader->now = bytes_of_string(
	    psprintf(INT64_FORMAT, (int64) timestamptz_to_time_t(GetCurrentStatementStartTimestamp())));
	reader->place.table = relation->name;
	set_key_names(reader);
	reader->names = names_to_decode(reader);
	return reader;
}

static void
add_column(RowReader *reader, const ForeignColumn *column)
{
	if (column->live && column->encryption != NULL)
		reader->encrypted[reader->encrypted_count++] = column;
	else if (column->live)
		reader->columns[reader->column_count++] = column;
}

RowReader *
row_reader_create(const ForeignRelation *relation, List *columns)
{
	RowReader *reader = create_empty(relation);
	ListCell *cell;

	foreach (cell, columns)
		add_column(reader, &relation->columns[lfirst_int(cell) - 1]);
	return reader;
}

RowReader *
row_reader_create_for_all(const ForeignRelation *relation)
{
	RowReader *reader = create_empty(relation);

	for (int i = 0; i < relation->column_count; i++)
		add_column(reader, &relation->columns[i]);
	return reader;
}

void
row_reader_assign_slots(const RowReader *reader, DynamodbItem *item)
{
	for (uint32 i = 0; i < item->count; i++)
	{
		Attribute *attribute = &item->attributes[i];

		attribute->slot = ATTRIBUTE_NO_SLOT;
		for (uint32 slot = 0; slot < reader->names.count; slot++)
		{
			if (bytes_equal(reader->names.names[slot], attribute->name))
				attribute->slot = (int32) slot;
		}
	}
}

bool
row_is_visible(const RowReader *reader, const DynamodbItem *item)
{
	const AttributeValue *expiry;

	if (reader->expiry_attribute.length == 0)
		return true;
	expiry = item_find(item, reader->expiry_attribute);
	return expiry == NULL || expiry->type != ATTRIBUTE_N ||
	       number_compare(expiry->bytes, reader->now) >= 0;
}

void
row_spread(RowReader *reader, const DynamodbItem *item)
{
	int32 slot_count = (int32) reader->relation->names.count;

	memset(reader->top_level, 0, sizeof(*reader->top_level) * slot_count);
	for (uint32 i = 0; i < item->count; i++)
	{
		const Attribute *attribute = &item->attributes[i];

		if (attribute->slot >= 0 && attribute->slot < slot_count)
			reader->top_level[attribute->slot] = &attribute->value;
	}
}

const AttributeValue *
row_attribute(const RowReader *reader, const ForeignColumn *column)
{
	const AttributeValue *value = reader->top_level[column->slot];

	if (value == NULL || column->path.count == 1)
		return value;
	return attribute_path_find_below(&column->path, value);
}

void
row_read(RowReader *reader, const DynamodbItem *item, Datum *values, bool *nulls)
{
	const ForeignRelation *relation = reader->relation;

	memset(values, 0, sizeof(*values) * relation->column_count);
	memset(nulls, true, sizeof(*nulls) * relation->column_count);
	row_spread(reader, item);
	reader->place.item = item;
	for (int i = 0; i < reader->column_count; i++)
	{
		const ForeignColumn *column = reader->columns[i];
		int position = column->number - 1;

		reader->place.column = column->name;
		if (column->slot == ATTRIBUTE_NO_SLOT)
		{
			values[position] =
			    item_read_as_jsonb(item, column->options->json_format, reader->is_mapped_whole);
			nulls[position] = false;
		}
		else
			values[position] = column_conversion_read(
			    column->conversion, row_attribute(reader, column), &nulls[position]);
	}
	reader->place.column = NULL;
	reader->place.item = NULL;
}

/* The column that the reader is at; NULL when it is at none. */
static const ForeignColumn *
current_column(const RowReader *reader)
{
	for (int i = 0; i < reader->column_count; i++)
	{
		if (reader->columns[i]->name == reader->place.column)
			return reader->columns[i];
	}
	return NULL;
}

void
row_read_secret(RowReader *reader, const DynamodbItem *item, Datum *values, bool *nulls)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		row_read(reader, item, values, nulls);
	}
	PG_CATCH();
	{
		report_without_value(current_column(reader), caller);
	}
	PG_END_TRY();
}
