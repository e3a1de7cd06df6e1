/*
 * pending_reads.h
 *		A scan by a transaction that has pending writes: the rows are those that DynamoDB will have.
 *
 * Of the items that the service returns, those that are pending are left out. Instead of them the
 * scan gets the pending items themselves, as the scan's command sees them: those that are put, and
 * those that are changed, which are read anew, whatever the scan is asking for. Whether such an
 * item is among the rows is decided by the plan's own conditions, all of which are checked.
 */
#ifndef POSTGRES_MODIFY_PENDING_READS_H
#define POSTGRES_MODIFY_PENDING_READS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/scan/access.h"
#include "postgres/scan/row.h"

typedef struct PendingReads PendingReads;

/*
 * What of the pending writes concerns the scan; NULL when nothing does. To be called before the
 * plan's fetch is opened: keys that need no request are taken out of it (perhaps all of them), and
 * items are asked for where only their number was. In CurrentMemoryContext; everything is borrowed.
 */
extern PendingReads *pending_reads_begin(const ForeignRelation *relation, const Access *access,
                                         const RowReader *reader, FetchPlan *plan,
                                         CommandId command);

/* True when the item that the service returned is pending, so that it is no row by itself. */
extern bool pending_reads_replace(const PendingReads *reads, const DynamodbItem *item);

/*
 * True when the next pending item comes before the item that the service returned (NULL: it has no
 * more), in the order of the scan. Waits for the items that are read anew.
 */
extern bool pending_reads_come_first(PendingReads *reads, const DynamodbItem *item);

/*
 * The next pending item, with slots for the reader; NULL at the end. The plan's conditions, exact
 * ones too, are still to be checked.
 */
extern const DynamodbItem *pending_reads_next(PendingReads *reads);

/* Begins again with the first. */
extern void pending_reads_rewind(PendingReads *reads);

extern FetchCounters pending_reads_counters(const PendingReads *reads);

/* Gives up what is in flight. */
extern void pending_reads_close(PendingReads *reads);

#endif
