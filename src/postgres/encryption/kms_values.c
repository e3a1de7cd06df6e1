/*
 * kms_values.c
 *		Conversions whose errors say nothing of the value.
 *
 * The server's own conversions of encodings show the bytes that they cannot convert. For a secret
 * those are the secret, so here they are asked to stop instead.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "utils/jsonb.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_calls.h"
#include "postgres/encryption/kms_values.h"
#include "postgres/report.h"

/*
 * Converts all of `source`; false when it cannot be. `target` has room for MAX_CONVERSION_GROWTH
 * times as much and a byte.
 */
static bool
convert(int source_encoding, int target_encoding, Bytes source, char *target, size_t *length)
{
	Oid conversion = FindDefaultConversionProc(source_encoding, target_encoding);
	int room = (int) source.length * MAX_CONVERSION_GROWTH + 1;
	int converted;

	if (!OidIsValid(conversion))
		return false;
	converted = pg_do_encoding_conversion_buf(conversion, source_encoding, target_encoding,
	                                          (unsigned char *) source.data, (int) source.length,
	                                          (unsigned char *) target, room, true);
	*length = strlen(target);
	return converted == (int) source.length;
}

/* True when text of the server's encoding has the same bytes in UTF-8, if those are valid. */
static bool
server_text_is_utf8(void)
{
	return GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII;
}

static void
report_no_utf8(void)
{
	ereport(ERROR, (errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
	                errmsg("text to be encrypted cannot be written as UTF-8"),
	                errhint("Encrypt it as bytea.")));
}

Bytes
secret_text_to_utf8(Arena *secrets, Bytes text)
{
	Bytes utf8 = text;
	char *converted;

	if (text.length == 0 || GetDatabaseEncoding() == PG_UTF8)
		return text;
	/* Longer than KMS takes in any encoding: the size is what is wrong with it. */
	if (text.length > KMS_PLAINTEXT_MAXIMUM)
		kms_check_plaintext(text.length);
	if (server_text_is_utf8())
	{
		if (!pg_verify_mbstr(PG_UTF8, text.data, (int) text.length, true))
			report_no_utf8();
		return text;
	}
	converted = arena_allocate(secrets, text.length * MAX_CONVERSION_GROWTH + 1);
	if (converted == NULL)
		report_result(arena_failure(secrets, text.length), "convert text");
	utf8.data = converted;
	if (!convert(GetDatabaseEncoding(), PG_UTF8, text, converted, &utf8.length))
		report_no_utf8();
	return utf8;
}

bool
secret_text_of_utf8(Bytes utf8, text **result)
{
	size_t length = utf8.length;
	size_t room = server_text_is_utf8() ? length : length * MAX_CONVERSION_GROWTH + 1;
	bool good = true;

	*result = palloc(VARHDRSZ + room);
	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		good = length == 0 || memchr(utf8.data, '\0', length) == NULL;
	else if (length > 0)
		good = pg_verify_mbstr(PG_UTF8, utf8.data, (int) length, true);
	if (good && length > 0 && server_text_is_utf8())
		memcpy(VARDATA(*result), utf8.data, length);
	else if (good && length > 0)
		good = convert(PG_UTF8, GetDatabaseEncoding(), utf8, VARDATA(*result), &length);
	if (!good)
		wipe(VARDATA(*result), room);
	SET_VARSIZE(*result, VARHDRSZ + length);
	return good;
}

bytea *
bytea_of_bytes(Bytes bytes)
{
	bytea *result = palloc(VARHDRSZ + bytes.length);

	SET_VARSIZE(result, VARHDRSZ + bytes.length);
	if (bytes.length > 0)
		memcpy(VARDATA(result), bytes.data, bytes.length);
	return result;
}

Bytes
bytes_of_datum(Datum datum)
{
	const struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);

	return (Bytes){VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
}

void
wipe_datum(Datum datum)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(datum);

	wipe(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

/* Encryption contexts */

static void
report_no_context(void)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid encryption context"),
	                errdetail("It must be a JSON object whose members are strings.")));
}

/* A string of a jsonb as UTF-8. Contexts are no secrets: KMS logs them. */
static Bytes
utf8_of_json_string(const JsonbValue *string)
{
	const char *text = string->val.string.val;
	int length = string->val.string.len;
	const char *converted = pg_server_to_any(text, length, PG_UTF8);

	if (converted == text)
		return (Bytes){text, (size_t) length};
	return bytes_of_string(converted);
}

KmsContext
kms_context_of_jsonb(Datum datum)
{
	Jsonb *jsonb = DatumGetJsonbP(datum);
	KmsContextPair *pairs;
	KmsContext context = {0};
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(jsonb))
		report_no_context();
	pairs = palloc_array(KmsContextPair, Max(JB_ROOT_COUNT(jsonb), 1));
	iterator = JsonbIteratorInit(&jsonb->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			pairs[context.count].name = utf8_of_json_string(&value);
		if (token != WJB_VALUE)
			continue;
		if (value.type != jbvString)
			report_no_context();
		pairs[context.count++].value = utf8_of_json_string(&value);
	}
	context.pairs = pairs;
	kms_check_context(context);
	return context;
}
