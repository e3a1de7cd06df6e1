/*
 * kms_functions.c
 *		The SQL functions kms_*: KMS's operations on values and on arrays of them.
 *
 * Plaintext that comes from SQL or goes to it is in the server's memory, where only the server
 * knows who copies it; what is made here on the way is wiped.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_calls.h"
#include "postgres/encryption/kms_plaintexts.h"
#include "postgres/encryption/kms_values.h"
#include "postgres/memory.h"
#include "postgres/report.h"

/* Bytes of one value's conversion to UTF-8, and of a list of keys. */
#define CONVERSION_MAXIMUM ((Size) 64 * 1024)
#define LIST_MAXIMUM       ((Size) 64 * 1024 * 1024)

/* One call of a function: what all of its values have in common. */
typedef struct KmsFunction
{
	ServiceClient *client;
	KmsUse use;
	KmsPlaintexts *plaintexts;
	Arena *secrets; /* of one value's conversion */
	KmsRequest request;
	bool is_text; /* plaintexts are text and not bytea */
} KmsFunction;

/* A value on its way: one of the two. */
typedef struct KmsElement
{
	KmsCall *call;
	KmsPlaintext *plaintext;
} KmsElement;

/* What is done with each value of an argument. */
typedef struct KmsWork
{
	KmsElement (*start)(KmsFunction *function, Datum value);
	Datum (*finish)(KmsFunction *function, KmsElement element);
	bool takes_text;
	bool gives_text;
	bool gives_plaintext;
} KmsWork;

/* Arguments */

static Bytes
utf8_of_argument(Datum argument)
{
	return utf8_of_text(text_to_cstring(DatumGetTextPP(argument)));
}

/* Begins a call of the function whose first argument is a server's name. */
static KmsFunction
begin_function(FunctionCallInfo fcinfo, KmsOperation operation)
{
	Oid server_id = usable_server(NameStr(*PG_GETARG_NAME(0)));
	KmsFunction function = {
	    .client = service_client_get(server_id, GetUserId()),
	    .secrets = memory_context_arena(CurrentMemoryContext, ARENA_SECRET, CONVERSION_MAXIMUM),
	    .request.operation = operation,
	};

	function.use.maximum = service_client_options(function.client)->max_kms_calls;
	return function;
}

/* The key that the argument names; nothing happens for NULL. */
static void
set_key(KmsFunction *function, FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		return;
	function->request.key_id = utf8_of_argument(PG_GETARG_DATUM(argument));
	kms_check_key_id(function->request.key_id);
}

static KmsContext
context_argument(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		return (KmsContext){0};
	return kms_context_of_jsonb(PG_GETARG_DATUM(argument));
}

static bool
any_is_null(FunctionCallInfo fcinfo, int count)
{
	for (int i = 0; i < count; i++)
		if (PG_ARGISNULL(i))
			return true;
	return false;
}

/* Work on values */

/* The bytes of a plaintext, UTF-8 for text; good until the arena is reset. */
static Bytes
plaintext_of_datum(KmsFunction *function, Datum value)
{
	Bytes bytes = bytes_of_datum(value);

	return function->is_text ? secret_text_to_utf8(function->secrets, bytes) : bytes;
}

static KmsElement
start_encrypt(KmsFunction *function, Datum value)
{
	KmsRequest request = function->request;
	KmsElement element = {0};

	request.plaintext = plaintext_of_datum(function, value);
	kms_check_plaintext(request.plaintext.length);
	element.call = kms_call_start(function->client, &function->use, &request);
	arena_reset(function->secrets);
	return element;
}

static KmsElement
start_decrypt(KmsFunction *function, Datum value)
{
	KmsRequest request = function->request;

	request.ciphertext = bytes_of_datum(value);
	kms_check_ciphertext(request.ciphertext.length);
	return (KmsElement){.plaintext =
	                        kms_plaintext_ask(function->plaintexts, &function->use, &request)};
}

static KmsElement
start_reencrypt(KmsFunction *function, Datum value)
{
	KmsRequest request = function->request;

	request.ciphertext = bytes_of_datum(value);
	kms_check_ciphertext(request.ciphertext.length);
	return (KmsElement){.call = kms_call_start(function->client, &function->use, &request)};
}

static Datum
finish_ciphertext(KmsFunction *function, KmsElement element)
{
	const KmsAnswer *answer = kms_call_answer(element.call, 0);
	Datum ciphertext = PointerGetDatum(bytea_of_bytes(answer->ciphertext));

	kms_call_release(element.call);
	return ciphertext;
}

/* The error shows nothing of the plaintext, not even where it is wrong. */
static Datum
datum_of_plaintext(const KmsFunction *function, Bytes plaintext)
{
	text *result;

	if (!function->is_text)
		return PointerGetDatum(bytea_of_bytes(plaintext));
	if (!secret_text_of_utf8(plaintext, &result))
		ereport(ERROR, (errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
		                errmsg("decrypted value is not valid text in the database's encoding"),
		                errhint("Use kms_decrypt_bytea, which gives the bytes.")));
	return PointerGetDatum(result);
}

static Datum
finish_plaintext(KmsFunction *function, KmsElement element)
{
	Bytes key_arn;
	Bytes plaintext = kms_plaintext_wait(element.plaintext, &key_arn);
	Datum datum = datum_of_plaintext(function, plaintext);

	kms_plaintext_release(element.plaintext);
	return datum;
}

static const KmsWork encrypt_text = {start_encrypt, finish_ciphertext, true, false, false};
static const KmsWork encrypt_bytea = {start_encrypt, finish_ciphertext, false, false, false};
static const KmsWork decrypt_text = {start_decrypt, finish_plaintext, false, true, true};
static const KmsWork decrypt_bytea = {start_decrypt, finish_plaintext, false, false, true};
static const KmsWork reencrypt = {start_reencrypt, finish_ciphertext, false, false, false};

/* One value. */
static Datum
work_on_value(KmsFunction *function, const KmsWork *work, Datum value)
{
	function->is_text = work->takes_text || work->gives_text;
	return work->finish(function, work->start(function, value));
}

/* The results of many values, in order; elements are started well ahead of the one awaited. */
static void
work_on_values(KmsFunction *function, const KmsWork *work, const Datum *values, const bool *nulls,
               int count, Datum *results)
{
	int ahead = kms_calls_at_once(function->client);
	KmsElement *elements = palloc0_array(KmsElement, Max(Min(ahead, count), 1));
	int started = 0;

	function->is_text = work->takes_text || work->gives_text;
	for (int i = 0; i < count; i++)
	{
		for (; started < count && started < i + ahead; started++)
			if (!nulls[started])
				elements[started % ahead] = work->start(function, values[started]);
		if (!nulls[i])
			results[i] = work->finish(function, elements[i % ahead]);
	}
	pfree(elements);
}

static Datum
work_on_array(KmsFunction *function, const KmsWork *work, ArrayType *array)
{
	Oid given = work->gives_text ? TEXTOID : BYTEAOID;
	ArrayType *result;
	Datum *values;
	Datum *results;
	bool *nulls;
	int count;

	deconstruct_array(array, work->takes_text ? TEXTOID : BYTEAOID, -1, false, TYPALIGN_INT,
	                  &values, &nulls, &count);
	results = palloc0_array(Datum, Max(count, 1));
	work_on_values(function, work, values, nulls, count, results);
	result = construct_md_array(results, nulls, ARR_NDIM(array), ARR_DIMS(array), ARR_LBOUND(array),
	                            given, -1, false, TYPALIGN_INT);
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i] && work->gives_plaintext)
			wipe_datum(results[i]);
		if (!nulls[i])
			pfree(DatumGetPointer(results[i]));
	}
	return PointerGetDatum(result);
}

/* Encrypt, Decrypt, ReEncrypt */

/* (server, key_id, plaintext, encryption_context) */
static KmsFunction
begin_encrypt(FunctionCallInfo fcinfo)
{
	KmsFunction function = begin_function(fcinfo, KMS_ENCRYPT);

	set_key(&function, fcinfo, 1);
	function.request.context = context_argument(fcinfo, 3);
	return function;
}

/* (server, ciphertext, encryption_context, key_id) */
static KmsFunction
begin_decrypt(FunctionCallInfo fcinfo)
{
	KmsFunction function = begin_function(fcinfo, KMS_DECRYPT);

	function.request.context = context_argument(fcinfo, 2);
	set_key(&function, fcinfo, 3);
	function.plaintexts = kms_plaintexts_of(fcinfo->flinfo->fn_mcxt, function.client);
	return function;
}

/* (server, ciphertext, destination_key_id, source and destination encryption_context) */
static KmsFunction
begin_reencrypt(FunctionCallInfo fcinfo)
{
	KmsFunction function = begin_function(fcinfo, KMS_REENCRYPT);

	set_key(&function, fcinfo, 2);
	function.request.context = context_argument(fcinfo, 3);
	function.request.destination_context = context_argument(fcinfo, 4);
	return function;
}

static Datum
encrypt(FunctionCallInfo fcinfo, const KmsWork *work, bool is_array)
{
	KmsFunction function;

	if (any_is_null(fcinfo, 3))
		PG_RETURN_NULL();
	function = begin_encrypt(fcinfo);
	if (is_array)
		return work_on_array(&function, work, PG_GETARG_ARRAYTYPE_P(2));
	return work_on_value(&function, work, PG_GETARG_DATUM(2));
}

static Datum
decrypt(FunctionCallInfo fcinfo, const KmsWork *work, bool is_array)
{
	KmsFunction function;

	if (any_is_null(fcinfo, 2))
		PG_RETURN_NULL();
	function = begin_decrypt(fcinfo);
	if (is_array)
		return work_on_array(&function, work, PG_GETARG_ARRAYTYPE_P(1));
	return work_on_value(&function, work, PG_GETARG_DATUM(1));
}

SQL_FUNCTION(kms_encrypt);
SQL_FUNCTION(kms_encrypt_array);
SQL_FUNCTION(kms_encrypt_bytea);
SQL_FUNCTION(kms_encrypt_bytea_array);
SQL_FUNCTION(kms_decrypt);
SQL_FUNCTION(kms_decrypt_array);
SQL_FUNCTION(kms_decrypt_bytea);
SQL_FUNCTION(kms_decrypt_bytea_array);
SQL_FUNCTION(kms_reencrypt);
SQL_FUNCTION(kms_reencrypt_array);

Datum
kms_encrypt(PG_FUNCTION_ARGS)
{
	return encrypt(fcinfo, &encrypt_text, false);
}

Datum
kms_encrypt_array(PG_FUNCTION_ARGS)
{
	return encrypt(fcinfo, &encrypt_text, true);
}

Datum
kms_encrypt_bytea(PG_FUNCTION_ARGS)
{
	return encrypt(fcinfo, &encrypt_bytea, false);
}

Datum
kms_encrypt_bytea_array(PG_FUNCTION_ARGS)
{
	return encrypt(fcinfo, &encrypt_bytea, true);
}

Datum
kms_decrypt(PG_FUNCTION_ARGS)
{
	return decrypt(fcinfo, &decrypt_text, false);
}

Datum
kms_decrypt_array(PG_FUNCTION_ARGS)
{
	return decrypt(fcinfo, &decrypt_text, true);
}

Datum
kms_decrypt_bytea(PG_FUNCTION_ARGS)
{
	return decrypt(fcinfo, &decrypt_bytea, false);
}

Datum
kms_decrypt_bytea_array(PG_FUNCTION_ARGS)
{
	return decrypt(fcinfo, &decrypt_bytea, true);
}

Datum
kms_reencrypt(PG_FUNCTION_ARGS)
{
	KmsFunction function;

	if (any_is_null(fcinfo, 3))
		PG_RETURN_NULL();
	function = begin_reencrypt(fcinfo);
	return work_on_value(&function, &reencrypt, PG_GETARG_DATUM(1));
}

Datum
kms_reencrypt_array(PG_FUNCTION_ARGS)
{
	KmsFunction function;

	if (any_is_null(fcinfo, 3))
		PG_RETURN_NULL();
	function = begin_reencrypt(fcinfo);
	return work_on_array(&function, &reencrypt, PG_GETARG_ARRAYTYPE_P(1));
}

/* Data keys */

static void
check_number_of_bytes(int32 number)
{
	if (number < 1 || number > KMS_RANDOM_BYTES_MAXIMUM)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid number of bytes"),
		                errdetail("It must be from 1 to %d.", KMS_RANDOM_BYTES_MAXIMUM)));
}

/* The row of the function's OUT parameters. */
static Datum
row_of(FunctionCallInfo fcinfo, Datum *values)
{
	bool nulls[3] = {false};
	TupleDesc descriptor;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

static Datum
text_datum(Bytes bytes)
{
	return PointerGetDatum(cstring_to_text_with_len(bytes.data, (int) bytes.length));
}

/* (server, key_id, encryption_context, number_of_bytes) */
static KmsCall *
start_data_key(FunctionCallInfo fcinfo, KmsOperation operation)
{
	KmsFunction function = begin_function(fcinfo, operation);

	set_key(&function, fcinfo, 1);
	function.request.context = context_argument(fcinfo, 2);
	function.request.number_of_bytes = PG_GETARG_INT32(3);
	check_number_of_bytes(function.request.number_of_bytes);
	return kms_call_start(function.client, &function.use, &function.request);
}

static bool
data_key_arguments_are_null(FunctionCallInfo fcinfo)
{
	return any_is_null(fcinfo, 2) || PG_ARGISNULL(3);
}

SQL_FUNCTION(kms_generate_data_key);
SQL_FUNCTION(kms_generate_data_key_without_plaintext);

Datum
kms_generate_data_key(PG_FUNCTION_ARGS)
{
	const KmsAnswer *answer;
	Datum values[3];
	Datum row;
	KmsCall *call;

	if (data_key_arguments_are_null(fcinfo))
		PG_RETURN_NULL();
	call = start_data_key(fcinfo, KMS_GENERATE_DATA_KEY);
	answer = kms_call_answer(call, 0);
	values[0] = PointerGetDatum(bytea_of_bytes(answer->plaintext));
	values[1] = PointerGetDatum(bytea_of_bytes(answer->ciphertext));
	values[2] = text_datum(answer->key_id);
	row = row_of(fcinfo, values);
	wipe_datum(values[0]);
	kms_call_release(call);
	return row;
}

Datum
kms_generate_data_key_without_plaintext(PG_FUNCTION_ARGS)
{
	const KmsAnswer *answer;
	Datum values[2];
	KmsCall *call;

	if (data_key_arguments_are_null(fcinfo))
		PG_RETURN_NULL();
	call = start_data_key(fcinfo, KMS_GENERATE_DATA_KEY_WITHOUT_PLAINTEXT);
	answer = kms_call_answer(call, 0);
	values[0] = PointerGetDatum(bytea_of_bytes(answer->ciphertext));
	values[1] = text_datum(answer->key_id);
	kms_call_release(call);
	return row_of(fcinfo, values);
}

/* Message authentication codes, random bytes */

/* (server, key_id, message, algorithm, …) */
static KmsFunction
begin_mac(FunctionCallInfo fcinfo, KmsOperation operation)
{
	KmsFunction function = begin_function(fcinfo, operation);

	set_key(&function, fcinfo, 1);
	function.request.plaintext = bytes_of_datum(PG_GETARG_DATUM(2));
	function.request.algorithm = utf8_of_argument(PG_GETARG_DATUM(3));
	if (function.request.plaintext.length > KMS_PLAINTEXT_MAXIMUM)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("message is too large for AWS KMS"),
		                errdetail("It is %zu bytes; AWS KMS takes %zu.",
		                          function.request.plaintext.length, KMS_PLAINTEXT_MAXIMUM),
		                errhint("Use the message's hash in its place.")));
	return function;
}

SQL_FUNCTION(kms_generate_mac);
SQL_FUNCTION(kms_verify_mac);
SQL_FUNCTION(kms_generate_random);

Datum
kms_generate_mac(PG_FUNCTION_ARGS)
{
	KmsFunction function = begin_mac(fcinfo, KMS_GENERATE_MAC);
	KmsCall *call = kms_call_start(function.client, &function.use, &function.request);
	bytea *mac = bytea_of_bytes(kms_call_answer(call, 0)->mac);

	kms_call_release(call);
	PG_RETURN_BYTEA_P(mac);
}

/* KMS does not answer that a MAC is not the message's: it refuses. */
Datum
kms_verify_mac(PG_FUNCTION_ARGS)
{
	KmsFunction function = begin_mac(fcinfo, KMS_VERIFY_MAC);
	const KmsAnswer *answer;
	KmsCall *call;
	bool valid;

	function.request.ciphertext = bytes_of_datum(PG_GETARG_DATUM(4));
	call = kms_call_start(function.client, &function.use, &function.request);
	answer = kms_call_answer(call, ERROR_CLASS_BIT(ERROR_CLASS_BAD_CIPHERTEXT));
	valid = answer != NULL && answer->mac_valid;
	kms_call_release(call);
	PG_RETURN_BOOL(valid);
}

Datum
kms_generate_random(PG_FUNCTION_ARGS)
{
	KmsFunction function = begin_function(fcinfo, KMS_GENERATE_RANDOM);
	bytea *bytes;
	KmsCall *call;

	function.request.number_of_bytes = PG_GETARG_INT32(1);
	check_number_of_bytes(function.request.number_of_bytes);
	call = kms_call_start(function.client, &function.use, &function.request);
	bytes = bytea_of_bytes(kms_call_answer(call, 0)->plaintext);
	kms_call_release(call);
	PG_RETURN_BYTEA_P(bytes);
}

/* Descriptions */

SQL_FUNCTION(kms_describe_key);
SQL_FUNCTION(kms_list_keys);

/* JSON of a service as jsonb. */
static Datum
jsonb_of_answer(Bytes json)
{
	char *text = pg_any_to_server(pnstrdup(json.data, json.length), (int) json.length, PG_UTF8);

	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
}

Datum
kms_describe_key(PG_FUNCTION_ARGS)
{
	KmsFunction function = begin_function(fcinfo, KMS_DESCRIBE_KEY);
	Datum answer;

	set_key(&function, fcinfo, 1);
	answer = jsonb_of_answer(kms_description(function.client, &function.use, &function.request));
	return DirectFunctionCall2(jsonb_object_field, answer,
	                           PointerGetDatum(cstring_to_text("KeyMetadata")));
}

/* Every page of a list; the entries are in `arena`, one KmsList a page. */
static List *
read_list(KmsFunction *function, Arena *arena, KmsOperation operation)
{
	List *pages = NIL;
	KmsList *page;

	function->request = (KmsRequest){.operation = operation};
	do
	{
		Bytes json = kms_description(function->client, &function->use, &function->request);

		page = palloc(sizeof(*page));
		CHECK_RESULT(kms_read_list(arena, operation, json, page), "read a list of KMS");
		pages = lappend(pages, page);
		function->request.marker = page->next_marker;
	} while (page->next_marker.length > 0);
	return pages;
}

/* The names of the key's aliases as text[]. */
static Datum
aliases_of_key(List *alias_pages, Bytes key_id)
{
	ArrayBuildState *names = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	ListCell *cell;

	foreach (cell, alias_pages)
	{
		const KmsList *page = lfirst(cell);

		for (size_t i = 0; i < page->count; i++)
			if (bytes_equal(page->entries[i].key_id, key_id))
				accumArrayResult(names, text_datum(page->entries[i].name), false, TEXTOID,
				                 CurrentMemoryContext);
	}
	return makeArrayResult(names, CurrentMemoryContext);
}

Datum
kms_list_keys(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	KmsFunction function = begin_function(fcinfo, KMS_LIST_KEYS);
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, LIST_MAXIMUM);
	List *key_pages = read_list(&function, arena, KMS_LIST_KEYS);
	List *alias_pages = read_list(&function, arena, KMS_LIST_ALIASES);
	ListCell *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach (cell, key_pages)
	{
		const KmsList *page = lfirst(cell);

		for (size_t i = 0; i < page->count; i++)
		{
			const KmsListEntry *key = &page->entries[i];
			Datum values[3] = {text_datum(key->key_id), text_datum(key->arn),
			                   aliases_of_key(alias_pages, key->key_id)};
			bool nulls[3] = {false};

			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	PG_RETURN_NULL();
}
