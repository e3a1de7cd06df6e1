/*
 * encryption_client_value.c
 *		Writing serialized attribute values. encryption_client_value_reader.c reads them.
 */
#include "crypto/encryption_client_value.h"

#include <stdlib.h>

#include "crypto/encryption_client_tags.h"
#include "crypto/rounded_number.h"
#include "item/number.h"

typedef struct Serializer
{
	Arena *arena;
	SerializationForm form;
	ByteSink sink;
} Serializer;

typedef int (*BytesOrder)(const void *left, const void *right);

static CheckedResult serialize_value(const Serializer *serializer, const AttributeValue *value);

/*
 * UTF-16 puts the characters beyond U+FFFF, which it writes as surrogates, in front of U+E000 to
 * U+FFFF. In UTF-8 the first byte that differs decides; where it begins such characters, it is F0
 * or more for the former, EE or EF for the latter.
 */
static int
compare_as_utf16(Bytes a, Bytes b)
{
	size_t shared = a.length < b.length ? a.length : b.length;

	for (size_t i = 0; i < shared; i++)
	{
		unsigned char left = (unsigned char) a.data[i];
		unsigned char right = (unsigned char) b.data[i];

		if (left == right)
			continue;
		if (left >= 0xEE && right >= 0xEE && (left >= 0xF0) != (right >= 0xF0))
			return left >= 0xF0 ? -1 : 1;
		return left < right ? -1 : 1;
	}
	return (a.length > b.length) - (a.length < b.length);
}

int
serialization_compare_texts(SerializationForm form, Bytes a, Bytes b)
{
	return form == FORM_UTF16 ? compare_as_utf16(a, b) : bytes_compare(a, b);
}

static int
by_bytes(const void *left, const void *right)
{
	return bytes_compare(*(const Bytes *) left, *(const Bytes *) right);
}

static int
by_utf16(const void *left, const void *right)
{
	return compare_as_utf16(*(const Bytes *) left, *(const Bytes *) right);
}

/* Java's bytes are signed. */
static int
by_signed_bytes(const void *left, const void *right)
{
	Bytes a = *(const Bytes *) left;
	Bytes b = *(const Bytes *) right;
	size_t shared = a.length < b.length ? a.length : b.length;

	for (size_t i = 0; i < shared; i++)
	{
		if (a.data[i] != b.data[i])
			return (signed char) a.data[i] < (signed char) b.data[i] ? -1 : 1;
	}
	return (a.length > b.length) - (a.length < b.length);
}

static int
by_name(const void *left, const void *right)
{
	return bytes_compare((*(const Attribute *const *) left)->name,
	                     (*(const Attribute *const *) right)->name);
}

static int
by_name_as_utf16(const void *left, const void *right)
{
	return compare_as_utf16((*(const Attribute *const *) left)->name,
	                        (*(const Attribute *const *) right)->name);
}

static void
write_bytes(const Serializer *serializer, Bytes bytes)
{
	serializer->sink.write(serializer->sink.context, bytes);
}

/* Zero byte, tag and a length or count. */
static CheckedResult
write_head(const Serializer *serializer, char tag, size_t number)
{
	char head[TAG_LENGTH + LENGTH_LENGTH] = {0, tag};

	if (number > UINT32_MAX)
		return result_failed(RESULT_TOO_LARGE, "value exceeds the size that can be serialized");
	store_length(head + TAG_LENGTH, number);
	write_bytes(serializer, (Bytes){head, sizeof(head)});
	return result_ok();
}

static CheckedResult
write_scalar(const Serializer *serializer, char tag, Bytes bytes)
{
	RETURN_IF_FAILED(write_head(serializer, tag, bytes.length));
	write_bytes(serializer, bytes);
	return result_ok();
}

static CheckedResult
write_element(const Serializer *serializer, Bytes bytes)
{
	char length[LENGTH_LENGTH];

	if (bytes.length > UINT32_MAX)
		return result_failed(RESULT_TOO_LARGE, "value exceeds the size that can be serialized");
	store_length(length, bytes.length);
	write_bytes(serializer, (Bytes){length, sizeof(length)});
	write_bytes(serializer, bytes);
	return result_ok();
}

/* The text of a number in the form. */
static CheckedResult
spell_number(const Serializer *serializer, Bytes text, Bytes *spelled)
{
	if (serializer->form == FORM_UTF8_ROUNDED)
		return number_rounded(serializer->arena, text, ROUNDED_DIGITS, spelled);
	return number_canonical(serializer->arena, text, spelled);
}

static BytesOrder
order_of_set(AttributeType type, SerializationForm form)
{
	if (form != FORM_UTF16)
		return by_bytes;
	return type == ATTRIBUTE_BS ? by_signed_bytes : by_utf16;
}

static CheckedResult
serialize_set(const Serializer *serializer, const AttributeValue *set, char tag)
{
	Bytes *elements = arena_allocate_array(serializer->arena, set->count, sizeof(Bytes));

	if (elements == NULL)
		return arena_failure(serializer->arena, set->count * sizeof(Bytes));
	for (uint32_t i = 0; i < set->count; i++)
	{
		elements[i] = set->elements[i].bytes;
		if (set->type == ATTRIBUTE_NS)
			RETURN_IF_FAILED(spell_number(serializer, elements[i], &elements[i]));
	}
	qsort(elements, set->count, sizeof(Bytes), order_of_set(set->type, serializer->form));
	RETURN_IF_FAILED(write_head(serializer, tag, set->count));
	for (uint32_t i = 0; i < set->count; i++)
		RETURN_IF_FAILED(write_element(serializer, elements[i]));
	return result_ok();
}

static CheckedResult
serialize_list(const Serializer *serializer, const AttributeValue *list)
{
	RETURN_IF_FAILED(write_head(serializer, TAG_LIST, list->count));
	for (uint32_t i = 0; i < list->count; i++)
		RETURN_IF_FAILED(serialize_value(serializer, &list->elements[i]));
	return result_ok();
}

static CheckedResult
serialize_map(const Serializer *serializer, const AttributeValue *map)
{
	const Attribute **sorted =
	    arena_allocate_array(serializer->arena, map->count, sizeof(Attribute *));

	if (sorted == NULL)
		return arena_failure(serializer->arena, map->count * sizeof(Attribute *));
	for (uint32_t i = 0; i < map->count; i++)
		sorted[i] = &map->attributes[i];
	qsort(sorted, map->count, sizeof(Attribute *),
	      serializer->form == FORM_UTF16 ? by_name_as_utf16 : by_name);
	RETURN_IF_FAILED(write_head(serializer, TAG_MAP, map->count));
	for (uint32_t i = 0; i < map->count; i++)
	{
		RETURN_IF_FAILED(write_scalar(serializer, TAG_STRING, sorted[i]->name));
		RETURN_IF_FAILED(serialize_value(serializer, &sorted[i]->value));
	}
	return result_ok();
}

static CheckedResult
serialize_number(const Serializer *serializer, Bytes text)
{
	Bytes spelled;

	RETURN_IF_FAILED(spell_number(serializer, text, &spelled));
	return write_scalar(serializer, TAG_NUMBER, spelled);
}

static CheckedResult
serialize_value(const Serializer *serializer, const AttributeValue *value)
{
	switch (value->type)
	{
		case ATTRIBUTE_S:
			return write_scalar(serializer, TAG_STRING, value->bytes);
		case ATTRIBUTE_N:
			return serialize_number(serializer, value->bytes);
		case ATTRIBUTE_B:
			return write_scalar(serializer, TAG_BINARY, value->bytes);
		case ATTRIBUTE_BOOL:
			write_bytes(serializer, (Bytes){(const char[]){0, TAG_BOOLEAN, value->boolean}, 3});
			return result_ok();
		case ATTRIBUTE_NULL:
			write_bytes(serializer, (Bytes){(const char[]){0, TAG_NULL}, 2});
			return result_ok();
		case ATTRIBUTE_SS:
			return serialize_set(serializer, value, TAG_STRING_SET);
		case ATTRIBUTE_NS:
			return serialize_set(serializer, value, TAG_NUMBER_SET);
		case ATTRIBUTE_BS:
			return serialize_set(serializer, value, TAG_BINARY_SET);
		case ATTRIBUTE_L:
			return serialize_list(serializer, value);
		case ATTRIBUTE_M:
			return serialize_map(serializer, value);
	}
	return result_failed(RESULT_INVALID_ARGUMENT, "value has no type");
}

CheckedResult
encryption_client_serialize(Arena *arena, const AttributeValue *value, SerializationForm form,
                            ByteSink sink)
{
	Serializer serializer = {arena, form, sink};

	return serialize_value(&serializer, value);
}
