/*
 * stream_relation.c
 *		What a foreign table over a change stream is, and its records as rows.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "postgres/compat.h"

#include "postgres/encryption/column_encryption.h"
#include "postgres/encryption/secret_errors.h"
#include "postgres/encryption/table_encryption.h"
#include "postgres/stream/stream.h"

/* ---- columns ---- */

static StreamRole
role_of_column(const ForeignColumn *column)
{
	const ColumnOptions *options = column->options;

	if (options->stream_role != STREAM_ROLE_UNSAID)
		return options->stream_role;
	if (options->attribute_name != NULL || options->attribute_path != NULL || options->whole_item)
		return STREAM_ROLE_UNSAID;
	return stream_role_by_name(column->name);
}

/* The type that a role wants; InvalidOid: any that holds a string or a number. */
static Oid
type_of_role(StreamRole role)
{
	switch (role)
	{
		case STREAM_KEYS:
		case STREAM_NEW_IMAGE_OF_ITEM:
		case STREAM_OLD_IMAGE_OF_ITEM:
			return JSONBOID;
		case STREAM_HAPPENED_AT:
			return TIMESTAMPTZOID;
		default:
			return InvalidOid;
	}
}

static bool
type_is_good(const ForeignColumn *column, StreamRole role)
{
	Oid type = type_of_role(role);

	if (OidIsValid(type))
		return column->type == type;
	return column_conversion_accepts(column->conversion, ATTRIBUTE_S) ||
	       (role == STREAM_SEQUENCE_NUMBER &&
	        column_conversion_accepts(column->conversion, ATTRIBUTE_N));
}

/* What the column holds is no attribute, so nothing can be done with one. */
static void
refuse_options_of_attributes(const ForeignRelation *relation, const ForeignColumn *column)
{
	const char *option = option_of_attributes(relation->id, column->number);

	if (option == NULL)
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
	         errmsg("column \"%s\" of foreign table \"%s\" cannot have option \"%s\"", column->name,
	                relation->name, option),
	         errdetail("It holds a part of a change, and no attribute of the item."),
	         errhint("A column of another name, or one with option \"attribute_name\", holds an "
	                 "attribute.")));
}

static void
check_column(const ForeignRelation *relation, const ForeignColumn *column, StreamRole role)
{
	if (role == STREAM_ROLE_UNSAID)
		return;
	refuse_options_of_attributes(relation, column);
	if (type_is_good(column, role))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
	         errmsg("column \"%s\" of foreign table \"%s\" cannot be of type %s", column->name,
	                relation->name, format_type_with_typemod(column->type, column->type_modifier)),
	         OidIsValid(type_of_role(role)) ? errdetail("What it holds of a change is of type %s.",
	                                                    format_type_be(type_of_role(role)))
	                                        : errdetail("What it holds of a change is text.")));
}

/* A part of a change is in no item, so no ciphertext can be bound to it. */
static void
refuse_context_of_roles(const ForeignRelation *relation, const ForeignColumn *encrypted,
                        const StreamRole *roles)
{
	for (int i = 0; i < relation->column_count; i++)
	{
		const ForeignColumn *column = &relation->columns[i];

		if (roles[i] != STREAM_ROLE_UNSAID && column_encryption_names(encrypted, column))
			ereport(
			    ERROR,
			    (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			     errmsg("kms_encryption_context of column \"%s\" of foreign table \"%s\" cannot "
			            "name column \"%s\"",
			            encrypted->name, relation->name, column->name),
			     errdetail("It holds a part of a change, and no attribute of the item.")));
	}
}

/* A column with a role maps no attribute, so that one of the same name is the item's own. */
static const StreamRole *
find_roles(ForeignRelation *relation)
{
	StreamRole *roles = palloc0_array(StreamRole, Max(relation->column_count, 1));

	for (int i = 0; i < relation->column_count; i++)
	{
		ForeignColumn *column = &relation->columns[i];

		if (!column->live)
			continue;
		roles[i] = role_of_column(column);
		check_column(relation, column, roles[i]);
		if (roles[i] != STREAM_ROLE_UNSAID)
			column->slot = ATTRIBUTE_NO_SLOT;
	}
	for (int i = 0; i < relation->column_count; i++)
	{
		if (relation->columns[i].live && relation->columns[i].encryption != NULL)
			refuse_context_of_roles(relation, &relation->columns[i], roles);
	}
	return roles;
}

/* ---- the relation ---- */

static StreamStart
start_of_options(const TableOptions *options)
{
	if (options->start_at == NULL || strcmp(options->start_at, "trim_horizon") == 0)
		return (StreamStart){.kind = STREAM_FROM_TRIM_HORIZON};
	if (strcmp(options->start_at, "latest") == 0)
		return (StreamStart){.kind = STREAM_FROM_LATEST};
	return (StreamStart){.kind = STREAM_FROM_SEQUENCE_NUMBER, .sequence_number = options->start_at};
}

StreamRelation *
stream_relation_open(Oid relation_id, Oid user_id)
{
	StreamRelation *stream = palloc0_object(StreamRelation);
	ForeignRelation *relation = foreign_relation_open_offline(relation_id);

	stream->relation = relation;
	stream->table_name = relation->options->stream_of;
	stream->start = start_of_options(relation->options);
	stream->roles = find_roles(relation);
	relation->client = service_client_get(relation->server_id, user_id);
	return stream;
}

void
stream_relation_find_encryption(StreamRelation *stream)
{
	ForeignRelation *relation = stream->relation;

	if (relation->options->encryption == ENCRYPTION_NONE)
		relation->encryption = table_encryption_create(relation); /* none, if nothing says so */
	else
		foreign_relation_find_encryption(relation);
	if (relation->encryption == NULL)
		return;
	for (int i = 0; i < relation->column_count; i++)
	{
		StreamRole role = stream->roles[i];

		if (role != STREAM_ROLE_UNSAID)
			relation->columns[i].is_sealed =
			    role == STREAM_NEW_IMAGE_OF_ITEM || role == STREAM_OLD_IMAGE_OF_ITEM;
	}
}

/* ---- rows ---- */

/* True when the column holds items as a whole, of which nothing may be left out. */
static bool
holds_whole_items(StreamRole role)
{
	return role == STREAM_KEYS || role == STREAM_NEW_IMAGE_OF_ITEM ||
	       role == STREAM_OLD_IMAGE_OF_ITEM;
}

StreamRowReader *
stream_row_reader_create(const StreamRelation *stream, List *columns)
{
	StreamRowReader *reader = palloc0_object(StreamRowReader);
	List *attributes = NIL;
	bool whole_items = false;
	ListCell *cell;

	foreach (cell, columns)
	{
		StreamRole role = stream->roles[lfirst_int(cell) - 1];

		whole_items = whole_items || holds_whole_items(role);
		reader->reads_new_image = reader->reads_new_image || role == STREAM_NEW_IMAGE_OF_ITEM;
		reader->reads_old_image = reader->reads_old_image || role == STREAM_OLD_IMAGE_OF_ITEM;
		if (role == STREAM_ROLE_UNSAID)
			attributes = lappend_int(attributes, lfirst_int(cell));
		else
			reader->roles = lappend_int(reader->roles, lfirst_int(cell));
	}
	reader->stream = stream;
	reader->reads_attributes = attributes != NIL;
	reader->attributes = row_reader_create(stream->relation, attributes);
	reader->names = reader->attributes->names;
	reader->names.skip_unknown = reader->names.skip_unknown && !whole_items;
	reader->nothing = palloc0_array(bool, Max(reader->names.count, 1));
	return reader;
}

const DynamodbItem *
stream_record_item(const StreamRecord *record)
{
	if (record->has_new_image)
		return &record->new_image;
	return record->has_old_image ? &record->old_image : &record->keys;
}

static Datum
read_image(const StreamRowReader *reader, const ForeignColumn *column, bool is_there,
           const DynamodbItem *image, bool *is_null)
{
	*is_null = !is_there;
	if (!is_there)
		return (Datum) 0;
	return item_read_as_jsonb(image, column->options->json_format, reader->nothing);
}

static Datum
read_text(const ForeignColumn *column, AttributeType type, Bytes text, bool *is_null)
{
	AttributeValue value = {.type = type, .bytes = text};

	return column_conversion_read(column->conversion, text.length == 0 ? NULL : &value, is_null);
}

/* Seconds since 1970 as a timestamp. */
static Datum
read_time(double seconds, bool *is_null)
{
	*is_null = seconds <= 0;
	return *is_null ? (Datum) 0 : DirectFunctionCall1(float8_timestamptz, Float8GetDatum(seconds));
}

static Datum
read_role(const StreamRowReader *reader, const ForeignColumn *column, StreamRole role,
          const StreamRecord *record, bool *is_null)
{
	AttributeType number =
	    column_conversion_accepts(column->conversion, ATTRIBUTE_N) ? ATTRIBUTE_N : ATTRIBUTE_S;

	switch (role)
	{
		case STREAM_EVENT_ID:
			return read_text(column, ATTRIBUTE_S, record->event_id, is_null);
		case STREAM_EVENT_NAME:
			return read_text(column, ATTRIBUTE_S, record->event_name, is_null);
		case STREAM_SEQUENCE_NUMBER:
			return read_text(column, number, record->sequence_number, is_null);
		case STREAM_HAPPENED_AT:
			return read_time(record->created_at, is_null);
		case STREAM_KEYS:
			return read_image(reader, column, true, &record->keys, is_null);
		case STREAM_NEW_IMAGE_OF_ITEM:
			return read_image(reader, column, record->has_new_image, &record->new_image, is_null);
		default:
			return read_image(reader, column, record->has_old_image, &record->old_image, is_null);
	}
}

void
stream_row_read_roles(StreamRowReader *reader, const StreamRecord *record, Datum *values,
                      bool *nulls)
{
	ListCell *cell;

	foreach (cell, reader->roles)
	{
		int place = lfirst_int(cell) - 1;
		const ForeignColumn *column = &reader->stream->relation->columns[place];

		reader->attributes->place.column = column->name;
		values[place] =
		    read_role(reader, column, reader->stream->roles[place], record, &nulls[place]);
	}
	reader->attributes->place.column = NULL;
}

void
stream_row_read(StreamRowReader *reader, const StreamRecord *record, Datum *values, bool *nulls)
{
	row_read(reader->attributes, stream_record_item(record), values, nulls);
	stream_row_read_roles(reader, record, values, nulls);
}

/* The column that the reader is at; NULL when it is at none. */
static const ForeignColumn *
current_column(const StreamRowReader *reader)
{
	const ForeignRelation *relation = reader->stream->relation;

	for (int i = 0; i < relation->column_count; i++)
	{
		if (relation->columns[i].live &&
		    relation->columns[i].name == reader->attributes->place.column)
			return &relation->columns[i];
	}
	return NULL;
}

void
stream_row_read_secret(StreamRowReader *reader, const StreamRecord *record, Datum *values,
                       bool *nulls)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		stream_row_read(reader, record, values, nulls);
	}
	PG_CATCH();
	{
		report_without_value(current_column(reader), caller);
	}
	PG_END_TRY();
}
