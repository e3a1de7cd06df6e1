/*
 * item_limits.c
 *		A walk over an item in search of what DynamoDB does not store.
 */
#include "item/item_limits.h"

#include "item/number.h"

#include <string.h>

#define NAME_SIZE_MAXIMUM     ((size_t) 65535)
#define KEY_NAME_SIZE_MAXIMUM ((size_t) 255)

/* A place on the way down: its step, and the place it is in. */
typedef struct Place Place;

struct Place
{
	const Place *parent; /* NULL for the first step */
	AttributePathStep step;
};

typedef struct LimitCheck
{
	Arena *arena;
	ItemViolation *violation;
} LimitCheck;

static bool
is_fine(const LimitCheck *check)
{
	return check->violation->kind == ITEM_IS_FINE;
}

/* Notes the first violation at `place`; NULL is the item as a whole. */
static CheckedResult
violate(LimitCheck *check, ItemViolationKind kind, const Place *place, size_t size, size_t limit)
{
	AttributePath *path = &check->violation->path;
	uint32_t count = 0;

	for (const Place *step = place; step != NULL; step = step->parent)
		count++;
	path->steps = arena_allocate_array(check->arena, count, sizeof(AttributePathStep));
	if (path->steps == NULL)
		return arena_failure(check->arena, count * sizeof(AttributePathStep));
	path->count = count;
	for (; place != NULL; place = place->parent)
		path->steps[--count] = place->step;
	check->violation->kind = kind;
	check->violation->size = size;
	check->violation->limit = limit;
	return result_ok();
}

static CheckedResult
check_name(LimitCheck *check, const Place *place, size_t limit)
{
	size_t size = place->step.name.length;

	if (size == 0)
		return violate(check, ITEM_NAME_EMPTY, place, 0, 0);
	if (size > limit)
		return violate(check, ITEM_NAME_TOO_LONG, place, size, limit);
	return result_ok();
}

static CheckedResult
check_number(LimitCheck *check, const Place *place, Bytes number)
{
	if (!result_is_ok(number_check(number)))
		return violate(check, ITEM_NUMBER_INVALID, place, 0, 0);
	return result_ok();
}

/* ---- Sets ---- */

/* The order of two elements of one set. */
static int
compare_elements(const AttributeValue *a, const AttributeValue *b)
{
	return a->type == ATTRIBUTE_N ? number_compare(a->bytes, b->bytes)
	                              : bytes_compare(a->bytes, b->bytes);
}

/* Lets the element at `root` sink until none below it is larger. */
static void
sink(const AttributeValue **heap, size_t root, size_t count)
{
	for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1)
	{
		const AttributeValue *moved = heap[root];

		if (child + 1 < count && compare_elements(heap[child], heap[child + 1]) < 0)
			child++;
		if (compare_elements(moved, heap[child]) >= 0)
			return;
		heap[root] = heap[child];
		heap[child] = moved;
		root = child;
	}
}

/* A set may have a hundred thousand elements, so they are sorted to be compared: a heapsort, which
 * needs no memory but the array. */
static bool
differ_from_one_another(const AttributeValue **elements, size_t count)
{
	for (size_t root = count / 2; root > 0; root--)
		sink(elements, root - 1, count);
	while (count > 1)
	{
		const AttributeValue *largest = elements[0];

		elements[0] = elements[--count];
		sink(elements, 0, count);
		if (compare_elements(elements[0], largest) == 0)
			return false;
	}
	return true;
}

static CheckedResult
check_set(LimitCheck *check, const Place *place, const AttributeValue *set)
{
	const AttributeValue **elements;

	if (set->count == 0)
		return violate(check, ITEM_SET_EMPTY, place, 0, 0);
	for (uint32_t i = 0; set->type == ATTRIBUTE_NS && i < set->count && is_fine(check); i++)
		RETURN_IF_FAILED(check_number(check, place, set->elements[i].bytes));
	if (!is_fine(check) || set->count == 1)
		return result_ok();
	elements = arena_allocate_array(check->arena, set->count, sizeof(*elements));
	if (elements == NULL)
		return arena_failure(check->arena, set->count * sizeof(*elements));
	for (uint32_t i = 0; i < set->count; i++)
		elements[i] = &set->elements[i];
	if (!differ_from_one_another(elements, set->count))
		return violate(check, ITEM_SET_NOT_UNIQUE, place, 0, 0);
	return result_ok();
}

/* ---- Values of any type ---- */

static CheckedResult check_value(LimitCheck *check, const Place *place, const AttributeValue *value,
                                 uint32_t level);

static CheckedResult
check_elements(LimitCheck *check, const Place *place, const AttributeValue *list, uint32_t level)
{
	for (uint32_t i = 0; i < list->count && is_fine(check); i++)
	{
		Place element = {place, {.is_index = true, .index = i}};

		RETURN_IF_FAILED(check_value(check, &element, &list->elements[i], level));
	}
	return result_ok();
}

static CheckedResult
check_attributes(LimitCheck *check, const Place *place, const Attribute *attributes, uint32_t count,
                 uint32_t level)
{
	for (uint32_t i = 0; i < count && is_fine(check); i++)
	{
		Place attribute = {place, {.name = attributes[i].name}};

		RETURN_IF_FAILED(check_name(check, &attribute, NAME_SIZE_MAXIMUM));
		if (is_fine(check))
			RETURN_IF_FAILED(check_value(check, &attribute, &attributes[i].value, level));
	}
	return result_ok();
}

/* `level`: of the value, 1 for a top-level attribute. */
static CheckedResult
check_value(LimitCheck *check, const Place *place, const AttributeValue *value, uint32_t level)
{
	bool is_document = value->type == ATTRIBUTE_L || value->type == ATTRIBUTE_M;

	/* what is in a list or map is one level deeper, also if there is nothing */
	if (level + is_document > ITEM_LEVELS_MAXIMUM)
		return violate(check, ITEM_TOO_DEEP, place, level + is_document, ITEM_LEVELS_MAXIMUM);
	switch (value->type)
	{
		case ATTRIBUTE_N:
			return check_number(check, place, value->bytes);
		case ATTRIBUTE_SS:
		case ATTRIBUTE_NS:
		case ATTRIBUTE_BS:
			return check_set(check, place, value);
		case ATTRIBUTE_L:
			return check_elements(check, place, value, level + 1);
		case ATTRIBUTE_M:
			return check_attributes(check, place, value->attributes, value->count, level + 1);
		case ATTRIBUTE_S:
		case ATTRIBUTE_B:
		case ATTRIBUTE_BOOL:
		case ATTRIBUTE_NULL:
			return result_ok();
	}
	return result_ok();
}

/* ---- Keys and the item as a whole ---- */

static CheckedResult
check_key_size(LimitCheck *check, const Place *place, const KeyRule *rule, size_t size)
{
	size_t limit = rule->is_range ? RANGE_KEY_SIZE_MAXIMUM : HASH_KEY_SIZE_MAXIMUM;

	if (size <= limit)
		return result_ok();
	return violate(check, rule->is_range ? ITEM_RANGE_KEY_TOO_LARGE : ITEM_HASH_KEY_TOO_LARGE,
	               place, size, limit);
}

static CheckedResult
check_key(LimitCheck *check, const DynamodbItem *item, const KeyRule *rule)
{
	Place place = {NULL, {.name = rule->name}};
	const AttributeValue *value = item_find(item, rule->name);

	if (value == NULL)
		return rule->required ? violate(check, ITEM_KEY_MISSING, &place, 0, 0) : result_ok();
	RETURN_IF_FAILED(check_name(check, &place, KEY_NAME_SIZE_MAXIMUM));
	if (!is_fine(check))
		return result_ok();
	if (value->type != rule->type)
		return violate(check, ITEM_KEY_OF_WRONG_TYPE, &place, 0, 0);
	if (rule->type == ATTRIBUTE_N)
		return check_number(check, &place, value->bytes);
	if (value->bytes.length == 0)
		return violate(check, ITEM_KEY_EMPTY, &place, 0, 0);
	return check_key_size(check, &place, rule, value->bytes.length);
}

CheckedResult
item_check_limits(Arena *arena, const DynamodbItem *item, const KeyRule *rules, size_t rule_count,
                  ItemViolation *violation)
{
	LimitCheck check = {arena, violation};
	size_t size;

	*violation = (ItemViolation){.kind = ITEM_IS_FINE};
	for (size_t i = 0; i < rule_count && is_fine(&check); i++)
		RETURN_IF_FAILED(check_key(&check, item, &rules[i]));
	if (is_fine(&check))
		RETURN_IF_FAILED(check_attributes(&check, NULL, item->attributes, item->count, 1));
	if (!is_fine(&check))
		return result_ok();
	size = item_size(item);
	if (size > ITEM_SIZE_MAXIMUM)
		return violate(&check, ITEM_TOO_LARGE, NULL, size, ITEM_SIZE_MAXIMUM);
	return result_ok();
}

/* The same from the `index`th step of the path on, whose place is in `parent`. */
static CheckedResult
check_at_path(LimitCheck *check, const Place *parent, const AttributePath *path, uint32_t index,
              const AttributeValue *value)
{
	Place place = {parent, path->steps[index]};

	if (!place.step.is_index)
		RETURN_IF_FAILED(check_name(check, &place, NAME_SIZE_MAXIMUM));
	if (!is_fine(check))
		return result_ok();
	if (index + 1 < path->count)
		return check_at_path(check, &place, path, index + 1, value);
	return check_value(check, &place, value, path->count);
}

CheckedResult
attribute_value_check_limits(Arena *arena, const AttributePath *path, const AttributeValue *value,
                             ItemViolation *violation)
{
	LimitCheck check = {arena, violation};
	size_t size;

	*violation = (ItemViolation){.kind = ITEM_IS_FINE};
	RETURN_IF_FAILED(check_at_path(&check, NULL, path, 0, value));
	if (!is_fine(&check))
		return result_ok();
	size = attribute_value_size(value);
	if (size <= ITEM_SIZE_MAXIMUM)
		return result_ok();
	violation->kind = ITEM_TOO_LARGE;
	violation->path = *path;
	violation->size = size;
	violation->limit = ITEM_SIZE_MAXIMUM;
	return result_ok();
}
