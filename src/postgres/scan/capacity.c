/*
 * capacity.c
 *		Sums of capacity units, one a statement and server.
 *
 * An executor state is one statement's, those of the functions it calls being others. It has no
 * room for what an extension wants to remember, so the sums are listed here and leave the list with
 * the state's memory. By then the statement's workers have ended, whatever has ended the statement.
 */
#include "postgres.h"

#include <math.h>

#include "lib/ilist.h"

#include "postgres/compat.h"

#include "postgres/scan/capacity.h"

#define PARTS_OF_UNIT 1000.0

typedef struct StatementSum
{
	dlist_node node;
	EState *statement;
	Oid server_id;
	CapacitySum sum;
	MemoryContextCallback ended;
} StatementSum;

static dlist_head sums = DLIST_STATIC_INIT(sums);

static void
forget_sum(void *context)
{
	StatementSum *sum = context;

	dlist_delete(&sum->node);
	session_count_unshare(&sum->sum.parts);
}

static StatementSum *
new_sum(EState *statement, Oid server_id)
{
	StatementSum *sum = MemoryContextAllocZero(statement->es_query_cxt, sizeof(*sum));

	sum->statement = statement;
	sum->server_id = server_id;
	sum->ended.func = forget_sum;
	sum->ended.arg = sum;
	MemoryContextRegisterResetCallback(statement->es_query_cxt, &sum->ended);
	dlist_push_head(&sums, &sum->node);
	return sum;
}

CapacitySum *
capacity_sum_of_statement(EState *statement, Oid server_id)
{
	dlist_iter iterator;

	dlist_foreach(iterator, &sums)
	{
		StatementSum *sum = dlist_container(StatementSum, node, iterator.cur);

		if (sum->statement == statement && sum->server_id == server_id)
			return &sum->sum;
	}
	return &new_sum(statement, server_id)->sum;
}

double
capacity_sum_add(CapacitySum *sum, double units)
{
	return (double) session_count_add(&sum->parts, llrint(units * PARTS_OF_UNIT)) / PARTS_OF_UNIT;
}
