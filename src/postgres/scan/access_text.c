/*
 * access_text.c
 *		What EXPLAIN says of an access's conditions.
 *
 * They are shown as DynamoDB reads them, but with names and values in place of placeholders and
 * without what is added to each comparison for the sake of NULL and of other types.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"

#include "postgres/compat.h"

#include "postgres/conditions/conditions.h"
#include "postgres/conditions/document_members.h"
#include "postgres/conditions/pattern_conditions.h"
#include "postgres/conditions/size_conditions.h"
#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/scan/access.h"

/* What a template's values are shown with. */
typedef struct Description
{
	StringInfo text;
	const ForeignRelation *relation;
	List *expressions;
	List *deparse_context;
} Description;

static void
describe_path(Description *description, const ForeignColumn *column)
{
	ByteBuffer *buffer = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, MaxAllocSize);
	Bytes text;

	attribute_path_write(buffer, &column->path);
	buffer_append_character(buffer, '\0');
	CHECK_RESULT(buffer_result(buffer), "describe path");
	text = buffer_bytes(buffer);
	appendStringInfoString(description->text,
	                       pg_any_to_server(text.data, (int) text.length - 1, PG_UTF8));
}

/* In single quotes, those within doubled. */
static void
describe_literal(Description *description, const char *text)
{
	appendStringInfoChar(description->text, '\'');
	for (; *text != '\0'; text++)
	{
		if (*text == '\'')
			appendStringInfoChar(description->text, '\'');
		appendStringInfoChar(description->text, *text);
	}
	appendStringInfoChar(description->text, '\'');
}

/* The text of a value that no attribute can hold, as its type shows it. */
static void
describe_impossible(Description *description, Oid type, Datum datum)
{
	Oid output_function;
	bool is_varlena;

	getTypeOutputInfo(type, &output_function, &is_varlena);
	describe_literal(description, OidOutputFunctionCall(output_function, datum));
}

static void
describe_string(Description *description, Bytes utf8)
{
	char *text = pnstrdup(utf8.data, utf8.length);

	describe_literal(description, pg_any_to_server(text, (int) utf8.length, PG_UTF8));
}

static void
describe_binary(Description *description, Bytes bytes)
{
	appendStringInfoString(description->text, "'\\x");
	for (size_t i = 0; i < bytes.length; i++)
		appendStringInfo(description->text, "%02x", (unsigned char) bytes.data[i]);
	appendStringInfoChar(description->text, '\'');
}

/* The attribute value that DynamoDB is given for a constant compared with the column. */
static void
describe_constant(Description *description, const ForeignColumn *column, Oid type, Datum datum)
{
	ColumnConversion *conversion = condition_value_conversion(column, getBaseType(type));
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, CONSTANT_ARENA_MAXIMUM);
	AttributeValue value;

	if (column_conversion_write(conversion, arena, datum, &value) != WRITE_EXACT)
		describe_impossible(description, type, datum);
	else if (value.type == ATTRIBUTE_N)
		appendBinaryStringInfo(description->text, value.bytes.data, (int) value.bytes.length);
	else if (value.type == ATTRIBUTE_B)
		describe_binary(description, value.bytes);
	else if (value.type == ATTRIBUTE_BOOL)
		appendStringInfoString(description->text, value.boolean ? "true" : "false");
	else
		describe_string(description, value.bytes);
}

static void
describe_value(Description *description, const ForeignColumn *column, Node *expression)
{
	Const *constant = (Const *) expression;

	if (!IsA(expression, Const))
		appendStringInfoString(
		    description->text,
		    deparse_expression(expression, description->deparse_context, true, false));
	else if (constant->constisnull)
		appendStringInfoString(description->text, "NULL");
	else
		describe_constant(description, column, constant->consttype, constant->constvalue);
}

static void
describe_elements(Description *description, const ForeignColumn *column, Const *constant)
{
	ArrayType *array = DatumGetArrayTypeP(constant->constvalue);
	Oid type = ARR_ELEMTYPE(array);
	ArrayIterator iterator = array_create_iterator(array, 0, NULL);
	const char *separator = "";
	Datum element;
	bool is_null;

	while (array_iterate(iterator, &element, &is_null))
	{
		appendStringInfoString(description->text, separator);
		if (is_null)
			appendStringInfoString(description->text, "NULL");
		else
			describe_constant(description, column, type, element);
		separator = ", ";
	}
	array_free_iterator(iterator);
}

static void
describe_array(Description *description, const ForeignColumn *column, Node *expression)
{
	if (IsA(expression, Const) && !((Const *) expression)->constisnull)
	{
		appendStringInfoChar(description->text, '(');
		describe_elements(description, column, (Const *) expression);
		appendStringInfoChar(description->text, ')');
		return;
	}
	appendStringInfoString(
	    description->text,
	    deparse_expression(expression, description->deparse_context, true, false));
}

static void
describe_membership(Description *description, const ForeignColumn *column, Node *expression)
{
	describe_path(description, column);
	appendStringInfoString(description->text, " IN ");
	describe_array(description, column, expression);
}

/* Shows a pattern that is known as the comparison it becomes; false when it is not known. */
static bool
describe_known_pattern(Description *description, const ForeignColumn *column, Node *expression)
{
	Const *constant = (Const *) expression;
	StringInfoData prefix;
	bool is_whole;
	text *pattern;

	if (!IsA(expression, Const) || constant->constisnull)
		return false;
	initStringInfo(&prefix);
	pattern = DatumGetTextPP(constant->constvalue);
	if (!like_prefix(VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern), &prefix, &is_whole))
		return false;
	appendStringInfoString(description->text, is_whole ? "" : "begins_with(");
	describe_path(description, column);
	appendStringInfoString(description->text, is_whole ? " = " : ", ");
	describe_literal(description, prefix.data);
	appendStringInfoString(description->text, is_whole ? "" : ")");
	return true;
}

static void
describe_like(Description *description, const ForeignColumn *column, Node *expression)
{
	if (describe_known_pattern(description, column, expression))
		return;
	describe_path(description, column);
	appendStringInfoString(description->text, " LIKE ");
	describe_value(description, column, expression);
}

static const char *
comparison_symbol(ConditionKind comparison)
{
	static const char *const symbols[] = {
	    [CONDITION_EQUAL] = "=",   [CONDITION_NOT_EQUAL] = "<>",
	    [CONDITION_LESS] = "<",    [CONDITION_LESS_OR_EQUAL] = "<=",
	    [CONDITION_GREATER] = ">", [CONDITION_GREATER_OR_EQUAL] = ">=",
	};

	return symbols[comparison];
}

/* function(path) or function(path, value) */
static void
describe_function(Description *description, const char *function, const ForeignColumn *column,
                  Node *expression)
{
	appendStringInfo(description->text, "%s(", function);
	describe_path(description, column);
	if (expression != NULL)
	{
		appendStringInfoString(description->text, ", ");
		describe_value(description, column, expression);
	}
	appendStringInfoChar(description->text, ')');
}

/* contains() of every element of an array, or of any. */
static void
describe_containment(Description *description, const char *quantifier, const ForeignColumn *column,
                     Node *expression)
{
	appendStringInfoString(description->text, "contains(");
	describe_path(description, column);
	appendStringInfo(description->text, ", %s", quantifier);
	describe_array(description, column, expression);
	appendStringInfoChar(description->text, ')');
}

/* The place has the scalar as an element, or is it; of strings contains() says both. */
static void
describe_element(Description *description, const ForeignColumn *place, const TemplateLeaf *leaf,
                 Node *expression)
{
	const Const *constant = castNode(Const, expression);
	bool may_be = leaf->kind == TEMPLATE_IS_OR_HAS;
	JsonbValue scalar;

	(void) JsonbExtractScalar(&DatumGetJsonbP(constant->constvalue)->root, &scalar);
	if (may_be && scalar.type != jbvString)
	{
		appendStringInfoChar(description->text, '(');
		describe_path(description, place);
		appendStringInfoString(description->text, " = ");
		describe_value(description, place, expression);
		appendStringInfoString(description->text, " OR ");
		describe_function(description, "contains", place, expression);
		appendStringInfoChar(description->text, ')');
		return;
	}
	describe_function(description, "contains", place, expression);
}

/* size(path) <= 5, of a value that is known. */
static void
describe_known_size(Description *description, const ForeignColumn *column, const TemplateLeaf *leaf,
                    int64 value)
{
	SizeBounds bounds = size_bounds(leaf, value);

	describe_function(description, "size", column, NULL);
	if (!bounds.has_most)
		appendStringInfo(description->text, " >= " INT64_FORMAT, bounds.least);
	else if (bounds.least == 0)
		appendStringInfo(description->text, " <= " INT64_FORMAT, bounds.most);
	else if (bounds.least == bounds.most)
		appendStringInfo(description->text, " = " INT64_FORMAT, bounds.least);
	else
		appendStringInfo(description->text, " BETWEEN " INT64_FORMAT " AND " INT64_FORMAT,
		                 bounds.least, bounds.most);
}

/* Of a value that is not known, the length that SQL asks for, from which DynamoDB's size follows.
 */
static void
describe_size(Description *description, const ForeignColumn *column, const TemplateLeaf *leaf,
              Node *expression)
{
	static const char *const names[] = {[TEMPLATE_CHARACTERS] = "length",
	                                    [TEMPLATE_OCTETS] = "octet_length",
	                                    [TEMPLATE_SIZE] = "size",
	                                    [TEMPLATE_ELEMENTS] = "size"};
	const Const *constant = (const Const *) expression;

	if (IsA(expression, Const) && !constant->constisnull)
	{
		describe_known_size(description, column, leaf,
		                    integer_of_datum(leaf->value_type, constant->constvalue));
		return;
	}
	describe_function(description, names[leaf->kind], column, NULL);
	appendStringInfo(description->text, " %s ", comparison_symbol(leaf->comparison));
	describe_value(description, column, expression);
}

static Node *
leaf_expression(const Description *description, const TemplateLeaf *leaf)
{
	return leaf->value == NULL ? NULL : list_nth(description->expressions, intVal(leaf->value));
}

static void
describe_leaf(Description *description, const List *template)
{
	TemplateLeaf leaf = template_leaf(template);
	const ForeignColumn *column = template_leaf_column(description->relation, &leaf);
	Node *expression = leaf_expression(description, &leaf);

	switch (leaf.kind)
	{
		case TEMPLATE_COMPARE:
			describe_path(description, column);
			appendStringInfo(description->text, " %s ", comparison_symbol(leaf.comparison));
			describe_value(description, column, expression);
			break;
		case TEMPLATE_ANY:
			describe_membership(description, column, expression);
			break;
		case TEMPLATE_LIKE:
			describe_like(description, column, expression);
			break;
		case TEMPLATE_STARTS_WITH:
			describe_function(description, "begins_with", column, expression);
			break;
		case TEMPLATE_NOT_ANY:
			appendStringInfoString(description->text, "NOT ");
			describe_membership(description, column, expression);
			break;
		case TEMPLATE_CONTAINS:
			describe_function(description, "contains", column, expression);
			break;
		case TEMPLATE_CONTAINS_ALL:
			describe_containment(description, "ALL ", column, expression);
			break;
		case TEMPLATE_CONTAINS_ANY:
		case TEMPLATE_CONTAINED:
			describe_containment(description, "ANY ", column, expression);
			break;
		case TEMPLATE_CHARACTERS:
		case TEMPLATE_OCTETS:
		case TEMPLATE_SIZE:
		case TEMPLATE_ELEMENTS:
			describe_size(description, column, &leaf, expression);
			break;
		case TEMPLATE_HAS_ELEMENT:
		case TEMPLATE_IS_OR_HAS:
			describe_element(description, column, &leaf, expression);
			break;
		case TEMPLATE_IS_NULL:
			describe_function(description, "attribute_not_exists", column, NULL);
			break;
		default: /* TEMPLATE_IS_NOT_NULL and TEMPLATE_HAS_MEMBER */
			describe_function(description, "attribute_exists", column, NULL);
			break;
	}
}

/* Parts of an AND below an OR, and the reverse, stand in parentheses. */
static void
describe_template(Description *description, const List *template, bool nested)
{
	const char *separator = "";
	ListCell *cell;

	if (template_is_leaf(template))
	{
		describe_leaf(description, template);
		return;
	}
	if (nested)
		appendStringInfoChar(description->text, '(');
	foreach (cell, template_children(template))
	{
		appendStringInfoString(description->text, separator);
		describe_template(description, lfirst(cell), true);
		separator = template_kind(template) == TEMPLATE_AND ? " AND " : " OR ";
	}
	if (nested)
		appendStringInfoChar(description->text, ')');
}

static bool
is_lower_bound(const TemplateLeaf *leaf)
{
	return leaf->kind == TEMPLATE_COMPARE && (leaf->comparison == CONDITION_GREATER ||
	                                          leaf->comparison == CONDITION_GREATER_OR_EQUAL);
}

static bool
is_upper_bound(const TemplateLeaf *leaf)
{
	return leaf->kind == TEMPLATE_COMPARE &&
	       (leaf->comparison == CONDITION_LESS || leaf->comparison == CONDITION_LESS_OR_EQUAL);
}

/* The first leaf about the column that is a bound of that kind; NIL when there is none. */
static List *
find_bound(List *leaves, AttrNumber column, bool (*is_bound)(const TemplateLeaf *leaf))
{
	ListCell *cell;

	foreach (cell, leaves)
	{
		TemplateLeaf leaf = template_leaf(lfirst(cell));

		if (leaf.column == column && is_bound(&leaf))
			return lfirst(cell);
	}
	return NIL;
}

static void
describe_between(Description *description, const TemplateLeaf *lower, const List *upper_template)
{
	const ForeignColumn *column = template_leaf_column(description->relation, lower);
	TemplateLeaf upper = template_leaf(upper_template);

	describe_path(description, column);
	appendStringInfoString(description->text, " BETWEEN ");
	describe_value(description, column, leaf_expression(description, lower));
	appendStringInfoString(description->text, " AND ");
	describe_value(description, column, leaf_expression(description, &upper));
}

/* In one alternative of a key condition, two bounds of one attribute are sent as a BETWEEN. */
static void
describe_key_alternative(Description *description, List *template)
{
	List *leaves = template_conjuncts(template);
	const char *separator = "";
	ListCell *cell;

	foreach (cell, leaves)
	{
		TemplateLeaf leaf = template_leaf(lfirst(cell));
		List *upper = find_bound(leaves, leaf.column, is_upper_bound);

		if (is_upper_bound(&leaf) && find_bound(leaves, leaf.column, is_lower_bound) != NIL)
			continue;
		appendStringInfoString(description->text, separator);
		if (is_lower_bound(&leaf) && upper != NIL)
			describe_between(description, &leaf, upper);
		else
			describe_leaf(description, lfirst(cell));
		separator = " AND ";
	}
}

static void
describe_key_condition(Description *description, List *template)
{
	List *alternatives = template_alternatives(template);
	const char *separator = "";
	ListCell *cell;

	if (list_length(alternatives) == 1)
	{
		describe_key_alternative(description, template);
		return;
	}
	foreach (cell, alternatives)
	{
		appendStringInfo(description->text, "%s(", separator);
		describe_key_alternative(description, lfirst(cell));
		appendStringInfoChar(description->text, ')');
		separator = " OR ";
	}
}

char *
access_describe(const Access *access, const ForeignRelation *relation, List *template,
                List *fdw_exprs, List *deparse_context)
{
	StringInfoData text;
	Description description = {&text, relation, fdw_exprs, deparse_context};

	if (template == NIL)
		return NULL;
	initStringInfo(&text);
	if (template == access->key_condition)
		describe_key_condition(&description, template);
	else
		describe_template(&description, template, false);
	return text.data;
}
