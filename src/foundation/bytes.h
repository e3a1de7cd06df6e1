/*
 * bytes.h
 *		A borrowed run of bytes: pointer and length, not terminated, never owned.
 */
#ifndef FOUNDATION_BYTES_H
#define FOUNDATION_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The owner of what `data` points to is named by whoever hands a Bytes out. */
typedef struct Bytes
{
	const char *data; /* may be NULL when length is 0 */
	size_t length;    /* in bytes */
} Bytes;

/* The bytes of a string literal, without its terminator. */
#define BYTES_LITERAL(literal) ((Bytes){(literal), sizeof(literal) - 1})

/* A run without bytes. */
#define BYTES_EMPTY ((Bytes){NULL, 0})

/* The bytes of a terminated string, borrowed from it. NULL gives no bytes. */
extern Bytes bytes_of_string(const char *string);

/* True when both runs hold the same bytes. Not constant-time: never for secrets. */
extern bool bytes_equal(Bytes a, Bytes b);

/*
 * Negative, zero or positive as a sorts before, with or after b, comparing unsigned bytes and then
 * lengths: the order DynamoDB gives to strings (as UTF-8) and to binary values.
 */
extern int bytes_compare(Bytes a, Bytes b);

/* True when `bytes` begins with `prefix`. */
extern bool bytes_start_with(Bytes bytes, Bytes prefix);

#endif
