/*
 * scan.h
 *		Executor callbacks of a foreign scan, EXPLAIN and ANALYZE.
 */
#ifndef POSTGRES_SCAN_SCAN_H
#define POSTGRES_SCAN_SCAN_H

#include "postgres.h"

#include "access/parallel.h"
#include "foreign/fdwapi.h"

#include "postgres/scan/fetch.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_calls.h"
#include "postgres/relation/relation.h"

/* Members of the lists that a ForeignScan of ours carries in fdw_private. */
enum ScanPrivate
{
	SCAN_PRIVATE_ACCESS, /* List: see access_to_list() */
	SCAN_PRIVATE_COUNT
};

/* In scan.c. */
extern void dynamodbBeginForeignScan(ForeignScanState *node, int executor_flags);
extern TupleTableSlot *dynamodbIterateForeignScan(ForeignScanState *node);
extern void dynamodbReScanForeignScan(ForeignScanState *node);
extern void dynamodbEndForeignScan(ForeignScanState *node);
extern bool dynamodbRecheckForeignScan(ForeignScanState *node, TupleTableSlot *slot);

/* The same of a scan that several processes share. */
extern Size dynamodbEstimateDSMForeignScan(ForeignScanState *node, ParallelContext *context);
extern void dynamodbInitializeDSMForeignScan(ForeignScanState *node, ParallelContext *context,
                                             void *shared);
extern void dynamodbReInitializeDSMForeignScan(ForeignScanState *node, ParallelContext *context,
                                               void *shared);
extern void dynamodbInitializeWorkerForeignScan(ForeignScanState *node, shm_toc *contents,
                                                void *shared);
extern void dynamodbShutdownForeignScan(ForeignScanState *node);

/*
 * The number of the scan's rows, where the plan has it in their place: once for each reading; then
 * false, and *count unchanged. Waits, and reports as reading does.
 */
extern bool dynamodb_scan_count(ForeignScanState *node, int64 *count);

/*
 * True when the next row, or the end, can be had without waiting for the service. Begins the
 * reading if it has not begun, and serves what is in flight; errors are those of reading.
 */
extern bool dynamodb_scan_is_ready(ForeignScanState *node);

/* A descriptor of the scan's own that is readable when there may be something to serve. */
extern int dynamodb_scan_descriptor(ForeignScanState *node);

/* What the scan has cost so far, rescans included; false when it only is explained. */
extern bool dynamodb_scan_counters(ForeignScanState *node, FetchCounters *counters);

/* What the scan has asked of KMS; false when it reads nothing encrypted. */
extern bool dynamodb_scan_kms(ForeignScanState *node, KmsUse *use);

/* In explain.c. */
extern void dynamodbExplainForeignScan(ForeignScanState *node, struct ExplainState *explain);
extern void explain_kms(const KmsUse *use, struct ExplainState *state);
extern void explain_key_condition(ForeignScanState *node, const ForeignRelation *relation,
                                  struct ExplainState *explain);

/* A template of the plan as text, in parentheses unless it is a leaf. palloc'd. */
extern char *explain_template(ForeignScanState *node, const ForeignRelation *relation,
                              List *template, struct ExplainState *explain);

/* In analyze.c. */
extern bool dynamodbAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc *sample_rows,
                                        BlockNumber *total_pages);

/* In import.c. */
extern List *dynamodbImportForeignSchema(ImportForeignSchemaStmt *statement, Oid server_id);

#endif
