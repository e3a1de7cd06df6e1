/*
 * pattern_conditions.h
 *		Conditions on parts of strings, and the parts of LIKE's patterns.
 */
#ifndef POSTGRES_CONDITIONS_PATTERN_CONDITIONS_H
#define POSTGRES_CONDITIONS_PATTERN_CONDITIONS_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/primnodes.h"

#include "postgres/compat.h"

#include "postgres/conditions/condition_scope.h"

/*
 * The template of `operand LIKE value` or starts_with(operand, value), by the function; NIL for
 * other functions and where it cannot be sent.
 */
extern List *prefix_template(const ConditionScope *scope, Oid function_id, Oid collation,
                             Expr *operand, Expr *value);

/* That of strpos(operand, value) > 0; the expression has two arguments. NIL for everything else. */
extern List *position_template(const ConditionScope *scope, const OpExpr *expression);

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

#endif
