/*
 * partition_rows.h
 *		Which rows of a join's other side may have a partner in a partition.
 */
#ifndef POSTGRES_PLANNING_PARTITION_ROWS_H
#define POSTGRES_PLANNING_PARTITION_ROWS_H

#include "postgres.h"

#include "nodes/pathnodes.h"

#include "postgres/compat.h"

/*
 * What the bounds of the partition say of the other side's columns that the clauses, RestrictInfos
 * of the join, equate with those of its key: false or NULL for rows that have no partner in it.
 * NULL for a relation that is no partition, and where nothing is said. It may be true of other
 * rows.
 */
extern Expr *partition_row_condition(PlannerInfo *root, const RelOptInfo *partition, List *clauses);

#endif
