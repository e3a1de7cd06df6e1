/*
 * vault.h
 *		What a token vault is: a foreign table whose columns have the option vault_role.
 *
 * The way of a value:
 *
 *		tokenize ──► token_format: a new token ──► table_writer: many puts in flight, each on the
 *		             condition that there is no such token; a token that is taken is made anew
 *		detokenize ─► vault_lookup: a scan whose plan is made by hand, a lookup of keys ──►
 *		             tenant, expiry ──► single-use ones: table_writer, a claim ──► value
 *
 * So encryption, pending writes, retries and limits are those of every other statement. The plan is
 * made by hand because a planner may prefer to read the whole table, which whoever may look up
 * tokens need not be allowed to; and the rows are written without a plan, as COPY does it, because
 * each of them must say by itself whether its token was taken. Privileges are checked as the
 * executor checks a statement's, for the calling role, whose user mapping is the one that is used.
 */
#ifndef POSTGRES_VAULT_VAULT_H
#define POSTGRES_VAULT_VAULT_H

#include "postgres.h"

#include "nodes/bitmapset.h"
#include "nodes/parsenodes.h"
#include "utils/relcache.h"

#include "postgres/compat.h"

#include "postgres/relation/relation.h"

typedef struct Vault
{
	Relation relation;        /* locked to the end of the transaction; NULL once closed */
	RangeTblEntry *entry;     /* of it */
	ForeignRelation *foreign; /* as the current role sees it */
	const ForeignColumn *columns[VAULT_ROLE_COUNT]; /* NULL: the vault has none */
	bool tenant_is_key;
} Vault;

/* What somebody wants of a vault. */
typedef enum VaultUse
{
	VAULT_STORE,   /* needs INSERT on the columns with the roles that are used */
	VAULT_LOOK_UP, /* needs SELECT on those that there are */
	VAULT_FORGET   /* needs DELETE */
} VaultUse;

/*
 * Opens the vault for the current role, in CurrentMemoryContext. `stored_roles` is the set of the
 * VaultRoles that VAULT_STORE gives values to; others need none. Errors: 42809 for what is no
 * foreign table of ours, 42501, HV024 for columns and options that make no vault, saying what is
 * missing, 0A000 for a vault that cannot be written, those of foreign_relation_open().
 */
extern Vault *vault_open(Oid relation_id, VaultUse use, const Bitmapset *stored_roles);

/* Closes the relation; the lock stays. */
extern void vault_close(Vault *vault);

/*
 * The token's Datum of the vault's column, in CurrentMemoryContext. False for a text that is no
 * token of any vault with such a column: empty, or no uuid where that is the column's type.
 */
extern bool vault_read_token(const Vault *vault, const char *text, Datum *token);

/*
 * The tenant's Datum of the vault's column, in CurrentMemoryContext; `text` may be NULL. Errors:
 * 22023 for a tenant that the vault has no column for, and for none where the tenant is part of the
 * key; what the type's own input raises.
 */
extern Datum vault_read_tenant(const Vault *vault, const char *text, bool *is_null);

/* The Datum's text, in CurrentMemoryContext. */
extern char *vault_column_text(const ForeignColumn *column, Datum datum);

/* The Datum of a value, in CurrentMemoryContext: 22001 where the column is too short for it. */
extern Datum vault_read_value(const Vault *vault, Datum text);

#endif
