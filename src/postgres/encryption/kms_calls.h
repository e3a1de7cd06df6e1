/*
 * kms_calls.h
 *		Calls of AWS KMS: many in flight, counted, bounded, and wiped behind their users.
 */
#ifndef POSTGRES_ENCRYPTION_KMS_CALLS_H
#define POSTGRES_ENCRYPTION_KMS_CALLS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/kms.h"
#include "postgres/service/service_call.h"
#include "postgres/session_count.h"

/* What somebody may ask of KMS, and has asked. The struct is its user's, zero but for `maximum`. */
typedef struct KmsUse
{
	int maximum;      /* max_kms_calls: of the client's calls in one statement; 0: none */
	int64 calls;      /* by this user; retries not counted */
	int64 cache_hits; /* plaintexts that were had without a call */
} KmsUse;

typedef struct KmsCall KmsCall;

/*
 * Starts a call, in a context of its own below CurrentMemoryContext. The request is written at
 * once, so nothing of it is borrowed. Errors: 53400 when the statement has made as many calls as it
 * may; what service_call_start raises. A statement is what the client sends at a time.
 */
extern KmsCall *kms_call_start(ServiceClient *client, KmsUse *use, const KmsRequest *request);

/*
 * Waits for the call and gives its answer, borrowed from the call; NULL when KMS refused it with an
 * error of one of the classes in the set `expected` (ERROR_CLASS_BIT). Any other failure is
 * reported, naming the key.
 */
extern const KmsAnswer *kms_call_answer(KmsCall *call, uint32 expected);

/*
 * Has workers that are about to begin count their calls with the statement's: where the count is.
 * Only once a parallel context has its memory. Errors: out of memory.
 */
extern dsa_pointer kms_calls_share(const ServiceClient *client);

/* A worker counts with its leader. */
extern void kms_calls_join(const ServiceClient *client, dsa_pointer place);

/* Calls that the statement may still make through the client: PG_INT32_MAX without a maximum. */
extern int64 kms_calls_left(const ServiceClient *client, const KmsUse *use);

/* True when kms_call_answer() would not wait. */
extern bool kms_call_is_done(const KmsCall *call);

/* Gives the call up, or its answer back, wiped. */
extern void kms_call_release(KmsCall *call);

/*
 * Makes a call whose answer is a description and no secret, and waits for it; the answer is in
 * CurrentMemoryContext. Counts as kms_call_start() does.
 */
extern Bytes kms_description(ServiceClient *client, KmsUse *use, const KmsRequest *request);

/* Calls that one function or scan keeps in flight, so that max_connections are always busy. */
extern int kms_calls_at_once(const ServiceClient *client);

/* Raises 54000 or 22023 for a context or a key's name that KMS would not take. */
extern void kms_check_context(KmsContext context);
extern void kms_check_key_id(Bytes key_id);

/* Raises 54000, with the way out, for what is too much for Encrypt, and 22023 for nothing. */
extern void kms_check_plaintext(size_t length);

/* Raises XX001 for bytes that cannot be a ciphertext of KMS. */
extern void kms_check_ciphertext(size_t length);

#endif
