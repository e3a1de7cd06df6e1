/*
 * queue_sender.h
 *		Messages on their way to a queue: in batches, several at once.
 *
 * A batch goes out when it is full, and at the end; failures are raised by a later call, at the
 * latest by queue_sender_finish(), and name the message. Before a failure is raised everything that
 * is under way is waited for, and its detail says how many messages were sent; a cancel waits for
 * nothing. A send whose answer was lost is repeated: a standard queue may then have the messages
 * twice, a FIFO queue has them once.
 */
#ifndef POSTGRES_QUEUE_QUEUE_SENDER_H
#define POSTGRES_QUEUE_QUEUE_SENDER_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/queue/queue_relation.h"

typedef struct QueueSender QueueSender;

/* A queue as a sender sees it; everything is borrowed. */
typedef struct SendTarget
{
	ServiceClient *client;
	QueueDescription queue;
	const char *queue_name; /* for people */
	Oid relation_id;        /* the foreign table's, as is the next */
	const char *foreign_table;
	const char *source; /* of the messages: "statement" or "transaction" */
} SendTarget;

/*
 * A sender, which lives until queue_sender_end(), or until it is given up: when the memory of its
 * statement goes, or when its (sub)transaction is rolled back.
 */
extern QueueSender *queue_sender_create(const SendTarget *target, MemoryContext statement);

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

/* Finishes and frees the sender. */
extern void queue_sender_end(QueueSender *sender);

/* Requests so far. */
extern int64 queue_sender_requests(const QueueSender *sender);

#endif
