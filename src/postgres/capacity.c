/*
 * capacity.c
 *		Sums of capacity units, one a statement and server.
 *
 * An executor state is one statement's, those of the functions it calls being others. It has no
 * room for what an extension wants to remember, so the sums are listed here and leave the list with
 * the state's memory.
 */
#include "postgres.h"

#include "lib/ilist.h"

#include "postgres/capacity.h"

typedef struct CapacitySum
{
	dlist_node node;
	EState *statement;
	Oid server_id;
	double units;
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
