/*
 * queue_explain.c
 *		What EXPLAIN shows of queues: the request as planned, and what it has cost.
 */
#include "postgres.h"

#include "foreign/foreign.h"
#include "nodes/value.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/queue/queue.h"

static void
show_request(const char *request, const TableOptions *options, ExplainState *explain)
{
	ExplainPropertyText("SQS Request", request, explain);
	ExplainPropertyText("Queue", queue_name_of_options(options), explain);
}

/* As the options say it; what they leave to the queue is not shown. */
static void
show_receiving(const TableOptions *options, const ForeignScan *plan, ExplainState *explain)
{
	int limit = intVal(list_nth(plan->fdw_private, QUEUE_SCAN_ROW_GOAL));

	show_request("ReceiveMessage", options, explain);
	if (options->visibility_timeout_seconds >= 0)
		ExplainPropertyInteger("Visibility Timeout", "s", options->visibility_timeout_seconds,
		                       explain);
	if (options->wait_time_seconds > 0)
		ExplainPropertyInteger("Wait Time", "s", options->wait_time_seconds, explain);
	if (options->max_messages > 0)
		ExplainPropertyInteger("Max Messages", NULL, options->max_messages, explain);
	if (limit > 0)
		ExplainPropertyInteger("Limit", NULL, limit, explain);
}

void
queueExplainForeignScan(ForeignScanState *node, ExplainState *explain)
{
	ReceiverCounters counters;
	int64 returned;

	if (explain->verbose)
		show_receiving(options_of_relation_id(RelationGetRelid(node->ss.ss_currentRelation)),
		               (const ForeignScan *) node->ss.ps.plan, explain);
	if (!explain->analyze || !queue_scan_counters(node, &counters, &returned))
		return;
	ExplainPropertyInteger("Requests", NULL, counters.requests, explain);
	ExplainPropertyInteger("Messages Received", NULL, counters.received, explain);
	ExplainPropertyInteger("Messages Returned", NULL, returned, explain);
	ExplainPropertyInteger("Bytes Received", NULL, counters.bytes, explain);
	ExplainPropertyInteger("Retries", NULL, counters.retries, explain);
}

static const char *
request_of(CmdType operation, const TableOptions *options)
{
	if (operation == CMD_DELETE)
		return "DeleteMessageBatch, after the commit";
	return options->write_mode == WRITE_MODE_TRANSACTION ? "SendMessageBatch, at the commit"
	                                                     : "SendMessageBatch";
}

void
queueExplainForeignModify(ModifyTableState *node, ResultRelInfo *target, List *fdw_private,
                          int subplan_index, ExplainState *explain)
{
	const TableOptions *options = options_of_relation_id(RelationGetRelid(target->ri_RelationDesc));
	int64 requests;
	int64 rows;

	if (explain->verbose)
		show_request(request_of(node->operation, options), options, explain);
	if (!explain->analyze || !queue_modification_counters(target, &requests, &rows))
		return;
	if (node->operation == CMD_INSERT)
		ExplainPropertyInteger("Requests", NULL, requests, explain);
	ExplainPropertyInteger("Messages", NULL, rows, explain);
}
