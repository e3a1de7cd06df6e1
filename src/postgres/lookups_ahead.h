/*
 * lookups_ahead.h
 *		Items of the keys that a scan will be asked for, fetched together.
 *
 * Where a plan has the rows of a nested loop read ahead (read_ahead.h), the scan that looks their
 * keys up has one of these. Before it sends a request it takes the keys of all rows at hand from
 * there; each key is asked for once. What came is kept until the next keys are taken, and within
 * dynamodb_kms_fdw.max_memory_per_scan there are fewer keys where items are large.
 *
 * It answers for the keys that it knows and for no others, so whatever was read ahead, the rows are
 * the same.
 */
#ifndef POSTGRES_LOOKUPS_AHEAD_H
#define POSTGRES_LOOKUPS_AHEAD_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "postgres/compat.h"

#include "postgres/access.h"
#include "postgres/fetch.h"

typedef struct LookupsAhead LookupsAhead;

/*
 * Of a scan in the statement with such an access, in CurrentMemoryContext. Everything is borrowed.
 */
extern LookupsAhead *lookups_ahead_create(EState *statement, const ForeignRelation *relation,
                                          const Access *access);

/*
 * Has `expect` told of items before they are asked for, at most `most` at a time, so that what else
 * their rows need can be on its way. It allocates in CurrentMemoryContext, which is deleted once
 * the item behind it is asked for.
 */
typedef void (*ItemListener)(void *context, const DynamodbItem *item);
extern void lookups_ahead_tell(LookupsAhead *lookups, int most, ItemListener expect, void *context);

/* What the lookups have cost so far. */
extern FetchCounters lookups_ahead_counters(const LookupsAhead *lookups);

/* Gives up what is in flight and forgets all items. */
extern void lookups_ahead_close(LookupsAhead *lookups);

#endif
