/*
 * parallel_scan.h
 *		A Scan whose segments are read by several processes: what they share.
 *
 * Each process takes the number of the next segment from one counter, until there is none, so each
 * segment is read by one of them and each row comes once. A process opens the table for itself,
 * with credentials of its own finding: nothing but numbers is shared.
 */
#ifndef POSTGRES_PARALLEL_SCAN_H
#define POSTGRES_PARALLEL_SCAN_H

#include "postgres.h"

#include "access/parallel.h"

#include "postgres/compat.h"

#include "postgres/access.h"
#include "postgres/fetch.h"

/* Lies in dynamic shared memory; of fixed size and without pointers. */
typedef struct SharedScan SharedScan;

/* One process's part in it. */
typedef struct ParallelScan ParallelScan;

/* Bytes of the SharedScan. */
extern Size parallel_scan_shared_size(void);

/*
 * The leader's part, in CurrentMemoryContext, which must live until the workers have ended. What
 * these have cost is then added to `counters`, to the statement's sum of capacity units, and to the
 * statistics of the leader's client. NULL when there is no memory that could be shared, so that
 * there are no workers either.
 */
extern ParallelScan *parallel_scan_create(ParallelContext *context, void *shared,
                                          ServiceClient *client, double *statement_units,
                                          FetchCounters *counters);

/* A worker's part, in CurrentMemoryContext. */
extern ParallelScan *parallel_scan_join(void *shared, double *statement_units);

/* The leader, while there are no workers: all segments are to be read once more. */
extern void parallel_scan_begin_again(ParallelScan *scan);

/* The plan of a Scan of all segments becomes that of this process's part. */
extern void parallel_scan_share(ParallelScan *scan, FetchPlan *plan, const Access *access);

/* A worker tells what it has cost, in addition to what it has told before. */
extern void parallel_scan_report(ParallelScan *scan, const FetchCounters *counters);

#endif
