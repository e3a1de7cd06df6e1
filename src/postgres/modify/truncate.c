/*
 * truncate.c
 *		TRUNCATE: the keys of all items are read by a Scan, and the items deleted.
 *
 * DynamoDB has no request for it, so it costs what reading the table and deleting every item cost.
 * Keys are deleted as they arrive, in batches: what is in memory are the pages of the Scan and the
 * batches in flight. With write_mode 'transaction' the deletes are pending writes as any others, so
 * that they can be rolled back, and there may be no more of them than a transaction takes.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/executor.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/modify/modify.h"
#include "postgres/modify/pending_reads.h"
#include "postgres/modify/table_writer.h"
#include "postgres/options/options.h"
#include "postgres/planning/cost.h"
#include "postgres/scan/access.h"

static const TableOptions *
options_of_relation(Relation relation)
{
	ForeignTable *table = GetForeignTable(RelationGetRelid(relation));

	return options_of_table(table, options_of_server(GetForeignServer(table->serverid)));
}

static void
check_truncatable(Relation relation)
{
	if (!options_of_relation(relation)->truncatable)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("foreign table \"%s\" does not allow truncates",
		                       RelationGetRelationName(relation))));
}

/* What is read of the table: what the service has, and what the transaction is to write itself. */
typedef struct KeyScan
{
	Fetch *fetch;
	PendingReads *pending; /* NULL: nothing of this table, or not with the deletes */
} KeyScan;

/* A Scan of the key attributes alone. */
static KeyScan
open_keys(TableWriter *writer)
{
	const ForeignRelation *relation = writer->relation;
	Access access = {.kind = REQUEST_SCAN, .keys_only = true, .consistent_read = true};
	FetchPlan plan = {
	    .kind = REQUEST_SCAN,
	    .segments = cost_scan_segments(relation, cost_table_volume(relation, -1)),
	    .max_capacity_units = relation->options->max_capacity_units,
	    .rate_limit = writer->rate_limit,
	    .statement_units = writer->statement_units,
	};
	KeyScan scan = {0};

	plan.read.table_name = writer->rows->table_name;
	plan.read.consistent_read = true;
	plan.read.total_segments = plan.segments;
	plan.read.projection = access_projection(&access, relation, &plan.read.projection_count);
	if (writer->mode == &transaction_mode)
		scan.pending = pending_reads_begin(relation, &access, writer->rows->reader, &plan,
		                                   GetCurrentCommandId(true));
	scan.fetch = fetch_open(relation->client, &plan);
	return scan;
}

/* The next item; NULL at the end. */
static const DynamodbItem *
next_item(const KeyScan *scan)
{
	const DynamodbItem *item;

	do
		item = fetch_next(scan->fetch);
	while (item != NULL && scan->pending != NULL && pending_reads_replace(scan->pending, item));
	if (item == NULL && scan->pending != NULL)
		item = pending_reads_next(scan->pending);
	return item;
}

/* Only the key attributes: with hide_expired the projection has one more. */
static DynamodbItem
key_of(const RowWriter *rows, const DynamodbItem *item, Attribute *attributes)
{
	DynamodbItem key = {.attributes = attributes};

	for (int i = 0; i < rows->key_count; i++)
	{
		const AttributeValue *value = item_find(item, rows->rules[i].name);

		if (value != NULL)
			attributes[key.count++] = (Attribute){rows->rules[i].name, ATTRIBUTE_NO_SLOT, *value};
	}
	return key;
}

static void
delete_items(TableWriter *writer)
{
	Attribute attributes[2 * KEY_ATTRIBUTES_MAXIMUM];
	KeyScan scan = open_keys(writer);
	const DynamodbItem *item;

	while ((item = next_item(&scan)) != NULL)
	{
		DynamodbItem key = key_of(writer->rows, item, attributes);

		table_writer_delete_key(writer, &key);
	}
	if (scan.pending != NULL)
		pending_reads_close(scan.pending);
	fetch_close(scan.fetch);
}

/* Without a transaction the deletes need no condition, whatever the mode is. */
static TableWriter *
begin_writer(EState *statement, Relation relation)
{
	if (options_of_relation(relation)->write_mode == WRITE_MODE_TRANSACTION)
		return table_writer_begin(statement, relation, GetUserId(), NULL);
	return table_writer_begin_overwriting(statement, relation, GetUserId());
}

static void
truncate_relation(EState *statement, Relation relation)
{
	TableWriter *writer = begin_writer(statement, relation);

	delete_items(writer);
	table_writer_end(writer);
}

void
dynamodbExecForeignTruncate(List *relations, DropBehavior behavior, bool restart_sequences)
{
	EState *statement = CreateExecutorState();
	MemoryContext caller = MemoryContextSwitchTo(statement->es_query_cxt);
	ListCell *cell;

	foreach (cell, relations)
		check_truncatable(lfirst(cell));
	foreach (cell, relations)
		truncate_relation(statement, lfirst(cell));
	MemoryContextSwitchTo(caller);
	FreeExecutorState(statement);
}
