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
#include "postgres/transport.h"

typedef struct RoleRefresh RoleRefresh;

/*
 * What the catalog says of server and mapping, and what was made of it; made anew rather than
 * changed. Everything is in `context`.
 */
typedef struct ClientContents
{
	MemoryContext context;
	uint32 changes; /* the client's count when the catalog was read */
	char *server_name;
	ServerOptions *options;
	Bytes region; /* for signatures */
	Endpoint endpoints[AWS_SERVICE_COUNT];
	CredentialProvider *credentials;
	RoleRefresh *refresh; /* NULL for explicit keys */
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
	int64 clock_offset; /* seconds that the service's clock is ahead of ours */
	slist_head statistics;
};

/* The counters of the operation; they live as long as the client. Errors: out of memory. */
extern ServiceStatistics *service_client_statistics(ServiceClient *client, AwsService service,
                                                    const char *operation);

/* In service_call.c: sends what waits, as far as there is room. `client` is a ServiceClient. */
extern void service_calls_dispatch(void *client);

/* In service_call.c: what refreshes the credentials of a role, in contents->context. */
extern RoleRefresh *role_refresh_create(ServiceClient *client, ClientContents *contents);

/* Gives up a refresh that is under way. */
extern void role_refresh_stop(RoleRefresh *refresh);

#endif
