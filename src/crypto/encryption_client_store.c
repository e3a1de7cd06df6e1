/*
 * encryption_client_store.c
 *		Items of a table of keys.
 */
#include "crypto/encryption_client_store.h"

#define NAME_ATTRIBUTE     BYTES_LITERAL("N")
#define VERSION_ATTRIBUTE  BYTES_LITERAL("V")
#define KIND_ATTRIBUTE     BYTES_LITERAL("t")
#define WRAPPING_ALGORITHM BYTES_LITERAL("encAlg")
#define WRAPPING_KEY       BYTES_LITERAL("enc")
#define SIGNING_ALGORITHM  BYTES_LITERAL("intAlg")
#define SIGNING_KEY        BYTES_LITERAL("int")

/* The one kind of item there is. */
#define KIND BYTES_LITERAL("0")

CheckedResult
encryption_client_store_table(Arena *arena, Bytes table_name, KeyProvider provider,
                              EncryptionClientTable *table)
{
	*table = (EncryptionClientTable){
	    .table_name = table_name,
	    .hash_key = NAME_ATTRIBUTE,
	    .range_key = VERSION_ATTRIBUTE,
	    .provider = provider,
	    .default_action = CRYPTO_ENCRYPT_AND_SIGN,
	    .form = FORM_UTF8,
	};
	return encryption_client_table_prepare(arena, table);
}

CheckedResult
encryption_client_store_key(Arena *arena, const MaterialId *material, DynamodbItem *key)
{
	key->attributes = arena_allocate_array(arena, 2, sizeof(Attribute));
	if (key->attributes == NULL)
		return arena_failure(arena, 2 * sizeof(Attribute));
	key->attributes[0] =
	    (Attribute){NAME_ATTRIBUTE, ATTRIBUTE_NO_SLOT, attribute_string(material->name)};
	key->attributes[1] =
	    (Attribute){VERSION_ATTRIBUTE, ATTRIBUTE_NO_SLOT, attribute_number(material->version)};
	key->count = 2;
	return result_ok();
}

static CheckedResult
unknown_kind(void)
{
	return result_failed(RESULT_UNSUPPORTED, "item of a table of keys is of no known kind");
}

/* The bytes of an attribute of that type; none when it is missing or of another. */
static Bytes
bytes_of(const DynamodbItem *item, Bytes name, AttributeType type)
{
	const AttributeValue *value = item_find(item, name);

	return value != NULL && value->type == type ? value->bytes : BYTES_EMPTY;
}

/* Reads a key and gives its algorithm; NULL when one of them is missing or not known. */
static const Algorithm *
read_key(const DynamodbItem *item, AlgorithmPurpose purpose, Bytes algorithm_attribute,
         Bytes key_attribute, SecretKey *key)
{
	Bytes bytes = bytes_of(item, key_attribute, ATTRIBUTE_B);

	if (bytes.length == 0 || !secret_key_set(key, bytes))
		return NULL;
	return algorithm_find(purpose, bytes_of(item, algorithm_attribute, ATTRIBUTE_S));
}

CheckedResult
encryption_client_store_keys(const DynamodbItem *plaintext, EncryptionClientKeys *keys)
{
	const Algorithm *wrapping;

	*keys = (EncryptionClientKeys){0};
	if (!bytes_equal(bytes_of(plaintext, KIND_ATTRIBUTE, ATTRIBUTE_S), KIND))
		return unknown_kind();
	wrapping = read_key(plaintext, ALGORITHM_CONTENT, WRAPPING_ALGORITHM, WRAPPING_KEY,
	                    &keys->wrapping_key);
	keys->mac =
	    read_key(plaintext, ALGORITHM_MAC, SIGNING_ALGORITHM, SIGNING_KEY, &keys->signing_key);
	if (wrapping == NULL || !algorithm_takes_key(wrapping, keys->wrapping_key.length) ||
	    keys->mac == NULL)
		return unknown_kind();
	return result_ok();
}
