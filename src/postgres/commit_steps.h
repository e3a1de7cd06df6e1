/*
 * commit_steps.h
 *		The order of what is left to the end of a transaction.
 */
#ifndef POSTGRES_COMMIT_STEPS_H
#define POSTGRES_COMMIT_STEPS_H

#include "postgres.h"

#include "postgres/compat.h"

/*
 * Has the ends of transactions deal with all that the extension leaves to them. Before PostgreSQL
 * commits: first it is made sure that messages to be deleted are still ours, then DynamoDB's
 * transaction is sent, then messages. After it has committed, messages are deleted.
 *
 * Called by whoever has something for the end, after it has got its client; nothing the second
 * time.
 */
extern void commit_steps_register(void);

#endif
