/*
 * import.c
 *		IMPORT FOREIGN SCHEMA: a foreign table for each DynamoDB table.
 *
 * Keys of the table and of its indexes come from its description, other attributes from a sample of
 * its items. What the sample misses is not lost: it is in the column "_item".
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/heap.h"
#include "catalog/namespace.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "crypto/encryption_client_table.h"
#include "postgres/administration/import_names.h"
#include "postgres/datum/datum.h"
#include "postgres/memory.h"
#include "postgres/relation/table_description.h"
#include "postgres/report.h"
#include "postgres/scan/fetch.h"
#include "postgres/scan/scan.h"

#define REMOTE_SCHEMA "dynamodb"

/* The column that holds what no other column maps. */
#define WHOLE_ITEM_COLUMN "_item"

/* Attributes that are looked at; a table with more has names for keys, and those are data. */
#define ATTRIBUTES_MAXIMUM 16384

/* ListTables gives a hundred names of at most 255 bytes. */
#define LIST_MAXIMUM ((Size) 1024 * 1024)

/* In the order of the columns. */
typedef enum AttributeRole
{
	ROLE_HASH_KEY,
	ROLE_RANGE_KEY,
	ROLE_INDEX_KEY,
	ROLE_OTHER
} AttributeRole;

typedef struct ImportedAttribute
{
	Bytes name; /* the hash table's key, UTF-8 */
	AttributeRole role;
	bool sorts;         /* it is the sort key of the table or of an index */
	uint32 types;       /* those seen, bit 1 << AttributeType; of a key, its one type */
	const char *text;   /* the name in the database's encoding; NULL when it has none there */
	const char *column; /* NULL: it stays in the whole item */
} ImportedAttribute;

typedef struct TableImport
{
	ServiceClient *client;
	const ImportOptions *options;
	const char *server_name;
	const char *table_name; /* DynamoDB's */
	const char *local_name;
	HTAB *attributes; /* ImportedAttribute by name */
	bool too_many;    /* there are more attributes than were looked at or than columns fit */
	bool encrypted;   /* an item was seen that the DynamoDB Encryption Client has encrypted */
	int unnamable;    /* attributes whose names no column option can hold */
} TableImport;

/* ---- attributes ---- */

static uint32
hash_name(const void *key, Size size)
{
	const Bytes *name = key;

	return hash_bytes((const unsigned char *) name->data, name->length);
}

/* Zero when equal. */
static int
compare_names(const void *a, const void *b, Size size)
{
	return bytes_equal(*(const Bytes *) a, *(const Bytes *) b) ? 0 : 1;
}

static HTAB *
create_attributes(void)
{
	HASHCTL control = {0};

	control.keysize = sizeof(Bytes);
	control.entrysize = sizeof(ImportedAttribute);
	control.hash = hash_name;
	control.match = compare_names;
	control.hcxt = CurrentMemoryContext;
	return hash_create("DynamoDB attributes", 256, &control,
	                   HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
}

static Bytes
copy_name(Bytes name)
{
	return (Bytes){pnstrdup(name.data, name.length), name.length};
}

/* The entry of the attribute, made where there is none; NULL when there are too many. */
static ImportedAttribute *
attribute_entry(TableImport *import, Bytes name)
{
	ImportedAttribute *attribute = hash_search(import->attributes, &name, HASH_FIND, NULL);

	if (attribute != NULL)
		return attribute;
	if (hash_get_num_entries(import->attributes) >= ATTRIBUTES_MAXIMUM)
	{
		import->too_many = true;
		return NULL;
	}
	name = copy_name(name);
	attribute = hash_search(import->attributes, &name, HASH_ENTER, NULL);
	attribute->role = ROLE_OTHER;
	attribute->sorts = false;
	attribute->types = 0;
	attribute->text = NULL;
	attribute->column = NULL;
	return attribute;
}

/* Keys are added first, the table's before the indexes', so the first role is the one that stays.
 */
static void
add_keys(TableImport *import, const KeyAttribute *keys, uint32 count, AttributeRole role)
{
	for (uint32 i = 0; i < count; i++)
	{
		ImportedAttribute *attribute = attribute_entry(import, keys[i].name);

		if (attribute != NULL && attribute->role == ROLE_OTHER)
		{
			attribute->role = role;
			attribute->types = 1U << keys[i].type;
		}
	}
}

static void
add_sort_keys(TableImport *import, const KeySchema *keys, AttributeRole role)
{
	add_keys(import, keys->range, keys->range_count, role);
	for (uint32 i = 0; i < keys->range_count; i++)
	{
		ImportedAttribute *attribute = attribute_entry(import, keys->range[i].name);

		if (attribute != NULL)
			attribute->sorts = true;
	}
}

static void
add_described_keys(TableImport *import, const TableDescription *description)
{
	add_keys(import, description->keys.hash, description->keys.hash_count, ROLE_HASH_KEY);
	add_sort_keys(import, &description->keys, ROLE_RANGE_KEY);
	for (uint32 i = 0; i < description->index_count; i++)
	{
		const KeySchema *keys = &description->indexes[i].keys;

		add_keys(import, keys->hash, keys->hash_count, ROLE_INDEX_KEY);
		add_sort_keys(import, keys, ROLE_INDEX_KEY);
	}
}

/* True for what the DynamoDB Encryption Client adds to every item. */
static bool
is_encrypted_item(const DynamodbItem *item)
{
	return item_find(item, SIGNATURE_ATTRIBUTE) != NULL &&
	       item_find(item, DESCRIPTION_ATTRIBUTE) != NULL;
}

static void
add_item(TableImport *import, const DynamodbItem *item)
{
	import->encrypted = import->encrypted || is_encrypted_item(item);
	for (uint32 i = 0; i < item->count; i++)
	{
		ImportedAttribute *attribute = attribute_entry(import, item->attributes[i].name);

		if (attribute != NULL && attribute->role == ROLE_OTHER)
			attribute->types |= 1U << item->attributes[i].value.type;
	}
}

/* Looks at sample_items items. A table that is not there yet, or no more, has none. */
static void
add_sampled_attributes(TableImport *import)
{
	FetchPlan plan = {
	    .kind = REQUEST_SCAN,
	    .read = {.table_name = bytes_of_string(import->table_name)},
	    .segments = 1,
	    .row_goal = import->options->sample_items,
	    .max_capacity_units = service_client_options(import->client)->max_capacity_units,
	    .missing_table_is_empty = true,
	};
	Fetch *fetch = fetch_open(import->client, &plan);
	const DynamodbItem *item;

	for (int i = 0; i < import->options->sample_items && (item = fetch_next(fetch)) != NULL; i++)
	{
		CHECK_FOR_INTERRUPTS();
		add_item(import, item);
	}
	fetch_close(fetch);
}

/*
 * Forgets the attributes of an encrypted table but those of its own key: what type they are, and
 * what was done with each of them, no stored item tells.
 */
static void
forget_encrypted_attributes(TableImport *import)
{
	HASH_SEQ_STATUS status;
	ImportedAttribute *attribute;

	hash_seq_init(&status, import->attributes);
	while ((attribute = hash_seq_search(&status)) != NULL)
	{
		if (attribute->role == ROLE_OTHER || attribute->role == ROLE_INDEX_KEY)
			(void) hash_search(import->attributes, &attribute->name, HASH_REMOVE, NULL);
	}
	import->too_many = false;
}

/* By role, then by name. */
static int
compare_attributes(const ListCell *a, const ListCell *b)
{
	const ImportedAttribute *attribute_a = lfirst(a);
	const ImportedAttribute *attribute_b = lfirst(b);

	if (attribute_a->role != attribute_b->role)
		return attribute_a->role < attribute_b->role ? -1 : 1;
	return bytes_compare(attribute_a->name, attribute_b->name);
}

/* The attributes in the order of their columns. */
static List *
sorted_attributes(HTAB *attributes)
{
	HASH_SEQ_STATUS status;
	ImportedAttribute *attribute;
	List *sorted = NIL;

	hash_seq_init(&status, attributes);
	while ((attribute = hash_seq_search(&status)) != NULL)
		sorted = lappend(sorted, attribute);
	list_sort(sorted, compare_attributes);
	return sorted;
}

/* ---- columns ---- */

/* The name in the database's encoding; NULL for one that no text can hold. */
static const char *
name_in_database(Bytes name)
{
	Oid conversion = FindDefaultConversionProc(PG_UTF8, GetDatabaseEncoding());
	int size = name.length * MAX_CONVERSION_GROWTH + 1;
	char *text;

	if (name.length == 0 || memchr(name.data, '\0', name.length) != NULL)
		return NULL;
	if (GetDatabaseEncoding() == PG_UTF8 || !OidIsValid(conversion))
		return name.data;
	text = palloc(size);
	if (pg_do_encoding_conversion_buf(conversion, PG_UTF8, GetDatabaseEncoding(),
	                                  (unsigned char *) name.data, name.length,
	                                  (unsigned char *) text, size, true) != (int) name.length)
		return NULL;
	return text;
}

/* The attributes that become columns, as many as a table can have. */
static List *
choose_attributes(TableImport *import)
{
	int room = MaxHeapAttributeNumber - (import->options->whole_item ? 1 : 0);
	List *chosen = NIL;
	ListCell *cell;

	foreach (cell, sorted_attributes(import->attributes))
	{
		ImportedAttribute *attribute = lfirst(cell);

		attribute->text = name_in_database(attribute->name);
		if (attribute->text == NULL)
			import->unnamable++;
		else if (list_length(chosen) < room)
			chosen = lappend(chosen, attribute);
		else
			import->too_many = true;
	}
	return chosen;
}

/*
 * Gives each attribute its column's name: the attribute's own where it can be, so that the others
 * are made different from all of those.
 */
static void
name_columns(List *attributes, bool whole_item)
{
	ImportNames *names = import_names_create();
	ListCell *cell;

	import_names_reserve_system_columns(names);
	if (whole_item)
		import_names_take(names, WHOLE_ITEM_COLUMN);
	foreach (cell, attributes)
	{
		ImportedAttribute *attribute = lfirst(cell);

		if (import_names_take(names, attribute->text))
			attribute->column = attribute->text;
	}
	foreach (cell, attributes)
	{
		ImportedAttribute *attribute = lfirst(cell);

		if (attribute->column == NULL)
			attribute->column = import_names_take_like(names, attribute->text);
	}
}

/* ---- the statement ---- */

static void
append_option(StringInfo statement, bool *first, const char *name, const char *value)
{
	appendStringInfo(statement, "%s%s %s", *first ? " OPTIONS (" : ", ", name,
	                 quote_literal_cstr(value));
	*first = false;
}

/* The set type to declare, since arrays are written as lists otherwise; NULL for other types. */
static const char *
declared_set_type(uint32 types)
{
	for (int type = 0; type < ATTRIBUTE_TYPE_COUNT; type++)
	{
		if (types == (1U << type) && attribute_type_is_set(type))
			return attribute_type_name(type);
	}
	return NULL;
}

/* Strings get the collation in which DynamoDB sorts them: only then can their order be used. */
static void
append_column(StringInfo statement, const ImportedAttribute *attribute)
{
	const char *set_type = declared_set_type(attribute->types);
	bool first = true;

	appendStringInfo(statement, "    %s %s", quote_identifier(attribute->column),
	                 sql_type_for_attribute_types(attribute->types));
	if (strcmp(attribute->column, attribute->text) != 0)
		append_option(statement, &first, "attribute_name", attribute->text);
	if (set_type != NULL)
		append_option(statement, &first, "attribute_type", set_type);
	if (attribute->role == ROLE_HASH_KEY)
		append_option(statement, &first, "key", "hash");
	if (attribute->role == ROLE_RANGE_KEY)
		append_option(statement, &first, "key", "range");
	appendStringInfoString(statement, first ? "" : ")");
	if (attribute->sorts && attribute->types == 1U << ATTRIBUTE_S)
		appendStringInfoString(statement, " COLLATE pg_catalog.\"C\"");
}

/* The CREATE FOREIGN TABLE of the table, in CurrentMemoryContext. */
static char *
write_statement(const TableImport *import, List *attributes)
{
	StringInfoData statement;
	const char *separator = "";
	ListCell *cell;

	initStringInfo(&statement);
	appendStringInfo(&statement, "CREATE FOREIGN TABLE %s (\n",
	                 quote_identifier(import->local_name));
	foreach (cell, attributes)
	{
		appendStringInfoString(&statement, separator);
		append_column(&statement, lfirst(cell));
		separator = ",\n";
	}
	if (import->options->whole_item)
		appendStringInfo(&statement, "%s    %s jsonb OPTIONS (whole_item 'true')", separator,
		                 WHOLE_ITEM_COLUMN);
	appendStringInfo(&statement, "\n) SERVER %s\nOPTIONS (table_name %s",
	                 quote_identifier(import->server_name), quote_literal_cstr(import->table_name));
	if (import->encrypted)
		appendStringInfoString(&statement, ", encryption 'dynamodb_encryption_client'");
	appendStringInfoChar(&statement, ')');
	return statement.data;
}

/*
 * Says which attributes have no column of their own. A name that an option cannot hold is one that
 * jsonb cannot hold either.
 */
static void
notice_left_out(const TableImport *import)
{
	if (import->too_many)
		ereport(NOTICE,
		        (errmsg("DynamoDB table \"%s\" has more attributes than a table has columns",
		                import->table_name),
		         import->options->whole_item
		             ? errdetail("The others are in column \"" WHOLE_ITEM_COLUMN "\".")
		             : errdetail("The others are in no column.")));
	if (import->unnamable > 0)
		ereport(
		    NOTICE,
		    (errmsg("DynamoDB table \"%s\" has attributes whose names this database cannot hold",
		            import->table_name),
		     errdetail_plural("%d such attribute is in no column.",
		                      "%d such attributes are in no column.", import->unnamable,
		                      import->unnamable),
		     import->options->whole_item
		         ? errhint("Reading column \"" WHOLE_ITEM_COLUMN
		                   "\" of such an item is an error; the other columns can be read.")
		         : 0));
}

static void
notice_encrypted(const TableImport *import)
{
	ereport(
	    NOTICE,
	    (errmsg("items of DynamoDB table \"%s\" are encrypted by the DynamoDB Encryption Client",
	            import->table_name),
	     errdetail("The foreign table has columns for the key alone%s.",
	               import->options->whole_item ? " and for all the rest together" : ""),
	     errhint("Set the option \"kms_key_id\" or \"kms_key_ids_for_decrypt\" of the foreign "
	             "table, and \"crypto_action\" as whoever writes the items has it.")));
}

/* Says why a table is passed over. */
static void
notice_skipped(const char *table_name, const ServiceError *refusal)
{
	if (refusal->class == ERROR_CLASS_NOT_FOUND)
		ereport(NOTICE, (errmsg("DynamoDB table \"%s\" does not exist, skipping", table_name)));
	else
		ereport(WARNING, (errmsg("permission denied to describe DynamoDB table \"%s\", skipping",
		                         table_name),
		                  errdetail("%s: %s", refusal->code, refusal->message)));
}

/* The statement for one table, in CurrentMemoryContext; NULL when the table is passed over. */
static char *
import_table(TableImport *import)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "DynamoDB table import",
	                                           ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(work);
	ServiceError refusal;
	const TableDescription *description =
	    table_description_find(import->client, import->table_name, &refusal);
	char *statement = NULL;

	if (description == NULL)
		notice_skipped(import->table_name, &refusal);
	else
	{
		List *attributes;

		import->attributes = create_attributes();
		add_described_keys(import, description);
		if (!import->options->keys_only && import->options->sample_items > 0)
			add_sampled_attributes(import);
		if (import->encrypted)
			forget_encrypted_attributes(import);
		attributes = choose_attributes(import);
		name_columns(attributes, import->options->whole_item);
		statement = MemoryContextStrdup(caller, write_statement(import, attributes));
		notice_left_out(import);
		if (import->encrypted)
			notice_encrypted(import);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
	return statement;
}

/* ---- which tables ---- */

/* One page of names, appended to `names`; false when it was the last one. */
static bool
list_more_tables(ServiceClient *client, Bytes *start, List **names)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, LIST_MAXIMUM);
	ByteBuffer *body = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, LIST_MAXIMUM);
	ServiceRequest request = {.service = AWS_DYNAMODB, .operation = "ListTables"};
	TableNames page;

	CHECK_RESULT(dynamodb_write_list_tables(*start, body), "write a request");
	request.body = buffer_bytes(body);
	CHECK_RESULT(dynamodb_read_table_names(
	                 arena, service_call_answer(client, &request, LIST_MAXIMUM), &page),
	             "read the list of tables");
	for (uint32 i = 0; i < page.count; i++)
		*names = lappend(*names, pnstrdup(page.names[i].data, page.names[i].length));
	*start = page.last_evaluated;
	return page.last_evaluated.length > 0;
}

static List *
list_tables(ServiceClient *client)
{
	Bytes start = BYTES_EMPTY;
	List *names = NIL;

	while (list_more_tables(client, &start, &names))
		CHECK_FOR_INTERRUPTS();
	return names;
}

/*
 * The names of LIMIT TO, which need no permission to list tables; false when the statement has
 * none, or one that may have been cut to an identifier's length.
 */
static bool
limited_tables(ImportForeignSchemaStmt *statement, List **names)
{
	ListCell *cell;

	if (statement->list_type != FDW_IMPORT_SCHEMA_LIMIT_TO)
		return false;
	*names = NIL;
	foreach (cell, statement->table_list)
	{
		RangeVar *table = lfirst(cell);

		if (strlen(table->relname) >= NAMEDATALEN - 1)
			return false;
		*names = list_append_unique(*names, makeString(table->relname));
	}
	foreach (cell, *names)
		lfirst(cell) = strVal(lfirst(cell));
	return true;
}

/* The DynamoDB tables to look at. */
static List *
candidate_tables(ServiceClient *client, ImportForeignSchemaStmt *statement)
{
	List *names;

	if (limited_tables(statement, &names))
		return names;
	return list_tables(client);
}

static void
check_remote_schema(ImportForeignSchemaStmt *statement)
{
	if (strcmp(statement->remote_schema, REMOTE_SCHEMA) != 0)
		ereport(ERROR,
		        (errcode(ERRCODE_FDW_SCHEMA_NOT_FOUND),
		         errmsg("remote schema \"%s\" does not exist", statement->remote_schema),
		         errhint("The tables of DynamoDB are in the schema \"%s\", the queues of Amazon "
		                 "SQS in \"sqs\".",
		                 REMOTE_SCHEMA)));
}

List *
dynamodbImportForeignSchema(ImportForeignSchemaStmt *statement, Oid server_id)
{
	const ImportOptions *options;
	ServiceClient *client;
	ImportNames *names = import_names_create();
	List *statements = NIL;
	ListCell *cell;

	check_remote_schema(statement);
	options = options_of_import(statement->options);
	client = service_client_get(server_id, GetUserId());
	foreach (cell, candidate_tables(client, statement))
	{
		const char *table_name = lfirst(cell);
		TableImport import = {.client = client,
		                      .options = options,
		                      .server_name = statement->server_name,
		                      .table_name = table_name,
		                      .local_name = import_names_take_like(names, table_name)};
		char *command;

		if (options->table_prefix != NULL &&
		    strncmp(table_name, options->table_prefix, strlen(options->table_prefix)) != 0)
			continue;
		if (!IsImportableForeignTable(import.local_name, statement))
			continue;
		command = import_table(&import);
		if (command != NULL)
			statements = lappend(statements, command);
	}
	return statements;
}
