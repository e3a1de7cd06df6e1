/*
 * test_crypto_primitives.c
 *		What the primitives refuse, and how handles are kept. That they compute the right thing is
 * for tests/python/test_crypto_peers.py to say.
 */
#include "crypto/primitives.h"
#include "crypto/public_key.h"
#include "crypto/random_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

static const unsigned char zero_iv[AES_BLOCK_LENGTH];
static const char key_bytes[SECRET_KEY_MAXIMUM + 1];

static CryptoHandles handles;

static int
set_up(void **state)
{
	crypto_handles_init(&handles);
	return 0;
}

/* Whatever a test did, OpenSSL's queue is left as others expect it. */
static int
tear_down(void **state)
{
	assert_int_equal(ERR_peek_error(), 0);
	crypto_handles_release(&handles);
	crypto_handles_release(&handles);
	return 0;
}

static Bytes
key_of(size_t length)
{
	return (Bytes){key_bytes, length};
}

static void
algorithms_have_one_purpose(void **state)
{
	assert_non_null(algorithm_find(ALGORITHM_CONTENT, BYTES_LITERAL("AES")));
	assert_null(algorithm_find(ALGORITHM_MAC, BYTES_LITERAL("AES")));
	assert_null(algorithm_find(ALGORITHM_CONTENT, BYTES_LITERAL("AESWrap")));
	assert_null(algorithm_find(ALGORITHM_CONTENT, BYTES_LITERAL("aes")));
	assert_null(algorithm_find(ALGORITHM_CONTENT, BYTES_LITERAL("DESede")));
	assert_null(algorithm_find(ALGORITHM_MAC, BYTES_LITERAL("HmacMD5")));
	assert_null(algorithm_find(ALGORITHM_SIGNATURE, BYTES_LITERAL("NONEwithRSA")));
	assert_null(algorithm_find(ALGORITHM_KEY_WRAP, BYTES_EMPTY));
}

static void
specifications_are_of_the_table(void **state)
{
	static const struct
	{
		AlgorithmPurpose purpose;
		const char *text;
		size_t key_length; /* 0: refused */
	} specifications[] = {
	    {ALGORITHM_CONTENT, "AES/256", 32},
	    {ALGORITHM_CONTENT, "AES/192", 24},
	    {ALGORITHM_CONTENT, "AES/128", 16},
	    {ALGORITHM_CONTENT, "AES", 32},
	    {ALGORITHM_MAC, "HmacSHA256/256", 32},
	    {ALGORITHM_MAC, "HmacSHA256", 32},
	    {ALGORITHM_MAC, "HmacSHA512/512", 64},
	    {ALGORITHM_MAC, "HmacSHA384/128", 16},
	    {ALGORITHM_CONTENT, "", 0},
	    {ALGORITHM_CONTENT, "/256", 0},
	    {ALGORITHM_CONTENT, "AES/", 0},
	    {ALGORITHM_CONTENT, "AES/0", 0},
	    {ALGORITHM_CONTENT, "AES/64", 0},
	    {ALGORITHM_CONTENT, "AES/160", 0},
	    {ALGORITHM_CONTENT, "AES/512", 0},
	    {ALGORITHM_CONTENT, "AES/0256", 0},
	    {ALGORITHM_CONTENT, "AES/+256", 0},
	    {ALGORITHM_CONTENT, "AES/256 ", 0},
	    {ALGORITHM_CONTENT, "AES/256/256", 0},
	    {ALGORITHM_CONTENT, "AES/99999999999999999999", 0},
	    {ALGORITHM_CONTENT, "HmacSHA256/256", 0},
	    {ALGORITHM_MAC, "HmacSHA256/120", 0},
	    {ALGORITHM_MAC, "HmacSHA256/257", 0},
	    {ALGORITHM_MAC, "HmacSHA256/520", 0},
	    {ALGORITHM_MAC, "AES/256", 0},
	    {ALGORITHM_SIGNATURE, "SHA256withRSA/2048", 0},
	    {ALGORITHM_SIGNATURE, "SHA256withRSA", 0},
	};

	for (size_t i = 0; i < sizeof(specifications) / sizeof(specifications[0]); i++)
	{
		const Algorithm *algorithm;
		size_t key_length = 0;
		CheckedResult result = algorithm_read_specification(specifications[i].purpose,
		                                                    bytes_of_string(specifications[i].text),
		                                                    &algorithm, &key_length);

		if (specifications[i].key_length == 0)
			assert_int_equal(result.code, RESULT_UNSUPPORTED);
		else
		{
			assert_int_equal(result.code, RESULT_OK);
			assert_int_equal(key_length, specifications[i].key_length);
		}
	}
}

static void
keys_of_other_sizes_are_refused(void **state)
{
	unsigned char key[AES_KEY_MAXIMUM];
	size_t length;

	for (size_t size = 0; size <= sizeof(key_bytes); size++)
	{
		bool good = size == 16 || size == 24 || size == 32;
		ResultCode expected = good ? RESULT_OK : RESULT_INVALID_ARGUMENT;

		assert_int_equal(aes_cbc_set_encryption_key(&handles, key_of(size)).code, expected);
		assert_int_equal(aes_cbc_set_decryption_key(&handles, key_of(size)).code, expected);
		assert_int_equal(aes_key_unwrap(key_of(size), key_of(40), key, sizeof(key), &length).code,
		                 good ? RESULT_NOT_VERIFIED : RESULT_INVALID_ARGUMENT);
	}
}

static void
nothing_is_encrypted_without_a_key(void **state)
{
	char data[2 * AES_BLOCK_LENGTH] = {0};
	size_t length;

	assert_int_equal(aes_cbc_encrypt(&handles, zero_iv, data, 3).code, RESULT_LIBRARY_FAILURE);
	assert_int_equal(
	    aes_cbc_decrypt(&handles, zero_iv, (Bytes){data, sizeof(data)}, data, &length).code,
	    RESULT_LIBRARY_FAILURE);
}

/* The same item after another: nothing of the first is left in the handles. */
static void
handles_forget_the_last_use(void **state)
{
	char first[2 * AES_BLOCK_LENGTH] = "attribute";
	char second[2 * AES_BLOCK_LENGTH] = "attribute";
	unsigned char first_digest[SHA256_LENGTH];
	unsigned char second_digest[SHA256_LENGTH];

	assert_int_equal(aes_cbc_set_encryption_key(&handles, key_of(32)).code, RESULT_OK);
	assert_int_equal(aes_cbc_encrypt(&handles, zero_iv, first, 9).code, RESULT_OK);
	assert_int_equal(aes_cbc_set_encryption_key(&handles, key_of(16)).code, RESULT_OK);
	assert_int_equal(aes_cbc_encrypt(&handles, zero_iv, second, 9).code, RESULT_OK);
	assert_memory_not_equal(first, second, AES_BLOCK_LENGTH);
	memcpy(second, "attribute", 10);
	assert_int_equal(aes_cbc_set_encryption_key(&handles, key_of(32)).code, RESULT_OK);
	assert_int_equal(aes_cbc_encrypt(&handles, zero_iv, second, 9).code, RESULT_OK);
	assert_memory_equal(first, second, AES_BLOCK_LENGTH);

	sha256_begin(&handles);
	sha256_add(&handles, BYTES_LITERAL("abandoned"));
	sha256_begin(&handles);
	assert_int_equal(sha256_end(&handles, first_digest).code, RESULT_OK);
	sha256_begin(&handles);
	assert_int_equal(sha256_end(&handles, second_digest).code, RESULT_OK);
	assert_memory_equal(first_digest, second_digest, SHA256_LENGTH);
}

static void
derived_keys_are_bounded(void **state)
{
	static unsigned char out[HKDF_LENGTH_MAXIMUM + 1];
	static const char info[HKDF_INFO_MAXIMUM + 1];
	unsigned char key[SHA256_LENGTH];

	assert_int_equal(hkdf_extract(&handles, key_of(32), key).code, RESULT_OK);
	assert_int_equal(hkdf_expand(&handles, key, (Bytes){info, 3}, out, sizeof(out)).code,
	                 RESULT_TOO_LARGE);
	assert_int_equal(hkdf_expand(&handles, key, (Bytes){info, sizeof(info)}, out, 32).code,
	                 RESULT_TOO_LARGE);
	assert_int_equal(hkdf_expand(&handles, key, (Bytes){info, sizeof(info) - 1}, out, 32).code,
	                 RESULT_OK);
}

static void
comparison_sees_lengths_and_bytes(void **state)
{
	assert_true(equal_in_constant_time(BYTES_EMPTY, BYTES_EMPTY));
	assert_true(equal_in_constant_time(BYTES_LITERAL("abc"), BYTES_LITERAL("abc")));
	assert_false(equal_in_constant_time(BYTES_LITERAL("abc"), BYTES_LITERAL("abd")));
	assert_false(equal_in_constant_time(BYTES_LITERAL("abc"), BYTES_LITERAL("ab")));
	assert_false(equal_in_constant_time(BYTES_EMPTY, BYTES_LITERAL("a")));
}

static bool
no_entropy(void *context, void *bytes, size_t length)
{
	return false;
}

static void
randomness_that_fails_is_a_failure(void **state)
{
	RandomSource source = {no_entropy, NULL};
	char bytes[4];

	assert_int_equal(random_fill(&source, bytes, sizeof(bytes)).code, RESULT_LIBRARY_FAILURE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(algorithms_have_one_purpose, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(specifications_are_of_the_table, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(keys_of_other_sizes_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(nothing_is_encrypted_without_a_key, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(handles_forget_the_last_use, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(derived_keys_are_bounded, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(comparison_sees_lengths_and_bytes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(randomness_that_fails_is_a_failure, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("crypto_primitives", tests, NULL, NULL);
}
