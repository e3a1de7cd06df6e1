/*
 * rate_limit.h
 *		The option rate_limit: capacity units a second that a session's statements may use of a
 *		foreign table, its parallel workers included.
 *
 * A request reserves the units that it will probably use, and is sent when all that was reserved
 * before it has become free at that rate; when it has ended, the reservation is corrected. So the
 * rate holds over time, whatever a request turns out to use: in any second at most so much, and one
 * request.
 */
#ifndef POSTGRES_SCAN_RATE_LIMIT_H
#define POSTGRES_SCAN_RATE_LIMIT_H

#include "postgres.h"

#include "utils/dsa.h"

#include "postgres/compat.h"

typedef struct RateLimit RateLimit;

/* The foreign table's, which lives as long as the process; NULL for 0 units, which is no limit. */
extern RateLimit *rate_limit_of_table(Oid relation_id, double units_per_second);

/*
 * From now on rate_limit_of_table() gives the table's limit no more than so many units a second,
 * also where its option gives more or none; 0: what the option says, again. With 0 it does not
 * throw.
 */
extern void rate_limit_narrow(Oid relation_id, double units_per_second);

/* Units a second. */
extern double rate_limit_units(const RateLimit *limit);

/*
 * Sequences of pages that use the rate up, since a partition gives each no more: at least one. As
 * good as any number for NULL.
 */
extern int rate_limit_streams(const RateLimit *limit);

/*
 * Shares what is reserved, if it is not, with workers that are about to begin: where it is. Only
 * once a parallel context has its memory. Errors: out of memory.
 */
extern dsa_pointer rate_limit_share(RateLimit *limit);

/* A worker reserves with its leader, of the rate that this one has. Errors: out of memory. */
extern void rate_limit_join(Oid relation_id, dsa_pointer place);

/* Reserves units; how long the request has to wait, in milliseconds. 0 for NULL. */
extern int64 rate_limit_reserve(RateLimit *limit, double units);

/* A request that reserved so much has used so much. Does nothing for NULL. Does not throw. */
extern void rate_limit_correct(RateLimit *limit, double reserved, double used);

#endif
