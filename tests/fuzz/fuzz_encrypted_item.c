/*
 * fuzz_encrypted_item.c
 *		Any bytes as an encrypted item: once as they are, and once signed anew with the item's own
 *		key, so that what is behind the signature sees them too.
 *
 * A byte is the provider of keys. Then for each attribute: a byte for its type, a byte of length
 * and the name, two bytes of length and the value's bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/encryption_client.h"
#include "crypto/encryption_client_signature.h"
#include "item/number.h"

#define ATTRIBUTES_MAXIMUM 16

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static CryptoHandles handles;

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

/* Takes a number of bytes; fewer at the end. */
static Bytes
take(Bytes *input, size_t length)
{
	Bytes taken = {input->data, length < input->length ? length : input->length};

	input->data += taken.length;
	input->length -= taken.length;
	return taken;
}

static size_t
take_number(Bytes *input, size_t length)
{
	Bytes taken = take(input, length);
	size_t number = 0;

	for (size_t i = 0; i < taken.length; i++)
		number = number << 8 | (unsigned char) taken.data[i];
	return number;
}

/* A string, number or binary, as decoded items have them. */
static AttributeValue
value_of(size_t type, Bytes bytes)
{
	if (type % 3 == 1)
		return attribute_string(bytes);
	if (type % 3 == 2 && result_is_ok(number_check(bytes)))
		return attribute_number(bytes);
	return attribute_binary(bytes);
}

static void
read_item(Bytes *input, DynamodbItem *item)
{
	while (input->length > 0 && item->count < ATTRIBUTES_MAXIMUM)
	{
		Attribute *attribute = &item->attributes[item->count];
		size_t type = take_number(input, 1);

		attribute->slot = ATTRIBUTE_NO_SLOT;
		attribute->name = take(input, take_number(input, 1));
		attribute->value = value_of(type, take(input, take_number(input, 2)));
		if (item_find(item, attribute->name) == NULL)
			item->count++;
	}
}

static EncryptionClientTable
make_table(Arena *arena, size_t provider)
{
	static const AttributeAction actions[] = {{{"signed", 6}, CRYPTO_SIGN_ONLY},
	                                          {{"free", 4}, CRYPTO_DO_NOTHING}};
	EncryptionClientTable table = {
	    .table_name = BYTES_LITERAL("table"),
	    .hash_key = BYTES_LITERAL("id"),
	    .provider = (KeyProvider) (provider % 4),
	    .default_action = CRYPTO_ENCRYPT_AND_SIGN,
	    .actions = actions,
	    .action_count = 2,
	    .accepts_rounded_numbers = true,
	};

	demand(result_is_ok(encryption_client_table_prepare(arena, &table)));
	return table;
}

/* The keys of every item: zeroes. */
static EncryptionClientKeys
make_keys(const EncryptionClientTable *table, const EncryptedItem *encrypted)
{
	static const char zeroes[DATA_KEY_LENGTH];
	EncryptionClientKeys keys = {.mac = algorithm_find(ALGORITHM_MAC, BYTES_LITERAL("HmacSHA256"))};

	if (table->provider == PROVIDER_AWS_KMS)
		demand(result_is_ok(encryption_client_keys_from_data_key(
		    &handles, &encrypted->derived, (Bytes){zeroes, sizeof(zeroes)}, &keys)));
	else
	{
		keys.signing_key.length = keys.content_key.length = AES_KEY_MAXIMUM;
		if (table->provider != PROVIDER_STATIC)
			keys.wrapping_key.length = AES_KEY_MAXIMUM;
	}
	return keys;
}

static void
open_item(Arena *arena, const EncryptionClientTable *table, const EncryptedItem *encrypted,
          const EncryptionClientKeys *keys)
{
	DynamodbItem plaintext;
	CheckedResult result =
	    encryption_client_decrypt(&handles, arena, table, encrypted, keys, &plaintext);

	if (result_is_ok(result))
		demand(plaintext.count <= encrypted->item->count - 1);
	else
		demand(result.code == RESULT_NOT_VERIFIED &&
		       strcmp(result.message, "item does not verify") == 0);
}

static void
sign_anew(Arena *arena, const EncryptionClientTable *table, EncryptedItem *encrypted,
          const EncryptionClientKeys *keys)
{
	unsigned char *mac = arena_allocate(arena, MAC_LENGTH_MAXIMUM);
	Bytes string;

	demand(mac != NULL);
	demand(result_is_ok(encryption_client_string_to_sign(&handles, arena, table->table_name,
	                                                     encrypted->item, encrypted->actions,
	                                                     FORM_UTF8, &string)));
	demand(result_is_ok(
	    mac_compute(&handles, keys->mac,
	                (Bytes){(const char *) keys->signing_key.bytes, keys->signing_key.length},
	                string, mac, &encrypted->signature.length)));
	encrypted->signature.data = (const char *) mac;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes input = {(const char *) data, size};
	Attribute attributes[ATTRIBUTES_MAXIMUM];
	DynamodbItem item = {attributes, 0};
	EncryptionClientTable table;
	EncryptedItem encrypted;
	Arena arena;

	arena_init(&arena, malloc_block_source, ARENA_SECRET, SIZE_MAX);
	table = make_table(&arena, take_number(&input, 1));
	read_item(&input, &item);
	if (result_is_ok(encryption_client_prepare_decryption(&arena, &table, &item, &encrypted)))
	{
		EncryptionClientKeys keys = make_keys(&table, &encrypted);

		open_item(&arena, &table, &encrypted, &keys);
		sign_anew(&arena, &table, &encrypted, &keys);
		open_item(&arena, &table, &encrypted, &keys);
	}
	arena_release(&arena);
	return 0;
}
