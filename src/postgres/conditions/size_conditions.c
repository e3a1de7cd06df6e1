/*
 * size_conditions.c
 *		Comparisons with length(), octet_length(), cardinality(), jsonb_array_length() and their
 * like.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "postgres/compat.h"

#include "postgres/conditions/condition_parts.h"
#include "postgres/conditions/document_members.h"
#include "postgres/conditions/size_conditions.h"

/* Units of size() that a character may be, in the largest of the ways of counting: bytes. */
#define SIZE_OF_CHARACTER 4

/* --- bounds ----------------------------------------------------------------------------------- */

bool
leaf_is_size(const TemplateLeaf *leaf)
{
	return leaf->kind == TEMPLATE_CHARACTERS || leaf->kind == TEMPLATE_OCTETS ||
	       leaf->kind == TEMPLATE_SIZE || leaf->kind == TEMPLATE_ELEMENTS;
}

/* The bounds that are set on the length itself. */
static SizeBounds
length_bounds(ConditionKind comparison, int64 value)
{
	switch (comparison)
	{
		case CONDITION_EQUAL:
			return (SizeBounds){value, value, true};
		case CONDITION_LESS:
			return (SizeBounds){0, value <= 0 ? -1 : value - 1, true};
		case CONDITION_LESS_OR_EQUAL:
			return (SizeBounds){0, value, true};
		case CONDITION_GREATER:
			return (SizeBounds){value == PG_INT64_MAX ? value : value + 1, 0, false};
		default:
			return (SizeBounds){value, 0, false};
	}
}

/*
 * Characters are one to four units each, bytes of a text a quarter of a unit at least and one unit
 * at most. No attribute is so long that a bound beyond what DynamoDB counts to would matter.
 */
SizeBounds
size_bounds(const TemplateLeaf *leaf, int64 value)
{
	SizeBounds bounds = length_bounds(leaf->comparison, value);

	bounds.least = Min(Max(bounds.least, 0), PG_INT32_MAX);
	bounds.most = Min(bounds.most, PG_INT32_MAX);
	if (leaf->kind == TEMPLATE_CHARACTERS)
		bounds.most *= SIZE_OF_CHARACTER;
	else if (leaf->kind == TEMPLATE_OCTETS)
		bounds.least = (bounds.least + SIZE_OF_CHARACTER - 1) / SIZE_OF_CHARACTER;
	return bounds;
}

/* --- templates -------------------------------------------------------------------------------- */

/* True for a column whose strings are the texts that SQL sees. */
static bool
column_is_text(const ForeignColumn *column)
{
	AttributeType written;

	return column_conversion_written_type(column->conversion, &written) && written == ATTRIBUTE_S &&
	       condition_comparability(column, C_COLLATION_OID).prefix;
}

static bool
column_is_binary(const ForeignColumn *column)
{
	AttributeType written;

	return getBaseType(column->type) == BYTEAOID &&
	       column_conversion_written_type(column->conversion, &written) && written == ATTRIBUTE_B;
}

/* Sets alone: an array may be deeper than the list it comes from has elements. */
static bool
column_has_sets(const ForeignColumn *column)
{
	ColumnConversion *element = column_conversion_element(column->conversion);

	return element != NULL && column_conversion_set_type(element) != ATTRIBUTE_L &&
	       column_conversion_accepts(column->conversion, column_conversion_set_type(element));
}

/* True for array_length(array, 1). */
static bool
is_first_dimension(const FuncExpr *function)
{
	const Const *dimension = lsecond(function->args);

	return IsA(dimension, Const) && !dimension->constisnull &&
	       DatumGetInt32(dimension->constvalue) == 1;
}

/* What a function of the column counts; false for functions that count nothing there. */
static bool
function_counts(const FuncExpr *function, const ForeignColumn *column, TemplateKind *kind)
{
	switch (function->funcid)
	{
		case F_LENGTH_TEXT:
		case F_CHAR_LENGTH_TEXT:
		case F_CHARACTER_LENGTH_TEXT:
			*kind = TEMPLATE_CHARACTERS;
			return column_is_text(column);
		case F_OCTET_LENGTH_TEXT:
			*kind = TEMPLATE_OCTETS;
			return column_is_text(column) && GetDatabaseEncoding() == PG_UTF8;
		case F_LENGTH_BYTEA:
		case F_OCTET_LENGTH_BYTEA:
			*kind = TEMPLATE_SIZE;
			return column_is_binary(column);
		case F_CARDINALITY:
			*kind = TEMPLATE_SIZE;
			return column_has_sets(column);
		case F_ARRAY_LENGTH:
			*kind = TEMPLATE_SIZE;
			return column_has_sets(column) && is_first_dimension(function);
		default:
			return false;
	}
}

/* A leaf about what the function counts, its comparison still to be set; false for other functions.
 */
static bool
counted_leaf(const ConditionScope *scope, const FuncExpr *function, TemplateLeaf *leaf)
{
	Expr *operand = linitial(function->args);
	const ForeignColumn *column;
	List *members;

	if (function->funcid == F_JSONB_ARRAY_LENGTH)
	{
		if (!document_place(scope, operand, &column, &members) ||
		    !place_is_attribute(column, members))
			return false;
		*leaf = leaf_about_place(column, members);
		leaf->kind = TEMPLATE_ELEMENTS;
		return true;
	}
	column = condition_operand_column(scope, operand);
	if (column == NULL)
		return false;
	*leaf = leaf_about(column);
	return function_counts(function, column, &leaf->kind);
}

/* `length(column) <operator> value`; NIL also for no operator. */
static List *
length_template(const ConditionScope *scope, Oid operator_id, Expr *operand, Expr *value)
{
	const FuncExpr *function = (const FuncExpr *) operand;
	TemplateLeaf leaf;
	ConditionKind comparison;

	if (!IsA(operand, FuncExpr) || function->args == NIL || !OidIsValid(operator_id) ||
	    !counted_leaf(scope, function, &leaf) || !condition_value_is_usable(scope, value) ||
	    !condition_types_agree(INT4OID, exprType((Node *) value)) ||
	    !condition_operator_meaning(operator_id, INT4OID, &comparison) ||
	    comparison == CONDITION_NOT_EQUAL)
		return NIL;
	leaf.comparison = comparison;
	leaf.value_type = exprType((Node *) value);
	leaf.value = (Node *) value;
	return template_of_leaf(&leaf);
}

List *
size_template(const ConditionScope *scope, const OpExpr *expression)
{
	return template_either_way(scope, expression, length_template);
}
