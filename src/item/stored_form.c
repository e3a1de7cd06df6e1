/*
 * stored_form.c
 *		A changed value in the form in which DynamoDB stores the unchanged one.
 */
#include "item/stored_form.h"

#include <stdlib.h>
#include <string.h>

#include "foundation/base64.h"

/* The element type of a set. */
static AttributeType
element_type_of(AttributeType set_type)
{
	return set_type == ATTRIBUTE_NS ? ATTRIBUTE_N
	                                : (set_type == ATTRIBUTE_BS ? ATTRIBUTE_B : ATTRIBUTE_S);
}

/* True, and *binary set, when the text is base64 of anything. */
static CheckedResult
take_as_binary(Arena *arena, Bytes text, AttributeValue *binary, bool *fits)
{
	size_t size = BASE64_DECODED_MAXIMUM(text.length);
	char *bytes = arena_allocate(arena, size + 1);
	size_t length;

	if (bytes == NULL)
		return arena_failure(arena, size + 1);
	*fits = base64_decode(text, bytes, &length);
	if (*fits)
		*binary = attribute_binary((Bytes){bytes, length});
	return result_ok();
}

/* `after` as a scalar of the type, if it can be one. */
static CheckedResult
take_as_scalar(Arena *arena, AttributeType type, const AttributeValue *after,
               AttributeValue *scalar, bool *fits)
{
	*scalar = *after;
	*fits = after->type == type;
	if (type == ATTRIBUTE_B && after->type == ATTRIBUTE_S)
		return take_as_binary(arena, after->bytes, scalar, fits);
	return result_ok();
}

static int
compare_elements(const void *a, const void *b)
{
	return bytes_compare(((const AttributeValue *) a)->bytes, ((const AttributeValue *) b)->bytes);
}

/* Numbers are compared as texts: those that are written are canonical. */
static CheckedResult
elements_differ(Arena *arena, const AttributeValue *elements, uint32_t count, bool *differ)
{
	AttributeValue *sorted = arena_allocate_array(arena, count, sizeof(*sorted));

	if (sorted == NULL)
		return arena_failure(arena, count * sizeof(*sorted));
	memcpy(sorted, elements, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_elements);
	*differ = true;
	for (uint32_t i = 1; i < count && *differ; i++)
		*differ = !bytes_equal(sorted[i - 1].bytes, sorted[i].bytes);
	return result_ok();
}

/* A list as a set of the type, if it is not empty and its elements fit and differ. */
static CheckedResult
take_as_set(Arena *arena, AttributeType set_type, const AttributeValue *list, AttributeValue *set,
            bool *fits)
{
	AttributeType type = element_type_of(set_type);
	AttributeValue *elements = arena_allocate_array(arena, list->count, sizeof(*elements));

	if (elements == NULL)
		return arena_failure(arena, list->count * sizeof(*elements));
	*fits = list->count > 0;
	for (uint32_t i = 0; i < list->count && *fits; i++)
		RETURN_IF_FAILED(take_as_scalar(arena, type, &list->elements[i], &elements[i], fits));
	if (*fits)
		RETURN_IF_FAILED(elements_differ(arena, elements, list->count, fits));
	if (*fits)
		*set = (AttributeValue){.type = set_type, .count = list->count, .elements = elements};
	return result_ok();
}

/* The new value itself, in the stored value's type where plain JSON cannot say that. */
static CheckedResult
take_new(Arena *arena, const AttributeValue *stored, const AttributeValue *after,
         AttributeValue *kept)
{
	AttributeValue converted;
	bool fits = false;

	*kept = *after;
	if (stored == NULL)
		return result_ok();
	if (attribute_type_is_set(stored->type) && after->type == ATTRIBUTE_L)
		RETURN_IF_FAILED(take_as_set(arena, stored->type, after, &converted, &fits));
	else if (stored->type == ATTRIBUTE_B && after->type == ATTRIBUTE_S)
		RETURN_IF_FAILED(take_as_scalar(arena, ATTRIBUTE_B, after, &converted, &fits));
	if (fits)
		*kept = converted;
	return result_ok();
}

/* Of the stored map's members those that `before` does not know, and those of `after`. */
static CheckedResult
change_map(Arena *arena, const AttributeValue *stored, const AttributeValue *before,
           const AttributeValue *after, AttributeValue *kept)
{
	size_t room = (size_t) stored->count + after->count;
	Attribute *attributes = arena_allocate_array(arena, room, sizeof(*attributes));
	uint32_t count = 0;

	if (attributes == NULL)
		return arena_failure(arena, room * sizeof(*attributes));
	for (uint32_t i = 0; i < stored->count; i++)
	{
		Bytes name = stored->attributes[i].name;

		if (map_find(before, name) == NULL && map_find(after, name) == NULL)
			attributes[count++] = stored->attributes[i];
	}
	for (uint32_t i = 0; i < after->count; i++)
	{
		const Attribute *member = &after->attributes[i];

		attributes[count] = *member;
		RETURN_IF_FAILED(stored_form_of_change(arena, map_find(stored, member->name),
		                                       map_find(before, member->name), &member->value,
		                                       &attributes[count].value));
		count++;
	}
	*kept = (AttributeValue){.type = ATTRIBUTE_M, .count = count, .attributes = attributes};
	return result_ok();
}

static CheckedResult
change_list(Arena *arena, const AttributeValue *stored, const AttributeValue *before,
            const AttributeValue *after, AttributeValue *kept)
{
	AttributeValue *elements = arena_allocate_array(arena, after->count, sizeof(*elements));

	if (elements == NULL)
		return arena_failure(arena, after->count * sizeof(*elements));
	for (uint32_t i = 0; i < after->count; i++)
	{
		bool is_there = i < stored->count && i < before->count;

		RETURN_IF_FAILED(stored_form_of_change(arena, is_there ? &stored->elements[i] : NULL,
		                                       is_there ? &before->elements[i] : NULL,
		                                       &after->elements[i], &elements[i]));
	}
	*kept = (AttributeValue){.type = ATTRIBUTE_L, .count = after->count, .elements = elements};
	return result_ok();
}

static bool
all_are(AttributeType type, const AttributeValue *a, const AttributeValue *b,
        const AttributeValue *c)
{
	return a->type == type && b->type == type && c->type == type;
}

CheckedResult
stored_form_of_change(Arena *arena, const AttributeValue *stored, const AttributeValue *before,
                      const AttributeValue *after, AttributeValue *kept)
{
	if (stored == NULL || before == NULL)
		return take_new(arena, stored, after, kept);
	if (attribute_value_equal(before, after))
	{
		*kept = *stored;
		return result_ok();
	}
	if (all_are(ATTRIBUTE_M, stored, before, after))
		return change_map(arena, stored, before, after, kept);
	if (all_are(ATTRIBUTE_L, stored, before, after))
		return change_list(arena, stored, before, after, kept);
	return take_new(arena, stored, after, kept);
}
