/*
 * rows_met.c
 *		Which rows a statement has changed already.
 *
 * Keys may be of 3 KB each, so what is kept of one is its digest.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/modify/rows_met.h"

#define ROWS_AT_FIRST 256

struct RowsMet
{
	HTAB *digests;
};

RowsMet *
rows_met_create(void)
{
	RowsMet *met = palloc0_object(RowsMet);
	HASHCTL control = {
	    .keysize = PG_SHA256_DIGEST_LENGTH,
	    .entrysize = PG_SHA256_DIGEST_LENGTH,
	    .hcxt = CurrentMemoryContext,
	};

	met->digests = hash_create("DynamoDB rows met", ROWS_AT_FIRST, &control,
	                           HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return met;
}

static void
update_digest(pg_cryptohash_ctx *digest, const void *bytes, size_t length)
{
	if (pg_cryptohash_update(digest, bytes, length) < 0)
		elog(ERROR, "could not compute the digest of a key");
}

/* Lengths keep two keys apart whose bytes are the same in a row. */
static void
digest_key(const DynamodbItem *key, uint8 *result)
{
	pg_cryptohash_ctx *digest = pg_cryptohash_create(PG_SHA256);

	if (digest == NULL || pg_cryptohash_init(digest) < 0)
		elog(ERROR, "could not compute the digest of a key");
	for (uint32 i = 0; i < key->count; i++)
	{
		Bytes bytes = key->attributes[i].value.bytes;

		update_digest(digest, &bytes.length, sizeof(bytes.length));
		update_digest(digest, bytes.data, bytes.length);
	}
	if (pg_cryptohash_final(digest, result, PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute the digest of a key");
	pg_cryptohash_free(digest);
}

bool
rows_met_add(RowsMet *met, RowWriter *writer, HeapTupleHeader row)
{
	RowWrite *write = row_write_delete(writer, row);
	uint8 digest[PG_SHA256_DIGEST_LENGTH];
	bool found;

	digest_key(&write->key, digest);
	row_write_free(write);
	(void) hash_search(met->digests, digest, HASH_ENTER, &found);
	return !found;
}
