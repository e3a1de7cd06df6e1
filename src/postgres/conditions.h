/*
 * conditions.h
 *		SQL conditions as templates of what DynamoDB can evaluate.
 */
#ifndef POSTGRES_CONDITIONS_H
#define POSTGRES_CONDITIONS_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pathnodes.h"

#include "postgres/compat.h"

#include "postgres/relation.h"
#include "postgres/template.h"

/* Memory to write one constant with: DynamoDB's largest item is 400 KB. */
#define CONSTANT_ARENA_MAXIMUM ((Size) 4 * 1024 * 1024)

/* Whose conditions they are. */
typedef struct ConditionScope
{
	PlannerInfo *root;
	RelOptInfo *base;
	const ForeignRelation *relation;
} ConditionScope;

/*
 * The template of a condition, NIL when DynamoDB can say nothing about it. Every item for which the
 * condition is true satisfies the template; the condition must be checked again, because others may
 * satisfy it too (see key_match_exact for the exception). Values are expressions without columns
 * of this foreign table and without volatile functions.
 */
extern List *condition_template(const ConditionScope *scope, Expr *condition);

/*
 * The column that an expression is, looking through conversions that keep its meaning, or one made
 * for the member of a document that it is; else NULL.
 */
extern const ForeignColumn *condition_operand_column(const ConditionScope *scope, Expr *operand);

/*
 * The characters before a LIKE pattern's first wildcard, unescaped, appended to `prefix`; *is_whole
 * when there is no wildcard. False for a pattern that ends in an escape, which LIKE itself refuses.
 */
extern bool like_prefix(const char *pattern, int length, StringInfo prefix, bool *is_whole);

/*
 * The longest run of a LIKE pattern's characters without a wildcard, unescaped, put into `longest`,
 * which is empty at first. False for a pattern that ends in an escape.
 */
extern bool like_longest_piece(const char *pattern, int length, StringInfo longest);

/* True for a constant LIKE pattern that is a prefix and says nothing else. */
extern bool pattern_is_prefix(const Node *pattern);

/*
 * The conversion by which a value of `type` is written as the column's attribute, or as an element
 * of it where the column is an array: the column's own, or one made for the type in
 * CurrentMemoryContext.
 */
extern ColumnConversion *condition_value_conversion(const ForeignColumn *column, Oid type);

#endif
