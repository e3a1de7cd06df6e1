/*
 * access.c
 *		An access to a foreign table: as a List in the plan, bound to values, told to people.
 */
#include "postgres.h"

#include "nodes/value.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"

#include "postgres/compat.h"

#include "postgres/access.h"
#include "postgres/binding.h"
#include "postgres/memory.h"

/* Positions in the List of an access. */
enum AccessMember
{
	ACCESS_KIND,
	ACCESS_INDEX_NAME, /* empty: the table itself */
	ACCESS_KEY_CONDITION,
	ACCESS_FILTER,
	ACCESS_COLUMNS,
	ACCESS_FLAGS,
	ACCESS_SEGMENTS,
	ACCESS_ROW_GOAL,
	ACCESS_CAPACITY_UNITS
};

enum AccessFlag
{
	ACCESS_WHOLE_ITEMS = 1 << 0,
	ACCESS_KEYS_ONLY = 1 << 1,
	ACCESS_CONSISTENT_READ = 1 << 2,
	ACCESS_BACKWARD = 1 << 3,
	ACCESS_IN_ORDER = 1 << 4
};

static int
access_flags(const Access *access)
{
	return (access->whole_items ? ACCESS_WHOLE_ITEMS : 0) |
	       (access->keys_only ? ACCESS_KEYS_ONLY : 0) |
	       (access->consistent_read ? ACCESS_CONSISTENT_READ : 0) |
	       (access->backward ? ACCESS_BACKWARD : 0) | (access->in_order ? ACCESS_IN_ORDER : 0);
}

static Node *
node_of_double(double number)
{
	return (Node *) makeFloat(psprintf("%.17g", number));
}

List *
access_to_list(const Access *access)
{
	List *list = list_make5(makeInteger(access->kind),
	                        makeString(pstrdup(access->index_name ? access->index_name : "")),
	                        access->key_condition, access->filter, access->columns);

	list = lappend(list, makeInteger(access_flags(access)));
	list = lappend(list, makeInteger(access->segments));
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
	access->segments = intVal(list_nth(list, ACCESS_SEGMENTS));
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
	for (uint32 i = 0; i < keys->hash_count; i++)
		*count = projection_add_name(paths, *count, keys->hash[i].name);
	for (uint32 i = 0; i < keys->range_count; i++)
		*count = projection_add_name(paths, *count, keys->range[i].name);
	foreach (cell, access->columns)
	{
		AttributePath path = path_without_elements(relation->columns[lfirst_int(cell) - 1].path);

		*count = projection_add(paths, *count, &path);
	}
	if (expiry.length > 0)
		*count = projection_add_name(paths, *count, expiry);
	return paths;
}

bool
access_is_count_only(const Access *access, const ForeignRelation *relation)
{
	return access->keys_only && !access->whole_items &&
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
	plan->max_capacity_units = options->max_capacity_units;
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

/* Lookups become Querys when they are too many combinations of key values. */
static bool
bind_keys(const Access *access, const Binding *binding, FetchPlan *plan)
{
	bool lookup = access->kind == REQUEST_GET_ITEM || access->kind == REQUEST_BATCH_GET_ITEM;
	KeyDemand demand =
	    key_bind(binding, access_keys(access, binding->relation), access->key_condition, lookup);

	if (demand.never)
		return false;
	if (lookup && demand.keys == NULL)
		plan->kind = REQUEST_QUERY;
	plan->keys = demand.keys;
	plan->key_count = demand.key_count;
	plan->key_conditions = demand.conditions;
	plan->key_condition_count = demand.condition_count;
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

/* What a template's values are shown with. */
typedef struct Description
{
	StringInfo text;
	const ForeignRelation *relation;
	List *expressions;
	List *deparse_context;
} Description;

static void
describe_path(Description *description, AttrNumber column)
{
	Buffer *buffer = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, MaxAllocSize);
	Bytes text;

	attribute_path_write(buffer, &description->relation->columns[column - 1].path);
	text = buffer_bytes(buffer);
	appendBinaryStringInfo(description->text, text.data, (int) text.length);
}

/* Numbers and booleans as they are, everything else as a quoted text. */
static void
describe_datum(Description *description, Oid type, Datum datum)
{
	Oid output_function;
	bool is_varlena;
	char *text;
	char category;
	bool preferred;

	getTypeOutputInfo(type, &output_function, &is_varlena);
	text = OidOutputFunctionCall(output_function, datum);
	get_type_category_preferred(type, &category, &preferred);
	if (category == TYPCATEGORY_NUMERIC)
		appendStringInfoString(description->text, text);
	else if (category == TYPCATEGORY_BOOLEAN)
		appendStringInfoString(description->text, DatumGetBool(datum) ? "true" : "false");
	else
		appendStringInfoString(description->text, quote_literal_cstr(text));
}

static void
describe_value(Description *description, Node *expression)
{
	Const *constant = (Const *) expression;

	if (!IsA(expression, Const))
		appendStringInfoString(
		    description->text,
		    deparse_expression(expression, description->deparse_context, true, false));
	else if (constant->constisnull)
		appendStringInfoString(description->text, "NULL");
	else
		describe_datum(description, constant->consttype, constant->constvalue);
}

static void
describe_elements(Description *description, Const *constant)
{
	ArrayType *array = DatumGetArrayTypeP(constant->constvalue);
	Oid type = ARR_ELEMTYPE(array);
	ArrayIterator iterator = array_create_iterator(array, 0, NULL);
	const char *separator = "";
	Datum element;
	bool is_null;

	while (array_iterate(iterator, &element, &is_null))
	{
		appendStringInfoString(description->text, separator);
		if (is_null)
			appendStringInfoString(description->text, "NULL");
		else
			describe_datum(description, type, element);
		separator = ", ";
	}
	array_free_iterator(iterator);
}

static void
describe_any(Description *description, Node *expression)
{
	if (IsA(expression, Const) && !((Const *) expression)->constisnull)
	{
		appendStringInfoString(description->text, " IN (");
		describe_elements(description, (Const *) expression);
		appendStringInfoChar(description->text, ')');
		return;
	}
	appendStringInfoString(description->text, " IN ");
	describe_value(description, expression);
}

static const char *
comparison_symbol(ConditionKind comparison)
{
	static const char *const symbols[] = {
	    [CONDITION_EQUAL] = "=",   [CONDITION_NOT_EQUAL] = "<>",
	    [CONDITION_LESS] = "<",    [CONDITION_LESS_OR_EQUAL] = "<=",
	    [CONDITION_GREATER] = ">", [CONDITION_GREATER_OR_EQUAL] = ">=",
	};

	return symbols[comparison];
}

/* function(path) or function(path, value) */
static void
describe_function(Description *description, const char *function, AttrNumber column,
                  Node *expression)
{
	appendStringInfo(description->text, "%s(", function);
	describe_path(description, column);
	if (expression != NULL)
	{
		appendStringInfoString(description->text, ", ");
		describe_value(description, expression);
	}
	appendStringInfoChar(description->text, ')');
}

static void
describe_leaf(Description *description, const List *template)
{
	TemplateLeaf leaf = template_leaf(template);
	Node *expression =
	    leaf.value == NULL ? NULL : list_nth(description->expressions, intVal(leaf.value));

	switch (leaf.kind)
	{
		case TEMPLATE_COMPARE:
			describe_path(description, leaf.column);
			appendStringInfo(description->text, " %s ", comparison_symbol(leaf.comparison));
			describe_value(description, expression);
			break;
		case TEMPLATE_ANY:
			describe_path(description, leaf.column);
			describe_any(description, expression);
			break;
		case TEMPLATE_LIKE:
			describe_path(description, leaf.column);
			appendStringInfoString(description->text, " LIKE ");
			describe_value(description, expression);
			break;
		case TEMPLATE_STARTS_WITH:
			describe_function(description, "begins_with", leaf.column, expression);
			break;
		case TEMPLATE_IS_NULL:
			describe_function(description, "attribute_not_exists", leaf.column, NULL);
			break;
		default:
			describe_function(description, "attribute_exists", leaf.column, NULL);
			break;
	}
}

/* Parts of an AND below an OR, and the reverse, stand in parentheses. */
static void
describe_template(Description *description, const List *template, bool nested)
{
	const char *separator = "";
	ListCell *cell;

	if (template_is_leaf(template))
	{
		describe_leaf(description, template);
		return;
	}
	if (nested)
		appendStringInfoChar(description->text, '(');
	foreach (cell, template_children(template))
	{
		appendStringInfoString(description->text, separator);
		describe_template(description, lfirst(cell), true);
		separator = template_kind(template) == TEMPLATE_AND ? " AND " : " OR ";
	}
	if (nested)
		appendStringInfoChar(description->text, ')');
}

char *
access_describe(const Access *access, const ForeignRelation *relation, List *template,
                List *fdw_exprs, List *deparse_context)
{
	StringInfoData text;
	Description description = {&text, relation, fdw_exprs, deparse_context};

	if (template == NIL)
		return NULL;
	initStringInfo(&text);
	describe_template(&description, template, false);
	return text.data;
}
