/*
 * service_statistics.c
 *		Counters, which live as long as the backend.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "postgres/compat.h"
#include "postgres/service/service_client_state.h"
#include "postgres/service/service_statistics.h"

ServiceStatistics *
service_client_statistics(ServiceClient *client, AwsService service, const char *operation)
{
	ServiceStatistics *statistics;
	slist_iter each;

	slist_foreach(each, &client->statistics)
	{
		statistics = slist_container(ServiceStatistics, node, each.cur);
		if (statistics->service == service && strcmp(statistics->operation, operation) == 0)
			return statistics;
	}
	statistics = MemoryContextAllocZero(TopMemoryContext, sizeof(*statistics));
	statistics->service = service;
	statistics->operation = operation;
	slist_push_head(&client->statistics, &statistics->node);
	return statistics;
}

void
service_client_count_cache(ServiceClient *client, AwsService service, const char *operation,
                           bool hit)
{
	ServiceStatistics *statistics = service_client_statistics(client, service, operation);

	if (hit)
		statistics->cache_hits++;
	else
		statistics->cache_misses++;
}

/* The sums of the operation among those of its server; NULL when there are none yet. */
static ServerStatistics *
find_sums(List *sums, Oid server_id, const ServiceStatistics *statistics)
{
	ListCell *cell;

	foreach (cell, sums)
	{
		ServerStatistics *candidate = lfirst(cell);

		if (candidate->server_id == server_id && candidate->sums.service == statistics->service &&
		    strcmp(candidate->sums.operation, statistics->operation) == 0)
			return candidate;
	}
	return NULL;
}

static void
add_statistics(ServiceStatistics *sums, const ServiceStatistics *statistics)
{
	sums->requests += statistics->requests;
	sums->retries += statistics->retries;
	sums->throttles += statistics->throttles;
	sums->errors += statistics->errors;
	sums->bytes_sent += statistics->bytes_sent;
	sums->bytes_received += statistics->bytes_received;
	sums->capacity_units += statistics->capacity_units;
	sums->cache_hits += statistics->cache_hits;
	sums->cache_misses += statistics->cache_misses;
}

List *
service_statistics_add(List *sums, ServiceClient *client)
{
	slist_iter each;

	slist_foreach(each, &client->statistics)
	{
		const ServiceStatistics *statistics = slist_container(ServiceStatistics, node, each.cur);
		ServerStatistics *found = find_sums(sums, client->server_id, statistics);

		if (found == NULL)
		{
			found = palloc0(sizeof(*found));
			found->server_id = client->server_id;
			found->sums.service = statistics->service;
			found->sums.operation = statistics->operation;
			sums = lappend(sums, found);
		}
		add_statistics(&found->sums, statistics);
	}
	return sums;
}
