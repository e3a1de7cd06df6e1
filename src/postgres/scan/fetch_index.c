/*
 * fetch_index.c
 *		Items by way of an index that does not hold all that is needed: its keys, and the table's
 *		items of those keys.
 *
 * Keys are taken from the index some hundred at a time, and their items are looked up before the
 * next ones. An index lags behind its table: items that are gone are not found, and those that have
 * changed are as they are now, so that every condition must be checked on them.
 *
 * Where the rows that ask are read ahead, the index's Query is one of querys_ahead.h, and the first
 * of its keys are looked up with those that other rows' Querys have found meanwhile: for each row
 * there is one Query beside others, and for a hundred keys one BatchGetItem.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/memory.h"
#include "postgres/scan/fetch_source.h"
#include "postgres/scan/lookup_keys.h"

/* Keys looked up before others are taken from the index: ten requests, which run at once. */
#define KEYS_AT_ONCE (10 * BATCH_GET_KEYS_MAXIMUM)

/* A key is at most 3 KB. */
#define KEYS_BYTES_MAXIMUM ((Size) 16 * 1024 * 1024)

typedef struct IndexSource
{
	FetchSource source;
	ServiceClient *client;
	FetchPlan plan; /* of the lookups, but for their keys */
	Fetch *keys;
	Fetch *items;         /* NULL: the next keys are to be taken */
	MemoryContext lookup; /* those keys, and their fetch */
	int keys_wanted;
	FetchCounters past; /* of the lookups before */
} IndexSource;

/* Takes the next keys and begins to look them up; false when there are none. */
static bool
index_look_up(IndexSource *index)
{
	MemoryContext caller = MemoryContextSwitchTo(index->lookup);
	Arena *arena = memory_context_arena(index->lookup, ARENA_PLAIN, KEYS_BYTES_MAXIMUM);
	DynamodbItem *keys = palloc_array(DynamodbItem, index->keys_wanted);
	const DynamodbItem *item;
	int count = 0;

	while (count < index->keys_wanted && (item = fetch_next(index->keys)) != NULL)
		keys[count++] = lookup_key_copy(index->plan.table_keys, item, arena);
	index->plan.keys = keys;
	/* An item that moves within an index may be met twice; BatchGetItem takes no key twice. */
	index->plan.key_count = lookup_keys_make_unique(keys, count);
	if (count > 0)
		index->items = fetch_open(index->client, &index->plan);
	/* What is known of other rows' keys must not give way to further ones of this row. */
	index->plan.lookups_ahead = NULL;
	index->keys_wanted = Min(index->keys_wanted * 2, KEYS_AT_ONCE);
	MemoryContextSwitchTo(caller);
	return count > 0;
}

static void
index_end_lookup(IndexSource *index)
{
	if (index->items != NULL)
	{
		fetch_counters_add(&index->past, fetch_counters(index->items));
		fetch_close(index->items);
	}
	index->items = NULL;
	MemoryContextReset(index->lookup);
}

static const DynamodbItem *
index_source_next(FetchSource *source)
{
	IndexSource *index = (IndexSource *) source;

	for (;;)
	{
		const DynamodbItem *item = index->items == NULL ? NULL : fetch_next(index->items);

		if (item != NULL)
			return item;
		index_end_lookup(index);
		if (!index_look_up(index))
			return NULL;
	}
}

static bool
index_source_is_ready(FetchSource *source)
{
	const IndexSource *index = (const IndexSource *) source;

	return index->items != NULL && fetch_is_ready(index->items);
}

static FetchCounters
index_source_counters(const FetchSource *source)
{
	const IndexSource *index = (const IndexSource *) source;
	FetchCounters counters = index->past;

	fetch_counters_add(&counters, fetch_counters(index->keys));
	if (index->items != NULL)
		fetch_counters_add(&counters, fetch_counters(index->items));
	return counters;
}

static void
index_source_close(FetchSource *source)
{
	IndexSource *index = (IndexSource *) source;

	index_end_lookup(index);
	fetch_close(index->keys);
}

FetchSource *
fetch_index_open(ServiceClient *client, const FetchPlan *plan)
{
	IndexSource *index = palloc0_object(IndexSource);
	FetchPlan of_keys = *plan->index_plan;
	double goal = plan->row_goal > 0 ? plan->row_goal : KEYS_AT_ONCE;

	of_keys.names = plan->names;
	of_keys.statement_units = plan->statement_units;
	of_keys.querys_ahead = plan->querys_ahead;
	index->source = (FetchSource){index_source_next, index_source_is_ready, index_source_counters,
	                              index_source_close};
	index->client = client;
	index->plan = *plan;
	index->plan.index_plan = NULL;
	index->plan.querys_ahead = NULL;
	index->plan.row_goal = 0;
	index->keys_wanted = (int) Max(Min(goal, KEYS_AT_ONCE), 1);
	index->lookup = AllocSetContextCreate(CurrentMemoryContext, "DynamoDB index lookup",
	                                      ALLOCSET_DEFAULT_SIZES);
	index->keys = fetch_open(client, &of_keys);
	return &index->source;
}
