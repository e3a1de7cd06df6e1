/*
 * options.c
 *		The options of every object: one reader, one validator, for the table in
 * option_definitions.c.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "postgres/compat.h"

#include "postgres/memory.h"
#include "postgres/options/option_definitions.h"
#include "postgres/options/options.h"
#include "postgres/report.h"
#include "postgres/settings.h"

/* "belongs to …", by OptionObject. */
static const char *const object_names[] = {"a server", "a user mapping", "a foreign table",
                                           "a column of a foreign table", "IMPORT FOREIGN SCHEMA"};

/* What a column that holds the whole item cannot have, since it is no attribute. */
static const char *const options_of_attributes[] = {
    "attribute_name", "attribute_path", "attribute_type", "key",
    "time_format",    "write_null",     "crypto_action",  "vault_role"};

static const ServerOptions server_defaults = {
    .connect_timeout_ms = 3000,
    .request_timeout_ms = 60000,
    .max_attempts = 4,
    .max_connections = 32,
    .fdw_startup_cost = 100.0,
    .fdw_tuple_cost = 0.1,
    .keep_connections = true,
    .allow_full_scan = true,
    .updatable = true,
    .truncatable = true,
    .batch_size = 100,
    .data_key_cache_size = 1000,
    .data_key_cache_ttl_ms = 5 * 60 * 1000,
};

static const MappingOptions mapping_defaults = {.credentials_required = true};
static const ImportOptions import_defaults = {.sample_items = 100, .whole_item = true};

/* ---- finding options ---- */

static const OptionDefinition *
find_definition(OptionObject object, const char *name)
{
	for (size_t i = 0; i < option_definition_count; i++)
	{
		if (option_definitions[i].object == object && strcmp(option_definitions[i].name, name) == 0)
			return &option_definitions[i];
	}
	return NULL;
}

/* The objects that have an option of that name, joined by "or"; NULL when none has. */
static char *
objects_with_option(const char *name)
{
	StringInfoData objects;

	initStringInfo(&objects);
	for (int object = 0; object < OPTION_OF_NOTHING; object++)
	{
		const OptionDefinition *definition = find_definition(object, name);

		if (definition != NULL && definition->kind != OPTION_REFUSED)
			appendStringInfo(&objects, "%s%s", objects.len > 0 ? " or " : "", object_names[object]);
	}
	return objects.len > 0 ? objects.data : NULL;
}

static const DefElem *
find_option(List *options, const char *name)
{
	ListCell *cell;

	foreach (cell, options)
	{
		const DefElem *option = lfirst(cell);

		if (strcmp(option->defname, name) == 0)
			return option;
	}
	return NULL;
}

/*
 * The object's option whose name is spelled most like `name`; NULL when it takes changing more than
 * a third of the letters.
 */
static const char *
nearest_name(OptionObject object, const char *name)
{
	int length = strlen(name);
	int nearest_distance = INT_MAX;
	const char *nearest = NULL;

	for (size_t i = 0; i < option_definition_count; i++)
	{
		const OptionDefinition *definition = &option_definitions[i];
		int definition_length = strlen(definition->name);
		int maximum = Min(Max(length, definition_length) / 3, nearest_distance - 1);
		int distance;

		if (definition->object != object || definition->kind == OPTION_REFUSED)
			continue;
		distance = varstr_levenshtein_less_equal(name, length, definition->name, definition_length,
		                                         1, 1, 1, maximum, true);
		if (distance <= maximum)
		{
			nearest_distance = distance;
			nearest = definition->name;
		}
	}
	return nearest;
}

/* The names of the object's options, separated by commas. */
static char *
valid_names(OptionObject object)
{
	StringInfoData names;

	initStringInfo(&names);
	for (size_t i = 0; i < option_definition_count; i++)
	{
		if (option_definitions[i].object == object && option_definitions[i].kind != OPTION_REFUSED)
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", option_definitions[i].name);
	}
	return names.data;
}

/* The hint for a name that the object does not have. */
static char *
unknown_option_hint(OptionObject object, const char *name)
{
	const char *elsewhere = objects_with_option(name);
	const char *nearest = nearest_name(object, name);

	if (object == OPTION_OF_NOTHING)
		return pstrdup("The foreign-data wrapper itself has no options.");
	if (elsewhere != NULL)
		return psprintf("The option \"%s\" belongs to %s.", name, elsewhere);
	if (nearest != NULL)
		return psprintf("Perhaps you meant the option \"%s\".", nearest);
	return psprintf("Valid options of %s are: %s.", object_names[object], valid_names(object));
}

static void
report_unknown_option(OptionObject object, const char *name)
{
	ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME), errmsg("invalid option \"%s\"", name),
	                errhint("%s", unknown_option_hint(object, name))));
}

/* ---- reading values ---- */

static char *
list_of_choices(const OptionChoice *choices)
{
	StringInfoData names;

	initStringInfo(&names);
	for (; choices->name != NULL; choices++)
		appendStringInfo(&names, "%s\"%s\"", names.len > 0 ? ", " : "", choices->name);
	return names.data;
}

/* A duration as people write it: in the largest unit that gives a whole number. */
static char *
duration_text(double milliseconds)
{
	static const struct
	{
		const char *name;
		double milliseconds;
	} units[] = {{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}};

	for (size_t i = 0; i < lengthof(units); i++)
	{
		if (fmod(milliseconds, units[i].milliseconds) == 0)
			return psprintf("%.0f%s", milliseconds / units[i].milliseconds, units[i].name);
	}
	return psprintf("%.0fms", milliseconds);
}

/* What the option accepts, as a sentence. */
static char *
accepted_values(const OptionDefinition *definition)
{
	double unit = definition->kind == OPTION_SECONDS ? 1000 : 1;

	switch (definition->kind)
	{
		case OPTION_BOOLEAN:
		case OPTION_MAYBE:
			return pstrdup("It must be a boolean.");
		case OPTION_INTEGER:
			return psprintf("It must be an integer from %.0f to %.0f.", definition->minimum,
			                definition->maximum);
		case OPTION_MILLISECONDS:
		case OPTION_SECONDS:
			return psprintf("It must be a duration from %s to %s, such as \"1500ms\" or \"30min\".",
			                duration_text(definition->minimum * unit),
			                duration_text(definition->maximum * unit));
		case OPTION_REAL:
			return psprintf("It must be a finite number of at least %g.", definition->minimum);
		case OPTION_CHOICE:
			return psprintf("It must be one of %s.", list_of_choices(definition->choices));
		default:
			return psprintf("It must be %s.", definition->accepts);
	}
}

static void
report_invalid_value(const OptionDefinition *definition, const char *value)
{
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
	         (definition->flags & OPTION_SECRET) != 0
	             ? errmsg("invalid value for option \"%s\"", definition->name)
	             : errmsg("invalid value for option \"%s\": \"%s\"", definition->name, value),
	         errdetail("%s", accepted_values(definition))));
}

static bool
read_text(const OptionDefinition *definition, const char *value, void *field)
{
	if (definition->accept == NULL ? *value == '\0' : !definition->accept(value))
		return false;
	*(char **) field = pstrdup(value);
	return true;
}

static bool
read_integer(const OptionDefinition *definition, const char *value, int unit, void *field)
{
	int number;

	if (!parse_int(value, &number, unit, NULL) || number < definition->minimum ||
	    number > definition->maximum)
		return false;
	*(int *) field = number;
	return true;
}

static bool
read_real(const OptionDefinition *definition, const char *value, void *field)
{
	double number;

	if (!parse_real(value, &number, 0, NULL) || !(number >= definition->minimum) ||
	    number > definition->maximum)
		return false;
	*(double *) field = number;
	return true;
}

static bool
read_choice(const OptionDefinition *definition, const char *value, void *field)
{
	for (const OptionChoice *choice = definition->choices; choice->name != NULL; choice++)
	{
		if (strcmp(choice->name, value) != 0)
			continue;
		if (definition->field_size == sizeof(bool))
			*(bool *) field = choice->value != 0;
		else
			*(int *) field = choice->value;
		return true;
	}
	return false;
}

static bool
read_maybe(const char *value, void *field)
{
	bool boolean;

	if (!parse_bool(value, &boolean))
		return false;
	*(OptionalBoolean *) field = boolean ? BOOLEAN_TRUE : BOOLEAN_FALSE;
	return true;
}

/* Bytes of a JSON text that are shown from where it is wrong on. */
#define SHOWN_JSON_MAXIMUM 30

/* Shows where a text goes wrong, or that it ends there. */
static char *
place_in_text(Bytes text, size_t position)
{
	int length = (int) Min(text.length - position, SHOWN_JSON_MAXIMUM);

	if (length == 0)
		return pstrdup("at its end");
	length = pg_encoding_mbcliplen(PG_UTF8, text.data + position, length, length);
	return psprintf("at \"%s\"",
	                pg_any_to_server(pnstrdup(text.data + position, length), length, PG_UTF8));
}

/* Says itself what is wrong, and where, which is more than that the value is none. */
static bool
read_json(const OptionDefinition *definition, const char *value, void *field)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, MaxAllocSize);
	Bytes text = utf8_of_text(value);
	CheckedResult result = definition->parse(arena, text);

	if (result.code != RESULT_OK && result.code != RESULT_MALFORMED)
		report_result(result, psprintf("read option \"%s\"", definition->name));
	if (result.code == RESULT_MALFORMED)
		ereport(ERROR,
		        (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
		         errmsg("invalid value for option \"%s\": %s", definition->name, result.message),
		         errdetail("It goes wrong %s. %s", place_in_text(text, result.position),
		                   accepted_values(definition))));
	*(char **) field = pstrdup(value);
	return true;
}

/* Reads the value into the definition's field; false when it is none that the option accepts. */
static bool
read_value(const OptionDefinition *definition, const char *value, void *field)
{
	switch (definition->kind)
	{
		case OPTION_TEXT:
			return read_text(definition, value, field);
		case OPTION_BOOLEAN:
			return parse_bool(value, (bool *) field);
		case OPTION_INTEGER:
			return read_integer(definition, value, 0, field);
		case OPTION_MILLISECONDS:
			return read_integer(definition, value, GUC_UNIT_MS, field);
		case OPTION_SECONDS:
			return read_integer(definition, value, GUC_UNIT_S, field);
		case OPTION_REAL:
			return read_real(definition, value, field);
		case OPTION_CHOICE:
			return read_choice(definition, value, field);
		case OPTION_MAYBE:
			return read_maybe(value, field);
		case OPTION_JSON:
			return read_json(definition, value, field);
		case OPTION_REFUSED:
			break;
	}
	return false;
}

/*
 * The generic reader: fills `fields`, the object's struct with its defaults in place, from the
 * options. Texts are copies in CurrentMemoryContext.
 */
static void
read_options(OptionObject object, List *options, void *fields)
{
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst(cell);
		const OptionDefinition *definition = find_definition(object, option->defname);
		const char *value = defGetString(option);

		if (definition == NULL)
			report_unknown_option(object, option->defname);
		else if (definition->kind == OPTION_REFUSED)
			ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			                errmsg("option \"%s\" is not supported", definition->name),
			                errhint("%s", definition->accepts)));
		else if (!read_value(definition, value, (char *) fields + definition->offset))
			report_invalid_value(definition, value);
	}
}

/* ---- the validator ---- */

/* Raises the error of an option that the current role may not set to this value. */
static void
check_privilege(const OptionDefinition *definition, const char *value)
{
	bool is_false = false;

	if (superuser())
		return;
	if ((definition->flags & OPTION_SUPERUSER) != 0)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		                errmsg("permission denied to set option \"%s\"", definition->name),
		                errdetail("Only superusers may set it, or change an object that has it.")));
	if ((definition->flags & OPTION_SUPERUSER_FALSE) != 0 && parse_bool(value, &is_false) &&
	    !is_false)
		ereport(ERROR,
		        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		         errmsg("permission denied to set option \"%s\" to false", definition->name),
		         errdetail("Only superusers may do so, or change an object where it is false.")));
	if ((definition->flags & OPTION_ENDPOINT) != 0 && !endpoint_is_allowed(value))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		     errmsg("permission denied to set option \"%s\" to \"%s\"", definition->name, value),
		     errhint("A superuser can add the URL to dynamodb_kms_fdw.allowed_endpoints.")));
}

static void
check_privileges(OptionObject object, List *options)
{
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst(cell);

		check_privilege(find_definition(object, option->defname), defGetString(option));
	}
}

static void
check_combinations(OptionObject object, List *options)
{
	for (size_t i = 0; i < option_need_count; i++)
	{
		if (option_needs[i].object == object && find_option(options, option_needs[i].name) &&
		    !find_option(options, option_needs[i].other))
			ereport(ERROR, (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
			                errmsg("option \"%s\" requires option \"%s\"", option_needs[i].name,
			                       option_needs[i].other)));
	}
	for (size_t i = 0; i < option_conflict_count; i++)
	{
		if (option_conflicts[i].object == object &&
		    find_option(options, option_conflicts[i].name) &&
		    find_option(options, option_conflicts[i].other))
			ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			                errmsg("options \"%s\" and \"%s\" exclude each other",
			                       option_conflicts[i].name, option_conflicts[i].other)));
	}
}

/* A column either maps an attribute or holds the whole item. */
static void
check_whole_item(List *options)
{
	for (size_t i = 0; i < lengthof(options_of_attributes); i++)
	{
		if (find_option(options, options_of_attributes[i]))
			ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			                errmsg("options \"whole_item\" and \"%s\" exclude each other",
			                       options_of_attributes[i])));
	}
}

/* An encrypted column holds one attribute, of type B, that is found by others. */
static void
check_encrypted_column(List *options)
{
	static const char *const excluded[] = {"whole_item", "key"};

	for (size_t i = 0; i < lengthof(excluded); i++)
	{
		if (find_option(options, excluded[i]))
			ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			                errmsg("options \"kms_encrypted\" and \"%s\" exclude each other",
			                       excluded[i])));
	}
}

/* A column has a key of its own for its ciphertexts, or for the tokens that it holds. */
static void
check_column_key(List *options, const ColumnOptions *column)
{
	if (column->kms_key_id != NULL && find_option(options, "kms_encrypted") == NULL &&
	    column->vault_role != VAULT_ROLE_TOKEN)
		ereport(ERROR, (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
		                errmsg("option \"kms_key_id\" requires option \"kms_encrypted\"")));
}

/* What the vault looks for, and what it changes alone, must be there to be seen. */
static void
check_vault_role(const ColumnOptions *column)
{
	if (column->kms_encrypted && column->vault_role != VAULT_ROLE_NONE &&
	    column->vault_role != VAULT_ROLE_VALUE)
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
		                errmsg("options \"kms_encrypted\" and \"vault_role\" exclude each other"),
		                errdetail("Of a vault only the column with vault_role \"value\" can be "
		                          "encrypted by itself.")));
}

static void
check_column(List *options, const ColumnOptions *column)
{
	if (column->whole_item)
		check_whole_item(options);
	if (column->kms_encrypted)
		check_encrypted_column(options);
	check_column_key(options, column);
	check_vault_role(column);
}

static void
check_capacity(const TableOptions *options)
{
	bool has_units = options->read_capacity_units > 0;

	if (has_units == (options->billing_mode == BILLING_PROVISIONED))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
	         has_units ? errmsg("capacity units need option \"billing_mode\" to be \"provisioned\"")
	                   : errmsg("option \"billing_mode\" \"provisioned\" needs options "
	                            "\"read_capacity_units\" and \"write_capacity_units\"")));
}

/* ---- kinds of foreign tables ---- */

/* The kinds whose foreign tables, or their columns, have the option. */
static int
owners_of_option(OptionObject object, const char *name)
{
	for (size_t i = 0; i < option_owners_count; i++)
	{
		if (option_owners[i].object == object && strcmp(option_owners[i].name, name) == 0)
			return option_owners[i].kinds;
	}
	return OWNER_TABLE;
}

/* By the options of the table. */
static RelationKind
kind_of_options(List *options)
{
	if (find_option(options, "stream_of") != NULL)
		return RELATION_IS_STREAM;
	return find_option(options, "queue_name") != NULL || find_option(options, "queue_url") != NULL
	           ? RELATION_IS_QUEUE
	           : RELATION_IS_TABLE;
}

static void
report_option_of_other_table(RelationKind kind, const char *name, int owners)
{
	if (kind == RELATION_IS_TABLE)
		ereport(ERROR, (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
		                errmsg("option \"%s\" requires option %s", name,
		                       (owners & OWNER_QUEUE) != 0 ? "\"queue_name\" or \"queue_url\""
		                                                   : "\"stream_of\"")));
	ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
	                kind == RELATION_IS_QUEUE
	                    ? errmsg("a queue cannot have option \"%s\"", name)
	                    : errmsg("a change stream cannot have option \"%s\"", name)));
}

/* Raises the error of an option that a table of this kind cannot have. */
static void
check_kind_of_table(List *options, const TableOptions *fields)
{
	RelationKind kind = kind_of_options(options);
	ListCell *cell;

	foreach (cell, options)
	{
		const char *name = ((DefElem *) lfirst(cell))->defname;
		int owners = owners_of_option(OPTION_OF_TABLE, name);

		if ((owners & (1 << kind)) == 0)
			report_option_of_other_table(kind, name, owners);
	}
	if (kind == RELATION_IS_QUEUE && fields->write_mode == WRITE_MODE_OVERWRITE)
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
		                errmsg("a queue cannot have write_mode \"overwrite\"")));
}

/* True for an option that says something of an attribute, which a part of a change is not. */
static bool
is_option_of_attributes(const char *name)
{
	return owners_of_option(OPTION_OF_COLUMN, name) == (OWNER_TABLE | OWNER_STREAM) &&
	       strcmp(name, "json_format") != 0;
}

/* True when no column can have both, whatever its table is. */
static bool
exclude_each_other(const char *name, const char *other)
{
	if (strcmp(name, "stream_role") == 0)
		return is_option_of_attributes(other) ||
		       (owners_of_option(OPTION_OF_COLUMN, other) & OWNER_STREAM) == 0;
	return (owners_of_option(OPTION_OF_COLUMN, name) & owners_of_option(OPTION_OF_COLUMN, other)) ==
	       0;
}

/* Raises the error of options that no kind of table has together; of which it is, nobody knows. */
static void
check_kinds_of_column(List *options)
{
	ListCell *cell;
	ListCell *other_cell;

	foreach (cell, options)
	{
		const char *name = ((DefElem *) lfirst(cell))->defname;

		foreach (other_cell, options)
		{
			const char *other = ((DefElem *) lfirst(other_cell))->defname;

			if (exclude_each_other(name, other))
				ereport(ERROR,
				        (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				         errmsg("options \"%s\" and \"%s\" exclude each other", name, other)));
		}
	}
}

/* Room for the struct of any object. */
typedef union AnyOptions
{
	ServerOptions server;
	MappingOptions mapping;
	TableOptions table;
	ColumnOptions column;
	ImportOptions import;
} AnyOptions;

static void
validate_options(OptionObject object, List *options)
{
	AnyOptions fields = {0};

	read_options(object, options, &fields);
	check_privileges(object, options);
	check_combinations(object, options);
	if (object == OPTION_OF_COLUMN)
	{
		check_column(options, &fields.column);
		check_kinds_of_column(options);
	}
	if (object == OPTION_OF_TABLE)
	{
		check_capacity(&fields.table);
		check_kind_of_table(options, &fields.table);
	}
}

static OptionObject
object_of_catalog(Oid catalog)
{
	switch (catalog)
	{
		case ForeignServerRelationId:
			return OPTION_OF_SERVER;
		case UserMappingRelationId:
			return OPTION_OF_MAPPING;
		case ForeignTableRelationId:
			return OPTION_OF_TABLE;
		case AttributeRelationId:
			return OPTION_OF_COLUMN;
		default:
			return OPTION_OF_NOTHING;
	}
}

SQL_FUNCTION(dynamodb_kms_fdw_validator);

Datum
dynamodb_kms_fdw_validator(PG_FUNCTION_ARGS)
{
	List *options = untransformRelOptions(PG_GETARG_DATUM(0));

	validate_options(object_of_catalog(PG_GETARG_OID(1)), options);
	PG_RETURN_VOID();
}

/* ---- typed options of each object ---- */

ServerOptions *
options_of_server(const ForeignServer *server)
{
	ServerOptions *options = palloc(sizeof(*options));

	*options = server_defaults;
	read_options(OPTION_OF_SERVER, server->options, options);
	return options;
}

MappingOptions *
options_of_mapping(const UserMapping *mapping)
{
	MappingOptions *options = palloc(sizeof(*options));

	*options = mapping_defaults;
	read_options(OPTION_OF_MAPPING, mapping->options, options);
	return options;
}

TableOptions *
options_of_table(const ForeignTable *table, const ServerOptions *server)
{
	TableOptions *options = palloc0(sizeof(*options));

	options->consistent_read = server->consistent_read;
	options->fetch_size = server->fetch_size;
	options->allow_full_scan = server->allow_full_scan;
	options->updatable = server->updatable;
	options->truncatable = server->truncatable;
	options->batch_size = server->batch_size;
	options->max_capacity_units = server->max_capacity_units;
	options->max_kms_calls = server->max_kms_calls;
	options->visibility_timeout_seconds = -1;
	read_options(OPTION_OF_TABLE, table->options, options);
	if (options->table_name == NULL)
		options->table_name = options->stream_of;
	if (options->table_name == NULL)
		options->table_name = get_rel_name(table->relid);
	return options;
}

TableOptions *
options_of_relation_id(Oid relation_id)
{
	const ForeignTable *table = GetForeignTable(relation_id);

	return options_of_table(table, options_of_server(GetForeignServer(table->serverid)));
}

RelationKind
relation_kind(Oid relation_id)
{
	return kind_of_options(GetForeignTable(relation_id)->options);
}

StreamRole
stream_role_by_name(const char *column)
{
	const OptionDefinition *definition = find_definition(OPTION_OF_COLUMN, "stream_role");

	for (const OptionChoice *choice = definition->choices; choice->name != NULL; choice++)
	{
		if (strcmp(choice->name, column) == 0)
			return (StreamRole) choice->value;
	}
	return STREAM_ROLE_UNSAID;
}

QueueRole
queue_role_by_name(const char *column)
{
	const OptionDefinition *definition = find_definition(OPTION_OF_COLUMN, "queue_role");

	for (const OptionChoice *choice = definition->choices; choice->name != NULL; choice++)
	{
		if (strcmp(choice->name, column) == 0)
			return (QueueRole) choice->value;
	}
	return QUEUE_ROLE_UNSAID;
}

/* "The foreign table is …", by RelationKind. */
static const char *const kind_names[] = {"a DynamoDB table", "a change stream", "a queue"};

void
refuse_options_of_other_kinds(Oid relation_id, AttrNumber attribute_number, RelationKind kind)
{
	ListCell *cell;

	foreach (cell, GetForeignColumnOptions(relation_id, attribute_number))
	{
		const char *name = ((DefElem *) lfirst(cell))->defname;

		if ((owners_of_option(OPTION_OF_COLUMN, name) & (1 << kind)) == 0)
			ereport(ERROR,
			        (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			         errmsg("column \"%s\" of foreign table \"%s\" cannot have option \"%s\"",
			                get_attname(relation_id, attribute_number, false),
			                get_rel_name(relation_id), name),
			         errdetail("The foreign table is %s.", kind_names[kind])));
	}
}

const char *
option_of_attributes(Oid relation_id, AttrNumber attribute_number)
{
	ListCell *cell;

	foreach (cell, GetForeignColumnOptions(relation_id, attribute_number))
	{
		const char *name = ((DefElem *) lfirst(cell))->defname;

		if (is_option_of_attributes(name))
			return name;
	}
	return NULL;
}

ColumnOptions *
options_of_column(Oid relation_id, AttrNumber attribute_number)
{
	List *list = GetForeignColumnOptions(relation_id, attribute_number);
	ColumnOptions *options = palloc0(sizeof(*options));

	read_options(OPTION_OF_COLUMN, list, options);
	options->has_attribute_type = find_option(list, "attribute_type") != NULL;
	return options;
}

ImportOptions *
options_of_import(List *options)
{
	ImportOptions *import = palloc(sizeof(*import));

	validate_options(OPTION_OF_IMPORT, options);
	*import = import_defaults;
	read_options(OPTION_OF_IMPORT, options, import);
	return import;
}
