/*
 * datum.h
 *		Attribute values and Datums, both ways: how each SQL type is read and written.
 */
#ifndef POSTGRES_DATUM_DATUM_H
#define POSTGRES_DATUM_DATUM_H

#include "postgres.h"

#include "postgres/compat.h"

#include "item/attribute_value.h"
#include "postgres/options/options.h"

/* How the values of one column travel; prepared once, used for every row. */
typedef struct ColumnConversion ColumnConversion;

/*
 * Prepares the conversion of a column of this type, in CurrentMemoryContext. Errors: HV004 for a
 * type, or an attribute_type for it, that cannot be converted; `column` names it.
 */
extern ColumnConversion *column_conversion_create(const char *column, Oid type, int32 type_modifier,
                                                  const ColumnOptions *options);

/*
 * The Datum of a value, in CurrentMemoryContext. A NULL pointer (a missing attribute) and a NULL
 * attribute are SQL NULL. Errors: HV004 for a value of a type that the column does not accept,
 * 22003 for a number the type cannot hold exactly, 22P05 for U+0000, the type's own otherwise.
 */
extern Datum column_conversion_read(ColumnConversion *conversion, const AttributeValue *value,
                                    bool *is_null);

/*
 * The jsonb of an item, in CurrentMemoryContext, without the attributes whose slot `left_out` says:
 * the contents of a whole_item column.
 */
extern Datum item_read_as_jsonb(const DynamodbItem *item, DocumentFormat format,
                                const bool *left_out);

typedef enum WriteOutcome
{
	WRITE_EXACT,    /* the attribute value means exactly this Datum */
	WRITE_NO_VALUE, /* no attribute value means it: DynamoDB can hold none that equals it */
} WriteOutcome;

/*
 * The attribute value that the column writes for a Datum that is not null; its bytes are in `arena`
 * or borrowed from the Datum. WRITE_NO_VALUE for values such as 'NaN' or a number of 39 digits.
 */
extern WriteOutcome column_conversion_write(ColumnConversion *conversion, Arena *arena, Datum datum,
                                            AttributeValue *value);

/*
 * Reports the error of a Datum that column_conversion_write() has refused with WRITE_NO_VALUE,
 * naming the place inside of it: 22003 for a number, 54000 for a document nested too deep, 2202E
 * for an array that cannot be the set or list, 22008 for a date or time, 22021 for a text that is
 * no UTF-8, 22P02 for what is no typed JSON, 22023 for anything else.
 */
pg_noreturn extern void column_conversion_report_unwritable(ColumnConversion *conversion,
                                                            Datum datum);

/*
 * The attributes of a whole_item column's value, as a map in `arena`. Errors as above; 22023 when
 * the jsonb is no object.
 */
extern void item_write_from_jsonb(Arena *arena, Datum datum, DocumentFormat format,
                                  AttributeValue *map);

/* True when reading accepts attributes of the type. */
extern bool column_conversion_accepts(const ColumnConversion *conversion, AttributeType type);

/*
 * The conversion of an array's elements, borrowed from the array's; NULL for every other type.
 */
extern ColumnConversion *column_conversion_element(const ColumnConversion *conversion);

/* The type of the sets whose elements the conversion writes: SS, NS, BS; else L. */
extern AttributeType column_conversion_set_type(const ColumnConversion *element);

/* The one attribute type that the column writes; false for jsonb, which writes any. */
extern bool column_conversion_written_type(const ColumnConversion *conversion, AttributeType *type);

/*
 * What DynamoDB's own comparison of the stored values can stand for, given that stored values of
 * the written type were read without error.
 */
typedef struct Comparability
{
	bool equality; /* attribute values are equal exactly when the Datums are */
	bool order;    /* and DynamoDB orders them as the type's default btree does */
	bool prefix;   /* begins_with means the text's prefix */
} Comparability;

/*
 * True when DynamoDB orders every stored value of the written type as SQL would, also one that the
 * column cannot hold: a fraction among integers.
 */
extern bool column_conversion_orders_all(const ColumnConversion *conversion);

/* For comparisons under `collation` (InvalidOid for types without). */
extern Comparability column_conversion_comparability(const ColumnConversion *conversion,
                                                     Oid collation);

/* The value of one of the types int2, int4, int8. */
extern int64 integer_of_datum(Oid type, Datum datum);

/*
 * For IMPORT: the SQL type, as text for CREATE FOREIGN TABLE, that holds all of the attribute types
 * in the set (bit 1 << AttributeType); "jsonb" for a mixture. Static.
 */
extern const char *sql_type_for_attribute_types(uint32 attribute_types);

#endif
