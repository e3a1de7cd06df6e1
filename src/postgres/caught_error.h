/*
 * caught_error.h
 *		An error that is caught, so that what else is under way is waited for before it goes on.
 *
 * A statement has many requests under way. When one fails, the others' outcomes are known before
 * the error is raised, and its detail says how much was done. A cancel waits for nothing.
 */
#ifndef POSTGRES_CAUGHT_ERROR_H
#define POSTGRES_CAUGHT_ERROR_H

#include "postgres.h"

#include "postgres/compat.h"

/*
 * In PG_CATCH: the error as a copy in the context, which becomes the current one. The error state
 * is clean then.
 */
extern ErrorData *caught_error_take(MemoryContext context);

/* True for the errors after which nobody wants to wait: a cancel, the end of the backend. */
extern bool caught_error_ends_waiting(const ErrorData *error);

/* Puts a sentence, which is borrowed, behind the error's detail, in CurrentMemoryContext. */
extern void caught_error_add(ErrorData *error, char *sentence);

/* Goes on with one of many places; a failure that does not end waiting is let pass. */
extern void proceed_quietly(void (*proceed)(void *place), void *place);

#endif
