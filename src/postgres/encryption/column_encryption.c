/*
 * column_encryption.c
 *		Encrypted columns, between SQL values and the requests of KMS.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "foundation/base64.h"
#include "foundation/utf8.h"
#include "item/number.h"
#include "postgres/encryption/column_encryption.h"
#include "postgres/encryption/kms_values.h"
#include "postgres/encryption/opening_keys.h"
#include "postgres/encryption/secret_errors.h"
#include "postgres/memory.h"
#include "postgres/report.h"

/* One pair of the context: a text, or a column whose attribute is the text. */
typedef struct ContextPart
{
	Bytes name;
	Bytes text;
	int column; /* its place among the relation's columns; -1: text */
} ContextPart;

typedef enum PlaintextForm
{
	PLAINTEXT_ATTRIBUTE, /* the bytes of an S, N, B or BOOL */
	PLAINTEXT_JSON       /* the text of the type's output function */
} PlaintextForm;

struct ColumnEncryption
{
	const ForeignRelation *relation;
	Bytes key_id;
	OpeningKeys *opening_keys;
	ContextPart *parts;
	int part_count;
	PlaintextForm form;
	AttributeType attribute_type; /* of PLAINTEXT_ATTRIBUTE */
};

/* ---- preparing ---- */

/* The column named, or an error: a context is the relation's own business. */
static int
find_context_column(const ForeignRelation *relation, const ForeignColumn *encrypted,
                    const char *name)
{
	for (int i = 0; i < relation->column_count; i++)
	{
		if (relation->columns[i].live && strcmp(relation->columns[i].name, name) == 0)
			return i;
	}
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
	         errmsg("kms_encryption_context of column \"%s\" names a column that foreign table "
	                "\"%s\" does not have",
	                encrypted->name, relation->name),
	         errdetail("It names \"%s\".", name),
	         errhint("A text that begins with a dollar sign is written with two.")));
}

/* True for the attributes that have one text: of others two texts could mean the same. */
static bool
has_context_text(const ForeignColumn *column)
{
	AttributeType type;

	if (column->options->whole_item || column->options->kms_encrypted ||
	    !column_conversion_written_type(column->conversion, &type))
		return false;
	return type == ATTRIBUTE_S || type == ATTRIBUTE_N || type == ATTRIBUTE_B ||
	       type == ATTRIBUTE_BOOL;
}

static void
read_part(const ForeignRelation *relation, const ForeignColumn *column, KmsContextPair pair,
          ContextPart *part)
{
	bool is_escaped = bytes_start_with(pair.value, BYTES_LITERAL("$$"));
	const ForeignColumn *named;

	*part = (ContextPart){.name = pair.name, .text = pair.value, .column = -1};
	if (is_escaped)
		part->text = (Bytes){pair.value.data + 1, pair.value.length - 1};
	if (is_escaped || !bytes_start_with(pair.value, BYTES_LITERAL("$")))
		return;
	part->column =
	    find_context_column(relation, column,
	                        pg_any_to_server(pnstrdup(pair.value.data + 1, pair.value.length - 1),
	                                         (int) pair.value.length - 1, PG_UTF8));
	named = &relation->columns[part->column];
	if (!has_context_text(named))
		ereport(ERROR,
		        (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
		         errmsg("kms_encryption_context of column \"%s\" of foreign table \"%s\" cannot "
		                "name column \"%s\"",
		                column->name, relation->name, named->name),
		         errdetail("Only strings, numbers, binary values and booleans that are not "
		                   "encrypted have a text for it.")));
}

static void
read_context(ColumnEncryption *encryption, const ForeignColumn *column)
{
	const char *text = column->options->kms_encryption_context;
	KmsContext context;

	if (text == NULL)
		return;
	context = kms_context_of_jsonb(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	encryption->parts = palloc_array(ContextPart, Max(context.count, 1));
	for (size_t i = 0; i < context.count; i++)
		read_part(encryption->relation, column, context.pairs[i],
		          &encryption->parts[encryption->part_count++]);
}

static void
report_no_key(const ForeignRelation *relation, const ForeignColumn *column)
{
	ereport(ERROR, (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
	                errmsg("encrypted column \"%s\" of foreign table \"%s\" has no key",
	                       column->name, relation->name),
	                errhint("Set the option \"kms_key_id\" of the column or the foreign table.")));
}

static bool
is_json(Oid type)
{
	return type == JSONBOID || type == JSONOID;
}

static void
find_form(ColumnEncryption *encryption, const ForeignColumn *column)
{
	encryption->form = is_json(getBaseType(column->type)) ? PLAINTEXT_JSON : PLAINTEXT_ATTRIBUTE;
	(void) column_conversion_written_type(column->conversion, &encryption->attribute_type);
	if (encryption->form == PLAINTEXT_ATTRIBUTE && encryption->attribute_type > ATTRIBUTE_BOOL)
		ereport(ERROR,
		        (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
		         errmsg("column \"%s\" of type %s cannot be encrypted", column->name,
		                format_type_with_typemod(column->type, column->type_modifier)),
		         errhint("Declare the column as jsonb, or as a type that is stored as a string, a "
		                 "number, binary or boolean.")));
}

static ColumnEncryption *
create_encryption(const ForeignRelation *relation, const ForeignColumn *column)
{
	ColumnEncryption *encryption = palloc0_object(ColumnEncryption);
	const char *key_id = column->options->kms_key_id != NULL ? column->options->kms_key_id
	                                                         : relation->options->kms_key_id;

	if (key_id == NULL)
		report_no_key(relation, column);
	encryption->relation = relation;
	encryption->key_id = utf8_of_text(key_id);
	encryption->opening_keys = opening_keys_create(relation->options, encryption->key_id);
	read_context(encryption, column);
	find_form(encryption, column);
	return encryption;
}

void
column_encryptions_create(ForeignRelation *relation)
{
	for (int i = 0; i < relation->column_count; i++)
	{
		ForeignColumn *column = &relation->columns[i];

		if (column->live && column->options->kms_encrypted)
			column->encryption = create_encryption(relation, column);
	}
}

/* ---- contexts ---- */

List *
column_encryption_add_context_columns(const ForeignRelation *relation, List *columns)
{
	List *all = list_copy(columns);
	ListCell *cell;

	foreach (cell, columns)
	{
		const ColumnEncryption *encryption = relation->columns[lfirst_int(cell) - 1].encryption;

		for (int i = 0; encryption != NULL && i < encryption->part_count; i++)
			if (encryption->parts[i].column >= 0)
				all = list_append_unique_int(all, encryption->parts[i].column + 1);
	}
	return all;
}

bool
column_encryption_names(const ForeignColumn *column, const ForeignColumn *other)
{
	const ColumnEncryption *encryption = column->encryption;

	for (int i = 0; encryption != NULL && i < encryption->part_count; i++)
		if (encryption->parts[i].column == other->number - 1)
			return true;
	return false;
}

bool
column_is_bound(const ForeignRelation *relation, const ForeignColumn *column)
{
	for (int i = 0; i < relation->column_count; i++)
		if (column_encryption_names(&relation->columns[i], column))
			return true;
	return false;
}

/* Base64 of a binary, in the arena. */
static Bytes
base64_text(Arena *arena, Bytes bytes)
{
	size_t length = BASE64_ENCODED_LENGTH(bytes.length);
	char *text = arena_allocate(arena, length);

	if (text == NULL)
		report_result(arena_failure(arena, length), "write encryption context");
	base64_encode(bytes, text);
	return (Bytes){text, length};
}

/* The one text of an attribute; false for types that have none, and for a missing one. */
static bool
context_text(Arena *arena, const AttributeValue *value, Bytes *text)
{
	if (value == NULL)
		return false;
	switch (value->type)
	{
		case ATTRIBUTE_S:
			*text = value->bytes;
			return true;
		case ATTRIBUTE_N:
			CHECK_RESULT(number_check(value->bytes), "write encryption context");
			CHECK_RESULT(number_canonical(arena, value->bytes, text), "write encryption context");
			return true;
		case ATTRIBUTE_B:
			*text = base64_text(arena, value->bytes);
			return true;
		case ATTRIBUTE_BOOL:
			*text = value->boolean ? BYTES_LITERAL("true") : BYTES_LITERAL("false");
			return true;
		default:
			return false;
	}
}

/* The context of the item that the source is of; NULL, or the column whose attribute it lacks. */
static const ForeignColumn *
make_context(const ColumnEncryption *encryption, Arena *arena, const AttributeSource *source,
             KmsContext *context)
{
	KmsContextPair *pairs =
	    arena_allocate_array(arena, Max(encryption->part_count, 1), sizeof(*pairs));

	if (pairs == NULL)
		report_result(arena_failure(arena, sizeof(*pairs)), "write encryption context");
	for (int i = 0; i < encryption->part_count; i++)
	{
		const ContextPart *part = &encryption->parts[i];
		const ForeignColumn *named;

		pairs[i] = (KmsContextPair){part->name, part->text};
		if (part->column < 0)
			continue;
		named = &encryption->relation->columns[part->column];
		if (!context_text(arena, source->find(source->context, named), &pairs[i].value))
			return named;
	}
	*context = (KmsContext){pairs, (size_t) encryption->part_count};
	return NULL;
}

/* ---- decrypting ---- */

EncryptionObstacle
column_decrypt_request(const ForeignColumn *column, Arena *arena, const AttributeValue *stored,
                       const AttributeSource *source, KmsRequest *request)
{
	const ColumnEncryption *encryption = column->encryption;

	if (stored->type != ATTRIBUTE_B)
		return OBSTACLE_STORED_TYPE;
	if (stored->bytes.length == 0 || stored->bytes.length > KMS_CIPHERTEXT_MAXIMUM)
		return OBSTACLE_CIPHERTEXT;
	*request = (KmsRequest){.operation = KMS_DECRYPT, .ciphertext = stored->bytes};
	request->key_id = opening_keys_only_one(encryption->opening_keys);
	if (make_context(encryption, arena, source, &request->context) != NULL)
		return OBSTACLE_CONTEXT_MISSING;
	return OBSTACLE_NONE;
}

void
column_report_undecryptable(const ForeignColumn *column, EncryptionObstacle obstacle,
                            const AttributeValue *stored)
{
	if (obstacle == OBSTACLE_STORED_TYPE)
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
		                errmsg("attribute of encrypted column \"%s\" is of type %s", column->name,
		                       attribute_type_name(stored->type)),
		                errdetail("A ciphertext is of type B.")));
	if (obstacle == OBSTACLE_CIPHERTEXT)
		kms_check_ciphertext(stored->bytes.length);
	ereport(ERROR,
	        (errcode(ERRCODE_DATA_CORRUPTED),
	         errmsg("encrypted column \"%s\" cannot be decrypted", column->name),
	         errdetail("The item lacks an attribute that its encryption context is made of.")));
}

void
column_check_key(const ForeignColumn *column, ServiceClient *client, KmsUse *use, Bytes key_arn)
{
	if (opening_keys_admit(column->encryption->opening_keys, client, use, key_arn))
		return;
	ereport(
	    ERROR,
	    (errcode(ERRCODE_DATA_CORRUPTED),
	     errmsg("encrypted column \"%s\" is encrypted with a key that may not open it",
	            column->name),
	     errdetail("The KMS key is %.*s.", (int) key_arn.length, key_arn.data),
	     errhint("Add the key to the option \"kms_key_ids_for_decrypt\" of the foreign table, if "
	             "it is one to be trusted.")));
}

/* ---- values, without a word of them ---- */

typedef struct ValueWork
{
	const ForeignColumn *column;
	Bytes plaintext;
	Datum datum;
	Arena *secrets;
	bool has_value;
} ValueWork;

static void
work_in_silence(void (*work)(ValueWork *), ValueWork *value)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		work(value);
	}
	PG_CATCH();
	{
		report_without_value(value->column, caller);
	}
	PG_END_TRY();
}

/* Raised within work_in_silence(), which says the rest. */
static void
report_unfit(void)
{
	ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_DATA_TYPE), errmsg("value does not fit")));
}

static AttributeValue
attribute_of_plaintext(AttributeType type, Bytes plaintext)
{
	bool is_true = bytes_equal(plaintext, BYTES_LITERAL("true"));

	switch (type)
	{
		case ATTRIBUTE_S:
			if (!utf8_is_valid(plaintext))
				report_unfit();
			return attribute_string(plaintext);
		case ATTRIBUTE_N:
			if (!result_is_ok(number_check(plaintext)))
				report_unfit();
			return attribute_number(plaintext);
		case ATTRIBUTE_BOOL:
			if (!is_true && !bytes_equal(plaintext, BYTES_LITERAL("false")))
				report_unfit();
			return attribute_boolean(is_true);
		default:
			return attribute_binary(plaintext);
	}
}

static Datum
datum_of_json(const ForeignColumn *column, Bytes plaintext)
{
	text *json;
	char *terminated;
	Oid input;
	Oid parameter;
	Datum datum;

	if (!secret_text_of_utf8(plaintext, &json))
		report_unfit();
	terminated = text_to_cstring(json);
	getTypeInputInfo(column->type, &input, &parameter);
	datum = OidInputFunctionCall(input, terminated, parameter, column->type_modifier);
	wipe_text(terminated);
	wipe_datum(PointerGetDatum(json));
	return datum;
}

static void
read_plaintext(ValueWork *work)
{
	const ColumnEncryption *encryption = work->column->encryption;
	AttributeValue value;
	bool is_null;

	if (encryption->form == PLAINTEXT_JSON)
	{
		work->datum = datum_of_json(work->column, work->plaintext);
		return;
	}
	value = attribute_of_plaintext(encryption->attribute_type, work->plaintext);
	work->datum = column_conversion_read(work->column->conversion, &value, &is_null);
}

Datum
column_read_plaintext(const ForeignColumn *column, Bytes plaintext)
{
	ValueWork work = {.column = column, .plaintext = plaintext};

	work_in_silence(read_plaintext, &work);
	return work.datum;
}

void
column_wipe_datum(const ForeignColumn *column, Datum datum)
{
	void *pointer = DatumGetPointer(datum);

	if (column->by_value)
		return;
	if (column->length > 0)
		wipe(pointer, column->length);
	else if (column->length == -1)
		wipe_datum(datum);
	else
		wipe_text(pointer);
}

/* ---- encrypting ---- */

/* A copy of a text that is not to stay where it is. */
static Bytes
take_text(Arena *secrets, char *text)
{
	Bytes utf8 = secret_text_to_utf8(secrets, bytes_of_string(text));
	const char *copy = arena_copy(secrets, utf8);

	wipe_text(text);
	if (copy == NULL)
		report_result(arena_failure(secrets, utf8.length), "encrypt a value");
	return (Bytes){copy, utf8.length};
}

static Bytes
json_text(const ForeignColumn *column, Arena *secrets, Datum datum)
{
	Oid output;
	bool is_varlena;

	getTypeOutputInfo(column->type, &output, &is_varlena);
	return take_text(secrets, OidOutputFunctionCall(output, datum));
}

static void
write_plaintext(ValueWork *work)
{
	const ColumnEncryption *encryption = work->column->encryption;
	AttributeValue value;

	work->has_value = true;
	if (encryption->form == PLAINTEXT_JSON)
	{
		work->plaintext = json_text(work->column, work->secrets, work->datum);
		return;
	}
	work->has_value = column_conversion_write(work->column->conversion, work->secrets, work->datum,
	                                          &value) == WRITE_EXACT;
	if (!work->has_value)
		return;
	if (value.type == ATTRIBUTE_BOOL)
		work->plaintext = value.boolean ? BYTES_LITERAL("true") : BYTES_LITERAL("false");
	else
		work->plaintext = value.bytes;
}

/* Numbers have many spellings, of which the same one is encrypted always. */
static Bytes
canonical_plaintext(const ColumnEncryption *encryption, Arena *secrets, Bytes plaintext)
{
	Bytes canonical;

	if (encryption->form != PLAINTEXT_ATTRIBUTE || encryption->attribute_type != ATTRIBUTE_N)
		return plaintext;
	CHECK_RESULT(number_canonical(secrets, plaintext, &canonical), "encrypt a number");
	return canonical;
}

static void
report_unencryptable(const ForeignColumn *column)
{
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
	         errmsg("value of encrypted column \"%s\" has no form in DynamoDB", column->name),
	         errdetail("Such are NaN, infinity, and numbers of more than 38 digits.")));
}

static void
report_no_context(const ForeignColumn *column, const ForeignColumn *missing)
{
	ereport(ERROR,
	        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
	         errmsg("column \"%s\" is null, which the encryption of column \"%s\" needs",
	                missing->name, column->name),
	         errdetail("The option kms_encryption_context of the encrypted column names it.")));
}

void
column_encrypt_request(const ForeignColumn *column, Arena *secrets, Datum datum,
                       const AttributeSource *source, KmsRequest *request)
{
	const ColumnEncryption *encryption = column->encryption;
	ValueWork work = {.column = column, .datum = datum, .secrets = secrets};
	const ForeignColumn *missing;

	work_in_silence(write_plaintext, &work);
	if (!work.has_value)
		report_unencryptable(column);
	kms_check_plaintext(work.plaintext.length);
	*request = (KmsRequest){.operation = KMS_ENCRYPT, .key_id = encryption->key_id};
	request->plaintext = canonical_plaintext(encryption, secrets, work.plaintext);
	missing = make_context(encryption, secrets, source, &request->context);
	if (missing != NULL)
		report_no_context(column, missing);
	kms_check_context(request->context);
}
