/*
 * public_key.c
 *		RSA and ECDSA over OpenSSL 3's EVP. Handles live within one function each.
 *
 * OpenSSL does not say whether a signature or a wrapped key is wrong or something else failed: when
 * everything before worked, what then fails is held to be the bytes' fault.
 */
#include "crypto/public_key.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "crypto/primitives.h"
#include "foundation/arena.h"

/* Bytes of what the largest RSA key decrypts: 16,384 bits. */
#define RSA_BLOCK_MAXIMUM ((size_t) 2048)

/* Java's choice for every OAEP, whatever the digest. */
#define OAEP_MASK_DIGEST "SHA1"

static CheckedResult
not_verified(void)
{
	ERR_clear_error();
	return result_failed(RESULT_NOT_VERIFIED, "signature or wrapped key does not verify");
}

/* Takes the key over if it was read, from all of the bytes. */
static CheckedResult
own_key(EVP_PKEY *read, bool whole, AsymmetricKey **key)
{
	if (read == NULL || !whole)
	{
		EVP_PKEY_free(read);
		ERR_clear_error();
		return result_failed(RESULT_INVALID_ARGUMENT, "bytes are not a key in DER");
	}
	*key = read;
	return result_ok();
}

CheckedResult
public_key_read(Bytes der, AsymmetricKey **key)
{
	const unsigned char *next = (const unsigned char *) der.data;
	EVP_PKEY *read = der.length > INT_MAX ? NULL : d2i_PUBKEY(NULL, &next, (long) der.length);

	return own_key(read, next == (const unsigned char *) der.data + der.length, key);
}

CheckedResult
private_key_read(Bytes der, AsymmetricKey **key)
{
	const unsigned char *next = (const unsigned char *) der.data;
	EVP_PKEY *read =
	    der.length > INT_MAX ? NULL : d2i_AutoPrivateKey(NULL, &next, (long) der.length);

	return own_key(read, next == (const unsigned char *) der.data + der.length, key);
}

void
asymmetric_key_free(AsymmetricKey *key)
{
	EVP_PKEY_free(key);
}

static bool
key_is_of_family(AsymmetricKey *key, AlgorithmFamily family)
{
	return EVP_PKEY_is_a(key, family == FAMILY_RSA ? "RSA" : "EC") == 1;
}

CheckedResult
signature_verify(AsymmetricKey *key, const Algorithm *algorithm, Bytes data, Bytes signature)
{
	EVP_MD_CTX *context;
	bool started;
	bool verified;

	if (!key_is_of_family(key, algorithm->family))
		return not_verified();
	context = EVP_MD_CTX_new();
	if (context == NULL)
		return openssl_failure();
	started = EVP_DigestVerifyInit_ex(context, NULL, algorithm->digest, NULL, NULL, key, NULL) == 1;
	verified = started &&
	           EVP_DigestVerify(context, (const unsigned char *) signature.data, signature.length,
	                            (const unsigned char *) data.data, data.length) == 1;
	EVP_MD_CTX_free(context);
	if (!started)
		return openssl_failure();
	return verified ? result_ok() : not_verified();
}

static bool
set_padding(EVP_PKEY_CTX *context, const Algorithm *algorithm)
{
	if (algorithm->digest == NULL)
		return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md_name(context, algorithm->digest, NULL) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, OAEP_MASK_DIGEST, NULL) == 1;
}

/* Into a block as large as the key's, since OpenSSL writes no less than it may need. */
static CheckedResult
decrypt(EVP_PKEY_CTX *context, const Algorithm *algorithm, Bytes wrapped,
        unsigned char block[RSA_BLOCK_MAXIMUM], size_t *length)
{
	if (EVP_PKEY_decrypt_init(context) != 1 || !set_padding(context, algorithm))
		return openssl_failure();
	*length = RSA_BLOCK_MAXIMUM;
	if (EVP_PKEY_decrypt(context, block, length, (const unsigned char *) wrapped.data,
	                     wrapped.length) != 1)
		return not_verified();
	return result_ok();
}

CheckedResult
rsa_key_unwrap(AsymmetricKey *key, const Algorithm *algorithm, Bytes wrapped,
               unsigned char *unwrapped, size_t room, size_t *length)
{
	unsigned char block[RSA_BLOCK_MAXIMUM];
	EVP_PKEY_CTX *context;
	CheckedResult result;

	if (!key_is_of_family(key, FAMILY_RSA) || (size_t) EVP_PKEY_get_size(key) > sizeof(block))
		return not_verified();
	context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (context == NULL)
		return openssl_failure();
	result = decrypt(context, algorithm, wrapped, block, length);
	EVP_PKEY_CTX_free(context);
	if (result_is_ok(result) && *length > room)
		result = not_verified();
	if (result_is_ok(result))
		memcpy(unwrapped, block, *length);
	wipe(block, sizeof(block));
	return result;
}
