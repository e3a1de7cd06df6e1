/*
 * table_writer.h
 *		What one statement writes to one foreign table, through whichever write mode the table has.
 *
 * A write is begun and goes on while the executor makes the next row; it may fail after the
 * function that began it has returned. Failures are raised by a later call, at the latest by
 * table_writer_end(), so a statement that ends without an error has stored all of its rows. Before
 * a failure is raised everything that is in flight is waited for, and its detail says how many rows
 * were stored; a cancel waits for nothing.
 *
 * A writer and all that it holds is in a context of its own below TopTransactionContext. What ends
 * without table_writer_end() is given up: when the statement's memory goes, or when its
 * (sub)transaction is rolled back, whichever comes first.
 */
#ifndef POSTGRES_MODIFY_TABLE_WRITER_H
#define POSTGRES_MODIFY_TABLE_WRITER_H

#include "postgres.h"

#include "lib/ilist.h"
#include "nodes/execnodes.h"

#include "postgres/compat.h"

#include "postgres/modify/row_encryption.h"
#include "postgres/modify/row_writer.h"
#include "postgres/modify/write_mode.h"
#include "postgres/modify/written_rows.h"
#include "postgres/scan/capacity.h"
#include "postgres/scan/rate_limit.h"

typedef struct WriteCounters
{
	int64 requests; /* retries not counted */
	int64 retries;
	double capacity_units;
} WriteCounters;

/* The fields are for the write modes; others use the functions below. */
struct TableWriter
{
	dlist_node node; /* among all writers of the backend */
	MemoryContext context;
	EState *statement;
	MemoryContext rows_context; /* below it: of relation and rows, which a mode may keep longer */
	ForeignRelation *relation;
	RowWriter *rows;
	const WriteMode *mode;
	void *state;               /* the mode's */
	RowEncryption *encryption; /* rows that the mode does not have yet; NULL: none are encrypted */
	UnfinishedWrite unfinished;
	bool is_undone;    /* inserted rows are removed when their transaction is rolled back */
	bool is_cut_off;   /* nobody waits for it any more */
	int64 rows_stored; /* of this statement */
	WriteCounters counters;
	RateLimit *rate_limit;        /* of the foreign table; NULL: none */
	double reserved_units;        /* by each request */
	CapacitySum *statement_units; /* over all of its tables */
	ErrorData *failure;           /* found while another statement read; raised by the next call */
};

/*
 * The writer of a foreign table for a statement, which has not written to it yet. `user_id` is the
 * role as which it is written. `read_columns` as row_writer_create() takes it. Errors: those of
 * opening the relation; HV00R for a table that does not exist.
 */
extern TableWriter *table_writer_begin(EState *statement, Relation relation, Oid user_id,
                                       const Bitmapset *read_columns);

/* The same in write mode 'overwrite', whatever the table's own is; for TRUNCATE. */
extern TableWriter *table_writer_begin_overwriting(EState *statement, Relation relation,
                                                   Oid user_id);

/*
 * Write a row. With `outcome`, which must stay where it is until the writer is settled, it says how
 * it went, and a duplicate is no failure.
 */
extern void table_writer_insert(TableWriter *writer, TupleTableSlot *slot, RowOutcome *outcome);
extern void table_writer_update(TableWriter *writer, HeapTupleHeader old, TupleTableSlot *slot);
extern void table_writer_delete(TableWriter *writer, HeapTupleHeader old);

/* Deletes the item of a key, whatever it holds, and if there is one. */
extern void table_writer_delete_key(TableWriter *writer, const DynamodbItem *key);

/*
 * Changes or deletes an item that was not read: in write mode 'statement' alone. ROW_NOT_FOUND when
 * there is none, which is not made then; ROW_DIFFERS, with the item, when its condition does not
 * hold. Condition, outcome and what is answered must stay where they are until the writer is
 * settled. 08006 when an attempt was lost and the stored item does not tell what has become of it.
 */
extern void table_writer_write_direct(TableWriter *writer, const DirectWrite *direct,
                                      RowOutcome *outcome);

/*
 * Change a row, or without `slot` delete it, so that among all who try only one has ROW_STORED,
 * also where an answer is lost: the others have ROW_NOT_FOUND. In write mode 'statement' alone. The
 * old row's values in `read_columns` are the condition. 08006 where the outcome is not known.
 */
extern void table_writer_claim(TableWriter *writer, HeapTupleHeader old, TupleTableSlot *slot,
                               RowOutcome *outcome);

/* Waits until the outcome of everything that was begun is known; raises failures. */
extern void table_writer_settle(TableWriter *writer);

/* Settles and frees the writer. */
extern void table_writer_end(TableWriter *writer);

/*
 * Before a table is read: waits for what other statements of this backend have begun to write to
 * it, so that a function that reads the table sees the rows. Their failures are not raised here,
 * where a function might catch them, but in their own statements.
 */
extern void table_writers_settle_for_reader(ServiceClient *client, const char *table_name,
                                            const EState *reader);

/*
 * How long a request that is about to be sent has to wait, at least `delay_ms`, in milliseconds.
 * For the rate limit it reserves `units`, the same for each of the writer's requests.
 */
extern int64 table_writer_delay_ms(TableWriter *writer, double units, int64 delay_ms);

/* A request of the writer has ended: adds what it has cost. 53400 past max_capacity_units. */
extern void table_writer_count(TableWriter *writer, ServiceCall *call, double capacity_units);

/* Adds what the request's answer does not say that it has cost. */
extern void table_writer_count_capacity(TableWriter *writer, ServiceCall *call,
                                        double capacity_units);

/* In explain_modify.c: what the writer has cost, after settling it. */
extern void explain_write_counters(TableWriter *writer, struct ExplainState *explain);

/* A row is written; NULL where rows are not undone. Does not throw. */
extern void table_writer_count_stored(TableWriter *writer, const RowWrite *row);

#endif
