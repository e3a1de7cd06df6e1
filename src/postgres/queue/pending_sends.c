/*
 * pending_sends.c
 *		Messages that the commit sends: kept level by level, in the order in which they came.
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/ilist.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/memory.h"
#include "postgres/modify/commit_steps.h"
#include "postgres/queue/pending_sends.h"
#include "postgres/queue/queue_sender.h"

/* One message as it is made: its parts, and once more as they are converted. */
#define MESSAGE_MAXIMUM ((Size) 16 * 1024 * 1024)

/* A queue that messages wait for; the transaction's own copy. */
typedef struct PendingQueue
{
	slist_node node;
	SendTarget target;
	QueueSender *sender; /* of the commit */
} PendingQueue;

struct PendingSend
{
	dlist_node node;
	MemoryContext context; /* of its own, with the message */
	PendingQueue *queue;
	int level;
	SqsOutgoing message;
};

typedef struct PendingSends
{
	MemoryContext context;
	slist_head queues;
	dlist_head messages;
} PendingSends;

static PendingSends *pending = NULL;

static void end_transaction(XactEvent event, void *unused);
static void end_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent,
                               void *unused);

static void
begin_pending(void)
{
	MemoryContext context;
	PendingSends *made;

	commit_step_register(COMMIT_STEP_SENDS, end_transaction, end_subtransaction);
	if (pending != NULL)
		return;
	context = AllocSetContextCreate(TopTransactionContext, "SQS pending messages",
	                                ALLOCSET_DEFAULT_SIZES);
	made = MemoryContextAllocZero(context, sizeof(*made));
	made->context = context;
	dlist_init(&made->messages);
	pending = made;
}

static Bytes
copy_bytes(Bytes bytes)
{
	char *copy = MemoryContextAlloc(pending->context, bytes.length + 1);

	if (bytes.length > 0)
		memcpy(copy, bytes.data, bytes.length);
	return (Bytes){copy, bytes.length};
}

static PendingQueue *
queue_of(const QueueRelation *relation)
{
	slist_iter each;
	PendingQueue *queue;

	slist_foreach(each, &pending->queues)
	{
		queue = slist_container(PendingQueue, node, each.cur);
		if (queue->target.client == relation->client &&
		    bytes_equal(queue->target.queue.url, relation->queue->url))
			return queue;
	}
	queue = MemoryContextAllocZero(pending->context, sizeof(*queue));
	queue->target = (SendTarget){
	    .client = relation->client,
	    .queue = *relation->queue,
	    .queue_name = MemoryContextStrdup(pending->context, queue_relation_queue_name(relation)),
	    .relation_id = relation->id,
	    .foreign_table = MemoryContextStrdup(pending->context, relation->name),
	    .source = "transaction",
	};
	queue->target.queue.url = copy_bytes(relation->queue->url);
	queue->target.queue.name = copy_bytes(relation->queue->name);
	queue->target.queue.kms_key_id = copy_bytes(relation->queue->kms_key_id);
	slist_push_head(&pending->queues, &queue->node);
	return queue;
}

PendingSend *
pending_send_begin(const QueueRelation *relation, Arena **arena)
{
	MemoryContext context;
	PendingSend *send;

	begin_pending();
	context = AllocSetContextCreate(pending->context, "SQS pending message", ALLOCSET_SMALL_SIZES);
	send = MemoryContextAllocZero(context, sizeof(*send));
	send->context = context;
	send->queue = queue_of(relation);
	send->level = GetCurrentTransactionNestLevel();
	*arena = memory_context_arena(context, ARENA_PLAIN, MESSAGE_MAXIMUM);
	return send;
}

void
pending_send_add(PendingSend *send, const SqsOutgoing *message)
{
	send->message = *message;
	dlist_push_tail(&pending->messages, &send->node);
}

/* ---- the ends of transactions ---- */

/* Sends one message by its queue's sender, in the order of all messages of that queue. */
static void
send_one(const PendingSend *send)
{
	PendingQueue *queue = send->queue;

	if (queue->sender == NULL)
		queue->sender = queue_sender_create(&queue->target, pending->context);
	queue_sender_take_copy(queue->sender, &send->message);
}

static void
send_all(void)
{
	MemoryContext caller = MemoryContextSwitchTo(pending->context);
	dlist_iter message;
	slist_iter queue;

	dlist_foreach(message, &pending->messages)
	    send_one(dlist_container(PendingSend, node, message.cur));
	slist_foreach(queue, &pending->queues)
	{
		QueueSender *sender = slist_container(PendingQueue, node, queue.cur)->sender;

		if (sender != NULL)
			queue_sender_end(sender);
	}
	MemoryContextSwitchTo(caller);
}

static void
refuse_prepare(void)
{
	if (!dlist_is_empty(&pending->messages))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("cannot prepare a transaction that has messages to send")));
}

static void
end_transaction(XactEvent event, void *unused)
{
	if (pending == NULL)
		return;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			send_all();
			break;
		case XACT_EVENT_PRE_PREPARE:
			refuse_prepare();
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			pending = NULL;
			break;
		default:
			break;
	}
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *unused)
{
	int level = GetCurrentTransactionNestLevel();
	dlist_mutable_iter each;

	if (pending == NULL)
		return;
	dlist_foreach_modify(each, &pending->messages)
	{
		PendingSend *send = dlist_container(PendingSend, node, each.cur);

		if (event == SUBXACT_EVENT_COMMIT_SUB)
			send->level = Min(send->level, level - 1);
		else if (event == SUBXACT_EVENT_ABORT_SUB && send->level >= level)
		{
			dlist_delete(&send->node);
			MemoryContextDelete(send->context);
		}
	}
}
