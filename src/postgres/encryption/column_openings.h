/*
 * column_openings.h
 *		The encrypted columns of one row, on their way from ciphertext to plaintext.
 */
#ifndef POSTGRES_ENCRYPTION_COLUMN_OPENINGS_H
#define POSTGRES_ENCRYPTION_COLUMN_OPENINGS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_plaintexts.h"
#include "postgres/encryption/secret_values.h"
#include "postgres/scan/row.h"

/* What the rows of one reader have in common. */
typedef struct ColumnOpener ColumnOpener;

/*
 * For a reader with encrypted columns, in CurrentMemoryContext. Plaintexts are kept for the
 * statement of that context; what is asked of KMS is counted in `use`. All is borrowed.
 */
extern ColumnOpener *column_opener_create(RowReader *reader, MemoryContext statement, KmsUse *use);

/*
 * Asks for the plaintexts of columns that a row of this item will need, unless a guard's last calls
 * would go for it. They stay at hand as long as CurrentMemoryContext.
 */
extern void column_opener_expect(ColumnOpener *opener, const DynamodbItem *item);

typedef struct ColumnOpenings ColumnOpenings;

/*
 * Asks for the plaintexts that the item's row needs. The item is borrowed. In CurrentMemoryContext,
 * with which they are given up.
 */
extern ColumnOpenings *column_openings_begin(ColumnOpener *opener, const DynamodbItem *item);

/* True when column_openings_end() would not wait for them. */
extern bool column_openings_are_ready(const ColumnOpenings *openings);

/*
 * Waits for them, and reads the row as row_read() does, its encrypted columns with their
 * plaintexts, which are handed to `secrets`. Once. Errors are those of row_read, of KMS and of
 * column_encryption.h, within the reader's place.
 */
extern void column_openings_end(ColumnOpenings *openings, SecretValues *secrets, Datum *values,
                                bool *nulls);

#endif
