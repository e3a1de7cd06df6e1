/*
 * key_ranges.c
 *		Alternatives of keys as ranges that do not overlap.
 *
 * `(a = 1 AND b > 5) OR (a = 1 AND b < 9) OR (a = 2 AND b = 3)` is a range of keys for each
 * alternative and for each hash key that it knows. An item in two of them would be read twice and
 * become two rows. So the ranges are sorted, and those of one hash key that may meet become one.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/conditions/key_restriction.h"

/* Some keys with the same hash attributes. The paths are those of any of the alternatives. */
typedef struct KeyRange
{
	const AttributeValue *hash[KEY_ATTRIBUTES_MAXIMUM];
	KeyBound lower; /* of the first range attribute; equal bounds are one key */
	KeyBound upper;
	const AttributeValue *prefix; /* NULL: none; else it is the lower bound too, for sorting */
} KeyRange;

typedef struct KeyRanges
{
	const KeyRestrictions *like; /* one alternative, for the attributes' paths */
	KeyRange *ranges;
	uint32 count;
} KeyRanges;

static const KeyRestriction *
range_part(const KeyRestrictions *restrictions)
{
	return restrictions->count > restrictions->hash_count
	           ? &restrictions->parts[restrictions->hash_count]
	           : NULL;
}

/* Both bounds are sent as BETWEEN, which includes them. */
static void
set_range(KeyRange *range, const KeyRestriction *part, uint32 choice)
{
	if (part->has_points)
	{
		range->lower = (KeyBound){true, true, part->points[choice]};
		range->upper = range->lower;
		return;
	}
	range->lower = part->lower;
	range->upper = part->upper;
	if (part->has_prefix)
	{
		range->prefix = &part->prefix;
		range->lower = (KeyBound){true, true, part->prefix};
		range->upper.is_set = false;
	}
	else if (range->lower.is_set && range->upper.is_set)
	{
		range->lower.inclusive = true;
		range->upper.inclusive = true;
	}
}

/* Adds the ranges of one alternative: one for each combination of its choices. */
static void
add_ranges(KeyRanges *ranges, const KeyRestrictions *alternative)
{
	const KeyRestriction *part = range_part(alternative);
	uint64 choices = part == NULL ? 1 : key_choices(part);
	uint64 combinations = choices;

	for (uint32 i = 0; i < alternative->hash_count; i++)
		combinations *= key_choices(&alternative->parts[i]);
	for (uint64 combination = 0; combination < combinations; combination++)
	{
		KeyRange *range = &ranges->ranges[ranges->count++];
		uint64 rest = combination / choices;

		*range = (KeyRange){0};
		if (part != NULL)
			set_range(range, part, combination % choices);
		for (uint32 i = 0; i < alternative->hash_count; i++)
		{
			const KeyRestriction *hash = &alternative->parts[i];

			range->hash[i] = &hash->points[rest % hash->point_count];
			rest /= hash->point_count;
		}
	}
}

static int
compare_hash(const KeyRange *a, const KeyRange *b)
{
	int order = 0;

	for (uint32 i = 0; i < KEY_ATTRIBUTES_MAXIMUM && a->hash[i] != NULL && order == 0; i++)
		order = scalar_compare(a->hash[i], b->hash[i]);
	return order;
}

/* By hash, then by lower bound; a range without one comes first. */
static int
compare_ranges(const void *left, const void *right)
{
	const KeyRange *a = left;
	const KeyRange *b = right;
	int order = compare_hash(a, b);

	if (order != 0)
		return order;
	if (a->lower.is_set && b->lower.is_set)
		return scalar_compare(&a->lower.value, &b->lower.value);
	return (int) a->lower.is_set - (int) b->lower.is_set;
}

/* True when a key may be in both; `a` does not begin behind `b`. */
static bool
ranges_meet(const KeyRange *a, const KeyRange *b)
{
	return !a->upper.is_set || !b->lower.is_set ||
	       scalar_compare(&b->lower.value, &a->upper.value) <= 0;
}

/* Widens `range` so that it holds `other`, which does not begin before it. */
static void
widen_range(KeyRange *range, const KeyRange *other)
{
	int order;

	if (range->prefix != NULL && other->prefix != NULL &&
	    scalar_compare(range->prefix, other->prefix) == 0)
		return;
	range->prefix = NULL;
	range->lower.inclusive = true;
	range->upper.inclusive = true;
	if (!range->upper.is_set || !other->upper.is_set)
	{
		range->upper.is_set = false;
		return;
	}
	order = scalar_compare(&other->upper.value, &range->upper.value);
	if (order > 0)
		range->upper.value = other->upper.value;
}

static void
merge_ranges(KeyRanges *ranges)
{
	uint32 last = 0;

	qsort(ranges->ranges, ranges->count, sizeof(KeyRange), compare_ranges);
	for (uint32 i = 1; i < ranges->count; i++)
	{
		KeyRange *range = &ranges->ranges[last];
		const KeyRange *next = &ranges->ranges[i];

		if (compare_hash(range, next) == 0 && ranges_meet(range, next))
			widen_range(range, next);
		else
			ranges->ranges[++last] = *next;
	}
	ranges->count = last + 1;
}

static bool
is_one_key(const KeyRange *range)
{
	return range->lower.is_set && range->upper.is_set &&
	       scalar_compare(&range->lower.value, &range->upper.value) == 0;
}

/* True when each range is one key, to be looked up; a table has at most one range attribute. */
static bool
are_keys(const KeyRanges *ranges)
{
	if (range_part(ranges->like) == NULL)
		return true;
	for (uint32 i = 0; i < ranges->count; i++)
	{
		if (!is_one_key(&ranges->ranges[i]))
			return false;
	}
	return true;
}

static DynamodbItem
key_of_range(const KeyRanges *ranges, const KeyRange *range)
{
	const KeyRestrictions *like = ranges->like;
	DynamodbItem key = {palloc0(sizeof(Attribute) * like->count), like->count};

	for (uint32 i = 0; i < like->count; i++)
	{
		key.attributes[i].name = like->parts[i].path.steps[0].name;
		key.attributes[i].slot = ATTRIBUTE_NO_SLOT;
		key.attributes[i].value = i < like->hash_count ? *range->hash[i] : range->lower.value;
	}
	return key;
}

static Condition *
condition_of_range(const KeyRanges *ranges, const KeyRange *range)
{
	const KeyRestrictions *like = ranges->like;
	const KeyRestriction *part = range_part(like);
	Condition *all = palloc0(sizeof(*all));
	Condition *condition = NULL;

	all->kind = CONDITION_AND;
	all->children = palloc(sizeof(Condition *) * (like->hash_count + 1));
	for (uint32 i = 0; i < like->hash_count; i++)
		all->children[all->child_count++] =
		    key_condition(&like->parts[i].path, CONDITION_EQUAL, range->hash[i], NULL);
	if (part != NULL && is_one_key(range))
		condition = key_condition(&part->path, CONDITION_EQUAL, &range->lower.value, NULL);
	else if (part != NULL)
		condition = key_range_condition(&part->path, &range->lower, &range->upper, range->prefix);
	if (condition != NULL)
		all->children[all->child_count++] = condition;
	return all->child_count == 1 ? all->children[0] : all;
}

KeyDemand
key_ranges_demand(const KeyRestrictions *alternatives, int count, bool lookup)
{
	KeyRanges ranges = {.like = &alternatives[0]};
	KeyDemand demand = {0};
	double combinations = 0;

	for (int i = 0; i < count; i++)
		combinations += key_combinations(&alternatives[i]);
	ranges.ranges = allocate_many(combinations, sizeof(KeyRange));
	for (int i = 0; i < count; i++)
		add_ranges(&ranges, &alternatives[i]);
	merge_ranges(&ranges);
	if (lookup && are_keys(&ranges))
	{
		demand.keys = allocate_many(ranges.count, sizeof(DynamodbItem));
		for (uint32 i = 0; i < ranges.count; i++)
			demand.keys[demand.key_count++] = key_of_range(&ranges, &ranges.ranges[i]);
		return demand;
	}
	demand.conditions = allocate_many(ranges.count, sizeof(Condition *));
	for (uint32 i = 0; i < ranges.count; i++)
		demand.conditions[demand.condition_count++] =
		    condition_of_range(&ranges, &ranges.ranges[i]);
	return demand;
}
