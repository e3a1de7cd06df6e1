/*
 * write_mode.h
 *		How rows reach DynamoDB, and when: one WriteMode for each value of the option write_mode.
 *
 * table_writer.c makes a RowWrite of each row and hands it to the table's mode, which owns it from
 * then on. What a mode's functions raise is an error of the row's statement: table_writer.c catches
 * it, lets the mode drain, and raises it again.
 */
#ifndef POSTGRES_MODIFY_WRITE_MODE_H
#define POSTGRES_MODIFY_WRITE_MODE_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/modify/row_writer.h"

typedef struct TableWriter TableWriter;

/* How the write of a row went. */
typedef enum RowOutcome
{
	ROW_IN_FLIGHT,
	ROW_STORED,
	ROW_IS_DUPLICATE, /* an item of this key exists: nothing was stored */
	ROW_NOT_FOUND,    /* no item of this key exists: nothing was changed */
	ROW_DIFFERS       /* the item is not as the write's condition wants it: nothing was changed */
} RowOutcome;

typedef struct WriteMode
{
	/* Makes the mode's state for one statement and table, in the writer's context. */
	void *(*begin)(TableWriter *writer);

	/*
	 * Begins to write the row. `outcome`: see table_writer_insert(); NULL where a duplicate is
	 * 23505.
	 */
	void (*write)(void *state, RowWrite *row, RowOutcome *outcome);

	/* Waits for everything that was begun. */
	void (*settle)(void *state);

	/*
	 * Waits as well, after an error: further failures are let pass, a cancel is not. Whatever ends
	 * well is counted as stored.
	 */
	void (*drain)(void *state);

	/*
	 * Waits as well, but only for a short time and for one request of each row; does not throw.
	 * NULL where rows are not undone.
	 */
	void (*wait_briefly)(void *state);

	/*
	 * Says of what is in flight whether it was written, by written_rows_add() and
	 * written_rows_add_unknown(). Neither waits nor throws; the writer's memory goes next.
	 */
	void (*give_up)(void *state);

	/* For EXPLAIN: the operation, "PutItem", which is static; and whether it has a condition. */
	const char *(*operation)(RowWriteKind kind);
	bool (*is_conditional)(RowWriteKind kind);
} WriteMode;

extern const WriteMode *write_mode_of_relation(const ForeignRelation *relation);

/* In statement_mode.c: each row is a request of its own, sent at once. */
extern const WriteMode statement_mode;

/* In transaction_mode.c: rows are kept until the transaction commits, and sent as one request. */
extern const WriteMode transaction_mode;

/* In overwrite_mode.c: rows replace what is there, many in one request. */
extern const WriteMode overwrite_mode;

#endif
