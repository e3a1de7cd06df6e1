/*
 * vault_lookup.h
 *		Finding the rows of tokens in a vault, by their keys.
 */
#ifndef POSTGRES_VAULT_VAULT_LOOKUP_H
#define POSTGRES_VAULT_VAULT_LOOKUP_H

#include "postgres.h"

#include "executor/tuptable.h"

#include "postgres/compat.h"

#include "postgres/vault/vault.h"

typedef struct VaultLookup VaultLookup;

/*
 * Begins to look up the tokens, all of the column's type and different, of one tenant, in a context
 * of its own below CurrentMemoryContext. With `keys_only` neither values nor what governs their use
 * are read, and nothing is decrypted. Everything is borrowed.
 */
extern VaultLookup *vault_lookup_begin(const Vault *vault, Datum *tokens, int count, Datum tenant,
                                       bool tenant_is_null, bool keys_only);

/*
 * The next row that is the tenant's, in any order, as the foreign table's columns say it; those
 * that are not read are NULL. Valid until the next call; NULL at the end. Errors: those of a scan.
 */
extern TupleTableSlot *vault_lookup_next(VaultLookup *lookup);

/* Gives up what is in flight, and wipes what was read. */
extern void vault_lookup_end(VaultLookup *lookup);

/* The column's value in the row; NULL where the vault has no such column. Borrowed from the row. */
extern Datum vault_row_value(const Vault *vault, const TupleTableSlot *row, VaultRole role,
                             bool *is_null);

#endif
