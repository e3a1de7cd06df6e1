/*
 * pending_writes.c
 *		Rows become versions of pending items, within DynamoDB's limits of one transaction.
 */
#include "postgres.h"

#include "access/xact.h"

#include "postgres/compat.h"

#include "postgres/memory.h"
#include "postgres/modify/commit_steps.h"
#include "postgres/modify/pending_commit.h"
#include "postgres/modify/pending_conflicts.h"
#include "postgres/modify/pending_items.h"
#include "postgres/modify/pending_writes.h"
#include "postgres/scan/stored_items.h"

/* Memory for all of them: one item that is written in a loop has many versions. */
#define VERSIONS_MAXIMUM ((Size) 256 * 1024 * 1024)

/* ---- limits ---- */

/* Of a transaction DynamoDB counts two units for each KB of an item that is begun. */
#define CAPACITY_UNIT_BYTES 1024
#define UNITS_OF_KILOBYTE   2

/* How large, at the least, the item is that the action writes: as far as it is sent. */
static size_t
least_item_size(const PendingItem *item)
{
	const ItemAction *action = &item->newest->action;
	size_t size = item_size(&item->key);

	if (action->effect == ITEM_EFFECT_PUT)
		return item_size(&action->item);
	for (size_t i = 0; action->effect == ITEM_EFFECT_CHANGE && i < action->change_count; i++)
	{
		if (action->changes[i].value != NULL)
			size += attribute_value_size(action->changes[i].value);
	}
	return size;
}

/* The capacity units that the commit is going to consume at the least. */
static double
least_capacity_units(void)
{
	double units = 0;
	dlist_iter iterator;

	dlist_foreach(iterator, pending_items())
	{
		size_t size = least_item_size(dlist_container(PendingItem, node, iterator.cur));

		units +=
		    UNITS_OF_KILOBYTE * (double) ((size + CAPACITY_UNIT_BYTES - 1) / CAPACITY_UNIT_BYTES);
	}
	return units;
}

/* At the commit it would be too late: what is consumed is known when everything is written. */
static void
check_capacity(const ForeignRelation *relation)
{
	double limit = relation->options->max_capacity_units;
	double units = limit > 0 ? least_capacity_units() : 0;

	if (units > limit)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
		     errmsg("writing foreign table \"%s\" has exceeded max_capacity_units", relation->name),
		     errdetail("The commit of the transaction would consume at least %g capacity "
		               "units; the limit is %g.",
		               units, limit)));
}

static void
check_limits(const ForeignRelation *relation)
{
	if (pending_items_count() > TRANSACTION_ITEMS_MAXIMUM)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		     errmsg("transaction writes more than %d items of DynamoDB", TRANSACTION_ITEMS_MAXIMUM),
		     errdetail("Foreign table \"%s\" has write_mode 'transaction', and DynamoDB takes "
		               "at most %d items in one transaction.",
		               relation->name, TRANSACTION_ITEMS_MAXIMUM),
		     errhint("Write fewer rows in one transaction, or use another write_mode.")));
	if (pending_items_size() > TRANSACTION_BYTES_MAXIMUM)
		ereport(ERROR,
		        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		         errmsg("transaction writes more than %d MB to DynamoDB",
		                (int) (TRANSACTION_BYTES_MAXIMUM / (1024 * 1024))),
		         errdetail("Foreign table \"%s\" has write_mode 'transaction'. The items come to "
		                   "%zu bytes; DynamoDB takes at most %zu in one transaction.",
		                   relation->name, pending_items_size(), TRANSACTION_BYTES_MAXIMUM),
		         errhint("Write fewer rows in one transaction, or use another write_mode.")));
	if (pending_items_memory() > VERSIONS_MAXIMUM)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("transaction has written the same items of DynamoDB too often"),
		                errdetail("What it has written through foreign tables with write_mode "
		                          "'transaction' takes more than %zu MB of memory.",
		                          VERSIONS_MAXIMUM / (1024 * 1024))));
}

/* ---- the ends of transactions ---- */

static void
refuse_prepare(void)
{
	if (pending_items_exist())
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("cannot prepare a transaction that has written foreign tables with "
		                       "write_mode 'transaction'"),
		                errdetail("DynamoDB has no transactions that can be prepared.")));
}

static void
end_transaction(XactEvent event, void *unused)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			if (pending_items_exist())
				pending_commit_send();
			break;
		case XACT_EVENT_PRE_PREPARE:
			refuse_prepare();
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			pending_commit_end(event != XACT_EVENT_ABORT);
			pending_items_forget();
			break;
		default:
			break;
	}
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *unused)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		pending_items_abort_level(GetCurrentTransactionNestLevel());
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		pending_items_commit_level(GetCurrentTransactionNestLevel());
}

/* ---- taking a row's writes ---- */

/* The item that the transaction has made of the stored one, with slots for the row's writer. */
static const DynamodbItem *
current_item(PendingItem *item, RowWrite *row)
{
	const ItemAction *action = &item->newest->action;
	DynamodbItem *current = arena_allocate(row->arena, sizeof(*current));
	DynamodbItem changed;
	bool present;

	if (current == NULL)
		report_result(arena_failure(row->arena, sizeof(*current)), "keep an item");
	if (action->effect == ITEM_EFFECT_CHANGE && !item->has_stored)
		pending_item_note_stored(item, stored_item_read(row->writer->relation, &item->key));
	if (action->effect == ITEM_EFFECT_CHANGE && item->stored == NULL)
		return NULL;
	CHECK_RESULT(item_action_apply(row->arena, action, pending_item_copy_stored(row->arena, item),
	                               &changed, &present),
	             "change an item as this transaction has changed it");
	if (!present)
		return NULL;
	stored_item_place_attributes(row->arena, &row->writer->reader->names, &changed, current);
	return current;
}

/* The stored item, which lives as long as the row does. */
static const DynamodbItem *
read_for_row(RowWrite *row)
{
	MemoryContext caller = MemoryContextSwitchTo(row->context);
	const DynamodbItem *stored = stored_item_read(row->writer->relation, &row->key);
	DynamodbItem *placed;

	MemoryContextSwitchTo(caller);
	if (stored == NULL)
		return NULL;
	placed = arena_allocate(row->arena, sizeof(*placed));
	if (placed == NULL)
		report_result(arena_failure(row->arena, sizeof(*placed)), "keep an item");
	stored_item_place_attributes(row->arena, &row->writer->reader->names, stored, placed);
	return placed;
}

/* Makes the row's writes of what the statement must have seen, where that is known or needed. */
static void
settle_row(RowWrite *row, PendingItem *item)
{
	const DynamodbItem *seen;

	if (row->kind == ROW_INSERT || (item == NULL && !row->needs_stored))
		return;
	seen = item == NULL ? read_for_row(row) : current_item(item, row);
	if (seen == NULL || !row_write_from_stored(row, seen))
		report_changed_item(row->writer, &row->key, "");
}

/* An item is written once by a command; what its triggers and functions write is an error. */
static bool
is_written_by(const PendingItem *item, CommandId command)
{
	if (item == NULL || item->newest->command < command)
		return false;
	if (item->newest->command > command)
		ereport(ERROR,
		        (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
		         errmsg("row to be written was already modified by an operation triggered by the "
		                "current command"),
		         errhint("Consider using an AFTER trigger instead of a BEFORE trigger to propagate "
		                 "changes to other rows.")));
	return true;
}

static bool
is_present(const PendingItem *item)
{
	return item != NULL && item_action_leaves_item(&item->newest->action);
}

static PendingOutcome
take_insert(RowWrite *row, CommandId command, bool absence_was_read)
{
	PendingVersion *version;

	if (is_present(pending_item_of(row->writer->relation, &row->key)))
		return PENDING_DUPLICATE;
	version = pending_item_add(row, 0, &row->key, command);
	version->absence_was_read = absence_was_read;
	MemoryContextSetParent(row->context, version->context);
	return PENDING_WRITTEN;
}

static PendingOutcome
take_change(RowWrite *row, CommandId command)
{
	PendingItem *item = pending_item_of(row->writer->relation, &row->key);
	PendingVersion *version;

	if (is_written_by(item, command))
		return PENDING_PASSED_BY;
	settle_row(row, item);
	if (row->kind == ROW_MOVE && is_present(pending_item_of(row->writer->relation, &row->new_key)))
		return PENDING_DUPLICATE;
	if (row->write_count == 0)
	{
		row_write_free(row);
		return PENDING_WRITTEN;
	}
	version = pending_item_add(row, 0, &row->key, command);
	MemoryContextSetParent(row->context, version->context);
	if (row->kind == ROW_MOVE)
		(void) pending_item_add(row, 1, &row->new_key, command);
	return PENDING_WRITTEN;
}

bool
pending_writes_know(const ForeignRelation *relation, const DynamodbItem *key, bool *present)
{
	const PendingItem *item = pending_item_of(relation, key);

	if (item == NULL)
		return false;
	*present = item_action_leaves_item(&item->newest->action);
	return true;
}

PendingOutcome
pending_writes_take(RowWrite *row, CommandId command, bool absence_was_read)
{
	const ForeignRelation *relation = row->writer->relation;
	PendingOutcome outcome;

	/* A statement may write several tables, each of which was admitted before the first row. */
	if (pending_items_exist())
		pending_items_admit(relation);
	else
	{
		commit_step_register(COMMIT_STEP_WRITES, end_transaction, end_subtransaction);
		pending_items_begin(relation);
	}
	outcome = row->kind == ROW_INSERT ? take_insert(row, command, absence_was_read)
	                                  : take_change(row, command);
	if (outcome == PENDING_WRITTEN)
	{
		check_limits(relation);
		check_capacity(relation);
	}
	return outcome;
}
