/*
 * datum_conversion.h
 *		Inside of the conversions: the prepared state of one, a row of the table of types, and the
 *		functions that rows are made of. For the datum*.c files alone.
 */
#ifndef POSTGRES_DATUM_DATUM_CONVERSION_H
#define POSTGRES_DATUM_DATUM_CONVERSION_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "fmgr.h"
#include "utils/jsonb.h"

#include "postgres/compat.h"

#include "foundation/result.h"
#include "item/attribute_value.h"
#include "postgres/datum/datum.h"

/* A set of attribute types. */
#define ATTRIBUTE_TYPE_BIT(type) ((uint32) 1 << (type))
#define ATTRIBUTE_TYPES_ALL      (ATTRIBUTE_TYPE_BIT(ATTRIBUTE_TYPE_COUNT) - 1)

/*
 * The Datum of a value of a type that the conversion accepts, never of a NULL attribute, in
 * CurrentMemoryContext.
 */
typedef Datum (*ReadFunction)(ColumnConversion *conversion, const AttributeValue *value);

/* As column_conversion_write(); whatever the value points to is in the arena. */
typedef WriteOutcome (*WriteFunction)(ColumnConversion *conversion, Arena *arena, Datum datum,
                                      AttributeValue *value);

/* Looks up, once, what reading and writing need of the catalogs. */
typedef void (*PrepareFunction)(ColumnConversion *conversion, const ColumnOptions *options);

typedef enum ComparabilityClass
{
	COMPARABLE_NEVER,    /* unequal stored values may read as equal Datums, or not be read back */
	COMPARABLE_EQUALITY, /* stored value and Datum determine one another */
	COMPARABLE_ORDER,    /* and DynamoDB's order is the type's */
	COMPARABLE_TEXT      /* as far as the collation goes */
} ComparabilityClass;

/* One row: a type, and one attribute type that it can be read from and written as. */
typedef struct TypeConversion
{
	Oid type; /* or one of the pseudo-types ANYARRAY, RECORD, ANYENUM, ANY for a kind of types */
	AttributeType attribute_type;
	bool uses_time_format; /* the row for columns whose time_format is not iso8601 */
	PrepareFunction prepare;
	ReadFunction read;
	WriteFunction write;
	ComparabilityClass comparability;
} TypeConversion;

struct ColumnConversion
{
	const TypeConversion *row;
	const char *name;      /* the attribute as messages name it: an attribute's name or path */
	const char *type_name; /* the declared type as messages name it */
	Oid type;              /* below any domain */
	int32 type_modifier;   /* of that type */
	uint32 accepted;       /* set of the attribute types that reading accepts */
	bool writes_any;       /* the attribute type depends on the Datum (jsonb) */
	AttributeType written_type;
	bool is_narrowed; /* to written_type, by the column's attribute_type */
	DocumentFormat json_format;
	TimeFormat time_format;

	/* A domain's checks; domain is InvalidOid where there is none. */
	Oid domain;
	void *domain_constraints; /* domain_check()'s own cache, in `context` */
	MemoryContext context;    /* where this struct lives */

	/* Types read and written by their input and output functions. */
	FmgrInfo input;
	Oid input_parameter;
	FmgrInfo output;

	/* Arrays. */
	ColumnConversion *element;
	Oid element_type; /* as declared, perhaps a domain */
	int16 element_length;
	bool element_by_value;
	char element_alignment;

	/* Composite types; dropped fields have no conversion. */
	TupleDesc descriptor;
	ColumnConversion **fields;
	Bytes *field_names; /* UTF-8 */
};

/* In datum_text.c: strings, bytes, and what a type's own text functions read. */
extern Datum read_text(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_varchar(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_bpchar(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_text_of_number(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_bytea(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_boolean(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_uuid(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_by_input_function(ColumnConversion *conversion, const AttributeValue *value);
extern void prepare_text_functions(ColumnConversion *conversion, const ColumnOptions *options);
extern WriteOutcome write_text(ColumnConversion *conversion, Arena *arena, Datum datum,
                               AttributeValue *value);
extern WriteOutcome write_bpchar(ColumnConversion *conversion, Arena *arena, Datum datum,
                                 AttributeValue *value);
extern WriteOutcome write_number_of_text(ColumnConversion *conversion, Arena *arena, Datum datum,
                                         AttributeValue *value);
extern WriteOutcome write_bytea(ColumnConversion *conversion, Arena *arena, Datum datum,
                                AttributeValue *value);
extern WriteOutcome write_string_of_bytea(ColumnConversion *conversion, Arena *arena, Datum datum,
                                          AttributeValue *value);
extern WriteOutcome write_boolean(ColumnConversion *conversion, Arena *arena, Datum datum,
                                  AttributeValue *value);
extern WriteOutcome write_by_output_function(ColumnConversion *conversion, Arena *arena,
                                             Datum datum, AttributeValue *value);

/*
 * A string's bytes in the server's encoding, borrowed where no conversion is needed. The character
 * U+0000 is 22P05; `name` names the attribute.
 */
extern Bytes string_to_server(const char *name, Bytes utf8);

/* The parts of it: whether there is a U+0000, the error for it, and the conversion of the rest. */
extern bool holds_nul(Bytes bytes);
pg_noreturn extern void report_nul(const char *name);
extern Bytes encode_for_server(Bytes utf8);

/*
 * Text of the server's encoding as UTF-8 bytes in `arena`. False when it has none: bytes of an
 * SQL_ASCII database that are not UTF-8.
 */
extern bool string_from_server(Arena *arena, const char *text, size_t length, Bytes *utf8);

/*
 * An arena for the length of one conversion, in CurrentMemoryContext, which frees it after an
 * error; else arena_release() does.
 */
extern void scratch_arena_init(Arena *arena);

/* Memory of an arena; an error when it is exhausted. */
extern void *allocate_value(Arena *arena, size_t count, size_t size);
extern Bytes copy_value(Arena *arena, Bytes bytes);

/* In datum_number.c. */
extern Datum read_int2(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_int4(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_int8(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_float4(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_float8(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_numeric(ColumnConversion *conversion, const AttributeValue *value);
extern WriteOutcome write_int2(ColumnConversion *conversion, Arena *arena, Datum datum,
                               AttributeValue *value);
extern WriteOutcome write_int4(ColumnConversion *conversion, Arena *arena, Datum datum,
                               AttributeValue *value);
extern WriteOutcome write_int8(ColumnConversion *conversion, Arena *arena, Datum datum,
                               AttributeValue *value);
extern WriteOutcome write_float4(ColumnConversion *conversion, Arena *arena, Datum datum,
                                 AttributeValue *value);
extern WriteOutcome write_float8(ColumnConversion *conversion, Arena *arena, Datum datum,
                                 AttributeValue *value);
extern WriteOutcome write_numeric(ColumnConversion *conversion, Arena *arena, Datum datum,
                                  AttributeValue *value);

/* The numeric of a number's text, exactly. */
extern Datum numeric_of_number(Bytes text);

/* N of a decimal text of any spelling; WRITE_NO_VALUE beyond DynamoDB's digits or magnitudes. */
extern WriteOutcome write_number(Arena *arena, Bytes text, AttributeValue *value);

/* In datum_time.c. */
extern Datum read_date(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_time(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_timetz(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_timestamp(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_timestamptz(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_date_of_epoch(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_timestamp_of_epoch(ColumnConversion *conversion, const AttributeValue *value);
extern WriteOutcome write_date(ColumnConversion *conversion, Arena *arena, Datum datum,
                               AttributeValue *value);
extern WriteOutcome write_time(ColumnConversion *conversion, Arena *arena, Datum datum,
                               AttributeValue *value);
extern WriteOutcome write_timetz(ColumnConversion *conversion, Arena *arena, Datum datum,
                                 AttributeValue *value);
extern WriteOutcome write_timestamp(ColumnConversion *conversion, Arena *arena, Datum datum,
                                    AttributeValue *value);
extern WriteOutcome write_timestamptz(ColumnConversion *conversion, Arena *arena, Datum datum,
                                      AttributeValue *value);
extern WriteOutcome write_epoch_of_date(ColumnConversion *conversion, Arena *arena, Datum datum,
                                        AttributeValue *value);
extern WriteOutcome write_epoch_of_timestamp(ColumnConversion *conversion, Arena *arena,
                                             Datum datum, AttributeValue *value);

/* In datum_json.c. */
extern void prepare_json(ColumnConversion *conversion, const ColumnOptions *options);
extern Datum read_jsonb(ColumnConversion *conversion, const AttributeValue *value);
extern Datum read_json(ColumnConversion *conversion, const AttributeValue *value);
extern WriteOutcome write_jsonb(ColumnConversion *conversion, Arena *arena, Datum datum,
                                AttributeValue *value);
extern WriteOutcome write_json(ColumnConversion *conversion, Arena *arena, Datum datum,
                               AttributeValue *value);

/* In datum_unwritable.c: the errors of what cannot be written. */
pg_noreturn extern void report_unwritable_jsonb(const char *name, Jsonb *jsonb);
pg_noreturn extern void report_no_typed_json(const char *name, CheckedResult result);

/* In datum_json.c: what decodes typed JSON, and why it cannot. */
extern CheckedResult decode_typed_json(Arena *arena, Jsonb *jsonb, AttributeValue *value);

/* In datum_container.c: arrays and composite types. */
extern AttributeType set_element_type(AttributeType set_type);

/*
 * The set with its elements in order: numbers by value, strings and binaries by their bytes. The
 * service gives them in any order, and a row must not look changed for that. It is `set` itself
 * where that is in order, else *sorted, whose elements are palloc'd.
 */
extern const AttributeValue *set_in_order(const AttributeValue *set, AttributeValue *sorted);

/* True for a set that DynamoDB takes: not empty, no element twice. */
extern bool set_is_valid(const AttributeValue *set);

extern void prepare_array(ColumnConversion *conversion, const ColumnOptions *options);
extern Datum read_array(ColumnConversion *conversion, const AttributeValue *value);
extern WriteOutcome write_array(ColumnConversion *conversion, Arena *arena, Datum datum,
                                AttributeValue *value);
extern void prepare_composite(ColumnConversion *conversion, const ColumnOptions *options);
extern Datum read_composite(ColumnConversion *conversion, const AttributeValue *value);
extern WriteOutcome write_composite(ColumnConversion *conversion, Arena *arena, Datum datum,
                                    AttributeValue *value);

#endif
