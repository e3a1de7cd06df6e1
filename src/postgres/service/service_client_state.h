/*
 * service_client_state.h
 *		The inside of a ServiceClient, for what keeps clients, finds credentials and makes calls.
 *
 *		service_client -> credential_refresh -> service_call -> service_clock, service_statistics
 *
 * Each of these may use those to its right.
 */
#ifndef POSTGRES_SERVICE_SERVICE_CLIENT_STATE_H
#define POSTGRES_SERVICE_SERVICE_CLIENT_STATE_H

#include "postgres.h"

#include "postgres/compat.h"

#include "lib/ilist.h"

#include "aws/retry.h"
#include "postgres/service/credentials.h"
#include "postgres/service/service_client.h"
#include "postgres/service/transport_events.h"

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

#endif
