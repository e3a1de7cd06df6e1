/*
 * queue.h
 *		The callbacks of foreign tables that are queues, and what they hand to one another.
 */
#ifndef POSTGRES_QUEUE_QUEUE_H
#define POSTGRES_QUEUE_QUEUE_H

#include "postgres.h"

#include "foreign/fdwapi.h"

#include "postgres/compat.h"

#include "postgres/queue/queue_receiver.h"

/* Members of the fdw_private of a scan of a queue. */
enum QueueScanPrivate
{
	QUEUE_SCAN_ROW_GOAL /* Integer: rows that are wanted at most; 0: all */
};

/* The junk attribute by which a DELETE finds the receipt of a row: see queue_row_id(). */
#define QUEUE_ROW_ID "ctid"

/* A receipt's number as a row's identity, and back. */
extern void queue_row_id(uint32 number, ItemPointer id);
extern uint32 queue_receipt_of_row(ItemPointer id);

/* In queue_planning.c. */
extern void queueGetForeignRelSize(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id);
extern void queueGetForeignPaths(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id);
extern ForeignScan *queueGetForeignPlan(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id,
                                        ForeignPath *best_path, List *target_list,
                                        List *scan_clauses, Plan *outer_plan);
extern int queueIsForeignRelUpdatable(Relation relation);
extern void queueAddForeignUpdateTargets(PlannerInfo *root, Index rtindex,
                                         RangeTblEntry *target_rte, Relation target);
extern List *queuePlanForeignModify(PlannerInfo *root, ModifyTable *plan, Index result_relation,
                                    int subplan_index);

/* In queue_scan.c. */
extern void queueBeginForeignScan(ForeignScanState *node, int executor_flags);
extern TupleTableSlot *queueIterateForeignScan(ForeignScanState *node);
extern void queueReScanForeignScan(ForeignScanState *node);
extern void queueEndForeignScan(ForeignScanState *node);

/* What the scan has cost, and rows returned; false when it only is explained. */
extern bool queue_scan_counters(const ForeignScanState *node, ReceiverCounters *counters,
                                int64 *returned);

/* In queue_import.c. */
extern List *queueImportForeignSchema(ImportForeignSchemaStmt *statement, Oid server_id);

/* In queue_modify.c. */
extern void queueBeginForeignModify(ModifyTableState *node, ResultRelInfo *target,
                                    List *fdw_private, int subplan_index, int executor_flags);
extern TupleTableSlot *queueExecForeignInsert(EState *statement, ResultRelInfo *target,
                                              TupleTableSlot *slot, TupleTableSlot *plan_slot);
extern TupleTableSlot **queueExecForeignBatchInsert(EState *statement, ResultRelInfo *target,
                                                    TupleTableSlot **slots,
                                                    TupleTableSlot **plan_slots, int *slot_count);
extern int queueGetForeignModifyBatchSize(ResultRelInfo *target);
extern TupleTableSlot *queueExecForeignDelete(EState *statement, ResultRelInfo *target,
                                              TupleTableSlot *slot, TupleTableSlot *plan_slot);
extern void queueEndForeignModify(EState *statement, ResultRelInfo *target);
extern void queueBeginForeignInsert(ModifyTableState *node, ResultRelInfo *target);

/* What an INSERT or DELETE has done, once it has sent everything; false when it only is explained.
 */
extern bool queue_modification_counters(const ResultRelInfo *target, int64 *requests, int64 *rows);

/* In queue_explain.c. */
extern void queueExplainForeignScan(ForeignScanState *node, struct ExplainState *explain);
extern void queueExplainForeignModify(ModifyTableState *node, ResultRelInfo *target,
                                      List *fdw_private, int subplan_index,
                                      struct ExplainState *explain);

#endif
