/*
 * test_token_format.c
 *		Tokens of each format: their shape, and what they are made of.
 */
#include "crypto/token_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

/* Gives the bytes of a string, one after the other, and then none. */
static bool
fill_from_string(void *context, void *bytes, size_t length)
{
	const char **next = context;

	if (strlen(*next) < length)
		return false;
	memcpy(bytes, *next, length);
	*next += length;
	return true;
}

static RandomSource
source_of(const char **bytes)
{
	return (RandomSource){fill_from_string, (void *) bytes};
}

static void
uuids_are_of_version_4(void **state)
{
	const char *bytes = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
	RandomSource source = source_of(&bytes);
	char token[TOKEN_UUID_LENGTH + 1];

	assert_true(result_is_ok(token_make_uuid(&source, token)));
	assert_string_equal(token, "ffffffff-ffff-4fff-bfff-ffffffffff01");
	assert_int_equal(token_make_uuid(&source, token).code, RESULT_LIBRARY_FAILURE);
}

/* The numbers are those that payment networks publish for tests. */
static void
numbers_of_cards_pass_luhn(void **state)
{
	assert_true(digits_pass_luhn(BYTES_LITERAL("4111111111111111")));
	assert_true(digits_pass_luhn(BYTES_LITERAL("378282246310005")));
	assert_true(digits_pass_luhn(BYTES_LITERAL("6011000990139424")));
	assert_true(digits_pass_luhn(BYTES_LITERAL("5555555555554444")));
	assert_false(digits_pass_luhn(BYTES_LITERAL("4111111111111112")));
	assert_false(digits_pass_luhn(BYTES_LITERAL("6011000990139442")));
}

static void
digits_take_numbers_alone(void **state)
{
	assert_true(token_takes_digits(BYTES_LITERAL("123456789012")));
	assert_true(token_takes_digits(BYTES_LITERAL("1234567890123456789")));
	assert_false(token_takes_digits(BYTES_LITERAL("12345678901")));
	assert_false(token_takes_digits(BYTES_LITERAL("12345678901234567890")));
	assert_false(token_takes_digits(BYTES_LITERAL("1234 5678 9012")));
	assert_false(token_takes_digits(BYTES_LITERAL("12345678901a")));
	assert_false(token_takes_digits(BYTES_EMPTY));
}

/* Bytes of 250 and more would make some digits likelier than others. */
static void
digits_are_taken_from_fair_bytes(void **state)
{
	const char *bytes = "\x01\xfa\xff\x02\x03\x04\x05\x06\x07\xf9";
	RandomSource source = source_of(&bytes);
	char token[TOKEN_DIGITS_MAXIMUM + 1];

	assert_true(result_is_ok(token_make_digits(&source, BYTES_LITERAL("999999991234"), token)));
	assert_string_equal(token, "123456791234");
}

/* The first digits that are drawn make a card, the second ones the value itself. */
static void
digits_are_no_card_and_not_the_value(void **state)
{
	Bytes value = BYTES_LITERAL("333333331111");
	const char *bytes = "\x01\x01\x01\x01\x01\x01\x01\x03"
	                    "\x03\x03\x03\x03\x03\x03\x03\x03"
	                    "\x04\x04\x04\x04\x04\x04\x04\x04";
	RandomSource source = source_of(&bytes);
	char token[TOKEN_DIGITS_MAXIMUM + 1];

	assert_true(digits_pass_luhn(BYTES_LITERAL("111111131111")));
	assert_false(digits_pass_luhn(value));
	assert_true(result_is_ok(token_make_digits(&source, value, token)));
	assert_string_equal(token, "444444441111");
}

static void
deterministic(const char *key, const char *tenant, const char *value, char *token)
{
	CryptoHandles handles;
	Bytes of_tenant = bytes_of_string(tenant);

	crypto_handles_init(&handles);
	assert_true(result_is_ok(token_make_deterministic(&handles, &arena, bytes_of_string(key),
	                                                  tenant == NULL ? NULL : &of_tenant,
	                                                  bytes_of_string(value), token)));
	crypto_handles_release(&handles);
}

#define KEY "0123456789abcdef0123456789abcdef"

/*
 * From Python: hmac.digest(KEY, b"\1" + (4).to_bytes(8, "big") + b"acme" + b"4111", "sha256"), and
 * uuid.UUID with its version bits.
 */
static void
deterministic_tokens_are_codes(void **state)
{
	char token[TOKEN_UUID_LENGTH + 1];

	deterministic(KEY, "acme", "4111", token);
	assert_string_equal(token, "de86de24-9d34-8bde-bb8a-2a93c0755310");
	deterministic(KEY, NULL, "4111", token);
	assert_string_equal(token, "15d15a12-6d2c-89a6-a314-87438fc266e9");
}

static void
deterministic_tokens_depend_on_every_part(void **state)
{
	static const char *const parts[][3] = {
	    {KEY, "a", "bc"},   {KEY, "ab", "c"}, {KEY, "", "abc"},
	    {KEY, NULL, "abc"}, {KEY, "a", "bd"}, {"1123456789abcdef0123456789abcdef", "a", "bc"}};
	char tokens[6][TOKEN_UUID_LENGTH + 1];

	for (int i = 0; i < 6; i++)
	{
		deterministic(parts[i][0], parts[i][1], parts[i][2], tokens[i]);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(tokens[i], tokens[j]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(uuids_are_of_version_4),
	    cmocka_unit_test(numbers_of_cards_pass_luhn),
	    cmocka_unit_test(digits_take_numbers_alone),
	    cmocka_unit_test(digits_are_taken_from_fair_bytes),
	    cmocka_unit_test(digits_are_no_card_and_not_the_value),
	    cmocka_unit_test_setup_teardown(deterministic_tokens_are_codes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(deterministic_tokens_depend_on_every_part, set_up,
	                                    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
