/*
 * fetch_source.h
 *		Fetches whose items come from other fetches; for the files of fetch alone.
 *
 * fetch_open() hands such a plan to one of these, and the other functions of fetch.h to what it
 * makes. Each lives in CurrentMemoryContext and gives the same promises.
 */
#ifndef POSTGRES_SCAN_FETCH_SOURCE_H
#define POSTGRES_SCAN_FETCH_SOURCE_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/scan/fetch.h"

typedef struct FetchSource FetchSource;

struct FetchSource
{
	const DynamodbItem *(*next)(FetchSource *source);
	bool (*is_ready)(FetchSource *source);
	FetchCounters (*counters)(const FetchSource *source);
	void (*close)(FetchSource *source); /* ends what is in flight; memory goes with the context */
};

/*
 * In lookups_ahead.c: the items of the plan's keys, fetched together with those of other rows; NULL
 * when plan->lookups_ahead does not know them all.
 */
extern FetchSource *fetch_ahead_open(const FetchPlan *plan);

/*
 * In querys_ahead.c: the items of the plan's Querys, which run beside those of other rows; NULL
 * when plan->querys_ahead does not know them.
 */
extern FetchSource *fetch_query_ahead_open(ServiceClient *client, const FetchPlan *plan);

/* In fetch_merge.c: the items of all key conditions in the order of plan->merge_by. */
extern FetchSource *fetch_merge_open(ServiceClient *client, const FetchPlan *plan);

/* In fetch_index.c: the items whose keys plan->index_plan finds in an index. */
extern FetchSource *fetch_index_open(ServiceClient *client, const FetchPlan *plan);

#endif
