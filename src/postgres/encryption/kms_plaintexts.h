/*
 * kms_plaintexts.h
 *		Plaintexts of ciphertexts: each ciphertext is asked for once while its plaintext is kept,
 *		however often it comes, and also while the first call for it is in flight.
 *
 * A statement keeps the plaintexts of values to its end. The data keys that items are encrypted
 * with are kept by the backend, of which the server's options say how many and for how long; they
 * belong to one user mapping and go when that or its server changes.
 */
#ifndef POSTGRES_ENCRYPTION_KMS_PLAINTEXTS_H
#define POSTGRES_ENCRYPTION_KMS_PLAINTEXTS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_calls.h"

/* What has been decrypted through one client. */
typedef struct KmsPlaintexts KmsPlaintexts;

/* One of them, coming or come, as one of those who have asked for it has it. */
typedef struct KmsPlaintext KmsPlaintext;

/*
 * The plaintexts of the statement whose memory context this is (an executor's per-query context),
 * made when first asked for; they are wiped with it. One context may serve several statements of
 * the client, one after another: each begins anew.
 */
extern KmsPlaintexts *kms_plaintexts_of(MemoryContext statement, ServiceClient *client);

/*
 * The data keys of the backend that were decrypted through the client: data_key_cache_size of them
 * beside those in use, data_key_cache_ttl long. Those that are older are wiped now.
 */
extern KmsPlaintexts *kms_data_keys_of(ServiceClient *client);

/*
 * Asks for the plaintext of a Decrypt request, by a call or by one made before; a call is counted
 * in `use`, and so is a hit. Nothing of the request is borrowed. The result is in
 * CurrentMemoryContext, with which it is given back if it was not before.
 */
extern KmsPlaintext *kms_plaintext_ask(KmsPlaintexts *plaintexts, KmsUse *use,
                                       const KmsRequest *request);

/*
 * Waits for it: the plaintext, and the ARN of the key that opened it, both borrowed until the
 * release. A failure is reported, and the next one who asks makes a call of his own.
 */
extern Bytes kms_plaintext_wait(KmsPlaintext *plaintext, Bytes *key_arn);

/* The same, but false when KMS says that the ciphertext, the context or the key is a wrong one. */
extern bool kms_plaintext_wait_if_good(KmsPlaintext *plaintext, Bytes *bytes, Bytes *key_arn);

/* True when the two above would not wait. */
extern bool kms_plaintext_is_ready(const KmsPlaintext *plaintext);

/* Gives it back; it may be wiped from now on. Everyone who asked does so, once. */
extern void kms_plaintext_release(KmsPlaintext *plaintext);

#endif
