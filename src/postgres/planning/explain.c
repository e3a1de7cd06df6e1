/*
 * explain.c
 *		What EXPLAIN shows of a foreign scan: the request as planned, and what it has cost.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "postgres/compat.h"

#include "postgres/conditions/template.h"
#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/scan/access.h"
#include "postgres/scan/scan.h"

/* More than the paths of the widest table take. */
#define PROJECTION_TEXT_MAXIMUM ((Size) 16 * 1024 * 1024)

/* What the properties of one plan node are made from. */
typedef struct Explained
{
	ForeignScan *plan;
	const Access *access;
	const ForeignRelation *relation;
	ExplainState *state;
	List *deparse_context;
} Explained;

static void
show_text(const Explained *explained, const char *property, const char *text)
{
	if (text != NULL)
		ExplainPropertyText(property, text, explained->state);
}

static void
show_condition(const Explained *explained, const char *property, List *template)
{
	if (template != NIL)
		show_text(explained, property,
		          access_describe(explained->access, explained->relation, template,
		                          explained->plan->fdw_exprs, explained->deparse_context));
}

static void
show_projection(const Explained *explained)
{
	ByteBuffer *text =
	    memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, PROJECTION_TEXT_MAXIMUM);
	AttributePath *paths;
	size_t count;

	if (explained->relation->description == NULL)
		return;
	if (access_is_count_only(explained->access, explained->relation))
	{
		show_text(explained, "Projection", "(count only)");
		return;
	}
	paths = access_projection(explained->access, explained->relation, &count);
	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++)
	{
		if (i > 0)
			buffer_append_string(text, ", ");
		attribute_path_write(text, &paths[i]);
	}
	buffer_append_character(text, '\0');
	CHECK_RESULT(buffer_result(text), "describe projection");
	show_text(explained, "Projection", buffer_bytes(text).data);
}

static const char *
request_text(const Access *access)
{
	if (access->looked_up)
		return "Query, then BatchGetItem";
	return request_kind_name(access->read_ahead && access->kind == REQUEST_GET_ITEM
	                             ? REQUEST_BATCH_GET_ITEM
	                             : access->kind);
}

/* The request as planned. */
static void
show_request(const Explained *explained)
{
	const Access *access = explained->access;
	ExplainState *state = explained->state;

	show_text(explained, "DynamoDB Request", request_text(access));
	show_text(explained, "Table", explained->relation->options->table_name);
	show_text(explained, "Index", access->index_name);
	show_condition(explained, "Key Condition", access->key_condition);
	/* A plain "Filter" is what the executor itself calls the conditions that it checks. */
	show_condition(explained, "DynamoDB Filter", access->filter);
	show_projection(explained);
	if (access->kind == REQUEST_QUERY)
		show_text(explained, "Direction", access->backward ? "Backward" : "Forward");
	if (access->merged)
		show_text(explained, "Order", "Merged");
	if (access->row_goal > 0)
		ExplainPropertyInteger("Limit", NULL, (int64) ceil(access->row_goal), state);
	if (access->kind == REQUEST_SCAN)
		ExplainPropertyInteger("Segments", NULL, access->segments, state);
	ExplainPropertyFloat("Estimated Capacity Units", NULL, access->estimated_capacity_units, 1,
	                     state);
}

/* What the execution has cost. */
static void
show_counters(const FetchCounters *counters, ExplainState *state)
{
	ExplainPropertyInteger("Requests", NULL, counters->requests, state);
	ExplainPropertyInteger("Items Examined", NULL, counters->items_examined, state);
	ExplainPropertyInteger("Items Returned", NULL, counters->items_returned, state);
	ExplainPropertyInteger("Bytes Received", NULL, counters->bytes_received, state);
	ExplainPropertyFloat("Consumed Capacity Units", NULL, counters->capacity_units, 1, state);
	ExplainPropertyInteger("Retries", NULL, counters->retries, state);
}

void
explain_kms(const KmsUse *use, ExplainState *state)
{
	ExplainPropertyInteger("KMS Calls", NULL, use->calls, state);
	ExplainPropertyInteger("Data Key Cache Hits", NULL, use->cache_hits, state);
}

/*
 * The context for showing the plan's expressions. EXPLAIN has just set its own for the node's
 * output, and only that one knows the nodes above, whose columns stand for parameters.
 */
static List *
deparse_context(const ForeignScan *plan, ExplainState *state)
{
	if (state->verbose && plan->scan.plan.targetlist != NIL)
		return state->deparse_cxt;
	return set_deparse_context_plan(state->deparse_cxt, (Plan *) plan, NIL);
}

static Explained
explained_scan(ForeignScanState *node, const ForeignRelation *relation, ExplainState *state)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;

	return (Explained){
	    .plan = plan,
	    .access = access_from_list(list_nth_node(List, plan->fdw_private, SCAN_PRIVATE_ACCESS)),
	    .relation = relation,
	    .state = state,
	    .deparse_context = deparse_context(plan, state),
	};
}

void
explain_key_condition(ForeignScanState *node, const ForeignRelation *relation, ExplainState *state)
{
	Explained explained = explained_scan(node, relation, state);

	show_condition(&explained, "Key Condition", explained.access->key_condition);
}

char *
explain_template(ForeignScanState *node, const ForeignRelation *relation, List *template,
                 ExplainState *state)
{
	Explained explained = explained_scan(node, relation, state);
	char *text = access_describe(explained.access, relation, template, explained.plan->fdw_exprs,
	                             explained.deparse_context);

	return template_is_leaf(template) ? text : psprintf("(%s)", text);
}

void
dynamodbExplainForeignScan(ForeignScanState *node, ExplainState *state)
{
	FetchCounters counters;
	KmsUse kms;

	if (state->verbose)
	{
		Explained explained = explained_scan(
		    node, foreign_relation_open(foreign_scan_table(node)->relid, foreign_scan_user(node)),
		    state);

		show_request(&explained);
	}
	if (state->analyze && dynamodb_scan_counters(node, &counters))
		show_counters(&counters, state);
	if (state->analyze && dynamodb_scan_kms(node, &kms))
		explain_kms(&kms, state);
}
