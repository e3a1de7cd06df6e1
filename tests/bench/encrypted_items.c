/*
 * encrypted_items.c
 *		How fast items of the DynamoDB Encryption Client are verified and decrypted, beside a bare
 *		loop over the same primitives of OpenSSL.
 *
 * encrypted_items FILE: writes the items to the file, one a line in typed JSON, for other
 * libraries, and prints {"ours": items a second of CPU time, "bare": the same}. All items have
 * one data key.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/encryption_client.h"
#include "item/json_writer.h"

/* 20 attributes of about 100 bytes, two of them the key, which is the replay server's. */
#define ITEMS        1000
#define ATTRIBUTES   20
#define KEYS         2
#define VALUE_LENGTH 92
#define CHUNKS       20 /* in which the two are measured in turns */
#define REPEATS      1  /* of all items in a chunk */

#define TABLE_NAME "encrypted"
#define ROOM       ((size_t) 64 * 1024 * 1024)

static const char data_key[DATA_KEY_LENGTH] = "a data key of thirty-two bytes..";

static void
require(bool condition)
{
	if (!condition)
	{
		fprintf(stderr, "encrypted_items: a step failed\n");
		exit(EXIT_FAILURE);
	}
}

static double
cpu_seconds(void)
{
	struct timespec time;

	require(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0);
	return (double) time.tv_sec + (double) time.tv_nsec * 1e-9;
}

/* --- the items -----------------------------------------------------------------------------------
 */

static AttributeValue
formatted(Arena *arena, AttributeType type, const char *format, int number)
{
	AttributeValue value = {.type = type};
	char text[32];

	snprintf(text, sizeof(text), format, number);
	value.bytes = bytes_of_string(arena_copy(arena, bytes_of_string(text)));
	require(value.bytes.data != NULL);
	return value;
}

/* The key "pk", "sk" and "attribute_02" …; values are letters. */
static DynamodbItem
make_plaintext(Arena *arena, int number)
{
	DynamodbItem item = {arena_allocate_array(arena, ATTRIBUTES, sizeof(Attribute)), ATTRIBUTES};

	require(item.attributes != NULL);
	item.attributes[0].name = BYTES_LITERAL("pk");
	item.attributes[0].value = formatted(arena, ATTRIBUTE_S, "customer %08d", number);
	item.attributes[1].name = BYTES_LITERAL("sk");
	item.attributes[1].value = formatted(arena, ATTRIBUTE_N, "%d", number);
	for (int i = KEYS; i < ATTRIBUTES; i++)
	{
		char name[32];
		char value[VALUE_LENGTH + 1];

		snprintf(name, sizeof(name), "attribute_%02d", i);
		memset(value, 'a' + (number + i) % 26, VALUE_LENGTH);
		value[VALUE_LENGTH] = '\0';
		value[snprintf(value, 12, "%d", number)] = '-';
		item.attributes[i].name = bytes_of_string(arena_copy(arena, bytes_of_string(name)));
		item.attributes[i].value = attribute_string(
		    (Bytes){arena_copy(arena, (Bytes){value, VALUE_LENGTH}), VALUE_LENGTH});
		require(item.attributes[i].name.data != NULL &&
		        item.attributes[i].value.bytes.data != NULL);
	}
	return item;
}

static void
make_item(Arena *arena, CryptoHandles *handles, const EncryptionClientTable *table, int number,
          DynamodbItem *encrypted)
{
	DynamodbItem item = make_plaintext(arena, number);
	PlaintextItem plaintext;
	EncryptionClientKeys keys;
	MaterialDescription description;

	require(result_is_ok(encryption_client_prepare_encryption(arena, table, &item, &plaintext)));
	require(result_is_ok(encryption_client_keys_from_data_key(
	    handles, &plaintext.derived, (Bytes){data_key, sizeof(data_key)}, &keys)));
	require(result_is_ok(encryption_client_describe_data_key(
	    arena, (Bytes){data_key, sizeof(data_key)}, &description)));
	require(result_is_ok(encryption_client_encrypt(
	    handles, arena, table, &plaintext, &keys, &description, &system_random_source, encrypted)));
}

static void
write_items(const char *path, const DynamodbItem *items)
{
	FILE *file = fopen(path, "w");
	ByteBuffer buffer;
	JsonWriter writer;

	require(file != NULL);
	buffer_init(&buffer, malloc_block_source, ARENA_PLAIN, ROOM);
	for (int i = 0; i < ITEMS; i++)
	{
		json_writer_init(&writer, &buffer);
		json_item(&writer, &items[i]);
		buffer_append_character(&buffer, '\n');
	}
	require(result_is_ok(buffer_result(&buffer)));
	require(fwrite(buffer.data, 1, buffer.length, file) == buffer.length);
	require(fclose(file) == 0);
	buffer_release(&buffer);
}

/* --- ours ----------------------------------------------------------------------------------------
 */

static void
open_item(Arena *arena, CryptoHandles *handles, const EncryptionClientTable *table,
          const DynamodbItem *item)
{
	EncryptedItem encrypted;
	EncryptionClientKeys keys;
	DynamodbItem plaintext;

	require(result_is_ok(encryption_client_prepare_decryption(arena, table, item, &encrypted)));
	require(result_is_ok(encryption_client_keys_from_data_key(
	    handles, &encrypted.derived, (Bytes){data_key, sizeof(data_key)}, &keys)));
	require(result_is_ok(
	    encryption_client_decrypt(handles, arena, table, &encrypted, &keys, &plaintext)));
	require(plaintext.count == ATTRIBUTES);
	encryption_client_keys_wipe(&keys);
}

static void
open_items(CryptoHandles *handles, const EncryptionClientTable *table, const DynamodbItem *items)
{
	Arena arena;

	arena_init(&arena, malloc_block_source, ARENA_SECRET, ROOM);
	for (int repeat = 0; repeat < REPEATS; repeat++)
	{
		for (int i = 0; i < ITEMS; i++)
		{
			open_item(&arena, handles, table, &items[i]);
			arena_reset(&arena);
		}
	}
	arena_release(&arena);
}

/* --- the bare loop -------------------------------------------------------------------------------
 */

/* Handles that are taken once, and digests that never change. */
typedef struct Bare
{
	EVP_MD *sha256;
	EVP_MD_CTX *digest;
	EVP_MAC_CTX *mac;
	EVP_CIPHER *cbc;
	EVP_CIPHER_CTX *cipher;
	unsigned char encrypted[SHA256_LENGTH];
	unsigned char plaintext[SHA256_LENGTH];
} Bare;

static void
bare_digest(Bare *bare, const void *head, size_t head_length, Bytes bytes, unsigned char *out)
{
	require(EVP_DigestInit_ex2(bare->digest, bare->sha256, NULL) == 1 &&
	        EVP_DigestUpdate(bare->digest, head, head_length) == 1 &&
	        EVP_DigestUpdate(bare->digest, bytes.data, bytes.length) == 1 &&
	        EVP_DigestFinal_ex(bare->digest, out, NULL) == 1);
}

static void
bare_mac(Bare *bare, const void *key, const void *data, size_t length, unsigned char *out)
{
	size_t written;

	require(EVP_MAC_init(bare->mac, key, SHA256_LENGTH, NULL) == 1 &&
	        EVP_MAC_update(bare->mac, data, length) == 1 &&
	        EVP_MAC_final(bare->mac, out, &written, SHA256_LENGTH) == 1);
}

static void
bare_init(Bare *bare)
{
	OSSL_PARAM parameters[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *) "SHA2-256", 0),
	    OSSL_PARAM_construct_end(),
	};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	bare->sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	bare->digest = EVP_MD_CTX_new();
	bare->mac = EVP_MAC_CTX_new(hmac);
	bare->cbc = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	bare->cipher = EVP_CIPHER_CTX_new();
	EVP_MAC_free(hmac);
	require(EVP_MAC_CTX_set_params(bare->mac, parameters) == 1);
	bare_digest(bare, "", 0, BYTES_LITERAL("ENCRYPTED"), bare->encrypted);
	bare_digest(bare, "", 0, BYTES_LITERAL("PLAINTEXT"), bare->plaintext);
}

static void
bare_release(Bare *bare)
{
	EVP_MD_free(bare->sha256);
	EVP_MD_CTX_free(bare->digest);
	EVP_MAC_CTX_free(bare->mac);
	EVP_CIPHER_free(bare->cbc);
	EVP_CIPHER_CTX_free(bare->cipher);
}

/* HKDF in three MACs. */
static void
bare_keys(Bare *bare, unsigned char content[SHA256_LENGTH], unsigned char signing[SHA256_LENGTH])
{
	static const unsigned char no_salt[SHA256_LENGTH];
	unsigned char extracted[SHA256_LENGTH];

	bare_mac(bare, no_salt, data_key, sizeof(data_key), extracted);
	bare_mac(bare, extracted, "Encryption\1", 11, content);
	bare_mac(bare, extracted, "Signing\1", 8, signing);
}

static char
bare_tag(AttributeType type)
{
	return type == ATTRIBUTE_S ? 's' : type == ATTRIBUTE_N ? 'n' : 'b';
}

/* The names are in their order already, and numbers in their one spelling. */
static void
bare_string(Bare *bare, const DynamodbItem *item, const int *order, unsigned char *string)
{
	bare_digest(bare, "TABLE>", 6, BYTES_LITERAL(TABLE_NAME "<TABLE"), string);
	string += SHA256_LENGTH;
	for (int i = 0; i < ATTRIBUTES; i++, string += 3 * SHA256_LENGTH)
	{
		const Attribute *attribute = &item->attributes[order[i]];
		size_t length = attribute->value.bytes.length;
		char tag = bare_tag(attribute->value.type);
		const char head[] = {0, tag, 0, 0, (char) (length >> 8), (char) length};

		bare_digest(bare, "", 0, attribute->name, string);
		memcpy(string + SHA256_LENGTH, tag == 'b' ? bare->encrypted : bare->plaintext,
		       SHA256_LENGTH);
		bare_digest(bare, head, sizeof(head), attribute->value.bytes, string + 2 * SHA256_LENGTH);
	}
}

static void
bare_open(Bare *bare, const DynamodbItem *item, const int *order)
{
	static unsigned char string[SHA256_LENGTH * (1 + 3 * ATTRIBUTES)];
	static unsigned char plaintext[4 * VALUE_LENGTH];
	unsigned char content[SHA256_LENGTH];
	unsigned char signing[SHA256_LENGTH];
	unsigned char mac[SHA256_LENGTH];
	int length;

	bare_keys(bare, content, signing);
	bare_string(bare, item, order, string);
	bare_mac(bare, signing, string, sizeof(string), mac);
	require(CRYPTO_memcmp(mac, item->attributes[ATTRIBUTES].value.bytes.data, sizeof(mac)) == 0);
	require(EVP_DecryptInit_ex2(bare->cipher, bare->cbc, content, NULL, NULL) == 1);
	for (int i = KEYS; i < ATTRIBUTES; i++)
	{
		const unsigned char *stored = (const unsigned char *) item->attributes[i].value.bytes.data;
		size_t stored_length = item->attributes[i].value.bytes.length;

		require(EVP_DecryptInit_ex2(bare->cipher, NULL, NULL, stored, NULL) == 1 &&
		        EVP_DecryptUpdate(bare->cipher, plaintext, &length, stored + AES_BLOCK_LENGTH,
		                          (int) stored_length - AES_BLOCK_LENGTH) == 1 &&
		        EVP_DecryptFinal_ex(bare->cipher, plaintext + length, &length) == 1);
	}
}

static void
bare_open_items(Bare *bare, const DynamodbItem *items)
{
	int order[ATTRIBUTES];

	/* "attribute_02" … "attribute_19", "pk", "sk" */
	for (int i = 0; i < ATTRIBUTES; i++)
		order[i] = (i + KEYS) % ATTRIBUTES;
	for (int repeat = 0; repeat < REPEATS; repeat++)
	{
		for (int i = 0; i < ITEMS; i++)
			bare_open(bare, &items[i], order);
	}
}

/* --- both, in turns ------------------------------------------------------------------------------
 */

static void
measure(CryptoHandles *handles, const EncryptionClientTable *table, const DynamodbItem *items)
{
	Bare bare;
	double ours_seconds = 0;
	double bare_seconds = 0;
	double count = (double) ITEMS * REPEATS * CHUNKS;

	bare_init(&bare);
	open_items(handles, table, items);
	bare_open_items(&bare, items);
	for (int chunk = 0; chunk < CHUNKS; chunk++)
	{
		double start = cpu_seconds();
		double middle;

		open_items(handles, table, items);
		middle = cpu_seconds();
		bare_open_items(&bare, items);
		ours_seconds += middle - start;
		bare_seconds += cpu_seconds() - middle;
	}
	bare_release(&bare);
	printf("{\"ours\": %.0f, \"bare\": %.0f}\n", count / ours_seconds, count / bare_seconds);
}

int
main(int argc, char **argv)
{
	EncryptionClientTable table = {
	    .table_name = BYTES_LITERAL(TABLE_NAME),
	    .hash_key = BYTES_LITERAL("pk"),
	    .range_key = BYTES_LITERAL("sk"),
	    .default_action = CRYPTO_ENCRYPT_AND_SIGN,
	};
	CryptoHandles handles;
	DynamodbItem items[ITEMS];
	Arena arena;

	require(argc == 2);
	arena_init(&arena, malloc_block_source, ARENA_SECRET, ROOM);
	crypto_handles_init(&handles);
	require(result_is_ok(encryption_client_table_prepare(&arena, &table)));
	for (int i = 0; i < ITEMS; i++)
		make_item(&arena, &handles, &table, i, &items[i]);
	write_items(argv[1], items);
	measure(&handles, &table, items);
	crypto_handles_release(&handles);
	arena_release(&arena);
	return EXIT_SUCCESS;
}
