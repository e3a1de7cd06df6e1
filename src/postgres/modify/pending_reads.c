/*
 * pending_reads.c
 *		The pending items of a scan: found, read anew, put in order.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "postgres/compat.h"

#include "item/key_condition.h"
#include "postgres/memory.h"
#include "postgres/modify/pending_conflicts.h"
#include "postgres/modify/pending_items.h"
#include "postgres/modify/pending_reads.h"
#include "postgres/report.h"
#include "postgres/scan/stored_items.h"

/* The pending items of one scan: what is sent is at most 4 MB, what is read at most 100 items. */
#define PENDING_READS_MAXIMUM ((Size) 256 * 1024 * 1024)

struct PendingReads
{
	MemoryContext context;
	const ForeignRelation *relation;
	const PendingTable *table;
	const IndexDescription *index; /* that is read; NULL: the table */
	CommandId command;
	NameTable names;        /* the reader's, for whole items */
	const FetchPlan *query; /* that reads the index */
	bool in_order;          /* by the hash attribute, then by the range attribute … */
	bool hash_backward;
	bool merged; /* … or by the range attribute alone */
	bool backward;
	Arena *arena;

	List *changed; /* PendingItems whose stored item is read anew */
	Fetch *fetch;  /* that reads them; NULL when it is done */
	FetchCounters counters;

	DynamodbItem *items;
	int count;
	int next;
	bool complete; /* all items are there, in order */
};

/* ---- which items concern the scan ---- */

static bool
is_among_keys(const FetchPlan *plan, const PendingItem *item)
{
	for (int i = 0; i < plan->key_count; i++)
	{
		if (pending_key_equal(item->table, &plan->keys[i], &item->key))
			return true;
	}
	return false;
}

static bool
satisfies_key_condition(const FetchPlan *plan, const DynamodbItem *item)
{
	for (int i = 0; i < plan->key_condition_count; i++)
	{
		if (key_condition_holds(plan->key_conditions[i], item))
			return true;
	}
	return false;
}

/* False when the key alone says that the item cannot be among the rows. */
static bool
may_be_row(const PendingReads *reads, const FetchPlan *plan, const PendingItem *item)
{
	if (reads->index != NULL)
		return true;
	switch (plan->kind)
	{
		case REQUEST_GET_ITEM:
		case REQUEST_BATCH_GET_ITEM:
			return is_among_keys(plan, item);
		case REQUEST_QUERY:
			return satisfies_key_condition(plan, &item->key);
		case REQUEST_SCAN:
			return true;
	}
	pg_unreachable();
}

/* True when all key attributes of the index are there, and of its types. */
static bool
has_keys(const KeyAttribute *attributes, uint32 count, const DynamodbItem *item)
{
	for (uint32 i = 0; i < count; i++)
	{
		const AttributeValue *value = item_find(item, attributes[i].name);

		if (value == NULL || value->type != attributes[i].type)
			return false;
	}
	return true;
}

/* True when the index would give the item: key conditions may be checked nowhere else. */
static bool
is_given_by_index(const PendingReads *reads, const DynamodbItem *item)
{
	const IndexDescription *index = reads->index;

	if (index == NULL)
		return true;
	return has_keys(index->keys.hash, index->keys.hash_count, item) &&
	       has_keys(index->keys.range, index->keys.range_count, item) &&
	       (reads->query->kind != REQUEST_QUERY || satisfies_key_condition(reads->query, item));
}

static void
add_item(PendingReads *reads, const DynamodbItem *item)
{
	if (is_given_by_index(reads, item))
		stored_item_place_attributes(reads->arena, &reads->names, item,
		                             &reads->items[reads->count++]);
}

/* Sorts the pending items into those that are there and those that are to be read. */
static void
find_items(PendingReads *reads, const FetchPlan *plan)
{
	dlist_iter iterator;

	dlist_foreach(iterator, pending_items())
	{
		PendingItem *item = dlist_container(PendingItem, node, iterator.cur);
		const PendingVersion *version = pending_item_version(item, reads->command);

		if (version == NULL || item->table != reads->table || !may_be_row(reads, plan, item))
			continue;
		if (version->action.effect == ITEM_EFFECT_PUT)
			add_item(reads, &version->action.item);
		else if (version->action.effect == ITEM_EFFECT_CHANGE)
			reads->changed = lappend(reads->changed, item);
	}
}

/* Takes the pending keys out of those that the plan looks up. */
static void
look_up_others(const PendingReads *reads, FetchPlan *plan)
{
	DynamodbItem *others = palloc_array(DynamodbItem, Max(plan->key_count, 1));
	int count = 0;

	for (int i = 0; i < plan->key_count; i++)
	{
		if (!pending_reads_replace(reads, &plan->keys[i]))
			others[count++] = plan->keys[i];
	}
	plan->keys = others;
	plan->key_count = count;
}

/* What is counted must be told apart. */
static void
ask_for_items(const PendingReads *reads, const Access *access, FetchPlan *plan)
{
	if (!plan->read.count_only)
		return;
	plan->read.count_only = false;
	plan->read.projection =
	    access_projection(access, reads->relation, &plan->read.projection_count);
}

static void
read_changed(PendingReads *reads, const FetchPlan *scan_plan)
{
	int count = list_length(reads->changed);
	DynamodbItem *keys;
	FetchPlan plan;
	ListCell *cell;

	if (count == 0)
		return;
	keys = palloc_array(DynamodbItem, count);
	foreach (cell, reads->changed)
		keys[foreach_current_index(cell)] = ((PendingItem *) lfirst(cell))->key;
	plan = stored_items_plan(reads->relation, keys, count);
	plan.max_capacity_units = scan_plan->max_capacity_units;
	plan.rate_limit = scan_plan->rate_limit;
	plan.statement_units = scan_plan->statement_units;
	reads->fetch = fetch_open(reads->relation->client, &plan);
}

PendingReads *
pending_reads_begin(const ForeignRelation *relation, const Access *access, const RowReader *reader,
                    FetchPlan *plan, CommandId command)
{
	const PendingTable *table = pending_table_find(relation);
	PendingReads *reads;

	if (table == NULL)
		return NULL;
	reads = palloc0_object(PendingReads);
	reads->context = CurrentMemoryContext;
	reads->relation = relation;
	reads->table = table;
	if (access->index_name != NULL)
		reads->index = table_index(relation->description, bytes_of_string(access->index_name));
	reads->command = command;
	reads->names = reader->names;
	reads->names.skip_unknown = false;
	reads->query = plan->index_plan != NULL ? plan->index_plan : plan;
	reads->merged = access->merged;
	reads->in_order = plan->in_order || access->merged;
	reads->hash_backward = access->streams_backward;
	reads->backward = plan->read.backward;
	reads->arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, PENDING_READS_MAXIMUM);
	reads->items = palloc_array(DynamodbItem, TRANSACTION_ITEMS_MAXIMUM);
	find_items(reads, plan);
	ask_for_items(reads, access, plan);
	look_up_others(reads, plan);
	read_changed(reads, plan);
	return reads;
}

bool
pending_reads_replace(const PendingReads *reads, const DynamodbItem *item)
{
	const PendingItem *found = pending_item_find(reads->table, item);

	return found != NULL && pending_item_version(found, reads->command) != NULL;
}

/* ---- items that are read anew ---- */

/* The item as the transaction has changed it. */
static void
add_changed(PendingReads *reads, const PendingItem *item)
{
	const PendingVersion *version = pending_item_version(item, reads->command);
	DynamodbItem stored;
	DynamodbItem changed;
	bool present;
	CheckedResult result;

	if (item->stored == NULL)
		return;
	if (!item_copy(reads->arena, item->stored, &stored))
		report_result(arena_failure(reads->arena, 1), "keep an item");
	result = item_action_apply(reads->arena, &version->action, &stored, &changed, &present);
	if (result.code == RESULT_INVALID_ARGUMENT)
		report_changed_item(version->row->writer, &item->key, "");
	CHECK_RESULT(result, "change an item as this transaction has changed it");
	if (present)
		add_item(reads, &changed);
}

static void
take_changed(PendingReads *reads)
{
	List *missing = list_copy(reads->changed);
	const DynamodbItem *stored;
	ListCell *cell;

	while ((stored = fetch_next(reads->fetch)) != NULL)
	{
		PendingItem *item = pending_item_find(reads->table, stored);

		if (item == NULL || !list_member_ptr(missing, item))
			continue;
		pending_item_note_stored(item, stored);
		add_changed(reads, item);
		missing = list_delete_ptr(missing, item);
	}
	foreach (cell, missing)
		pending_item_note_stored(lfirst(cell), NULL);
	reads->counters = fetch_counters(reads->fetch);
	fetch_close(reads->fetch);
	reads->fetch = NULL;
}

/* ---- order ---- */

/* By one attribute; items of an index may come without one that the order does not need. */
static int
compare_by(const KeyAttribute *attribute, const DynamodbItem *a, const DynamodbItem *b)
{
	const AttributeValue *left = item_find(a, attribute->name);
	const AttributeValue *right = item_find(b, attribute->name);

	return left == NULL || right == NULL ? 0 : key_value_compare(left, right);
}

/* Negative when a comes before b. */
static int
compare_items(const PendingReads *reads, const DynamodbItem *a, const DynamodbItem *b)
{
	const KeySchema *keys =
	    reads->index != NULL ? &reads->index->keys : &reads->relation->description->keys;
	int order = reads->merged ? 0 : compare_by(&keys->hash[0], a, b);

	if (order != 0)
		return reads->hash_backward ? -order : order;
	if (keys->range_count == 0)
		return 0;
	order = compare_by(&keys->range[0], a, b);
	return reads->backward ? -order : order;
}

static int
compare_for_sort(const void *a, const void *b, void *reads)
{
	return compare_items(reads, a, b);
}

static void
complete_items(PendingReads *reads)
{
	MemoryContext caller;

	if (reads->complete)
		return;
	caller = MemoryContextSwitchTo(reads->context);
	if (reads->fetch != NULL)
		take_changed(reads);
	if (reads->in_order)
		qsort_arg(reads->items, reads->count, sizeof(DynamodbItem), compare_for_sort, reads);
	reads->complete = true;
	MemoryContextSwitchTo(caller);
}

bool
pending_reads_come_first(PendingReads *reads, const DynamodbItem *item)
{
	if (item != NULL && !reads->in_order)
		return false;
	complete_items(reads);
	if (reads->next == reads->count)
		return false;
	return item == NULL || compare_items(reads, &reads->items[reads->next], item) < 0;
}

const DynamodbItem *
pending_reads_next(PendingReads *reads)
{
	complete_items(reads);
	return reads->next == reads->count ? NULL : &reads->items[reads->next++];
}

void
pending_reads_rewind(PendingReads *reads)
{
	reads->next = 0;
}

FetchCounters
pending_reads_counters(const PendingReads *reads)
{
	return reads->fetch == NULL ? reads->counters : fetch_counters(reads->fetch);
}

void
pending_reads_close(PendingReads *reads)
{
	if (reads->fetch == NULL)
		return;
	reads->counters = fetch_counters(reads->fetch);
	fetch_close(reads->fetch);
	reads->fetch = NULL;
}
