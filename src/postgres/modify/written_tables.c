/*
 * written_tables.c
 *		Whether a statement writes to a table that it also reads.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "executor/executor.h"
#include "foreign/foreign.h"
#include "utils/lsyscache.h"

#include "postgres/compat.h"

#include "postgres/modify/modify_planning.h"
#include "postgres/modify/written_tables.h"
#include "postgres/options/options.h"

/* True when the foreign table stands for the same DynamoDB table as the relation. */
static bool
is_same_table(Oid foreign_table_id, const ForeignRelation *relation)
{
	ForeignTable *table = GetForeignTable(foreign_table_id);
	const TableOptions *options;

	if (table->serverid != relation->server_id)
		return GetForeignServer(table->serverid)->fdwid ==
		       GetForeignServer(relation->server_id)->fdwid;
	options = options_of_table(table, options_of_server(GetForeignServer(table->serverid)));
	return strcmp(options->table_name, relation->options->table_name) == 0;
}

/* True when rows written to the target, a table with or without partitions, end in the relation's.
 */
static bool
target_is_table(Oid target_id, const ForeignRelation *relation)
{
	ListCell *cell;

	foreach (cell, find_all_inheritors(target_id, NoLock, NULL))
	{
		Oid id = lfirst_oid(cell);

		if (get_rel_relkind(id) == RELKIND_FOREIGN_TABLE && is_same_table(id, relation))
			return true;
	}
	return false;
}

/* True when an UPDATE of this target leaves every item where it is read. */
static bool
keeps_places(EState *statement, const RangeTblEntry *target, const ForeignRelation *relation,
             const Access *access)
{
	Bitmapset *keys = columns_of_key(relation);
	const Bitmapset *updated;
	int number = -1;

	if (target->relid != relation->id || access->index_name != NULL ||
	    !updated_columns_of_target(statement, target, &updated) ||
	    relation_has_update_trigger(target->relid))
		return false;
	while ((number = bms_next_member(keys, number)) >= 0)
	{
		if (bms_is_member(number - FirstLowInvalidHeapAttributeNumber, updated))
			return false;
	}
	return true;
}

bool
statement_may_meet_its_rows(EState *statement, const ForeignRelation *relation,
                            const Access *access)
{
	const PlannedStmt *plan = statement->es_plannedstmt;
	ListCell *cell;

	if (plan == NULL || (plan->commandType == CMD_DELETE && !plan->hasModifyingCTE))
		return false;
	foreach (cell, plan->resultRelations)
	{
		const RangeTblEntry *target = exec_rt_fetch(lfirst_int(cell), statement);

		if (target->rtekind != RTE_RELATION || !target_is_table(target->relid, relation))
			continue;
		if (plan->commandType != CMD_UPDATE || plan->hasModifyingCTE ||
		    !keeps_places(statement, target, relation, access))
			return true;
	}
	return false;
}
