/*
 * key_binding.c
 *		Key conditions with known values: the keys to look up, or the conditions of Querys.
 *
 * DynamoDB takes one equality for each hash attribute and at most one comparison for a range
 * attribute. SQL may say more about an attribute, or several values for it; so everything said is
 * folded into a KeyRestriction first: known points, else a range. A restriction lets through every
 * key that all conditions let through; others are found out when the rows are checked again.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/conditions/key_restriction.h"

/* False for values that no item has in a key attribute. */
static bool
is_possible_key(const KeyRestriction *restriction, const AttributeValue *value)
{
	if (value->type == ATTRIBUTE_N)
		return true;
	return value->bytes.length > 0 && value->bytes.length <= restriction->bytes_maximum;
}

static bool
has_point(const KeyRestriction *restriction, const AttributeValue *value)
{
	uint32 low = 0;
	uint32 high = restriction->point_count;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;
		int order = scalar_compare(value, &restriction->points[middle]);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* The value is one of these: keeps those that it could be before, too. */
static void
restrict_to_points(KeyRestriction *restriction, AttributeValue *values, uint32 count)
{
	uint32 kept = 0;

	for (uint32 i = 0; i < count; i++)
	{
		if (is_possible_key(restriction, &values[i]) &&
		    (!restriction->has_points || has_point(restriction, &values[i])))
			values[kept++] = values[i];
	}
	restriction->has_points = true;
	restriction->points = values;
	restriction->point_count = kept;
}

/* Moves a bound to `value` if that is tighter: `direction` is 1 for lower bounds, -1 for upper. */
static void
tighten_bound(KeyBound *bound, int direction, const AttributeValue *value, bool inclusive)
{
	int order = bound->is_set ? direction * scalar_compare(value, &bound->value) : 1;

	if (order > 0)
		*bound = (KeyBound){true, inclusive, *value};
	else if (order == 0)
		bound->inclusive = bound->inclusive && inclusive;
}

/* A prefix within the one known already says more; one that is no part of it contradicts it. */
static void
restrict_to_prefix(KeyRestriction *restriction, const AttributeValue *prefix)
{
	if (prefix->bytes.length > restriction->bytes_maximum)
		restriction->never = true;
	else if (!restriction->has_prefix || bytes_start_with(prefix->bytes, restriction->prefix.bytes))
		restriction->prefix = *prefix;
	else if (!bytes_start_with(restriction->prefix.bytes, prefix->bytes))
		restriction->never = true;
	restriction->has_prefix = true;
}

/* A bound that no key can have is left out, although it may say something. */
static void
restrict_with_demand(KeyRestriction *restriction, const Demand *demand)
{
	bool possible = demand->value_count > 0 && is_possible_key(restriction, &demand->values[0]);

	switch (demand->comparison)
	{
		case CONDITION_EQUAL:
		case CONDITION_IN:
			restrict_to_points(restriction, demand->values, demand->value_count);
			break;
		case CONDITION_LESS:
		case CONDITION_LESS_OR_EQUAL:
			if (possible)
				tighten_bound(&restriction->upper, -1, &demand->values[0],
				              demand->comparison == CONDITION_LESS_OR_EQUAL);
			break;
		case CONDITION_GREATER:
		case CONDITION_GREATER_OR_EQUAL:
			if (possible)
				tighten_bound(&restriction->lower, 1, &demand->values[0],
				              demand->comparison == CONDITION_GREATER_OR_EQUAL);
			break;
		case CONDITION_BEGINS_WITH:
			restrict_to_prefix(restriction, &demand->values[0]);
			break;
		case CONDITION_NOT_EXISTS:
			restriction->never = true;
			break;
		default:
			break;
	}
}

static bool
is_within_bounds(const KeyRestriction *restriction, const AttributeValue *value)
{
	int above = restriction->lower.is_set ? scalar_compare(value, &restriction->lower.value) : 1;
	int below = restriction->upper.is_set ? scalar_compare(&restriction->upper.value, value) : 1;

	if (above < 0 || (above == 0 && !restriction->lower.inclusive))
		return false;
	if (below < 0 || (below == 0 && !restriction->upper.inclusive))
		return false;
	return !restriction->has_prefix || bytes_start_with(value->bytes, restriction->prefix.bytes);
}

/* Points against bounds, lower against upper bound. */
static void
restriction_finish(KeyRestriction *restriction)
{
	if (restriction->has_points)
	{
		uint32 kept = 0;

		for (uint32 i = 0; i < restriction->point_count; i++)
		{
			if (is_within_bounds(restriction, &restriction->points[i]))
				restriction->points[kept++] = restriction->points[i];
		}
		restriction->point_count = kept;
		restriction->never = restriction->never || kept == 0;
	}
	else if (restriction->lower.is_set && restriction->upper.is_set)
	{
		int order = scalar_compare(&restriction->lower.value, &restriction->upper.value);

		if (order > 0 ||
		    (order == 0 && !(restriction->lower.inclusive && restriction->upper.inclusive)))
			restriction->never = true;
	}
}

static void
restriction_init(KeyRestriction *restriction, const KeyAttribute *attribute, size_t bytes_maximum)
{
	AttributePathStep *step = palloc0(sizeof(*step));

	step->name = attribute->name;
	*restriction = (KeyRestriction){.bytes_maximum = bytes_maximum};
	restriction->path = (AttributePath){.steps = step, .count = 1};
}

/* Everything that the template's leaves say about the attribute. */
static void
restriction_bind(KeyRestriction *restriction, const Binding *binding, List *template)
{
	ListCell *cell;

	foreach (cell, template_conjuncts(template))
	{
		TemplateLeaf leaf = template_leaf(lfirst(cell));
		const ForeignColumn *column = &binding->relation->columns[leaf.column - 1];
		Demand demand;

		if (!attribute_path_equal(&column->path, &restriction->path))
			continue;
		demand = leaf_demand(binding, &leaf);
		if (demand.outcome == DEMAND_NEVER)
			restriction->never = true;
		else if (demand.outcome == DEMAND_CONDITION)
			restrict_with_demand(restriction, &demand);
	}
	restriction_finish(restriction);
}

Condition *
key_condition(const AttributePath *path, ConditionKind kind, const AttributeValue *first,
              const AttributeValue *second)
{
	Condition *condition = palloc0(sizeof(*condition));

	condition->kind = kind;
	condition->path = *path;
	condition->value_count = second == NULL ? 1 : 2;
	condition->values = palloc(sizeof(AttributeValue) * condition->value_count);
	condition->values[0] = *first;
	if (second != NULL)
		condition->values[1] = *second;
	return condition;
}

Condition *
key_range_condition(const AttributePath *path, const KeyBound *lower, const KeyBound *upper,
                    const AttributeValue *prefix)
{
	if (prefix != NULL)
		return key_condition(path, CONDITION_BEGINS_WITH, prefix, NULL);
	if (lower->is_set && upper->is_set)
		return key_condition(path, CONDITION_BETWEEN, &lower->value, &upper->value);
	if (lower->is_set)
		return key_condition(path,
		                     lower->inclusive ? CONDITION_GREATER_OR_EQUAL : CONDITION_GREATER,
		                     &lower->value, NULL);
	if (upper->is_set)
		return key_condition(path, upper->inclusive ? CONDITION_LESS_OR_EQUAL : CONDITION_LESS,
		                     &upper->value, NULL);
	return NULL;
}

uint32
key_choices(const KeyRestriction *restriction)
{
	return restriction->has_points ? restriction->point_count : 1;
}

double
key_combinations(const KeyRestrictions *restrictions)
{
	double product = 1;

	for (uint32 i = 0; i < restrictions->count; i++)
		product *= key_choices(&restrictions->parts[i]);
	return product;
}

/* Replaces points by the range they lie in, which holds more keys but takes one request. */
static void
widen_to_range(KeyRestriction *restriction)
{
	if (!restriction->has_points || restriction->point_count < 2)
		return;
	restriction->has_points = false;
	restriction->has_prefix = false;
	restriction->lower = (KeyBound){true, true, restriction->points[0]};
	restriction->upper = (KeyBound){true, true, restriction->points[restriction->point_count - 1]};
}

/* Behind a range, nothing may be said of further range attributes. */
void
key_widen(KeyRestrictions *restrictions)
{
	for (uint32 i = restrictions->hash_count; i < restrictions->count; i++)
	{
		widen_to_range(&restrictions->parts[i]);
		if (!restrictions->parts[i].has_points)
			restrictions->count = i + 1;
	}
}

/* The restriction's choice in combination number `combination`, taken off that number. */
static uint32
take_choice(const KeyRestriction *restriction, uint64 *combination)
{
	uint32 choices = key_choices(restriction);
	uint32 choice = *combination % choices;

	*combination /= choices;
	return choice;
}

static DynamodbItem
key_of_combination(const KeyRestrictions *restrictions, uint64 combination)
{
	uint32 count = restrictions->count;
	DynamodbItem key = {palloc0(sizeof(Attribute) * count), count};

	for (uint32 i = 0; i < count; i++)
	{
		const KeyRestriction *part = &restrictions->parts[i];

		key.attributes[i].name = part->path.steps[0].name;
		key.attributes[i].slot = ATTRIBUTE_NO_SLOT;
		key.attributes[i].value = part->points[take_choice(part, &combination)];
	}
	return key;
}

static const Condition *
condition_of_combination(const KeyRestrictions *restrictions, uint64 combination)
{
	Condition *all = palloc0(sizeof(*all));

	all->kind = CONDITION_AND;
	all->children = palloc(sizeof(Condition *) * restrictions->count);
	for (uint32 i = 0; i < restrictions->count; i++)
	{
		const KeyRestriction *part = &restrictions->parts[i];
		uint32 choice = take_choice(part, &combination);
		Condition *condition =
		    part->has_points
		        ? key_condition(&part->path, CONDITION_EQUAL, &part->points[choice], NULL)
		        : key_range_condition(&part->path, &part->lower, &part->upper,
		                              part->has_prefix ? &part->prefix : NULL);

		if (condition != NULL)
			all->children[all->child_count++] = condition;
	}
	return all->child_count == 1 ? all->children[0] : all;
}

void *
allocate_many(double count, Size size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, (Size) count * size);
}

/* The restrictions of all key attributes; false when one can never hold. */
static bool
restrictions_bind(KeyRestrictions *restrictions, const Binding *binding, const KeySchema *keys,
                  List *template)
{
	uint32 count = 0;

	restrictions->hash_count = keys->hash_count;
	for (uint32 i = 0; i < keys->hash_count; i++)
		restriction_init(&restrictions->parts[count++], &keys->hash[i], HASH_BYTES_MAXIMUM);
	for (uint32 i = 0; i < keys->range_count; i++)
		restriction_init(&restrictions->parts[count++], &keys->range[i], RANGE_BYTES_MAXIMUM);
	restrictions->count = count;
	for (uint32 i = 0; i < count; i++)
	{
		restriction_bind(&restrictions->parts[i], binding, template);
		if (restrictions->parts[i].never)
			return false;
	}
	return true;
}

/* The keys or conditions of every combination of the restrictions' choices. */
static KeyDemand
combinations_demand(const KeyRestrictions *restrictions, bool lookup)
{
	double combinations = key_combinations(restrictions);
	KeyDemand demand = {0};

	for (uint32 i = 0; i < restrictions->count; i++)
		lookup = lookup && restrictions->parts[i].has_points;
	if (lookup)
	{
		demand.keys = allocate_many(combinations, sizeof(DynamodbItem));
		while (demand.key_count < combinations)
		{
			demand.keys[demand.key_count] = key_of_combination(restrictions, demand.key_count);
			demand.key_count++;
		}
		return demand;
	}
	demand.conditions = allocate_many(combinations, sizeof(Condition *));
	while (demand.condition_count < combinations)
	{
		demand.conditions[demand.condition_count] =
		    condition_of_combination(restrictions, demand.condition_count);
		demand.condition_count++;
	}
	return demand;
}

KeyDemand
key_bind(const Binding *binding, const KeySchema *keys, List *template, bool lookup)
{
	List *alternatives = template_alternatives(template);
	KeyRestrictions *restrictions = palloc_array(KeyRestrictions, list_length(alternatives));
	double combinations = 0;
	int count = 0;
	ListCell *cell;

	foreach (cell, alternatives)
	{
		if (!restrictions_bind(&restrictions[count], binding, keys, lfirst(cell)))
			continue;
		combinations += key_combinations(&restrictions[count++]);
	}
	if (count == 0)
		return (KeyDemand){.never = true};
	for (int i = 0; i < count && combinations > KEY_COMBINATIONS_MAXIMUM && !binding->every_key;
	     i++)
		key_widen(&restrictions[i]);
	if (list_length(alternatives) > 1)
		return key_ranges_demand(restrictions, count, lookup);
	return combinations_demand(&restrictions[0], lookup);
}
