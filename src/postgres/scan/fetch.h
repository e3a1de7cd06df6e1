/*
 * fetch.h
 *		Items from DynamoDB: requests in flight, pages followed to the end, one item handed out at a
 *		time.
 */
#ifndef POSTGRES_SCAN_FETCH_H
#define POSTGRES_SCAN_FETCH_H

#include "postgres.h"

#include "port/atomics.h"

#include "postgres/compat.h"

#include "aws/dynamodb.h"
#include "item/page_decoder.h"
#include "postgres/scan/capacity.h"
#include "postgres/scan/rate_limit.h"
#include "postgres/service/service_call.h"

typedef enum RequestKind
{
	REQUEST_GET_ITEM,
	REQUEST_BATCH_GET_ITEM,
	REQUEST_QUERY,
	REQUEST_SCAN
} RequestKind;

/* "GetItem" …: the operation's name. Static. */
extern const char *request_kind_name(RequestKind kind);

/* What is to be read. Everything pointed to is borrowed until the source is closed. */
typedef struct FetchPlan FetchPlan;

/* See lookups_ahead.h and querys_ahead.h. */
typedef struct LookupsAhead LookupsAhead;
typedef struct QuerysAhead QuerysAhead;

/*
 * Is told of an item before it is asked for, so that what else its row needs can be on its way.
 * Allocates in CurrentMemoryContext, which is deleted once the item was asked for and left behind.
 */
typedef void (*ItemListener)(void *context, const DynamodbItem *item);

struct FetchPlan
{
	RequestKind kind;
	ReadRequest read;                 /* Query and Scan: all but key_condition, segment and start */
	const Condition **key_conditions; /* Query: one stream of pages for each */
	int key_condition_count;
	int segments;                 /* Scan: parts of the table, at least 1 … */
	const int32 *segment_numbers; /* … of which these are read, a stream each; NULL: all */
	int segment_number_count;
	pg_atomic_uint32
	    *next_stream;         /* Scan: what several processes count off; NULL: all are its own */
	int streams_at_once;      /* of those that run; 0: as many as max_connections allows */
	const DynamodbItem *keys; /* lookups */
	int key_count;            /* GetItem: one request for each; BatchGetItem: a hundred in one */
	const NameTable *names;   /* NULL: no slots */
	bool in_order;            /* streams one after another, as listed; else as they come */
	Bytes merge_by; /* Query: streams are ordered by this attribute, items of all merged by it */
	const FetchPlan *index_plan; /* lookups: the keys are those that this one finds in an index … */
	const KeySchema *table_keys;  /* … where the table's key attributes have these names */
	LookupsAhead *lookups_ahead;  /* of lookups: may have the items, with those of other rows, or
	                                 ask for them; NULL: does not */
	QuerysAhead *querys_ahead;    /* of Querys: the same */
	Size page_memory;             /* what a page is taken to need at first; 0: not known */
	Size memory_maximum;          /* of all its pages; 0: as much as a scan may take */
	int64 row_goal;               /* rows that will probably be asked for; 0 for all: see below */
	double max_capacity_units;    /* 0: no maximum; 53400 when passed */
	RateLimit *rate_limit;        /* of the foreign table; NULL: none */
	CapacitySum *statement_units; /* to which the fetch adds; NULL: its own */
	bool missing_table_is_empty;  /* no items instead of HV00R */
};

/*
 * With a row_goal, nothing is asked for ahead of need and a page's Limit follows the goal, doubled
 * with every further page; it never ends the reading, which goes on for as long as items are asked
 * for.
 *
 * Several processes may share the streams of one plan: each takes the number of the next from
 * next_stream, and hands out the items of those that it has taken.
 *
 * Without a row_goal, each stream asks for its next page as soon as the last one is whole, before
 * that one's items are handed out, and as many streams run at once as max_connections and
 * dynamodb_kms_fdw.max_memory_per_scan allow.
 */

typedef struct FetchCounters
{
	int64 requests;       /* retries not counted */
	int64 items_examined; /* what the service looked at, before its filter */
	int64 items_returned; /* what it sent */
	int64 bytes_received;
	double capacity_units;
	int64 retries;
} FetchCounters;

/* Adds the counters of another fetch. */
extern void fetch_counters_add(FetchCounters *total, FetchCounters counters);

typedef struct Fetch Fetch;

/* Begins reading, in a context of its own below CurrentMemoryContext. Sends the first requests. */
extern Fetch *fetch_open(ServiceClient *client, const FetchPlan *plan);

/*
 * The next item, valid until the next call; NULL at the end of all streams. With read.count_only
 * the items have no attributes. Waits where it must; errors are reported. When the service
 * contradicts the table's description, that is forgotten before the error.
 */
extern const DynamodbItem *fetch_next(Fetch *fetch);

/*
 * Of a fetch with read.count_only: hands out all items of a page that were not, and gives their
 * number; 0 at the end of all streams. Waits and reports as fetch_next() does.
 */
extern int64 fetch_count(Fetch *fetch);

/* True when fetch_next() would not wait; where items come by way of an index, but for the next
 * keys.
 */
extern bool fetch_is_ready(Fetch *fetch);

/*
 * Begins again with the first item, without asking for anything anew. False, and nothing changed,
 * when a page that was handed out is no longer in memory.
 */
extern bool fetch_rewind(Fetch *fetch);

/*
 * True when the first page of each Query is in memory and nothing follows them, or with a row_goal
 * probably nothing of it is needed; then *count is the number of their items, those that were
 * handed out among them, and fetch_item_at_hand() gives each, valid until fetch_next(). Neither
 * waits, asks for anything or hands anything out; what has failed is no error yet, but
 * max_capacity_units may be passed. Of a fetch that has pages of its own, without read.count_only.
 */
extern bool fetch_is_at_hand(Fetch *fetch, int64 *count);
extern const DynamodbItem *fetch_item_at_hand(const Fetch *fetch, int64 number);

/*
 * What it has cost so far, with the answers that have come and were not asked for. What the service
 * does for a request that is given up before its answer has come is not known.
 */
extern FetchCounters fetch_counters(const Fetch *fetch);

/*
 * The memory of its pages, those on their way taken to become as large as others were; and the
 * largest of those that were read, 0 while there was none. Of a fetch that has pages of its own.
 */
extern Size fetch_memory(const Fetch *fetch);
extern Size fetch_page_memory(const Fetch *fetch);

/* How many of its requests have not been answered yet. */
extern int fetch_requests_under_way(const Fetch *fetch);

/* How many sequences of pages of such a plan may be read at once. */
extern int fetch_streams_allowed(ServiceClient *client, const FetchPlan *plan);

/* Gives up what is in flight and frees everything. */
extern void fetch_close(Fetch *fetch);

#endif
