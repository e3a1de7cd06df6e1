/*
 * vault.c
 *		What a token vault is: a foreign table whose columns have the option vault_role.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "foundation/ascii.h"
#include "postgres/relation_kind.h"
#include "postgres/vault/vault.h"

/* Characters of a uuid's text, hyphens included. */
#define UUID_TEXT_LENGTH 36

static const char *const role_names[VAULT_ROLE_COUNT] = {
    [VAULT_ROLE_TOKEN] = "token",         [VAULT_ROLE_VALUE] = "value",
    [VAULT_ROLE_TENANT] = "tenant",       [VAULT_ROLE_EXPIRES_AT] = "expires_at",
    [VAULT_ROLE_USES_LEFT] = "uses_left",
};

/* The types that a column of each role may have, zero behind the last. */
static const Oid role_types[VAULT_ROLE_COUNT][8] = {
    [VAULT_ROLE_TOKEN] = {TEXTOID, VARCHAROID, UUIDOID},
    [VAULT_ROLE_VALUE] = {TEXTOID, VARCHAROID},
    [VAULT_ROLE_TENANT] = {TEXTOID, VARCHAROID, UUIDOID, INT2OID, INT4OID, INT8OID},
    [VAULT_ROLE_EXPIRES_AT] = {TIMESTAMPTZOID, INT8OID},
    [VAULT_ROLE_USES_LEFT] = {INT2OID, INT4OID, INT8OID},
};

/* The privilege of each use, and the lock. */
static const struct
{
	AclMode privilege;
	LOCKMODE lock;
} uses[] = {
    [VAULT_STORE] = {ACL_INSERT, RowExclusiveLock},
    [VAULT_LOOK_UP] = {ACL_SELECT, AccessShareLock},
    [VAULT_FORGET] = {ACL_DELETE, RowExclusiveLock},
};

/* --- columns ---------------------------------------------------------------------------------- */

static void
check_type(const ForeignRelation *relation, const ForeignColumn *column)
{
	const Oid *types = role_types[column->options->vault_role];

	for (int i = 0; types[i] != InvalidOid; i++)
	{
		if (types[i] == column->type)
			return;
	}
	ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
	                errmsg("column \"%s\" of foreign table \"%s\" cannot have vault_role \"%s\"",
	                       column->name, relation->name, role_names[column->options->vault_role]),
	                errdetail("It is of type %s.",
	                          format_type_with_typemod(column->type, column->type_modifier))));
}

/* Finds the columns of a relation that was opened, with or without the service. */
static void
find_columns(const ForeignRelation *relation, const ForeignColumn **columns)
{
	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];
		VaultRole role = column->live ? column->options->vault_role : VAULT_ROLE_NONE;

		if (role == VAULT_ROLE_NONE)
			continue;
		if (columns[role] != NULL)
			ereport(ERROR,
			        (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			         errmsg("foreign table \"%s\" has two columns with vault_role \"%s\"",
			                relation->name, role_names[role]),
			         errdetail("They are \"%s\" and \"%s\".", columns[role]->name, column->name)));
		check_type(relation, column);
		columns[role] = column;
	}
}

static void
require_column(const ForeignRelation *relation, const ForeignColumn *const *columns, VaultRole role)
{
	if (columns[role] != NULL)
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
	         errmsg("foreign table \"%s\" is no token vault", relation->name),
	         errdetail("No column has option \"vault_role\" \"%s\".", role_names[role]),
	         errhint("A vault has columns with vault_role \"token\" and \"value\", and perhaps "
	                 "\"tenant\", \"expires_at\" and \"uses_left\".")));
}

/* A role that the caller uses and that the vault has no column for. */
static void
require_stored_roles(const ForeignRelation *relation, const ForeignColumn *const *columns,
                     const Bitmapset *stored_roles)
{
	int role = -1;

	while ((role = bms_next_member(stored_roles, role)) >= 0)
	{
		if (columns[role] == NULL)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("vault \"%s\" has no column with vault_role \"%s\"",
			                       relation->name, role_names[role])));
	}
}

/* --- options ---------------------------------------------------------------------------------- */

static void
refuse(const ForeignRelation *relation, const char *why)
{
	ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
	                errmsg("foreign table \"%s\" cannot be a token vault", relation->name),
	                errdetail_internal("%s", why)));
}

/* DynamoDB removes expired items by a number of seconds in a top-level attribute. */
static void
check_expiry(const ForeignRelation *relation, const ForeignColumn *column)
{
	const char *attribute = relation->options->ttl_attribute;

	if (column == NULL)
		return;
	if (column->type == TIMESTAMPTZOID && column->options->time_format != TIME_FORMAT_EPOCH_SECONDS)
		refuse(relation, psprintf("Column \"%s\" with vault_role \"expires_at\" needs option "
		                          "\"time_format\" \"epoch_seconds\", as DynamoDB does.",
		                          column->name));
	if (column->path.count != 1 ||
	    (attribute != NULL && !bytes_equal(column->path.steps[0].name, bytes_of_string(attribute))))
		refuse(relation, psprintf("Column \"%s\" with vault_role \"expires_at\" does not map the "
		                          "attribute by which items expire.",
		                          column->name));
}

/* What is used up is used up, whatever becomes of the transaction. */
static void
check_modes(const ForeignRelation *relation, const ForeignColumn *const *columns)
{
	const TableOptions *options = relation->options;
	const ForeignColumn *uses_left = columns[VAULT_ROLE_USES_LEFT];

	if (options->write_mode == WRITE_MODE_OVERWRITE)
		refuse(relation, "Its write_mode \"overwrite\" would replace tokens that exist.");
	if (uses_left != NULL && options->write_mode == WRITE_MODE_TRANSACTION)
		refuse(relation, "Its write_mode \"transaction\" and a column with vault_role "
		                 "\"uses_left\" exclude each other: a token that is used up must be so "
		                 "before its value is shown.");
	if (uses_left != NULL && uses_left->path.count != 1)
		refuse(relation, "The column with vault_role \"uses_left\" is inside of a document.");
	if (options->token_format == TOKEN_FORMAT_DIGITS && columns[VAULT_ROLE_TOKEN]->type == UUIDOID)
		refuse(relation, "Its token_format \"digits\" needs a token column of type text.");
}

static bool
maps_key(const ForeignColumn *column, const KeyAttribute *key)
{
	return column != NULL && column->path.count == 1 &&
	       bytes_equal(column->path.steps[0].name, key->name);
}

/* A token is found by the key: itself, or itself and its tenant. */
static void
check_keys(Vault *vault)
{
	const ForeignRelation *relation = vault->foreign;
	const KeySchema *keys;

	if (relation->description == NULL)
		return;
	keys = &relation->description->keys;
	if (keys->hash_count != 1 || !maps_key(vault->columns[VAULT_ROLE_TOKEN], &keys->hash[0]))
		refuse(relation, "The column with vault_role \"token\" is not the table's hash key.");
	vault->tenant_is_key =
	    keys->range_count == 1 && maps_key(vault->columns[VAULT_ROLE_TENANT], &keys->range[0]);
	if (keys->range_count > 0 && !vault->tenant_is_key)
		refuse(relation, "The table's range key is not the column with vault_role \"tenant\".");
}

/* --- opening ---------------------------------------------------------------------------------- */

static int
offset_of(const ForeignColumn *column)
{
	return column->number - FirstLowInvalidHeapAttributeNumber;
}

/* The columns that the use touches. */
static Bitmapset *
columns_used(const ForeignColumn *const *columns, VaultUse use, const Bitmapset *stored_roles)
{
	Bitmapset *used = NULL;

	if (use == VAULT_FORGET)
		return NULL;
	for (int role = VAULT_ROLE_TOKEN; role < VAULT_ROLE_COUNT; role++)
	{
		if (columns[role] != NULL && (use == VAULT_LOOK_UP || bms_is_member(role, stored_roles)))
			used = bms_add_member(used, offset_of(columns[role]));
	}
	return used;
}

static RangeTblEntry *
make_entry(Relation relation, LOCKMODE lock)
{
	RangeTblEntry *entry = makeNode(RangeTblEntry);

	entry->rtekind = RTE_RELATION;
	entry->relid = RelationGetRelid(relation);
	entry->relkind = RELKIND_FOREIGN_TABLE;
	entry->rellockmode = lock;
	entry->eref = makeAlias(RelationGetRelationName(relation), NIL);
	return entry;
}

/* The rows are written without a plan, so there is nothing that would fire triggers. */
static void
check_writable(const Vault *vault)
{
	const ForeignRelation *relation = vault->foreign;

	if (vault->relation->trigdesc != NULL || vault->relation->rd_rel->relispartition)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("vault \"%s\" cannot be written by these functions", relation->name),
		                errdetail(vault->relation->trigdesc != NULL
		                              ? "It has triggers, which would not be fired."
		                              : "It is a partition.")));
	if (!relation->options->updatable)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("foreign table \"%s\" does not allow changes", relation->name)));
}

Vault *
vault_open(Oid relation_id, VaultUse use, const Bitmapset *stored_roles)
{
	Vault *vault = palloc0_object(Vault);
	const ForeignColumn *columns[VAULT_ROLE_COUNT] = {0};
	const ForeignRelation *offline;

	vault->relation = table_open(relation_id, uses[use].lock);
	require_dynamodb_table(RelationGetRelid(vault->relation));
	vault->entry = make_entry(vault->relation, uses[use].lock);
	offline = foreign_relation_open_offline(relation_id);
	find_columns(offline, columns);
	require_column(offline, columns, VAULT_ROLE_TOKEN);
	require_column(offline, columns, VAULT_ROLE_VALUE);
	require_privilege(vault->entry, uses[use].privilege, columns_used(columns, use, stored_roles));
	require_stored_roles(offline, columns, stored_roles);
	check_expiry(offline, columns[VAULT_ROLE_EXPIRES_AT]);
	check_modes(offline, columns);
	vault->foreign = foreign_relation_open(relation_id, GetUserId());
	find_columns(vault->foreign, vault->columns);
	check_keys(vault);
	if (use != VAULT_LOOK_UP)
		check_writable(vault);
	return vault;
}

void
vault_close(Vault *vault)
{
	table_close(vault->relation, NoLock);
	vault->relation = NULL;
}

/* --- values ----------------------------------------------------------------------------------- */

static Datum
datum_of_text(const ForeignColumn *column, char *text)
{
	Oid input;
	Oid parameter;

	getTypeInputInfo(column->type, &input, &parameter);
	return OidInputFunctionCall(input, text, parameter, column->type_modifier);
}

/* The type's own input would show what it does not accept. */
static bool
is_uuid(const char *text)
{
	if (strlen(text) != UUID_TEXT_LENGTH)
		return false;
	for (int i = 0; i < UUID_TEXT_LENGTH; i++)
	{
		bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_hyphen ? text[i] != '-' : ascii_hexadecimal_value(text[i]) < 0)
			return false;
	}
	return true;
}

bool
vault_read_token(const Vault *vault, const char *text, Datum *token)
{
	const ForeignColumn *column = vault->columns[VAULT_ROLE_TOKEN];

	if (column->type == UUIDOID ? !is_uuid(text) : *text == '\0')
		return false;
	/* Longer ones are in no column of this length. */
	if (column->type == VARCHAROID && column->type_modifier >= (int32) VARHDRSZ &&
	    pg_mbstrlen(text) > column->type_modifier - (int32) VARHDRSZ)
		return false;
	*token = datum_of_text(column, pstrdup(text));
	return true;
}

Datum
vault_read_tenant(const Vault *vault, const char *text, bool *is_null)
{
	const ForeignColumn *column = vault->columns[VAULT_ROLE_TENANT];

	*is_null = text == NULL;
	if (text != NULL && column == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("vault \"%s\" has no column with vault_role \"%s\"",
		                       vault->foreign->name, role_names[VAULT_ROLE_TENANT])));
	if (text == NULL && vault->tenant_is_key)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("vault \"%s\" needs a tenant", vault->foreign->name),
		                errdetail("Its column \"%s\" is a part of the key.", column->name)));
	return text == NULL ? (Datum) 0 : datum_of_text(column, pstrdup(text));
}

char *
vault_column_text(const ForeignColumn *column, Datum datum)
{
	Oid output;
	bool is_variable;

	getTypeOutputInfo(column->type, &output, &is_variable);
	return OidOutputFunctionCall(output, datum);
}

Datum
vault_read_value(const Vault *vault, Datum text)
{
	const ForeignColumn *column = vault->columns[VAULT_ROLE_VALUE];

	if (column->type != VARCHAROID || column->type_modifier < (int32) VARHDRSZ)
		return text;
	return DirectFunctionCall3(varchar, text, Int32GetDatum(column->type_modifier),
	                           BoolGetDatum(false));
}
