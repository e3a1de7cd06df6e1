/*
 * fetch_merge.c
 *		The items of several Querys, each in order, as one sequence in that order.
 */
#include "postgres.h"

#include "lib/binaryheap.h"

#include "postgres/compat.h"

#include "postgres/conditions/binding.h"
#include "postgres/scan/fetch_source.h"

/*
 * Items of each Query's first page where the statement has no limit: the pages of all of them are
 * in memory at once.
 */
#define FIRST_PAGE_ITEMS 256

/* One Query and its next item. */
typedef struct MergedFetch
{
	Fetch *fetch;
	const DynamodbItem *item;
} MergedFetch;

typedef struct MergeSource
{
	FetchSource source;
	Bytes attribute; /* by which each Query is ordered: scalars of one type */
	bool backward;
	MergedFetch *merged;
	int count;
	binaryheap *heap; /* of those that have an item, as pointers */
	bool begun;
} MergeSource;

/* The heap's first is the largest, so what comes first counts as larger. */
static int
compare_merged(Datum left, Datum right, void *context)
{
	const MergeSource *merge = context;
	const MergedFetch *a = (const MergedFetch *) DatumGetPointer(left);
	const MergedFetch *b = (const MergedFetch *) DatumGetPointer(right);
	int order =
	    scalar_compare(item_find(a->item, merge->attribute), item_find(b->item, merge->attribute));

	return merge->backward ? order : -order;
}

/* Puts the first item of each Query into the heap. */
static void
merge_begin(MergeSource *merge)
{
	merge->begun = true;
	for (int i = 0; i < merge->count; i++)
	{
		merge->merged[i].item = fetch_next(merge->merged[i].fetch);
		if (merge->merged[i].item != NULL)
			binaryheap_add_unordered(merge->heap, PointerGetDatum(&merge->merged[i]));
	}
	binaryheap_build(merge->heap);
}

/* Takes the next item of the Query whose item was handed out last. */
static void
merge_advance(MergeSource *merge)
{
	MergedFetch *current = (MergedFetch *) DatumGetPointer(binaryheap_first(merge->heap));

	current->item = fetch_next(current->fetch);
	if (current->item == NULL)
		binaryheap_remove_first(merge->heap);
	else
		binaryheap_replace_first(merge->heap, PointerGetDatum(current));
}

static const DynamodbItem *
merge_next(FetchSource *source)
{
	MergeSource *merge = (MergeSource *) source;

	if (!merge->begun)
		merge_begin(merge);
	else if (!binaryheap_empty(merge->heap))
		merge_advance(merge);
	if (binaryheap_empty(merge->heap))
		return NULL;
	return ((MergedFetch *) DatumGetPointer(binaryheap_first(merge->heap)))->item;
}

static bool
merge_is_ready(FetchSource *source)
{
	const MergeSource *merge = (const MergeSource *) source;
	MergedFetch *first;

	if (!merge->begun)
		return false;
	if (binaryheap_empty(merge->heap))
		return true;
	first = (MergedFetch *) DatumGetPointer(binaryheap_first(merge->heap));
	return fetch_is_ready(first->fetch);
}

static FetchCounters
merge_counters(const FetchSource *source)
{
	const MergeSource *merge = (const MergeSource *) source;
	FetchCounters counters = {0};

	for (int i = 0; i < merge->count; i++)
		fetch_counters_add(&counters, fetch_counters(merge->merged[i].fetch));
	return counters;
}

static void
merge_close(FetchSource *source)
{
	MergeSource *merge = (MergeSource *) source;

	for (int i = 0; i < merge->count; i++)
		fetch_close(merge->merged[i].fetch);
}

FetchSource *
fetch_merge_open(ServiceClient *client, const FetchPlan *plan)
{
	MergeSource *merge = palloc0_object(MergeSource);
	FetchPlan single = *plan;

	merge->source = (FetchSource){merge_next, merge_is_ready, merge_counters, merge_close};
	merge->attribute = plan->merge_by;
	merge->backward = plan->read.backward;
	merge->count = plan->key_condition_count;
	merge->merged = palloc0_array(MergedFetch, merge->count);
	merge->heap = binaryheap_allocate(merge->count, compare_merged, merge);
	single.merge_by = BYTES_EMPTY;
	single.key_condition_count = 1;
	if (single.row_goal == 0)
		single.row_goal = FIRST_PAGE_ITEMS;
	for (int i = 0; i < merge->count; i++)
	{
		single.key_conditions = &plan->key_conditions[i];
		merge->merged[i].fetch = fetch_open(client, &single);
	}
	return &merge->source;
}
