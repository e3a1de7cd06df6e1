/*
 * fetch_plan.h
 *		What a plan of reading asks the service for; for the files of fetch alone.
 *
 * A plan is read as streams of pages, which are numbered from 0.
 */
#ifndef POSTGRES_SCAN_FETCH_PLAN_H
#define POSTGRES_SCAN_FETCH_PLAN_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/scan/fetch.h"

/* How many streams there are. */
extern int fetch_plan_stream_count(const FetchPlan *plan);

/* Bytes that a page is taken to need while none has come. */
extern Size fetch_plan_page_memory(const FetchPlan *plan);

/* Capacity units that a request will probably use. */
extern double fetch_plan_request_units(const FetchPlan *plan);

/*
 * The Limit of a stream's first request, the row goal within the table's fetch_size, and of the
 * request after one with this limit; 0: none.
 */
extern int64 fetch_plan_first_limit(const FetchPlan *plan);
extern int64 fetch_plan_next_limit(const FetchPlan *plan, int64 limit);

/* One page. Lookups have neither limit nor start key. */
typedef struct PageRequest
{
	int stream;
	int64 limit;                   /* 0: none */
	const DynamodbItem *start_key; /* the page before ended here; NULL: there was none */
} PageRequest;

/* Appends the request's body. `scratch` is for building it and may be reset afterwards. */
extern CheckedResult fetch_plan_write_request(const FetchPlan *plan, const PageRequest *page,
                                              Arena *scratch, ByteBuffer *body);

#endif
