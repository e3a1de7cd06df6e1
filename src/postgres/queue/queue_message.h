/*
 * queue_message.h
 *		Rows of messages; queue_message_writer.h has the way back.
 *
 * A message attribute that is a String or a Number is a JSON string or number in the column of all
 * attributes. Whatever else it is, it is an object as SQS itself writes it: its DataType, and its
 * StringValue or BinaryValue. Both are read back as what they were.
 */
#ifndef POSTGRES_QUEUE_QUEUE_MESSAGE_H
#define POSTGRES_QUEUE_QUEUE_MESSAGE_H

#include "postgres.h"

#include "executor/tuptable.h"

#include "postgres/compat.h"

#include "postgres/queue/queue_relation.h"

/*
 * Fills values and nulls of every column from the message, in CurrentMemoryContext; texts may be
 * borrowed from the message. Errors: XX001 for a message that does not agree with its digests,
 * HV004, 22P02 and others for what a column cannot hold, 22P05 for U+0000.
 */
extern void message_read(const QueueRelation *relation, const SqsMessage *message, Datum *values,
                         bool *nulls);

/* Puts into the row what SQS has said of the message that it was sent as. */
extern void message_note_sent(const QueueRelation *relation, const SqsOutcome *outcome,
                              TupleTableSlot *slot);

#endif
