/*
 * secret_errors.h
 *		Errors of work on a plaintext, without a word of it.
 */
#ifndef POSTGRES_ENCRYPTION_SECRET_ERRORS_H
#define POSTGRES_ENCRYPTION_SECRET_ERRORS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/relation/relation.h"

/*
 * For PG_CATCH: errors of a type's own functions show the value. In place of such an error another
 * one is raised, with its SQLSTATE and nothing else of it. Errors that say nothing of a value
 * (cancel, shutdown, memory) are raised again. `caller` is the memory context to go on in, `column`
 * the one that was worked on; NULL where that is not known.
 */
pg_noreturn extern void report_without_value(const ForeignColumn *column, MemoryContext caller);

/* Overwrites a text; NULL is none. */
extern void wipe_text(char *text);

#endif
