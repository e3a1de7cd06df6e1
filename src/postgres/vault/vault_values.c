/*
 * vault_values.c
 *		Values of tokens, and tokens that are forgotten.
 *
 *		tokens ──► looked up, all at once ──► a value, unless expired
 *		   ▲                    │
 *		   │            uses are counted: one or more of them are claimed ──► a value
 *		   └──── again ◄── somebody else has claimed one in the meantime
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_values.h"
#include "postgres/memory.h"
#include "postgres/modify/table_writer.h"
#include "postgres/report.h"
#include "postgres/vault/vault_lookup.h"
#include "postgres/vault/vault_values.h"

/* How often a token is looked up again that others use at the same time. */
#define ROUNDS_MAXIMUM 10

/* What a key's values may take. */
#define KEY_MAXIMUM ((Size) 64 * 1024)

/* One place among the tokens that were given. */
typedef struct Question
{
	char *text; /* the token's, as the column shows it */
	Datum token;
	int place;
} Question;

/* Questions for one token, which stand together. */
typedef struct TokenGroup
{
	Question *questions;
	int count;
	bool is_open; /* to be looked up again */
	/* While one of its uses is being claimed: */
	HeapTupleHeader row; /* as it was read, without its value; NULL: nothing is claimed */
	int64 uses_left;
	Datum value; /* a copy, which is wiped */
	int claimed; /* uses */
	RowOutcome outcome;
} TokenGroup;

typedef struct Resolution
{
	MemoryContext context;
	const Vault *vault;
	Datum tenant;
	bool tenant_is_null;
	TokenGroup *groups; /* in the order of their tokens' texts */
	int group_count;
	Datum *values; /* the caller's */
	bool *nulls;
	EState *statement; /* of the claims; NULL: none yet */
	TableWriter *writer;
	TupleTableSlot *slot;
} Resolution;

/* --- questions -------------------------------------------------------------------------------- */

static int
compare_questions(const void *a, const void *b)
{
	return strcmp(((const Question *) a)->text, ((const Question *) b)->text);
}

static int
compare_with_group(const void *text, const void *group)
{
	return strcmp(text, ((const TokenGroup *) group)->questions[0].text);
}

/* The questions that can have an answer, in order of their texts; the others have none. */
static Question *
read_questions(Resolution *resolution, const Datum *tokens, int count, int *question_count)
{
	const Vault *vault = resolution->vault;
	Question *questions =
	    MemoryContextAllocHuge(resolution->context, sizeof(Question) * (Size) count);

	*question_count = 0;
	for (int i = 0; i < count; i++)
	{
		Question *question = &questions[*question_count];

		if (resolution->nulls[i])
			continue;
		resolution->nulls[i] = true;
		if (!vault_read_token(vault, TextDatumGetCString(tokens[i]), &question->token))
			continue;
		question->text = vault_column_text(vault->columns[VAULT_ROLE_TOKEN], question->token);
		question->place = i;
		(*question_count)++;
	}
	qsort(questions, *question_count, sizeof(*questions), compare_questions);
	return questions;
}

static void
make_groups(Resolution *resolution, Question *questions, int count)
{
	resolution->groups =
	    MemoryContextAllocHuge(resolution->context, sizeof(TokenGroup) * (Size) Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		TokenGroup *last = &resolution->groups[resolution->group_count - 1];

		if (i > 0 && strcmp(last->questions[0].text, questions[i].text) == 0)
			last->count++;
		else
			resolution->groups[resolution->group_count++] =
			    (TokenGroup){.questions = &questions[i], .count = 1, .is_open = true};
	}
}

/* --- answers ---------------------------------------------------------------------------------- */

static void
give_value(Resolution *resolution, const TokenGroup *group, int count, Datum value)
{
	for (int i = 0; i < count; i++)
	{
		int place = group->questions[i].place;
		Bytes text = bytes_of_datum(value);

		resolution->values[place] =
		    PointerGetDatum(cstring_to_text_with_len(text.data, (int) text.length));
		resolution->nulls[place] = false;
	}
}

/* DynamoDB removes expired items when it finds the time. */
static bool
is_expired(const Vault *vault, const TupleTableSlot *row)
{
	bool is_null;
	Datum expires_at = vault_row_value(vault, row, VAULT_ROLE_EXPIRES_AT, &is_null);
	TimestampTz now = GetCurrentTimestamp();

	if (is_null)
		return false;
	if (vault->columns[VAULT_ROLE_EXPIRES_AT]->type == TIMESTAMPTZOID)
		return DatumGetTimestampTz(expires_at) <= now;
	return DatumGetInt64(expires_at) <=
	       now / USECS_PER_SEC + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY;
}

static Datum
datum_of_integer(Oid type, int64 integer)
{
	switch (type)
	{
		case INT2OID:
			return Int16GetDatum((int16) integer);
		case INT4OID:
			return Int32GetDatum((int32) integer);
		default:
			return Int64GetDatum(integer);
	}
}

/* --- claims ----------------------------------------------------------------------------------- */

static void
open_writer(Resolution *resolution)
{
	const Vault *vault = resolution->vault;
	AttrNumber uses_left = vault->columns[VAULT_ROLE_USES_LEFT]->number;
	MemoryContext caller = MemoryContextSwitchTo(resolution->context);

	PreventCommandIfReadOnly("detokenize() of single-use tokens");
	resolution->statement = CreateExecutorState();
	MemoryContextSwitchTo(resolution->statement->es_query_cxt);
	resolution->writer = table_writer_begin(resolution->statement, vault->relation, GetUserId(),
	                                        bms_make_singleton(uses_left));
	row_writer_note_assigned(resolution->writer->rows, bms_make_singleton(uses_left));
	resolution->slot = MakeSingleTupleTableSlot(
	    CreateTupleDescCopy(RelationGetDescr(vault->relation)), &TTSOpsVirtual);
	MemoryContextSwitchTo(caller);
}

/* A copy of the row without its value, which nobody needs to write the rest. */
static HeapTupleHeader
copy_without_value(const Resolution *resolution, const TupleTableSlot *row)
{
	TupleDesc descriptor = row->tts_tupleDescriptor;
	int value = resolution->vault->columns[VAULT_ROLE_VALUE]->number - 1;
	bool *nulls = palloc_array(bool, descriptor->natts);
	MemoryContext caller = MemoryContextSwitchTo(resolution->context);
	HeapTupleHeader copy;
	HeapTuple tuple;

	memcpy(nulls, row->tts_isnull, sizeof(bool) * descriptor->natts);
	nulls[value] = true;
	tuple = heap_form_tuple(descriptor, row->tts_values, nulls);
	copy = DatumGetHeapTupleHeader(heap_copy_tuple_as_datum(tuple, descriptor));
	MemoryContextSwitchTo(caller);
	heap_freetuple(tuple);
	pfree(nulls);
	return copy;
}

static Datum
copy_text(const Resolution *resolution, Datum text)
{
	MemoryContext caller = MemoryContextSwitchTo(resolution->context);
	Bytes bytes = bytes_of_datum(text);
	Datum copy = PointerGetDatum(cstring_to_text_with_len(bytes.data, (int) bytes.length));

	MemoryContextSwitchTo(caller);
	return copy;
}

/* The slot has the row with that many uses left. */
static void
show_row(const Resolution *resolution, HeapTupleHeader row, int64 uses_left)
{
	const ForeignColumn *column = resolution->vault->columns[VAULT_ROLE_USES_LEFT];
	TupleTableSlot *slot = resolution->slot;
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};

	ExecClearTuple(slot);
	heap_deform_tuple(&tuple, slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull);
	slot->tts_values[column->number - 1] = datum_of_integer(column->type, uses_left);
	ExecStoreVirtualTuple(slot);
}

/* Begins to take uses off the row: the last one takes the row with it. */
static void
begin_claim(Resolution *resolution, TokenGroup *group)
{
	if (resolution->writer == NULL)
		open_writer(resolution);
	group->claimed = (int) Min(group->uses_left, group->count);
	show_row(resolution, group->row, group->uses_left - group->claimed);
	table_writer_claim(resolution->writer, group->row,
	                   group->uses_left > group->claimed ? resolution->slot : NULL,
	                   &group->outcome);
}

/*
 * Only once all rows are there: a scan waits for whatever is being written to its table, so that
 * each claim would be waited for by itself.
 */
static void
begin_claims(Resolution *resolution)
{
	for (int i = 0; i < resolution->group_count; i++)
	{
		if (resolution->groups[i].row != NULL)
			begin_claim(resolution, &resolution->groups[i]);
	}
}

/* Where another one was first, the token is looked up again: it may have uses left. */
static void
end_claims(Resolution *resolution)
{
	if (resolution->writer != NULL)
		table_writer_settle(resolution->writer);
	for (int i = 0; i < resolution->group_count; i++)
	{
		TokenGroup *group = &resolution->groups[i];

		if (group->claimed == 0)
			continue;
		if (group->outcome == ROW_STORED)
			give_value(resolution, group, group->claimed, group->value);
		group->is_open = group->outcome != ROW_STORED;
		group->claimed = 0;
		group->row = NULL;
		wipe_datum(group->value);
	}
}

/* --- resolving -------------------------------------------------------------------------------- */

static void
take_row(Resolution *resolution, const TupleTableSlot *row)
{
	const Vault *vault = resolution->vault;
	bool is_null;
	Datum token = vault_row_value(vault, row, VAULT_ROLE_TOKEN, &is_null);
	char *text = vault_column_text(vault->columns[VAULT_ROLE_TOKEN], token);
	TokenGroup *group = bsearch(text, resolution->groups, resolution->group_count,
	                            sizeof(TokenGroup), compare_with_group);
	Datum value = vault_row_value(vault, row, VAULT_ROLE_VALUE, &is_null);
	Datum uses;
	bool uses_is_null;

	pfree(text);
	if (group == NULL || is_null || is_expired(vault, row))
		return;
	uses = vault_row_value(vault, row, VAULT_ROLE_USES_LEFT, &uses_is_null);
	if (uses_is_null)
	{
		give_value(resolution, group, group->count, value);
		return;
	}
	group->uses_left = integer_of_datum(vault->columns[VAULT_ROLE_USES_LEFT]->type, uses);
	if (group->uses_left <= 0)
		return;
	group->value = copy_text(resolution, value);
	group->row = copy_without_value(resolution, row);
}

/* The tokens of the open groups, which are closed. */
static Datum *
take_open_tokens(Resolution *resolution, int *count)
{
	Datum *tokens = MemoryContextAllocHuge(resolution->context,
	                                       sizeof(Datum) * (Size) Max(resolution->group_count, 1));

	*count = 0;
	for (int i = 0; i < resolution->group_count; i++)
	{
		TokenGroup *group = &resolution->groups[i];

		if (group->is_open)
			tokens[(*count)++] = group->questions[0].token;
		group->is_open = false;
	}
	return tokens;
}

/* One round: false when there was nothing to look up. */
static bool
resolve_round(Resolution *resolution)
{
	int count;
	Datum *tokens = take_open_tokens(resolution, &count);
	VaultLookup *lookup;
	TupleTableSlot *row;

	if (count == 0)
		return false;
	lookup = vault_lookup_begin(resolution->vault, tokens, count, resolution->tenant,
	                            resolution->tenant_is_null, false);
	while ((row = vault_lookup_next(lookup)) != NULL)
		take_row(resolution, row);
	vault_lookup_end(lookup);
	begin_claims(resolution);
	end_claims(resolution);
	return true;
}

static void
report_contention(const Vault *vault)
{
	ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
	                errmsg("a token of vault \"%s\" is being used by too many at once",
	                       vault->foreign->name),
	                errhint("The statement may succeed when it is run again.")));
}

static void
report_missing(const Vault *vault, int missing, int count)
{
	ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
	                errmsg("token is not known to vault \"%s\"", vault->foreign->name),
	                count > 1 ? errdetail("%d of %d tokens are not known.", missing, count) : 0));
}

static void
check_missing(const Vault *vault, const bool *were_null, const bool *nulls, int count)
{
	int missing = 0;

	if (!vault->foreign->options->missing_token_is_error)
		return;
	for (int i = 0; i < count; i++)
		missing += nulls[i] && !were_null[i];
	if (missing > 0)
		report_missing(vault, missing, count);
}

static void
end_resolution(Resolution *resolution)
{
	if (resolution->writer == NULL)
		return;
	table_writer_end(resolution->writer);
	FreeExecutorState(resolution->statement);
}

void
vault_values(Oid relation_id, const Datum *tokens, bool *nulls, int count, const char *tenant,
             Datum *values)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "vault values", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Vault *vault = vault_open(relation_id, VAULT_LOOK_UP, NULL);
	Resolution resolution = {.context = context, .vault = vault, .values = values, .nulls = nulls};
	bool *were_null = MemoryContextAllocHuge(context, Max(count, 1));
	Question *questions;
	int question_count;

	memcpy(were_null, nulls, count);
	resolution.tenant = vault_read_tenant(vault, tenant, &resolution.tenant_is_null);
	questions = read_questions(&resolution, tokens, count, &question_count);
	make_groups(&resolution, questions, question_count);
	MemoryContextSwitchTo(caller);
	for (int round = 0; resolve_round(&resolution); round++)
	{
		if (round == ROUNDS_MAXIMUM)
			report_contention(vault);
	}
	end_resolution(&resolution);
	check_missing(vault, were_null, nulls, count);
	vault_close(vault);
	MemoryContextDelete(context);
}

/* --- forgetting ------------------------------------------------------------------------------- */

static void
add_key_attribute(Arena *arena, const ForeignColumn *column, Datum datum, DynamodbItem *key)
{
	Attribute *attribute = &key->attributes[key->count++];

	*attribute = (Attribute){.name = column->path.steps[0].name, .slot = ATTRIBUTE_NO_SLOT};
	if (column_conversion_write(column->conversion, arena, datum, &attribute->value) != WRITE_EXACT)
		column_conversion_report_unwritable(column->conversion, datum);
}

/* By its key alone. */
static bool
delete_key(TableWriter *writer, const Vault *vault, Datum token, Datum tenant)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, KEY_MAXIMUM);
	Attribute attributes[2];
	DirectWrite direct = {.kind = ROW_DELETE, .key = {.attributes = attributes}};
	RowOutcome outcome;

	add_key_attribute(arena, vault->columns[VAULT_ROLE_TOKEN], token, &direct.key);
	if (vault->tenant_is_key)
		add_key_attribute(arena, vault->columns[VAULT_ROLE_TENANT], tenant, &direct.key);
	table_writer_write_direct(writer, &direct, &outcome);
	table_writer_settle(writer);
	return outcome == ROW_STORED;
}

/* After a look at whose it is; that it still is his is the condition. */
static bool
delete_row(TableWriter *writer, const Vault *vault, Datum token, Datum tenant, bool tenant_is_null)
{
	VaultLookup *lookup = vault_lookup_begin(vault, &token, 1, tenant, tenant_is_null, true);
	TupleTableSlot *row = vault_lookup_next(lookup);
	bool found = row != NULL;

	if (found)
	{
		table_writer_delete(writer, DatumGetHeapTupleHeader(ExecFetchSlotHeapTupleDatum(row)));
		table_writer_settle(writer);
	}
	vault_lookup_end(lookup);
	return found;
}

static bool
forget(const Vault *vault, EState *statement, Datum token, Datum tenant, bool tenant_is_null)
{
	const ForeignColumn *column = vault->columns[VAULT_ROLE_TENANT];
	bool looks = (column != NULL && !vault->tenant_is_key) ||
	             vault->foreign->options->write_mode != WRITE_MODE_STATEMENT;
	Bitmapset *read_columns = column == NULL ? NULL : bms_make_singleton(column->number);
	TableWriter *writer = table_writer_begin(statement, vault->relation, GetUserId(), read_columns);
	bool found = looks ? delete_row(writer, vault, token, tenant, tenant_is_null)
	                   : delete_key(writer, vault, token, tenant);

	table_writer_end(writer);
	return found;
}

bool
vault_forget(Oid relation_id, const char *token, const char *tenant)
{
	Vault *vault = vault_open(relation_id, VAULT_FORGET, NULL);
	EState *statement = CreateExecutorState();
	bool tenant_is_null;
	Datum tenant_datum = vault_read_tenant(vault, tenant, &tenant_is_null);
	Datum token_datum;
	bool found = false;

	if (vault_read_token(vault, token, &token_datum))
		found = forget(vault, statement, token_datum, tenant_datum, tenant_is_null);
	FreeExecutorState(statement);
	vault_close(vault);
	return found;
}
