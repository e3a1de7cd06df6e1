/*
 * written_rows.h
 *		What a transaction has written, or sent, for good, which its rollback does not undo.
 *
 * Every level of subtransactions keeps count of its own, foreign table by foreign table. When a
 * level, or the transaction, is rolled back, a WARNING says what stays.
 */
#ifndef POSTGRES_MODIFY_WRITTEN_ROWS_H
#define POSTGRES_MODIFY_WRITTEN_ROWS_H

#include "postgres.h"

#include "lib/ilist.h"

#include "postgres/compat.h"

#include "item/attribute_value.h"
#include "postgres/service/service_call.h"

/* The count of one foreign table in one subtransaction. */
typedef struct WrittenRows WrittenRows;

/* Where the rows of a foreign table go. */
typedef struct WrittenPlace
{
	Oid relation_id;
	const char *foreign_table;
	const char *name; /* of the DynamoDB table, or of the queue */
	bool is_queue;    /* rows are messages */
} WrittenPlace;

/*
 * Whoever has writes under way and counts them. What does not end with unfinished_write_end() is
 * given up: when the statement's memory goes, or when its (sub)transaction is rolled back,
 * whichever comes first. `give_up` counts what is under way and ends the unfinished write; it does
 * not throw. The struct is its owner's, in memory that outlasts the statement's.
 */
typedef struct UnfinishedWrite
{
	dlist_node node;
	WrittenRows *written; /* the count of the subtransaction in which it began */
	void (*give_up)(void *context);
	void *context;
	struct StatementEnd *end; /* written_rows.c's own */
} UnfinishedWrite;

/* Names are copied. Errors: out of memory, and then nothing has begun. */
extern void unfinished_write_begin(UnfinishedWrite *unfinished, const WrittenPlace *place,
                                   MemoryContext statement);

/* Does not throw. */
extern void unfinished_write_end(UnfinishedWrite *unfinished);

/* Do not throw. */
extern void written_rows_add(WrittenRows *rows, int64 written);
extern void written_rows_add_unknown(WrittenRows *rows, int64 unknown);

/*
 * The item of that key, which was written, is to be removed when the level is rolled back: no other
 * transaction has been given what the item is found by. That is tried once and for a short time
 * only; what remains is in the WARNING. The key is copied. Does not throw.
 */
extern void written_rows_note_removable(WrittenRows *rows, ServiceClient *client,
                                        const DynamodbItem *key);

#endif
