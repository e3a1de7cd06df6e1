/*
 * querys_ahead.h
 *		Querys that a scan will be asked for, under way beside one another.
 *
 * Where a plan has the rows of a nested loop read ahead (read_ahead.h), and the inner side reads by
 * the hash key alone, its scan has one of these. It sends the Querys of the rows at hand before the
 * rows are asked for, as many at once as max_connections allows and as
 * dynamodb_kms_fdw.max_memory_per_scan has room for. Each Query is a fetch of its own, whose pages
 * are followed when its row has come; what no row asks for any more is given up, read or not.
 *
 * Where the Querys find keys in an index, lookups_ahead.h takes the keys of many rows from here.
 *
 * It answers for the Querys that it knows and for no others, so whatever was read ahead, the rows
 * are the same.
 */
#ifndef POSTGRES_SCAN_QUERYS_AHEAD_H
#define POSTGRES_SCAN_QUERYS_AHEAD_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "postgres/compat.h"

#include "postgres/scan/access.h"
#include "postgres/scan/fetch.h"

/*
 * Of a scan in the statement with such an access, in CurrentMemoryContext. Everything is borrowed.
 */
extern QuerysAhead *querys_ahead_create(EState *statement, const ForeignRelation *relation,
                                        const Access *access);

/*
 * Has `expect` told of items of Querys that have come ahead, as many as were asked for so far, so
 * that few rows cost little, and at most so many that with those at hand in the current Query there
 * are `most` to be waited for.
 */
extern void querys_ahead_tell(QuerysAhead *querys, int most, ItemListener expect, void *context);

/* Sees the items of a Query, by fetch_item_at_hand(); false when it wants no further Query. */
typedef bool (*QueryVisitor)(void *context, const Fetch *query, int64 count);

/*
 * Shows the Querys from that of the current row on, in the order of their rows, up to the first
 * that is not at hand (fetch.h). Sends further ones.
 */
extern void querys_ahead_visit(QuerysAhead *querys, QueryVisitor visit, void *context);

/* What the Querys have cost so far. */
extern FetchCounters querys_ahead_counters(const QuerysAhead *querys);

/* Gives up what is in flight and forgets all items. */
extern void querys_ahead_close(QuerysAhead *querys);

#endif
