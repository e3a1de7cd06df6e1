/*
 * modify_planning.h
 *		What planning an UPDATE or DELETE finds out of the table that is changed.
 */
#ifndef POSTGRES_MODIFY_MODIFY_PLANNING_H
#define POSTGRES_MODIFY_MODIFY_PLANNING_H

#include "postgres.h"

#include "nodes/pathnodes.h"

#include "postgres/compat.h"

#include "postgres/relation/relation.h"

/* True when the query updates the relation, or deletes from it. */
extern bool changes_relation(PlannerInfo *root, const RelOptInfo *base);

/*
 * The numbers of the columns that such a query looks at: in SET, WHERE and joins, RETURNING, checks
 * and generated columns, or because a trigger or a reference to the whole row may look at any.
 * `attributes` is what pull_varattnos() says of the plan's target and conditions; the whole row is
 * always among it, to complete what the executor makes, and says nothing by itself.
 */
extern Bitmapset *columns_looked_at(PlannerInfo *root, const RelOptInfo *base,
                                    const ForeignRelation *relation, const Bitmapset *attributes);

/* The numbers of the columns that the key of an item is made of. */
extern Bitmapset *columns_of_key(const ForeignRelation *relation);

/* A set as an ascending list of integers, and back. */
extern List *list_of_set(const Bitmapset *set);
extern Bitmapset *set_of_list(const List *list);

/* True when a trigger of the foreign table may change rows before they are updated. */
extern bool relation_has_update_trigger(Oid relation_id);

/* Members of the list in the fdw_private of a ModifyTable. */
enum ModifyPrivate
{
	MODIFY_PRIVATE_READ_COLUMNS /* integers: numbers of the columns that the statement looks at */
};

extern void dynamodbAddForeignUpdateTargets(PlannerInfo *root, Index rtindex,
                                            RangeTblEntry *target_rte, Relation target);
extern List *dynamodbPlanForeignModify(PlannerInfo *root, ModifyTable *plan, Index result_relation,
                                       int subplan_index);

#endif
