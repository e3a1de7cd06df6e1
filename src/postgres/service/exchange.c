/*
 * exchange.c
 *		The backend's libcurl multi handle, and exchanges from start to end.
 *
 * Signals are blocked around every call into libcurl: it may start a thread to resolve a name, and
 * that thread would otherwise inherit an open mask and run the backend's signal handlers.
 *
 * A name that does not resolve must not hold up a cancel. The handles have CURLOPT_QUICK_EXIT, by
 * which libcurl detaches the thread that is stuck in getaddrinfo() instead of joining it; the
 * thread frees what it holds when it comes back. At the end of the backend nothing is cleaned up:
 * the process takes sockets and threads with it.
 */
#include "postgres.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>

#include "postgres/compat.h"
#include "postgres/service/exchange.h"
#include "postgres/service/exchange_handle.h"
#include "postgres/service/transport_memory.h"
#include "postgres/service/transport_sockets.h"

/* Connections without work that are kept; more are closed, the oldest first. */
#define IDLE_CONNECTIONS_MAXIMUM 128L

typedef struct Exchanges
{
	CURLM *multi; /* NULL after it broke, until the next exchange */
	bool broken;  /* a callback or libcurl itself failed: no state of the multi can be relied on */
	int64 curl_due;     /* when libcurl wants to be called */
	dlist_head running; /* of Exchange */
} Exchanges;

static Exchanges exchanges = {
    .curl_due = TRANSPORT_NEVER,
    .running = DLIST_STATIC_INIT(exchanges.running),
};

static void
block_signals(sigset_t *previous)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, previous);
}

static void
restore_signals(const sigset_t *previous)
{
	pthread_sigmask(SIG_SETMASK, previous, NULL);
}

/* What libcurl asks for */

/* CURLMOPT_SOCKETFUNCTION: what libcurl waits for on the socket. */
static int
watch_socket(CURL *easy, curl_socket_t descriptor, int what, void *unused, void *unused_too)
{
	uint32 events = ((what & CURL_POLL_IN) ? EPOLLIN : 0) | ((what & CURL_POLL_OUT) ? EPOLLOUT : 0);

	transport_socket_note_use(descriptor, what != CURL_POLL_REMOVE);
	if (what == CURL_POLL_REMOVE)
		transport_events_remove(descriptor);
	else if (!transport_events_add(descriptor, events))
		exchanges.broken = true;
	return 0;
}

/* CURLMOPT_TIMERFUNCTION: when libcurl wants to be called though no socket is ready. */
static int
set_curl_timer(CURLM *multi, long milliseconds, void *unused)
{
	exchanges.curl_due = milliseconds < 0
	                         ? TRANSPORT_NEVER
	                         : transport_now() + milliseconds * MICROSECONDS_PER_MILLISECOND;
	return 0;
}

/* The multi handle */

/*
 * At the limit of all connections libcurl closes idle ones, and then lets requests wait for one.
 * Signals are blocked. False when libcurl has no memory.
 */
static bool
make_multi(void)
{
	CURLM *multi = curl_multi_init();

	if (multi == NULL)
		return false;
	if (curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_curl_timer) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long) CURLPIPE_NOTHING) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS_MAXIMUM) != CURLM_OK ||
	    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, transport_sockets_maximum()) !=
	        CURLM_OK)
	{
		curl_multi_cleanup(multi);
		return false;
	}
	exchanges.multi = multi;
	exchanges.broken = false;
	exchanges.curl_due = TRANSPORT_NEVER;
	return true;
}

void
exchanges_open(void)
{
	sigset_t previous;
	CURLcode status;

	block_signals(&previous);
	status = transport_memory_init();
	restore_signals(&previous);
	if (status != CURLE_OK)
		ereport(ERROR, (errcode(ERRCODE_SYSTEM_ERROR),
		                errmsg("could not initialize libcurl: %s", curl_easy_strerror(status))));
}

/* From start to end */

/* Takes the exchange off libcurl and off our lists. Signals are blocked. */
static void
detach_exchange(Exchange *exchange)
{
	/* Removing can close the connection, and the error buffer is ours: nothing may write there. */
	curl_easy_setopt(exchange->easy, CURLOPT_ERRORBUFFER, NULL);
	if (exchanges.multi != NULL &&
	    curl_multi_remove_handle(exchanges.multi, exchange->easy) != CURLM_OK)
		exchanges.broken = true;
	exchange_handle_free(exchange);
	transport_timer_stop(&exchange->timeout);
	dlist_delete(&exchange->node);
	exchange->running = false;
}

static void
leave_exchange(Exchange *exchange)
{
	sigset_t previous;

	block_signals(&previous);
	detach_exchange(exchange);
	restore_signals(&previous);
}

void
exchange_abandon(Exchange *exchange)
{
	if (!exchange->running)
		return;
	leave_exchange(exchange);
	transport_sockets_forget_closed();
}

static void
end_exchange(Exchange *exchange, ExchangeEnd end)
{
	leave_exchange(exchange);
	if (end != EXCHANGE_COMPLETE)
		transport_sockets_forget_closed();
	exchange->end = end;
	exchange->handler.ended(exchange->handler.context);
}

/* The exchange's own timer: request_timeout has passed. */
static void
time_out_exchange(void *context)
{
	Exchange *exchange = context;

	snprintf(exchange->message, sizeof(exchange->message), "no complete response in time");
	end_exchange(exchange, EXCHANGE_TIMED_OUT);
}

/* Signals are blocked. */
static bool
add_exchange(Exchange *exchange, Arena *arena, const HttpRequest *request,
             const ExchangeSettings *settings)
{
	if (exchanges.multi == NULL && !make_multi())
		return false;
	if (exchange_handle_make(exchange, arena, request, settings) &&
	    curl_multi_add_handle(exchanges.multi, exchange->easy) == CURLM_OK)
		return true;
	exchange_handle_free(exchange);
	return false;
}

CheckedResult
exchange_start(Exchange *exchange, Arena *arena, const HttpRequest *request,
               const ExchangeSettings *settings, const ExchangeHandler *handler)
{
	sigset_t previous;
	bool added;

	*exchange = (Exchange){
	    .handler = *handler,
	    .connection_group = settings->connection_group,
	    .secret_response = settings->secret_response,
	    .timeout = {.expired = time_out_exchange, .context = exchange},
	};
	block_signals(&previous);
	added = add_exchange(exchange, arena, request, settings);
	restore_signals(&previous);
	if (!added)
		return result_failed(RESULT_LIBRARY_FAILURE, "libcurl could not prepare a request");
	exchange->running = true;
	dlist_push_tail(&exchanges.running, &exchange->node);
	transport_timer_start(&exchange->timeout, transport_now() + settings->request_timeout_ms *
	                                                                MICROSECONDS_PER_MILLISECOND);
	return result_ok();
}

/* Serving */

/* Ends the exchanges that libcurl has finished. */
static void
end_finished(void)
{
	CURLMsg *message;
	int left;

	while (exchanges.multi != NULL &&
	       (message = curl_multi_info_read(exchanges.multi, &left)) != NULL)
	{
		Exchange *exchange;

		if (message->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **) &exchange) !=
		        CURLE_OK)
			continue;
		end_exchange(exchange, exchange_handle_end(exchange, message->data.result));
	}
}

/* Gives up the multi handle with everything on it; the next exchange makes a new one. */
static void
drop_multi(void)
{
	CURLM *multi = exchanges.multi;
	sigset_t previous;

	block_signals(&previous);
	curl_multi_cleanup(multi);
	restore_signals(&previous);
	exchanges.multi = NULL;
	exchanges.broken = false;
	exchanges.curl_due = TRANSPORT_NEVER;
	transport_sockets_forget_closed();
}

/*
 * After a failure libcurl does not promise anything of a multi handle: every exchange on it ends.
 * Their owners are told when it is gone, since they may start again.
 */
static void
drop_multi_if_broken(void)
{
	dlist_head failed = DLIST_STATIC_INIT(failed);

	if (!exchanges.broken || exchanges.multi == NULL)
		return;
	while (!dlist_is_empty(&exchanges.running))
	{
		Exchange *exchange = dlist_head_element(Exchange, node, &exchanges.running);

		exchange_abandon(exchange);
		dlist_push_tail(&failed, &exchange->node);
	}
	drop_multi();
	while (!dlist_is_empty(&failed))
	{
		Exchange *exchange = dlist_container(Exchange, node, dlist_pop_head_node(&failed));

		strlcpy(exchange->message, "libcurl failed", sizeof(exchange->message));
		exchange->end = EXCHANGE_FAILED;
		exchange->handler.ended(exchange->handler.context);
	}
}

/* Tells libcurl of one ready socket, or with CURL_SOCKET_TIMEOUT of the time. Signals are blocked.
 */
static void
call_curl(curl_socket_t descriptor, uint32 events)
{
	int what = ((events & EPOLLIN) ? CURL_CSELECT_IN : 0) |
	           ((events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
	           ((events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0);
	int running;

	if (exchanges.multi != NULL && !exchanges.broken &&
	    curl_multi_socket_action(exchanges.multi, descriptor, what, &running) != CURLM_OK)
		exchanges.broken = true;
}

int64
exchanges_due(void)
{
	return exchanges.curl_due;
}

/* Lets libcurl work on what is ready or due now. */
static void
call_curl_for(const ReadySocket *sockets, int count)
{
	sigset_t previous;

	block_signals(&previous);
	for (int i = 0; i < count; i++)
		call_curl(sockets[i].descriptor, sockets[i].events);
	if (exchanges.curl_due <= transport_now())
	{
		/* libcurl sets it again where it wants to. */
		exchanges.curl_due = TRANSPORT_NEVER;
		call_curl(CURL_SOCKET_TIMEOUT, 0);
	}
	restore_signals(&previous);
}

void
exchanges_serve(const ReadySocket *sockets, int count)
{
	call_curl_for(sockets, count);
	drop_multi_if_broken();
	end_finished();
}

void
exchanges_discount(int64 pause)
{
	dlist_iter each;

	dlist_foreach(each, &exchanges.running)
	{
		dlist_container(Exchange, node, each.cur)->timeout.due += pause;
	}
}
