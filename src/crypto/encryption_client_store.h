/*
 * encryption_client_store.h
 *		Tables of keys: the "MetaStore" of the DynamoDB Encryption Client's "most recent" provider.
 *
 * An item of such a table holds the keys of one version of a named material. It is itself encrypted
 * by the client, all but its key. The items that were encrypted with it name it in their
 * descriptions (MaterialId).
 *
 *   N    S   the material's name, hash key       encAlg  S   "AES"
 *   V    N   its version, range key              enc     B   the key that wraps content keys
 *   t    S   "0"                                 intAlg  S   a MAC's name
 *                                                int     B   the key that signs items
 */
#ifndef CRYPTO_ENCRYPTION_CLIENT_STORE_H
#define CRYPTO_ENCRYPTION_CLIENT_STORE_H

#include "crypto/encryption_client.h"

/* The table of keys of that name, prepared. RESULT_INVALID_ARGUMENT when it has no name. */
extern CheckedResult encryption_client_store_table(Arena *arena, Bytes table_name,
                                                   KeyProvider provider,
                                                   EncryptionClientTable *table) MUST_CHECK;

/* The key of a material's item, its attributes in `arena`, its values borrowed. */
extern CheckedResult encryption_client_store_key(Arena *arena, const MaterialId *material,
                                                 DynamodbItem *key) MUST_CHECK;

/*
 * The keys that a material's decrypted item holds, for the caller to wipe. RESULT_UNSUPPORTED for
 * an item of another kind than the above, or with keys of sizes that their algorithms do not have.
 */
extern CheckedResult encryption_client_store_keys(const DynamodbItem *plaintext,
                                                  EncryptionClientKeys *keys) MUST_CHECK;

#endif
