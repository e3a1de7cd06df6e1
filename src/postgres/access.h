/*
 * access.h
 *		How a foreign table is read: chosen at planning, carried in the plan, bound at execution.
 *
 * Planning turns SQL conditions into templates: conditions whose values are numbers of expressions
 *in the plan's fdw_exprs. Execution evaluates those and binds the template to a FetchPlan. A
 *template is a tree of Lists and value nodes, so that PostgreSQL can copy it with the plan.
 */
#ifndef POSTGRES_ACCESS_H
#define POSTGRES_ACCESS_H

#include "postgres.h"

#include "nodes/pathnodes.h"

#include "postgres/fetch.h"
#include "postgres/relation.h"

/* The choice that one foreign path stands for. Lists hold nodes that can be copied. */
typedef struct Access
{
	RequestKind kind;
	char *index_name;    /* NULL: the table itself */
	List *key_condition; /* template of the key condition, NIL for Scan */
	List *filter;        /* template of the filter, NIL for none */
	List *columns;       /* integers: numbers of the columns that are read */
	bool whole_items;    /* no projection: every attribute is needed */
	bool keys_only;      /* no column is needed: the projection is the hash key alone */
	bool consistent_read;
	bool backward;
	bool in_order; /* rows come in the order of the path's pathkeys */
	int segments;
	double row_goal; /* 0: all rows */
	double estimated_capacity_units;
} Access;

/* The access as a List for fdw_private, and back. */
extern List *access_to_list(const Access *access);
extern Access *access_from_list(List *list);

/* What binding found. */
typedef struct BoundAccess
{
	FetchPlan plan; /* memory is of the arena and context given */
	bool no_rows;   /* the conditions can hold for no item: nothing is to be sent */
} BoundAccess;

/*
 * Binds the access to the values of fdw_exprs, one Datum and null flag each. Conditions that cannot
 * be sent as they are (an expression over DynamoDB's limits) are left out, since the plan rechecks
 * them; a NULL or a value that no item can hold makes no_rows. Key lookups are made unique.
 */
extern BoundAccess *access_bind(const Access *access, const ForeignRelation *relation, Arena *arena,
                                const Datum *values, const bool *nulls, int value_count);

/*
 * For EXPLAIN: the key condition or filter as DynamoDB would read it, with constants in place and
 * parameters as $n; NULL when there is none. palloc'd.
 */
extern char *access_describe(const Access *access, const ForeignRelation *relation, List *template,
                             List *fdw_exprs, List *deparse_context);

#endif
