/*
 * document_conditions.c
 *		Conditions with jsonb documents as a whole: what they contain, equal, or have as keys.
 *
 * What contains an object has its members, each of which contains, or equals, that of the object.
 * So such a condition is sent as those on its members that are scalars; of arrays only that there
 * is one is asked, since their elements may be those of a list, or of a set in no order, or what
 * base64 makes of binary values. Values of other types than the one compared with pass DynamoDB's
 * filter; among them are the arrays that contain a scalar.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "postgres/compat.h"

#include "postgres/condition_parts.h"
#include "postgres/document_conditions.h"
#include "postgres/document_members.h"

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

static List *
scalar_template(const DocumentPlace *place, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
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

static List *object_template(const DocumentPlace *place, JsonbContainer *object);

/* What is necessary for the place to hold, as a member of an object, the value. */
static List *
member_template(const DocumentPlace *place, const JsonbValue *value)
{
	if (value->type == jbvNull)
		return null_leaf(place, TEMPLATE_IS_NULL);
	if (value->type != jbvBinary)
		return scalar_template(place, value);
	if (JsonContainerIsObject(value->val.binary.data) &&
	    JsonContainerSize(value->val.binary.data) > 0)
		return object_template(place, value->val.binary.data);
	return null_leaf(place, TEMPLATE_IS_NOT_NULL);
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

/*
 * What is necessary for the place to contain the document, or to equal it. A scalar may be an
 * element of an array there, and null may be.
 */
static List *
containment_of(const DocumentPlace *place, Jsonb *document)
{
	JsonbValue scalar;

	if (JB_ROOT_IS_OBJECT(document) && JB_ROOT_COUNT(document) > 0)
		return object_template(place, &document->root);
	if (place->members == NIL)
		return NIL;
	if (JB_ROOT_IS_SCALAR(document) && JsonbExtractScalar(&document->root, &scalar))
		return scalar_template(place, &scalar);
	return null_leaf(place, TEMPLATE_IS_NOT_NULL);
}

static List *
key_template(DocumentPlace *place, const Const *key)
{
	char *name = TextDatumGetCString(key->constvalue);

	place->members = lappend(place->members, makeString(name));
	if (name[0] == '\0' ||
	    !document_has_member(place->scope->relation, place->document, place->members))
		return NIL;
	return null_leaf(place, TEMPLATE_HAS_MEMBER);
}

List *
document_template(const ConditionScope *scope, const OpExpr *expression)
{
	Oid function = get_opcode(expression->opno);
	bool is_reversed = function == F_JSONB_CONTAINED ||
	                   (function == F_JSONB_EQ && IsA(linitial(expression->args), Const));
	Expr *operand = list_nth(expression->args, is_reversed ? 1 : 0);
	const Const *constant = list_nth(expression->args, is_reversed ? 0 : 1);
	DocumentPlace place = {.scope = scope};

	if ((function != F_JSONB_CONTAINS && function != F_JSONB_CONTAINED && function != F_JSONB_EQ &&
	     function != F_JSONB_EXISTS) ||
	    !IsA(constant, Const) || constant->constisnull ||
	    !document_place(scope, operand, &place.document, &place.members))
		return NIL;
	if (function == F_JSONB_EXISTS)
		return key_template(&place, constant);
	return containment_of(&place, DatumGetJsonbP(constant->constvalue));
}
