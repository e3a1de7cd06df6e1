/*
 * queue_receiver.h
 *		Messages of a queue as a scan receives them: several requests at once where it pays.
 */
#ifndef POSTGRES_QUEUE_QUEUE_RECEIVER_H
#define POSTGRES_QUEUE_QUEUE_RECEIVER_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/queue/queue_receipts.h"

typedef struct QueueReceiver QueueReceiver;

typedef struct ReceiverCounters
{
	int64 requests; /* retries not counted */
	int64 retries;
	int64 bytes;
	int64 received; /* messages, each once */
} ReceiverCounters;

/*
 * A receiver, which lives until its end or that of its (sub)transaction; nothing is asked before
 * the first message is. `row_goal` messages are wanted at most, 0: no limit; a message that
 * queue_receiver_reject() takes back does not count. `is_kept`: a DELETE's, see queue_receipts.h.
 */
extern QueueReceiver *queue_receiver_create(const QueueRelation *relation, int64 row_goal,
                                            bool is_kept);

/*
 * The next message and the number of its receipt, valid until the next call; NULL when the queue
 * has no more, or enough have come. Errors: those of the service.
 */
extern const SqsMessage *queue_receiver_next(QueueReceiver *receiver, uint32 *number);

/* The last message is none that is wanted. */
extern void queue_receiver_reject(QueueReceiver *receiver);

/* There are no more messages: puts everything back that has been received and is not seen. */
extern void queue_receiver_put_back(QueueReceiver *receiver);

/*
 * Ends the receiver. Waits a moment for requests that are under way, gives up the others, and puts
 * everything back that is not seen, and with `seen` what is, too.
 */
extern void queue_receiver_end(QueueReceiver *receiver, bool seen);

extern ReceiverCounters queue_receiver_counters(const QueueReceiver *receiver);

/* The visibility timeout of what the relation receives, in seconds. */
extern int queue_visibility_seconds(const QueueRelation *relation);

#endif
