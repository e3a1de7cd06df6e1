/*
 * transport.h
 *		The one place of the extension that waits: for timers, descriptors and exchanges together.
 *
 * All of them make progress only inside transport_serve() and transport_wait(), where everything
 * that they call back is called. None of that may throw.
 */
#ifndef POSTGRES_SERVICE_TRANSPORT_H
#define POSTGRES_SERVICE_TRANSPORT_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/service/transport_events.h"

/*
 * Makes what waits need and initializes libcurl, once a backend. Errors: 53000, 58000 and what
 * palloc raises.
 */
extern void transport_open(void);

/* Moves what can be moved without waiting. Does not throw. */
extern void transport_serve(void);

/*
 * Serves until `done` says so, waiting on the backend's latch. A cancel, a timeout or the end of
 * the backend is raised from here within one turn; what is under way stays consistent.
 */
extern void transport_wait(bool (*done)(void *context), void *context);

/*
 * To be called before somebody else waits for the descriptor, or a copy: what was begun since the
 * last serve makes it readable in its time, or it is readable `at_once`. The wait is time that the
 * other side takes.
 */
extern void transport_expect_wait(bool at_once);

#endif
