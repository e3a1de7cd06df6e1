/*
 * access.h
 *		How a foreign table is read: chosen at planning, carried in the plan, bound at execution.
 *
 * Planning turns SQL conditions into templates: conditions whose values are numbers of expressions
 * in the plan's fdw_exprs. Execution evaluates those and binds the templates to a FetchPlan. A
 * template is a tree of Lists and value nodes, so that PostgreSQL can copy it with the plan; see
 * template.h.
 */
#ifndef POSTGRES_SCAN_ACCESS_H
#define POSTGRES_SCAN_ACCESS_H

#include "postgres.h"

#include "nodes/pathnodes.h"

#include "postgres/compat.h"

#include "postgres/planning/cost.h"
#include "postgres/relation/relation.h"
#include "postgres/scan/fetch.h"

/* The choice that one foreign path stands for. Lists hold nodes that can be copied. */
typedef struct Access
{
	RequestKind kind;
	char *index_name;    /* NULL: the table itself */
	List *key_condition; /* template of the key condition, NIL for Scan */
	List *filter;        /* template of the filter, NIL for none */
	List *columns;       /* integers: numbers of the columns that are read */
	bool whole_items;    /* no projection: every attribute is needed */
	bool keys_only;      /* no column is needed: the projection is the key attributes alone */
	bool consistent_read;
	bool backward;
	bool in_order; /* rows come in the order of the path's pathkeys, stream after stream … */
	bool streams_backward; /* … the last hash key first */
	bool merged;           /* rows come in the order of the range attribute, streams merged */
	bool looked_up;  /* Query of an index, whose keys' items are then looked up in the table */
	bool read_ahead; /* the rows that ask for it are read ahead, see read_ahead.h … */
	int read_ahead_parameter; /* … by the node of this parameter */
	int segments;
	int streams; /* a Scan that processes share: segments that they read at once; 0: it is not */
	double row_goal; /* items that will probably be examined before enough rows are found; 0: all */
	double estimated_capacity_units;
	/* Known at planning alone: */
	ReadEstimate estimate; /* of one reading */
	bool all_wanted;       /* no LIMIT ends the reading early, no change does */
} Access;

/*
 * The attribute that says when an item expires, if the table hides expired rows; else no bytes.
 * The scan looks at it, so it belongs to the projection whenever it is not empty.
 */
static inline Bytes
expiry_attribute(const ForeignRelation *relation)
{
	if (!relation->options->hide_expired)
		return BYTES_EMPTY;
	if (relation->options->ttl_attribute != NULL)
		return bytes_of_string(relation->options->ttl_attribute);
	return relation->description == NULL ? BYTES_EMPTY : relation->description->ttl_attribute;
}

/*
 * What the pages of one of its tables and indexes, and what is kept of them, may take: a half each
 * where an index is read and then the table.
 */
extern Size access_memory_maximum(const Access *access);

/* The access as a List for fdw_private, and back. */
extern List *access_to_list(const Access *access);
extern Access *access_from_list(List *list);

/*
 * What binding found. What the scan looks at beside the columns, it finds in the items by name: the
 * table's key attributes (the context of errors) and expiry_attribute(). So both are in the
 * projection. read.count_only is for accesses without any column, local condition or expiry.
 */
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
 * The attributes that the access asks for: those of its columns, the table's key attributes (errors
 * name them) and, with hide_expired, the TTL attribute; of paths that overlap, the shorter. NULL,
 * with *count 0, when whole items are read, also because there are too many attributes to name.
 * palloc'd, names borrowed from the relation.
 */
extern AttributePath *access_projection(const Access *access, const ForeignRelation *relation,
                                        size_t *count);

/*
 * True when only the number of items matters, so that the service is asked for nothing else: no
 * column is read, so there is no local condition either, and no row is hidden.
 */
extern bool access_is_count_only(const Access *access, const ForeignRelation *relation);

/*
 * For EXPLAIN: the key condition or filter as DynamoDB would read it, with constants in place and
 * parameters as $n; NULL when there is none. palloc'd.
 */
extern char *access_describe(const Access *access, const ForeignRelation *relation, List *template,
                             List *fdw_exprs, List *deparse_context);

#endif
