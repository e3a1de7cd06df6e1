/*
 * key_exactness.c
 *		Which key conditions need no check after the read.
 *
 * A key attribute is in every item, and of its declared type. So a Query gives exactly the items
 * for which a key condition is true, if the condition is sent as it is: alone, or as one of a pair
 * that is BETWEEN, with a value that an attribute can hold.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "postgres/compat.h"

#include "postgres/conditions/binding.h"
#include "postgres/conditions/conditions.h"
#include "postgres/conditions/key_match.h"
#include "postgres/conditions/pattern_conditions.h"
#include "postgres/memory.h"

/* What is asked of one match. */
typedef struct ExactnessScope
{
	const ForeignRelation *relation;
	const KeySchema *keys;
	List *conditions; /* PlannedConditions of the match */
} ExactnessScope;

static TemplateLeaf
leaf_of(const PlannedCondition *condition)
{
	return template_leaf(condition->template);
}

/*
 * How many other conditions of the match are about the column; *other is the last of them.
 * Alternatives are several, because ranges of them that meet become one.
 */
static int
count_others(const ExactnessScope *scope, const PlannedCondition *condition, TemplateLeaf *other)
{
	AttrNumber column = leaf_of(condition).column;
	int count = 0;
	ListCell *cell;

	foreach (cell, scope->conditions)
	{
		const PlannedCondition *candidate = lfirst(cell);

		if (!template_is_leaf(candidate->template))
			count += list_length(template_children(candidate->template));
		else if (candidate != condition && leaf_of(candidate).column == column)
		{
			*other = leaf_of(candidate);
			count++;
		}
	}
	return count;
}

/* True when each value of the expression can be written, and be that of a key attribute. */
static bool
value_is_possible(const ForeignRelation *relation, const TemplateLeaf *leaf)
{
	const ForeignColumn *column = &relation->columns[leaf->column - 1];
	const Const *constant = (const Const *) leaf->value;
	AttributeValue value;
	Arena *arena;

	if (leaf->value_type == INT2OID || leaf->value_type == INT4OID || leaf->value_type == INT8OID)
		return true;
	if (!IsA(constant, Const) || constant->constisnull)
		return false;
	arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, CONSTANT_ARENA_MAXIMUM);
	if (column_conversion_write(condition_value_conversion(column, leaf->value_type), arena,
	                            constant->constvalue, &value) != WRITE_EXACT)
		return false;
	return value.type == ATTRIBUTE_N ||
	       (value.bytes.length > 0 && value.bytes.length <= RANGE_BYTES_MAXIMUM);
}

/* True for the two comparisons that are one BETWEEN. */
static bool
are_between(const TemplateLeaf *a, const TemplateLeaf *b)
{
	return a->kind == TEMPLATE_COMPARE && b->kind == TEMPLATE_COMPARE &&
	       ((a->comparison == CONDITION_GREATER_OR_EQUAL &&
	         b->comparison == CONDITION_LESS_OR_EQUAL) ||
	        (a->comparison == CONDITION_LESS_OR_EQUAL &&
	         b->comparison == CONDITION_GREATER_OR_EQUAL));
}

/* A range is exact where each stored value compares as it is, even if the column cannot hold it. */
static bool
range_is_exact(const ExactnessScope *scope, const PlannedCondition *condition)
{
	TemplateLeaf leaf = leaf_of(condition);
	const ForeignColumn *column = &scope->relation->columns[leaf.column - 1];
	TemplateLeaf other = {0};
	int others = count_others(scope, condition, &other);

	if (!column_conversion_orders_all(column->conversion) ||
	    !value_is_possible(scope->relation, &leaf))
		return false;
	return others == 0 || (others == 1 && are_between(&leaf, &other) &&
	                       value_is_possible(scope->relation, &other));
}

static bool
prefix_is_exact(const ExactnessScope *scope, const PlannedCondition *condition)
{
	TemplateLeaf leaf = leaf_of(condition);
	TemplateLeaf other;

	if (count_others(scope, condition, &other) > 0 ||
	    !column_conversion_orders_all(scope->relation->columns[leaf.column - 1].conversion) ||
	    !value_is_possible(scope->relation, &leaf))
		return false;
	return leaf.kind == TEMPLATE_STARTS_WITH || pattern_is_prefix(leaf.value);
}

/* Many values of a range attribute may be widened to a range. */
static bool
is_exact(const ExactnessScope *scope, const PlannedCondition *condition)
{
	TemplateLeaf leaf;

	if (!template_is_leaf(condition->template))
		return false;
	leaf = leaf_of(condition);
	if (leaf.is_part)
		return false;
	switch (leaf.kind)
	{
		case TEMPLATE_COMPARE:
			return leaf.comparison == CONDITION_EQUAL || range_is_exact(scope, condition);
		case TEMPLATE_ANY:
			return template_gives_hash_key(scope->relation, condition->template, scope->keys);
		case TEMPLATE_LIKE:
		case TEMPLATE_STARTS_WITH:
			return prefix_is_exact(scope, condition);
		default:
			return false;
	}
}

List *
key_match_exact(const ForeignRelation *relation, const KeySchema *keys, const KeyMatch *match)
{
	ExactnessScope scope = {relation, keys, list_concat_copy(match->hash, match->range)};
	List *exact = NIL;
	ListCell *cell;

	foreach (cell, scope.conditions)
	{
		PlannedCondition *condition = lfirst(cell);

		if (is_exact(&scope, condition))
			exact = lappend(exact, condition->restriction);
	}
	return exact;
}
