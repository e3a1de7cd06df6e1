/*
 * table_encryption.h
 *		What the options of a foreign table say of the encryption of its items.
 */
#ifndef POSTGRES_ENCRYPTION_TABLE_ENCRYPTION_H
#define POSTGRES_ENCRYPTION_TABLE_ENCRYPTION_H

#include "postgres.h"

#include "postgres/compat.h"

#include "crypto/encryption_client_table.h"
#include "postgres/encryption/opening_keys.h"
#include "postgres/relation/relation.h"

struct TableEncryption
{
	EncryptionClientTable client; /* prepared */
	Bytes key_id; /* that encrypts; no bytes: there is none, so nothing is written */
	OpeningKeys *opening_keys;
	EncryptionClientTable materials; /* the table of keys that open items; without a name: none */
};

/*
 * The encryption of a relation whose columns and description are known, in CurrentMemoryContext;
 * sets is_sealed of its columns. NULL when items are stored as they are: without the option, and
 * where nothing is done with any attribute, as AWS's libraries have it.
 *
 * Errors: HV024, naming the column, for an action that the column cannot have, or that contradicts
 * the one of another column of the same attribute, or whose table is not encrypted; for a column
 * that AWS KMS encrypts by itself. HV00J for a table that names no KMS key.
 */
extern TableEncryption *table_encryption_create(ForeignRelation *relation);

/* Raises HV00J when the table has no key to encrypt with, 0A000 when its keys are in a table. */
extern void table_encryption_require_key(const ForeignRelation *relation);

/* Numbers of the columns that can be read without opening items. */
extern List *columns_not_sealed(const ForeignRelation *relation);

#endif
