/*
 * datum_unwritable.c
 *		Why a Datum cannot be stored in DynamoDB, and where in it.
 *
 * Writing says only that there is no attribute value for a Datum; conditions are not interested in
 * more. Here the reason is looked for, after the fact, for whoever wanted to store it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "postgres/datum/datum_conversion.h"
#include "postgres/report.h"

static void
report_number(const char *name)
{
	ereport(ERROR,
	        (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
	         errmsg("number cannot be stored in attribute \"%s\"", name),
	         errdetail("DynamoDB's numbers have at most 38 significant digits and magnitudes from "
	                   "1E-130 to below 1E+126.")));
}

static void
report_depth(const char *name)
{
	ereport(ERROR,
	        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
	         errmsg("document is nested too deep for attribute \"%s\"", name),
	         errdetail("DynamoDB's documents have at most %d levels.", ATTRIBUTE_DEPTH_MAXIMUM)));
}

pg_noreturn static void report_text(const char *name);

static void
report_text(const char *name)
{
	ereport(ERROR, (errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
	                errmsg("text cannot be stored in attribute \"%s\"", name),
	                errdetail("An attribute's string is UTF-8.")));
}

/* --- jsonb ------------------------------------------------------------------------------------ */

void
report_no_typed_json(const char *name, CheckedResult result)
{
	if (result.code == RESULT_OUT_OF_MEMORY || result.code == RESULT_TOO_LARGE)
		report_result(result, "write attribute value");
	ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
	                errmsg("value of attribute \"%s\" is not in DynamoDB's typed JSON", name),
	                errdetail("%s, at byte %zu.", result.message, result.position),
	                errhint("The column's json_format is \"dynamodb\".")));
}

static bool
number_has_value(const JsonbValue *json)
{
	char *digits =
	    DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(json->val.numeric)));
	AttributeValue ignored;
	Arena scratch;
	WriteOutcome outcome;

	scratch_arena_init(&scratch);
	outcome = write_number(&scratch, bytes_of_string(digits), &ignored);
	arena_release(&scratch);
	return outcome == WRITE_EXACT;
}

/* Where the walk through a document is: the names and positions of what is open. */
typedef struct Walk
{
	int depth;                                /* open objects and arrays */
	char *names[ATTRIBUTE_DEPTH_MAXIMUM + 2]; /* of the member at each level; NULL in an array */
	int elements[ATTRIBUTE_DEPTH_MAXIMUM + 2];
	bool is_whole_item; /* the outermost object is the item */
} Walk;

static char *
place_of_walk(const Walk *walk, const char *name)
{
	StringInfoData place;

	initStringInfo(&place);
	appendStringInfoString(&place, name);
	for (int level = 0; level < walk->depth; level++)
	{
		if (walk->names[level] == NULL)
			appendStringInfo(&place, "[%d]", walk->elements[level]);
		else
			appendStringInfo(&place, "%s%s", place.len > 0 ? "." : "", walk->names[level]);
	}
	return place.data;
}

static void
open_container(Walk *walk, const char *name)
{
	if (walk->depth >= ATTRIBUTE_DEPTH_MAXIMUM + (walk->is_whole_item ? 1 : 0))
		report_depth(place_of_walk(walk, name));
	walk->names[walk->depth] = NULL;
	walk->elements[walk->depth] = -1;
	walk->depth++;
}

static void
check_scalar(const Walk *walk, const char *name, const JsonbValue *json)
{
	if (json->type == jbvNumeric && !number_has_value(json))
		report_number(place_of_walk(walk, name));
}

static void
walk_jsonb(Walk *walk, const char *name, Jsonb *jsonb)
{
	JsonbIterator *iterator = JsonbIteratorInit(&jsonb->root);
	JsonbIteratorToken token;
	JsonbValue json;

	while ((token = JsonbIteratorNext(&iterator, &json, false)) != WJB_DONE)
	{
		if (token == WJB_END_ARRAY || token == WJB_END_OBJECT)
		{
			walk->depth--;
			continue;
		}
		if (walk->depth > 0 && token != WJB_KEY && token != WJB_VALUE)
			walk->elements[walk->depth - 1]++;
		if (token == WJB_KEY)
			walk->names[walk->depth - 1] = pnstrdup(json.val.string.val, json.val.string.len);
		else if (token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT)
		{
			if (!(token == WJB_BEGIN_ARRAY && json.val.array.rawScalar))
				open_container(walk, name);
		}
		else
			check_scalar(walk, name, &json);
	}
}

/* No name: the jsonb is the whole item. */
void
report_unwritable_jsonb(const char *name, Jsonb *jsonb)
{
	Walk walk = {.is_whole_item = name[0] == '\0'};

	if (JB_ROOT_IS_SCALAR(jsonb))
	{
		JsonbValue json;

		(void) JsonbExtractScalar(&jsonb->root, &json);
		check_scalar(&walk, name, &json);
	}
	else
		walk_jsonb(&walk, name, jsonb);
	report_text(name[0] == '\0' ? "item" : name);
}

static void
report_jsonb(ColumnConversion *conversion, Jsonb *jsonb)
{
	const char *type = attribute_type_name(conversion->written_type);
	AttributeValue value;
	Arena scratch;

	scratch_arena_init(&scratch);
	if (conversion->json_format == JSON_FORMAT_DYNAMODB)
	{
		CheckedResult result = decode_typed_json(&scratch, jsonb, &value);

		if (!result_is_ok(result))
			report_no_typed_json(conversion->name, result);
	}
	if (conversion->is_narrowed)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("JSON value cannot be stored in attribute \"%s\" as type %s",
		                       conversion->name, type),
		                attribute_type_is_set(conversion->written_type)
		                    ? errdetail("A set is an array of different elements of one kind, and "
		                                "not empty.")
		                    : 0));
	report_unwritable_jsonb(conversion->name, jsonb);
}

/* --- arrays and composite types --------------------------------------------------------------- */

static void
report_array(ColumnConversion *conversion, const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_ARRAY_ELEMENT_ERROR),
	                errmsg("array cannot be stored in attribute \"%s\" as type %s",
	                       conversion->name, attribute_type_name(conversion->written_type)),
	                errdetail("%s", detail)));
}

/* Reports the first element that cannot be written; returns when there is none. */
static void
report_element(ColumnConversion *conversion, ArrayType *array)
{
	AttributeValue ignored;
	Datum *datums;
	bool *nulls;
	int count;
	Arena scratch;

	deconstruct_array(array, ARR_ELEMTYPE(array), conversion->element_length,
	                  conversion->element_by_value, conversion->element_alignment, &datums, &nulls,
	                  &count);
	scratch_arena_init(&scratch);
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i] && column_conversion_write(conversion->element, &scratch, datums[i],
		                                         &ignored) != WRITE_EXACT)
			column_conversion_report_unwritable(conversion->element, datums[i]);
	}
	arena_release(&scratch);
}

static void
report_unwritable_array(ColumnConversion *conversion, ArrayType *array)
{
	report_element(conversion, array);
	if (conversion->written_type == ATTRIBUTE_L)
		report_array(conversion, "An array must begin at index 1.");
	if (ARR_NDIM(array) == 0)
		report_array(conversion, "A set cannot be empty; store NULL instead.");
	if (ARR_NDIM(array) > 1)
		report_array(conversion, "A set has one dimension.");
	if (array_contains_nulls(array))
		report_array(conversion, "A set has no NULL elements.");
	report_array(conversion, "A set has each element once, and begins at index 1.");
}

static void
report_unwritable_composite(ColumnConversion *conversion, HeapTupleHeader header)
{
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};
	int count = conversion->descriptor->natts;
	Datum *datums = palloc(mul_size(count, sizeof(Datum)));
	bool *nulls = palloc(mul_size(count, sizeof(bool)));
	AttributeValue ignored;
	Arena scratch;

	heap_deform_tuple(&tuple, conversion->descriptor, datums, nulls);
	scratch_arena_init(&scratch);
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i] && conversion->fields[i] != NULL &&
		    column_conversion_write(conversion->fields[i], &scratch, datums[i], &ignored) !=
		        WRITE_EXACT)
			column_conversion_report_unwritable(conversion->fields[i], datums[i]);
	}
	arena_release(&scratch);
}

/* --- all -------------------------------------------------------------------------------------- */

static bool
is_time(Oid type)
{
	return type == DATEOID || type == TIMEOID || type == TIMETZOID || type == TIMESTAMPOID ||
	       type == TIMESTAMPTZOID;
}

static void
report_scalar(ColumnConversion *conversion)
{
	if (is_time(conversion->type))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
		                errmsg("value of type %s cannot be stored in attribute \"%s\"",
		                       conversion->type_name, conversion->name),
		                errdetail("It is infinite, or out of the range of the stored format.")));
	if (conversion->written_type == ATTRIBUTE_N)
		report_number(conversion->name);
	if (conversion->written_type == ATTRIBUTE_S)
		report_text(conversion->name);
}

void
column_conversion_report_unwritable(ColumnConversion *conversion, Datum datum)
{
	if (conversion->row->prepare == prepare_array)
		report_unwritable_array(conversion, DatumGetArrayTypeP(datum));
	else if (conversion->row->prepare == prepare_composite)
		report_unwritable_composite(conversion, DatumGetHeapTupleHeader(datum));
	else if (conversion->type == JSONBOID)
		report_jsonb(conversion, DatumGetJsonbP(datum));
	else if (conversion->type == JSONOID)
		report_jsonb(conversion, DatumGetJsonbP(DirectFunctionCall1(
		                             jsonb_in, CStringGetDatum(TextDatumGetCString(datum)))));
	else
		report_scalar(conversion);
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("value of type %s cannot be stored in attribute \"%s\"",
	                       conversion->type_name, conversion->name)));
}
