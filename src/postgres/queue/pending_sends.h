/*
 * pending_sends.h
 *		write_mode 'transaction' of queues: messages that the commit sends.
 *
 * They are sent when PostgreSQL has nothing left to do but to commit, and DynamoDB's transaction
 * has succeeded. What a savepoint takes back is not sent.
 */
#ifndef POSTGRES_QUEUE_PENDING_SENDS_H
#define POSTGRES_QUEUE_PENDING_SENDS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/queue/queue_relation.h"

typedef struct PendingSend PendingSend;

/* A message to come, of the current subtransaction, and the arena that it is to be made in. */
extern PendingSend *pending_send_begin(const QueueRelation *relation, Arena **arena);

/* The message is made, and waits for the commit. */
extern void pending_send_add(PendingSend *pending, const SqsOutgoing *message);

#endif
