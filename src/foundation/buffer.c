/*
 * buffer.c
 *		A growing run of bytes with a maximum.
 */
#include "foundation/buffer.h"

#include <stdio.h>
#include <string.h>

#define SMALLEST_CAPACITY ((size_t) 256)

void
buffer_init(ByteBuffer *buffer, BlockSource source, ArenaContents contents, size_t maximum)
{
	*buffer = (ByteBuffer){.source = source, .contents = contents, .maximum = maximum};
}

static void
give_back(ByteBuffer *buffer)
{
	if (buffer->data == NULL)
		return;
	if (buffer->contents == ARENA_SECRET)
		wipe(buffer->data, buffer->capacity);
	buffer->source.release(buffer->source.context, buffer->data);
	buffer->data = NULL;
	buffer->capacity = 0;
}

/* Twice the old capacity, within the maximum, and at least `needed`. */
static size_t
grown_capacity(const ByteBuffer *buffer, size_t needed)
{
	size_t capacity = buffer->capacity == 0 ? SMALLEST_CAPACITY : buffer->capacity;

	while (capacity < needed)
		capacity = capacity > buffer->maximum / 2 ? buffer->maximum : capacity * 2;
	return capacity;
}

/* Moves the contents to memory of at least `needed` bytes, which is within the maximum. */
static bool
grow(ByteBuffer *buffer, size_t needed)
{
	size_t capacity = grown_capacity(buffer, needed);
	size_t length = buffer->length;
	char *data = buffer->source.allocate(buffer->source.context, capacity);

	if (data == NULL)
		return false;
	if (length > 0)
		memcpy(data, buffer->data, length);
	give_back(buffer);
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

char *
buffer_reserve(ByteBuffer *buffer, size_t length)
{
	if (!result_is_ok(buffer->result))
		return NULL;
	if (length > buffer->maximum - buffer->length)
	{
		buffer->result = result_failed(RESULT_TOO_LARGE, "data exceeds the size allowed for it");
		return NULL;
	}
	if (length > buffer->capacity - buffer->length && !grow(buffer, buffer->length + length))
	{
		buffer->result = result_out_of_memory();
		return NULL;
	}
	return buffer->data + buffer->length;
}

void
buffer_commit(ByteBuffer *buffer, size_t length)
{
	buffer->length += length;
}

void
buffer_append(ByteBuffer *buffer, const void *data, size_t length)
{
	char *room;

	if (length == 0)
		return;
	room = buffer_reserve(buffer, length);
	if (room == NULL)
		return;
	memcpy(room, data, length);
	buffer_commit(buffer, length);
}

void
buffer_append_bytes(ByteBuffer *buffer, Bytes bytes)
{
	buffer_append(buffer, bytes.data, bytes.length);
}

void
buffer_append_string(ByteBuffer *buffer, const char *string)
{
	buffer_append(buffer, string, strlen(string));
}

void
buffer_append_character(ByteBuffer *buffer, char character)
{
	buffer_append(buffer, &character, 1);
}

void
buffer_append_integer(ByteBuffer *buffer, int64_t number)
{
	char digits[24];

	buffer_append(buffer, digits,
	              (size_t) snprintf(digits, sizeof(digits), "%lld", (long long) number));
}

void
buffer_append_hexadecimal(ByteBuffer *buffer, Bytes bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.length; i++)
	{
		buffer_append_character(buffer, digits[(unsigned char) bytes.data[i] >> 4]);
		buffer_append_character(buffer, digits[bytes.data[i] & 0x0F]);
	}
}

void
buffer_fail(ByteBuffer *buffer, CheckedResult failure)
{
	if (result_is_ok(buffer->result))
		buffer->result = failure;
}

CheckedResult
buffer_result(const ByteBuffer *buffer)
{
	return buffer->result;
}

Bytes
buffer_bytes(const ByteBuffer *buffer)
{
	return (Bytes){buffer->data, buffer->length};
}

void
buffer_reset(ByteBuffer *buffer)
{
	if (buffer->contents == ARENA_SECRET && buffer->data != NULL)
		wipe(buffer->data, buffer->capacity);
	buffer->length = 0;
	buffer->result = result_ok();
}

void
buffer_release(ByteBuffer *buffer)
{
	give_back(buffer);
	buffer->length = 0;
	buffer->result = result_ok();
}

CheckedResult
buffer_finish(ByteBuffer *buffer, Arena *arena, Bytes *contents)
{
	CheckedResult result = buffer->result;

	if (result_is_ok(result))
	{
		char *copy = arena_copy(arena, buffer_bytes(buffer));

		if (copy == NULL)
			result = arena_failure(arena, buffer->length + 1);
		else
			*contents = (Bytes){copy, buffer->length};
	}
	buffer_release(buffer);
	return result;
}
