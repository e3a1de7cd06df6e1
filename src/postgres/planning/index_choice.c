/*
 * index_choice.c
 *		Whether an index can answer for the table.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/conditions/document_members.h"
#include "postgres/conditions/key_match.h"
#include "postgres/conditions/template.h"
#include "postgres/planning/index_choice.h"
#include "postgres/scan/access.h"

static bool
index_holds_attribute(const RelationPlanning *planning, const IndexDescription *index, Bytes name)
{
	if (index->projection == PROJECTION_ALL || key_schema_has(&index->keys, name) ||
	    key_schema_has(&planning->relation->description->keys, name))
		return true;
	for (uint32 i = 0; i < index->included_count; i++)
	{
		if (bytes_equal(index->included[i], name))
			return true;
	}
	return false;
}

/* True when the items of the index are whole, as far as those of the table must be. */
static bool
index_holds_whole_items(const RelationPlanning *planning, const IndexDescription *index)
{
	return planning->relation->encryption == NULL || index->projection == PROJECTION_ALL;
}

/* The first needed column that the index does not hold; NULL when it holds all. */
static const ForeignColumn *
column_missing_in_index(const RelationPlanning *planning, const IndexDescription *index)
{
	ListCell *cell;

	foreach (cell, planning->columns)
	{
		const ForeignColumn *column = &planning->relation->columns[lfirst_int(cell) - 1];

		if (column->options->whole_item)
		{
			if (index->projection != PROJECTION_ALL)
				return column;
		}
		else if (!index_holds_attribute(planning, index, column->path.steps[0].name))
			return column;
	}
	return NULL;
}

static bool
index_holds_expiry(const RelationPlanning *planning, const IndexDescription *index)
{
	Bytes name = expiry_attribute(planning->relation);

	return name.length == 0 || index_holds_attribute(planning, index, name);
}

bool
index_holds_items(const ForeignRelation *relation, const IndexDescription *index, List *conditions)
{
	const KeySchema *keys = &index->keys;
	uint32 count = keys->hash_count + keys->range_count;

	if (relation->options->dense_indexes)
		return true;
	for (uint32 i = 0; i < count; i++)
	{
		const KeyAttribute *attribute =
		    i < keys->hash_count ? &keys->hash[i] : &keys->range[i - keys->hash_count];

		if (!key_schema_has(&relation->description->keys, attribute->name) &&
		    !conditions_need_attribute(relation, conditions, attribute))
			return false;
	}
	return true;
}

bool
index_gives_keys(const RelationPlanning *planning, const IndexDescription *index)
{
	return index->active && !(index->global && planning->relation->options->consistent_read);
}

/* What the columns of a template are looked for in. */
typedef struct IndexContents
{
	const RelationPlanning *planning;
	const IndexDescription *index;
} IndexContents;

static bool
leaf_is_missing(const TemplateLeaf *leaf, const void *context)
{
	const IndexContents *contents = context;
	const AttributePath *path = &template_leaf_column(contents->planning->relation, leaf)->path;

	return !index_holds_attribute(contents->planning, contents->index, path->steps[0].name);
}

bool
index_holds_template(const RelationPlanning *planning, const IndexDescription *index,
                     const List *template)
{
	IndexContents contents = {planning, index};

	return !template_mentions(template, leaf_is_missing, &contents);
}

bool
index_is_usable(const RelationPlanning *planning, const IndexDescription *index)
{
	if (!index_gives_keys(planning, index))
		return false;
	return index_holds_whole_items(planning, index) &&
	       column_missing_in_index(planning, index) == NULL && index_holds_expiry(planning, index);
}

static const IndexDescription *
find_chosen_index(const ForeignRelation *relation)
{
	const char *name = relation->options->index_name;
	const IndexDescription *index = table_index(relation->description, bytes_of_string(name));

	if (index == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
		         errmsg("table \"%s\" has no index \"%s\"", relation->options->table_name, name)));
	if (!index->active)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("index \"%s\" of table \"%s\" is not active", name,
		                       relation->options->table_name)));
	if (index->global && relation->options->consistent_read)
		ereport(ERROR,
		        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		         errmsg("global index \"%s\" of table \"%s\" cannot be read consistently", name,
		                relation->options->table_name),
		         errhint("Set the option \"consistent_read\" to false, or drop \"index_name\".")));
	return index;
}

const IndexDescription *
index_chosen_by_option(const RelationPlanning *planning)
{
	const ForeignRelation *relation = planning->relation;
	const ForeignColumn *missing;
	const IndexDescription *index;

	if (relation->options->index_name == NULL)
		return NULL;
	index = find_chosen_index(relation);
	missing = column_missing_in_index(planning, index);
	if (missing != NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		         errmsg("index \"%s\" does not hold column \"%s\" of foreign table \"%s\"",
		                relation->options->index_name, missing->name, relation->name),
		         errhint("Read the column through a foreign table without \"index_name\".")));
	if (!index_holds_whole_items(planning, index))
		ereport(ERROR,
		        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		         errmsg("index \"%s\" does not hold the whole items of encrypted foreign table "
		                "\"%s\"",
		                relation->options->index_name, relation->name),
		         errdetail("Only a whole item can be verified."),
		         errhint("Read the table through a foreign table without \"index_name\".")));
	if (!index_holds_expiry(planning, index))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("index \"%s\" does not hold the attribute by which items of foreign "
		                       "table \"%s\" expire",
		                       relation->options->index_name, relation->name),
		                errhint("Set the option \"hide_expired\" to false.")));
	return index;
}
