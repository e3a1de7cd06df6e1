/*
 * attribute_change.c
 *		Changes of places: their expression, their effect, and how they are found.
 *
 * The effect is computed in one walk over the item. At each place the changes that lead there, or
 * through there, are a group; where a map or a list is changed, the group is divided by the next
 * step. The recursion is as deep as the paths are long.
 */
#include "item/attribute_change.h"

#include <string.h>

/* ---- The expression ---- */

/* One clause: the changes that set, or those that remove. */
static CheckedResult
write_clause(ExpressionAttributes *attributes, ByteBuffer *expression,
             const AttributeChange *changes, size_t count, bool sets)
{
	const char *separator = sets ? "SET " : "REMOVE ";

	for (size_t i = 0; i < count; i++)
	{
		if ((changes[i].value != NULL) != sets)
			continue;
		if (separator[0] == 'R' && expression->length > 0)
			buffer_append_character(expression, ' ');
		buffer_append_string(expression, separator);
		separator = ", ";
		RETURN_IF_FAILED(expression_write_path(attributes, expression, &changes[i].path));
		if (!sets)
			continue;
		buffer_append_string(expression, " = ");
		RETURN_IF_FAILED(expression_write_value(attributes, expression, changes[i].value));
	}
	return buffer_result(expression);
}

CheckedResult
expression_write_update(ExpressionAttributes *attributes, ByteBuffer *expression,
                        const AttributeChange *changes, size_t count)
{
	if (count == 0)
		return result_failed(RESULT_INVALID_ARGUMENT, "update lacks changes");
	RETURN_IF_FAILED(write_clause(attributes, expression, changes, count, true));
	return write_clause(attributes, expression, changes, count, false);
}

/* ---- The effect ---- */

/* Changes whose paths agree in their first `depth` steps: they lead to, or through, one place. */
typedef struct ChangeGroup
{
	Arena *arena;
	const AttributeChange **changes; /* in any order: dividing the group moves them */
	size_t count;
	uint32_t depth;
} ChangeGroup;

static CheckedResult
no_such_place(void)
{
	return result_failed(RESULT_INVALID_ARGUMENT,
	                     "path leads through a place that is missing or no document");
}

static const AttributePathStep *
next_step(const ChangeGroup *group, size_t index)
{
	return &group->changes[index]->path.steps[group->depth];
}

/*
 * Moves the changes whose next step is `step` to the front of the group, takes them off it and
 * gives them as a group of their own, one step deeper.
 */
static ChangeGroup
take_subgroup(ChangeGroup *group, const AttributePathStep *step)
{
	ChangeGroup taken = {group->arena, group->changes, 0, group->depth + 1};

	for (size_t i = 0; i < group->count; i++)
	{
		const AttributeChange *change = group->changes[i];

		if (!attribute_path_step_equal(next_step(group, i), step))
			continue;
		group->changes[i] = group->changes[taken.count];
		group->changes[taken.count++] = change;
	}
	group->changes += taken.count;
	group->count -= taken.count;
	return taken;
}

static CheckedResult apply_to_document(ChangeGroup *group, const AttributeValue *value,
                                       AttributeValue *changed);

/* The value of the group's place after the changes; sets `is_there` to false when there is none. */
static CheckedResult
apply_to_place(ChangeGroup *group, const AttributeValue *value, AttributeValue *changed,
               bool *is_there)
{
	for (size_t i = 0; i < group->count; i++)
	{
		if (group->changes[i]->path.count > group->depth)
			continue;
		if (group->count > 1)
			return result_failed(RESULT_INVALID_ARGUMENT, "paths of two changes overlap");
		*is_there = group->changes[i]->value != NULL;
		if (*is_there)
			*changed = *group->changes[i]->value;
		return result_ok();
	}
	*is_there = true;
	return value == NULL ? no_such_place() : apply_to_document(group, value, changed);
}

/* Makes the change of one attribute of a map and adds the attribute unless it is removed. */
static CheckedResult
apply_to_attribute(ChangeGroup *group, const Attribute *attribute, AttributeValue *map)
{
	Attribute *target = &map->attributes[map->count];
	bool is_there;

	*target = *attribute;
	if (group->count == 0)
	{
		map->count++;
		return result_ok();
	}
	RETURN_IF_FAILED(apply_to_place(group, &attribute->value, &target->value, &is_there));
	map->count += is_there;
	return result_ok();
}

/* The changes that are left are of attributes that the map does not have. */
static CheckedResult
add_attributes(ChangeGroup *group, AttributeValue *map)
{
	while (group->count > 0)
	{
		const AttributePathStep *step = next_step(group, 0);
		Attribute *target = &map->attributes[map->count];
		ChangeGroup subgroup;
		bool is_there;

		if (step->is_index)
			return no_such_place();
		target->name = step->name;
		target->slot = ATTRIBUTE_NO_SLOT;
		subgroup = take_subgroup(group, step);
		RETURN_IF_FAILED(apply_to_place(&subgroup, NULL, &target->value, &is_there));
		map->count += is_there;
	}
	return result_ok();
}

static CheckedResult
apply_to_map(ChangeGroup *group, const AttributeValue *map, AttributeValue *changed)
{
	size_t room = map->count + group->count;

	*changed = (AttributeValue){.type = ATTRIBUTE_M};
	changed->attributes = arena_allocate_array(group->arena, room, sizeof(Attribute));
	if (changed->attributes == NULL)
		return arena_failure(group->arena, room * sizeof(Attribute));
	for (uint32_t i = 0; i < map->count; i++)
	{
		AttributePathStep step = {.name = map->attributes[i].name};
		ChangeGroup subgroup = take_subgroup(group, &step);

		RETURN_IF_FAILED(apply_to_attribute(&subgroup, &map->attributes[i], changed));
	}
	return add_attributes(group, changed);
}

static CheckedResult
apply_to_element(ChangeGroup *group, const AttributeValue *element, AttributeValue *list)
{
	AttributeValue *target = &list->elements[list->count];
	bool is_there = true;

	if (group->count == 0)
		*target = *element;
	else
		RETURN_IF_FAILED(apply_to_place(group, element, target, &is_there));
	list->count += is_there;
	return result_ok();
}

/* The step of the smallest index; NULL when one is no index. */
static const AttributePathStep *
first_index(const ChangeGroup *group)
{
	const AttributePathStep *first = next_step(group, 0);

	for (size_t i = 0; i < group->count; i++)
	{
		const AttributePathStep *step = next_step(group, i);

		if (!step->is_index)
			return NULL;
		if (step->index < first->index)
			first = step;
	}
	return first;
}

/* The changes that are left are of elements beyond the list's end: appended by rising index. */
static CheckedResult
append_elements(ChangeGroup *group, AttributeValue *list)
{
	while (group->count > 0)
	{
		const AttributePathStep *step = first_index(group);
		ChangeGroup subgroup;

		if (step == NULL)
			return no_such_place();
		subgroup = take_subgroup(group, step);
		RETURN_IF_FAILED(apply_to_element(&subgroup, NULL, list));
	}
	return result_ok();
}

/* All indexes are those of the list as it was. */
static CheckedResult
apply_to_list(ChangeGroup *group, const AttributeValue *list, AttributeValue *changed)
{
	size_t room = list->count + group->count;

	*changed = (AttributeValue){.type = ATTRIBUTE_L};
	changed->elements = arena_allocate_array(group->arena, room, sizeof(AttributeValue));
	if (changed->elements == NULL)
		return arena_failure(group->arena, room * sizeof(AttributeValue));
	for (uint32_t i = 0; i < list->count; i++)
	{
		AttributePathStep step = {.is_index = true, .index = i};
		ChangeGroup subgroup = take_subgroup(group, &step);

		RETURN_IF_FAILED(apply_to_element(&subgroup, &list->elements[i], changed));
	}
	return append_elements(group, changed);
}

static CheckedResult
apply_to_document(ChangeGroup *group, const AttributeValue *value, AttributeValue *changed)
{
	if (value->type == ATTRIBUTE_M)
		return apply_to_map(group, value, changed);
	if (value->type == ATTRIBUTE_L)
		return apply_to_list(group, value, changed);
	return no_such_place();
}

CheckedResult
item_apply_changes(Arena *arena, const DynamodbItem *item, const AttributeChange *changes,
                   size_t count, DynamodbItem *changed)
{
	AttributeValue before = {
	    .type = ATTRIBUTE_M, .count = item->count, .attributes = item->attributes};
	ChangeGroup group = {.arena = arena, .count = count};
	AttributeValue after;

	group.changes = arena_allocate_array(arena, count, sizeof(*group.changes));
	if (group.changes == NULL)
		return arena_failure(arena, count * sizeof(*group.changes));
	for (size_t i = 0; i < count; i++)
		group.changes[i] = &changes[i];
	RETURN_IF_FAILED(apply_to_map(&group, &before, &after));
	*changed = (DynamodbItem){after.attributes, after.count};
	return result_ok();
}

/* ---- The difference ---- */

typedef struct Difference
{
	Arena *arena;
	AttributeChange *changes;
	size_t count;
	size_t capacity;
	AttributePathStep steps[ATTRIBUTE_PATH_STEPS_MAXIMUM]; /* to the place that is looked at */
	uint32_t depth;
} Difference;

/* The place that is looked at gets `value`, or is removed when that is NULL. */
static CheckedResult
add_change(Difference *difference, const AttributeValue *value)
{
	size_t size = difference->depth * sizeof(AttributePathStep);
	AttributeChange *change;

	difference->changes =
	    arena_grow_array(difference->arena, difference->changes, difference->count,
	                     &difference->capacity, sizeof(AttributeChange));
	if (difference->changes == NULL)
		return arena_failure(difference->arena, difference->capacity * sizeof(AttributeChange));
	change = &difference->changes[difference->count];
	change->path.count = difference->depth;
	change->path.steps = arena_allocate(difference->arena, size);
	if (change->path.steps == NULL)
		return arena_failure(difference->arena, size);
	memcpy(change->path.steps, difference->steps, size);
	change->value = value;
	difference->count++;
	return result_ok();
}

static CheckedResult find_difference(Difference *difference, const AttributeValue *before,
                                     const AttributeValue *after);

static CheckedResult
find_difference_below(Difference *difference, AttributePathStep step, const AttributeValue *before,
                      const AttributeValue *after)
{
	CheckedResult result;

	difference->steps[difference->depth++] = step;
	result = find_difference(difference, before, after);
	difference->depth--;
	return result;
}

static CheckedResult
find_difference_of_maps(Difference *difference, const AttributeValue *before,
                        const AttributeValue *after)
{
	for (uint32_t i = 0; i < before->count; i++)
	{
		AttributePathStep step = {.name = before->attributes[i].name};

		RETURN_IF_FAILED(find_difference_below(difference, step, &before->attributes[i].value,
		                                       map_find(after, step.name)));
	}
	for (uint32_t i = 0; i < after->count; i++)
	{
		AttributePathStep step = {.name = after->attributes[i].name};

		if (map_find(before, step.name) == NULL)
			RETURN_IF_FAILED(
			    find_difference_below(difference, step, NULL, &after->attributes[i].value));
	}
	return result_ok();
}

static CheckedResult
find_difference_of_lists(Difference *difference, const AttributeValue *before,
                         const AttributeValue *after)
{
	for (uint32_t i = 0; i < before->count; i++)
	{
		AttributePathStep step = {.is_index = true, .index = i};

		RETURN_IF_FAILED(
		    find_difference_below(difference, step, &before->elements[i], &after->elements[i]));
	}
	return result_ok();
}

/* Whether the difference of the two can be told by the places inside them. */
static bool
differ_inside(const Difference *difference, const AttributeValue *before,
              const AttributeValue *after)
{
	if (before == NULL || after == NULL || before->type != after->type ||
	    difference->depth == ATTRIBUTE_PATH_STEPS_MAXIMUM)
		return false;
	return before->type == ATTRIBUTE_M ||
	       (before->type == ATTRIBUTE_L && before->count == after->count);
}

static CheckedResult
find_difference(Difference *difference, const AttributeValue *before, const AttributeValue *after)
{
	size_t count = difference->count;

	if (before == NULL && after == NULL)
		return result_ok();
	if (!differ_inside(difference, before, after))
	{
		if (before != NULL && after != NULL && attribute_value_equal(before, after))
			return result_ok();
		return add_change(difference, after);
	}
	if (before->type == ATTRIBUTE_M)
		RETURN_IF_FAILED(find_difference_of_maps(difference, before, after));
	else
		RETURN_IF_FAILED(find_difference_of_lists(difference, before, after));
	if (difference->count - count <= CHANGES_WITHIN_VALUE_MAXIMUM)
		return result_ok();
	difference->count = count;
	return add_change(difference, after);
}

CheckedResult
attribute_changes_between(Arena *arena, const AttributePath *path, const AttributeValue *before,
                          const AttributeValue *after, AttributeChange **changes, size_t *count,
                          size_t *capacity)
{
	Difference difference = {
	    .arena = arena, .changes = *changes, .count = *count, .capacity = *capacity};
	CheckedResult result;

	if (path->count > ATTRIBUTE_PATH_STEPS_MAXIMUM)
		return result_failed(RESULT_TOO_LARGE, "path has too many steps");
	memcpy(difference.steps, path->steps, path->count * sizeof(AttributePathStep));
	difference.depth = path->count;
	result = find_difference(&difference, before, after);
	*changes = difference.changes;
	*count = difference.count;
	*capacity = difference.capacity;
	return result;
}
