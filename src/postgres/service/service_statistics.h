/*
 * service_statistics.h
 *		What requests have cost a backend, by client and operation: for dynamodb_kms_stats().
 */
#ifndef POSTGRES_SERVICE_SERVICE_STATISTICS_H
#define POSTGRES_SERVICE_SERVICE_STATISTICS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "lib/ilist.h"
#include "nodes/pg_list.h"

#include "postgres/service/service_client.h"

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

/* The counters of the operation; they live as long as the client. Errors: out of memory. */
extern ServiceStatistics *service_client_statistics(ServiceClient *client, AwsService service,
                                                    const char *operation);

/* Counts an answer that was looked for in a cache before the operation was asked for. */
extern void service_client_count_cache(ServiceClient *client, AwsService service,
                                       const char *operation, bool hit);

/* The counters of all clients of one server, added up. */
typedef struct ServerStatistics
{
	Oid server_id;
	ServiceStatistics sums;
} ServerStatistics;

/*
 * Adds the client's counters to those of its server in `sums`, a list of ServerStatistics in
 * CurrentMemoryContext, and returns the list.
 */
extern List *service_statistics_add(List *sums, ServiceClient *client);

#endif
