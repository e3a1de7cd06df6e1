/*
 * receipt_requests.h
 *		Requests about messages that were received: in batches, all at once.
 */
#ifndef POSTGRES_QUEUE_RECEIPT_REQUESTS_H
#define POSTGRES_QUEUE_RECEIPT_REQUESTS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/queue/queue_receipts.h"

typedef enum ReceiptRequest
{
	RECEIPTS_DELETE,
	RECEIPTS_PUT_BACK, /* the messages are visible at once */
	RECEIPTS_EXTEND    /* by their visibility_seconds from now on */
} ReceiptRequest;

/* What went wrong with the first of the receipts that something went wrong with. */
#define RECEIPT_FAILURE_SIZE 512

/*
 * Asks for the receipts, which may be of several queues, and waits for the answers: at most
 * `limit_ms`, without limit for 0. `answered` of each says whether it went well; the result is how
 * many did not, and `failure`, of RECEIPT_FAILURE_SIZE bytes, why. Failures that are the service's
 * are tried again.
 *
 * Errors: out of memory; and without a limit what interrupts a wait. Calls on the way are given up
 * with CurrentMemoryContext at the latest.
 */
extern int receipt_requests_run(ReceiptRequest request, Receipt *const *receipts, int count,
                                int64 limit_ms, char *failure);

#endif
