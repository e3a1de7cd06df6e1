/*
 * relation.h
 *		What a foreign table is: its columns, their places in an item, the DynamoDB table behind it.
 */
#ifndef POSTGRES_RELATION_H
#define POSTGRES_RELATION_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/dynamodb.h"
#include "item/attribute_path.h"
#include "item/page_decoder.h"
#include "postgres/datum.h"
#include "postgres/options.h"
#include "postgres/service_call.h"

typedef struct ForeignColumn
{
	AttrNumber number;
	bool live; /* neither dropped nor generated; the other fields are set only then */
	const char *name;
	Oid type;
	int32 type_modifier;
	Oid collation;
	ColumnOptions *options;
	AttributePath path; /* not for the whole_item column */
	int32 slot; /* of the path's first name in the relation's NameTable; -1 for whole_item */
	ColumnConversion *conversion;
} ForeignColumn;

typedef struct ForeignRelation
{
	Oid id;
	const char *name;
	Oid server_id;
	TableOptions *options;
	const ServerOptions *server_options;
	ServiceClient *client;
	const TableDescription *description; /* NULL when missing and missing_table_is_empty */
	ForeignColumn *columns;              /* column number n is columns[n - 1] */
	int column_count;
	int whole_item_column; /* its place in columns; -1 when there is none */
	NameTable names;       /* every top-level name that a column maps */
} ForeignRelation;

/*
 * Opens the foreign table as `user_id` sees it, all in CurrentMemoryContext. Checks that columns,
 * options and the table's description agree: HV005 naming the column where they do not (a key
 * attribute's type, two whole_item columns, overlapping paths are all right). HV00R when the table
 * does not exist, unless its options make it empty.
 */
extern ForeignRelation *foreign_relation_open(Oid relation_id, Oid user_id);

/* The same without asking the service: description is NULL. For option checks and DDL. */
extern ForeignRelation *foreign_relation_open_offline(Oid relation_id, Oid user_id);

/* The column that maps exactly the top-level attribute `name`; NULL when none does. */
extern const ForeignColumn *foreign_relation_column_of(const ForeignRelation *relation, Bytes name);

/* The index of that name; NULL when there is none. */
extern const IndexDescription *table_index(const TableDescription *description, Bytes name);

/*
 * The table's description, from this backend's cache if it is younger than
 * TABLE_DESCRIPTION_AGE_MS, else asked for. Borrowed until the end of the transaction. NULL when
 * the table does not exist.
 */
extern const TableDescription *table_description_get(ServiceClient *client, const char *table_name);

/* Drops it from the cache: the service contradicted it. */
extern void table_description_forget(ServiceClient *client, const char *table_name);

#define TABLE_DESCRIPTION_AGE_MS (5 * 60 * 1000)

#endif
