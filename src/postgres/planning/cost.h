/*
 * cost.h
 *		What reading costs: in the planner's units of time, and in DynamoDB's capacity units.
 */
#ifndef POSTGRES_PLANNING_COST_H
#define POSTGRES_PLANNING_COST_H

#include "postgres.h"

#include "nodes/pathnodes.h"

#include "postgres/compat.h"

#include "postgres/relation/relation.h"
#include "postgres/scan/fetch.h"

/* How many items a table or an index holds, and how large they are. */
typedef struct StoredVolume
{
	double items; /* at least 1 */
	double item_size;
} StoredVolume;

/*
 * The table's, or an index's, volume. The service counts every six hours or so, and says 0 of a new
 * table; where it knows nothing, a table of a thousand items is assumed. `analyzed_items` is what
 * ANALYZE found, negative when it never ran.
 */
extern StoredVolume cost_table_volume(const ForeignRelation *relation, double analyzed_items);
extern StoredVolume cost_index_volume(const IndexDescription *index, StoredVolume table);

/*
 * How many of the items have one of `keys` hash keys, by the planner's selectivity. Before ANALYZE
 * the planner takes a hash key for nearly unique, which one with a range key beside it hardly is.
 */
extern double cost_items_of_keys(StoredVolume volume, Selectivity selectivity, double keys,
                                 bool analyzed);

/* How many segments a Scan of the volume is divided into. */
extern int cost_scan_segments(const ForeignRelation *relation, StoredVolume volume);

/*
 * The same for processes that share the Scan: more segments than they read at once, so that one
 * that is slower leaves the others some of its own; and how many of them each process reads at
 * once, of `streams` that are worth reading at once. The leader is one of the processes.
 */
extern int cost_shared_segments(const ForeignRelation *relation, StoredVolume volume,
                                int processes);
extern int cost_streams_of_process(int streams, int segments, int processes);

/*
 * Workers that a Scan of the volume is worth, as for a local table of as many bytes; with a
 * rate_limit no more than have something to do at that rate.
 */
extern int cost_scan_workers(RelOptInfo *base, const ForeignRelation *relation,
                             StoredVolume volume);

/* The processes among which rows are divided, the leader counted as far as it takes part. */
extern double cost_row_processes(int workers);

/* One way of reading. */
typedef struct ReadEstimate
{
	RequestKind kind;
	double streams;       /* keys to look up; streams of pages of a Query; segments of a Scan */
	bool one_by_one;      /* streams are read one after another */
	double items;         /* that the service examines */
	double item_size;     /* bytes */
	double rows;          /* that come over the wire */
	bool consistent_read; /* costs twice as many capacity units */
} ReadEstimate;

typedef struct ReadCost
{
	Cost startup;
	Cost total;
	double capacity_units;
} ReadCost;

/* The cost of the read, without that of local conditions and output expressions. */
extern ReadCost cost_of_read(const ForeignRelation *relation, const ReadEstimate *estimate);

/* That of reading an index, `of_index`, and of looking up the items that it names in the table. */
extern ReadCost cost_with_lookups(const ForeignRelation *relation, ReadCost of_index, double items,
                                  double item_size);

#endif
