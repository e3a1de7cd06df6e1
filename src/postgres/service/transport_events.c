/*
 * transport_events.c
 *		One epoll descriptor with a timerfd in it: timers, and descriptors that can be read.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "storage/fd.h"
#include "utils/memutils.h"

#include "postgres/compat.h"
#include "postgres/service/transport_events.h"

#define NANOSECONDS_PER_MICROSECOND 1000

typedef struct TransportEvents
{
	bool open;
	int mux;              /* the epoll descriptor */
	int timer_descriptor; /* in it */
	int64 armed;          /* due time that timer_descriptor is set to */
	dlist_head timers;
	dlist_head watches;
} TransportEvents;

static TransportEvents events = {
    .armed = TRANSPORT_NEVER,
    .timers = DLIST_STATIC_INIT(events.timers),
    .watches = DLIST_STATIC_INIT(events.watches),
};

int64
transport_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * MICROSECONDS_PER_SECOND + now.tv_nsec / NANOSECONDS_PER_MICROSECOND;
}

/* Timers */

int64
transport_timers_due(void)
{
	int64 due = TRANSPORT_NEVER;
	dlist_iter each;

	dlist_foreach(each, &events.timers)
	{
		due = Min(due, dlist_container(TransportTimer, node, each.cur)->due);
	}
	return due;
}

void
transport_events_arm(int64 due)
{
	struct itimerspec setting = {0};

	if (!events.open || due == events.armed)
		return;
	if (due != TRANSPORT_NEVER)
	{
		/* Zero would disarm. */
		due = Max(due, 1);
		setting.it_value.tv_sec = due / MICROSECONDS_PER_SECOND;
		setting.it_value.tv_nsec = due % MICROSECONDS_PER_SECOND * NANOSECONDS_PER_MICROSECOND;
	}
	timerfd_settime(events.timer_descriptor, TFD_TIMER_ABSTIME, &setting, NULL);
	events.armed = due;
}

void
transport_timer_stop(TransportTimer *timer)
{
	if (!timer->running)
		return;
	dlist_delete(&timer->node);
	timer->running = false;
}

void
transport_timer_start(TransportTimer *timer, int64 due)
{
	transport_timer_stop(timer);
	timer->due = due;
	timer->running = true;
	dlist_push_tail(&events.timers, &timer->node);
}

/* A timer that is due at `now`, NULL when there is none. */
static TransportTimer *
due_timer(int64 now)
{
	dlist_iter each;

	dlist_foreach(each, &events.timers)
	{
		TransportTimer *timer = dlist_container(TransportTimer, node, each.cur);

		if (timer->due <= now)
			return timer;
	}
	return NULL;
}

void
transport_timers_fire(void)
{
	int64 now = transport_now();
	TransportTimer *timer;

	while ((timer = due_timer(now)) != NULL)
	{
		transport_timer_stop(timer);
		timer->expired(timer->context);
	}
}

/* Descriptors */

bool
transport_events_add(int descriptor, uint32 wanted)
{
	struct epoll_event event = {.events = wanted, .data.fd = descriptor};

	if (epoll_ctl(events.mux, EPOLL_CTL_MOD, descriptor, &event) == 0)
		return true;
	return errno == ENOENT && epoll_ctl(events.mux, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void
transport_events_remove(int descriptor)
{
	/* Fails when the descriptor is closed already, which removes it as well. */
	(void) epoll_ctl(events.mux, EPOLL_CTL_DEL, descriptor, NULL);
}

bool
transport_watch_start(TransportWatch *started)
{
	if (!events.open || !transport_events_add(started->descriptor, EPOLLIN))
		return false;
	started->ready = false;
	started->running = true;
	dlist_push_tail(&events.watches, &started->node);
	return true;
}

void
transport_watch_stop(TransportWatch *stopped)
{
	if (!stopped->running)
		return;
	transport_events_remove(stopped->descriptor);
	dlist_delete(&stopped->node);
	stopped->running = false;
}

/* The watch of a descriptor, NULL for one of libcurl's. */
static TransportWatch *
find_watch(int descriptor)
{
	dlist_iter each;

	dlist_foreach(each, &events.watches)
	{
		TransportWatch *candidate = dlist_container(TransportWatch, node, each.cur);

		if (candidate->descriptor == descriptor)
			return candidate;
	}
	return NULL;
}

static TransportWatch *
ready_watch(void)
{
	dlist_iter each;

	dlist_foreach(each, &events.watches)
	{
		TransportWatch *candidate = dlist_container(TransportWatch, node, each.cur);

		if (candidate->ready)
			return candidate;
	}
	return NULL;
}

void
transport_watches_serve(void)
{
	TransportWatch *ready;

	while ((ready = ready_watch()) != NULL)
	{
		ready->ready = false;
		ready->readable(ready->context);
	}
}

/* Looking */

/* Makes the timerfd unready. */
static void
clear_timer(void)
{
	uint64 expirations;

	if (read(events.timer_descriptor, &expirations, sizeof(expirations)) > 0)
		events.armed = TRANSPORT_NEVER;
}

int
transport_events_look(ReadySocket sockets[READY_AT_ONCE])
{
	struct epoll_event found[READY_AT_ONCE];
	int found_count = epoll_wait(events.mux, found, READY_AT_ONCE, 0);
	int count = 0;

	for (int i = 0; i < found_count; i++)
	{
		TransportWatch *watched = find_watch(found[i].data.fd);

		if (found[i].data.fd == events.timer_descriptor)
			clear_timer();
		else if (watched != NULL)
			watched->ready = true;
		else
			sockets[count++] = (ReadySocket){found[i].data.fd, found[i].events};
	}
	return count;
}

/* Opening */

/* Takes a descriptor into the server's count, or raises an error. */
static int
counted_descriptor(int descriptor)
{
	if (descriptor >= 0)
		return descriptor;
	ReleaseExternalFD();
	ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
	                errmsg("could not open a descriptor for network requests: %m")));
}

static void
count_descriptor(void)
{
	if (!AcquireExternalFD())
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
		                errmsg("too many open files for network requests"),
		                errhint("Raise the setting \"max_files_per_process\".")));
}

void
transport_events_open(void)
{
	static bool mux_is_open = false;
	static bool timer_is_open = false;

	if (!mux_is_open)
	{
		count_descriptor();
		events.mux = counted_descriptor(epoll_create1(EPOLL_CLOEXEC));
		mux_is_open = true;
	}
	if (!timer_is_open)
	{
		count_descriptor();
		events.timer_descriptor =
		    counted_descriptor(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
		timer_is_open = true;
	}
	if (!transport_events_add(events.timer_descriptor, EPOLLIN))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
		                errmsg("could not wait on a descriptor for network requests: %m")));
	events.open = true;
}

int
transport_events_descriptor(void)
{
	return events.mux;
}

/* A descriptor that belongs to a memory context. */
typedef struct OwnedDescriptor
{
	int descriptor;
	MemoryContextCallback close;
} OwnedDescriptor;

static void
close_owned(void *owned)
{
	close(((OwnedDescriptor *) owned)->descriptor);
	ReleaseExternalFD();
}

int
transport_descriptor_copy(MemoryContext context)
{
	OwnedDescriptor *owned = MemoryContextAllocZero(context, sizeof(*owned));

	count_descriptor();
	owned->descriptor = counted_descriptor(fcntl(events.mux, F_DUPFD_CLOEXEC, 0));
	owned->close.func = close_owned;
	owned->close.arg = owned;
	MemoryContextRegisterResetCallback(context, &owned->close);
	return owned->descriptor;
}
