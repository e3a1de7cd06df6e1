/*
 * vault_store.c
 *		Storing values in a token vault under new tokens.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "crypto/token_format.h"
#include "postgres/encryption/kms_calls.h"
#include "postgres/encryption/kms_values.h"
#include "postgres/memory.h"
#include "postgres/modify/table_writer.h"
#include "postgres/relation/column_defaults.h"
#include "postgres/report.h"
#include "postgres/vault/vault_store.h"

/* How often a token that is taken is made anew. */
#define ROUNDS_MAXIMUM 10

/* Bytes of a token's text, the zero byte included. */
#define TOKEN_SIZE Max(TOKEN_UUID_LENGTH + 1, TOKEN_DIGITS_MAXIMUM + 1)

/* A value and its tenant as UTF-8, and what a token is made of. */
#define SECRETS_MAXIMUM ((Size) 64 * 1024 * 1024)

/* What the key of deterministic tokens is derived from; another key of KMS gives another one. */
static const char key_label[] = "dynamodb_kms_fdw: key of deterministic tokens, version 1";

struct VaultStore
{
	MemoryContext context;
	Vault *vault;
	EState *statement;
	TableWriter *writer;
	TupleTableSlot *slot;
	ColumnDefaults *defaults; /* of columns without a value of ours */
	bool has_expiry;
	Datum expires_at;
	bool single_use;
	bool tenant_is_null;
	Datum tenant;      /* of the vault's column */
	Bytes tenant_utf8; /* where tokens depend on it */
	Arena *key_memory; /* of the key below */
	Bytes key;         /* of deterministic tokens */
	Arena *secrets;    /* for making one token */
	CryptoHandles crypto;
	MemoryContextCallback release;
};

/* --- terms ------------------------------------------------------------------------------------ */

static Bitmapset *
stored_roles(const TokenTerms *terms)
{
	Bitmapset *roles = bms_make_singleton(VAULT_ROLE_TOKEN);

	roles = bms_add_member(roles, VAULT_ROLE_VALUE);
	if (terms->has_tenant)
		roles = bms_add_member(roles, VAULT_ROLE_TENANT);
	if (terms->expires_in != NULL)
		roles = bms_add_member(roles, VAULT_ROLE_EXPIRES_AT);
	if (terms->single_use)
		roles = bms_add_member(roles, VAULT_ROLE_USES_LEFT);
	return roles;
}

static const TableOptions *
options_of(const VaultStore *store)
{
	return store->vault->foreign->options;
}

/* One token for everybody who has the value cannot go, or be used up, for one of them. */
static void
check_terms(const VaultStore *store, const TokenTerms *terms)
{
	if (options_of(store)->token_format == TOKEN_FORMAT_DETERMINISTIC &&
	    (terms->expires_in != NULL || terms->single_use))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("tokens of vault \"%s\" can neither expire nor be for a single use",
		                       store->vault->foreign->name),
		                errdetail("They are deterministic, so others may hold the same token.")));
}

/* The end of the second in which the tokens expire, in the column's type. */
static Datum
make_expiry(const VaultStore *store, const Interval *expires_in)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz then = DatumGetTimestampTz(DirectFunctionCall2(
	    timestamptz_pl_interval, TimestampTzGetDatum(now), IntervalPGetDatum(expires_in)));
	int64 seconds;

	if (then <= now || TIMESTAMP_NOT_FINITE(then))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("tokens cannot expire before they are made"),
		                errdetail("expires_in must be more than nothing, and finite.")));
	seconds = (then + USECS_PER_SEC - 1) / USECS_PER_SEC;
	if (store->vault->columns[VAULT_ROLE_EXPIRES_AT]->type == TIMESTAMPTZOID)
		return TimestampTzGetDatum(seconds * USECS_PER_SEC);
	return Int64GetDatum(seconds +
	                     (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY);
}

static Datum
one_of_type(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return Int16GetDatum(1);
		case INT4OID:
			return Int32GetDatum(1);
		default:
			return Int64GetDatum(1);
	}
}

/* --- the key of deterministic tokens ---------------------------------------------------------- */

/* The token column's own, or the table's. */
static const char *
key_id_of(const Vault *vault)
{
	const char *own = vault->columns[VAULT_ROLE_TOKEN]->options->kms_key_id;
	const char *key_id = own != NULL ? own : vault->foreign->options->kms_key_id;

	if (key_id == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
		         errmsg("vault \"%s\" has no key for its tokens", vault->foreign->name),
		         errhint("Deterministic tokens need an HMAC key of AWS KMS: option \"kms_key_id\" "
		                 "of the column with vault_role \"token\".")));
	return key_id;
}

/*
 * One code of AWS KMS is the key by which all tokens are made here. So a call of KMS makes any
 * number of tokens, and it is still the right to use the HMAC key that makes them.
 */
static void
derive_key(VaultStore *store)
{
	const ForeignRelation *relation = store->vault->foreign;
	KmsUse use = {.maximum = relation->options->max_kms_calls};
	KmsRequest request = {
	    .operation = KMS_GENERATE_MAC,
	    .key_id = bytes_of_string(key_id_of(store->vault)),
	    .plaintext = bytes_of_string(key_label),
	    .algorithm = BYTES_LITERAL("HMAC_SHA_256"),
	};
	KmsCall *call = kms_call_start(relation->client, &use, &request);
	Bytes mac = kms_call_answer(call, 0)->mac;

	if (mac.length != TOKEN_KEY_LENGTH)
		elog(ERROR, "AWS KMS gave a code of %zu bytes", mac.length);
	store->key_memory = memory_context_arena(store->context, ARENA_SECRET, SECRETS_MAXIMUM);
	store->key = (Bytes){arena_copy(store->key_memory, mac), mac.length};
	kms_call_release(call);
	if (store->key.data == NULL)
		report_result(arena_failure(store->key_memory, mac.length), "keep a key");
}

static void
release_crypto(void *store)
{
	crypto_handles_release(&((VaultStore *) store)->crypto);
}

static void
prepare_key(VaultStore *store)
{
	if (options_of(store)->token_format != TOKEN_FORMAT_DETERMINISTIC)
		return;
	crypto_handles_init(&store->crypto);
	store->release = (MemoryContextCallback){.func = release_crypto, .arg = store};
	MemoryContextRegisterResetCallback(store->context, &store->release);
	store->secrets = memory_context_arena(store->context, ARENA_SECRET, SECRETS_MAXIMUM);
	derive_key(store);
}

/* --- opening ---------------------------------------------------------------------------------- */

/* What other columns get when nothing is said about them. */
static void
prepare_defaults(VaultStore *store)
{
	Bitmapset *ours = NULL;

	for (int role = VAULT_ROLE_TOKEN; role < VAULT_ROLE_COUNT; role++)
	{
		const ForeignColumn *column = store->vault->columns[role];

		if (column != NULL)
			ours = bms_add_member(ours, column->number);
	}
	store->defaults = column_defaults_prepare(store->statement, store->vault->relation, ours);
}

static void
set_tenant(VaultStore *store, const char *tenant)
{
	store->tenant = vault_read_tenant(store->vault, tenant, &store->tenant_is_null);
	/* The column's own text, which is the same however the tenant was written. */
	if (store->key.length > 0 && !store->tenant_is_null)
		store->tenant_utf8 = utf8_of_text(
		    vault_column_text(store->vault->columns[VAULT_ROLE_TENANT], store->tenant));
}

static void
prepare_writer(VaultStore *store)
{
	TableWriter *writer;

	store->statement = CreateExecutorState();
	MemoryContextSwitchTo(store->statement->es_query_cxt);
	writer = table_writer_begin(store->statement, store->vault->relation, GetUserId(), NULL);
	writer->is_undone = options_of(store)->write_mode == WRITE_MODE_STATEMENT &&
	                    options_of(store)->token_format != TOKEN_FORMAT_DETERMINISTIC;
	store->writer = writer;
	store->slot = MakeSingleTupleTableSlot(
	    CreateTupleDescCopy(RelationGetDescr(store->vault->relation)), &TTSOpsVirtual);
	prepare_defaults(store);
}

VaultStore *
vault_store_open(Oid relation_id, const TokenTerms *terms)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "token vault", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	VaultStore *store = palloc0_object(VaultStore);

	store->context = context;
	store->vault = vault_open(relation_id, VAULT_STORE, stored_roles(terms));
	check_terms(store, terms);
	prepare_key(store);
	set_tenant(store, terms->tenant);
	store->single_use = terms->single_use;
	store->has_expiry = terms->expires_in != NULL;
	if (store->has_expiry)
		store->expires_at = make_expiry(store, terms->expires_in);
	prepare_writer(store);
	/* What follows knows the table without the server's reference, which is the statement's. */
	vault_close(store->vault);
	MemoryContextSwitchTo(caller);
	return store;
}

/* --- tokens ----------------------------------------------------------------------------------- */

static void
check_value(const VaultStore *store, Bytes value)
{
	if (options_of(store)->token_format == TOKEN_FORMAT_DIGITS && !token_takes_digits(value))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("value cannot have a token of digits in vault \"%s\"",
		                store->vault->foreign->name),
		         errdetail("With token_format \"digits\" a value is %d to %d digits and nothing "
		                   "else.",
		                   TOKEN_DIGITS_MINIMUM, TOKEN_DIGITS_MAXIMUM)));
}

static void
make_digits(const VaultStore *store, Bytes value, char *token)
{
	check_value(store, value);
	CHECK_RESULT(token_make_digits(&system_random_source, value, token), "make a token");
}

/* Any text: unlike a plaintext of AWS KMS it may be as long as an item. */
static Bytes
utf8_of_value(VaultStore *store, Bytes value)
{
	char *text = arena_copy(store->secrets, value);
	char *converted;

	if (text == NULL)
		report_result(arena_failure(store->secrets, value.length), "make a token");
	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
		return (Bytes){text, value.length};
	converted = pg_server_to_any(text, (int) value.length, PG_UTF8);
	return (Bytes){converted, converted == text ? value.length : strlen(converted)};
}

static void
make_deterministic(VaultStore *store, Bytes value, char *token)
{
	const Bytes *tenant = store->tenant_is_null ? NULL : &store->tenant_utf8;
	CheckedResult result;

	arena_reset(store->secrets);
	result = token_make_deterministic(&store->crypto, store->secrets, store->key, tenant,
	                                  utf8_of_value(store, value), token);
	arena_reset(store->secrets);
	CHECK_RESULT(result, "make a token");
}

static void
make_token(VaultStore *store, Datum value, char token[TOKEN_SIZE])
{
	switch (options_of(store)->token_format)
	{
		case TOKEN_FORMAT_UUID:
			CHECK_RESULT(token_make_uuid(&system_random_source, token), "make a token");
			return;
		case TOKEN_FORMAT_DIGITS:
			make_digits(store, bytes_of_datum(value), token);
			return;
		case TOKEN_FORMAT_DETERMINISTIC:
			make_deterministic(store, bytes_of_datum(value), token);
			return;
	}
}

/* --- rows ------------------------------------------------------------------------------------- */

static void
set_column(VaultStore *store, VaultRole role, Datum datum)
{
	int place = store->vault->columns[role]->number - 1;

	store->slot->tts_values[place] = datum;
	store->slot->tts_isnull[place] = false;
}

/* Puts the value's row into the slot; its memory is the statement's for one row, and current. */
static void
fill_slot(VaultStore *store, Datum value, const char *token)
{
	const Vault *vault = store->vault;
	Datum token_datum;

	ExecClearTuple(store->slot);
	column_defaults_fill(store->defaults, store->slot);
	if (!vault_read_token(vault, token, &token_datum))
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
		                errmsg("column \"%s\" of vault \"%s\" cannot hold its tokens",
		                       vault->columns[VAULT_ROLE_TOKEN]->name, vault->foreign->name)));
	set_column(store, VAULT_ROLE_TOKEN, token_datum);
	set_column(store, VAULT_ROLE_VALUE, vault_read_value(vault, value));
	if (!store->tenant_is_null)
		set_column(store, VAULT_ROLE_TENANT, store->tenant);
	if (store->has_expiry)
		set_column(store, VAULT_ROLE_EXPIRES_AT, store->expires_at);
	if (store->single_use)
		set_column(store, VAULT_ROLE_USES_LEFT,
		           one_of_type(vault->columns[VAULT_ROLE_USES_LEFT]->type));
	ExecStoreVirtualTuple(store->slot);
}

/* Makes a token for the value and begins to store it; `outcome` as table_writer_insert() has it. */
static void
begin_value(VaultStore *store, Datum value, char token[TOKEN_SIZE], RowOutcome *outcome)
{
	MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(store->statement));

	make_token(store, value, token);
	fill_slot(store, value, token);
	table_writer_insert(store->writer, store->slot, outcome);
	ExecClearTuple(store->slot);
	MemoryContextSwitchTo(caller);
}

/* --- many values ------------------------------------------------------------------------------ */

/* Values on their way. */
typedef struct StoredValue
{
	int place; /* among those that were given */
	RowOutcome outcome;
	char token[TOKEN_SIZE];
} StoredValue;

/*
 * Where nothing is sent before the transaction commits, it would take a read to know whether a
 * token is taken, and a random uuid never is: if it were, the commit would fail.
 */
static bool
needs_outcomes(const VaultStore *store)
{
	return options_of(store)->write_mode == WRITE_MODE_STATEMENT ||
	       options_of(store)->token_format != TOKEN_FORMAT_UUID;
}

/* Keeps those whose token was taken, and gives their number. */
static int
keep_duplicates(StoredValue *stored, int count)
{
	int kept = 0;

	for (int i = 0; i < count; i++)
	{
		if (stored[i].outcome == ROW_IS_DUPLICATE)
			stored[kept++] = stored[i];
	}
	return kept;
}

static void
report_no_token(const VaultStore *store)
{
	ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
	                errmsg("no free token was found in vault \"%s\"", store->vault->foreign->name),
	                errdetail("%d tokens in a row were taken.", ROUNDS_MAXIMUM),
	                errhint("Forget tokens that are not needed any more, or use another "
	                        "token_format.")));
}

/* One round of the values in `stored`. */
static void
store_round(VaultStore *store, const Datum *values, StoredValue *stored, int count, Datum *tokens)
{
	bool with_outcomes = needs_outcomes(store);

	for (int i = 0; i < count; i++)
	{
		ResetPerTupleExprContext(store->statement);
		stored[i].outcome = ROW_STORED;
		begin_value(store, values[stored[i].place], stored[i].token,
		            with_outcomes ? &stored[i].outcome : NULL);
	}
	table_writer_settle(store->writer);
	for (int i = 0; i < count; i++)
		tokens[stored[i].place] = CStringGetTextDatum(stored[i].token);
}

/* What is wrong with one of many values shows before any of them is sent. */
static void
check_values(VaultStore *store, const Datum *values, const bool *nulls, int count)
{
	MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(store->statement));

	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			continue;
		ResetPerTupleExprContext(store->statement);
		check_value(store, bytes_of_datum(values[i]));
		(void) vault_read_value(store->vault, values[i]);
	}
	MemoryContextSwitchTo(caller);
}

void
vault_store_values(VaultStore *store, const Datum *values, const bool *nulls, int count,
                   Datum *tokens)
{
	StoredValue *stored =
	    MemoryContextAllocHuge(store->context, sizeof(*stored) * (Size) Max(count, 1));
	int left = 0;

	check_values(store, values, nulls, count);
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i])
			stored[left++].place = i;
	}
	for (int round = 0; left > 0; round++)
	{
		if (round == ROUNDS_MAXIMUM)
			report_no_token(store);
		store_round(store, values, stored, left, tokens);
		/* The same value again, or anybody's: its token is there, and it is the same. */
		if (options_of(store)->token_format == TOKEN_FORMAT_DETERMINISTIC)
			break;
		left = keep_duplicates(stored, left);
	}
}

/* Of deterministic tokens nobody asks whether they were there. */
Datum
vault_store_begin_value(VaultStore *store, const char *tenant, Datum value)
{
	static RowOutcome unasked;
	char token[TOKEN_SIZE];
	bool may_be_there = options_of(store)->token_format == TOKEN_FORMAT_DETERMINISTIC;
	MemoryContext caller;

	ResetPerTupleExprContext(store->statement);
	caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(store->statement));
	set_tenant(store, tenant);
	MemoryContextSwitchTo(caller);
	begin_value(store, value, token, may_be_there ? &unasked : NULL);
	/* Rows that wait for their encryption must be there before the transaction sends them. */
	if (options_of(store)->write_mode == WRITE_MODE_TRANSACTION)
		table_writer_settle(store->writer);
	return CStringGetTextDatum(token);
}

void
vault_store_close(VaultStore *store)
{
	table_writer_end(store->writer);
	FreeExecutorState(store->statement);
	MemoryContextDelete(store->context);
}
