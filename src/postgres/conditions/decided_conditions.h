/*
 * decided_conditions.h
 *		Conditions that are decided by DynamoDB alone, for what is written without reading it.
 *
 * A filter may let through rows too many, since they are checked again. The condition of a write
 * must not: where it holds, the SQL condition is true. Where it does not hold, DynamoDB sends the
 * item, and SQL decides; so it may be false too often, as for values stored in another form.
 */
#ifndef POSTGRES_CONDITIONS_DECIDED_CONDITIONS_H
#define POSTGRES_CONDITIONS_DECIDED_CONDITIONS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/conditions/binding.h"
#include "postgres/conditions/conditions.h"

/*
 * The template of a condition that decided_bind() can bind; NIL when DynamoDB's yes is not SQL's,
 * or when finding the values may fail. As condition_template() otherwise.
 */
extern List *decided_template(const ConditionScope *scope, Expr *condition);

/*
 * True when evaluating the expression neither fails nor has an effect, so that it makes no
 * difference whether it is done for a row that is not there.
 */
extern bool expression_is_harmless(Expr *expression);

typedef enum Decision
{
	DECIDED_NEVER,     /* no item satisfies the condition */
	DECIDED_BY_WRITE,  /* the condition can be that of a write */
	DECIDED_BY_READING /* these values can not be compared by DynamoDB, or not in one expression */
} Decision;

/* Binds the template's conjuncts; *condition is NULL for NIL. */
extern Decision decided_bind(const Binding *binding, List *template, const Condition **condition);

#endif
