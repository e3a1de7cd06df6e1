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
 * RecursiveUnion. Where the inner side is an Append of several scans, each finds it by its own.
 */
#ifndef POSTGRES_SCAN_READ_AHEAD_H
#define POSTGRES_SCAN_READ_AHEAD_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "nodes/extensible.h"
#include "nodes/pathnodes.h"

#include "postgres/compat.h"

/* Rows that are read ahead at most: ten requests of a hundred keys, which run at once. */
#define READ_AHEAD_ROWS_MAXIMUM 1000

/*
 * A scan on the inner side, while it is planned: the only one, or one of several below an Append.
 * All expressions are over the outer side's columns.
 */
typedef struct ReadAheadUse
{
	List *key_condition; /* templates of the scan's, whose values are evaluated ahead */
	List *filter;
	Expr *condition; /* not true of a row: the scan will not be asked for it; NULL: for any */
	bool has_parameter;
	int parameter; /* of the executor: how the scan finds the node */
} ReadAheadUse;

/* What a nested loop's outer path and its inner path share while they are planned. */
typedef struct ReadAheadPlanning
{
	List *uses;     /* ReadAheadUses */
	int first_rows; /* rows to read ahead at first; more with each time */
} ReadAheadPlanning;

/* The parameter, made when the first of the two is planned. */
extern int read_ahead_parameter(PlannerInfo *root, ReadAheadUse *use);

/* Members of the custom_private of the node. */
enum ReadAheadPrivate
{
	READ_AHEAD_PRIVATE_FIRST_ROWS, /* Integer */
	READ_AHEAD_PRIVATE_USES        /* List of integer Lists, see below */
};

/* Members of a use's List: its parameter, and where it is among the custom_exprs. */
enum ReadAheadUsePrivate
{
	READ_AHEAD_USE_PARAMETER,
	READ_AHEAD_USE_FIRST_VALUE,
	READ_AHEAD_USE_VALUE_COUNT,
	READ_AHEAD_USE_CONDITION /* -1: none */
};

/* In read_ahead_planning.c: has the planner consider reading ahead. For _PG_init. */
extern void read_ahead_install(void);

/* In read_ahead.c. */
extern const CustomScanMethods read_ahead_scan_methods;

/* The node, as one of the scans sees it. */
typedef struct ReadAhead ReadAhead;

/* That of the scan's parameter in the statement; NULL where there is none. */
extern const ReadAhead *read_ahead_find(EState *statement, int parameter);

/* How many rows it has at hand: the one that was handed out last, and those that come next. */
extern int read_ahead_row_count(const ReadAhead *ahead);

/*
 * The values of the key condition and the filter for one of them, number 0 being the one handed out
 * last: as many as the templates have, in their order. All are NULL, so that no key is, for a row
 * that the scan will not be asked for. Borrowed until the next row is handed out.
 */
extern void read_ahead_values(const ReadAhead *ahead, int row, const Datum **values,
                              const bool **nulls);
extern int read_ahead_value_count(const ReadAhead *ahead);

#endif
