/*
 * modify.h
 *		Executor callbacks of INSERT, UPDATE, DELETE, COPY FROM and TRUNCATE.
 */
#ifndef POSTGRES_MODIFY_MODIFY_H
#define POSTGRES_MODIFY_MODIFY_H

#include "postgres.h"

#include "foreign/fdwapi.h"

#include "postgres/compat.h"

/* In modify.c. */
extern int dynamodbIsForeignRelUpdatable(Relation relation);
extern void dynamodbBeginForeignModify(ModifyTableState *node, ResultRelInfo *target,
                                       List *fdw_private, int subplan_index, int executor_flags);
extern TupleTableSlot *dynamodbExecForeignInsert(EState *statement, ResultRelInfo *target,
                                                 TupleTableSlot *slot, TupleTableSlot *plan_slot);
extern TupleTableSlot **dynamodbExecForeignBatchInsert(EState *statement, ResultRelInfo *target,
                                                       TupleTableSlot **slots,
                                                       TupleTableSlot **plan_slots,
                                                       int *slot_count);
extern int dynamodbGetForeignModifyBatchSize(ResultRelInfo *target);
extern TupleTableSlot *dynamodbExecForeignUpdate(EState *statement, ResultRelInfo *target,
                                                 TupleTableSlot *slot, TupleTableSlot *plan_slot);
extern TupleTableSlot *dynamodbExecForeignDelete(EState *statement, ResultRelInfo *target,
                                                 TupleTableSlot *slot, TupleTableSlot *plan_slot);
extern void dynamodbEndForeignModify(EState *statement, ResultRelInfo *target);
extern void dynamodbBeginForeignInsert(ModifyTableState *node, ResultRelInfo *target);
extern void dynamodbEndForeignInsert(EState *statement, ResultRelInfo *target);

/* In truncate.c. */
extern void dynamodbExecForeignTruncate(List *relations, DropBehavior behavior,
                                        bool restart_sequences);

/* The writer of a target that is executed; NULL when it only is explained. */
extern struct TableWriter *modification_writer(const ResultRelInfo *target);

/* In explain_modify.c. */
extern void dynamodbExplainForeignModify(ModifyTableState *node, ResultRelInfo *target,
                                         List *fdw_private, int subplan_index,
                                         struct ExplainState *explain);

#endif
