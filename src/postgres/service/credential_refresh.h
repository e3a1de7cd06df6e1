/*
 * credential_refresh.h
 *		Taking the steps of a chain of credentials while calls wait for them, or go on with the old
 *		ones.
 *
 * One refresh a client: every call of the user mapping shares what it finds. Files are read at
 * once; metadata services, STS and commands are waited for where everything is, in transport.c.
 */
#ifndef POSTGRES_SERVICE_CREDENTIAL_REFRESH_H
#define POSTGRES_SERVICE_CREDENTIAL_REFRESH_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/service/service_client_state.h"

/* In contents->context, for a provider whose credentials can be refreshed. Errors: out of memory.
 */
extern CredentialRefresh *credential_refresh_create(ServiceClient *client,
                                                    ClientContents *contents);

/* Gives up what is under way; nothing of the refresh may be used afterwards. */
extern void credential_refresh_stop(CredentialRefresh *refresh);

/*
 * Ends a command that runs, since the transaction in which it was begun has failed. Calls that wait
 * for it all the same begin anew.
 */
extern void credential_refresh_interrupt(CredentialRefresh *refresh);

/*
 * Sees to it that new credentials are on their way where they are needed, now or soon. `now` is in
 * seconds since 1970, by the service's clock. Does not throw.
 */
extern void credential_refresh_as_needed(CredentialRefresh *refresh, int64 now);

/* True while the chain is gone through. */
extern bool credential_refresh_is_running(const CredentialRefresh *refresh);

#endif
