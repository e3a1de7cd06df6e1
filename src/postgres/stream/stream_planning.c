/*
 * stream_planning.c
 *		Planning over change streams: there is one way to read one, and conditions are checked here.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/heap.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"

#include "postgres/compat.h"

#include "postgres/planning/planning.h"
#include "postgres/stream/stream.h"

/* Nobody says how many records a stream has. */
#define RECORDS_ASSUMED 1000

/* What the plan, and the conditions, look at: numbers of columns. */
static List *
find_needed_columns(RelOptInfo *base, const ForeignRelation *relation)
{
	Bitmapset *attributes = NULL;
	Bitmapset *columns;
	List *numbers = NIL;
	int number = -1;
	ListCell *cell;

	pull_varattnos((Node *) base->reltarget->exprs, base->relid, &attributes);
	foreach (cell, base->baserestrictinfo)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, cell)->clause, base->relid, &attributes);
	columns = columns_of_attributes(relation, attributes);
	while ((number = bms_next_member(columns, number)) >= 0)
		numbers = lappend_int(numbers, number);
	return numbers;
}

void
streamGetForeignRelSize(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id)
{
	Oid user = OidIsValid(base->userid) ? base->userid : GetUserId();

	base->fdw_private = stream_relation_open(foreign_table_id, user);
	base->tuples = RECORDS_ASSUMED;
	set_baserel_size_estimates(root, base);
}

void
streamGetForeignPaths(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id)
{
	const StreamRelation *stream = base->fdw_private;
	const ServerOptions *options = stream->relation->server_options;
	Cost startup = options->fdw_startup_cost + base->baserestrictcost.startup;
	Cost total = startup + base->tuples * (options->fdw_tuple_cost + cpu_tuple_cost +
	                                       base->baserestrictcost.per_tuple);

	add_path(base, (Path *) CREATE_FOREIGN_PATH(root, base, base->rows, startup, total, NIL,
	                                            base->lateral_relids, NIL));
}

ForeignScan *
streamGetForeignPlan(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id,
                     ForeignPath *best_path, List *target_list, List *scan_clauses,
                     Plan *outer_plan)
{
	const StreamRelation *stream = base->fdw_private;

	return make_foreignscan(target_list, extract_actual_clauses(scan_clauses, false), base->relid,
	                        NIL, list_make1(find_needed_columns(base, stream->relation)), NIL, NIL,
	                        outer_plan);
}
