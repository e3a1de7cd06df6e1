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
#include "postgres/memory.h"
#include "postgres/queue_sender.h"
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
} SendBatch;

struct QueueSender
{
	SendTarget target;
	MemoryContext context;
	SendBatch *open; /* is being filled; NULL: none */
	SendBatch *under_way[CALLS_MAXIMUM];
	int count;
	SendBatch *last; /* whose outcome was given to the caller; NULL: none */
	int64 taken;
	int64 sent;
	int64 requests;
};

QueueSender *
queue_sender_create(const SendTarget *target)
{
	QueueSender *sender = palloc0_object(QueueSender);

	sender->target = *target;
	sender->context = CurrentMemoryContext;
	return sender;
}

static SendBatch *
make_batch(QueueSender *sender)
{
	MemoryContext context =
	    AllocSetContextCreate(sender->context, "SQS batch", ALLOCSET_DEFAULT_SIZES);
	SendBatch *batch = MemoryContextAllocZero(context, sizeof(*batch));

	batch->context = context;
	batch->arena = memory_context_arena(context, ARENA_PLAIN, MESSAGES_MAXIMUM);
	batch->body = memory_context_buffer(context, ARENA_PLAIN, SQS_BODY_MAXIMUM);
	batch->answer = memory_context_buffer(context, ARENA_PLAIN, ANSWER_MAXIMUM);
	return batch;
}

/* ---- sending ---- */

static void
send_batch(QueueSender *sender, SendBatch *batch)
{
	MemoryContext caller = MemoryContextSwitchTo(batch->context);
	ServiceRequest request = {.service = AWS_SQS, .operation = "SendMessageBatch"};
	ResponseSink sink = collecting_sink(batch->answer);
	int64 delay_ms =
	    batch->rounds == 0
	        ? 0
	        : retry_unprocessed_delay_ms(batch->rounds, pg_prng_double(&pg_global_prng_state));

	buffer_reset(batch->body);
	CHECK_RESULT(
	    sqs_write_send_batch(sender->target.queue.url, batch->messages, batch->count, batch->body),
	    "write request");
	request.body = buffer_bytes(batch->body);
	batch->call = service_call_start_after(sender->target.client, &request, &sink, true, delay_ms);
	batch->rounds++;
	sender->requests++;
	MemoryContextSwitchTo(caller);
}

/* ---- outcomes ---- */

static void
pg_attribute_noreturn() report_failed(const QueueSender *sender, const SendBatch *batch, int place)
{
	const SqsOutcome *outcome = &batch->outcomes[place];
	ErrorClass class = service_error_classify(outcome->code, outcome->message, 400);
	ServiceError error = {.class = class, .http_status = 200, .connected = true};
	char *sentence = psprintf("It is about message " INT64_FORMAT " of the statement; " INT64_FORMAT
	                          " messages were sent.",
	                          batch->numbers[place], sender->sent);

	snprintf(error.code, sizeof(error.code), "%s", outside_text(outcome->code, ERROR_CODE_MAXIMUM));
	snprintf(error.message, sizeof(error.message), "%s",
	         outside_text(outcome->message, ERROR_MESSAGE_MAXIMUM));
	report_refusal(AWS_SQS, "SendMessageBatch", &error,
	               queue_key_of_refusal(&sender->target.queue, &error), sentence);
}

/* A failure that another attempt may cure; in a FIFO queue it would come behind its followers. */
static bool
may_be_cured(const QueueSender *sender, const SendBatch *batch, const SqsOutcome *outcome)
{
	return !outcome->sender_fault && batch->rounds < ROUNDS_MAXIMUM &&
	       !sender->target.queue.is_fifo;
}

/* Leaves in the batch what is to be sent again; raises the error of what cannot be. */
static void
settle_outcomes(QueueSender *sender, SendBatch *batch)
{
	int failed = -1;
	int left = 0;

	for (int i = 0; i < batch->count; i++)
	{
		if (!batch->outcomes[i].succeeded)
			continue;
		sender->sent++;
		CHECK_RESULT(sqs_check_sent(&batch->messages[i], &batch->outcomes[i]),
		             "verify what Amazon SQS has received");
	}
	for (int i = 0; i < batch->count; i++)
	{
		if (batch->outcomes[i].succeeded)
			continue;
		if (failed < 0 && !may_be_cured(sender, batch, &batch->outcomes[i]))
			failed = i;
		if (failed >= 0)
			continue;
		batch->messages[left] = batch->messages[i];
		batch->numbers[left++] = batch->numbers[i];
	}
	if (failed >= 0)
		report_failed(sender, batch, failed);
	if (left > 0)
		batch->count = left;
	else
		batch->call = NULL;
}

/* The batch's call is done: true when everything in it was sent, else it is sent again. */
static bool
settle_batch(QueueSender *sender, SendBatch *batch)
{
	ServiceCall *call = batch->call;

	queue_check_call(&sender->target.queue, "SendMessageBatch", call);
	CHECK_RESULT(
	    sqs_read_outcomes(batch->arena, buffer_bytes(batch->answer), batch->outcomes, batch->count),
	    "read the answer of Amazon SQS");
	settle_outcomes(sender, batch);
	service_call_release(call);
	if (batch->call == NULL)
		return true;
	send_batch(sender, batch);
	return false;
}

/* Waits until fewer than `maximum` batches are under way. */
static void
wait_for_room(QueueSender *sender, int maximum)
{
	while (sender->count >= maximum)
	{
		ServiceCall *calls[CALLS_MAXIMUM];

		for (int i = 0; i < sender->count; i++)
			calls[i] = sender->under_way[i]->call;
		service_call_wait_any(calls, sender->count);
		for (int i = sender->count - 1; i >= 0; i--)
		{
			SendBatch *batch = sender->under_way[i];

			if (!service_call_is_done(batch->call) || !settle_batch(sender, batch))
				continue;
			sender->under_way[i] = sender->under_way[--sender->count];
			MemoryContextDelete(batch->context);
		}
	}
}

/* Sends the batch that is being filled. */
static void
send_open(QueueSender *sender)
{
	if (sender->open == NULL || sender->open->count == 0)
		return;
	wait_for_room(sender, sender->target.queue.is_fifo ? 1 : CALLS_MAXIMUM);
	sender->under_way[sender->count++] = sender->open;
	sender->open = NULL;
	send_batch(sender, sender->under_way[sender->count - 1]);
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

static Bytes
copy_of(Arena *arena, Bytes bytes)
{
	char *copy = arena_copy(arena, bytes);

	if (copy == NULL)
		report_result(arena_failure(arena, bytes.length), "write message");
	return (Bytes){copy, bytes.length};
}

/* A copy in another batch's arena. */
static SqsOutgoing
copy_message(Arena *arena, const SqsOutgoing *message)
{
	Bytes all = {(const char *) message->attributes,
	             message->attribute_count * sizeof(SqsAttribute)};
	SqsAttribute *attributes = (SqsAttribute *) unconstify(char *, copy_of(arena, all).data);
	SqsOutgoing copy = *message;

	for (size_t i = 0; i < message->attribute_count; i++)
	{
		attributes[i].name = copy_of(arena, attributes[i].name);
		attributes[i].data_type = copy_of(arena, attributes[i].data_type);
		attributes[i].value = copy_of(arena, attributes[i].value);
	}
	copy.attributes = attributes;
	copy.body = copy_of(arena, message->body);
	copy.group_id = copy_of(arena, message->group_id);
	copy.deduplication_id = copy_of(arena, message->deduplication_id);
	return copy;
}

static void
add_to_open(QueueSender *sender, const SqsOutgoing *message, size_t size)
{
	SendBatch *batch = sender->open;

	batch->messages[batch->count] = *message;
	batch->numbers[batch->count++] = ++sender->taken;
	batch->size += size;
}

void
queue_sender_take(QueueSender *sender, const SqsOutgoing *message, const SqsOutcome **outcome)
{
	size_t size = sqs_message_size(message);
	SqsOutgoing taken = *message;

	if (sender->open->count > 0 && sender->open->size + size > SQS_BYTES_MAXIMUM)
	{
		/* It was made in the batch that has no room for it. */
		SendBatch *next = make_batch(sender);

		taken = copy_message(next->arena, message);
		send_open(sender);
		sender->open = next;
	}
	add_to_open(sender, &taken, size);
	if (outcome != NULL)
	{
		SendBatch *batch = sender->open;

		sender->open = NULL;
		send_batch(sender, batch);
		do
		{
			service_call_wait(batch->call);
		} while (!settle_batch(sender, batch));
		sender->last = batch;
		*outcome = &batch->outcomes[0];
	}
	else if (sender->open->count == SQS_BATCH_MAXIMUM)
		send_open(sender);
}

void
queue_sender_take_copy(QueueSender *sender, const SqsOutgoing *message)
{
	SqsOutgoing copy = copy_message(queue_sender_arena(sender), message);

	queue_sender_take(sender, &copy, NULL);
}

void
queue_sender_finish(QueueSender *sender)
{
	send_open(sender);
	wait_for_room(sender, 1);
}

int64
queue_sender_sent(const QueueSender *sender)
{
	return sender->sent;
}

int64
queue_sender_requests(const QueueSender *sender)
{
	return sender->requests;
}
