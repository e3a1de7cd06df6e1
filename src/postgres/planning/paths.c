/*
 * paths.c
 *		The ways in which a foreign table can be read, as paths among which the planner chooses.
 *
 * The table, or one of its indexes, is read by keys that the conditions know (GetItem,
 * BatchGetItem), by known hash attributes (Query), or to its end (Scan). Conditions that join the
 * table with others make parameterised paths: a nested loop then looks keys up instead of scanning.
 */
#include "postgres.h"

#include <math.h>

#include "access/stratnum.h"
#include "access/sysattr.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "postgres/compat.h"

#include "postgres/conditions/condition_parts.h"
#include "postgres/conditions/conditions.h"
#include "postgres/conditions/key_match.h"
#include "postgres/encryption/column_encryption.h"
#include "postgres/planning/index_choice.h"
#include "postgres/planning/planning.h"
#include "postgres/scan/access.h"
#include "postgres/scan/rate_limit.h"

/* Added to what is forbidden, so that it is chosen, and refused, only when nothing else is left. */
#define FORBIDDEN_COST 1.0e10

/* The table, or one of its indexes. */
typedef struct ReadTarget
{
	const IndexDescription *index; /* NULL: the table */
	const KeySchema *keys;
	StoredVolume volume;
	bool looked_up; /* the index gives keys alone */
} ReadTarget;

/* What paths are made for: the table by itself, or with values from other tables. */
typedef struct PathScope
{
	PlannerInfo *root;
	RelOptInfo *base;
	RelationPlanning *planning;
	ParamPathInfo *parameters; /* NULL: none */
	List *conditions;          /* PlannedConditions that hold for the rows of the path */
	bool has_one_stream; /* a path was added that reads one key, or the items of one hash key */
} PathScope;

static double
scope_rows(const PathScope *scope)
{
	return scope->parameters == NULL ? scope->base->rows : scope->parameters->ppi_rows;
}

static Relids
scope_required_outer(const PathScope *scope)
{
	return scope->parameters == NULL ? scope->base->lateral_relids
	                                 : scope->parameters->ppi_req_outer;
}

/* PlannedConditions that make the key condition. */
static List *
key_conditions(const KeyMatch *match)
{
	return list_concat_copy(match->hash, match->range);
}

/*
 * The templates of all other conditions, joined. `keys` are those that a Query's filter may not
 * mention, NULL for a Scan.
 */
static List *
filter_templates(const PathScope *scope, const KeySchema *keys, List *used)
{
	List *templates = NIL;
	ListCell *cell;

	foreach (cell, scope->conditions)
	{
		PlannedCondition *condition = lfirst(cell);

		if (condition->template == NIL || list_member_ptr(used, condition))
			continue;
		if (keys != NULL &&
		    template_mentions_keys(scope->planning->relation, condition->template, keys))
			continue;
		templates = lappend(templates, condition->template);
	}
	return template_of_children(TEMPLATE_AND, templates);
}

/*
 * Key conditions after which the condition of SQL needs no check. What the service says of an
 * encrypted item is checked once the item has been verified.
 */
static List *
exact_restrictions(const PathScope *scope, const ReadTarget *target, const KeyMatch *match)
{
	if (scope->planning->relation->encryption != NULL)
		return NIL;
	return key_match_exact(scope->planning->relation, target->keys, match);
}

static Access *
make_access(const PathScope *scope, RequestKind kind, const ReadTarget *target)
{
	const ForeignRelation *relation = scope->planning->relation;
	Access *access = palloc0(sizeof(*access));

	access->kind = kind;
	if (target->index != NULL)
		access->index_name = pnstrdup(target->index->name.data, target->index->name.length);
	access->columns = scope->planning->columns;
	access->whole_items = scope->planning->whole_items;
	access->keys_only = access->columns == NIL;
	access->consistent_read = relation->options->consistent_read;
	access->segments = 1;
	access->all_wanted = (scope->root->query_pathkeys != NIL || query_row_goal(scope->root) <= 0) &&
	                     (scope->root->parse->commandType == CMD_SELECT ||
	                      scope->root->parse->commandType == CMD_INSERT);
	return access;
}

static bool
attribute_is_member(Bitmapset *attributes, AttrNumber number)
{
	return bms_is_member(number - FirstLowInvalidHeapAttributeNumber, attributes);
}

/*
 * Leaves out the columns that only conditions without a check look at, unless the rows are to be
 * modified: what that needs is known elsewhere.
 */
static void
leave_out_judged_columns(const PathScope *scope, Access *access, List *exact)
{
	const RelOptInfo *base = scope->base;
	Bitmapset *read = NULL;
	Bitmapset *judged = NULL;
	ListCell *cell;

	if (exact == NIL || bms_is_member(base->relid, scope->root->all_result_relids))
		return;
	pull_varattnos((Node *) base->reltarget->exprs, base->relid, &read);
	foreach (cell, base->baserestrictinfo)
	{
		RestrictInfo *restriction = lfirst(cell);

		pull_varattnos((Node *) restriction->clause, base->relid,
		               list_member_ptr(exact, restriction) ? &judged : &read);
	}
	if (attribute_is_member(read, InvalidAttrNumber))
		return;
	access->columns = NIL;
	foreach (cell, scope->planning->columns)
	{
		AttrNumber number = lfirst_int(cell);

		if (!attribute_is_member(judged, number) || attribute_is_member(read, number))
			access->columns = lappend_int(access->columns, number);
	}
	/* Encrypted columns look at others, whatever the query does. */
	access->columns =
	    column_encryption_add_context_columns(scope->planning->relation, access->columns);
	access->keys_only = access->columns == NIL;
}

/*
 * True when the scope is the inner side of EXISTS, NOT EXISTS or IN alone: for each row of the
 * other side, the join looks no further than to the first row that fits.
 */
static bool
first_row_decides(const PathScope *scope)
{
	ListCell *cell;

	foreach (cell, scope->root->join_info_list)
	{
		const SpecialJoinInfo *join = lfirst(cell);

		if ((join->jointype == JOIN_SEMI || join->jointype == JOIN_ANTI) &&
		    bms_equal(join->syn_righthand, scope->base->relids) &&
		    bms_is_subset(scope->parameters->ppi_req_outer, join->syn_lefthand))
			return true;
	}
	return false;
}

double
query_row_goal(PlannerInfo *root)
{
	const Query *query = root->parse;

	if (root->limit_tuples > 0)
		return root->limit_tuples;
	/* EXISTS and the like say so in the fraction alone. */
	if (root->tuple_fraction < 1 || query->groupClause != NIL || query->groupingSets != NIL ||
	    query->distinctClause != NIL || query->hasAggs || query->hasWindowFuncs ||
	    query->hasTargetSRFs || query->setOperations != NULL || root->hasHavingQual)
		return 0;
	return root->tuple_fraction;
}

/* The least number of the scope's rows that the query wants; 0: all, or not known. */
static double
wanted_rows(const PathScope *scope)
{
	PlannerInfo *root = scope->root;

	if (scope->parameters != NULL)
		return first_row_decides(scope) ? 1 : 0;
	if (scope->base->reloptkind != RELOPT_BASEREL ||
	    bms_membership(root->all_baserels) != BMS_SINGLETON)
		return 0;
	return query_row_goal(root);
}

/*
 * How many of the target's items must probably be examined before the query has enough rows: 0 when
 * it wants all, as it does when the rows must be sorted first. A limit above the estimated rows is
 * a goal nevertheless, since the estimate may be far too low.
 */
static double
find_row_goal(const PathScope *scope, const ReadTarget *target, double examined, List *pathkeys)
{
	PlannerInfo *root = scope->root;
	double rows = Max(scope_rows(scope), 1);
	double wanted = wanted_rows(scope);
	double goal;

	if (wanted <= 0)
		return 0;
	if (scope->parameters == NULL && !pathkeys_contained_in(root->query_pathkeys, pathkeys))
		return 0;
	goal = ceil(wanted * Max(examined / rows, 1));
	return goal < target->volume.items ? goal : 0;
}

/*
 * The path of an access; `estimate` says what reading costs, rows excepted. The rows come to so
 * many processes, which share the reading.
 */
static ForeignPath *
make_access_path(const PathScope *scope, Access *access, ReadEstimate *estimate, List *pathkeys,
                 List *exact, double processes)
{
	const ForeignRelation *relation = scope->planning->relation;
	RelOptInfo *base = scope->base;
	double rows = clamp_row_est(scope_rows(scope) / processes);
	double items = estimate->items / processes;
	QualCost conditions = base->baserestrictcost;
	ForeignPath *path;
	ReadCost cost;

	estimate->kind = access->kind;
	estimate->consistent_read = access->consistent_read;
	estimate->one_by_one = access->in_order;
	estimate->rows = access->filter == NIL ? Max(items, rows) : rows;
	access->estimate = *estimate;
	cost = cost_of_read(relation, estimate);
	if (access->looked_up)
		cost =
		    cost_with_lookups(relation, cost, estimate->items, scope->planning->volume.item_size);
	cost.startup += conditions.startup + base->reltarget->cost.startup;
	cost.total += conditions.startup + conditions.per_tuple * estimate->rows +
	              base->reltarget->cost.startup + base->reltarget->cost.per_tuple * rows;
	if (access->kind == REQUEST_SCAN && !relation->options->allow_full_scan)
		cost.total += FORBIDDEN_COST;
	access->estimated_capacity_units = cost.capacity_units;
	leave_out_judged_columns(scope, access, exact);
	path = CREATE_FOREIGN_PATH(scope->root, base, rows, cost.startup, cost.total, pathkeys,
	                           scope_required_outer(scope), list_make2(access, exact));
	/* Whole, in several workers, it would be read, and paid for, several times. */
	path->path.parallel_safe = false;
	return path;
}

/* Adds the path of an access that is one process's own. */
static void
add_access_path(const PathScope *scope, Access *access, ReadEstimate *estimate, List *pathkeys,
                List *exact)
{
	ForeignPath *path = make_access_path(scope, access, estimate, pathkeys, exact, 1);

	add_path(scope->base, (Path *) path);
}

/*
 * Where several tables are read one after another, the path may begin while others are read. Not
 * where the query wants few rows, which the first table may have; nor where the reading itself
 * waits for something before it asks for more.
 */
bool
dynamodbIsForeignPathAsyncCapable(ForeignPath *path)
{
	const Access *access = list_nth(path->fdw_private, PATH_PRIVATE_ACCESS);

	return access->all_wanted && access->row_goal <= 0 && !access->merged && !access->looked_up &&
	       path->path.param_info == NULL && !path->path.parallel_aware;
}

static void
add_lookup_path(const PathScope *scope, const ReadTarget *target, const KeyMatch *match)
{
	RequestKind kind = match->one_stream ? REQUEST_GET_ITEM : REQUEST_BATCH_GET_ITEM;
	Access *access = make_access(scope, kind, target);
	ReadEstimate estimate = {
	    .streams = match->keys, .items = match->keys, .item_size = target->volume.item_size};

	access->key_condition = match->template;
	add_access_path(scope, access, &estimate, NIL, exact_restrictions(scope, target, match));
}

/* True when the pathkey orders by the column as DynamoDB orders the attribute. */
static bool
pathkey_orders_by(const PathScope *scope, const PathKey *pathkey, const KeyAttribute *attribute)
{
	const ForeignRelation *relation = scope->planning->relation;
	EquivalenceClass *class = pathkey->pk_eclass;
	ConditionScope conditions = {scope->root, scope->base, relation};
	ListCell *cell;

	if (class->ec_has_volatile)
		return false;
	foreach (cell, class->ec_members)
	{
		EquivalenceMember *member = lfirst(cell);
		const ForeignColumn *column;
		Oid type;

		if (!bms_equal(member->em_relids, scope->base->relids))
			continue;
		column = condition_operand_column(&conditions, member->em_expr);
		if (column == NULL || !column_is_key_attribute(column, attribute))
			continue;
		type = getBaseType(member->em_datatype);
		if (lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf == pathkey->pk_opfamily &&
		    column_conversion_comparability(column->conversion, class->ec_collation).order)
			return true;
	}
	return false;
}

/* True when a range attribute has several known values, each a stream of its own. */
static bool
has_several_ranges(const KeyMatch *match)
{
	ListCell *cell;

	foreach (cell, match->range)
	{
		const PlannedCondition *condition = lfirst(cell);

		if (template_leaf(condition->template).kind == TEMPLATE_ANY)
			return true;
	}
	return false;
}

/* By the hash attribute, whose values are streams in their order, and then by the range attribute.
 */
static List *
order_of_streams(const PathScope *scope, const ReadTarget *target, const KeyMatch *match,
                 Access *access)
{
	List *wanted = scope->root->query_pathkeys;
	PathKey *second = list_length(wanted) < 2 ? NULL : lsecond(wanted);

	if (has_several_ranges(match) ||
	    !pathkey_orders_by(scope, linitial(wanted), target->keys->hash))
		return NIL;
	access->in_order = true;
	access->streams_backward = PATHKEY_IS_DESCENDING((PathKey *) linitial(wanted));
	if (second == NULL || target->keys->range_count == 0 ||
	    !pathkey_orders_by(scope, second, target->keys->range))
		return list_make1(linitial(wanted));
	access->backward = PATHKEY_IS_DESCENDING(second);
	return list_make2(linitial(wanted), second);
}

/*
 * The query's order as far as a Query gives it: within one hash value, by the range attribute,
 * either way; of several hash values one after another, or merged. NIL when it gives none.
 */
static List *
query_order(const PathScope *scope, const ReadTarget *target, const KeyMatch *match, Access *access)
{
	int most = scope->planning->relation->server_options->max_connections;
	PathKey *first;

	/* A nested loop has the order of its other side. */
	if (scope->root->query_pathkeys == NIL || scope->parameters != NULL ||
	    (!match->one_stream && target->keys->hash_count > 1) ||
	    template_kind(match->template) == TEMPLATE_OR)
		return NIL;
	first = linitial(scope->root->query_pathkeys);
	if (target->keys->range_count == 0 || !pathkey_orders_by(scope, first, &target->keys->range[0]))
		return match->one_stream ? NIL : order_of_streams(scope, target, match, access);
	if (!match->one_stream && (!match->is_counted || match->keys > most))
		return NIL;
	access->in_order = match->one_stream;
	access->merged = !match->one_stream;
	access->backward = PATHKEY_IS_DESCENDING(first);
	return list_make1(first);
}

/* How many items the key condition lets DynamoDB examine. */
static double
examined_items(const PathScope *scope, const ReadTarget *target, const KeyMatch *match)
{
	Selectivity of_hash = conditions_selectivity(scope->root, scope->base, match->hash);
	Selectivity of_range = conditions_selectivity(scope->root, scope->base, match->range);
	double items =
	    cost_items_of_keys(target->volume, of_hash, match->keys, scope->planning->analyzed);

	return clamp_row_est(items * of_range);
}

static void
add_query_path(const PathScope *scope, const ReadTarget *target, const KeyMatch *match)
{
	Access *access = make_access(scope, REQUEST_QUERY, target);
	double items = examined_items(scope, target, match);
	ReadEstimate estimate = {
	    .streams = match->keys, .items = items, .item_size = target->volume.item_size};
	List *pathkeys = query_order(scope, target, match, access);

	access->key_condition = match->template;
	access->filter = filter_templates(scope, target->keys, key_conditions(match));
	access->row_goal = find_row_goal(scope, target, items, pathkeys);
	add_access_path(scope, access, &estimate, pathkeys, exact_restrictions(scope, target, match));
}

/* The conditions that the target's items can be judged by before they are looked up. */
static List *
conditions_held(const PathScope *scope, const ReadTarget *target)
{
	List *held = NIL;
	ListCell *cell;

	foreach (cell, scope->conditions)
	{
		PlannedCondition *condition = lfirst(cell);

		if (condition->template != NIL &&
		    index_holds_template(scope->planning, target->index, condition->template))
			held = lappend(held, condition);
	}
	return held;
}

/*
 * The keys from an index that does not hold all that is needed, and their items from the table. The
 * items may be newer than the index, so no condition is exact.
 */
static void
add_index_lookup_path(const PathScope *scope, const ReadTarget *target, const KeyMatch *match)
{
	Access *access = make_access(scope, REQUEST_QUERY, target);
	double items = examined_items(scope, target, match);
	ReadEstimate estimate = {
	    .streams = match->keys, .items = items, .item_size = target->volume.item_size};
	PathScope held = *scope;

	held.conditions = conditions_held(scope, target);
	access->looked_up = true;
	access->key_condition = match->template;
	access->filter = filter_templates(&held, target->keys, key_conditions(match));
	access->row_goal = find_row_goal(scope, target, items, NIL);
	add_access_path(scope, access, &estimate, NIL, NIL);
}

/* The volume that a row goal makes a Scan read. */
static StoredVolume
goal_volume(StoredVolume volume, double row_goal)
{
	if (row_goal > 0 && row_goal < volume.items)
		volume.items = row_goal;
	return volume;
}

static void
add_scan_path(const PathScope *scope, const ReadTarget *target)
{
	Access *access = make_access(scope, REQUEST_SCAN, target);
	ReadEstimate estimate = {.items = target->volume.items, .item_size = target->volume.item_size};

	access->filter = filter_templates(scope, NULL, NIL);
	access->row_goal = find_row_goal(scope, target, estimate.items, NIL);
	access->segments = cost_scan_segments(scope->planning->relation,
	                                      goal_volume(target->volume, access->row_goal));
	estimate.streams = access->segments;
	add_access_path(scope, access, &estimate, NIL, NIL);
}

/*
 * The Scan that workers share with the leader, if the volume is worth it. Where the first rows are
 * enough, nobody reads ahead.
 */
static void
add_partial_scan_path(const PathScope *scope, const ReadTarget *target)
{
	const ForeignRelation *relation = scope->planning->relation;
	Access *access = make_access(scope, REQUEST_SCAN, target);
	ReadEstimate estimate = {.items = target->volume.items, .item_size = target->volume.item_size};
	int workers = cost_scan_workers(scope->base, relation, target->volume);
	ForeignPath *path;

	if (!scope->base->consider_parallel || scope_required_outer(scope) != NULL || workers == 0 ||
	    find_row_goal(scope, target, estimate.items, NIL) > 0)
		return;
	access->filter = filter_templates(scope, NULL, NIL);
	access->segments = cost_shared_segments(relation, target->volume, workers + 1);
	access->streams = cost_scan_segments(relation, target->volume);
	estimate.streams = access->streams;
	path = make_access_path(scope, access, &estimate, NIL, NIL, cost_row_processes(workers));
	path->path.parallel_safe = true;
	path->path.parallel_aware = true;
	path->path.parallel_workers = workers;
	add_partial_path(scope->base, (Path *) path);
}

/* True when the key condition uses a condition that joins with other tables. */
static bool
uses_parameters(const PathScope *scope, const KeyMatch *match)
{
	ListCell *cell;

	foreach (cell, key_conditions(match))
	{
		PlannedCondition *condition = lfirst(cell);

		if (list_member_ptr(scope->parameters->ppi_clauses, condition->restriction))
			return true;
	}
	return false;
}

/* The path of known keys; an index is always queried. */
static void
add_key_path(PathScope *scope, const ReadTarget *target, const KeyMatch *match)
{
	if (scope->parameters != NULL && !uses_parameters(scope, match))
		return;
	if (target->looked_up)
	{
		add_index_lookup_path(scope, target, match);
		return;
	}
	scope->has_one_stream = scope->has_one_stream || match->one_stream;
	if (match->lookup && target->index == NULL)
		add_lookup_path(scope, target, match);
	else
		add_query_path(scope, target, match);
}

/* Paths that know keys. */
static void
add_key_paths(PathScope *scope, const ReadTarget *target)
{
	const ForeignRelation *relation = scope->planning->relation;
	KeyMatch match = key_match(scope->root, relation, target->keys, scope->conditions);
	KeyMatch alternatives;

	if (match.query)
		add_key_path(scope, target, &match);
	if (!match.lookup && key_match_alternatives(scope->root, relation, target->keys,
	                                            scope->conditions, &alternatives))
		add_key_path(scope, target, &alternatives);
}

/* True when the target holds every item that the scope's rows can be made of. */
static bool
target_holds_items(const PathScope *scope, const ReadTarget *target)
{
	const ForeignRelation *relation = scope->planning->relation;

	return target->index == NULL || relation->options->index_name != NULL ||
	       index_holds_items(relation, target->index, scope->conditions);
}

/* An index is scanned where it is smaller than the table, or where no other may be read. */
static bool
target_is_worth_scanning(const PathScope *scope, const ReadTarget *target)
{
	const RelationPlanning *planning = scope->planning;

	if (target->looked_up)
		return false;
	return target->index == NULL || planning->relation->options->index_name != NULL ||
	       target->volume.items * target->volume.item_size <
	           planning->volume.items * planning->volume.item_size;
}

static ReadTarget *
make_target(const RelationPlanning *planning, const IndexDescription *index)
{
	ReadTarget *target = palloc0(sizeof(*target));

	target->index = index;
	target->keys = index == NULL ? &planning->relation->description->keys : &index->keys;
	target->volume = index == NULL ? planning->volume : cost_index_volume(index, planning->volume);
	return target;
}

/* The table and its indexes, or the one index that the options ask for. */
static List *
find_targets(const RelationPlanning *planning)
{
	const TableDescription *description = planning->relation->description;
	const IndexDescription *chosen = index_chosen_by_option(planning);
	List *targets;

	if (chosen != NULL)
		return list_make1(make_target(planning, chosen));
	targets = list_make1(make_target(planning, NULL));
	for (uint32 i = 0; i < description->index_count; i++)
	{
		const IndexDescription *index = &description->indexes[i];
		ReadTarget *target;

		if (!index_gives_keys(planning, index))
			continue;
		target = make_target(planning, index);
		target->looked_up = !index_is_usable(planning, index);
		targets = lappend(targets, target);
	}
	return targets;
}

/*
 * The paths of one scope through all targets. What one key or hash key gives is a part of what a
 * Scan would read, so then there is no path for a Scan, however wrong the estimates may be.
 */
static void
add_scope_paths(PathScope *scope, List *targets)
{
	ListCell *cell;

	foreach (cell, targets)
	{
		if (target_holds_items(scope, lfirst(cell)))
			add_key_paths(scope, lfirst(cell));
	}
	if (scope->parameters != NULL || scope->has_one_stream)
		return;
	foreach (cell, targets)
	{
		if (!target_holds_items(scope, lfirst(cell)) ||
		    !target_is_worth_scanning(scope, lfirst(cell)))
			continue;
		add_scan_path(scope, lfirst(cell));
		add_partial_scan_path(scope, lfirst(cell));
	}
}

/* True when the condition gives a key attribute of a target known values. */
static bool
gives_key(const ForeignRelation *relation, List *targets, const List *template)
{
	ListCell *cell;

	foreach (cell, targets)
	{
		const KeySchema *keys = ((ReadTarget *) lfirst(cell))->keys;

		for (uint32 i = 0; i < keys->hash_count; i++)
		{
			if (template_gives_key(relation, template, &keys->hash[i]))
				return true;
		}
		for (uint32 i = 0; i < keys->range_count; i++)
		{
			if (template_gives_key(relation, template, &keys->range[i]))
				return true;
		}
	}
	return false;
}

/* The sets of other tables, each once, whose values would make keys known. */
typedef struct OuterSets
{
	const PathScope *scope;
	List *targets;
	List *sets; /* of Relids */
} OuterSets;

static void
add_outer_set(OuterSets *outer, Relids relids)
{
	ListCell *cell;

	if (bms_is_empty(relids))
		return;
	foreach (cell, outer->sets)
	{
		if (bms_equal(lfirst(cell), relids))
			return;
	}
	outer->sets = lappend(outer->sets, relids);
}

/* Notes the tables that a join condition needs if it makes a key known. */
static void
consider_join_condition(OuterSets *outer, RestrictInfo *restriction)
{
	const PathScope *scope = outer->scope;
	const ForeignRelation *relation = scope->planning->relation;
	ConditionScope conditions = {scope->root, scope->base, relation};
	List *template;
	Relids relids;

	if (!join_clause_is_movable_to(restriction, scope->base))
		return;
	template = condition_template(&conditions, restriction->clause);
	if (template == NIL || !gives_key(relation, outer->targets, template))
		return;
	relids = bms_union(restriction->clause_relids, scope->base->lateral_relids);
	add_outer_set(outer, bms_del_member(relids, scope->base->relid));
}

/* Which column generate_implied_equalities_for_column asks about. */
typedef struct ColumnQuestion
{
	ConditionScope scope;
	AttrNumber column;
} ColumnQuestion;

static bool
member_is_column(PlannerInfo *root, RelOptInfo *base, EquivalenceClass *class,
                 EquivalenceMember *member, void *context)
{
	ColumnQuestion *question = context;
	const ForeignColumn *column = condition_operand_column(&question->scope, member->em_expr);

	return column != NULL && column->members == NIL && column->number == question->column;
}

/* Join conditions that the planner keeps as equivalence classes. */
static void
consider_equivalences(OuterSets *outer)
{
	const PathScope *scope = outer->scope;
	ColumnQuestion question = {{scope->root, scope->base, scope->planning->relation}, 0};
	ListCell *column;
	ListCell *cell;

	if (!scope->base->has_eclass_joins)
		return;
	foreach (column, scope->planning->columns)
	{
		List *restrictions;

		question.column = lfirst_int(column);
		restrictions =
		    generate_implied_equalities_for_column(scope->root, scope->base, member_is_column,
		                                           &question, scope->base->lateral_referencers);
		foreach (cell, restrictions)
			consider_join_condition(outer, lfirst(cell));
	}
}

static void
add_parameterized_paths(const PathScope *scope, List *targets, Relids required_outer)
{
	PathScope parameterized = *scope;
	ParamPathInfo *parameters = get_baserel_parampathinfo(scope->root, scope->base, required_outer);

	parameterized.parameters = parameters;
	parameterized.conditions = list_concat_copy(
	    scope->conditions, plan_conditions(scope->root, scope->base, scope->planning->relation,
	                                       parameters->ppi_clauses));
	parameters->ppi_rows =
	    plan_rows(scope->root, scope->base, parameterized.conditions, parameters->ppi_rows);
	add_scope_paths(&parameterized, targets);
}

/* Paths with values of other tables: of each set of them alone, and of all together. */
static void
add_join_paths(const PathScope *scope, List *targets)
{
	OuterSets outer = {scope, targets, NIL};
	Relids all = NULL;
	ListCell *cell;

	foreach (cell, scope->base->joininfo)
		consider_join_condition(&outer, lfirst(cell));
	consider_equivalences(&outer);
	foreach (cell, outer.sets)
		all = bms_add_members(all, lfirst(cell));
	add_outer_set(&outer, all);
	foreach (cell, outer.sets)
		add_parameterized_paths(scope, targets, lfirst(cell));
}

/* The path of a table that does not exist and reads as empty. */
static void
add_empty_path(const PathScope *scope)
{
	ReadTarget nothing = {.volume = scope->planning->volume};

	add_scan_path(scope, &nothing);
}

bool
is_planned_here(const RelOptInfo *base)
{
	/* Of a table that the conditions exclude altogether nothing is planned. */
	return IS_SIMPLE_REL(base) && base->fdwroutine != NULL && base->fdw_private != NULL &&
	       base->fdwroutine->GetForeignPaths == dynamodbGetForeignPaths;
}

void
dynamodbGetForeignPaths(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id)
{
	RelationPlanning *planning = base->fdw_private;
	PathScope scope = {
	    .root = root, .base = base, .planning = planning, .conditions = planning->conditions};
	List *targets;

	if (planning->relation->description == NULL)
	{
		add_empty_path(&scope);
		return;
	}
	targets = find_targets(planning);
	add_scope_paths(&scope, targets);
	add_join_paths(&scope, targets);
}
