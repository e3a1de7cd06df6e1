/*
 * pending_conflicts.h
 *		What others have done to the items that a transaction is to write.
 *
 * `more` stands behind the detail: no text, or sentences that begin with a space.
 */
#ifndef POSTGRES_MODIFY_PENDING_CONFLICTS_H
#define POSTGRES_MODIFY_PENDING_CONFLICTS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/modify/row_writer.h"

/* 23505 for an INSERT of that key. */
pg_noreturn extern void report_duplicate_item(const RowWriter *writer, const DynamodbItem *key,
                                              const char *more);

/* 40001 for the item of that key, which is not as a statement has seen it. */
pg_noreturn extern void report_changed_item(const RowWriter *writer, const DynamodbItem *key,
                                            const char *more);

#endif
