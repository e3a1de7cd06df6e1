/*
 * encryption_client_value.h
 *		Attribute values as the DynamoDB Encryption Client serializes them, to encrypt and to sign.
 *
 * A zero byte and a tag, then by type (numbers big-endian, lp(x) = 4 bytes of length and x):
 *
 *   s, n, b      S, N, B        lp(text, decimal text or bytes)
 *   S, N, B      SS, NS, BS     4 bytes of count, lp(element)…, sorted
 *   ?            BOOL           a byte, 0 or 1
 *   zero byte    NULL           nothing
 *   L            L              4 bytes of count, serialized values
 *   M            M              4 bytes of count, serialized string and serialized value…, sorted
 *
 * Numbers are written without exponent and trailing zeroes, whatever their text was.
 */
#ifndef CRYPTO_ENCRYPTION_CLIENT_VALUE_H
#define CRYPTO_ENCRYPTION_CLIENT_VALUE_H

#include "foundation/arena.h"
#include "item/attribute_value.h"

/*
 * What is sorted, the two libraries of AWS sort differently; so they do not verify each other's
 * signatures over some values. Python's also rounds numbers, and signs what it rounded.
 */
typedef enum SerializationForm
{
	FORM_UTF8,        /* texts by code points, binaries by unsigned bytes: as Python */
	FORM_UTF16,       /* texts by UTF-16 code units, binaries by signed bytes: as Java */
	FORM_UTF8_ROUNDED /* as Python, numbers rounded to ROUNDED_DIGITS digits, half to even */
} SerializationForm;

#define ROUNDED_DIGITS 28

/* Takes the pieces of a serialization in their order. Its failures are for its owner to notice. */
typedef struct ByteSink
{
	void (*write)(void *context, Bytes bytes);
	void *context;
} ByteSink;

/*
 * Serializes a value into the sink; what is sorted or respelled for that stays in `arena`. Numbers
 * must be ones that number_check() takes, else its failure is returned.
 */
extern CheckedResult encryption_client_serialize(Arena *arena, const AttributeValue *value,
                                                 SerializationForm form, ByteSink sink) MUST_CHECK;

/*
 * Reads a serialized value back. Its bytes point into `serialized`, the rest is in `arena`. Order
 * is not asked for, and a number may have any spelling that number_check() takes, as older writers
 * used exponents. A set may be empty: the format has that though DynamoDB has not.
 *
 * RESULT_MALFORMED, with the position, for everything else that is not as above: truncated, bytes
 * behind the end, other tags, invalid UTF-8, a map's key or set's element twice, nesting beyond
 * ATTRIBUTE_DEPTH_MAXIMUM; number_check()'s failure for numbers.
 */
extern CheckedResult encryption_client_deserialize(Arena *arena, Bytes serialized,
                                                   AttributeValue *value) MUST_CHECK;

/* The order of two names, keys or elements of string sets in a form. */
extern int serialization_compare_texts(SerializationForm form, Bytes a, Bytes b);

#endif
