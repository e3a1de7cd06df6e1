/*
 * utf8.h
 *		UTF-8 as RFC 3629 defines it.
 */
#ifndef FOUNDATION_UTF8_H
#define FOUNDATION_UTF8_H

#include "foundation/bytes.h"

/* Bytes of the longest encoding of one code point. */
#define UTF8_CHARACTER_MAXIMUM 4

/* True when `text` is UTF-8: shortest forms only, no surrogates, nothing beyond U+10FFFF. */
extern bool utf8_is_valid(Bytes text);

/*
 * The bytes of the character at the beginning of a text that is not empty; 0 when what stands there
 * is not UTF-8.
 */
extern size_t utf8_character_length(Bytes text);

/*
 * Writes the encoding of `code_point`, which is no surrogate and not beyond U+10FFFF, and returns
 * its length: at most UTF8_CHARACTER_MAXIMUM.
 */
extern size_t utf8_encode(uint32_t code_point, char *text);

#endif
