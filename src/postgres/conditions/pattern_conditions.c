/*
 * pattern_conditions.c
 *		Conditions on parts of strings: LIKE, starts_with(), strpos().
 *
 * DynamoDB knows begins_with and contains. So of a pattern the characters before its first wildcard
 * are asked for, or, where it begins with one, the longest run of characters between two.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "postgres/compat.h"

#include "postgres/conditions/condition_parts.h"
#include "postgres/conditions/pattern_conditions.h"

static bool
is_wildcard(char character)
{
	return character == '%' || character == '_';
}

bool
like_prefix(const char *pattern, int length, StringInfo prefix, bool *is_whole)
{
	*is_whole = false;
	for (int i = 0; i < length; i++)
	{
		if (is_wildcard(pattern[i]))
			return true;
		if (pattern[i] == '\\' && ++i == length)
			return false;
		appendStringInfoCharMacro(prefix, pattern[i]);
	}
	*is_whole = true;
	return true;
}

bool
like_longest_piece(const char *pattern, int length, StringInfo longest)
{
	StringInfoData piece;

	initStringInfo(&piece);
	for (int i = 0; i < length; i++)
	{
		if (is_wildcard(pattern[i]))
		{
			resetStringInfo(&piece);
			continue;
		}
		if (pattern[i] == '\\' && ++i == length)
			return false;
		appendStringInfoCharMacro(&piece, pattern[i]);
		if (piece.len > longest->len)
		{
			resetStringInfo(longest);
			appendBinaryStringInfo(longest, piece.data, piece.len);
		}
	}
	return true;
}

bool
pattern_is_prefix(const Node *pattern)
{
	const Const *constant = (const Const *) pattern;
	StringInfoData prefix;
	bool is_whole;
	text *value;
	int length;

	if (!IsA(constant, Const) || constant->constisnull)
		return false;
	value = DatumGetTextPP(constant->constvalue);
	length = VARSIZE_ANY_EXHDR(value);
	initStringInfo(&prefix);
	return like_prefix(VARDATA_ANY(value), length, &prefix, &is_whole) && !is_whole &&
	       prefix.len > 0 && prefix.len == length - 1 && VARDATA_ANY(value)[length - 1] == '%';
}

/* `column LIKE pattern` with a pattern that is known: without a prefix, as what it contains. */
static List *
known_pattern_template(TemplateLeaf *leaf)
{
	const Const *constant = (const Const *) leaf->value;
	text *pattern = DatumGetTextPP(constant->constvalue);
	StringInfoData part;
	bool is_whole;

	initStringInfo(&part);
	if (!like_prefix(VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern), &part, &is_whole))
		return NIL;
	if (part.len > 0 || is_whole)
		return template_of_leaf(leaf);
	if (!like_longest_piece(VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern), &part) ||
	    part.len == 0)
		return NIL;
	leaf->kind = TEMPLATE_CONTAINS;
	leaf->value = (Node *) makeConst(TEXTOID, -1, constant->constcollid, -1,
	                                 PointerGetDatum(cstring_to_text_with_len(part.data, part.len)),
	                                 false, false);
	return template_of_leaf(leaf);
}

/* True when the column's strings contain what its text contains. */
static bool
column_has_parts(const ConditionScope *scope, const ForeignColumn *column, Oid collation,
                 Expr *value)
{
	return column != NULL && condition_value_is_usable(scope, value) &&
	       getBaseType(exprType((Node *) value)) == TEXTOID &&
	       condition_comparability(column, collation).prefix;
}

static TemplateLeaf
leaf_of_pattern(const ForeignColumn *column, TemplateKind kind, Expr *pattern)
{
	TemplateLeaf leaf = leaf_about(column);

	leaf.kind = kind;
	leaf.value_type = TEXTOID;
	leaf.value = (Node *) pattern;
	return leaf;
}

List *
prefix_template(const ConditionScope *scope, Oid function_id, Oid collation, Expr *operand,
                Expr *value)
{
	const ForeignColumn *column = condition_operand_column(scope, operand);
	TemplateLeaf leaf = {0};

	if (function_id == F_TEXTLIKE)
		leaf.kind = TEMPLATE_LIKE;
	else if (function_id == F_STARTS_WITH)
		leaf.kind = TEMPLATE_STARTS_WITH;
	else
		return NIL;
	if (!column_has_parts(scope, column, collation, value))
		return NIL;
	leaf = leaf_of_pattern(column, leaf.kind, value);
	if (leaf.kind == TEMPLATE_LIKE && IsA(value, Const) && !((Const *) value)->constisnull)
		return known_pattern_template(&leaf);
	return template_of_leaf(&leaf);
}

/* strpos(operand, value) or position(value IN operand), which are one function. */
static bool
is_position(const FuncExpr *function)
{
	return IsA(function, FuncExpr) &&
	       (function->funcid == F_STRPOS || function->funcid == F_POSITION_TEXT_TEXT);
}

List *
position_template(const ConditionScope *scope, const OpExpr *expression)
{
	const FuncExpr *function = linitial(expression->args);
	const Const *constant = lsecond(expression->args);
	const ForeignColumn *column;
	Expr *value;

	if (get_opcode(expression->opno) != F_INT4GT || !is_position(function) ||
	    !IsA(constant, Const) || constant->constisnull || DatumGetInt32(constant->constvalue) < 0)
		return NIL;
	column = condition_operand_column(scope, linitial(function->args));
	value = lsecond(function->args);
	if (!column_has_parts(scope, column, function->inputcollid, value))
		return NIL;
	return condition_leaf(TEMPLATE_CONTAINS, column, TEXTOID, (Node *) value);
}
