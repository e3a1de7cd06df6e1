/*
 * modify_planning.c
 *		What planning an UPDATE or DELETE finds out of the table that is changed.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/partcache.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/modify/modify_planning.h"
#include "postgres/planning/planning.h"

bool
changes_relation(PlannerInfo *root, const RelOptInfo *base)
{
	CmdType command = root->parse->commandType;

	return (command == CMD_UPDATE || command == CMD_DELETE) &&
	       bms_is_member((int) base->relid, root->all_result_relids);
}

static int
offset_of(AttrNumber number)
{
	return number - FirstLowInvalidHeapAttributeNumber;
}

/* True when a trigger of the foreign table sees whole rows of the command. */
static bool
has_row_trigger(Relation relation, CmdType command)
{
	const TriggerDesc *triggers = relation->trigdesc;

	if (triggers == NULL)
		return false;
	if (command == CMD_DELETE)
		return triggers->trig_delete_before_row || triggers->trig_delete_after_row ||
		       triggers->trig_delete_old_table;
	return triggers->trig_update_before_row || triggers->trig_update_after_row ||
	       triggers->trig_update_old_table || triggers->trig_update_new_table;
}

bool
relation_has_update_trigger(Oid relation_id)
{
	Relation relation = table_open(relation_id, NoLock);
	bool has = relation->trigdesc != NULL && relation->trigdesc->trig_update_before_row;

	table_close(relation, NoLock);
	return has;
}

/* Adds what the stored generated columns are computed from. */
static Bitmapset *
add_inputs_of_generated(Relation relation, Bitmapset *attributes)
{
	TupleDesc descriptor = RelationGetDescr(relation);

	if (descriptor->constr == NULL || !descriptor->constr->has_generated_stored)
		return attributes;
	for (int i = 0; i < descriptor->natts; i++)
	{
		if (TupleDescAttr(descriptor, i)->attgenerated == ATTRIBUTE_GENERATED_STORED)
			pull_varattnos(build_column_default(relation, i + 1), 1, &attributes);
	}
	return attributes;
}

/* Of a relation that is a child, what the query says is said of its parent. */
static Index
relation_in_query(PlannerInfo *root, Index relid)
{
	while (root->append_rel_array != NULL && root->append_rel_array[relid] != NULL)
		relid = root->append_rel_array[relid]->parent_relid;
	return relid;
}

/* What the query assigns; behind that, its target list has what the planner has added. */
static List *
assigned_expressions(const Query *query)
{
	List *expressions = NIL;
	ListCell *cell;

	foreach (cell, query->targetList)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);

		if (!entry->resjunk)
			expressions = lappend(expressions, entry->expr);
	}
	return expressions;
}

/*
 * Adds what the query's own expressions look at beyond target and conditions of the plan. Columns
 * of a parent are not those of its child, so then any mention is one of the whole row.
 */
static Bitmapset *
add_mentions(PlannerInfo *root, const RelOptInfo *base, Bitmapset *attributes)
{
	const Query *query = root->parse;
	Index relid = relation_in_query(root, base->relid);
	Bitmapset *mentioned = NULL;
	Bitmapset *returned = NULL;
	int whole_row = offset_of(InvalidAttrNumber);

	pull_varattnos((Node *) assigned_expressions(query), relid, &mentioned);
	pull_varattnos((Node *) query->jointree, relid, &mentioned);
	pull_varattnos((Node *) query->returningList, relid, &returned);
	if (bms_is_member(whole_row, mentioned) || query->withCheckOptions != NIL ||
	    (relid != base->relid && !bms_is_empty(returned)))
		return bms_add_member(attributes, whole_row);
	return bms_add_members(attributes, returned);
}

Bitmapset *
columns_looked_at(PlannerInfo *root, const RelOptInfo *base, const ForeignRelation *relation,
                  const Bitmapset *attributes)
{
	Relation opened = table_open(relation->id, NoLock);
	CmdType command = root->parse->commandType;
	int whole_row = offset_of(InvalidAttrNumber);
	Bitmapset *looked_at = bms_del_member(bms_copy(attributes), whole_row);

	looked_at = add_mentions(root, base, looked_at);
	if (command == CMD_UPDATE)
		looked_at = add_inputs_of_generated(opened, looked_at);
	if (opened->rd_rel->relispartition)
		pull_varattnos((Node *) RelationGetPartitionQual(opened), 1, &looked_at);
	if (has_row_trigger(opened, command))
		looked_at = bms_add_member(looked_at, whole_row);
	table_close(opened, NoLock);
	return columns_of_attributes(relation, looked_at);
}

/* The column of one key attribute, or the whole item, where it is then. */
static Bitmapset *
add_key_columns(const ForeignRelation *relation, const KeyAttribute *attributes, uint32 count,
                Bitmapset *columns)
{
	for (uint32 i = 0; i < count; i++)
	{
		const ForeignColumn *column = foreign_relation_column_of(relation, attributes[i].name);

		if (column == NULL && relation->whole_item_column >= 0)
			column = &relation->columns[relation->whole_item_column];
		if (column != NULL)
			columns = bms_add_member(columns, column->number);
	}
	return columns;
}

Bitmapset *
columns_of_key(const ForeignRelation *relation)
{
	const TableDescription *description = relation->description;
	Bitmapset *columns = NULL;

	if (description == NULL)
		return NULL;
	columns =
	    add_key_columns(relation, description->keys.hash, description->keys.hash_count, columns);
	return add_key_columns(relation, description->keys.range, description->keys.range_count,
	                       columns);
}

/* The old row, which PostgreSQL adds by itself to an UPDATE, and to a DELETE that has triggers. */
void
dynamodbAddForeignUpdateTargets(PlannerInfo *root, Index rtindex, RangeTblEntry *target_rte,
                                Relation target)
{
	const TriggerDesc *triggers = target->trigdesc;
	Var *row = makeVar(rtindex, InvalidAttrNumber, RECORDOID, -1, InvalidOid, 0);

	if (root->parse->commandType == CMD_UPDATE ||
	    (triggers != NULL && (triggers->trig_delete_before_row || triggers->trig_delete_after_row)))
		return;
	add_row_identity_var(root, row, rtindex, "wholerow");
}

Bitmapset *
set_of_list(const List *list)
{
	Bitmapset *set = NULL;
	ListCell *cell;

	foreach (cell, list)
		set = bms_add_member(set, lfirst_int(cell));
	return set;
}

List *
list_of_set(const Bitmapset *set)
{
	List *list = NIL;
	int member = -1;

	while ((member = bms_next_member(set, member)) >= 0)
		list = lappend_int(list, member);
	return list;
}

List *
dynamodbPlanForeignModify(PlannerInfo *root, ModifyTable *plan, Index result_relation,
                          int subplan_index)
{
	const RelationPlanning *planning = NULL;

	/* An INSERT's target is not planned as a relation; that of others is, unless it has no rows. */
	if (plan->operation != CMD_INSERT && (int) result_relation < root->simple_rel_array_size &&
	    root->simple_rel_array[result_relation] != NULL)
		planning = root->simple_rel_array[result_relation]->fdw_private;
	return list_make1(planning == NULL ? NIL : list_of_set(planning->read_columns));
}
