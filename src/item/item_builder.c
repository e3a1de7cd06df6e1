/*
 * item_builder.c
 *		An item put together place by place.
 *
 * Values are read-only once made and may be shared, so whatever is changed is copied first, one
 * level at a time along the path.
 */
#include "item/item_builder.h"

#include <string.h>

/* What is to happen at the end of the path. */
typedef struct Placement
{
	Arena *arena;
	const AttributePath *path;
	const AttributeValue *value; /* NULL: what is there is taken away */
	bool replace;
	PutOutcome *outcome;
} Placement;

CheckedResult
item_builder_init(ItemBuilder *builder, Arena *arena, const DynamodbItem *item)
{
	uint32_t count = item == NULL ? 0 : item->count;

	*builder = (ItemBuilder){.arena = arena};
	if (count == 0)
		return result_ok();
	builder->item.attributes = arena_allocate_array(arena, count, sizeof(Attribute));
	if (builder->item.attributes == NULL)
		return arena_failure(arena, count * sizeof(Attribute));
	memcpy(builder->item.attributes, item->attributes, count * sizeof(Attribute));
	builder->item.count = count;
	return result_ok();
}

static bool
is_last_step(const Placement *placement, uint32_t step)
{
	return step + 1 == placement->path->count;
}

static CheckedResult place_in(const Placement *placement, uint32_t step, AttributeValue *value,
                              bool *exists);

/* A copy of the attributes with room for one more. */
static CheckedResult
copy_attributes(Arena *arena, Attribute **attributes, uint32_t count)
{
	Attribute *copy = arena_allocate_array(arena, (size_t) count + 1, sizeof(*copy));

	if (copy == NULL)
		return arena_failure(arena, ((size_t) count + 1) * sizeof(*copy));
	if (count > 0)
		memcpy(copy, *attributes, count * sizeof(*copy));
	*attributes = copy;
	return result_ok();
}

static uint32_t
position_of_name(const Attribute *attributes, uint32_t count, Bytes name)
{
	uint32_t position = 0;

	while (position < count && !bytes_equal(attributes[position].name, name))
		position++;
	return position;
}

/* Does what is to be done below the attribute of the step's name, which comes or goes thereby. */
static CheckedResult
place_in_attributes(const Placement *placement, uint32_t step, Attribute **attributes,
                    uint32_t *count)
{
	Bytes name = placement->path->steps[step].name;
	uint32_t position = position_of_name(*attributes, *count, name);
	bool exists = position < *count;
	Attribute *attribute;

	if (!exists && placement->value == NULL)
		return result_ok();
	RETURN_IF_FAILED(copy_attributes(placement->arena, attributes, *count));
	attribute = &(*attributes)[position];
	if (!exists)
	{
		*attribute = (Attribute){.name = name, .slot = ATTRIBUTE_NO_SLOT};
		(*count)++;
	}
	RETURN_IF_FAILED(place_in(placement, step, &attribute->value, &exists));
	if (!exists)
	{
		memmove(attribute, attribute + 1, (*count - position - 1) * sizeof(*attribute));
		(*count)--;
	}
	return result_ok();
}

/* A copy of the list that has the element at `index`, which is NULL unless it was there. */
static CheckedResult
copy_list_up_to(Arena *arena, AttributeValue *list, uint32_t index)
{
	size_t count = index < list->count ? list->count : (size_t) index + 1;
	AttributeValue *elements;

	if (count > ITEM_BUILDER_ELEMENTS_MAXIMUM)
		return result_failed(RESULT_TOO_LARGE, "a list would have too many elements");
	elements = arena_allocate_array(arena, count, sizeof(*elements));
	if (elements == NULL)
		return arena_failure(arena, count * sizeof(*elements));
	if (list->count > 0)
		memcpy(elements, list->elements, list->count * sizeof(*elements));
	for (size_t i = list->count; i < count; i++)
		elements[i] = attribute_null();
	list->elements = elements;
	list->count = (uint32_t) count;
	return result_ok();
}

static CheckedResult
place_in_list(const Placement *placement, uint32_t step, AttributeValue *list)
{
	uint32_t index = placement->path->steps[step].index;
	AttributeValue *element;
	bool exists;

	if (index >= list->count && placement->value == NULL)
		return result_ok();
	RETURN_IF_FAILED(copy_list_up_to(placement->arena, list, index));
	element = &list->elements[index];
	exists = element->type != ATTRIBUTE_NULL;
	RETURN_IF_FAILED(place_in(placement, step, element, &exists));
	if (!exists)
		*element = attribute_null();
	return result_ok();
}

/* The end of the path: `value` is what is there if `exists`. */
static CheckedResult
place_here(const Placement *placement, AttributeValue *value, bool *exists)
{
	if (placement->value == NULL)
		*exists = false;
	else if (!*exists || placement->replace)
	{
		*value = *placement->value;
		*exists = true;
	}
	else if (!attribute_value_equal(value, placement->value))
		*placement->outcome = PUT_CONFLICT;
	return result_ok();
}

/* A map or list for the step behind, where nothing is yet. */
static AttributeValue
empty_container(const AttributePathStep *step)
{
	return (AttributeValue){.type = step->is_index ? ATTRIBUTE_L : ATTRIBUTE_M};
}

/* Does what is to be done at or below the value that the step leads to. */
static CheckedResult
place_in(const Placement *placement, uint32_t step, AttributeValue *value, bool *exists)
{
	const AttributePathStep *next = &placement->path->steps[step + 1];

	if (is_last_step(placement, step))
		return place_here(placement, value, exists);
	if (!*exists && placement->value == NULL)
		return result_ok();
	if (!*exists || (value->type == ATTRIBUTE_NULL && placement->replace))
		*value = empty_container(next);
	*exists = true;
	if (value->type != (next->is_index ? ATTRIBUTE_L : ATTRIBUTE_M))
	{
		*placement->outcome = PUT_CONFLICT;
		return result_ok();
	}
	if (next->is_index)
		return place_in_list(placement, step + 1, value);
	return place_in_attributes(placement, step + 1, &value->attributes, &value->count);
}

static CheckedResult
place(ItemBuilder *builder, const Placement *placement)
{
	*placement->outcome = PUT_DONE;
	return place_in_attributes(placement, 0, &builder->item.attributes, &builder->item.count);
}

CheckedResult
item_builder_put(ItemBuilder *builder, const AttributePath *path, const AttributeValue *value,
                 PutOutcome *outcome)
{
	Placement placement = {builder->arena, path, value, false, outcome};

	return place(builder, &placement);
}

CheckedResult
item_builder_replace(ItemBuilder *builder, const AttributePath *path, const AttributeValue *value,
                     PutOutcome *outcome)
{
	Placement placement = {builder->arena, path, value, true, outcome};

	return place(builder, &placement);
}

CheckedResult
item_builder_remove(ItemBuilder *builder, const AttributePath *path)
{
	PutOutcome outcome;
	Placement placement = {builder->arena, path, NULL, true, &outcome};

	return place(builder, &placement);
}
