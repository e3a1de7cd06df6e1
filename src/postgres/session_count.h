/*
 * session_count.h
 *		A count that goes on in parallel workers.
 *
 * It is one process's until a plan has workers. Then it lies in the memory that PostgreSQL has for
 * a session, so that the leader and the workers of all its plans add to one number.
 */
#ifndef POSTGRES_SESSION_COUNT_H
#define POSTGRES_SESSION_COUNT_H

#include "postgres.h"

#include "port/atomics.h"
#include "utils/dsa.h"

#include "postgres/compat.h"

/* All zero at first, when it has counted nothing. */
typedef struct SessionCount
{
	int64 own;                /* while it is not shared */
	pg_atomic_uint64 *shared; /* NULL: it is not */
	dsa_pointer place;        /* where that is, for other processes */
} SessionCount;

/* Adds a number, 0 perhaps; what all processes have counted. */
extern int64 session_count_add(SessionCount *count, int64 number);

/* Begins to count something else, while no worker counts. */
extern void session_count_clear(SessionCount *count);

/*
 * Shares the count, if it is not, with workers that are about to begin: where it is. Only once a
 * parallel context has its memory. Errors: out of memory.
 */
extern dsa_pointer session_count_share(SessionCount *count);

/* A worker joins the count of its leader. */
extern void session_count_join(SessionCount *count, dsa_pointer place);

/* Gives back what is shared, if this process has shared it; no worker counts any more. */
extern void session_count_unshare(SessionCount *count);

#endif
