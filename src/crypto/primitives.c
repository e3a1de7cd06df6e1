/*
 * primitives.c
 *		Digests, MACs, key derivation, AES-CBC and AES key wrap over OpenSSL 3's EVP.
 *
 * A handle is put into its owner's field by the statement that takes it, and nothing here takes
 * memory of an arena, so no handle can be lost between the two.
 */
#include "crypto/primitives.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "foundation/arena.h"

CheckedResult
openssl_failure(void)
{
	ERR_clear_error();
	return result_failed(RESULT_LIBRARY_FAILURE, "OpenSSL failed to compute");
}

static CheckedResult
not_verified(void)
{
	ERR_clear_error();
	return result_failed(RESULT_NOT_VERIFIED, "ciphertext does not verify");
}

void
crypto_handles_init(CryptoHandles *handles)
{
	*handles = (CryptoHandles){0};
}

void
crypto_handles_release(CryptoHandles *handles)
{
	EVP_MD_free(handles->sha256);
	EVP_MD_CTX_free(handles->digest);
	for (int i = 0; i < MAC_DIGEST_COUNT; i++)
		EVP_MAC_CTX_free(handles->macs[i]);
	for (int i = 0; i < AES_KEY_SIZES; i++)
		EVP_CIPHER_free(handles->ciphers[i]);
	EVP_CIPHER_CTX_free(handles->encryption);
	EVP_CIPHER_CTX_free(handles->decryption);
	crypto_handles_init(handles);
}

static bool
take_digest(CryptoHandles *handles)
{
	if (handles->sha256 == NULL)
		handles->sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	if (handles->digest == NULL)
		handles->digest = EVP_MD_CTX_new();
	return handles->sha256 != NULL && handles->digest != NULL;
}

void
sha256_begin(CryptoHandles *handles)
{
	handles->digest_failed =
	    !take_digest(handles) || EVP_DigestInit_ex2(handles->digest, handles->sha256, NULL) != 1;
}

void
sha256_add(CryptoHandles *handles, Bytes bytes)
{
	if (handles->digest_failed || bytes.length == 0)
		return;
	handles->digest_failed = EVP_DigestUpdate(handles->digest, bytes.data, bytes.length) != 1;
}

CheckedResult
sha256_end(CryptoHandles *handles, unsigned char digest[SHA256_LENGTH])
{
	if (handles->digest_failed || EVP_DigestFinal_ex(handles->digest, digest, NULL) != 1)
		return openssl_failure();
	return result_ok();
}

/* A context of HMAC that has its digest already, since looking that up by name is slow. */
static EVP_MAC_CTX *
take_mac(CryptoHandles *handles, const Algorithm *algorithm)
{
	EVP_MAC_CTX **context = &handles->macs[algorithm->mac_digest];
	OSSL_PARAM parameters[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *) algorithm->digest, 0),
	    OSSL_PARAM_construct_end(),
	};
	EVP_MAC *hmac;

	if (*context != NULL)
		return *context;
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (hmac == NULL)
		return NULL;
	*context = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	if (*context != NULL && EVP_MAC_CTX_set_params(*context, parameters) != 1)
	{
		EVP_MAC_CTX_free(*context);
		*context = NULL;
	}
	return *context;
}

CheckedResult
mac_compute(CryptoHandles *handles, const Algorithm *algorithm, Bytes key, Bytes data,
            unsigned char mac[MAC_LENGTH_MAXIMUM], size_t *length)
{
	EVP_MAC_CTX *context = take_mac(handles, algorithm);

	if (context == NULL ||
	    EVP_MAC_init(context, (const unsigned char *) key.data, key.length, NULL) != 1 ||
	    (data.length > 0 &&
	     EVP_MAC_update(context, (const unsigned char *) data.data, data.length) != 1) ||
	    EVP_MAC_final(context, mac, length, MAC_LENGTH_MAXIMUM) != 1)
		return openssl_failure();
	return result_ok();
}

static CheckedResult
hmac_sha256(CryptoHandles *handles, Bytes key, Bytes data, unsigned char mac[SHA256_LENGTH])
{
	const Algorithm *algorithm = algorithm_find(ALGORITHM_MAC, BYTES_LITERAL("HmacSHA256"));
	unsigned char room[MAC_LENGTH_MAXIMUM];
	size_t length;
	CheckedResult result = mac_compute(handles, algorithm, key, data, room, &length);

	memcpy(mac, room, SHA256_LENGTH);
	wipe(room, sizeof(room));
	return result;
}

CheckedResult
hkdf_extract(CryptoHandles *handles, Bytes secret, unsigned char key[SHA256_LENGTH])
{
	static const char no_salt[SHA256_LENGTH];

	return hmac_sha256(handles, (Bytes){no_salt, sizeof(no_salt)}, secret, key);
}

/* What one step of the expansion hashes: the block before, the info, and the step's number. */
typedef struct ExpansionStep
{
	unsigned char block[SHA256_LENGTH];
	char message[SHA256_LENGTH + HKDF_INFO_MAXIMUM + 1];
} ExpansionStep;

static CheckedResult
expand_step(CryptoHandles *handles, Bytes key, Bytes info, size_t number, ExpansionStep *step)
{
	size_t length = 0;

	if (number > 1)
	{
		memcpy(step->message, step->block, SHA256_LENGTH);
		length = SHA256_LENGTH;
	}
	memcpy(step->message + length, info.data, info.length);
	length += info.length;
	step->message[length++] = (char) number;
	return hmac_sha256(handles, key, (Bytes){step->message, length}, step->block);
}

CheckedResult
hkdf_expand(CryptoHandles *handles, const unsigned char key[SHA256_LENGTH], Bytes info,
            unsigned char *out, size_t length)
{
	Bytes key_bytes = {(const char *) key, SHA256_LENGTH};
	ExpansionStep step;
	CheckedResult result = result_ok();

	if (length > HKDF_LENGTH_MAXIMUM || info.length > HKDF_INFO_MAXIMUM)
		return result_failed(RESULT_TOO_LARGE, "derived key is too long");
	for (size_t done = 0; done < length && result_is_ok(result); done += SHA256_LENGTH)
	{
		size_t part = length - done < SHA256_LENGTH ? length - done : SHA256_LENGTH;

		result = expand_step(handles, key_bytes, info, done / SHA256_LENGTH + 1, &step);
		if (result_is_ok(result))
			memcpy(out + done, step.block, part);
	}
	wipe(&step, sizeof(step));
	return result;
}

/* The place of a key's size among AES's, 16, 24 and 32 bytes; -1 when it is none. */
static int
size_of_key(size_t length)
{
	return length == 16 || length == 24 || length == 32 ? (int) length / 8 - 2 : -1;
}

static EVP_CIPHER *
take_cipher(CryptoHandles *handles, int size)
{
	static const char *const names[AES_KEY_SIZES] = {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"};

	if (handles->ciphers[size] == NULL)
		handles->ciphers[size] = EVP_CIPHER_fetch(NULL, names[size], NULL);
	return handles->ciphers[size];
}

/* Padding is ours: so a wrong one and a failure of OpenSSL's are two things. */
static CheckedResult
set_key(CryptoHandles *handles, EVP_CIPHER_CTX **context, Bytes key, int encrypts)
{
	int size = size_of_key(key.length);
	EVP_CIPHER *cipher;

	if (size < 0)
		return result_failed(RESULT_INVALID_ARGUMENT, "AES has no key of that size");
	cipher = take_cipher(handles, size);
	if (*context == NULL)
		*context = EVP_CIPHER_CTX_new();
	if (cipher == NULL || *context == NULL ||
	    EVP_CipherInit_ex2(*context, cipher, (const unsigned char *) key.data, NULL, encrypts,
	                       NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(*context, 0) != 1)
		return openssl_failure();
	return result_ok();
}

CheckedResult
aes_cbc_set_encryption_key(CryptoHandles *handles, Bytes key)
{
	return set_key(handles, &handles->encryption, key, 1);
}

CheckedResult
aes_cbc_set_decryption_key(CryptoHandles *handles, Bytes key)
{
	return set_key(handles, &handles->decryption, key, 0);
}

/* Whole blocks, from `in` to `out`, which may be the same. */
static CheckedResult
run_blocks(EVP_CIPHER_CTX *context, const unsigned char iv[AES_BLOCK_LENGTH], Bytes in, char *out)
{
	int written;

	if (in.length > INT_MAX)
		return result_failed(RESULT_TOO_LARGE, "data exceeds the size that can be encrypted");
	if (context == NULL || EVP_CipherInit_ex2(context, NULL, NULL, iv, -1, NULL) != 1 ||
	    EVP_CipherUpdate(context, (unsigned char *) out, &written, (const unsigned char *) in.data,
	                     (int) in.length) != 1 ||
	    (size_t) written != in.length)
		return openssl_failure();
	return result_ok();
}

CheckedResult
aes_cbc_encrypt(CryptoHandles *handles, const unsigned char iv[AES_BLOCK_LENGTH], char *data,
                size_t length)
{
	size_t padded = AES_CBC_LENGTH(length);

	memset(data + length, (int) (padded - length), padded - length);
	return run_blocks(handles->encryption, iv, (Bytes){data, padded}, data);
}

/* The bytes of padding at the end of some whole blocks; 0 when it is none. */
static size_t
padding_length(const char *plaintext, size_t length)
{
	size_t padding = (unsigned char) plaintext[length - 1];
	unsigned char difference = 0;

	if (padding > AES_BLOCK_LENGTH)
		return 0;
	for (size_t i = 1; i <= padding; i++)
		difference |= (unsigned char) ((unsigned char) plaintext[length - i] ^ padding);
	return difference == 0 ? padding : 0;
}

CheckedResult
aes_cbc_decrypt(CryptoHandles *handles, const unsigned char iv[AES_BLOCK_LENGTH], Bytes ciphertext,
                char *plaintext, size_t *length)
{
	size_t padding;

	if (ciphertext.length == 0 || ciphertext.length % AES_BLOCK_LENGTH != 0)
		return not_verified();
	RETURN_IF_FAILED(run_blocks(handles->decryption, iv, ciphertext, plaintext));
	padding = padding_length(plaintext, ciphertext.length);
	if (padding == 0)
		return not_verified();
	*length = ciphertext.length - padding;
	return result_ok();
}

/* OpenSSL's cipher for a wrapping key of a size of AES. Static, not to be given back. */
static const EVP_CIPHER *
wrap_cipher(size_t key_length)
{
	return key_length == 16   ? EVP_aes_128_wrap()
	       : key_length == 24 ? EVP_aes_192_wrap()
	                          : EVP_aes_256_wrap();
}

/* OpenSSL reports a wrapped key that does not verify as it reports its own failures. */
static CheckedResult
unwrap(EVP_CIPHER_CTX *context, Bytes wrapping_key, Bytes wrapped, unsigned char *key,
       size_t *length)
{
	int written;

	EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_DecryptInit_ex2(context, wrap_cipher(wrapping_key.length),
	                        (const unsigned char *) wrapping_key.data, NULL, NULL) != 1)
		return openssl_failure();
	if (EVP_DecryptUpdate(context, key, &written, (const unsigned char *) wrapped.data,
	                      (int) wrapped.length) != 1 ||
	    written <= 0)
		return not_verified();
	*length = (size_t) written;
	return result_ok();
}

CheckedResult
aes_key_unwrap(Bytes wrapping_key, Bytes wrapped, unsigned char *key, size_t room, size_t *length)
{
	EVP_CIPHER_CTX *context;
	CheckedResult result;

	if (size_of_key(wrapping_key.length) < 0)
		return result_failed(RESULT_INVALID_ARGUMENT, "AES has no key of that size");
	if (wrapped.length < 3 * KEY_WRAP_OVERHEAD || wrapped.length % KEY_WRAP_OVERHEAD != 0 ||
	    wrapped.length - KEY_WRAP_OVERHEAD > room)
		return not_verified();
	context = EVP_CIPHER_CTX_new();
	if (context == NULL)
		return openssl_failure();
	result = unwrap(context, wrapping_key, wrapped, key, length);
	EVP_CIPHER_CTX_free(context);
	return result;
}

bool
equal_in_constant_time(Bytes a, Bytes b)
{
	return a.length == b.length && (a.length == 0 || CRYPTO_memcmp(a.data, b.data, a.length) == 0);
}
