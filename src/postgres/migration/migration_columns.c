/*
 * migration_columns.c
 *		Which column of a migration's source goes to which of its target.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "postgres/compat.h"

#include "postgres/migration/migration.h"

static int
place_of_column(const ForeignRelation *relation, const char *name)
{
	for (int i = 0; i < relation->column_count; i++)
	{
		if (relation->columns[i].live && strcmp(relation->columns[i].name, name) == 0)
			return i;
	}
	return -1;
}

static void
check_types(const MigrationPair *pair, const ForeignColumn *source, const ForeignColumn *target)
{
	if (source->type == target->type && source->type_modifier == target->type_modifier)
		return;
	ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
	                errmsg("column \"%s\" is of different types in \"%s\" and \"%s\"", source->name,
	                       pair->source->name, pair->target->name),
	                errdetail("It is of type %s there, and of type %s here.",
	                          format_type_with_typemod(source->type, source->type_modifier),
	                          format_type_with_typemod(target->type, target->type_modifier))));
}

static void
match_columns(MigrationPair *pair)
{
	const ForeignRelation *target = pair->target;

	pair->source_places = palloc_array(int, Max(target->column_count, 1));
	for (int i = 0; i < target->column_count; i++)
	{
		const ForeignColumn *column = &target->columns[i];
		bool is_given = column->live && !column->is_generated;
		int place = is_given ? place_of_column(pair->source, column->name) : -1;

		pair->source_places[i] = place;
		if (place < 0)
			continue;
		check_types(pair, &pair->source->columns[place], column);
		pair->read_columns = lappend_int(pair->read_columns, place + 1);
	}
}

/* ---- keys ---- */

/* The key attribute of the role; NULL when the table has none. */
static const KeyAttribute *
key_attribute(const ForeignRelation *relation, KeyRole role)
{
	const KeySchema *keys = &relation->description->keys;

	if (role == KEY_ROLE_HASH)
		return keys->hash_count > 0 ? &keys->hash[0] : NULL;
	return keys->range_count > 0 ? &keys->range[0] : NULL;
}

static const ForeignColumn *
key_column(const ForeignRelation *relation, KeyRole role)
{
	const KeyAttribute *key = key_attribute(relation, role);

	return key == NULL ? NULL : foreign_relation_column_of(relation, key->name);
}

const ForeignColumn *
migration_pair_key(const MigrationPair *pair, KeyRole role)
{
	return key_column(pair->source, role);
}

static void
report_keys(const MigrationPair *pair, const char *role)
{
	ereport(
	    ERROR,
	    (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
	     errmsg("keys of \"%s\" and \"%s\" do not agree", pair->source->name, pair->target->name),
	     errdetail("Both tables must have a %s key, or neither, mapped by columns of one name.",
	               role)));
}

static void
check_key(const MigrationPair *pair, KeyRole role, const char *name)
{
	const ForeignColumn *source = key_column(pair->source, role);
	const ForeignColumn *target = key_column(pair->target, role);

	if (key_attribute(pair->source, role) == NULL && key_attribute(pair->target, role) == NULL)
		return;
	if (source == NULL || target == NULL || strcmp(source->name, target->name) != 0 ||
	    target->is_generated)
		report_keys(pair, name);
}

/* ---- the pair ---- */

static ForeignRelation *
open_table(Oid relation_id)
{
	ForeignRelation *relation = foreign_relation_open(relation_id, GetUserId());

	if (relation->description == NULL)
		ereport(ERROR, (errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
		                errmsg("DynamoDB table \"%s\" of foreign table \"%s\" does not exist",
		                       relation->options->table_name, relation->name)));
	return relation;
}

MigrationPair *
migration_pair_open(const Migration *migration)
{
	MigrationPair *pair = palloc0_object(MigrationPair);

	pair->source = open_table(migration->source);
	pair->target = open_table(migration->target);
	match_columns(pair);
	check_key(pair, KEY_ROLE_HASH, "hash");
	check_key(pair, KEY_ROLE_RANGE, "range");
	return pair;
}

/* As the column's options have it. */
static const char *
attribute_of_column(const ForeignColumn *column)
{
	if (column->options->whole_item)
		return "*";
	if (column->options->attribute_path != NULL)
		return column->options->attribute_path;
	return column->options->attribute_name != NULL ? column->options->attribute_name : column->name;
}

char *
migration_pair_attributes(const MigrationPair *pair)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < pair->target->column_count; i++)
	{
		int place = pair->source_places[i];

		if (place >= 0)
			appendStringInfo(&text, "%s%s -> %s", text.len > 0 ? ", " : "",
			                 attribute_of_column(&pair->source->columns[place]),
			                 attribute_of_column(&pair->target->columns[i]));
	}
	return text.data;
}

void
migration_pair_notice_dropped(const MigrationPair *pair)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < pair->source->column_count; i++)
	{
		const ForeignColumn *column = &pair->source->columns[i];

		if (column->live && !list_member_int(pair->read_columns, i + 1))
			appendStringInfo(&names, "%s\"%s\"", names.len > 0 ? ", " : "", column->name);
	}
	if (names.len > 0)
		ereport(NOTICE,
		        (errmsg("columns that \"%s\" does not have or generates are not migrated: %s",
		                pair->target->name, names.data)));
}
