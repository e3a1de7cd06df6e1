/*
 * encryption_client_signature.c
 *		The string to sign.
 */
#include "crypto/encryption_client_signature.h"

#include <stdlib.h>
#include <string.h>

/* Digests of an attribute: name, action, value. */
#define ATTRIBUTE_DIGESTS 3

/* SHA-256 of "ENCRYPTED" */
static const unsigned char encrypted_digest[SHA256_LENGTH] = {
    0x39, 0x41, 0x15, 0xAC, 0x4E, 0xB0, 0x9A, 0xA4, 0x94, 0x29, 0x34, 0x88, 0x16, 0xB2, 0x03, 0x81,
    0x27, 0xB0, 0xF9, 0xE3, 0xA5, 0x20, 0x37, 0x2A, 0xE1, 0x00, 0xCA, 0x19, 0xFB, 0x08, 0xFD, 0x50};

/* SHA-256 of "PLAINTEXT" */
static const unsigned char plaintext_digest[SHA256_LENGTH] = {
    0xCB, 0x40, 0xE7, 0xDA, 0xDC, 0x86, 0x16, 0x1B, 0x97, 0x98, 0xDE, 0x48, 0x51, 0x2F, 0x33, 0x2D,
    0x21, 0xC1, 0x41, 0xFC, 0xC1, 0xE2, 0x8A, 0x08, 0x6F, 0xDE, 0x4A, 0x33, 0x75, 0xAA, 0xB1, 0xB5};

typedef struct SignedAttribute
{
	const Attribute *attribute;
	CryptoAction action;
} SignedAttribute;

typedef struct StringToSign
{
	CryptoHandles *handles;
	Arena *arena;
	SerializationForm form;
	unsigned char *next; /* where the next digest goes */
} StringToSign;

static int
by_name(const void *left, const void *right)
{
	return serialization_compare_texts(FORM_UTF8, ((const SignedAttribute *) left)->attribute->name,
	                                   ((const SignedAttribute *) right)->attribute->name);
}

static int
by_name_as_utf16(const void *left, const void *right)
{
	return serialization_compare_texts(FORM_UTF16,
	                                   ((const SignedAttribute *) left)->attribute->name,
	                                   ((const SignedAttribute *) right)->attribute->name);
}

static void
add_to_digest(void *context, Bytes bytes)
{
	sha256_add(context, bytes);
}

static CheckedResult
digest_of(CryptoHandles *handles, Bytes bytes, unsigned char digest[SHA256_LENGTH])
{
	sha256_begin(handles);
	sha256_add(handles, bytes);
	return sha256_end(handles, digest);
}

static CheckedResult
add_table(StringToSign *string, Bytes table_name)
{
	sha256_begin(string->handles);
	sha256_add(string->handles, BYTES_LITERAL("TABLE>"));
	sha256_add(string->handles, table_name);
	sha256_add(string->handles, BYTES_LITERAL("<TABLE"));
	RETURN_IF_FAILED(sha256_end(string->handles, string->next));
	string->next += SHA256_LENGTH;
	return result_ok();
}

static CheckedResult
add_value(StringToSign *string, const AttributeValue *value)
{
	ByteSink sink = {add_to_digest, string->handles};

	sha256_begin(string->handles);
	RETURN_IF_FAILED(encryption_client_serialize(string->arena, value, string->form, sink));
	return sha256_end(string->handles, string->next + 2 * SHA256_LENGTH);
}

static CheckedResult
add_attribute(StringToSign *string, const SignedAttribute *added)
{
	bool is_encrypted = added->action == CRYPTO_ENCRYPT_AND_SIGN;

	RETURN_IF_FAILED(digest_of(string->handles, added->attribute->name, string->next));
	memcpy(string->next + SHA256_LENGTH, is_encrypted ? encrypted_digest : plaintext_digest,
	       SHA256_LENGTH);
	RETURN_IF_FAILED(add_value(string, &added->attribute->value));
	string->next += ATTRIBUTE_DIGESTS * SHA256_LENGTH;
	return result_ok();
}

/* The attributes that have a signature, in the order in which they are signed. */
static CheckedResult
sort_signed(Arena *arena, const DynamodbItem *item, const CryptoAction *actions,
            SerializationForm form, SignedAttribute **sorted, uint32_t *count)
{
	*count = 0;
	*sorted = arena_allocate_array(arena, item->count, sizeof(SignedAttribute));
	if (*sorted == NULL)
		return arena_failure(arena, item->count * sizeof(SignedAttribute));
	for (uint32_t i = 0; i < item->count; i++)
	{
		if (actions[i] != CRYPTO_DO_NOTHING)
			(*sorted)[(*count)++] = (SignedAttribute){&item->attributes[i], actions[i]};
	}
	qsort(*sorted, *count, sizeof(SignedAttribute),
	      form == FORM_UTF16 ? by_name_as_utf16 : by_name);
	return result_ok();
}

CheckedResult
encryption_client_string_to_sign(CryptoHandles *handles, Arena *arena, Bytes table_name,
                                 const DynamodbItem *item, const CryptoAction *actions,
                                 SerializationForm form, Bytes *string)
{
	StringToSign building = {.handles = handles, .arena = arena, .form = form};
	SignedAttribute *sorted;
	uint32_t count;

	RETURN_IF_FAILED(sort_signed(arena, item, actions, form, &sorted, &count));
	string->length = SHA256_LENGTH * (1 + ATTRIBUTE_DIGESTS * (size_t) count);
	string->data = arena_allocate(arena, string->length);
	if (string->data == NULL)
		return arena_failure(arena, string->length);
	building.next = (unsigned char *) string->data;
	RETURN_IF_FAILED(add_table(&building, table_name));
	for (uint32_t i = 0; i < count; i++)
		RETURN_IF_FAILED(add_attribute(&building, &sorted[i]));
	return result_ok();
}
