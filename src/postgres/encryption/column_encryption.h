/*
 * column_encryption.h
 *		Columns whose attributes are ciphertexts of AWS KMS: the plaintext of a value, the
 * encryption context of an item, and the keys that may open it.
 *
 * The attribute is of type B: what Encrypt gave for the value as DynamoDB would have stored it (S
 * as UTF-8, N as its decimal text, B as it is, BOOL as true or false) or, of jsonb, for its text.
 */
#ifndef POSTGRES_ENCRYPTION_COLUMN_ENCRYPTION_H
#define POSTGRES_ENCRYPTION_COLUMN_ENCRYPTION_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_calls.h"
#include "postgres/relation/relation.h"

/*
 * Prepares encryption of the relation's encrypted columns, once all columns are open. Errors: HV004
 * for a column of a type that cannot be encrypted, HV024 for a context that names a column that is
 * not there or cannot be in one, HV00J for an encrypted column without a key.
 */
extern void column_encryptions_create(ForeignRelation *relation);

/* Adds the columns that the contexts of encrypted members name to a list of column numbers. */
extern List *column_encryption_add_context_columns(const ForeignRelation *relation, List *columns);

/* True when the column's encryption context names the other column. */
extern bool column_encryption_names(const ForeignColumn *column, const ForeignColumn *other);

/* True when the encryption context of any column of the relation names the column. */
extern bool column_is_bound(const ForeignRelation *relation, const ForeignColumn *column);

/* Where the attribute of a column is found; NULL when the item has none. */
typedef struct AttributeSource
{
	const AttributeValue *(*find)(const void *context, const ForeignColumn *column);
	const void *context;
} AttributeSource;

/* What stands in the way of decrypting or encrypting a value. */
typedef enum EncryptionObstacle
{
	OBSTACLE_NONE,
	OBSTACLE_STORED_TYPE,    /* the attribute is none of type B */
	OBSTACLE_CIPHERTEXT,     /* of a length that no ciphertext has */
	OBSTACLE_CONTEXT_MISSING /* the item lacks an attribute that the context names */
} EncryptionObstacle;

/*
 * Fills the Decrypt request for what the column's attribute holds, which is not missing and not
 * NULL. Memory is from `arena`, or borrowed from the value and the source.
 */
extern EncryptionObstacle column_decrypt_request(const ForeignColumn *column, Arena *arena,
                                                 const AttributeValue *stored,
                                                 const AttributeSource *source,
                                                 KmsRequest *request);

/* Raises the obstacle's error for reading: HV004 or XX001. */
pg_noreturn extern void column_report_undecryptable(const ForeignColumn *column,
                                                    EncryptionObstacle obstacle,
                                                    const AttributeValue *stored);

/*
 * Raises XX001 unless the key of this ARN may open the column. May ask KMS what an alias stands
 * for, once.
 */
extern void column_check_key(const ForeignColumn *column, ServiceClient *client, KmsUse *use,
                             Bytes key_arn);

/*
 * The Datum of a plaintext, in CurrentMemoryContext. Errors carry the SQLSTATE of the type's own,
 * HV004 for bytes that are no value of the column's, and nothing of the value.
 */
extern Datum column_read_plaintext(const ForeignColumn *column, Bytes plaintext);

/*
 * Fills the Encrypt request for a Datum that is not null. The plaintext is in `secrets`, or in the
 * Datum. Errors: 54000, 22023 or HV004 for a value that cannot be encrypted, 22004 when the item
 * lacks an attribute that the context names.
 */
extern void column_encrypt_request(const ForeignColumn *column, Arena *secrets, Datum datum,
                                   const AttributeSource *source, KmsRequest *request);

/* Overwrites a Datum of the column, encrypted or not. */
extern void column_wipe_datum(const ForeignColumn *column, Datum datum);

#endif
