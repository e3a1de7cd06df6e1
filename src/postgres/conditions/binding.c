/*
 * binding.c
 *		From templates and values to demands on single columns, and to filters.
 *
 * SQL's comparison with NULL is never true, so it can be satisfied by no item. A value that no
 * attribute can hold equals none; what it means for an ordering is left to the recheck.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "item/number.h"
#include "postgres/conditions/binding.h"
#include "postgres/conditions/bound_conditions.h"
#include "postgres/conditions/conditions.h"
#include "postgres/conditions/document_filters.h"
#include "postgres/conditions/document_members.h"
#include "postgres/conditions/pattern_conditions.h"
#include "postgres/conditions/size_conditions.h"
#include "postgres/memory.h"
#include "postgres/report.h"

/* Operands of one IN in a filter; more could not fit into an expression. */
#define FILTER_IN_MAXIMUM 1000

static const Demand always = {.outcome = DEMAND_ALWAYS};
static const Demand never = {.outcome = DEMAND_NEVER};

int
scalar_compare(const AttributeValue *a, const AttributeValue *b)
{
	switch (a->type)
	{
		case ATTRIBUTE_S:
		case ATTRIBUTE_B:
			return bytes_compare(a->bytes, b->bytes);
		case ATTRIBUTE_N:
			return number_compare(a->bytes, b->bytes);
		case ATTRIBUTE_BOOL:
			return (int) a->boolean - (int) b->boolean;
		default:
			return 0;
	}
}

static int
scalar_compare_for_sort(const void *a, const void *b)
{
	return scalar_compare(a, b);
}

static bool
is_ordered_scalar(const AttributeValue *value)
{
	return value->type == ATTRIBUTE_S || value->type == ATTRIBUTE_N || value->type == ATTRIBUTE_B ||
	       value->type == ATTRIBUTE_BOOL;
}

static Demand
demand_of_value(ConditionKind comparison, AttributeValue value)
{
	AttributeValue *copy = palloc(sizeof(*copy));

	*copy = value;
	return (Demand){DEMAND_CONDITION, comparison, copy, 1};
}

/* The position in fdw_exprs of a leaf's value. */
static int
leaf_value_number(const Binding *binding, const TemplateLeaf *leaf)
{
	int number = intVal(leaf->value);

	if (number < 0 || number >= binding->value_count)
		elog(ERROR, "condition of foreign table \"%s\" has no value number %d",
		     binding->relation->name, number);
	return number;
}

static Demand
comparison_demand(const Binding *binding, const TemplateLeaf *leaf, Datum datum)
{
	ColumnConversion *conversion =
	    condition_value_conversion(template_leaf_column(binding->relation, leaf), leaf->value_type);
	AttributeValue value;

	if (column_conversion_write(conversion, binding->arena, datum, &value) == WRITE_EXACT)
		return demand_of_value(leaf->comparison, value);
	return leaf->comparison == CONDITION_EQUAL ? never : always;
}

/* Sorts the values and keeps one of each; values without an order are kept as they are. */
static uint32
make_unique(AttributeValue *values, uint32 count)
{
	uint32 kept = 0;

	if (count == 0 || !is_ordered_scalar(&values[0]))
		return count;
	qsort(values, count, sizeof(*values), scalar_compare_for_sort);
	for (uint32 i = 1; i < count; i++)
	{
		if (scalar_compare(&values[kept], &values[i]) != 0)
			values[++kept] = values[i];
	}
	return kept + 1;
}

/* The elements of an array as attribute values; the others are only noted. */
typedef struct ElementValues
{
	AttributeValue *values;
	uint32 count;
	bool has_null;
	bool has_impossible; /* an element that no attribute can hold */
} ElementValues;

static ElementValues
write_elements(const Binding *binding, const TemplateLeaf *leaf, Datum datum)
{
	ColumnConversion *conversion =
	    condition_value_conversion(template_leaf_column(binding->relation, leaf), leaf->value_type);
	ArrayType *array = DatumGetArrayTypeP(datum);
	ElementValues written = {0};
	int16 length;
	bool by_value;
	char alignment;
	Datum *elements;
	bool *nulls;
	int count;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &alignment);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, alignment, &elements, &nulls,
	                  &count);
	written.values =
	    MemoryContextAllocHuge(CurrentMemoryContext, sizeof(AttributeValue) * (Size) Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			written.has_null = true;
		else if (column_conversion_write(conversion, binding->arena, elements[i],
		                                 &written.values[written.count]) == WRITE_EXACT)
			written.count++;
		else
			written.has_impossible = true;
	}
	written.count = make_unique(written.values, written.count);
	return written;
}

static Demand
demand_of_elements(ConditionKind comparison, const ElementValues *elements)
{
	return (Demand){DEMAND_CONDITION, comparison, elements->values, elements->count};
}

/* Elements that are NULL, or that no attribute can hold, equal nothing. */
static Demand
any_demand(const Binding *binding, const TemplateLeaf *leaf, Datum datum)
{
	ElementValues elements = write_elements(binding, leaf, datum);

	if (elements.count == 0)
		return never;
	return demand_of_elements(elements.count == 1 ? CONDITION_EQUAL : CONDITION_IN, &elements);
}

/* Nothing is known to differ from NULL, and everything does from what no attribute can hold. */
static Demand
not_any_demand(const Binding *binding, const TemplateLeaf *leaf, Datum datum)
{
	ElementValues elements = write_elements(binding, leaf, datum);

	if (elements.has_null)
		return never;
	return elements.count == 0 ? always : demand_of_elements(CONDITION_NOT, &elements);
}

/* Every string contains the empty one, which says nothing. */
static Demand
contains_demand(const Binding *binding, const TemplateLeaf *leaf, Datum datum)
{
	ColumnConversion *conversion =
	    condition_value_conversion(template_leaf_column(binding->relation, leaf), leaf->value_type);
	AttributeValue value;

	if (column_conversion_write(conversion, binding->arena, datum, &value) != WRITE_EXACT ||
	    (value.type != ATTRIBUTE_N && value.bytes.length == 0))
		return always;
	return demand_of_value(CONDITION_CONTAINS, value);
}

/* An array that contains none contains every element of the empty array. */
static Demand
contains_all_demand(const Binding *binding, const TemplateLeaf *leaf, Datum datum)
{
	ElementValues elements = write_elements(binding, leaf, datum);

	if (elements.has_null)
		return never;
	if (elements.count == 0 || elements.has_impossible)
		return always;
	return demand_of_elements(CONDITION_CONTAINS, &elements);
}

static Demand
contains_any_demand(const Binding *binding, const TemplateLeaf *leaf, Datum datum)
{
	ElementValues elements = write_elements(binding, leaf, datum);

	if (elements.has_impossible)
		return always;
	return elements.count == 0 ? never : demand_of_elements(CONDITION_OR, &elements);
}

/* An empty list is contained in whatever it is, so it is left to the size to say something then. */
static Demand
contained_demand(const Binding *binding, const TemplateLeaf *leaf, Datum datum)
{
	ElementValues elements = write_elements(binding, leaf, datum);

	if (elements.has_impossible || elements.count == 0)
		return always;
	return demand_of_elements(CONDITION_OR, &elements);
}

/* What a pattern without a prefix says about the middle of strings. */
static Demand
pattern_demand(const Binding *binding, const TemplateLeaf *leaf, text *pattern)
{
	StringInfoData piece;

	initStringInfo(&piece);
	if (!like_longest_piece(VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern), &piece))
		return always;
	return contains_demand(binding, leaf,
	                       PointerGetDatum(cstring_to_text_with_len(piece.data, piece.len)));
}

static Demand
prefix_demand(const Binding *binding, const TemplateLeaf *leaf, Datum datum)
{
	ColumnConversion *conversion =
	    condition_value_conversion(template_leaf_column(binding->relation, leaf), TEXTOID);
	text *pattern = DatumGetTextPP(datum);
	bool is_whole = false;
	StringInfoData prefix;
	AttributeValue value;

	initStringInfo(&prefix);
	if (leaf->kind == TEMPLATE_STARTS_WITH)
		appendBinaryStringInfo(&prefix, VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern));
	else if (!like_prefix(VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern), &prefix, &is_whole))
		return always;
	if (prefix.len == 0 && !is_whole)
		return leaf->kind == TEMPLATE_LIKE ? pattern_demand(binding, leaf, pattern) : always;
	datum = PointerGetDatum(cstring_to_text_with_len(prefix.data, prefix.len));
	if (column_conversion_write(conversion, binding->arena, datum, &value) != WRITE_EXACT)
		return is_whole ? never : always;
	return demand_of_value(is_whole ? CONDITION_EQUAL : CONDITION_BEGINS_WITH, value);
}

/* A number as an attribute value, its digits palloc'd. */
static AttributeValue
number_of(int64 integer)
{
	return (AttributeValue){.type = ATTRIBUTE_N,
	                        .bytes = bytes_of_string(psprintf(INT64_FORMAT, integer))};
}

/* A scalar that no attribute can hold is no element of any. */
static Demand
element_demand(const Binding *binding, const TemplateLeaf *leaf, Datum datum)
{
	ColumnConversion *conversion =
	    condition_value_conversion(template_leaf_column(binding->relation, leaf), leaf->value_type);
	AttributeValue value;

	if (column_conversion_write(conversion, binding->arena, datum, &value) != WRITE_EXACT)
		return never;
	return demand_of_value(CONDITION_CONTAINS, value);
}

/* No value is of that size. */
static Demand
no_size_demand(void)
{
	return demand_of_value(CONDITION_SIZE_AT_MOST, number_of(-1));
}

/*
 * What is no array has no number of elements, which is an error, whatever the number is compared
 * with: so there is a demand on arrays, too, that none meets.
 */
static Demand
size_demand(const TemplateLeaf *leaf, Datum datum)
{
	SizeBounds bounds = size_bounds(leaf, integer_of_datum(leaf->value_type, datum));
	AttributeValue *values = palloc_array(AttributeValue, 2);

	if (bounds.has_most && bounds.most < bounds.least)
		return leaf->kind == TEMPLATE_ELEMENTS ? no_size_demand() : never;
	if (!bounds.has_most && bounds.least == 0)
		return always;
	if (!bounds.has_most)
		return demand_of_value(CONDITION_SIZE_AT_LEAST, number_of(bounds.least));
	if (bounds.least == 0)
		return demand_of_value(CONDITION_SIZE_AT_MOST, number_of(bounds.most));
	if (bounds.least == bounds.most)
		return demand_of_value(CONDITION_SIZE_EQUAL, number_of(bounds.least));
	values[0] = number_of(bounds.least);
	values[1] = number_of(bounds.most);
	return (Demand){DEMAND_CONDITION, CONDITION_AND, values, 2};
}

static Demand
value_demand(const Binding *binding, const TemplateLeaf *leaf, Datum datum)
{
	switch (leaf->kind)
	{
		case TEMPLATE_COMPARE:
			return comparison_demand(binding, leaf, datum);
		case TEMPLATE_ANY:
			return any_demand(binding, leaf, datum);
		case TEMPLATE_NOT_ANY:
			return not_any_demand(binding, leaf, datum);
		case TEMPLATE_CONTAINS:
			return contains_demand(binding, leaf, datum);
		case TEMPLATE_CONTAINS_ALL:
			return contains_all_demand(binding, leaf, datum);
		case TEMPLATE_CONTAINS_ANY:
			return contains_any_demand(binding, leaf, datum);
		case TEMPLATE_CONTAINED:
			return contained_demand(binding, leaf, datum);
		case TEMPLATE_CHARACTERS:
		case TEMPLATE_OCTETS:
		case TEMPLATE_SIZE:
		case TEMPLATE_ELEMENTS:
			return size_demand(leaf, datum);
		case TEMPLATE_HAS_ELEMENT:
		case TEMPLATE_IS_OR_HAS:
			return element_demand(binding, leaf, datum);
		default:
			return prefix_demand(binding, leaf, datum);
	}
}

Demand
leaf_demand(const Binding *binding, const TemplateLeaf *leaf)
{
	int number;

	if (leaf->kind == TEMPLATE_IS_NULL)
		return (Demand){.outcome = DEMAND_CONDITION, .comparison = CONDITION_NOT_EXISTS};
	if (leaf->kind == TEMPLATE_IS_NOT_NULL)
		return (Demand){.outcome = DEMAND_CONDITION, .comparison = CONDITION_EXISTS};
	number = leaf_value_number(binding, leaf);
	if (binding->nulls[number])
		return leaf->kind == TEMPLATE_ELEMENTS ? no_size_demand() : never;
	return value_demand(binding, leaf, binding->values[number]);
}

/* The table's own key attributes are there in every item and of their declared type. */
static bool
is_table_key(const ForeignRelation *relation, const ForeignColumn *column)
{
	return column->path.count == 1 && column->members == NIL &&
	       key_schema_has(&relation->description->keys, column->path.steps[0].name);
}

/*
 * DynamoDB finds a missing attribute unequal to anything, SQL does not. The guard stands before the
 * comparison, because not every implementation of DynamoDB can compare values of different types.
 */
static Condition *
make_guarded(const ForeignColumn *column, Condition *comparison)
{
	Condition *children[] = {NULL, comparison};

	if (comparison->kind == CONDITION_NOT_EQUAL || comparison->kind == CONDITION_NOT)
	{
		children[0] = make_column_condition(CONDITION_EXISTS, column);
		return make_junction(CONDITION_AND, children, lengthof(children));
	}
	children[0] = make_type_guard(column, judged_type(column));
	return make_junction(CONDITION_OR, children, lengthof(children));
}

/* The type comes first, because not every implementation of DynamoDB knows the size of others. */
static Condition *
make_sized(const ForeignColumn *column, Condition *size)
{
	Condition *children[] = {make_has_type(column, judged_type(column)), size};

	return make_junction(CONDITION_AND, children, lengthof(children));
}

/* The condition of a demand on values, with what else must pass. */
static Condition *
make_leaf_condition(const TemplateLeaf *leaf, const ForeignColumn *column, const Demand *demand,
                    bool is_key)
{
	Condition *condition = make_demanded(column, demand);

	if (leaf->kind == TEMPLATE_HAS_ELEMENT || leaf->kind == TEMPLATE_IS_OR_HAS)
		return make_has_element(leaf->kind, column, demand->values);
	if (leaf->kind == TEMPLATE_ELEMENTS)
		return make_array_sized(column, condition);
	if (leaf_is_size(leaf))
		condition = make_sized(column, condition);
	return is_key ? condition : make_guarded(column, condition);
}

/* What a filter says about a leaf; *condition is set for DEMAND_CONDITION. */
static DemandOutcome
leaf_filter(const Binding *binding, const TemplateLeaf *leaf, Condition **condition)
{
	const ForeignColumn *column = template_leaf_column(binding->relation, leaf);
	bool is_key = is_table_key(binding->relation, column);
	Demand demand;

	if (leaf->kind == TEMPLATE_HAS_MEMBER)
	{
		*condition = make_column_condition(CONDITION_EXISTS, column);
		return DEMAND_CONDITION;
	}
	demand = leaf_demand(binding, leaf);
	if (demand.outcome != DEMAND_CONDITION)
		return demand.outcome;
	if (demand.comparison == CONDITION_EXISTS || demand.comparison == CONDITION_NOT_EXISTS)
	{
		bool is_null = demand.comparison == CONDITION_NOT_EXISTS;

		if (is_key)
			return is_null ? DEMAND_NEVER : DEMAND_ALWAYS;
		*condition = is_null ? make_is_null(column) : make_is_not_null(column);
		return DEMAND_CONDITION;
	}
	if (demand.value_count > FILTER_IN_MAXIMUM)
		return DEMAND_ALWAYS;
	*condition = make_leaf_condition(leaf, column, &demand, is_key);
	return DEMAND_CONDITION;
}

static DemandOutcome template_filter(const Binding *binding, List *template, Condition **condition);

/* An AND is decided by one part that never holds, an OR by one that always does. */
static DemandOutcome
junction_filter(const Binding *binding, List *template, Condition **condition)
{
	bool is_and = template_kind(template) == TEMPLATE_AND;
	DemandOutcome decisive = is_and ? DEMAND_NEVER : DEMAND_ALWAYS;
	List *templates = template_children(template);
	Condition **children = palloc(sizeof(Condition *) * list_length(templates));
	uint32 count = 0;
	ListCell *cell;

	foreach (cell, templates)
	{
		DemandOutcome outcome = template_filter(binding, lfirst(cell), &children[count]);

		if (outcome == decisive)
			return decisive;
		if (outcome == DEMAND_CONDITION)
			count++;
	}
	if (count == 0)
		return is_and ? DEMAND_ALWAYS : DEMAND_NEVER;
	*condition = count == 1 ? children[0]
	                        : make_junction(is_and ? CONDITION_AND : CONDITION_OR, children, count);
	return DEMAND_CONDITION;
}

static DemandOutcome
template_filter(const Binding *binding, List *template, Condition **condition)
{
	DemandOutcome outcome;
	TemplateLeaf leaf;

	if (!template_is_leaf(template))
		return junction_filter(binding, template, condition);
	leaf = template_leaf(template);
	outcome = leaf_filter(binding, &leaf, condition);
	if (outcome == DEMAND_CONDITION && OidIsValid(leaf.member_type))
		*condition = make_placed(binding->relation, &leaf, *condition);
	return outcome;
}

bool
filter_bind(const Binding *binding, List *template, const Condition **filter)
{
	List *conjuncts = template_conjuncts(template);
	Condition **sent = palloc(sizeof(Condition *) * Max(list_length(conjuncts), 1));
	uint32 count = 0;
	ListCell *cell;

	*filter = NULL;
	foreach (cell, conjuncts)
	{
		Condition *all;

		switch (template_filter(binding, lfirst(cell), &sent[count]))
		{
			case DEMAND_NEVER:
				return false;
			case DEMAND_ALWAYS:
				break;
			case DEMAND_CONDITION:
				all = count == 0 ? sent[0] : make_junction(CONDITION_AND, sent, count + 1);
				if (condition_fits_expression(all))
				{
					*filter = all;
					count++;
				}
				break;
		}
	}
	return true;
}
