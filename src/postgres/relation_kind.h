/*
 * relation_kind.h
 *		What kinds of things foreign tables are, and the callbacks of each kind.
 *
 * PostgreSQL knows one set of callbacks for all foreign tables of the wrapper. Those of them that
 * it comes to first with a relation find out its kind, put that kind's callbacks in their own
 * place, and call them; so every later callback is the kind's own already.
 */
#ifndef POSTGRES_RELATION_KIND_H
#define POSTGRES_RELATION_KIND_H

#include "postgres.h"

#include "foreign/fdwapi.h"

#include "postgres/compat.h"

/* The kinds' callbacks. What a kind cannot do is NULL. */
extern FdwRoutine table_routine;  /* in table_routine.c: a DynamoDB table */
extern FdwRoutine stream_routine; /* in stream_routine.c: the change stream of one */
extern FdwRoutine queue_routine;  /* in queue_routine.c: a queue of SQS */

/* The callbacks of what stands for a table's rows in a plan when they are only counted. */
extern FdwRoutine count_routine; /* in counting.c */

/* True for a foreign table of this wrapper, of whatever kind. */
extern bool relation_is_ours(Oid relation_id);

/*
 * Refuses what is no foreign table over a DynamoDB table, and says what it is. Errors: 42P01 for
 * what is not there, 42809 for anything else.
 */
extern void require_dynamodb_table(Oid relation_id);

/* The callbacks of the foreign table's kind; borrowed, they stay as long as the library. */
extern FdwRoutine *routine_of_relation(Oid relation_id);

/* Fills in the callbacks by which the wrapper as a whole is known. */
extern void fill_routine_of_wrapper(FdwRoutine *routine);

#endif
