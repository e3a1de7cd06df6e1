/*
 * fetch.c
 *		Streams of pages: what is asked for when, and whose items are handed out next.
 *
 * A stream is one sequence of pages: a Query of one key condition, a Scan of one segment, the
 * lookup of one key or of a hundred. It has two pages: the one whose items are being handed out,
 * and the one on its way. A fetch has a place for as many streams as may run at once; a place whose
 * stream has ended takes the next stream that has not begun.
 *
 * Everything happens in the backend's one thread: bytes move, and are decoded, while the fetch
 * waits or serves the calls between two items.
 */
#include "postgres.h"

#include <math.h>

#include "common/pg_prng.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "aws/retry.h"
#include "foundation/block_pool.h"
#include "postgres/memory.h"
#include "postgres/relation/relation.h"
#include "postgres/report.h"
#include "postgres/scan/decoded_answer.h"
#include "postgres/scan/fetch_plan.h"
#include "postgres/scan/fetch_source.h"
#include "postgres/settings.h"

/*
 * What one page may take in memory. A page of Query and Scan is 1 MB and an answer of BatchGetItem
 * 16 MB by DynamoDB's count, which takes many times that as decoded values at the very worst.
 */
#define PAGE_MEMORY_MAXIMUM ((Size) 512 * 1024 * 1024)

/* The least a page is taken to need. */
#define PAGE_MEMORY_MINIMUM ((Size) 64 * 1024)

/*
 * What pages that were read leave to those that come: about one page of small items, and no more
 * than this part of what the scan may take.
 */
#define WAITING_MEMORY_MAXIMUM ((Size) 8 * 1024 * 1024)
#define WAITING_MEMORY_SHARE   4

/* A request's body: a filter with values of at most 2 MB, each byte escaped to six at worst. */
#define REQUEST_BODY_MAXIMUM ((Size) 16 * 1024 * 1024)

/*
 * Items handed out before the calls in flight are served again, and of small ones as many as take
 * so much memory: the cost of asking the kernel for readable sockets is then lost among the items'
 * own, and no socket's buffer stays full for long.
 */
#define ITEMS_BETWEEN_SERVING  64
#define MEMORY_BETWEEN_SERVING ((Size) 128 * 1024)

/* Answers in a row that leave every key unprocessed, after which the service counts as refusing. */
#define UNPROCESSED_ROUNDS_MAXIMUM 7

/* One answer: on its way, whole, or neither. */
typedef struct FetchPage
{
	DecodedAnswer answer;
	ByteBuffer *body;  /* of the request, needed until the call is done */
	ServiceCall *call; /* NULL unless on its way */
	double reserved;   /* capacity units, for the rate limit */
	int64 next_item;   /* the first that was not handed out */
	int64 item_count;
} FetchPage;

/* What a stream has to ask for next. */
typedef enum PendingRequest
{
	PENDING_NONE,
	PENDING_FIRST,      /* its first page */
	PENDING_NEXT,       /* what follows the last evaluated key of the page being read */
	PENDING_UNPROCESSED /* what the page being read left unprocessed */
} PendingRequest;

typedef struct Stream
{
	int number; /* which of the plan's */
	FetchPage pages[2];
	FetchPage *reading;   /* whose items are handed out */
	FetchPage *coming;    /* on its way, whole, or free */
	bool coming_is_whole; /* it waits for its turn */
	int turns;            /* pages that were brought to reading */
	PendingRequest pending;
	int64 limit;            /* of its next request */
	int unprocessed_rounds; /* answers in a row without any item, but with unprocessed keys */
} Stream;

struct Fetch
{
	MemoryContext context;
	FetchSource *source; /* other fetches, whose items it hands out; NULL: pages of its own */
	ServiceClient *client;
	FetchPlan plan;
	Arena *scratch;        /* for building one request */
	BlockPool page_blocks; /* of the pages' arenas */

	Stream *streams; /* the places */
	int place_count;
	int stream_count; /* of the plan */
	int next_number;  /* the first stream that has no place yet, of those that are its own */
	int head;         /* in order: the number of the stream whose items come next */
	Stream *current;  /* whose item was handed out last; NULL at first */

	ServiceCall **calls; /* room for waiting on all of them */
	int in_flight;
	int items_until_serving;
	int items_between_serving;
	bool first_pages_kept; /* every page that was read is still in memory */
	Size page_memory;      /* what a page is taken to need */
	bool page_memory_measured;
	FetchCounters counters;
	CapacitySum own_units; /* of a fetch that no statement counts */
};

static void
page_init(Fetch *fetch, FetchPage *page)
{
	*page = (FetchPage){.answer.names = fetch->plan.names};
	page->answer.arena = palloc_object(Arena);
	arena_init(page->answer.arena, block_pool_blocks(&fetch->page_blocks), ARENA_PLAIN,
	           PAGE_MEMORY_MAXIMUM);
	page->body = memory_context_buffer(fetch->context, ARENA_PLAIN, REQUEST_BODY_MAXIMUM);
}

static bool
page_is_exhausted(const FetchPage *page)
{
	return page->next_item >= page->item_count;
}

/* Forgets the contents and gives their memory back: many pages wait for others much of the time. */
static void
page_clear(FetchPage *page)
{
	decoded_answer_clear(&page->answer);
	page->next_item = page->item_count = 0;
}

/* The body of the stream's pending request. */
static CheckedResult
write_request(Fetch *fetch, const Stream *stream, ByteBuffer *body)
{
	const DecodedPage *before = &stream->reading->answer.page;
	PageRequest request = {.stream = stream->number, .limit = stream->limit};

	if (stream->pending == PENDING_UNPROCESSED)
		return dynamodb_write_batch_get_again(before->unprocessed, body);
	if (stream->pending == PENDING_NEXT)
		request.start_key = &before->last_evaluated_key;
	return fetch_plan_write_request(&fetch->plan, &request, fetch->scratch, body);
}

/*
 * Streams.
 */

/* True when a page follows the one being read, as far as is known. */
static bool
stream_has_more(const Stream *stream)
{
	return stream->pending != PENDING_NONE || stream->coming->call != NULL ||
	       stream->coming_is_whole;
}

static bool
stream_is_done(const Stream *stream)
{
	return !stream_has_more(stream) && page_is_exhausted(stream->reading);
}

/* Takes the number of the plan's next stream; false when there is none left. */
static bool
take_stream_number(Fetch *fetch, int *number)
{
	pg_atomic_uint32 *shared = fetch->plan.next_stream;
	uint32 next = shared == NULL ? (uint32) fetch->next_number : pg_atomic_read_u32(shared);

	/* Asked for again and again, the number must not go on counting past the end. */
	if (next >= (uint32) fetch->stream_count)
		return false;
	*number = shared == NULL ? fetch->next_number++ : (int) pg_atomic_fetch_add_u32(shared, 1);
	return *number < fetch->stream_count;
}

/* Gives the place to the next of the plan's streams; false, and nothing changed, without one. */
static bool
stream_assign(Fetch *fetch, Stream *stream)
{
	int number;

	if (!take_stream_number(fetch, &number))
		return false;
	if (stream->turns > 0)
		fetch->first_pages_kept = false;
	page_clear(stream->reading);
	page_clear(stream->coming);
	stream->number = number;
	stream->turns = 0;
	stream->pending = PENDING_FIRST;
	stream->limit = fetch_plan_first_limit(&fetch->plan);
	stream->unprocessed_rounds = 0;
	return true;
}

/* How long the stream's pending request has to wait. */
static int64
stream_delay_ms(const Stream *stream)
{
	if (stream->pending != PENDING_UNPROCESSED)
		return 0;
	return retry_unprocessed_delay_ms(stream->unprocessed_rounds,
	                                  pg_prng_double(&pg_global_prng_state));
}

/*
 * Once what follows a page is asked for, the page itself is needed no longer than for its items.
 * The largest ones come alone, and then there is room for no second one.
 */
static void
stream_drop_exhausted(Fetch *fetch, Stream *stream)
{
	if (stream->turns == 0 || !page_is_exhausted(stream->reading))
		return;
	fetch->first_pages_kept = false;
	page_clear(stream->reading);
}

/* How long a request has to wait, the page's, which reserves what it will use. */
static int64
page_delay_ms(const Fetch *fetch, FetchPage *page, const Stream *stream)
{
	int64 of_stream = stream_delay_ms(stream);
	int64 of_rate;

	page->reserved = fetch_plan_request_units(&fetch->plan);
	of_rate = rate_limit_reserve(fetch->plan.rate_limit, page->reserved);
	return Max(of_stream, of_rate);
}

/* Sends the stream's pending request, into its free page. */
static void
stream_ask(Fetch *fetch, Stream *stream)
{
	FetchPage *page = stream->coming;
	ResponseSink sink = decoded_answer_sink(&page->answer);
	ServiceRequest request = {
	    .service = AWS_DYNAMODB,
	    .operation = request_kind_name(fetch->plan.kind),
	    .table = fetch->plan.read.table_name,
	};
	MemoryContext caller = MemoryContextSwitchTo(fetch->context);

	arena_reset(fetch->scratch);
	buffer_reset(page->body);
	CHECK_RESULT(write_request(fetch, stream, page->body), "build request");
	CHECK_RESULT(buffer_result(page->body), "build request");
	request.body = buffer_bytes(page->body);
	page->call = service_call_start_after(fetch->client, &request, &sink, true,
	                                      page_delay_ms(fetch, page, stream));
	MemoryContextSwitchTo(caller);

	stream->pending = PENDING_NONE;
	stream->limit = fetch_plan_next_limit(&fetch->plan, stream->limit);
	fetch->counters.requests++;
	fetch->in_flight++;
	stream_drop_exhausted(fetch, stream);
}

/* Puts the cost of the page's call to the counters and ends the call. */
static void
fetch_end_call(Fetch *fetch, FetchPage *page)
{
	ServiceCallCost cost = service_call_cost(page->call);

	fetch->counters.bytes_received += cost.bytes_received;
	fetch->counters.retries += cost.retries;
	service_call_count_capacity(page->call, page->answer.page.capacity_units);
	if (service_call_is_done(page->call) || cost.attempts == 0)
		rate_limit_correct(fetch->plan.rate_limit, page->reserved,
		                   page->answer.page.capacity_units);
	service_call_release(page->call);
	page->call = NULL;
	fetch->in_flight--;
}

/* Reports the refusal, unless it says that a table is missing that may be. */
static void
fetch_refused(Fetch *fetch, FetchPage *page, const ServiceError *error)
{
	Bytes name = fetch->plan.read.table_name;

	if (error->class == ERROR_CLASS_NOT_FOUND || error->class == ERROR_CLASS_VALIDATION)
		table_description_forget(fetch->client, pnstrdup(name.data, name.length));
	if (error->class != ERROR_CLASS_NOT_FOUND || !fetch->plan.missing_table_is_empty)
		service_call_check(page->call);
	page_clear(page);
}

/* True when an answer has come for the page, and was not taken. */
static bool
page_is_answered(const FetchPage *page)
{
	return page->call != NULL && service_call_is_done(page->call) &&
	       service_call_error(page->call) == NULL;
}

static int64
answered_item_count(const Fetch *fetch, const FetchPage *page)
{
	const DecodedPage *decoded = &page->answer.page;

	return fetch->plan.read.count_only ? Max(decoded->count, 0) : (int64) decoded->item_count;
}

/* What a whole page brought. */
static FetchCounters
answered_counters(const Fetch *fetch, const FetchPage *page)
{
	const DecodedPage *decoded = &page->answer.page;
	int64 returned = answered_item_count(fetch, page);

	return (FetchCounters){
	    .items_returned = returned,
	    .items_examined = decoded->scanned_count >= 0 ? decoded->scanned_count : returned,
	    .capacity_units = decoded->capacity_units,
	};
}

/* Adds to what the statement has consumed, which must stay below the maximum. */
static void
fetch_spend(const Fetch *fetch, double units)
{
	const FetchPlan *plan = &fetch->plan;
	double of_statement = capacity_sum_add(plan->statement_units, units);

	if (plan->max_capacity_units > 0 && of_statement > plan->max_capacity_units)
		ereport(ERROR,
		        (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
		         errmsg("reading DynamoDB table \"%.*s\" has exceeded max_capacity_units",
		                (int) plan->read.table_name.length, plan->read.table_name.data),
		         errdetail("The statement has consumed %g capacity units; the limit is %g.",
		                   of_statement, plan->max_capacity_units),
		         errhint("Make the conditions narrower, or raise the option max_capacity_units of "
		                 "the foreign table or its server.")));
}

static void
fetch_count_page(Fetch *fetch, const FetchPage *page)
{
	FetchCounters counters = answered_counters(fetch, page);

	fetch_counters_add(&fetch->counters, counters);
	fetch_spend(fetch, counters.capacity_units);
}

/* Measures what pages of this fetch take, in place of the guess. */
static void
fetch_learn_page_memory(Fetch *fetch, const FetchPage *page)
{
	if (!fetch->page_memory_measured)
		fetch->page_memory = PAGE_MEMORY_MINIMUM;
	fetch->page_memory_measured = true;
	fetch->page_memory = Max(fetch->page_memory, page->answer.arena->allocated);
}

/* How large the items are decides how many of them come between two servings. */
static void
fetch_learn_item_memory(Fetch *fetch, const FetchPage *page)
{
	Size of_item = page->answer.arena->allocated / Max(page->item_count, 1) + 1;

	fetch->items_between_serving =
	    Max((int) (MEMORY_BETWEEN_SERVING / of_item), ITEMS_BETWEEN_SERVING);
}

/* Takes the answer of a call that is done. */
static void
stream_settle(Fetch *fetch, Stream *stream)
{
	FetchPage *page = stream->coming;
	const ServiceError *error = service_call_error(page->call);

	if (error != NULL)
		fetch_refused(fetch, page, error);
	fetch_end_call(fetch, page);
	page->next_item = 0;
	page->item_count = answered_item_count(fetch, page);
	stream->coming_is_whole = true;
	fetch_learn_page_memory(fetch, page);
	fetch_learn_item_memory(fetch, page);
	fetch_count_page(fetch, page);
}

/* Counts answers that brought nothing but keys to ask for again, and gives up in the end. */
static void
stream_count_unprocessed(Stream *stream)
{
	stream->unprocessed_rounds =
	    stream->reading->item_count > 0 ? 1 : stream->unprocessed_rounds + 1;
	if (stream->unprocessed_rounds > UNPROCESSED_ROUNDS_MAXIMUM)
		ereport(ERROR,
		        (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
		         errmsg("DynamoDB leaves keys of BatchGetItem unprocessed"),
		         errdetail("%d answers in a row brought no item.", stream->unprocessed_rounds),
		         errhint("The table's read capacity is probably used up.")));
}

/* Brings the page that came to reading, and finds out what follows it. */
static void
stream_turn(Fetch *fetch, Stream *stream)
{
	FetchPage *exhausted = stream->reading;

	stream->reading = stream->coming;
	stream->coming = exhausted;
	stream->coming_is_whole = false;
	if (stream->turns++ > 0)
		fetch->first_pages_kept = false;
	page_clear(exhausted);

	if (stream->reading->answer.page.unprocessed.length > 0)
	{
		stream->pending = PENDING_UNPROCESSED;
		stream_count_unprocessed(stream);
	}
	else if (stream->reading->answer.page.has_last_evaluated_key)
		stream->pending = PENDING_NEXT;
}

/*
 * The fetch: which stream may ask, and which is read.
 */

/* The place of the stream whose items come next, in a fetch in order. */
static Stream *
fetch_head(const Fetch *fetch)
{
	return &fetch->streams[fetch->head % fetch->place_count];
}

/* A stream with items to hand out, now and by the order; NULL when there is none. */
static Stream *
fetch_readable(const Fetch *fetch)
{
	int start = fetch->current == NULL ? 0 : (int) (fetch->current - fetch->streams);

	if (fetch->plan.in_order)
	{
		bool readable =
		    fetch->head < fetch->stream_count && !page_is_exhausted(fetch_head(fetch)->reading);

		return readable ? fetch_head(fetch) : NULL;
	}
	for (int i = 0; i < fetch->place_count; i++)
	{
		Stream *stream = &fetch->streams[(start + i) % fetch->place_count];

		if (!page_is_exhausted(stream->reading))
			return stream;
	}
	return NULL;
}

Size
fetch_page_memory(const Fetch *fetch)
{
	return fetch->page_memory_measured ? fetch->page_memory : 0;
}

Size
fetch_memory(const Fetch *fetch)
{
	Size memory = 0;

	for (int i = 0; i < fetch->place_count; i++)
	{
		const Stream *stream = &fetch->streams[i];
		Size coming = stream->coming->answer.arena->allocated;

		memory += stream->reading->answer.arena->allocated;
		memory += stream->coming->call == NULL ? coming : Max(coming, fetch->page_memory);
	}
	return memory;
}

int
fetch_requests_under_way(const Fetch *fetch)
{
	int count = 0;

	for (int i = 0; i < fetch->place_count; i++)
	{
		const ServiceCall *call = fetch->streams[i].coming->call;

		count += call != NULL && !service_call_is_done(call);
	}
	return count;
}

/* What the pages of a fetch may take together. */
static Size
memory_maximum(const FetchPlan *plan)
{
	return plan->memory_maximum > 0 ? plan->memory_maximum : scan_memory_share(1);
}

static bool
fetch_has_memory_for_page(const Fetch *fetch)
{
	/* A page takes first what waits for it. */
	Size next_page = Max(fetch->page_memory, fetch->page_blocks.waiting_size);

	return fetch_memory(fetch) + next_page <= memory_maximum(&fetch->plan);
}

/* True when nothing can be handed out before this stream's next page has come. */
static bool
stream_is_awaited(const Fetch *fetch, const Stream *stream)
{
	if (fetch->plan.in_order)
		return stream == fetch_head(fetch) && page_is_exhausted(stream->reading);
	return fetch->in_flight == 0 && fetch_readable(fetch) == NULL;
}

static bool
stream_may_ask(const Fetch *fetch, const Stream *stream)
{
	if (stream->pending == PENDING_NONE || stream->coming->call != NULL || stream->coming_is_whole)
		return false;
	if (stream_is_awaited(fetch, stream))
		return true;
	return fetch->plan.row_goal <= 0 && fetch_has_memory_for_page(fetch);
}

static void
stream_proceed(Fetch *fetch, Stream *stream)
{
	if (stream->coming->call != NULL && service_call_is_done(stream->coming->call))
		stream_settle(fetch, stream);
	if (stream->coming_is_whole && page_is_exhausted(stream->reading))
		stream_turn(fetch, stream);
	if (stream_may_ask(fetch, stream))
		stream_ask(fetch, stream);
}

/*
 * Gives the place of a stream that has ended to the next one, whose items are not those that were
 * being handed out: they wait for their turn.
 */
static void
fetch_replace(Fetch *fetch, Stream *stream)
{
	if (!stream_assign(fetch, stream))
		return;
	if (fetch->current == stream)
		fetch->current = NULL;
	stream_proceed(fetch, stream);
}

/* Passes over the streams that have ended, in a fetch in order. */
static void
fetch_advance_head(Fetch *fetch)
{
	while (fetch->head < fetch->stream_count && stream_is_done(fetch_head(fetch)))
	{
		fetch_replace(fetch, fetch_head(fetch));
		fetch->head++;
		if (fetch->head < fetch->stream_count)
			stream_proceed(fetch, fetch_head(fetch));
	}
}

/*
 * Gives back the memory of pages that were read, unless a rewind may want them and there is memory
 * enough without. A page whose continuation is still to be asked for stays.
 */
static void
fetch_forget_read_pages(Fetch *fetch)
{
	if (fetch->first_pages_kept && fetch_has_memory_for_page(fetch))
		return;
	for (int i = 0; i < fetch->place_count; i++)
	{
		Stream *stream = &fetch->streams[i];

		if (stream->turns == 0 || stream->pending != PENDING_NONE ||
		    !page_is_exhausted(stream->reading))
			continue;
		page_clear(stream->reading);
		fetch->first_pages_kept = false;
	}
}

/* Takes what has come and asks for what may be asked for. */
static void
fetch_proceed(Fetch *fetch)
{
	fetch_forget_read_pages(fetch);
	for (int i = 0; i < fetch->place_count; i++)
	{
		Stream *stream = &fetch->streams[i];

		stream_proceed(fetch, stream);
		if (!fetch->plan.in_order && stream_is_done(stream))
			fetch_replace(fetch, stream);
	}
	if (fetch->plan.in_order)
		fetch_advance_head(fetch);
}

/* Waits for any of the pages on their way; false when there is none. */
static bool
fetch_wait(Fetch *fetch)
{
	if (fetch->in_flight == 0)
		return false;
	for (int i = 0; i < fetch->place_count; i++)
		fetch->calls[i] = fetch->streams[i].coming->call;
	service_call_wait_any(fetch->calls, fetch->place_count);
	return true;
}

/* Between items: lets bytes move, at a cost that the items before have earned. */
static void
fetch_serve(Fetch *fetch)
{
	fetch->items_until_serving = fetch->items_between_serving;
	if (fetch->in_flight == 0)
		return;
	service_calls_serve();
	fetch_proceed(fetch);
}

int
fetch_streams_allowed(ServiceClient *client, const FetchPlan *plan)
{
	int most = service_client_options(client)->max_connections;

	if (plan->rate_limit != NULL && (plan->kind == REQUEST_QUERY || plan->kind == REQUEST_SCAN))
		most = Min(most, rate_limit_streams(plan->rate_limit));
	return plan->streams_at_once > 0 ? Min(plan->streams_at_once, most) : most;
}

/* How many streams of the fetch run at once. */
static int
streams_at_once(const Fetch *fetch)
{
	return fetch->plan.row_goal > 0 ? 1 : fetch_streams_allowed(fetch->client, &fetch->plan);
}

/* Makes the places and puts the first streams there, as many as there are. */
static void
fetch_make_places(Fetch *fetch)
{
	fetch->stream_count = fetch_plan_stream_count(&fetch->plan);
	fetch->place_count = Max(Min(streams_at_once(fetch), fetch->stream_count), 1);
	fetch->streams = palloc0_array(Stream, fetch->place_count);
	fetch->calls = palloc0_array(ServiceCall *, fetch->place_count);
	for (int i = 0; i < fetch->place_count; i++)
	{
		Stream *stream = &fetch->streams[i];

		page_init(fetch, &stream->pages[0]);
		page_init(fetch, &stream->pages[1]);
		stream->reading = &stream->pages[0];
		stream->coming = &stream->pages[1];
		(void) stream_assign(fetch, stream);
	}
}

/* How much may wait for pages to come; nothing where few are thought to. */
static Size
waiting_memory(const FetchPlan *plan)
{
	if (plan->row_goal > 0)
		return 0;
	return Min(memory_maximum(plan) / WAITING_MEMORY_SHARE, WAITING_MEMORY_MAXIMUM);
}

/* What the plan's items come from if not from pages of one fetch. */
static FetchSource *
open_source(ServiceClient *client, const FetchPlan *plan)
{
	if (plan->index_plan != NULL)
		return fetch_index_open(client, plan);
	if (plan->lookups_ahead != NULL)
		return fetch_ahead_open(plan);
	if (plan->querys_ahead != NULL)
		return fetch_query_ahead_open(client, plan);
	if (plan->merge_by.length > 0 && plan->key_condition_count > 1)
		return fetch_merge_open(client, plan);
	return NULL;
}

Fetch *
fetch_open(ServiceClient *client, const FetchPlan *plan)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "DynamoDB pages", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Fetch *fetch = palloc0_object(Fetch);

	fetch->context = context;
	fetch->client = client;
	fetch->plan = *plan;
	if (plan->statement_units == NULL)
		fetch->plan.statement_units = &fetch->own_units;
	fetch->source = open_source(client, &fetch->plan);
	if (fetch->source != NULL)
	{
		MemoryContextSwitchTo(caller);
		return fetch;
	}
	fetch->scratch = memory_context_arena(context, ARENA_PLAIN, REQUEST_BODY_MAXIMUM);
	block_pool_init(&fetch->page_blocks, memory_context_blocks(context), waiting_memory(plan));
	fetch->items_until_serving = fetch->items_between_serving = ITEMS_BETWEEN_SERVING;
	fetch->page_memory = fetch_plan_page_memory(plan);
	fetch_make_places(fetch);
	fetch->first_pages_kept =
	    fetch->plan.next_stream == NULL && fetch->place_count >= fetch->stream_count;
	fetch_proceed(fetch);
	MemoryContextSwitchTo(caller);
	return fetch;
}

/* The stream whose next item is next, once it has one; NULL at the end of all. */
static Stream *
fetch_next_stream(Fetch *fetch)
{
	for (;;)
	{
		Stream *stream;

		fetch_proceed(fetch);
		stream = fetch_readable(fetch);
		if (stream != NULL)
			return stream;
		if (!fetch_wait(fetch))
			return NULL;
	}
}

const DynamodbItem *
fetch_next(Fetch *fetch)
{
	static const DynamodbItem empty = {NULL, 0};
	FetchPage *page;
	int64 number;

	if (fetch->source != NULL)
		return fetch->source->next(fetch->source);
	if (--fetch->items_until_serving == 0)
		fetch_serve(fetch);
	if (fetch->current == NULL || page_is_exhausted(fetch->current->reading))
	{
		fetch->current = fetch_next_stream(fetch);
		if (fetch->current == NULL)
			return NULL;
	}
	page = fetch->current->reading;
	number = page->next_item++;
	return fetch->plan.read.count_only ? &empty : &page->answer.page.items[number];
}

int64
fetch_count(Fetch *fetch)
{
	FetchPage *page;
	int64 count;

	fetch->current = fetch_next_stream(fetch);
	if (fetch->current == NULL)
		return 0;
	page = fetch->current->reading;
	count = page->item_count - page->next_item;
	page->next_item = page->item_count;
	return count;
}

bool
fetch_is_ready(Fetch *fetch)
{
	if (fetch->source != NULL)
		return fetch->source->is_ready(fetch->source);
	if (fetch->current != NULL && !page_is_exhausted(fetch->current->reading))
		return true;
	/* With a row goal nothing is asked for before it is needed. */
	if (fetch->plan.row_goal > 0)
		return fetch_readable(fetch) != NULL;
	fetch_proceed(fetch);
	return fetch_readable(fetch) != NULL || fetch->in_flight == 0;
}

bool
fetch_rewind(Fetch *fetch)
{
	if (fetch->source != NULL || !fetch->first_pages_kept)
		return false;
	for (int i = 0; i < fetch->place_count; i++)
		fetch->streams[i].reading->next_item = 0;
	fetch->head = 0;
	fetch->current = NULL;
	return true;
}

/*
 * Takes the stream's first page, if it has come; what has failed is left to those who ask for its
 * items. True when it is all that the plan will probably be asked for.
 */
static bool
stream_take_first_page(Fetch *fetch, Stream *stream)
{
	if (stream->turns == 0 && page_is_answered(stream->coming))
	{
		stream_settle(fetch, stream);
		stream_turn(fetch, stream);
	}
	return stream->turns > 0 && (fetch->plan.row_goal > 0 || !stream_has_more(stream));
}

bool
fetch_is_at_hand(Fetch *fetch, int64 *count)
{
	*count = 0;
	for (int i = 0; i < fetch->place_count; i++)
	{
		if (!stream_take_first_page(fetch, &fetch->streams[i]))
			return false;
		*count += fetch->streams[i].reading->item_count;
	}
	return fetch->first_pages_kept;
}

const DynamodbItem *
fetch_item_at_hand(const Fetch *fetch, int64 number)
{
	const Stream *stream = fetch->streams;

	while (number >= stream->reading->item_count)
		number -= stream++->reading->item_count;
	return &stream->reading->answer.page.items[number];
}

/* Adds what a page has cost that was not taken. */
static void
count_coming_page(FetchCounters *counters, const Fetch *fetch, const FetchPage *page)
{
	ServiceCallCost cost;

	if (page->call == NULL)
		return;
	cost = service_call_cost(page->call);
	counters->bytes_received += cost.bytes_received;
	counters->retries += cost.retries;
	if (page_is_answered(page))
		fetch_counters_add(counters, answered_counters(fetch, page));
}

FetchCounters
fetch_counters(const Fetch *fetch)
{
	FetchCounters counters = fetch->counters;

	if (fetch->source != NULL)
		return fetch->source->counters(fetch->source);
	for (int i = 0; i < fetch->place_count; i++)
		count_coming_page(&counters, fetch, fetch->streams[i].coming);
	return counters;
}

void
fetch_counters_add(FetchCounters *total, FetchCounters counters)
{
	total->requests += counters.requests;
	total->items_examined += counters.items_examined;
	total->items_returned += counters.items_returned;
	total->bytes_received += counters.bytes_received;
	total->capacity_units += counters.capacity_units;
	total->retries += counters.retries;
}

/*
 * Gives up a page that nobody has asked for. What its answer consumed belongs to the statement, but
 * is no reason to end it: what was asked for is there.
 */
static void
fetch_give_up(Fetch *fetch, FetchPage *page)
{
	if (page->call == NULL)
		return;
	if (page_is_answered(page))
		(void) capacity_sum_add(fetch->plan.statement_units, page->answer.page.capacity_units);
	fetch_end_call(fetch, page);
}

void
fetch_close(Fetch *fetch)
{
	if (fetch->source != NULL)
		fetch->source->close(fetch->source);
	for (int i = 0; i < fetch->place_count; i++)
		fetch_give_up(fetch, fetch->streams[i].coming);
	MemoryContextDelete(fetch->context);
}
