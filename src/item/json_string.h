/*
 * json_string.h
 *		What stands between the quotes of a JSON string.
 */
#ifndef ITEM_JSON_STRING_H
#define ITEM_JSON_STRING_H

#include "foundation/bytes.h"
#include "foundation/result.h"

/*
 * Zero bytes that must follow the text given to json_string_end(): they end the search, so that it
 * need not look for the text's end, and may be read past.
 */
#define JSON_PADDING 32

/* What the search for a string's end met on its way. Kept over several searches of one string. */
typedef struct JsonStringTraits
{
	bool has_escape;
	bool has_high_byte; /* not all ASCII */
} JsonStringTraits;

/*
 * From `text` on, the first quote that ends the string, or control character (the padding's zero
 * bytes among them), or backslash that is the last byte before `end`. Zero bytes follow `end`.
 */
extern char *json_string_end(char *text, const char *end, JsonStringTraits *traits);

/*
 * Replaces the escapes of `length` bytes in place and returns the new length, which is not larger.
 * RESULT_MALFORMED, with the position in the text, for what is no escape and for lone surrogates.
 */
extern CheckedResult json_string_unescape(char *text, size_t *length) MUST_CHECK;

/* The same check, leaving the text as it is. */
extern CheckedResult json_string_check_escapes(Bytes text) MUST_CHECK;

#endif
