/*
 * read_ahead.c
 *		The executor's side of the node that reads ahead of a nested loop.
 *
 * Rows are copied, so that the node below may go on. At first there are few, because a LIMIT above
 * may need no more; then twice as many each time.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/scan/read_ahead.h"

/* A row at hand. */
typedef struct AheadRow
{
	MinimalTuple tuple;
	Datum *values; /* of the keys … */
	bool *nulls;
} AheadRow;

/* An expression of the keys. */
typedef struct KeyExpression
{
	ExprState *state;
	int16 length; /* of its type, as datumCopy wants it */
	bool by_value;
} KeyExpression;

typedef struct ReadAheadNode
{
	CustomScanState scan; /* first: what the executor knows of the node */
	KeyExpression *keys;
	int key_count;
	MemoryContext context; /* of the rows at hand */
	AheadRow *rows;        /* room for READ_AHEAD_ROWS_MAXIMUM */
	int row_count;
	int next;   /* the first that was not handed out */
	int wanted; /* rows to be taken the next time */
	bool ended; /* the node below has no more; asked again, it might begin anew */
	int64 times;
} ReadAheadNode;

struct ReadAhead
{
	const ReadAheadNode *node;
	int first_value;
	int value_count;
	int condition;         /* -1: any row may be asked for */
	const Datum *no_value; /* of the others */
	const bool *all_null;
};

static PlanState *
child_of(const ReadAheadNode *ahead)
{
	return linitial(ahead->scan.custom_ps);
}

static int
first_rows(const ReadAheadNode *ahead)
{
	const CustomScan *plan = (const CustomScan *) ahead->scan.ss.ps.plan;

	return intVal(list_nth(plan->custom_private, READ_AHEAD_PRIVATE_FIRST_ROWS));
}

/* Makes what evaluates the plan's custom_exprs. */
static void
prepare_keys(ReadAheadNode *ahead, List *expressions)
{
	List *states = ExecInitExprList(expressions, &ahead->scan.ss.ps);
	ListCell *expression;
	ListCell *state;

	ahead->keys = palloc0_array(KeyExpression, Max(list_length(expressions), 1));
	forboth (expression, expressions, state, states)
	{
		KeyExpression *key = &ahead->keys[ahead->key_count++];

		key->state = lfirst_node(ExprState, state);
		get_typlenbyval(exprType(lfirst(expression)), &key->length, &key->by_value);
	}
}

/* The node as the use of that List sees it. */
static ReadAhead *
make_view(const ReadAheadNode *ahead, const List *use)
{
	ReadAhead *view = palloc0_object(ReadAhead);
	bool *all_null;

	view->node = ahead;
	view->first_value = list_nth_int(use, READ_AHEAD_USE_FIRST_VALUE);
	view->value_count = list_nth_int(use, READ_AHEAD_USE_VALUE_COUNT);
	view->condition = list_nth_int(use, READ_AHEAD_USE_CONDITION);
	view->no_value = palloc0_array(Datum, Max(view->value_count, 1));
	all_null = palloc_array(bool, Max(view->value_count, 1));
	memset(all_null, true, view->value_count);
	view->all_null = all_null;
	return view;
}

/* Where the scans on the other side of the nested loop look for the node. */
static void
publish(ReadAheadNode *ahead, EState *statement)
{
	const CustomScan *plan = (const CustomScan *) ahead->scan.ss.ps.plan;
	ListCell *cell;

	foreach (cell, list_nth_node(List, plan->custom_private, READ_AHEAD_PRIVATE_USES))
	{
		int parameter = list_nth_int(lfirst(cell), READ_AHEAD_USE_PARAMETER);
		ParamExecData *place = &statement->es_param_exec_vals[parameter];

		place->execPlan = NULL;
		place->value = PointerGetDatum(make_view(ahead, lfirst(cell)));
		place->isnull = false;
	}
}

const ReadAhead *
read_ahead_find(EState *statement, int parameter)
{
	return (const ReadAhead *) DatumGetPointer(statement->es_param_exec_vals[parameter].value);
}

static void
begin_read_ahead(CustomScanState *node, EState *statement, int executor_flags)
{
	ReadAheadNode *ahead = (ReadAheadNode *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	PlanState *child = ExecInitNode(linitial(plan->custom_plans), statement, executor_flags);

	node->custom_ps = list_make1(child);
	prepare_keys(ahead, plan->custom_exprs);
	ahead->context = AllocSetContextCreate(CurrentMemoryContext, "DynamoDB rows read ahead",
	                                       ALLOCSET_DEFAULT_SIZES);
	ahead->rows = palloc_array(AheadRow, READ_AHEAD_ROWS_MAXIMUM);
	ahead->wanted = first_rows(ahead);
	publish(ahead, statement);
}

/* Copies the row, and the values that its keys have. */
static void
keep_row(ReadAheadNode *ahead, TupleTableSlot *child_slot)
{
	ExprContext *econtext = ahead->scan.ss.ps.ps_ExprContext;
	TupleTableSlot *slot = ahead->scan.ss.ss_ScanTupleSlot;
	AheadRow *row = &ahead->rows[ahead->row_count++];
	MemoryContext caller = MemoryContextSwitchTo(ahead->context);

	row->tuple = ExecCopySlotMinimalTuple(child_slot);
	row->values = palloc_array(Datum, Max(ahead->key_count, 1));
	row->nulls = palloc_array(bool, Max(ahead->key_count, 1));
	ExecForceStoreMinimalTuple(row->tuple, slot, false);
	ResetExprContext(econtext);
	econtext->ecxt_scantuple = slot;
	for (int i = 0; i < ahead->key_count; i++)
	{
		KeyExpression *key = &ahead->keys[i];
		Datum value = ExecEvalExprSwitchContext(key->state, econtext, &row->nulls[i]);

		row->values[i] = row->nulls[i] ? value : datumCopy(value, key->by_value, key->length);
	}
	MemoryContextSwitchTo(caller);
}

static void
forget_rows(ReadAheadNode *ahead)
{
	ExecClearTuple(ahead->scan.ss.ss_ScanTupleSlot);
	ahead->row_count = ahead->next = 0;
	MemoryContextReset(ahead->context);
}

/* Takes the next rows from the node below: so many as are wanted, within work_mem. */
static void
take_rows(ReadAheadNode *ahead)
{
	forget_rows(ahead);
	while (!ahead->ended && ahead->row_count < ahead->wanted &&
	       MemoryContextMemAllocated(ahead->context, false) < (Size) work_mem * 1024)
	{
		TupleTableSlot *slot = ExecProcNode(child_of(ahead));

		ahead->ended = TupIsNull(slot);
		if (!ahead->ended)
			keep_row(ahead, slot);
	}
	ahead->wanted = Min(ahead->wanted * 2, READ_AHEAD_ROWS_MAXIMUM);
	ahead->times += ahead->row_count > 0;
}

static TupleTableSlot *
next_of_read_ahead(CustomScanState *node)
{
	ReadAheadNode *ahead = (ReadAheadNode *) node;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	if (ahead->next == ahead->row_count)
		take_rows(ahead);
	if (ahead->next == ahead->row_count)
		return ExecClearTuple(slot);
	ExecForceStoreMinimalTuple(ahead->rows[ahead->next++].tuple, slot, false);
	return slot;
}

static void
end_read_ahead(CustomScanState *node)
{
	ExecEndNode(child_of((ReadAheadNode *) node));
}

static void
rescan_read_ahead(CustomScanState *node)
{
	ReadAheadNode *ahead = (ReadAheadNode *) node;
	PlanState *child = child_of(ahead);

	forget_rows(ahead);
	ahead->wanted = first_rows(ahead);
	ahead->ended = false;
	if (node->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(child, node->ss.ps.chgParam);
	/* One whose parameters have changed is scanned anew when it is asked for a row. */
	if (child->chgParam == NULL)
		ExecReScan(child);
}

static void
explain_read_ahead(CustomScanState *node, List *ancestors, ExplainState *state)
{
	const ReadAheadNode *ahead = (const ReadAheadNode *) node;

	if (state->verbose)
		ExplainPropertyInteger("Rows Ahead at First", NULL, first_rows(ahead), state);
	if (state->analyze)
		ExplainPropertyInteger("Times Read Ahead", NULL, ahead->times, state);
}

static const CustomExecMethods exec_methods = {
    .CustomName = "DynamoDB Read Ahead",
    .BeginCustomScan = begin_read_ahead,
    .ExecCustomScan = next_of_read_ahead,
    .EndCustomScan = end_read_ahead,
    .ReScanCustomScan = rescan_read_ahead,
    .ExplainCustomScan = explain_read_ahead,
};

static Node *
create_state(CustomScan *plan)
{
	ReadAheadNode *ahead = palloc0_object(ReadAheadNode);

	NodeSetTag(ahead, T_CustomScanState);
	ahead->scan.methods = &exec_methods;
	return (Node *) ahead;
}

const CustomScanMethods read_ahead_scan_methods = {
    .CustomName = "DynamoDB Read Ahead",
    .CreateCustomScanState = create_state,
};

/* --- what the other side asks ------------------------------------------------------------------
 */

int
read_ahead_row_count(const ReadAhead *ahead)
{
	const ReadAheadNode *node = ahead->node;

	return node->next == 0 ? 0 : node->row_count - node->next + 1;
}

/* True when the scan may be asked for the row. */
static bool
may_be_asked_for(const ReadAhead *ahead, const AheadRow *row)
{
	return ahead->condition < 0 ||
	       (!row->nulls[ahead->condition] && DatumGetBool(row->values[ahead->condition]));
}

void
read_ahead_values(const ReadAhead *ahead, int row, const Datum **values, const bool **nulls)
{
	const AheadRow *at_hand = &ahead->node->rows[ahead->node->next - 1 + row];
	bool may_be = may_be_asked_for(ahead, at_hand);

	*values = may_be ? &at_hand->values[ahead->first_value] : ahead->no_value;
	*nulls = may_be ? &at_hand->nulls[ahead->first_value] : ahead->all_null;
}

int
read_ahead_value_count(const ReadAhead *ahead)
{
	return ahead->value_count;
}
