/*
 * queue_planning.c
 *		Planning over queues: there is one way to read one.
 */
#include "postgres.h"

#include <math.h>

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "nodes/makefuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/queue/queue.h"

/* Messages that a queue is taken to have where nobody says. */
#define MESSAGES_ASSUMED 1000

void
queueGetForeignRelSize(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id)
{
	Oid user = OidIsValid(base->userid) ? base->userid : GetUserId();
	const QueueRelation *relation = queue_relation_open(foreign_table_id, user);
	double messages = relation->queue->messages;

	if (messages < 0)
		messages = MESSAGES_ASSUMED;
	if (relation->options->max_messages > 0)
		messages = Min(messages, relation->options->max_messages);
	base->fdw_private = unconstify(QueueRelation *, relation);
	base->tuples = clamp_row_est(messages);
	set_baserel_size_estimates(root, base);
}

/* How many rows of the queue alone the query wants; 0: all. */
static int64
row_goal(const PlannerInfo *root)
{
	const Query *query = root->parse;

	if (root->limit_tuples <= 0 || root->limit_tuples > PG_INT32_MAX || query->sortClause != NIL ||
	    query->rowMarks != NIL || query->setOperations != NULL ||
	    query->commandType != CMD_SELECT || bms_membership(root->all_baserels) != BMS_SINGLETON)
		return 0;
	return (int64) root->limit_tuples;
}

void
queueGetForeignPaths(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id)
{
	const QueueRelation *relation = base->fdw_private;
	const ServerOptions *options = relation->server_options;
	double requests = ceil(base->tuples / SQS_BATCH_MAXIMUM);
	Cost startup = options->fdw_startup_cost + base->baserestrictcost.startup;
	Cost total = startup + options->fdw_startup_cost * requests / SQS_BATCH_MAXIMUM +
	             base->tuples *
	                 (options->fdw_tuple_cost + cpu_tuple_cost + base->baserestrictcost.per_tuple);

	add_path(base, (Path *) CREATE_FOREIGN_PATH(root, base, base->rows, startup, total, NIL,
	                                            base->lateral_relids, NIL));
}

ForeignScan *
queueGetForeignPlan(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id,
                    ForeignPath *best_path, List *target_list, List *scan_clauses, Plan *outer_plan)
{
	List *conditions = extract_actual_clauses(scan_clauses, false);

	return make_foreignscan(target_list, conditions, base->relid, NIL,
	                        list_make1(makeInteger((int) row_goal(root))), NIL, NIL, outer_plan);
}

int
queueIsForeignRelUpdatable(Relation relation)
{
	const TableOptions *options = options_of_relation_id(RelationGetRelid(relation));

	return options->updatable ? (1 << CMD_INSERT) | (1 << CMD_DELETE) : 0;
}

/* A message is found again by its receipt, and returned as it was read. */
void
queueAddForeignUpdateTargets(PlannerInfo *root, Index rtindex, RangeTblEntry *target_rte,
                             Relation target)
{
	const TriggerDesc *triggers = target->trigdesc;
	Var *id = makeVar(rtindex, SelfItemPointerAttributeNumber, TIDOID, -1, InvalidOid, 0);

	add_row_identity_var(root, id, rtindex, QUEUE_ROW_ID);
	if (triggers == NULL || !(triggers->trig_delete_before_row || triggers->trig_delete_after_row))
		add_row_identity_var(root,
		                     makeVar(rtindex, InvalidAttrNumber, RECORDOID, -1, InvalidOid, 0),
		                     rtindex, "wholerow");
}

List *
queuePlanForeignModify(PlannerInfo *root, ModifyTable *plan, Index result_relation,
                       int subplan_index)
{
	return NIL;
}
