/*
 * planning.h
 *		The planner's callbacks, and what they keep of a foreign table in RelOptInfo.fdw_private.
 */
#ifndef POSTGRES_PLANNING_PLANNING_H
#define POSTGRES_PLANNING_PLANNING_H

#include "postgres.h"

#include "foreign/fdwapi.h"
#include "nodes/pathnodes.h"

#include "postgres/compat.h"

#include "postgres/planning/cost.h"
#include "postgres/relation/relation.h"
#include "postgres/scan/access.h"

/* A foreign table while a query over it is planned. */
typedef struct RelationPlanning
{
	ForeignRelation *relation;
	StoredVolume volume;
	bool analyzed;    /* ANALYZE has found its number of rows */
	List *columns;    /* integers: numbers of the columns that the query needs, ascending */
	bool whole_items; /* one of them is the whole_item column */
	/* Of a table that is changed: those among `columns` whose values the statement looks at. The
	 * others are read only to complete the row that the executor makes. */
	Bitmapset *read_columns;
	List *conditions; /* PlannedConditions of baserestrictinfo */
} RelationPlanning;

/* In paths.c. */
extern bool dynamodbIsForeignPathAsyncCapable(ForeignPath *path);
extern void dynamodbGetForeignPaths(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id);

/* In planning.c. */
extern void dynamodbGetForeignRelSize(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id);
extern bool dynamodbIsForeignScanParallelSafe(PlannerInfo *root, RelOptInfo *base,
                                              RangeTblEntry *entry);
extern ForeignScan *dynamodbGetForeignPlan(PlannerInfo *root, RelOptInfo *base,
                                           Oid foreign_table_id, ForeignPath *best_path,
                                           List *target_list, List *scan_clauses, Plan *outer_plan);

/* In counting.c. */
extern void dynamodbGetForeignUpperPaths(PlannerInfo *root, UpperRelationKind stage,
                                         RelOptInfo *input, RelOptInfo *output, void *extra);

/* An error where the plan needs a Scan and the options forbid it. */
extern void refuse_full_scan(const ForeignRelation *relation, const Access *access);

/* PlannedConditions of RestrictInfos, in their order. */
extern List *plan_conditions(PlannerInfo *root, RelOptInfo *base, const ForeignRelation *relation,
                             List *restrictions);

/* The numbers of the live columns in a set as pull_varattnos() makes it. */
extern Bitmapset *columns_of_attributes(const ForeignRelation *relation,
                                        const Bitmapset *attributes);

/* How likely all of the conditions, PlannedConditions, are. */
extern Selectivity conditions_selectivity(PlannerInfo *root, RelOptInfo *base, List *conditions);

/*
 * How many rows the conditions leave, if the planner's own estimate is `rows`: no more than the
 * keys that they name, and before ANALYZE no fewer than a hash key is assumed to have.
 */
extern double plan_rows(PlannerInfo *root, RelOptInfo *base, List *conditions, double rows);

/* True for a foreign table whose paths are made here; its fdw_private is a RelationPlanning. */
extern bool is_planned_here(const RelOptInfo *base);

/*
 * The least number of rows that the query wants of what its tables are joined to, if they come in
 * its order; 0: all, or not known.
 */
extern double query_row_goal(PlannerInfo *root);

/*
 * The access whose values are columns of a partitioned table, for a join with `child`, one of its
 * partitions or a join of them.
 */
extern Access *access_for_child(PlannerInfo *root, const Access *of_parent, RelOptInfo *child);

/*
 * The fdw_private of a path whose parameters are columns of a partitioned table, for a join with
 * `child`, one of its partitions.
 */
extern List *dynamodbReparameterizeForeignPathByChild(PlannerInfo *root, List *fdw_private,
                                                      RelOptInfo *child);

/* Members of a path's fdw_private. */
enum PathPrivate
{
	PATH_PRIVATE_ACCESS, /* pointer to an Access, its templates with expressions */
	PATH_PRIVATE_EXACT,  /* List of RestrictInfos that need no check after the read */
	/* Pointer to a ReadAheadUse, on the inner side of a nested loop alone: see read_ahead.h. */
	PATH_PRIVATE_READ_AHEAD
};

#endif
