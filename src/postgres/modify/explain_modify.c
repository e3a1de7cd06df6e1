/*
 * explain_modify.c
 *		What EXPLAIN shows of a modification: the requests that are sent, and what they have cost.
 */
#include "postgres.h"

#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/conditions/template.h"
#include "postgres/modify/direct_modify.h"
#include "postgres/modify/modify.h"
#include "postgres/modify/modify_planning.h"
#include "postgres/modify/table_writer.h"
#include "postgres/scan/access.h"

/* What an INSERT, UPDATE or DELETE of the table sends, as far as it does not depend on rows. */
static RowWriteKind
kind_of_operation(CmdType operation)
{
	switch (operation)
	{
		case CMD_UPDATE:
			return ROW_UPDATE;
		case CMD_DELETE:
			return ROW_DELETE;
		default:
			return ROW_INSERT;
	}
}

/* Of an encrypted item that is changed, all of what is stored must be as it was read. */
static bool
expects_whole_item(const ForeignRelation *relation, CmdType operation)
{
	return relation->encryption != NULL && operation == CMD_UPDATE;
}

/* The condition of each row's write: "attribute_exists(id), unchanged: stock, place.room". */
static char *
describe_condition(const ForeignRelation *relation, CmdType operation, const List *read_columns)
{
	Bytes name = relation->description->keys.hash[0].name;
	const char *separator = ", unchanged: ";
	StringInfoData text;
	ListCell *cell;

	initStringInfo(&text);
	appendStringInfo(&text, "attribute_%sexists(%.*s)", operation == CMD_INSERT ? "not_" : "",
	                 (int) name.length, name.data);
	if (expects_whole_item(relation, operation))
	{
		appendStringInfo(&text, "%sthe item", separator);
		return text.data;
	}
	foreach (cell, read_columns)
	{
		const ForeignColumn *column = &relation->columns[lfirst_int(cell) - 1];

		if (bms_is_member(column->number, columns_of_key(relation)))
			continue;
		appendStringInfo(&text, "%s%s", separator, column->name);
		separator = ", ";
	}
	return text.data;
}

static void
show_request(const ForeignRelation *relation, CmdType operation, const List *read_columns,
             ExplainState *explain)
{
	const WriteMode *mode = write_mode_of_relation(relation);

	ExplainPropertyText("DynamoDB Request",
	                    expects_whole_item(relation, operation) && mode != &transaction_mode
	                        ? "GetItem, then PutItem"
	                        : mode->operation(kind_of_operation(operation)),
	                    explain);
	ExplainPropertyText("Table", relation->options->table_name, explain);
	if (relation->description != NULL && mode->is_conditional(kind_of_operation(operation)))
		ExplainPropertyText("Condition", describe_condition(relation, operation, read_columns),
		                    explain);
}

void
explain_write_counters(TableWriter *writer, ExplainState *explain)
{
	/* What has been begun is part of the cost. */
	table_writer_settle(writer);
	ExplainPropertyInteger("Requests", NULL, writer->counters.requests, explain);
	ExplainPropertyFloat("Consumed Capacity Units", NULL, writer->counters.capacity_units, 1,
	                     explain);
	ExplainPropertyInteger("Retries", NULL, writer->counters.retries, explain);
	if (writer->encryption != NULL)
		ExplainPropertyInteger("KMS Calls", NULL, writer->rows->kms.calls, explain);
}

void
dynamodbExplainForeignModify(ModifyTableState *node, ResultRelInfo *target, List *fdw_private,
                             int subplan_index, ExplainState *explain)
{
	TableWriter *writer = modification_writer(target);

	if (explain->verbose)
		show_request(foreign_relation_open(RelationGetRelid(target->ri_RelationDesc),
		                                   foreign_target_user(target, node->ps.state)),
		             node->operation, list_nth(fdw_private, MODIFY_PRIVATE_READ_COLUMNS), explain);
	if (explain->analyze && writer != NULL)
		explain_write_counters(writer, explain);
}

/* --- without reading -------------------------------------------------------------------------- */

/* What is asked of an item: that it is there, what the conditions say, and guards of assignments.
 */
static char *
describe_direct_condition(ForeignScanState *node, const ForeignRelation *relation,
                          ExplainState *explain)
{
	const List *members = ((const ForeignScan *) node->ss.ps.plan)->fdw_private;
	List *template = list_nth(members, DIRECT_PRIVATE_CONDITION);
	Bytes name = relation->description->keys.hash[0].name;
	StringInfoData text;
	ListCell *cell;

	initStringInfo(&text);
	appendStringInfo(&text, "attribute_exists(%.*s)", (int) name.length, name.data);
	foreach (cell, template_conjuncts(template))
		appendStringInfo(&text, " AND %s", explain_template(node, relation, lfirst(cell), explain));
	foreach (cell, (const List *) list_nth(members, DIRECT_PRIVATE_ASSIGNED))
	{
		char *guard = column_guard_text(&relation->columns[lfirst_int(cell) - 1]);

		if (guard != NULL)
			appendStringInfo(&text, " AND %s", guard);
	}
	return text.data;
}

static void
show_direct_request(ForeignScanState *node, ExplainState *explain)
{
	const ForeignScan *plan = (const ForeignScan *) node->ss.ps.plan;
	const ForeignRelation *relation = foreign_relation_open(
	    RelationGetRelid(node->ss.ss_currentRelation), foreign_scan_user(node));

	ExplainPropertyText("DynamoDB Request",
	                    statement_mode.operation(kind_of_operation(plan->operation)), explain);
	ExplainPropertyText("Table", relation->options->table_name, explain);
	if (relation->description == NULL)
		return;
	explain_key_condition(node, relation, explain);
	ExplainPropertyText("Condition", describe_direct_condition(node, relation, explain), explain);
}

void
dynamodbExplainDirectModify(ForeignScanState *node, ExplainState *explain)
{
	TableWriter *writer = direct_modification_writer(node);

	if (explain->verbose)
		show_direct_request(node, explain);
	if (explain->analyze && writer != NULL)
		explain_write_counters(writer, explain);
}
