/*
 * rate_limit.c
 *		A moment for each foreign table: until when what was reserved takes.
 */
#include "postgres.h"

#include <math.h>

#include "access/session.h"
#include "lib/ilist.h"
#include "storage/spin.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/scan/rate_limit.h"
#include "postgres/service/transport_events.h"

/* Capacity units that one sequence of pages can use in a second: a partition gives no more. */
#define UNITS_OF_PARTITION 3000.0

/* The longest that one request waits, whatever was reserved before it. */
#define WAIT_MAXIMUM_MICROSECONDS (3600 * MICROSECONDS_PER_SECOND)

/* What processes share. */
typedef struct Reservations
{
	slock_t lock;
	int64 free_at;           /* transport_now() at which nothing is reserved any more */
	double units_per_second; /* the leader's, for workers */
} Reservations;

struct RateLimit
{
	slist_node node;
	Oid relation_id;
	double units_per_second;    /* as the last caller of rate_limit_of_table() was given it */
	double narrowed;            /* no more than so many; 0: as the option says */
	Reservations own;           /* while they are not shared */
	Reservations *reservations; /* `own`, or in the session's memory … */
	dsa_pointer place;          /* … where that is */
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
	SpinLockInit(&limit->own.lock);
	limit->reservations = &limit->own;
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

int
rate_limit_streams(const RateLimit *limit)
{
	double streams = limit == NULL ? PG_INT16_MAX : limit->units_per_second / UNITS_OF_PARTITION;

	return (int) Max(Min(ceil(streams), PG_INT16_MAX), 1);
}

/* Moves the reservations to where workers find them. */
static void
move_to_session(RateLimit *limit)
{
	Reservations *shared;

	limit->place = dsa_allocate(CurrentSession->area, sizeof(*shared));
	shared = dsa_get_address(CurrentSession->area, limit->place);
	SpinLockInit(&shared->lock);
	shared->free_at = limit->own.free_at;
	limit->reservations = shared;
}

dsa_pointer
rate_limit_share(RateLimit *limit)
{
	if (limit->reservations == &limit->own)
		move_to_session(limit);
	limit->reservations->units_per_second = limit->units_per_second;
	return limit->place;
}

void
rate_limit_join(Oid relation_id, dsa_pointer place)
{
	RateLimit *limit = find_or_add_limit(relation_id);

	limit->place = place;
	limit->reservations = dsa_get_address(CurrentSession->area, place);
	limit->narrowed = limit->reservations->units_per_second;
}

/* Within what an hour takes, so that nothing overflows. */
static int64
microseconds_of_units(const RateLimit *limit, double units)
{
	double microseconds = units / limit->units_per_second * MICROSECONDS_PER_SECOND;

	return (int64) Max(Min(microseconds, (double) WAIT_MAXIMUM_MICROSECONDS),
	                   -(double) WAIT_MAXIMUM_MICROSECONDS);
}

/* Reserves what takes so long; when that begins, no later than `latest`. */
static int64
reserve(Reservations *reservations, int64 microseconds, int64 now, int64 latest)
{
	int64 start;

	SpinLockAcquire(&reservations->lock);
	start = Min(Max(reservations->free_at, now), latest);
	reservations->free_at = start + microseconds;
	SpinLockRelease(&reservations->lock);
	return start;
}

int64
rate_limit_reserve(RateLimit *limit, double units)
{
	int64 now;
	int64 start;

	if (limit == NULL)
		return 0;
	now = transport_now();
	start = reserve(limit->reservations, microseconds_of_units(limit, units), now,
	                now + WAIT_MAXIMUM_MICROSECONDS);
	return (start - now + MICROSECONDS_PER_MILLISECOND - 1) / MICROSECONDS_PER_MILLISECOND;
}

void
rate_limit_correct(RateLimit *limit, double reserved, double used)
{
	int64 microseconds;

	if (limit == NULL)
		return;
	microseconds = microseconds_of_units(limit, used - reserved);
	SpinLockAcquire(&limit->reservations->lock);
	limit->reservations->free_at += microseconds;
	SpinLockRelease(&limit->reservations->lock);
}
