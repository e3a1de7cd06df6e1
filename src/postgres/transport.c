/*
 * transport.c
 *		libcurl on the backend's latch.
 *
 * One epoll descriptor, the mux, holds libcurl's sockets and a timerfd for the next due time of
 * libcurl's and our own timers, so that a wait is for one latch and one readable descriptor.
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
#include <fcntl.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/wait_event.h"

#include "postgres/compat.h"
#include "postgres/transport.h"
#include "postgres/transport_memory.h"

/* Bytes libcurl reads from a socket at a time. */
#define READ_SIZE ((long) 128 * 1024)

/* Bytes of a response's head, all lines. */
#define HEAD_SIZE_MAXIMUM ((size_t) 64 * 1024)

/* Connections without work that are kept; more are closed, the oldest first. */
#define IDLE_CONNECTIONS_MAXIMUM 128L

/* Descriptors that connections leave to others, of those that extensions may open. */
#define DESCRIPTORS_LEFT 16

/* Sockets served before timers and interrupts are looked at again, and such rounds in one serve. */
#define EVENTS_AT_ONCE 8
#define ROUNDS_AT_ONCE 8

#define MICROSECONDS_PER_SECOND      INT64CONST(1000000)
#define MICROSECONDS_PER_MILLISECOND INT64CONST(1000)
#define NANOSECONDS_PER_MICROSECOND  1000

/* The due time of a timer that does not run. */
#define NEVER PG_INT64_MAX

/* A socket that libcurl has opened through us. */
typedef struct TransportSocket
{
	slist_node node;
	curl_socket_t descriptor;
	ino_t inode; /* tells whether the descriptor still is this socket */
	uint32 connection_group;
	bool watched; /* libcurl waits for it: an exchange uses it */
	bool doomed;  /* to be shut down when its exchange has ended */
} TransportSocket;

typedef struct Transport
{
	bool open;
	CURLM *multi; /* NULL after it broke, until the next exchange */
	bool broken;  /* a callback or libcurl itself failed: no state of the multi can be relied on */
	int mux;
	int timer_descriptor;
	WaitEventSet *wait_set; /* the latch, the postmaster's end and the mux, in this order */
	int64 armed;            /* due time that timer_descriptor is set to */
	int64 curl_due;         /* when libcurl wants to be called */
	int64 served_at;        /* when the last serve or wait ended */
	bool awaited;           /* since then somebody else waits for the mux */
	dlist_head exchanges;
	dlist_head timers;
	dlist_head watches;
	slist_head sockets;
} Transport;

static Transport transport = {
    .armed = NEVER,
    .curl_due = NEVER,
    .exchanges = DLIST_STATIC_INIT(transport.exchanges),
    .timers = DLIST_STATIC_INIT(transport.timers),
    .watches = DLIST_STATIC_INIT(transport.watches),
    .sockets = SLIST_STATIC_INIT(transport.sockets),
};

int64
transport_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * MICROSECONDS_PER_SECOND + now.tv_nsec / NANOSECONDS_PER_MICROSECOND;
}

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

/* Timers */

/* The earliest due time of all timers and of libcurl. */
static int64
next_due(void)
{
	int64 due = transport.curl_due;
	dlist_iter each;

	dlist_foreach(each, &transport.timers)
	{
		due = Min(due, dlist_container(TransportTimer, node, each.cur)->due);
	}
	return due;
}

/* Sets the timerfd to the next due time. */
static void
arm_timer(void)
{
	int64 due = next_due();
	struct itimerspec setting = {0};

	if (!transport.open || due == transport.armed)
		return;
	if (due != NEVER)
	{
		/* Zero would disarm. */
		due = Max(due, 1);
		setting.it_value.tv_sec = due / MICROSECONDS_PER_SECOND;
		setting.it_value.tv_nsec = due % MICROSECONDS_PER_SECOND * NANOSECONDS_PER_MICROSECOND;
	}
	timerfd_settime(transport.timer_descriptor, TFD_TIMER_ABSTIME, &setting, NULL);
	transport.armed = due;
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
	dlist_push_tail(&transport.timers, &timer->node);
}

/* A timer that is due at `now`, NULL when there is none. */
static TransportTimer *
due_timer(int64 now)
{
	dlist_iter each;

	dlist_foreach(each, &transport.timers)
	{
		TransportTimer *timer = dlist_container(TransportTimer, node, each.cur);

		if (timer->due <= now)
			return timer;
	}
	return NULL;
}

static void
fire_timers(void)
{
	int64 now = transport_now();
	TransportTimer *timer;

	while ((timer = due_timer(now)) != NULL)
	{
		transport_timer_stop(timer);
		timer->expired(timer->context);
	}
}

/* Sockets */

static TransportSocket *
find_socket(curl_socket_t descriptor)
{
	slist_iter each;

	slist_foreach(each, &transport.sockets)
	{
		TransportSocket *candidate = slist_container(TransportSocket, node, each.cur);

		if (candidate->descriptor == descriptor)
			return candidate;
	}
	return NULL;
}

static void
forget_socket(TransportSocket *forgotten)
{
	slist_delete(&transport.sockets, &forgotten->node);
	free(forgotten);
	ReleaseExternalFD();
}

static bool
is_still_open(const TransportSocket *candidate)
{
	struct stat status;

	return fstat(candidate->descriptor, &status) == 0 && S_ISSOCK(status.st_mode) &&
	       status.st_ino == candidate->inode;
}

/*
 * Forgets sockets that libcurl closed without calling close_socket, as some of its versions do with
 * those that never connected.
 */
static void
forget_closed_sockets(void)
{
	slist_mutable_iter each;

	slist_foreach_modify(each, &transport.sockets)
	{
		TransportSocket *candidate = slist_container(TransportSocket, node, each.cur);

		if (is_still_open(candidate))
			continue;
		slist_delete_current(&each);
		free(candidate);
		ReleaseExternalFD();
	}
}

/* Enters an open socket in the table; false when there is no memory for it. */
static bool
remember_socket(curl_socket_t descriptor, uint32 connection_group)
{
	TransportSocket *remembered = calloc(1, sizeof(*remembered));
	struct stat status;

	if (remembered == NULL || fstat(descriptor, &status) != 0)
	{
		free(remembered);
		return false;
	}
	remembered->descriptor = descriptor;
	remembered->inode = status.st_ino;
	remembered->connection_group = connection_group;
	slist_push_head(&transport.sockets, &remembered->node);
	return true;
}

/* CURLOPT_OPENSOCKETFUNCTION: the server counts the descriptor before it is there. */
static curl_socket_t
open_socket(void *exchange, curlsocktype purpose, struct curl_sockaddr *address)
{
	curl_socket_t descriptor;

	if (!AcquireExternalFD())
		return CURL_SOCKET_BAD;
	descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (descriptor >= 0 && remember_socket(descriptor, ((Exchange *) exchange)->connection_group))
		return descriptor;
	if (descriptor >= 0)
		close(descriptor);
	ReleaseExternalFD();
	return CURL_SOCKET_BAD;
}

/* CURLOPT_CLOSESOCKETFUNCTION; may come long after the exchange that opened the socket. */
static int
close_socket(void *unused, curl_socket_t descriptor)
{
	TransportSocket *closed = find_socket(descriptor);

	if (closed != NULL)
		forget_socket(closed);
	return close(descriptor);
}

static void
note_use(curl_socket_t descriptor, bool watched)
{
	TransportSocket *noted = find_socket(descriptor);

	if (noted == NULL)
		return;
	noted->watched = watched;
	if (noted->doomed && !watched)
		shutdown(descriptor, SHUT_RDWR);
}

static bool
watch(curl_socket_t descriptor, uint32 events)
{
	struct epoll_event event = {.events = events, .data.fd = descriptor};

	if (epoll_ctl(transport.mux, EPOLL_CTL_MOD, descriptor, &event) == 0)
		return true;
	return errno == ENOENT && epoll_ctl(transport.mux, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

/* CURLMOPT_SOCKETFUNCTION: what libcurl waits for on the socket. */
static int
watch_socket(CURL *easy, curl_socket_t descriptor, int what, void *unused, void *unused_too)
{
	uint32 events = ((what & CURL_POLL_IN) ? EPOLLIN : 0) | ((what & CURL_POLL_OUT) ? EPOLLOUT : 0);

	note_use(descriptor, what != CURL_POLL_REMOVE);
	if (what == CURL_POLL_REMOVE)
	{
		/* Fails when the socket is closed already, which removes it as well. */
		(void) epoll_ctl(transport.mux, EPOLL_CTL_DEL, descriptor, NULL);
		return 0;
	}
	if (!watch(descriptor, events))
		transport.broken = true;
	return 0;
}

/* CURLMOPT_TIMERFUNCTION: when libcurl wants to be called though no socket is ready. */
static int
set_curl_timer(CURLM *multi, long milliseconds, void *unused)
{
	transport.curl_due =
	    milliseconds < 0 ? NEVER : transport_now() + milliseconds * MICROSECONDS_PER_MILLISECOND;
	return 0;
}

/* Descriptors of others */

bool
transport_watch_start(TransportWatch *started)
{
	if (!transport.open || !watch(started->descriptor, EPOLLIN))
		return false;
	started->ready = false;
	started->running = true;
	dlist_push_tail(&transport.watches, &started->node);
	return true;
}

void
transport_watch_stop(TransportWatch *stopped)
{
	if (!stopped->running)
		return;
	(void) epoll_ctl(transport.mux, EPOLL_CTL_DEL, stopped->descriptor, NULL);
	dlist_delete(&stopped->node);
	stopped->running = false;
}

/* The watch of a descriptor, NULL for one of libcurl's. */
static TransportWatch *
find_watch(int descriptor)
{
	dlist_iter each;

	dlist_foreach(each, &transport.watches)
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

	dlist_foreach(each, &transport.watches)
	{
		TransportWatch *candidate = dlist_container(TransportWatch, node, each.cur);

		if (candidate->ready)
			return candidate;
	}
	return NULL;
}

/* What is called may stop watches, also others' than its own. */
static void
serve_watches(void)
{
	TransportWatch *ready;

	while ((ready = ready_watch()) != NULL)
	{
		ready->ready = false;
		ready->readable(ready->context);
	}
}

bool
transport_close_connections(uint32 connection_group)
{
	bool found = false;
	slist_iter each;

	slist_foreach(each, &transport.sockets)
	{
		TransportSocket *member = slist_container(TransportSocket, node, each.cur);

		if (member->connection_group != connection_group)
			continue;
		found = found || (!member->doomed && is_still_open(member));
		member->doomed = true;
		/* libcurl sees the end of the connection before it would use it again. */
		if (!member->watched && is_still_open(member))
			shutdown(member->descriptor, SHUT_RDWR);
	}
	return found;
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

/* The epoll descriptor with the timerfd in it. Each is kept if a later step fails. */
static void
open_mux(void)
{
	static bool mux_is_open = false;
	static bool timer_is_open = false;

	if (!mux_is_open)
	{
		count_descriptor();
		transport.mux = counted_descriptor(epoll_create1(EPOLL_CLOEXEC));
		mux_is_open = true;
	}
	if (!timer_is_open)
	{
		count_descriptor();
		transport.timer_descriptor =
		    counted_descriptor(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
		timer_is_open = true;
	}
	if (!watch(transport.timer_descriptor, EPOLLIN))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
		                errmsg("could not wait on a descriptor for network requests: %m")));
}

/* What a wait is for, made once instead of for each. What was added before a failure stays. */
static void
open_wait_set(void)
{
	enum
	{
		LATCH,
		POSTMASTER,
		MUX,
		EVENT_COUNT
	};

	if (transport.wait_set == NULL)
		transport.wait_set = CREATE_WAIT_EVENT_SET(EVENT_COUNT);
	if (GetNumRegisteredWaitEvents(transport.wait_set) == LATCH)
		AddWaitEventToSet(transport.wait_set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	if (GetNumRegisteredWaitEvents(transport.wait_set) == POSTMASTER)
		AddWaitEventToSet(transport.wait_set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	if (GetNumRegisteredWaitEvents(transport.wait_set) == MUX)
		AddWaitEventToSet(transport.wait_set, WL_SOCKET_READABLE, transport.mux, NULL, NULL);
}

/*
 * Connections of all servers together. An extension may have a third of the descriptors, whatever
 * the servers' max_connections add up to; at this limit libcurl closes idle connections, and then
 * lets requests wait for one.
 */
static long
connections_maximum(void)
{
	return Max(max_safe_fds / 3 - DESCRIPTORS_LEFT, 1);
}

/* Signals are blocked. False when libcurl has no memory. */
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
	    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections_maximum()) != CURLM_OK)
	{
		curl_multi_cleanup(multi);
		return false;
	}
	transport.multi = multi;
	transport.broken = false;
	transport.curl_due = NEVER;
	return true;
}

void
transport_open(void)
{
	sigset_t previous;
	CURLcode status;

	if (transport.open)
		return;
	open_mux();
	open_wait_set();
	block_signals(&previous);
	status = transport_memory_init();
	restore_signals(&previous);
	if (status != CURLE_OK)
		ereport(ERROR, (errcode(ERRCODE_SYSTEM_ERROR),
		                errmsg("could not initialize libcurl: %s", curl_easy_strerror(status))));
	transport.open = true;
	transport.served_at = transport_now();
	arm_timer();
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
	owned->descriptor = counted_descriptor(fcntl(transport.mux, F_DUPFD_CLOEXEC, 0));
	owned->close.func = close_owned;
	owned->close.arg = owned;
	MemoryContextRegisterResetCallback(context, &owned->close);
	return owned->descriptor;
}

/* Exchanges: callbacks */

/* CURLOPT_HEADERFUNCTION; another number than the one given makes libcurl stop. */
static size_t
take_head_line(char *data, size_t size, size_t count, void *context)
{
	Exchange *exchange = context;
	size_t length = size * count;

	exchange->head_size += length;
	exchange->overlong_head = exchange->head_size > HEAD_SIZE_MAXIMUM;
	if (exchange->overlong_head ||
	    !exchange->handler.head_line(exchange->handler.context, (Bytes){data, length}))
		return 0;
	return length;
}

/*
 * CURLOPT_WRITEFUNCTION. The bytes lie where libcurl received them, in memory that it will free as
 * it is; it has no use for them after this.
 */
static size_t
take_body(char *data, size_t size, size_t count, void *context)
{
	Exchange *exchange = context;
	size_t length = size * count;
	bool taken =
	    length == 0 || exchange->handler.body(exchange->handler.context, (Bytes){data, length});

	if (exchange->secret_response)
		wipe(data, length);
	return taken ? length : 0;
}

/*
 * CURLOPT_PREREQFUNCTION: the connection stands, TLS included; the request goes out next. On a kept
 * connection that ends without a byte libcurl would send the request again by itself; whether that
 * may be is not for it to decide, so it is stopped the second time.
 */
static int
note_connected(void *context, char *unused, char *unused_too, int remote_port, int local_port)
{
	Exchange *exchange = context;

	if (exchange->connected)
		return CURL_PREREQFUNC_ABORT;
	exchange->connected = true;
	return CURL_PREREQFUNC_OK;
}

/* Exchanges: what libcurl is told. Each function is true when every option was taken. */

#define SET(option, value) (curl_easy_setopt(easy, (option), (value)) == CURLE_OK)

/* No environment, no file of the user's and no answer of the server decides where data goes. */
static bool
set_policy(CURL *easy)
{
	return SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_QUICK_EXIT, 1L) &&
	       SET(CURLOPT_PROTOCOLS_STR, "http,https") && SET(CURLOPT_FOLLOWLOCATION, 0L) &&
	       SET(CURLOPT_PROXY, "") && SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED) &&
	       SET(CURLOPT_HTTP_CONTENT_DECODING, 0L) && SET(CURLOPT_PATH_AS_IS, 1L);
}

/*
 * CURLOPT_SSL_CTX_FUNCTION: OpenSSL decrypts what it receives where it was received, and would
 * leave it there, also when it gives that memory back.
 */
static CURLcode
cleanse_plaintext(CURL *easy, void *context, void *unused)
{
	SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
	return CURLE_OK;
}

/* The context is OpenSSL's only where libcurl uses OpenSSL. */
static bool
set_cleansing(CURL *easy)
{
	const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;

	return library == NULL || strncmp(library, "OpenSSL/", strlen("OpenSSL/")) != 0 ||
	       SET(CURLOPT_SSL_CTX_FUNCTION, cleanse_plaintext);
}

static bool
set_connection(CURL *easy, const ExchangeSettings *settings)
{
	return SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1) &&
	       SET(CURLOPT_CONNECTTIMEOUT_MS, (long) settings->connect_timeout_ms) &&
	       SET(CURLOPT_TCP_NODELAY, 1L) && SET(CURLOPT_TCP_KEEPALIVE, 1L) &&
	       SET(CURLOPT_BUFFERSIZE, READ_SIZE) && SET(CURLOPT_SSL_VERIFYPEER, 1L) &&
	       SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
	       SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2) &&
	       (settings->ca_file == NULL || SET(CURLOPT_CAINFO, settings->ca_file)) &&
	       set_cleansing(easy);
}

static bool
set_callbacks(CURL *easy, Exchange *exchange)
{
	return SET(CURLOPT_PRIVATE, exchange) && SET(CURLOPT_ERRORBUFFER, exchange->message) &&
	       SET(CURLOPT_HEADERFUNCTION, take_head_line) && SET(CURLOPT_HEADERDATA, exchange) &&
	       SET(CURLOPT_WRITEFUNCTION, take_body) && SET(CURLOPT_WRITEDATA, exchange) &&
	       SET(CURLOPT_PREREQFUNCTION, note_connected) && SET(CURLOPT_PREREQDATA, exchange) &&
	       SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) && SET(CURLOPT_OPENSOCKETDATA, exchange) &&
	       SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
}

/* Adds a line to libcurl's list; false without memory. */
static bool
add_header_line(Exchange *exchange, const char *line)
{
	struct curl_slist *list = curl_slist_append(exchange->headers, line);

	if (list == NULL)
		return false;
	exchange->headers = list;
	return true;
}

/* "name: value"; an empty value is said by a semicolon, since libcurl takes "name:" as "leave out".
 */
static bool
add_header(Exchange *exchange, Arena *arena, Bytes name, Bytes value)
{
	const char *separator = value.length == 0 ? ";" : ": ";
	size_t separator_length = strlen(separator);
	char *line = arena_allocate(arena, name.length + separator_length + value.length + 1);

	if (line == NULL)
		return false;
	memcpy(line, name.data, name.length);
	memcpy(line + name.length, separator, separator_length);
	if (value.length > 0)
		memcpy(line + name.length + separator_length, value.data, value.length);
	line[name.length + separator_length + value.length] = '\0';
	return add_header_line(exchange, line);
}

static bool
set_headers(CURL *easy, Exchange *exchange, Arena *arena, const HttpRequest *request)
{
	/* What libcurl would add by itself is not signed and not wanted. */
	if (!add_header_line(exchange, "Expect:") || !add_header_line(exchange, "Accept:") ||
	    !add_header(exchange, arena, BYTES_LITERAL("Host"), request->host))
		return false;
	for (uint32 i = 0; i < request->header_count; i++)
		if (!add_header(exchange, arena, request->headers[i].name, request->headers[i].value))
			return false;
	return SET(CURLOPT_HTTPHEADER, (struct curl_slist *) exchange->headers);
}

static bool
set_body(CURL *easy, const HttpRequest *request)
{
	if (strcmp(request->method, "POST") == 0)
		return SET(CURLOPT_POST, 1L) &&
		       SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body.length) &&
		       SET(CURLOPT_POSTFIELDS, request->body.length == 0 ? "" : request->body.data);
	return SET(CURLOPT_CUSTOMREQUEST, request->method);
}

static bool
set_request(CURL *easy, Exchange *exchange, Arena *arena, const HttpRequest *request)
{
	Bytes url; /* terminated */

	return result_is_ok(http_request_url(arena, request, &url)) && SET(CURLOPT_URL, url.data) &&
	       set_headers(easy, exchange, arena, request) && set_body(easy, request);
}

/* Exchanges: from start to end */

/* The list holds the signature and the session token. */
static void
free_headers(Exchange *exchange)
{
	for (struct curl_slist *line = exchange->headers; line != NULL; line = line->next)
		wipe(line->data, strlen(line->data));
	curl_slist_free_all(exchange->headers);
	exchange->headers = NULL;
}

/* Takes the exchange off libcurl and off our lists. Signals are blocked. */
static void
detach_exchange(Exchange *exchange)
{
	/* Removing can close the connection, and the error buffer is ours: nothing may write there. */
	curl_easy_setopt(exchange->easy, CURLOPT_ERRORBUFFER, NULL);
	if (transport.multi != NULL &&
	    curl_multi_remove_handle(transport.multi, exchange->easy) != CURLM_OK)
		transport.broken = true;
	curl_easy_cleanup(exchange->easy);
	exchange->easy = NULL;
	free_headers(exchange);
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
	forget_closed_sockets();
}

static void
end_exchange(Exchange *exchange, ExchangeEnd end)
{
	leave_exchange(exchange);
	if (end != EXCHANGE_COMPLETE)
		forget_closed_sockets();
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

/* Makes the handle; what is made stays with the exchange, also on failure. */
static bool
prepare_easy(Exchange *exchange, Arena *arena, const HttpRequest *request,
             const ExchangeSettings *settings)
{
	CURL *easy = curl_easy_init();

	exchange->easy = easy;
	return easy != NULL && set_policy(easy) && set_connection(easy, settings) &&
	       set_callbacks(easy, exchange) && set_request(easy, exchange, arena, request);
}

/* Signals are blocked. */
static bool
add_exchange(Exchange *exchange, Arena *arena, const HttpRequest *request,
             const ExchangeSettings *settings)
{
	if (transport.multi == NULL && !make_multi())
		return false;
	if (prepare_easy(exchange, arena, request, settings) &&
	    curl_multi_add_handle(transport.multi, exchange->easy) == CURLM_OK)
		return true;
	curl_easy_cleanup(exchange->easy);
	exchange->easy = NULL;
	free_headers(exchange);
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
	dlist_push_tail(&transport.exchanges, &exchange->node);
	transport_timer_start(&exchange->timeout, transport_now() + settings->request_timeout_ms *
	                                                                MICROSECONDS_PER_MILLISECOND);
	return result_ok();
}

/* Serving */

typedef struct CodeMeaning
{
	CURLcode code;
	ExchangeEnd end;
} CodeMeaning;

/* Codes that mean the same before and after the connection was made. */
static const CodeMeaning code_meanings[] = {
    {CURLE_OK, EXCHANGE_COMPLETE},
    {CURLE_OPERATION_TIMEDOUT, EXCHANGE_TIMED_OUT},
    {CURLE_PEER_FAILED_VERIFICATION, EXCHANGE_UNTRUSTED},
    {CURLE_SSL_CACERT_BADFILE, EXCHANGE_UNTRUSTED},
    {CURLE_SSL_ISSUER_ERROR, EXCHANGE_UNTRUSTED},
    {CURLE_WEIRD_SERVER_REPLY, EXCHANGE_GARBLED},
    {CURLE_UNSUPPORTED_PROTOCOL, EXCHANGE_GARBLED},
    {CURLE_BAD_CONTENT_ENCODING, EXCHANGE_GARBLED},
    {CURLE_WRITE_ERROR, EXCHANGE_STOPPED},
    {CURLE_OUT_OF_MEMORY, EXCHANGE_FAILED},
    {CURLE_FAILED_INIT, EXCHANGE_FAILED},
    {CURLE_URL_MALFORMAT, EXCHANGE_FAILED},
    {CURLE_NOT_BUILT_IN, EXCHANGE_FAILED},
};

static ExchangeEnd
meaning_of_code(const Exchange *exchange, CURLcode code)
{
	if (exchange->overlong_head)
		return EXCHANGE_GARBLED;
	for (size_t i = 0; i < lengthof(code_meanings); i++)
		if (code_meanings[i].code == code)
			return code_meanings[i].end;
	return exchange->connected ? EXCHANGE_CUT_OFF : EXCHANGE_NOT_CONNECTED;
}

/* Sees to a message where libcurl left none, or one about our own callback. */
static void
describe_failure(Exchange *exchange, CURLcode code)
{
	if (code == CURLE_ABORTED_BY_CALLBACK)
		strlcpy(exchange->message, "connection closed without a response",
		        sizeof(exchange->message));
	else if (code != CURLE_OK && exchange->message[0] == '\0')
		strlcpy(exchange->message, curl_easy_strerror(code), sizeof(exchange->message));
}

/* Ends the exchanges that libcurl has finished. */
static void
end_finished(void)
{
	CURLMsg *message;
	int left;

	while (transport.multi != NULL &&
	       (message = curl_multi_info_read(transport.multi, &left)) != NULL)
	{
		CURLcode code = message->data.result;
		Exchange *exchange;

		if (message->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **) &exchange) !=
		        CURLE_OK)
			continue;
		describe_failure(exchange, code);
		end_exchange(exchange, meaning_of_code(exchange, code));
	}
}

/* Gives up the multi handle with everything on it; the next exchange makes a new one. */
static void
drop_multi(void)
{
	CURLM *multi = transport.multi;
	sigset_t previous;

	block_signals(&previous);
	curl_multi_cleanup(multi);
	restore_signals(&previous);
	transport.multi = NULL;
	transport.broken = false;
	transport.curl_due = NEVER;
	forget_closed_sockets();
}

/*
 * After a failure libcurl does not promise anything of a multi handle: every exchange on it ends.
 * Their owners are told when it is gone, since they may start again.
 */
static void
drop_multi_if_broken(void)
{
	dlist_head failed = DLIST_STATIC_INIT(failed);

	if (!transport.broken || transport.multi == NULL)
		return;
	while (!dlist_is_empty(&transport.exchanges))
	{
		Exchange *exchange = dlist_head_element(Exchange, node, &transport.exchanges);

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

	if (transport.multi != NULL && !transport.broken &&
	    curl_multi_socket_action(transport.multi, descriptor, what, &running) != CURLM_OK)
		transport.broken = true;
}

/* Makes the timerfd unready. */
static void
clear_timer(void)
{
	uint64 expirations;

	if (read(transport.timer_descriptor, &expirations, sizeof(expirations)) > 0)
		transport.armed = NEVER;
}

/* Lets libcurl work on what is ready now. */
static void
serve_curl(void)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int count = epoll_wait(transport.mux, events, EVENTS_AT_ONCE, 0);
	sigset_t previous;

	block_signals(&previous);
	for (int i = 0; i < count; i++)
	{
		TransportWatch *watched = find_watch(events[i].data.fd);

		if (events[i].data.fd == transport.timer_descriptor)
			clear_timer();
		else if (watched != NULL)
			watched->ready = true;
		else
			call_curl(events[i].data.fd, events[i].events);
	}
	if (transport.curl_due <= transport_now())
	{
		/* libcurl sets it again where it wants to. */
		transport.curl_due = NEVER;
		call_curl(CURL_SOCKET_TIMEOUT, 0);
	}
	restore_signals(&previous);
}

/* Whatever is ready, until nothing more is due or the backend has something more urgent to do. */
static void
serve_rounds(void)
{
	int rounds = 0;

	do
	{
		serve_curl();
		drop_multi_if_broken();
		end_finished();
		serve_watches();
		fire_timers();
	} while (++rounds < ROUNDS_AT_ONCE && !InterruptPending && next_due() <= transport_now());
	arm_timer();
}

/* Time the backend spent elsewhere, unless waiting, is no time that the other side took. */
static void
discount_pause(void)
{
	int64 pause = transport.awaited ? 0 : transport_now() - transport.served_at;
	dlist_iter each;

	transport.awaited = false;

	dlist_foreach(each, &transport.exchanges)
	{
		dlist_container(Exchange, node, each.cur)->timeout.due += pause;
	}
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
	arm_timer();
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
