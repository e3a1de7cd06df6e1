/*
 * child_process.h
 *		A command of which the output is wanted, run without a shell while the backend does other
 *		things.
 *
 * The child has a process group of its own, no descriptor of the backend's but the pipe that it
 * writes to, default signal handlers, and the server's environment and working directory. What it
 * says on standard error is not kept: it may hold secrets.
 */
#ifndef POSTGRES_SERVICE_CHILD_PROCESS_H
#define POSTGRES_SERVICE_CHILD_PROCESS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "foundation/buffer.h"
#include "postgres/service/transport_events.h"

/* The struct is the owner's, who sets it to zero before its first use. */
typedef struct ChildProcess
{
	dlist_node node;
	bool running;
	pid_t id;
	int output; /* our end of the pipe; -1 when it has been closed */
	TransportWatch watch;
	TransportTimer timer;
	int64 deadline;
	ByteBuffer *buffer;
	void (*ended)(void *context);
	void *context;
	/* From here on for the owner, once it has ended. */
	char failure[128]; /* why there is no whole output; empty: there is */
} ChildProcess;

/*
 * Runs the command: words, the first of which is looked for in PATH, ending with NULL. Its output
 * is appended to `buffer`, which is the caller's; more than fits ends the child. `ended` is called
 * once, from within a serve or a wait, when the child has ended or did not in time. False when it
 * cannot be started: see `failure`. Does not throw.
 */
extern bool child_process_start(ChildProcess *child, char *const *command, ByteBuffer *buffer,
                                int timeout_ms, void (*ended)(void *context), void *context);

/* Ends the child and those of its group at once, without calling `ended`. */
extern void child_process_stop(ChildProcess *child);

/* Sees to it that no child outlives the backend. To be called before the first is started. */
extern void child_processes_register(void);

#endif
