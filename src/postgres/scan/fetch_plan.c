/*
 * fetch_plan.c
 *		A plan's streams, the bodies of its requests, and what they probably need.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/scan/fetch_plan.h"

/*
 * What a page is taken to need while none has come: one of BatchGetItem may be sixteen times as
 * large as one of Query and Scan, so the first comes alone.
 */
#define PAGE_MEMORY_FIRST_GUESS  ((Size) 16 * 1024 * 1024)
#define BATCH_MEMORY_FIRST_GUESS ((Size) 64 * 1024 * 1024)
#define ITEM_MEMORY_FIRST_GUESS  ((Size) 512 * 1024)

/*
 * Capacity units that a request is thought to use: a page of 1 MB, a hundred items of 4 KB, an
 * item; half of that with eventual consistency.
 */
#define UNITS_OF_PAGE  256.0
#define UNITS_OF_BATCH 100.0
#define UNITS_OF_ITEM  1.0

const char *
request_kind_name(RequestKind kind)
{
	static const char *const names[] = {
	    [REQUEST_GET_ITEM] = "GetItem",
	    [REQUEST_BATCH_GET_ITEM] = "BatchGetItem",
	    [REQUEST_QUERY] = "Query",
	    [REQUEST_SCAN] = "Scan",
	};

	return names[kind];
}

int
fetch_plan_stream_count(const FetchPlan *plan)
{
	switch (plan->kind)
	{
		case REQUEST_GET_ITEM:
			return plan->key_count;
		case REQUEST_BATCH_GET_ITEM:
			return (plan->key_count + BATCH_GET_KEYS_MAXIMUM - 1) / BATCH_GET_KEYS_MAXIMUM;
		case REQUEST_QUERY:
			return plan->key_condition_count;
		case REQUEST_SCAN:
			return plan->segment_numbers == NULL ? plan->segments : plan->segment_number_count;
	}
	pg_unreachable();
}

Size
fetch_plan_page_memory(const FetchPlan *plan)
{
	if (plan->page_memory > 0)
		return plan->page_memory;
	switch (plan->kind)
	{
		case REQUEST_GET_ITEM:
			return ITEM_MEMORY_FIRST_GUESS;
		case REQUEST_BATCH_GET_ITEM:
			return BATCH_MEMORY_FIRST_GUESS;
		case REQUEST_QUERY:
		case REQUEST_SCAN:
			return PAGE_MEMORY_FIRST_GUESS;
	}
	pg_unreachable();
}

double
fetch_plan_request_units(const FetchPlan *plan)
{
	static const double units[] = {
	    [REQUEST_GET_ITEM] = UNITS_OF_ITEM,
	    [REQUEST_BATCH_GET_ITEM] = UNITS_OF_BATCH,
	    [REQUEST_QUERY] = UNITS_OF_PAGE,
	    [REQUEST_SCAN] = UNITS_OF_PAGE,
	};

	return plan->read.consistent_read ? units[plan->kind] : units[plan->kind] / 2;
}

int64
fetch_plan_first_limit(const FetchPlan *plan)
{
	int64 fetch_size = plan->read.limit;

	if (plan->row_goal <= 0)
		return fetch_size;
	return fetch_size == 0 ? plan->row_goal : Min(plan->row_goal, fetch_size);
}

int64
fetch_plan_next_limit(const FetchPlan *plan, int64 limit)
{
	int64 fetch_size = plan->read.limit;

	if (plan->row_goal <= 0 || limit == 0)
		return limit;
	if (limit > PG_INT32_MAX / 2)
		return fetch_size;
	return fetch_size == 0 ? limit * 2 : Min(limit * 2, fetch_size);
}

static CheckedResult
write_lookup(const FetchPlan *plan, int number, Arena *scratch, ByteBuffer *body)
{
	bool batch = plan->kind == REQUEST_BATCH_GET_ITEM;
	int keys_each = batch ? BATCH_GET_KEYS_MAXIMUM : 1;
	int first = number * keys_each;
	LookupRequest request = {
	    .table_name = plan->read.table_name,
	    .keys = plan->keys + first,
	    .key_count = (size_t) Min(keys_each, plan->key_count - first),
	    .projection = plan->read.projection,
	    .projection_count = plan->read.projection_count,
	    .consistent_read = plan->read.consistent_read,
	};

	return batch ? dynamodb_write_batch_get_item(scratch, &request, body)
	             : dynamodb_write_get_item(scratch, &request, body);
}

static CheckedResult
write_read(const FetchPlan *plan, const PageRequest *page, Arena *scratch, ByteBuffer *body)
{
	ReadRequest request = plan->read;

	request.limit = page->limit;
	request.exclusive_start_key = page->start_key;
	if (plan->kind == REQUEST_QUERY)
	{
		request.key_condition = plan->key_conditions[page->stream];
		return dynamodb_write_query(scratch, &request, body);
	}
	request.total_segments = plan->segments;
	request.segment =
	    plan->segment_numbers == NULL ? page->stream : plan->segment_numbers[page->stream];
	return dynamodb_write_scan(scratch, &request, body);
}

CheckedResult
fetch_plan_write_request(const FetchPlan *plan, const PageRequest *page, Arena *scratch,
                         ByteBuffer *body)
{
	if (plan->kind == REQUEST_QUERY || plan->kind == REQUEST_SCAN)
		return write_read(plan, page, scratch, body);
	return write_lookup(plan, page->stream, scratch, body);
}
