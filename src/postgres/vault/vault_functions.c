/*
 * vault_functions.c
 *		The SQL functions of token vaults: tokenize, detokenize, forget_token.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_values.h"
#include "postgres/vault/vault_store.h"
#include "postgres/vault/vault_values.h"

static const char *
text_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* An array of text taken apart, and its likeness made of other texts. */
typedef struct TextArray
{
	ArrayType *array;
	Datum *elements;
	bool *nulls;
	int count;
} TextArray;

static TextArray
array_argument(FunctionCallInfo fcinfo, int argument)
{
	TextArray texts = {.array = PG_GETARG_ARRAYTYPE_P(argument)};

	deconstruct_array(texts.array, TEXTOID, -1, false, TYPALIGN_INT, &texts.elements, &texts.nulls,
	                  &texts.count);
	return texts;
}

/* The texts are secrets: what was copied into the array is wiped. */
static Datum
array_like(const TextArray *texts, Datum *elements)
{
	ArrayType *array =
	    construct_md_array(elements, texts->nulls, ARR_NDIM(texts->array), ARR_DIMS(texts->array),
	                       ARR_LBOUND(texts->array), TEXTOID, -1, false, TYPALIGN_INT);

	for (int i = 0; i < texts->count; i++)
	{
		if (texts->nulls[i])
			continue;
		wipe_datum(elements[i]);
		pfree(DatumGetPointer(elements[i]));
	}
	return PointerGetDatum(array);
}

/* --- tokenize --------------------------------------------------------------------------------- */

/* (vault, …, tenant, expires_in, single_use) */
static VaultStore *
open_store(FunctionCallInfo fcinfo)
{
	TokenTerms terms = {
	    .has_tenant = !PG_ARGISNULL(2),
	    .tenant = text_argument(fcinfo, 2),
	    .expires_in = PG_ARGISNULL(3) ? NULL : PG_GETARG_INTERVAL_P(3),
	    .single_use = !PG_ARGISNULL(4) && PG_GETARG_BOOL(4),
	};

	PreventCommandIfReadOnly("tokenize()");
	return vault_store_open(PG_GETARG_OID(0), &terms);
}

SQL_FUNCTION(tokenize);
SQL_FUNCTION(tokenize_array);

Datum
tokenize(PG_FUNCTION_ARGS)
{
	bool is_null = false;
	VaultStore *store;
	Datum value;
	Datum token;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	value = PG_GETARG_DATUM(1);
	store = open_store(fcinfo);
	vault_store_values(store, &value, &is_null, 1, &token);
	vault_store_close(store);
	return token;
}

Datum
tokenize_array(PG_FUNCTION_ARGS)
{
	VaultStore *store;
	TextArray values;
	Datum *tokens;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	values = array_argument(fcinfo, 1);
	tokens = palloc0_array(Datum, Max(values.count, 1));
	store = open_store(fcinfo);
	vault_store_values(store, values.elements, values.nulls, values.count, tokens);
	vault_store_close(store);
	return array_like(&values, tokens);
}

/* --- detokenize ------------------------------------------------------------------------------- */

SQL_FUNCTION(detokenize);
SQL_FUNCTION(detokenize_array);
SQL_FUNCTION(forget_token);

Datum
detokenize(PG_FUNCTION_ARGS)
{
	bool is_null = false;
	Datum token;
	Datum value;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	token = PG_GETARG_DATUM(1);
	vault_values(PG_GETARG_OID(0), &token, &is_null, 1, text_argument(fcinfo, 2), &value);
	if (is_null)
		PG_RETURN_NULL();
	return value;
}

Datum
detokenize_array(PG_FUNCTION_ARGS)
{
	TextArray tokens;
	Datum *values;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	tokens = array_argument(fcinfo, 1);
	values = palloc0_array(Datum, Max(tokens.count, 1));
	vault_values(PG_GETARG_OID(0), tokens.elements, tokens.nulls, tokens.count,
	             text_argument(fcinfo, 2), values);
	return array_like(&tokens, values);
}

/* --- forget_token ----------------------------------------------------------------------------- */

Datum
forget_token(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	PreventCommandIfReadOnly("forget_token()");
	PG_RETURN_BOOL(
	    vault_forget(PG_GETARG_OID(0), text_argument(fcinfo, 1), text_argument(fcinfo, 2)));
}
