/*
 * row_change.c
 *		From an old row, and perhaps a new one, to the change of the stored item.
 *
 * A change is made twice at most. First from the rows alone, as SQL sees them, under the condition
 * that the item holds what the old row says. That is all it takes where values are stored as they
 * are written. Where they are not (a time with another offset, a set that plain JSON shows as an
 * array), or where the item has changed, the condition fails and the stored item is at hand: then
 * either the old row still is what it reads as, and the change is made anew from what is stored, or
 * somebody has changed it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "item/attribute_change.h"
#include "item/stored_form.h"
#include "postgres/modify/row_encryption.h"
#include "postgres/modify/row_sealing.h"
#include "postgres/modify/row_writer_parts.h"

/* --- rows ------------------------------------------------------------------------------------- */

static RowValues
make_values(RowWrite *row)
{
	int count = row->writer->relation->column_count;

	return (RowValues){
	    .values = MemoryContextAllocZero(row->context, sizeof(Datum) * Max(count, 1)),
	    .nulls = MemoryContextAllocZero(row->context, sizeof(bool) * Max(count, 1)),
	};
}

/* A copy that needs no other storage: neither the executor's nor a TOAST table. */
static Datum
copy_datum(RowWrite *row, Form_pg_attribute attribute, Datum datum)
{
	MemoryContext caller = MemoryContextSwitchTo(row->context);

	if (attribute->attlen == -1)
		datum = PointerGetDatum(PG_DETOAST_DATUM_COPY(datum));
	else
		datum = datumCopy(datum, attribute->attbyval, attribute->attlen);
	MemoryContextSwitchTo(caller);
	return datum;
}

static RowValues
copy_values(RowWrite *row, const Datum *values, const bool *nulls)
{
	TupleDesc descriptor = row->writer->descriptor;
	RowValues copy = make_values(row);

	for (int i = 0; i < descriptor->natts; i++)
	{
		copy.nulls[i] = nulls[i] || TupleDescAttr(descriptor, i)->attisdropped;
		if (!copy.nulls[i])
			copy.values[i] = copy_datum(row, TupleDescAttr(descriptor, i), values[i]);
	}
	return copy;
}

static RowValues
copy_tuple(RowWrite *row, HeapTupleHeader header)
{
	TupleDesc descriptor = row->writer->descriptor;
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};
	Datum *values = palloc_array(Datum, Max(descriptor->natts, 1));
	bool *nulls = palloc_array(bool, Max(descriptor->natts, 1));

	heap_deform_tuple(&tuple, descriptor, values, nulls);
	return copy_values(row, values, nulls);
}

/* True when the column has the same value in both rows, to the last bit of its image. */
static bool
column_is_equal(const RowWriter *writer, const ForeignColumn *column, const RowValues *a,
                const RowValues *b)
{
	int place = column->number - 1;
	Form_pg_attribute attribute = TupleDescAttr(writer->descriptor, place);

	if (a->nulls[place] || b->nulls[place])
		return a->nulls[place] == b->nulls[place];
	return datum_image_eq(a->values[place], b->values[place], attribute->attbyval,
	                      attribute->attlen);
}

static bool
column_was_read(const RowWriter *writer, const ForeignColumn *column)
{
	return bms_is_member(column->number, writer->read_columns);
}

static bool
column_is_key(const RowWriter *writer, const ForeignColumn *column)
{
	for (int i = 0; i < writer->key_count; i++)
	{
		if (foreign_relation_column_of(writer->relation, writer->rules[i].name) == column)
			return true;
	}
	return false;
}

/* True when a key attribute is in no column but the whole item. */
static bool
keys_are_in_whole_item(const RowWriter *writer)
{
	for (int i = 0; i < writer->key_count; i++)
	{
		if (foreign_relation_column_of(writer->relation, writer->rules[i].name) == NULL)
			return true;
	}
	return false;
}

/* The key attributes of a row. */
static DynamodbItem
key_of_values(RowWrite *row, const RowValues *values)
{
	const ForeignRelation *relation = row->writer->relation;
	bool from_whole_item = keys_are_in_whole_item(row->writer);
	ItemBuilder builder;

	CHECK_RESULT(item_builder_init(&builder, row->arena, NULL), "write row");
	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (column->live &&
		    (column->options->whole_item ? from_whole_item : column_is_key(row->writer, column)))
			put_column(row, &builder, column, values->values[i], values->nulls[i]);
	}
	return key_of_item(row, &builder.item);
}

/* --- conditions ------------------------------------------------------------------------------- */

void
add_condition(RowWrite *row, ConditionList *list, Condition *condition)
{
	list->conditions = arena_grow_array(row->arena, list->conditions, list->count, &list->capacity,
	                                    sizeof(*list->conditions));
	if (list->conditions == NULL)
		report_result(arena_failure(row->arena, list->capacity * sizeof(*list->conditions)),
		              "write row");
	list->conditions[list->count++] = condition;
}

/* That the place holds exactly the value; NULL: that nothing is there. */
void
add_stored(RowWrite *row, ConditionList *list, const AttributePath *path,
           const AttributeValue *value)
{
	add_condition(row, list,
	              value == NULL ? make_condition(row, CONDITION_NOT_EXISTS, path)
	                            : make_comparison(row, path, value));
}

/* That the place is SQL NULL: there is nothing, or a NULL attribute. */
static void
add_null(RowWrite *row, ConditionList *list, const AttributePath *path)
{
	Condition *either = make_condition(row, CONDITION_OR, path);
	Condition *is_null = make_condition(row, CONDITION_HAS_TYPE, path);

	is_null->attribute_type = ATTRIBUTE_NULL;
	either->children = ROW_ALLOCATE(row, 2, Condition *);
	either->children[0] = make_condition(row, CONDITION_NOT_EXISTS, path);
	either->children[1] = is_null;
	either->child_count = 2;
	add_condition(row, list, either);
}

void
add_existence(RowWrite *row, ConditionList *list)
{
	AttributePath path = path_of_name(row, row->writer->rules[0].name);

	add_condition(row, list, make_condition(row, CONDITION_EXISTS, &path));
}

static void
check_operators(const Condition *condition, size_t places)
{
	uint32_t operators = condition_operator_count(condition);

	if (operators > EXPRESSION_OPERATORS_MAXIMUM)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		     errmsg("statement looks at too many attributes of an item"),
		     errdetail("The write's condition is that %zu of them have not changed, which takes "
		               "%u operators; DynamoDB's limit is %d.",
		               places, operators, EXPRESSION_OPERATORS_MAXIMUM),
		     errhint("An UPDATE of key columns looks at all attributes; other statements look "
		             "at the columns in SET, WHERE and RETURNING, and in a whole_item column at "
		             "all that it holds.")));
}

const Condition *
all_of(RowWrite *row, const ConditionList *list)
{
	Condition *all;

	if (list->count == 1)
		return list->conditions[0];
	all = ROW_ALLOCATE(row, 1, Condition);
	all->kind = CONDITION_AND;
	all->children = list->conditions;
	all->child_count = (uint32_t) list->count;
	check_operators(all, list->count - 1);
	return all;
}

/* --- from the rows alone ---------------------------------------------------------------------- */

/* That the whole item's members are as the old row has them. */
static void
expect_whole_item(RowWrite *row, ConditionList *list, const ForeignColumn *column)
{
	int place = column->number - 1;
	const AttributeValue *map =
	    whole_item_write(row, row->old.values[place], row->old.nulls[place]);

	for (uint32 i = 0; i < map->count; i++)
	{
		AttributePath path = path_of_name(row, map->attributes[i].name);

		add_stored(row, list, &path, &map->attributes[i].value);
	}
}

/* That the column's place is as the old row has it. */
static void
expect_column(RowWrite *row, ConditionList *list, const ForeignColumn *column)
{
	int place = column->number - 1;
	const AttributeValue *value;

	if (column->options->whole_item)
		expect_whole_item(row, list, column);
	else if (column->encryption != NULL)
		row->needs_stored = true; /* its ciphertext, which the old row does not tell */
	else if (!column_write_read(row, column, row->old.values[place], row->old.nulls[place], &value))
		row->needs_stored = true;
	else if (value == NULL)
		add_null(row, list, &column->path);
	else
		add_stored(row, list, &column->path, value);
}

/* A document is changed in parts, which says something only of the document that was read. */
static bool
is_document(const ForeignColumn *column)
{
	AttributeType type;

	if (column->encryption != NULL)
		return false;
	return !column_conversion_written_type(column->conversion, &type) || type == ATTRIBUTE_L ||
	       type == ATTRIBUTE_M;
}

/* The old row lacks the value of an encrypted column that nobody looks at. */
static bool
encrypted_column_changes(const RowWrite *row, const ForeignColumn *column)
{
	const RowWriter *writer = row->writer;

	if (column_was_read(writer, column))
		return !column_is_equal(writer, column, &row->old, &row->new);
	return bms_is_member(column->number, writer->assigned_columns) ||
	       !row->new.nulls[column->number - 1];
}

bool
row_column_changes(const RowWrite *row, const ForeignColumn *column)
{
	if (row->kind != ROW_UPDATE && row->kind != ROW_MOVE)
		return false;
	if (column->encryption != NULL)
		return encrypted_column_changes(row, column);
	return !column_is_equal(row->writer, column, &row->old, &row->new);
}

/* The condition under which the change is what the statement means. */
static const Condition *
expect_old_row(RowWrite *row)
{
	const RowWriter *writer = row->writer;
	ConditionList list = {0};

	add_existence(row, &list);
	for (int i = 0; i < writer->relation->column_count; i++)
	{
		const ForeignColumn *column = &writer->relation->columns[i];

		if (!column->live || column_is_key(writer, column))
			continue;
		if (column_was_read(writer, column) ||
		    (!column->options->whole_item && is_document(column) &&
		     row_column_changes(row, column)))
			expect_column(row, &list, column);
	}
	return all_of(row, &list);
}

static void
add_difference(RowWrite *row, ChangeList *list, const AttributePath *path,
               const AttributeValue *before, const AttributeValue *after)
{
	CHECK_RESULT(attribute_changes_between(row->arena, path, before, after, &list->changes,
	                                       &list->count, &list->capacity),
	             "compare values");
}

bool
leads_into_list(const AttributePath *path)
{
	for (uint32 i = 0; i < path->count; i++)
	{
		if (path->steps[i].is_index)
			return true;
	}
	return false;
}

/*
 * DynamoDB appends where an index lies behind a list's end, so for an element that may be missing
 * the list must be known.
 */
static void
change_column(RowWrite *row, ChangeList *list, const ForeignColumn *column)
{
	int place = column->number - 1;
	/* No two ciphertexts are the same: what was there is another one, or nothing. */
	static const AttributeValue other_ciphertext = {.type = ATTRIBUTE_B};
	const AttributeValue *before;
	const AttributeValue *after =
	    column_write(row, column, row->new.values[place], row->new.nulls[place]);

	if (column->encryption != NULL)
		add_difference(row, list, &column->path, &other_ciphertext, after);
	else if (!column_write_read(row, column, row->old.values[place], row->old.nulls[place],
	                            &before))
		row->needs_stored = true;
	else
		add_difference(row, list, &column->path, before, after);
	if (leads_into_list(&column->path))
		row->needs_stored = true;
}

/* The way through the members of two maps, each name once, to those that differ. */
typedef struct MemberWalk
{
	const AttributeValue *before;
	const AttributeValue *after;
	uint32 next;
	Bytes name; /* of the member that was found, … */
	AttributePath path;
	const AttributeValue *old; /* … and its values; NULL: none */
	const AttributeValue *new;
} MemberWalk;

static MemberWalk
walk_members(RowWrite *row, const ForeignColumn *column, const RowValues *before)
{
	int place = column->number - 1;

	return (MemberWalk){
	    .before = whole_item_write(row, before->values[place], before->nulls[place]),
	    .after = whole_item_write(row, row->new.values[place], row->new.nulls[place]),
	};
}

/* Finds the next member that differs; false at the end. */
static bool
next_change(RowWrite *row, MemberWalk *walk)
{
	uint32 count = walk->before->count;

	while (walk->next < count + walk->after->count)
	{
		uint32 i = walk->next++;

		walk->name =
		    i < count ? walk->before->attributes[i].name : walk->after->attributes[i - count].name;
		walk->old = map_find(walk->before, walk->name);
		walk->new = map_find(walk->after, walk->name);
		if ((i >= count && walk->old != NULL) ||
		    (walk->old != NULL && walk->new != NULL &&attribute_value_equal(walk->old, walk->new)))
			continue;
		check_member(row->writer, walk->name);
		walk->path = path_of_name(row, walk->name);
		return true;
	}
	return false;
}

static void
change_whole_item(RowWrite *row, ChangeList *list, ConditionList *conditions,
                  const ForeignColumn *column)
{
	MemberWalk walk = walk_members(row, column, &row->old);

	while (next_change(row, &walk))
	{
		add_difference(row, list, &walk.path, walk.old, walk.new);
		add_stored(row, conditions, &walk.path, walk.old);
	}
}

static bool
changes_agree(const AttributeChange *a, const AttributeChange *b)
{
	if (!attribute_path_equal(&a->path, &b->path))
		return false;
	if (a->value == NULL || b->value == NULL)
		return a->value == b->value;
	return attribute_value_equal(a->value, b->value);
}

/* Several columns may map one place, and then have to agree; DynamoDB wants each place once. */
static void
check_overlaps(const RowWriter *writer, ChangeList *list)
{
	for (size_t i = 0; i < list->count; i++)
	{
		for (size_t j = i + 1; j < list->count; j++)
		{
			if (!attribute_path_overlap(&list->changes[i].path, &list->changes[j].path))
				continue;
			if (!changes_agree(&list->changes[i], &list->changes[j]))
				report_disagreement(writer, &list->changes[i].path);
			list->changes[j--] = list->changes[--list->count];
		}
	}
}

void
check_changes(RowWrite *row, const ChangeList *list)
{
	for (size_t i = 0; i < list->count; i++)
	{
		ItemViolation violation;

		if (list->changes[i].value == NULL)
			continue;
		CHECK_RESULT(attribute_value_check_limits(row->arena, &list->changes[i].path,
		                                          list->changes[i].value, &violation),
		             "check value");
		if (violation.kind != ITEM_IS_FINE)
			report_violation(row, &violation);
	}
}

void
send_changes(RowWrite *row, const ChangeList *list, const Condition *condition)
{
	row->write_count = 0;
	if (list->count == 0)
		return;
	row->writes[row->write_count++] = (ItemWrite){
	    .action = ITEM_WRITE_UPDATE,
	    .table_name = row->writer->table_name,
	    .key = row->key,
	    .changes = list->changes,
	    .change_count = list->count,
	    .condition = condition,
	};
}

static const Condition *
both(RowWrite *row, const Condition *first, const ConditionList *others)
{
	ConditionList list = {0};

	if (others->count == 0)
		return first;
	add_condition(row, &list, unconstify(Condition *, first));
	for (size_t i = 0; i < others->count; i++)
		add_condition(row, &list, others->conditions[i]);
	return all_of(row, &list);
}

static void
change_from_rows(RowWrite *row)
{
	const ForeignRelation *relation = row->writer->relation;
	ChangeList list = {0};
	ConditionList members = {0};

	row_check_bindings(row, row_column_changes);
	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (!column->live || !row_column_changes(row, column))
			continue;
		if (column->options->whole_item)
			change_whole_item(row, &list, &members, column);
		else
			change_column(row, &list, column);
	}
	check_overlaps(row->writer, &list);
	check_changes(row, &list);
	send_changes(row, &list, both(row, expect_old_row(row), &members));
}

RowWrite *
row_write_update(RowWriter *writer, HeapTupleHeader old, TupleTableSlot *slot)
{
	MemoryContext caller;
	RowWrite *row = row_write_begin(writer, ROW_UPDATE, &caller);

	slot_getallattrs(slot);
	row->old = copy_tuple(row, old);
	row->new = copy_values(row, slot->tts_values, slot->tts_isnull);
	row->key = key_of_values(row, &row->old);
	writer->place.item = &row->key;
	row->new_key = key_of_values(row, &row->new);
	if (!row_keys_equal(&row->key, &row->new_key))
		row->kind = ROW_MOVE;
	/* An item that is moved, or signed as a whole, is made of all that is stored. */
	if (row->kind == ROW_MOVE || writer->items != NULL)
		row->needs_stored = true;
	else
		change_from_rows(row);
	row_write_end(writer, caller);
	return row;
}

void
send_delete(RowWrite *row, const Condition *condition)
{
	row->write_count = 0;
	row->writes[row->write_count++] = (ItemWrite){
	    .action = ITEM_WRITE_DELETE,
	    .table_name = row->writer->table_name,
	    .key = row->key,
	    .condition = condition,
	};
}

static const Condition *
expect_existence(RowWrite *row)
{
	ConditionList list = {0};

	add_existence(row, &list);
	return all_of(row, &list);
}

/* True when the statement has looked at more of the row than its key. */
static bool
looks_at_contents(const RowWriter *writer)
{
	for (int i = 0; i < writer->relation->column_count; i++)
	{
		const ForeignColumn *column = &writer->relation->columns[i];

		if (column->live && column_was_read(writer, column) && !column_is_key(writer, column))
			return true;
	}
	return false;
}

RowWrite *
row_write_delete(RowWriter *writer, HeapTupleHeader old)
{
	MemoryContext caller;
	RowWrite *row = row_write_begin(writer, ROW_DELETE, &caller);

	row->old = copy_tuple(row, old);
	row->key = key_of_values(row, &row->old);
	writer->place.item = &row->key;
	if (writer->items == NULL)
		send_delete(row, expect_old_row(row));
	else
	{
		/* What an encrypted item holds, only the stored one can say. */
		send_delete(row, expect_existence(row));
		row->needs_stored = looks_at_contents(writer);
	}
	row_write_end(writer, caller);
	return row;
}

const AttributeValue *
item_attribute_of_column(const void *item, const ForeignColumn *column)
{
	return attribute_path_find(&column->path, item);
}

/* --- from the stored item --------------------------------------------------------------------- */

/* The stored item as a row, in scratch memory. */
static RowValues
read_stored(RowWriter *writer, const DynamodbItem *stored)
{
	int count = Max(writer->relation->column_count, 1);
	RowValues values = {palloc_array(Datum, count), palloc_array(bool, count)};

	report_place_enter(&writer->reader->place);
	if (writer->items == NULL)
		row_read(writer->reader, stored, values.values, values.nulls);
	else
		row_read_secret(writer->reader, stored, values.values, values.nulls);
	report_place_leave(&writer->reader->place);
	for (int i = 0; i < writer->reader->encrypted_count; i++)
	{
		const ForeignColumn *column = writer->reader->encrypted[i];
		int place = column->number - 1;

		if (column_was_read(writer, column))
			values.values[place] = row_decrypt_stored(writer, column, stored, &values.nulls[place]);
	}
	return values;
}

static bool
is_unchanged(const RowWrite *row, const RowValues *now)
{
	const ForeignRelation *relation = row->writer->relation;

	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (column->live && column_was_read(row->writer, column) &&
		    !column_is_equal(row->writer, column, &row->old, now))
			return false;
	}
	return true;
}

/* That the attributes that a whole_item column shows are as they are stored. */
static void
expect_stored_rest(RowWrite *row, ConditionList *list, const DynamodbItem *stored)
{
	for (uint32 i = 0; i < stored->count; i++)
	{
		Bytes name = stored->attributes[i].name;
		AttributePath path;

		if (foreign_relation_column_of(row->writer->relation, name) != NULL)
			continue;
		path = path_of_name(row, name);
		add_stored(row, list, &path, &stored->attributes[i].value);
	}
}

/* That what the statement has looked at is as it is stored. */
static void
expect_stored(RowWrite *row, ConditionList *list, const DynamodbItem *stored)
{
	const RowWriter *writer = row->writer;

	add_existence(row, list);
	for (int i = 0; i < writer->relation->column_count; i++)
	{
		const ForeignColumn *column = &writer->relation->columns[i];

		if (!column->live || column_is_key(writer, column))
			continue;
		if (column->options->whole_item)
		{
			if (column_was_read(writer, column))
				expect_stored_rest(row, list, stored);
		}
		else if (column_was_read(writer, column) ||
		         (is_document(column) && row_column_changes(row, column)))
			add_stored(row, list, &column->path, attribute_path_find(&column->path, stored));
	}
}

/* Puts the value, or with NULL nothing, to its place in the item that is to become of the stored.
 */
static void
replace_value(RowWrite *row, ItemBuilder *builder, const AttributePath *path,
              const AttributeValue *value)
{
	PutOutcome outcome = PUT_DONE;

	if (value == NULL)
		CHECK_RESULT(item_builder_remove(builder, path), "write row");
	else
		CHECK_RESULT(item_builder_replace(builder, path, value, &outcome), "write row");
	if (outcome == PUT_CONFLICT)
		report_disagreement(row->writer, path);
}

/* The value to store for one that reads as `before` now and shall read as `after`. */
static void
replace_in_form(RowWrite *row, ItemBuilder *builder, const AttributePath *path,
                const AttributeValue *stored, const AttributeValue *before,
                const AttributeValue *after)
{
	AttributeValue *kept = NULL;

	if (after != NULL)
	{
		kept = ROW_ALLOCATE(row, 1, AttributeValue);
		CHECK_RESULT(stored_form_of_change(row->arena, stored, before, after, kept), "write row");
	}
	replace_value(row, builder, path, kept);
}

static void
replace_column(RowWrite *row, ItemBuilder *builder, const ForeignColumn *column,
               const DynamodbItem *stored, const RowValues *now)
{
	int place = column->number - 1;
	const AttributeValue *before;

	if (column->encryption != NULL)
	{
		replace_value(row, builder, &column->path,
		              column_write(row, column, row->new.values[place], row->new.nulls[place]));
		return;
	}
	if (!column_write_read(row, column, now->values[place], now->nulls[place], &before))
		before = NULL;
	replace_in_form(row, builder, &column->path, attribute_path_find(&column->path, stored), before,
	                column_write(row, column, row->new.values[place], row->new.nulls[place]));
}

/* As change_whole_item(), from what the stored members read as. */
static void
replace_whole_item(RowWrite *row, ItemBuilder *builder, const ForeignColumn *column,
                   const DynamodbItem *stored, const RowValues *now)
{
	MemberWalk walk = walk_members(row, column, now);

	while (next_change(row, &walk))
		replace_in_form(row, builder, &walk.path, item_find(stored, walk.name), walk.old, walk.new);
}

/* The stored item with every changed column in place. */
static void
replace_columns(RowWrite *row, ItemBuilder *builder, const DynamodbItem *stored,
                const RowValues *now)
{
	const ForeignRelation *relation = row->writer->relation;

	CHECK_RESULT(item_builder_init(builder, row->arena, stored), "write row");
	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (!column->live || !row_column_changes(row, column))
			continue;
		if (column->options->whole_item)
			replace_whole_item(row, builder, column, stored, now);
		else
			replace_column(row, builder, column, stored, now);
	}
}

/* The differences of two items, and that what they change is as it was. */
static void
find_differences(RowWrite *row, ChangeList *list, ConditionList *conditions,
                 const DynamodbItem *before, const DynamodbItem *after)
{
	for (uint32 i = 0; i < before->count + after->count; i++)
	{
		Bytes name = i < before->count ? before->attributes[i].name
		                               : after->attributes[i - before->count].name;
		AttributePath path = path_of_name(row, name);
		const AttributeValue *old = item_find(before, name);

		if (i < before->count || old == NULL)
			add_difference(row, list, &path, old, item_find(after, name));
	}
	for (size_t i = 0; i < list->count; i++)
		add_stored(row, conditions, &list->changes[i].path,
		           attribute_path_find(&list->changes[i].path, before));
}

/* That every attribute is as it is stored: for a move, which would lose what came meanwhile. */
static const Condition *
expect_all(RowWrite *row, const DynamodbItem *stored)
{
	ConditionList list = {0};

	add_existence(row, &list);
	for (uint32 i = 0; i < stored->count; i++)
	{
		AttributePath path = path_of_name(row, stored->attributes[i].name);

		if (item_find(&row->key, stored->attributes[i].name) == NULL)
			add_stored(row, &list, &path, &stored->attributes[i].value);
	}
	return all_of(row, &list);
}

static void
send_move(RowWrite *row, const DynamodbItem *stored, const DynamodbItem *changed)
{
	AttributePath path = path_of_name(row, row->writer->rules[0].name);

	send_delete(row, expect_all(row, stored));
	row->writes[row->write_count++] = (ItemWrite){
	    .action = ITEM_WRITE_PUT,
	    .table_name = row->writer->table_name,
	    .key = row->new_key,
	    .item = *changed,
	    .condition = make_condition(row, CONDITION_NOT_EXISTS, &path),
	};
}

static bool
items_equal(const DynamodbItem *a, const DynamodbItem *b)
{
	AttributeValue map_a = {.type = ATTRIBUTE_M, .count = a->count, .attributes = a->attributes};
	AttributeValue map_b = {.type = ATTRIBUTE_M, .count = b->count, .attributes = b->attributes};

	return attribute_value_equal(&map_a, &map_b);
}

/* The stored item is given as it is stored, and opened. */
static void
change_sealed(RowWrite *row, const DynamodbItem *stored, const DynamodbItem *opened,
              const RowValues *now)
{
	ItemBuilder builder;

	replace_columns(row, &builder, opened, now);
	check_item(row, &builder.item);
	row->write_count = 0;
	if (!items_equal(opened, &builder.item))
		row_send_sealed(row, stored, &builder.item);
}

static void
change_from_stored(RowWrite *row, const DynamodbItem *stored, const RowValues *now)
{
	ItemBuilder builder;
	ChangeList list = {0};
	ConditionList conditions = {0};

	row_check_bindings(row, row_column_changes);
	replace_columns(row, &builder, stored, now);
	check_item(row, &builder.item);
	if (row->kind == ROW_MOVE)
	{
		send_move(row, stored, &builder.item);
		return;
	}
	expect_stored(row, &conditions, stored);
	find_differences(row, &list, &conditions, stored, &builder.item);
	send_changes(row, &list, all_of(row, &conditions));
}

/* The row is what the statement has read: makes its writes of the stored item. */
static void
make_writes(RowWrite *row, const DynamodbItem *stored, const DynamodbItem *opened,
            const RowValues *now)
{
	ConditionList conditions = {0};

	if (row->writer->items != NULL && row->kind == ROW_DELETE)
		send_delete(row, row_expect_sealed(row, stored));
	else if (row->writer->items != NULL)
		change_sealed(row, stored, opened, now);
	else if (row->kind == ROW_DELETE)
	{
		expect_stored(row, &conditions, stored);
		send_delete(row, all_of(row, &conditions));
	}
	else
		change_from_stored(row, stored, now);
}

bool
row_write_from_stored(RowWrite *row, const DynamodbItem *stored)
{
	RowWriter *writer = row->writer;
	const DynamodbItem *opened = stored;
	MemoryContext caller;
	RowValues now;
	bool unchanged;

	if (stored == NULL)
		return false;
	MemoryContextReset(writer->scratch);
	caller = MemoryContextSwitchTo(writer->scratch);
	report_place_enter(&writer->place);
	row->stored = stored;
	writer->place.item = &row->key;
	if (writer->items != NULL)
		opened = row_open_stored(row, stored);
	now = read_stored(writer, opened);
	unchanged = is_unchanged(row, &now);
	row->needs_stored = false;
	if (unchanged)
		make_writes(row, stored, opened, &now);
	row->stored = NULL;
	row_write_end(writer, caller);
	return unchanged;
}

/* --- after the fact --------------------------------------------------------------------------- */

static bool
change_has_happened(const AttributeChange *change, const DynamodbItem *stored)
{
	const AttributeValue *value = attribute_path_find(&change->path, stored);

	if (change->value == NULL)
		return value == NULL;
	return value != NULL && attribute_value_equal(value, change->value);
}

static bool
write_has_happened(const ItemWrite *write, const DynamodbItem *stored)
{
	if (write->action == ITEM_WRITE_DELETE)
		return stored == NULL;
	if (stored == NULL)
		return false;
	if (write->action == ITEM_WRITE_PUT)
		return items_equal(&write->item, stored);
	for (size_t i = 0; i < write->change_count; i++)
	{
		if (!change_has_happened(&write->changes[i], stored))
			return false;
	}
	return true;
}

bool
row_write_has_happened(const RowWrite *row, const DynamodbItem *stored)
{
	return row->kind != ROW_MOVE && row->write_count == 1 &&
	       write_has_happened(&row->writes[0], stored);
}
