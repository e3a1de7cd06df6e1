/*
 * sqs_digest.c
 *		MD5 of bodies, and of attributes in the form that SQS lays them out in.
 *
 * Attributes are digested in the order of their names. Each is its name, its type, a byte that says
 * how the value travels (1: text, 2: bytes) and its value; name, type and value each behind its
 * length, of four bytes, the highest first.
 */
#include "aws/sqs_digest.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#define MD5_LENGTH 16

typedef struct Digest
{
	EVP_MD_CTX *context;
	bool good; /* everything so far has succeeded */
} Digest;

static Digest
digest_begin(void)
{
	Digest digest = {.context = EVP_MD_CTX_new()};

	digest.good = digest.context != NULL && EVP_DigestInit_ex(digest.context, EVP_md5(), NULL) == 1;
	return digest;
}

static void
digest_add(Digest *digest, Bytes bytes)
{
	if (digest->good && bytes.length > 0)
		digest->good = EVP_DigestUpdate(digest->context, bytes.data, bytes.length) == 1;
}

/* Gives the context back in any case. */
static CheckedResult
digest_end(Digest *digest, char digits[SQS_DIGEST_LENGTH])
{
	static const char hexadecimal[] = "0123456789abcdef";
	unsigned char bytes[MD5_LENGTH];

	if (digest->good)
		digest->good = EVP_DigestFinal_ex(digest->context, bytes, NULL) == 1;
	EVP_MD_CTX_free(digest->context);
	if (!digest->good)
	{
		ERR_clear_error();
		return result_failed(RESULT_LIBRARY_FAILURE, "OpenSSL cannot compute MD5");
	}
	for (size_t i = 0; i < MD5_LENGTH; i++)
	{
		digits[2 * i] = hexadecimal[bytes[i] >> 4];
		digits[2 * i + 1] = hexadecimal[bytes[i] & 15];
	}
	return result_ok();
}

CheckedResult
sqs_digest_of_body(Bytes body, char digits[SQS_DIGEST_LENGTH])
{
	Digest digest = digest_begin();

	digest_add(&digest, body);
	return digest_end(&digest, digits);
}

static void
add_with_length(Digest *digest, Bytes bytes)
{
	char length[4];

	for (size_t i = 0; i < sizeof(length); i++)
		length[i] = (char) (bytes.length >> (8 * (sizeof(length) - 1 - i)));
	digest_add(digest, (Bytes){length, sizeof(length)});
	digest_add(digest, bytes);
}

static void
add_attribute(Digest *digest, const SqsAttribute *attribute)
{
	static const char text = 1;
	static const char bytes = 2;

	add_with_length(digest, attribute->name);
	add_with_length(digest, attribute->data_type);
	digest_add(digest, (Bytes){sqs_type_is_binary(attribute->data_type) ? &bytes : &text, 1});
	add_with_length(digest, attribute->value);
}

/* The first in the order of names that comes behind `last`; NULL when there is none. */
static const SqsAttribute *
next_by_name(const SqsAttribute *attributes, size_t count, const SqsAttribute *last)
{
	const SqsAttribute *next = NULL;

	for (size_t i = 0; i < count; i++)
	{
		if ((last == NULL || bytes_compare(attributes[i].name, last->name) > 0) &&
		    (next == NULL || bytes_compare(attributes[i].name, next->name) < 0))
			next = &attributes[i];
	}
	return next;
}

CheckedResult
sqs_digest_of_attributes(const SqsAttribute *attributes, size_t count,
                         char digits[SQS_DIGEST_LENGTH])
{
	const SqsAttribute *attribute = NULL;
	Digest digest;

	if (count > SQS_ATTRIBUTES_MAXIMUM)
		return result_failed(RESULT_TOO_LARGE, "message has too many attributes");
	digest = digest_begin();
	while ((attribute = next_by_name(attributes, count, attribute)) != NULL)
		add_attribute(&digest, attribute);
	return digest_end(&digest, digits);
}
