/*
 * datum_text.c
 *		Strings and bytes, and the types that are read through their text.
 *
 * DynamoDB's strings are UTF-8 and were checked by the decoder; they are converted only where the
 * server's encoding is another one.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

#include "postgres/datum/datum_conversion.h"

#include "item/number.h"
#include "postgres/memory.h"
#include "postgres/report.h"

/* --- encodings ------------------------------------------------------------------------------ */

bool
holds_nul(Bytes bytes)
{
	return bytes.length > 0 && memchr(bytes.data, '\0', bytes.length) != NULL;
}

void
report_nul(const char *name)
{
	ereport(
	    ERROR,
	    (errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
	     errmsg("string in attribute \"%s\" holds the character U+0000", name),
	     errdetail("PostgreSQL's text and jsonb cannot hold it."),
	     errhint("A bytea column with attribute_type \"S\" takes any string as its UTF-8 bytes.")));
}

Bytes
encode_for_server(Bytes utf8)
{
	char *converted;

	if (GetDatabaseEncoding() == PG_UTF8 || utf8.length == 0)
		return utf8;
	converted = pg_any_to_server(utf8.data, (int) utf8.length, PG_UTF8);
	if (converted == utf8.data)
		return utf8;
	return bytes_of_string(converted);
}

Bytes
string_to_server(const char *name, Bytes utf8)
{
	if (unlikely(holds_nul(utf8)))
		report_nul(name);
	return encode_for_server(utf8);
}

bool
string_from_server(Arena *arena, const char *text, size_t length, Bytes *utf8)
{
	char *converted;

	if (GetDatabaseEncoding() == PG_SQL_ASCII &&
	    !pg_verify_mbstr(PG_UTF8, text, (int) length, true))
		return false;

	converted = pg_server_to_any(text, (int) length, PG_UTF8);
	if (converted != text)
		length = strlen(converted);
	*utf8 = copy_value(arena, (Bytes){converted, length});
	return true;
}

void
scratch_arena_init(Arena *arena)
{
	arena_init(arena, memory_context_blocks(CurrentMemoryContext), ARENA_PLAIN, MaxAllocSize);
}

void *
allocate_value(Arena *arena, size_t count, size_t size)
{
	void *memory = arena_allocate_array(arena, count, size);

	if (memory == NULL)
		report_result(arena_failure(arena, count * size), "write attribute value");
	return memory;
}

Bytes
copy_value(Arena *arena, Bytes bytes)
{
	const char *copy = arena_copy(arena, bytes);

	if (copy == NULL)
		report_result(arena_failure(arena, bytes.length + 1), "write attribute value");
	return (Bytes){copy, bytes.length};
}

/* --- text ----------------------------------------------------------------------------------- */

Datum
read_text(ColumnConversion *conversion, const AttributeValue *value)
{
	Bytes text = string_to_server(conversion->name, value->bytes);

	return PointerGetDatum(cstring_to_text_with_len(text.data, (int) text.length));
}

/*
 * Unlike varchar's input function this refuses surplus blanks too, since cutting them off would
 * make different stored strings equal.
 */
Datum
read_varchar(ColumnConversion *conversion, const AttributeValue *value)
{
	Bytes text = string_to_server(conversion->name, value->bytes);
	int32 maximum = conversion->type_modifier - VARHDRSZ;

	if (maximum >= 0 && text.length > (size_t) maximum &&
	    pg_mbstrlen_with_len(text.data, (int) text.length) > maximum)
		ereport(ERROR, (errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
		                errmsg("value too long for type %s", conversion->type_name)));
	return PointerGetDatum(cstring_to_text_with_len(text.data, (int) text.length));
}

Datum
read_bpchar(ColumnConversion *conversion, const AttributeValue *value)
{
	Bytes text = string_to_server(conversion->name, value->bytes);
	char *terminated = pnstrdup(text.length > 0 ? text.data : "", text.length);

	return DirectFunctionCall3(bpcharin, CStringGetDatum(terminated), ObjectIdGetDatum(InvalidOid),
	                           Int32GetDatum(conversion->type_modifier));
}

Datum
read_text_of_number(ColumnConversion *conversion, const AttributeValue *value)
{
	Arena scratch;
	Bytes canonical;
	text *result;

	scratch_arena_init(&scratch);
	CHECK_RESULT(number_canonical(&scratch, value->bytes, &canonical), "read number");
	result = cstring_to_text_with_len(canonical.data, (int) canonical.length);
	arena_release(&scratch);
	return PointerGetDatum(result);
}

static WriteOutcome
write_string(Arena *arena, const char *text, size_t length, AttributeValue *value)
{
	Bytes utf8;

	if (!string_from_server(arena, text, length, &utf8))
		return WRITE_NO_VALUE;
	*value = attribute_string(utf8);
	return WRITE_EXACT;
}

WriteOutcome
write_text(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	text *packed = DatumGetTextPP(datum);

	return write_string(arena, VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed), value);
}

/* The blanks that fill up a character(n) mean nothing and are not stored. */
WriteOutcome
write_bpchar(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	BpChar *packed = DatumGetBpCharPP(datum);
	const char *text = VARDATA_ANY(packed);

	return write_string(arena, text,
	                    bpchartruelen(unconstify(char *, text), VARSIZE_ANY_EXHDR(packed)), value);
}

/* Only canonical text has a number that means it: '5.0' would be read back as '5'. */
WriteOutcome
write_number_of_text(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	text *packed = DatumGetTextPP(datum);
	Bytes given = {VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed)};
	WriteOutcome outcome = write_number(arena, given, value);

	if (outcome == WRITE_EXACT && !bytes_equal(given, value->bytes))
		return WRITE_NO_VALUE;
	return outcome;
}

/* --- bytes, booleans -------------------------------------------------------------------------- */

Datum
read_bytea(ColumnConversion *conversion, const AttributeValue *value)
{
	Size size = add_size(value->bytes.length, VARHDRSZ);
	bytea *bytes = palloc(size);

	SET_VARSIZE(bytes, size);
	if (value->bytes.length > 0)
		memcpy(VARDATA(bytes), value->bytes.data, value->bytes.length);
	return PointerGetDatum(bytes);
}

WriteOutcome
write_bytea(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	bytea *packed = DatumGetByteaPP(datum);

	*value = attribute_binary(
	    copy_value(arena, (Bytes){VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed)}));
	return WRITE_EXACT;
}

/* The server's own check takes U+0000 for an end, so it is asked about what lies between. */
static bool
is_utf8(Bytes bytes)
{
	const char *part = bytes.data;
	size_t rest = bytes.length;

	while (rest > 0)
	{
		const char *nul = memchr(part, '\0', rest);
		size_t length = nul != NULL ? (size_t) (nul - part) : rest;

		if (!pg_verify_mbstr(PG_UTF8, part, (int) length, true))
			return false;
		if (nul == NULL)
			return true;
		part = nul + 1;
		rest -= length + 1;
	}
	return true;
}

WriteOutcome
write_string_of_bytea(ColumnConversion *conversion, Arena *arena, Datum datum,
                      AttributeValue *value)
{
	bytea *packed = DatumGetByteaPP(datum);
	Bytes bytes = {VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed)};

	if (!is_utf8(bytes))
		return WRITE_NO_VALUE;
	*value = attribute_string(copy_value(arena, bytes));
	return WRITE_EXACT;
}

Datum
read_boolean(ColumnConversion *conversion, const AttributeValue *value)
{
	return BoolGetDatum(value->boolean);
}

WriteOutcome
write_boolean(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	*value = attribute_boolean(DatumGetBool(datum));
	return WRITE_EXACT;
}

/* --- uuid ------------------------------------------------------------------------------------- */

#define UUID_TEXT_LENGTH 36

static int
lower_case_hex_digit(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	return -1;
}

/* Reads 8-4-4-4-12 lower-case hexadecimal digits. */
static bool
parse_uuid(Bytes text, pg_uuid_t *uuid)
{
	const char *next = text.data;

	if (text.length != UUID_TEXT_LENGTH)
		return false;
	for (int i = 0; i < UUID_LEN; i++)
	{
		int high;
		int low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *next++ != '-')
			return false;
		high = lower_case_hex_digit(*next++);
		low = lower_case_hex_digit(*next++);
		if (high < 0 || low < 0)
			return false;
		uuid->data[i] = (unsigned char) (high << 4 | low);
	}
	return true;
}

/*
 * Only the form that the type writes is read. With one spelling a uuid, DynamoDB's comparison of
 * strings is the type's, so uuids serve as keys; other spellings would be missed by a key lookup
 * that finds the canonical one.
 */
Datum
read_uuid(ColumnConversion *conversion, const AttributeValue *value)
{
	pg_uuid_t *uuid = palloc(sizeof(*uuid));

	if (!parse_uuid(value->bytes, uuid))
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
		                errmsg("string in attribute \"%s\" is not a uuid in canonical form",
		                       conversion->name),
		                errdetail("The canonical form is lower case with hyphens: "
		                          "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11."),
		                errhint("Declare the column as text.")));
	return UUIDPGetDatum(uuid);
}

/* --- input and output functions --------------------------------------------------------------- */

void
prepare_text_functions(ColumnConversion *conversion, const ColumnOptions *options)
{
	Oid input;
	Oid output;
	bool is_variable_length;

	getTypeInputInfo(conversion->type, &input, &conversion->input_parameter);
	fmgr_info(input, &conversion->input);
	getTypeOutputInfo(conversion->type, &output, &is_variable_length);
	fmgr_info(output, &conversion->output);
}

/* True while the settings that change what types' text means have the values we give them. */
static bool
text_settings_are_ours(void)
{
	return DateStyle == USE_ISO_DATES && IntervalStyle == INTSTYLE_POSTGRES &&
	       extra_float_digits > 0;
}

/*
 * Makes the text of dates, intervals and floats inside of ranges, geometric types and the like
 * independent of the session's settings. Returns what text_settings_leave() takes; after an error
 * the transaction's end undoes it.
 */
static int
text_settings_enter(void)
{
	int nest_level;

	if (likely(text_settings_are_ours()))
		return 0;
	nest_level = NewGUCNestLevel();
	set_config_option("datestyle", "ISO", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
	                  false);
	set_config_option("intervalstyle", "postgres", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
	                  true, 0, false);
	set_config_option("extra_float_digits", "1", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
	                  0, false);
	return nest_level;
}

static void
text_settings_leave(int nest_level)
{
	if (nest_level != 0)
		AtEOXact_GUC(true, nest_level);
}

Datum
read_by_input_function(ColumnConversion *conversion, const AttributeValue *value)
{
	Bytes text = string_to_server(conversion->name, value->bytes);
	char *terminated = pnstrdup(text.length > 0 ? text.data : "", text.length);
	int settings = text_settings_enter();
	Datum datum = InputFunctionCall(&conversion->input, terminated, conversion->input_parameter,
	                                conversion->type_modifier);

	text_settings_leave(settings);
	return datum;
}

WriteOutcome
write_by_output_function(ColumnConversion *conversion, Arena *arena, Datum datum,
                         AttributeValue *value)
{
	int settings = text_settings_enter();
	char *text = OutputFunctionCall(&conversion->output, datum);

	text_settings_leave(settings);
	return write_string(arena, text, strlen(text), value);
}
