/*
 * capacity.h
 *		What a statement has consumed of a server's read capacity, over all of its scans.
 */
#ifndef POSTGRES_CAPACITY_H
#define POSTGRES_CAPACITY_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "port/atomics.h"

/*
 * The sum of capacity units that the statement has consumed from the server's tables in this
 * process, 0 at first. Borrowed until the statement ends; whoever consumes adds to it.
 */
extern double *capacity_units_of_statement(EState *statement, Oid server_id);

/*
 * Adds to the sum, and gives what the statement has consumed in all of its processes. The sum may
 * be another than a statement's.
 */
extern double capacity_units_spend(double *sum, double units);

/*
 * What the processes of a parallel scan tell each other, in memory that they share. Workers below
 * one Gather know of each other and of the leader; those below another, only what the leader does.
 */
typedef struct SharedCapacity
{
	pg_atomic_uint64 of_leader; /* thousandths of a unit … */
	pg_atomic_uint64 of_workers;
} SharedCapacity;

/* The leader begins to share the statement's sum; a worker joins it. Errors: out of memory. */
extern void capacity_units_share(double *statement_units, SharedCapacity *shared);
extern void capacity_units_join(double *statement_units, SharedCapacity *shared);

/* The workers have ended: the leader's sum takes over what they consumed. Does not throw. */
extern void capacity_units_unshare(double *statement_units, SharedCapacity *shared);

#endif
