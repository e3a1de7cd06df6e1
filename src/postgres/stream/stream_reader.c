/*
 * stream_reader.c
 *		Reads the shards of a stream: iterators, pages of records, the end as of now.
 *
 * A shard in work has a ShardPage: one request that is on its way, for an iterator or for records,
 * or one page of records that are handed out. Pages come and go with the shards' turns.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/scan/decoded_answer.h"
#include "postgres/settings.h"
#include "postgres/stream/stream_description.h"
#include "postgres/stream/stream_reader.h"
#include "postgres/stream/stream_shards.h"

/* What a page of records may take, decoded; the service sends a megabyte at most. */
#define PAGE_MEMORY_MAXIMUM ((Size) 256 * 1024 * 1024)

/* What it takes mostly: how many shards are read at once follows from it. */
#define PAGE_MEMORY_USUAL      ((Size) 4 * 1024 * 1024)
#define SHARDS_AT_ONCE_MAXIMUM 32

#define BODY_MAXIMUM     ((Size) 16 * 1024)
#define ITERATOR_MAXIMUM ((Size) 16 * 1024)

/* Iterators that were bad, one after another, before that is an error. */
#define RENEWALS_MAXIMUM 3

struct ShardPage
{
	MemoryContext context; /* of all of it */
	ServiceCall *call;     /* NULL while records are handed out */
	bool asks_iterator;
	ByteBuffer *body;
	ByteBuffer *iterator; /* the answer that is an iterator */
	DecodedAnswer answer;
	bool whole; /* `answer` holds records */
	size_t next_record;
};

struct StreamReader
{
	MemoryContext context;
	ServiceClient *client;
	Bytes arn;
	StreamStart start;
	const NameTable *names;
	ShardSet shards;
	int at_once;
	int in_work; /* shards with a page */
	int turn;    /* the shard whose records are handed out */
	bool may_have_new_shards;
	int empty_answers; /* in a row, that are an open shard's end */
	double stop_after; /* 0: never */
	StreamCounters counters;
};

/* ---- pages ---- */

static ShardPage *
create_page(StreamReader *reader)
{
	MemoryContext context =
	    AllocSetContextCreate(reader->context, "DynamoDB shard", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	ShardPage *page = palloc0_object(ShardPage);

	page->context = context;
	page->body = memory_context_buffer(context, ARENA_PLAIN, BODY_MAXIMUM);
	page->iterator = memory_context_buffer(context, ARENA_PLAIN, ITERATOR_MAXIMUM);
	page->answer.arena = memory_context_arena(context, ARENA_PLAIN, PAGE_MEMORY_MAXIMUM);
	page->answer.names = reader->names;
	MemoryContextSwitchTo(caller);
	reader->in_work++;
	return page;
}

/* Gives up what the shard is asked for, and the page. */
static void
drop_page(StreamReader *reader, Shard *shard)
{
	if (shard->page == NULL)
		return;
	if (shard->page->call != NULL)
		service_call_release(shard->page->call);
	MemoryContextDelete(shard->page->context);
	shard->page = NULL;
	reader->in_work--;
}

static void
set_iterator(StreamReader *reader, Shard *shard, Bytes iterator)
{
	if (shard->iterator != NULL)
		pfree(shard->iterator);
	shard->iterator = NULL;
	if (iterator.length == 0)
		return;
	shard->iterator = MemoryContextAlloc(reader->context, iterator.length + 1);
	memcpy(shard->iterator, iterator.data, iterator.length);
	shard->iterator[iterator.length] = '\0';
}

/* ---- asking ---- */

static CheckedResult
write_request(StreamReader *reader, const Shard *shard)
{
	ByteBuffer *body = shard->page->body;

	buffer_reset(body);
	if (shard->page->asks_iterator)
		return streams_write_get_shard_iterator(reader->arn, shard->id, shard->start,
		                                        bytes_of_string(shard->sequence_number), body);
	return streams_write_get_records(bytes_of_string(shard->iterator), 0, body);
}

/* Sends the shard's next request. */
static void
ask(StreamReader *reader, Shard *shard)
{
	ShardPage *page = shard->page;
	ResponseSink sink = collecting_sink(page->iterator);
	MemoryContext caller = MemoryContextSwitchTo(page->context);
	ServiceRequest request = {.service = AWS_DYNAMODB_STREAMS};

	page->asks_iterator = shard->iterator == NULL;
	page->whole = false;
	page->next_record = 0;
	if (!page->asks_iterator)
		sink = decoded_answer_sink(&page->answer);
	request.operation = page->asks_iterator ? "GetShardIterator" : "GetRecords";
	CHECK_RESULT(write_request(reader, shard), "build request");
	request.body = buffer_bytes(page->body);
	page->call = service_call_start(reader->client, &request, &sink, true);
	MemoryContextSwitchTo(caller);
	reader->counters.requests++;
}

/* Takes up every shard whose turn has come, as far as there is room. */
static void
ask_due_shards(StreamReader *reader)
{
	for (int i = 0; i < reader->shards.count && reader->in_work < reader->at_once; i++)
	{
		Shard *shard = reader->shards.shards[i];

		if (shard->page != NULL || !shard_is_due(shard))
			continue;
		shard->page = create_page(reader);
		ask(reader, shard);
	}
}

/* ---- answers ---- */

static void
end_shard(StreamReader *reader, Shard *shard)
{
	drop_page(reader, shard);
	set_iterator(reader, shard, BYTES_EMPTY);
	shard->state = SHARD_ENDED;
	reader->may_have_new_shards = true;
}

/* The number is none of the shard's own: what lies behind it is found by looking. */
static void
look_for_sequence_number(Shard *shard)
{
	shard->start = SHARD_TRIM_HORIZON;
	shard->skips_earlier = true;
}

/* True when another iterator can take the place of the one that has become bad. */
static bool
can_be_renewed(const Shard *shard, ErrorClass class)
{
	if (shard->renewals >= RENEWALS_MAXIMUM)
		return false;
	/* The oldest record that is kept is another one by now. */
	if (class == ERROR_CLASS_TRIMMED)
		return shard->start == SHARD_TRIM_HORIZON && !shard->skips_earlier;
	/* "From now on" would be another now. */
	return class == ERROR_CLASS_EXPIRED_ITERATOR && shard->start != SHARD_LATEST;
}

/* True when the service's refusal is dealt with, by another request or by none. */
static bool
accept_refusal(StreamReader *reader, Shard *shard, ErrorClass class)
{
	bool asked_iterator = shard->page->asks_iterator;

	if (can_be_renewed(shard, class))
	{
		shard->renewals++;
		set_iterator(reader, shard, BYTES_EMPTY);
		return true;
	}
	if (class == ERROR_CLASS_VALIDATION && asked_iterator &&
	    shard->start == SHARD_AT_SEQUENCE_NUMBER)
	{
		look_for_sequence_number(shard);
		return true;
	}
	/* All that it held has been dropped since it was described. */
	if (class == ERROR_CLASS_NOT_FOUND && shard->start == SHARD_TRIM_HORIZON && shard->closed &&
	    reader->start.kind == STREAM_FROM_TRIM_HORIZON)
	{
		end_shard(reader, shard);
		return true;
	}
	return false;
}

static void
take_iterator(StreamReader *reader, Shard *shard)
{
	ShardPage *page = shard->page;
	Bytes iterator = BYTES_EMPTY;

	arena_reset(page->answer.arena);
	CHECK_RESULT(
	    streams_read_shard_iterator(page->answer.arena, buffer_bytes(page->iterator), &iterator),
	    "read a shard iterator");
	set_iterator(reader, shard, iterator);
	ask(reader, shard);
}

/* Takes the answer of a call that is done. */
static void
settle(StreamReader *reader, Shard *shard)
{
	ShardPage *page = shard->page;
	const ServiceError *error = service_call_error(page->call);
	ServiceCallCost cost = service_call_cost(page->call);
	ErrorClass class = error == NULL ? ERROR_CLASS_NONE : error->class;

	reader->counters.bytes_received += cost.bytes_received;
	reader->counters.retries += cost.retries;
	if (error != NULL && !accept_refusal(reader, shard, class))
		service_call_check(page->call);
	if (shard->page == NULL)
		return;
	service_call_release(page->call);
	page->call = NULL;
	if (error != NULL)
		ask(reader, shard);
	else if (page->asks_iterator)
		take_iterator(reader, shard);
	else
	{
		page->whole = true;
		shard->renewals = 0;
	}
}

/* Waits until a request is answered, and takes all answers that are there. */
static void
wait_for_answers(StreamReader *reader)
{
	ServiceCall **calls = palloc0_array(ServiceCall *, reader->in_work);
	int count = 0;

	for (int i = 0; i < reader->shards.count; i++)
	{
		const ShardPage *page = reader->shards.shards[i]->page;

		if (page != NULL && page->call != NULL)
			calls[count++] = page->call;
	}
	service_call_wait_any(calls, count);
	pfree(calls);
	for (int i = 0; i < reader->shards.count; i++)
	{
		Shard *shard = reader->shards.shards[i];

		if (shard->page != NULL && shard->page->call != NULL &&
		    service_call_is_done(shard->page->call))
			settle(reader, shard);
	}
}

/* ---- records ---- */

/* A page has been handed out: the shard goes on, waits for the next time, or has ended. */
static void
finish_page(StreamReader *reader, Shard *shard)
{
	const DecodedPage *decoded = &shard->page->answer.page;

	shard->empty_answers = decoded->record_count > 0 ? 0 : shard->empty_answers + 1;
	if (decoded->next_shard_iterator.length == 0)
	{
		end_shard(reader, shard);
		return;
	}
	set_iterator(reader, shard, decoded->next_shard_iterator);
	if (!shard->closed && shard->empty_answers >= reader->empty_answers)
	{
		shard->state = SHARD_AT_END;
		drop_page(reader, shard);
		return;
	}
	ask(reader, shard);
}

/* The rest of the shard is not asked for until the reader goes on. */
static bool
is_behind_the_end(const StreamReader *reader, const StreamRecord *record)
{
	return reader->stop_after > 0 && record->created_at > reader->stop_after;
}

/* The record's own place in the shard; what has none cannot be gone on from. */
static void
note_record(StreamReader *reader, Shard *shard, const StreamRecord *record)
{
	Bytes number = record->sequence_number;

	if (!sequence_number_is_valid(number))
		ereport(ERROR, (errcode(ERRCODE_FDW_ERROR),
		                errmsg("record of a change stream has no valid sequence number")));
	memcpy(shard->sequence_number, number.data, number.length);
	shard->sequence_number[number.length] = '\0';
	shard->start = SHARD_AFTER_SEQUENCE_NUMBER;
	shard->handed_out = true;
	shard->skips_earlier = false;
	reader->counters.records++;
}

static bool
is_wanted(const StreamReader *reader, const Shard *shard, const StreamRecord *record)
{
	return !shard->skips_earlier ||
	       sequence_number_compare(record->sequence_number,
	                               bytes_of_string(reader->start.sequence_number)) >= 0;
}

/* The next record of the shard's page; NULL when it has none, and the page is then done with. */
static const StreamRecord *
next_of_page(StreamReader *reader, Shard *shard)
{
	ShardPage *page = shard->page;

	while (page->next_record < page->answer.page.record_count)
	{
		const StreamRecord *record = &page->answer.page.records[page->next_record];

		if (is_behind_the_end(reader, record))
		{
			shard->state = SHARD_AT_END;
			set_iterator(reader, shard, BYTES_EMPTY);
			drop_page(reader, shard);
			return NULL;
		}
		page->next_record++;
		if (is_wanted(reader, shard, record))
		{
			note_record(reader, shard, record);
			return record;
		}
	}
	finish_page(reader, shard);
	return NULL;
}

/* The next record of those that are here, of the same shard as long as it has some. */
static const StreamRecord *
next_record(StreamReader *reader)
{
	for (int i = 0; i < reader->shards.count; i++)
	{
		Shard *shard = reader->shards.shards[reader->turn];
		const StreamRecord *record = NULL;

		if (shard->page != NULL && shard->page->whole)
			record = next_of_page(reader, shard);
		if (record != NULL)
			return record;
		reader->turn = (reader->turn + 1) % reader->shards.count;
	}
	return NULL;
}

/* ---- shards ---- */

/* Asks which shards there are; true when there are new ones. */
static bool
find_new_shards(StreamReader *reader, const StreamStart *start)
{
	MemoryContext question =
	    AllocSetContextCreate(reader->context, "DynamoDB stream", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(question);
	const StreamDescription *description = stream_describe(reader->client, reader->arn.data);
	bool found = shard_set_merge(&reader->shards, description, start);

	reader->may_have_new_shards = false;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(question);
	return found;
}

/* ---- the reader ---- */

static StreamStart
copy_start(const StreamStart *start)
{
	StreamStart copy = {.kind = start->kind, .positions = start->positions};

	if (start->sequence_number != NULL)
		copy.sequence_number = pstrdup(start->sequence_number);
	return copy;
}

StreamReader *
stream_reader_open(ServiceClient *client, const char *stream_arn, const StreamStart *start,
                   const NameTable *names)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "DynamoDB stream", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	StreamReader *reader = palloc0_object(StreamReader);
	Size room = scan_memory_share(1) / PAGE_MEMORY_USUAL;

	reader->context = context;
	reader->client = client;
	reader->arn = bytes_of_string(pstrdup(stream_arn));
	reader->start = copy_start(start);
	reader->names = names;
	reader->empty_answers = SHARD_EMPTY_ANSWERS;
	reader->at_once = (int) Max(1, Min(room, SHARDS_AT_ONCE_MAXIMUM));
	shard_set_init(&reader->shards, context);
	find_new_shards(reader, &reader->start);
	reader->start.positions = NIL;
	MemoryContextSwitchTo(caller);
	return reader;
}

const StreamRecord *
stream_reader_next(StreamReader *reader)
{
	for (;;)
	{
		const StreamRecord *record = next_record(reader);

		if (record != NULL)
			return record;
		ask_due_shards(reader);
		if (reader->in_work > 0)
			wait_for_answers(reader);
		else if (!reader->may_have_new_shards || !find_new_shards(reader, NULL))
			return NULL;
	}
}

/* A shard whose page has a record that will be handed out. */
static bool
has_record(const StreamReader *reader, const Shard *shard)
{
	const ShardPage *page = shard->page;
	const StreamRecord *record;

	if (page == NULL || !page->whole || page->next_record >= page->answer.page.record_count)
		return false;
	record = &page->answer.page.records[page->next_record];
	return is_wanted(reader, shard, record) && !is_behind_the_end(reader, record);
}

bool
stream_reader_is_ready(const StreamReader *reader)
{
	for (int i = 0; i < reader->shards.count; i++)
	{
		if (has_record(reader, reader->shards.shards[i]))
			return true;
	}
	return false;
}

void
stream_reader_end_after(StreamReader *reader, int empty_answers)
{
	reader->empty_answers = empty_answers;
}

void
stream_reader_stop_after(StreamReader *reader, double seconds)
{
	reader->stop_after = seconds;
}

void
stream_reader_go_on(StreamReader *reader)
{
	for (int i = 0; i < reader->shards.count; i++)
	{
		Shard *shard = reader->shards.shards[i];

		shard->empty_answers = 0;
		if (shard->state == SHARD_AT_END)
			shard->state = SHARD_READING;
	}
	reader->may_have_new_shards = true;
}

/*
 * What has come and was not handed out is asked for again: the iterator of a page is kept until the
 * page is done with, but for one of which records were handed out.
 */
void
stream_reader_pause(StreamReader *reader)
{
	for (int i = 0; i < reader->shards.count; i++)
	{
		Shard *shard = reader->shards.shards[i];

		if (shard->page != NULL && shard->page->whole && shard->page->next_record > 0)
			set_iterator(reader, shard, BYTES_EMPTY);
		drop_page(reader, shard);
	}
}

List *
stream_reader_positions(const StreamReader *reader)
{
	List *positions = NIL;

	for (int i = 0; i < reader->shards.count; i++)
	{
		const Shard *shard = reader->shards.shards[i];
		ShardPosition *position = palloc0_object(ShardPosition);

		position->shard_id = shard->id.data;
		position->ended = shard->state == SHARD_ENDED;
		position->sequence_number = shard->handed_out ? shard->sequence_number : NULL;
		positions = lappend(positions, position);
	}
	return positions;
}

StreamCounters
stream_reader_counters(const StreamReader *reader)
{
	return reader->counters;
}

void
stream_reader_close(StreamReader *reader)
{
	for (int i = 0; i < reader->shards.count; i++)
		drop_page(reader, reader->shards.shards[i]);
	MemoryContextDelete(reader->context);
}
