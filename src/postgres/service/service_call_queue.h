/*
 * service_call_queue.h
 *		Calls that wait for their turn or for credentials, for those who have credentials for them.
 *
 * None of these throws but sts_call_create(), without memory.
 */
#ifndef POSTGRES_SERVICE_SERVICE_CALL_QUEUE_H
#define POSTGRES_SERVICE_SERVICE_CALL_QUEUE_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/credentials.h"
#include "postgres/service/service_call.h"

/* Has the client's timer `dispatch` expire soon, if calls wait. */
extern void service_calls_look_again(ServiceClient *client);

/*
 * Sends what waits with what credentials there are, as far as there is room; false when there are
 * none.
 */
extern bool service_calls_go_on(ServiceClient *client);

/* Ends every call that waits, as the call that failed has ended. */
extern void service_calls_fail_as(ServiceClient *client, const ServiceCall *failed);

/* The same for want of credentials: what was tried, which is copied, and a static hint or NULL. */
extern void service_calls_fail_without_credentials(ServiceClient *client, Bytes tried,
                                                   const char *hint);

/* The same, since the server or the user mapping is no longer what it was. */
extern void service_calls_fail_as_changed(ServiceClient *client);

/*
 * Who makes a call to STS to get credentials. `signer` gives what the next attempt is signed with,
 * or credentials without a key for one that is not signed; they are borrowed until the attempt is
 * sent. `ended` is called each time that the call has succeeded or failed for good; it may send it
 * again. Neither may throw.
 */
typedef struct StsCaller
{
	const AwsCredentials *(*signer)(void *context);
	void (*ended)(void *context);
	void *context;
} StsCaller;

/*
 * A call to STS, in CurrentMemoryContext, which has not begun. It waits neither for room nor for
 * credentials, since others wait for it.
 */
extern ServiceCall *sts_call_create(ServiceClient *client, const StsCaller *caller,
                                    const ResponseSink *sink);

/* Sends it, again and again. `operation` is static, the body borrowed to the end. */
extern void sts_call_send(ServiceCall *call, const char *operation, Bytes body);

#endif
