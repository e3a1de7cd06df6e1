/*
 * encryption_client_value_reader.c
 *		Reading serialized attribute values back, from bytes that may be anything.
 *
 * A count is believed only as far as the bytes that are left could hold so many, so a short input
 * cannot ask for much memory.
 */
#include "crypto/encryption_client_value.h"

#include <stdlib.h>

#include "crypto/encryption_client_tags.h"
#include "foundation/utf8.h"
#include "item/number.h"

typedef struct Reader
{
	Arena *arena;
	const char *start;
	const char *next;
	const char *end;
	int depth; /* lists and maps around the value at `next` */
} Reader;

typedef int (*BytesOrder)(const void *left, const void *right);

static CheckedResult read_value(Reader *reader, AttributeValue *value);

static CheckedResult
malformed(const Reader *reader)
{
	return result_failed_at(RESULT_MALFORMED, "serialized attribute is malformed",
	                        (size_t) (reader->next - reader->start));
}

static size_t
bytes_left(const Reader *reader)
{
	return (size_t) (reader->end - reader->next);
}

/* Takes a length or count of things of which each takes `least` bytes or more. */
static CheckedResult
read_count(Reader *reader, size_t least, uint32_t *count)
{
	if (bytes_left(reader) < LENGTH_LENGTH)
		return malformed(reader);
	*count = load_length(reader->next);
	if (*count > (bytes_left(reader) - LENGTH_LENGTH) / least)
		return malformed(reader);
	reader->next += LENGTH_LENGTH;
	return result_ok();
}

static CheckedResult
read_bytes(Reader *reader, Bytes *bytes)
{
	uint32_t length;

	RETURN_IF_FAILED(read_count(reader, 1, &length));
	*bytes = (Bytes){reader->next, length};
	reader->next += length;
	return result_ok();
}

static CheckedResult
read_text(Reader *reader, Bytes *text)
{
	RETURN_IF_FAILED(read_bytes(reader, text));
	return utf8_is_valid(*text) ? result_ok() : malformed(reader);
}

static CheckedResult
read_number(Reader *reader, Bytes *text)
{
	CheckedResult result;

	RETURN_IF_FAILED(read_bytes(reader, text));
	result = number_check(*text);
	result.position = result_is_ok(result) ? 0 : (size_t) (reader->next - reader->start);
	return result;
}

static CheckedResult
read_scalar(Reader *reader, AttributeType type, Bytes *bytes)
{
	if (type == ATTRIBUTE_S)
		return read_text(reader, bytes);
	if (type == ATTRIBUTE_N)
		return read_number(reader, bytes);
	return read_bytes(reader, bytes);
}

static int
by_bytes(const void *left, const void *right)
{
	return bytes_compare(*(const Bytes *) left, *(const Bytes *) right);
}

static int
by_number(const void *left, const void *right)
{
	return number_compare(*(const Bytes *) left, *(const Bytes *) right);
}

/* Sorts them. */
static CheckedResult
check_distinct(const Reader *reader, Bytes *all, uint32_t count, BytesOrder order)
{
	qsort(all, count, sizeof(Bytes), order);
	for (uint32_t i = 1; i < count; i++)
	{
		if (order(&all[i - 1], &all[i]) == 0)
			return malformed(reader);
	}
	return result_ok();
}

static CheckedResult
read_elements(Reader *reader, AttributeType element_type, AttributeValue *set, Bytes *all)
{
	for (uint32_t i = 0; i < set->count; i++)
	{
		set->elements[i] = (AttributeValue){.type = element_type};
		RETURN_IF_FAILED(read_scalar(reader, element_type, &set->elements[i].bytes));
		all[i] = set->elements[i].bytes;
	}
	return check_distinct(reader, all, set->count,
	                      element_type == ATTRIBUTE_N ? by_number : by_bytes);
}

static CheckedResult
read_set(Reader *reader, AttributeType type, AttributeType element_type, AttributeValue *set)
{
	Bytes *all;

	set->type = type;
	RETURN_IF_FAILED(read_count(reader, LENGTH_LENGTH, &set->count));
	set->elements = arena_allocate_array(reader->arena, set->count, sizeof(AttributeValue));
	all = arena_allocate_array(reader->arena, set->count, sizeof(Bytes));
	if (set->elements == NULL || all == NULL)
		return arena_failure(reader->arena, set->count * sizeof(AttributeValue));
	return read_elements(reader, element_type, set, all);
}

static CheckedResult
read_list(Reader *reader, AttributeValue *list)
{
	list->type = ATTRIBUTE_L;
	RETURN_IF_FAILED(read_count(reader, TAG_LENGTH, &list->count));
	list->elements = arena_allocate_array(reader->arena, list->count, sizeof(AttributeValue));
	if (list->elements == NULL)
		return arena_failure(reader->arena, list->count * sizeof(AttributeValue));
	for (uint32_t i = 0; i < list->count; i++)
		RETURN_IF_FAILED(read_value(reader, &list->elements[i]));
	return result_ok();
}

/* A map's key is a serialized string. */
static CheckedResult
read_key(Reader *reader, Bytes *key)
{
	if (bytes_left(reader) < TAG_LENGTH || reader->next[0] != 0 || reader->next[1] != TAG_STRING)
		return malformed(reader);
	reader->next += TAG_LENGTH;
	return read_text(reader, key);
}

static CheckedResult
read_attributes(Reader *reader, AttributeValue *map, Bytes *names)
{
	for (uint32_t i = 0; i < map->count; i++)
	{
		map->attributes[i].slot = ATTRIBUTE_NO_SLOT;
		RETURN_IF_FAILED(read_key(reader, &map->attributes[i].name));
		RETURN_IF_FAILED(read_value(reader, &map->attributes[i].value));
		names[i] = map->attributes[i].name;
	}
	return check_distinct(reader, names, map->count, by_bytes);
}

static CheckedResult
read_map(Reader *reader, AttributeValue *map)
{
	Bytes *names;

	map->type = ATTRIBUTE_M;
	RETURN_IF_FAILED(read_count(reader, TAG_LENGTH + LENGTH_LENGTH + TAG_LENGTH, &map->count));
	map->attributes = arena_allocate_array(reader->arena, map->count, sizeof(Attribute));
	names = arena_allocate_array(reader->arena, map->count, sizeof(Bytes));
	if (map->attributes == NULL || names == NULL)
		return arena_failure(reader->arena, map->count * sizeof(Attribute));
	return read_attributes(reader, map, names);
}

static CheckedResult
read_boolean(Reader *reader, AttributeValue *value)
{
	if (bytes_left(reader) == 0 || (*reader->next != 0 && *reader->next != 1))
		return malformed(reader);
	*value = attribute_boolean(*reader->next++ == 1);
	return result_ok();
}

static CheckedResult
read_nested(Reader *reader, char tag, AttributeValue *value)
{
	CheckedResult result;

	if (reader->depth == ATTRIBUTE_DEPTH_MAXIMUM)
		return malformed(reader);
	reader->depth++;
	result = tag == TAG_LIST ? read_list(reader, value) : read_map(reader, value);
	reader->depth--;
	return result;
}

static CheckedResult
read_value(Reader *reader, AttributeValue *value)
{
	char tag;

	if (bytes_left(reader) < TAG_LENGTH || reader->next[0] != 0)
		return malformed(reader);
	tag = reader->next[1];
	reader->next += TAG_LENGTH;
	*value = attribute_null();
	switch (tag)
	{
		case TAG_STRING:
			value->type = ATTRIBUTE_S;
			return read_text(reader, &value->bytes);
		case TAG_NUMBER:
			value->type = ATTRIBUTE_N;
			return read_number(reader, &value->bytes);
		case TAG_BINARY:
			value->type = ATTRIBUTE_B;
			return read_bytes(reader, &value->bytes);
		case TAG_BOOLEAN:
			return read_boolean(reader, value);
		case TAG_NULL:
			return result_ok();
		case TAG_STRING_SET:
			return read_set(reader, ATTRIBUTE_SS, ATTRIBUTE_S, value);
		case TAG_NUMBER_SET:
			return read_set(reader, ATTRIBUTE_NS, ATTRIBUTE_N, value);
		case TAG_BINARY_SET:
			return read_set(reader, ATTRIBUTE_BS, ATTRIBUTE_B, value);
		case TAG_LIST:
		case TAG_MAP:
			return read_nested(reader, tag, value);
	}
	return malformed(reader);
}

CheckedResult
encryption_client_deserialize(Arena *arena, Bytes serialized, AttributeValue *value)
{
	Reader reader = {arena, serialized.data, serialized.data, serialized.data, 0};

	if (serialized.length > 0)
		reader.end += serialized.length;
	RETURN_IF_FAILED(read_value(&reader, value));
	return reader.next == reader.end ? result_ok() : malformed(&reader);
}
