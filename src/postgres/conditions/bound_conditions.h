/*
 * bound_conditions.h
 *		Conditions on columns, of which filters and the conditions of writes are made.
 *
 * Everything is allocated in CurrentMemoryContext; paths are borrowed from the columns, values from
 * the demands.
 */
#ifndef POSTGRES_CONDITIONS_BOUND_CONDITIONS_H
#define POSTGRES_CONDITIONS_BOUND_CONDITIONS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/conditions/binding.h"

/* A condition of the kind on the column's place, without values. */
extern Condition *make_column_condition(ConditionKind kind, const ForeignColumn *column);

/* AND, OR or NOT of the conditions, whose array is copied. */
extern Condition *make_junction(ConditionKind kind, Condition **children, uint32 count);
extern Condition *make_not(Condition *condition);

extern Condition *make_has_type(const ForeignColumn *column, AttributeType type);

/* SQL NULL is a missing attribute or a NULL one. */
extern Condition *make_is_null(const ForeignColumn *column);
extern Condition *make_is_not_null(const ForeignColumn *column);

/*
 * Lets through what the column would be read from with an error, or as another type: a value that
 * is there but is not of the type that the column writes. DynamoDB finds such values unequal and
 * unordered, where reading them must decide.
 */
extern Condition *make_type_guard(const ForeignColumn *column, AttributeType written);

/* The attribute type of values that a demand on the column judges; of an array's column, sets. */
extern AttributeType judged_type(const ForeignColumn *column);

/* The condition of a demand on values. */
extern Condition *make_demanded(const ForeignColumn *column, const Demand *demand);

/* True when the condition can be written as one expression, and other expressions beside it. */
extern bool condition_fits_expression(const Condition *condition);

#endif
