/*
 * transaction_mode.c
 *		write_mode 'transaction': rows become pending writes, which the commit sends.
 *
 * Nothing is in flight but reads: an INSERT … ON CONFLICT DO NOTHING has to know whether there is
 * an item of the row's key. Rows of which only DynamoDB knows wait for the end of their batch and
 * are asked for together.
 */
#include "postgres.h"

#include "access/xact.h"

#include "postgres/compat.h"

#include "postgres/modify/pending_conflicts.h"
#include "postgres/modify/pending_items.h"
#include "postgres/modify/pending_writes.h"
#include "postgres/modify/table_writer.h"
#include "postgres/scan/stored_items.h"

/* A row that waits for its turn. */
typedef struct WaitingRow
{
	RowWrite *row;
	RowOutcome *outcome;
} WaitingRow;

typedef struct TransactionMode
{
	TableWriter *writer;
	CommandId command;
	List *waiting; /* of WaitingRow */
} TransactionMode;

/* The command that writes; COPY FROM is no planned statement and has no output command. */
static CommandId
command_of(const EState *statement)
{
	return statement->es_plannedstmt == NULL ? GetCurrentCommandId(true) : statement->es_output_cid;
}

static void *
begin(TableWriter *writer)
{
	TransactionMode *mode = palloc0_object(TransactionMode);

	pending_items_admit(writer->relation);
	mode->writer = writer;
	mode->command = command_of(writer->statement);
	return mode;
}

/* Keeps what the row's write needs for as long as the write itself. */
static void
keep_rows(TransactionMode *mode)
{
	TableWriter *writer = mode->writer;

	if (writer->rows_context != NULL)
		pending_items_keep(writer->rows_context);
	writer->rows_context = NULL;
}

static void
take(TransactionMode *mode, RowWrite *row, RowOutcome *outcome, bool absence_was_read)
{
	PendingOutcome taken = pending_writes_take(row, mode->command, absence_was_read);

	if (taken == PENDING_DUPLICATE && outcome == NULL)
		report_duplicate_item(row->writer, row->kind == ROW_MOVE ? &row->new_key : &row->key, "");
	if (outcome != NULL)
		*outcome = taken == PENDING_DUPLICATE ? ROW_IS_DUPLICATE : ROW_STORED;
	if (taken == PENDING_WRITTEN)
		keep_rows(mode);
	else
		row_write_free(row);
}

static void
write_row(void *state, RowWrite *row, RowOutcome *outcome)
{
	TransactionMode *mode = state;
	WaitingRow *waiting;

	if (outcome == NULL)
	{
		take(mode, row, NULL, false);
		return;
	}
	waiting = palloc_object(WaitingRow);
	*waiting = (WaitingRow){row, outcome};
	*outcome = ROW_IN_FLIGHT;
	mode->waiting = lappend(mode->waiting, waiting);
}

/* The keys of waiting rows that only DynamoDB knows of, each once. */
static int
unknown_keys(const TransactionMode *mode, DynamodbItem *keys)
{
	int count = 0;
	ListCell *cell;

	foreach (cell, mode->waiting)
	{
		const RowWrite *row = ((WaitingRow *) lfirst(cell))->row;
		bool is_known;
		bool present;

		is_known = pending_writes_know(mode->writer->relation, &row->key, &present);
		for (int i = 0; i < count && !is_known; i++)
			is_known = row_keys_equal(&keys[i], &row->key);
		if (!is_known)
			keys[count++] = row->key;
	}
	return count;
}

static bool
is_among(const List *items, const DynamodbItem *key)
{
	ListCell *cell;

	foreach (cell, items)
	{
		if (row_keys_equal(lfirst(cell), key))
			return true;
	}
	return false;
}

static void
take_waiting(TransactionMode *mode, const List *stored)
{
	ListCell *cell;

	foreach (cell, mode->waiting)
	{
		WaitingRow *waiting = lfirst(cell);

		if (is_among(stored, &waiting->row->key))
		{
			*waiting->outcome = ROW_IS_DUPLICATE;
			row_write_free(waiting->row);
		}
		else
			take(mode, waiting->row, waiting->outcome, true);
	}
}

static void
settle(void *state)
{
	TransactionMode *mode = state;
	DynamodbItem *keys;
	List *stored;

	if (mode->waiting == NIL)
		return;
	keys = palloc_array(DynamodbItem, list_length(mode->waiting));
	stored = stored_items_find(mode->writer->relation, keys, unknown_keys(mode, keys));
	take_waiting(mode, stored);
	list_free_deep(mode->waiting);
	mode->waiting = NIL;
}

/* Rows that wait have not been written, and an error rolls back what has been taken. */
static void
forget(void *state)
{
	((TransactionMode *) state)->waiting = NIL;
}

static const char *
operation(RowWriteKind kind)
{
	return "TransactWriteItems";
}

static bool
is_conditional(RowWriteKind kind)
{
	return true;
}

const WriteMode transaction_mode = {
    .begin = begin,
    .write = write_row,
    .settle = settle,
    .drain = forget,
    .give_up = forget,
    .operation = operation,
    .is_conditional = is_conditional,
};
