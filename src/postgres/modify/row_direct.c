/*
 * row_direct.c
 *		From a key to the write of an item that was not read.
 *
 * Such a write knows nothing of what is stored. It may replace an attribute if SQL's value says all
 * of it: a scalar, a set, a list of scalars. It does not where the stored form matters: plain JSON
 * shows sets as arrays and binary as strings, and keeps their types when it is changed; a composite
 * value has members that the type does not know; an element of a list is appended where the list is
 * shorter; and a whole item has attributes that are to be removed. Nor does it add to a number: an
 * addition whose answer is lost cannot be sent again.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/memory.h"
#include "postgres/modify/row_writer_parts.h"

static bool
is_scalar_or_set(AttributeType type)
{
	return type != ATTRIBUTE_L && type != ATTRIBUTE_M;
}

/* Typed JSON says of each value what it is stored as. */
static bool
is_typed_json(const ForeignColumn *column)
{
	return getBaseType(column->type) == JSONBOID &&
	       column->options->json_format == JSON_FORMAT_DYNAMODB;
}

/* A list whose elements are no documents, and may be stored as a set. */
static bool
is_list_of_scalars(const ForeignColumn *column)
{
	ColumnConversion *element = column_conversion_element(column->conversion);
	AttributeType type;

	return element != NULL && column_conversion_written_type(element, &type) &&
	       is_scalar_or_set(type);
}

bool
column_is_assignable_unread(const ForeignColumn *column)
{
	AttributeType type;

	if (column->options->whole_item || column->encryption != NULL || leads_into_list(&column->path))
		return false;
	if (!column_conversion_written_type(column->conversion, &type))
		return is_typed_json(column);
	return is_scalar_or_set(type) || (type == ATTRIBUTE_L && is_list_of_scalars(column));
}

/* True, with the type, when what is stored may be a set, which stays one when it is changed. */
static bool
column_may_be_set(const ForeignColumn *column, AttributeType *set_type)
{
	AttributeType written;

	if (!column_conversion_written_type(column->conversion, &written) || written != ATTRIBUTE_L)
		return false;
	*set_type = column_conversion_set_type(column_conversion_element(column->conversion));
	return attribute_type_is_set(*set_type) &&
	       column_conversion_accepts(column->conversion, *set_type);
}

char *
column_guard_text(const ForeignColumn *column)
{
	AttributeType set_type;

	if (!column_may_be_set(column, &set_type))
		return NULL;
	return psprintf("NOT attribute_type(%s, '%s')", path_text(&column->path),
	                attribute_type_name(set_type));
}

/* That the attribute is no set, if it may be one. */
static void
add_guard(RowWrite *row, ConditionList *list, const ForeignColumn *column)
{
	AttributeType set_type;
	Condition *is_set;
	Condition *is_no_set;

	if (!column_may_be_set(column, &set_type))
		return;
	is_set = make_condition(row, CONDITION_HAS_TYPE, &column->path);
	is_set->attribute_type = set_type;
	is_no_set = make_condition(row, CONDITION_NOT, &column->path);
	is_no_set->children = ROW_ALLOCATE(row, 1, Condition *);
	is_no_set->children[0] = is_set;
	is_no_set->child_count = 1;
	add_condition(row, list, is_no_set);
}

static const ForeignColumn *
assigned_column(const RowWriter *writer, const AssignedColumns *assigned, int place)
{
	return &writer->relation->columns[list_nth_int(assigned->columns, place) - 1];
}

static void
add_assignments(RowWrite *row, const AssignedColumns *assigned, ChangeList *changes,
                ConditionList *conditions)
{
	int count = list_length(assigned->columns);

	changes->changes = ROW_ALLOCATE(row, count, AttributeChange);
	for (int i = 0; i < count; i++)
	{
		const ForeignColumn *column = assigned_column(row->writer, assigned, i);

		changes->changes[changes->count++] = (AttributeChange){
		    column->path, column_write(row, column, assigned->values[i], assigned->nulls[i])};
		add_guard(row, conditions, column);
	}
	check_changes(row, changes);
}

static RowWrite *
begin(RowWriter *writer, RowWriteKind kind, const DynamodbItem *key, MemoryContext *caller)
{
	RowWrite *row = row_write_begin(writer, kind, caller);

	row->is_direct = true;
	if (!item_copy(row->arena, key, &row->key))
		report_result(arena_failure(row->arena, 1), "write row");
	writer->place.item = &row->key;
	return row;
}

RowWrite *
row_write_delete_key(RowWriter *writer, const DynamodbItem *key)
{
	MemoryContext caller;
	RowWrite *row = begin(writer, ROW_DELETE, key, &caller);

	send_delete(row, NULL);
	row_write_end(writer, caller);
	return row;
}

RowWrite *
row_write_direct(RowWriter *writer, const DirectWrite *given)
{
	MemoryContext caller;
	RowWrite *row = begin(writer, given->kind, &given->key, &caller);
	ConditionList conditions = {0};
	ChangeList changes = {0};

	row->answered = given->answered;
	row->returns_item = given->returns_item;
	row->has_condition = given->condition != NULL;
	add_existence(row, &conditions);
	if (given->condition != NULL)
		add_condition(row, &conditions, unconstify(Condition *, given->condition));
	if (given->kind == ROW_DELETE)
		send_delete(row, all_of(row, &conditions));
	else
	{
		add_assignments(row, given->assigned, &changes, &conditions);
		send_changes(row, &changes, all_of(row, &conditions));
	}
	row_write_end(writer, caller);
	return row;
}

/* True when the value is NULL or can be stored by itself. */
static bool
can_store(const ForeignColumn *column, Arena *arena, Datum datum, bool is_null)
{
	AttributeValue value;
	ItemViolation violation;

	if (is_null)
		return true;
	if (column_conversion_write(column->conversion, arena, datum, &value) != WRITE_EXACT)
		return false;
	CHECK_RESULT(attribute_value_check_limits(arena, &column->path, &value, &violation),
	             "check value");
	return violation.kind == ITEM_IS_FINE;
}

bool
row_can_assign(RowWriter *writer, const AssignedColumns *assigned)
{
	MemoryContext caller;
	Arena *arena;
	bool can = true;

	MemoryContextReset(writer->scratch);
	caller = MemoryContextSwitchTo(writer->scratch);
	arena = memory_context_arena(writer->scratch, ARENA_PLAIN, ROW_MEMORY_MAXIMUM);
	for (int i = 0; i < list_length(assigned->columns) && can; i++)
		can = can_store(assigned_column(writer, assigned, i), arena, assigned->values[i],
		                assigned->nulls[i]);
	MemoryContextSwitchTo(caller);
	return can;
}
