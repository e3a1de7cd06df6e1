/*
 * service_call.h
 *		A request to an AWS service, from credentials to answer: signed, sent, tried again, counted.
 *
 * Calls run while the caller does other things; only the functions named "wait" wait, and they do
 * so in transport.c's one place, where a cancel, a timeout or the end of the backend reaches them.
 */
#ifndef POSTGRES_SERVICE_SERVICE_CALL_H
#define POSTGRES_SERVICE_SERVICE_CALL_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/service_error.h"
#include "foundation/buffer.h"
#include "postgres/service/service_client.h"

/*
 * Takes the body of a successful response as it arrives. No function may throw. `begin` is called
 * before the first byte of every attempt: what an earlier attempt delivered is to be forgotten.
 * `finish` is called once, after the body is whole and its checksum is right. A failure of `write`
 * or `finish` with RESULT_MALFORMED counts as a corrupt response and is tried again; other failures
 * end the call.
 */
typedef struct ResponseSink
{
	CheckedResult (*begin)(void *context);
	CheckedResult (*write)(void *context, Bytes chunk);
	CheckedResult (*finish)(void *context);
	void *context;
} ResponseSink;

typedef struct ServiceCall ServiceCall;

/*
 * Begins a call. It is allocated in CurrentMemoryContext and given up when that context is reset or
 * deleted, also after an error; so what `sink` and `request->body` point to must live as long. At
 * most max_connections attempts of one client are on the wire; further calls wait their turn.
 *
 * May wait for credentials (AssumeRole). `ambiguous_retry` false: an attempt whose effect is
 * unknown is not repeated (for writes that are not idempotent).
 */
extern ServiceCall *service_call_start(ServiceClient *client, const ServiceRequest *request,
                                       const ResponseSink *sink, bool ambiguous_retry);

/* The same, not before `delay_ms` have passed. */
extern ServiceCall *service_call_start_after(ServiceClient *client, const ServiceRequest *request,
                                             const ResponseSink *sink, bool ambiguous_retry,
                                             int64 delay_ms);

/* True when the call has succeeded or failed for good. */
extern bool service_call_is_done(const ServiceCall *call);

/* Moves bytes for every call of the backend without waiting. */
extern void service_calls_serve(void);

/* NULL when the call succeeded, else how the service refused; borrowed from the call. */
extern const ServiceError *service_call_error(const ServiceCall *call);

/*
 * The same, but only what the service said to the request itself: NULL also where the call failed
 * for want of credentials, or by a failure of ours.
 */
extern const ServiceError *service_call_refusal(const ServiceCall *call);

/* Reports the failure of a call that is done, if it failed, through report.c. */
extern void service_call_check(const ServiceCall *call);

/*
 * Reports the failure of a call that has failed, which may be one of the service that gives the
 * credentials; `sentence` (NULL: none) stands behind the detail of a refusal.
 */
pg_noreturn extern void service_call_report(const ServiceCall *call, const char *sentence);

/*
 * True when an attempt was sent whose effect is not known: it failed with a status of 500 and above
 * or without an answer, or it is on the wire now. The call as a whole may have succeeded since.
 */
extern bool service_call_may_have_happened(const ServiceCall *call);

/* Ends the call, whatever its state; a connection in the middle of a response is closed. */
extern void service_call_release(ServiceCall *call);

/* When the last attempt was sent: see transport_now(). */
extern int64 service_call_sent_at(const ServiceCall *call);

/* What the call has cost so far. */
typedef struct ServiceCallCost
{
	int attempts;
	int retries;
	int64 bytes_received; /* of bodies, as they came over the wire */
} ServiceCallCost;

extern ServiceCallCost service_call_cost(const ServiceCall *call);

/* Counts the capacity units that the call's answer says were consumed: for dynamodb_kms_stats(). */
extern void service_call_count_capacity(ServiceCall *call, double capacity_units);

/* In service_wait.c. */

/* Waits until the call is done. A failure of the service is no error yet: see service_call_check.
 */
extern void service_call_wait(ServiceCall *call);

/* Waits until at least one of the calls is done; NULL entries are passed over. */
extern void service_call_wait_any(ServiceCall *const *calls, int count);

/*
 * Waits until all of the calls are done, but at most so many milliseconds; NULL entries are passed
 * over. For the abort of a transaction, which holds interrupts: a cancel and the end of the backend
 * end the wait, too, and nothing is raised.
 */
extern void service_calls_wait_briefly(ServiceCall *const *calls, int count, int milliseconds);

/* Collects an answer, as it comes, in the buffer, which is the caller's. */
extern ResponseSink collecting_sink(ByteBuffer *answer);

/*
 * Makes a call and waits for its answer, which is collected in CurrentMemoryContext: at most
 * `maximum` bytes. For descriptions and the like. Errors are reported.
 */
extern Bytes service_call_answer(ServiceClient *client, const ServiceRequest *request,
                                 Size maximum);

/* A set of error classes. */
#define ERROR_CLASS_BIT(class) (1U << (class))

/*
 * The same, but a refusal by the service of one of the classes in the set `expected` is not
 * reported: false, with the service's words in `refusal`, which borrows nothing.
 */
extern bool service_call_answer_unless(ServiceClient *client, const ServiceRequest *request,
                                       Size maximum, uint32 expected, Bytes *answer,
                                       ServiceError *refusal);

/* The same, not before `delay_ms` have passed, which a cancel ends. */
extern bool service_call_answer_after(ServiceClient *client, const ServiceRequest *request,
                                      int64 delay_ms, Size maximum, uint32 expected, Bytes *answer,
                                      ServiceError *refusal);

#endif
