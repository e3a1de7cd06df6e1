/*
 * exchange.h
 *		One HTTP request and its response, over a libcurl multi handle that all of a backend share.
 *
 * Exchanges make progress only inside transport_serve() and transport_wait(). Everything that they
 * call back is called there, outside libcurl's frames but for the two functions that take the
 * response's bytes, and none of it may throw.
 */
#ifndef POSTGRES_SERVICE_EXCHANGE_H
#define POSTGRES_SERVICE_EXCHANGE_H

#include "postgres.h"

#include "postgres/compat.h"

#include "lib/ilist.h"

#include "aws/http.h"
#include "foundation/result.h"
#include "postgres/service/transport_events.h"

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

/* For transport.c. None of these throws but the first. */

/* Initializes libcurl, once a backend. Errors: 58000. */
extern void exchanges_open(void);

/* When libcurl wants to be called though no socket is ready; TRANSPORT_NEVER when it does not. */
extern int64 exchanges_due(void);

/*
 * Lets libcurl work on its sockets that are ready, and on what is due, and ends the exchanges that
 * it has finished. When libcurl has failed, all exchanges end with EXCHANGE_FAILED.
 */
extern void exchanges_serve(const ReadySocket *sockets, int count);

/* So many microseconds count for no exchange's request_timeout. */
extern void exchanges_discount(int64 pause);

#endif
