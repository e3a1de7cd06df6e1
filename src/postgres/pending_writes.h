/*
 * pending_writes.h
 *		What the transaction is to write to DynamoDB when it commits: write_mode 'transaction'.
 *
 * Each item that is written has versions, as a row has: each belongs to the level of
 * subtransactions that made it and to the command that did. A level that is rolled back takes its
 * versions along; a command sees those of the commands before it. The newest version of each item
 * is one action of the one TransactWriteItems that is sent before PostgreSQL commits; so all
 * foreign tables that are written must be of one account, region and endpoint, and be written as
 * one principal.
 *
 * Nothing here outlives the transaction.
 */
#ifndef POSTGRES_PENDING_WRITES_H
#define POSTGRES_PENDING_WRITES_H

#include "postgres.h"

#include "lib/ilist.h"

#include "postgres/compat.h"

#include "item/item_action.h"
#include "postgres/row_writer.h"

/* A DynamoDB table some of whose items are to be written. */
typedef struct PendingTable
{
	slist_node node;
	Bytes name;
	Bytes arn; /* no bytes when unknown */
	KeySchema keys;
} PendingTable;

typedef struct PendingVersion
{
	struct PendingVersion *below; /* the one before; NULL for the item's first */
	MemoryContext context;        /* of the version, its arena, and its row unless it is shared */
	Arena *arena;
	int level; /* of subtransactions; 1 is the transaction itself */
	CommandId command;
	RowWrite *row;
	int write_number;      /* which of the row's writes: ROW_MOVE has two */
	bool absence_was_read; /* the statement has looked whether there is an item */
	ItemAction own;        /* of what the versions below leave of the stored item */
	ItemAction action;     /* of the stored item: those of all versions up to this */
	Size size;             /* that DynamoDB counts for it */
} PendingVersion;

typedef struct PendingItem
{
	dlist_node node;      /* of all items, in the order they were first written */
	slist_node bucket;    /* of those of the same hash … */
	uint32 bucket_number; /* … which is this */
	const PendingTable *table;
	MemoryContext context;
	DynamodbItem key;
	PendingVersion *newest;

	/* The item as it is stored, when it was last read; has_stored is false before. */
	MemoryContext stored_context;
	bool has_stored;
	DynamodbItem *stored; /* NULL: there was none */
} PendingItem;

/* True when the current transaction has something to send. */
extern bool pending_writes_exist(void);

/*
 * To be called before rows of the relation are written in this mode. Errors, 0A000: another
 * account, region, endpoint or principal than what the transaction has written already.
 */
extern void pending_writes_admit(const ForeignRelation *relation);

typedef enum PendingOutcome
{
	PENDING_WRITTEN,
	PENDING_DUPLICATE, /* of an INSERT: there is an item of that key */
	PENDING_PASSED_BY  /* the same command has written the row already, which happens once only */
} PendingOutcome;

/*
 * Takes a row's write, which belongs to the pending writes when it returns PENDING_WRITTEN; the
 * RowWriter must live as long as the transaction. `command` is the one that writes.
 *
 * May read the stored item where the row's write needs it. Errors: 40001 when that is not as the
 * statement has seen it; 27000 for a row that a later command, of a trigger or a function, has
 * written; 54000 when the transaction passes DynamoDB's limits, 53400 when its commit would pass
 * max_capacity_units; what row_write_from_stored raises.
 */
extern PendingOutcome pending_writes_take(RowWrite *row, CommandId command, bool absence_was_read);

/* Keeps the context of a RowWriter for as long as its writes are pending. */
extern void pending_writes_keep(MemoryContext context);

/*
 * What the transaction knows of an item of that key: *present, if true is returned. If not, only
 * DynamoDB knows.
 */
extern bool pending_writes_know(const ForeignRelation *relation, const DynamodbItem *key,
                                bool *present);

/* For those who read, pending_reads.c. */

/* The table of that relation, NULL when none of its items are pending. */
extern const PendingTable *pending_table_find(const ForeignRelation *relation);

/* True when both have the same values for the table's key attributes. */
extern bool pending_key_equal(const PendingTable *table, const DynamodbItem *a,
                              const DynamodbItem *b);

/* The item of the key attributes in `item`, which may have others; NULL when it is not pending. */
extern PendingItem *pending_item_find(const PendingTable *table, const DynamodbItem *item);

/* The version that the command sees; NULL when it sees the stored item. */
extern const PendingVersion *pending_item_version(const PendingItem *item, CommandId command);

/* Notes what is stored, NULL for none; copies it. */
extern void pending_item_note_stored(PendingItem *item, const DynamodbItem *stored);

/* All pending items, PendingItem by node; empty when there are none. */
extern dlist_head *pending_items(void);

/* For the commit, pending_commit.c. */

/* Who sends the request, and as whom the rows were written. */
typedef struct PendingSender
{
	ServiceClient *client;
	const ServiceIdentity *identity;
} PendingSender;

extern PendingSender pending_sender(void);

/*
 * Makes all versions of the item anew from what is stored (NULL: nothing). False when a statement
 * has seen something else.
 */
extern bool pending_item_replay(PendingItem *item, const DynamodbItem *stored);

/* Combines the versions of every item anew; for when one's row belongs to another item, too. */
extern void pending_items_fold(void);

/* What one version's request, and the whole transaction's, may take as text. */
#define TRANSACTION_BODY_MAXIMUM ((Size) 64 * 1024 * 1024)

/* The action of the item's newest version as DynamoDB takes it, in the version's arena. */
extern ItemWrite pending_item_write(const PendingItem *item);

/* In pending_commit.c: sends everything; to be called before the transaction commits. */
extern void pending_writes_send(void);

/* In pending_commit.c: the transaction has ended; a WARNING if DynamoDB may have it otherwise. */
extern void pending_writes_end(bool committed);

/* In pending_commit.c: 23505 for an INSERT of that key. */
extern void pending_report_duplicate(const RowWriter *writer, const DynamodbItem *key)
    pg_attribute_noreturn();

/* In pending_commit.c: 40001 for the item of that key, which is not as a statement has seen it. */
extern void pending_report_change(const RowWriter *writer, const DynamodbItem *key)
    pg_attribute_noreturn();

#endif
