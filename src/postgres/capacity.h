/*
 * capacity.h
 *		What a statement has consumed of a server's read capacity, over all of its scans.
 */
#ifndef POSTGRES_CAPACITY_H
#define POSTGRES_CAPACITY_H

#include "postgres.h"

#include "nodes/execnodes.h"

/*
 * The sum of capacity units that the statement has consumed from the server's tables, 0 at first.
 * Borrowed until the statement ends; whoever consumes adds to it.
 */
extern double *capacity_units_of_statement(EState *statement, Oid server_id);

#endif
