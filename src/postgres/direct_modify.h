/*
 * direct_modify.h
 *		UPDATE and DELETE of one key without reading the item.
 */
#ifndef POSTGRES_DIRECT_MODIFY_H
#define POSTGRES_DIRECT_MODIFY_H

#include "postgres.h"

#include "foreign/fdwapi.h"

#include "postgres/compat.h"

extern bool dynamodbPlanDirectModify(PlannerInfo *root, ModifyTable *plan, Index result_relation,
                                     int subplan_index);
extern void dynamodbBeginDirectModify(ForeignScanState *node, int executor_flags);
extern TupleTableSlot *dynamodbIterateDirectModify(ForeignScanState *node);
extern void dynamodbEndDirectModify(ForeignScanState *node);
extern void dynamodbExplainDirectModify(ForeignScanState *node, struct ExplainState *explain);

#endif
