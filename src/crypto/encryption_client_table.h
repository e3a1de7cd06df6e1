/*
 * encryption_client_table.h
 *		What is the same for all items of a table that the DynamoDB Encryption Client encrypts.
 */
#ifndef CRYPTO_ENCRYPTION_CLIENT_TABLE_H
#define CRYPTO_ENCRYPTION_CLIENT_TABLE_H

#include "crypto/encryption_client_value.h"
#include "foundation/arena.h"

/* What is done with an attribute. Each includes those before it. */
typedef enum CryptoAction
{
	CRYPTO_DO_NOTHING,
	CRYPTO_SIGN_ONLY,
	CRYPTO_ENCRYPT_AND_SIGN
} CryptoAction;

typedef struct AttributeAction
{
	Bytes name;
	CryptoAction action;
} AttributeAction;

/* Where the keys of a table's items come from. The table says so, never an item. */
typedef enum KeyProvider
{
	PROVIDER_AWS_KMS, /* a data key of KMS for each item, both keys derived from it */
	PROVIDER_STATIC,  /* the same keys for all items */
	PROVIDER_WRAPPED, /* a content key for each item, wrapped in its description; one signing key */
	PROVIDER_MATERIAL_STORE /* the same with keys of a table of keys (MetaStore), by version */
} KeyProvider;

typedef struct EncryptionClientTable
{
	Bytes table_name; /* the name that signatures and KMS's contexts are bound to */
	Bytes hash_key;   /* the key attributes' names */
	Bytes range_key;  /* no bytes: the table has none */
	KeyProvider provider;
	CryptoAction default_action;    /* of attributes that `actions` does not name */
	const AttributeAction *actions; /* once prepared: by name, the keys' among them */
	uint32_t action_count;
	SerializationForm form; /* how items are signed when written: FORM_UTF8 or FORM_UTF16 */

	/*
	 * Python's library signs numbers rounded to ROUNDED_DIGITS digits. Items with longer ones
	 * verify only if this is true, and then nothing vouches for the further digits of the numbers
	 * that are signed and not encrypted.
	 */
	bool accepts_rounded_numbers;
} EncryptionClientTable;

/* The attributes that make an item an encrypted one. */
#define SIGNATURE_ATTRIBUTE   BYTES_LITERAL("*amzn-ddb-map-sig*")
#define DESCRIPTION_ATTRIBUTE BYTES_LITERAL("*amzn-ddb-map-desc*")

/*
 * Makes a table whose fields are as its user wants them ready for use; its actions are then a copy
 * in `arena`, the names borrowed. Key attributes are not encrypted: what the default says of them
 * is lowered, what `actions` says of them must be so.
 *
 * RESULT_INVALID_ARGUMENT, with the position in `actions` that is wrong, for a key that is to be
 * encrypted, a name twice, or one of the two attributes above; for a table without name or hash
 * key, or whose key has the name of an entry that KMS's context has anyway; for the rounded
 * form.
 */
extern CheckedResult encryption_client_table_prepare(Arena *arena,
                                                     EncryptionClientTable *table) MUST_CHECK;

/* What is done with an attribute of a prepared table; nothing with the two attributes above. */
extern CryptoAction encryption_client_table_action(const EncryptionClientTable *table, Bytes name);

#endif
