/*
 * algorithms.h
 *		The algorithms that encrypted items may name, by the names that Java gives them.
 *
 * Descriptions of items name algorithms and are not authenticated before they are used. So nothing
 * but a row of this one table is ever used, and only for its purpose.
 */
#ifndef CRYPTO_ALGORITHMS_H
#define CRYPTO_ALGORITHMS_H

#include "foundation/bytes.h"
#include "foundation/result.h"

typedef enum AlgorithmPurpose
{
	ALGORITHM_CONTENT,   /* encrypts attributes */
	ALGORITHM_MAC,       /* signs items with a secret key */
	ALGORITHM_SIGNATURE, /* signs items with a private key */
	ALGORITHM_KEY_WRAP   /* encrypts content keys */
} AlgorithmPurpose;

typedef enum AlgorithmFamily
{
	FAMILY_AES,
	FAMILY_HMAC,
	FAMILY_RSA,
	FAMILY_ELLIPTIC_CURVE
} AlgorithmFamily;

/* Hashes that MACs are made with; the order is that of the table's rows. */
typedef enum MacDigest
{
	MAC_SHA224,
	MAC_SHA256,
	MAC_SHA384,
	MAC_SHA512
} MacDigest;

#define MAC_DIGEST_COUNT 4

typedef struct Algorithm
{
	const char *name;
	AlgorithmPurpose purpose;
	AlgorithmFamily family;
	const char *digest;   /* OpenSSL's name; NULL: the algorithm has none */
	MacDigest mac_digest; /* of a MAC */
	uint16_t least_bits;  /* of a secret key; 0: keys say their size themselves */
	uint16_t most_bits;
	uint16_t step_bits; /* between sizes */
} Algorithm;

/* Key size of an algorithm that is named without one. */
#define DEFAULT_KEY_BITS 256

/* Bytes of the largest secret key of the table. */
#define SECRET_KEY_MAXIMUM 64

/* The algorithm of that name and purpose; NULL when the table has none. */
extern const Algorithm *algorithm_find(AlgorithmPurpose purpose, Bytes name);

/* True when the algorithm takes secret keys of `length` bytes. */
extern bool algorithm_takes_key(const Algorithm *algorithm, size_t length);

/*
 * Reads a name with the key's size in bits behind a slash, "AES/256", or without, which means
 * DEFAULT_KEY_BITS. RESULT_UNSUPPORTED for whatever the table does not allow.
 */
extern CheckedResult algorithm_read_specification(AlgorithmPurpose purpose, Bytes text,
                                                  const Algorithm **algorithm,
                                                  size_t *key_length) MUST_CHECK;

#endif
