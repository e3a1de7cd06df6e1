/*
 * buffer.h
 *		A run of bytes that grows up to a maximum.
 *
 * The buffer owns its memory. Appending never reports: once an append does not fit, the buffer is
 * failed, further appends do nothing, and buffer_result() tells. So a request is built by plain
 * appends and checked once.
 */
#ifndef FOUNDATION_BUFFER_H
#define FOUNDATION_BUFFER_H

#include "foundation/arena.h"

typedef struct ByteBuffer
{
	BlockSource source;
	ArenaContents contents; /* whether memory is wiped when moved or given back */
	char *data;             /* NULL while nothing was appended */
	size_t length;          /* bytes in use */
	size_t capacity;        /* bytes allocated */
	size_t maximum;         /* bytes `length` may not pass */
	CheckedResult result;   /* the first failure */
} ByteBuffer;

/* Makes an empty buffer. Takes no memory yet. */
extern void buffer_init(ByteBuffer *buffer, BlockSource source, ArenaContents contents,
                        size_t maximum);

extern void buffer_append(ByteBuffer *buffer, const void *data, size_t length);
extern void buffer_append_bytes(ByteBuffer *buffer, Bytes bytes);
extern void buffer_append_string(ByteBuffer *buffer, const char *string);
extern void buffer_append_character(ByteBuffer *buffer, char character);

/* Appends the decimal digits of `number`. */
extern void buffer_append_integer(ByteBuffer *buffer, int64_t number);

/* Appends two lower-case hexadecimal digits for each byte. */
extern void buffer_append_hexadecimal(ByteBuffer *buffer, Bytes bytes);

/*
 * Room for `length` more bytes, to be written by the caller and then counted in with
 * buffer_commit(). NULL when the buffer has failed.
 */
extern char *buffer_reserve(ByteBuffer *buffer, size_t length) MUST_CHECK;
extern void buffer_commit(ByteBuffer *buffer, size_t length);

/*
 * Makes the buffer failed for a reason of its user's, so that whoever asks buffer_result() hears of
 * it. Nothing when it has failed already.
 */
extern void buffer_fail(ByteBuffer *buffer, CheckedResult failure);

/* The first failure of any append, or success. */
extern CheckedResult buffer_result(const ByteBuffer *buffer) MUST_CHECK;

/* What was appended, borrowed until the next append, reset or release. */
extern Bytes buffer_bytes(const ByteBuffer *buffer);

/*
 * The first failure of any append; or success, with a copy of the contents in `arena`, a
 * terminating zero byte behind it. Releases the buffer either way.
 */
extern CheckedResult buffer_finish(ByteBuffer *buffer, Arena *arena, Bytes *contents) MUST_CHECK;

/* Forgets contents and failure, keeps the memory; wipes it if secret. */
extern void buffer_reset(ByteBuffer *buffer);

/* Gives the memory back, wiped if secret. The buffer is then empty and usable. */
extern void buffer_release(ByteBuffer *buffer);

#endif
