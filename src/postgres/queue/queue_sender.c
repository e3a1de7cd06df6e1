/*
 * queue_sender.c
 *		Messages on their way to a queue: in batches, several at once.
 *
 * Each batch has a memory context of its own, with its messages, until it is confirmed. To a FIFO
 * queue batches go one after another, because the order of messages is that of their arrival.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "aws/retry.h"
#include "postgres/caught_error.h"
#include "postgres/memory.h"
#include "postgres/modify/written_rows.h"
#include "postgres/queue/queue_message_writer.h"
#include "postgres/queue/queue_sender.h"
#include "postgres/report.h"

/* Batches under way at most. */
#define CALLS_MAXIMUM 16

/* How often a batch is sent, with what is left of it, before its failures are raised. */
#define ROUNDS_MAXIMUM 4

/* A message with its attributes, twice: as it is made, and as it is kept. */
#define MESSAGES_MAXIMUM (4 * SQS_BYTES_MAXIMUM * (SQS_BATCH_MAXIMUM + 1))

#define ANSWER_MAXIMUM ((Size) 1024 * 1024)

typedef struct SendBatch
{
	QueueSender *sender;
	MemoryContext context;
	Arena *arena;
	SqsOutgoing messages[SQS_BATCH_MAXIMUM];
	int64 numbers[SQS_BATCH_MAXIMUM]; /* of the messages among all that were taken, from 1 on */
	int count;
	size_t size;
	int rounds;
	ByteBuffer *body;
	ByteBuffer *answer;
	SqsOutcome outcomes[SQS_BATCH_MAXIMUM];
	ServiceCall *call;
	bool is_returned; /* the caller wants the outcome */
} SendBatch;

struct QueueSender
{
	SendTarget target;
	MemoryContext context; /* of its own, with everything */
	UnfinishedWrite unfinished;
	SendBatch *open; /* is being filled; NULL: none */
	SendBatch *under_way[CALLS_MAXIMUM];
	int count;
	SendBatch *last; /* whose outcome was given to the caller; NULL: none */
	int64 taken;
	int64 sent;
	int64 requests;
};

static void give_up(void *sender);

QueueSender *
queue_sender_create(const SendTarget *target, MemoryContext statement)
{
	MemoryContext context =
	    AllocSetContextCreate(TopTransactionContext, "SQS sender", ALLOCSET_DEFAULT_SIZES);
	QueueSender *sender = MemoryContextAllocZero(context, sizeof(*sender));
	WrittenPlace place = {
	    .relation_id = target->relation_id,
	    .foreign_table = target->foreign_table,
	    .name = target->queue_name,
	    .is_queue = true,
	};

	sender->target = *target;
	sender->context = context;
	sender->unfinished.give_up = give_up;
	sender->unfinished.context = sender;
	unfinished_write_begin(&sender->unfinished, &place, statement);
	return sender;
}

static SendBatch *
make_batch(QueueSender *sender)
{
	MemoryContext context =
	    AllocSetContextCreate(sender->context, "SQS batch", ALLOCSET_DEFAULT_SIZES);
	SendBatch *batch = MemoryContextAllocZero(context, sizeof(*batch));

	batch->sender = sender;
	batch->context = context;
	batch->arena = memory_context_arena(context, ARENA_PLAIN, MESSAGES_MAXIMUM);
	batch->body = memory_context_buffer(context, ARENA_PLAIN, SQS_BODY_MAXIMUM);
	batch->answer = memory_context_buffer(context, ARENA_PLAIN, ANSWER_MAXIMUM);
	return batch;
}

/* ---- sending ---- */

static void
start_call(SendBatch *batch)
{
	MemoryContext caller = MemoryContextSwitchTo(batch->context);
	const SendTarget *target = &batch->sender->target;
	ServiceRequest request = {.service = AWS_SQS, .operation = "SendMessageBatch"};
	ResponseSink sink = collecting_sink(batch->answer);
	int64 delay_ms =
	    batch->rounds == 0
	        ? 0
	        : retry_unprocessed_delay_ms(batch->rounds, pg_prng_double(&pg_global_prng_state));

	buffer_reset(batch->body);
	CHECK_RESULT(
	    sqs_write_send_batch(target->queue.url, batch->messages, batch->count, batch->body),
	    "write request");
	request.body = buffer_bytes(batch->body);
	batch->call = service_call_start_after(target->client, &request, &sink, true, delay_ms);
	batch->rounds++;
	batch->sender->requests++;
	MemoryContextSwitchTo(caller);
}

/* ---- outcomes ---- */

/* Messages of which it is not known whether SQS has them. */
static void
count_unknown(const SendBatch *batch)
{
	written_rows_add_unknown(batch->sender->unfinished.written, batch->count);
}

/* The answer as outcomes; those that are sent are counted. Does not throw. */
static CheckedResult
read_outcomes(SendBatch *batch)
{
	CheckedResult result =
	    sqs_read_outcomes(batch->arena, buffer_bytes(batch->answer), batch->outcomes, batch->count);
	int sent = 0;

	if (!result_is_ok(result))
	{
		count_unknown(batch);
		return result;
	}
	for (int i = 0; i < batch->count; i++)
		sent += batch->outcomes[i].succeeded ? 1 : 0;
	batch->sender->sent += sent;
	written_rows_add(batch->sender->unfinished.written, sent);
	return result;
}

pg_noreturn static void
report_refused(const SendBatch *batch)
{
	const char *sentence = "None of the request's messages were sent.";

	if (service_call_may_have_happened(batch->call))
	{
		count_unknown(batch);
		sentence =
		    psprintf("It is not known whether %d messages of the request were sent.", batch->count);
	}
	queue_report_call(&batch->sender->target.queue, "SendMessageBatch", batch->call, sentence);
}

pg_noreturn static void
report_failed(const SendBatch *batch, int place)
{
	const SendTarget *target = &batch->sender->target;
	const SqsOutcome *outcome = &batch->outcomes[place];
	ErrorClass class = service_error_classify(outcome->code, outcome->message, 400);
	ServiceError error = {.class = class, .http_status = 200, .connected = true};
	char *sentence = psprintf("It is about message " INT64_FORMAT " of the %s.",
	                          batch->numbers[place], target->source);

	snprintf(error.code, sizeof(error.code), "%s", outside_text(outcome->code, ERROR_CODE_MAXIMUM));
	snprintf(error.message, sizeof(error.message), "%s",
	         outside_text(outcome->message, ERROR_MESSAGE_MAXIMUM));
	report_refusal(AWS_SQS, "SendMessageBatch", &error,
	               queue_key_of_refusal(&target->queue, &error), sentence);
}

static void
check_digests(const SendBatch *batch)
{
	for (int i = 0; i < batch->count; i++)
	{
		if (batch->outcomes[i].succeeded)
			CHECK_RESULT(sqs_check_sent(&batch->messages[i], &batch->outcomes[i]),
			             "verify what Amazon SQS has received");
	}
}

/* A failure that another attempt may cure; in a FIFO queue it would come behind its followers. */
static bool
may_be_cured(const SendBatch *batch, const SqsOutcome *outcome)
{
	return !outcome->sender_fault && batch->rounds < ROUNDS_MAXIMUM &&
	       !batch->sender->target.queue.is_fifo;
}

/* Leaves in the batch what is to be sent again; raises the error of what cannot be. */
static void
keep_failed(SendBatch *batch)
{
	int left = 0;

	for (int i = 0; i < batch->count; i++)
	{
		if (batch->outcomes[i].succeeded)
			continue;
		if (!may_be_cured(batch, &batch->outcomes[i]))
			report_failed(batch, i);
		batch->messages[left] = batch->messages[i];
		batch->numbers[left++] = batch->numbers[i];
	}
	batch->count = left;
}

/* It is no longer under way: with its outcome kept for the caller, or freed. */
static void
end_batch(SendBatch *batch, bool keep)
{
	QueueSender *sender = batch->sender;
	int place = 0;

	while (sender->under_way[place] != batch)
		place++;
	sender->under_way[place] = sender->under_way[--sender->count];
	if (keep)
		sender->last = batch;
	else
		MemoryContextDelete(batch->context);
}

/* The batch's call is done: so is the batch, or what is left of it is sent again. */
static void
settle_batch(SendBatch *batch)
{
	if (service_call_error(batch->call) != NULL)
		report_refused(batch);
	CHECK_RESULT(read_outcomes(batch), "read the answer of Amazon SQS");
	check_digests(batch);
	keep_failed(batch);
	if (batch->count == 0)
	{
		end_batch(batch, batch->is_returned);
		return;
	}
	service_call_release(batch->call);
	batch->call = NULL;
	start_call(batch);
}

/* Settles a batch whose call is done; it is gone when a failure is raised. */
static void
proceed_batch(void *place)
{
	SendBatch *batch = place;

	if (!service_call_is_done(batch->call))
		return;
	PG_TRY();
	{
		settle_batch(batch);
	}
	PG_CATCH();
	{
		end_batch(batch, false);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/* Waits until one of the batches is done, if there is one. */
static void
wait_for_any(const QueueSender *sender)
{
	ServiceCall *calls[CALLS_MAXIMUM];

	for (int i = 0; i < sender->count; i++)
		calls[i] = sender->under_way[i]->call;
	service_call_wait_any(calls, sender->count);
}

/* Waits until fewer than `maximum` batches are under way. */
static void
wait_for_room(QueueSender *sender, int maximum)
{
	while (sender->count >= maximum)
	{
		wait_for_any(sender);
		/* Ending a batch moves the last one to its place. */
		for (int i = sender->count - 1; i >= 0; i--)
			proceed_batch(sender->under_way[i]);
	}
}

/* After an error: waits for what is under way, and lets further failures pass. */
static void
drain(QueueSender *sender)
{
	while (sender->count > 0)
	{
		wait_for_any(sender);
		for (int i = sender->count - 1; i >= 0; i--)
			proceed_quietly(proceed_batch, sender->under_way[i]);
	}
}

/* The error that is being caught, once it is known how many messages were sent. */
pg_noreturn static void
raise_completed(QueueSender *sender)
{
	ErrorData *error = caught_error_take(sender->context);

	if (!caught_error_ends_waiting(error))
	{
		drain(sender);
		if (sender->sent > 0)
			caught_error_add(error, psprintf("Messages that the %s has sent: " INT64_FORMAT ".",
			                                 sender->target.source, sender->sent));
	}
	ReThrowError(error);
}

static void
give_up_batch(SendBatch *batch)
{
	if (service_call_is_done(batch->call) && service_call_error(batch->call) == NULL)
		(void) result_is_ok(read_outcomes(batch));
	else if (service_call_may_have_happened(batch->call))
		count_unknown(batch);
}

static void
free_sender(QueueSender *sender)
{
	unfinished_write_end(&sender->unfinished);
	MemoryContextDelete(sender->context);
}

static void
give_up(void *context)
{
	QueueSender *sender = context;

	service_calls_serve();
	for (int i = 0; i < sender->count; i++)
		give_up_batch(sender->under_way[i]);
	free_sender(sender);
}

/* Sends a batch, which has messages. */
static void
send_batch(QueueSender *sender, SendBatch *batch)
{
	wait_for_room(sender, sender->target.queue.is_fifo ? 1 : CALLS_MAXIMUM);
	start_call(batch);
	sender->under_way[sender->count++] = batch;
}

/* Sends the batch that is being filled. */
static void
send_open(QueueSender *sender)
{
	SendBatch *batch = sender->open;

	if (batch == NULL || batch->count == 0)
		return;
	sender->open = NULL;
	send_batch(sender, batch);
}

/* ---- taking messages ---- */

Arena *
queue_sender_arena(QueueSender *sender)
{
	if (sender->last != NULL)
		MemoryContextDelete(sender->last->context);
	sender->last = NULL;
	if (sender->open == NULL)
		sender->open = make_batch(sender);
	return sender->open->arena;
}

static void
add_to_open(QueueSender *sender, const SqsOutgoing *message, size_t size)
{
	SendBatch *batch = sender->open;

	batch->messages[batch->count] = *message;
	batch->numbers[batch->count++] = ++sender->taken;
	batch->size += size;
}

/* It was made in the open batch, which has no room for it: moves it to one of its own. */
static SqsOutgoing
open_another(QueueSender *sender, const SqsOutgoing *message)
{
	SendBatch *next = make_batch(sender);
	SqsOutgoing moved = message_copy(next->arena, message);

	send_open(sender);
	sender->open = next;
	return moved;
}

static void
take(QueueSender *sender, const SqsOutgoing *message, bool is_returned)
{
	size_t size = sqs_message_size(message);
	SqsOutgoing taken = *message;

	if (sender->open->count > 0 && sender->open->size + size > SQS_BYTES_MAXIMUM)
		taken = open_another(sender, message);
	add_to_open(sender, &taken, size);
	sender->open->is_returned = is_returned;
	if (is_returned || sender->open->count == SQS_BATCH_MAXIMUM)
		send_open(sender);
	if (is_returned)
		wait_for_room(sender, 1);
}

void
queue_sender_take(QueueSender *sender, const SqsOutgoing *message, const SqsOutcome **outcome)
{
	PG_TRY();
	{
		take(sender, message, outcome != NULL);
	}
	PG_CATCH();
	{
		raise_completed(sender);
	}
	PG_END_TRY();
	if (outcome != NULL)
		*outcome = &sender->last->outcomes[0];
}

void
queue_sender_take_copy(QueueSender *sender, const SqsOutgoing *message)
{
	SqsOutgoing copy = message_copy(queue_sender_arena(sender), message);

	queue_sender_take(sender, &copy, NULL);
}

void
queue_sender_finish(QueueSender *sender)
{
	PG_TRY();
	{
		send_open(sender);
		wait_for_room(sender, 1);
	}
	PG_CATCH();
	{
		raise_completed(sender);
	}
	PG_END_TRY();
}

void
queue_sender_end(QueueSender *sender)
{
	queue_sender_finish(sender);
	free_sender(sender);
}

int64
queue_sender_requests(const QueueSender *sender)
{
	return sender->requests;
}
