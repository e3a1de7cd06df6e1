/*
 * read_ahead.h
 *		A plan node that reads rows ahead of a nested loop, so that their keys can be looked up
 *		together.
 *
 * PostgreSQL's nested loop asks its inner side for one outer row after another. Where that side
 * looks keys up, the outer side gets this node above it: it takes some rows more than the one it
 * hands out, and knows which values their keys will have. The inner side's scan asks for these when
 * it must send a request, and fetches the items of all of them. The join itself remains
 * PostgreSQL's own, whatever its kind: what was read ahead decides when an item is fetched, and
 * nothing else.
 *
 * The scan finds the node by way of an executor's parameter, as a WorkTableScan finds its
 * RecursiveUnion.
 */
#ifndef POSTGRES_READ_AHEAD_H
#define POSTGRES_READ_AHEAD_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "nodes/extensible.h"
#include "nodes/pathnodes.h"

#include "postgres/compat.h"

/* Rows that are read ahead at most: ten requests of a hundred keys, which run at once. */
#define READ_AHEAD_ROWS_MAXIMUM 1000

/* dynamodb_kms_fdw.enable_bulk_lookup */
extern bool enable_bulk_lookup;

/* What a nested loop's outer path and its inner path share while they are planned. */
typedef struct ReadAheadPlanning
{
	List *key_condition; /* templates of the inner path's, whose values are evaluated ahead */
	List *filter;
	int first_rows; /* rows to read ahead at first; more with each time */
	bool has_parameter;
	int parameter; /* of the executor: how the nodes find each other */
} ReadAheadPlanning;

/* The parameter, made when the first of the two is planned. */
extern int read_ahead_parameter(PlannerInfo *root, ReadAheadPlanning *planning);

/* Members of the custom_private of the node. */
enum ReadAheadPrivate
{
	READ_AHEAD_PRIVATE_PARAMETER, /* Integer */
	READ_AHEAD_PRIVATE_FIRST_ROWS /* Integer */
};

/* In read_ahead_planning.c: has the planner consider reading ahead. For _PG_init. */
extern void read_ahead_install(void);

/* In read_ahead.c. */
extern const CustomScanMethods read_ahead_scan_methods;

typedef struct ReadAhead ReadAhead;

/* The node of that parameter in the statement; NULL where there is none. */
extern const ReadAhead *read_ahead_find(EState *statement, int parameter);

/* How many rows it has at hand: the one that was handed out last, and those that come next. */
extern int read_ahead_row_count(const ReadAhead *ahead);

/*
 * The values of the key condition and the filter for one of them, number 0 being the one handed out
 * last: as many as the templates have, in their order. Borrowed until the next row is handed out.
 */
extern void read_ahead_values(const ReadAhead *ahead, int row, const Datum **values,
                              const bool **nulls);
extern int read_ahead_value_count(const ReadAhead *ahead);

#endif
