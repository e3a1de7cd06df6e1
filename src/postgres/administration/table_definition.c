/*
 * table_definition.c
 *		From the columns and options of a foreign table to a DynamoDB table that is to be made.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "aws/index_definitions.h"
#include "postgres/administration/table_definition.h"
#include "postgres/memory.h"
#include "postgres/report.h"

/* By StreamView, as DynamoDB says it. */
static const char *const stream_view_names[] = {
    [STREAM_UNSAID] = NULL,           [STREAM_NONE] = NULL,
    [STREAM_KEYS_ONLY] = "KEYS_ONLY", [STREAM_NEW_IMAGE] = "NEW_IMAGE",
    [STREAM_OLD_IMAGE] = "OLD_IMAGE", [STREAM_NEW_AND_OLD_IMAGES] = "NEW_AND_OLD_IMAGES",
};

/* ---- keys ---- */

/* The type of the key attribute that the column writes. */
static AttributeType
type_of_key(const ForeignRelation *relation, const ForeignColumn *column)
{
	AttributeType type;
	bool is_one = column_conversion_written_type(column->conversion, &type);

	if (is_one && (type == ATTRIBUTE_S || type == ATTRIBUTE_N || type == ATTRIBUTE_B))
		return type;
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
	         errmsg("column \"%s\" of foreign table \"%s\" cannot be a key", column->name,
	                relation->name),
	         is_one
	             ? errdetail("Its attribute is of type %s; keys are of type S, N or B.",
	                         attribute_type_name(type))
	             : errdetail("Its attribute may be of several types; keys are of type S, N or B."),
	         errhint("Change the column's type or its option \"attribute_type\".")));
}

static KeyAttribute
key_of_column(const ForeignRelation *relation, const ForeignColumn *column)
{
	if (column->path.count != 1)
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
		                errmsg("column \"%s\" of foreign table \"%s\" cannot be a key",
		                       column->name, relation->name),
		                errdetail("A key is an attribute of the item itself, not of a document in "
		                          "it.")));
	return (KeyAttribute){column->path.steps[0].name, type_of_key(relation, column)};
}

/* The column that is the key of the table; NULL when none is. */
static const ForeignColumn *
column_of_role(const ForeignRelation *relation, KeyRole role)
{
	const ForeignColumn *found = NULL;

	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (!column->live || column->options->key != role)
			continue;
		if (found != NULL)
			ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			                errmsg("foreign table \"%s\" has two columns that are the %s key",
			                       relation->name, role == KEY_ROLE_HASH ? "hash" : "range"),
			                errdetail("They are \"%s\" and \"%s\".", found->name, column->name)));
		found = column;
	}
	return found;
}

static void
set_keys(const ForeignRelation *relation, KeySchema *keys)
{
	const ForeignColumn *hash = column_of_role(relation, KEY_ROLE_HASH);
	const ForeignColumn *range = column_of_role(relation, KEY_ROLE_RANGE);

	if (hash == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
		         errmsg("foreign table \"%s\" does not say what its hash key is", relation->name),
		         errhint("Set the option \"key\" of a column to \"hash\".")));
	keys->hash[0] = key_of_column(relation, hash);
	keys->hash_count = 1;
	if (range == NULL)
		return;
	keys->range[0] = key_of_column(relation, range);
	keys->range_count = 1;
}

/* ---- indexes ---- */

static void
set_index_key_types(const ForeignRelation *relation, const IndexDescription *index,
                    KeyAttribute *keys, uint32 count)
{
	for (uint32 i = 0; i < count; i++)
	{
		const ForeignColumn *column = foreign_relation_column_of(relation, keys[i].name);

		if (column == NULL)
			ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			                errmsg("key attribute \"%s\" of index \"%s\" is mapped by no column of "
			                       "foreign table \"%s\"",
			                       outside_text(keys[i].name, keys[i].name.length),
			                       outside_text(index->name, index->name.length), relation->name),
			                errdetail("The column's type says of what type the attribute is."),
			                errhint("Add a column for the attribute.")));
		keys[i].type = type_of_key(relation, column);
	}
}

/* Completes what the text of an index leaves to the table. */
static void
complete_index(const ForeignRelation *relation, const TableDescription *table,
               IndexDescription *index)
{
	if (!index->global)
	{
		index->keys.hash[0] = table->keys.hash[0];
		index->keys.hash_count = 1;
	}
	set_index_key_types(relation, index, index->keys.hash, index->keys.hash_count);
	set_index_key_types(relation, index, index->keys.range, index->keys.range_count);
	if (!index->global || index->read_capacity_units > 0)
		return;
	index->read_capacity_units = table->read_capacity_units;
	index->write_capacity_units = table->write_capacity_units;
}

static void
check_index_capacity(const TableDescription *table, const IndexDescription *index)
{
	if (table->on_demand && index->read_capacity_units > 0)
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
		                errmsg("capacity units of index \"%s\" need option \"billing_mode\" to be "
		                       "\"provisioned\"",
		                       outside_text(index->name, index->name.length))));
}

/* Appends the indexes that an option's text defines; NULL: none. */
static void
add_indexes(const ForeignRelation *relation, TableDescription *table, const char *text, bool global)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, MaxAllocSize);
	IndexDescription *indexes;
	IndexDescription *all;
	uint32 count;

	if (text == NULL)
		return;
	CHECK_RESULT(index_definitions_parse(arena, utf8_of_text(text), global, &indexes, &count),
	             "read the indexes of a foreign table");
	for (uint32 i = 0; i < count; i++)
	{
		check_index_capacity(table, &indexes[i]);
		complete_index(relation, table, &indexes[i]);
	}
	all = palloc0((table->index_count + count + 1) * sizeof(IndexDescription));
	for (uint32 i = 0; i < table->index_count; i++)
		all[i] = table->indexes[i];
	for (uint32 i = 0; i < count; i++)
		all[table->index_count + i] = indexes[i];
	table->indexes = all;
	table->index_count += count;
}

/* ---- the rest ---- */

static uint32
what_is_said(const TableOptions *options)
{
	uint32 says = 0;

	if (options->billing_mode != BILLING_UNSAID)
		says |= TABLE_SAYS_CAPACITY;
	if (options->local_indexes != NULL)
		says |= TABLE_SAYS_LOCAL_INDEXES;
	if (options->global_indexes != NULL)
		says |= TABLE_SAYS_GLOBAL_INDEXES;
	if (options->stream_view_type != STREAM_UNSAID)
		says |= TABLE_SAYS_STREAM;
	if (options->deletion_protection != BOOLEAN_UNSAID)
		says |= TABLE_SAYS_DELETION_PROTECTION;
	return says;
}

static void
set_options(const TableOptions *options, TableDescription *table)
{
	table->name = bytes_of_string(options->table_name);
	table->on_demand = options->billing_mode != BILLING_PROVISIONED;
	table->read_capacity_units = options->read_capacity_units;
	table->write_capacity_units = options->write_capacity_units;
	table->stream_view_type = bytes_of_string(stream_view_names[options->stream_view_type]);
	table->has_kms_key = options->sse_kms_key_id != NULL;
	table->kms_key_id = bytes_of_string(options->sse_kms_key_id);
	table->deletion_protection = options->deletion_protection == BOOLEAN_TRUE;
	table->ttl_attribute = bytes_of_string(options->ttl_attribute);
}

static void
set_tags(const char *text, TableTags *tags)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, MaxAllocSize);

	if (text != NULL)
		CHECK_RESULT(table_tags_parse(arena, utf8_of_text(text), tags),
		             "read the tags of a foreign table");
}

TableDefinition *
table_definition_of(const ForeignRelation *relation)
{
	TableDefinition *definition = palloc0(sizeof(*definition));
	const TableOptions *options = relation->options;

	definition->says = what_is_said(options);
	set_options(options, &definition->table);
	set_keys(relation, &definition->table.keys);
	add_indexes(relation, &definition->table, options->local_indexes, false);
	add_indexes(relation, &definition->table, options->global_indexes, true);
	set_tags(options->tags, &definition->tags);
	return definition;
}
