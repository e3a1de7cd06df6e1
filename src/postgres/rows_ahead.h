/*
 * rows_ahead.h
 *		Rows whose encrypted columns are decrypted while others are handed out.
 *
 * Items are taken from their source ahead of need, copied, and their Decrypt calls started, many at
 * once; rows are handed out in the order of the items. How far ahead grows with the rows that were
 * asked for, so that one row costs no more than its own calls. Whatever is wrong with an item shows
 * when its row is asked for, and not before.
 */
#ifndef POSTGRES_ROWS_AHEAD_H
#define POSTGRES_ROWS_AHEAD_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/kms_plaintexts.h"
#include "postgres/row.h"

/* Where items come from. */
typedef struct ItemSource
{
	const DynamodbItem *(*next)(void *context); /* valid until the next call; NULL at the end */
	bool (*is_ready)(void *context);            /* true when next() would not wait */
	void *context;
} ItemSource;

typedef struct RowsAhead RowsAhead;

/*
 * For a reader with encrypted columns, in CurrentMemoryContext, as are the rows. What is asked of
 * KMS is counted in `use`. All arguments are borrowed.
 */
extern RowsAhead *rows_ahead_create(RowReader *reader, KmsPlaintexts *plaintexts, KmsUse *use,
                                    const ItemSource *source);

/*
 * The next row: fills values and nulls as row_read() does, encrypted columns with their plaintexts.
 * They are valid until the next call, which wipes plaintexts. False at the end. Errors are those of
 * row_read, of KMS, and of column_encryption.h, within the reader's place.
 */
extern bool rows_ahead_next(RowsAhead *rows, Datum *values, bool *nulls);

/* Forgets all rows, plaintexts wiped and calls given up; the next row comes anew. */
extern void rows_ahead_reset(RowsAhead *rows);

#endif
