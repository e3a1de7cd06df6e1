/*
 * crypto_primitives.c
 *		Runs one primitive of src/crypto for test_crypto_peers.py. Bytes are hexadecimal.
 *
 * In:  primitive, key, data, and by it: algorithm, iv, info, length, signature
 * Out: out (base64), or error
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/primitives.h"
#include "crypto/public_key.h"
#include "crypto/random_source.h"
#include "unit/json_lines.h"

#define OUT_MAXIMUM ((size_t) 64 * 1024)

typedef struct Question
{
	Bytes algorithm;
	Bytes key;
	Bytes data;
	Bytes iv;
	Bytes info;
	Bytes signature;
	size_t length;
} Question;

/* Where a primitive leaves its bytes. */
typedef struct Out
{
	unsigned char bytes[OUT_MAXIMUM];
	size_t length;
} Out;

typedef CheckedResult (*Primitive)(CryptoHandles *handles, const Question *question, Out *out);

static CheckedResult
no_such_algorithm(void)
{
	return result_failed(RESULT_UNSUPPORTED, "no such algorithm");
}

static CheckedResult
sha256(CryptoHandles *handles, const Question *question, Out *out)
{
	size_t half = question->data.length / 2;

	sha256_begin(handles);
	sha256_add(handles, (Bytes){question->data.data, half});
	sha256_add(handles, (Bytes){question->data.data + half, question->data.length - half});
	out->length = SHA256_LENGTH;
	return sha256_end(handles, out->bytes);
}

static CheckedResult
mac(CryptoHandles *handles, const Question *question, Out *out)
{
	const Algorithm *algorithm = algorithm_find(ALGORITHM_MAC, question->algorithm);

	if (algorithm == NULL)
		return no_such_algorithm();
	return mac_compute(handles, algorithm, question->key, question->data, out->bytes, &out->length);
}

static CheckedResult
hkdf(CryptoHandles *handles, const Question *question, Out *out)
{
	unsigned char key[SHA256_LENGTH];

	out->length = question->length;
	RETURN_IF_FAILED(hkdf_extract(handles, question->key, key));
	return hkdf_expand(handles, key, question->info, out->bytes, question->length);
}

static CheckedResult
cbc_encrypt(CryptoHandles *handles, const Question *question, Out *out)
{
	RETURN_IF_FAILED(aes_cbc_set_encryption_key(handles, question->key));
	if (question->data.length > 0)
		memcpy(out->bytes, question->data.data, question->data.length);
	out->length = AES_CBC_LENGTH(question->data.length);
	return aes_cbc_encrypt(handles, (const unsigned char *) question->iv.data, (char *) out->bytes,
	                       question->data.length);
}

static CheckedResult
cbc_decrypt(CryptoHandles *handles, const Question *question, Out *out)
{
	RETURN_IF_FAILED(aes_cbc_set_decryption_key(handles, question->key));
	return aes_cbc_decrypt(handles, (const unsigned char *) question->iv.data, question->data,
	                       (char *) out->bytes, &out->length);
}

static CheckedResult
unwrap(CryptoHandles *handles, const Question *question, Out *out)
{
	return aes_key_unwrap(question->key, question->data, out->bytes, question->length,
	                      &out->length);
}

static CheckedResult
rsa_unwrap(CryptoHandles *handles, const Question *question, Out *out)
{
	const Algorithm *algorithm = algorithm_find(ALGORITHM_KEY_WRAP, question->algorithm);
	AsymmetricKey *key;
	CheckedResult result;

	if (algorithm == NULL)
		return no_such_algorithm();
	RETURN_IF_FAILED(private_key_read(question->key, &key));
	result =
	    rsa_key_unwrap(key, algorithm, question->data, out->bytes, question->length, &out->length);
	asymmetric_key_free(key);
	return result;
}

static CheckedResult
verify(CryptoHandles *handles, const Question *question, Out *out)
{
	const Algorithm *algorithm = algorithm_find(ALGORITHM_SIGNATURE, question->algorithm);
	AsymmetricKey *key;
	CheckedResult result;

	if (algorithm == NULL)
		return no_such_algorithm();
	RETURN_IF_FAILED(public_key_read(question->key, &key));
	result = signature_verify(key, algorithm, question->data, question->signature);
	asymmetric_key_free(key);
	out->length = 0;
	return result;
}

static CheckedResult
random_bytes(CryptoHandles *handles, const Question *question, Out *out)
{
	out->length = question->length;
	return random_fill(&system_random_source, out->bytes, question->length);
}

static Primitive
primitive_named(Bytes name)
{
	static const struct
	{
		const char *name;
		Primitive primitive;
	} primitives[] = {
	    {"sha256", sha256},           {"mac", mac},       {"hkdf", hkdf},
	    {"cbc_encrypt", cbc_encrypt}, {"unwrap", unwrap}, {"cbc_decrypt", cbc_decrypt},
	    {"rsa_unwrap", rsa_unwrap},   {"verify", verify}, {"random", random_bytes},
	};

	for (size_t i = 0; i < sizeof(primitives) / sizeof(primitives[0]); i++)
		if (bytes_equal(name, bytes_of_string(primitives[i].name)))
			return primitives[i].primitive;
	abort();
}

static void
answer_question(json_object *line, Arena *arena, JsonWriter *answer)
{
	static CryptoHandles handles; /* kept from question to question, as from item to item */
	static Out out;
	Question question = {
	    .algorithm = description_string(line, "algorithm"),
	    .key = json_line_hexadecimal(line, "key", arena),
	    .data = json_line_hexadecimal(line, "data", arena),
	    .iv = json_line_hexadecimal(line, "iv", arena),
	    .info = description_string(line, "info"),
	    .signature = json_line_hexadecimal(line, "signature", arena),
	    .length = (size_t) description_integer(line, "length", 0),
	};
	CheckedResult result =
	    primitive_named(description_string(line, "primitive"))(&handles, &question, &out);

	if (!result_is_ok(result))
	{
		json_line_failure(answer, result);
		return;
	}
	json_name(answer, BYTES_LITERAL("out"));
	json_base64(answer, (Bytes){(const char *) out.bytes, out.length});
}

int
main(void)
{
	return json_lines_serve(answer_question);
}
