/*
 * parallel_scan.c
 *		The counter of segments, and the counters of costs, of a parallel Scan.
 */
#include "postgres.h"

#include <math.h>

#include "storage/dsm.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_calls.h"
#include "postgres/planning/cost.h"
#include "postgres/scan/fetch_source.h"
#include "postgres/scan/parallel_scan.h"
#include "postgres/service/service_statistics.h"

#define PARTS_OF_UNIT 1000.0

/* ScanCosts that processes add to. */
typedef struct SharedCounters
{
	pg_atomic_uint64 requests;
	pg_atomic_uint64 items_examined;
	pg_atomic_uint64 items_returned;
	pg_atomic_uint64 bytes_received;
	pg_atomic_uint64 capacity_parts; /* thousandths of a unit */
	pg_atomic_uint64 retries;
	pg_atomic_uint64 kms_calls;
	pg_atomic_uint64 kms_cache_hits;
	pg_atomic_uint64 items_skipped;
} SharedCounters;

struct SharedScan
{
	pg_atomic_uint32 next_segment;
	int workers;             /* that are planned */
	dsa_pointer capacity;    /* of the session's memory: the statement's sum, … */
	dsa_pointer kms_calls;   /* … its calls of KMS, of an encrypted table; … */
	dsa_pointer rate;        /* … what is reserved of the table's rate; invalid: there is none */
	SharedCounters counters; /* of workers */
};

struct ParallelScan
{
	SharedScan *shared;
	ParallelContext *context;       /* the leader's; NULL in a worker */
	ScanCosts *of_workers;          /* the leader's … */
	ServiceStatistics *scans;       /* … and its client's of Scan … */
	ServiceStatistics *decryptions; /* … and of Decrypt; NULL: nothing is decrypted */
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
	pg_atomic_init_u64(&counters->kms_calls, 0);
	pg_atomic_init_u64(&counters->kms_cache_hits, 0);
	pg_atomic_init_u64(&counters->items_skipped, 0);
}

static ScanCosts
read_counters(SharedCounters *counters)
{
	return (ScanCosts){
	    .fetched =
	        {
	            .requests = (int64) pg_atomic_read_u64(&counters->requests),
	            .items_examined = (int64) pg_atomic_read_u64(&counters->items_examined),
	            .items_returned = (int64) pg_atomic_read_u64(&counters->items_returned),
	            .bytes_received = (int64) pg_atomic_read_u64(&counters->bytes_received),
	            .capacity_units =
	                (double) pg_atomic_read_u64(&counters->capacity_parts) / PARTS_OF_UNIT,
	            .retries = (int64) pg_atomic_read_u64(&counters->retries),
	        },
	    .kms_calls = (int64) pg_atomic_read_u64(&counters->kms_calls),
	    .kms_cache_hits = (int64) pg_atomic_read_u64(&counters->kms_cache_hits),
	    .items_skipped = (int64) pg_atomic_read_u64(&counters->items_skipped),
	};
}

/* The workers have ended, and the memory goes; also after an error, so nothing may throw. */
static void
take_over(dsm_segment *segment, Datum argument)
{
	ParallelScan *scan = (ParallelScan *) DatumGetPointer(argument);
	ScanCosts costs = read_counters(&scan->shared->counters);

	*scan->of_workers = costs;
	scan->scans->requests += costs.fetched.requests + costs.fetched.retries;
	scan->scans->retries += costs.fetched.retries;
	scan->scans->bytes_received += costs.fetched.bytes_received;
	scan->scans->capacity_units += costs.fetched.capacity_units;
	if (scan->decryptions == NULL)
		return;
	scan->decryptions->requests += costs.kms_calls;
	scan->decryptions->cache_misses += costs.kms_calls;
	scan->decryptions->cache_hits += costs.kms_cache_hits;
}

/* What counts for the statement, or for the session, is counted together from now on. */
static void
share_counts(SharedScan *shared, const ForeignRelation *relation, CapacitySum *statement)
{
	RateLimit *rate = rate_limit_of_table(relation->id, relation->options->rate_limit);

	shared->capacity = session_count_share(&statement->parts);
	shared->kms_calls = kms_calls_share(relation->client);
	shared->rate = rate == NULL ? InvalidDsaPointer : rate_limit_share(rate);
}

static void
join_counts(const SharedScan *shared, const ForeignRelation *relation, CapacitySum *statement)
{
	session_count_join(&statement->parts, shared->capacity);
	kms_calls_join(relation->client, shared->kms_calls);
	if (DsaPointerIsValid(shared->rate))
		rate_limit_join(relation->id, shared->rate);
}

ParallelScan *
parallel_scan_create(ParallelContext *context, void *memory, const ForeignRelation *relation,
                     CapacitySum *statement, bool decrypts, ScanCosts *of_workers)
{
	SharedScan *shared = memory;
	ParallelScan *scan;

	if (context->seg == NULL)
		return NULL;
	scan = palloc0_object(ParallelScan);
	scan->shared = shared;
	scan->context = context;
	scan->of_workers = of_workers;
	scan->scans =
	    service_client_statistics(relation->client, AWS_DYNAMODB, request_kind_name(REQUEST_SCAN));
	if (decrypts)
		scan->decryptions =
		    service_client_statistics(relation->client, AWS_KMS, kms_operation_name(KMS_DECRYPT));
	pg_atomic_init_u32(&shared->next_segment, 0);
	shared->workers = context->nworkers;
	init_counters(&shared->counters);
	share_counts(shared, relation, statement);
	on_dsm_detach(context->seg, take_over, PointerGetDatum(scan));
	return scan;
}

ParallelScan *
parallel_scan_join(void *memory, const ForeignRelation *relation, CapacitySum *statement)
{
	ParallelScan *scan = palloc0_object(ParallelScan);

	scan->shared = memory;
	join_counts(scan->shared, relation, statement);
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
parallel_scan_report(ParallelScan *scan, const ScanCosts *costs)
{
	SharedCounters *shared = &scan->shared->counters;
	const FetchCounters *fetched = &costs->fetched;
	int64 parts = llrint(fetched->capacity_units * PARTS_OF_UNIT);

	pg_atomic_fetch_add_u64(&shared->requests, fetched->requests);
	pg_atomic_fetch_add_u64(&shared->items_examined, fetched->items_examined);
	pg_atomic_fetch_add_u64(&shared->items_returned, fetched->items_returned);
	pg_atomic_fetch_add_u64(&shared->bytes_received, fetched->bytes_received);
	pg_atomic_fetch_add_u64(&shared->capacity_parts, parts);
	pg_atomic_fetch_add_u64(&shared->retries, fetched->retries);
	pg_atomic_fetch_add_u64(&shared->kms_calls, costs->kms_calls);
	pg_atomic_fetch_add_u64(&shared->kms_cache_hits, costs->kms_cache_hits);
	pg_atomic_fetch_add_u64(&shared->items_skipped, costs->items_skipped);
}
