/*
 * credentials.h
 *		From a user mapping to what requests are signed with: explicit keys, or a role assumed with
 *		them.
 *
 * The secrets are in memory of their own, which is wiped when it is given back. What asks STS is
 * service_call.c; here is what is asked, when, and what becomes of the answer.
 */
#ifndef POSTGRES_CREDENTIALS_H
#define POSTGRES_CREDENTIALS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/credentials.h"
#include "aws/sts.h"
#include "postgres/options.h"

typedef struct CredentialProvider CredentialProvider;

/*
 * Errors unless the role may sign with what its mapping says, 28000: keys of which one is missing,
 * or none at all, which for a non-superuser needs credentials_required=false.
 */
extern void credentials_check(Oid user_id, const char *server_name, const MappingOptions *options);

/*
 * A provider in `context`, with copies of the mapping's keys, which credentials_check() has found
 * good. It is wiped when the context is reset or deleted. The options' own secrets are the caller's
 * to wipe: see mapping_options_wipe().
 */
extern CredentialProvider *credentials_create(MemoryContext context, const MappingOptions *options);

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

/* The mapping's own keys, which sign AssumeRole. Borrowed. */
extern const AwsCredentials *credentials_source(const CredentialProvider *provider);

/* True when a role is assumed, so that new credentials can be had. */
extern bool credentials_can_be_refreshed(const CredentialProvider *provider);

/* True when both sign as the same principal: the same keys, and the same role where there is one.
 */
extern bool credentials_are_equal(const CredentialProvider *a, const CredentialProvider *b);

/* What to ask STS for; texts are borrowed from the provider. */
extern AssumeRoleRequest credentials_role_request(const CredentialProvider *provider);

/* Takes AssumeRole's answer; the old session is wiped. On failure the old session stays. */
extern CheckedResult credentials_take_role(CredentialProvider *provider, Bytes xml) MUST_CHECK;

/* Forgets the role's session, since the service calls it expired. */
extern void credentials_forget_role(CredentialProvider *provider);

#endif
