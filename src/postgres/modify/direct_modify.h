/*
 * direct_modify.h
 *		UPDATE and DELETE of items that are not read before.
 */
#ifndef POSTGRES_MODIFY_DIRECT_MODIFY_H
#define POSTGRES_MODIFY_DIRECT_MODIFY_H

#include "postgres.h"

#include "foreign/fdwapi.h"

#include "postgres/compat.h"

#include "postgres/scan/scan.h"

/*
 * Members of the fdw_private of a ForeignScan that modifies; the first is a scan's own. Its
 * fdw_exprs are the values of keys and condition, those that are assigned, and, if there is one,
 * the condition on keys. Its fdw_recheck_quals are all conditions.
 */
enum DirectPrivate
{
	DIRECT_PRIVATE_ACCESS = SCAN_PRIVATE_ACCESS,
	DIRECT_PRIVATE_CONDITION,   /* template of what is asked of the item beside its key */
	DIRECT_PRIVATE_VALUE_COUNT, /* Integer: values of keys and condition */
	DIRECT_PRIVATE_ASSIGNED,    /* integers: numbers of the columns that are assigned */
	DIRECT_PRIVATE_JUDGES_KEYS, /* Boolean: there is a condition on keys */
	DIRECT_PRIVATE_LOOKED_AT,   /* integers: columns whose values the statement looks at */
	DIRECT_PRIVATE_RETURNED,    /* integers: columns that RETURNING looks at */
	DIRECT_PRIVATE_COUNTS_ROWS  /* Boolean: the statement reports the number of rows */
};

/* In direct_planning.c. */
extern bool dynamodbPlanDirectModify(PlannerInfo *root, ModifyTable *plan, Index result_relation,
                                     int subplan_index);

/* In direct_modify.c. */
extern void dynamodbBeginDirectModify(ForeignScanState *node, int executor_flags);
extern TupleTableSlot *dynamodbIterateDirectModify(ForeignScanState *node);
extern void dynamodbEndDirectModify(ForeignScanState *node);

/* The writer of what is modified; NULL when it only is explained. */
extern struct TableWriter *direct_modification_writer(const ForeignScanState *node);

/* In explain_modify.c. */
extern void dynamodbExplainDirectModify(ForeignScanState *node, struct ExplainState *explain);

#endif
