/*
 * encryption_client.c
 *		Verifying and decrypting items, encrypting and signing them.
 */
#include "crypto/encryption_client.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/encryption_client_names.h"
#include "crypto/encryption_client_signature.h"
#include "item/number.h"

/* Entries that encryption adds to a description: the cipher's mode and the signature's algorithm.
 */
#define ADDED_ENTRIES 2

/* Attributes that encryption adds to an item. */
#define ADDED_ATTRIBUTES 2

/* The one failure of an item from its signature on. */
static CheckedResult
item_does_not_verify(void)
{
	return result_failed(RESULT_NOT_VERIFIED, "item does not verify");
}

/* Whatever is wrong with the item's bytes is that failure; what is not their fault stays. */
static CheckedResult
of_item(CheckedResult result)
{
	switch (result.code)
	{
		case RESULT_MALFORMED:
		case RESULT_OUT_OF_RANGE:
		case RESULT_UNSUPPORTED:
		case RESULT_NOT_VERIFIED:
			return item_does_not_verify();
		default:
			return result;
	}
}

static Bytes
secret_bytes(const SecretKey *key)
{
	return (Bytes){(const char *) key->bytes, key->length};
}

/* --- signatures --------------------------------------------------------------------------------
 */

static CheckedResult
verify_mac(CryptoHandles *handles, const EncryptedItem *encrypted, const EncryptionClientKeys *keys,
           Bytes string)
{
	unsigned char mac[MAC_LENGTH_MAXIMUM];
	size_t length;
	bool equal;

	RETURN_IF_FAILED(
	    mac_compute(handles, keys->mac, secret_bytes(&keys->signing_key), string, mac, &length));
	equal = equal_in_constant_time((Bytes){(const char *) mac, length}, encrypted->signature);
	wipe(mac, sizeof(mac));
	return equal ? result_ok() : item_does_not_verify();
}

/* The description may name the algorithm of a MAC's key, but cannot choose it. */
static bool
method_is_of_mac(const EncryptedItem *encrypted, const Algorithm *mac)
{
	return encrypted->signature_method == NULL ||
	       bytes_equal(*encrypted->signature_method, bytes_of_string(mac->name));
}

static CheckedResult
verify_string(CryptoHandles *handles, const EncryptedItem *encrypted,
              const EncryptionClientKeys *keys, Bytes string)
{
	const Bytes *method = encrypted->signature_method;
	const Algorithm *algorithm;

	if (keys->verification_key == NULL)
		return method_is_of_mac(encrypted, keys->mac) ? verify_mac(handles, encrypted, keys, string)
		                                              : item_does_not_verify();
	algorithm =
	    algorithm_find(ALGORITHM_SIGNATURE, method == NULL ? SIGNATURE_ALGORITHM_DEFAULT : *method);
	if (algorithm == NULL)
		return item_does_not_verify();
	return signature_verify(keys->verification_key, algorithm, string, encrypted->signature);
}

static CheckedResult
verify_form(CryptoHandles *handles, Arena *arena, const EncryptionClientTable *table,
            const EncryptedItem *encrypted, const EncryptionClientKeys *keys,
            SerializationForm form)
{
	Bytes string;

	RETURN_IF_FAILED(encryption_client_string_to_sign(
	    handles, arena, table->table_name, encrypted->item, encrypted->actions, form, &string));
	return verify_string(handles, encrypted, keys, string);
}

/* The table's own form first, then those of other writers. */
static CheckedResult
verify_signature(CryptoHandles *handles, Arena *arena, const EncryptionClientTable *table,
                 const EncryptedItem *encrypted, const EncryptionClientKeys *keys)
{
	SerializationForm forms[] = {
	    table->form,
	    table->form == FORM_UTF8 ? FORM_UTF16 : FORM_UTF8,
	    FORM_UTF8_ROUNDED,
	};
	int count = table->accepts_rounded_numbers ? 3 : 2;
	CheckedResult result = item_does_not_verify();

	for (int i = 0; i < count && result.code == RESULT_NOT_VERIFIED; i++)
		result = of_item(verify_form(handles, arena, table, encrypted, keys, forms[i]));
	return result;
}

/* --- decryption --------------------------------------------------------------------------------
 */

/* The key that wraps is of one kind, and so is what it opens. */
static CheckedResult
unwrap(const WrappedKey *wrapped, const EncryptionClientKeys *keys, SecretKey *content_key)
{
	const Algorithm *wrap = wrapped->wrap;

	if (keys->unwrapping_key != NULL)
	{
		if (wrap == NULL)
			wrap = algorithm_find(ALGORITHM_KEY_WRAP, BYTES_LITERAL("RSA"));
		if (wrap->family != FAMILY_RSA)
			return item_does_not_verify();
		return rsa_key_unwrap(keys->unwrapping_key, wrap, wrapped->bytes, content_key->bytes,
		                      AES_KEY_MAXIMUM, &content_key->length);
	}
	if (wrap != NULL && wrap->family != FAMILY_AES)
		return item_does_not_verify();
	return aes_key_unwrap(secret_bytes(&keys->wrapping_key), wrapped->bytes, content_key->bytes,
	                      AES_KEY_MAXIMUM, &content_key->length);
}

static bool
content_key_is_possible(const WrappedKey *wrapped, const SecretKey *content_key)
{
	const Algorithm *aes = algorithm_find(ALGORITHM_CONTENT, BYTES_LITERAL("AES"));

	return algorithm_takes_key(aes, content_key->length) &&
	       (wrapped->content_key_length == 0 || wrapped->content_key_length == content_key->length);
}

static bool
has_wrapping_key(const EncryptionClientKeys *keys)
{
	return keys->unwrapping_key != NULL || keys->wrapping_key.length > 0;
}

/*
 * The key of the item's content. When it cannot be unwrapped, another stands in for it, so that the
 * rest takes its way before it fails.
 */
static CheckedResult
find_content_key(const EncryptedItem *encrypted, const EncryptionClientKeys *keys,
                 SecretKey *content_key)
{
	CheckedResult result;

	*content_key = keys->content_key;
	if (!has_wrapping_key(keys))
		return result_ok();
	result = of_item(unwrap(&encrypted->wrapped, keys, content_key));
	if (result_is_ok(result) && !content_key_is_possible(&encrypted->wrapped, content_key))
		result = item_does_not_verify();
	if (!result_is_ok(result))
	{
		wipe(content_key->bytes, sizeof(content_key->bytes));
		content_key->length = AES_KEY_MAXIMUM;
	}
	return result;
}

static CheckedResult
decrypt_value(CryptoHandles *handles, Arena *arena, const AttributeValue *stored,
              AttributeValue *value)
{
	Bytes ciphertext = stored->bytes;
	Bytes serialized;
	char *room;

	if (stored->type != ATTRIBUTE_B || ciphertext.length < AES_BLOCK_LENGTH)
		return item_does_not_verify();
	ciphertext.data += AES_BLOCK_LENGTH;
	ciphertext.length -= AES_BLOCK_LENGTH;
	room = arena_allocate(arena, ciphertext.length);
	if (room == NULL)
		return arena_failure(arena, ciphertext.length);
	serialized.data = room;
	RETURN_IF_FAILED(aes_cbc_decrypt(handles, (const unsigned char *) stored->bytes.data,
	                                 ciphertext, room, &serialized.length));
	return encryption_client_deserialize(arena, serialized, value);
}

static bool
is_added(Bytes name)
{
	return bytes_equal(name, SIGNATURE_ATTRIBUTE) || bytes_equal(name, DESCRIPTION_ATTRIBUTE);
}

static CheckedResult
decrypt_attributes(CryptoHandles *handles, Arena *arena, const EncryptedItem *encrypted,
                   DynamodbItem *plaintext)
{
	for (uint32_t i = 0; i < encrypted->item->count; i++)
	{
		const Attribute *stored = &encrypted->item->attributes[i];
		Attribute *attribute = &plaintext->attributes[plaintext->count];

		if (is_added(stored->name))
			continue;
		*attribute = *stored;
		if (encrypted->actions[i] == CRYPTO_ENCRYPT_AND_SIGN)
			RETURN_IF_FAILED(decrypt_value(handles, arena, &stored->value, &attribute->value));
		plaintext->count++;
	}
	return result_ok();
}

static bool
has_action(const CryptoAction *actions, uint32_t count, CryptoAction action)
{
	for (uint32_t i = 0; i < count; i++)
	{
		if (actions[i] == action)
			return true;
	}
	return false;
}

static CheckedResult
decrypt_verified(CryptoHandles *handles, Arena *arena, const EncryptedItem *encrypted,
                 const SecretKey *content_key, DynamodbItem *plaintext)
{
	uint32_t count = encrypted->item->count;

	plaintext->count = 0;
	plaintext->attributes = arena_allocate_array(arena, count, sizeof(Attribute));
	if (plaintext->attributes == NULL)
		return arena_failure(arena, count * sizeof(Attribute));
	if (has_action(encrypted->actions, count, CRYPTO_ENCRYPT_AND_SIGN))
	{
		if (!encrypted->has_cipher_mode)
			return item_does_not_verify();
		RETURN_IF_FAILED(aes_cbc_set_decryption_key(handles, secret_bytes(content_key)));
	}
	return of_item(decrypt_attributes(handles, arena, encrypted, plaintext));
}

static CheckedResult
check_reading_keys(const EncryptionClientKeys *keys)
{
	if (keys->verification_key == NULL && (keys->mac == NULL || keys->signing_key.length == 0))
		return result_failed(RESULT_INVALID_ARGUMENT, "there is no key to verify the item with");
	return result_ok();
}

CheckedResult
encryption_client_decrypt(CryptoHandles *handles, Arena *arena, const EncryptionClientTable *table,
                          const EncryptedItem *encrypted, const EncryptionClientKeys *keys,
                          DynamodbItem *plaintext)
{
	SecretKey content_key;
	CheckedResult unwrapped;
	CheckedResult result;

	RETURN_IF_FAILED(check_reading_keys(keys));
	RETURN_IF_FAILED(verify_signature(handles, arena, table, encrypted, keys));
	unwrapped = find_content_key(encrypted, keys, &content_key);
	result = decrypt_verified(handles, arena, encrypted, &content_key, plaintext);
	wipe(&content_key, sizeof(content_key));
	return result_is_ok(unwrapped) ? result : unwrapped;
}

/* --- encryption --------------------------------------------------------------------------------
 */

/* A serialization that is counted, or put where there is room for what was counted. */
typedef struct Serialized
{
	char *out; /* NULL: only counted */
	size_t length;
} Serialized;

static void
take_serialized(void *context, Bytes bytes)
{
	Serialized *serialized = context;

	if (serialized->out != NULL && bytes.length > 0)
		memcpy(serialized->out + serialized->length, bytes.data, bytes.length);
	serialized->length += bytes.length;
}

/* Serialized behind its vector and encrypted there, so that no plaintext is left beside it. */
static CheckedResult
encrypt_value(CryptoHandles *handles, Arena *arena, const unsigned char iv[AES_BLOCK_LENGTH],
              SerializationForm form, AttributeValue *value)
{
	Serialized serialized = {NULL, 0};
	ByteSink sink = {take_serialized, &serialized};
	size_t length;
	char *out;

	RETURN_IF_FAILED(encryption_client_serialize(arena, value, form, sink));
	length = AES_BLOCK_LENGTH + AES_CBC_LENGTH(serialized.length);
	out = arena_allocate(arena, length);
	if (out == NULL)
		return arena_failure(arena, length);
	memcpy(out, iv, AES_BLOCK_LENGTH);
	serialized = (Serialized){out + AES_BLOCK_LENGTH, 0};
	RETURN_IF_FAILED(encryption_client_serialize(arena, value, form, sink));
	RETURN_IF_FAILED(aes_cbc_encrypt(handles, iv, out + AES_BLOCK_LENGTH, serialized.length));
	*value = attribute_binary((Bytes){out, length});
	return result_ok();
}

/* Random vectors for as many attributes as are encrypted, taken at once. */
static CheckedResult
make_vectors(Arena *arena, const PlaintextItem *plaintext, const RandomSource *random,
             unsigned char **vectors)
{
	size_t length = 0;

	for (uint32_t i = 0; i < plaintext->item.count; i++)
	{
		if (plaintext->actions[i] == CRYPTO_ENCRYPT_AND_SIGN)
			length += AES_BLOCK_LENGTH;
	}
	*vectors = arena_allocate(arena, length);
	if (*vectors == NULL)
		return arena_failure(arena, length);
	return random_fill(random, *vectors, length);
}

static CheckedResult
encrypt_attributes(CryptoHandles *handles, Arena *arena, const EncryptionClientTable *table,
                   const PlaintextItem *plaintext, const RandomSource *random,
                   DynamodbItem *encrypted)
{
	unsigned char *vector;

	RETURN_IF_FAILED(make_vectors(arena, plaintext, random, &vector));
	for (uint32_t i = 0; i < encrypted->count; i++)
	{
		encrypted->attributes[i] = plaintext->item.attributes[i];
		if (plaintext->actions[i] != CRYPTO_ENCRYPT_AND_SIGN)
			continue;
		RETURN_IF_FAILED(
		    encrypt_value(handles, arena, vector, table->form, &encrypted->attributes[i].value));
		vector += AES_BLOCK_LENGTH;
	}
	return result_ok();
}

static CheckedResult
sign(CryptoHandles *handles, Arena *arena, const EncryptionClientTable *table,
     const DynamodbItem *item, const CryptoAction *actions, const EncryptionClientKeys *keys,
     Bytes *signature)
{
	unsigned char *mac = arena_allocate(arena, MAC_LENGTH_MAXIMUM);
	Bytes string;

	if (mac == NULL)
		return arena_failure(arena, MAC_LENGTH_MAXIMUM);
	RETURN_IF_FAILED(encryption_client_string_to_sign(handles, arena, table->table_name, item,
	                                                  actions, table->form, &string));
	signature->data = (const char *) mac;
	return mac_compute(handles, keys->mac, secret_bytes(&keys->signing_key), string, mac,
	                   &signature->length);
}

static int
by_name(const void *left, const void *right)
{
	return bytes_compare(((const MaterialEntry *) left)->name,
	                     ((const MaterialEntry *) right)->name);
}

/* The description with what encryption adds to it, entries in the order Python's library uses. */
static CheckedResult
describe(Arena *arena, const EncryptionClientKeys *keys, const MaterialDescription *description,
         Bytes *bytes)
{
	size_t room = (size_t) description->count + ADDED_ENTRIES;
	MaterialDescription whole = {arena_allocate_array(arena, room, sizeof(MaterialEntry)),
	                             description->count};

	if (whole.entries == NULL)
		return arena_failure(arena, room * sizeof(MaterialEntry));
	if (description->count > 0)
		memcpy(whole.entries, description->entries, description->count * sizeof(MaterialEntry));
	if (keys->content_key.length > 0)
		whole.entries[whole.count++] = (MaterialEntry){MATERIAL_CIPHER_MODE, CIPHER_MODE_CBC};
	whole.entries[whole.count++] =
	    (MaterialEntry){MATERIAL_SIGNATURE, bytes_of_string(keys->mac->name)};
	qsort(whole.entries, whole.count, sizeof(MaterialEntry), by_name);
	return material_description_write(arena, &whole, bytes);
}

static void
add_binary(DynamodbItem *item, Bytes name, Bytes bytes)
{
	item->attributes[item->count++] = (Attribute){name, ATTRIBUTE_NO_SLOT, attribute_binary(bytes)};
}

static CheckedResult
check_writing_keys(const PlaintextItem *plaintext, const EncryptionClientKeys *keys)
{
	if (keys->mac == NULL || keys->signing_key.length == 0)
		return result_failed(RESULT_INVALID_ARGUMENT, "there is no key to sign the item with");
	if (keys->content_key.length == 0 &&
	    has_action(plaintext->actions, plaintext->item.count, CRYPTO_ENCRYPT_AND_SIGN))
		return result_failed(RESULT_INVALID_ARGUMENT, "there is no key to encrypt the item with");
	return result_ok();
}

CheckedResult
encryption_client_encrypt(CryptoHandles *handles, Arena *arena, const EncryptionClientTable *table,
                          const PlaintextItem *plaintext, const EncryptionClientKeys *keys,
                          const MaterialDescription *description, const RandomSource *random,
                          DynamodbItem *encrypted)
{
	size_t room = (size_t) plaintext->item.count + ADDED_ATTRIBUTES;
	Bytes signature;
	Bytes described;

	RETURN_IF_FAILED(check_writing_keys(plaintext, keys));
	encrypted->count = plaintext->item.count;
	encrypted->attributes = arena_allocate_array(arena, room, sizeof(Attribute));
	if (encrypted->attributes == NULL)
		return arena_failure(arena, room * sizeof(Attribute));
	if (keys->content_key.length > 0)
		RETURN_IF_FAILED(aes_cbc_set_encryption_key(handles, secret_bytes(&keys->content_key)));
	RETURN_IF_FAILED(encrypt_attributes(handles, arena, table, plaintext, random, encrypted));
	RETURN_IF_FAILED(sign(handles, arena, table, encrypted, plaintext->actions, keys, &signature));
	RETURN_IF_FAILED(describe(arena, keys, description, &described));
	add_binary(encrypted, SIGNATURE_ATTRIBUTE, signature);
	add_binary(encrypted, DESCRIPTION_ATTRIBUTE, described);
	return result_ok();
}
