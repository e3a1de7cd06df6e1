/*
 * receipt_requests.c
 *		Requests about messages that were received: in batches, all at once.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/memory.h"
#include "postgres/queue/receipt_requests.h"
#include "postgres/report.h"
#include "postgres/service/transport.h"

/* How often what the service could not do is asked for. */
#define ROUNDS_MAXIMUM 3

/* Ten entries without what they are about; and as much again for words about failures. */
#define ANSWER_MAXIMUM ((Size) 256 * 1024)

typedef struct ReceiptBatch
{
	Receipt *receipts[SQS_BATCH_MAXIMUM];
	int count;
	ByteBuffer *body;
	ByteBuffer *answer;
	ServiceCall *call;
} ReceiptBatch;

typedef struct ReceiptBatches
{
	ReceiptRequest request;
	ReceiptBatch *batches;
	int count;
	TransportTimer limit;
	bool is_over; /* the limit has been reached */
	MemoryContextCallback stop_limit;
	char *failure;
} ReceiptBatches;

static const char *const operations[] = {
    [RECEIPTS_DELETE] = "DeleteMessageBatch",
    [RECEIPTS_PUT_BACK] = "ChangeMessageVisibilityBatch",
    [RECEIPTS_EXTEND] = "ChangeMessageVisibilityBatch",
};

/* ---- time ---- */

static void
note_limit(void *batches)
{
	((ReceiptBatches *) batches)->is_over = true;
}

static void
stop_limit(void *batches)
{
	transport_timer_stop(&((ReceiptBatches *) batches)->limit);
}

/* The timer goes with the current context, whatever happens. */
static void
start_limit(ReceiptBatches *batches, int64 limit_ms)
{
	batches->stop_limit = (MemoryContextCallback){.func = stop_limit, .arg = batches};
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &batches->stop_limit);
	batches->limit = (TransportTimer){.expired = note_limit, .context = batches};
	if (limit_ms > 0)
		transport_timer_start(&batches->limit, transport_now() + limit_ms * 1000);
}

static bool
is_over(void *context)
{
	const ReceiptBatches *batches = context;

	for (int i = 0; i < batches->count && !batches->is_over; i++)
	{
		if (!service_call_is_done(batches->batches[i].call))
			return false;
	}
	return true;
}

/* ---- requests ---- */

static void
write_body(ReceiptRequest request, ReceiptBatch *batch)
{
	Bytes handles[SQS_BATCH_MAXIMUM];
	Bytes url = batch->receipts[0]->queue->url;
	int seconds = request == RECEIPTS_PUT_BACK ? 0 : batch->receipts[0]->visibility_seconds;

	for (int i = 0; i < batch->count; i++)
		handles[i] = batch->receipts[i]->handle;
	batch->body = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, SQS_BODY_MAXIMUM);
	if (request == RECEIPTS_DELETE)
		CHECK_RESULT(sqs_write_delete_batch(url, handles, batch->count, batch->body),
		             "write request");
	else
		CHECK_RESULT(sqs_write_visibility_batch(url, handles, batch->count, seconds, batch->body),
		             "write request");
}

static void
start_batch(ReceiptRequest request, ReceiptBatch *batch)
{
	ServiceRequest service_request = {.service = AWS_SQS, .operation = operations[request]};
	ResponseSink sink;

	write_body(request, batch);
	batch->answer = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, ANSWER_MAXIMUM);
	service_request.body = buffer_bytes(batch->body);
	sink = collecting_sink(batch->answer);
	/* Doing any of it twice is doing it once. */
	batch->call =
	    service_call_start(batch->receipts[0]->queue->client, &service_request, &sink, true);
}

/* One batch is of one queue, and extends by one time. */
static bool
fits(const ReceiptBatch *batch, const Receipt *receipt)
{
	return batch->count < SQS_BATCH_MAXIMUM && batch->receipts[0]->queue == receipt->queue &&
	       batch->receipts[0]->visibility_seconds == receipt->visibility_seconds;
}

/* Puts what is not answered yet into batches. */
static void
fill_batches(ReceiptBatches *batches, Receipt *const *receipts, int count)
{
	ReceiptBatch *last = NULL;

	batches->batches = palloc0_array(ReceiptBatch, Max(count, 1));
	batches->count = 0;
	for (int i = 0; i < count; i++)
	{
		if (receipts[i]->answered)
			continue;
		if (last == NULL || !fits(last, receipts[i]))
			last = &batches->batches[batches->count++];
		last->receipts[last->count++] = receipts[i];
	}
}

/* ---- answers ---- */

static void
note_failure(ReceiptBatches *batches, const char *words)
{
	if (batches->failure[0] == '\0')
		strlcpy(batches->failure, words, RECEIPT_FAILURE_SIZE);
}

static void
note_outcome(ReceiptBatches *batches, Receipt *receipt, const SqsOutcome *outcome, bool *again)
{
	receipt->answered = outcome->succeeded;
	if (outcome->succeeded)
		return;
	*again = *again || !outcome->sender_fault;
	note_failure(batches, psprintf("%s: %s", outside_text(outcome->code, ERROR_CODE_MAXIMUM),
	                               outside_text(outcome->message, RECEIPT_FAILURE_SIZE)));
}

/* True when it may help to ask again for what went wrong. */
static bool
read_batch(ReceiptBatches *batches, const ReceiptBatch *batch)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, 2 * ANSWER_MAXIMUM);
	SqsOutcome outcomes[SQS_BATCH_MAXIMUM];
	const ServiceError *error;
	bool again = false;

	if (!service_call_is_done(batch->call))
	{
		note_failure(batches, "Amazon SQS has not answered in time.");
		return false;
	}
	error = service_call_error(batch->call);
	if (error != NULL)
	{
		note_failure(batches,
		             psprintf("%s %s",
		                      outside_text(bytes_of_string(error->message), RECEIPT_FAILURE_SIZE),
		                      service_error_detail(error)));
		return false;
	}
	if (!result_is_ok(
	        sqs_read_outcomes(arena, buffer_bytes(batch->answer), outcomes, batch->count)))
	{
		note_failure(batches, "The answer of Amazon SQS cannot be read.");
		return false;
	}
	for (int i = 0; i < batch->count; i++)
		note_outcome(batches, batch->receipts[i], &outcomes[i], &again);
	return again;
}

/* Asks for what is not answered yet; true when it may help to do so again. */
static bool
run_round(ReceiptBatches *batches, Receipt *const *receipts, int count)
{
	bool again = false;

	fill_batches(batches, receipts, count);
	for (int i = 0; i < batches->count; i++)
		start_batch(batches->request, &batches->batches[i]);
	transport_wait(is_over, batches);
	batches->failure[0] = '\0';
	for (int i = 0; i < batches->count; i++)
		again = read_batch(batches, &batches->batches[i]) || again;
	return again && !batches->is_over;
}

int
receipt_requests_run(ReceiptRequest request, Receipt *const *receipts, int count, int64 limit_ms,
                     char *failure)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "SQS receipt requests", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	ReceiptBatches *batches = palloc0_object(ReceiptBatches);
	int failed = 0;

	batches->request = request;
	batches->failure = failure;
	failure[0] = '\0';
	for (int i = 0; i < count; i++)
		receipts[i]->answered = false;
	start_limit(batches, limit_ms);
	for (int round = 0; round < ROUNDS_MAXIMUM && run_round(batches, receipts, count); round++)
		continue;
	for (int i = 0; i < count; i++)
		failed += receipts[i]->answered ? 0 : 1;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return failed;
}
