/*
 * key_match.c
 *		Matching conditions with key schemas.
 */
#include "postgres.h"

#include "utils/selfuncs.h"

#include "postgres/compat.h"

#include "postgres/conditions/document_members.h"
#include "postgres/conditions/key_match.h"

bool
column_is_key_attribute(const ForeignColumn *column, const KeyAttribute *attribute)
{
	AttributeType written;

	return column->live && column->members == NIL && !column->options->whole_item &&
	       column->encryption == NULL && column->path.count == 1 &&
	       bytes_equal(column->path.steps[0].name, attribute->name) &&
	       column_conversion_written_type(column->conversion, &written) &&
	       written == attribute->type;
}

/* Takes a leaf about the attribute apart; false for everything else. */
static bool
leaf_of_attribute(const ForeignRelation *relation, const List *template,
                  const KeyAttribute *attribute, TemplateLeaf *leaf)
{
	if (template == NIL || !template_is_leaf(template))
		return false;
	*leaf = template_leaf(template);
	return leaf->members == NIL &&
	       column_is_key_attribute(&relation->columns[leaf->column - 1], attribute);
}

static bool
leaf_is_equality(const TemplateLeaf *leaf)
{
	return leaf->kind == TEMPLATE_COMPARE && leaf->comparison == CONDITION_EQUAL;
}

bool
template_gives_key(const ForeignRelation *relation, const List *template,
                   const KeyAttribute *attribute)
{
	TemplateLeaf leaf;

	return leaf_of_attribute(relation, template, attribute, &leaf) &&
	       (leaf_is_equality(&leaf) || leaf.kind == TEMPLATE_ANY);
}

bool
template_gives_hash_key(const ForeignRelation *relation, const List *template,
                        const KeySchema *keys)
{
	for (uint32 i = 0; i < keys->hash_count; i++)
	{
		if (template_gives_key(relation, template, &keys->hash[i]))
			return true;
	}
	return false;
}

/* True for what a range attribute's condition can be made of. */
static bool
leaf_restricts_range(const TemplateLeaf *leaf)
{
	switch (leaf->kind)
	{
		case TEMPLATE_COMPARE:
			return leaf->comparison != CONDITION_NOT_EQUAL;
		case TEMPLATE_ANY:
		case TEMPLATE_LIKE:
		case TEMPLATE_STARTS_WITH:
			return true;
		default:
			return false;
	}
}

/* What the conditions say about one attribute. */
typedef struct AttributeMatch
{
	bool has_equality;
	bool has_any;
	double values;   /* estimated number of the known ones … */
	bool is_counted; /* … of which there are no more */
	List *used;
} AttributeMatch;

/* True when it is known how many elements the array has at most. */
static bool
array_is_counted(const Node *array)
{
	return IsA(array, Const) || (IsA(array, ArrayExpr) && !((const ArrayExpr *) array)->multidims);
}

static AttributeMatch
match_attribute(PlannerInfo *root, const ForeignRelation *relation, const KeyAttribute *attribute,
                List *conditions, bool is_range)
{
	AttributeMatch match = {.values = 1, .is_counted = true};
	double elements = 0;
	ListCell *cell;

	foreach (cell, conditions)
	{
		PlannedCondition *condition = lfirst(cell);
		TemplateLeaf leaf;

		if (!leaf_of_attribute(relation, condition->template, attribute, &leaf))
			continue;
		if (leaf_is_equality(&leaf))
			match.has_equality = true;
		else if (leaf.kind == TEMPLATE_ANY)
		{
			double length = ESTIMATE_ARRAY_LENGTH(root, leaf.value);

			match.is_counted = match.is_counted && array_is_counted(leaf.value);
			elements = match.has_any ? Min(elements, length) : length;
			match.has_any = true;
		}
		else if (!is_range || !leaf_restricts_range(&leaf))
			continue;
		match.used = lappend(match.used, condition);
	}
	if (match.has_any && !match.has_equality)
		match.values = Max(elements, 1);
	return match;
}

static void
key_match_add(KeyMatch *match, const AttributeMatch *attribute)
{
	match->keys *= attribute->values;
	match->is_counted = match->is_counted && attribute->is_counted;
	match->one_stream = match->one_stream && (attribute->has_equality || !attribute->has_any);
}

/* The templates of the conditions, joined. */
static List *
conjunction_of(List *conditions)
{
	List *templates = NIL;
	ListCell *cell;

	foreach (cell, conditions)
		templates = lappend(templates, ((PlannedCondition *) lfirst(cell))->template);
	return template_of_children(TEMPLATE_AND, templates);
}

KeyMatch
key_match(PlannerInfo *root, const ForeignRelation *relation, const KeySchema *keys,
          List *conditions)
{
	KeyMatch match = {
	    .query = true, .lookup = true, .one_stream = true, .keys = 1, .is_counted = true};
	bool range_is_known = true;

	for (uint32 i = 0; i < keys->hash_count; i++)
	{
		AttributeMatch hash = match_attribute(root, relation, &keys->hash[i], conditions, false);

		if (!hash.has_equality && !hash.has_any)
			return (KeyMatch){.query = false};
		key_match_add(&match, &hash);
		match.hash = list_concat(match.hash, hash.used);
	}
	/* A range attribute may be compared where all before it have known values. */
	for (uint32 i = 0; i < keys->range_count && range_is_known; i++)
	{
		AttributeMatch range = match_attribute(root, relation, &keys->range[i], conditions, true);

		range_is_known = range.has_equality || range.has_any;
		key_match_add(&match, &range);
		match.range = list_concat(match.range, range.used);
	}
	match.lookup = range_is_known;
	match.template = conjunction_of(list_concat_copy(match.hash, match.range));
	return match;
}

/* The parts of one alternative that say something about single attributes, as conditions. */
static List *
conditions_of_alternative(const PlannedCondition *disjunction, List *template)
{
	List *conditions = NIL;
	ListCell *cell;

	foreach (cell, template_conjuncts(template))
	{
		PlannedCondition *condition = palloc0_object(PlannedCondition);

		condition->restriction = disjunction->restriction;
		condition->template = lfirst(cell);
		conditions = lappend(conditions, condition);
	}
	return conditions;
}

/*
 * Matches one alternative and adds it to the match of all; false when it gives no keys, or none
 * that the other conditions do not give.
 */
static bool
add_alternative(PlannerInfo *root, const ForeignRelation *relation, const KeySchema *keys,
                List *conditions, List *of_alternative, KeyMatch *match, List **templates)
{
	KeyMatch alternative =
	    key_match(root, relation, keys, list_concat_copy(of_alternative, conditions));
	List *hash = list_difference_ptr(alternative.hash, of_alternative);
	List *range = list_difference_ptr(alternative.range, of_alternative);

	if (!alternative.query || list_length(hash) + list_length(range) ==
	                              list_length(alternative.hash) + list_length(alternative.range))
		return false;
	match->keys += alternative.keys;
	match->lookup = match->lookup && alternative.lookup;
	match->hash = list_concat_unique_ptr(match->hash, hash);
	match->range = list_concat_unique_ptr(match->range, range);
	*templates = lappend(*templates, alternative.template);
	return true;
}

/* Matches each alternative of the disjunction; false when one of them gives no keys. */
static bool
match_disjunction(PlannerInfo *root, const ForeignRelation *relation, const KeySchema *keys,
                  List *conditions, PlannedCondition *disjunction, KeyMatch *match)
{
	List *templates = NIL;
	ListCell *cell;

	*match = (KeyMatch){.query = true, .lookup = true, .hash = list_make1(disjunction)};
	foreach (cell, template_children(disjunction->template))
	{
		List *of_alternative = conditions_of_alternative(disjunction, lfirst(cell));

		if (!add_alternative(root, relation, keys, conditions, of_alternative, match, &templates))
			return false;
	}
	match->template = template_of_children(TEMPLATE_OR, templates);
	return true;
}

bool
key_match_alternatives(PlannerInfo *root, const ForeignRelation *relation, const KeySchema *keys,
                       List *conditions, KeyMatch *match)
{
	ListCell *cell;

	foreach (cell, conditions)
	{
		PlannedCondition *condition = lfirst(cell);

		if (condition->template != NIL && template_kind(condition->template) == TEMPLATE_OR &&
		    match_disjunction(root, relation, keys, conditions, condition, match))
			return true;
	}
	return false;
}

/* The columns that a template is searched for. */
typedef struct KeyColumns
{
	const ForeignRelation *relation;
	const KeySchema *keys;
} KeyColumns;

static bool
path_begins_with_key(const AttributePath *path, const KeyAttribute *attributes, uint32 count)
{
	for (uint32 i = 0; i < count; i++)
	{
		if (bytes_equal(path->steps[0].name, attributes[i].name))
			return true;
	}
	return false;
}

static bool
leaf_is_of_keys(const TemplateLeaf *leaf, const void *context)
{
	const KeyColumns *columns = context;
	const AttributePath *path = &template_leaf_column(columns->relation, leaf)->path;

	return path_begins_with_key(path, columns->keys->hash, columns->keys->hash_count) ||
	       path_begins_with_key(path, columns->keys->range, columns->keys->range_count);
}

bool
template_mentions_keys(const ForeignRelation *relation, const List *template, const KeySchema *keys)
{
	KeyColumns columns = {relation, keys};

	return template_mentions(template, leaf_is_of_keys, &columns);
}

/* True when the template can only be satisfied by items that have the attribute. */
static bool
template_needs_attribute(const ForeignRelation *relation, const List *template,
                         const KeyAttribute *attribute)
{
	bool is_or;
	TemplateLeaf leaf;
	ListCell *cell;

	if (template == NIL)
		return false;
	if (template_is_leaf(template))
		return leaf_of_attribute(relation, template, attribute, &leaf) &&
		       leaf.kind != TEMPLATE_IS_NULL && leaf.kind != TEMPLATE_NOT_ANY;
	is_or = template_kind(template) == TEMPLATE_OR;
	foreach (cell, template_children(template))
	{
		if (template_needs_attribute(relation, lfirst(cell), attribute) != is_or)
			return !is_or;
	}
	return is_or;
}

bool
conditions_need_attribute(const ForeignRelation *relation, List *conditions,
                          const KeyAttribute *attribute)
{
	ListCell *cell;

	foreach (cell, conditions)
	{
		PlannedCondition *condition = lfirst(cell);

		if (template_needs_attribute(relation, condition->template, attribute))
			return true;
	}
	return false;
}
