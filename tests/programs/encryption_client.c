/*
 * encryption_client.c
 *		Items of the DynamoDB Encryption Client, for the tests that talk to AWS's libraries.
 *
 * Every question has an `operation`. Bytes, and values and items in typed JSON, are hexadecimal in;
 * bytes are base64 out.
 *
 * serialize            value, form                    -> bytes
 * deserialize          bytes                          -> value
 * round                number                         -> number
 * read_description     bytes                          -> entries
 * string_to_sign       table, item, form              -> bytes
 * prepare_decryption   table, item                    -> ciphertext, context, material
 * decrypt              table, item, keys              -> item
 * prepare_encryption   table, item                    -> context
 * encrypt              table, item, keys, ciphertext  -> item
 * store_keys           item                           -> mac, signing_key, wrapping_key
 *
 * table: name, hash_key, range_key, provider, default_action, actions[{name, action}], form,
 * rounded; names of actions are bytes, providers, actions and forms numbers. keys: data_key, or
 * mac, signing_key, content_key, wrapping_key, verification_key, unwrapping_key. Every answer
 * may be an error and its code.
 */
#include "crypto/encryption_client.h"

#include <stdlib.h>

#include "crypto/encryption_client_signature.h"
#include "crypto/encryption_client_store.h"
#include "crypto/rounded_number.h"
#include "foundation/buffer.h"
#include "item/page_decoder.h"
#include "unit/json_lines.h"

#define OUT_MAXIMUM ((size_t) 16 * 1024 * 1024)

/* What a question needs; handles are kept from one to the next. */
typedef struct Answering
{
	json_object *question;
	Arena *arena;
	JsonWriter *answer;
	CryptoHandles *handles;
} Answering;

/* A test's question that is no question ends the program. */
static void
require(bool condition)
{
	if (!condition)
		abort();
}

static int64_t
number_of(json_object *object, const char *name)
{
	return description_integer(object, name, 0);
}

static DynamodbItem
read_item(const Answering *answering)
{
	DynamodbItem item;
	Bytes json = json_line_hexadecimal(answering->question, "item", answering->arena);

	require(result_is_ok(item_decode(answering->arena, json, &item)));
	return item;
}

static void
write_binary(const Answering *answering, const char *name, Bytes bytes)
{
	json_name(answering->answer, bytes_of_string(name));
	json_base64(answering->answer, bytes);
}

static void
read_actions(const Answering *answering, json_object *actions, EncryptionClientTable *table)
{
	size_t count = actions == NULL ? 0 : json_object_array_length(actions);
	AttributeAction *read = arena_allocate_array(answering->arena, count, sizeof(AttributeAction));

	require(read != NULL);
	for (size_t i = 0; i < count; i++)
	{
		json_object *action = json_object_array_get_idx(actions, i);

		read[i] = (AttributeAction){json_line_hexadecimal(action, "name", answering->arena),
		                            (CryptoAction) number_of(action, "action")};
	}
	table->actions = read;
	table->action_count = (uint32_t) count;
}

static CheckedResult
read_table(const Answering *answering, EncryptionClientTable *table)
{
	json_object *question = description_object(answering->question, "table");

	*table = (EncryptionClientTable){
	    .table_name = description_string(question, "name"),
	    .hash_key = description_string(question, "hash_key"),
	    .range_key = description_string(question, "range_key"),
	    .provider = (KeyProvider) number_of(question, "provider"),
	    .default_action = (CryptoAction) number_of(question, "default_action"),
	    .form = (SerializationForm) number_of(question, "form"),
	    .accepts_rounded_numbers = number_of(question, "rounded") != 0,
	};
	read_actions(answering, description_array(question, "actions"), table);
	return encryption_client_table_prepare(answering->arena, table);
}

static AsymmetricKey *
read_asymmetric_key(const Answering *answering, json_object *question, const char *name,
                    CheckedResult (*read)(Bytes der, AsymmetricKey **key))
{
	Bytes der = json_line_hexadecimal(question, name, answering->arena);
	AsymmetricKey *key = NULL;

	require(der.length == 0 || result_is_ok(read(der, &key)));
	return key;
}

static void
read_secret_key(const Answering *answering, json_object *question, const char *name, SecretKey *key)
{
	require(secret_key_set(key, json_line_hexadecimal(question, name, answering->arena)));
}

/* The asymmetric keys are the caller's to free. */
static CheckedResult
read_keys(const Answering *answering, const DerivedKeys *derived, EncryptionClientKeys *keys)
{
	json_object *question = description_object(answering->question, "keys");
	Bytes data_key = json_line_hexadecimal(question, "data_key", answering->arena);

	*keys = (EncryptionClientKeys){0};
	if (data_key.length > 0)
		return encryption_client_keys_from_data_key(answering->handles, derived, data_key, keys);
	keys->mac = algorithm_find(ALGORITHM_MAC, description_string(question, "mac"));
	read_secret_key(answering, question, "signing_key", &keys->signing_key);
	read_secret_key(answering, question, "content_key", &keys->content_key);
	read_secret_key(answering, question, "wrapping_key", &keys->wrapping_key);
	keys->verification_key =
	    read_asymmetric_key(answering, question, "verification_key", public_key_read);
	keys->unwrapping_key =
	    read_asymmetric_key(answering, question, "unwrapping_key", private_key_read);
	return result_ok();
}

static void
append_to_buffer(void *context, Bytes bytes)
{
	buffer_append_bytes(context, bytes);
}

static CheckedResult
serialize(const Answering *answering)
{
	Bytes json = json_line_hexadecimal(answering->question, "value", answering->arena);
	SerializationForm form = (SerializationForm) number_of(answering->question, "form");
	AttributeValue value;
	ByteBuffer buffer;
	Bytes bytes;
	CheckedResult result;

	require(result_is_ok(attribute_value_decode(answering->arena, json, &value)));
	buffer_init(&buffer, malloc_block_source, ARENA_PLAIN, OUT_MAXIMUM);
	result = encryption_client_serialize(answering->arena, &value, form,
	                                     (ByteSink){append_to_buffer, &buffer});
	buffer_fail(&buffer, result);
	RETURN_IF_FAILED(buffer_finish(&buffer, answering->arena, &bytes));
	write_binary(answering, "bytes", bytes);
	return result_ok();
}

static CheckedResult
deserialize(const Answering *answering)
{
	Bytes bytes = json_line_hexadecimal(answering->question, "bytes", answering->arena);
	AttributeValue value;

	RETURN_IF_FAILED(encryption_client_deserialize(answering->arena, bytes, &value));
	json_name(answering->answer, BYTES_LITERAL("value"));
	json_attribute_value(answering->answer, &value);
	return result_ok();
}

static CheckedResult
round_number(const Answering *answering)
{
	Bytes rounded;

	RETURN_IF_FAILED(number_rounded(answering->arena,
	                                description_string(answering->question, "number"),
	                                ROUNDED_DIGITS, &rounded));
	json_line_string(answering->answer, "number", rounded);
	return result_ok();
}

static CheckedResult
read_description(const Answering *answering)
{
	Bytes bytes = json_line_hexadecimal(answering->question, "bytes", answering->arena);
	MaterialDescription description;

	RETURN_IF_FAILED(material_description_read(answering->arena, bytes, &description));
	json_name(answering->answer, BYTES_LITERAL("entries"));
	json_begin_object(answering->answer);
	for (uint32_t i = 0; i < description.count; i++)
	{
		json_name(answering->answer, description.entries[i].name);
		json_string(answering->answer, description.entries[i].value);
	}
	json_end_object(answering->answer);
	return result_ok();
}

static CheckedResult
string_to_sign(const Answering *answering)
{
	SerializationForm form = (SerializationForm) number_of(answering->question, "form");
	DynamodbItem item = read_item(answering);
	EncryptionClientTable table;
	CryptoAction *actions;
	Bytes string;

	RETURN_IF_FAILED(read_table(answering, &table));
	actions = arena_allocate_array(answering->arena, item.count, sizeof(CryptoAction));
	require(actions != NULL);
	for (uint32_t i = 0; i < item.count; i++)
		actions[i] = encryption_client_table_action(&table, item.attributes[i].name);
	RETURN_IF_FAILED(encryption_client_string_to_sign(
	    answering->handles, answering->arena, table.table_name, &item, actions, form, &string));
	write_binary(answering, "bytes", string);
	return result_ok();
}

static void
write_request(const Answering *answering, const DataKeyRequest *request)
{
	write_binary(answering, "ciphertext", request->ciphertext);
	json_name(answering->answer, BYTES_LITERAL("context"));
	json_begin_object(answering->answer);
	for (uint32_t i = 0; i < request->context_count; i++)
	{
		json_name(answering->answer, request->context[i].name);
		json_string(answering->answer, request->context[i].value);
	}
	json_end_object(answering->answer);
}

static CheckedResult
write_material(const Answering *answering, const MaterialId *material)
{
	DynamodbItem key;

	RETURN_IF_FAILED(encryption_client_store_key(answering->arena, material, &key));
	json_name(answering->answer, BYTES_LITERAL("material"));
	json_item(answering->answer, &key);
	return result_ok();
}

static CheckedResult
prepare_decryption(const Answering *answering)
{
	DynamodbItem item = read_item(answering);
	EncryptionClientTable table;
	EncryptedItem encrypted;

	RETURN_IF_FAILED(read_table(answering, &table));
	RETURN_IF_FAILED(
	    encryption_client_prepare_decryption(answering->arena, &table, &item, &encrypted));
	write_request(answering, &encrypted.data_key);
	return write_material(answering, &encrypted.material);
}

static CheckedResult
decrypt(const Answering *answering)
{
	DynamodbItem item = read_item(answering);
	DynamodbItem plaintext;
	EncryptionClientTable table;
	EncryptedItem encrypted;
	EncryptionClientKeys keys;
	CheckedResult result;

	RETURN_IF_FAILED(read_table(answering, &table));
	RETURN_IF_FAILED(
	    encryption_client_prepare_decryption(answering->arena, &table, &item, &encrypted));
	RETURN_IF_FAILED(read_keys(answering, &encrypted.derived, &keys));
	result = encryption_client_decrypt(answering->handles, answering->arena, &table, &encrypted,
	                                   &keys, &plaintext);
	asymmetric_key_free(keys.verification_key);
	asymmetric_key_free(keys.unwrapping_key);
	encryption_client_keys_wipe(&keys);
	RETURN_IF_FAILED(result);
	json_name(answering->answer, BYTES_LITERAL("item"));
	json_item(answering->answer, &plaintext);
	return result_ok();
}

static CheckedResult
prepare_encryption(const Answering *answering)
{
	DynamodbItem item = read_item(answering);
	EncryptionClientTable table;
	PlaintextItem plaintext;

	RETURN_IF_FAILED(read_table(answering, &table));
	RETURN_IF_FAILED(
	    encryption_client_prepare_encryption(answering->arena, &table, &item, &plaintext));
	write_request(answering, &plaintext.data_key);
	return result_ok();
}

static CheckedResult
encrypt(const Answering *answering)
{
	Bytes ciphertext = json_line_hexadecimal(answering->question, "ciphertext", answering->arena);
	DynamodbItem item = read_item(answering);
	DynamodbItem encrypted;
	EncryptionClientTable table;
	PlaintextItem plaintext;
	EncryptionClientKeys keys;
	MaterialDescription description = {0};

	RETURN_IF_FAILED(read_table(answering, &table));
	RETURN_IF_FAILED(
	    encryption_client_prepare_encryption(answering->arena, &table, &item, &plaintext));
	RETURN_IF_FAILED(read_keys(answering, &plaintext.derived, &keys));
	if (ciphertext.length > 0)
		RETURN_IF_FAILED(
		    encryption_client_describe_data_key(answering->arena, ciphertext, &description));
	RETURN_IF_FAILED(encryption_client_encrypt(answering->handles, answering->arena, &table,
	                                           &plaintext, &keys, &description,
	                                           &system_random_source, &encrypted));
	json_name(answering->answer, BYTES_LITERAL("item"));
	json_item(answering->answer, &encrypted);
	return result_ok();
}

static CheckedResult
store_keys(const Answering *answering)
{
	DynamodbItem item = read_item(answering);
	EncryptionClientKeys keys;

	RETURN_IF_FAILED(encryption_client_store_keys(&item, &keys));
	json_line_string(answering->answer, "mac", bytes_of_string(keys.mac->name));
	write_binary(answering, "signing_key",
	             (Bytes){(const char *) keys.signing_key.bytes, keys.signing_key.length});
	write_binary(answering, "wrapping_key",
	             (Bytes){(const char *) keys.wrapping_key.bytes, keys.wrapping_key.length});
	return result_ok();
}

static CheckedResult
operate(const Answering *answering)
{
	static const struct
	{
		const char *name;
		CheckedResult (*operate)(const Answering *answering);
	} operations[] = {
	    {"serialize", serialize},
	    {"deserialize", deserialize},
	    {"round", round_number},
	    {"read_description", read_description},
	    {"string_to_sign", string_to_sign},
	    {"prepare_decryption", prepare_decryption},
	    {"decrypt", decrypt},
	    {"prepare_encryption", prepare_encryption},
	    {"encrypt", encrypt},
	    {"store_keys", store_keys},
	};
	Bytes name = description_string(answering->question, "operation");

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (bytes_equal(name, bytes_of_string(operations[i].name)))
			return operations[i].operate(answering);
	abort();
}

static void
answer_question(json_object *question, Arena *arena, JsonWriter *answer)
{
	static CryptoHandles handles;
	Answering answering = {question, arena, answer, &handles};
	CheckedResult result = operate(&answering);

	if (result_is_ok(result))
		return;
	json_line_failure(answer, result);
	json_name(answer, BYTES_LITERAL("code"));
	json_integer(answer, result.code);
}

int
main(void)
{
	return json_lines_serve(answer_question);
}
