/*
 * planning.h
 *		What the planner keeps of a foreign table in RelOptInfo.fdw_private, and its callbacks.
 */
#ifndef POSTGRES_PLANNING_H
#define POSTGRES_PLANNING_H

#include "postgres.h"

#include "foreign/fdwapi.h"
#include "nodes/pathnodes.h"

#include "postgres/compat.h"

/* In paths.c. */
extern void dynamodbGetForeignRelSize(PlannerInfo *root, RelOptInfo *relation,
                                      Oid foreign_table_id);
extern void dynamodbGetForeignPaths(PlannerInfo *root, RelOptInfo *relation, Oid foreign_table_id);
extern ForeignScan *dynamodbGetForeignPlan(PlannerInfo *root, RelOptInfo *relation,
                                           Oid foreign_table_id, ForeignPath *best_path,
                                           List *target_list, List *scan_clauses, Plan *outer_plan);

#endif
