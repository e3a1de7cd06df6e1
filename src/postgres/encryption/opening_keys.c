/*
 * opening_keys.c
 *		The KMS keys that may open what a foreign table reads.
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/varlena.h"

#include "postgres/compat.h"

#include "postgres/encryption/opening_keys.h"
#include "postgres/memory.h"
#include "postgres/report.h"

typedef struct OpeningKey
{
	Bytes name;
	Bytes resolved_arn; /* of an alias, once it was asked for */
} OpeningKey;

struct OpeningKeys
{
	MemoryContext context; /* where this struct lives */
	OpeningKey *keys;
	int count;
};

OpeningKeys *
opening_keys_create(const TableOptions *options, Bytes key_id)
{
	OpeningKeys *opening = palloc0_object(OpeningKeys);
	List *names = NIL;
	ListCell *cell;

	if (options->kms_key_ids_for_decrypt != NULL)
		(void) SplitGUCList(pstrdup(options->kms_key_ids_for_decrypt), ',', &names);
	if (names == NIL && key_id.length == 0)
		return NULL;
	opening->context = CurrentMemoryContext;
	opening->keys = palloc0_array(OpeningKey, Max(list_length(names), 1));
	if (names == NIL)
		opening->keys[opening->count++].name = key_id;
	foreach (cell, names)
		opening->keys[opening->count++].name = utf8_of_text(lfirst(cell));
	return opening;
}

Bytes
opening_keys_only_one(const OpeningKeys *keys)
{
	return keys->count == 1 ? keys->keys[0].name : BYTES_EMPTY;
}

/* The ARN of the key that the alias stands for, asked for once. */
static Bytes
resolve_alias(const OpeningKeys *keys, OpeningKey *key, ServiceClient *client, KmsUse *use)
{
	KmsRequest request = {.operation = KMS_DESCRIBE_KEY, .key_id = key->name};
	Arena *arena;
	Bytes json;

	if (key->resolved_arn.length > 0)
		return key->resolved_arn;
	json = kms_description(client, use, &request);
	arena = memory_context_arena(keys->context, ARENA_PLAIN, KMS_BODY_MAXIMUM);
	CHECK_RESULT(kms_read_key_arn(arena, json, &key->resolved_arn),
	             "read the description of a KMS key");
	return key->resolved_arn;
}

bool
opening_keys_admit(OpeningKeys *keys, ServiceClient *client, KmsUse *use, Bytes key_arn)
{
	/* The request named the alias, so KMS has seen to it; asking needs a right of its own. */
	if (keys->count == 1 && kms_key_id_is_alias(keys->keys[0].name))
		return true;
	for (int i = 0; i < keys->count; i++)
		if (kms_key_is_named(key_arn, keys->keys[i].name))
			return true;
	for (int i = 0; i < keys->count; i++)
	{
		OpeningKey *key = &keys->keys[i];

		if (kms_key_id_is_alias(key->name) &&
		    bytes_equal(resolve_alias(keys, key, client, use), key_arn))
			return true;
	}
	return false;
}
