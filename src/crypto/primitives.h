/*
 * primitives.h
 *		OpenSSL's primitives as the formats use them.
 *
 * OpenSSL's handles are costly to take, so they are kept from item to item in a CryptoHandles that
 * the caller owns. It holds no memory of an arena, and whatever a key left in a handle is wiped by
 * OpenSSL when the handle is given back.
 *
 * A failure of OpenSSL itself is RESULT_LIBRARY_FAILURE; bytes that do not verify are
 * RESULT_NOT_VERIFIED. Neither leaves anything in OpenSSL's queue of errors. Outputs are only to be
 * used on success.
 */
#ifndef CRYPTO_PRIMITIVES_H
#define CRYPTO_PRIMITIVES_H

#include <openssl/types.h>

#include "crypto/algorithms.h"
#include "foundation/bytes.h"
#include "foundation/result.h"

#define SHA256_LENGTH      32
#define MAC_LENGTH_MAXIMUM 64
#define AES_BLOCK_LENGTH   16
#define AES_KEY_MAXIMUM    32
#define AES_KEY_SIZES      3

/* Bytes that AES-CBC makes of `length` bytes: one to sixteen bytes of padding more. */
#define AES_CBC_LENGTH(length) ((length) / AES_BLOCK_LENGTH * AES_BLOCK_LENGTH + AES_BLOCK_LENGTH)

/* Bytes that RFC 3394 adds to a wrapped key. */
#define KEY_WRAP_OVERHEAD 8

/* A failure of OpenSSL, whose own errors are forgotten: they are not for others to find. */
extern CheckedResult openssl_failure(void) MUST_CHECK;

/* The fields are primitives.c's own; the struct is here so that it can be embedded. */
typedef struct CryptoHandles
{
	EVP_MD *sha256;
	EVP_MD_CTX *digest;
	bool digest_failed; /* between sha256_begin and sha256_end */
	EVP_MAC_CTX *macs[MAC_DIGEST_COUNT];
	EVP_CIPHER *ciphers[AES_KEY_SIZES]; /* AES-CBC, by the key's size */
	EVP_CIPHER_CTX *encryption;
	EVP_CIPHER_CTX *decryption;
} CryptoHandles;

/* Makes an empty set. Takes nothing yet: every handle is taken when it is first needed. */
extern void crypto_handles_init(CryptoHandles *handles);

/* Gives all handles back, keys wiped. The set is then empty and usable. */
extern void crypto_handles_release(CryptoHandles *handles);

/*
 * SHA-256 of all that is added between begin and end; one at a time. Only the end reports, for all
 * of it.
 */
extern void sha256_begin(CryptoHandles *handles);
extern void sha256_add(CryptoHandles *handles, Bytes bytes);
extern CheckedResult sha256_end(CryptoHandles *handles,
                                unsigned char digest[SHA256_LENGTH]) MUST_CHECK;

/* The HMAC of `data` and its length, which the algorithm alone decides. */
extern CheckedResult mac_compute(CryptoHandles *handles, const Algorithm *algorithm, Bytes key,
                                 Bytes data, unsigned char mac[MAC_LENGTH_MAXIMUM],
                                 size_t *length) MUST_CHECK;

/*
 * HKDF with SHA-256 and without salt (RFC 5869): the pseudorandom key of a secret, and `length`
 * bytes, at most HKDF_LENGTH_MAXIMUM, that it expands to for `info`, of at most HKDF_INFO_MAXIMUM
 * bytes. Both keys are for the caller to wipe.
 */
#define HKDF_LENGTH_MAXIMUM ((size_t) 255 * SHA256_LENGTH)
#define HKDF_INFO_MAXIMUM   ((size_t) 256)

extern CheckedResult hkdf_extract(CryptoHandles *handles, Bytes secret,
                                  unsigned char key[SHA256_LENGTH]) MUST_CHECK;
extern CheckedResult hkdf_expand(CryptoHandles *handles, const unsigned char key[SHA256_LENGTH],
                                 Bytes info, unsigned char *out, size_t length) MUST_CHECK;

/* Sets the key, of 16, 24 or 32 bytes, that the next calls of the same direction use. */
extern CheckedResult aes_cbc_set_encryption_key(CryptoHandles *handles, Bytes key) MUST_CHECK;
extern CheckedResult aes_cbc_set_decryption_key(CryptoHandles *handles, Bytes key) MUST_CHECK;

/*
 * Pads and encrypts in place: `data` holds `length` bytes and has room for AES_CBC_LENGTH(length).
 */
extern CheckedResult aes_cbc_encrypt(CryptoHandles *handles,
                                     const unsigned char iv[AES_BLOCK_LENGTH], char *data,
                                     size_t length) MUST_CHECK;

/*
 * Decrypts into `plaintext`, which has room for ciphertext.length bytes, and gives the length
 * without padding. RESULT_NOT_VERIFIED when the ciphertext is no whole number of blocks, or the
 * padding is wrong. Authenticate first.
 */
extern CheckedResult aes_cbc_decrypt(CryptoHandles *handles,
                                     const unsigned char iv[AES_BLOCK_LENGTH], Bytes ciphertext,
                                     char *plaintext, size_t *length) MUST_CHECK;

/*
 * AES key wrap of RFC 3394, the reverse: writes at most `room` bytes of key, for the caller to
 * wipe. RESULT_NOT_VERIFIED when the key was not wrapped with this one, is damaged, or is larger.
 */
extern CheckedResult aes_key_unwrap(Bytes wrapping_key, Bytes wrapped, unsigned char *key,
                                    size_t room, size_t *length) MUST_CHECK;

/* Compares in a time that depends on the lengths alone. */
extern bool equal_in_constant_time(Bytes a, Bytes b);

#endif
