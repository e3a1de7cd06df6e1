/*
 * parallel_scan.c
 *		The counter of segments, and the counters of costs, of a parallel Scan.
 */
#include "postgres.h"

#include <math.h>

#include "storage/dsm.h"

#include "postgres/compat.h"

#include "postgres/capacity.h"
#include "postgres/cost.h"
#include "postgres/fetch_source.h"
#include "postgres/parallel_scan.h"
#include "postgres/service_client.h"

#define PARTS_OF_UNIT 1000.0

/* FetchCounters that processes add to. */
typedef struct SharedCounters
{
	pg_atomic_uint64 requests;
	pg_atomic_uint64 items_examined;
	pg_atomic_uint64 items_returned;
	pg_atomic_uint64 bytes_received;
	pg_atomic_uint64 capacity_parts; /* thousandths of a unit */
	pg_atomic_uint64 retries;
} SharedCounters;

struct SharedScan
{
	pg_atomic_uint32 next_segment;
	int workers; /* that are planned */
	SharedCapacity capacity;
	SharedCounters counters; /* of workers */
};

struct ParallelScan
{
	SharedScan *shared;
	ParallelContext *context; /* the leader's; NULL in a worker */
	double *statement_units;
	FetchCounters *counters; /* the leader's … */
	ServiceStatistics *statistics;
};

Size
parallel_scan_shared_size(void)
{
	return sizeof(SharedScan);
}

static void
init_counters(SharedCounters *counters)
{
	pg_atomic_init_u64(&counters->requests, 0);
	pg_atomic_init_u64(&counters->items_examined, 0);
	pg_atomic_init_u64(&counters->items_returned, 0);
	pg_atomic_init_u64(&counters->bytes_received, 0);
	pg_atomic_init_u64(&counters->capacity_parts, 0);
	pg_atomic_init_u64(&counters->retries, 0);
}

static FetchCounters
read_counters(SharedCounters *counters)
{
	return (FetchCounters){
	    .requests = (int64) pg_atomic_read_u64(&counters->requests),
	    .items_examined = (int64) pg_atomic_read_u64(&counters->items_examined),
	    .items_returned = (int64) pg_atomic_read_u64(&counters->items_returned),
	    .bytes_received = (int64) pg_atomic_read_u64(&counters->bytes_received),
	    .capacity_units = (double) pg_atomic_read_u64(&counters->capacity_parts) / PARTS_OF_UNIT,
	    .retries = (int64) pg_atomic_read_u64(&counters->retries),
	};
}

/* The workers have ended, and the memory goes; also after an error, so nothing may throw. */
static void
take_over(dsm_segment *segment, Datum argument)
{
	ParallelScan *scan = (ParallelScan *) DatumGetPointer(argument);
	FetchCounters of_workers = read_counters(&scan->shared->counters);

	fetch_counters_add(scan->counters, of_workers);
	scan->statistics->requests += of_workers.requests + of_workers.retries;
	scan->statistics->retries += of_workers.retries;
	scan->statistics->bytes_received += of_workers.bytes_received;
	scan->statistics->capacity_units += of_workers.capacity_units;
	capacity_units_unshare(scan->statement_units, &scan->shared->capacity);
}

ParallelScan *
parallel_scan_create(ParallelContext *context, void *memory, ServiceClient *client,
                     double *statement_units, FetchCounters *counters)
{
	SharedScan *shared = memory;
	ParallelScan *scan;

	if (context->seg == NULL)
		return NULL;
	scan = palloc0_object(ParallelScan);
	scan->shared = shared;
	scan->context = context;
	scan->statement_units = statement_units;
	scan->counters = counters;
	scan->statistics =
	    service_client_statistics(client, AWS_DYNAMODB, request_kind_name(REQUEST_SCAN));
	pg_atomic_init_u32(&shared->next_segment, 0);
	shared->workers = context->nworkers;
	init_counters(&shared->counters);
	capacity_units_share(statement_units, &shared->capacity);
	on_dsm_detach(context->seg, take_over, PointerGetDatum(scan));
	return scan;
}

ParallelScan *
parallel_scan_join(void *memory, double *statement_units)
{
	ParallelScan *scan = palloc0_object(ParallelScan);

	scan->shared = memory;
	scan->statement_units = statement_units;
	capacity_units_join(statement_units, &scan->shared->capacity);
	return scan;
}

void
parallel_scan_begin_again(ParallelScan *scan)
{
	pg_atomic_write_u32(&scan->shared->next_segment, 0);
}

/* Processes that take segments; the leader knows how many workers there really are. */
static int
participants(const ParallelScan *scan)
{
	int workers = scan->context != NULL ? scan->context->nworkers_launched : scan->shared->workers;

	return workers + 1;
}

void
parallel_scan_share(ParallelScan *scan, FetchPlan *plan, const Access *access)
{
	plan->next_stream = &scan->shared->next_segment;
	plan->streams_at_once =
	    cost_streams_of_process(access->streams, access->segments, participants(scan));
}

void
parallel_scan_report(ParallelScan *scan, const FetchCounters *counters)
{
	SharedCounters *shared = &scan->shared->counters;
	int64 parts = llrint(counters->capacity_units * PARTS_OF_UNIT);

	pg_atomic_fetch_add_u64(&shared->requests, counters->requests);
	pg_atomic_fetch_add_u64(&shared->items_examined, counters->items_examined);
	pg_atomic_fetch_add_u64(&shared->items_returned, counters->items_returned);
	pg_atomic_fetch_add_u64(&shared->bytes_received, counters->bytes_received);
	pg_atomic_fetch_add_u64(&shared->capacity_parts, parts);
	pg_atomic_fetch_add_u64(&shared->retries, counters->retries);
}
