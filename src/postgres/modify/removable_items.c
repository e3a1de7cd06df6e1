/*
 * removable_items.c
 *		Items that a transaction has made and that are removed when it is rolled back.
 *
 * They are deleted by BatchWriteItem, several requests in flight. The deletes have no condition,
 * which is right because the keys are random and nobody else can have made an item of one of them.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "aws/dynamodb_write.h"
#include "postgres/memory.h"
#include "postgres/modify/removable_items.h"
#include "postgres/scan/decoded_answer.h"

/* What all keys may take, what one request's body, and what one answer. */
#define KEYS_MAXIMUM   ((Size) 64 * 1024 * 1024)
#define BODY_MAXIMUM   ((Size) 1024 * 1024)
#define ANSWER_MAXIMUM ((Size) 4 * 1024 * 1024)

struct RemovableItems
{
	MemoryContext context;
	ServiceClient *client;
	Bytes table_name;
	Arena *arena; /* of the keys */
	DynamodbItem *keys;
	size_t count;
	size_t capacity;
};

/* --- remembering ------------------------------------------------------------------------------ */

/* May throw. */
static RemovableItems *
create(ServiceClient *client, const char *table_name)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext, "DynamoDB removable items",
	                                              ALLOCSET_SMALL_SIZES);
	RemovableItems *items = MemoryContextAllocZero(context, sizeof(*items));

	items->context = context;
	items->client = client;
	items->table_name = bytes_of_string(MemoryContextStrdup(context, table_name));
	items->arena = memory_context_arena(context, ARENA_PLAIN, KEYS_MAXIMUM);
	return items;
}

RemovableItems *
removable_items_create(ServiceClient *client, const char *table_name)
{
	MemoryContext caller = CurrentMemoryContext;
	RemovableItems *volatile items = NULL;

	PG_TRY();
	{
		items = create(client, table_name);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		FlushErrorState();
	}
	PG_END_TRY();
	return items;
}

void
removable_items_add(RemovableItems *items, const DynamodbItem *key)
{
	DynamodbItem *grown;

	if (items->count >= REMOVABLE_ITEMS_MAXIMUM)
		return;
	grown =
	    arena_grow_array(items->arena, items->keys, items->count, &items->capacity, sizeof(*grown));
	if (grown == NULL)
		return;
	items->keys = grown;
	if (item_copy(items->arena, key, &grown[items->count]))
		items->count++;
}

void
removable_items_join(RemovableItems *items, RemovableItems *others)
{
	for (size_t i = 0; i < others->count; i++)
		removable_items_add(items, &others->keys[i]);
	removable_items_free(others);
}

void
removable_items_free(RemovableItems *items)
{
	MemoryContextDelete(items->context);
}

/* --- removing --------------------------------------------------------------------------------- */

/* One request. */
typedef struct Removal
{
	const DynamodbItem *keys;
	size_t count;
	ByteBuffer *body;
	DecodedAnswer answer;
	ServiceCall *call;
} Removal;

typedef struct Removals
{
	Removal *removals;
	ServiceCall **calls;
	int count;
} Removals;

/* May throw. */
static void
start_removal(const RemovableItems *items, Removal *removal)
{
	ResponseSink sink = decoded_answer_sink(&removal->answer);
	ItemWrite writes[BATCH_WRITE_ITEMS_MAXIMUM] = {0};
	ServiceRequest request = {
	    .service = AWS_DYNAMODB, .operation = "BatchWriteItem", .table = items->table_name};

	for (size_t i = 0; i < removal->count; i++)
		writes[i] = (ItemWrite){
		    .action = ITEM_WRITE_DELETE, .table_name = items->table_name, .key = removal->keys[i]};
	removal->body = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, BODY_MAXIMUM);
	removal->answer.arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, ANSWER_MAXIMUM);
	if (!result_is_ok(dynamodb_write_batch(writes, removal->count, removal->body)))
		return;
	request.body = buffer_bytes(removal->body);
	removal->call = service_call_start(items->client, &request, &sink, true);
}

static int64
count_removed(const Removals *removals)
{
	int64 removed = 0;

	for (int i = 0; i < removals->count; i++)
	{
		const Removal *removal = &removals->removals[i];

		if (removal->call == NULL || !service_call_is_done(removal->call) ||
		    service_call_error(removal->call) != NULL ||
		    removal->answer.page.unprocessed.length > 0)
			continue;
		removed += (int64) removal->count;
	}
	return removed;
}

/* May throw. */
static void
send_removals(const RemovableItems *items, Removals *removals)
{
	size_t most = items->count / BATCH_WRITE_ITEMS_MAXIMUM + 1;

	removals->removals = palloc0_array(Removal, most);
	removals->calls = palloc0_array(ServiceCall *, most);
	for (size_t i = 0; i < items->count; i += BATCH_WRITE_ITEMS_MAXIMUM)
	{
		Removal *removal = &removals->removals[removals->count];

		removal->keys = &items->keys[i];
		removal->count = Min(items->count - i, BATCH_WRITE_ITEMS_MAXIMUM);
		start_removal(items, removal);
		removals->calls[removals->count++] = removal->call;
	}
}

/* Whatever goes wrong, what was sent until then is waited for. */
static void
try_removals(const RemovableItems *items, Removals *removals)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		send_removals(items, removals);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		FlushErrorState();
	}
	PG_END_TRY();
}

int64
removable_items_remove(RemovableItems *items)
{
	Removals removals = {0};
	MemoryContext caller;
	int64 removed;

	/* A backend that ends waits for nothing. */
	if (proc_exit_inprogress)
		return 0;
	caller = MemoryContextSwitchTo(items->context);
	try_removals(items, &removals);
	service_calls_wait_briefly(removals.calls, removals.count, REMOVAL_MS);
	removed = count_removed(&removals);
	MemoryContextSwitchTo(caller);
	/* Calls that are under way are given up with their memory. */
	return removed;
}
