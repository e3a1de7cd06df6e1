/*
 * encryption_client_description.c
 *		Reading and writing descriptions of encrypted items.
 */
#include "crypto/encryption_client_description.h"

#include <string.h>

#include "crypto/encryption_client_tags.h"
#include "foundation/utf8.h"

#define VERSION        0
#define VERSION_LENGTH LENGTH_LENGTH

static CheckedResult
malformed(size_t position)
{
	return result_failed_at(RESULT_MALFORMED, "description of the item is malformed", position);
}

static CheckedResult
oversized(ResultCode code)
{
	return result_failed(code, "description of the item is too large");
}

static CheckedResult
read_text(Bytes bytes, size_t *position, Bytes *text)
{
	size_t left = bytes.length - *position;

	if (left < LENGTH_LENGTH)
		return malformed(*position);
	text->length = load_length(bytes.data + *position);
	if (text->length > left - LENGTH_LENGTH)
		return malformed(*position);
	text->data = bytes.data + *position + LENGTH_LENGTH;
	if (!utf8_is_valid(*text))
		return malformed(*position);
	*position += LENGTH_LENGTH + text->length;
	return result_ok();
}

/* Counts the entries, so that there is memory for neither fewer nor more. */
static CheckedResult
count_entries(Bytes bytes, uint32_t *count)
{
	size_t position = VERSION_LENGTH;
	Bytes text;

	for (*count = 0; position < bytes.length; (*count)++)
	{
		if (*count == DESCRIPTION_ENTRIES_MAXIMUM)
			return oversized(RESULT_MALFORMED);
		RETURN_IF_FAILED(read_text(bytes, &position, &text));
		RETURN_IF_FAILED(read_text(bytes, &position, &text));
	}
	return result_ok();
}

static CheckedResult
read_entries(Bytes bytes, MaterialDescription *description)
{
	size_t position = VERSION_LENGTH;

	while (position < bytes.length)
	{
		MaterialEntry *entry = &description->entries[description->count];
		size_t start = position;

		RETURN_IF_FAILED(read_text(bytes, &position, &entry->name));
		RETURN_IF_FAILED(read_text(bytes, &position, &entry->value));
		if (material_description_find(description, entry->name) != NULL)
			return malformed(start);
		description->count++;
	}
	return result_ok();
}

CheckedResult
material_description_read(Arena *arena, Bytes bytes, MaterialDescription *description)
{
	uint32_t count;

	*description = (MaterialDescription){0};
	if (bytes.length > DESCRIPTION_LENGTH_MAXIMUM)
		return oversized(RESULT_MALFORMED);
	if (bytes.length < VERSION_LENGTH)
		return malformed(0);
	if (load_length(bytes.data) != VERSION)
		return result_failed(RESULT_UNSUPPORTED, "version of the item's description is not known");
	RETURN_IF_FAILED(count_entries(bytes, &count));
	description->entries = arena_allocate_array(arena, count, sizeof(MaterialEntry));
	if (description->entries == NULL)
		return arena_failure(arena, count * sizeof(MaterialEntry));
	return read_entries(bytes, description);
}

const Bytes *
material_description_find(const MaterialDescription *description, Bytes name)
{
	for (uint32_t i = 0; i < description->count; i++)
	{
		if (bytes_equal(description->entries[i].name, name))
			return &description->entries[i].value;
	}
	return NULL;
}

/* The length of the bytes, which does not overflow; more than the maximum when they pass it. */
static size_t
written_length(const MaterialDescription *description)
{
	size_t length = VERSION_LENGTH;

	for (uint32_t i = 0; i < description->count && length <= DESCRIPTION_LENGTH_MAXIMUM; i++)
	{
		const MaterialEntry *entry = &description->entries[i];

		if (entry->name.length > DESCRIPTION_LENGTH_MAXIMUM ||
		    entry->value.length > DESCRIPTION_LENGTH_MAXIMUM)
			return SIZE_MAX;
		length += 2 * LENGTH_LENGTH + entry->name.length + entry->value.length;
	}
	return length;
}

static char *
write_text(char *out, Bytes text)
{
	store_length(out, text.length);
	if (text.length > 0)
		memcpy(out + LENGTH_LENGTH, text.data, text.length);
	return out + LENGTH_LENGTH + text.length;
}

CheckedResult
material_description_write(Arena *arena, const MaterialDescription *description, Bytes *bytes)
{
	size_t length = written_length(description);
	char *out;

	if (length > DESCRIPTION_LENGTH_MAXIMUM || description->count > DESCRIPTION_ENTRIES_MAXIMUM)
		return oversized(RESULT_TOO_LARGE);
	out = arena_allocate(arena, length);
	if (out == NULL)
		return arena_failure(arena, length);
	*bytes = (Bytes){out, length};
	store_length(out, VERSION);
	out += VERSION_LENGTH;
	for (uint32_t i = 0; i < description->count; i++)
		out = write_text(write_text(out, description->entries[i].name),
		                 description->entries[i].value);
	return result_ok();
}
