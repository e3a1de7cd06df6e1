/*
 * kms_plaintexts.c
 *		Caches of plaintexts: one that lives as long as a statement, one of the backend's data keys.
 *
 * Requests are told apart by a SHA-256 of all that decides the answer. Plaintexts that nobody uses
 * are kept, oldest to newest, as far as there is room.
 *
 * Users and caches end independently of each other, after an error in any order. So each user has a
 * struct of its own in its own memory, and whichever of the two goes first tells the other.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "lib/ilist.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_plaintexts.h"
#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/service/service_statistics.h"

/* Plaintexts that a statement keeps though nobody uses them. */
#define UNUSED_PLAINTEXTS_MAXIMUM 1000

/* Bytes of a plaintext and of the key's ARN. */
#define KEPT_BYTES_MAXIMUM ((Size) 64 * 1024)

typedef struct RequestDigest
{
	uint8 bytes[PG_SHA256_DIGEST_LENGTH];
} RequestDigest;

/* A plaintext, or the call that brings it. */
typedef struct KeptPlaintext
{
	dlist_node node; /* among the unused, when nobody uses it */
	KmsPlaintexts *plaintexts;
	MemoryContext context; /* of its own */
	RequestDigest digest;
	bool listed;       /* in the hash table */
	bool failed;       /* set while its answer is taken, and for good when that fails */
	TimestampTz asked; /* when */
	dlist_head users;  /* KmsPlaintext by node */
	KmsCall *call;     /* NULL once its answer was taken */
	ByteBuffer *bytes; /* the plaintext and, behind it, the key's ARN */
	Size length;       /* of the plaintext */
	MemoryContextCallback gone;
} KeptPlaintext;

/* Where a request's plaintext is. */
typedef struct DigestEntry
{
	RequestDigest digest;
	KeptPlaintext *kept;
} DigestEntry;

struct KmsPlaintext
{
	dlist_node node;     /* among the users of what is kept */
	KeptPlaintext *kept; /* NULL once it was given back, or went with its cache */
	MemoryContextCallback gone;
};

struct KmsPlaintexts
{
	slist_node node;
	MemoryContext lifetime; /* the key: a statement's, or a client's, contents */
	MemoryContext context;  /* below it */
	ServiceClient *client;  /* the key's other half */
	TimestampTz started;    /* when a statement's began */
	int unused_maximum;
	int64 ttl_ms; /* -1: as long as there is room */
	HTAB *by_digest;
	dlist_head unused; /* those longest without a user first */
	int unused_count;
	MemoryContextCallback gone;
};

static slist_head all_plaintexts = SLIST_STATIC_INIT(all_plaintexts);

/* ---- caches ---- */

static void
forget_plaintexts(void *plaintexts)
{
	slist_delete(&all_plaintexts, &((KmsPlaintexts *) plaintexts)->node);
}

static KmsPlaintexts *
make_plaintexts(MemoryContext lifetime, ServiceClient *client)
{
	MemoryContext context =
	    AllocSetContextCreate(lifetime, "AWS KMS plaintexts", ALLOCSET_DEFAULT_SIZES);
	KmsPlaintexts *plaintexts = MemoryContextAllocZero(context, sizeof(*plaintexts));
	HASHCTL settings = {
	    .keysize = sizeof(RequestDigest), .entrysize = sizeof(DigestEntry), .hcxt = context};

	plaintexts->lifetime = lifetime;
	plaintexts->context = context;
	plaintexts->client = client;
	plaintexts->started = GetCurrentStatementStartTimestamp();
	plaintexts->unused_maximum = UNUSED_PLAINTEXTS_MAXIMUM;
	plaintexts->ttl_ms = -1;
	plaintexts->by_digest =
	    hash_create("AWS KMS plaintexts", 64, &settings, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	dlist_init(&plaintexts->unused);
	plaintexts->gone.func = forget_plaintexts;
	plaintexts->gone.arg = plaintexts;
	MemoryContextRegisterResetCallback(context, &plaintexts->gone);
	slist_push_head(&all_plaintexts, &plaintexts->node);
	return plaintexts;
}

static KmsPlaintexts *
find_plaintexts(MemoryContext lifetime, const ServiceClient *client)
{
	slist_iter each;

	slist_foreach(each, &all_plaintexts)
	{
		KmsPlaintexts *plaintexts = slist_container(KmsPlaintexts, node, each.cur);

		if (plaintexts->lifetime == lifetime && plaintexts->client == client)
			return plaintexts;
	}
	return NULL;
}

/* No request is answered by it any more. */
static void
unlist(KeptPlaintext *kept)
{
	if (kept->listed)
		(void) hash_search(kept->plaintexts->by_digest, &kept->digest, HASH_REMOVE, NULL);
	kept->listed = false;
}

/* Wipes one that nobody uses and that is not among the unused. */
static void
drop_kept(KeptPlaintext *kept)
{
	unlist(kept);
	MemoryContextDelete(kept->context);
}

static void
drop_unused(KeptPlaintext *kept)
{
	dlist_delete(&kept->node);
	kept->plaintexts->unused_count--;
	drop_kept(kept);
}

static bool
is_too_old(const KeptPlaintext *kept, TimestampTz now)
{
	int64 ttl_ms = kept->plaintexts->ttl_ms;

	return ttl_ms >= 0 && now - kept->asked >= ttl_ms * 1000;
}

static void
drop_old(KmsPlaintexts *plaintexts)
{
	TimestampTz now = GetCurrentTimestamp();
	dlist_mutable_iter each;

	dlist_foreach_modify(each, &plaintexts->unused)
	{
		KeptPlaintext *kept = dlist_container(KeptPlaintext, node, each.cur);

		if (is_too_old(kept, now))
			drop_unused(kept);
	}
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
		drop_unused(dlist_head_element(KeptPlaintext, node, &plaintexts->unused));
}

KmsPlaintexts *
kms_plaintexts_of(MemoryContext statement, ServiceClient *client)
{
	KmsPlaintexts *plaintexts = find_plaintexts(statement, client);

	if (plaintexts == NULL)
		return make_plaintexts(statement, client);
	begin_statement(plaintexts);
	return plaintexts;
}

KmsPlaintexts *
kms_data_keys_of(ServiceClient *client)
{
	MemoryContext lifetime = service_client_memory(client);
	KmsPlaintexts *plaintexts = find_plaintexts(lifetime, client);

	if (plaintexts == NULL)
	{
		const ServerOptions *options = service_client_options(client);

		plaintexts = make_plaintexts(lifetime, client);
		plaintexts->unused_maximum = options->data_key_cache_size;
		plaintexts->ttl_ms = options->data_key_cache_ttl_ms;
	}
	drop_old(plaintexts);
	return plaintexts;
}

/* ---- what tells requests apart ---- */

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

/* ---- one plaintext and its users ---- */

/* Its cache goes, or it alone: who still has it is told that it is no more. */
static void
leave_users(void *context)
{
	KeptPlaintext *kept = context;

	while (!dlist_is_empty(&kept->users))
		dlist_container(KmsPlaintext, node, dlist_pop_head_node(&kept->users))->kept = NULL;
}

static KeptPlaintext *
make_kept(KmsPlaintexts *plaintexts, const RequestDigest *digest)
{
	MemoryContext context =
	    AllocSetContextCreate(plaintexts->context, "AWS KMS plaintext", ALLOCSET_SMALL_SIZES);
	KeptPlaintext *kept = MemoryContextAllocZero(context, sizeof(*kept));

	kept->plaintexts = plaintexts;
	kept->context = context;
	kept->digest = *digest;
	kept->asked = GetCurrentTimestamp();
	dlist_init(&kept->users);
	kept->bytes = memory_context_buffer(context, ARENA_SECRET, KEPT_BYTES_MAXIMUM);
	kept->gone = (MemoryContextCallback){.func = leave_users, .arg = kept};
	MemoryContextRegisterResetCallback(context, &kept->gone);
	return kept;
}

/* The user's memory goes. */
static void
give_back(void *plaintext)
{
	kms_plaintext_release(plaintext);
}

/* A user, in CurrentMemoryContext, who has nothing yet. */
static KmsPlaintext *
make_user(void)
{
	KmsPlaintext *user = palloc0_object(KmsPlaintext);

	user->gone = (MemoryContextCallback){.func = give_back, .arg = user};
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &user->gone);
	return user;
}

static void
use(KmsPlaintext *user, KeptPlaintext *kept)
{
	if (dlist_is_empty(&kept->users) && kept->listed)
	{
		dlist_delete(&kept->node);
		kept->plaintexts->unused_count--;
	}
	dlist_push_tail(&kept->users, &user->node);
	user->kept = kept;
}

/* Begins to keep the answer to the request, for its first user. */
static void
start_plaintext(KmsPlaintext *user, KmsPlaintexts *plaintexts, KmsUse *kms_use,
                const KmsRequest *request, const RequestDigest *digest)
{
	KeptPlaintext *kept = make_kept(plaintexts, digest);
	MemoryContext caller;
	DigestEntry *entry;
	bool found;

	use(user, kept);
	caller = MemoryContextSwitchTo(kept->context);
	kept->call = kms_call_start(plaintexts->client, kms_use, request);
	MemoryContextSwitchTo(caller);
	entry = hash_search(plaintexts->by_digest, digest, HASH_ENTER, &found);
	entry->kept = kept;
	kept->listed = true;
}

/* What answers the request, or waits for its answer; NULL when nothing does. */
static KeptPlaintext *
find_kept(KmsPlaintexts *plaintexts, const RequestDigest *digest)
{
	const DigestEntry *entry = hash_search(plaintexts->by_digest, digest, HASH_FIND, NULL);
	KeptPlaintext *kept = entry == NULL ? NULL : entry->kept;

	if (kept == NULL || (!kept->failed && !is_too_old(kept, GetCurrentTimestamp())))
		return kept;
	if (dlist_is_empty(&kept->users))
		drop_unused(kept);
	else
		unlist(kept);
	return NULL;
}

KmsPlaintext *
kms_plaintext_ask(KmsPlaintexts *plaintexts, KmsUse *kms_use, const KmsRequest *request)
{
	RequestDigest digest = digest_of(request);
	KeptPlaintext *kept = find_kept(plaintexts, &digest);
	KmsPlaintext *user = make_user();

	service_client_count_cache(plaintexts->client, AWS_KMS, kms_operation_name(request->operation),
	                           kept != NULL);
	if (kept == NULL)
	{
		start_plaintext(user, plaintexts, kms_use, request, &digest);
		return user;
	}
	kms_use->cache_hits++;
	use(user, kept);
	return user;
}

/*
 * Keeps of the answer what is asked for, which is much less than what the call holds. False when
 * KMS refuses the ciphertext.
 */
static bool
take_answer(KeptPlaintext *kept, uint32 expected)
{
	const KmsAnswer *answer;

	kept->failed = true;
	answer = kms_call_answer(kept->call, expected);
	if (answer == NULL)
		return false;
	buffer_append_bytes(kept->bytes, answer->plaintext);
	buffer_append_bytes(kept->bytes, answer->key_id);
	CHECK_RESULT(buffer_result(kept->bytes), "keep a plaintext");
	kept->length = answer->plaintext.length;
	kms_call_release(kept->call);
	kept->call = NULL;
	kept->failed = false;
	return true;
}

static bool
wait_for_kept(KmsPlaintext *plaintext, uint32 expected, Bytes *bytes, Bytes *key_arn)
{
	KeptPlaintext *kept = plaintext->kept;
	Bytes all;

	if (kept == NULL)
		elog(ERROR, "plaintext is not kept any more");
	if (kept->call != NULL && !take_answer(kept, expected))
		return false;
	all = buffer_bytes(kept->bytes);
	*bytes = (Bytes){all.data, kept->length};
	*key_arn = (Bytes){all.data + kept->length, all.length - kept->length};
	return true;
}

Bytes
kms_plaintext_wait(KmsPlaintext *plaintext, Bytes *key_arn)
{
	Bytes bytes;

	(void) wait_for_kept(plaintext, 0, &bytes, key_arn);
	return bytes;
}

bool
kms_plaintext_wait_if_good(KmsPlaintext *plaintext, Bytes *bytes, Bytes *key_arn)
{
	return wait_for_kept(plaintext, ERROR_CLASS_BIT(ERROR_CLASS_BAD_CIPHERTEXT), bytes, key_arn);
}

bool
kms_plaintext_is_ready(const KmsPlaintext *plaintext)
{
	const KeptPlaintext *kept = plaintext->kept;

	return kept == NULL || kept->call == NULL || kms_call_is_done(kept->call);
}

void
kms_plaintext_release(KmsPlaintext *plaintext)
{
	KeptPlaintext *kept = plaintext->kept;
	KmsPlaintexts *plaintexts;

	plaintext->kept = NULL;
	if (kept == NULL)
		return;
	dlist_delete(&plaintext->node);
	if (!dlist_is_empty(&kept->users))
		return;
	plaintexts = kept->plaintexts;
	/* Nobody waits for a call that is still under way. */
	if (!kept->listed || kept->call != NULL)
	{
		drop_kept(kept);
		return;
	}
	dlist_push_tail(&plaintexts->unused, &kept->node);
	if (++plaintexts->unused_count > plaintexts->unused_maximum)
		drop_unused(dlist_head_element(KeptPlaintext, node, &plaintexts->unused));
}
