/*
 * parallel_scan.h
 *		A Scan whose segments are read by several processes: what they share.
 *
 * Each process takes the number of the next segment from one counter, until there is none, so each
 * segment is read by one of them and each row comes once. A process opens the table for itself,
 * with credentials of its own finding, and asks for data keys itself: nothing but numbers is
 * shared. What the statement may consume, capacity units, calls of KMS and the table's rate, all
 * processes count together.
 */
#ifndef POSTGRES_SCAN_PARALLEL_SCAN_H
#define POSTGRES_SCAN_PARALLEL_SCAN_H

#include "postgres.h"

#include "access/parallel.h"

#include "postgres/compat.h"

#include "postgres/relation/relation.h"
#include "postgres/scan/access.h"
#include "postgres/scan/fetch.h"

/* Lies in dynamic shared memory; of fixed size and without pointers. */
typedef struct SharedScan SharedScan;

/* One process's part in it. */
typedef struct ParallelScan ParallelScan;

/* What reading has cost a process. */
typedef struct ScanCosts
{
	FetchCounters fetched;
	int64 kms_calls;
	int64 kms_cache_hits;
	int64 items_skipped; /* bad ones */
} ScanCosts;

/* Bytes of the SharedScan. */
extern Size parallel_scan_shared_size(void);

/*
 * The leader's part, in CurrentMemoryContext, which must live until the workers have ended. What
 * these have cost is then put into `of_workers`, and added to the statistics of the leader's
 * client. NULL when there is no memory that could be shared, so that there are no workers either.
 * The relation is borrowed.
 */
extern ParallelScan *parallel_scan_create(ParallelContext *context, void *shared,
                                          const ForeignRelation *relation, CapacitySum *statement,
                                          bool decrypts, ScanCosts *of_workers);

/* A worker's part, in CurrentMemoryContext. */
extern ParallelScan *parallel_scan_join(void *shared, const ForeignRelation *relation,
                                        CapacitySum *statement);

/* The leader, while there are no workers: all segments are to be read once more. */
extern void parallel_scan_begin_again(ParallelScan *scan);

/* The plan of a Scan of all segments becomes that of this process's part. */
extern void parallel_scan_share(ParallelScan *scan, FetchPlan *plan, const Access *access);

/* A worker tells what it has cost, in addition to what it has told before. */
extern void parallel_scan_report(ParallelScan *scan, const ScanCosts *costs);

#endif
