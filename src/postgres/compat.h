/*
 * compat.h
 *		What differs between PostgreSQL's major versions; the only file that asks PG_VERSION_NUM.
 */
#ifndef POSTGRES_COMPAT_H
#define POSTGRES_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "dynamodb_kms_fdw needs PostgreSQL 15 or later"
#endif

/*
 * Until 16, PGDLLEXPORT is empty outside Windows, and what it marks would be hidden by
 * -fvisibility=hidden.
 */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

/* In front of the declaration of a function that does not return. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/* Declares a function that SQL calls; until 16, PG_FUNCTION_INFO_V1 alone does not export it. */
#define SQL_FUNCTION(name)                                                                         \
	extern PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);                                               \
	PG_FUNCTION_INFO_V1(name)

#include "catalog/pg_class.h"
#include "catalog/pg_foreign_server.h"
#include "commands/explain.h"
#include "commands/vacuum.h"
#include "executor/executor.h"
#include "foreign/fdwapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parse_relation.h"
#include "replication/message.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/pg_locale.h"

#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif

/* The foreign table that is scanned; of a count of its rows, which scans nothing, the one counted.
 */
static inline RangeTblEntry *
foreign_scan_table(ForeignScanState *node)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	Index number = plan->scan.scanrelid;

	if (number == 0)
#if PG_VERSION_NUM < 160000
		number = (Index) bms_next_member(plan->fs_relids, -1);
#else
		number = (Index) bms_next_member(plan->fs_base_relids, -1);
#endif
	return exec_rt_fetch(number, node->ss.ps.state);
}

/* The role as which a scan's foreign table is read: a view's owner, or the one who asks. */
static inline Oid
foreign_scan_user(ForeignScanState *node)
{
	Oid check_as_user;

#if PG_VERSION_NUM < 160000
	check_as_user = foreign_scan_table(node)->checkAsUser;
#else
	check_as_user = ((ForeignScan *) node->ss.ps.plan)->checkAsUser;
#endif
	return OidIsValid(check_as_user) ? check_as_user : GetUserId();
}

/* The role as which a statement's target is written: a view's owner, or the one who asks. */
static inline Oid
foreign_target_user(ResultRelInfo *target, EState *statement)
{
#if PG_VERSION_NUM < 160000
	Oid check_as_user = InvalidOid;

	/* A partition that rows are routed to is in no range table of its own. */
	if (target->ri_RangeTableIndex != 0)
		check_as_user = exec_rt_fetch(target->ri_RangeTableIndex, statement)->checkAsUser;
	else if (target->ri_RootResultRelInfo != NULL &&
	         target->ri_RootResultRelInfo->ri_RangeTableIndex != 0)
		check_as_user =
		    exec_rt_fetch(target->ri_RootResultRelInfo->ri_RangeTableIndex, statement)->checkAsUser;
	return OidIsValid(check_as_user) ? check_as_user : GetUserId();
#else
	return ExecGetResultRelCheckAsUser(target, statement);
#endif
}

/*
 * The columns that an UPDATE assigns in the target, offset as pull_varattnos() does it; borrowed.
 * False when the range table does not say, as for some children of the table that is named.
 */
static inline bool
updated_columns_of_target(EState *statement, const RangeTblEntry *target, const Bitmapset **columns)
{
#if PG_VERSION_NUM < 160000
	*columns = target->updatedCols;
#else
	if (target->perminfoindex == 0)
		return false;
	*columns =
	    list_nth_node(RTEPermissionInfo, statement->es_rteperminfos, target->perminfoindex - 1)
	        ->updatedCols;
#endif
	return *columns != NULL;
}

/*
 * Raises 42501 unless the current role has the privilege on the relation: on all of it, or on each
 * of `columns`, offset as pull_varattnos() does it.
 */
static inline void
require_privilege(RangeTblEntry *relation, AclMode privilege, Bitmapset *columns)
{
	RangeTblEntry *entry = copyObject(relation);
	bool reads = privilege == ACL_SELECT;

#if PG_VERSION_NUM < 160000
	entry->requiredPerms = privilege;
	entry->selectedCols = reads ? columns : NULL;
	entry->insertedCols = reads ? NULL : columns;
	(void) ExecCheckRTPerms(list_make1(entry), true);
#else
	List *permissions = NIL;
	RTEPermissionInfo *permission = addRTEPermissionInfo(&permissions, entry);

	permission->requiredPerms = privilege;
	permission->selectedCols = reads ? columns : NULL;
	permission->insertedCols = reads ? NULL : columns;
	(void) ExecCheckPermissions(list_make1(entry), permissions, true);
#endif
}

/* Gives a statement that was not planned its range table: one relation, already checked. */
static inline void
init_range_table(EState *statement, RangeTblEntry *relation)
{
#if PG_VERSION_NUM < 160000
	ExecInitRangeTable(statement, list_make1(copyObject(relation)));
#elif PG_VERSION_NUM < 180000
	ExecInitRangeTable(statement, list_make1(copyObject(relation)), NIL);
#else
	ExecInitRangeTable(statement, list_make1(copyObject(relation)), NIL, bms_make_singleton(1));
#endif
}

/* What keeps the current role from using the foreign server; ACLCHECK_OK when nothing does. */
static inline AclResult
foreign_server_check_usage(Oid server_id)
{
#if PG_VERSION_NUM < 160000
	return pg_foreign_server_aclcheck(server_id, GetUserId(), ACL_USAGE);
#else
	return object_aclcheck(ForeignServerRelationId, server_id, GetUserId(), ACL_USAGE);
#endif
}

/*
 * Puts a message into the write-ahead log as the current transaction's, which is given an id; the
 * record's end.
 */
static inline XLogRecPtr
log_transactional_message(const char *prefix, const char *message)
{
#if PG_VERSION_NUM < 170000
	return LogLogicalMessage(prefix, message, strlen(message), true);
#else
	return LogLogicalMessage(prefix, message, strlen(message), true, false);
#endif
}

/* True when the current role owns the relation, or is a member of the role that does. */
static inline bool
relation_is_owned(Oid relation_id)
{
#if PG_VERSION_NUM < 160000
	return pg_class_ownercheck(relation_id, GetUserId());
#else
	return object_ownercheck(RelationRelationId, relation_id, GetUserId());
#endif
}

/* True when texts under the collation sort as their bytes do. */
static inline bool
collation_orders_by_bytes(Oid collation)
{
#if PG_VERSION_NUM < 180000
	return lc_collate_is_c(collation);
#else
	return pg_newlocale_from_collation(collation)->collate_is_c;
#endif
}

/* A set of so many events to wait for that lasts as long as the session. */
#if PG_VERSION_NUM < 170000
#define CREATE_WAIT_EVENT_SET(count) CreateWaitEventSet(TopMemoryContext, count)
#else
#define CREATE_WAIT_EVENT_SET(count) CreateWaitEventSet(NULL, count)
#endif

/* The calls of the planner whose arguments changed. */
#if PG_VERSION_NUM < 170000
#define ESTIMATE_ARRAY_LENGTH(root, array) estimate_array_length(array)
#else
#define ESTIMATE_ARRAY_LENGTH(root, array) estimate_array_length(root, array)
#endif

#if PG_VERSION_NUM < 170000
#define CREATE_FOREIGN_PATH(root, base, rows, startup, total, pathkeys, outer, fdw_private)        \
	create_foreignscan_path(root, base, NULL, rows, startup, total, pathkeys, outer, NULL,         \
	                        fdw_private)
#elif PG_VERSION_NUM < 180000
#define CREATE_FOREIGN_PATH(root, base, rows, startup, total, pathkeys, outer, fdw_private)        \
	create_foreignscan_path(root, base, NULL, rows, startup, total, pathkeys, outer, NULL, NIL,    \
	                        fdw_private)
#else
#define CREATE_FOREIGN_PATH(root, base, rows, startup, total, pathkeys, outer, fdw_private)        \
	create_foreignscan_path(root, base, NULL, rows, 0, startup, total, pathkeys, outer, NULL, NIL, \
	                        fdw_private)
#endif

/* The path of what a query makes of its tables, which comes in one row. */
#if PG_VERSION_NUM < 170000
#define CREATE_FOREIGN_UPPER_PATH(root, upper, startup, total, fdw_private)                        \
	create_foreign_upper_path(root, upper, (upper)->reltarget, 1, startup, total, NIL, NULL,       \
	                          fdw_private)
#elif PG_VERSION_NUM < 180000
#define CREATE_FOREIGN_UPPER_PATH(root, upper, startup, total, fdw_private)                        \
	create_foreign_upper_path(root, upper, (upper)->reltarget, 1, startup, total, NIL, NULL, NIL,  \
	                          fdw_private)
#else
#define CREATE_FOREIGN_UPPER_PATH(root, upper, startup, total, fdw_private)                        \
	create_foreign_upper_path(root, upper, (upper)->reltarget, 1, 0, startup, total, NIL, NULL,    \
	                          NIL, fdw_private)
#endif

/* The node with the columns of the child's topmost parent as the child's. */
#if PG_VERSION_NUM < 160000
#define ADJUST_TO_CHILD(root, node, child)                                                         \
	adjust_appendrel_attrs_multilevel(root, node, (child)->relids, (child)->top_parent_relids)
#else
#define ADJUST_TO_CHILD(root, node, child)                                                         \
	adjust_appendrel_attrs_multilevel(root, node, child, (child)->top_parent)
#endif

/*
 * The path whose parameters are columns of the child's topmost parent, for a join with the child;
 * NULL where there is none. From 17 on it becomes one when it is chosen, not before.
 */
#if PG_VERSION_NUM < 170000
#define PATH_FOR_CHILD(root, path, child) reparameterize_path_by_child(root, path, child)
#else
#define PATH_FOR_CHILD(root, path, child)                                                          \
	(path_is_reparameterizable_by_child(path, child) ? (path) : NULL)
#endif

/* The path carries on how many disabled nodes are below it. */
#if PG_VERSION_NUM < 180000
#define COPY_DISABLED_NODES(path, from) ((void) 0)
#else
#define COPY_DISABLED_NODES(path, from) ((path)->disabled_nodes = (from)->disabled_nodes)
#endif

/* The outer rows of a semijoin, each once; NULL where no path for that can be made here. */
#if PG_VERSION_NUM < 190000
#define UNIQUE_OUTER_PATH(root, outer, join)                                                       \
	((Path *) create_unique_path(root, outer, (outer)->cheapest_total_path, join))
#else
#define UNIQUE_OUTER_PATH(root, outer, join) NULL
#endif

/*
 * True when each column that comes from the relation is the same whoever refers to it: from 16 on,
 * references to what an outer join may have made NULL differ.
 */
#if PG_VERSION_NUM < 160000
#define COLUMNS_HAVE_ONE_FORM(root, rel) true
#else
#define COLUMNS_HAVE_ONE_FORM(root, rel) (!bms_overlap((rel)->relids, (root)->outer_join_rels))
#endif

/* Where ANALYZE can be cancelled, and waits as vacuum_cost_delay says. */
#if PG_VERSION_NUM < 180000
#define SAMPLING_DELAY_POINT() vacuum_delay_point()
#else
#define SAMPLING_DELAY_POINT() vacuum_delay_point(true)
#endif

/* What a relation that is all of the query's is made of: from 16 on, outer joins count, too. */
#if PG_VERSION_NUM < 160000
#define RELIDS_OF_QUERY(root) ((root)->all_baserels)
#else
#define RELIDS_OF_QUERY(root) ((root)->all_query_rels)
#endif

/* True for ORDER BY … DESC. */
#if PG_VERSION_NUM < 180000
#define PATHKEY_IS_DESCENDING(pathkey) ((pathkey)->pk_strategy == BTGreaterStrategyNumber)
#else
#define PATHKEY_IS_DESCENDING(pathkey) ((pathkey)->pk_cmptype == COMPARE_GT)
#endif

#endif
