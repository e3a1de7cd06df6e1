/*
 * slow_resolver.c
 *		Loaded before the C library: names that end in ".hang.invalid" are not resolved.
 *
 * Such a look-up connects to the Unix socket that SLOW_RESOLVER_SOCKET names, which tells the test
 * that it has begun, and fails when the test closes that connection, not before.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char hanging_suffix[] = ".hang.invalid";

typedef int (*GetAddrInfo)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int
hangs(const char *name)
{
	size_t length = name == NULL ? 0 : strlen(name);
	size_t suffix_length = sizeof(hanging_suffix) - 1;

	return length > suffix_length && strcmp(name + length - suffix_length, hanging_suffix) == 0;
}

static void
hang(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("SLOW_RESOLVER_SOCKET");
	int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte;

	if (path == NULL || strlen(path) >= sizeof(address.sun_path) || connection < 0)
		abort();
	strcpy(address.sun_path, path);
	if (connect(connection, (struct sockaddr *) &address, sizeof(address)) == 0)
		while (read(connection, &byte, 1) > 0)
			continue;
	close(connection);
}

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
            struct addrinfo **result)
{
	GetAddrInfo next = (GetAddrInfo) dlsym(RTLD_NEXT, "getaddrinfo");

	if (!hangs(name))
		return next(name, service, hints, result);
	hang();
	return EAI_FAIL;
}
