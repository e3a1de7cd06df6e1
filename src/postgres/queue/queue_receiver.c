/*
 * queue_receiver.c
 *		Requests for messages: how many at once, how large, and when there are enough.
 *
 * The first request is alone. Each that brings messages doubles the number that may be under way,
 * so that one message costs one request, and a full queue is drained as fast as the service
 * answers. An answer without a new message ends it: what is under way is still taken.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "postgres/compat.h"

#include "postgres/memory.h"
#include "postgres/queue/queue_receiver.h"
#include "postgres/report.h"
#include "postgres/service/transport.h"

/* Requests under way at most; each may bring ten messages of 1 MB. */
#define CALLS_MAXIMUM 16

/* An answer as it comes, ten messages whose every byte is escaped to six, and what is read of it.
 */
#define ANSWER_MAXIMUM  ((Size) 64 * 1024 * 1024)
#define DECODED_MAXIMUM ((Size) 64 * 1024 * 1024)

/* Where nobody says what the queue's own visibility timeout is, ours is SQS's default. */
#define VISIBILITY_SECONDS_DEFAULT 30

/* How long the end of a scan waits for what is under way; and its rollback, perhaps by a cancel. */
#define SETTLE_MICROSECONDS   INT64CONST(1000000)
#define ROLLBACK_MICROSECONDS INT64CONST(50000)

/* How often it is looked for messages that came while the backend was busy with others. */
#define LOOK_MICROSECONDS INT64CONST(100000)

#define ATTEMPT_ID_LENGTH 32

typedef struct ReceiveCall
{
	MemoryContext context; /* of its own, with everything */
	ByteBuffer *body;
	ByteBuffer *answer;
	Arena *arena;
	SqsMessages messages;
	ServiceCall *call;
	int asked;                         /* messages */
	bool is_noted;                     /* what has come of it has receipts … */
	uint32 numbers[SQS_BATCH_MAXIMUM]; /* … of these numbers, as many messages stand in front */
	int count;
} ReceiveCall;

struct QueueReceiver
{
	ReceiptSource source;
	const QueueRelation *relation; /* the executor's: gone at a rollback */
	ReceivedQueue *queue;
	MemoryContext context; /* of its own, with everything */
	ReceiptTerms terms;
	int asked_seconds; /* the visibility timeout of requests */
	int64 row_goal;
	int64 given;   /* messages handed out and not rejected */
	int64 counted; /* messages received, new or not: against max_messages */
	ReceiveCall *calls[CALLS_MAXIMUM];
	int call_count;
	int calls_allowed;
	bool is_drained;
	ReceiveCall *current; /* whose messages are being handed out; NULL: none */
	int next;             /* of its messages, to be handed out */
	int64 look_due;       /* when to look for what has come */
	uint32 *numbers;      /* of everything received */
	int number_count;
	int number_capacity;
	ReceiverCounters counters;
};

int
queue_visibility_seconds(const QueueRelation *relation)
{
	if (relation->options->visibility_timeout_seconds >= 0)
		return relation->options->visibility_timeout_seconds;
	if (relation->queue->visibility_seconds >= 0)
		return relation->queue->visibility_seconds;
	return VISIBILITY_SECONDS_DEFAULT;
}

/*
 * A message comes at some time of a long poll, and nobody tells when. What is kept must be ours for
 * its time from then on, so the time of the poll is added.
 */
static int
asked_seconds_of(const QueueReceiver *receiver)
{
	int seconds = receiver->terms.visibility_seconds;

	if (receiver->terms.is_kept)
		seconds += receiver->relation->options->wait_time_seconds;
	return Min(seconds, SQS_VISIBILITY_SECONDS_MAXIMUM);
}

static void settle_for_rollback(void *receiver);

QueueReceiver *
queue_receiver_create(const QueueRelation *relation, int64 row_goal, bool is_kept)
{
	ReceivedQueue *queue = received_queue_get(relation);
	MemoryContext context =
	    AllocSetContextCreate(receipts_context(), "SQS receiver", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	QueueReceiver *receiver = palloc0_object(QueueReceiver);

	receiver->relation = relation;
	receiver->queue = queue;
	receiver->context = context;
	receiver->row_goal = row_goal;
	receiver->terms = (ReceiptTerms){
	    .scan = receipts_scan_number(),
	    .level = GetCurrentTransactionNestLevel(),
	    .is_kept = is_kept,
	    .visibility_seconds = queue_visibility_seconds(relation),
	};
	receiver->asked_seconds = asked_seconds_of(receiver);
	receiver->source = (ReceiptSource){
	    .level = receiver->terms.level, .settle = settle_for_rollback, .context = receiver};
	receiver->calls_allowed = 1;
	receiver->number_capacity = 64;
	receiver->numbers = palloc_array(uint32, receiver->number_capacity);
	MemoryContextSwitchTo(caller);
	receipt_source_begin(&receiver->source);
	return receiver;
}

/* ---- calls ---- */

static CheckedResult
begin_answer(void *context)
{
	ReceiveCall *call = context;

	buffer_reset(call->answer);
	arena_reset(call->arena);
	return result_ok();
}

static CheckedResult
write_answer(void *context, Bytes chunk)
{
	ReceiveCall *call = context;

	buffer_append_bytes(call->answer, chunk);
	return buffer_result(call->answer);
}

static CheckedResult
finish_answer(void *context)
{
	ReceiveCall *call = context;

	RETURN_IF_FAILED(buffer_result(call->answer));
	return sqs_read_messages(call->arena, buffer_bytes(call->answer), &call->messages);
}

/* FIFO queues give the same messages to another attempt of the same request. */
static Bytes
attempt_id(const QueueReceiver *receiver, char id[ATTEMPT_ID_LENGTH])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[ATTEMPT_ID_LENGTH / 2];

	if (!receiver->relation->queue->is_fifo || !pg_strong_random(random, sizeof(random)))
		return BYTES_EMPTY;
	for (int i = 0; i < ATTEMPT_ID_LENGTH; i++)
		id[i] = digits[(random[i / 2] >> (i % 2 * 4)) & 15];
	return (Bytes){id, ATTEMPT_ID_LENGTH};
}

static void
write_request(const QueueReceiver *receiver, ReceiveCall *call)
{
	const TableOptions *options = receiver->relation->options;
	bool is_queues_own = options->visibility_timeout_seconds < 0 &&
	                     receiver->relation->queue->visibility_seconds >= 0;
	char id[ATTEMPT_ID_LENGTH];
	SqsReceive receive = {
	    .queue_url = receiver->queue->url,
	    .maximum = call->asked,
	    /* What is kept must be known; the queue's own may have changed since it was asked for. */
	    .visibility_seconds =
	        is_queues_own && !receiver->terms.is_kept ? -1 : receiver->asked_seconds,
	    .wait_seconds = options->wait_time_seconds,
	    .attempt_id = attempt_id(receiver, id),
	};

	CHECK_RESULT(sqs_write_receive(&receive, call->body), "write request");
}

/* Messages of the current answer that are still to be handed out. */
static int
left_of_current(const QueueReceiver *receiver)
{
	return receiver->current == NULL ? 0 : receiver->current->count - receiver->next;
}

/* How many messages may still be asked for, those under way counted in. */
static int64
messages_to_ask(const QueueReceiver *receiver)
{
	int64 left = PG_INT32_MAX;
	int64 under_way = 0;

	for (int i = 0; i < receiver->call_count; i++)
		under_way += receiver->calls[i]->asked;
	if (receiver->row_goal > 0)
		left = receiver->row_goal - receiver->given - under_way - left_of_current(receiver);
	if (receiver->relation->options->max_messages > 0)
		left = Min(left, receiver->relation->options->max_messages - receiver->counted - under_way);
	return left;
}

static void
start_call(QueueReceiver *receiver, int asked)
{
	MemoryContext context =
	    AllocSetContextCreate(receiver->context, "SQS receive", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	ReceiveCall *call = palloc0_object(ReceiveCall);
	ServiceRequest request = {.service = AWS_SQS, .operation = "ReceiveMessage"};
	ResponseSink sink = {begin_answer, write_answer, finish_answer, call};

	call->context = context;
	call->asked = asked;
	call->body = memory_context_buffer(context, ARENA_PLAIN, SQS_BODY_MAXIMUM);
	call->answer = memory_context_buffer(context, ARENA_PLAIN, ANSWER_MAXIMUM);
	call->arena = memory_context_arena(context, ARENA_PLAIN, DECODED_MAXIMUM);
	write_request(receiver, call);
	request.body = buffer_bytes(call->body);
	call->call = service_call_start(receiver->queue->client, &request, &sink, true);
	receiver->calls[receiver->call_count++] = call;
	MemoryContextSwitchTo(caller);
}

static void
start_calls(QueueReceiver *receiver)
{
	while (!receiver->is_drained && receiver->call_count < receiver->calls_allowed)
	{
		int64 asked = Min(messages_to_ask(receiver), SQS_BATCH_MAXIMUM);

		if (asked <= 0)
			return;
		start_call(receiver, (int) asked);
	}
}

/* ---- answers ---- */

static void
note_number(QueueReceiver *receiver, uint32 number)
{
	if (receiver->number_count == receiver->number_capacity)
	{
		receiver->number_capacity *= 2;
		receiver->numbers =
		    repalloc_huge(receiver->numbers, receiver->number_capacity * sizeof(uint32));
	}
	receiver->numbers[receiver->number_count++] = number;
}

/* Until when messages are ours; false when they may be another's already. */
static bool
note_time(QueueReceiver *receiver, const ReceiveCall *call)
{
	int64 asked = receiver->asked_seconds * INT64CONST(1000000);
	int64 now = transport_now();

	receiver->terms.due = service_call_sent_at(call->call) + asked;
	receiver->terms.visible_at = now + asked;
	return receiver->terms.due > now;
}

/* Notes the messages that are new, which come to stand at the front of the call's messages. */
static void
note_messages(QueueReceiver *receiver, ReceiveCall *call)
{
	SqsMessages *messages = &call->messages;

	call->is_noted = true;
	/* An answer may have lain here while the backend was busy. */
	if (!note_time(receiver, call) && receiver->terms.is_kept)
		return;
	for (size_t i = 0; i < Min(messages->count, SQS_BATCH_MAXIMUM); i++)
	{
		uint32 number;

		receiver->counted++;
		if (!receipts_add(receiver->queue, &messages->messages[i], &receiver->terms, &number))
			continue;
		note_number(receiver, number);
		messages->messages[call->count] = messages->messages[i];
		call->numbers[call->count++] = number;
	}
	receiver->counters.received += call->count;
}

/* What has come is noted at once, so that it is kept, however long the backend is busy. */
static void
note_arrivals(QueueReceiver *receiver)
{
	int64 now = transport_now();

	if (receiver->call_count == 0 || now < receiver->look_due)
		return;
	receiver->look_due = now + LOOK_MICROSECONDS;
	service_calls_serve();
	for (int i = 0; i < receiver->call_count; i++)
	{
		ReceiveCall *call = receiver->calls[i];

		if (!call->is_noted && service_call_is_done(call->call) &&
		    service_call_error(call->call) == NULL)
			note_messages(receiver, call);
	}
	receipts_keep();
}

static void
count_call(QueueReceiver *receiver, const ReceiveCall *call)
{
	ServiceCallCost cost = service_call_cost(call->call);

	receiver->counters.requests++;
	receiver->counters.retries += cost.retries;
	receiver->counters.bytes += cost.bytes_received;
}

/* Takes a call that is done from those under way; NULL when none is. */
static ReceiveCall *
take_done(QueueReceiver *receiver)
{
	for (int i = 0; i < receiver->call_count; i++)
	{
		ReceiveCall *call = receiver->calls[i];

		if (!service_call_is_done(call->call))
			continue;
		receiver->calls[i] = receiver->calls[--receiver->call_count];
		count_call(receiver, call);
		return call;
	}
	return NULL;
}

static void
wait_for_any(QueueReceiver *receiver)
{
	ServiceCall *calls[CALLS_MAXIMUM];

	for (int i = 0; i < receiver->call_count; i++)
		calls[i] = receiver->calls[i]->call;
	service_call_wait_any(calls, receiver->call_count);
}

static void
release_current(QueueReceiver *receiver)
{
	if (receiver->current != NULL)
		MemoryContextDelete(receiver->current->context);
	receiver->current = NULL;
	receiver->next = 0;
}

static bool
some_time_has_passed(void *timer)
{
	return !((TransportTimer *) timer)->running;
}

typedef struct Settling
{
	QueueReceiver *receiver;
	TransportTimer limit;
	MemoryContextCallback stop;
} Settling;

static bool
is_settled(void *context)
{
	Settling *settling = context;

	for (int i = 0; i < settling->receiver->call_count; i++)
	{
		if (!service_call_is_done(settling->receiver->calls[i]->call))
			return some_time_has_passed(&settling->limit);
	}
	return true;
}

static void
do_nothing(void *unused)
{
}

static void
stop_settling(void *context)
{
	transport_timer_stop(&((Settling *) context)->limit);
}

/* Waits a moment for what is under way, notes what it brings, and gives up the rest. */
static void
settle(QueueReceiver *receiver, int64 limit)
{
	MemoryContext context =
	    AllocSetContextCreate(receiver->context, "SQS settling", ALLOCSET_SMALL_SIZES);
	Settling *settling = MemoryContextAllocZero(context, sizeof(*settling));
	ReceiveCall *call;

	settling->receiver = receiver;
	settling->limit = (TransportTimer){.expired = do_nothing};
	settling->stop = (MemoryContextCallback){.func = stop_settling, .arg = settling};
	MemoryContextRegisterResetCallback(context, &settling->stop);
	transport_timer_start(&settling->limit, transport_now() + limit);
	transport_wait(is_settled, settling);
	while ((call = take_done(receiver)) != NULL)
	{
		if (service_call_error(call->call) == NULL && !call->is_noted)
			note_messages(receiver, call);
		MemoryContextDelete(call->context);
	}
	while (receiver->call_count > 0)
		MemoryContextDelete(receiver->calls[--receiver->call_count]->context);
	MemoryContextDelete(context);
}

static void
settle_for_rollback(void *receiver)
{
	settle(receiver, ROLLBACK_MICROSECONDS);
}

/* Before an error is raised, the others' messages are noted, so that they are put back. */
static void
check_call(QueueReceiver *receiver, ReceiveCall *call)
{
	if (service_call_error(call->call) == NULL)
		return;
	settle(receiver, SETTLE_MICROSECONDS);
	queue_check_call(receiver->relation->queue, "ReceiveMessage", call->call);
}

/* The next answer becomes the current one; false when there is none. */
static bool
take_answer(QueueReceiver *receiver)
{
	ReceiveCall *call;

	release_current(receiver);
	start_calls(receiver);
	if (receiver->call_count == 0)
		return false;
	wait_for_any(receiver);
	call = take_done(receiver);
	check_call(receiver, call);
	receiver->current = call;
	if (!call->is_noted)
		note_messages(receiver, call);
	if (call->count == 0)
		receiver->is_drained = true;
	else
		receiver->calls_allowed = Min(receiver->calls_allowed * 2, CALLS_MAXIMUM);
	start_calls(receiver);
	receipts_keep();
	return true;
}

const SqsMessage *
queue_receiver_next(QueueReceiver *receiver, uint32 *number)
{
	while (left_of_current(receiver) == 0)
	{
		if (!take_answer(receiver))
			return NULL;
	}
	note_arrivals(receiver);
	receiver->given++;
	*number = receiver->current->numbers[receiver->next];
	return &receiver->current->messages.messages[receiver->next++];
}

void
queue_receiver_reject(QueueReceiver *receiver)
{
	receiver->given--;
}

void
queue_receiver_put_back(QueueReceiver *receiver)
{
	receipts_put_back(receiver->numbers, receiver->number_count, false);
}

void
queue_receiver_end(QueueReceiver *receiver, bool seen)
{
	if (receiver->call_count > 0)
		settle(receiver, SETTLE_MICROSECONDS);
	receipts_put_back(receiver->numbers, receiver->number_count, seen);
	receipt_source_end(&receiver->source);
	MemoryContextDelete(receiver->context);
}

ReceiverCounters
queue_receiver_counters(const QueueReceiver *receiver)
{
	return receiver->counters;
}
