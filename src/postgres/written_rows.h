/*
 * written_rows.h
 *		What a transaction has written to DynamoDB for good, which its rollback does not undo.
 *
 * Every level of subtransactions keeps count of its own, table by table. When a level, or the
 * transaction, is rolled back, a WARNING says what stays written.
 */
#ifndef POSTGRES_WRITTEN_ROWS_H
#define POSTGRES_WRITTEN_ROWS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "item/attribute_value.h"
#include "postgres/service_call.h"

/* The count of one foreign table in one subtransaction. */
typedef struct WrittenRows WrittenRows;

/*
 * The count for the current subtransaction, which lives until that and all above it have ended. The
 * one who holds it gives it back with written_rows_release(). Names are copied.
 */
extern WrittenRows *written_rows_acquire(Oid relation_id, const char *foreign_table,
                                         const char *dynamodb_table);
extern void written_rows_release(WrittenRows *rows);

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

/* The level of the subtransaction that the count is of; 1 is the transaction itself. */
extern int written_rows_level(const WrittenRows *rows);

#endif
