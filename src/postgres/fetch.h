/*
 * fetch.h
 *		Items from DynamoDB: requests in flight, pages followed to the end, one item handed out at a
 *		time.
 */
#ifndef POSTGRES_FETCH_H
#define POSTGRES_FETCH_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/dynamodb.h"
#include "item/page_decoder.h"
#include "postgres/service_call.h"

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
typedef struct FetchPlan
{
	RequestKind kind;
	ReadRequest read;                 /* Query and Scan: all but key_condition, segment and start */
	const Condition **key_conditions; /* Query: one stream of pages for each */
	int key_condition_count;
	int segments;                /* Scan: streams, at least 1 */
	const Item *keys;            /* lookups */
	int key_count;               /* GetItem: one request for each; BatchGetItem: a hundred in one */
	const NameTable *names;      /* NULL: no slots */
	bool in_order;               /* streams one after another, as listed; else as they come */
	int64 row_goal;              /* rows that will probably be asked for; 0 for all: see below */
	double max_capacity_units;   /* 0: no maximum; 53400 when passed */
	bool missing_table_is_empty; /* no items instead of HV00R */
} FetchPlan;

/*
 * With a row_goal, nothing is asked for ahead of need and a page's Limit follows the goal; it never
 * ends the reading, which goes on for as long as items are asked for.
 */

typedef struct FetchCounters
{
	int64 requests; /* answered or given up, retries not counted */
	int64 items_examined;
	int64 items_returned;
	int64 bytes_received;
	double capacity_units;
	int64 retries;
} FetchCounters;

typedef struct Fetch Fetch;

/* Begins reading, in a context of its own below CurrentMemoryContext. Sends the first requests. */
extern Fetch *fetch_open(ServiceClient *client, const FetchPlan *plan);

/*
 * The next item, valid until the next call; NULL at the end of all streams. Waits where it must;
 * errors are reported.
 */
extern const Item *fetch_next(Fetch *fetch);

/* What it has cost so far. */
extern FetchCounters fetch_counters(const Fetch *fetch);

/* Gives up what is in flight and frees everything. */
extern void fetch_close(Fetch *fetch);

#endif
