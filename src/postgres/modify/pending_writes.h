/*
 * pending_writes.h
 *		Rows become pending items: write_mode 'transaction'.
 */
#ifndef POSTGRES_MODIFY_PENDING_WRITES_H
#define POSTGRES_MODIFY_PENDING_WRITES_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/modify/row_writer.h"

typedef enum PendingOutcome
{
	PENDING_WRITTEN,
	PENDING_DUPLICATE, /* of an INSERT: there is an item of that key */
	PENDING_PASSED_BY  /* the same command has written the row already, which happens once only */
} PendingOutcome;

/*
 * Takes a row's write, which belongs to the pending writes when it returns PENDING_WRITTEN; the
 * RowWriter must live as long as the transaction. `command` is the one that writes.
 *
 * May read the stored item where the row's write needs it. Errors: 40001 when that is not as the
 * statement has seen it; 27000 for a row that a later command, of a trigger or a function, has
 * written; 54000 when the transaction passes DynamoDB's limits, 53400 when its commit would pass
 * max_capacity_units; what row_write_from_stored raises.
 */
extern PendingOutcome pending_writes_take(RowWrite *row, CommandId command, bool absence_was_read);

/*
 * What the transaction knows of an item of that key: *present, if true is returned. If not, only
 * DynamoDB knows.
 */
extern bool pending_writes_know(const ForeignRelation *relation, const DynamodbItem *key,
                                bool *present);

#endif
