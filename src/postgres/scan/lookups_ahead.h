/*
 * lookups_ahead.h
 *		Items of the keys that a scan will be asked for, fetched together.
 *
 * Where a plan has the rows of a nested loop read ahead (read_ahead.h), the scan that looks their
 * keys up has one of these. Before it sends a request it takes the keys of all rows at hand from
 * there; each key is asked for once. What came is kept until the next keys are taken, and within
 * dynamodb_kms_fdw.max_memory_per_scan there are fewer keys where items are large.
 *
 * Where an index is read first, the keys are those that the rows' Querys (querys_ahead.h) have
 * found there: of the row that asks and of those behind it, as far as the answers have come in
 * their order.
 *
 * It answers for the keys that it knows and for no others, so whatever was read ahead, the rows are
 * the same.
 */
#ifndef POSTGRES_SCAN_LOOKUPS_AHEAD_H
#define POSTGRES_SCAN_LOOKUPS_AHEAD_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "postgres/compat.h"

#include "postgres/scan/access.h"
#include "postgres/scan/fetch.h"

/*
 * Of a scan in the statement with such an access, in CurrentMemoryContext; `querys` find the keys
 * in an index, NULL: the rows at hand have them. Everything is borrowed.
 */
extern LookupsAhead *lookups_ahead_create(EState *statement, const ForeignRelation *relation,
                                          const Access *access, QuerysAhead *querys);

/* Has `expect` told of items before they are asked for, at most `most` at a time. */
extern void lookups_ahead_tell(LookupsAhead *lookups, int most, ItemListener expect, void *context);

/* What the lookups have cost so far. */
extern FetchCounters lookups_ahead_counters(const LookupsAhead *lookups);

/* Gives up what is in flight and forgets all items. */
extern void lookups_ahead_close(LookupsAhead *lookups);

#endif
