/*
 * algorithms.c
 *		The table of algorithms.
 */
#include "crypto/algorithms.h"

#include <string.h>

#include "foundation/ascii.h"

/* Digits of a key's size in bits. */
#define BITS_DIGITS_MAXIMUM 4

#define AES_ROW(name, purpose)                                                                     \
	{                                                                                              \
		name, purpose, FAMILY_AES, NULL, 0, 128, 256, 64                                           \
	}
#define MAC_ROW(name, digest, mac_digest)                                                          \
	{                                                                                              \
		name, ALGORITHM_MAC, FAMILY_HMAC, digest, mac_digest, 128, 512, 8                          \
	}
#define SIGNATURE_ROW(name, family, digest)                                                        \
	{                                                                                              \
		name, ALGORITHM_SIGNATURE, family, digest, 0, 0, 0, 0                                      \
	}
#define RSA_WRAP_ROW(name, digest)                                                                 \
	{                                                                                              \
		name, ALGORITHM_KEY_WRAP, FAMILY_RSA, digest, 0, 0, 0, 0                                   \
	}

static const Algorithm algorithms[] = {
    AES_ROW("AES", ALGORITHM_CONTENT),
    MAC_ROW("HmacSHA224", "SHA2-224", MAC_SHA224),
    MAC_ROW("HmacSHA256", "SHA2-256", MAC_SHA256),
    MAC_ROW("HmacSHA384", "SHA2-384", MAC_SHA384),
    MAC_ROW("HmacSHA512", "SHA2-512", MAC_SHA512),
    SIGNATURE_ROW("SHA224withRSA", FAMILY_RSA, "SHA2-224"),
    SIGNATURE_ROW("SHA256withRSA", FAMILY_RSA, "SHA2-256"),
    SIGNATURE_ROW("SHA384withRSA", FAMILY_RSA, "SHA2-384"),
    SIGNATURE_ROW("SHA512withRSA", FAMILY_RSA, "SHA2-512"),
    SIGNATURE_ROW("SHA256withECDSA", FAMILY_ELLIPTIC_CURVE, "SHA2-256"),
    SIGNATURE_ROW("SHA384withECDSA", FAMILY_ELLIPTIC_CURVE, "SHA2-384"),
    SIGNATURE_ROW("SHA512withECDSA", FAMILY_ELLIPTIC_CURVE, "SHA2-512"),
    AES_ROW("AESWrap", ALGORITHM_KEY_WRAP),
    /* PKCS #1 v1.5, which has no digest */
    RSA_WRAP_ROW("RSA", NULL),
    RSA_WRAP_ROW("RSA/ECB/PKCS1Padding", NULL),
    /* OAEP with this digest; Java's mask generation uses SHA-1 whatever the digest is */
    RSA_WRAP_ROW("RSA/ECB/OAEPWithSHA-1AndMGF1Padding", "SHA1"),
    RSA_WRAP_ROW("RSA/ECB/OAEPWithSHA-256AndMGF1Padding", "SHA2-256"),
    RSA_WRAP_ROW("RSA/ECB/OAEPWithSHA-384AndMGF1Padding", "SHA2-384"),
    RSA_WRAP_ROW("RSA/ECB/OAEPWithSHA-512AndMGF1Padding", "SHA2-512"),
};

const Algorithm *
algorithm_find(AlgorithmPurpose purpose, Bytes name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
	{
		if (algorithms[i].purpose == purpose &&
		    bytes_equal(name, bytes_of_string(algorithms[i].name)))
			return &algorithms[i];
	}
	return NULL;
}

bool
algorithm_takes_key(const Algorithm *algorithm, size_t length)
{
	size_t bits = length * 8;

	return algorithm->step_bits > 0 && length <= SECRET_KEY_MAXIMUM &&
	       bits >= algorithm->least_bits && bits <= algorithm->most_bits &&
	       (bits - algorithm->least_bits) % algorithm->step_bits == 0;
}

static CheckedResult
unsupported(void)
{
	return result_failed(RESULT_UNSUPPORTED, "algorithm is not one of the format");
}

/* Decimal digits without a sign, blanks or leading zeroes. */
static bool
read_bits(Bytes text, size_t *bits)
{
	if (text.length == 0 || text.length > BITS_DIGITS_MAXIMUM || text.data[0] == '0')
		return false;
	*bits = 0;
	for (size_t i = 0; i < text.length; i++)
	{
		if (!ascii_is_digit(text.data[i]))
			return false;
		*bits = *bits * 10 + (size_t) (text.data[i] - '0');
	}
	return true;
}

CheckedResult
algorithm_read_specification(AlgorithmPurpose purpose, Bytes text, const Algorithm **algorithm,
                             size_t *key_length)
{
	const char *slash = text.length == 0 ? NULL : memchr(text.data, '/', text.length);
	size_t name_length = slash == NULL ? text.length : (size_t) (slash - text.data);
	size_t bits = DEFAULT_KEY_BITS;

	*algorithm = algorithm_find(purpose, (Bytes){text.data, name_length});
	if (*algorithm == NULL)
		return unsupported();
	if (slash != NULL && !read_bits((Bytes){slash + 1, text.length - name_length - 1}, &bits))
		return unsupported();
	*key_length = bits / 8;
	if (bits % 8 != 0 || !algorithm_takes_key(*algorithm, *key_length))
		return unsupported();
	return result_ok();
}
