/*
 * transport_events.h
 *		What a backend waits for beside its latch: timers and descriptors, behind one descriptor.
 *
 * That descriptor is an epoll with a timerfd in it, so that a wait is for one latch and one
 * readable descriptor. Nothing here waits: what is due or ready is found when transport.c looks,
 * which it does in transport_serve() and transport_wait(). What is called back is called from
 * there and must not throw.
 */
#ifndef POSTGRES_SERVICE_TRANSPORT_EVENTS_H
#define POSTGRES_SERVICE_TRANSPORT_EVENTS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "lib/ilist.h"

#define MICROSECONDS_PER_SECOND      INT64CONST(1000000)
#define MICROSECONDS_PER_MILLISECOND INT64CONST(1000)

/* The due time of what never comes. */
#define TRANSPORT_NEVER PG_INT64_MAX

/* Microseconds of a clock that only goes forward; the unit and origin of every due time here. */
extern int64 transport_now(void);

/*
 * A moment at which `expired` is called once. The struct is the owner's; the owner stops the timer
 * before the struct's memory goes.
 */
typedef struct TransportTimer
{
	dlist_node node;
	bool running;
	int64 due;
	void (*expired)(void *context);
	void *context;
} TransportTimer;

/* Starts the timer, or moves it; it counts from the next serve or wait on. Does not throw. */
extern void transport_timer_start(TransportTimer *timer, int64 due);

/* Does nothing to a timer that does not run. */
extern void transport_timer_stop(TransportTimer *timer);

/*
 * A descriptor of which `readable` is called whenever it can be read, or its other end is closed,
 * until the watch is stopped. Struct and descriptor are the owner's, who stops the watch before
 * either goes.
 */
typedef struct TransportWatch
{
	dlist_node node;
	bool running;
	bool ready; /* transport_events.c's own */
	int descriptor;
	void (*readable)(void *context);
	void *context;
} TransportWatch;

/* False, and nothing runs, when the descriptor cannot be waited for. Does not throw. */
extern bool transport_watch_start(TransportWatch *watch);

/* Does nothing to a watch that does not run. */
extern void transport_watch_stop(TransportWatch *watch);

/*
 * A descriptor that becomes readable when there is something to serve, for wait event sets of
 * others, once transport_open() has succeeded. It is counted as others are, and is closed with the
 * context. Errors: 53000.
 */
extern int transport_descriptor_copy(MemoryContext context);

/* For transport.c, which looks and waits */

/* Makes the descriptors, if there are none. Errors: 53000; what was made before one is kept. */
extern void transport_events_open(void);

/*
 * The descriptor that is readable when something is ready, or due as transport_events_arm() was
 * told. For waits only; it stays open to the end of the backend.
 */
extern int transport_events_descriptor(void);

/* The earliest due time of all timers, TRANSPORT_NEVER when none runs. */
extern int64 transport_timers_due(void);

/* Makes the descriptor readable at the moment, in place of any told before. Does not throw. */
extern void transport_events_arm(int64 due);

/* A socket of libcurl's and the EPOLL… bits that it is ready for. */
typedef struct ReadySocket
{
	int descriptor;
	uint32 events;
} ReadySocket;

/* Descriptors found at once, so that timers and interrupts have their turn. */
#define READY_AT_ONCE 8

/*
 * Looks for what is ready now, without waiting: watches are marked for transport_watches_serve();
 * sockets are written to `sockets`, and their number is returned.
 */
extern int transport_events_look(ReadySocket sockets[READY_AT_ONCE]);

/* Calls `readable` of the watches found ready, which may stop watches, also others' than its own.
 */
extern void transport_watches_serve(void);

/* Calls `expired` of the timers that are due now, those included that these start. */
extern void transport_timers_fire(void);

/* For exchange.c: libcurl's sockets. `events` are EPOLL… bits. */

/* Watches the socket for these events alone; false when it cannot be. Does not throw. */
extern bool transport_events_add(int descriptor, uint32 events);

/* Does nothing to a descriptor that is not watched, or has been closed. */
extern void transport_events_remove(int descriptor);

#endif
