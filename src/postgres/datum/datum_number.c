/*
 * datum_number.c
 *		Numbers, exactly: DynamoDB's decimal text to integers, floats and numeric, and back.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/numeric.h"

#include "postgres/datum/datum_conversion.h"

#include "item/number.h"
#include "postgres/report.h"

static void
report_inexact(ColumnConversion *conversion)
{
	ereport(ERROR,
	        (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
	         errmsg("number in attribute \"%s\" cannot be held exactly by type %s",
	                conversion->name, conversion->type_name),
	         errhint("Declare the column as numeric, which holds every number of DynamoDB.")));
}

/* The text with a terminator behind it, in `buffer` if it fits there, else palloc'd. */
static char *
terminate(Bytes text, char *buffer, size_t size)
{
	char *terminated = text.length < size ? buffer : palloc(text.length + 1);

	memcpy(terminated, text.data, text.length);
	terminated[text.length] = '\0';
	return terminated;
}

/* A decimal small enough for arithmetic of the machine: mantissa / 10^scale. */
typedef struct ShortDecimal
{
	int64 mantissa;
	int scale; /* digits behind the point */
} ShortDecimal;

/* Digits that always fit an int64. */
#define SHORT_DECIMAL_DIGITS 18

/* Reads a decimal of at most so many digits without exponent; false for all others. */
static bool
parse_short_decimal(Bytes text, int maximum_digits, ShortDecimal *decimal)
{
	const char *next = text.data;
	const char *end = text.data + text.length;
	bool negative = next < end && *next == '-';
	const char *point = NULL;
	int64 mantissa = 0;

	if (negative)
		next++;
	if (end - next > maximum_digits + 1)
		return false;
	for (const char *start = next; next < end; next++)
	{
		if (*next >= '0' && *next <= '9')
			mantissa = mantissa * 10 + (*next - '0');
		else if (*next == '.' && point == NULL && next > start)
			point = next;
		else
			return false;
	}
	if (point == NULL && end - text.data - negative > maximum_digits)
		return false;
	decimal->mantissa = negative ? -mantissa : mantissa;
	decimal->scale = point != NULL ? (int) (end - point) - 1 : 0;
	return true;
}

/* --- integers --------------------------------------------------------------------------------- */

static int64
read_integer(ColumnConversion *conversion, const AttributeValue *value, int64 minimum,
             int64 maximum)
{
	int64_t integer;

	if (!result_is_ok(number_to_int64(value->bytes, &integer)) || integer < minimum ||
	    integer > maximum)
		report_inexact(conversion);
	return integer;
}

Datum
read_int2(ColumnConversion *conversion, const AttributeValue *value)
{
	return Int16GetDatum((int16) read_integer(conversion, value, PG_INT16_MIN, PG_INT16_MAX));
}

Datum
read_int4(ColumnConversion *conversion, const AttributeValue *value)
{
	return Int32GetDatum((int32) read_integer(conversion, value, PG_INT32_MIN, PG_INT32_MAX));
}

Datum
read_int8(ColumnConversion *conversion, const AttributeValue *value)
{
	return Int64GetDatum(read_integer(conversion, value, PG_INT64_MIN, PG_INT64_MAX));
}

static WriteOutcome
write_integer(Arena *arena, int64 integer, AttributeValue *value)
{
	char digits[MAXINT8LEN + 1];
	int length = pg_lltoa(integer, digits);

	*value = attribute_number(copy_value(arena, (Bytes){digits, length}));
	return WRITE_EXACT;
}

WriteOutcome
write_int2(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	return write_integer(arena, DatumGetInt16(datum), value);
}

WriteOutcome
write_int4(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	return write_integer(arena, DatumGetInt32(datum), value);
}

WriteOutcome
write_int8(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	return write_integer(arena, DatumGetInt64(datum), value);
}

/* --- floats ----------------------------------------------------------------------------------- */

/*
 * A float holds a number exactly when the float's shortest text, as the server writes it, is that
 * number: then the number comes back from it, and no two stored numbers read as one float. (The
 * server's shortest text avoids decimals halfway between two floats; such numbers are refused.)
 *
 * Of decimals with at most FLT_DIG or DBL_DIG digits, no two share a float, so these need no check;
 * and a mantissa and a power of ten that are both exact in a double make one division round
 * correctly.
 */
static const double powers_of_ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

static bool
parse_short_double(Bytes text, int maximum_digits, double *number)
{
	ShortDecimal decimal;

	if (!parse_short_decimal(text, maximum_digits, &decimal))
		return false;
	*number = (double) decimal.mantissa / powers_of_ten[decimal.scale];
	return true;
}

Datum
read_float8(ColumnConversion *conversion, const AttributeValue *value)
{
	char buffer[NUMBER_TEXT_MAXIMUM];
	char shortest[DOUBLE_SHORTEST_DECIMAL_LEN];
	double number;
	int length;

	if (parse_short_double(value->bytes, DBL_DIG, &number))
		return Float8GetDatum(number);

	number = strtod(terminate(value->bytes, buffer, sizeof(buffer)), NULL);
	length = double_to_shortest_decimal_bufn(number, shortest);
	if (isinf(number) || number_compare((Bytes){shortest, length}, value->bytes) != 0)
		report_inexact(conversion);
	return Float8GetDatum(number);
}

Datum
read_float4(ColumnConversion *conversion, const AttributeValue *value)
{
	char buffer[NUMBER_TEXT_MAXIMUM];
	char shortest[FLOAT_SHORTEST_DECIMAL_LEN];
	double short_number;
	float number;
	int length;

	if (parse_short_double(value->bytes, FLT_DIG, &short_number))
		return Float4GetDatum((float) short_number);

	number = strtof(terminate(value->bytes, buffer, sizeof(buffer)), NULL);
	length = float_to_shortest_decimal_bufn(number, shortest);
	if (isinf(number) || number_compare((Bytes){shortest, length}, value->bytes) != 0)
		report_inexact(conversion);
	return Float4GetDatum(number);
}

WriteOutcome
write_number(Arena *arena, Bytes text, AttributeValue *value)
{
	Bytes canonical;

	if (!result_is_ok(number_check(text)))
		return WRITE_NO_VALUE;
	if (!result_is_ok(number_canonical(arena, text, &canonical)))
		report_result(arena_failure(arena, NUMBER_TEXT_MAXIMUM), "write number");
	*value = attribute_number(canonical);
	return WRITE_EXACT;
}

WriteOutcome
write_float8(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	char shortest[DOUBLE_SHORTEST_DECIMAL_LEN];
	double number = DatumGetFloat8(datum);

	if (isnan(number) || isinf(number))
		return WRITE_NO_VALUE;
	return write_number(arena, (Bytes){shortest, double_to_shortest_decimal_bufn(number, shortest)},
	                    value);
}

WriteOutcome
write_float4(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	char shortest[FLOAT_SHORTEST_DECIMAL_LEN];
	float number = DatumGetFloat4(datum);

	if (isnan(number) || isinf(number))
		return WRITE_NO_VALUE;
	return write_number(arena, (Bytes){shortest, float_to_shortest_decimal_bufn(number, shortest)},
	                    value);
}

/* --- numeric ---------------------------------------------------------------------------------- */

Datum
numeric_of_number(Bytes text)
{
	ShortDecimal decimal;
	char buffer[NUMBER_TEXT_MAXIMUM];

	if (parse_short_decimal(text, SHORT_DECIMAL_DIGITS, &decimal))
	{
		if (decimal.scale == 0)
			return NumericGetDatum(int64_to_numeric(decimal.mantissa));
		return NumericGetDatum(int64_div_fast_to_numeric(decimal.mantissa, decimal.scale));
	}
	return DirectFunctionCall3(numeric_in, CStringGetDatum(terminate(text, buffer, sizeof(buffer))),
	                           ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

Datum
read_numeric(ColumnConversion *conversion, const AttributeValue *value)
{
	Datum exact = numeric_of_number(value->bytes);
	Datum coerced;

	if (conversion->type_modifier < 0)
		return exact;
	coerced = DirectFunctionCall2(numeric, exact, Int32GetDatum(conversion->type_modifier));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, exact, coerced)))
		report_inexact(conversion);
	return coerced;
}

/* NaN and the infinities have texts that are no numbers. */
WriteOutcome
write_numeric(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	char *text = DatumGetCString(DirectFunctionCall1(numeric_out, datum));

	return write_number(arena, bytes_of_string(text), value);
}

int64
integer_of_datum(Oid type, Datum datum)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(datum);
		case INT4OID:
			return DatumGetInt32(datum);
		default:
			return DatumGetInt64(datum);
	}
}
