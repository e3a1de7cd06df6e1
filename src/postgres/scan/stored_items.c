/*
 * stored_items.c
 *		Items as they are stored, looked up by their keys.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/scan/stored_items.h"

/* What is looked up at once: at most 100 items. */
#define STORED_ITEMS_MAXIMUM ((Size) 256 * 1024 * 1024)

static int32
slot_of(const NameTable *names, Bytes name)
{
	for (uint32 i = 0; i < names->count; i++)
	{
		if (bytes_equal(names->names[i], name))
			return (int32) i;
	}
	return ATTRIBUTE_NO_SLOT;
}

void
stored_item_place_attributes(Arena *arena, const NameTable *names, const DynamodbItem *item,
                             DynamodbItem *placed)
{
	*placed = *item;
	placed->attributes = arena_allocate_array(arena, Max(item->count, 1), sizeof(Attribute));
	if (placed->attributes == NULL)
		report_result(arena_failure(arena, item->count * sizeof(Attribute)), "keep an item");
	for (uint32 i = 0; i < item->count; i++)
	{
		placed->attributes[i] = item->attributes[i];
		placed->attributes[i].slot = slot_of(names, item->attributes[i].name);
	}
}

FetchPlan
stored_items_plan(const ForeignRelation *relation, const DynamodbItem *keys, int key_count)
{
	return (FetchPlan){
	    .kind = REQUEST_BATCH_GET_ITEM,
	    .read = {.table_name = bytes_of_string(relation->options->table_name),
	             .consistent_read = true},
	    .segments = 1,
	    .keys = keys,
	    .key_count = key_count,
	};
}

DynamodbItem *
stored_item_read(const ForeignRelation *relation, const DynamodbItem *key)
{
	FetchPlan plan = stored_items_plan(relation, key, 1);
	DynamodbItem *stored = NULL;
	const DynamodbItem *found;
	Fetch *fetch;

	plan.kind = REQUEST_GET_ITEM;
	fetch = fetch_open(relation->client, &plan);
	found = fetch_next(fetch);
	if (found != NULL)
	{
		Arena *arena =
		    memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, STORED_ITEMS_MAXIMUM);

		stored = palloc(sizeof(*stored));
		if (!item_copy(arena, found, stored))
			report_result(arena_failure(arena, 1), "keep an item");
	}
	fetch_close(fetch);
	return stored;
}

/* Paths of the item's attributes, which are key attributes. */
static AttributePath *
paths_of_attributes(Arena *arena, const DynamodbItem *item)
{
	AttributePath *paths = palloc_array(AttributePath, item->count);

	for (uint32 i = 0; i < item->count; i++)
	{
		if (!attribute_path_of_name(arena, item->attributes[i].name, &paths[i]))
			report_result(arena_failure(arena, 1), "make a path");
	}
	return paths;
}

List *
stored_items_find(const ForeignRelation *relation, const DynamodbItem *keys, int key_count)
{
	FetchPlan plan = stored_items_plan(relation, keys, key_count);
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, STORED_ITEMS_MAXIMUM);
	List *stored = NIL;
	const DynamodbItem *found;
	Fetch *fetch;

	if (key_count == 0)
		return NIL;
	plan.read.projection = paths_of_attributes(arena, &keys[0]);
	plan.read.projection_count = keys[0].count;
	fetch = fetch_open(relation->client, &plan);
	while ((found = fetch_next(fetch)) != NULL)
	{
		DynamodbItem *key = palloc_object(DynamodbItem);

		if (!item_copy(arena, found, key))
			report_result(arena_failure(arena, 1), "keep a key");
		stored = lappend(stored, key);
	}
	fetch_close(fetch);
	return stored;
}
