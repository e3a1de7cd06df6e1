/*
 * child_process.c
 *		posix_spawn(), a pipe, and the end of the child.
 */
#include "postgres.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/fd.h"
#include "storage/ipc.h"

#include "postgres/service/child_process.h"

#define READ_SIZE ((size_t) 4096)

/* Between looks at a child that has closed its output but not ended yet, which it is about to. */
#define END_POLL_MICROSECONDS INT64CONST(10000)

extern char **environ;

static dlist_head children = DLIST_STATIC_INIT(children);

/* Ending */

static void
close_output(ChildProcess *child)
{
	if (child->output < 0)
		return;
	transport_watch_stop(&child->watch);
	close(child->output);
	ReleaseExternalFD();
	child->output = -1;
}

/* Takes the child off every list; it has been waited for. */
static void
forget_child(ChildProcess *child)
{
	close_output(child);
	transport_timer_stop(&child->timer);
	dlist_delete(&child->node);
	child->running = false;
}

void
child_process_stop(ChildProcess *child)
{
	if (!child->running)
		return;
	kill(-child->id, SIGKILL);
	while (waitpid(child->id, NULL, 0) < 0 && errno == EINTR)
		;
	forget_child(child);
}

static void
stop_children(int code, Datum unused)
{
	while (!dlist_is_empty(&children))
		child_process_stop(dlist_head_element(ChildProcess, node, &children));
}

void
child_processes_register(void)
{
	on_proc_exit(stop_children, (Datum) 0);
}

/* Ends a child that did not do what it should. */
static void
give_up(ChildProcess *child, const char *failure)
{
	strlcpy(child->failure, failure, sizeof(child->failure));
	child_process_stop(child);
	child->ended(child->context);
}

static void
describe_end(ChildProcess *child, int status)
{
	if (WIFSIGNALED(status))
		snprintf(child->failure, sizeof(child->failure), "it was ended by signal %d",
		         WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(child->failure, sizeof(child->failure), "it ended with status %d",
		         WEXITSTATUS(status));
}

/* The output is whole: the child has ended, or is looked at again a little later. */
static void
look_for_end(ChildProcess *child)
{
	int status;
	pid_t ended = waitpid(child->id, &status, WNOHANG);

	if (ended == 0 || (ended < 0 && errno == EINTR))
	{
		transport_timer_start(&child->timer,
		                      Min(transport_now() + END_POLL_MICROSECONDS, child->deadline));
		return;
	}
	forget_child(child);
	if (ended < 0)
		strlcpy(child->failure, "its end was lost", sizeof(child->failure));
	else
		describe_end(child, status);
	child->ended(child->context);
}

static void
take_time(void *context)
{
	ChildProcess *child = context;

	if (transport_now() >= child->deadline)
		give_up(child, "it did not end in time");
	else
		look_for_end(child);
}

/* Output */

static void
take_output(void *context)
{
	ChildProcess *child = context;
	char chunk[READ_SIZE];
	ssize_t length = read(child->output, chunk, sizeof(chunk));

	if (length > 0)
	{
		buffer_append(child->buffer, chunk, (size_t) length);
		wipe(chunk, (size_t) length);
		if (!result_is_ok(buffer_result(child->buffer)))
			give_up(child, "it writes too much");
		return;
	}
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close_output(child);
	look_for_end(child);
}

/* Starting */

/*
 * The child closes what the backend has open: data files and connections are nothing to it. Not all
 * of them are close-on-exec in every version of the server.
 */
static int
add_closes(posix_spawn_file_actions_t *actions)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	int status = 0;

	if (directory == NULL)
		return errno;
	while (status == 0 && (entry = readdir(directory)) != NULL)
	{
		int descriptor = (int) strtol(entry->d_name, NULL, 10);

		if (descriptor > STDERR_FILENO)
			status = posix_spawn_file_actions_addclose(actions, descriptor);
	}
	closedir(directory);
	return status;
}

static int
add_actions(posix_spawn_file_actions_t *actions, int output)
{
	int status = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (status == 0)
		status = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
	if (status == 0)
		status = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	return status == 0 ? add_closes(actions) : status;
}

/* A group of its own, so that all of it can be ended; signals as a program expects them. */
static int
set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t all;
	sigset_t none;
	int status;

	sigfillset(&all);
	sigemptyset(&none);
	status = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
	                                                  POSIX_SPAWN_SETSIGMASK);
	if (status == 0)
		status = posix_spawnattr_setpgroup(attributes, 0);
	if (status == 0)
		status = posix_spawnattr_setsigdefault(attributes, &all);
	return status == 0 ? posix_spawnattr_setsigmask(attributes, &none) : status;
}

/* An errno, 0 for success. */
static int
spawn(pid_t *id, char *const *command, int output)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int status = posix_spawn_file_actions_init(&actions);

	if (status != 0)
		return status;
	status = posix_spawnattr_init(&attributes);
	if (status == 0)
	{
		status = add_actions(&actions, output);
		if (status == 0)
			status = set_attributes(&attributes);
		if (status == 0)
			status = posix_spawnp(id, command[0], &actions, &attributes, command, environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return status;
}

/* The pipe and the child at its other end; an errno, 0 for success. */
static int
start(ChildProcess *child, char *const *command)
{
	int ends[2];
	int status;

	if (!AcquireExternalFD())
		return EMFILE;
	status = pipe2(ends, O_CLOEXEC) < 0 ? errno : 0;
	if (status == 0)
	{
		child->output = ends[0];
		status =
		    fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? errno : spawn(&child->id, command, ends[1]);
		close(ends[1]);
		if (status != 0)
			close(ends[0]);
	}
	if (status != 0)
		ReleaseExternalFD();
	return status;
}

bool
child_process_start(ChildProcess *child, char *const *command, ByteBuffer *buffer, int timeout_ms,
                    void (*ended)(void *context), void *context)
{
	int status;

	*child = (ChildProcess){.buffer = buffer, .ended = ended, .context = context, .output = -1};
	status = command[0] == NULL ? ENOENT : start(child, command);
	if (status != 0)
	{
		snprintf(child->failure, sizeof(child->failure), "it could not be started: %s",
		         strerror(status));
		return false;
	}
	child->deadline = transport_now() + timeout_ms * MICROSECONDS_PER_MILLISECOND;
	child->timer = (TransportTimer){.expired = take_time, .context = child};
	child->watch =
	    (TransportWatch){.descriptor = child->output, .readable = take_output, .context = child};
	child->running = true;
	dlist_push_tail(&children, &child->node);
	transport_timer_start(&child->timer, child->deadline);
	if (transport_watch_start(&child->watch))
		return true;
	child_process_stop(child);
	strlcpy(child->failure, "its output cannot be waited for", sizeof(child->failure));
	return false;
}
