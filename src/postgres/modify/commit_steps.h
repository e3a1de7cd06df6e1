/*
 * commit_steps.h
 *		The order of what is left to the end of a transaction.
 */
#ifndef POSTGRES_MODIFY_COMMIT_STEPS_H
#define POSTGRES_MODIFY_COMMIT_STEPS_H

#include "postgres.h"

#include "access/xact.h"

#include "postgres/compat.h"

/*
 * What is done at the ends of transactions, in this order. Before PostgreSQL commits: first it is
 * made sure that messages to be deleted are still ours, then DynamoDB's transaction is sent, then
 * messages. After it has committed, messages are deleted.
 */
typedef enum CommitStep
{
	COMMIT_STEP_RECEIPTS,
	COMMIT_STEP_WRITES,
	COMMIT_STEP_SENDS
} CommitStep;

#define COMMIT_STEP_COUNT 3

/*
 * Has the step called at the ends of transactions and of subtransactions. To be called whenever
 * there is something for the end, by who has got the client for it: clients are given up by a
 * callback that must come later. Nothing the second time.
 */
extern void commit_step_register(CommitStep step, XactCallback transaction,
                                 SubXactCallback subtransaction);

#endif
