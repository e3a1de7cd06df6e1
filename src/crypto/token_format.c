/*
 * token_format.c
 *		Tokens that stand for values: what they look like, and how they are made.
 */
#include "crypto/token_format.h"

#include <stdint.h>
#include <string.h>

#include "foundation/ascii.h"

#define UUID_BYTES 16

/* Below this a random byte's last digit is each of the ten equally often. */
#define FAIR_BYTES 250

/* Bytes before the tenant in what a deterministic token is made of. */
#define PREFIX_LENGTH 9

/* --- uuid ------------------------------------------------------------------------------------- */

static void
write_uuid(unsigned char bytes[UUID_BYTES], int version, char token[TOKEN_UUID_LENGTH + 1])
{
	static const char digits[] = "0123456789abcdef";
	char *next = token;

	bytes[6] = (unsigned char) ((bytes[6] & 0x0f) | (version << 4));
	bytes[8] = (unsigned char) ((bytes[8] & 0x3f) | 0x80);
	for (int i = 0; i < UUID_BYTES; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*next++ = '-';
		*next++ = digits[bytes[i] >> 4];
		*next++ = digits[bytes[i] & 0x0f];
	}
	*next = '\0';
}

CheckedResult
token_make_uuid(const RandomSource *random, char token[TOKEN_UUID_LENGTH + 1])
{
	unsigned char bytes[UUID_BYTES];

	RETURN_IF_FAILED(random_fill(random, bytes, sizeof(bytes)));
	write_uuid(bytes, 4, token);
	return result_ok();
}

/* --- digits ----------------------------------------------------------------------------------- */

bool
token_takes_digits(Bytes value)
{
	if (value.length < TOKEN_DIGITS_MINIMUM || value.length > TOKEN_DIGITS_MAXIMUM)
		return false;
	for (size_t i = 0; i < value.length; i++)
	{
		if (!ascii_is_digit(value.data[i]))
			return false;
	}
	return true;
}

bool
digits_pass_luhn(Bytes digits)
{
	int sum = 0;

	for (size_t i = 0; i < digits.length; i++)
	{
		int digit = digits.data[digits.length - 1 - i] - '0';

		if (i % 2 == 1)
			digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
		sum += digit;
	}
	return sum % 10 == 0;
}

static CheckedResult
make_digit(const RandomSource *random, char *digit)
{
	unsigned char byte;

	do
		RETURN_IF_FAILED(random_fill(random, &byte, 1));
	while (byte >= FAIR_BYTES);
	*digit = (char) ('0' + byte % 10);
	return result_ok();
}

CheckedResult
token_make_digits(const RandomSource *random, Bytes value, char *token)
{
	size_t made = value.length - TOKEN_DIGITS_KEPT;
	Bytes digits = {token, value.length};

	memcpy(token, value.data, value.length);
	token[value.length] = '\0';
	do
	{
		for (size_t i = 0; i < made; i++)
			RETURN_IF_FAILED(make_digit(random, &token[i]));
	} while (digits_pass_luhn(digits) || bytes_equal(digits, value));
	return result_ok();
}

/* --- deterministic ---------------------------------------------------------------------------- */

/* What the code is made of, in `secrets`. */
static CheckedResult
write_message(Arena *secrets, const Bytes *tenant, Bytes value, Bytes *message)
{
	size_t tenant_length = tenant == NULL ? 0 : tenant->length;
	size_t length = PREFIX_LENGTH + tenant_length + value.length;
	char *data = arena_allocate(secrets, length);

	if (data == NULL)
		return arena_failure(secrets, length);
	data[0] = tenant != NULL;
	for (int i = 0; i < 8; i++)
		data[1 + i] = (char) ((uint64_t) tenant_length >> (8 * (7 - i)));
	if (tenant_length > 0)
		memcpy(data + PREFIX_LENGTH, tenant->data, tenant_length);
	if (value.length > 0)
		memcpy(data + PREFIX_LENGTH + tenant_length, value.data, value.length);
	*message = (Bytes){data, length};
	return result_ok();
}

CheckedResult
token_make_deterministic(CryptoHandles *handles, Arena *secrets, Bytes key, const Bytes *tenant,
                         Bytes value, char token[TOKEN_UUID_LENGTH + 1])
{
	const Algorithm *algorithm = algorithm_find(ALGORITHM_MAC, BYTES_LITERAL("HmacSHA256"));
	unsigned char mac[MAC_LENGTH_MAXIMUM];
	size_t length;
	Bytes message;

	RETURN_IF_FAILED(write_message(secrets, tenant, value, &message));
	RETURN_IF_FAILED(mac_compute(handles, algorithm, key, message, mac, &length));
	write_uuid(mac, 8, token);
	wipe(mac, sizeof(mac));
	return result_ok();
}
