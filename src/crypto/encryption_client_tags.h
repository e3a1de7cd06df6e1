/*
 * encryption_client_tags.h
 *		What the writer and the reader of serialized attribute values share.
 */
#ifndef CRYPTO_ENCRYPTION_CLIENT_TAGS_H
#define CRYPTO_ENCRYPTION_CLIENT_TAGS_H

#include "foundation/bytes.h"

/* The second byte of a serialized value; the first is zero. */
#define TAG_STRING     's'
#define TAG_NUMBER     'n'
#define TAG_BINARY     'b'
#define TAG_STRING_SET 'S'
#define TAG_NUMBER_SET 'N'
#define TAG_BINARY_SET 'B'
#define TAG_BOOLEAN    '?'
#define TAG_NULL       '\0'
#define TAG_LIST       'L'
#define TAG_MAP        'M'

/* Bytes of the zero byte and the tag, and of a length or count. */
#define TAG_LENGTH    2
#define LENGTH_LENGTH 4

/* Writes a length that fits into 4 bytes. */
static inline void
store_length(char bytes[LENGTH_LENGTH], size_t length)
{
	for (int i = 0; i < LENGTH_LENGTH; i++)
		bytes[i] = (char) (length >> (8 * (LENGTH_LENGTH - 1 - i)) & 0xFF);
}

/* Reads one. */
static inline uint32_t
load_length(const char bytes[LENGTH_LENGTH])
{
	uint32_t length = 0;

	for (int i = 0; i < LENGTH_LENGTH; i++)
		length = length << 8 | (unsigned char) bytes[i];
	return length;
}

#endif
