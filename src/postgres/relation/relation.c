/*
 * relation.c
 *		What a foreign table is: columns, their places in an item, the DynamoDB table behind it.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/encryption/column_encryption.h"
#include "postgres/encryption/table_encryption.h"
#include "postgres/memory.h"
#include "postgres/relation/relation.h"
#include "postgres/report.h"

/* ---- columns ---- */

/* Where the column's value is in an item. */
static AttributePath
path_of_column(Arena *arena, const ForeignColumn *column)
{
	const ColumnOptions *options = column->options;
	const char *name = options->attribute_name ? options->attribute_name : column->name;
	AttributePath path;

	if (options->attribute_path != NULL)
		CHECK_RESULT(attribute_path_parse(arena, utf8_of_text(options->attribute_path), &path),
		             "read option \"attribute_path\"");
	else if (!attribute_path_of_name(arena, utf8_of_text(name), &path))
		report_result(arena_failure(arena, sizeof(AttributePathStep)), "make a path");
	return path;
}

/* The slot of a name, which is added where it is new; `names` has room for it. */
static int32
slot_of_name(NameTable *table, Bytes *names, Bytes name)
{
	for (uint32 i = 0; i < table->count; i++)
	{
		if (bytes_equal(names[i], name))
			return i;
	}
	names[table->count] = name;
	return table->count++;
}

static void
open_whole_item_column(ForeignRelation *relation, int place)
{
	ForeignColumn *column = &relation->columns[place];

	if (column->type != JSONBOID)
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
		                errmsg("column \"%s\" of foreign table \"%s\" cannot hold the whole item",
		                       column->name, relation->name),
		                errdetail("A column with option \"whole_item\" must be of type jsonb.")));
	if (relation->whole_item_column >= 0)
		ereport(ERROR,
		        (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
		         errmsg("foreign table \"%s\" has two columns with option \"whole_item\"",
		                relation->name),
		         errdetail("They are \"%s\" and \"%s\".",
		                   relation->columns[relation->whole_item_column].name, column->name)));
	column->slot = -1;
	relation->whole_item_column = place;
}

static void
open_column(ForeignRelation *relation, Arena *arena, Bytes *names, Form_pg_attribute attribute)
{
	int place = attribute->attnum - 1;
	ForeignColumn *column = &relation->columns[place];

	column->number = attribute->attnum;
	column->is_generated = attribute->attgenerated != '\0';
	column->live = !attribute->attisdropped;
	if (!column->live)
		return;
	column->name = pstrdup(NameStr(attribute->attname));
	column->type = attribute->atttypid;
	column->type_modifier = attribute->atttypmod;
	column->length = attribute->attlen;
	column->by_value = attribute->attbyval;
	column->collation = attribute->attcollation;
	column->options = options_of_column(relation->id, attribute->attnum);
	refuse_options_of_other_kinds(relation->id, column->number,
	                              relation->options->stream_of != NULL ? RELATION_IS_STREAM
	                                                                   : RELATION_IS_TABLE);
	if (column->options->whole_item)
	{
		open_whole_item_column(relation, place);
		return;
	}
	column->path = path_of_column(arena, column);
	column->slot = slot_of_name(&relation->names, names, column->path.steps[0].name);
	column->conversion = column_conversion_create(column->name, column->type, column->type_modifier,
	                                              column->options);
}

static void
open_columns(ForeignRelation *relation, TupleDesc descriptor)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, MaxAllocSize);
	Bytes *names = palloc0(Max(descriptor->natts, 1) * sizeof(Bytes));

	relation->column_count = descriptor->natts;
	relation->columns = palloc0(Max(descriptor->natts, 1) * sizeof(ForeignColumn));
	relation->whole_item_column = -1;
	relation->names.names = names;
	for (int i = 0; i < descriptor->natts; i++)
		open_column(relation, arena, names, TupleDescAttr(descriptor, i));
	/* What is signed is the whole item. */
	relation->names.skip_unknown =
	    relation->whole_item_column < 0 && relation->options->encryption == ENCRYPTION_NONE;
	column_encryptions_create(relation);
}

ForeignRelation *
foreign_relation_open_offline(Oid relation_id)
{
	ForeignRelation *relation = palloc0(sizeof(*relation));
	ForeignTable *table = GetForeignTable(relation_id);
	ServerOptions *server_options = options_of_server(GetForeignServer(table->serverid));
	Relation opened = table_open(relation_id, AccessShareLock);

	relation->id = relation_id;
	relation->name = pstrdup(RelationGetRelationName(opened));
	relation->server_id = table->serverid;
	relation->server_options = server_options;
	relation->options = options_of_table(table, server_options);
	if (relation->options->ttl_attribute != NULL)
		relation->options->ttl_attribute =
		    unconstify(char *, utf8_of_text(relation->options->ttl_attribute).data);
	open_columns(relation, RelationGetDescr(opened));
	table_close(opened, AccessShareLock);
	return relation;
}

/* True when the column maps exactly the top-level attribute. */
static bool
column_maps(const ForeignColumn *column, Bytes name)
{
	return column->live && column->path.count == 1 && bytes_equal(column->path.steps[0].name, name);
}

const ForeignColumn *
foreign_relation_column_of(const ForeignRelation *relation, Bytes name)
{
	for (int i = 0; i < relation->column_count; i++)
	{
		if (column_maps(&relation->columns[i], name))
			return &relation->columns[i];
	}
	return NULL;
}

bool
foreign_relation_hides(const ForeignRelation *relation, Bytes name)
{
	const ForeignColumn *column = foreign_relation_column_of(relation, name);

	return column != NULL && column->options->vault_role == VAULT_ROLE_TOKEN;
}

/* ---- columns and the table's keys ---- */

/* A key must be found again, and no two ciphertexts of a value are the same. */
static void
refuse_encrypted_key(const ForeignRelation *relation, const ForeignColumn *column,
                     const KeyAttribute *key)
{
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
	         errmsg("column \"%s\" of foreign table \"%s\" cannot be encrypted", column->name,
	                relation->name),
	         errdetail("It maps key attribute \"%.*s\".", (int) key->name.length, key->name.data)));
}

/* Raises the error of a column that cannot hold the key attribute that it maps. */
static void
check_column_of_key(const ForeignRelation *relation, const ForeignColumn *column,
                    const KeyAttribute *key)
{
	AttributeType written;
	bool writes_one_type = column_conversion_written_type(column->conversion, &written);

	if (column->encryption != NULL)
		refuse_encrypted_key(relation, column, key);
	if (column_conversion_accepts(column->conversion, key->type) &&
	    (!writes_one_type || written == key->type))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
	         errmsg("column \"%s\" of foreign table \"%s\" cannot hold key attribute \"%.*s\"",
	                column->name, relation->name, (int) key->name.length, key->name.data),
	         errdetail("In DynamoDB table \"%s\" the attribute is of type %s; a column of type %s "
	                   "holds type %s.",
	                   relation->options->table_name, attribute_type_name(key->type),
	                   format_type_with_typemod(column->type, column->type_modifier),
	                   attribute_type_name(writes_one_type ? written : key->type)),
	         errhint("Change the column's type or its option \"attribute_type\".")));
}

static void
check_columns_of_key(const ForeignRelation *relation, const KeyAttribute *attributes, uint32 count)
{
	for (uint32 i = 0; i < count; i++)
	{
		for (int j = 0; j < relation->column_count; j++)
		{
			if (column_maps(&relation->columns[j], attributes[i].name))
				check_column_of_key(relation, &relation->columns[j], &attributes[i]);
		}
	}
}

static void
check_columns_of_schema(const ForeignRelation *relation, const KeySchema *keys)
{
	check_columns_of_key(relation, keys->hash, keys->hash_count);
	check_columns_of_key(relation, keys->range, keys->range_count);
}

/* Raises the error of a `key` option that the table's description contradicts. */
static void
check_key_option(const ForeignRelation *relation, const ForeignColumn *column)
{
	const KeySchema *keys = &relation->description->keys;
	bool is_hash = column->options->key == KEY_ROLE_HASH;
	const KeyAttribute *key = is_hash ? keys->hash : keys->range;
	bool has_key = (is_hash ? keys->hash_count : keys->range_count) > 0;
	const char *role = is_hash ? "hash" : "range";

	if (has_key && column_maps(column, key->name))
		return;
	ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
	                errmsg("column \"%s\" of foreign table \"%s\" does not map the %s key",
	                       column->name, relation->name, role),
	                has_key ? errdetail("The %s key of DynamoDB table \"%s\" is \"%.*s\".", role,
	                                    relation->options->table_name, (int) key->name.length,
	                                    key->name.data)
	                        : errdetail("DynamoDB table \"%s\" has no %s key.",
	                                    relation->options->table_name, role)));
}

static void
check_columns(const ForeignRelation *relation)
{
	const TableDescription *description = relation->description;

	check_columns_of_schema(relation, &description->keys);
	for (uint32 i = 0; i < description->index_count; i++)
		check_columns_of_schema(relation, &description->indexes[i].keys);
	for (int i = 0; i < relation->column_count; i++)
	{
		if (relation->columns[i].live && relation->columns[i].options->key != KEY_ROLE_UNSAID)
			check_key_option(relation, &relation->columns[i]);
	}
}

/* ---- the description ---- */

/* The key attribute of the column with this `key` option; false when no column has it. */
static bool
declared_key(const ForeignRelation *relation, KeyRole role, KeyAttribute *key)
{
	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (column->live && column->options->key == role && column->path.count == 1 &&
		    column_conversion_written_type(column->conversion, &key->type))
		{
			key->name = column->path.steps[0].name;
			return true;
		}
	}
	return false;
}

/* What the columns say of the table; NULL when none of them is the hash key. */
static const TableDescription *
declared_description(const ForeignRelation *relation)
{
	TableDescription *description = palloc0(sizeof(*description));

	if (!declared_key(relation, KEY_ROLE_HASH, &description->keys.hash[0]))
		return NULL;
	description->keys.hash_count = 1;
	if (declared_key(relation, KEY_ROLE_RANGE, &description->keys.range[0]))
		description->keys.range_count = 1;
	description->name = bytes_of_string(relation->options->table_name);
	description->status = BYTES_LITERAL("ACTIVE");
	return description;
}

static void
describe(ForeignRelation *relation)
{
	ServiceError refusal;

	relation->description =
	    table_description_find(relation->client, relation->options->table_name, &refusal);
	if (relation->description != NULL)
		return;
	if (refusal.class == ERROR_CLASS_NOT_FOUND && relation->options->missing_table_is_empty)
		return;
	if (refusal.class == ERROR_CLASS_ACCESS_DENIED)
		relation->description = declared_description(relation);
	if (relation->description != NULL)
		return;

	/* So that the next statement asks again, perhaps with a permission granted meanwhile. */
	table_description_forget(relation->client, relation->options->table_name);
	report_service_error(AWS_DYNAMODB, "DescribeTable", &refusal);
}

/* Fills options->ttl_attribute from the table where it matters and the options do not say. */
static void
find_ttl_attribute(ForeignRelation *relation)
{
	TableOptions *options = relation->options;
	Bytes attribute;

	if (!options->hide_expired || options->ttl_attribute != NULL)
		return;
	attribute = table_ttl_attribute(relation->client, options->table_name);
	if (attribute.length > 0)
		options->ttl_attribute = pnstrdup(attribute.data, attribute.length);
}

void
foreign_relation_find_encryption(ForeignRelation *relation)
{
	ReportPlace place = {.table = relation->name};

	report_place_enter(&place);
	describe(relation);
	report_place_leave(&place);
	relation->encryption = table_encryption_create(relation);
}

ForeignRelation *
foreign_relation_open(Oid relation_id, Oid user_id)
{
	ForeignRelation *relation = foreign_relation_open_offline(relation_id);
	ReportPlace place = {.table = relation->name};

	relation->client = service_client_get(relation->server_id, user_id);
	report_place_enter(&place);
	describe(relation);
	if (relation->description != NULL)
		find_ttl_attribute(relation);
	report_place_leave(&place);
	if (relation->description != NULL)
	{
		check_columns(relation);
		relation->encryption = table_encryption_create(relation);
	}
	return relation;
}
