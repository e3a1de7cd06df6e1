/*
 * service_client.h
 *		A server as one role sees it, for those who make requests.
 */
#ifndef POSTGRES_SERVICE_SERVICE_CLIENT_H
#define POSTGRES_SERVICE_SERVICE_CLIENT_H

#include "postgres.h"

#include "postgres/compat.h"

#include "nodes/pg_list.h"

#include "aws/service.h"
#include "postgres/options/options.h"

/*
 * A server as one role sees it: endpoints, credentials, connections. Lives until the backend ends;
 * its contents are made anew after the server or the user mapping changed.
 */
typedef struct ServiceClient ServiceClient;

/*
 * The oid of a server that a function names. Errors: 42704 when there is none, 42501 when the
 * current role may not use it.
 */
extern Oid usable_server(const char *name);

/*
 * The client for the user's mapping on the server. Errors: 28000 when the mapping has no usable
 * credentials or the role may not use those it names, 42704 for a missing mapping.
 */
extern ServiceClient *service_client_get(Oid server_id, Oid user_id);

/*
 * Raises the error of a server that does not say where the service is. For services other than
 * DynamoDB, which a server may do without.
 */
extern void service_client_require(const ServiceClient *client, AwsService service);

/* The server's options, borrowed until the next service_client_get. */
extern const ServerOptions *service_client_options(const ServiceClient *client);

/* Identifies the client among all of a backend's: the user mapping's oid. */
extern Oid service_client_mapping(const ServiceClient *client);

/* Memory that lasts as long as server and mapping stay as they are, to the transaction's end. */
extern MemoryContext service_client_memory(const ServiceClient *client);

/* The server's name, borrowed. */
extern const char *service_client_server_name(const ServiceClient *client);

/*
 * What a client is at this moment: where its requests go and as whom they are signed. A client that
 * is made anew has another one. Valid to the end of the transaction.
 */
typedef struct ClientContents ServiceIdentity;

extern const ServiceIdentity *service_client_identity(const ServiceClient *client);

/*
 * What keeps requests of the two to the service from being one and the same: "endpoint", "region"
 * or "credentials". NULL when nothing does. Static.
 */
extern const char *service_identity_difference(const ServiceIdentity *a, const ServiceIdentity *b,
                                               AwsService service);

/*
 * Closes this backend's connections to the server's endpoints, or to every server's for InvalidOid:
 * idle ones at once, the others when their request has ended. True when there was one.
 */
extern bool service_clients_disconnect(Oid server_id);

/*
 * One ServerStatistics (service_statistics.h) for each operation of each server, in
 * CurrentMemoryContext.
 */
extern List *service_clients_statistics(void);

#endif
