/*
 * transport_sockets.c
 *		The table of libcurl's sockets.
 */
#include "postgres.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ilist.h"
#include "storage/fd.h"

#include "postgres/compat.h"
#include "postgres/service/transport_sockets.h"

/* Descriptors that connections leave to others, of those that extensions may open. */
#define DESCRIPTORS_LEFT 16

/* A socket that libcurl has opened through us. */
typedef struct TransportSocket
{
	slist_node node;
	curl_socket_t descriptor;
	ino_t inode; /* tells whether the descriptor still is this socket */
	uint32 connection_group;
	bool used;   /* libcurl waits for it: an exchange uses it */
	bool doomed; /* to be shut down when its exchange has ended */
} TransportSocket;

static slist_head sockets = SLIST_STATIC_INIT(sockets);

static TransportSocket *
find_socket(curl_socket_t descriptor)
{
	slist_iter each;

	slist_foreach(each, &sockets)
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
	slist_delete(&sockets, &forgotten->node);
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

void
transport_sockets_forget_closed(void)
{
	slist_mutable_iter each;

	slist_foreach_modify(each, &sockets)
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
	slist_push_head(&sockets, &remembered->node);
	return true;
}

curl_socket_t
transport_socket_open(void *group, curlsocktype purpose, struct curl_sockaddr *address)
{
	curl_socket_t descriptor;

	if (!AcquireExternalFD())
		return CURL_SOCKET_BAD;
	descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (descriptor >= 0 && remember_socket(descriptor, *(uint32 *) group))
		return descriptor;
	if (descriptor >= 0)
		close(descriptor);
	ReleaseExternalFD();
	return CURL_SOCKET_BAD;
}

int
transport_socket_close(void *unused, curl_socket_t descriptor)
{
	TransportSocket *closed = find_socket(descriptor);

	if (closed != NULL)
		forget_socket(closed);
	return close(descriptor);
}

void
transport_socket_note_use(curl_socket_t descriptor, bool used)
{
	TransportSocket *noted = find_socket(descriptor);

	if (noted == NULL)
		return;
	noted->used = used;
	if (noted->doomed && !used)
		shutdown(descriptor, SHUT_RDWR);
}

bool
transport_close_connections(uint32 connection_group)
{
	bool found = false;
	slist_iter each;

	slist_foreach(each, &sockets)
	{
		TransportSocket *member = slist_container(TransportSocket, node, each.cur);

		if (member->connection_group != connection_group)
			continue;
		found = found || (!member->doomed && is_still_open(member));
		member->doomed = true;
		/* libcurl sees the end of the connection before it would use it again. */
		if (!member->used && is_still_open(member))
			shutdown(member->descriptor, SHUT_RDWR);
	}
	return found;
}

long
transport_sockets_maximum(void)
{
	return Max(max_safe_fds / 3 - DESCRIPTORS_LEFT, 1);
}
