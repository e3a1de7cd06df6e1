/*
 * token_format.h
 *		Tokens that stand for values: what they look like, and how they are made.
 */
#ifndef CRYPTO_TOKEN_FORMAT_H
#define CRYPTO_TOKEN_FORMAT_H

#include "crypto/primitives.h"
#include "crypto/random_source.h"
#include "foundation/arena.h"
#include "foundation/bytes.h"
#include "foundation/result.h"

/* Characters of a uuid's text, hyphens included; a zero byte stands behind it. */
#define TOKEN_UUID_LENGTH 36

/*
 * Values that a token of digits stands for. Shorter ones would leave too few tokens, which could be
 * guessed and would collide; longer ones are no numbers of payment cards.
 */
#define TOKEN_DIGITS_MINIMUM 12
#define TOKEN_DIGITS_MAXIMUM 19

/* Digits at the end of a value that its token keeps. */
#define TOKEN_DIGITS_KEPT 4

/* Bytes of the key of deterministic tokens. */
#define TOKEN_KEY_LENGTH SHA256_LENGTH

/* A random uuid, version 4 of RFC 9562. RESULT_LIBRARY_FAILURE as random_fill. */
extern CheckedResult token_make_uuid(const RandomSource *random,
                                     char token[TOKEN_UUID_LENGTH + 1]) MUST_CHECK;

/* True for a value that token_make_digits() takes: 12 to 19 digits and nothing else. */
extern bool token_takes_digits(Bytes value);

/*
 * Random digits, as many as the value has, the last four being the value's own. They fail Luhn's
 * check, so that they are the number of no card, and they are never the value itself. All such
 * tokens are equally likely. `token` has room for TOKEN_DIGITS_MAXIMUM + 1 bytes.
 */
extern CheckedResult token_make_digits(const RandomSource *random, Bytes value,
                                       char *token) MUST_CHECK;

/* True when the digits pass Luhn's check, as the numbers of cards do. */
extern bool digits_pass_luhn(Bytes digits);

/*
 * The uuid, version 8 of RFC 9562, that is the value's and its tenant's under the key: 122 bits of
 * HMAC-SHA256 over
 *
 *		1 byte    1 with a tenant, 0 without
 *		8 bytes   the tenant's length, big-endian
 *		…         the tenant, and then the value
 *
 * Scratch memory is from `secrets`.
 */
extern CheckedResult token_make_deterministic(CryptoHandles *handles, Arena *secrets, Bytes key,
                                              const Bytes *tenant, Bytes value,
                                              char token[TOKEN_UUID_LENGTH + 1]) MUST_CHECK;

#endif
