/*
 * usual_attribute.h
 *		Attributes as they usually come, taken in one go.
 *
 * Most of an answer is attributes without a blank, an escape or anything nested in their value:
 * "name":{"S":"…"}. Those that lie whole in the scanner's block are taken here. Whatever is
 * different, or wrong, is left for the decoder to take, or to refuse, token by token.
 *
 * Each function that passes a part gives what follows it, or NULL where it is different. Zero bytes
 * follow the text, so a comparison that comes to its end fails there; and no part is looked at
 * before the one in front of it has been found, so nothing behind those bytes is.
 */
#ifndef ITEM_USUAL_ATTRIBUTE_H
#define ITEM_USUAL_ATTRIBUTE_H

#include "foundation/utf8.h"
#include "item/attribute_names.h"
#include "item/json_scanner.h"
#include "item/number.h"

#include <string.h>

/* A string from its first character to the quote behind it: UTF-8 without escapes. */
static inline char *
pass_plain_string(char *text, const char *end)
{
	JsonStringTraits traits = {false, false};
	char *stop = json_string_end(text, end, &traits);

	if (*stop != '"' || traits.has_escape)
		return NULL;
	if (traits.has_high_byte && !utf8_is_valid((Bytes){text, (size_t) (stop - text)}))
		return NULL;
	return stop;
}

/* A name up to the quote behind it: the one that is expected, or any if none is. */
static inline char *
pass_attribute_name(char *next, const char *end, const KnownName *expected, Attribute *attribute)
{
	char *stop;

	if (*next != '"')
		return NULL;
	next++;
	if (expected == NULL)
	{
		stop = pass_plain_string(next, end);
		if (stop != NULL)
			attribute->name = (Bytes){next, (size_t) (stop - next)};
		attribute->slot = ATTRIBUTE_NO_SLOT;
		return stop;
	}
	if ((size_t) (end - next) < expected->name.length ||
	    memcmp(next, expected->name.data, expected->name.length) != 0)
		return NULL;
	attribute->name = expected->name;
	attribute->slot = expected->slot;
	return next + expected->name.length;
}

/* From the letter of the type on to behind the value: a string or a number. */
static inline char *
pass_scalar(char *next, const char *end, AttributeValue *value)
{
	bool is_number = *next == 'N';
	char *text = next + 4;
	char *stop;

	if ((*next != 'S' && !is_number) || memcmp(next + 1, "\":\"", 3) != 0)
		return NULL;
	stop = pass_plain_string(text, end);
	if (stop == NULL || stop[1] != '}')
		return NULL;
	value->type = is_number ? ATTRIBUTE_N : ATTRIBUTE_S;
	value->count = 0;
	value->bytes = (Bytes){text, (size_t) (stop - text)};
	if (is_number && !result_is_ok(number_check(value->bytes)))
		return NULL;
	return stop + 2;
}

/* The same of a boolean. */
static inline char *
pass_boolean(char *next, AttributeValue *value)
{
	static const char yes[] = "BOOL\":true}";
	static const char no[] = "BOOL\":false}";
	bool boolean = memcmp(next, yes, sizeof(yes) - 1) == 0;

	if (!boolean && memcmp(next, no, sizeof(no) - 1) != 0)
		return NULL;
	value->type = ATTRIBUTE_BOOL;
	value->count = 0;
	value->boolean = boolean;
	return next + (boolean ? sizeof(yes) : sizeof(no)) - 1;
}

/*
 * Takes the attribute at the cursor, a map's, or with `expected` an item's of that name. False,
 * with nothing taken and *attribute undefined, unless it is a usual one.
 */
static inline bool
usual_attribute_take(JsonScanner *scanner, const KnownName *expected, Attribute *attribute)
{
	char *next = pass_attribute_name(scanner->cursor, scanner->end, expected, attribute);

	if (next == NULL || memcmp(next, "\":{\"", 4) != 0)
		return false;
	next += 4;
	next = *next == 'B' ? pass_boolean(next, &attribute->value)
	                    : pass_scalar(next, scanner->end, &attribute->value);
	if (next == NULL)
		return false;
	scanner->cursor = next;
	return true;
}

#endif
