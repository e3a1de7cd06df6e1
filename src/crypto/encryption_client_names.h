/*
 * encryption_client_names.h
 *		Names and fixed values of the DynamoDB Encryption Client's descriptions and contexts.
 */
#ifndef CRYPTO_ENCRYPTION_CLIENT_NAMES_H
#define CRYPTO_ENCRYPTION_CLIENT_NAMES_H

#include "foundation/bytes.h"

/* Entries of an item's description. */
#define MATERIAL_CIPHER_MODE       BYTES_LITERAL("amzn-ddb-map-sym-mode")
#define MATERIAL_SIGNATURE         BYTES_LITERAL("amzn-ddb-map-signingAlg")
#define MATERIAL_WRAPPED_KEY       BYTES_LITERAL("amzn-ddb-env-key") /* base64 */
#define MATERIAL_CONTENT_ALGORITHM BYTES_LITERAL("amzn-ddb-env-alg")
#define MATERIAL_SIGNING_ALGORITHM BYTES_LITERAL("amzn-ddb-sig-alg")
#define MATERIAL_WRAP_ALGORITHM    BYTES_LITERAL("amzn-ddb-wrap-alg")
#define MATERIAL_CONTEXT_COVERAGE  BYTES_LITERAL("aws-kms-ec-attr")
#define MATERIAL_STORE_ID          BYTES_LITERAL("amzn-ddb-meta-id")

/* Their only values. */
#define CIPHER_MODE_CBC       BYTES_LITERAL("/CBC/PKCS5Padding")
#define WRAP_ALGORITHM_KMS    BYTES_LITERAL("kms")
#define CONTEXT_COVERAGE_KEYS BYTES_LITERAL("*keys*")

/* Entries of KMS's encryption context; the others are the item's key attributes. */
#define CONTEXT_CONTENT_ALGORITHM BYTES_LITERAL("*amzn-ddb-env-alg*")
#define CONTEXT_SIGNING_ALGORITHM BYTES_LITERAL("*amzn-ddb-sig-alg*")
#define CONTEXT_TABLE_NAME        BYTES_LITERAL("*aws-kms-table*")

/* What is written. */
#define CONTENT_ALGORITHM_WRITTEN BYTES_LITERAL("AES/256")
#define SIGNING_ALGORITHM_WRITTEN BYTES_LITERAL("HmacSHA256/256")

/* A signature with a private key whose algorithm the description leaves out. */
#define SIGNATURE_ALGORITHM_DEFAULT BYTES_LITERAL("SHA256withRSA")

#endif
