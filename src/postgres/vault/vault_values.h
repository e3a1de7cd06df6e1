/*
 * vault_values.h
 *		Values of tokens, and tokens that are forgotten.
 */
#ifndef POSTGRES_VAULT_VAULT_VALUES_H
#define POSTGRES_VAULT_VAULT_VALUES_H

#include "postgres.h"

#include "postgres/compat.h"

/*
 * The values of the tokens, text both, in order and in CurrentMemoryContext. nulls[i] says of a
 * token that it is NULL, and afterwards of its value that it is. A token that is not known, is
 * another tenant's, has expired or is used up has no value, or is P0002 where the vault says so.
 * Single-use tokens are used up when it returns; a token that stands several times among them has
 * its value as often as it may still be used. `tenant` may be NULL.
 */
extern void vault_values(Oid relation_id, const Datum *tokens, bool *nulls, int count,
                         const char *tenant, Datum *values);

/* Removes the token; true when there was one. */
extern bool vault_forget(Oid relation_id, const char *token, const char *tenant);

#endif
