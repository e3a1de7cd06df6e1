/*
 * capacity.h
 *		What a statement has consumed of a server's capacity, over all of its scans and processes.
 */
#ifndef POSTGRES_SCAN_CAPACITY_H
#define POSTGRES_SCAN_CAPACITY_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "postgres/compat.h"

#include "postgres/session_count.h"

/* Capacity units, in thousandths. All zero at first. */
typedef struct CapacitySum
{
	SessionCount parts;
} CapacitySum;

/*
 * The sum of capacity units that the statement consumes from the server's tables. Borrowed until
 * the statement ends; whoever consumes adds to it. It may be shared with workers below any of the
 * statement's Gathers: it stays so until the statement ends.
 */
extern CapacitySum *capacity_sum_of_statement(EState *statement, Oid server_id);

/* Adds units, 0 perhaps; the sum in all processes. */
extern double capacity_sum_add(CapacitySum *sum, double units);

#endif
