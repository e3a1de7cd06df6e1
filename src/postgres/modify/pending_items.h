/*
 * pending_items.h
 *		The items that the transaction is to write to DynamoDB when it commits, in their versions.
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
#ifndef POSTGRES_MODIFY_PENDING_ITEMS_H
#define POSTGRES_MODIFY_PENDING_ITEMS_H

#include "postgres.h"

#include "lib/ilist.h"

#include "postgres/compat.h"

#include "item/item_action.h"
#include "postgres/modify/row_writer.h"

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

/* Who sends the request, and as whom the rows were written. */
typedef struct PendingSender
{
	ServiceClient *client;
	const ServiceIdentity *identity;
} PendingSender;

/* True when the current transaction has something to send. */
extern bool pending_items_exist(void);

/* All pending items, PendingItem by node; empty when there are none. */
extern dlist_head *pending_items(void);

/* Begins with nothing pending, and with whom the first write has to be sent by. */
extern void pending_items_begin(const ForeignRelation *relation);

/* To be called when the transaction has ended. */
extern void pending_items_forget(void);

/*
 * To be called before rows of the relation are written, also when nothing is pending. Errors,
 * 0A000: another account, region, endpoint or principal than what the transaction has written
 * already.
 */
extern void pending_items_admit(const ForeignRelation *relation);

/* ---- what follows is for when it has begun ---- */

extern PendingSender pending_sender(void);

extern int pending_items_count(void);

/* What DynamoDB counts for all newest versions, in bytes. */
extern Size pending_items_size(void);

/* What everything here takes, in bytes. */
extern Size pending_items_memory(void);

/* Keeps the context of a RowWriter for as long as its writes are pending. */
extern void pending_items_keep(MemoryContext context);

/* ---- tables and items ---- */

/* The table of that relation, NULL when none of its items are pending. */
extern const PendingTable *pending_table_find(const ForeignRelation *relation);

/* True when both have the same values for the table's key attributes. */
extern bool pending_key_equal(const PendingTable *table, const DynamodbItem *a,
                              const DynamodbItem *b);

/* The item of the key attributes in `item`, which may have others; NULL when it is not pending. */
extern PendingItem *pending_item_find(const PendingTable *table, const DynamodbItem *item);

/* The same of the relation's table. */
extern PendingItem *pending_item_of(const ForeignRelation *relation, const DynamodbItem *key);

/* The version that the command sees; NULL when it sees the stored item. */
extern const PendingVersion *pending_item_version(const PendingItem *item, CommandId command);

/*
 * Adds one of the row's writes to the item of that key, which may be new. The row must live as long
 * as the version. Errors: 54000 when DynamoDB cannot take all changes of the item as one action.
 */
extern PendingVersion *pending_item_add(RowWrite *row, int write_number, const DynamodbItem *key,
                                        CommandId command);

/* Notes what is stored, NULL for none; copies it. */
extern void pending_item_note_stored(PendingItem *item, const DynamodbItem *stored);

/* The stored item as far as known, of the arena; NULL: none, or it has not been read. */
extern const DynamodbItem *pending_item_copy_stored(Arena *arena, const PendingItem *item);

/* The action of the item's newest version as DynamoDB takes it, in the version's arena. */
extern ItemWrite pending_item_write(const PendingItem *item);

/*
 * Makes all versions of the item anew from what is stored (NULL: nothing). False when a statement
 * has seen something else.
 */
extern bool pending_item_replay(PendingItem *item, const DynamodbItem *stored);

/* Combines the versions of every item anew; for when one's row belongs to another item, too. */
extern void pending_items_fold(void);

/* ---- the ends of subtransactions, of that level; nothing when nothing is pending ---- */

extern void pending_items_abort_level(int level);
extern void pending_items_commit_level(int level);

#endif
