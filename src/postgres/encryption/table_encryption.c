/*
 * table_encryption.c
 *		From the options of a foreign table and its columns to a table of the encryption client.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "crypto/encryption_client_store.h"
#include "postgres/encryption/table_encryption.h"
#include "postgres/memory.h"
#include "postgres/report.h"

/* Actions of columns, and copies of their names. */
#define ACTIONS_MAXIMUM ((Size) 16 * 1024 * 1024)

/* An ARN ends in "table/" and the name. */
#define TABLE_IN_ARN ":table/"

static CryptoAction
crypto_action(CryptoActionName name)
{
	switch (name)
	{
		case ACTION_DO_NOTHING:
			return CRYPTO_DO_NOTHING;
		case ACTION_SIGN_ONLY:
			return CRYPTO_SIGN_ONLY;
		case ACTION_UNSAID:
		case ACTION_ENCRYPT_AND_SIGN:
			return CRYPTO_ENCRYPT_AND_SIGN;
	}
	pg_unreachable();
}

/* ---- what columns say ---- */

static void
report_stray_action(const ForeignRelation *relation, const ForeignColumn *column)
{
	ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
	                errmsg("column \"%s\" has option \"crypto_action\", but foreign table \"%s\" "
	                       "is not encrypted",
	                       column->name, relation->name),
	                errhint("Set the option \"encryption\" of the foreign table.")));
}

static void
check_columns_of_plain_table(const ForeignRelation *relation)
{
	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (column->live && column->options->crypto_action != ACTION_UNSAID)
			report_stray_action(relation, column);
	}
}

static void
refuse_kms_column(const ForeignRelation *relation, const ForeignColumn *column)
{
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
	         errmsg("column \"%s\" of encrypted foreign table \"%s\" cannot have option "
	                "\"kms_encrypted\"",
	                column->name, relation->name),
	         errdetail("The items of the table are encrypted as a whole."),
	         errhint("Drop the option; \"crypto_action\" says what is done with the column.")));
}

static void
report_contradiction(const ForeignRelation *relation, const ForeignColumn *column)
{
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
	         errmsg("columns of foreign table \"%s\" have different actions for one attribute",
	                relation->name),
	         errdetail("Column \"%s\" maps the attribute, or a place inside of it, as another "
	                   "column does.",
	                   column->name)));
}

/* The action that was said for the attribute; NULL when none was. */
static const AttributeAction *
find_action(const EncryptionClientTable *table, Bytes name)
{
	for (uint32 i = 0; i < table->action_count; i++)
	{
		if (bytes_equal(table->actions[i].name, name))
			return &table->actions[i];
	}
	return NULL;
}

/* Adds what the column says; `columns` gets the column by the action's place. */
static void
add_action(const ForeignRelation *relation, const ForeignColumn *column,
           EncryptionClientTable *table, AttributeAction *actions, const ForeignColumn **columns)
{
	Bytes name = column->path.steps[0].name;
	CryptoAction action = crypto_action(column->options->crypto_action);
	const AttributeAction *other = find_action(table, name);

	if (other != NULL && other->action != action)
		report_contradiction(relation, column);
	if (other != NULL)
		return;
	columns[table->action_count] = column;
	actions[table->action_count++] = (AttributeAction){name, action};
}

static const ForeignColumn **
find_actions(const ForeignRelation *relation, EncryptionClientTable *table)
{
	AttributeAction *actions = palloc_array(AttributeAction, Max(relation->column_count, 1));
	const ForeignColumn **columns =
	    palloc0_array(const ForeignColumn *, Max(relation->column_count, 1));

	table->actions = actions;
	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (!column->live)
			continue;
		if (column->options->kms_encrypted)
			refuse_kms_column(relation, column);
		if (column->options->crypto_action != ACTION_UNSAID)
			add_action(relation, column, table, actions, columns);
	}
	return columns;
}

static bool
does_nothing(const EncryptionClientTable *table)
{
	for (uint32 i = 0; i < table->action_count; i++)
	{
		if (table->actions[i].action != CRYPTO_DO_NOTHING)
			return false;
	}
	return table->default_action == CRYPTO_DO_NOTHING;
}

/* Raises what the encryption client refuses of the table by itself. */
static void
check_table(const ForeignRelation *relation, Arena *arena, EncryptionClientTable table)
{
	CheckedResult result = encryption_client_table_prepare(arena, &table);

	if (result.code == RESULT_INVALID_ARGUMENT)
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
		                errmsg("foreign table \"%s\" cannot be encrypted", relation->name),
		                errdetail("In the encryption client's words: %s.", result.message)));
	CHECK_RESULT(result, "prepare an encrypted table");
}

/* Raises what it refuses of the columns, the place of whose actions the result has. */
static void
check_actions(const ForeignRelation *relation, CheckedResult result, const ForeignColumn **columns)
{
	const ForeignColumn *column = columns[result.position];

	if (result.code == RESULT_INVALID_ARGUMENT)
		ereport(ERROR,
		        (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
		         errmsg("column \"%s\" of foreign table \"%s\" cannot have its \"crypto_action\"",
		                column->name, relation->name),
		         errdetail("In the encryption client's words: %s.", result.message)));
	CHECK_RESULT(result, "prepare an encrypted table");
}

/* ---- the table ---- */

/* The name that signatures are bound to, which an ARN ends in. */
static Bytes
name_of_table(const TableOptions *options)
{
	const char *table = strstr(options->table_name, TABLE_IN_ARN);

	if (options->logical_table_name != NULL)
		return utf8_of_text(options->logical_table_name);
	return bytes_of_string(table == NULL ? options->table_name : table + strlen(TABLE_IN_ARN));
}

static EncryptionClientTable
describe_table(const ForeignRelation *relation)
{
	const TableOptions *options = relation->options;
	const KeySchema *keys = &relation->description->keys;

	return (EncryptionClientTable){
	    .table_name = name_of_table(options),
	    .hash_key = keys->hash[0].name,
	    .range_key = keys->range_count > 0 ? keys->range[0].name : BYTES_EMPTY,
	    .provider = PROVIDER_AWS_KMS,
	    .default_action = crypto_action(options->crypto_action),
	    .form = options->signature_order == SIGNATURE_ORDER_UTF16 ? FORM_UTF16 : FORM_UTF8,
	    .accepts_rounded_numbers = options->accept_rounded_numbers,
	};
}

static void
find_keys(const ForeignRelation *relation, TableEncryption *encryption)
{
	const TableOptions *options = relation->options;

	if (options->kms_key_id != NULL)
		encryption->key_id = utf8_of_text(options->kms_key_id);
	encryption->opening_keys = opening_keys_create(options, encryption->key_id);
	if (encryption->opening_keys == NULL)
		ereport(ERROR, (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
		                errmsg("encrypted foreign table \"%s\" has no key", relation->name),
		                errhint("Set the option \"kms_key_id\", or \"kms_key_ids_for_decrypt\" for "
		                        "reading alone.")));
}

/* Has items opened with the keys of a table of keys. */
static void
use_materials(const TableOptions *options, Arena *arena, TableEncryption *encryption)
{
	if (options->material_table == NULL)
		return;
	encryption->client.provider = PROVIDER_MATERIAL_STORE;
	CHECK_RESULT(encryption_client_store_table(arena, utf8_of_text(options->material_table),
	                                           PROVIDER_AWS_KMS, &encryption->materials),
	             "prepare a table of keys");
}

/* What the service cannot judge, because it only has ciphertexts of it. */
static void
mark_sealed_columns(ForeignRelation *relation, const EncryptionClientTable *table)
{
	for (int i = 0; i < relation->column_count; i++)
	{
		ForeignColumn *column = &relation->columns[i];

		column->is_sealed =
		    column->live && (column->options->whole_item ||
		                     encryption_client_table_action(table, column->path.steps[0].name) ==
		                         CRYPTO_ENCRYPT_AND_SIGN);
	}
}

TableEncryption *
table_encryption_create(ForeignRelation *relation)
{
	Arena *arena;
	TableEncryption *encryption;
	const ForeignColumn **columns;

	if (relation->options->encryption == ENCRYPTION_NONE)
	{
		check_columns_of_plain_table(relation);
		return NULL;
	}
	arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, ACTIONS_MAXIMUM);
	encryption = palloc0_object(TableEncryption);
	encryption->client = describe_table(relation);
	use_materials(relation->options, arena, encryption);
	check_table(relation, arena, encryption->client);
	columns = find_actions(relation, &encryption->client);
	if (does_nothing(&encryption->client))
		return NULL;
	check_actions(relation, encryption_client_table_prepare(arena, &encryption->client), columns);
	find_keys(relation, encryption);
	mark_sealed_columns(relation, &encryption->client);
	return encryption;
}

void
table_encryption_require_key(const ForeignRelation *relation)
{
	if (relation->encryption->client.provider == PROVIDER_MATERIAL_STORE)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("cannot write to encrypted foreign table \"%s\"", relation->name),
		                errdetail("It has option \"material_table\", which is for reading.")));
	if (relation->encryption->key_id.length > 0)
		return;
	ereport(ERROR, (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
	                errmsg("foreign table \"%s\" has no key to encrypt with", relation->name),
	                errhint("Set the option \"kms_key_id\".")));
}

List *
columns_not_sealed(const ForeignRelation *relation)
{
	List *columns = NIL;

	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (column->live && !column->is_sealed)
			columns = lappend_int(columns, column->number);
	}
	return columns;
}
