/*
 * test_encryption_client.c
 *		Whole items: what is refused, what is asked of KMS, and that nothing secret is left behind.
 *		That AWS's libraries read and write them is for the tests in Python to say.
 */
#include "crypto/encryption_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/encryption_client_store.h"
#include "unit/block_sources.h"
#include "unit/exhaustion.h"

#define ROOM ((size_t) 1024 * 1024)

static Arena arena;
static CryptoHandles handles;

static int
set_up(void **state)
{
	arena_init(&arena, malloc_block_source, ARENA_SECRET, ROOM);
	crypto_handles_init(&handles);
	return 0;
}

static int
tear_down(void **state)
{
	arena_release(&arena);
	crypto_handles_release(&handles);
	return 0;
}

static const AttributeAction actions[] = {{{"signed", 6}, CRYPTO_SIGN_ONLY},
                                          {{"free", 4}, CRYPTO_DO_NOTHING}};

static EncryptionClientTable
table_of(KeyProvider provider)
{
	EncryptionClientTable table = {
	    .table_name = BYTES_LITERAL("table"),
	    .hash_key = BYTES_LITERAL("id"),
	    .range_key = BYTES_LITERAL("range"),
	    .provider = provider,
	    .default_action = CRYPTO_ENCRYPT_AND_SIGN,
	    .actions = actions,
	    .action_count = 2,
	};

	return table;
}

static EncryptionClientTable
prepared_table(Arena *in, KeyProvider provider)
{
	EncryptionClientTable table = table_of(provider);

	assert_int_equal(encryption_client_table_prepare(in, &table).code, RESULT_OK);
	return table;
}

/* The item that all tests begin with. */
static const char secret_text[] = "the secret text of the item";

static void
fill_item(Attribute attributes[5], DynamodbItem *item)
{
	attributes[0] =
	    (Attribute){BYTES_LITERAL("id"), 0, attribute_binary(BYTES_LITERAL("\x00\xff"))};
	attributes[1] =
	    (Attribute){BYTES_LITERAL("secret"), 1, attribute_string(bytes_of_string(secret_text))};
	attributes[2] = (Attribute){BYTES_LITERAL("range"), 2, attribute_number(BYTES_LITERAL("1.50"))};
	attributes[3] = (Attribute){BYTES_LITERAL("signed"), 3, attribute_string(BYTES_LITERAL("s"))};
	attributes[4] = (Attribute){BYTES_LITERAL("free"), 4, attribute_boolean(true)};
	*item = (DynamodbItem){attributes, 5};
}

static const char data_key[DATA_KEY_LENGTH] = "a data key of thirty-two bytes..";

/* Encrypts as a backend would, and gives the item. */
static CheckedResult
encrypt_item(Arena *in, const EncryptionClientTable *table, DynamodbItem *encrypted)
{
	Attribute attributes[5];
	DynamodbItem item;
	PlaintextItem plaintext;
	MaterialDescription description;
	EncryptionClientKeys keys;
	CheckedResult result;

	fill_item(attributes, &item);
	RETURN_IF_FAILED(encryption_client_prepare_encryption(in, table, &item, &plaintext));
	RETURN_IF_FAILED(
	    encryption_client_describe_data_key(in, BYTES_LITERAL("ciphertext"), &description));
	RETURN_IF_FAILED(encryption_client_keys_from_data_key(
	    &handles, &plaintext.derived, (Bytes){data_key, sizeof(data_key)}, &keys));
	result = encryption_client_encrypt(&handles, in, table, &plaintext, &keys, &description,
	                                   &system_random_source, encrypted);
	encryption_client_keys_wipe(&keys);
	return result;
}

static CheckedResult
decrypt_item(Arena *in, const EncryptionClientTable *table, const DynamodbItem *item,
             DynamodbItem *decrypted)
{
	EncryptedItem encrypted;
	EncryptionClientKeys keys;
	CheckedResult result;

	RETURN_IF_FAILED(encryption_client_prepare_decryption(in, table, item, &encrypted));
	RETURN_IF_FAILED(encryption_client_keys_from_data_key(
	    &handles, &encrypted.derived, (Bytes){data_key, sizeof(data_key)}, &keys));
	result = encryption_client_decrypt(&handles, in, table, &encrypted, &keys, decrypted);
	encryption_client_keys_wipe(&keys);
	return result;
}

static void
assert_text(Bytes bytes, const char *text)
{
	assert_int_equal(bytes.length, strlen(text));
	assert_memory_equal(bytes.data, text, bytes.length);
}

static void
items_come_back(void **state)
{
	EncryptionClientTable table = prepared_table(&arena, PROVIDER_AWS_KMS);
	Attribute attributes[5];
	DynamodbItem item;
	DynamodbItem encrypted;
	DynamodbItem decrypted;

	fill_item(attributes, &item);
	assert_int_equal(encrypt_item(&arena, &table, &encrypted).code, RESULT_OK);
	assert_int_equal(encrypted.count, 7);
	assert_int_equal(item_find(&encrypted, BYTES_LITERAL("secret"))->type, ATTRIBUTE_B);
	assert_text(item_find(&encrypted, BYTES_LITERAL("range"))->bytes, "1.5");
	assert_int_equal(decrypt_item(&arena, &table, &encrypted, &decrypted).code, RESULT_OK);
	assert_int_equal(decrypted.count, 5);
	for (uint32_t i = 0; i < 5; i++)
	{
		assert_true(bytes_equal(decrypted.attributes[i].name, attributes[i].name));
		assert_int_equal(decrypted.attributes[i].slot, attributes[i].slot);
		assert_true(attribute_value_equal(&decrypted.attributes[i].value, &attributes[i].value));
	}
}

static void
two_encryptions_differ(void **state)
{
	EncryptionClientTable table = prepared_table(&arena, PROVIDER_AWS_KMS);
	DynamodbItem first;
	DynamodbItem second;

	assert_int_equal(encrypt_item(&arena, &table, &first).code, RESULT_OK);
	assert_int_equal(encrypt_item(&arena, &table, &second).code, RESULT_OK);
	assert_memory_not_equal(item_find(&first, BYTES_LITERAL("secret"))->bytes.data,
	                        item_find(&second, BYTES_LITERAL("secret"))->bytes.data,
	                        AES_BLOCK_LENGTH);
}

static const KmsContextPair *
find_pair(const DataKeyRequest *request, const char *name)
{
	for (uint32_t i = 0; i < request->context_count; i++)
	{
		if (bytes_equal(request->context[i].name, bytes_of_string(name)))
			return &request->context[i];
	}
	return NULL;
}

static void
the_context_is_the_item_s(void **state)
{
	EncryptionClientTable table = prepared_table(&arena, PROVIDER_AWS_KMS);
	DynamodbItem item;
	EncryptedItem encrypted;

	assert_int_equal(encrypt_item(&arena, &table, &item).code, RESULT_OK);
	assert_int_equal(encryption_client_prepare_decryption(&arena, &table, &item, &encrypted).code,
	                 RESULT_OK);
	assert_int_equal(encrypted.data_key.context_count, 5);
	assert_text(find_pair(&encrypted.data_key, "id")->value, "AP8=");
	assert_text(find_pair(&encrypted.data_key, "range")->value, "1.5");
	assert_text(find_pair(&encrypted.data_key, "*aws-kms-table*")->value, "table");
	assert_text(find_pair(&encrypted.data_key, "*amzn-ddb-env-alg*")->value, "AES/256");
	assert_text(find_pair(&encrypted.data_key, "*amzn-ddb-sig-alg*")->value, "HmacSHA256/256");
	assert_text(encrypted.data_key.ciphertext, "ciphertext");
}

static void
tables_are_checked(void **state)
{
	static const AttributeAction wrong[][2] = {
	    {{{"x", 1}, CRYPTO_SIGN_ONLY}, {{"id", 2}, CRYPTO_ENCRYPT_AND_SIGN}},
	    {{{"x", 1}, CRYPTO_SIGN_ONLY}, {{"range", 5}, CRYPTO_ENCRYPT_AND_SIGN}},
	    {{{"x", 1}, CRYPTO_SIGN_ONLY}, {{"x", 1}, CRYPTO_SIGN_ONLY}},
	    {{{"x", 1}, CRYPTO_SIGN_ONLY}, {{"*amzn-ddb-map-sig*", 18}, CRYPTO_DO_NOTHING}},
	    {{{"x", 1}, CRYPTO_SIGN_ONLY}, {{"*amzn-ddb-map-desc*", 19}, CRYPTO_SIGN_ONLY}},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		EncryptionClientTable table = table_of(PROVIDER_AWS_KMS);
		CheckedResult result;

		table.actions = wrong[i];
		result = encryption_client_table_prepare(&arena, &table);
		assert_int_equal(result.code, RESULT_INVALID_ARGUMENT);
		assert_int_equal(result.position, 1);
	}
}

static void
names_of_tables_and_keys_are_checked(void **state)
{
	static const Bytes wrong[][3] = {
	    {{"", 0}, {"id", 2}, {"range", 5}},
	    {{"table", 5}, {"", 0}, {"range", 5}},
	    {{"table", 5}, {"id", 2}, {"id", 2}},
	    {{"table", 5}, {"*aws-kms-table*", 15}, {"range", 5}},
	    {{"table", 5}, {"id", 2}, {"*amzn-ddb-env-alg*", 18}},
	    {{"table", 5}, {"id", 2}, {"*amzn-ddb-sig-alg*", 18}},
	    {{"table", 5}, {"*amzn-ddb-map-sig*", 18}, {"", 0}},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		EncryptionClientTable table = table_of(PROVIDER_AWS_KMS);

		table.table_name = wrong[i][0];
		table.hash_key = wrong[i][1];
		table.range_key = wrong[i][2];
		assert_int_equal(encryption_client_table_prepare(&arena, &table).code,
		                 RESULT_INVALID_ARGUMENT);
	}
}

static void
keys_are_never_encrypted(void **state)
{
	static const CryptoAction defaults[][2] = {
	    {CRYPTO_ENCRYPT_AND_SIGN, CRYPTO_SIGN_ONLY},
	    {CRYPTO_SIGN_ONLY, CRYPTO_SIGN_ONLY},
	    {CRYPTO_DO_NOTHING, CRYPTO_DO_NOTHING},
	};
	static const AttributeAction unsigned_key[] = {{{"id", 2}, CRYPTO_DO_NOTHING}};

	for (size_t i = 0; i < 3; i++)
	{
		EncryptionClientTable table = table_of(PROVIDER_AWS_KMS);

		table.default_action = defaults[i][0];
		table.actions = unsigned_key;
		table.action_count = 1;
		assert_int_equal(encryption_client_table_prepare(&arena, &table).code, RESULT_OK);
		assert_int_equal(encryption_client_table_action(&table, BYTES_LITERAL("id")),
		                 CRYPTO_DO_NOTHING);
		assert_int_equal(encryption_client_table_action(&table, BYTES_LITERAL("range")),
		                 defaults[i][1]);
		assert_int_equal(encryption_client_table_action(&table, BYTES_LITERAL("x")),
		                 defaults[i][0]);
		assert_int_equal(encryption_client_table_action(&table, SIGNATURE_ATTRIBUTE),
		                 CRYPTO_DO_NOTHING);
	}
}

static void
plaintext_items_are_checked(void **state)
{
	EncryptionClientTable table = prepared_table(&arena, PROVIDER_AWS_KMS);
	Attribute attributes[5];
	DynamodbItem item;
	PlaintextItem plaintext;

	fill_item(attributes, &item);
	attributes[4].name = SIGNATURE_ATTRIBUTE;
	assert_int_equal(encryption_client_prepare_encryption(&arena, &table, &item, &plaintext).code,
	                 RESULT_INVALID_ARGUMENT);
	fill_item(attributes, &item);
	attributes[0].value = attribute_boolean(true);
	assert_int_equal(encryption_client_prepare_encryption(&arena, &table, &item, &plaintext).code,
	                 RESULT_INVALID_ARGUMENT);
	fill_item(attributes, &item);
	attributes[2].name = BYTES_LITERAL("other");
	assert_int_equal(encryption_client_prepare_encryption(&arena, &table, &item, &plaintext).code,
	                 RESULT_INVALID_ARGUMENT);
}

static void
data_keys_are_long_enough(void **state)
{
	static const char long_key[DATA_KEY_LENGTH_MAXIMUM + 1];
	DerivedKeys derived = {algorithm_find(ALGORITHM_CONTENT, BYTES_LITERAL("AES")), 32,
	                       algorithm_find(ALGORITHM_MAC, BYTES_LITERAL("HmacSHA256")), 32};
	EncryptionClientKeys keys;

	for (size_t length = 0; length <= sizeof(long_key); length++)
	{
		bool good = length >= DATA_KEY_LENGTH && length <= DATA_KEY_LENGTH_MAXIMUM;

		assert_int_equal(encryption_client_keys_from_data_key(&handles, &derived,
		                                                      (Bytes){long_key, length}, &keys)
		                     .code,
		                 good ? RESULT_OK : RESULT_NOT_VERIFIED);
	}
}

static void
nothing_is_done_without_keys(void **state)
{
	EncryptionClientTable table = prepared_table(&arena, PROVIDER_STATIC);
	EncryptionClientKeys keys = {0};
	MaterialDescription description = {0};
	Attribute attributes[5];
	DynamodbItem item;
	DynamodbItem made;
	PlaintextItem plaintext;
	EncryptedItem encrypted;

	fill_item(attributes, &item);
	assert_int_equal(encryption_client_prepare_encryption(&arena, &table, &item, &plaintext).code,
	                 RESULT_OK);
	assert_int_equal(encryption_client_encrypt(&handles, &arena, &table, &plaintext, &keys,
	                                           &description, &system_random_source, &made)
	                     .code,
	                 RESULT_INVALID_ARGUMENT);
	keys.mac = algorithm_find(ALGORITHM_MAC, BYTES_LITERAL("HmacSHA256"));
	keys.signing_key.length = 32;
	assert_int_equal(encryption_client_encrypt(&handles, &arena, &table, &plaintext, &keys,
	                                           &description, &system_random_source, &made)
	                     .code,
	                 RESULT_INVALID_ARGUMENT);
	keys.content_key.length = 32;
	assert_int_equal(encryption_client_encrypt(&handles, &arena, &table, &plaintext, &keys,
	                                           &description, &system_random_source, &made)
	                     .code,
	                 RESULT_OK);
	assert_int_equal(encryption_client_prepare_decryption(&arena, &table, &made, &encrypted).code,
	                 RESULT_OK);
	keys.signing_key.length = 0;
	assert_int_equal(
	    encryption_client_decrypt(&handles, &arena, &table, &encrypted, &keys, &item).code,
	    RESULT_INVALID_ARGUMENT);
}

static bool
no_random_bytes(void *context, void *bytes, size_t length)
{
	return false;
}

static void
nothing_is_encrypted_without_randomness(void **state)
{
	EncryptionClientTable table = prepared_table(&arena, PROVIDER_STATIC);
	EncryptionClientKeys keys = {
	    .mac = algorithm_find(ALGORITHM_MAC, BYTES_LITERAL("HmacSHA256")),
	    .signing_key.length = 32,
	    .content_key.length = 32,
	};
	RandomSource random = {no_random_bytes, NULL};
	MaterialDescription description = {0};
	Attribute attributes[5];
	DynamodbItem item;
	PlaintextItem plaintext;

	fill_item(attributes, &item);
	assert_int_equal(encryption_client_prepare_encryption(&arena, &table, &item, &plaintext).code,
	                 RESULT_OK);
	assert_int_equal(encryption_client_encrypt(&handles, &arena, &table, &plaintext, &keys,
	                                           &description, &random, &item)
	                     .code,
	                 RESULT_LIBRARY_FAILURE);
}

/* Descriptions of items of a table of keys. */
static void
material_ids_are_name_and_version(void **state)
{
	static const struct
	{
		const char *id;
		const char *name; /* NULL: refused */
		const char *version;
	} ids[] = {
	    {"name#0", "name", "0"},
	    {"name#123456789012345678", "name", "123456789012345678"},
	    {"\xC3\xBC#7", "\xC3\xBC", "7"},
	    {"", NULL, NULL},
	    {"#1", NULL, NULL},
	    {"name", NULL, NULL},
	    {"name#", NULL, NULL},
	    {"name#01", NULL, NULL},
	    {"name#-1", NULL, NULL},
	    {"name#1#2", NULL, NULL},
	    {"name#1 ", NULL, NULL},
	    {"name#1234567890123456789", NULL, NULL},
	};
	EncryptionClientTable table = prepared_table(&arena, PROVIDER_MATERIAL_STORE);

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
	{
		MaterialEntry entries[] = {{BYTES_LITERAL("amzn-ddb-meta-id"), bytes_of_string(ids[i].id)},
		                           {BYTES_LITERAL("amzn-ddb-env-key"), BYTES_LITERAL("AAAA")}};
		MaterialDescription description = {entries, 2};
		Attribute attributes[2] = {{SIGNATURE_ATTRIBUTE, 0, attribute_binary(BYTES_EMPTY)},
		                           {DESCRIPTION_ATTRIBUTE, 0, {.type = ATTRIBUTE_B}}};
		DynamodbItem item = {attributes, 2};
		EncryptedItem encrypted;
		CheckedResult result;

		assert_int_equal(
		    material_description_write(&arena, &description, &attributes[1].value.bytes).code,
		    RESULT_OK);
		result = encryption_client_prepare_decryption(&arena, &table, &item, &encrypted);
		if (ids[i].name == NULL)
		{
			assert_int_equal(result.code, RESULT_NOT_VERIFIED);
			continue;
		}
		assert_int_equal(result.code, RESULT_OK);
		assert_text(encrypted.material.name, ids[i].name);
		assert_text(encrypted.material.version, ids[i].version);
	}
}

static void
material_items_are_of_a_known_kind(void **state)
{
	static const char key[32];
	Attribute good[] = {
	    {{"t", 1}, 0, {.type = ATTRIBUTE_S, .bytes = {"0", 1}}},
	    {{"encAlg", 6}, 0, {.type = ATTRIBUTE_S, .bytes = {"AES", 3}}},
	    {{"enc", 3}, 0, {.type = ATTRIBUTE_B, .bytes = {key, 32}}},
	    {{"intAlg", 6}, 0, {.type = ATTRIBUTE_S, .bytes = {"HmacSHA256", 10}}},
	    {{"int", 3}, 0, {.type = ATTRIBUTE_B, .bytes = {key, 32}}},
	};
	static const AttributeValue wrong[] = {
	    {.type = ATTRIBUTE_S, .bytes = {"1", 1}},  {.type = ATTRIBUTE_S, .bytes = {"DES", 3}},
	    {.type = ATTRIBUTE_B, .bytes = {key, 31}}, {.type = ATTRIBUTE_S, .bytes = {"AES", 3}},
	    {.type = ATTRIBUTE_S, .bytes = {key, 32}},
	};
	EncryptionClientKeys keys;

	for (uint32_t i = 0; i < 5; i++)
	{
		AttributeValue kept = good[i].value;

		assert_int_equal(encryption_client_store_keys(&(DynamodbItem){good, 5}, &keys).code,
		                 RESULT_OK);
		good[i].value = wrong[i];
		assert_int_equal(encryption_client_store_keys(&(DynamodbItem){good, 5}, &keys).code,
		                 RESULT_UNSUPPORTED);
		good[i].value = kept;
	}
}

static CheckedResult
there_and_back(Arena *limited)
{
	EncryptionClientTable table = table_of(PROVIDER_AWS_KMS);
	DynamodbItem encrypted;
	DynamodbItem decrypted;

	RETURN_IF_FAILED(encryption_client_table_prepare(limited, &table));
	RETURN_IF_FAILED(encrypt_item(limited, &table, &encrypted));
	RETURN_IF_FAILED(decrypt_item(limited, &table, &encrypted, &decrypted));
	assert_int_equal(decrypted.count, 5);
	return result_ok();
}

static void
items_survive_exhaustion(void **state)
{
	assert_survives_exhaustion(there_and_back);
}

static void
nothing_secret_is_given_back(void **state)
{
	ObservedSource source;
	Arena observed;

	arena_init(&observed, observed_source(&source, SIZE_MAX), ARENA_SECRET, ROOM);
	assert_int_equal(there_and_back(&observed).code, RESULT_OK);
	arena_release(&observed);
	assert_true(source.taken > 0);
	assert_int_equal(source.live, 0);
	assert_int_equal(source.released_dirty, 0);
}

static void
keys_are_wiped(void **state)
{
	EncryptionClientKeys keys;
	EncryptionClientKeys none = {0};

	memset(&keys, 0x55, sizeof(keys));
	encryption_client_keys_wipe(&keys);
	assert_memory_equal(&keys, &none, sizeof(keys));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(items_come_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(two_encryptions_differ, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_context_is_the_item_s, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(tables_are_checked, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(names_of_tables_and_keys_are_checked, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(keys_are_never_encrypted, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(plaintext_items_are_checked, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(data_keys_are_long_enough, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(nothing_is_done_without_keys, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(nothing_is_encrypted_without_randomness, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(material_ids_are_name_and_version, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(material_items_are_of_a_known_kind, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(items_survive_exhaustion, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(nothing_secret_is_given_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(keys_are_wiped, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("encryption_client", tests, NULL, NULL);
}
