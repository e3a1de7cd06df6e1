/*
 * kms_plaintexts.h
 *		Plaintexts of ciphertexts: each ciphertext is asked for once in a statement, however often
 * it comes, and also while the first call for it is in flight.
 */
#ifndef POSTGRES_KMS_PLAINTEXTS_H
#define POSTGRES_KMS_PLAINTEXTS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/kms_calls.h"

/* What one statement has had decrypted through one client. */
typedef struct KmsPlaintexts KmsPlaintexts;

/* One of them, coming or come. */
typedef struct KmsPlaintext KmsPlaintext;

/*
 * The plaintexts of the statement whose memory context this is (an executor's per-query context),
 * made when first asked for; they are wiped with it. One context may serve several statements of
 * the client, one after another: each begins anew.
 */
extern KmsPlaintexts *kms_plaintexts_of(MemoryContext statement, ServiceClient *client);

/*
 * Asks for the plaintext of a Decrypt request, by a call or by one made before; a call is counted
 * in `use`, and so is a hit. Nothing of the request is borrowed.
 */
extern KmsPlaintext *kms_plaintext_ask(KmsPlaintexts *plaintexts, KmsUse *use,
                                       const KmsRequest *request);

/*
 * Waits for it: the plaintext, and the ARN of the key that opened it, both borrowed until the
 * release. A failure is reported, and the next one who asks makes a call of his own.
 */
extern Bytes kms_plaintext_wait(KmsPlaintext *plaintext, Bytes *key_arn);

/* Gives it back; it may be wiped from now on. Everyone who asked does so, once. */
extern void kms_plaintext_release(KmsPlaintext *plaintext);

#endif
