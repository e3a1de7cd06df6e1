/*
 * credentials.h
 *		From a user mapping to what requests are signed with: explicit keys, what AWS's chain finds,
 *		or a role assumed with either.
 *
 * The secrets are in memory of their own, which is wiped when it is given back. Who takes the steps
 * of the chain is credential_refresh.c; here is who may use what, and what is kept for how long.
 */
#ifndef POSTGRES_SERVICE_CREDENTIALS_H
#define POSTGRES_SERVICE_CREDENTIALS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/credential_chain.h"
#include "postgres/options/options.h"

typedef struct CredentialProvider CredentialProvider;

/*
 * A provider in `context`, with copies of what the mapping says. It is wiped when the context is
 * reset or deleted. The options' own secrets are the caller's to wipe: see mapping_options_wipe().
 * Errors: 28000 for keys of which one is missing.
 */
extern CredentialProvider *credentials_create(MemoryContext context, const char *server_name,
                                              const MappingOptions *options);

/*
 * Errors unless the role may sign with what the mapping says, 28000. Explicit keys are everybody's
 * whose mapping it is. All else is AWS's word for the account that runs the server, so it takes a
 * superuser on a server that a superuser owns, or a superuser who has set credentials_required to
 * false. To be asked each time: a mapping may be of PUBLIC, and roles change.
 */
extern void credentials_check(const CredentialProvider *provider, Oid user_id, Oid server_owner,
                              const char *server_name);

/* Overwrites the secrets of options that were read from the catalog. */
extern void mapping_options_wipe(MappingOptions *options);

typedef enum CredentialState
{
	CREDENTIALS_USABLE,   /* sign with them */
	CREDENTIALS_AGING,    /* sign with them, and ask for new ones meanwhile */
	CREDENTIALS_UNUSABLE, /* none yet, or about to expire: ask for new ones and wait for them */
} CredentialState;

/* Explicit keys are always usable. `now` is in seconds since 1970, by the service's clock. */
extern CredentialState credentials_state(const CredentialProvider *provider, int64 now);

/* What requests are signed with; NULL while there is nothing that has not expired. Borrowed. */
extern const AwsCredentials *credentials_current(const CredentialProvider *provider, int64 now);

/* True unless they are the mapping's own keys: new ones can be had by going through the chain. */
extern bool credentials_can_be_refreshed(const CredentialProvider *provider);

/*
 * True when both sign as the same principal: the same keys or places to look for some, and the same
 * role where there is one.
 */
extern bool credentials_are_equal(const CredentialProvider *a, const CredentialProvider *b);

/* True for what was found and says no time of its end: other keys may be where it was. */
extern bool credentials_may_change(const CredentialProvider *provider);

/* True when the mapping itself names a role, so that STS is needed in any case. */
extern bool credentials_name_role(const CredentialProvider *provider);

/*
 * Begins the chain, which has its steps from then on; borrowed until credentials_end_chain(). Not
 * for a provider whose credentials cannot be refreshed.
 */
extern CredentialChain *credentials_begin_chain(CredentialProvider *provider);

/*
 * Keeps what the chain has found, in place of what was kept before, which is wiped. On a failure
 * that stays: RESULT_NOT_VERIFIED when what was found has expired.
 */
extern CheckedResult credentials_keep_found(CredentialProvider *provider, int64 now) MUST_CHECK;

/* Wipes the chain's memory. */
extern void credentials_end_chain(CredentialProvider *provider);

/* Counts what was found: tells whether what a request was signed with still is what there is. */
extern uint32 credentials_generation(const CredentialProvider *provider);

/* Forgets what was found, since the service refuses it. */
extern void credentials_forget_found(CredentialProvider *provider);

#endif
