/*
 * datum.c
 *		The table of types, and what every conversion has in common.
 *
 * A column's conversion is the row of the table that fits its type, attribute_type and time_format,
 * prepared once. A new type is a new row, with functions of its own only if no present ones fit.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "postgres/datum/datum_conversion.h"

/* The first row of a type is what it is without attribute_type. */
static const TypeConversion type_conversions[] = {
    {TEXTOID, ATTRIBUTE_S, false, NULL, read_text, write_text, COMPARABLE_TEXT},
    {TEXTOID, ATTRIBUTE_N, false, NULL, read_text_of_number, write_number_of_text, COMPARABLE_TEXT},
    {VARCHAROID, ATTRIBUTE_S, false, NULL, read_varchar, write_text, COMPARABLE_TEXT},
    {BPCHAROID, ATTRIBUTE_S, false, NULL, read_bpchar, write_bpchar, COMPARABLE_NEVER},
    {BYTEAOID, ATTRIBUTE_B, false, NULL, read_bytea, write_bytea, COMPARABLE_ORDER},
    {BYTEAOID, ATTRIBUTE_S, false, NULL, read_bytea, write_string_of_bytea, COMPARABLE_ORDER},
    {BOOLOID, ATTRIBUTE_BOOL, false, NULL, read_boolean, write_boolean, COMPARABLE_EQUALITY},
    {UUIDOID, ATTRIBUTE_S, false, prepare_text_functions, read_uuid, write_by_output_function,
     COMPARABLE_ORDER},

    {INT2OID, ATTRIBUTE_N, false, NULL, read_int2, write_int2, COMPARABLE_ORDER},
    {INT4OID, ATTRIBUTE_N, false, NULL, read_int4, write_int4, COMPARABLE_ORDER},
    {INT8OID, ATTRIBUTE_N, false, NULL, read_int8, write_int8, COMPARABLE_ORDER},
    {FLOAT4OID, ATTRIBUTE_N, false, NULL, read_float4, write_float4, COMPARABLE_ORDER},
    {FLOAT8OID, ATTRIBUTE_N, false, NULL, read_float8, write_float8, COMPARABLE_ORDER},
    {NUMERICOID, ATTRIBUTE_N, false, NULL, read_numeric, write_numeric, COMPARABLE_ORDER},

    {DATEOID, ATTRIBUTE_S, false, NULL, read_date, write_date, COMPARABLE_ORDER},
    {TIMEOID, ATTRIBUTE_S, false, NULL, read_time, write_time, COMPARABLE_NEVER},
    {TIMETZOID, ATTRIBUTE_S, false, NULL, read_timetz, write_timetz, COMPARABLE_NEVER},
    {TIMESTAMPOID, ATTRIBUTE_S, false, NULL, read_timestamp, write_timestamp, COMPARABLE_NEVER},
    {TIMESTAMPTZOID, ATTRIBUTE_S, false, NULL, read_timestamptz, write_timestamptz,
     COMPARABLE_NEVER},
    {DATEOID, ATTRIBUTE_N, true, NULL, read_date_of_epoch, write_epoch_of_date, COMPARABLE_ORDER},
    {TIMESTAMPOID, ATTRIBUTE_N, true, NULL, read_timestamp_of_epoch, write_epoch_of_timestamp,
     COMPARABLE_ORDER},
    {TIMESTAMPTZOID, ATTRIBUTE_N, true, NULL, read_timestamp_of_epoch, write_epoch_of_timestamp,
     COMPARABLE_ORDER},

    /* prepare_json() widens these rows to every attribute type. */
    {JSONBOID, ATTRIBUTE_M, false, prepare_json, read_jsonb, write_jsonb, COMPARABLE_NEVER},
    {JSONOID, ATTRIBUTE_M, false, prepare_json, read_json, write_json, COMPARABLE_NEVER},

    /* prepare_array() decides on sets by the element's type. */
    {ANYARRAYOID, ATTRIBUTE_L, false, prepare_array, read_array, write_array, COMPARABLE_NEVER},
    {RECORDOID, ATTRIBUTE_M, false, prepare_composite, read_composite, write_composite,
     COMPARABLE_NEVER},
    {ANYENUMOID, ATTRIBUTE_S, false, prepare_text_functions, read_by_input_function,
     write_by_output_function, COMPARABLE_EQUALITY},
    {ANYOID, ATTRIBUTE_S, false, prepare_text_functions, read_by_input_function,
     write_by_output_function, COMPARABLE_NEVER},
};

/*
 * Types whose input functions silently drop what the type cannot hold: reading them could not be
 * exact.
 */
static const Oid inexact_types[] = {NAMEOID, CHAROID, MONEYOID};

/* --- choosing a row ------------------------------------------------------------------------- */

static bool
type_has_rows(Oid type)
{
	for (size_t i = 0; i < lengthof(type_conversions); i++)
		if (type_conversions[i].type == type)
			return true;
	return false;
}

static bool
type_is_convertible(Oid type)
{
	for (size_t i = 0; i < lengthof(inexact_types); i++)
		if (inexact_types[i] == type)
			return false;
	return get_typtype(type) != TYPTYPE_PSEUDO;
}

/* What the rows for the type are filed under: the type, or the pseudo-type of its kind. */
static Oid
filed_under(Oid type)
{
	if (type_has_rows(type))
		return type;
	if (OidIsValid(get_element_type(type)))
		return ANYARRAYOID;

	switch (get_typtype(type))
	{
		case TYPTYPE_COMPOSITE:
			return RECORDOID;
		case TYPTYPE_ENUM:
			return ANYENUMOID;
		default:
			return ANYOID;
	}
}

/* jsonb has one row for every attribute type, arrays one for lists and sets. */
static bool
row_fits_attribute_type(const TypeConversion *row, AttributeType type)
{
	if (row->prepare == prepare_json)
		return true;
	if (row->prepare == prepare_array && attribute_type_is_set(type))
		return true;
	return row->attribute_type == type;
}

/* An array's time_format is its elements' business. */
static bool
row_fits_time_format(const TypeConversion *row, TimeFormat format)
{
	return row->prepare == prepare_array ||
	       row->uses_time_format == (format != TIME_FORMAT_ISO8601);
}

static bool
row_fits(const TypeConversion *row, Oid filed_type, const ColumnOptions *options)
{
	return row->type == filed_type && row_fits_time_format(row, options->time_format) &&
	       (!options->has_attribute_type || row_fits_attribute_type(row, options->attribute_type));
}

static const TypeConversion *
find_row(Oid type, const ColumnOptions *options)
{
	Oid filed_type = filed_under(type);

	for (size_t i = 0; i < lengthof(type_conversions); i++)
		if (row_fits(&type_conversions[i], filed_type, options))
			return &type_conversions[i];
	return NULL;
}

static void
report_inconvertible(const char *column, Oid type, const ColumnOptions *options)
{
	if (!type_is_convertible(type))
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
		                errmsg("column \"%s\" cannot be of type %s", column, format_type_be(type)),
		                errhint("Declare the column as text or jsonb.")));
	if (options->time_format != TIME_FORMAT_ISO8601)
		ereport(ERROR,
		        (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
		         errmsg("time_format of column \"%s\" does not fit type %s", column,
		                format_type_be(type)),
		         errdetail("Seconds and milliseconds since 1970 are numbers that date, timestamp "
		                   "and timestamp with time zone read.")));
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
	         errmsg("attribute_type \"%s\" of column \"%s\" does not fit type %s",
	                attribute_type_name(options->attribute_type), column, format_type_be(type))));
}

/* --- a conversion --------------------------------------------------------------------------- */

static const char *
attribute_name_of(const char *column, const ColumnOptions *options)
{
	if (options->attribute_path != NULL)
		return options->attribute_path;
	return options->attribute_name != NULL ? options->attribute_name : column;
}

ColumnConversion *
column_conversion_create(const char *column, Oid type, int32 type_modifier,
                         const ColumnOptions *options)
{
	ColumnConversion *conversion = palloc0(sizeof(*conversion));
	char *type_name = format_type_with_typemod(type, type_modifier);
	Oid base_type = getBaseTypeAndTypmod(type, &type_modifier);
	const TypeConversion *row = find_row(base_type, options);

	if (row == NULL || !type_is_convertible(base_type))
		report_inconvertible(column, base_type, options);

	conversion->row = row;
	conversion->name = pstrdup(attribute_name_of(column, options));
	conversion->type_name = type_name;
	conversion->type = base_type;
	conversion->type_modifier = type_modifier;
	conversion->accepted = ATTRIBUTE_TYPE_BIT(row->attribute_type);
	conversion->written_type = row->attribute_type;
	conversion->is_narrowed = options->has_attribute_type;
	conversion->json_format = options->json_format;
	conversion->time_format = options->time_format;
	conversion->domain = base_type == type ? InvalidOid : type;
	conversion->context = CurrentMemoryContext;
	if (row->prepare != NULL)
		row->prepare(conversion, options);
	return conversion;
}

/* Where an attribute_type narrows the column, it is what to look at first. */
static void
report_unaccepted(const ColumnConversion *conversion, AttributeType type)
{
	const char *type_name = attribute_type_name(type);

	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
	         errmsg("attribute \"%s\" is of type %s, which column type %s does not accept",
	                conversion->name, type_name, conversion->type_name),
	         conversion->is_narrowed
	             ? errhint("The column's attribute_type is \"%s\".",
	                       attribute_type_name(conversion->written_type))
	             : errhint("Declare the column as jsonb, which accepts every type, or as a type "
	                       "that accepts %s.",
	                       type_name)));
}

static void
check_domain(ColumnConversion *conversion, Datum datum, bool is_null)
{
	domain_check(datum, is_null, conversion->domain, &conversion->domain_constraints,
	             conversion->context);
}

Datum
column_conversion_read(ColumnConversion *conversion, const AttributeValue *value, bool *is_null)
{
	Datum datum = (Datum) 0;

	*is_null = value == NULL || value->type == ATTRIBUTE_NULL;
	if (!*is_null)
	{
		if (unlikely((conversion->accepted & ATTRIBUTE_TYPE_BIT(value->type)) == 0))
			report_unaccepted(conversion, value->type);
		datum = conversion->row->read(conversion, value);
	}
	if (OidIsValid(conversion->domain))
		check_domain(conversion, datum, *is_null);
	return datum;
}

WriteOutcome
column_conversion_write(ColumnConversion *conversion, Arena *arena, Datum datum,
                        AttributeValue *value)
{
	return conversion->row->write(conversion, arena, datum, value);
}

bool
column_conversion_accepts(const ColumnConversion *conversion, AttributeType type)
{
	return (conversion->accepted & ATTRIBUTE_TYPE_BIT(type)) != 0;
}

ColumnConversion *
column_conversion_element(const ColumnConversion *conversion)
{
	return conversion->element;
}

AttributeType
column_conversion_set_type(const ColumnConversion *element)
{
	switch (element->written_type)
	{
		case ATTRIBUTE_S:
			return ATTRIBUTE_SS;
		case ATTRIBUTE_N:
			return ATTRIBUTE_NS;
		case ATTRIBUTE_B:
			return ATTRIBUTE_BS;
		default:
			return ATTRIBUTE_L;
	}
}

bool
column_conversion_written_type(const ColumnConversion *conversion, AttributeType *type)
{
	*type = conversion->written_type;
	return !conversion->writes_any;
}

/* --- comparability -------------------------------------------------------------------------- */

/*
 * True when different UTF-8 strings are different strings of the server's encoding. The multi-byte
 * encodings' conversions map some characters together.
 */
static bool
encoding_keeps_equality(void)
{
	return GetDatabaseEncoding() == PG_UTF8 || pg_database_encoding_max_length() == 1;
}

/* True when comparing bytes in the server's encoding orders as comparing bytes of UTF-8 does. */
static bool
encoding_keeps_order(void)
{
	int encoding = GetDatabaseEncoding();

	return encoding == PG_UTF8 || encoding == PG_SQL_ASCII || encoding == PG_LATIN1;
}

static Comparability
text_comparability(AttributeType written_type, Oid collation)
{
	Comparability comparability = {0};

	if (!OidIsValid(collation) || !get_collation_isdeterministic(collation))
		return comparability;
	comparability.equality = true;
	if (written_type == ATTRIBUTE_S)
	{
		comparability.prefix = true;
		comparability.order = collation_orders_by_bytes(collation) && encoding_keeps_order();
	}
	return comparability;
}

Comparability
column_conversion_comparability(const ColumnConversion *conversion, Oid collation)
{
	const TypeConversion *row = conversion->row;

	if (row->attribute_type == ATTRIBUTE_S && !encoding_keeps_equality())
		return (Comparability){0};

	switch (row->comparability)
	{
		case COMPARABLE_NEVER:
			break;
		case COMPARABLE_EQUALITY:
			return (Comparability){.equality = true};
		case COMPARABLE_ORDER:
			return (Comparability){.equality = true, .order = true};
		case COMPARABLE_TEXT:
			return text_comparability(row->attribute_type, collation);
	}
	return (Comparability){0};
}

/* Of floats and times, values are refused that would have to be rounded or parsed first. */
bool
column_conversion_orders_all(const ColumnConversion *conversion)
{
	switch (conversion->type)
	{
		case TEXTOID:
		case VARCHAROID:
		case BYTEAOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
			return !OidIsValid(conversion->domain);
		default:
			return false;
	}
}

/* --- the other way: a type for attributes ----------------------------------------------------- */

/* By AttributeType. */
static const char *const sql_types[ATTRIBUTE_TYPE_COUNT] = {
    [ATTRIBUTE_S] = "text",       [ATTRIBUTE_N] = "numeric",  [ATTRIBUTE_B] = "bytea",
    [ATTRIBUTE_BOOL] = "boolean", [ATTRIBUTE_NULL] = "jsonb", [ATTRIBUTE_SS] = "text[]",
    [ATTRIBUTE_NS] = "numeric[]", [ATTRIBUTE_BS] = "bytea[]", [ATTRIBUTE_L] = "jsonb",
    [ATTRIBUTE_M] = "jsonb",
};

const char *
sql_type_for_attribute_types(uint32 attribute_types)
{
	uint32 without_null = attribute_types & ~ATTRIBUTE_TYPE_BIT(ATTRIBUTE_NULL);

	for (int type = 0; type < ATTRIBUTE_TYPE_COUNT; type++)
		if (without_null == ATTRIBUTE_TYPE_BIT(type))
			return sql_types[type];
	return "jsonb";
}
