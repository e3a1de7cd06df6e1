/*
 * relation.h
 *		What a foreign table is: its columns, their places in an item, the DynamoDB table behind it.
 */
#ifndef POSTGRES_RELATION_RELATION_H
#define POSTGRES_RELATION_RELATION_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/dynamodb.h"
#include "item/attribute_path.h"
#include "item/page_decoder.h"
#include "postgres/datum/datum.h"
#include "postgres/options/options.h"
#include "postgres/relation/table_description.h"
#include "postgres/service/service_call.h"

/* See column_encryption.h and table_encryption.h. */
typedef struct ColumnEncryption ColumnEncryption;
typedef struct TableEncryption TableEncryption;

typedef struct ForeignColumn
{
	AttrNumber number;
	List *members; /* of a column made for a member of a document: see document_members.h */
	bool live;     /* not dropped; the other fields are set only then */
	bool is_generated;
	const char *name;
	Oid type;
	int32 type_modifier;
	int16 length; /* of the type, as pg_attribute has it */
	bool by_value;
	Oid collation;
	ColumnOptions *options;
	AttributePath path; /* not for the whole_item column */
	int32 slot; /* of the path's first name in the relation's NameTable; -1 for whole_item */
	ColumnConversion *conversion; /* of an encrypted column the plaintext's */
	ColumnEncryption *encryption; /* NULL: the attribute is the value itself */
	bool is_sealed; /* its values may be encrypted with their items: see table_encryption.h */
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
	int whole_item_column;       /* its place in columns; -1 when there is none */
	NameTable names;             /* every top-level name that a column maps */
	TableEncryption *encryption; /* NULL: items are stored as they are */
} ForeignRelation;

/*
 * Opens the foreign table as `user_id` sees it, all in CurrentMemoryContext. Checks that columns,
 * options and the table's description agree, and names the column where they do not: HV004 for a
 * type, HV024 for an option. HV00R when the table does not exist, unless its options make it empty.
 * Those of table_encryption_create() for a table with encryption.
 *
 * Where the user may not describe the table, the description is made of the columns' `key` options:
 * without indexes and sizes. With hide_expired, options->ttl_attribute, in UTF-8, is the table's
 * own unless the options name one; NULL when its items do not expire.
 */
extern ForeignRelation *foreign_relation_open(Oid relation_id, Oid user_id);

/* The same without asking the service: client and description are NULL. For DDL. */
extern ForeignRelation *foreign_relation_open_offline(Oid relation_id);

/*
 * Finds the encryption of a relation that was opened offline, has a client since, and is no table
 * itself but shows the items of one, which is asked for its keys: options->table_name. Errors are
 * those of foreign_relation_open(), but for columns that do not agree with the keys.
 */
extern void foreign_relation_find_encryption(ForeignRelation *relation);

/* The column that maps exactly the top-level attribute `name`; NULL when none does. */
extern const ForeignColumn *foreign_relation_column_of(const ForeignRelation *relation, Bytes name);

/* True when the attribute's values are secret, so that no message shows them: a vault's tokens. */
extern bool foreign_relation_hides(const ForeignRelation *relation, Bytes name);

#endif
