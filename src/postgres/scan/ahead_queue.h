/*
 * ahead_queue.h
 *		Things that wait for AWS KMS together, and are handed out in their order.
 *
 * They are taken from their source ahead of need, and their calls started, many at once. How far
 * ahead grows with what was asked for, so that one thing costs no more than its own calls. What a
 * thing is, and what its calls are for, is its owner's business.
 */
#ifndef POSTGRES_SCAN_AHEAD_QUEUE_H
#define POSTGRES_SCAN_AHEAD_QUEUE_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_calls.h"

typedef struct AheadSource
{
	/* What comes next, valid until the next call; NULL at the end. */
	const void *(*next)(void *context);
	bool (*is_ready)(void *context); /* true when next() would not wait */
	/* Copies it and starts its calls, in CurrentMemoryContext, which is its own. */
	void *(*begin)(void *context, const void *what);
	void *context;
	int calls; /* that each may start */
} AheadSource;

typedef struct AheadQueue AheadQueue;

/* In CurrentMemoryContext, as is what waits. `use` is borrowed; calls are counted there. */
extern AheadQueue *ahead_queue_create(ServiceClient *client, const KmsUse *use,
                                      const AheadSource *source);

/*
 * What begin() made of the next one, valid until the next call, when its memory goes; NULL at the
 * end. Errors are those of the source.
 */
extern void *ahead_queue_next(AheadQueue *queue);

/*
 * What begin() made of the one that comes next, if the source need not be waited for; it remains
 * the next one. NULL: there is none yet, or *is_end. Takes what the source has as
 * ahead_queue_next() does.
 */
extern const void *ahead_queue_first(AheadQueue *queue, bool *is_end);

/* How many are worth waiting for at once. */
extern int ahead_queue_most(const AheadQueue *queue);

/* Gives up all that waits; the next one is asked of the source anew. */
extern void ahead_queue_reset(AheadQueue *queue);

#endif
