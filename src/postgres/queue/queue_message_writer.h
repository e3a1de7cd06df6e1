/*
 * queue_message_writer.h
 *		Messages of rows; queue_message.h has the way back, and says how attributes are written.
 */
#ifndef POSTGRES_QUEUE_QUEUE_MESSAGE_WRITER_H
#define POSTGRES_QUEUE_QUEUE_MESSAGE_WRITER_H

#include "postgres.h"

#include "executor/tuptable.h"

#include "postgres/compat.h"

#include "postgres/queue/queue_relation.h"

/*
 * The message that the row is, in `arena`. Errors: 0A000 for a value in a column that SQS fills in,
 * 23502 for a row without what every message has, 22023 for what is no attribute, 54000 for a
 * message over SQS's limits.
 */
extern SqsOutgoing *message_write(const QueueRelation *relation, TupleTableSlot *slot,
                                  Arena *arena);

/* A copy with everything that it holds, in another arena. Errors: out of memory. */
extern SqsOutgoing message_copy(Arena *arena, const SqsOutgoing *message);

#endif
