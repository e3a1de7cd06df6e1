/*
 * querys_ahead.c
 *		The Querys of rows that are read ahead.
 *
 * Rows are asked for in their order. The Query of the row that was asked for last is the current
 * one; those of rows behind it are sent ahead. Rows that want the same have one Query among them:
 * it is kept for the later ones if its items are all in memory and there is room, else it is sent
 * again.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/memory.h"
#include "postgres/scan/fetch_source.h"
#include "postgres/scan/querys_ahead.h"
#include "postgres/scan/read_ahead.h"

/*
 * What the values of rows at hand may take before no further row is looked at, and those of the
 * last row beside them.
 */
#define VALUES_MEMORY_ENOUGH ((Size) 8 * 1024 * 1024)
#define VALUES_OF_ROW        ((Size) 64 * 1024 * 1024)

/* The part of what a scan may take that is for the current Query; the rest is for others. */
#define CURRENT_SHARE_OF_MEMORY 2

/* The part of what others may take that is for items kept for later rows. */
#define KEPT_SHARE_OF_MEMORY 2

/* What the first page of a Query is taken to need while none has come. */
#define PAGE_MEMORY_FIRST_GUESS ((Size) 4 * 1024 * 1024)

/* One Query, of all rows at hand that want the same. */
typedef struct AheadQuery
{
	FetchPlan plan;
	uint32 fingerprint;     /* of the plan: equal for equal ones, and for few others */
	int last_row;           /* that wants it */
	Fetch *fetch;           /* NULL unless open */
	bool is_asked_for;      /* a row has come to it */
	int64 told;             /* items that were told of before a row has come to it … */
	MemoryContext expected; /* … and what was asked for them; NULL: nothing was */
} AheadQuery;

struct QuerysAhead
{
	EState *statement;
	const ForeignRelation *relation;
	const Access *access;
	MemoryContext context; /* of the Querys that are known */
	AheadQuery *querys;    /* in the order of the first rows that want them */
	int query_count;
	AheadQuery **of_row; /* NULL for a row that no item can satisfy */
	int row_count;
	int row;          /* that was asked for last */
	int next_query;   /* behind those that were sent or asked for */
	Size page_memory; /* of the largest page of any Query so far; 0 while none has come */
	FetchCounters past;

	ItemListener expect; /* is told of items; NULL: nobody is */
	void *expectant;     /* its context */
	int most_expected;
	int64 asked;     /* items that were asked for, of all rows … */
	int64 given;     /* … and of the current one */
	int64 told;      /* items that were told of, of Querys to which no row has come */
	int telling_row; /* whose Query's items are told of next */
};

QuerysAhead *
querys_ahead_create(EState *statement, const ForeignRelation *relation, const Access *access)
{
	QuerysAhead *querys = palloc0_object(QuerysAhead);

	querys->statement = statement;
	querys->relation = relation;
	querys->access = access;
	querys->context = AllocSetContextCreate(CurrentMemoryContext, "DynamoDB Querys ahead",
	                                        ALLOCSET_DEFAULT_SIZES);
	return querys;
}

/* --- fetches -----------------------------------------------------------------------------------
 */

static void
learn_page_memory(QuerysAhead *querys, const AheadQuery *query)
{
	querys->page_memory = Max(querys->page_memory, fetch_page_memory(query->fetch));
}

/* Forgets what was asked for items of the Query. */
static void
end_expectations(AheadQuery *query)
{
	if (query->expected != NULL)
		MemoryContextDelete(query->expected);
	query->expected = NULL;
}

/* What was told of the Query's items is about none that are still to come. */
static void
end_telling(QuerysAhead *querys, AheadQuery *query)
{
	querys->told -= query->told;
	query->told = 0;
}

static void
end_query(QuerysAhead *querys, AheadQuery *query)
{
	if (query->fetch == NULL)
		return;
	end_telling(querys, query);
	end_expectations(query);
	learn_page_memory(querys, query);
	fetch_counters_add(&querys->past, fetch_counters(query->fetch));
	fetch_close(query->fetch);
	query->fetch = NULL;
}

void
querys_ahead_close(QuerysAhead *querys)
{
	for (int i = 0; i < querys->query_count; i++)
		end_query(querys, &querys->querys[i]);
	querys->querys = NULL;
	querys->query_count = 0;
	querys->row_count = 0;
	querys->row = 0;
	querys->next_query = 0;
	querys->telling_row = 0;
	MemoryContextReset(querys->context);
}

FetchCounters
querys_ahead_counters(const QuerysAhead *querys)
{
	FetchCounters counters = querys->past;

	for (int i = 0; i < querys->query_count; i++)
	{
		if (querys->querys[i].fetch != NULL)
			fetch_counters_add(&counters, fetch_counters(querys->querys[i].fetch));
	}
	return counters;
}

static Size
memory_of_current(const QuerysAhead *querys)
{
	return access_memory_maximum(querys->access) / CURRENT_SHARE_OF_MEMORY;
}

static Size
memory_of_others(const QuerysAhead *querys)
{
	return access_memory_maximum(querys->access) - memory_of_current(querys);
}

/* What a page is taken to need that has not come. */
static Size
expected_page_memory(const QuerysAhead *querys)
{
	return querys->page_memory > 0 ? querys->page_memory : PAGE_MEMORY_FIRST_GUESS;
}

static void
open_query(QuerysAhead *querys, ServiceClient *client, AheadQuery *query)
{
	MemoryContext caller = MemoryContextSwitchTo(querys->context);

	query->plan.page_memory = expected_page_memory(querys);
	query->fetch = fetch_open(client, &query->plan);
	MemoryContextSwitchTo(caller);
}

/* --- the Querys of the rows at hand ------------------------------------------------------------
 */

/* True when both give the same items, being readings of one scan. */
static bool
plans_equal(const FetchPlan *a, const FetchPlan *b)
{
	if (a->key_condition_count != b->key_condition_count ||
	    (a->read.filter == NULL) != (b->read.filter == NULL) ||
	    (a->read.filter != NULL && !condition_equal(a->read.filter, b->read.filter)))
		return false;
	for (int i = 0; i < a->key_condition_count; i++)
	{
		if (!condition_equal(a->key_conditions[i], b->key_conditions[i]))
			return false;
	}
	return true;
}

/* Of the first value that a key, so a string, a number or bytes, is compared with. */
static uint32
plan_fingerprint(const FetchPlan *plan)
{
	const Condition *leaf;

	if (plan->key_condition_count == 0)
		return 0;
	leaf = plan->key_conditions[0];
	while (leaf->child_count > 0)
		leaf = leaf->children[0];
	if (leaf->value_count == 0)
		return 0;
	return hash_bytes((const unsigned char *) leaf->values[0].bytes.data,
	                  (int) leaf->values[0].bytes.length);
}

/* The Query that gives what the plan gives, perhaps a new one. */
static AheadQuery *
place_query(QuerysAhead *querys, const FetchPlan *plan)
{
	uint32 fingerprint = plan_fingerprint(plan);

	for (int i = 0; i < querys->query_count; i++)
	{
		AheadQuery *known = &querys->querys[i];

		if (known->fingerprint == fingerprint && plans_equal(&known->plan, plan))
			return known;
	}
	querys->querys[querys->query_count] = (AheadQuery){.plan = *plan, .fingerprint = fingerprint};
	return &querys->querys[querys->query_count++];
}

/* Notes what the next row at hand wants; `asked` is what the scan was asked for. */
static void
take_row(QuerysAhead *querys, Arena *arena, const ReadAhead *rows, const FetchPlan *asked)
{
	int row = querys->row_count++;
	const Datum *values;
	const bool *nulls;
	BoundAccess *bound;
	FetchPlan plan;

	read_ahead_values(rows, row, &values, &nulls);
	bound = access_bind(querys->access, querys->relation, arena, values, nulls,
	                    read_ahead_value_count(rows));
	querys->of_row[row] = NULL;
	if (bound->no_rows)
		return;
	plan = querys->access->looked_up ? *bound->plan.index_plan : bound->plan;
	plan.names = asked->names;
	plan.statement_units = asked->statement_units;
	plan.memory_maximum = memory_of_current(querys);
	querys->of_row[row] = place_query(querys, &plan);
	querys->of_row[row]->last_row = row;
}

/* Takes the Querys of the rows at hand in place of those that are known, if there are several. */
static void
look_ahead(QuerysAhead *querys, const FetchPlan *asked)
{
	const ReadAhead *rows =
	    read_ahead_find(querys->statement, querys->access->read_ahead_parameter);
	int count = rows == NULL ? 0 : read_ahead_row_count(rows);
	MemoryContext caller;
	Arena *arena;

	if (count < 2)
		return;
	querys_ahead_close(querys);
	caller = MemoryContextSwitchTo(querys->context);
	querys->querys = palloc_array(AheadQuery, count);
	querys->of_row = palloc_array(AheadQuery *, count);
	arena =
	    memory_context_arena(querys->context, ARENA_PLAIN, VALUES_MEMORY_ENOUGH + VALUES_OF_ROW);
	while (querys->row_count < count && arena->allocated < VALUES_MEMORY_ENOUGH)
		take_row(querys, arena, rows, asked);
	MemoryContextSwitchTo(caller);
}

/* Finds the first row, from the current one on, that wants this; false when there is none. */
static bool
find_row(const QuerysAhead *querys, const FetchPlan *plan, int *row)
{
	for (*row = querys->row; *row < querys->row_count; (*row)++)
	{
		const AheadQuery *query = querys->of_row[*row];

		if (query != NULL && plans_equal(&query->plan, plan))
			return true;
	}
	return false;
}

/* --- rows that are asked for -------------------------------------------------------------------
 */

/* Memory of all Querys but the current one. */
static Size
memory_beside_current(const QuerysAhead *querys)
{
	const AheadQuery *current = querys->of_row[querys->row];
	Size memory = 0;

	for (int i = 0; i < querys->next_query; i++)
	{
		const AheadQuery *query = &querys->querys[i];

		if (query->fetch != NULL && query != current)
			memory += fetch_memory(query->fetch);
	}
	return memory;
}

static int
requests_under_way(const QuerysAhead *querys)
{
	int count = 0;

	for (int i = 0; i < querys->next_query; i++)
	{
		if (querys->querys[i].fetch != NULL)
			count += fetch_requests_under_way(querys->querys[i].fetch);
	}
	return count;
}

/* How many more may be sent; where keys are looked up, that has a connection of its own. */
static int
requests_allowed(const QuerysAhead *querys, ServiceClient *client)
{
	int most = fetch_streams_allowed(client, &querys->querys[0].plan);

	return most - requests_under_way(querys) - (querys->access->looked_up ? 1 : 0);
}

/* Sends the next Querys, as far as there is room beside what is under way and at hand. */
static void
send_ahead(QuerysAhead *querys, ServiceClient *client)
{
	int most = requests_allowed(querys, client);
	Size memory = memory_beside_current(querys);

	while (querys->next_query < querys->query_count && most-- > 0 &&
	       memory + expected_page_memory(querys) <= memory_of_others(querys))
	{
		AheadQuery *query = &querys->querys[querys->next_query++];

		open_query(querys, client, query);
		memory += fetch_memory(query->fetch);
	}
}

/* Makes the row the current one. Ends the Querys that no row from here on wants. */
static void
pass_to_row(QuerysAhead *querys, int row)
{
	querys->row = row;
	for (int i = 0; i < querys->next_query; i++)
	{
		if (querys->querys[i].last_row < row)
			end_query(querys, &querys->querys[i]);
	}
}

/* The Query of the row, open and at its first item. */
static AheadQuery *
enter_row(QuerysAhead *querys, ServiceClient *client, int row)
{
	AheadQuery *query = querys->of_row[row];

	pass_to_row(querys, row);
	if (query->fetch != NULL && query->is_asked_for && !fetch_rewind(query->fetch))
		end_query(querys, query);
	if (query->fetch == NULL)
		open_query(querys, client, query);
	end_telling(querys, query);
	query->is_asked_for = true;
	querys->given = 0;
	querys->telling_row = Max(querys->telling_row, row + 1);
	querys->next_query = Max(querys->next_query, (int) (query - querys->querys) + 1);
	send_ahead(querys, client);
	return query;
}

/* Ends what was read for the current row, unless a later one wants it and there is room. */
static void
leave_row(QuerysAhead *querys, AheadQuery *query)
{
	Size memory = memory_beside_current(querys) + fetch_memory(query->fetch);

	end_expectations(query);
	if (query->last_row <= querys->row || !fetch_rewind(query->fetch) ||
	    memory > memory_of_others(querys) / KEPT_SHARE_OF_MEMORY)
		end_query(querys, query);
}

/* --- what rows to come will need ---------------------------------------------------------------
 */

void
querys_ahead_tell(QuerysAhead *querys, int most, ItemListener expect, void *context)
{
	querys->most_expected = most;
	querys->expect = expect;
	querys->expectant = context;
}

/* The Query of a row to come whose next item can be told of; NULL while there is none. */
static AheadQuery *
query_to_tell(QuerysAhead *querys)
{
	for (; querys->telling_row < querys->row_count; querys->telling_row++)
	{
		AheadQuery *query = querys->of_row[querys->telling_row];
		int64 count;

		if (query == NULL || query->is_asked_for)
			continue;
		if (query->fetch == NULL || !fetch_is_at_hand(query->fetch, &count))
			return NULL;
		if (query->told < count)
			return query;
	}
	return NULL;
}

static void
tell_of_next_item(QuerysAhead *querys, AheadQuery *query)
{
	MemoryContext caller;

	if (query->expected == NULL)
		query->expected =
		    AllocSetContextCreate(querys->context, "DynamoDB Query expected", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(query->expected);
	querys->expect(querys->expectant, fetch_item_at_hand(query->fetch, query->told));
	MemoryContextSwitchTo(caller);
	query->told++;
	querys->told++;
}

/* When the current Query gives an item. While pages of that one are to come, they do. */
static void
tell_of_items(QuerysAhead *querys)
{
	int64 most = Min(querys->asked, querys->most_expected - 1);
	AheadQuery *current = querys->of_row[querys->row];
	int64 at_hand;
	AheadQuery *query;

	querys->asked++;
	querys->given++;
	if (!fetch_is_at_hand(current->fetch, &at_hand))
		return;
	most -= Max(at_hand - querys->given, 0);
	while (querys->told < most && (query = query_to_tell(querys)) != NULL)
		tell_of_next_item(querys, query);
}

/* --- as the source of keys ----------------------------------------------------------------------
 */

void
querys_ahead_visit(QuerysAhead *querys, QueryVisitor visit, void *context)
{
	service_calls_serve();
	for (int row = querys->row; row < querys->row_count; row++)
	{
		AheadQuery *query = querys->of_row[row];
		int64 count;

		if (query == NULL)
			continue;
		if (query->fetch == NULL || !fetch_is_at_hand(query->fetch, &count) ||
		    !visit(context, query->fetch, count))
			break;
		learn_page_memory(querys, query);
	}
	if (querys->query_count > 0)
		send_ahead(querys, querys->relation->client);
}

/* --- as the source of one row's fetch ----------------------------------------------------------
 */

typedef struct AheadSource
{
	FetchSource source;
	QuerysAhead *querys;
	ServiceClient *client;
	AheadQuery *query;
} AheadSource;

/* Whenever it is to wait for the current Query, others may have come and left room. */
static const DynamodbItem *
ahead_next(FetchSource *source)
{
	AheadSource *ahead = (AheadSource *) source;
	Fetch *fetch = ahead->query->fetch;
	const DynamodbItem *item;

	if (!fetch_is_ready(fetch))
	{
		service_calls_serve();
		learn_page_memory(ahead->querys, ahead->query);
		send_ahead(ahead->querys, ahead->client);
	}
	item = fetch_next(fetch);
	if (item != NULL && ahead->querys->expect != NULL)
		tell_of_items(ahead->querys);
	return item;
}

static bool
ahead_is_ready(FetchSource *source)
{
	return fetch_is_ready(((AheadSource *) source)->query->fetch);
}

/* Nothing: querys_ahead_counters() has them. */
static FetchCounters
ahead_counters(const FetchSource *source)
{
	return (FetchCounters){0};
}

static void
ahead_close(FetchSource *source)
{
	AheadSource *ahead = (AheadSource *) source;

	leave_row(ahead->querys, ahead->query);
}

FetchSource *
fetch_query_ahead_open(ServiceClient *client, const FetchPlan *plan)
{
	QuerysAhead *querys = plan->querys_ahead;
	AheadSource *ahead;
	int row;

	if (!find_row(querys, plan, &row))
	{
		look_ahead(querys, plan);
		if (!find_row(querys, plan, &row))
			return NULL;
	}
	ahead = palloc0_object(AheadSource);
	ahead->source = (FetchSource){ahead_next, ahead_is_ready, ahead_counters, ahead_close};
	ahead->querys = querys;
	ahead->client = client;
	ahead->query = enter_row(querys, client, row);
	return &ahead->source;
}
