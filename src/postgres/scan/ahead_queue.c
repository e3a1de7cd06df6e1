/*
 * ahead_queue.c
 *		A queue of things on their way, each with memory of its own.
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/scan/ahead_queue.h"
#include "postgres/settings.h"

/* What the things may take, of what a scan may; the rest is for pages. */
#define SHARE_OF_MEMORY 4

/* One that was not handed out, or the one that was last. */
typedef struct AheadEntry
{
	dlist_node node;
	MemoryContext context; /* of all of it */
	Size memory;
	void *made; /* by begin() */
} AheadEntry;

struct AheadQueue
{
	MemoryContext context;
	ServiceClient *client;
	const KmsUse *use;
	AheadSource source;
	int most; /* that are worth waiting for at once */
	dlist_head waiting;
	int waiting_count;
	Size memory; /* of what waits */
	AheadEntry *current;
	int64 handed_out;
	bool source_ended;
};

AheadQueue *
ahead_queue_create(ServiceClient *client, const KmsUse *use, const AheadSource *source)
{
	AheadQueue *queue = palloc0_object(AheadQueue);

	queue->context = CurrentMemoryContext;
	queue->client = client;
	queue->use = use;
	queue->source = *source;
	queue->most = Max(kms_calls_at_once(client) / source->calls, 1);
	dlist_init(&queue->waiting);
	return queue;
}

/*
 * True when another one is to be asked for before one is handed out: always the first; then as many
 * as were asked for so far, where that costs neither waiting nor a guard's last calls.
 */
static bool
wants_more(const AheadQueue *queue)
{
	if (queue->source_ended)
		return false;
	if (queue->waiting_count == 0)
		return true;
	return queue->waiting_count < Min(queue->handed_out + 1, (int64) queue->most) &&
	       queue->memory < scan_memory_share(SHARE_OF_MEMORY) &&
	       kms_calls_left(queue->client, queue->use) >= queue->source.calls &&
	       queue->source.is_ready(queue->source.context);
}

static AheadEntry *
make_entry(AheadQueue *queue, const void *what)
{
	MemoryContext context =
	    AllocSetContextCreate(queue->context, "DynamoDB row ahead", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	AheadEntry *entry = palloc0_object(AheadEntry);

	entry->context = context;
	entry->made = queue->source.begin(queue->source.context, what);
	MemoryContextSwitchTo(caller);
	entry->memory = MemoryContextMemAllocated(context, true);
	return entry;
}

static void
take_next(AheadQueue *queue)
{
	const void *what = queue->source.next(queue->source.context);
	AheadEntry *entry;

	queue->source_ended = what == NULL;
	if (what == NULL)
		return;
	entry = make_entry(queue, what);
	dlist_push_tail(&queue->waiting, &entry->node);
	queue->waiting_count++;
	queue->memory += entry->memory;
}

static AheadEntry *
pop_first(AheadQueue *queue)
{
	AheadEntry *entry = dlist_container(AheadEntry, node, dlist_pop_head_node(&queue->waiting));

	queue->waiting_count--;
	queue->memory -= entry->memory;
	return entry;
}

static void
drop_current(AheadQueue *queue)
{
	if (queue->current != NULL)
		MemoryContextDelete(queue->current->context);
	queue->current = NULL;
}

void *
ahead_queue_next(AheadQueue *queue)
{
	drop_current(queue);
	while (wants_more(queue))
		take_next(queue);
	if (queue->waiting_count == 0)
		return NULL;
	queue->current = pop_first(queue);
	queue->handed_out++;
	return queue->current->made;
}

const void *
ahead_queue_first(AheadQueue *queue, bool *is_end)
{
	while (wants_more(queue) && queue->source.is_ready(queue->source.context))
		take_next(queue);
	*is_end = queue->source_ended && queue->waiting_count == 0;
	if (queue->waiting_count == 0)
		return NULL;
	return dlist_head_element(AheadEntry, node, &queue->waiting)->made;
}

int
ahead_queue_most(const AheadQueue *queue)
{
	return queue->most;
}

void
ahead_queue_reset(AheadQueue *queue)
{
	drop_current(queue);
	while (queue->waiting_count > 0)
		MemoryContextDelete(pop_first(queue)->context);
	queue->source_ended = false;
}
