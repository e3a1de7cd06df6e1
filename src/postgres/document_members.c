/*
 * document_members.c
 *		Members of jsonb documents as columns of their own.
 *
 * Only names of members are followed: a number may be the place of an element, and what jsonb shows
 * as an array may be a set, which has no places.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "postgres/compat.h"

#include "postgres/document_members.h"

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
		steps[path.count++].name = name_in_utf8(lfirst_node(String, cell));
	return path;
}

static const ForeignColumn *
make_member(const ForeignColumn *document, List *members, Oid type)
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

	return leaf->members == NIL ? column : make_member(column, leaf->members, leaf->member_type);
}

/* Takes `document -> 'name'` apart, the operator being that of the function. */
static bool
take_member(Expr *expression, Oid function, Expr **document, String **name)
{
	const OpExpr *operator=(const OpExpr *) expression;
	const Const *constant;

	if (!IsA(expression, OpExpr) || get_opcode(operator->opno) != function)
		return false;
	constant = lsecond(operator->args);
	if (!IsA(constant, Const) || constant->constisnull)
		return false;
	*document = linitial(operator->args);
	*name = makeString(TextDatumGetCString(constant->constvalue));
	return strVal(*name)[0] != '\0';
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

/* False for what another column takes out of the item. */
static bool
document_has_member(const ForeignRelation *relation, const ForeignColumn *document, List *members)
{
	return !document->options->whole_item ||
	       foreign_relation_column_of(relation, name_in_utf8(linitial(members))) == NULL;
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

const ForeignColumn *
document_member(const ConditionScope *scope, Expr *operand)
{
	const ForeignColumn *document;
	List *members;
	String *name;
	Oid type;

	if (!take_cast(&operand, &type) ||
	    !take_member(operand, F_JSONB_OBJECT_FIELD_TEXT, &operand, &name))
		return NULL;
	members = list_make1(name);
	while (take_member(operand, F_JSONB_OBJECT_FIELD, &operand, &name))
		members = lcons(name, members);
	document = document_column(scope, operand);
	if (document == NULL || !document_has_member(scope->relation, document, members))
		return NULL;
	return make_member(document, members, type);
}
