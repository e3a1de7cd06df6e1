/*
 * public_key.h
 *		Keys in pairs: what was signed with a private key, and what was encrypted for one.
 */
#ifndef CRYPTO_PUBLIC_KEY_H
#define CRYPTO_PUBLIC_KEY_H

#include <openssl/types.h>

#include "crypto/algorithms.h"
#include "foundation/bytes.h"
#include "foundation/result.h"

/* One key of OpenSSL's; its size and family are the key's own. */
typedef EVP_PKEY AsymmetricKey;

/*
 * Reads a public key (SubjectPublicKeyInfo) or an unencrypted private key (PKCS #8), as DER. The
 * caller owns the key and gives it back with asymmetric_key_free(), which wipes it and takes NULL.
 * RESULT_INVALID_ARGUMENT when the bytes are no such key, or more than one.
 */
extern CheckedResult public_key_read(Bytes der, AsymmetricKey **key) MUST_CHECK;
extern CheckedResult private_key_read(Bytes der, AsymmetricKey **key) MUST_CHECK;
extern void asymmetric_key_free(AsymmetricKey *key);

/*
 * Checks a signature over `data` by an algorithm for signatures. RESULT_NOT_VERIFIED when it is not
 * this key's, or the key is not of the algorithm's family.
 */
extern CheckedResult signature_verify(AsymmetricKey *key, const Algorithm *algorithm, Bytes data,
                                      Bytes signature) MUST_CHECK;

/*
 * Decrypts a key that was wrapped with RSA by an algorithm for key wrap: at most `room` bytes, for
 * the caller to wipe. RESULT_NOT_VERIFIED when that fails for any reason that lies in the bytes.
 * PKCS #1 v1.5 among the algorithms does not authenticate: a caller that tells of this failure in
 * any other way than of a wrong key is an oracle.
 */
extern CheckedResult rsa_key_unwrap(AsymmetricKey *key, const Algorithm *algorithm, Bytes wrapped,
                                    unsigned char *unwrapped, size_t room,
                                    size_t *length) MUST_CHECK;

#endif
