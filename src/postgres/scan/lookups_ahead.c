/*
 * lookups_ahead.c
 *		The keys of rows that are read ahead, their requests, and the items that came.
 *
 * Keys are asked for in the order of their rows, a hundred a request, and the requests' items are
 * taken in that order too, though not before one of them is needed. So a key of which no item has
 * come is known to have none when an item of a later request comes.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/conditions/binding.h"
#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/scan/fetch_source.h"
#include "postgres/scan/lookup_keys.h"
#include "postgres/scan/lookups_ahead.h"
#include "postgres/scan/querys_ahead.h"
#include "postgres/scan/read_ahead.h"

/* Items of one answer of BatchGetItem, 16 MB by DynamoDB's count, many times over. */
#define ITEMS_MEMORY_MAXIMUM ((Size) 512 * 1024 * 1024)

/* Keys are at most 3 KB, values that are written for them no more than that each. */
#define VALUES_MEMORY_MAXIMUM ((Size) 64 * 1024 * 1024)

/* The part of what a scan may take that is for items kept; the rest is for pages. */
#define ITEMS_SHARE_OF_MEMORY 2

typedef struct AheadKey
{
	DynamodbItem key;
	int place;                /* in the order of the rows */
	const DynamodbItem *item; /* that has come */
	MemoryContext expected;   /* of what was asked for its row; NULL: nothing was */
} AheadKey;

struct LookupsAhead
{
	EState *statement;
	const ForeignRelation *relation;
	const Access *access;
	QuerysAhead *querys;   /* that find the keys; NULL: rows have them */
	MemoryContext context; /* of the keys and items that are known */
	Arena *items;
	AheadKey *keys; /* sorted, each once */
	int key_count;
	AheadKey **by_place;
	ItemListener expect; /* is told of items; NULL: nobody is */
	void *expectant;     /* its context */
	int most_expected;
	int told;         /* keys whose items were told, in the order of the rows … */
	int64 asked;      /* … and how many were asked for, with those of keys before these */
	AheadKey *given;  /* whose item was asked for last */
	Fetch *fetch;     /* NULL when all has come */
	int request;      /* whose items are coming: what those before it have not brought is missing */
	Size item_memory; /* of one item, on average; 0 while none has come */
	int64 item_count; /* that have come with these keys */
	FetchCounters past;
};

LookupsAhead *
lookups_ahead_create(EState *statement, const ForeignRelation *relation, const Access *access,
                     QuerysAhead *querys)
{
	LookupsAhead *lookups = palloc0_object(LookupsAhead);

	lookups->statement = statement;
	lookups->relation = relation;
	lookups->access = access;
	lookups->querys = querys;
	lookups->context = AllocSetContextCreate(CurrentMemoryContext, "DynamoDB lookups ahead",
	                                         ALLOCSET_DEFAULT_SIZES);
	return lookups;
}

/* --- the keys ----------------------------------------------------------------------------------
 */

/* How many keys to ask for at most. */
static int
most_keys(const LookupsAhead *lookups)
{
	Size memory = access_memory_maximum(lookups->access) / ITEMS_SHARE_OF_MEMORY;

	if (lookups->item_memory == 0)
		return BATCH_GET_KEYS_MAXIMUM;
	return (int) Max(Min(memory / lookups->item_memory, READ_AHEAD_ROWS_MAXIMUM), 1);
}

/* The keys of one row at hand. */
static KeyDemand
bind_row(const LookupsAhead *lookups, Arena *arena, const ReadAhead *rows, int row)
{
	Binding binding = {.relation = lookups->relation, .arena = arena};

	binding.value_count = read_ahead_value_count(rows);
	read_ahead_values(rows, row, &binding.values, &binding.nulls);
	return key_bind(&binding, &lookups->relation->description->keys, lookups->access->key_condition,
	                true);
}

static int
compare_keys(const void *left, const void *right)
{
	const AheadKey *a = left;
	const AheadKey *b = right;
	int order = lookup_key_compare(&a->key, &b->key);

	return order != 0 ? order : a->place - b->place;
}

static int
compare_places(const void *left, const void *right)
{
	return ((const AheadKey *) left)->place - ((const AheadKey *) right)->place;
}

/* Sorts the keys and keeps the first place of each; how many are kept. */
static int
keep_each_once(AheadKey *keys, int count)
{
	int last = 0;

	if (count == 0)
		return 0;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (int i = 1; i < count; i++)
	{
		if (lookup_key_compare(&keys[last].key, &keys[i].key) != 0)
			keys[++last] = keys[i];
	}
	return last + 1;
}

/* Keys that are being taken, in the order of their rows. */
typedef struct TakenKeys
{
	const KeySchema *schema;
	AheadKey *keys;
	int count;
	int most;
	Arena *values;
} TakenKeys;

static void
take_key(TakenKeys *taken, DynamodbItem key)
{
	taken->keys[taken->count] = (AheadKey){.key = key, .place = taken->count};
	taken->count++;
}

/* The keys of the rows at hand, as far as there is room. */
static void
take_keys_of_rows(const LookupsAhead *lookups, const ReadAhead *rows, TakenKeys *taken)
{
	for (int row = 0; row < read_ahead_row_count(rows); row++)
	{
		KeyDemand demand = bind_row(lookups, taken->values, rows, row);

		if (demand.never || demand.keys == NULL)
			continue;
		if (demand.key_count > taken->most - taken->count)
			return;
		for (int i = 0; i < demand.key_count; i++)
			take_key(taken, demand.keys[i]);
	}
}

/* The keys that a Query has found; false, and none, when there is no room. */
static bool
take_found_keys(void *keys, const Fetch *query, int64 count)
{
	TakenKeys *taken = keys;

	if (count > taken->most - taken->count)
		return false;
	for (int64 i = 0; i < count; i++)
		take_key(taken,
		         lookup_key_copy(taken->schema, fetch_item_at_hand(query, i), taken->values));
	return true;
}

/* Takes what keys there are, in CurrentMemoryContext. */
static void
take_keys(LookupsAhead *lookups, const ReadAhead *rows)
{
	TakenKeys taken = {
	    .schema = &lookups->relation->description->keys,
	    .most = most_keys(lookups),
	    .values = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, VALUES_MEMORY_MAXIMUM),
	};

	taken.keys = palloc_array(AheadKey, taken.most);
	if (lookups->querys != NULL)
		querys_ahead_visit(lookups->querys, take_found_keys, &taken);
	else
		take_keys_of_rows(lookups, rows, &taken);
	lookups->keys = taken.keys;
	lookups->key_count = keep_each_once(taken.keys, taken.count);
}

/* The keys by themselves, in the order of their rows; then the places count requests' keys. */
static DynamodbItem *
keys_to_ask(AheadKey *keys, int count)
{
	DynamodbItem *ask = palloc_array(DynamodbItem, count);

	qsort(keys, count, sizeof(*keys), compare_places);
	for (int i = 0; i < count; i++)
	{
		keys[i].place = i;
		ask[i] = keys[i].key;
	}
	qsort(keys, count, sizeof(*keys), compare_keys);
	return ask;
}

static AheadKey *
find_key(const LookupsAhead *lookups, const DynamodbItem *key)
{
	AheadKey sought = {.key = *key};
	int low = 0;
	int high = lookups->key_count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;
		int order = lookup_key_compare(&sought.key, &lookups->keys[middle].key);

		if (order == 0)
			return &lookups->keys[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static bool
knows_all(const LookupsAhead *lookups, const FetchPlan *plan)
{
	for (int i = 0; i < plan->key_count; i++)
	{
		if (find_key(lookups, &plan->keys[i]) == NULL)
			return false;
	}
	return true;
}

/* --- the requests ------------------------------------------------------------------------------
 */

static void
end_fetch(LookupsAhead *lookups)
{
	if (lookups->fetch == NULL)
		return;
	fetch_counters_add(&lookups->past, fetch_counters(lookups->fetch));
	fetch_close(lookups->fetch);
	lookups->fetch = NULL;
}

void
lookups_ahead_close(LookupsAhead *lookups)
{
	end_fetch(lookups);
	if (lookups->item_count > 0)
		lookups->item_memory = Max(lookups->items->allocated / lookups->item_count, 1);
	lookups->keys = NULL;
	lookups->key_count = 0;
	lookups->request = 0;
	lookups->item_count = 0;
	lookups->told = 0;
	lookups->given = NULL;
	MemoryContextReset(lookups->context);
}

FetchCounters
lookups_ahead_counters(const LookupsAhead *lookups)
{
	FetchCounters counters = lookups->past;

	if (lookups->fetch != NULL)
		fetch_counters_add(&counters, fetch_counters(lookups->fetch));
	return counters;
}

/* Asks for the items of the known keys; `plan` is that of one row. */
static void
open_fetch(LookupsAhead *lookups, const FetchPlan *plan)
{
	FetchPlan together = *plan;

	together.kind = REQUEST_BATCH_GET_ITEM;
	together.keys = keys_to_ask(lookups->keys, lookups->key_count);
	together.key_count = lookups->key_count;
	together.read.projection =
	    access_projection(lookups->access, lookups->relation, &together.read.projection_count);
	together.in_order = true;
	together.lookups_ahead = NULL;
	together.page_memory = lookups->item_memory * BATCH_GET_KEYS_MAXIMUM;
	lookups->by_place = palloc_array(AheadKey *, lookups->key_count);
	for (int i = 0; i < lookups->key_count; i++)
		lookups->by_place[lookups->keys[i].place] = &lookups->keys[i];
	lookups->items = memory_context_arena(lookups->context, ARENA_PLAIN, ITEMS_MEMORY_MAXIMUM);
	lookups->fetch = fetch_open(lookups->relation->client, &together);
}

/* Takes the keys of the rows at hand in place of those that are known, if they are several. */
static void
look_ahead(LookupsAhead *lookups, const FetchPlan *plan)
{
	const ReadAhead *rows =
	    read_ahead_find(lookups->statement, lookups->access->read_ahead_parameter);
	MemoryContext caller;

	if (rows == NULL || read_ahead_row_count(rows) < 2)
		return;
	lookups_ahead_close(lookups);
	caller = MemoryContextSwitchTo(lookups->context);
	take_keys(lookups, rows);
	if (lookups->key_count > 1)
		open_fetch(lookups, plan);
	else
		lookups->key_count = 0;
	MemoryContextSwitchTo(caller);
}

/* --- the items ---------------------------------------------------------------------------------
 */

static int
request_of(const AheadKey *key)
{
	return key->place / BATCH_GET_KEYS_MAXIMUM;
}

/* Keeps the item for its key. */
static void
keep_item(LookupsAhead *lookups, const DynamodbItem *item)
{
	const KeySchema *schema = &lookups->relation->description->keys;
	Attribute attributes[2 * KEY_ATTRIBUTES_MAXIMUM];
	DynamodbItem key = lookup_key_of_item(schema, item, attributes);
	AheadKey *known = find_key(lookups, &key);
	DynamodbItem *copy;

	if (known == NULL)
		return;
	copy = MemoryContextAlloc(lookups->context, sizeof(*copy));
	if (!item_copy(lookups->items, item, copy))
		report_result(arena_failure(lookups->items, 1), "keep an item");
	known->item = copy;
	lookups->item_count++;
	lookups->request = Max(lookups->request, request_of(known));
}

/* True when nothing more will come for the key. */
static bool
is_settled(const LookupsAhead *lookups, const AheadKey *key)
{
	return key->item != NULL || lookups->fetch == NULL || request_of(key) < lookups->request;
}

static void
take_item(LookupsAhead *lookups)
{
	const DynamodbItem *item = fetch_next(lookups->fetch);

	if (item == NULL)
		end_fetch(lookups);
	else
		keep_item(lookups, item);
}

/* The item of a known key, NULL when there is none. Waits. */
static const DynamodbItem *
await_item(LookupsAhead *lookups, AheadKey *key)
{
	while (!is_settled(lookups, key))
		take_item(lookups);
	return key->item;
}

/* --- what rows to come will need ---------------------------------------------------------------
 */

void
lookups_ahead_tell(LookupsAhead *lookups, int most, ItemListener expect, void *context)
{
	lookups->most_expected = most;
	lookups->expect = expect;
	lookups->expectant = context;
}

/* True when the item has come, or nothing more will come for the key; does not wait. */
static bool
is_settled_by_now(LookupsAhead *lookups, const AheadKey *key)
{
	while (!is_settled(lookups, key) && fetch_is_ready(lookups->fetch))
		take_item(lookups);
	return is_settled(lookups, key);
}

static void
tell_of_item(LookupsAhead *lookups, AheadKey *key)
{
	MemoryContext caller;

	if (key->item == NULL)
		return;
	key->expected =
	    AllocSetContextCreate(lookups->context, "DynamoDB lookup expected", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(key->expected);
	lookups->expect(lookups->expectant, key->item);
	MemoryContextSwitchTo(caller);
}

/*
 * Tells of the items that come next and are there: as many as were asked for so far, so that few
 * rows cost little.
 */
static void
tell_of_items(LookupsAhead *lookups, const AheadKey *given)
{
	int ahead = (int) Min(lookups->asked, lookups->most_expected - 1);

	lookups->asked++;
	while (lookups->told < lookups->key_count && lookups->told <= given->place + ahead &&
	       is_settled_by_now(lookups, lookups->by_place[lookups->told]))
		tell_of_item(lookups, lookups->by_place[lookups->told++]);
}

/* Forgets what was asked for the item that was given before this one. */
static void
note_given(LookupsAhead *lookups, AheadKey *given)
{
	AheadKey *before = lookups->given;

	if (before != NULL && before != given && before->expected != NULL)
	{
		MemoryContextDelete(before->expected);
		before->expected = NULL;
	}
	lookups->given = given;
}

/* The item of a known key, for a row that is asked for. */
static const DynamodbItem *
give_item(LookupsAhead *lookups, AheadKey *key)
{
	const DynamodbItem *item = await_item(lookups, key);

	if (lookups->expect != NULL)
	{
		note_given(lookups, key);
		tell_of_items(lookups, key);
	}
	return item;
}

/* --- as the source of one row's fetch ----------------------------------------------------------
 */

typedef struct AheadSource
{
	FetchSource source;
	LookupsAhead *lookups;
	const FetchPlan *plan;
	int next_key;
} AheadSource;

static const DynamodbItem *
ahead_next(FetchSource *source)
{
	AheadSource *ahead = (AheadSource *) source;

	while (ahead->next_key < ahead->plan->key_count)
	{
		const DynamodbItem *key = &ahead->plan->keys[ahead->next_key++];
		const DynamodbItem *item = give_item(ahead->lookups, find_key(ahead->lookups, key));

		if (item != NULL)
			return item;
	}
	return NULL;
}

static bool
ahead_is_ready(FetchSource *source)
{
	const AheadSource *ahead = (const AheadSource *) source;

	return ahead->next_key == ahead->plan->key_count ||
	       is_settled(ahead->lookups,
	                  find_key(ahead->lookups, &ahead->plan->keys[ahead->next_key]));
}

/* Nothing: one row's part in the requests cannot be told. */
static FetchCounters
ahead_counters(const FetchSource *source)
{
	return (FetchCounters){0};
}

static void
ahead_close(FetchSource *source)
{
}

FetchSource *
fetch_ahead_open(const FetchPlan *plan)
{
	LookupsAhead *lookups = plan->lookups_ahead;
	AheadSource *ahead;

	if (plan->kind != REQUEST_GET_ITEM && plan->kind != REQUEST_BATCH_GET_ITEM)
		return NULL;
	if (!knows_all(lookups, plan))
		look_ahead(lookups, plan);
	if (!knows_all(lookups, plan))
		return NULL;
	ahead = palloc0_object(AheadSource);
	ahead->source = (FetchSource){ahead_next, ahead_is_ready, ahead_counters, ahead_close};
	ahead->lookups = lookups;
	ahead->plan = plan;
	return &ahead->source;
}
