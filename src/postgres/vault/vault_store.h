/*
 * vault_store.h
 *		Storing values in a token vault under new tokens.
 */
#ifndef POSTGRES_VAULT_VAULT_STORE_H
#define POSTGRES_VAULT_VAULT_STORE_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/modify/write_mode.h"
#include "postgres/vault/vault.h"
#include "utils/timestamp.h"

/* What all values that are stored together have in common. */
typedef struct TokenTerms
{
	bool has_tenant;            /* the privilege to store tenants is needed */
	const char *tenant;         /* of the first value; NULL: none */
	const Interval *expires_in; /* NULL: the tokens do not expire */
	bool single_use;
} TokenTerms;

/* A vault that is being written by the current role. */
typedef struct VaultStore VaultStore;

/*
 * Opens the vault for writing, in a context of its own below CurrentMemoryContext, with which it
 * goes. Which of the terms there are decides which privileges are needed. Errors: those of
 * vault_open(), and 22023 for terms that the vault cannot keep.
 */
extern VaultStore *vault_store_open(Oid relation_id, const TokenTerms *terms);

/*
 * The tokens of the values, text both, in order and in CurrentMemoryContext; nothing for those that
 * are NULL. All values are stored when it returns. Errors: 22023 for values that the vault's tokens
 * cannot stand for, 23505 when no free token was found, those of writing.
 */
extern void vault_store_values(VaultStore *store, const Datum *values, const bool *nulls, int count,
                               Datum *tokens);

/*
 * Begins to store one value of the tenant and gives its token, without waiting for it to be stored.
 * That the token was taken, which would be a rare accident, is 23505 of a later call.
 */
extern Datum vault_store_begin_value(VaultStore *store, const char *tenant, Datum value);

/* Settles and frees. Not needed after an error. */
extern void vault_store_close(VaultStore *store);

#endif
