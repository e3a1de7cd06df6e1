/*
 * queue_receipts.h
 *		The messages that a transaction has received, and what becomes of them.
 *
 *		received -> held by a scan -> seen -> to be deleted
 *
 * A message is held until its row is handed out, and seen from then on. What a DELETE has seen is
 * to be deleted, which happens when PostgreSQL has committed. What is rolled back, whatever its
 * state, goes back to its queue at once; what a SELECT has seen stays invisible until its
 * visibility timeout has passed. Nothing that goes wrong here loses a message: it comes again.
 */
#ifndef POSTGRES_QUEUE_QUEUE_RECEIPTS_H
#define POSTGRES_QUEUE_QUEUE_RECEIPTS_H

#include "postgres.h"

#include "lib/ilist.h"

#include "postgres/compat.h"

#include "postgres/queue/queue_relation.h"

/* One queue of a transaction, by one client. Everything is the transaction's own copy. */
typedef struct ReceivedQueue
{
	slist_node node;
	ServiceClient *client;
	Bytes url;
	const char *name;
	Bytes kms_key_id;
} ReceivedQueue;

typedef enum ReceiptState
{
	RECEIPT_HELD,
	RECEIPT_SEEN,
	RECEIPT_TO_DELETE,
	RECEIPT_GONE /* back in its queue, or deleted */
} ReceiptState;

typedef struct Receipt
{
	ReceivedQueue *queue;
	Bytes handle;
	uint32 scan; /* that received it last */
	int level;   /* of the subtransaction that it belongs to */
	ReceiptState state;
	bool is_kept;           /* a DELETE's: its visibility timeout is extended in time */
	int visibility_seconds; /* of each extension */
	int64 due;              /* not before it the message is visible again: see transport_now() */
	int64 visible_at;       /* from then on it is */
	bool answered;          /* see receipt_requests.h */
} Receipt;

/* The queue's entry of this transaction, made where there is none. */
extern ReceivedQueue *received_queue_get(const QueueRelation *relation);

/* What a scan says of the messages that it receives. */
typedef struct ReceiptTerms
{
	uint32 scan; /* a number that no other scan of the transaction has */
	int level;   /* of the subtransaction in which the scan began */
	bool is_kept;
	int visibility_seconds;
	int64 due;        /* see Receipt */
	int64 visible_at; /* see Receipt */
} ReceiptTerms;

/* A number for a scan that begins. */
extern uint32 receipts_scan_number(void);

/*
 * Notes a message; the number of its receipt. False, with the receipt renewed, for one that the
 * same scan has received before, or that is to be deleted: it has become visible again meanwhile.
 */
extern bool receipts_add(ReceivedQueue *queue, const SqsMessage *message, const ReceiptTerms *terms,
                         uint32 *number);

/*
 * A scan that may have requests under way. If its (sub)transaction is rolled back, `settle` is
 * called before its messages are put back; it may not throw but for want of memory, and waits a
 * moment at most. The struct is the scan's, in a context below receipts_context(): the executor's
 * own are gone by then.
 */
typedef struct ReceiptSource
{
	dlist_node node;
	int level;
	void (*settle)(void *context);
	void *context;
} ReceiptSource;

extern MemoryContext receipts_context(void);
extern void receipt_source_begin(ReceiptSource *source);
extern void receipt_source_end(ReceiptSource *source);

/* The row is handed out. */
extern void receipt_see(uint32 number);

/* The message is to be deleted at the commit; false when it is so already, or gone. */
extern bool receipt_delete(uint32 number);

/*
 * Puts those of the receipts back that are held, and with `seen` those that are seen. Waits for it;
 * a failure is no error, since they come back by themselves.
 */
extern void receipts_put_back(const uint32 *numbers, int count, bool seen);

/*
 * Extends the visibility timeouts of kept messages that have half of theirs behind them. Is called
 * while they are received and deleted, and when any other statement begins. Errors: 40001 when it
 * is too late for one of them.
 */
extern void receipts_keep(void);

/* Has statements keep what their transaction has received. */
extern void receipts_install(void);

#endif
