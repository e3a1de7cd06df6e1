/*
 * pending_items.c
 *		The versions of items that the transaction is to write, level by level.
 *
 * Everything is below TopTransactionContext; each item, version and row has a context of its own,
 * so that what is rolled back gives its memory back.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "item/number.h"
#include "postgres/memory.h"
#include "postgres/modify/pending_items.h"
#include "postgres/scan/stored_items.h"

/* A power of two; there are at most a hundred items. */
#define BUCKET_COUNT 256

/* Memory for one version: DynamoDB's largest item, as stored, as changed, and in pieces. */
#define VERSION_MAXIMUM ((Size) 64 * 1024 * 1024)

typedef struct PendingItems
{
	MemoryContext context;
	PendingSender sender;
	char *server_name;
	slist_head tables;
	dlist_head items; /* in the order they were first written */
	int item_count;
	Size size; /* of all newest versions */
	slist_head buckets[BUCKET_COUNT];
	Arena *scratch; /* for one computation */
} PendingItems;

static PendingItems *pending = NULL;

/* ---- what there is ---- */

bool
pending_items_exist(void)
{
	return pending != NULL && !dlist_is_empty(&pending->items);
}

dlist_head *
pending_items(void)
{
	static dlist_head none = DLIST_STATIC_INIT(none);

	return pending == NULL ? &none : &pending->items;
}

PendingSender
pending_sender(void)
{
	return pending->sender;
}

static PendingItems *
make_pending_items(void)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext, "DynamoDB pending writes",
	                                              ALLOCSET_DEFAULT_SIZES);
	PendingItems *made = MemoryContextAllocZero(context, sizeof(*made));

	made->context = context;
	made->scratch = memory_context_arena(context, ARENA_PLAIN, VERSION_MAXIMUM);
	dlist_init(&made->items);
	return made;
}

/* Begins with nothing pending, and with whom the first write has to be sent by. */
void
pending_items_begin(const ForeignRelation *relation)
{
	if (pending == NULL)
		pending = make_pending_items();
	/* Nothing is left of what other senders may have had, and scans may still look at its tables.
	 */
	slist_init(&pending->tables);
	pending->sender.client = relation->client;
	pending->sender.identity = service_client_identity(relation->client);
	pending->server_name =
	    MemoryContextStrdup(pending->context, service_client_server_name(relation->client));
}

pg_noreturn static void
refuse_sender(const ForeignRelation *relation, const char *difference)
{
	ereport(ERROR,
	        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
	         errmsg("cannot write foreign table \"%s\" in the same transaction as tables of server "
	                "\"%s\"",
	                relation->name, pending->server_name),
	         errdetail("With write_mode 'transaction' everything that a transaction writes is one "
	                   "request to DynamoDB, but the %s of server \"%s\" would be another.",
	                   difference, service_client_server_name(relation->client)),
	         errhint("Write them in transactions of their own.")));
}

/* Where the table is, by its ARN: everything before ":table/". No bytes when unknown. */
static Bytes
arn_account(Bytes arn)
{
	static const char marker[] = ":table/";

	for (size_t i = 0; i + strlen(marker) <= arn.length; i++)
	{
		if (memcmp(arn.data + i, marker, strlen(marker)) == 0)
			return (Bytes){arn.data, i};
	}
	return BYTES_EMPTY;
}

static bool
is_of_another_account(Bytes arn)
{
	slist_iter iterator;
	Bytes account = arn_account(arn);

	slist_foreach(iterator, &pending->tables)
	{
		Bytes other = arn_account(slist_container(PendingTable, node, iterator.cur)->arn);

		if (account.length > 0 && other.length > 0 && !bytes_equal(account, other))
			return true;
	}
	return false;
}

void
pending_items_admit(const ForeignRelation *relation)
{
	const char *difference;

	if (!pending_items_exist())
		return;
	difference = service_identity_difference(
	    pending->sender.identity, service_client_identity(relation->client), AWS_DYNAMODB);
	if (difference == NULL && is_of_another_account(relation->description->arn))
		difference = "account";
	if (difference != NULL)
		refuse_sender(relation, difference);
}

int
pending_items_count(void)
{
	return pending->item_count;
}

Size
pending_items_size(void)
{
	return pending->size;
}

Size
pending_items_memory(void)
{
	return MemoryContextMemAllocated(pending->context, true);
}

void
pending_items_keep(MemoryContext context)
{
	MemoryContextSetParent(context, pending->context);
}

void
pending_items_forget(void)
{
	pending = NULL;
}

/* ---- tables ---- */

/*
 * True when the relation is that table. It may be read as another principal than it is written as,
 * and then only the ARN says whether the name means the same table.
 */
static bool
is_table_of(const PendingTable *table, const ForeignRelation *relation)
{
	const char *difference = service_identity_difference(
	    pending->sender.identity, service_client_identity(relation->client), AWS_DYNAMODB);
	Bytes arn = relation->description->arn;

	if (difference != NULL && strcmp(difference, "credentials") != 0)
		return false;
	if (arn.length > 0 && table->arn.length > 0)
		return bytes_equal(arn, table->arn);
	return difference == NULL && bytes_equal(relation->description->name, table->name);
}

const PendingTable *
pending_table_find(const ForeignRelation *relation)
{
	slist_iter iterator;

	if (!pending_items_exist() || relation->description == NULL)
		return NULL;
	slist_foreach(iterator, &pending->tables)
	{
		const PendingTable *table = slist_container(PendingTable, node, iterator.cur);

		if (is_table_of(table, relation))
			return table;
	}
	return NULL;
}

static Bytes
keep_bytes(Bytes bytes)
{
	char *copy = MemoryContextAlloc(pending->context, Max(bytes.length, 1));

	memcpy(copy, bytes.data, bytes.length);
	return (Bytes){copy, bytes.length};
}

static const PendingTable *
enter_table(const ForeignRelation *relation)
{
	const TableDescription *description = relation->description;
	const PendingTable *found = pending_table_find(relation);
	PendingTable *table;

	if (found != NULL)
		return found;
	table = MemoryContextAllocZero(pending->context, sizeof(*table));
	table->name = keep_bytes(description->name);
	table->arn = description->arn.length > 0 ? keep_bytes(description->arn) : BYTES_EMPTY;
	table->keys = description->keys;
	for (uint32 i = 0; i < table->keys.hash_count; i++)
		table->keys.hash[i].name = keep_bytes(table->keys.hash[i].name);
	for (uint32 i = 0; i < table->keys.range_count; i++)
		table->keys.range[i].name = keep_bytes(table->keys.range[i].name);
	slist_push_head(&pending->tables, &table->node);
	return table;
}

/* ---- items ---- */

/* Equal numbers hash alike, however they are spelled. */
static uint32
hash_key_value(const AttributeValue *value)
{
	Bytes bytes;

	if (value == NULL)
		return 0;
	bytes = value->bytes;
	arena_reset(pending->scratch);
	if (value->type == ATTRIBUTE_N)
		CHECK_RESULT(number_canonical(pending->scratch, value->bytes, &bytes), "read a key");
	return hash_bytes((const unsigned char *) bytes.data, (int) bytes.length);
}

static uint32
bucket_of(const PendingTable *table, const DynamodbItem *item)
{
	uint32 hash = hash_key_value(item_find(item, table->keys.hash[0].name));

	if (table->keys.range_count > 0)
		hash = hash_combine(hash, hash_key_value(item_find(item, table->keys.range[0].name)));
	return hash % BUCKET_COUNT;
}

static bool
has_same_value(const DynamodbItem *a, const DynamodbItem *b, Bytes name)
{
	const AttributeValue *value_a = item_find(a, name);
	const AttributeValue *value_b = item_find(b, name);

	return value_a != NULL && value_b != NULL && attribute_value_equal(value_a, value_b);
}

bool
pending_key_equal(const PendingTable *table, const DynamodbItem *a, const DynamodbItem *b)
{
	return has_same_value(a, b, table->keys.hash[0].name) &&
	       (table->keys.range_count == 0 || has_same_value(a, b, table->keys.range[0].name));
}

PendingItem *
pending_item_find(const PendingTable *table, const DynamodbItem *item)
{
	slist_iter iterator;

	slist_foreach(iterator, &pending->buckets[bucket_of(table, item)])
	{
		PendingItem *found = slist_container(PendingItem, bucket, iterator.cur);

		if (found->table == table && pending_key_equal(table, &found->key, item))
			return found;
	}
	return NULL;
}

PendingItem *
pending_item_of(const ForeignRelation *relation, const DynamodbItem *key)
{
	const PendingTable *table = pending_table_find(relation);

	return table == NULL ? NULL : pending_item_find(table, key);
}

const PendingVersion *
pending_item_version(const PendingItem *item, CommandId command)
{
	const PendingVersion *version = item->newest;

	while (version != NULL && version->command >= command)
		version = version->below;
	return version;
}

/* An item that is not pending yet, in a context below CurrentMemoryContext. */
static PendingItem *
make_item(const PendingTable *table, const DynamodbItem *key)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "DynamoDB pending item", ALLOCSET_SMALL_SIZES);
	PendingItem *item = MemoryContextAllocZero(context, sizeof(*item));
	Arena *arena = memory_context_arena(context, ARENA_PLAIN, VERSION_MAXIMUM);

	item->context = context;
	item->table = table;
	item->bucket_number = bucket_of(table, key);
	if (!item_copy(arena, key, &item->key))
		report_result(arena_failure(arena, 1), "keep a key");
	return item;
}

static void
link_item(PendingItem *item)
{
	slist_push_head(&pending->buckets[item->bucket_number], &item->bucket);
	dlist_push_tail(&pending->items, &item->node);
	MemoryContextSetParent(item->context, pending->context);
	pending->item_count++;
}

void
pending_item_note_stored(PendingItem *item, const DynamodbItem *stored)
{
	MemoryContext context =
	    AllocSetContextCreate(item->context, "DynamoDB stored item", ALLOCSET_SMALL_SIZES);
	DynamodbItem *copy = NULL;

	if (stored != NULL)
	{
		Arena *arena = memory_context_arena(context, ARENA_PLAIN, VERSION_MAXIMUM);

		copy = MemoryContextAlloc(context, sizeof(*copy));
		if (!item_copy(arena, stored, copy))
			report_result(arena_failure(arena, 1), "keep an item");
	}
	if (item->stored_context != NULL)
		MemoryContextDelete(item->stored_context);
	item->stored_context = context;
	item->stored = copy;
	item->has_stored = true;
}

/* ---- versions ---- */

static ItemEffect
effect_of_action(ItemWriteAction action)
{
	switch (action)
	{
		case ITEM_WRITE_PUT:
			return ITEM_EFFECT_PUT;
		case ITEM_WRITE_UPDATE:
			return ITEM_EFFECT_CHANGE;
		case ITEM_WRITE_DELETE:
			return ITEM_EFFECT_DELETE;
		case ITEM_WRITE_CHECK:
			return ITEM_EFFECT_NONE;
	}
	pg_unreachable();
}

/* What one of the row's writes does, and asks of what it finds. */
static ItemAction
action_of_write(Arena *arena, const RowWrite *row, int number, Bytes hash_key)
{
	const ItemWrite *write = &row->writes[number];
	ItemExpectation *expectations = NULL;
	ItemAction action = {.expects_item = true};

	/* The row is as it is to be already. */
	if (number >= row->write_count)
		return action;
	if (write->action == ITEM_WRITE_PUT && row->kind != ROW_UPDATE)
		return (ItemAction){.effect = ITEM_EFFECT_PUT, .item = write->item};
	if (write->condition != NULL)
		CHECK_RESULT(item_expectations_read(arena, write->condition, hash_key, &expectations,
		                                    &action.expectation_count),
		             "read a condition");
	action.expectations = expectations;
	action.effect = effect_of_action(write->action);
	action.item = write->item;
	action.changes = write->changes;
	action.change_count = write->change_count;
	return action;
}

/* The stored item as far as known, of the arena. */
const DynamodbItem *
pending_item_copy_stored(Arena *arena, const PendingItem *item)
{
	DynamodbItem *copy;

	if (!item->has_stored || item->stored == NULL)
		return NULL;
	copy = arena_allocate(arena, sizeof(*copy));
	if (copy == NULL || !item_copy(arena, item->stored, copy))
		report_result(arena_failure(arena, 1), "keep an item");
	return copy;
}

/* Sets the version's actions from its row and from what the versions below come to. */
static void
fold_version(PendingVersion *version, const PendingItem *item)
{
	version->own = action_of_write(version->arena, version->row, version->write_number,
	                               item->table->keys.hash[0].name);
	version->action = version->own;
	if (version->below != NULL)
		CHECK_RESULT(item_action_fold(version->arena, &version->below->action, &version->own,
		                              pending_item_copy_stored(version->arena, item),
		                              &version->action),
		             "combine writes of one item");
}

static ItemWrite
write_of_version(const PendingItem *item, const PendingVersion *version)
{
	const ItemAction *action = &version->action;
	static const ItemWriteAction actions[] = {
	    [ITEM_EFFECT_NONE] = ITEM_WRITE_CHECK,
	    [ITEM_EFFECT_PUT] = ITEM_WRITE_PUT,
	    [ITEM_EFFECT_CHANGE] = ITEM_WRITE_UPDATE,
	    [ITEM_EFFECT_DELETE] = ITEM_WRITE_DELETE,
	};
	ItemWrite write = {
	    .action = actions[action->effect],
	    .table_name = item->table->name,
	    .key = item->key,
	    .item = action->item,
	    .changes = action->changes,
	    .change_count = action->change_count,
	};

	write.condition = item_action_condition(version->arena, action, item->table->keys.hash[0].name);
	if (write.condition == NULL)
		report_result(arena_failure(version->arena, 1), "write a condition");
	return write;
}

ItemWrite
pending_item_write(const PendingItem *item)
{
	return write_of_version(item, item->newest);
}

/*
 * The size of what the version sends. Also finds out whether DynamoDB can take it as one request's
 * expressions, while the statement can still be named as the one that went too far.
 */
static Size
measure_version(const PendingItem *item, const PendingVersion *version)
{
	ItemWrite write = write_of_version(item, version);
	size_t size;

	arena_reset(pending->scratch);
	CHECK_RESULT(item_write_transaction_size(pending->scratch, &write, &size),
	             "write an item with all changes of this transaction");
	return size;
}

/* Makes the version that `row` adds to the item, in a context below CurrentMemoryContext. */
static PendingVersion *
make_version(const PendingItem *item, RowWrite *row, int write_number, CommandId command)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "DynamoDB pending version",
	                                              ALLOCSET_SMALL_SIZES);
	PendingVersion *version = MemoryContextAllocZero(context, sizeof(*version));

	version->below = item->newest;
	version->context = context;
	version->arena = memory_context_arena(context, ARENA_PLAIN, VERSION_MAXIMUM);
	version->level = GetCurrentTransactionNestLevel();
	version->command = command;
	version->row = row;
	version->write_number = write_number;
	fold_version(version, item);
	version->size = measure_version(item, version);
	return version;
}

static void
link_version(PendingItem *item, PendingVersion *version)
{
	pending->size += version->size;
	if (item->newest != NULL)
		pending->size -= item->newest->size;
	item->newest = version;
	MemoryContextSetParent(version->context, item->context);
}

static void
unlink_version(PendingItem *item)
{
	PendingVersion *version = item->newest;

	pending->size -= version->size;
	item->newest = version->below;
	if (item->newest != NULL)
		pending->size += item->newest->size;
	MemoryContextDelete(version->context);
}

/* Adds one of the row's writes to the item of that key, which may be new. */
PendingVersion *
pending_item_add(RowWrite *row, int write_number, const DynamodbItem *key, CommandId command)
{
	PendingItem *item = pending_item_of(row->writer->relation, key);
	bool is_new = item == NULL;
	PendingVersion *version;

	if (is_new)
		item = make_item(enter_table(row->writer->relation), key);
	version = make_version(item, row, write_number, command);
	if (is_new)
		link_item(item);
	link_version(item, version);
	return version;
}

/* ---- making everything anew ---- */

/* The versions of the item, the first one first. */
static List *
versions_in_order(const PendingItem *item)
{
	List *versions = NIL;

	for (PendingVersion *version = item->newest; version != NULL; version = version->below)
		versions = lcons(version, versions);
	return versions;
}

/* Makes the version's row anew from what it was made for; false when that is something else. */
static bool
replay_version(PendingVersion *version, const DynamodbItem *stored)
{
	RowWrite *row = version->row;
	DynamodbItem *seen;
	DynamodbItem found;
	bool present = stored != NULL;

	if (row->kind == ROW_INSERT || version->write_number > 0)
		return true;
	if (version->below != NULL)
		CHECK_RESULT(
		    item_action_apply(version->arena, &version->below->action, stored, &found, &present),
		    "change an item as this transaction has changed it");
	else if (present)
		found = *stored;
	if (!present)
		return false;
	seen = arena_allocate(version->arena, sizeof(*seen));
	if (seen == NULL)
		report_result(arena_failure(version->arena, sizeof(*seen)), "keep an item");
	stored_item_place_attributes(version->arena, &row->writer->reader->names, &found, seen);
	return row_write_from_stored(row, seen);
}

bool
pending_item_replay(PendingItem *item, const DynamodbItem *stored)
{
	ListCell *cell;

	pending_item_note_stored(item, stored);
	foreach (cell, versions_in_order(item))
	{
		PendingVersion *version = lfirst(cell);

		if (!replay_version(version, pending_item_copy_stored(version->arena, item)))
			return false;
		fold_version(version, item);
	}
	return true;
}

void
pending_items_fold(void)
{
	dlist_iter iterator;

	dlist_foreach(iterator, &pending->items)
	{
		PendingItem *item = dlist_container(PendingItem, node, iterator.cur);
		ListCell *cell;

		foreach (cell, versions_in_order(item))
			fold_version(lfirst(cell), item);
	}
}

/* ---- levels of subtransactions ---- */

static void
abort_item(PendingItem *item, int level)
{
	while (item->newest != NULL && item->newest->level >= level)
		unlink_version(item);
	if (item->newest != NULL)
		return;
	dlist_delete(&item->node);
	slist_delete(&pending->buckets[item->bucket_number], &item->bucket);
	pending->item_count--;
	MemoryContextDelete(item->context);
}

void
pending_items_abort_level(int level)
{
	dlist_mutable_iter iterator;

	dlist_foreach_modify(iterator, pending_items())
	    abort_item(dlist_container(PendingItem, node, iterator.cur), level);
}

void
pending_items_commit_level(int level)
{
	dlist_iter iterator;

	dlist_foreach(iterator, pending_items())
	{
		PendingItem *item = dlist_container(PendingItem, node, iterator.cur);

		for (PendingVersion *version = item->newest; version != NULL; version = version->below)
			version->level = Min(version->level, level - 1);
	}
}
