/*
 * queue_message.h
 *		Messages and rows, both ways.
 */
#ifndef POSTGRES_QUEUE_MESSAGE_H
#define POSTGRES_QUEUE_MESSAGE_H

#include "postgres.h"

#include "executor/tuptable.h"

#include "postgres/compat.h"

#include "postgres/queue_relation.h"

/*
 * Fills values and nulls of every column from the message, in CurrentMemoryContext; texts may be
 * borrowed from the message. Errors: XX001 for a message that does not agree with its digests,
 * HV004, 22P02 and others for what a column cannot hold, 22P05 for U+0000.
 */
extern void message_read(const QueueRelation *relation, const SqsMessage *message, Datum *values,
                         bool *nulls);

/*
 * The message that the row is, in `arena`. Errors: 0A000 for a value in a column that SQS fills in,
 * 23502 for a row without what every message has, 22023 for what is no attribute, 54000 for a
 * message over SQS's limits.
 */
extern SqsOutgoing *message_write(const QueueRelation *relation, TupleTableSlot *slot,
                                  Arena *arena);

/* A copy with everything that it holds, in another arena. Errors: out of memory. */
extern SqsOutgoing message_copy(Arena *arena, const SqsOutgoing *message);

/* Puts into the row what SQS has said of the message that it was sent as. */
extern void message_note_sent(const QueueRelation *relation, const SqsOutcome *outcome,
                              TupleTableSlot *slot);

#endif
