/*
 * cost.c
 *		What reading costs.
 *
 * Time: a round trip costs fdw_startup_cost, whatever it brings; a page's bytes cost what the
 * service needs to read them, and rows fdw_tuple_cost each to be decoded. Capacity: 4 KB read with
 * eventual consistency are half a unit; lookups are rounded item by item, Query and Scan page by
 * page. What a filter leaves out has been read, and paid for, all the same. Time decides, and
 * capacity where times are alike.
 */
#include "postgres.h"

#include <math.h>

#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"

#include "postgres/compat.h"

#include "postgres/planning/cost.h"

#define PAGE_BYTES          (1024.0 * 1024.0)
#define CAPACITY_UNIT_BYTES 4096.0

/*
 * A partition gives 3,000 read units a second, so a page of 1 MB takes 43 ms: about ten round trips
 * within a region.
 */
#define PAGE_ROUND_TRIPS 10.0

/*
 * What a capacity unit of Query and Scan costs beside time, in round trips: 1 MB about a quarter of
 * one. Of two ways that take as long, because one is read in more segments, the one that consumes
 * less is chosen. Of lookups it costs nothing: they remain right when a small table has grown since
 * it was counted.
 */
#define CAPACITY_UNIT_ROUND_TRIPS 0.002

/* Bytes that a segment of a Scan should be worth: fewer pages gain little from one more stream. */
#define SEGMENT_BYTES (16.0 * PAGE_BYTES)

/*
 * Of a Scan that several processes share: segments that each reads at once at least, so that it has
 * one to convert while the next one begins, and segments that there are for each that is read.
 */
#define STREAMS_OF_PROCESS_MINIMUM 2
#define SEGMENTS_OF_STREAM         4

/* What is assumed of a table of which nothing is known. */
#define UNKNOWN_ITEMS     1000.0
#define UNKNOWN_ITEM_SIZE 400.0

/* Items that are assumed to share a hash key: so many, or that part of a small table. */
#define ASSUMED_ITEMS_OF_HASH_KEY 100.0
#define ASSUMED_SHARE_OF_HASH_KEY 0.1

StoredVolume
cost_table_volume(const ForeignRelation *relation, double analyzed_items)
{
	const TableDescription *description = relation->description;
	StoredVolume volume = {UNKNOWN_ITEMS, UNKNOWN_ITEM_SIZE};

	if (description == NULL)
		return (StoredVolume){1, UNKNOWN_ITEM_SIZE};
	if (description->item_count > 0)
		volume.items = (double) description->item_count;
	if (description->item_count > 0 && description->size_bytes > 0)
		volume.item_size = (double) description->size_bytes / volume.items;
	if (analyzed_items >= 0)
		volume.items = Max(analyzed_items, 1);
	return volume;
}

StoredVolume
cost_index_volume(const IndexDescription *index, StoredVolume table)
{
	StoredVolume volume = table;

	if (index->item_count > 0)
		volume.items = (double) index->item_count;
	if (index->item_count > 0 && index->size_bytes > 0)
		volume.item_size = (double) index->size_bytes / volume.items;
	return volume;
}

double
cost_items_of_keys(StoredVolume volume, Selectivity selectivity, double keys, bool analyzed)
{
	double items = volume.items * selectivity;

	if (!analyzed)
		items = Max(
		    items, keys * Min(volume.items * ASSUMED_SHARE_OF_HASH_KEY, ASSUMED_ITEMS_OF_HASH_KEY));
	return Min(items, volume.items);
}

/* Sequences of pages that have something to do at the table's rate. */
static int
streams_of_rate(const ForeignRelation *relation)
{
	return rate_limit_streams(rate_limit_of_table(relation->id, relation->options->rate_limit));
}

int
cost_scan_segments(const ForeignRelation *relation, StoredVolume volume)
{
	double wanted = ceil(volume.items * volume.item_size / SEGMENT_BYTES);
	int most = Min(relation->server_options->max_connections, streams_of_rate(relation));

	if (relation->options->scan_segments > 0)
		return relation->options->scan_segments;
	return (int) Max(Min(wanted, most), 1);
}

int
cost_streams_of_process(int streams, int segments, int processes)
{
	int share = (streams + processes - 1) / processes;

	return Max(Min(Max(share, STREAMS_OF_PROCESS_MINIMUM), segments / processes), 1);
}

int
cost_shared_segments(const ForeignRelation *relation, StoredVolume volume, int processes)
{
	int streams = cost_scan_segments(relation, volume);

	if (relation->options->scan_segments > 0)
		return streams;
	return processes * Max(streams / processes, STREAMS_OF_PROCESS_MINIMUM) * SEGMENTS_OF_STREAM;
}

int
cost_scan_workers(RelOptInfo *base, const ForeignRelation *relation, StoredVolume volume)
{
	double pages = ceil(volume.items * volume.item_size / BLCKSZ);
	int workers = compute_parallel_worker(base, pages, -1, max_parallel_workers_per_gather);

	/* One process keeps up with one sequence of pages. */
	return Min(workers, streams_of_rate(relation) - 1);
}

double
cost_row_processes(int workers)
{
	/* As the planner has it for its own scans: with every worker the leader has less time. */
	double of_leader = parallel_leader_participation ? 1.0 - 0.3 * workers : 0;

	return workers + Max(of_leader, 0);
}

static double
read_requests(const ReadEstimate *estimate, double bytes)
{
	switch (estimate->kind)
	{
		case REQUEST_GET_ITEM:
			return estimate->streams;
		case REQUEST_BATCH_GET_ITEM:
			return ceil(estimate->streams / BATCH_GET_KEYS_MAXIMUM);
		case REQUEST_QUERY:
		case REQUEST_SCAN:
			break;
	}
	return estimate->streams * Max(ceil(bytes / estimate->streams / PAGE_BYTES), 1);
}

static bool
is_lookup(const ReadEstimate *estimate)
{
	return estimate->kind == REQUEST_GET_ITEM || estimate->kind == REQUEST_BATCH_GET_ITEM;
}

static double
read_capacity_units(const ReadEstimate *estimate, double bytes)
{
	double parts =
	    is_lookup(estimate) ? Max(estimate->items, estimate->streams) : estimate->streams;
	double units = parts * Max(ceil(bytes / parts / CAPACITY_UNIT_BYTES), 1);

	return estimate->consistent_read ? units : units / 2;
}

ReadCost
cost_of_read(const ForeignRelation *relation, const ReadEstimate *estimate)
{
	const ServerOptions *options = relation->server_options;
	double bytes = estimate->items * estimate->item_size;
	double requests = read_requests(estimate, bytes);
	double concurrency =
	    estimate->one_by_one ? 1 : Max(Min(estimate->streams, options->max_connections), 1);
	Cost page_cost = options->fdw_startup_cost * PAGE_ROUND_TRIPS;
	ReadCost cost;

	cost.capacity_units = read_capacity_units(estimate, bytes);
	cost.startup = options->fdw_startup_cost;
	cost.total = options->fdw_startup_cost * Max(ceil(requests / concurrency), 1) +
	             page_cost * bytes / PAGE_BYTES / concurrency +
	             options->fdw_tuple_cost * estimate->rows;
	if (!is_lookup(estimate))
		cost.total += options->fdw_startup_cost * CAPACITY_UNIT_ROUND_TRIPS * cost.capacity_units;
	return cost;
}

ReadCost
cost_with_lookups(const ForeignRelation *relation, ReadCost of_index, double items,
                  double item_size)
{
	ReadEstimate lookups = {.kind = REQUEST_BATCH_GET_ITEM,
	                        .streams = items,
	                        .items = items,
	                        .item_size = item_size,
	                        .rows = items,
	                        .consistent_read = relation->options->consistent_read};
	ReadCost cost = cost_of_read(relation, &lookups);

	cost.startup += of_index.startup;
	cost.total += of_index.total;
	cost.capacity_units += of_index.capacity_units;
	return cost;
}
