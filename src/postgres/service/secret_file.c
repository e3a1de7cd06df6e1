/*
 * secret_file.c
 *		Reading into memory that is wiped.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/fd.h"

#include "postgres/service/secret_file.h"

#define READ_SIZE ((size_t) 16 * 1024)

static const char *
read_all(int descriptor, ByteBuffer *buffer)
{
	for (;;)
	{
		char *room = buffer_reserve(buffer, READ_SIZE);
		ssize_t length;

		if (room == NULL)
			return "it is too long";
		length = read(descriptor, room, READ_SIZE);
		if (length > 0)
			buffer_commit(buffer, (size_t) length);
		else if (length == 0)
			return NULL;
		else if (errno != EINTR)
			return strerror(errno);
	}
}

const char *
secret_file_read(const char *name, ByteBuffer *buffer)
{
	struct stat status;
	const char *failure;
	/* Nothing between this and the close can throw, which would leave the descriptor open. */
	int descriptor = BasicOpenFile(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | PG_BINARY);

	if (descriptor < 0)
		return strerror(errno);
	if (fstat(descriptor, &status) < 0)
		failure = strerror(errno);
	else if (!S_ISREG(status.st_mode))
		failure = "it is not a regular file";
	else
		failure = read_all(descriptor, buffer);
	close(descriptor);
	return failure;
}
