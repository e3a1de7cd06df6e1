/*
 * rows_ahead.h
 *		Rows whose encrypted columns are decrypted, or whose encrypted items are opened, while
 * others are handed out.
 *
 * Items are taken from their source ahead of need, copied, and their Decrypt calls started, many at
 * once; rows are handed out in the order of the items. How far ahead grows with the rows that were
 * asked for, so that one row costs no more than its own calls. Whatever is wrong with an item shows
 * when its row is asked for, and not before.
 */
#ifndef POSTGRES_SCAN_ROWS_AHEAD_H
#define POSTGRES_SCAN_ROWS_AHEAD_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_plaintexts.h"
#include "postgres/scan/row.h"

/* Where items come from. */
typedef struct ItemSource
{
	const DynamodbItem *(*next)(void *context); /* valid until the next call; NULL at the end */
	bool (*is_ready)(void *context);            /* true when next() would not wait */
	void *context;
} ItemSource;

typedef struct RowsAhead RowsAhead;

/*
 * For a reader with encrypted columns or of an encrypted table, in CurrentMemoryContext, as are the
 * rows. What is asked of KMS is counted in `use`; plaintexts of columns are kept for the statement
 * of that context. All arguments are borrowed.
 */
extern RowsAhead *rows_ahead_create(RowReader *reader, MemoryContext statement, KmsUse *use,
                                    const ItemSource *source);

/* True when rows of the reader are to be read this way. */
extern bool rows_ahead_are_needed(const RowReader *reader);

/*
 * The next row: fills values and nulls as row_read() does, encrypted columns with their plaintexts.
 * They are valid until the next call, which wipes plaintexts. False at the end. Errors are those of
 * row_read, of KMS, of column_encryption.h and of item_encryption.h, within the reader's place.
 * Where the table's bad items are skipped, there is no row for one.
 */
extern bool rows_ahead_next(RowsAhead *rows, Datum *values, bool *nulls);

/*
 * True when rows_ahead_next() would not wait, but for what a skipped item is followed by. Asks KMS
 * for what the rows at hand need.
 */
extern bool rows_ahead_is_ready(RowsAhead *rows);

/*
 * Asks for the data key, or the plaintexts of columns, that a row of this item will need, unless a
 * guard's last calls would go for it. They stay at hand as long as CurrentMemoryContext, and borrow
 * the item.
 */
extern void rows_ahead_expect(RowsAhead *rows, const DynamodbItem *item);

/* Rows that are worth asking for at once. */
extern int rows_ahead_most(const RowsAhead *rows);

/* Bad items that were skipped. */
extern int64 rows_ahead_skipped(const RowsAhead *rows);

/* Forgets all rows, plaintexts wiped and calls given up; the next row comes anew. */
extern void rows_ahead_reset(RowsAhead *rows);

#endif
