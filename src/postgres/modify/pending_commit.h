/*
 * pending_commit.h
 *		The one TransactWriteItems that a commit sends.
 */
#ifndef POSTGRES_MODIFY_PENDING_COMMIT_H
#define POSTGRES_MODIFY_PENDING_COMMIT_H

#include "postgres.h"

#include "postgres/compat.h"

/*
 * Sends what the pending items come to, and waits until DynamoDB has it; to be called before
 * PostgreSQL commits, when there are any. Errors: 23505, 40001, 08006 when it is unknown whether
 * DynamoDB has it, and what the service refuses.
 */
extern void pending_commit_send(void);

/* The transaction has ended; a WARNING if DynamoDB has, or may have, it otherwise. */
extern void pending_commit_end(bool committed);

#endif
