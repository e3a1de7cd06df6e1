/*
 * table_writer.c
 *		What one statement writes to one foreign table, through whichever write mode the table has.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/caught_error.h"
#include "postgres/modify/table_writer.h"
#include "postgres/scan/capacity.h"

static dlist_head writers = DLIST_STATIC_INIT(writers);

/* By WriteModeName. */
static const WriteMode *const write_modes[] = {
    [WRITE_MODE_STATEMENT] = &statement_mode,
    [WRITE_MODE_TRANSACTION] = &transaction_mode,
    [WRITE_MODE_OVERWRITE] = &overwrite_mode,
};

const WriteMode *
write_mode_of_relation(const ForeignRelation *relation)
{
	return write_modes[relation->options->write_mode];
}

/* --- beginning and ending --------------------------------------------------------------------- */

/* Does not throw. */
static void
free_writer(TableWriter *writer)
{
	dlist_delete(&writer->node);
	unfinished_write_end(&writer->unfinished);
	MemoryContextDelete(writer->context);
}

static void
give_up(void *context)
{
	TableWriter *writer = context;

	/* What is to be undone must be there, or not, before. A cancel waits for nothing. */
	if (writer->is_undone && !writer->is_cut_off && !proc_exit_inprogress)
		writer->mode->wait_briefly(writer->state);
	if (writer->state != NULL)
		writer->mode->give_up(writer->state);
	free_writer(writer);
}

/* From here on the writer is given up with the statement, or with its subtransaction. */
static void
enlist(TableWriter *writer, EState *statement)
{
	const ForeignRelation *relation = writer->relation;
	WrittenPlace place = {
	    .relation_id = relation->id,
	    .foreign_table = relation->name,
	    .name = relation->options->table_name,
	};

	writer->unfinished.give_up = give_up;
	writer->unfinished.context = writer;
	unfinished_write_begin(&writer->unfinished, &place, statement->es_query_cxt);
	dlist_push_head(&writers, &writer->node);
}

static void
require_table(const ForeignRelation *relation)
{
	if (relation->description == NULL)
		ereport(ERROR, (errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
		                errmsg("DynamoDB table \"%s\" of foreign table \"%s\" does not exist",
		                       relation->options->table_name, relation->name)));
}

/* All in a context of their own below the writer's, which is current. */
static void
prepare(TableWriter *writer, Relation relation, Oid user_id, const Bitmapset *read_columns)
{
	writer->rows_context =
	    AllocSetContextCreate(writer->context, "DynamoDB row writer", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(writer->rows_context);
	writer->relation = foreign_relation_open(RelationGetRelid(relation), user_id);
	require_table(writer->relation);
	writer->rows =
	    row_writer_create(writer->relation, CreateTupleDescCopyConstr(RelationGetDescr(relation)),
	                      bms_copy(read_columns));
	writer->rows->kms.maximum = writer->relation->options->max_kms_calls;
	writer->encryption = row_encryption_create(writer->rows);
	MemoryContextSwitchTo(writer->context);
}

/* `mode`: NULL for the table's own. */
static TableWriter *
begin(EState *statement, Relation relation, Oid user_id, const Bitmapset *read_columns,
      const WriteMode *mode)
{
	/* Below the statement while it may fail, so that nothing is left behind then. */
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "DynamoDB writer", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	TableWriter *writer = palloc0_object(TableWriter);

	writer->context = context;
	writer->statement = statement;
	prepare(writer, relation, user_id, read_columns);
	writer->mode = mode != NULL ? mode : write_mode_of_relation(writer->relation);
	writer->rate_limit =
	    rate_limit_of_table(RelationGetRelid(relation), writer->relation->options->rate_limit);
	writer->statement_units = capacity_sum_of_statement(statement, writer->relation->server_id);
	table_writers_settle_for_reader(writer->relation->client, writer->relation->options->table_name,
	                                statement);
	writer->state = writer->mode->begin(writer);
	enlist(writer, statement);
	MemoryContextSetParent(context, TopTransactionContext);
	MemoryContextSwitchTo(caller);
	return writer;
}

TableWriter *
table_writer_begin(EState *statement, Relation relation, Oid user_id, const Bitmapset *read_columns)
{
	return begin(statement, relation, user_id, read_columns, NULL);
}

TableWriter *
table_writer_begin_overwriting(EState *statement, Relation relation, Oid user_id)
{
	return begin(statement, relation, user_id, NULL, &overwrite_mode);
}

/* --- failures --------------------------------------------------------------------------------- */

/* What is in flight is waited for, and the error says how much was stored. */
static void
complete_failure(TableWriter *writer, ErrorData *error)
{
	writer->is_cut_off = caught_error_ends_waiting(error);
	if (writer->is_cut_off)
		return;
	if (writer->encryption != NULL)
		row_encryption_drop(writer->encryption);
	writer->mode->drain(writer->state);
	if (writer->rows_stored > 0)
		caught_error_add(error, psprintf("Rows that the statement has stored: " INT64_FORMAT ".",
		                                 writer->rows_stored));
}

/*
 * What the statement has decrypted serves its rows as long as it runs; a mode may keep rows, and
 * what makes them, for longer.
 */
static void
enter_statement(TableWriter *writer)
{
	writer->rows->statement_context = writer->statement->es_query_cxt;
}

static void
leave_statement(TableWriter *writer)
{
	writer->rows->statement_context = NULL;
}

static void
raise_completed(TableWriter *writer, ErrorData *error)
{
	complete_failure(writer, error);
	leave_statement(writer);
	ReThrowError(error);
}

static void
check_failure(TableWriter *writer)
{
	ErrorData *failure = writer->failure;

	if (failure == NULL)
		return;
	writer->failure = NULL;
	ReThrowError(failure);
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Hands the rows whose columns are encrypted to the mode; with `wait`, all of them. */
static void
write_encrypted(TableWriter *writer, bool wait)
{
	RowOutcome *outcome;
	RowWrite *row;

	if (writer->encryption == NULL)
		return;
	while ((row = row_encryption_take(writer->encryption, wait, &outcome)) != NULL)
		writer->mode->write(writer->state, row, outcome);
}

static void
write_row(TableWriter *writer, const GivenRow *given, RowOutcome *outcome)
{
	MemoryContext caller = CurrentMemoryContext;

	check_failure(writer);
	enter_statement(writer);
	PG_TRY();
	{
		MemoryContextSwitchTo(writer->context);
		/* What is given by its key alone has no value to encrypt. */
		if (writer->encryption != NULL && given->key == NULL && given->direct == NULL)
			row_encryption_add(writer->encryption, given, outcome);
		else
			writer->mode->write(writer->state, row_write_given(writer->rows, given), outcome);
		write_encrypted(writer, false);
	}
	PG_CATCH();
	{
		raise_completed(writer, caught_error_take(writer->context));
	}
	PG_END_TRY();
	leave_statement(writer);
	MemoryContextSwitchTo(caller);
}

void
table_writer_insert(TableWriter *writer, TupleTableSlot *slot, RowOutcome *outcome)
{
	GivenRow given = {.kind = ROW_INSERT, .slot = slot};

	write_row(writer, &given, outcome);
}

void
table_writer_update(TableWriter *writer, HeapTupleHeader old, TupleTableSlot *slot)
{
	GivenRow given = {.kind = ROW_UPDATE, .old = old, .slot = slot};

	write_row(writer, &given, NULL);
}

void
table_writer_delete(TableWriter *writer, HeapTupleHeader old)
{
	GivenRow given = {.kind = ROW_DELETE, .old = old};

	write_row(writer, &given, NULL);
}

void
table_writer_delete_key(TableWriter *writer, const DynamodbItem *key)
{
	GivenRow given = {.kind = ROW_DELETE, .key = key};

	write_row(writer, &given, NULL);
}

void
table_writer_write_direct(TableWriter *writer, const DirectWrite *direct, RowOutcome *outcome)
{
	GivenRow given = {.kind = direct->kind, .direct = direct};

	write_row(writer, &given, outcome);
}

void
table_writer_claim(TableWriter *writer, HeapTupleHeader old, TupleTableSlot *slot,
                   RowOutcome *outcome)
{
	GivenRow given = {
	    .kind = slot != NULL ? ROW_UPDATE : ROW_DELETE, .old = old, .slot = slot, .is_claim = true};

	write_row(writer, &given, outcome);
}

/* Waits for everything; the failure, complete, or NULL. What a cancel raises is raised. */
static ErrorData *
settle(TableWriter *writer)
{
	MemoryContext caller = CurrentMemoryContext;
	ErrorData *volatile failure = NULL;

	enter_statement(writer);
	PG_TRY();
	{
		MemoryContextSwitchTo(writer->context);
		write_encrypted(writer, true);
		writer->mode->settle(writer->state);
	}
	PG_CATCH();
	{
		failure = caught_error_take(writer->context);
		complete_failure(writer, failure);
		if (writer->is_cut_off)
			ReThrowError(failure);
	}
	PG_END_TRY();
	leave_statement(writer);
	MemoryContextSwitchTo(caller);
	return failure;
}

void
table_writer_settle(TableWriter *writer)
{
	ErrorData *failure;

	check_failure(writer);
	failure = settle(writer);
	if (failure != NULL)
		ReThrowError(failure);
}

void
table_writer_end(TableWriter *writer)
{
	table_writer_settle(writer);
	free_writer(writer);
}

static bool
is_written_elsewhere(const TableWriter *writer, const ServiceClient *client, const char *table_name,
                     const EState *reader)
{
	return writer->statement != reader && writer->failure == NULL &&
	       writer->relation->client == client &&
	       strcmp(writer->relation->options->table_name, table_name) == 0;
}

void
table_writers_settle_for_reader(ServiceClient *client, const char *table_name, const EState *reader)
{
	dlist_iter iterator;

	dlist_foreach(iterator, &writers)
	{
		TableWriter *writer = dlist_container(TableWriter, node, iterator.cur);

		if (is_written_elsewhere(writer, client, table_name, reader))
			writer->failure = settle(writer);
	}
}

/* --- counting --------------------------------------------------------------------------------- */

int64
table_writer_delay_ms(TableWriter *writer, double units, int64 delay_ms)
{
	int64 of_rate = rate_limit_reserve(writer->rate_limit, units);

	writer->reserved_units = units;
	return Max(delay_ms, of_rate);
}

void
table_writer_count(TableWriter *writer, ServiceCall *call, double capacity_units)
{
	writer->counters.requests++;
	writer->counters.retries += service_call_cost(call).retries;
	table_writer_count_capacity(writer, call, capacity_units);
}

void
table_writer_count_capacity(TableWriter *writer, ServiceCall *call, double capacity_units)
{
	const TableOptions *options = writer->relation->options;
	double of_statement;

	writer->counters.capacity_units += capacity_units;
	service_call_count_capacity(call, capacity_units);
	rate_limit_correct(writer->rate_limit, writer->reserved_units, capacity_units);
	of_statement = capacity_sum_add(writer->statement_units, capacity_units);
	if (options->max_capacity_units > 0 && of_statement > options->max_capacity_units)
		ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
		                errmsg("writing foreign table \"%s\" has exceeded max_capacity_units",
		                       writer->relation->name),
		                errdetail("The statement has consumed %g capacity units; the limit is %g.",
		                          of_statement, options->max_capacity_units)));
}

void
table_writer_count_stored(TableWriter *writer, const RowWrite *row)
{
	writer->rows_stored++;
	written_rows_add(writer->unfinished.written, 1);
	if (writer->is_undone && row != NULL && row->kind == ROW_INSERT)
		written_rows_note_removable(writer->unfinished.written, writer->relation->client,
		                            &row->key);
}
