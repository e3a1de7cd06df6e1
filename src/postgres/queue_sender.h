/*
 * queue_sender.h
 *		Messages on their way to a queue: in batches, several at once.
 *
 * A batch goes out when it is full, and at the end; failures are raised by a later call, at the
 * latest by queue_sender_finish(), and name the message. A send whose answer was lost is repeated:
 * a standard queue may then have the messages twice, a FIFO queue has them once.
 */
#ifndef POSTGRES_QUEUE_SENDER_H
#define POSTGRES_QUEUE_SENDER_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/queue_relation.h"

typedef struct QueueSender QueueSender;

/* A queue as a sender sees it; client and URL are borrowed. */
typedef struct SendTarget
{
	ServiceClient *client;
	QueueDescription queue;
} SendTarget;

/* A sender in CurrentMemoryContext. */
extern QueueSender *queue_sender_create(const SendTarget *target);

/* An arena for one more message; the sender's. */
extern Arena *queue_sender_arena(QueueSender *sender);

/*
 * Takes a message that was made in the arena just given. With `outcome`, it is sent at once and
 * waited for; the outcome is valid until the next call.
 */
extern void queue_sender_take(QueueSender *sender, const SqsOutgoing *message,
                              const SqsOutcome **outcome);

/* Takes a copy of a message that was made elsewhere. */
extern void queue_sender_take_copy(QueueSender *sender, const SqsOutgoing *message);

/* Sends what is left and waits for all of it. Errors: those of the service. */
extern void queue_sender_finish(QueueSender *sender);

/* Messages that SQS has confirmed, and requests, so far. */
extern int64 queue_sender_sent(const QueueSender *sender);
extern int64 queue_sender_requests(const QueueSender *sender);

#endif
