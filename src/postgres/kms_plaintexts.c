/*
 * kms_plaintexts.c
 *		A cache of plaintexts that lives as long as a statement.
 *
 * Requests are told apart by a SHA-256 of all that decides the answer. Plaintexts that nobody uses
 * are kept, oldest to newest, as far as there is room.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "lib/ilist.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/kms_plaintexts.h"
#include "postgres/memory.h"
#include "postgres/report.h"

/* Plaintexts that are kept though nobody uses them. */
#define UNUSED_PLAINTEXTS_MAXIMUM 1000

/* Bytes of a plaintext and of the key's ARN. */
#define KEPT_BYTES_MAXIMUM ((Size) 64 * 1024)

typedef struct RequestDigest
{
	uint8 bytes[PG_SHA256_DIGEST_LENGTH];
} RequestDigest;

/* Where a request's plaintext is; NULL while there is none. */
typedef struct DigestEntry
{
	RequestDigest digest;
	KmsPlaintext *plaintext;
} DigestEntry;

struct KmsPlaintext
{
	dlist_node node; /* among the unused, when nobody uses it */
	KmsPlaintexts *plaintexts;
	MemoryContext context; /* of its own */
	RequestDigest digest;
	bool listed; /* in the hash table */
	bool failed; /* set while its answer is taken, and for good when that fails */
	int users;
	KmsCall *call; /* NULL once its answer was taken */
	ByteBuffer *kept;
	Size plaintext_length; /* of what is kept: the plaintext and, behind it, the key's ARN */
};

struct KmsPlaintexts
{
	slist_node node;
	MemoryContext statement; /* the key */
	MemoryContext context;   /* below it */
	ServiceClient *client;   /* the key's other half */
	TimestampTz started;
	HTAB *by_digest;
	dlist_head unused; /* oldest first */
	int unused_count;
	MemoryContextCallback ended;
};

static slist_head all_plaintexts = SLIST_STATIC_INIT(all_plaintexts);

static void
forget_plaintexts(void *plaintexts)
{
	slist_delete(&all_plaintexts, &((KmsPlaintexts *) plaintexts)->node);
}

static KmsPlaintexts *
make_plaintexts(MemoryContext statement, ServiceClient *client)
{
	MemoryContext context =
	    AllocSetContextCreate(statement, "AWS KMS plaintexts", ALLOCSET_DEFAULT_SIZES);
	KmsPlaintexts *plaintexts = MemoryContextAllocZero(context, sizeof(*plaintexts));
	HASHCTL settings = {
	    .keysize = sizeof(RequestDigest), .entrysize = sizeof(DigestEntry), .hcxt = context};

	plaintexts->statement = statement;
	plaintexts->context = context;
	plaintexts->client = client;
	plaintexts->started = GetCurrentStatementStartTimestamp();
	plaintexts->by_digest =
	    hash_create("AWS KMS plaintexts", 64, &settings, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	dlist_init(&plaintexts->unused);
	plaintexts->ended.func = forget_plaintexts;
	plaintexts->ended.arg = plaintexts;
	MemoryContextRegisterResetCallback(context, &plaintexts->ended);
	slist_push_head(&all_plaintexts, &plaintexts->node);
	return plaintexts;
}

/* Wipes one that nobody uses. */
static void
drop_plaintext(KmsPlaintext *plaintext)
{
	if (plaintext->listed)
		(void) hash_search(plaintext->plaintexts->by_digest, &plaintext->digest, HASH_REMOVE, NULL);
	MemoryContextDelete(plaintext->context);
}

static void
drop_oldest_unused(KmsPlaintexts *plaintexts)
{
	plaintexts->unused_count--;
	drop_plaintext(dlist_container(KmsPlaintext, node, dlist_pop_head_node(&plaintexts->unused)));
}

/* Another statement begins in the same context: what the last one had is not for it. */
static void
begin_statement(KmsPlaintexts *plaintexts)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();

	if (plaintexts->started == now)
		return;
	plaintexts->started = now;
	while (!dlist_is_empty(&plaintexts->unused))
		drop_oldest_unused(plaintexts);
}

KmsPlaintexts *
kms_plaintexts_of(MemoryContext statement, ServiceClient *client)
{
	slist_iter each;

	slist_foreach(each, &all_plaintexts)
	{
		KmsPlaintexts *plaintexts = slist_container(KmsPlaintexts, node, each.cur);

		if (plaintexts->statement == statement && plaintexts->client == client)
		{
			begin_statement(plaintexts);
			return plaintexts;
		}
	}
	return make_plaintexts(statement, client);
}

/* What tells requests apart */

static void
add_to_digest(pg_cryptohash_ctx *hash, Bytes bytes)
{
	uint64 length = bytes.length;

	if (pg_cryptohash_update(hash, (const uint8 *) &length, sizeof(length)) < 0 ||
	    pg_cryptohash_update(hash, (const uint8 *) bytes.data, bytes.length) < 0)
		elog(ERROR, "could not compute a SHA-256");
}

static RequestDigest
digest_of(const KmsRequest *request)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	RequestDigest digest;

	if (pg_cryptohash_init(hash) < 0)
		elog(ERROR, "could not compute a SHA-256");
	add_to_digest(hash, request->key_id);
	add_to_digest(hash, request->ciphertext);
	for (size_t i = 0; i < request->context.count; i++)
	{
		add_to_digest(hash, request->context.pairs[i].name);
		add_to_digest(hash, request->context.pairs[i].value);
	}
	if (pg_cryptohash_final(hash, digest.bytes, sizeof(digest.bytes)) < 0)
		elog(ERROR, "could not compute a SHA-256");
	pg_cryptohash_free(hash);
	return digest;
}

/* One plaintext */

static KmsPlaintext *
make_plaintext(KmsPlaintexts *plaintexts, const RequestDigest *digest)
{
	MemoryContext context =
	    AllocSetContextCreate(plaintexts->context, "AWS KMS plaintext", ALLOCSET_SMALL_SIZES);
	KmsPlaintext *plaintext = MemoryContextAllocZero(context, sizeof(*plaintext));

	plaintext->plaintexts = plaintexts;
	plaintext->context = context;
	plaintext->digest = *digest;
	plaintext->users = 1;
	plaintext->kept = memory_context_buffer(context, ARENA_SECRET, KEPT_BYTES_MAXIMUM);
	return plaintext;
}

static KmsPlaintext *
start_plaintext(KmsPlaintexts *plaintexts, KmsUse *use, const KmsRequest *request,
                const RequestDigest *digest)
{
	KmsPlaintext *plaintext = make_plaintext(plaintexts, digest);
	MemoryContext caller = MemoryContextSwitchTo(plaintext->context);

	plaintext->call = kms_call_start(plaintexts->client, use, request);
	MemoryContextSwitchTo(caller);
	return plaintext;
}

static void
use_again(KmsPlaintext *plaintext)
{
	if (plaintext->users++ > 0)
		return;
	dlist_delete(&plaintext->node);
	plaintext->plaintexts->unused_count--;
}

/* The one that has the answer to the request, or waits for it; NULL when there is none. */
static KmsPlaintext *
find_plaintext(const DigestEntry *entry)
{
	if (entry->plaintext == NULL || !entry->plaintext->failed)
		return entry->plaintext;
	entry->plaintext->listed = false;
	return NULL;
}

KmsPlaintext *
kms_plaintext_ask(KmsPlaintexts *plaintexts, KmsUse *use, const KmsRequest *request)
{
	RequestDigest digest = digest_of(request);
	bool found;
	DigestEntry *entry = hash_search(plaintexts->by_digest, &digest, HASH_ENTER, &found);
	KmsPlaintext *plaintext = found ? find_plaintext(entry) : NULL;

	service_client_count_cache(plaintexts->client, AWS_KMS, kms_operation_name(request->operation),
	                           plaintext != NULL);
	if (plaintext != NULL)
	{
		use->cache_hits++;
		use_again(plaintext);
		return plaintext;
	}
	entry->plaintext = NULL;
	entry->plaintext = start_plaintext(plaintexts, use, request, &digest);
	entry->plaintext->listed = true;
	return entry->plaintext;
}

/* Keeps of the answer what is asked for, which is much less than what the call holds. */
static void
take_answer(KmsPlaintext *plaintext)
{
	const KmsAnswer *answer;

	plaintext->failed = true;
	answer = kms_call_answer(plaintext->call, NULL);
	buffer_append_bytes(plaintext->kept, answer->plaintext);
	buffer_append_bytes(plaintext->kept, answer->key_id);
	CHECK_RESULT(buffer_result(plaintext->kept), "keep a plaintext");
	plaintext->plaintext_length = answer->plaintext.length;
	kms_call_release(plaintext->call);
	plaintext->call = NULL;
	plaintext->failed = false;
}

Bytes
kms_plaintext_wait(KmsPlaintext *plaintext, Bytes *key_arn)
{
	Bytes kept;

	if (plaintext->call != NULL)
		take_answer(plaintext);
	kept = buffer_bytes(plaintext->kept);
	*key_arn =
	    (Bytes){kept.data + plaintext->plaintext_length, kept.length - plaintext->plaintext_length};
	return (Bytes){kept.data, plaintext->plaintext_length};
}

void
kms_plaintext_release(KmsPlaintext *plaintext)
{
	KmsPlaintexts *plaintexts = plaintext->plaintexts;

	if (--plaintext->users > 0)
		return;
	if (!plaintext->listed)
	{
		drop_plaintext(plaintext);
		return;
	}
	dlist_push_tail(&plaintexts->unused, &plaintext->node);
	if (++plaintexts->unused_count > UNUSED_PLAINTEXTS_MAXIMUM)
		drop_oldest_unused(plaintexts);
}
