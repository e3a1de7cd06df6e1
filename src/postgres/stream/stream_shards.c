/*
 * stream_shards.c
 *		The shards of a stream: which there are, which come before which, where each begins.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/stream/stream_shards.h"

static void
report_trimmed(const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	                errmsg("changes of the table are no longer kept in its stream"),
	                errdetail("%s", detail),
	                errhint("A stream keeps its records for 24 hours. Begin anew.")));
}

void
shard_set_init(ShardSet *set, MemoryContext context)
{
	*set = (ShardSet){.context = context};
}

static Shard *
find_shard(const ShardSet *set, Bytes id)
{
	for (int i = 0; i < set->count; i++)
	{
		if (bytes_equal(set->shards[i]->id, id))
			return set->shards[i];
	}
	return NULL;
}

static Shard *
add_shard(ShardSet *set, const ShardDescription *described)
{
	MemoryContext caller = MemoryContextSwitchTo(set->context);
	Shard *shard = palloc0_object(Shard); /* begins at the trim horizon */

	shard->id = (Bytes){pnstrdup(described->id.data, described->id.length), described->id.length};
	shard->parent = described->parent.length == 0 ? NULL : find_shard(set, described->parent);
	if (set->count == set->capacity)
	{
		set->capacity = Max(set->capacity * 2, 16);
		set->shards = set->shards == NULL ? palloc_array(Shard *, set->capacity)
		                                  : repalloc(set->shards, sizeof(Shard *) * set->capacity);
	}
	set->shards[set->count++] = shard;
	MemoryContextSwitchTo(caller);
	return shard;
}

static void
set_sequence_number(Shard *shard, const char *number)
{
	if (!sequence_number_is_valid(bytes_of_string(number)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid sequence number of a stream: \"%s\"", number)));
	strlcpy(shard->sequence_number, number, sizeof(shard->sequence_number));
}

/* ---- where a shard begins ---- */

/* Records before the number are left out; a shard that may hold it begins there. */
static void
begin_at_sequence_number(Shard *shard, const ShardDescription *described, const char *number)
{
	Bytes wanted = bytes_of_string(number);

	if (described->last.length > 0 && sequence_number_compare(described->last, wanted) < 0)
		shard->state = SHARD_ENDED;
	else if (sequence_number_compare(described->first, wanted) <= 0)
	{
		shard->start = SHARD_AT_SEQUENCE_NUMBER;
		set_sequence_number(shard, number);
	}
}

static const ShardPosition *
find_position(const List *positions, const char *id)
{
	ListCell *cell;

	foreach (cell, positions)
	{
		const ShardPosition *position = lfirst(cell);

		if (strcmp(position->shard_id, id) == 0)
			return position;
	}
	return NULL;
}

/* A shard that no position tells of is new, so its parent must be one that was known. */
static void
begin_at_position(Shard *shard, const ShardDescription *described, const List *positions)
{
	const ShardPosition *position = find_position(positions, shard->id.data);

	if (position == NULL && described->parent.length > 0 && shard->parent == NULL)
	{
		char *parent = pnstrdup(described->parent.data, described->parent.length);

		position = find_position(positions, parent);
		if (position == NULL || !position->ended)
			report_trimmed(psprintf("Shard \"%s\" is gone before it was read to its end.", parent));
		return;
	}
	if (position == NULL)
		return;
	if (position->ended)
		shard->state = SHARD_ENDED;
	else if (position->sequence_number != NULL)
	{
		shard->start = SHARD_AFTER_SEQUENCE_NUMBER;
		set_sequence_number(shard, position->sequence_number);
		shard->handed_out = true;
	}
}

static void
begin_shard(Shard *shard, const ShardDescription *described, const StreamStart *start)
{
	switch (start->kind)
	{
		case STREAM_FROM_TRIM_HORIZON:
			break;
		case STREAM_FROM_LATEST:
			shard->start = SHARD_LATEST;
			if (shard->closed)
				shard->state = SHARD_ENDED;
			break;
		case STREAM_FROM_SEQUENCE_NUMBER:
			begin_at_sequence_number(shard, described, start->sequence_number);
			break;
		case STREAM_FROM_POSITIONS:
			begin_at_position(shard, described, start->positions);
			break;
	}
}

/* ---- what must be there ---- */

/* Some shard must reach back to the number, or it is of a record that is gone. */
static void
require_sequence_number(const StreamDescription *description, const char *number)
{
	for (size_t i = 0; i < description->shard_count; i++)
	{
		if (sequence_number_compare(description->shards[i].first, bytes_of_string(number)) <= 0)
			return;
	}
	report_trimmed(psprintf("Every shard begins behind sequence number \"%s\".", number));
}

/* A shard that was not read to its end must still be there. */
static void
require_positions(const ShardSet *set, const List *positions)
{
	ListCell *cell;

	foreach (cell, positions)
	{
		const ShardPosition *position = lfirst(cell);

		if (!position->ended && find_shard(set, bytes_of_string(position->shard_id)) == NULL)
			report_trimmed(psprintf("Shard \"%s\" is gone before it was read to its end.",
			                        position->shard_id));
	}
}

/* ---- merging ---- */

static void
merge_shard(ShardSet *set, const ShardDescription *described, const StreamStart *start)
{
	Shard *shard = add_shard(set, described);

	shard->closed = described->last.length > 0;
	if (start != NULL)
		begin_shard(shard, described, start);
	else if (described->parent.length > 0 && shard->parent == NULL)
		report_trimmed(psprintf("The shard from which \"%s\" comes is gone.", shard->id.data));
}

/* The described shard is ready to be added: its parent, if it is described at all, has been. */
static bool
parent_is_merged(const ShardSet *set, const StreamDescription *description,
                 const ShardDescription *described)
{
	if (described->parent.length == 0 || find_shard(set, described->parent) != NULL)
		return true;
	for (size_t i = 0; i < description->shard_count; i++)
	{
		if (bytes_equal(description->shards[i].id, described->parent))
			return false;
	}
	return true;
}

/* Adds what can be added; true when something was. */
static bool
merge_ready_shards(ShardSet *set, const StreamDescription *description, const StreamStart *start)
{
	bool merged = false;

	for (size_t i = 0; i < description->shard_count; i++)
	{
		const ShardDescription *described = &description->shards[i];
		Shard *known = find_shard(set, described->id);

		if (known != NULL)
			known->closed = described->last.length > 0;
		else if (parent_is_merged(set, description, described))
		{
			merge_shard(set, described, start);
			merged = true;
		}
	}
	return merged;
}

bool
shard_set_merge(ShardSet *set, const StreamDescription *description, const StreamStart *start)
{
	int before = set->count;

	if (start != NULL && start->kind == STREAM_FROM_SEQUENCE_NUMBER)
		require_sequence_number(description, start->sequence_number);
	/* A service that lists children before their parents takes several rounds. */
	while (merge_ready_shards(set, description, start))
		;
	if (start != NULL && start->kind == STREAM_FROM_POSITIONS)
		require_positions(set, start->positions);
	return set->count > before;
}

bool
shard_is_due(const Shard *shard)
{
	return shard->state == SHARD_READING &&
	       (shard->parent == NULL || shard->parent->state == SHARD_ENDED);
}
