/*
 * row_writer.c
 *		From a new row to the item that is put for it, and what is common to all writes of rows.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/datum/datum.h"
#include "postgres/encryption/column_encryption.h"
#include "postgres/encryption/item_encryption.h"
#include "postgres/memory.h"
#include "postgres/modify/row_encryption.h"
#include "postgres/modify/row_writer_parts.h"

/* Bytes of one key value that a message shows. */
#define SHOWN_KEY_MAXIMUM ((Size) 64)

/* More than the text of any path. */
#define PATH_TEXT_MAXIMUM ((Size) 4 * 1024 * 1024)

/* --- the writer ------------------------------------------------------------------------------- */

static void
add_rules(RowWriter *writer, const KeyAttribute *attributes, uint32 count, bool is_range,
          bool required)
{
	for (uint32 i = 0; i < count; i++)
		writer->rules[writer->rule_count++] =
		    (KeyRule){attributes[i].name, attributes[i].type, is_range, required};
}

static void
add_schema_rules(RowWriter *writer, const KeySchema *keys, bool required)
{
	add_rules(writer, keys->hash, keys->hash_count, false, required);
	add_rules(writer, keys->range, keys->range_count, true, required);
}

static void
find_rules(RowWriter *writer)
{
	const TableDescription *description = writer->relation->description;

	writer->rules =
	    palloc_array(KeyRule, (description->index_count + 1) * 2 * KEY_ATTRIBUTES_MAXIMUM);
	add_schema_rules(writer, &description->keys, true);
	writer->key_count = writer->rule_count;
	for (uint32 i = 0; i < description->index_count; i++)
		add_schema_rules(writer, &description->indexes[i].keys, false);
}

/* Key attributes are columns, or members of the whole item. */
static void
check_key_columns(const RowWriter *writer)
{
	const ForeignRelation *relation = writer->relation;

	for (int i = 0; i < writer->key_count; i++)
	{
		Bytes name = writer->rules[i].name;

		if (relation->whole_item_column >= 0 || foreign_relation_column_of(relation, name) != NULL)
			continue;
		ereport(ERROR,
		        (errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
		         errmsg("cannot write to foreign table \"%s\": no column maps key attribute "
		                "\"%.*s\"",
		                relation->name, (int) name.length, name.data),
		         errdetail("Every item of DynamoDB table \"%s\" has the attribute.",
		                   relation->options->table_name),
		         errhint("Add a column of that name, or one with option \"attribute_name\".")));
	}
}

RowWriter *
row_writer_create(const ForeignRelation *relation, TupleDesc descriptor, Bitmapset *read_columns)
{
	RowWriter *writer = palloc0_object(RowWriter);

	writer->context = CurrentMemoryContext;
	writer->relation = relation;
	writer->descriptor = descriptor;
	writer->read_columns = read_columns;
	writer->table_name = bytes_of_string(relation->options->table_name);
	writer->reader = row_reader_create_for_all(relation);
	/* The stored item is written back, so all of it must be decoded. */
	writer->reader->names.skip_unknown = false;
	writer->scratch = AllocSetContextCreate(CurrentMemoryContext, "DynamoDB row conversion",
	                                        ALLOCSET_DEFAULT_SIZES);
	writer->place = writer->reader->place;
	if (relation->encryption != NULL)
		writer->items = item_encryption_create(relation, &writer->kms);
	find_rules(writer);
	check_key_columns(writer);
	return writer;
}

void
row_writer_note_assigned(RowWriter *writer, const Bitmapset *assigned_columns)
{
	const ForeignRelation *relation = writer->relation;
	List *bound = NIL;
	ListCell *cell;

	writer->assigned_columns = bms_copy(assigned_columns);
	for (int i = 0; i < writer->reader->encrypted_count; i++)
	{
		int number = writer->reader->encrypted[i]->number;

		if (bms_is_member(number, assigned_columns))
			bound = list_concat(bound, list_delete_int(column_encryption_add_context_columns(
			                                               relation, list_make1_int(number)),
			                                           number));
	}
	foreach (cell, bound)
		writer->read_columns = bms_add_member(writer->read_columns, lfirst_int(cell));
}

/* --- one row ---------------------------------------------------------------------------------- */

RowWrite *
row_write_begin(RowWriter *writer, RowWriteKind kind, MemoryContext *caller)
{
	MemoryContext context =
	    AllocSetContextCreate(writer->context, "DynamoDB row", ALLOCSET_SMALL_SIZES);
	RowWrite *row = MemoryContextAllocZero(context, sizeof(*row));

	row->context = context;
	row->arena = memory_context_arena(context, writer->items == NULL ? ARENA_PLAIN : ARENA_SECRET,
	                                  ROW_MEMORY_MAXIMUM);
	row->writer = writer;
	row->kind = kind;
	MemoryContextReset(writer->scratch);
	*caller = MemoryContextSwitchTo(writer->scratch);
	report_place_enter(&writer->place);
	if (writer->reader->encrypted_count > 0)
		row_take_ciphertexts(row);
	if (writer->reader->encrypted_count > 0 || writer->items != NULL)
		row_wipe_with_context(row);
	return row;
}

void
row_write_end(RowWriter *writer, MemoryContext caller)
{
	writer->place.column = NULL;
	writer->place.item = NULL;
	report_place_leave(&writer->place);
	MemoryContextSwitchTo(caller);
}

void
row_write_free(RowWrite *row)
{
	MemoryContextDelete(row->context);
}

void *
row_allocate(RowWrite *row, size_t count, size_t size)
{
	void *memory = arena_allocate_zeroed(row->arena, Max(count, 1), size);

	if (memory == NULL)
		report_result(arena_failure(row->arena, count * size), "write row");
	return memory;
}

AttributePath
path_of_name(RowWrite *row, Bytes name)
{
	AttributePath path;

	if (!attribute_path_of_name(row->arena, name, &path))
		report_result(arena_failure(row->arena, sizeof(AttributePathStep)), "write row");
	return path;
}

Condition *
make_condition(RowWrite *row, ConditionKind kind, const AttributePath *path)
{
	Condition *condition = ROW_ALLOCATE(row, 1, Condition);

	condition->kind = kind;
	condition->path = *path;
	return condition;
}

Condition *
make_comparison(RowWrite *row, const AttributePath *path, const AttributeValue *value)
{
	Condition *condition = make_condition(row, CONDITION_EQUAL, path);

	condition->values = ROW_ALLOCATE(row, 1, AttributeValue);
	condition->values[0] = *value;
	condition->value_count = 1;
	return condition;
}

/* --- columns ---------------------------------------------------------------------------------- */

static bool
is_element_of_list(const AttributePath *path)
{
	return path->steps[path->count - 1].is_index;
}

/* How the column stores SQL NULL; NULL: by not being there. */
static const AttributeValue *
null_of_column(RowWrite *row, const ForeignColumn *column)
{
	AttributeValue *value;

	if (!column->options->write_null && !is_element_of_list(&column->path))
		return NULL;
	value = ROW_ALLOCATE(row, 1, AttributeValue);
	*value = attribute_null();
	return value;
}

const AttributeValue *
column_write(RowWrite *row, const ForeignColumn *column, Datum datum, bool is_null)
{
	RowWriter *writer = row->writer;
	AttributeValue *value;

	if (is_null)
		return null_of_column(row, column);
	writer->place.column = column->name;
	if (column->encryption != NULL)
	{
		const AttributeValue *encrypted = row_encrypted_value(row, column, datum);

		writer->place.column = NULL;
		return encrypted;
	}
	value = ROW_ALLOCATE(row, 1, AttributeValue);
	if (column_conversion_write(column->conversion, row->arena, datum, value) != WRITE_EXACT)
		column_conversion_report_unwritable(column->conversion, datum);
	writer->place.column = NULL;
	return value;
}

bool
column_write_read(RowWrite *row, const ForeignColumn *column, Datum datum, bool is_null,
                  const AttributeValue **value)
{
	AttributeValue *written;

	*value = NULL;
	if (is_null)
		return true;
	written = ROW_ALLOCATE(row, 1, AttributeValue);
	*value = written;
	return column_conversion_write(column->conversion, row->arena, datum, written) == WRITE_EXACT;
}

const AttributeValue *
whole_item_write(RowWrite *row, Datum datum, bool is_null)
{
	const ForeignRelation *relation = row->writer->relation;
	const ForeignColumn *column = &relation->columns[relation->whole_item_column];
	AttributeValue *map = ROW_ALLOCATE(row, 1, AttributeValue);

	map->type = ATTRIBUTE_M;
	if (is_null)
		return map;
	row->writer->place.column = column->name;
	item_write_from_jsonb(row->arena, datum, column->options->json_format, map);
	row->writer->place.column = NULL;
	return map;
}

char *
path_text(const AttributePath *path)
{
	ByteBuffer *text = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, PATH_TEXT_MAXIMUM);

	attribute_path_write(text, path);
	CHECK_RESULT(buffer_result(text), "write path");
	return pg_any_to_server(pnstrdup(buffer_bytes(text).data, buffer_bytes(text).length),
	                        (int) buffer_bytes(text).length, PG_UTF8);
}

void
report_disagreement(const RowWriter *writer, const AttributePath *path)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("columns of foreign table \"%s\" give different values for attribute %s",
	                       writer->relation->name, path_text(path)),
	                errdetail("Several columns map the attribute, or places inside of it.")));
}

static void
put_value(RowWrite *row, ItemBuilder *builder, const AttributePath *path,
          const AttributeValue *value)
{
	PutOutcome outcome;

	CHECK_RESULT(item_builder_put(builder, path, value, &outcome), "write row");
	if (outcome == PUT_CONFLICT)
		report_disagreement(row->writer, path);
}

void
check_member(const RowWriter *writer, Bytes name)
{
	const ForeignColumn *column = foreign_relation_column_of(writer->relation, name);
	const ForeignRelation *relation = writer->relation;

	if (column == NULL)
		return;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("column \"%s\" holds an attribute that column \"%s\" maps",
	                       relation->columns[relation->whole_item_column].name, column->name),
	                errhint("Leave the member out, and assign the value to column \"%s\".",
	                        column->name)));
}

static void
put_whole_item(RowWrite *row, ItemBuilder *builder, Datum datum, bool is_null)
{
	const AttributeValue *map = whole_item_write(row, datum, is_null);

	for (uint32 i = 0; i < map->count; i++)
	{
		AttributePath path = path_of_name(row, map->attributes[i].name);

		check_member(row->writer, map->attributes[i].name);
		put_value(row, builder, &path, &map->attributes[i].value);
	}
}

void
put_column(RowWrite *row, ItemBuilder *builder, const ForeignColumn *column, Datum datum,
           bool is_null)
{
	const AttributeValue *value;

	if (column->options->whole_item)
	{
		put_whole_item(row, builder, datum, is_null);
		return;
	}
	value = column_write(row, column, datum, is_null);
	if (value == NULL)
		return;
	/* That there is nothing contradicts no other column of the same place. */
	if (is_null && attribute_path_find(&column->path, &builder->item) != NULL)
		return;
	put_value(row, builder, &column->path, value);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void
report_missing_key(const RowWriter *writer, Bytes name)
{
	const ForeignColumn *column = foreign_relation_column_of(writer->relation, name);

	ereport(
	    ERROR,
	    (errcode(ERRCODE_NOT_NULL_VIOLATION),
	     column != NULL
	         ? errmsg("null value in column \"%s\" of foreign table \"%s\" violates the key of "
	                  "DynamoDB table \"%s\"",
	                  column->name, writer->relation->name, writer->relation->options->table_name)
	         : errmsg("the whole item of foreign table \"%s\" lacks key attribute \"%.*s\"",
	                  writer->relation->name, (int) name.length, name.data),
	     errdetail("Every item has a value for each key attribute.")));
}

DynamodbItem
key_of_item(RowWrite *row, const DynamodbItem *item)
{
	const RowWriter *writer = row->writer;
	DynamodbItem key = {.attributes = ROW_ALLOCATE(row, writer->key_count, Attribute)};

	for (int i = 0; i < writer->key_count; i++)
	{
		const AttributeValue *value = item_find(item, writer->rules[i].name);

		if (value == NULL || value->type == ATTRIBUTE_NULL)
			report_missing_key(writer, writer->rules[i].name);
		key.attributes[key.count++] =
		    (Attribute){.name = writer->rules[i].name, .slot = ATTRIBUTE_NO_SLOT, .value = *value};
	}
	return key;
}

bool
row_keys_equal(const DynamodbItem *a, const DynamodbItem *b)
{
	for (uint32 i = 0; i < a->count; i++)
	{
		const AttributeValue *other = item_find(b, a->attributes[i].name);

		if (other == NULL || !attribute_value_equal(&a->attributes[i].value, other))
			return false;
	}
	return a->count == b->count;
}

uint32
row_key_hash(const DynamodbItem *key)
{
	uint32 hash = 0;

	for (uint32 i = 0; i < key->count; i++)
	{
		Bytes bytes = key->attributes[i].value.bytes;

		hash =
		    hash_combine(hash, hash_bytes((const unsigned char *) bytes.data, (int) bytes.length));
	}
	return hash;
}

/* Appends bytes as far as a message shows them, harmless. */
static void
append_shown(StringInfo text, const AttributeValue *value)
{
	Size length = Min(value->bytes.length, SHOWN_KEY_MAXIMUM);

	if (value->type == ATTRIBUTE_B)
	{
		appendStringInfoString(text, "\\x");
		for (Size i = 0; i < length; i++)
			appendStringInfo(text, "%02x", (unsigned char) value->bytes.data[i]);
	}
	else
		report_append_outside_text(text, value->bytes, SHOWN_KEY_MAXIMUM);
	if (value->type == ATTRIBUTE_B && length < value->bytes.length)
		appendStringInfoString(text, "...");
}

char *
row_write_key_text(const RowWriter *writer, const DynamodbItem *key)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, '(');
	for (uint32 i = 0; i < key->count; i++)
	{
		if (i > 0)
			appendStringInfoString(&text, ", ");
		report_append_outside_text(&text, key->attributes[i].name, SHOWN_KEY_MAXIMUM);
	}
	appendStringInfoString(&text, ")=(");
	for (uint32 i = 0; i < key->count; i++)
	{
		if (i > 0)
			appendStringInfoString(&text, ", ");
		if (foreign_relation_hides(writer->relation, key->attributes[i].name))
			appendStringInfoString(&text, "...");
		else
			append_shown(&text, &key->attributes[i].value);
	}
	appendStringInfoChar(&text, ')');
	return text.data;
}

/* --- limits ----------------------------------------------------------------------------------- */

/* One row a kind: what the violation is in SQL, and how it is called. */
static const struct
{
	int sqlstate;
	const char *message;
	const char *unit; /* of the kinds with a size and a limit; NULL for others */
} violation_reports[] = {
    [ITEM_IS_FINE] = {ERRCODE_INTERNAL_ERROR, NULL, NULL},
    [ITEM_TOO_LARGE] = {ERRCODE_PROGRAM_LIMIT_EXCEEDED, "item is too large for DynamoDB", "bytes"},
    [ITEM_HASH_KEY_TOO_LARGE] = {ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                                 "value of a hash key is too large for DynamoDB", "bytes"},
    [ITEM_RANGE_KEY_TOO_LARGE] = {ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                                  "value of a range key is too large for DynamoDB", "bytes"},
    [ITEM_KEY_MISSING] = {ERRCODE_NOT_NULL_VIOLATION, "key attribute is missing", NULL},
    [ITEM_KEY_OF_WRONG_TYPE] = {ERRCODE_FDW_INVALID_DATA_TYPE,
                                "key attribute is not of the type that the table declares", NULL},
    [ITEM_KEY_EMPTY] = {ERRCODE_ZERO_LENGTH_CHARACTER_STRING,
                        "value of a key attribute cannot be empty", NULL},
    [ITEM_NUMBER_INVALID] = {ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                             "number cannot be stored in DynamoDB", NULL},
    [ITEM_SET_EMPTY] = {ERRCODE_ARRAY_ELEMENT_ERROR, "set cannot be empty", NULL},
    [ITEM_SET_NOT_UNIQUE] = {ERRCODE_ARRAY_ELEMENT_ERROR, "set has an element twice", NULL},
    [ITEM_TOO_DEEP] = {ERRCODE_PROGRAM_LIMIT_EXCEEDED, "document is nested too deep for DynamoDB",
                       "levels"},
    [ITEM_NAME_EMPTY] = {ERRCODE_ZERO_LENGTH_CHARACTER_STRING,
                         "name of an attribute cannot be empty", NULL},
    [ITEM_NAME_TOO_LONG] = {ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                            "name of an attribute is too long for DynamoDB", "bytes"},
};

StaticAssertDecl(lengthof(violation_reports) == ITEM_NAME_TOO_LONG + 1, "one row for each kind");

void
report_violation(const RowWrite *row, const ItemViolation *violation)
{
	const char *unit = violation_reports[violation->kind].unit;
	const char *where = violation->path.count == 0
	                        ? "The item"
	                        : psprintf("Attribute %s", path_text(&violation->path));

	ereport(ERROR, (errcode(violation_reports[violation->kind].sqlstate),
	                errmsg("%s", violation_reports[violation->kind].message),
	                unit != NULL ? errdetail("%s has %zu %s; the limit is %zu.", where,
	                                         violation->size, unit, violation->limit)
	                             : errdetail("%s is concerned.", where)));
}

void
check_item(RowWrite *row, const DynamodbItem *item)
{
	const RowWriter *writer = row->writer;
	ItemViolation violation;

	CHECK_RESULT(item_check_limits(row->arena, item, writer->rules, writer->rule_count, &violation),
	             "check item");
	if (violation.kind != ITEM_IS_FINE)
		report_violation(row, &violation);
}

/* --- new rows and keys ------------------------------------------------------------------------ */

/* Values first that are more than NULL, so that these do not stand in their way. */
static void
put_columns(RowWrite *row, ItemBuilder *builder, TupleTableSlot *slot, bool nulls)
{
	const ForeignRelation *relation = row->writer->relation;

	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (column->live && slot->tts_isnull[i] == nulls)
			put_column(row, builder, column, slot->tts_values[i], nulls);
	}
}

/* That there is no item of the key. */
static const Condition *
absence(RowWrite *row)
{
	AttributePath path = path_of_name(row, row->writer->rules[0].name);

	return make_condition(row, CONDITION_NOT_EXISTS, &path);
}

RowWrite *
row_write_insert(RowWriter *writer, TupleTableSlot *slot)
{
	MemoryContext caller;
	RowWrite *row = row_write_begin(writer, ROW_INSERT, &caller);
	ItemBuilder builder;

	slot_getallattrs(slot);
	CHECK_RESULT(item_builder_init(&builder, row->arena, NULL), "write row");
	put_columns(row, &builder, slot, false);
	put_columns(row, &builder, slot, true);
	row->key = key_of_item(row, &builder.item);
	writer->place.item = &row->key;
	check_item(row, &builder.item);
	row->writes[row->write_count++] = (ItemWrite){
	    .action = ITEM_WRITE_PUT,
	    .table_name = writer->table_name,
	    .key = row->key,
	    .item = builder.item,
	    .condition = absence(row),
	};
	row_write_end(writer, caller);
	return row;
}

static RowWrite *
write_given(RowWriter *writer, const GivenRow *given)
{
	if (given->direct != NULL)
		return row_write_direct(writer, given->direct);
	switch (given->kind)
	{
		case ROW_INSERT:
			return row_write_insert(writer, given->slot);
		case ROW_UPDATE:
		case ROW_MOVE:
			return row_write_update(writer, given->old, given->slot);
		case ROW_DELETE:
			return given->key != NULL ? row_write_delete_key(writer, given->key)
			                          : row_write_delete(writer, given->old);
	}
	pg_unreachable();
}

RowWrite *
row_write_given(RowWriter *writer, const GivenRow *given)
{
	RowWrite *row = write_given(writer, given);

	row->is_claim = given->is_claim;
	return row;
}
