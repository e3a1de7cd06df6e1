/*
 * fuzz_serialized_value.c
 *		Any bytes as a serialized attribute value: what is read is the same after it was written in
 *		any form, and what a form writes it writes again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/encryption_client_value.h"
#include "foundation/buffer.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

static void
append_to_buffer(void *context, Bytes bytes)
{
	buffer_append_bytes(context, bytes);
}

/* False when a number that is rounded leaves DynamoDB's bounds. */
static bool
serialize(Arena *arena, const AttributeValue *value, SerializationForm form, Bytes *bytes)
{
	ByteBuffer buffer;
	CheckedResult result;

	buffer_init(&buffer, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	result = encryption_client_serialize(arena, value, form, (ByteSink){append_to_buffer, &buffer});
	demand(result_is_ok(result) || form == FORM_UTF8_ROUNDED);
	demand(result_is_ok(buffer_finish(&buffer, arena, bytes)));
	return result_is_ok(result);
}

static void
check_form(Arena *arena, const AttributeValue *value, SerializationForm form)
{
	AttributeValue again;
	Bytes first;
	Bytes second;

	if (!serialize(arena, value, form, &first))
		return;
	/* rounded numbers of a set may have become equal */
	if (!result_is_ok(encryption_client_deserialize(arena, first, &again)))
		demand(form == FORM_UTF8_ROUNDED);
	else
	{
		demand(form == FORM_UTF8_ROUNDED || attribute_value_equal(value, &again));
		demand(serialize(arena, &again, form, &second));
		demand(bytes_equal(first, second));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AttributeValue value;
	Arena arena;

	/* sets are compared element by element with every other */
	if (size > 4096)
		return 0;
	arena_init(&arena, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	if (result_is_ok(
	        encryption_client_deserialize(&arena, (Bytes){(const char *) data, size}, &value)))
	{
		check_form(&arena, &value, FORM_UTF8);
		check_form(&arena, &value, FORM_UTF16);
		check_form(&arena, &value, FORM_UTF8_ROUNDED);
	}
	arena_release(&arena);
	return 0;
}
