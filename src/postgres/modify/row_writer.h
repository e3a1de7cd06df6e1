/*
 * row_writer.h
 *		From the rows of a foreign table to writes of items: what is to be written, under which
 *		condition, and what a stored item that contradicts the condition means.
 *
 * A row becomes a RowWrite: all that is needed to write it, in a memory context of its own, so that
 * it may wait, be sent, and be sent anew long after the executor has forgotten the row. Who has the
 * RowWrite owns that context; moved below another one (MemoryContextSetParent) it lives as long as
 * that, provided that the RowWriter does.
 *
 * No column's value is decided by anything but column_write(): a column whose value takes a request
 * of its own (an encrypted one) is begun there.
 */
#ifndef POSTGRES_MODIFY_ROW_WRITER_H
#define POSTGRES_MODIFY_ROW_WRITER_H

#include "postgres.h"

#include "access/htup.h"
#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"

#include "postgres/compat.h"

#include "aws/dynamodb_write.h"
#include "item/item_limits.h"
#include "postgres/encryption/kms_calls.h"
#include "postgres/relation/relation.h"
#include "postgres/report.h"
#include "postgres/scan/row.h"

/* What writing one foreign table's rows needs; one a statement and table. */
typedef struct RowWriter
{
	const ForeignRelation *relation;
	TupleDesc descriptor;
	Bitmapset *read_columns; /* numbers of those whose old values the statement has looked at */
	KeyRule *rules;          /* of the table's key, then of its indexes' */
	int rule_count;
	int key_count;         /* how many of the rules are the table's own */
	RowReader *reader;     /* of every column, for stored items */
	Bytes table_name;      /* DynamoDB's */
	MemoryContext context; /* where the rows are begun */
	MemoryContext scratch; /* what conversions leave behind, until the next row */
	ReportPlace place;     /* of errors while a row is made; entered and left here */

	/* For encrypted columns: see row_encryption.h. */
	Bitmapset *assigned_columns; /* numbers of those that the statement assigns */
	KmsUse kms;
	MemoryContext statement_context; /* the executor's, while the statement writes; else NULL */
	const struct ColumnCiphertext *ciphertexts; /* by column, of the row being made; may be NULL */

	struct ItemEncryption *items; /* of an encrypted table; else NULL: see row_sealing.h */
} RowWriter;

/*
 * In CurrentMemoryContext, below which the rows are; borrows the relation, whose description must
 * be there. `read_columns` may be NULL. HV005 when nothing of the foreign table holds a key
 * attribute of the DynamoDB table.
 */
extern RowWriter *row_writer_create(const ForeignRelation *relation, TupleDesc descriptor,
                                    Bitmapset *read_columns);

typedef enum RowWriteKind
{
	ROW_INSERT,
	ROW_UPDATE,
	ROW_DELETE,
	ROW_MOVE /* an UPDATE of key columns: the item of the old key goes, that of the new one comes */
} RowWriteKind;

/* Old or new row, as far as the write needs it: one value and null flag a column, copied. */
typedef struct RowValues
{
	Datum *values;
	bool *nulls;
} RowValues;

/* An item that comes with the answer to a write without an old row. */
typedef struct AnsweredItem
{
	Arena *arena;       /* where it is kept */
	DynamodbItem *item; /* in the arena; NULL: none came */
} AnsweredItem;

typedef struct RowWrite
{
	MemoryContext context; /* of the struct and of everything below */
	Arena *arena;          /* of attribute values, in the context */
	RowWriter *writer;
	RowWriteKind kind;
	DynamodbItem key;     /* of the item that is inserted, changed or deleted */
	DynamodbItem new_key; /* ROW_MOVE: of the item that comes */
	RowValues old;        /* not of ROW_INSERT */
	RowValues new;        /* of ROW_UPDATE and ROW_MOVE */

	/*
	 * What is to be sent. ROW_MOVE: writes[0] deletes, writes[1] puts, in one transaction; others
	 * have writes[0] alone. No write: the row is stored as it is to be.
	 */
	ItemWrite writes[2];
	int write_count;

	/* There is no old row: see row_write_direct(). */
	bool is_direct;
	bool has_condition;     /* beyond that there is an item */
	AnsweredItem *answered; /* borrowed; NULL: nobody asks for it */
	bool returns_item;      /* the item as it is afterwards, not only one that is not written */

	/*
	 * The effect must be this write's own, since something is given away for it: nobody else's
	 * equal effect counts for it.
	 */
	bool is_claim;

	/* The writes cannot be made before the stored item was read: see row_write_from_stored(). */
	bool needs_stored;

	struct ColumnCiphertext *ciphertexts; /* by column; NULL: none */
	const DynamodbItem *stored;           /* while the writes are made from it */

	struct ItemSealing *sealing; /* of an encrypted table: the data key; NULL: not asked for */
} RowWrite;

/* Values for some columns: numbers, and a Datum and null flag each. */
typedef struct AssignedColumns
{
	List *columns; /* integers */
	const Datum *values;
	const bool *nulls;
} AssignedColumns;

/* An UPDATE or DELETE of one item that was not read. */
typedef struct DirectWrite
{
	RowWriteKind kind; /* ROW_UPDATE or ROW_DELETE */
	DynamodbItem key;
	const Condition *condition;      /* beyond that there is an item; NULL: none */
	const AssignedColumns *assigned; /* of ROW_UPDATE; none that is assigned is of the key */
	AnsweredItem *answered;
	bool returns_item;
} DirectWrite;

/* One row as the executor gives it; which members there are depends on the kind. */
typedef struct GivenRow
{
	RowWriteKind kind;
	HeapTupleHeader old;
	TupleTableSlot *slot;
	const DynamodbItem *key; /* of a DELETE without an old row and without a condition */
	const DirectWrite *direct;
	bool is_claim;
} GivenRow;

/* Begins the write of the row by the function below that is for it. */
extern RowWrite *row_write_given(RowWriter *writer, const GivenRow *given);

/*
 * Says which columns an UPDATE assigns: an encrypted one among them is written whatever its old
 * value was, which nobody may know; what it is bound to counts as read.
 */
extern void row_writer_note_assigned(RowWriter *writer, const Bitmapset *assigned_columns);

/*
 * Begin the write of a row, in a new context below the writer's. Nothing is borrowed from
 * slot or tuple. Errors, with table and column in their context: 23502 for a key column that is
 * NULL, 54000, 22003 and 22xxx for what DynamoDB cannot store, 22023 for columns that disagree on
 * one place of the item.
 *
 * `old` is the row as the scan has read it (the whole-row variable).
 */
extern RowWrite *row_write_insert(RowWriter *writer, TupleTableSlot *slot);
extern RowWrite *row_write_update(RowWriter *writer, HeapTupleHeader old, TupleTableSlot *slot);
extern RowWrite *row_write_delete(RowWriter *writer, HeapTupleHeader old);

/* The same for a key alone: whatever is there is deleted. */
extern RowWrite *row_write_delete_key(RowWriter *writer, const DynamodbItem *key);

/*
 * The same without an old row, in row_direct.c: on the condition given, and that there is an item,
 * and that what is assigned can be without regard to the stored form. Condition and `answered` are
 * borrowed for as long as the row is. The item that comes when the condition does not hold is kept
 * in `answered`, and, with `returns_item`, that which was written.
 */
extern RowWrite *row_write_direct(RowWriter *writer, const DirectWrite *given);

/*
 * True when each of the values can be stored, as far as the values say; else row_write_direct()
 * would raise an error though there may be no item.
 */
extern bool row_can_assign(RowWriter *writer, const AssignedColumns *assigned);

/*
 * True when the column can be assigned without reading: SQL's value says all that is to be stored,
 * but for what row_write_direct() has the service look at.
 */
extern bool column_is_assignable_unread(const ForeignColumn *column);

/* The guard of the column's assignment, for EXPLAIN: "NOT attribute_type(…)"; NULL: none. palloc'd.
 */
extern char *column_guard_text(const ForeignColumn *column);

/*
 * Makes the writes of an UPDATE, DELETE or ROW_MOVE anew from the item that is stored; NULL when
 * none is. False when the item has changed in the meantime: it is gone, or a column that the
 * statement has looked at has another value than in the old row. Else the write's condition is that
 * the item still is as given, and its changes keep the stored form of what does not change.
 *
 * The item is decoded with writer->reader->names; it must live as long as the write. Errors as
 * above, and those of reading a row.
 */
extern bool row_write_from_stored(RowWrite *row, const DynamodbItem *stored);

/*
 * True when the stored item (NULL: none) is as the write leaves it: for a write of which it is not
 * known whether it took effect.
 */
extern bool row_write_has_happened(const RowWrite *row, const DynamodbItem *stored);

extern void row_write_free(RowWrite *row);

/* "(artist, title)=(a, b)": the key for messages, as PostgreSQL shows keys. palloc'd. */
extern char *row_write_key_text(const RowWriter *writer, const DynamodbItem *key);

/* A hash of the key's values, and whether two keys have the same ones. */
extern uint32 row_key_hash(const DynamodbItem *key);
extern bool row_keys_equal(const DynamodbItem *a, const DynamodbItem *b);

#endif
