/*
 * direct_modify.c
 *		UPDATE and DELETE of one key without reading the item.
 *
 * Where the conditions give the whole key and nothing else is asked of the item, and where what is
 * assigned does not depend on it, UpdateItem or DeleteItem does it all, on the condition that there
 * is such an item. If there is none, no row was found.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "nodes/value.h"
#include "optimizer/appendinfo.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/access.h"
#include "postgres/column_encryption.h"
#include "postgres/direct_modify.h"
#include "postgres/memory.h"
#include "postgres/modify_planning.h"
#include "postgres/planning.h"
#include "postgres/scan.h"
#include "postgres/table_writer.h"

/* The values of the key. */
#define KEY_VALUES_MAXIMUM ((Size) 1024 * 1024)

/* Members of the fdw_private of a ForeignScan that modifies; the first is a scan's own. */
enum DirectPrivate
{
	DIRECT_PRIVATE_ACCESS = SCAN_PRIVATE_ACCESS,
	DIRECT_PRIVATE_KEY_COUNT,  /* Integer: how many of fdw_exprs are of the key; others are assigned
	                            */
	DIRECT_PRIVATE_COLUMNS,    /* integers: numbers of the columns that are assigned */
	DIRECT_PRIVATE_COUNTS_ROWS /* Boolean: the statement reports the number of rows */
};

typedef struct DirectModification
{
	TableWriter *writer;
	Access *access;
	List *expressions; /* ExprStates of fdw_exprs */
	int key_count;
	List *columns;
	CmdType operation;
	bool counts_rows;
} DirectModification;

/* --- planning --------------------------------------------------------------------------------- */

/* True when the column can be assigned without regard to what is stored. */
static bool
is_blindly_assignable(const ForeignRelation *relation, AttrNumber number)
{
	const ForeignColumn *column = &relation->columns[number - 1];
	AttributeType type;

	return !column->options->whole_item && column->encryption == NULL &&
	       !column_is_bound(relation, column) && column->path.count == 1 &&
	       !bms_is_member(number, columns_of_key(relation)) &&
	       column_conversion_written_type(column->conversion, &type) && type != ATTRIBUTE_L &&
	       type != ATTRIBUTE_M;
}

/* Two columns of one attribute would be two changes of one place. */
static bool
is_mapped_once(const ForeignRelation *relation, AttrNumber number)
{
	const ForeignColumn *column = &relation->columns[number - 1];

	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *other = &relation->columns[i];

		if (other != column && other->live && !other->options->whole_item &&
		    attribute_path_overlap(&other->path, &column->path))
			return false;
	}
	return true;
}

/* What is assigned, and to which columns; false when that needs the old row. */
static bool
find_assignments(PlannerInfo *root, Index result_relation, const ForeignRelation *relation,
                 List **expressions, List **columns)
{
	List *entries = NIL;
	ListCell *entry;
	ListCell *column;

	get_translated_update_targetlist(root, result_relation, &entries, columns);
	forboth (entry, entries, column, *columns)
	{
		Expr *expression = lfirst_node(TargetEntry, entry)->expr;
		AttrNumber number = (AttrNumber) lfirst_int(column);

		if (number <= InvalidAttrNumber || contain_var_clause((Node *) expression) ||
		    !is_blindly_assignable(relation, number) || !is_mapped_once(relation, number))
			return false;
		*expressions = lappend(*expressions, expression);
	}
	return true;
}

/* The scan that finds the rows, if it looks up one key and nothing is left to be checked. */
static ForeignScan *
find_lookup(ModifyTable *plan, Index result_relation)
{
	ForeignScan *scan = (ForeignScan *) outerPlan(plan);
	const Access *access;

	if (!IsA(scan, ForeignScan) || scan->scan.scanrelid != result_relation ||
	    scan->scan.plan.qual != NIL)
		return NULL;
	access = access_from_list(list_nth_node(List, scan->fdw_private, SCAN_PRIVATE_ACCESS));
	return access->kind == REQUEST_GET_ITEM ? scan : NULL;
}

bool
dynamodbPlanDirectModify(PlannerInfo *root, ModifyTable *plan, Index result_relation,
                         int subplan_index)
{
	ForeignScan *scan = find_lookup(plan, result_relation);
	const RelationPlanning *planning;
	List *expressions = NIL;
	List *columns = NIL;

	if (scan == NULL || plan->returningLists != NIL)
		return false;
	planning = root->simple_rel_array[result_relation]->fdw_private;
	if (planning->relation->options->write_mode != WRITE_MODE_STATEMENT ||
	    planning->relation->options->hide_expired || get_rel_relispartition(planning->relation->id))
		return false;
	if (plan->operation == CMD_UPDATE &&
	    !find_assignments(root, result_relation, planning->relation, &expressions, &columns))
		return false;
	scan->operation = plan->operation;
	scan->resultRelation = result_relation;
	scan->fdw_private = lappend(scan->fdw_private, makeInteger(list_length(scan->fdw_exprs)));
	scan->fdw_private = lappend(scan->fdw_private, columns);
	scan->fdw_private = lappend(scan->fdw_private, makeBoolean(plan->canSetTag));
	scan->fdw_exprs = list_concat(scan->fdw_exprs, expressions);
	return true;
}

/* --- execution -------------------------------------------------------------------------------- */

void
dynamodbBeginDirectModify(ForeignScanState *node, int executor_flags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	DirectModification *direct;

	if (executor_flags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	direct = palloc0_object(DirectModification);
	direct->operation = plan->operation;
	direct->access =
	    access_from_list(list_nth_node(List, plan->fdw_private, DIRECT_PRIVATE_ACCESS));
	direct->key_count = intVal(list_nth(plan->fdw_private, DIRECT_PRIVATE_KEY_COUNT));
	direct->columns = list_nth(plan->fdw_private, DIRECT_PRIVATE_COLUMNS);
	direct->counts_rows = boolVal(list_nth(plan->fdw_private, DIRECT_PRIVATE_COUNTS_ROWS));
	direct->expressions = ExecInitExprList(plan->fdw_exprs, &node->ss.ps);
	direct->writer =
	    table_writer_begin(node->ss.ps.state, node->resultRelInfo->ri_RelationDesc,
	                       foreign_target_user(node->resultRelInfo, node->ss.ps.state), NULL);
	node->fdw_state = direct;
}

/* The key, in CurrentMemoryContext; false when the conditions can hold for no item. */
static bool
bind_key(const DirectModification *direct, const Datum *values, const bool *nulls,
         DynamodbItem *key)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, KEY_VALUES_MAXIMUM);
	BoundAccess *bound = access_bind(direct->access, direct->writer->relation, arena, values, nulls,
	                                 direct->key_count);

	if (bound->no_rows || bound->plan.key_count == 0)
		return false;
	if (bound->plan.key_count != 1)
		elog(ERROR, "direct modification of %d keys", bound->plan.key_count);
	*key = bound->plan.keys[0];
	return true;
}

/* Writes the row and says whether there was one. */
static bool
modify_row(DirectModification *direct, ExprContext *econtext)
{
	int count = list_length(direct->expressions);
	Datum *values = palloc_array(Datum, Max(count, 1));
	bool *nulls = palloc_array(bool, Max(count, 1));
	RowOutcome outcome;
	DynamodbItem key;
	ListCell *cell;

	foreach (cell, direct->expressions)
		values[foreach_current_index(cell)] =
		    ExecEvalExpr(lfirst(cell), econtext, &nulls[foreach_current_index(cell)]);
	if (!bind_key(direct, values, nulls, &key))
		return false;
	if (direct->operation == CMD_DELETE)
		table_writer_delete_key(direct->writer, &key, &outcome);
	else
	{
		AssignedColumns assigned = {direct->columns, values + direct->key_count,
		                            nulls + direct->key_count};

		table_writer_assign(direct->writer, &key, &assigned, &outcome);
	}
	table_writer_settle(direct->writer);
	return outcome == ROW_STORED;
}

/* All at once; there are no rows to return. */
TupleTableSlot *
dynamodbIterateDirectModify(ForeignScanState *node)
{
	DirectModification *direct = node->fdw_state;
	EState *statement = node->ss.ps.state;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	MemoryContext caller = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
	bool found = modify_row(direct, econtext);

	MemoryContextSwitchTo(caller);
	if (found && direct->counts_rows)
		statement->es_processed++;
	if (found && node->ss.ps.instrument != NULL)
		node->ss.ps.instrument->tuplecount++;
	return ExecClearTuple(node->ss.ss_ScanTupleSlot);
}

void
dynamodbEndDirectModify(ForeignScanState *node)
{
	DirectModification *direct = node->fdw_state;

	if (direct != NULL)
		table_writer_end(direct->writer);
}

/* --- EXPLAIN ---------------------------------------------------------------------------------- */

static void
show_direct_request(ForeignScanState *node, const ForeignScan *plan, ExplainState *explain)
{
	const ForeignRelation *relation = foreign_relation_open(
	    RelationGetRelid(node->ss.ss_currentRelation), foreign_scan_user(node));
	RowWriteKind kind = plan->operation == CMD_UPDATE ? ROW_UPDATE : ROW_DELETE;
	Bytes name = relation->description->keys.hash[0].name;

	ExplainPropertyText("DynamoDB Request", statement_mode.operation(kind), explain);
	ExplainPropertyText("Table", relation->options->table_name, explain);
	explain_key_condition(node, relation, explain);
	ExplainPropertyText("Condition",
	                    psprintf("attribute_exists(%.*s)", (int) name.length, name.data), explain);
}

void
dynamodbExplainDirectModify(ForeignScanState *node, ExplainState *explain)
{
	const ForeignScan *plan = (const ForeignScan *) node->ss.ps.plan;
	const DirectModification *direct = node->fdw_state;

	if (explain->verbose)
		show_direct_request(node, plan, explain);
	if (explain->analyze && direct != NULL)
		explain_write_counters(direct->writer, explain);
}
