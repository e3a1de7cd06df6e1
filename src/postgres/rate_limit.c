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
	double units_per_second;
	int64 free_at; /* transport_now() at which nothing is reserved any more */
};

static slist_head limits = SLIST_STATIC_INIT(limits);

RateLimit *
rate_limit_of_table(Oid relation_id, double units_per_second)
{
	RateLimit *limit;
	slist_iter each;

	if (units_per_second <= 0)
		return NULL;
	slist_foreach(each, &limits)
	{
		limit = slist_container(RateLimit, node, each.cur);
		if (limit->relation_id != relation_id)
			continue;
		limit->units_per_second = units_per_second;
		return limit;
	}
	limit = MemoryContextAllocZero(TopMemoryContext, sizeof(*limit));
	limit->relation_id = relation_id;
	limit->units_per_second = units_per_second;
	slist_push_head(&limits, &limit->node);
	return limit;
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
