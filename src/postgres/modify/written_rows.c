/*
 * written_rows.c
 *		What a transaction has written, or sent, for good, which its rollback does not undo.
 *
 * The counts are in TopTransactionContext, newest first. A statement that is given up by an error
 * adds what it had in flight while its memory is freed; that is before, or while, the callbacks of
 * the end of the (sub)transaction run, which report.
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/ilist.h"
#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/modify/removable_items.h"
#include "postgres/modify/written_rows.h"

struct WrittenRows
{
	dlist_node node;
	Oid relation_id;
	int level;
	dlist_head unfinished; /* UnfinishedWrite */
	char *foreign_table;
	char *name; /* of the DynamoDB table, or of the queue */
	bool is_queue;
	int64 written;
	int64 unknown;
	RemovableItems *removable; /* NULL: none */
};

/* In the statement's memory: tells the unfinished write when that goes. */
typedef struct StatementEnd
{
	MemoryContextCallback callback;
	UnfinishedWrite *unfinished; /* NULL once it has ended */
} StatementEnd;

static dlist_head counts = DLIST_STATIC_INIT(counts);

static void end_transaction(XactEvent event, void *argument);
static void end_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent,
                               void *argument);

static void
register_callbacks(void)
{
	static bool registered = false;

	if (registered)
		return;
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
	registered = true;
}

static WrittenRows *
find_count(Oid relation_id, int level)
{
	dlist_iter iterator;

	dlist_foreach(iterator, &counts)
	{
		WrittenRows *rows = dlist_container(WrittenRows, node, iterator.cur);

		if (rows->relation_id == relation_id && rows->level == level)
			return rows;
	}
	return NULL;
}

/* The count for the current subtransaction. */
static WrittenRows *
count_of(const WrittenPlace *place)
{
	int level = GetCurrentTransactionNestLevel();
	WrittenRows *rows = find_count(place->relation_id, level);
	MemoryContext caller;

	if (rows != NULL)
		return rows;
	caller = MemoryContextSwitchTo(TopTransactionContext);
	rows = palloc0(sizeof(*rows));
	rows->relation_id = place->relation_id;
	rows->level = level;
	dlist_init(&rows->unfinished);
	rows->foreign_table = pstrdup(place->foreign_table);
	rows->name = pstrdup(place->name);
	rows->is_queue = place->is_queue;
	dlist_push_head(&counts, &rows->node);
	MemoryContextSwitchTo(caller);
	return rows;
}

static void
statement_ended(void *end)
{
	UnfinishedWrite *unfinished = ((StatementEnd *) end)->unfinished;

	if (unfinished != NULL)
		unfinished->give_up(unfinished->context);
}

void
unfinished_write_begin(UnfinishedWrite *unfinished, const WrittenPlace *place,
                       MemoryContext statement)
{
	StatementEnd *end = MemoryContextAllocZero(statement, sizeof(*end));

	register_callbacks();
	unfinished->written = count_of(place);
	unfinished->end = end;
	end->unfinished = unfinished;
	end->callback = (MemoryContextCallback){.func = statement_ended, .arg = end};
	MemoryContextRegisterResetCallback(statement, &end->callback);
	dlist_push_head(&unfinished->written->unfinished, &unfinished->node);
}

void
unfinished_write_end(UnfinishedWrite *unfinished)
{
	dlist_delete(&unfinished->node);
	unfinished->end->unfinished = NULL;
}

void
written_rows_add(WrittenRows *rows, int64 written)
{
	rows->written += written;
}

void
written_rows_add_unknown(WrittenRows *rows, int64 unknown)
{
	rows->unknown += unknown;
}

void
written_rows_note_removable(WrittenRows *rows, ServiceClient *client, const DynamodbItem *key)
{
	if (rows->removable == NULL)
		rows->removable = removable_items_create(client, rows->name);
	if (rows->removable != NULL)
		removable_items_add(rows->removable, key);
}

/* "Rows written to DynamoDB table "x" that stay: 3." palloc'd. */
static char *
describe(const WrittenRows *rows)
{
	const char *what = rows->is_queue ? "Messages" : "Rows";
	const char *where = rows->is_queue ? "sent to queue" : "written to DynamoDB table";
	StringInfoData text;

	initStringInfo(&text);
	if (rows->written > 0)
		appendStringInfo(&text, "%s %s \"%s\" that stay: " INT64_FORMAT ".", what, where,
		                 rows->name, rows->written);
	if (rows->unknown > 0)
		appendStringInfo(
		    &text, "%s%s of which it is not known whether they were %s \"%s\": " INT64_FORMAT ".",
		    rows->written > 0 ? " " : "", what, where, rows->name, rows->unknown);
	return text.data;
}

static void
warn_of(const WrittenRows *rows)
{
	if (rows->written == 0 && rows->unknown == 0)
		return;
	ereport(WARNING,
	        (errcode(ERRCODE_WARNING),
	         errmsg("rolling back does not undo what was written through foreign table \"%s\"",
	                rows->foreign_table),
	         errdetail_internal("%s", describe(rows))));
}

/* What can be removed is no longer written. */
static void
undo(WrittenRows *rows)
{
	if (rows->removable != NULL)
		rows->written -= removable_items_remove(rows->removable);
}

static void
free_count(WrittenRows *rows)
{
	if (rows->removable != NULL)
		removable_items_free(rows->removable);
	pfree(rows->foreign_table);
	pfree(rows->name);
	pfree(rows);
}

/* The unfinished writes of the level and of those below it add what they have under way. */
static void
give_up_levels(int level)
{
	dlist_iter iterator;
	dlist_mutable_iter each;

	dlist_foreach(iterator, &counts)
	{
		WrittenRows *rows = dlist_container(WrittenRows, node, iterator.cur);

		if (rows->level < level)
			continue;
		dlist_foreach_modify(each, &rows->unfinished)
		{
			UnfinishedWrite *unfinished = dlist_container(UnfinishedWrite, node, each.cur);

			unfinished->give_up(unfinished->context);
		}
	}
}

/* Ends the counts of the level and of those below it; says what they hold if `rolled_back`. */
static void
end_levels(int level, bool rolled_back)
{
	dlist_mutable_iter iterator;

	if (rolled_back)
		give_up_levels(level);
	dlist_foreach_modify(iterator, &counts)
	{
		WrittenRows *rows = dlist_container(WrittenRows, node, iterator.cur);

		if (rows->level < level)
			continue;
		dlist_delete(&rows->node);
		if (rolled_back)
		{
			undo(rows);
			warn_of(rows);
		}
		free_count(rows);
	}
}

static void
end_transaction(XactEvent event, void *argument)
{
	switch (event)
	{
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
			end_levels(1, true);
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PREPARE:
			end_levels(1, false);
			break;
		default:
			break;
	}
}

/* Hands the count over to the subtransaction above. */
static void
fold(WrittenRows *rows)
{
	WrittenRows *above = find_count(rows->relation_id, rows->level - 1);

	if (above == NULL || !dlist_is_empty(&rows->unfinished))
	{
		rows->level--;
		return;
	}
	above->written += rows->written;
	above->unknown += rows->unknown;
	if (above->removable == NULL)
		above->removable = rows->removable;
	else if (rows->removable != NULL)
		removable_items_join(above->removable, rows->removable);
	rows->removable = NULL;
	dlist_delete(&rows->node);
	free_count(rows);
}

static void
fold_level(int level)
{
	dlist_mutable_iter iterator;

	dlist_foreach_modify(iterator, &counts)
	{
		WrittenRows *rows = dlist_container(WrittenRows, node, iterator.cur);

		if (rows->level == level)
			fold(rows);
	}
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *argument)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		end_levels(GetCurrentTransactionNestLevel(), true);
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		fold_level(GetCurrentTransactionNestLevel());
}
