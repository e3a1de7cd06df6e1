/*
 * rate_limit.c
 *		A moment for each foreign table: until when what was reserved takes.
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/rate_limit.h"
#include "postgres/transport.h"

#define MICROSECONDS_PER_SECOND      1000000.0
#define MICROSECONDS_PER_MILLISECOND INT64CONST(1000)

/* The longest that one request waits, whatever was reserved before it. */
#define WAIT_MAXIMUM_MICROSECONDS (INT64CONST(3600) * 1000000)

struct RateLimit
{
	slist_node node;
	Oid relation_id;
	double units_per_second; /* as the last caller of rate_limit_of_table() was given it */
	double narrowed;         /* no more than so many; 0: as the option says */
	int64 free_at;           /* transport_now() at which nothing is reserved any more */
};

static slist_head limits = SLIST_STATIC_INIT(limits);

/* NULL when there is none. */
static RateLimit *
find_limit(Oid relation_id)
{
	slist_iter each;

	slist_foreach(each, &limits)
	{
		RateLimit *limit = slist_container(RateLimit, node, each.cur);

		if (limit->relation_id == relation_id)
			return limit;
	}
	return NULL;
}

static RateLimit *
find_or_add_limit(Oid relation_id)
{
	RateLimit *limit = find_limit(relation_id);

	if (limit != NULL)
		return limit;
	limit = MemoryContextAllocZero(TopMemoryContext, sizeof(*limit));
	limit->relation_id = relation_id;
	slist_push_head(&limits, &limit->node);
	return limit;
}

RateLimit *
rate_limit_of_table(Oid relation_id, double units_per_second)
{
	RateLimit *limit = find_limit(relation_id);
	double narrowed = limit == NULL ? 0 : limit->narrowed;

	if (narrowed > 0 && (units_per_second <= 0 || narrowed < units_per_second))
		units_per_second = narrowed;
	if (units_per_second <= 0)
		return NULL;
	limit = find_or_add_limit(relation_id);
	limit->units_per_second = units_per_second;
	return limit;
}

void
rate_limit_narrow(Oid relation_id, double units_per_second)
{
	RateLimit *limit =
	    units_per_second > 0 ? find_or_add_limit(relation_id) : find_limit(relation_id);

	if (limit != NULL)
		limit->narrowed = units_per_second;
}

double
rate_limit_units(const RateLimit *limit)
{
	return limit->units_per_second;
}

/* Within what an hour takes, so that nothing overflows. */
static int64
microseconds_of_units(const RateLimit *limit, double units)
{
	double microseconds = units / limit->units_per_second * MICROSECONDS_PER_SECOND;

	return (int64) Max(Min(microseconds, (double) WAIT_MAXIMUM_MICROSECONDS),
	                   -(double) WAIT_MAXIMUM_MICROSECONDS);
}

int64
rate_limit_reserve(RateLimit *limit, double units)
{
	int64 now;
	int64 start;

	if (limit == NULL)
		return 0;
	now = transport_now();
	start = Min(Max(limit->free_at, now), now + WAIT_MAXIMUM_MICROSECONDS);
	limit->free_at = start + microseconds_of_units(limit, units);
	return (start - now + MICROSECONDS_PER_MILLISECOND - 1) / MICROSECONDS_PER_MILLISECOND;
}

void
rate_limit_correct(RateLimit *limit, double reserved, double used)
{
	if (limit != NULL)
		limit->free_at += microseconds_of_units(limit, used - reserved);
}
