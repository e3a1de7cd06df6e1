/*
 * item_action.c
 *		Folding what is done to one item.
 *
 * Places are compared by their paths. Where elements of a list are set or removed, an index does
 * not always mean the same element before and after, so there the list is taken as a whole.
 */
#include "item/item_action.h"

#include <string.h>

static const char *const needs_stored_item = "the stored item is needed to combine the writes";

bool
item_action_leaves_item(const ItemAction *action)
{
	switch (action->effect)
	{
		case ITEM_EFFECT_NONE:
			return action->expects_item;
		case ITEM_EFFECT_PUT:
		case ITEM_EFFECT_CHANGE:
			return true;
		case ITEM_EFFECT_DELETE:
			return false;
	}
	return false;
}

/* ---- places ---- */

/* True when `path` is `prefix` or leads into it. */
static bool
is_within(const AttributePath *path, const AttributePath *prefix)
{
	return path->count >= prefix->count && attribute_path_overlap(path, prefix);
}

/* True when `path` leads into `prefix` and is not it. */
static bool
is_inside(const AttributePath *path, const AttributePath *prefix)
{
	return path->count > prefix->count && attribute_path_overlap(path, prefix);
}

/* The list that the path's first index is of; false when the path has none. */
static bool
outermost_list(const AttributePath *path, AttributePath *list)
{
	for (uint32_t i = 0; i < path->count; i++)
	{
		if (path->steps[i].is_index)
		{
			*list = (AttributePath){path->steps, i};
			return true;
		}
	}
	return false;
}

/* Two values of which NULL is none. */
static bool
are_equal(const AttributeValue *a, const AttributeValue *b)
{
	return a == NULL || b == NULL ? a == b : attribute_value_equal(a, b);
}

bool
item_expectation_holds(const ItemExpectation *expectation, const DynamodbItem *item)
{
	const AttributeValue *value =
	    item == NULL ? NULL : attribute_path_find(&expectation->path, item);

	if (expectation->null_will_do && value != NULL && value->type == ATTRIBUTE_NULL)
		value = NULL;
	return are_equal(value, expectation->value);
}

/* ---- expectations ---- */

typedef struct ExpectationList
{
	Arena *arena;
	ItemExpectation *expectations;
	size_t count;
	size_t capacity;
} ExpectationList;

static bool
is_same_expectation(const ItemExpectation *a, const ItemExpectation *b)
{
	return attribute_path_equal(&a->path, &b->path) && are_equal(a->value, b->value) &&
	       a->null_will_do == b->null_will_do;
}

/* Two expectations that contradict each other are both kept: then the action can never be done. */
static CheckedResult
add_expectation(ExpectationList *list, ItemExpectation expectation)
{
	for (size_t i = 0; i < list->count; i++)
	{
		if (is_same_expectation(&list->expectations[i], &expectation))
			return result_ok();
	}
	list->expectations = arena_grow_array(list->arena, list->expectations, list->count,
	                                      &list->capacity, sizeof(*list->expectations));
	if (list->expectations == NULL)
		return arena_failure(list->arena, list->capacity);
	list->expectations[list->count++] = expectation;
	return result_ok();
}

static CheckedResult
add_expectations(ExpectationList *list, const ItemAction *action)
{
	for (size_t i = 0; i < action->expectation_count; i++)
		RETURN_IF_FAILED(add_expectation(list, action->expectations[i]));
	return result_ok();
}

/* What the place of the stored item holds is expected of it. */
static CheckedResult
add_stored_expectation(ExpectationList *list, AttributePath path, const DynamodbItem *stored)
{
	if (stored == NULL)
		return result_failed(RESULT_INVALID_ARGUMENT, needs_stored_item);
	return add_expectation(
	    list, (ItemExpectation){.path = path, .value = attribute_path_find(&path, stored)});
}

/*
 * Adds what an expectation of the changed item says of the stored one. Inside a list whose elements
 * were changed it may be about another element, so there the whole list must be as it was read.
 */
static CheckedResult
add_translated(ExpectationList *list, const ItemExpectation *expectation, const ItemAction *earlier,
               const DynamodbItem *stored)
{
	const AttributePath *path = &expectation->path;
	AttributePath changed_list;

	for (size_t i = 0; i < earlier->change_count; i++)
	{
		const AttributePath *changed = &earlier->changes[i].path;

		if (outermost_list(changed, &changed_list) && is_inside(path, &changed_list))
			return add_stored_expectation(list, changed_list, stored);
		if (is_within(path, changed))
			return result_ok();
		if (is_inside(changed, path))
			return add_stored_expectation(list, *path, stored);
	}
	return add_expectation(list, *expectation);
}

static CheckedResult
fold_expectations(ExpectationList *list, const ItemAction *earlier, const ItemAction *later,
                  const DynamodbItem *stored)
{
	RETURN_IF_FAILED(add_expectations(list, earlier));
	/* What the transaction itself has put is as it was read. */
	if (!earlier->expects_item || earlier->effect == ITEM_EFFECT_PUT)
		return result_ok();
	for (size_t i = 0; i < later->expectation_count; i++)
		RETURN_IF_FAILED(add_translated(list, &later->expectations[i], earlier, stored));
	return result_ok();
}

/* ---- changes ---- */

typedef struct ChangeList
{
	Arena *arena;
	AttributeChange *changes;
	size_t count;
	size_t capacity;
} ChangeList;

static CheckedResult
append_change(ChangeList *list, AttributeChange change)
{
	list->changes = arena_grow_array(list->arena, list->changes, list->count, &list->capacity,
	                                 sizeof(*list->changes));
	if (list->changes == NULL)
		return arena_failure(list->arena, list->capacity);
	list->changes[list->count++] = change;
	return result_ok();
}

/* Takes out the changes of places within `path`. */
static void
drop_changes_within(ChangeList *list, const AttributePath *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
	{
		if (!is_within(&list->changes[i].path, path))
			list->changes[kept++] = list->changes[i];
	}
	list->count = kept;
}

static AttributeChange *
find_change_around(ChangeList *list, const AttributePath *path)
{
	for (size_t i = 0; i < list->count; i++)
	{
		if (is_inside(path, &list->changes[i].path))
			return &list->changes[i];
	}
	return NULL;
}

/*
 * Makes the change inside of the value that `outer` sets: in an item of that one attribute, so that
 * it is made as any other.
 */
static CheckedResult
change_inside(Arena *arena, AttributeChange *outer, const AttributeChange *change)
{
	AttributePathStep *steps;
	AttributePathStep top = {.name = BYTES_LITERAL("value")};
	uint32_t below = change->path.count - outer->path.count;
	AttributeChange inner = {.value = change->value};
	Attribute attribute = {.name = top.name, .slot = ATTRIBUTE_NO_SLOT};
	DynamodbItem item = {&attribute, 1};
	DynamodbItem changed;

	if (outer->value == NULL)
		return result_failed(RESULT_INVALID_ARGUMENT, "a place inside a removed value is changed");
	steps = arena_allocate_array(arena, below + 1, sizeof(*steps));
	if (steps == NULL)
		return arena_failure(arena, (below + 1) * sizeof(*steps));
	steps[0] = top;
	memcpy(steps + 1, change->path.steps + outer->path.count, below * sizeof(*steps));
	inner.path = (AttributePath){steps, below + 1};
	attribute.value = *outer->value;
	RETURN_IF_FAILED(item_apply_changes(arena, &item, &inner, 1, &changed));
	outer->value = item_find(&changed, top.name);
	return result_ok();
}

static CheckedResult
fold_change(ChangeList *list, const AttributeChange *change)
{
	AttributeChange *outer = find_change_around(list, &change->path);

	if (outer != NULL)
		return change_inside(list->arena, outer, change);
	drop_changes_within(list, &change->path);
	return append_change(list, *change);
}

/* A list of which both actions change elements, or what is inside of them; false for none. */
static bool
find_shared_list(const ItemAction *earlier, const ItemAction *later, AttributePath *list)
{
	for (size_t i = 0; i < earlier->change_count; i++)
	{
		if (!outermost_list(&earlier->changes[i].path, list))
			continue;
		for (size_t k = 0; k < later->change_count; k++)
		{
			if (is_inside(&later->changes[k].path, list))
				return true;
		}
	}
	return false;
}

/* The action without its changes inside the list. */
static CheckedResult
without_changes_inside(Arena *arena, const ItemAction *action, const AttributePath *list,
                       ItemAction *without)
{
	ChangeList changes = {.arena = arena};

	for (size_t i = 0; i < action->change_count; i++)
	{
		if (!is_inside(&action->changes[i].path, list))
			RETURN_IF_FAILED(append_change(&changes, action->changes[i]));
	}
	*without = *action;
	without->changes = changes.changes;
	without->change_count = changes.count;
	return result_ok();
}

/* What both actions make of the place of the stored item. */
static CheckedResult
change_of_whole(Arena *arena, const ItemAction *earlier, const ItemAction *later,
                const DynamodbItem *stored, const AttributePath *path, AttributeChange *change)
{
	DynamodbItem between;
	DynamodbItem *after = arena_allocate(arena, sizeof(*after));

	if (after == NULL)
		return arena_failure(arena, sizeof(*after));
	RETURN_IF_FAILED(
	    item_apply_changes(arena, stored, earlier->changes, earlier->change_count, &between));
	RETURN_IF_FAILED(
	    item_apply_changes(arena, &between, later->changes, later->change_count, after));
	*change = (AttributeChange){*path, attribute_path_find(path, after)};
	return result_ok();
}

static CheckedResult
fold_plain_changes(ChangeList *list, const ItemAction *earlier, const ItemAction *later)
{
	for (size_t i = 0; i < earlier->change_count; i++)
		RETURN_IF_FAILED(append_change(list, earlier->changes[i]));
	for (size_t i = 0; i < later->change_count; i++)
		RETURN_IF_FAILED(fold_change(list, &later->changes[i]));
	return result_ok();
}

/*
 * Changes of elements of one list are replaced by one of the list as a whole, one list after the
 * other; the list must then be as it was read.
 */
static CheckedResult
fold_changes(ChangeList *list, ExpectationList *expectations, ItemAction earlier, ItemAction later,
             const DynamodbItem *stored)
{
	const ItemAction first = earlier;
	const ItemAction second = later;
	ChangeList wholes = {.arena = list->arena};
	AttributePath shared;

	while (find_shared_list(&earlier, &later, &shared))
	{
		AttributeChange whole;

		RETURN_IF_FAILED(add_stored_expectation(expectations, shared, stored));
		RETURN_IF_FAILED(change_of_whole(list->arena, &first, &second, stored, &shared, &whole));
		RETURN_IF_FAILED(append_change(&wholes, whole));
		RETURN_IF_FAILED(without_changes_inside(list->arena, &earlier, &shared, &earlier));
		RETURN_IF_FAILED(without_changes_inside(list->arena, &later, &shared, &later));
	}
	RETURN_IF_FAILED(fold_plain_changes(list, &earlier, &later));
	for (size_t i = 0; i < wholes.count; i++)
	{
		if (find_change_around(list, &wholes.changes[i].path) == NULL)
			RETURN_IF_FAILED(append_change(list, wholes.changes[i]));
	}
	return result_ok();
}

/* ---- actions ---- */

static CheckedResult
fold_change_effect(Arena *arena, const ItemAction *earlier, const ItemAction *later,
                   const DynamodbItem *stored, ExpectationList *expectations, ItemAction *folded)
{
	ChangeList changes = {.arena = arena};

	if (earlier->effect == ITEM_EFFECT_PUT)
	{
		folded->effect = ITEM_EFFECT_PUT;
		return item_apply_changes(arena, &earlier->item, later->changes, later->change_count,
		                          &folded->item);
	}
	RETURN_IF_FAILED(fold_changes(&changes, expectations, *earlier, *later, stored));
	folded->effect = ITEM_EFFECT_CHANGE;
	folded->changes = changes.changes;
	folded->change_count = changes.count;
	return result_ok();
}

static CheckedResult
fold_effect(Arena *arena, const ItemAction *earlier, const ItemAction *later,
            const DynamodbItem *stored, ExpectationList *expectations, ItemAction *folded)
{
	switch (later->effect)
	{
		case ITEM_EFFECT_NONE:
			folded->effect = earlier->effect;
			folded->item = earlier->item;
			folded->changes = earlier->changes;
			folded->change_count = earlier->change_count;
			return result_ok();
		case ITEM_EFFECT_PUT:
			folded->effect = ITEM_EFFECT_PUT;
			folded->item = later->item;
			return result_ok();
		case ITEM_EFFECT_CHANGE:
			return fold_change_effect(arena, earlier, later, stored, expectations, folded);
		case ITEM_EFFECT_DELETE:
			folded->effect = earlier->expects_item ? ITEM_EFFECT_DELETE : ITEM_EFFECT_NONE;
			return result_ok();
	}
	return result_failed(RESULT_INVALID_ARGUMENT, "an action of no known effect");
}

CheckedResult
item_action_fold(Arena *arena, const ItemAction *earlier, const ItemAction *later,
                 const DynamodbItem *stored, ItemAction *folded)
{
	ExpectationList expectations = {.arena = arena};
	ItemAction action = {.expects_item = earlier->expects_item};

	if (later->expects_item != item_action_leaves_item(earlier))
		return result_failed(RESULT_INVALID_ARGUMENT, later->expects_item
		                                                  ? "the item is not there any more"
		                                                  : "the item is there already");
	RETURN_IF_FAILED(fold_expectations(&expectations, earlier, later, stored));
	RETURN_IF_FAILED(fold_effect(arena, earlier, later, stored, &expectations, &action));
	action.expectations = expectations.expectations;
	action.expectation_count = expectations.count;
	*folded = action;
	return result_ok();
}

CheckedResult
item_action_apply(Arena *arena, const ItemAction *action, const DynamodbItem *stored,
                  DynamodbItem *after, bool *present)
{
	*present = item_action_leaves_item(action);
	if (action->effect == ITEM_EFFECT_PUT)
		*after = action->item;
	if (!*present || action->effect == ITEM_EFFECT_PUT)
		return result_ok();
	if (stored == NULL)
		return result_failed(RESULT_INVALID_ARGUMENT, "the item is not there any more");
	if (action->effect == ITEM_EFFECT_CHANGE)
		return item_apply_changes(arena, stored, action->changes, action->change_count, after);
	*after = *stored;
	return result_ok();
}

/* ---- conditions ---- */

static Condition *
make_condition(Arena *arena, ConditionKind kind, AttributePath path)
{
	Condition *condition = arena_allocate_zeroed(arena, 1, sizeof(*condition));

	if (condition == NULL)
		return NULL;
	condition->kind = kind;
	condition->path = path;
	return condition;
}

static Condition *
make_junction(Arena *arena, ConditionKind kind, uint32_t child_count)
{
	Condition *condition = arena_allocate_zeroed(arena, 1, sizeof(*condition));

	if (condition == NULL)
		return NULL;
	condition->kind = kind;
	condition->child_count = child_count;
	condition->children =
	    (Condition **) arena_allocate_zeroed(arena, child_count, sizeof(Condition *));
	return condition->children == NULL ? NULL : condition;
}

/* attribute_not_exists(path) OR attribute_type(path, NULL) */
static Condition *
make_nothing_or_null(Arena *arena, AttributePath path)
{
	Condition *condition = make_junction(arena, CONDITION_OR, 2);

	if (condition == NULL)
		return NULL;
	condition->children[0] = make_condition(arena, CONDITION_NOT_EXISTS, path);
	condition->children[1] = make_condition(arena, CONDITION_HAS_TYPE, path);
	if (condition->children[0] == NULL || condition->children[1] == NULL)
		return NULL;
	condition->children[1]->attribute_type = ATTRIBUTE_NULL;
	return condition;
}

static Condition *
make_equal(Arena *arena, AttributePath path, const AttributeValue *value)
{
	Condition *condition = make_condition(arena, CONDITION_EQUAL, path);

	if (condition == NULL)
		return NULL;
	condition->values = arena_allocate(arena, sizeof(*condition->values));
	if (condition->values == NULL)
		return NULL;
	condition->values[0] = *value;
	condition->value_count = 1;
	return condition;
}

static Condition *
make_expected(Arena *arena, const ItemExpectation *expectation)
{
	if (expectation->value != NULL)
		return make_equal(arena, expectation->path, expectation->value);
	if (expectation->null_will_do)
		return make_nothing_or_null(arena, expectation->path);
	return make_condition(arena, CONDITION_NOT_EXISTS, expectation->path);
}

Condition *
item_action_condition(Arena *arena, const ItemAction *action, Bytes hash_key)
{
	ConditionKind existence = action->expects_item ? CONDITION_EXISTS : CONDITION_NOT_EXISTS;
	AttributePath path;
	Condition *first;
	Condition *condition;

	if (!attribute_path_of_name(arena, hash_key, &path))
		return NULL;
	first = make_condition(arena, existence, path);
	if (first == NULL || action->expectation_count == 0)
		return first;
	condition = make_junction(arena, CONDITION_AND, (uint32_t) action->expectation_count + 1);
	if (condition == NULL)
		return NULL;
	condition->children[0] = first;
	for (size_t i = 0; i < action->expectation_count; i++)
	{
		condition->children[i + 1] = make_expected(arena, &action->expectations[i]);
		if (condition->children[i + 1] == NULL)
			return NULL;
	}
	return condition;
}

/* True for what make_nothing_or_null() makes. */
static bool
is_nothing_or_null(const Condition *condition)
{
	const Condition *nothing;
	const Condition *null;

	if (condition->kind != CONDITION_OR || condition->child_count != 2)
		return false;
	nothing = condition->children[0];
	null = condition->children[1];
	return nothing->kind == CONDITION_NOT_EXISTS && null->kind == CONDITION_HAS_TYPE &&
	       null->attribute_type == ATTRIBUTE_NULL &&
	       attribute_path_equal(&nothing->path, &null->path);
}

static bool
is_existence_of(const Condition *condition, Bytes hash_key)
{
	return condition->kind == CONDITION_EXISTS && condition->path.count == 1 &&
	       bytes_equal(condition->path.steps[0].name, hash_key);
}

static CheckedResult
read_expectation(ExpectationList *list, const Condition *condition, Bytes hash_key)
{
	ItemExpectation expectation = {.path = condition->path};

	if (is_existence_of(condition, hash_key))
		return result_ok();
	if (is_nothing_or_null(condition))
	{
		expectation.path = condition->children[0]->path;
		expectation.null_will_do = true;
	}
	else if (condition->kind == CONDITION_EQUAL)
		expectation.value = &condition->values[0];
	else if (condition->kind != CONDITION_NOT_EXISTS)
		return result_failed(RESULT_UNSUPPORTED, "the condition is not one of single values");
	return add_expectation(list, expectation);
}

static CheckedResult
read_expectations(ExpectationList *list, const Condition *condition, Bytes hash_key)
{
	if (condition->kind != CONDITION_AND)
		return read_expectation(list, condition, hash_key);
	for (uint32_t i = 0; i < condition->child_count; i++)
		RETURN_IF_FAILED(read_expectations(list, condition->children[i], hash_key));
	return result_ok();
}

CheckedResult
item_expectations_read(Arena *arena, const Condition *condition, Bytes hash_key,
                       ItemExpectation **expectations, size_t *count)
{
	ExpectationList list = {.arena = arena};

	RETURN_IF_FAILED(read_expectations(&list, condition, hash_key));
	*expectations = list.expectations;
	*count = list.count;
	return result_ok();
}
