/*
 * service_client.h
 *		What service_call.c and the client cache share: the inside of a ServiceClient.
 */
#ifndef POSTGRES_SERVICE_CLIENT_H
#define POSTGRES_SERVICE_CLIENT_H

#include "postgres.h"

#include "postgres/compat.h"

#include "lib/ilist.h"

#include "aws/retry.h"
#include "postgres/credentials.h"
#include "postgres/service_call.h"
#include "postgres/transport_events.h"

typedef struct CredentialRefresh CredentialRefresh;

/*
 * What the catalog says of server and mapping, and what was made of it; made anew rather than
 * changed. Everything is in `context`.
 */
typedef struct ClientContents
{
	MemoryContext context;
	uint32 changes; /* the client's count when the catalog was read */
	char *server_name;
	Oid server_owner;
	ServerOptions *options;
	Bytes region; /* for signatures */
	Endpoint endpoints[AWS_SERVICE_COUNT];
	CredentialProvider *credentials;
	CredentialRefresh *refresh; /* NULL for explicit keys */
} ClientContents;

/* What calls of one operation have cost this backend. */
typedef struct ServiceStatistics
{
	slist_node node;
	AwsService service;
	const char *operation; /* static */
	int64 requests;        /* attempts that were sent */
	int64 retries;
	int64 throttles;
	int64 errors; /* calls that failed for good */
	int64 bytes_sent;
	int64 bytes_received;
	double capacity_units; /* of DynamoDB, as its answers say */
	int64 cache_hits;      /* answers that were had without a call … */
	int64 cache_misses;    /* … and those that were not */
} ServiceStatistics;

struct ServiceClient
{
	Oid mapping_id; /* the key in the cache */
	Oid server_id;
	uint32 server_hash; /* as invalidations name them */
	uint32 mapping_hash;
	uint32 changes;           /* of server and mapping, as far as this backend was told */
	bool used_in_transaction; /* contents may be borrowed by somebody */
	ClientContents *contents; /* NULL before the first use and after a change */
	uint32 connection_group;
	dlist_head waiting;      /* calls that wait for their turn or for credentials, oldest first */
	int on_the_wire;         /* attempts; at most max_connections */
	TransportTimer dispatch; /* the queue is looked at when it expires */
	RetryBucket retry_bucket;
	int64 clock_offset; /* seconds that signatures take the service's clock to be ahead of ours */
	int64 measured_offset; /* the same, by the last answer; 0 before the first */
	slist_head statistics;
};

/* The counters of the operation; they live as long as the client. Errors: out of memory. */
extern ServiceStatistics *service_client_statistics(ServiceClient *client, AwsService service,
                                                    const char *operation);

/* The counters of all clients of one server, added up. */
typedef struct ServerStatistics
{
	Oid server_id;
	ServiceStatistics sums;
} ServerStatistics;

/* One ServerStatistics for each operation of each server, in CurrentMemoryContext. */
extern List *service_clients_statistics(void);

/* Seconds since 1970 by the service's clock, as near as signatures need it: to five minutes. */
extern int64 service_client_time(const ServiceClient *client);

/* The same as the last answer said it, to a second or two: our own clock's before the first. */
extern int64 service_client_measured_time(const ServiceClient *client);

/* In service_call.c. None of these throws but sts_call_create(), without memory. */

/* Sends what waits, as far as there is room. `client` is a ServiceClient. */
extern void service_calls_dispatch(void *client);

/* Has service_calls_dispatch() called soon, if calls wait. */
extern void service_calls_look_again(ServiceClient *client);

/* Sends what waits with what credentials there are; false when there are none. */
extern bool service_calls_go_on(ServiceClient *client);

/* Ends every call that waits, as the call that failed has ended. */
extern void service_calls_fail_as(ServiceClient *client, const ServiceCall *failed);

/* The same for want of credentials: what was tried, which is copied, and a static hint or NULL. */
extern void service_calls_fail_without_credentials(ServiceClient *client, Bytes tried,
                                                   const char *hint);

/*
 * A call to STS by which a refresh gets credentials, in CurrentMemoryContext. It waits neither for
 * room nor for credentials, since others wait for it, and is signed by credential_refresh_signer(),
 * or not at all where that has no key. Its end is credential_refresh_sts_ended()'s to know.
 */
extern ServiceCall *sts_call_create(ServiceClient *client, CredentialRefresh *refresh,
                                    const ResponseSink *sink);

/* Sends it, again and again. `operation` is static, the body borrowed to the end. */
extern void sts_call_send(ServiceCall *call, const char *operation, Bytes body);

#endif
