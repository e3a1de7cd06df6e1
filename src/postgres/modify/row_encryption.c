/*
 * row_encryption.c
 *		Encryption of columns, and data keys of items, ahead of the writes of their rows.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/tuptable.h"
#include "lib/ilist.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/encryption/column_encryption.h"
#include "postgres/encryption/kms_plaintexts.h"
#include "postgres/memory.h"
#include "postgres/modify/row_encryption.h"
#include "postgres/modify/row_sealing.h"
#include "postgres/modify/row_writer_parts.h"

/* Contexts and plaintexts of one row. */
#define ROW_SECRETS_MAXIMUM ((Size) 16 * 1024 * 1024)

/* A row that waits. */
typedef struct WaitingRow
{
	dlist_node node;
	MemoryContext context; /* of its own */
	GivenRow given;        /* its copy */
	RowOutcome *outcome;
	RowWrite *made; /* of an encrypted table, in plaintext; else made in its turn, of the rest */
	MinimalTuple tuple; /* of given.slot; NULL for a DELETE */
	Arena *secrets;
	KmsCall **calls;               /* by column; NULL: nothing to encrypt */
	ColumnCiphertext *ciphertexts; /* by column */
	MemoryContextCallback wipe;
} WaitingRow;

struct RowEncryption
{
	RowWriter *writer;
	MemoryContext context;
	TupleTableSlot *slot; /* in which a waiting row is shown */
	dlist_head waiting;
	int waiting_count;
	int most;
};

RowEncryption *
row_encryption_create(RowWriter *writer)
{
	RowEncryption *rows;

	if (writer->reader->encrypted_count == 0 && writer->items == NULL)
		return NULL;
	rows = palloc0_object(RowEncryption);
	rows->writer = writer;
	rows->context = CurrentMemoryContext;
	rows->slot = MakeSingleTupleTableSlot(writer->descriptor, &TTSOpsMinimalTuple);
	rows->most = kms_calls_at_once(writer->relation->client);
	dlist_init(&rows->waiting);
	return rows;
}

/* --- contexts --------------------------------------------------------------------------------- */

/* Where the attributes of a row that is about to be written are found. */
typedef struct RowAttributes
{
	Arena *arena;
	const Datum *values;
	const bool *nulls;
	RowWrite *row; /* NULL: all attributes are what the values say */
} RowAttributes;

static const AttributeValue *
attribute_of_values(const RowAttributes *attributes, const ForeignColumn *column)
{
	int place = column->number - 1;
	AttributeValue *value;

	if (attributes->nulls[place])
		return NULL;
	value = arena_allocate(attributes->arena, sizeof(*value));
	if (value == NULL)
		report_result(arena_failure(attributes->arena, sizeof(*value)), "encrypt a row");
	if (column_conversion_write(column->conversion, attributes->arena, attributes->values[place],
	                            value) != WRITE_EXACT)
		column_conversion_report_unwritable(column->conversion, attributes->values[place]);
	return value;
}

/* What the row leaves as it is, is as it is stored. */
static const AttributeValue *
find_attribute(const void *context, const ForeignColumn *column)
{
	const RowAttributes *attributes = context;
	const RowWrite *row = attributes->row;

	if (row != NULL && row->stored != NULL && !row_column_changes(row, column))
		return attribute_path_find(&column->path, row->stored);
	return attribute_of_values(attributes, column);
}

static bool
contexts_are_equal(KmsContext a, KmsContext b)
{
	if (a.count != b.count)
		return false;
	for (size_t i = 0; i < a.count; i++)
	{
		if (!bytes_equal(a.pairs[i].name, b.pairs[i].name) ||
		    !bytes_equal(a.pairs[i].value, b.pairs[i].value))
			return false;
	}
	return true;
}

static Bytes
keep_bytes(RowWrite *row, Bytes bytes)
{
	const char *copy = arena_copy(row->arena, bytes);

	if (copy == NULL)
		report_result(arena_failure(row->arena, bytes.length), "write row");
	return (Bytes){copy, bytes.length};
}

/* Keeps the ciphertext, and what it was made with, with the row. */
static void
keep_ciphertext(RowWrite *row, const ForeignColumn *column, Bytes ciphertext, KmsContext context)
{
	ColumnCiphertext *kept = &row->ciphertexts[column->number - 1];
	KmsContextPair *pairs = ROW_ALLOCATE(row, context.count, KmsContextPair);

	for (size_t i = 0; i < context.count; i++)
		pairs[i] = (KmsContextPair){keep_bytes(row, context.pairs[i].name),
		                            keep_bytes(row, context.pairs[i].value)};
	*kept = (ColumnCiphertext){.made = true,
	                           .value = attribute_binary(keep_bytes(row, ciphertext)),
	                           .context = {pairs, context.count}};
}

/* --- one column at a time --------------------------------------------------------------------- */

static void
encrypt_now(RowWrite *row, const ForeignColumn *column, const KmsRequest *request)
{
	RowWriter *writer = row->writer;
	KmsCall *call = kms_call_start(writer->relation->client, &writer->kms, request);

	keep_ciphertext(row, column, kms_call_answer(call, 0)->ciphertext, request->context);
	kms_call_release(call);
}

const AttributeValue *
row_encrypted_value(RowWrite *row, const ForeignColumn *column, Datum datum)
{
	const ColumnCiphertext *made;
	Arena *secrets = memory_context_arena(CurrentMemoryContext, ARENA_SECRET, ROW_SECRETS_MAXIMUM);
	RowAttributes attributes = {
	    .arena = secrets, .values = row->new.values, .nulls = row->new.nulls, .row = row};
	AttributeSource source = {find_attribute, &attributes};
	KmsRequest request;

	if (row->ciphertexts == NULL)
		row->ciphertexts = ROW_ALLOCATE(row, row->writer->relation->column_count, ColumnCiphertext);
	made = &row->ciphertexts[column->number - 1];
	/* Of an INSERT nothing but its row decides. */
	if (row->kind == ROW_INSERT && made->made)
		return &made->value;
	column_encrypt_request(column, secrets, datum, &source, &request);
	if (!made->made || !contexts_are_equal(made->context, request.context))
		encrypt_now(row, column, &request);
	arena_release(secrets);
	return &made->value;
}

Datum
row_decrypt_stored(RowWriter *writer, const ForeignColumn *column, const DynamodbItem *stored,
                   bool *is_null)
{
	MemoryContext statement =
	    writer->statement_context != NULL ? writer->statement_context : writer->context;
	ServiceClient *client = writer->relation->client;
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, ROW_SECRETS_MAXIMUM);
	const AttributeValue *value = attribute_path_find(&column->path, stored);
	AttributeSource source = {item_attribute_of_column, stored};
	EncryptionObstacle obstacle;
	KmsRequest request;
	KmsPlaintext *plaintext;
	Bytes key_arn;
	Datum datum;

	*is_null = value == NULL || value->type == ATTRIBUTE_NULL;
	if (*is_null)
		return (Datum) 0;
	obstacle = column_decrypt_request(column, arena, value, &source, &request);
	if (obstacle != OBSTACLE_NONE)
		column_report_undecryptable(column, obstacle, value);
	plaintext = kms_plaintext_ask(kms_plaintexts_of(statement, client), &writer->kms, &request);
	(void) kms_plaintext_wait(plaintext, &key_arn);
	column_check_key(column, client, &writer->kms, key_arn);
	datum = column_read_plaintext(column, kms_plaintext_wait(plaintext, &key_arn));
	kms_plaintext_release(plaintext);
	return datum;
}

/* --- rows that wait --------------------------------------------------------------------------- */

static void
wipe_waiting_row(void *context)
{
	WaitingRow *row = context;

	if (row->tuple != NULL)
		wipe(row->tuple, row->tuple->t_len);
	if (row->given.old != NULL)
		wipe(row->given.old, HeapTupleHeaderGetDatumLength(row->given.old));
}

static HeapTupleHeader
copy_header(MemoryContext context, HeapTupleHeader header)
{
	Size length = HeapTupleHeaderGetDatumLength(header);
	HeapTupleHeader copy = MemoryContextAlloc(context, length);

	memcpy(copy, header, length);
	return copy;
}

static WaitingRow *
make_waiting_row(RowEncryption *rows, const GivenRow *given, RowOutcome *outcome)
{
	MemoryContext context =
	    AllocSetContextCreate(rows->context, "DynamoDB row to encrypt", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	WaitingRow *row = palloc0_object(WaitingRow);
	int column_count = rows->writer->relation->column_count;

	row->context = context;
	row->wipe = (MemoryContextCallback){.func = wipe_waiting_row, .arg = row};
	MemoryContextRegisterResetCallback(context, &row->wipe);
	row->given.kind = given->kind;
	row->given.key = given->key;
	row->given.is_claim = given->is_claim;
	row->outcome = outcome;
	if (given->slot != NULL)
		row->tuple = ExecCopySlotMinimalTuple(given->slot);
	if (given->old != NULL)
		row->given.old = copy_header(context, given->old);
	row->secrets = memory_context_arena(context, ARENA_SECRET, ROW_SECRETS_MAXIMUM);
	row->calls = palloc0_array(KmsCall *, column_count);
	row->ciphertexts = palloc0_array(ColumnCiphertext, column_count);
	MemoryContextSwitchTo(caller);
	return row;
}

/* True when the row surely gives the column a new value. */
static bool
is_given(const RowWriter *writer, const GivenRow *given, const ForeignColumn *column)
{
	if (given->slot == NULL || given->slot->tts_isnull[column->number - 1])
		return false;
	return given->kind == ROW_INSERT || bms_is_member(column->number, writer->assigned_columns);
}

static void
start_column(RowEncryption *rows, WaitingRow *row, const GivenRow *given,
             const ForeignColumn *column)
{
	RowWriter *writer = rows->writer;
	int place = column->number - 1;
	RowAttributes attributes = {
	    .arena = row->secrets, .values = given->slot->tts_values, .nulls = given->slot->tts_isnull};
	AttributeSource source = {find_attribute, &attributes};
	KmsRequest request;

	writer->place.column = column->name;
	column_encrypt_request(column, row->secrets, given->slot->tts_values[place], &source, &request);
	row->calls[place] = kms_call_start(writer->relation->client, &writer->kms, &request);
	row->ciphertexts[place].context = request.context;
	writer->place.column = NULL;
}

static void
push(RowEncryption *rows, WaitingRow *row)
{
	dlist_push_tail(&rows->waiting, &row->node);
	rows->waiting_count++;
}

/* A row of an encrypted table, which waits for its data key. */
static void
add_row_to_seal(RowEncryption *rows, const GivenRow *given, RowOutcome *outcome)
{
	MemoryContext context =
	    AllocSetContextCreate(rows->context, "DynamoDB row to encrypt", ALLOCSET_SMALL_SIZES);
	WaitingRow *row = MemoryContextAllocZero(context, sizeof(*row));

	row->context = context;
	row->outcome = outcome;
	row->made = row_write_given(rows->writer, given);
	MemoryContextSetParent(row->made->context, context);
	push(rows, row);
	report_place_enter(&rows->writer->place);
	row_sealing_begin(row->made);
	report_place_leave(&rows->writer->place);
}

void
row_encryption_add(RowEncryption *rows, const GivenRow *given, RowOutcome *outcome)
{
	RowWriter *writer = rows->writer;
	WaitingRow *row;
	MemoryContext caller;

	if (writer->items != NULL)
	{
		add_row_to_seal(rows, given, outcome);
		return;
	}
	if (given->slot != NULL)
		slot_getallattrs(given->slot);
	row = make_waiting_row(rows, given, outcome);
	push(rows, row);
	caller = MemoryContextSwitchTo(row->context);
	report_place_enter(&writer->place);
	for (int i = 0; i < writer->reader->encrypted_count; i++)
	{
		const ForeignColumn *column = writer->reader->encrypted[i];

		if (is_given(writer, given, column))
			start_column(rows, row, given, column);
	}
	report_place_leave(&writer->place);
	MemoryContextSwitchTo(caller);
}

static bool
is_encrypted(const RowEncryption *rows, const WaitingRow *row)
{
	if (row->made != NULL)
		return row_sealing_is_ready(row->made);
	for (int i = 0; i < rows->writer->relation->column_count; i++)
		if (row->calls[i] != NULL && !kms_call_is_done(row->calls[i]))
			return false;
	return true;
}

static void
drop_waiting_row(WaitingRow *row)
{
	MemoryContextDelete(row->context);
}

/* Waits for the ciphertexts, which the row is then made with. */
static void
take_ciphertexts(RowEncryption *rows, WaitingRow *row)
{
	RowWriter *writer = rows->writer;

	report_place_enter(&writer->place);
	for (int i = 0; i < writer->relation->column_count; i++)
	{
		if (row->calls[i] == NULL)
			continue;
		writer->place.column = writer->relation->columns[i].name;
		row->ciphertexts[i].value = attribute_binary(kms_call_answer(row->calls[i], 0)->ciphertext);
		row->ciphertexts[i].made = true;
	}
	writer->place.column = NULL;
	report_place_leave(&writer->place);
}

/* The write of a row that has waited for its data key, which outlives the waiting row. */
static RowWrite *
seal_write(RowEncryption *rows, WaitingRow *row)
{
	RowWriter *writer = rows->writer;

	writer->place.item = &row->made->key;
	report_place_enter(&writer->place);
	row_sealing_end(row->made);
	report_place_leave(&writer->place);
	writer->place.item = NULL;
	MemoryContextSetParent(row->made->context, writer->context);
	return row->made;
}

static RowWrite *
make_write(RowEncryption *rows, WaitingRow *row)
{
	RowWrite *made;

	if (row->tuple != NULL)
		row->given.slot = ExecStoreMinimalTuple(row->tuple, rows->slot, false);
	rows->writer->ciphertexts = row->ciphertexts;
	made = row_write_given(rows->writer, &row->given);
	rows->writer->ciphertexts = NULL;
	ExecClearTuple(rows->slot);
	return made;
}

RowWrite *
row_encryption_take(RowEncryption *rows, bool wait, RowOutcome **outcome)
{
	WaitingRow *row;
	RowWrite *made;

	if (rows->waiting_count == 0)
		return NULL;
	row = dlist_head_element(WaitingRow, node, &rows->waiting);
	if (!wait && rows->waiting_count < rows->most && !is_encrypted(rows, row))
		return NULL;
	if (row->made != NULL)
		made = seal_write(rows, row);
	else
	{
		take_ciphertexts(rows, row);
		made = make_write(rows, row);
	}
	*outcome = row->outcome;
	dlist_delete(&row->node);
	rows->waiting_count--;
	drop_waiting_row(row);
	return made;
}

void
row_encryption_drop(RowEncryption *rows)
{
	rows->writer->ciphertexts = NULL;
	ExecClearTuple(rows->slot);
	while (!dlist_is_empty(&rows->waiting))
		drop_waiting_row(dlist_container(WaitingRow, node, dlist_pop_head_node(&rows->waiting)));
	rows->waiting_count = 0;
}

void
row_take_ciphertexts(RowWrite *row)
{
	const RowWriter *writer = row->writer;
	const ForeignRelation *relation = writer->relation;

	if (writer->ciphertexts == NULL)
		return;
	row->ciphertexts = ROW_ALLOCATE(row, relation->column_count, ColumnCiphertext);
	for (int i = 0; i < relation->column_count; i++)
		if (writer->ciphertexts[i].made)
			keep_ciphertext(row, &relation->columns[i], writer->ciphertexts[i].value.bytes,
			                writer->ciphertexts[i].context);
}

/* --- what a row does to encrypted columns ------------------------------------------------------
 */

void
row_check_bindings(RowWrite *row, bool (*changes)(const RowWrite *row, const ForeignColumn *column))
{
	const RowWriter *writer = row->writer;
	const ForeignRelation *relation = writer->relation;

	for (int i = 0; i < writer->reader->encrypted_count; i++)
	{
		const ForeignColumn *encrypted = writer->reader->encrypted[i];

		for (int j = 0; j < relation->column_count && !changes(row, encrypted); j++)
		{
			const ForeignColumn *bound = &relation->columns[j];

			if (!bound->live || !column_encryption_names(encrypted, bound) || !changes(row, bound))
				continue;
			ereport(ERROR,
			        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			         errmsg("cannot change column \"%s\" without column \"%s\"", bound->name,
			                encrypted->name),
			         errdetail("The encryption context of column \"%s\" is made of it, so the "
			                   "stored ciphertext could not be decrypted any more.",
			                   encrypted->name),
			         errhint("Assign column \"%s\", too.", encrypted->name)));
		}
	}
}

static void
wipe_values(const RowWrite *row, const RowValues *values)
{
	const ForeignRelation *relation = row->writer->relation;

	for (int i = 0; values->values != NULL && i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (column->live && (column->encryption != NULL || column->is_sealed) &&
		    !values->nulls[i] && values->values[i] != (Datum) 0)
			column_wipe_datum(column, values->values[i]);
	}
}

static void
wipe_row(void *context)
{
	const RowWrite *row = context;

	wipe_values(row, &row->old);
	wipe_values(row, &row->new);
}

void
row_wipe_with_context(RowWrite *row)
{
	MemoryContextCallback *callback = MemoryContextAlloc(row->context, sizeof(*callback));

	callback->func = wipe_row;
	callback->arg = row;
	MemoryContextRegisterResetCallback(row->context, callback);
}
