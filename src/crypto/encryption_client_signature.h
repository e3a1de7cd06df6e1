/*
 * encryption_client_signature.h
 *		What the DynamoDB Encryption Client signs of an item.
 *
 *   SHA-256("TABLE>" table's name "<TABLE")
 *   then for each attribute with a signature, by name:
 *   SHA-256(name)
 *   SHA-256("ENCRYPTED") or SHA-256("PLAINTEXT")
 *   SHA-256(serialized value, as it is stored)
 */
#ifndef CRYPTO_ENCRYPTION_CLIENT_SIGNATURE_H
#define CRYPTO_ENCRYPTION_CLIENT_SIGNATURE_H

#include "crypto/encryption_client_table.h"
#include "crypto/primitives.h"

/*
 * The string to sign, in `arena`. `actions` has one of each attribute of the item. A number that
 * number_check() refuses is its failure.
 */
extern CheckedResult encryption_client_string_to_sign(CryptoHandles *handles, Arena *arena,
                                                      Bytes table_name, const DynamodbItem *item,
                                                      const CryptoAction *actions,
                                                      SerializationForm form,
                                                      Bytes *string) MUST_CHECK;

#endif
