/*
 * replay_server.c
 *		A DynamoDB that costs a client as little as one can: for benchmarks.
 *
 * It answers from pages that were rendered at its start, in one thread, on a port of the kernel's
 * choice of 127.0.0.1, which it prints. bench/replay_pages.h says what tables it has; signatures
 * are not looked at.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "bench/replay_answers.h"
#include "bench/replay_pages.h"

#define REQUEST_MAXIMUM ((size_t) 20 * 1024 * 1024)
#define EVENTS_AT_ONCE  64
#define NANOSECONDS     INT64_C(1000000000)

/* With a rate, what is sent at once, so that it flows instead of coming in lumps. */
#define PACED_BYTES 32768

typedef struct Connection
{
	int descriptor;
	char *input; /* one request, as far as it has come */
	size_t input_length;
	size_t input_capacity;
	int is_continued; /* the body was asked for with 100 Continue */
	int is_answering;
	Answer answer;
	size_t sent;
	int64_t begin;  /* of sending, nanoseconds of the monotonic clock */
	int64_t due;    /* when to send more; 0: as soon as the socket takes it */
	int wants_room; /* EPOLLOUT is asked for */
	struct Connection *next;
} Connection;

typedef struct Server
{
	int listener;
	int poll;
	Connection *connections;
} Server;

static int64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * NANOSECONDS + time.tv_nsec;
}

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static void
watch(Server *server, int operation, int descriptor, uint32_t events, void *owner)
{
	struct epoll_event event = {.events = events, .data.ptr = owner};

	if (epoll_ctl(server->poll, operation, descriptor, &event) != 0)
		fail("epoll_ctl");
}

/*
 * Sending
 */

static size_t
answer_length(const Answer *answer)
{
	return answer->head_length + answer->items_length + answer->tail_length;
}

/* The bytes [begin, end) of the answer; how many parts they are in. */
static int
answer_parts(const Answer *answer, size_t begin, size_t end, struct iovec parts[3])
{
	const struct iovec all[3] = {{answer->head, answer->head_length},
	                             {(void *) (uintptr_t) answer->items, answer->items_length},
	                             {answer->tail, answer->tail_length}};
	size_t offset = 0;
	int count = 0;

	for (int i = 0; i < 3; offset += all[i++].iov_len)
	{
		size_t first = begin > offset ? begin - offset : 0;
		size_t last = end > offset ? end - offset : 0;

		last = last < all[i].iov_len ? last : all[i].iov_len;
		if (first < last)
			parts[count++] = (struct iovec){(char *) all[i].iov_base + first, last - first};
	}
	return count;
}

/* How far the rate lets it send now. Where that is too little to bother, sets when it is enough. */
static size_t
paced_end(Connection *connection, size_t length)
{
	int64_t rate = connection->answer.bytes_per_second;
	size_t enough = connection->sent + PACED_BYTES;
	size_t allowed;

	if (rate == 0)
		return length;
	enough = enough < length ? enough : length;
	allowed =
	    (size_t) ((double) (now() - connection->begin) * (double) rate / (double) NANOSECONDS);
	if (allowed >= enough)
		return allowed < length ? allowed : length;
	connection->due = connection->begin + (int64_t) ((double) enough / (double) rate * 1e9) + 1;
	return connection->sent;
}

static void
want_room(Server *server, Connection *connection, int wants)
{
	if (connection->wants_room == wants)
		return;
	connection->wants_room = wants;
	watch(server, EPOLL_CTL_MOD, connection->descriptor, EPOLLIN | (wants ? EPOLLOUT : 0),
	      connection);
}

static void
finish_answer(Server *server, Connection *connection)
{
	replay_answer_free(&connection->answer);
	connection->is_answering = 0;
	connection->due = 0;
	want_room(server, connection, 0);
}

/* Sends what can be sent; false when the connection is lost. */
static int
send_answer(Server *server, Connection *connection)
{
	size_t length = answer_length(&connection->answer);

	while (connection->sent < length)
	{
		struct iovec parts[3];
		struct msghdr message = {.msg_iov = parts};
		size_t end = paced_end(connection, length);
		ssize_t sent;

		if (end == connection->sent)
		{
			want_room(server, connection, 0);
			return 1;
		}
		message.msg_iovlen =
		    (size_t) answer_parts(&connection->answer, connection->sent, end, parts);
		sent = sendmsg(connection->descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EAGAIN)
		{
			connection->due = 0;
			want_room(server, connection, 1);
			return 1;
		}
		if (sent < 0)
			return 0;
		connection->sent += (size_t) sent;
	}
	finish_answer(server, connection);
	return 1;
}

/*
 * Receiving
 */

/* The value of the head's field with this name, in lower case with its colon; NULL without one. */
static const char *
field_value(const char *head, const char *name)
{
	for (const char *line = head; line != NULL; line = strstr(line, "\r\n"))
	{
		line += line == head ? 0 : 2;
		if (strncasecmp(line, name, strlen(name)) == 0)
			return line + strlen(name) + strspn(line + strlen(name), " ");
	}
	return NULL;
}

/* The operation that the field X-Amz-Target names: what follows its point. */
static void
read_operation(const char *head, char *operation, size_t size)
{
	const char *target = field_value(head, "x-amz-target:");
	size_t length;

	operation[0] = '\0';
	if (target == NULL)
		return;
	target += strcspn(target, ".\r");
	target += *target == '.' ? 1 : 0;
	length = strcspn(target, "\r");
	snprintf(operation, size, "%.*s", (int) length, target);
}

/* Begins the answer to a whole request, which is forgotten then. */
static int
begin_answer(Server *server, Connection *connection, size_t head_length, size_t request_length)
{
	char *request = connection->input;
	char operation[64];
	char behind = request[request_length];

	request[head_length - 2] = '\0';
	read_operation(request, operation, sizeof(operation));
	request[request_length] = '\0';
	connection->answer = replay_answer(operation, request + head_length);
	request[request_length] = behind;
	connection->input_length -= request_length;
	memmove(request, request + request_length, connection->input_length + 1);
	connection->is_continued = 0;
	connection->is_answering = 1;
	connection->sent = 0;
	connection->begin = now() + connection->answer.latency_ms * 1000000;
	connection->due = connection->begin;
	return connection->answer.latency_ms > 0 ? 1 : send_answer(server, connection);
}

/* Answers the request if it is whole; false when the connection is of no more use. */
static int
take_request(Server *server, Connection *connection)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	char *end = strstr(connection->input, "\r\n\r\n");
	const char *length;
	size_t head_length;
	size_t body_length;

	if (end == NULL)
		return connection->input_length < 65536;
	head_length = (size_t) (end - connection->input) + 4;
	length = field_value(connection->input, "content-length:");
	body_length = length == NULL ? 0 : strtoul(length, NULL, 10);
	if (body_length > REQUEST_MAXIMUM)
		return 0;
	if (connection->input_length >= head_length + body_length)
		return begin_answer(server, connection, head_length, head_length + body_length);
	if (!connection->is_continued && field_value(connection->input, "expect: 100-continue") != NULL)
	{
		connection->is_continued = 1;
		return send(connection->descriptor, go_on, strlen(go_on), MSG_NOSIGNAL) > 0;
	}
	return 1;
}

static void
make_room(Connection *connection)
{
	if (connection->input_capacity - connection->input_length > 65536)
		return;
	connection->input_capacity = connection->input_capacity * 2 + 131072;
	connection->input = realloc(connection->input, connection->input_capacity);
	if (connection->input == NULL)
		abort();
}

/* Reads what has come; false when the connection is closed. */
static int
receive_request(Server *server, Connection *connection)
{
	ssize_t received;

	make_room(connection);
	received = recv(connection->descriptor, connection->input + connection->input_length,
	                connection->input_capacity - connection->input_length - 1, MSG_DONTWAIT);
	if (received < 0 && errno == EAGAIN)
		return 1;
	if (received <= 0)
		return 0;
	connection->input_length += (size_t) received;
	connection->input[connection->input_length] = '\0';
	return connection->is_answering || take_request(server, connection);
}

/*
 * Connections
 */

static void
accept_connection(Server *server)
{
	int descriptor = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int on = 1;
	Connection *connection;

	if (descriptor < 0)
		return;
	setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	connection = calloc(1, sizeof(Connection));
	if (connection == NULL)
		abort();
	connection->descriptor = descriptor;
	connection->next = server->connections;
	server->connections = connection;
	watch(server, EPOLL_CTL_ADD, descriptor, EPOLLIN, connection);
}

/* Only marks it as closed: events of the same round may still name it. */
static void
close_connection(Connection *connection)
{
	close(connection->descriptor);
	connection->descriptor = -1;
	connection->is_answering = 0;
}

static void
free_closed_connections(Server *server)
{
	Connection **link = &server->connections;

	while (*link != NULL)
	{
		Connection *connection = *link;

		if (connection->descriptor >= 0)
		{
			link = &connection->next;
			continue;
		}
		*link = connection->next;
		replay_answer_free(&connection->answer);
		free(connection->input);
		free(connection);
	}
}

static void
serve_event(Server *server, const struct epoll_event *event)
{
	Connection *connection = event->data.ptr;
	int lives = 1;

	if (connection == NULL)
	{
		accept_connection(server);
		return;
	}
	if (connection->descriptor < 0)
		return;
	if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		lives = receive_request(server, connection);
	if (lives && event->events & EPOLLOUT && connection->is_answering && connection->due == 0)
		lives = send_answer(server, connection);
	if (!lives)
		close_connection(connection);
}

/* Sends what latency and rate have held back until now. */
static void
serve_due(Server *server)
{
	int64_t time = now();

	for (Connection *connection = server->connections; connection != NULL;
	     connection = connection->next)
	{
		if (!connection->is_answering || connection->due == 0 || connection->due > time)
			continue;
		if (!send_answer(server, connection))
			close_connection(connection);
	}
}

/* How long nothing is due; NULL without an end. */
static const struct timespec *
time_until_due(const Server *server, struct timespec *until)
{
	int64_t earliest = 0;
	int64_t left;

	for (const Connection *connection = server->connections; connection != NULL;
	     connection = connection->next)
	{
		if (connection->is_answering && connection->due != 0 &&
		    (earliest == 0 || connection->due < earliest))
			earliest = connection->due;
	}
	if (earliest == 0)
		return NULL;
	left = earliest - now();
	left = left > 0 ? left : 0;
	*until = (struct timespec){left / NANOSECONDS, left % NANOSECONDS};
	return until;
}

static void
serve(Server *server)
{
	for (;;)
	{
		struct epoll_event events[EVENTS_AT_ONCE];
		struct timespec until;
		int count = epoll_pwait2(server->poll, events, EVENTS_AT_ONCE,
		                         time_until_due(server, &until), NULL);

		if (count < 0 && errno != EINTR)
			fail("epoll_pwait2");
		for (int i = 0; i < count; i++)
			serve_event(server, &events[i]);
		serve_due(server);
		free_closed_connections(server);
	}
}

static void
print_port(int listener)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);

	if (getsockname(listener, (struct sockaddr *) &address, &length) != 0)
		fail("getsockname");
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	Server server = {.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};

	replay_pages_render(argc > 1 ? argv[1] : NULL);
	if (bind(server.listener, (struct sockaddr *) &address, sizeof(address)) != 0 ||
	    listen(server.listener, 128) != 0)
		fail("listen");
	server.poll = epoll_create1(EPOLL_CLOEXEC);
	if (server.poll < 0)
		fail("epoll_create1");
	watch(&server, EPOLL_CTL_ADD, server.listener, EPOLLIN, NULL);
	print_port(server.listener);
	serve(&server);
}
