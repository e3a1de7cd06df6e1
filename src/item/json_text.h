/*
 * json_text.h
 *		JSON that is there as a whole: checked, and walked in place without memory.
 *
 * For what services say when they refuse: of any size and from anywhere, mostly to be passed over,
 * and sometimes with an item in it. A value is the text from its first to its last character.
 */
#ifndef ITEM_JSON_TEXT_H
#define ITEM_JSON_TEXT_H

#include "foundation/arena.h"
#include "foundation/bytes.h"

/* Levels of objects and arrays. An item's attribute takes two levels for each of its own. */
#define JSON_TEXT_DEPTH_MAXIMUM 128

/*
 * The one value that `text` is, white space around it left out. False when the text is not JSON:
 * strict grammar, UTF-8, no lone surrogates, at most JSON_TEXT_DEPTH_MAXIMUM levels. Then `value`
 * has no bytes and its data is where it goes wrong, or just behind.
 */
extern bool json_text_check(Bytes text, Bytes *value) MUST_CHECK;

/* The parts of a checked object or array that have not been walked over. */
typedef struct JsonTextWalk
{
	const char *next;
	const char *end;
} JsonTextWalk;

extern bool json_text_is_object(Bytes value);
extern bool json_text_is_array(Bytes value);
extern bool json_text_is_string(Bytes value);

/* Begins with the first member of an object, or element of an array. */
extern JsonTextWalk json_text_walk(Bytes container);

/*
 * The next member: the text between its name's quotes, escapes and all, and its value. False at the
 * end.
 */
extern bool json_text_next_member(JsonTextWalk *walk, Bytes *name, Bytes *value) MUST_CHECK;

/* The next element; false at the end. */
extern bool json_text_next_element(JsonTextWalk *walk, Bytes *value) MUST_CHECK;

/*
 * What a string means, in `text`, which has room for `size` bytes: the number of bytes, cut at a
 * character when there is no more room, and without a terminator.
 */
extern size_t json_text_decode(Bytes string, char *text, size_t size);

#endif
