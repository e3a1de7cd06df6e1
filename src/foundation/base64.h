/*
 * base64.h
 *		Base64 of RFC 4648, section 4: the standard alphabet, padded, without line breaks.
 */
#ifndef FOUNDATION_BASE64_H
#define FOUNDATION_BASE64_H

#include "foundation/bytes.h"

/* Bytes of the encoding of `length` bytes. The caller sees to it that it does not overflow. */
#define BASE64_ENCODED_LENGTH(length) (((length) + 2) / 3 * 4)

/* Room that is enough for decoding `length` characters. */
#define BASE64_DECODED_MAXIMUM(length) ((length) / 4 * 3)

/* Writes the encoding, BASE64_ENCODED_LENGTH(bytes.length) bytes without a terminator. */
extern void base64_encode(Bytes bytes, char *text);

/*
 * Decodes into `bytes`, which may be text.data itself, and gives the number of bytes. False, with
 * `bytes` half written, for anything that base64_encode would not have written: other characters,
 * missing padding, bits set behind the last byte.
 */
extern bool base64_decode(Bytes text, char *bytes, size_t *length);

#endif
