/*
 * document_conditions.c
 *		Conditions with jsonb documents as a whole: what they contain, equal, or have as keys.
 *
 * What contains an object has its members, each of which contains, or equals, that of the object;
 * what contains an array has its elements, in a list or in a set. So such a condition is sent as
 * those on its scalars. Objects and arrays in an array are not looked for, nor are null and the
 * empty string, since it is nowhere said that they can be.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "postgres/compat.h"

#include "postgres/conditions/condition_parts.h"
#include "postgres/conditions/document_conditions.h"
#include "postgres/conditions/document_members.h"

/* A place in a document. */
typedef struct DocumentPlace
{
	const ConditionScope *scope;
	const ForeignColumn *document;
	List *members;
} DocumentPlace;

static List *
null_leaf(const DocumentPlace *place, TemplateKind kind)
{
	return condition_leaf(kind, document_member_of(place->document, place->members, TEXTOID),
	                      InvalidOid, NULL);
}

/* The member equals the value, as a value of the type. */
static List *
equality_leaf(const DocumentPlace *place, Oid type, Oid collation, Datum value)
{
	TemplateLeaf leaf = leaf_about(document_member_of(place->document, place->members, type));
	bool by_value = type == BOOLOID;

	leaf.kind = TEMPLATE_COMPARE;
	leaf.comparison = CONDITION_EQUAL;
	leaf.value_type = type;
	leaf.value = (Node *) makeConst(type, -1, collation, by_value ? 1 : -1, value, false, by_value);
	return template_of_leaf(&leaf);
}

/* True when different strings of DynamoDB's are different in jsonb, too. */
static bool
strings_compare(const DocumentPlace *place)
{
	return condition_column_compares(document_member_of(place->document, place->members, TEXTOID),
	                                 CONDITION_EQUAL, DEFAULT_COLLATION_OID);
}

static List *
scalar_template(const DocumentPlace *place, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			if (!strings_compare(place))
				return NIL;
			return equality_leaf(place, TEXTOID, DEFAULT_COLLATION_OID,
			                     PointerGetDatum(cstring_to_text_with_len(value->val.string.val,
			                                                              value->val.string.len)));
		case jbvNumeric:
			return equality_leaf(place, NUMERICOID, InvalidOid,
			                     NumericGetDatum(value->val.numeric));
		case jbvBool:
			return equality_leaf(place, BOOLOID, InvalidOid, BoolGetDatum(value->val.boolean));
		default:
			return NIL;
	}
}

/* True for scalars that contains() can look for. */
static bool
is_askable(const DocumentPlace *place, const JsonbValue *value)
{
	return value->type == jbvNumeric || value->type == jbvBool ||
	       (value->type == jbvString && value->val.string.len > 0 && strings_compare(place));
}

/* By kind: the place is an array that has the scalar; or it is the scalar itself. */
static List *
element_leaf(const DocumentPlace *place, TemplateKind kind, JsonbValue *value)
{
	TemplateLeaf leaf = leaf_about_place(place->document, place->members);

	leaf.kind = kind;
	leaf.value_type = JSONBOID;
	leaf.value = (Node *) makeConst(JSONBOID, -1, InvalidOid, -1,
	                                JsonbPGetDatum(JsonbValueToJsonb(value)), false, false);
	return template_of_leaf(&leaf);
}

/* A leaf for each element of the array that can be looked for. */
static List *
element_leaves(const DocumentPlace *place, JsonbContainer *array)
{
	JsonbIterator *iterator = JsonbIteratorInit(array);
	List *leaves = NIL;
	JsonbValue value;

	(void) JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &value, true) != WJB_END_ARRAY)
	{
		if (is_askable(place, &value))
			leaves = lappend(leaves, element_leaf(place, TEMPLATE_HAS_ELEMENT, &value));
	}
	return leaves;
}

/* What is necessary for the place to contain the array; at least, that there is something. */
static List *
array_template(const DocumentPlace *place, JsonbContainer *array)
{
	List *leaves = element_leaves(place, array);

	return leaves == NIL ? null_leaf(place, TEMPLATE_IS_NOT_NULL)
	                     : template_of_children(TEMPLATE_AND, leaves);
}

static List *container_template(const DocumentPlace *place, JsonbContainer *container);

/* What is necessary for the place to hold, as a member of an object, the value. */
static List *
member_template(const DocumentPlace *place, const JsonbValue *value)
{
	if (value->type == jbvNull)
		return null_leaf(place, TEMPLATE_IS_NULL);
	if (value->type != jbvBinary)
		return scalar_template(place, value);
	return container_template(place, value->val.binary.data);
}

/* The place's member of that name; false where there is none that an attribute could be. */
static bool
find_member(const DocumentPlace *place, const JsonbValue *name, DocumentPlace *member)
{
	char *text = pnstrdup(name->val.string.val, name->val.string.len);

	*member = *place;
	member->members = lappend(list_copy(place->members), makeString(text));
	return text[0] != '\0' &&
	       document_has_member(place->scope->relation, place->document, member->members);
}

/* Each member of the object. */
static List *
object_template(const DocumentPlace *place, JsonbContainer *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	List *children = NIL;
	JsonbIteratorToken token;
	DocumentPlace member;
	JsonbValue value;
	bool is_known = false;

	(void) JsonbIteratorNext(&iterator, &value, true);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_END_OBJECT)
	{
		List *child = NIL;

		if (token == WJB_KEY)
			is_known = find_member(place, &value, &member);
		else if (is_known)
			child = member_template(&member, &value);
		if (child != NIL)
			children = lappend(children, child);
	}
	return template_of_children(TEMPLATE_AND, children);
}

/* What is necessary for the place to contain, or to equal, the object or array. */
static List *
container_template(const DocumentPlace *place, JsonbContainer *container)
{
	if (JsonContainerIsObject(container) && JsonContainerSize(container) > 0)
		return object_template(place, container);
	if (!place_is_attribute(place->document, place->members))
		return NIL;
	return JsonContainerIsArray(container) ? array_template(place, container)
	                                       : null_leaf(place, TEMPLATE_IS_NOT_NULL);
}

/*
 * The same for a document, which may be a scalar: `@>` finds one among the elements of an array,
 * too.
 */
static List *
containment_of(const DocumentPlace *place, Jsonb *document, bool is_equality)
{
	JsonbValue scalar;

	if (!JB_ROOT_IS_SCALAR(document))
		return container_template(place, &document->root);
	(void) JsonbExtractScalar(&document->root, &scalar);
	if (!place_is_attribute(place->document, place->members))
		return NIL;
	if (is_askable(place, &scalar) && (!is_equality || place->members == NIL))
		return element_leaf(place, TEMPLATE_IS_OR_HAS, &scalar);
	return place->members == NIL ? NIL : scalar_template(place, &scalar);
}

/* The place is an array without elements, or none. */
static List *
empty_leaf(const DocumentPlace *place)
{
	TemplateLeaf leaf = leaf_about_place(place->document, place->members);

	leaf.kind = TEMPLATE_ELEMENTS;
	leaf.comparison = CONDITION_EQUAL;
	leaf.value_type = INT4OID;
	leaf.value =
	    (Node *) makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(0), false, true);
	return template_of_leaf(&leaf);
}

/*
 * What is necessary for the place to be contained in the document: it is the scalar, or has one of
 * the array's scalars, or is empty. What is in an object may be there or not.
 */
static List *
contained_in(const DocumentPlace *place, Jsonb *document)
{
	List *elements;

	if (JB_ROOT_IS_SCALAR(document))
		return containment_of(place, document, true);
	if (JB_ROOT_IS_OBJECT(document) || !place_is_attribute(place->document, place->members))
		return NIL;
	elements = element_leaves(place, &document->root);
	if (list_length(elements) < (int) JB_ROOT_COUNT(document))
		return NIL;
	return template_of_children(TEMPLATE_OR, lappend(elements, empty_leaf(place)));
}

/* A member of the name, or a string that is the name, by itself or as an element of an array. */
static List *
key_template(const DocumentPlace *place, Datum key)
{
	JsonbValue name = {.type = jbvString};
	List *is_member = NIL;
	DocumentPlace member;

	name.val.string.val = TextDatumGetCString(key);
	name.val.string.len = (int) strlen(name.val.string.val);
	if (!find_member(place, &name, &member))
		return NIL;
	is_member = null_leaf(&member, TEMPLATE_HAS_MEMBER);
	if (!place_is_attribute(place->document, place->members))
		return is_member;
	if (!is_askable(place, &name))
		return NIL;
	return template_of_children(
	    TEMPLATE_OR, list_make2(is_member, element_leaf(place, TEMPLATE_IS_OR_HAS, &name)));
}

/* All of the keys, or any of them. NULL is no key, and says nothing. */
static List *
keys_template(const DocumentPlace *place, TemplateKind junction, ArrayType *keys)
{
	List *children = NIL;
	Datum *texts;
	bool *nulls;
	int count;

	deconstruct_array(keys, TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		List *child = nulls[i] ? NIL : key_template(place, texts[i]);

		if (child != NIL)
			children = lappend(children, child);
		else if (!nulls[i] && junction == TEMPLATE_OR)
			return NIL;
	}
	return template_of_children(junction, children);
}

/* `place <operator> constant`, by the operator's function, seen from the place. */
static List *
place_template(const DocumentPlace *place, Oid function, Datum constant)
{
	switch (function)
	{
		case F_JSONB_CONTAINS:
			return containment_of(place, DatumGetJsonbP(constant), false);
		case F_JSONB_CONTAINED:
			return contained_in(place, DatumGetJsonbP(constant));
		case F_JSONB_EQ:
			return containment_of(place, DatumGetJsonbP(constant), true);
		case F_JSONB_EXISTS:
			return key_template(place, constant);
		case F_JSONB_EXISTS_ANY:
			return keys_template(place, TEMPLATE_OR, DatumGetArrayTypeP(constant));
		case F_JSONB_EXISTS_ALL:
			return keys_template(place, TEMPLATE_AND, DatumGetArrayTypeP(constant));
		default:
			return NIL;
	}
}

/* `operand <operator> constant`; NIL also for no operator. */
static List *
operand_template(const ConditionScope *scope, Oid operator_id, Expr *operand, Expr *value)
{
	const Const *constant = (const Const *) value;
	DocumentPlace place = {.scope = scope};

	if (!OidIsValid(operator_id) || !IsA(constant, Const) || constant->constisnull ||
	    !document_place(scope, operand, &place.document, &place.members))
		return NIL;
	return place_template(&place, get_opcode(operator_id), constant->constvalue);
}

List *
document_template(const ConditionScope *scope, const OpExpr *expression)
{
	return template_either_way(scope, expression, operand_template);
}
