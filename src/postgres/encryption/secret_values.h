/*
 * secret_values.h
 *		Values of a row that were decrypted: wiped when the row's memory goes, for whatever reason.
 */
#ifndef POSTGRES_ENCRYPTION_SECRET_VALUES_H
#define POSTGRES_ENCRYPTION_SECRET_VALUES_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/relation/relation.h"

typedef struct SecretValues SecretValues;

/* For rows of the relation, which is borrowed; in CurrentMemoryContext, with which they go. */
extern SecretValues *secret_values_create(const ForeignRelation *relation);

/* Has the column's value, which is in that context, wiped with it. One a column. */
extern void secret_values_add(SecretValues *secrets, const ForeignColumn *column, Datum value);

/* The same for a row of an opened item: every value that may have been encrypted with it. */
extern void secret_values_add_sealed(SecretValues *secrets, const Datum *values, const bool *nulls);

#endif
