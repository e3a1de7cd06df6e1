/*
 * transport.c
 *		Serving what is ready or due, and waiting for it and the backend's latch, in one place.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/wait_event.h"

#include "postgres/compat.h"
#include "postgres/service/exchange.h"
#include "postgres/service/transport.h"

/* Rounds of serving before the backend's interrupts are looked at again. */
#define ROUNDS_AT_ONCE 8

typedef struct Transport
{
	bool open;
	WaitEventSet *wait_set; /* the latch, the postmaster's end and the events, in this order */
	int64 served_at;        /* when the last serve or wait ended */
	bool awaited;           /* since then somebody else waits for the events */
} Transport;

static Transport transport = {0};

/* The earliest due time of all timers and of libcurl. */
static int64
next_due(void)
{
	int64 timers_due = transport_timers_due();
	int64 libcurl_due = exchanges_due();

	return Min(timers_due, libcurl_due);
}

/* Opening */

/* What a wait is for, made once instead of for each. What was added before a failure stays. */
static void
open_wait_set(void)
{
	enum
	{
		LATCH,
		POSTMASTER,
		EVENTS,
		EVENT_COUNT
	};

	if (transport.wait_set == NULL)
		transport.wait_set = CREATE_WAIT_EVENT_SET(EVENT_COUNT);
	if (GetNumRegisteredWaitEvents(transport.wait_set) == LATCH)
		AddWaitEventToSet(transport.wait_set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	if (GetNumRegisteredWaitEvents(transport.wait_set) == POSTMASTER)
		AddWaitEventToSet(transport.wait_set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	if (GetNumRegisteredWaitEvents(transport.wait_set) == EVENTS)
		AddWaitEventToSet(transport.wait_set, WL_SOCKET_READABLE, transport_events_descriptor(),
		                  NULL, NULL);
}

void
transport_open(void)
{
	if (transport.open)
		return;
	transport_events_open();
	open_wait_set();
	exchanges_open();
	transport.open = true;
	transport.served_at = transport_now();
	transport_events_arm(next_due());
}

/* Serving */

/* Whatever is ready, until nothing more is due or the backend has something more urgent to do. */
static void
serve_rounds(void)
{
	ReadySocket sockets[READY_AT_ONCE];
	int rounds = 0;

	do
	{
		exchanges_serve(sockets, transport_events_look(sockets));
		transport_watches_serve();
		transport_timers_fire();
	} while (++rounds < ROUNDS_AT_ONCE && !InterruptPending && next_due() <= transport_now());
	transport_events_arm(next_due());
}

/* Time the backend spent elsewhere, unless waiting, is no time that the other side took. */
static void
discount_pause(void)
{
	exchanges_discount(transport.awaited ? 0 : transport_now() - transport.served_at);
	transport.awaited = false;
}

void
transport_serve(void)
{
	if (!transport.open)
		return;
	discount_pause();
	serve_rounds();
	transport.served_at = transport_now();
}

static void
do_nothing(void *unused)
{
}

void
transport_expect_wait(bool at_once)
{
	static TransportTimer wake = {.expired = do_nothing};

	if (at_once)
		transport_timer_start(&wake, 0);
	discount_pause();
	transport.served_at = transport_now();
	transport.awaited = true;
	transport_events_arm(next_due());
}

void
transport_wait(bool (*done)(void *context), void *context)
{
	WaitEvent event;

	transport_open();
	for (discount_pause(), serve_rounds(); !done(context); serve_rounds())
	{
		(void) WaitEventSetWait(transport.wait_set, -1L, &event, 1, PG_WAIT_EXTENSION);
		transport.served_at = transport_now();
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	transport.served_at = transport_now();
}
