/*
 * encryption_client_keys.c
 *		Where the keys of items come from: what descriptions say of it, and what KMS is asked.
 */
#include "crypto/encryption_client.h"

#include <string.h>

#include "crypto/encryption_client_names.h"
#include "crypto/encryption_client_tags.h"
#include "foundation/ascii.h"
#include "foundation/base64.h"
#include "item/number.h"

/* Digits of a version of a table of keys, so that it is within int64. */
#define VERSION_DIGITS_MAXIMUM 18

/* What HKDF is told that a key is for. */
#define DERIVED_FOR_CONTENT BYTES_LITERAL("Encryption")
#define DERIVED_FOR_SIGNING BYTES_LITERAL("Signing")

static CheckedResult
bad_item(const char *message)
{
	return result_failed(RESULT_NOT_VERIFIED, message);
}

static CheckedResult
entry_is_missing(void)
{
	return bad_item("description of the item lacks an entry");
}

void
encryption_client_keys_wipe(EncryptionClientKeys *keys)
{
	wipe(keys, sizeof(*keys));
}

bool
secret_key_set(SecretKey *key, Bytes bytes)
{
	key->length = 0;
	if (bytes.length > sizeof(key->bytes))
		return false;
	if (bytes.length > 0)
		memcpy(key->bytes, bytes.data, bytes.length);
	key->length = bytes.length;
	return true;
}

/* The value as KMS is told it: text as it is, binary as base64. */
static CheckedResult
context_value(Arena *arena, const AttributeValue *key, Bytes *value)
{
	char *text;

	*value = key->bytes;
	if (key->type != ATTRIBUTE_B)
		return result_ok();
	value->length = BASE64_ENCODED_LENGTH(key->bytes.length);
	text = arena_allocate(arena, value->length);
	if (text == NULL)
		return arena_failure(arena, value->length);
	base64_encode(key->bytes, text);
	value->data = text;
	return result_ok();
}

static bool
is_key_value(const AttributeValue *value)
{
	return value != NULL &&
	       (value->type == ATTRIBUTE_S || value->type == ATTRIBUTE_N || value->type == ATTRIBUTE_B);
}

static void
add_pair(DataKeyRequest *request, Bytes name, Bytes value)
{
	request->context[request->context_count++] = (KmsContextPair){name, value};
}

static CheckedResult
add_key(Arena *arena, const DynamodbItem *item, Bytes name, DataKeyRequest *request)
{
	const AttributeValue *key = item_find(item, name);
	Bytes value;

	if (!is_key_value(key))
		return bad_item("item lacks a key attribute");
	RETURN_IF_FAILED(context_value(arena, key, &value));
	add_pair(request, name, value);
	return result_ok();
}

/* The context that binds a data key to its algorithms, to the item's key and to the table. */
static CheckedResult
make_context(Arena *arena, const EncryptionClientTable *table, const DynamodbItem *item,
             Bytes content_algorithm, Bytes signing_algorithm, DataKeyRequest *request)
{
	request->context_count = 0;
	add_pair(request, CONTEXT_CONTENT_ALGORITHM, content_algorithm);
	add_pair(request, CONTEXT_SIGNING_ALGORITHM, signing_algorithm);
	RETURN_IF_FAILED(add_key(arena, item, table->hash_key, request));
	if (table->range_key.length > 0)
		RETURN_IF_FAILED(add_key(arena, item, table->range_key, request));
	add_pair(request, CONTEXT_TABLE_NAME, table->table_name);
	return result_ok();
}

static CheckedResult
read_derived_keys(Bytes content_algorithm, Bytes signing_algorithm, DerivedKeys *derived)
{
	if (!result_is_ok(algorithm_read_specification(ALGORITHM_CONTENT, content_algorithm,
	                                               &derived->content,
	                                               &derived->content_key_length)) ||
	    !result_is_ok(algorithm_read_specification(ALGORITHM_MAC, signing_algorithm, &derived->mac,
	                                               &derived->signing_key_length)))
		return bad_item("description of the item names an algorithm that the format does not have");
	return result_ok();
}

/* Copies a text without the ends of lines that old writers of base64 put into it. */
static size_t
copy_without_lines(Bytes text, char *copy)
{
	size_t length = 0;

	for (size_t i = 0; i < text.length; i++)
	{
		if (text.data[i] != '\r' && text.data[i] != '\n')
			copy[length++] = text.data[i];
	}
	return length;
}

/* The ciphertext of a key, decoded in the arena. */
static CheckedResult
read_wrapped_key(Arena *arena, const MaterialDescription *description, Bytes *key)
{
	const Bytes *text = material_description_find(description, MATERIAL_WRAPPED_KEY);
	char *bytes;
	size_t length;

	if (text == NULL)
		return entry_is_missing();
	bytes = arena_allocate(arena, text->length);
	if (bytes == NULL)
		return arena_failure(arena, text->length);
	length = copy_without_lines(*text, bytes);
	key->data = bytes;
	if (!base64_decode((Bytes){bytes, length}, bytes, &key->length) || key->length == 0)
		return bad_item("description of the item holds no key");
	return result_ok();
}

static CheckedResult
read_kms_description(Arena *arena, const EncryptionClientTable *table,
                     const MaterialDescription *description, EncryptedItem *encrypted)
{
	const Bytes *wrap = material_description_find(description, MATERIAL_WRAP_ALGORITHM);
	const Bytes *content = material_description_find(description, MATERIAL_CONTENT_ALGORITHM);
	const Bytes *signing = material_description_find(description, MATERIAL_SIGNING_ALGORITHM);
	const Bytes *coverage = material_description_find(description, MATERIAL_CONTEXT_COVERAGE);

	if (wrap == NULL || content == NULL || signing == NULL || coverage == NULL)
		return entry_is_missing();
	if (!bytes_equal(*wrap, WRAP_ALGORITHM_KMS) || !bytes_equal(*coverage, CONTEXT_COVERAGE_KEYS))
		return bad_item("key of the item is not wrapped by AWS KMS as the format does it");
	RETURN_IF_FAILED(read_derived_keys(*content, *signing, &encrypted->derived));
	RETURN_IF_FAILED(read_wrapped_key(arena, description, &encrypted->data_key.ciphertext));
	return make_context(arena, table, encrypted->item, *content, *signing, &encrypted->data_key);
}

static bool
says_key_size(Bytes specification)
{
	return memchr(specification.data, '/', specification.length) != NULL;
}

static CheckedResult
read_wrapped_description(Arena *arena, const MaterialDescription *description, WrappedKey *wrapped)
{
	const Bytes *wrap = material_description_find(description, MATERIAL_WRAP_ALGORITHM);
	const Bytes *content = material_description_find(description, MATERIAL_CONTENT_ALGORITHM);
	const Algorithm *algorithm;

	*wrapped = (WrappedKey){0};
	if (wrap != NULL)
	{
		wrapped->wrap = algorithm_find(ALGORITHM_KEY_WRAP, *wrap);
		if (wrapped->wrap == NULL)
			return bad_item("key of the item is wrapped as the format does not have it");
	}
	if (content != NULL)
	{
		if (!result_is_ok(algorithm_read_specification(ALGORITHM_CONTENT, *content, &algorithm,
		                                               &wrapped->content_key_length)))
			return bad_item(
			    "description of the item names an algorithm that the format does not have");
		if (!says_key_size(*content))
			wrapped->content_key_length = 0;
	}
	return read_wrapped_key(arena, description, &wrapped->bytes);
}

/* Digits without leading zeroes. */
static bool
is_version(Bytes text)
{
	if (text.length == 0 || text.length > VERSION_DIGITS_MAXIMUM ||
	    (text.data[0] == '0' && text.length > 1))
		return false;
	for (size_t i = 0; i < text.length; i++)
	{
		if (!ascii_is_digit(text.data[i]))
			return false;
	}
	return true;
}

/* "name#version" */
static CheckedResult
read_material_id(const MaterialDescription *description, MaterialId *material)
{
	const Bytes *id = material_description_find(description, MATERIAL_STORE_ID);
	const char *sharp;

	if (id == NULL)
		return entry_is_missing();
	sharp = id->length == 0 ? NULL : memchr(id->data, '#', id->length);
	if (sharp == NULL || sharp == id->data)
		return bad_item("description of the item names no version of a key");
	material->name = (Bytes){id->data, (size_t) (sharp - id->data)};
	material->version = (Bytes){sharp + 1, id->length - material->name.length - 1};
	return is_version(material->version)
	           ? result_ok()
	           : bad_item("description of the item names no version of a key");
}

static CheckedResult
read_provider(Arena *arena, const EncryptionClientTable *table,
              const MaterialDescription *description, EncryptedItem *encrypted)
{
	switch (table->provider)
	{
		case PROVIDER_AWS_KMS:
			return read_kms_description(arena, table, description, encrypted);
		case PROVIDER_STATIC:
			return result_ok();
		case PROVIDER_WRAPPED:
			return read_wrapped_description(arena, description, &encrypted->wrapped);
		case PROVIDER_MATERIAL_STORE:
			RETURN_IF_FAILED(read_material_id(description, &encrypted->material));
			return read_wrapped_description(arena, description, &encrypted->wrapped);
	}
	return result_failed(RESULT_INVALID_ARGUMENT, "table has no provider of keys");
}

/* What is wrong with a description is wrong with its item. */
static CheckedResult
read_description(Arena *arena, const AttributeValue *attribute, MaterialDescription *description)
{
	CheckedResult result;

	*description = (MaterialDescription){0};
	if (attribute == NULL)
		return result_ok();
	if (attribute->type != ATTRIBUTE_B)
		return bad_item("description of the item is malformed");
	result = material_description_read(arena, attribute->bytes, description);
	if (result.code == RESULT_MALFORMED || result.code == RESULT_UNSUPPORTED)
		result.code = RESULT_NOT_VERIFIED;
	return result;
}

static CheckedResult
find_actions(Arena *arena, const EncryptionClientTable *table, const DynamodbItem *item,
             const CryptoAction **actions)
{
	CryptoAction *found = arena_allocate_array(arena, item->count, sizeof(CryptoAction));

	if (found == NULL)
		return arena_failure(arena, item->count * sizeof(CryptoAction));
	for (uint32_t i = 0; i < item->count; i++)
		found[i] = encryption_client_table_action(table, item->attributes[i].name);
	*actions = found;
	return result_ok();
}

CheckedResult
encryption_client_prepare_decryption(Arena *arena, const EncryptionClientTable *table,
                                     const DynamodbItem *item, EncryptedItem *encrypted)
{
	const AttributeValue *signature = item_find(item, SIGNATURE_ATTRIBUTE);
	MaterialDescription description;
	const Bytes *mode;

	*encrypted = (EncryptedItem){.item = item};
	if (signature == NULL || signature->type != ATTRIBUTE_B)
		return bad_item("item has no signature");
	encrypted->signature = signature->bytes;
	RETURN_IF_FAILED(read_description(arena, item_find(item, DESCRIPTION_ATTRIBUTE), &description));
	mode = material_description_find(&description, MATERIAL_CIPHER_MODE);
	if (mode != NULL && !bytes_equal(*mode, CIPHER_MODE_CBC))
		return bad_item("description of the item names an algorithm that the format does not have");
	encrypted->has_cipher_mode = mode != NULL;
	encrypted->signature_method = material_description_find(&description, MATERIAL_SIGNATURE);
	RETURN_IF_FAILED(read_provider(arena, table, &description, encrypted));
	return find_actions(arena, table, item, &encrypted->actions);
}

/* The number that is a key, in the text that DynamoDB gives back. */
static CheckedResult
respell_key(Arena *arena, const EncryptionClientTable *table, Attribute *attribute)
{
	if (attribute->value.type != ATTRIBUTE_N || (!bytes_equal(attribute->name, table->hash_key) &&
	                                             !bytes_equal(attribute->name, table->range_key)))
		return result_ok();
	return number_canonical(arena, attribute->value.bytes, &attribute->value.bytes);
}

static CheckedResult
check_plaintext(const EncryptionClientTable *table, const DynamodbItem *item)
{
	if (item_find(item, SIGNATURE_ATTRIBUTE) != NULL ||
	    item_find(item, DESCRIPTION_ATTRIBUTE) != NULL)
		return result_failed(RESULT_INVALID_ARGUMENT,
		                     "item has an attribute that is the encryption's own");
	if (!is_key_value(item_find(item, table->hash_key)) ||
	    (table->range_key.length > 0 && !is_key_value(item_find(item, table->range_key))))
		return result_failed(RESULT_INVALID_ARGUMENT, "item lacks a key attribute");
	return result_ok();
}

static CheckedResult
copy_item(Arena *arena, const EncryptionClientTable *table, const DynamodbItem *item,
          DynamodbItem *copy)
{
	copy->count = item->count;
	copy->attributes = arena_allocate_array(arena, item->count, sizeof(Attribute));
	if (copy->attributes == NULL)
		return arena_failure(arena, item->count * sizeof(Attribute));
	for (uint32_t i = 0; i < item->count; i++)
	{
		copy->attributes[i] = item->attributes[i];
		RETURN_IF_FAILED(respell_key(arena, table, &copy->attributes[i]));
	}
	return result_ok();
}

CheckedResult
encryption_client_prepare_encryption(Arena *arena, const EncryptionClientTable *table,
                                     const DynamodbItem *item, PlaintextItem *plaintext)
{
	*plaintext = (PlaintextItem){0};
	RETURN_IF_FAILED(check_plaintext(table, item));
	RETURN_IF_FAILED(copy_item(arena, table, item, &plaintext->item));
	RETURN_IF_FAILED(find_actions(arena, table, item, &plaintext->actions));
	if (table->provider != PROVIDER_AWS_KMS)
		return result_ok();
	RETURN_IF_FAILED(read_derived_keys(CONTENT_ALGORITHM_WRITTEN, SIGNING_ALGORITHM_WRITTEN,
	                                   &plaintext->derived));
	return make_context(arena, table, &plaintext->item, CONTENT_ALGORITHM_WRITTEN,
	                    SIGNING_ALGORITHM_WRITTEN, &plaintext->data_key);
}

CheckedResult
encryption_client_describe_data_key(Arena *arena, Bytes ciphertext,
                                    MaterialDescription *description)
{
	Bytes text = {NULL, BASE64_ENCODED_LENGTH(ciphertext.length)};
	MaterialEntry *entries = arena_allocate_array(arena, 5, sizeof(MaterialEntry));
	char *encoded = arena_allocate(arena, text.length);

	if (entries == NULL || encoded == NULL)
		return arena_failure(arena, text.length);
	base64_encode(ciphertext, encoded);
	text.data = encoded;
	entries[0] = (MaterialEntry){MATERIAL_WRAPPED_KEY, text};
	entries[1] = (MaterialEntry){MATERIAL_CONTENT_ALGORITHM, CONTENT_ALGORITHM_WRITTEN};
	entries[2] = (MaterialEntry){MATERIAL_SIGNING_ALGORITHM, SIGNING_ALGORITHM_WRITTEN};
	entries[3] = (MaterialEntry){MATERIAL_WRAP_ALGORITHM, WRAP_ALGORITHM_KMS};
	entries[4] = (MaterialEntry){MATERIAL_CONTEXT_COVERAGE, CONTEXT_COVERAGE_KEYS};
	*description = (MaterialDescription){entries, 5};
	return result_ok();
}

CheckedResult
encryption_client_keys_from_data_key(CryptoHandles *handles, const DerivedKeys *derived,
                                     Bytes data_key, EncryptionClientKeys *keys)
{
	unsigned char extracted[SHA256_LENGTH];
	CheckedResult result;

	*keys = (EncryptionClientKeys){.mac = derived->mac};
	if (data_key.length < DATA_KEY_LENGTH || data_key.length > DATA_KEY_LENGTH_MAXIMUM)
		return bad_item("data key of the item is of the wrong length");
	result = hkdf_extract(handles, data_key, extracted);
	if (result_is_ok(result))
		result = hkdf_expand(handles, extracted, DERIVED_FOR_CONTENT, keys->content_key.bytes,
		                     derived->content_key_length);
	if (result_is_ok(result))
		result = hkdf_expand(handles, extracted, DERIVED_FOR_SIGNING, keys->signing_key.bytes,
		                     derived->signing_key_length);
	wipe(extracted, sizeof(extracted));
	keys->content_key.length = derived->content_key_length;
	keys->signing_key.length = derived->signing_key_length;
	return result;
}
