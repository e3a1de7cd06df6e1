/*
 * document_conditions.h
 *		Conditions with jsonb documents as a whole: what they contain, equal, or have as keys.
 */
#ifndef POSTGRES_CONDITIONS_DOCUMENT_CONDITIONS_H
#define POSTGRES_CONDITIONS_DOCUMENT_CONDITIONS_H

#include "postgres.h"

#include "nodes/primnodes.h"

#include "postgres/compat.h"

#include "postgres/conditions/condition_scope.h"

/*
 * The template of jsonb @> jsonb, jsonb <@ jsonb, jsonb = jsonb, jsonb ? text, ?| and ?&; the
 * expression has two arguments. NIL for everything else, and where it cannot be sent.
 */
extern List *document_template(const ConditionScope *scope, const OpExpr *expression);

#endif
