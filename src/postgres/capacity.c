/*
 * capacity.c
 *		Sums of capacity units, one a statement and server.
 *
 * An executor state is one statement's, those of the functions it calls being others. It has no
 * room for what an extension wants to remember, so the sums are listed here and leave the list with
 * the state's memory.
 *
 * A parallel scan shares the sum. What the leader consumes it adds to its own sum, which it then
 * shows to the workers of all its scans; what a worker consumes it adds to one of its scans, all of
 * which it looks at for the others' part.
 */
#include "postgres.h"

#include <math.h>

#include "lib/ilist.h"

#include "postgres/capacity.h"

#define PARTS_OF_UNIT 1000.0

typedef struct CapacityShare
{
	slist_node node;
	SharedCapacity *shared;
} CapacityShare;

typedef struct CapacitySum
{
	dlist_node node;
	EState *statement;
	Oid server_id;
	double units;
	bool in_worker; /* `units` belongs to a worker, and `shares` are not the process's own */
	slist_head shares;
	MemoryContextCallback ended;
} CapacitySum;

static dlist_head sums = DLIST_STATIC_INIT(sums);

static void
forget_sum(void *sum)
{
	dlist_delete(&((CapacitySum *) sum)->node);
}

static CapacitySum *
new_sum(EState *statement, Oid server_id)
{
	CapacitySum *sum = MemoryContextAllocZero(statement->es_query_cxt, sizeof(*sum));

	sum->statement = statement;
	sum->server_id = server_id;
	slist_init(&sum->shares);
	sum->ended.func = forget_sum;
	sum->ended.arg = sum;
	MemoryContextRegisterResetCallback(statement->es_query_cxt, &sum->ended);
	dlist_push_head(&sums, &sum->node);
	return sum;
}

double *
capacity_units_of_statement(EState *statement, Oid server_id)
{
	dlist_iter iterator;

	dlist_foreach(iterator, &sums)
	{
		CapacitySum *sum = dlist_container(CapacitySum, node, iterator.cur);

		if (sum->statement == statement && sum->server_id == server_id)
			return &sum->units;
	}
	return &new_sum(statement, server_id)->units;
}

/* The sum whose units are there; NULL for units that are no statement's. */
static CapacitySum *
sum_of_units(const double *units)
{
	dlist_iter iterator;

	dlist_foreach(iterator, &sums)
	{
		CapacitySum *sum = dlist_container(CapacitySum, node, iterator.cur);

		if (&sum->units == units)
			return sum;
	}
	return NULL;
}

static uint64
parts_of_units(double units)
{
	return (uint64) llrint(units * PARTS_OF_UNIT);
}

static double
units_of_parts(pg_atomic_uint64 *parts)
{
	return (double) pg_atomic_read_u64(parts) / PARTS_OF_UNIT;
}

/* The leader shows its sum to all workers; a worker adds its part to what its fellows see. */
static void
show(CapacitySum *sum, double units)
{
	slist_iter iterator;

	slist_foreach(iterator, &sum->shares)
	{
		SharedCapacity *shared = slist_container(CapacityShare, node, iterator.cur)->shared;

		if (sum->in_worker)
		{
			pg_atomic_fetch_add_u64(&shared->of_workers, (int64) parts_of_units(units));
			return;
		}
		pg_atomic_write_u64(&shared->of_leader, parts_of_units(sum->units));
	}
}

/* What the statement has consumed in all processes. */
static double
total_of_sum(CapacitySum *sum)
{
	double of_leader = sum->in_worker ? 0 : sum->units;
	double of_workers = 0;
	slist_iter iterator;

	slist_foreach(iterator, &sum->shares)
	{
		SharedCapacity *shared = slist_container(CapacityShare, node, iterator.cur)->shared;

		of_leader = Max(of_leader, units_of_parts(&shared->of_leader));
		of_workers += units_of_parts(&shared->of_workers);
	}
	return of_leader + of_workers;
}

double
capacity_units_spend(double *units_of_sum, double units)
{
	CapacitySum *sum = sum_of_units(units_of_sum);

	*units_of_sum += units;
	if (sum == NULL || slist_is_empty(&sum->shares))
		return *units_of_sum;
	show(sum, units);
	return total_of_sum(sum);
}

static CapacitySum *
add_share(double *statement_units, SharedCapacity *shared)
{
	CapacitySum *sum = sum_of_units(statement_units);
	CapacityShare *share = MemoryContextAlloc(sum->statement->es_query_cxt, sizeof(CapacityShare));

	share->shared = shared;
	slist_push_head(&sum->shares, &share->node);
	return sum;
}

void
capacity_units_share(double *statement_units, SharedCapacity *shared)
{
	pg_atomic_init_u64(&shared->of_leader, parts_of_units(*statement_units));
	pg_atomic_init_u64(&shared->of_workers, 0);
	add_share(statement_units, shared);
}

void
capacity_units_join(double *statement_units, SharedCapacity *shared)
{
	add_share(statement_units, shared)->in_worker = true;
}

void
capacity_units_unshare(double *statement_units, SharedCapacity *shared)
{
	CapacitySum *sum = sum_of_units(statement_units);
	slist_mutable_iter iterator;

	slist_foreach_modify(iterator, &sum->shares)
	{
		if (slist_container(CapacityShare, node, iterator.cur)->shared == shared)
			slist_delete_current(&iterator);
	}
	sum->units += units_of_parts(&shared->of_workers);
	show(sum, 0);
}
