/*
 * queue_receipts.c
 *		The messages that a transaction has received, and what becomes of them at its end.
 *
 * Before PostgreSQL commits it is made sure that every message to be deleted still is this
 * transaction's. It is deleted when PostgreSQL has committed: interrupts are held then, and locks
 * not released yet, so all requests are sent at once and waited for a few seconds at most. By then
 * nothing may fail any more, so failures are warnings, as they are when a transaction is rolled
 * back and messages are put back.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/modify/commit_steps.h"
#include "postgres/queue/queue_receipts.h"
#include "postgres/queue/receipt_requests.h"
#include "postgres/service/transport_events.h"

/* How long the end of a transaction waits for SQS. */
#define COMMIT_LIMIT_MS 5000
#define ABORT_LIMIT_MS  3000

/*
 * A visibility timeout with less left is extended before the commit; to twice as much at least,
 * since DynamoDB's transaction comes first, and the deletion takes up to COMMIT_LIMIT_MS.
 */
#define COMMIT_MARGIN_SECONDS 5

/* Longer than SQS's ids, which have a hundred characters at most. */
#define MESSAGE_KEY_SIZE 128

typedef struct MessageKey
{
	const ReceivedQueue *queue;
	char message_id[MESSAGE_KEY_SIZE];
} MessageKey;

typedef struct MessageEntry
{
	MessageKey key; /* first, as dynahash wants it */
	uint32 number;
} MessageEntry;

/* Below TopTransactionContext, with everything. */
typedef struct Received
{
	MemoryContext context;
	slist_head queues;
	dlist_head sources;
	Receipt **receipts; /* by number */
	uint32 count;
	uint32 capacity;
	uint32 scan_count;
	MemoryContext final_work; /* for do_final_work_quietly() */
	HTAB *messages;           /* MessageEntry by queue and id */
	int64 keep_due;           /* no kept message needs an extension before */
	bool has_deletion;        /* something is to be deleted */
} Received;

static Received *received = NULL;

static void end_transaction(XactEvent event, void *unused);
static void end_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent,
                               void *unused);

/* ---- what there is ---- */

static HTAB *
create_messages(MemoryContext context)
{
	HASHCTL control = {
	    .keysize = sizeof(MessageKey), .entrysize = sizeof(MessageEntry), .hcxt = context};

	return hash_create("SQS messages", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static void
begin_received(void)
{
	MemoryContext context;
	Received *made;

	commit_step_register(COMMIT_STEP_RECEIPTS, end_transaction, end_subtransaction);
	if (received != NULL)
		return;
	context = AllocSetContextCreate(TopTransactionContext, "SQS messages", ALLOCSET_DEFAULT_SIZES);
	made = MemoryContextAllocZero(context, sizeof(*made));
	made->context = context;
	dlist_init(&made->sources);
	made->capacity = 64;
	made->receipts = MemoryContextAlloc(context, made->capacity * sizeof(Receipt *));
	made->messages = create_messages(context);
	made->final_work = AllocSetContextCreate(context, "SQS final work", ALLOCSET_DEFAULT_SIZES);
	made->keep_due = PG_INT64_MAX;
	received = made;
}

static Bytes
copy_bytes(Bytes bytes)
{
	char *copy = MemoryContextAlloc(received->context, bytes.length + 1);

	if (bytes.length > 0)
		memcpy(copy, bytes.data, bytes.length);
	copy[bytes.length] = '\0';
	return (Bytes){copy, bytes.length};
}

ReceivedQueue *
received_queue_get(const QueueRelation *relation)
{
	slist_iter each;
	ReceivedQueue *queue;

	begin_received();
	slist_foreach(each, &received->queues)
	{
		queue = slist_container(ReceivedQueue, node, each.cur);
		if (queue->client == relation->client && bytes_equal(queue->url, relation->queue->url))
			return queue;
	}
	queue = MemoryContextAllocZero(received->context, sizeof(*queue));
	queue->client = relation->client;
	queue->url = copy_bytes(relation->queue->url);
	queue->name = MemoryContextStrdup(received->context, queue_relation_queue_name(relation));
	queue->kms_key_id = copy_bytes(relation->queue->kms_key_id);
	slist_push_head(&received->queues, &queue->node);
	return queue;
}

static MessageEntry *
find_message(const ReceivedQueue *queue, Bytes message_id, HASHACTION action)
{
	MessageKey key;

	memset(&key, 0, sizeof(key));
	key.queue = queue;
	memcpy(key.message_id, message_id.data, Min(message_id.length, MESSAGE_KEY_SIZE));
	return hash_search(received->messages, &key, action, NULL);
}

/* When the message is to be extended: with half of its time behind it. */
static int64
keep_due_of(const Receipt *receipt)
{
	return receipt->due - receipt->visibility_seconds * MICROSECONDS_PER_SECOND / 2;
}

static void
renew(Receipt *receipt, const SqsMessage *message, const ReceiptTerms *terms)
{
	receipt->handle = copy_bytes(message->receipt_handle);
	receipt->is_kept = receipt->is_kept || terms->is_kept;
	receipt->visibility_seconds = terms->visibility_seconds;
	receipt->due = terms->due;
	receipt->visible_at = terms->visible_at;
	if (receipt->is_kept)
		received->keep_due = Min(received->keep_due, keep_due_of(receipt));
}

static Receipt *
append_receipt(void)
{
	Receipt *receipt;

	if (received->count == received->capacity)
	{
		received->receipts =
		    repalloc_huge(received->receipts, 2 * (Size) received->capacity * sizeof(Receipt *));
		received->capacity *= 2;
	}
	receipt = MemoryContextAllocZero(received->context, sizeof(*receipt));
	received->receipts[received->count++] = receipt;
	return receipt;
}

uint32
receipts_scan_number(void)
{
	return received->scan_count++;
}

/* The same scan's, or one that no other may have. */
static bool
is_had(const Receipt *receipt, uint32 scan)
{
	return receipt->state == RECEIPT_TO_DELETE ||
	       (receipt->state != RECEIPT_GONE && receipt->scan == scan);
}

bool
receipts_add(ReceivedQueue *queue, const SqsMessage *message, const ReceiptTerms *terms,
             uint32 *number)
{
	MessageEntry *entry = find_message(queue, message->message_id, HASH_FIND);
	Receipt *receipt;

	if (entry != NULL && is_had(received->receipts[entry->number], terms->scan))
	{
		renew(received->receipts[entry->number], message, terms);
		*number = entry->number;
		return false;
	}
	/* What another scan had has come again, and is this one's now. */
	if (entry != NULL)
		received->receipts[entry->number]->state = RECEIPT_GONE;
	*number = received->count;
	receipt = append_receipt();
	receipt->queue = queue;
	receipt->scan = terms->scan;
	receipt->level = terms->level;
	receipt->state = RECEIPT_GONE;
	if (entry == NULL)
		entry = find_message(queue, message->message_id, HASH_ENTER);
	entry->number = *number;
	renew(receipt, message, terms);
	receipt->state = RECEIPT_HELD;
	return true;
}

MemoryContext
receipts_context(void)
{
	return received->context;
}

void
receipt_source_begin(ReceiptSource *source)
{
	dlist_push_tail(&received->sources, &source->node);
}

void
receipt_source_end(ReceiptSource *source)
{
	dlist_delete(&source->node);
}

void
receipt_see(uint32 number)
{
	if (received->receipts[number]->state == RECEIPT_HELD)
		received->receipts[number]->state = RECEIPT_SEEN;
}

bool
receipt_delete(uint32 number)
{
	Receipt *receipt = received->receipts[number];

	if (receipt->state == RECEIPT_TO_DELETE || receipt->state == RECEIPT_GONE)
		return false;
	receipt->state = RECEIPT_TO_DELETE;
	received->has_deletion = true;
	return true;
}

/* ---- before the end ---- */

/* What is visible by itself may be another's by now, and is left alone. */
static bool
is_to_put_back(const Receipt *receipt, int64 now)
{
	return receipt->state != RECEIPT_GONE && receipt->visible_at > now;
}

void
receipts_put_back(const uint32 *numbers, int count, bool seen)
{
	Receipt **receipts = palloc_array(Receipt *, Max(count, 1));
	char failure[RECEIPT_FAILURE_SIZE];
	int64 now = transport_now();
	int to_put_back = 0;

	for (int i = 0; i < count; i++)
	{
		Receipt *receipt = received->receipts[numbers[i]];

		if (receipt->state != RECEIPT_HELD && !(seen && receipt->state == RECEIPT_SEEN))
			continue;
		if (is_to_put_back(receipt, now))
			receipts[to_put_back++] = receipt;
		else
			receipt->state = RECEIPT_GONE;
	}
	if (to_put_back > 0)
		(void) receipt_requests_run(RECEIPTS_PUT_BACK, receipts, to_put_back, 0, failure);
	for (int i = 0; i < to_put_back; i++)
		receipts[i]->state = RECEIPT_GONE;
	pfree(receipts);
}

pg_noreturn static void
report_lost(const ReceivedQueue *queue, const char *why)
{
	ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
	                errmsg("messages of queue \"%s\" are no longer this transaction's to delete",
	                       queue->name),
	                errdetail("%s", why),
	                errhint("The transaction may succeed when it is run again. A longer "
	                        "\"visibility_timeout\" of the foreign table gives it more time.")));
}

/* Somebody else may have what was not extended while it was invisible. */
static void
check_not_due(const Receipt *receipt, int64 now)
{
	if (receipt->due <= now)
		report_lost(receipt->queue, "Their visibility timeout has passed.");
}

/* Extends them and notes until when; raises the error of those that cannot be. */
static void
extend(Receipt **receipts, int count)
{
	char failure[RECEIPT_FAILURE_SIZE];
	int64 asked_at = transport_now();
	int64 answered_at;

	if (receipt_requests_run(RECEIPTS_EXTEND, receipts, count, 0, failure) > 0)
		report_lost(receipts[0]->queue, failure);
	answered_at = transport_now();
	for (int i = 0; i < count; i++)
	{
		Receipt *receipt = receipts[i];
		int64 visibility = receipt->visibility_seconds * MICROSECONDS_PER_SECOND;

		/* SQS may have done it only when their time was over. */
		check_not_due(receipt, answered_at);
		receipt->due = asked_at + visibility;
		receipt->visible_at = answered_at + visibility;
	}
}

static bool
is_to_be_kept(const Receipt *receipt)
{
	return receipt->is_kept && receipt->state != RECEIPT_GONE;
}

/* The kept messages that need an extension by now, in an array in CurrentMemoryContext. */
static Receipt **
find_due(int64 now, int *count)
{
	Receipt **due = palloc_array(Receipt *, Max(received->count, 1));

	*count = 0;
	received->keep_due = PG_INT64_MAX;
	for (uint32 i = 0; i < received->count; i++)
	{
		Receipt *receipt = received->receipts[i];

		if (!is_to_be_kept(receipt))
			continue;
		check_not_due(receipt, now);
		if (keep_due_of(receipt) <= now)
			due[(*count)++] = receipt;
		else
			received->keep_due = Min(received->keep_due, keep_due_of(receipt));
	}
	return due;
}

void
receipts_keep(void)
{
	Receipt **due;
	int count;

	if (received == NULL || received->keep_due > transport_now())
		return;
	due = find_due(transport_now(), &count);
	if (count > 0)
		extend(due, count);
	for (int i = 0; i < count; i++)
		received->keep_due = Min(received->keep_due, keep_due_of(due[i]));
	pfree(due);
}

/* ---- the end of the transaction ---- */

/* What is to be deleted, or put back, of a level from `level` on, in CurrentMemoryContext. */
static Receipt **
select_receipts(ReceiptRequest request, int level, int *count)
{
	Receipt **selected = palloc_array(Receipt *, Max(received->count, 1));
	int64 now = transport_now();

	*count = 0;
	for (uint32 i = 0; i < received->count; i++)
	{
		Receipt *receipt = received->receipts[i];
		bool is_wanted = request == RECEIPTS_DELETE ? receipt->state == RECEIPT_TO_DELETE
		                                            : is_to_put_back(receipt, now);

		if (receipt->level < level)
			continue;
		if (is_wanted)
			selected[(*count)++] = receipt;
		else if (request == RECEIPTS_PUT_BACK)
			receipt->state = RECEIPT_GONE;
	}
	return selected;
}

/* Makes sure that what is to be deleted stays ours for the time of a commit. */
static void
secure_deletions(void)
{
	int count;
	int near = 0;
	int64 now = transport_now();
	Receipt **receipts = select_receipts(RECEIPTS_DELETE, 0, &count);

	for (int i = 0; i < count; i++)
	{
		Receipt *receipt = receipts[i];

		check_not_due(receipt, now);
		if (keep_due_of(receipt) > now &&
		    receipt->due - now >= COMMIT_MARGIN_SECONDS * MICROSECONDS_PER_SECOND)
			continue;
		receipt->visibility_seconds = Max(receipt->visibility_seconds, 2 * COMMIT_MARGIN_SECONDS);
		receipts[near++] = receipt;
	}
	if (near > 0)
		extend(receipts, near);
	pfree(receipts);
}

/* Work at a moment when no error may leave it. */
typedef struct FinalWork
{
	ReceiptRequest request;
	int level;
} FinalWork;

static void
warn_of_failures(ReceiptRequest request, int failed, int count, const char *failure)
{
	if (request == RECEIPTS_DELETE)
		ereport(WARNING,
		        (errmsg("%d of %d messages were not deleted from their queue", failed, count),
		         errdetail("%s", failure),
		         errhint("They will be received again when their visibility timeout has passed.")));
	else
		ereport(WARNING,
		        (errmsg("%d of %d messages were not put back into their queue", failed, count),
		         errdetail("%s", failure),
		         errhint("They will come back when their visibility timeout has passed.")));
}

/* What scans that are rolled back have asked for is received, so that it can be put back. */
static void
settle_sources(int level)
{
	dlist_mutable_iter each;

	dlist_foreach_modify(each, &received->sources)
	{
		ReceiptSource *source = dlist_container(ReceiptSource, node, each.cur);

		if (source->level < level)
			continue;
		dlist_delete(&source->node);
		source->settle(source->context);
	}
}

static void
do_final_work(const FinalWork *work)
{
	bool deletes = work->request == RECEIPTS_DELETE;
	char failure[RECEIPT_FAILURE_SIZE];
	Receipt **receipts;
	int count;
	int failed;

	if (!deletes)
		settle_sources(work->level);
	receipts = select_receipts(work->request, work->level, &count);
	if (count == 0)
		return;
	failed = receipt_requests_run(work->request, receipts, count,
	                              deletes ? COMMIT_LIMIT_MS : ABORT_LIMIT_MS, failure);
	for (int i = 0; i < count; i++)
		receipts[i]->state = RECEIPT_GONE;
	if (failed > 0)
		warn_of_failures(work->request, failed, count, failure);
}

/*
 * An error, for which there is no reason but want of memory,
 * becomes a warning; interrupts are held as before.
 */
static void
do_final_work_quietly(const FinalWork *work)
{
	MemoryContext caller = MemoryContextSwitchTo(received->final_work);
	uint32 holdoff = InterruptHoldoffCount;

	PG_TRY();
	{
		do_final_work(work);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(received->final_work);
		FlushErrorState();
		InterruptHoldoffCount = holdoff;
		ereport(WARNING, (errmsg("messages received by this transaction were left to their "
		                         "visibility timeout"),
		                  errdetail("An error occurred while they were dealt with.")));
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	MemoryContextReset(received->final_work);
}

static void
refuse_prepare(void)
{
	if (received->has_deletion)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("cannot prepare a transaction that has deleted messages of a "
		                       "queue")));
}

static void
end_transaction(XactEvent event, void *unused)
{
	FinalWork work = {RECEIPTS_PUT_BACK, 0};

	if (received == NULL)
		return;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			if (received->has_deletion)
				secure_deletions();
			break;
		case XACT_EVENT_PRE_PREPARE:
			refuse_prepare();
			break;
		case XACT_EVENT_COMMIT:
			work.request = RECEIPTS_DELETE;
			do_final_work_quietly(&work);
			received = NULL;
			break;
		case XACT_EVENT_ABORT:
			do_final_work_quietly(&work);
			received = NULL;
			break;
		case XACT_EVENT_PREPARE:
			received = NULL;
			break;
		default:
			break;
	}
}

/* What belongs to a subtransaction that ends well is now of this level. */
static void
leave_to_parent(int level)
{
	dlist_iter each;

	for (uint32 i = 0; i < received->count; i++)
		received->receipts[i]->level = Min(received->receipts[i]->level, level);
	dlist_foreach(each, &received->sources)
	{
		ReceiptSource *source = dlist_container(ReceiptSource, node, each.cur);

		source->level = Min(source->level, level);
	}
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *unused)
{
	FinalWork work = {RECEIPTS_PUT_BACK, GetCurrentTransactionNestLevel()};

	if (received == NULL)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		do_final_work_quietly(&work);
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		leave_to_parent(work.level - 1);
}

/* ---- statements ---- */

static ExecutorStart_hook_type previous_start = NULL;

static void
start_statement(QueryDesc *query, int executor_flags)
{
	receipts_keep();
	if (previous_start != NULL)
		previous_start(query, executor_flags);
	else
		standard_ExecutorStart(query, executor_flags);
}

void
receipts_install(void)
{
	previous_start = ExecutorStart_hook;
	ExecutorStart_hook = start_statement;
}
