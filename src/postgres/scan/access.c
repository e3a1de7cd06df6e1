/*
 * access.c
 *		An access to a foreign table: as a List in the plan, and bound to values.
 */
#include "postgres.h"

#include "nodes/value.h"

#include "postgres/compat.h"

#include "postgres/conditions/binding.h"
#include "postgres/options/options.h"
#include "postgres/scan/access.h"
#include "postgres/settings.h"

/* Positions in the List of an access. */
enum AccessMember
{
	ACCESS_KIND,
	ACCESS_INDEX_NAME, /* empty: the table itself */
	ACCESS_KEY_CONDITION,
	ACCESS_FILTER,
	ACCESS_COLUMNS,
	ACCESS_FLAGS,
	ACCESS_READ_AHEAD_PARAMETER,
	ACCESS_SEGMENTS,
	ACCESS_STREAMS,
	ACCESS_ROW_GOAL,
	ACCESS_CAPACITY_UNITS
};

enum AccessFlag
{
	ACCESS_WHOLE_ITEMS = 1 << 0,
	ACCESS_KEYS_ONLY = 1 << 1,
	ACCESS_CONSISTENT_READ = 1 << 2,
	ACCESS_BACKWARD = 1 << 3,
	ACCESS_IN_ORDER = 1 << 4,
	ACCESS_STREAMS_BACKWARD = 1 << 5,
	ACCESS_MERGED = 1 << 6,
	ACCESS_LOOKED_UP = 1 << 7,
	ACCESS_READ_AHEAD = 1 << 8
};

static int
access_flags(const Access *access)
{
	return (access->whole_items ? ACCESS_WHOLE_ITEMS : 0) |
	       (access->keys_only ? ACCESS_KEYS_ONLY : 0) |
	       (access->consistent_read ? ACCESS_CONSISTENT_READ : 0) |
	       (access->backward ? ACCESS_BACKWARD : 0) | (access->in_order ? ACCESS_IN_ORDER : 0) |
	       (access->streams_backward ? ACCESS_STREAMS_BACKWARD : 0) |
	       (access->merged ? ACCESS_MERGED : 0) | (access->looked_up ? ACCESS_LOOKED_UP : 0) |
	       (access->read_ahead ? ACCESS_READ_AHEAD : 0);
}

/* With an exponent: a worker, which reads the plan as text, would take "0" for an integer. */
static Node *
node_of_double(double number)
{
	return (Node *) makeFloat(psprintf("%.16e", number));
}

List *
access_to_list(const Access *access)
{
	List *list = list_make5(makeInteger(access->kind),
	                        makeString(pstrdup(access->index_name ? access->index_name : "")),
	                        access->key_condition, access->filter, access->columns);

	list = lappend(list, makeInteger(access_flags(access)));
	list = lappend(list, makeInteger(access->read_ahead_parameter));
	list = lappend(list, makeInteger(access->segments));
	list = lappend(list, makeInteger(access->streams));
	list = lappend(list, node_of_double(access->row_goal));
	return lappend(list, node_of_double(access->estimated_capacity_units));
}

Access *
access_from_list(List *list)
{
	Access *access = palloc0(sizeof(*access));
	char *index_name = strVal(list_nth(list, ACCESS_INDEX_NAME));
	int flags = intVal(list_nth(list, ACCESS_FLAGS));

	access->kind = (RequestKind) intVal(list_nth(list, ACCESS_KIND));
	access->index_name = index_name[0] == '\0' ? NULL : index_name;
	access->key_condition = list_nth(list, ACCESS_KEY_CONDITION);
	access->filter = list_nth(list, ACCESS_FILTER);
	access->columns = list_nth(list, ACCESS_COLUMNS);
	access->whole_items = (flags & ACCESS_WHOLE_ITEMS) != 0;
	access->keys_only = (flags & ACCESS_KEYS_ONLY) != 0;
	access->consistent_read = (flags & ACCESS_CONSISTENT_READ) != 0;
	access->backward = (flags & ACCESS_BACKWARD) != 0;
	access->in_order = (flags & ACCESS_IN_ORDER) != 0;
	access->streams_backward = (flags & ACCESS_STREAMS_BACKWARD) != 0;
	access->merged = (flags & ACCESS_MERGED) != 0;
	access->looked_up = (flags & ACCESS_LOOKED_UP) != 0;
	access->read_ahead = (flags & ACCESS_READ_AHEAD) != 0;
	access->read_ahead_parameter = intVal(list_nth(list, ACCESS_READ_AHEAD_PARAMETER));
	access->segments = intVal(list_nth(list, ACCESS_SEGMENTS));
	access->streams = intVal(list_nth(list, ACCESS_STREAMS));
	access->row_goal = floatVal(list_nth(list, ACCESS_ROW_GOAL));
	access->estimated_capacity_units = floatVal(list_nth(list, ACCESS_CAPACITY_UNITS));
	return access;
}

/* Adds a path, unless one that is there leads to it; those that it leads to go. */
static size_t
projection_add(AttributePath *paths, size_t count, const AttributePath *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
	{
		if (attribute_path_overlap(&paths[i], path) && paths[i].count <= path->count)
			return count;
	}
	for (size_t i = 0; i < count; i++)
	{
		if (!attribute_path_overlap(&paths[i], path))
			paths[kept++] = paths[i];
	}
	paths[kept] = *path;
	return kept + 1;
}

static size_t
projection_add_name(AttributePath *paths, size_t count, Bytes name)
{
	AttributePathStep *step = palloc0(sizeof(*step));
	AttributePath path = {.steps = step, .count = 1};

	step->name = name;
	return projection_add(paths, count, &path);
}

/*
 * The path up to its first list. DynamoDB answers a projected element in a list of its own, where
 * it no longer stands at its index, so the list is asked for as a whole.
 */
static AttributePath
path_without_elements(AttributePath path)
{
	for (uint32 i = 0; i < path.count; i++)
	{
		if (path.steps[i].is_index)
			path.count = i;
	}
	return path;
}

/*
 * False when the paths may be too long for an expression. Each step takes "#" and a number of at
 * most four digits, since the names in all of a request's expressions of 4 KB cannot be ten
 * thousand, and "." behind it; each path one byte more, because it is ", " that stands between two.
 */
static bool
projection_fits(const AttributePath *paths, size_t count)
{
	size_t length = count;

	for (size_t i = 0; i < count; i++)
		length += (size_t) paths[i].count * strlen("#9999.");
	return length <= EXPRESSION_BYTES_MAXIMUM;
}

/* Adds the table's key attributes. */
static size_t
projection_add_keys(AttributePath *paths, size_t count, const KeySchema *keys)
{
	for (uint32 i = 0; i < keys->hash_count; i++)
		count = projection_add_name(paths, count, keys->hash[i].name);
	for (uint32 i = 0; i < keys->range_count; i++)
		count = projection_add_name(paths, count, keys->range[i].name);
	return count;
}

AttributePath *
access_projection(const Access *access, const ForeignRelation *relation, size_t *count)
{
	const KeySchema *keys = &relation->description->keys;
	AttributePath *paths;
	Bytes expiry = expiry_attribute(relation);
	ListCell *cell;

	*count = 0;
	if (access->whole_items)
		return NULL;
	paths = palloc(sizeof(AttributePath) *
	               (list_length(access->columns) + keys->hash_count + keys->range_count + 1));
	*count = projection_add_keys(paths, *count, keys);
	foreach (cell, access->columns)
	{
		AttributePath path = path_without_elements(relation->columns[lfirst_int(cell) - 1].path);

		*count = projection_add(paths, *count, &path);
	}
	if (expiry.length > 0)
		*count = projection_add_name(paths, *count, expiry);
	if (projection_fits(paths, *count))
		return paths;
	*count = 0;
	return NULL;
}

Size
access_memory_maximum(const Access *access)
{
	return scan_memory_share(access->looked_up ? 2 : 1);
}

bool
access_is_count_only(const Access *access, const ForeignRelation *relation)
{
	return access->keys_only && !access->whole_items && !access->looked_up &&
	       (access->kind == REQUEST_QUERY || access->kind == REQUEST_SCAN) &&
	       expiry_attribute(relation).length == 0;
}

/* What does not depend on values. */
static void
bind_table(const Access *access, const ForeignRelation *relation, FetchPlan *plan)
{
	const TableOptions *options = relation->options;

	plan->kind = access->kind;
	plan->read.table_name = bytes_of_string(options->table_name);
	plan->read.index_name = bytes_of_string(access->index_name);
	plan->read.consistent_read = access->consistent_read;
	plan->read.backward = access->backward;
	plan->read.limit = options->fetch_size;
	plan->read.total_segments = access->segments;
	plan->segments = Max(access->segments, 1);
	plan->names = &relation->names;
	plan->in_order = access->in_order;
	plan->row_goal = (int64) access->row_goal;
	plan->memory_maximum = access_memory_maximum(access);
	plan->max_capacity_units = options->max_capacity_units;
	plan->rate_limit = rate_limit_of_table(relation->id, options->rate_limit);
	plan->missing_table_is_empty = options->missing_table_is_empty;
}

static const KeySchema *
access_keys(const Access *access, const ForeignRelation *relation)
{
	const IndexDescription *index;

	if (access->index_name == NULL)
		return &relation->description->keys;
	index = table_index(relation->description, bytes_of_string(access->index_name));
	if (index == NULL)
		ereport(ERROR, (errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
		                errmsg("table \"%s\" has no index \"%s\" any more",
		                       relation->options->table_name, access->index_name)));
	return &index->keys;
}

static void
reverse_conditions(KeyDemand *demand)
{
	for (int i = 0; i < demand->condition_count / 2; i++)
	{
		const Condition *condition = demand->conditions[i];
		int other = demand->condition_count - 1 - i;

		demand->conditions[i] = demand->conditions[other];
		demand->conditions[other] = condition;
	}
}

/* Lookups become Querys when they are too many combinations of key values. */
static bool
bind_keys(const Access *access, const Binding *binding, FetchPlan *plan)
{
	bool lookup = access->kind == REQUEST_GET_ITEM || access->kind == REQUEST_BATCH_GET_ITEM;
	const KeySchema *keys = access_keys(access, binding->relation);
	KeyDemand demand = key_bind(binding, keys, access->key_condition, lookup);

	if (demand.never)
		return false;
	if (access->merged)
		plan->merge_by = keys->range[0].name;
	if (access->streams_backward)
		reverse_conditions(&demand);
	if (lookup && demand.keys == NULL)
		plan->kind = REQUEST_QUERY;
	plan->keys = demand.keys;
	plan->key_count = demand.key_count;
	plan->key_conditions = demand.conditions;
	plan->key_condition_count = demand.condition_count;
	return true;
}

/* Makes `plan`, until now that of the index's Query, the lookup of what the Query finds. */
static bool
bind_index_lookup(const Access *access, const Binding *binding, FetchPlan *plan)
{
	const ForeignRelation *relation = binding->relation;
	const KeySchema *keys = &relation->description->keys;
	FetchPlan *of_index = palloc(sizeof(*of_index));
	AttributePath *paths = palloc(sizeof(*paths) * (keys->hash_count + keys->range_count));

	*of_index = *plan;
	of_index->read.projection = paths;
	of_index->read.projection_count = projection_add_keys(paths, 0, keys);
	if (!bind_keys(access, binding, of_index) ||
	    !filter_bind(binding, access->filter, &of_index->read.filter))
		return false;
	plan->kind = REQUEST_BATCH_GET_ITEM;
	plan->read.index_name = BYTES_EMPTY;
	plan->read.projection = access_projection(access, relation, &plan->read.projection_count);
	plan->in_order = false;
	plan->index_plan = of_index;
	plan->table_keys = keys;
	return true;
}

BoundAccess *
access_bind(const Access *access, const ForeignRelation *relation, Arena *arena,
            const Datum *values, const bool *nulls, int value_count)
{
	BoundAccess *bound = palloc0(sizeof(*bound));
	Binding binding = {relation, arena, values, nulls, value_count};

	bound->no_rows = true;
	if (relation->description == NULL)
		return bound;
	bind_table(access, relation, &bound->plan);
	if (access->looked_up)
	{
		bound->no_rows = !bind_index_lookup(access, &binding, &bound->plan);
		return bound;
	}
	bound->plan.read.count_only = access_is_count_only(access, relation);
	if (!bound->plan.read.count_only)
		bound->plan.read.projection =
		    access_projection(access, relation, &bound->plan.read.projection_count);
	if (access->kind != REQUEST_SCAN && !bind_keys(access, &binding, &bound->plan))
		return bound;
	if (!filter_bind(&binding, access->filter, &bound->plan.read.filter))
		return bound;
	bound->no_rows = false;
	return bound;
}
