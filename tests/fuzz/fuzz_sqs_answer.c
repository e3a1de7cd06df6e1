/*
 * fuzz_sqs_answer.c
 *		SQS's answers: messages, outcomes of batches, queues and lists of them.
 */
#include <stdlib.h>
#include <string.h>

#include "aws/sqs.h"

#define ARENA_MAXIMUM ((size_t) 64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool condition)
{
	if (!condition)
		abort();
}

/* Every byte that is handed out can be read. */
static size_t
sum(Bytes bytes)
{
	size_t total = 0;

	for (size_t i = 0; i < bytes.length; i++)
		total += (unsigned char) bytes.data[i];
	return total;
}

static void
check_message(const SqsMessage *message)
{
	check(message->message_id.length > 0 && message->receipt_handle.length > 0);
	check(sum(message->body) + sum(message->group_id) + sum(message->sequence_number) < SIZE_MAX);
	for (size_t i = 0; i < message->attribute_count; i++)
		check(sum(message->attributes[i].name) + sum(message->attributes[i].value) < SIZE_MAX);
}

static void
check_outcomes(Arena *arena, Bytes json)
{
	static const Bytes body = {"body", 4};
	SqsOutgoing message = {.body = body};
	SqsOutcome outcomes[SQS_BATCH_MAXIMUM];

	if (!result_is_ok(sqs_read_outcomes(arena, json, outcomes, SQS_BATCH_MAXIMUM)))
		return;
	for (size_t i = 0; i < SQS_BATCH_MAXIMUM; i++)
	{
		check(sum(outcomes[i].code) + sum(outcomes[i].message_id) < SIZE_MAX);
		if (result_is_ok(sqs_check_sent(&message, &outcomes[i])))
			check(outcomes[i].body_digest.length == 32);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes json = {(const char *) data, size};
	SqsMessages messages;
	SqsQueueList list;
	SqsQueue queue;
	Bytes url;
	Arena arena;

	arena_init(&arena, malloc_block_source, ARENA_PLAIN, ARENA_MAXIMUM);
	if (result_is_ok(sqs_read_messages(&arena, json, &messages)))
		for (size_t i = 0; i < messages.count; i++)
			check_message(&messages.messages[i]);
	check_outcomes(&arena, json);
	if (result_is_ok(sqs_read_queue_list(&arena, json, &list)))
		for (size_t i = 0; i < list.count; i++)
			check(sum(sqs_queue_name(list.urls[i])) < SIZE_MAX);
	if (result_is_ok(sqs_read_queue_attributes(&arena, json, &queue)))
		check(queue.visibility_seconds >= -1 && queue.messages >= -1);
	if (result_is_ok(sqs_read_queue_url(&arena, json, &url)))
		check(sum(url) < SIZE_MAX);
	arena_release(&arena);
	return 0;
}
