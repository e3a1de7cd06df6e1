/*
 * queue_description.c
 *		What SQS says of queues: asked for, kept, dropped.
 *
 * Each description has a memory context of its own below the cache's. One that is dropped is handed
 * to the transaction, because a running statement may still read it.
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "postgres/compat.h"

#include "postgres/memory.h"
#include "postgres/queue/queue_description.h"
#include "postgres/report.h"

/* How long a description is believed. */
#define DESCRIPTION_AGE_MS (60 * 1000)

/* An answer about one queue is a few kilobytes: its policy is the longest part. */
#define ANSWER_MAXIMUM ((Size) 1024 * 1024)

typedef struct DescriptionEntry
{
	dlist_node node;
	MemoryContext context; /* of the entry and all that it holds */
	Oid mapping;           /* user mappings, not servers: roles may see different accounts */
	const char *wanted;    /* the queue's name or URL, as the options say it */
	TimestampTz made_at;
	bool stale; /* a server or a user mapping changed since */
	QueueDescription description;
} DescriptionEntry;

static dlist_head descriptions = DLIST_STATIC_INIT(descriptions);

/* ---- the cache ---- */

/* May be called at any time, even while a description is being read: so it only marks. */
static void
mark_descriptions_stale(Datum argument, int cache_id, uint32 hash_value)
{
	dlist_iter each;

	dlist_foreach(each, &descriptions)
	{
		dlist_container(DescriptionEntry, node, each.cur)->stale = true;
	}
}

static void
register_callbacks(void)
{
	static bool registered = false;

	if (registered)
		return;
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, mark_descriptions_stale, (Datum) 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, mark_descriptions_stale, (Datum) 0);
	registered = true;
}

static bool
is_fresh(const DescriptionEntry *entry)
{
	return !entry->stale &&
	       !TimestampDifferenceExceeds(entry->made_at, GetCurrentTimestamp(), DESCRIPTION_AGE_MS);
}

/* The entry of whatever age; NULL when there is none. */
static DescriptionEntry *
find_entry(Oid mapping, const char *wanted)
{
	dlist_iter each;

	dlist_foreach(each, &descriptions)
	{
		DescriptionEntry *entry = dlist_container(DescriptionEntry, node, each.cur);

		if (entry->mapping == mapping && strcmp(entry->wanted, wanted) == 0)
			return entry;
	}
	return NULL;
}

static void
drop_entry(DescriptionEntry *entry)
{
	dlist_delete(&entry->node);
	MemoryContextSetParent(entry->context, TopTransactionContext);
}

/* ---- asking the service ---- */

typedef CheckedResult (*RequestWriter)(Bytes subject, ByteBuffer *body);

/* Asks about one queue, in CurrentMemoryContext; false when it is refused as `expected` says. */
static bool
ask(ServiceClient *client, const char *operation, RequestWriter write, Bytes subject,
    uint32 expected, Bytes *answer)
{
	ByteBuffer *body = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, ANSWER_MAXIMUM);
	ServiceRequest request = {.service = AWS_SQS, .operation = operation};
	ServiceError refusal;

	CHECK_RESULT(write(subject, body), "write request");
	request.body = buffer_bytes(body);
	return service_call_answer_unless(client, &request, ANSWER_MAXIMUM, expected, answer, &refusal);
}

static Bytes
ask_url(ServiceClient *client, const char *queue_name)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, ANSWER_MAXIMUM);
	Bytes answer;
	Bytes url;

	(void) ask(client, "GetQueueUrl", sqs_write_get_queue_url, bytes_of_string(queue_name), 0,
	           &answer);
	CHECK_RESULT(sqs_read_queue_url(arena, answer, &url), "read the answer of Amazon SQS");
	return url;
}

static void
ask_attributes(ServiceClient *client, QueueDescription *description)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, ANSWER_MAXIMUM);
	SqsQueue queue = {.visibility_seconds = -1, .messages = -1};
	Bytes answer;

	if (ask(client, "GetQueueAttributes", sqs_write_get_queue_attributes, description->url,
	        ERROR_CLASS_BIT(ERROR_CLASS_ACCESS_DENIED), &answer))
		CHECK_RESULT(sqs_read_queue_attributes(arena, answer, &queue),
		             "read the answer of Amazon SQS");
	description->visibility_seconds =
	    (int) Min(queue.visibility_seconds, SQS_VISIBILITY_SECONDS_MAXIMUM);
	description->messages = queue.messages;
	description->kms_key_id = queue.kms_key_id;
}

/* SQS asks for the ending in the names of FIFO queues. */
static bool
has_fifo_name(Bytes name)
{
	static const Bytes ending = {".fifo", 5};

	return name.length > ending.length &&
	       bytes_equal((Bytes){name.data + name.length - ending.length, ending.length}, ending);
}

/* A new entry, in the cache. */
static DescriptionEntry *
describe(ServiceClient *client, const TableOptions *options, const char *wanted)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "SQS queue description", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	DescriptionEntry *entry = palloc0_object(DescriptionEntry);
	QueueDescription *description = &entry->description;

	entry->context = context;
	entry->mapping = service_client_mapping(client);
	entry->wanted = pstrdup(wanted);
	description->url = options->queue_url != NULL ? bytes_of_string(pstrdup(options->queue_url))
	                                              : ask_url(client, options->queue_name);
	description->name = sqs_queue_name(description->url);
	description->is_fifo = has_fifo_name(description->name);
	ask_attributes(client, description);
	entry->made_at = GetCurrentTimestamp();
	MemoryContextSwitchTo(caller);
	MemoryContextSetParent(context, CacheMemoryContext);
	dlist_push_head(&descriptions, &entry->node);
	return entry;
}

const QueueDescription *
queue_description_get(ServiceClient *client, const TableOptions *options)
{
	const char *wanted = options->queue_url != NULL ? options->queue_url : options->queue_name;
	DescriptionEntry *entry = find_entry(service_client_mapping(client), wanted);

	register_callbacks();
	if (entry != NULL && is_fresh(entry))
		return &entry->description;
	if (entry != NULL)
		drop_entry(entry);
	return &describe(client, options, wanted)->description;
}

Bytes
queue_key_of_refusal(const QueueDescription *queue, const ServiceError *error)
{
	bool is_of_key = strncmp(error->code, "Kms", 3) == 0 || strncmp(error->code, "KMS", 3) == 0;

	return is_of_key ? queue->kms_key_id : BYTES_EMPTY;
}

void
queue_report_call(const QueueDescription *queue, const char *operation, const ServiceCall *call,
                  const char *sentence)
{
	const ServiceError *error = service_call_error(call);
	Bytes key = queue_key_of_refusal(queue, error);

	if (key.length > 0)
		report_refusal(AWS_SQS, operation, error, key, sentence);
	service_call_report(call, sentence);
}

void
queue_check_call(const QueueDescription *queue, const char *operation, const ServiceCall *call)
{
	if (service_call_error(call) != NULL)
		queue_report_call(queue, operation, call, NULL);
}
