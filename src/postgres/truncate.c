/*
 * truncate.c
 *		TRUNCATE: the keys of all items are read by a Scan, and the items deleted in batches.
 *
 * DynamoDB has no request for it, so it costs what reading the table and deleting every item cost.
 * Keys are deleted as they arrive: what is in memory are the pages of the Scan and the batches in
 * flight.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/access.h"
#include "postgres/cost.h"
#include "postgres/modify.h"
#include "postgres/options.h"
#include "postgres/table_writer.h"

/* What is deleted is deleted at once, which a transaction could not take back. */
static void
check_write_mode(Relation relation, const TableOptions *options)
{
	if (options->write_mode == WRITE_MODE_TRANSACTION)
		ereport(ERROR,
		        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		         errmsg("TRUNCATE is not supported for foreign table \"%s\"",
		                RelationGetRelationName(relation)),
		         errdetail("Its write_mode is \"transaction\", and TRUNCATE cannot be rolled "
		                   "back.")));
}

static void
check_truncatable(Relation relation)
{
	ForeignTable *table = GetForeignTable(RelationGetRelid(relation));
	const TableOptions *options =
	    options_of_table(table, options_of_server(GetForeignServer(table->serverid)));

	if (!options->truncatable)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("foreign table \"%s\" does not allow truncates",
		                       RelationGetRelationName(relation))));
	check_write_mode(relation, options);
}

/* A Scan of the key attributes alone. */
static Fetch *
open_keys(TableWriter *writer)
{
	const ForeignRelation *relation = writer->relation;
	Access access = {.kind = REQUEST_SCAN, .keys_only = true, .consistent_read = true};
	FetchPlan plan = {
	    .kind = REQUEST_SCAN,
	    .segments = cost_scan_segments(relation, cost_table_volume(relation, -1)),
	    .max_capacity_units = relation->options->max_capacity_units,
	    .statement_units = writer->statement_units,
	};

	plan.read.table_name = writer->rows->table_name;
	plan.read.consistent_read = true;
	plan.read.total_segments = plan.segments;
	plan.read.projection = access_projection(&access, relation, &plan.read.projection_count);
	return fetch_open(relation->client, &plan);
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
	Fetch *fetch = open_keys(writer);
	const DynamodbItem *item;

	while ((item = fetch_next(fetch)) != NULL)
	{
		DynamodbItem key = key_of(writer->rows, item, attributes);

		table_writer_delete_key(writer, &key, NULL);
	}
	fetch_close(fetch);
}

static void
truncate_relation(EState *statement, Relation relation)
{
	TableWriter *writer = table_writer_begin_overwriting(statement, relation, GetUserId());

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
