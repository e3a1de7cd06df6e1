/*
 * document_members.c
 *		Members of jsonb documents as columns of their own.
 *
 * A name leads to the member of a map, a number to the element of a list. What jsonb shows as an
 * array may be a set, whose elements have no places, and a number in the array of `#>` may be a
 * member's name; so where a number is not that of a list's element, the value passes DynamoDB's
 * filter.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/string.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "postgres/compat.h"

#include "postgres/conditions/document_members.h"

/* DynamoDB's documents are no deeper, and it takes no longer paths. */
#define PATH_STEPS_MAXIMUM 32

/* An item of 400 KB has no list with an element behind this one. */
#define LIST_INDEX_MAXIMUM 999999

/* The member's name in UTF-8. */
static Bytes
name_in_utf8(const String *member)
{
	char *name = strVal(member);

	return bytes_of_string(pg_server_to_any(name, (int) strlen(name), PG_UTF8));
}

/* The document's path, none for all of the item, and the members' names behind it. */
static AttributePath
path_of_members(const ForeignColumn *document, List *members)
{
	AttributePath path = document->options->whole_item ? (AttributePath){0} : document->path;
	AttributePathStep *steps = palloc0_array(AttributePathStep, path.count + list_length(members));
	ListCell *cell;

	if (path.count > 0)
		memcpy(steps, path.steps, sizeof(*steps) * path.count);
	path.steps = steps;
	foreach (cell, members)
	{
		AttributePathStep *step = &steps[path.count++];

		step->is_index = IsA(lfirst(cell), Integer);
		if (step->is_index)
			step->index = (uint32) intVal(lfirst(cell));
		else
			step->name = name_in_utf8(lfirst_node(String, cell));
	}
	return path;
}

const ForeignColumn *
document_member_of(const ForeignColumn *document, List *members, Oid type)
{
	ForeignColumn *member = palloc0_object(ForeignColumn);

	member->number = document->number;
	member->members = members;
	member->live = true;
	member->name = document->name;
	member->type = type;
	member->type_modifier = -1;
	member->collation = get_typcollation(type);
	member->options = palloc0_object(ColumnOptions);
	member->path = path_of_members(document, members);
	member->slot = ATTRIBUTE_NO_SLOT;
	member->conversion = column_conversion_create(document->name, type, -1, member->options);
	return member;
}

const ForeignColumn *
template_leaf_column(const ForeignRelation *relation, const TemplateLeaf *leaf)
{
	const ForeignColumn *column = &relation->columns[leaf->column - 1];

	return OidIsValid(leaf->member_type)
	           ? document_member_of(column, leaf->members, leaf->member_type)
	           : column;
}

/* The step that a text of the array of `#>` is; NULL for places counted from the end. */
static Node *
step_of_text(const char *text)
{
	char *end;
	int number;

	errno = 0;
	number = strtoint(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0)
		return text[0] == '\0' ? NULL : (Node *) makeString(pstrdup(text));
	return number < 0 || number > LIST_INDEX_MAXIMUM ? NULL : (Node *) makeInteger(number);
}

/* The steps of an array of texts; NIL when one of them is none. */
static List *
steps_of_array(ArrayType *array)
{
	List *steps = NIL;
	Datum *texts;
	bool *nulls;
	int count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		Node *step = nulls[i] ? NULL : step_of_text(TextDatumGetCString(texts[i]));

		if (step == NULL)
			return NIL;
		steps = lappend(steps, step);
	}
	return steps;
}

/* The functions of the operators that lead to a member, as jsonb or as text. */
typedef struct MemberFunctions
{
	Oid by_name;
	Oid by_place;
	Oid by_path;
} MemberFunctions;

static const MemberFunctions as_jsonb = {F_JSONB_OBJECT_FIELD, F_JSONB_ARRAY_ELEMENT,
                                         F_JSONB_EXTRACT_PATH};
static const MemberFunctions as_text = {F_JSONB_OBJECT_FIELD_TEXT, F_JSONB_ARRAY_ELEMENT_TEXT,
                                        F_JSONB_EXTRACT_PATH_TEXT};

/* The steps that the function takes with a constant; NIL for those that cannot be followed. */
static List *
steps_of_constant(const MemberFunctions *functions, Oid function, const Const *constant)
{
	if (!IsA(constant, Const) || constant->constisnull)
		return NIL;
	if (function == functions->by_path)
		return steps_of_array(DatumGetArrayTypeP(constant->constvalue));
	if (function == functions->by_place)
	{
		int place = DatumGetInt32(constant->constvalue);

		return place < 0 || place > LIST_INDEX_MAXIMUM ? NIL : list_make1(makeInteger(place));
	}
	if (function == functions->by_name &&
	    VARSIZE_ANY_EXHDR(DatumGetTextPP(constant->constvalue)) > 0)
		return list_make1(makeString(TextDatumGetCString(constant->constvalue)));
	return NIL;
}

/* Takes `document -> 'name'` apart: the document, and the steps that lead to the member. */
static bool
take_steps(Expr *expression, const MemberFunctions *functions, Expr **document, List **steps)
{
	const OpExpr *operator=(const OpExpr *) expression;

	if (!IsA(expression, OpExpr) || list_length(operator->args) != 2)
		return false;
	*steps = steps_of_constant(functions, get_opcode(operator->opno), lsecond(operator->args));
	*document = linitial(operator->args);
	return *steps != NIL;
}

/* The column of the document, if its members are what DynamoDB has at its path. */
static const ForeignColumn *
document_column(const ConditionScope *scope, Expr *expression)
{
	const Var *var = (const Var *) expression;
	const ForeignColumn *column;

	if (!IsA(expression, Var) || (Index) var->varno != scope->base->relid ||
	    var->varlevelsup != 0 || var->varattno <= 0 || scope->relation->encryption != NULL)
		return NULL;
	column = &scope->relation->columns[var->varattno - 1];
	if (!column->live || column->encryption != NULL || column->type != JSONBOID ||
	    column->options->json_format != JSON_FORMAT_PLAIN)
		return NULL;
	return column;
}

bool
document_has_member(const ForeignRelation *relation, const ForeignColumn *document, List *members)
{
	uint32 depth =
	    list_length(members) + (document->options->whole_item ? 0 : document->path.count);

	if (depth > PATH_STEPS_MAXIMUM)
		return false;
	return !document->options->whole_item ||
	       (IsA(linitial(members), String) &&
	        foreign_relation_column_of(relation, name_in_utf8(linitial(members))) == NULL);
}

/* The type as which the member's text is taken, and the text; false for other casts. */
static bool
take_cast(Expr **operand, Oid *type)
{
	const CoerceViaIO *cast = (const CoerceViaIO *) *operand;

	*type = TEXTOID;
	if (!IsA(cast, CoerceViaIO))
		return true;
	*operand = cast->arg;
	*type = cast->resulttype;
	return *type == INT2OID || *type == INT4OID || *type == INT8OID || *type == NUMERICOID ||
	       *type == BOOLOID;
}

bool
document_place(const ConditionScope *scope, Expr *operand, const ForeignColumn **document,
               List **members)
{
	List *steps;

	*members = NIL;
	while (take_steps(operand, &as_jsonb, &operand, &steps))
		*members = list_concat(steps, *members);
	*document = document_column(scope, operand);
	return *document != NULL &&
	       (*members == NIL || document_has_member(scope->relation, *document, *members));
}

bool
place_is_attribute(const ForeignColumn *document, List *members)
{
	return members != NIL || !document->options->whole_item;
}

TemplateLeaf
leaf_about_place(const ForeignColumn *document, List *members)
{
	return (TemplateLeaf){.column = document->number, .members = members, .member_type = JSONBOID};
}

const ForeignColumn *
document_member(const ConditionScope *scope, Expr *operand)
{
	const ForeignColumn *document;
	List *members;
	List *last;
	Oid type;

	if (!take_cast(&operand, &type) || !take_steps(operand, &as_text, &operand, &last) ||
	    !document_place(scope, operand, &document, &members))
		return NULL;
	members = list_concat(members, last);
	return document_has_member(scope->relation, document, members)
	           ? document_member_of(document, members, type)
	           : NULL;
}
