/*
 * attribute_value.c
 *		What can be said of a value without knowing where it came from.
 */
#include "item/attribute_value.h"

#include "item/number.h"

#include <string.h>

/* What DynamoDB counts for a value beside its contents, in bytes. */
#define DOCUMENT_OVERHEAD 3
#define ELEMENT_OVERHEAD  1

static const char *const type_names[ATTRIBUTE_TYPE_COUNT] = {"S",  "N",  "B",  "BOOL", "NULL",
                                                             "SS", "NS", "BS", "L",    "M"};

const char *
attribute_type_name(AttributeType type)
{
	return type_names[type];
}

bool
attribute_type_from_name(Bytes name, AttributeType *type)
{
	for (int i = 0; i < ATTRIBUTE_TYPE_COUNT; i++)
	{
		if (bytes_equal(name, bytes_of_string(type_names[i])))
		{
			*type = (AttributeType) i;
			return true;
		}
	}
	return false;
}

bool
attribute_type_is_set(AttributeType type)
{
	return type == ATTRIBUTE_SS || type == ATTRIBUTE_NS || type == ATTRIBUTE_BS;
}

static const AttributeValue *
find_attribute(const Attribute *attributes, uint32_t count, Bytes name)
{
	for (uint32_t i = 0; i < count; i++)
	{
		if (bytes_equal(attributes[i].name, name))
			return &attributes[i].value;
	}
	return NULL;
}

const AttributeValue *
item_find(const DynamodbItem *item, Bytes name)
{
	return find_attribute(item->attributes, item->count, name);
}

const AttributeValue *
map_find(const AttributeValue *map, Bytes name)
{
	return map->type == ATTRIBUTE_M ? find_attribute(map->attributes, map->count, name) : NULL;
}

AttributeValue
attribute_string(Bytes text)
{
	return (AttributeValue){.type = ATTRIBUTE_S, .bytes = text};
}

AttributeValue
attribute_number(Bytes digits)
{
	return (AttributeValue){.type = ATTRIBUTE_N, .bytes = digits};
}

AttributeValue
attribute_binary(Bytes bytes)
{
	return (AttributeValue){.type = ATTRIBUTE_B, .bytes = bytes};
}

AttributeValue
attribute_boolean(bool boolean)
{
	return (AttributeValue){.type = ATTRIBUTE_BOOL, .boolean = boolean};
}

AttributeValue
attribute_null(void)
{
	return (AttributeValue){.type = ATTRIBUTE_NULL};
}

static bool
copy_bytes(Arena *arena, Bytes bytes, Bytes *copy)
{
	*copy = (Bytes){arena_copy(arena, bytes), bytes.length};
	return copy->data != NULL;
}

static bool
copy_attributes(Arena *arena, const Attribute *attributes, uint32_t count, Attribute **copy)
{
	*copy = arena_allocate_array(arena, count, sizeof(Attribute));
	if (*copy == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++)
	{
		(*copy)[i].slot = attributes[i].slot;
		if (!copy_bytes(arena, attributes[i].name, &(*copy)[i].name) ||
		    !attribute_value_copy(arena, &attributes[i].value, &(*copy)[i].value))
			return false;
	}
	return true;
}

static bool
copy_elements(Arena *arena, const AttributeValue *elements, uint32_t count, AttributeValue **copy)
{
	*copy = arena_allocate_array(arena, count, sizeof(AttributeValue));
	if (*copy == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++)
	{
		if (!attribute_value_copy(arena, &elements[i], &(*copy)[i]))
			return false;
	}
	return true;
}

bool
attribute_value_copy(Arena *arena, const AttributeValue *value, AttributeValue *copy)
{
	*copy = *value;
	switch (value->type)
	{
		case ATTRIBUTE_BOOL:
		case ATTRIBUTE_NULL:
			return true;
		case ATTRIBUTE_S:
		case ATTRIBUTE_N:
		case ATTRIBUTE_B:
			return copy_bytes(arena, value->bytes, &copy->bytes);
		case ATTRIBUTE_M:
			return copy_attributes(arena, value->attributes, value->count, &copy->attributes);
		case ATTRIBUTE_SS:
		case ATTRIBUTE_NS:
		case ATTRIBUTE_BS:
		case ATTRIBUTE_L:
			return copy_elements(arena, value->elements, value->count, &copy->elements);
	}
	return false;
}

bool
item_copy(Arena *arena, const DynamodbItem *item, DynamodbItem *copy)
{
	copy->count = item->count;
	return copy_attributes(arena, item->attributes, item->count, &copy->attributes);
}

static size_t
attributes_size(const Attribute *attributes, uint32_t count)
{
	size_t size = 0;

	for (uint32_t i = 0; i < count; i++)
		size += attributes[i].name.length + attribute_value_size(&attributes[i].value);
	return size;
}

static size_t
elements_size(const AttributeValue *elements, uint32_t count)
{
	size_t size = 0;

	for (uint32_t i = 0; i < count; i++)
		size += attribute_value_size(&elements[i]);
	return size;
}

size_t
attribute_value_size(const AttributeValue *value)
{
	switch (value->type)
	{
		case ATTRIBUTE_S:
		case ATTRIBUTE_B:
			return value->bytes.length;
		case ATTRIBUTE_N:
			return number_stored_size(value->bytes);
		case ATTRIBUTE_BOOL:
		case ATTRIBUTE_NULL:
			return 1;
		case ATTRIBUTE_SS:
		case ATTRIBUTE_NS:
		case ATTRIBUTE_BS:
			return elements_size(value->elements, value->count);
		case ATTRIBUTE_L:
			return DOCUMENT_OVERHEAD + value->count * (size_t) ELEMENT_OVERHEAD +
			       elements_size(value->elements, value->count);
		case ATTRIBUTE_M:
			return DOCUMENT_OVERHEAD + value->count * (size_t) ELEMENT_OVERHEAD +
			       attributes_size(value->attributes, value->count);
	}
	return 0;
}

size_t
item_size(const DynamodbItem *item)
{
	return attributes_size(item->attributes, item->count);
}

static bool
lists_equal(const AttributeValue *a, const AttributeValue *b)
{
	for (uint32_t i = 0; i < a->count; i++)
	{
		if (!attribute_value_equal(&a->elements[i], &b->elements[i]))
			return false;
	}
	return true;
}

/*
 * Sets of the same number of elements, which are different from one another in each. Mostly they
 * are in the same order, so the search for an element begins at its own place.
 */
static bool
sets_equal(const AttributeValue *a, const AttributeValue *b)
{
	for (uint32_t i = 0; i < a->count; i++)
	{
		uint32_t tried = 0;

		while (tried < b->count &&
		       !attribute_value_equal(&a->elements[i], &b->elements[(i + tried) % b->count]))
			tried++;
		if (tried == b->count)
			return false;
	}
	return true;
}

static bool
maps_equal(const AttributeValue *a, const AttributeValue *b)
{
	for (uint32_t i = 0; i < a->count; i++)
	{
		const AttributeValue *other = map_find(b, a->attributes[i].name);

		if (other == NULL || !attribute_value_equal(&a->attributes[i].value, other))
			return false;
	}
	return true;
}

bool
attribute_value_equal(const AttributeValue *a, const AttributeValue *b)
{
	if (a->type != b->type || a->count != b->count)
		return false;
	switch (a->type)
	{
		case ATTRIBUTE_S:
		case ATTRIBUTE_B:
			return bytes_equal(a->bytes, b->bytes);
		case ATTRIBUTE_N:
			return number_compare(a->bytes, b->bytes) == 0;
		case ATTRIBUTE_BOOL:
			return a->boolean == b->boolean;
		case ATTRIBUTE_NULL:
			return true;
		case ATTRIBUTE_SS:
		case ATTRIBUTE_NS:
		case ATTRIBUTE_BS:
			return sets_equal(a, b);
		case ATTRIBUTE_L:
			return lists_equal(a, b);
		case ATTRIBUTE_M:
			return maps_equal(a, b);
	}
	return false;
}
