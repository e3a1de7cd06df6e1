/*
 * transport.h
 *		HTTP over one libcurl multi handle a backend, and the one place of the extension that waits.
 *
 * Exchanges (one request, one response) and timers make progress only inside transport_serve() and
 * transport_wait(). Everything that they call back is called there, outside libcurl's frames but
 * for the two functions that take the response's bytes, and none of it may throw.
 */
#ifndef POSTGRES_TRANSPORT_H
#define POSTGRES_TRANSPORT_H

#include "postgres.h"

#include "postgres/compat.h"

#include "lib/ilist.h"

#include "aws/http.h"
#include "foundation/result.h"

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
	bool ready; /* transport.c's own */
	int descriptor;
	void (*readable)(void *context);
	void *context;
} TransportWatch;

/* False, and nothing runs, when the descriptor cannot be waited for. Does not throw. */
extern bool transport_watch_start(TransportWatch *watch);

/* Does nothing to a watch that does not run. */
extern void transport_watch_stop(TransportWatch *watch);

/* How an exchange ended. */
typedef enum ExchangeEnd
{
	EXCHANGE_COMPLETE,      /* a whole response came */
	EXCHANGE_NOT_CONNECTED, /* no connection: not resolved, refused, TLS not agreed */
	EXCHANGE_CUT_OFF,       /* the connection was lost after it had been made */
	EXCHANGE_TIMED_OUT,     /* connect_timeout or request_timeout has passed */
	EXCHANGE_UNTRUSTED,     /* the certificate does not verify: another attempt is no cure */
	EXCHANGE_GARBLED,       /* what came is not HTTP, or has an endless head */
	EXCHANGE_STOPPED,       /* the handler wanted no more */
	EXCHANGE_FAILED         /* for no fault of the other side: out of memory or descriptors */
} ExchangeEnd;

#define EXCHANGE_MESSAGE_SIZE 256

typedef struct ExchangeHandler
{
	/* One line of the response's head, or a piece of its body; false stops the exchange. */
	bool (*head_line)(void *context, Bytes line);
	bool (*body)(void *context, Bytes chunk);
	/* Called once, unless the exchange is abandoned. The exchange may be started anew from here. */
	void (*ended)(void *context);
	void *context;
} ExchangeHandler;

/* How an exchange is to be carried out; texts are copied. */
typedef struct ExchangeSettings
{
	const char *ca_file;     /* NULL: the system's store */
	int connect_timeout_ms;  /* for name, connection and TLS */
	int request_timeout_ms;  /* for all of it; time the backend spends elsewhere does not count */
	uint32 connection_group; /* see transport_close_connections */
	bool secret_response;    /* the body's bytes are wiped behind the handler that took them */
} ExchangeSettings;

/* The struct is the owner's, who sets it to zero before its first use. */
typedef struct Exchange
{
	dlist_node node;
	bool running;
	void *easy;    /* libcurl's handle */
	void *headers; /* libcurl's list; holds the signature, so it is wiped when freed */
	ExchangeHandler handler;
	uint32 connection_group;
	TransportTimer timeout;
	size_t head_size;
	bool overlong_head;
	bool secret_response;
	/* From here on for the owner, once it has ended. */
	ExchangeEnd end;
	bool connected;                      /* the request began to be sent */
	char message[EXCHANGE_MESSAGE_SIZE]; /* libcurl's words on a failure; never holds a secret */
} Exchange;

/*
 * Starts the exchange; nothing is sent before the next serve or wait. The request's body is
 * borrowed until the end, everything else is copied. Does not throw: RESULT_OUT_OF_MEMORY or
 * RESULT_LIBRARY_FAILURE, and then nothing runs.
 */
extern CheckedResult exchange_start(Exchange *exchange, Arena *arena, const HttpRequest *request,
                                    const ExchangeSettings *settings,
                                    const ExchangeHandler *handler) MUST_CHECK;

/*
 * Ends the exchange without calling its handler; a connection in the middle of a response is
 * closed. Does nothing when none runs. Takes no time, even while a name is being resolved.
 */
extern void exchange_abandon(Exchange *exchange);

/* Makes the mux and libcurl's handles, if there are none. Errors: 53000 and what palloc raises. */
extern void transport_open(void);

/* Moves what can be moved without waiting. Does not throw. */
extern void transport_serve(void);

/*
 * Serves until `done` says so, waiting on the backend's latch. A cancel, a timeout or the end of
 * the backend is raised from here within one turn; what is under way stays consistent.
 */
extern void transport_wait(bool (*done)(void *context), void *context);

/*
 * Closes the connections opened for exchanges of the group: idle ones at once, the others when
 * their exchange has ended. True when there was one.
 */
extern bool transport_close_connections(uint32 connection_group);

/*
 * A descriptor that becomes readable when there is something to serve, for wait event sets of
 * others, once transport_open() has succeeded. It is counted as others are, and is closed with the
 * context. Errors: 53000.
 */
extern int transport_descriptor_copy(MemoryContext context);

/*
 * To be called before somebody else waits for the descriptor, or a copy: what was begun since the
 * last serve makes it readable in its time, or it is readable `at_once`. The wait is time that the
 * other side takes.
 */
extern void transport_expect_wait(bool at_once);

#endif
