/*
 * document_filters.c
 *		Conditions on places in documents.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "foundation/base64.h"
#include "postgres/conditions/bound_conditions.h"
#include "postgres/conditions/document_filters.h"
#include "postgres/conditions/document_members.h"

/* What jsonb shows as arrays. */
static const AttributeType array_types[] = {ATTRIBUTE_L, ATTRIBUTE_SS, ATTRIBUTE_NS, ATTRIBUTE_BS};

static Condition *
make_either(Condition *one, Condition *other)
{
	Condition *children[] = {one, other};

	return make_junction(CONDITION_OR, children, lengthof(children));
}

static Condition *
make_both(Condition *one, Condition *other)
{
	Condition *children[] = {one, other};

	return make_junction(CONDITION_AND, children, lengthof(children));
}

static Condition *
make_about_value(ConditionKind kind, const ForeignColumn *place, AttributeValue *value)
{
	Condition *condition = make_column_condition(kind, place);

	condition->values = value;
	condition->value_count = 1;
	return condition;
}

/* The place is the value, or has it. */
static Condition *
make_is_or_has(const ForeignColumn *place, AttributeValue *value)
{
	return make_either(make_about_value(CONDITION_EQUAL, place, value),
	                   make_about_value(CONDITION_CONTAINS, place, value));
}

/* The binary value that base64 makes the string of; NULL when there is none. */
static AttributeValue *
binary_behind(const AttributeValue *string)
{
	char *bytes = palloc(BASE64_DECODED_MAXIMUM(string->bytes.length) + 1);
	AttributeValue *binary = palloc(sizeof(*binary));
	size_t length;

	if (!base64_decode(string->bytes, bytes, &length))
		return NULL;
	*binary = attribute_binary((Bytes){bytes, length});
	return binary;
}

Condition *
make_has_element(TemplateKind kind, const ForeignColumn *place, AttributeValue *scalar)
{
	bool may_be = kind == TEMPLATE_IS_OR_HAS;
	Condition *has = make_about_value(CONDITION_CONTAINS, place, scalar);
	AttributeValue *binary;

	if (scalar->type != ATTRIBUTE_S)
		return may_be ? make_is_or_has(place, scalar) : has;
	binary = binary_behind(scalar);
	if (binary == NULL)
		return has;
	return make_either(has, may_be ? make_is_or_has(place, binary)
	                               : make_about_value(CONDITION_CONTAINS, place, binary));
}

static Condition *
make_is_array(const ForeignColumn *place)
{
	Condition *children[lengthof(array_types)];

	for (size_t i = 0; i < lengthof(array_types); i++)
		children[i] = make_has_type(place, array_types[i]);
	return make_junction(CONDITION_OR, children, lengthof(children));
}

/* The types come first, because not every implementation of DynamoDB knows the size of others. */
Condition *
make_array_sized(const ForeignColumn *place, Condition *size)
{
	return make_both(make_column_condition(CONDITION_EXISTS, place),
	                 make_either(make_not(make_is_array(place)), size));
}

/* Something that is no list, where the place's first steps lead. */
static Condition *
make_is_no_list(const ForeignColumn *place, uint32 steps)
{
	ForeignColumn parent = *place;

	parent.path.count = steps;
	return make_both(make_column_condition(CONDITION_EXISTS, &parent),
	                 make_not(make_has_type(&parent, ATTRIBUTE_L)));
}

Condition *
make_placed(const ForeignRelation *relation, const TemplateLeaf *leaf, Condition *condition)
{
	const ForeignColumn *document = &relation->columns[leaf->column - 1];
	const ForeignColumn *place = template_leaf_column(relation, leaf);
	AttributeType taken;

	for (uint32 i = place->path.count - list_length(leaf->members); i < place->path.count; i++)
	{
		if (place->path.steps[i].is_index)
			condition = make_either(make_is_no_list(place, i), condition);
	}
	if (!document->options->whole_item &&
	    column_conversion_written_type(document->conversion, &taken))
		condition = make_either(make_type_guard(document, taken), condition);
	return condition;
}
