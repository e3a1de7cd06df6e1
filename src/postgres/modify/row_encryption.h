/*
 * row_encryption.h
 *		Rows that wait for the ciphertexts of their encrypted columns, or for the data keys of their
 *		encrypted items, many at once, before they are written in the order in which they came.
 */
#ifndef POSTGRES_MODIFY_ROW_ENCRYPTION_H
#define POSTGRES_MODIFY_ROW_ENCRYPTION_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/modify/row_writer.h"
#include "postgres/modify/write_mode.h"

/* The ciphertext of one column of one row, and the context that it was made with. */
typedef struct ColumnCiphertext
{
	bool made;
	AttributeValue value; /* of type B */
	KmsContext context;
} ColumnCiphertext;

/* The rows of one RowWriter that wait; in CurrentMemoryContext, which wipes what it still holds. */
typedef struct RowEncryption RowEncryption;

/* NULL when the writer's relation is not encrypted and has no encrypted column. */
extern RowEncryption *row_encryption_create(RowWriter *writer);

/*
 * Copies the row and starts the encryption of what it says. Errors are those of
 * column_encrypt_request(), of item_sealing_begin() and of kms_call_start(), within the writer's
 * place; of an encrypted table, also those of making a RowWrite.
 */
extern void row_encryption_add(RowEncryption *rows, const GivenRow *given, RowOutcome *outcome);

/*
 * The write of the row that came first, when its ciphertexts are there; waits for them when asked
 * to, or when there are as many rows as can wait. NULL when there is none. Errors: those of KMS,
 * and of making a RowWrite.
 */
extern RowWrite *row_encryption_take(RowEncryption *rows, bool wait, RowOutcome **outcome);

/* Forgets the rows that wait, of which nothing was written. */
extern void row_encryption_drop(RowEncryption *rows);

/*
 * For column_write(): the attribute value of an encrypted column of the row, whose Datum is not
 * null. Waits for KMS where the ciphertext was not made ahead, or was made for an item that holds
 * other values than the one that is stored.
 */
extern const AttributeValue *row_encrypted_value(RowWrite *row, const ForeignColumn *column,
                                                 Datum datum);

/* The Datum of an encrypted column of a stored item, in CurrentMemoryContext. Waits for KMS. */
extern Datum row_decrypt_stored(RowWriter *writer, const ForeignColumn *column,
                                const DynamodbItem *stored, bool *is_null);

/* 0A000 when the row changes what an encrypted column, which it leaves as it is, is bound to. */
extern void row_check_bindings(RowWrite *row,
                               bool (*changes)(const RowWrite *row, const ForeignColumn *column));

/* Has the plaintexts of the row wiped with its context. */
extern void row_wipe_with_context(RowWrite *row);

#endif
