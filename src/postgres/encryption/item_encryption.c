/*
 * item_encryption.c
 *		Opening and sealing the items of an encrypted table.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "postgres/compat.h"

#include "crypto/encryption_client.h"
#include "crypto/encryption_client_store.h"
#include "postgres/encryption/item_encryption.h"
#include "postgres/encryption/kms_plaintexts.h"
#include "postgres/encryption/table_encryption.h"
#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/scan/fetch.h"

/* A material's item, and its keys. */
#define MATERIAL_MEMORY_MAXIMUM ((Size) 4 * 1024 * 1024)

/* A description of at most 64 KB, its entries, a context, and an action for each attribute. */
#define OPENING_MEMORY_MAXIMUM ((Size) 16 * 1024 * 1024)

/* The keys of one version of a material, of a table of keys. */
typedef struct KeyMaterial
{
	MaterialId id;
	EncryptionClientKeys *keys; /* in secret memory */
} KeyMaterial;

struct ItemEncryption
{
	MemoryContext context; /* where this struct lives */
	const ForeignRelation *relation;
	KmsUse *use;
	KmsPlaintexts *data_keys;
	List *materials; /* of KeyMaterial: those that were met */
	CryptoHandles handles;
	MemoryContextCallback gone;
};

struct ItemOpening
{
	ItemEncryption *encryption;
	const EncryptionClientTable *table;
	EncryptedItem encrypted;
	CheckedResult prepared;
	KmsPlaintext *data_key; /* NULL: there is nothing to ask for */
};

struct ItemSealing
{
	ItemEncryption *encryption;
	KmsCall *call; /* holds the data key, once it has come */
};

/* ---- what is common to all items ---- */

static void
release_handles(void *encryption)
{
	crypto_handles_release(&((ItemEncryption *) encryption)->handles);
}

ItemEncryption *
item_encryption_create(const ForeignRelation *relation, KmsUse *use)
{
	ItemEncryption *encryption = palloc0_object(ItemEncryption);

	encryption->context = CurrentMemoryContext;
	encryption->relation = relation;
	encryption->use = use;
	encryption->data_keys = kms_data_keys_of(relation->client);
	crypto_handles_init(&encryption->handles);
	encryption->gone = (MemoryContextCallback){.func = release_handles, .arg = encryption};
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &encryption->gone);
	return encryption;
}

/* True for what is wrong with an item; whatever else fails is reported. */
static bool
is_bad(CheckedResult result)
{
	if (result.code == RESULT_NOT_VERIFIED)
		return true;
	CHECK_RESULT(result, "open an encrypted item");
	return false;
}

void
item_report_bad(const ForeignRelation *relation, const char *message)
{
	ereport(ERROR,
	        (errcode(ERRCODE_DATA_CORRUPTED),
	         errmsg("item of encrypted DynamoDB table \"%s\" does not verify",
	                relation->options->table_name),
	         message == NULL ? 0 : errdetail("%c%s.", pg_ascii_toupper(message[0]), message + 1)));
}

/* What an analyst must know of a result. */
void
item_warn_of_skipped(const ForeignRelation *relation, int64 skipped)
{
	if (skipped > 0)
		ereport(WARNING,
		        (errcode(ERRCODE_DATA_CORRUPTED),
		         errmsg_plural("%lld item of encrypted DynamoDB table \"%s\" does not verify and "
		                       "was skipped",
		                       "%lld items of encrypted DynamoDB table \"%s\" do not verify and "
		                       "were skipped",
		                       (unsigned long) skipped, (long long) skipped,
		                       relation->options->table_name)));
}

/* ---- data keys ---- */

static KmsPlaintext *
ask_for_data_key(ItemEncryption *encryption, const DataKeyRequest *data_key)
{
	const ForeignRelation *relation = encryption->relation;
	KmsRequest request = {
	    .operation = KMS_DECRYPT,
	    .key_id = opening_keys_only_one(relation->encryption->opening_keys),
	    .ciphertext = data_key->ciphertext,
	    .context = {data_key->context, data_key->context_count},
	};

	return kms_plaintext_ask(encryption->data_keys, encryption->use, &request);
}

/* What KMS would not take cannot be a data key's ciphertext, or its context. */
static bool
can_be_asked_for(const DataKeyRequest *data_key)
{
	KmsContext context = {data_key->context, data_key->context_count};

	return data_key->ciphertext.length <= KMS_CIPHERTEXT_MAXIMUM &&
	       kms_context_size(context) <= KMS_CONTEXT_MAXIMUM;
}

/* Waits for the data key; false, with a message, when it is none that may open the item. */
static bool
take_data_key(ItemOpening *opening, Bytes *data_key, const char **message)
{
	const ForeignRelation *relation = opening->encryption->relation;
	Bytes key_arn;

	if (!kms_plaintext_wait_if_good(opening->data_key, data_key, &key_arn))
	{
		*message = "AWS KMS does not open its data key for this item";
		return false;
	}
	if (opening_keys_admit(relation->encryption->opening_keys, relation->client,
	                       opening->encryption->use, key_arn))
		return true;
	*message = psprintf("Its data key is encrypted with KMS key %.*s, which may not open it",
	                    (int) key_arn.length, key_arn.data);
	return false;
}

/* ---- one item ---- */

static ItemOpening *
begin_opening(ItemEncryption *encryption, const EncryptionClientTable *table,
              const DynamodbItem *stored)
{
	ItemOpening *opening = palloc0_object(ItemOpening);
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, OPENING_MEMORY_MAXIMUM);

	opening->encryption = encryption;
	opening->table = table;
	opening->prepared =
	    encryption_client_prepare_decryption(arena, table, stored, &opening->encrypted);
	if (is_bad(opening->prepared) || table->provider != PROVIDER_AWS_KMS)
		return opening;
	if (can_be_asked_for(&opening->encrypted.data_key))
		opening->data_key = ask_for_data_key(encryption, &opening->encrypted.data_key);
	else
		opening->prepared =
		    result_failed(RESULT_NOT_VERIFIED, "the key of the item is none of AWS KMS");
	return opening;
}

ItemOpening *
item_opening_begin(ItemEncryption *encryption, const DynamodbItem *stored)
{
	return begin_opening(encryption, &encryption->relation->encryption->client, stored);
}

bool
item_opening_is_ready(const ItemOpening *opening)
{
	return opening->data_key == NULL || kms_plaintext_is_ready(opening->data_key);
}

/* Verifies and decrypts with the data key, whose copies are wiped. */
static CheckedResult
decrypt(ItemOpening *opening, Bytes data_key, Arena *secrets, DynamodbItem *plaintext)
{
	ItemEncryption *encryption = opening->encryption;
	EncryptionClientKeys keys;
	CheckedResult result = encryption_client_keys_from_data_key(
	    &encryption->handles, &opening->encrypted.derived, data_key, &keys);

	if (result_is_ok(result))
		result = encryption_client_decrypt(&encryption->handles, secrets, opening->table,
		                                   &opening->encrypted, &keys, plaintext);
	encryption_client_keys_wipe(&keys);
	return result;
}

static bool open_with_material(ItemOpening *opening, Arena *secrets, DynamodbItem *plaintext,
                               const char **message);

bool
item_opening_end(ItemOpening *opening, Arena *secrets, DynamodbItem *plaintext,
                 const char **message)
{
	Bytes data_key;
	bool opened;

	*message = opening->prepared.message;
	if (!result_is_ok(opening->prepared))
		return false;
	if (opening->data_key == NULL)
		return open_with_material(opening, secrets, plaintext, message);
	opened = take_data_key(opening, &data_key, message) &&
	         !is_bad(decrypt(opening, data_key, secrets, plaintext));
	kms_plaintext_release(opening->data_key);
	opening->data_key = NULL;
	return opened;
}

bool
item_opening_end_or_report(ItemOpening *opening, Arena *secrets, DynamodbItem *plaintext)
{
	const ForeignRelation *relation = opening->encryption->relation;
	const char *message;
	bool good = item_opening_end(opening, secrets, plaintext, &message);

	if (!good && !relation->options->skips_bad_items)
		item_report_bad(relation, message);
	return good;
}

/* ---- tables of keys ---- */

/* The item of the material, as it is stored, of the arena; NULL when there is none. */
static const DynamodbItem *
read_material(ItemEncryption *encryption, const MaterialId *id, Arena *arena)
{
	const ForeignRelation *relation = encryption->relation;
	DynamodbItem *item = palloc_object(DynamodbItem);
	DynamodbItem key;
	FetchPlan plan = {
	    .kind = REQUEST_GET_ITEM,
	    .read = {.table_name = relation->encryption->materials.table_name},
	    .segments = 1,
	    .keys = &key,
	    .key_count = 1,
	};
	const DynamodbItem *found;
	Fetch *fetch;

	CHECK_RESULT(encryption_client_store_key(arena, id, &key), "look up a key");
	fetch = fetch_open(relation->client, &plan);
	found = fetch_next(fetch);
	if (found != NULL && !item_copy(arena, found, item))
		report_result(arena_failure(arena, 1), "keep an item");
	fetch_close(fetch);
	return found == NULL ? NULL : item;
}

static KeyMaterial *
make_material(ItemEncryption *encryption, const MaterialId *id)
{
	MemoryContext caller = MemoryContextSwitchTo(encryption->context);
	KeyMaterial *material = palloc0_object(KeyMaterial);
	Arena *secrets =
	    memory_context_arena(CurrentMemoryContext, ARENA_SECRET, MATERIAL_MEMORY_MAXIMUM);

	material->id.name = (Bytes){pnstrdup(id->name.data, id->name.length), id->name.length};
	material->id.version =
	    (Bytes){pnstrdup(id->version.data, id->version.length), id->version.length};
	material->keys = arena_allocate(secrets, sizeof(*material->keys));
	if (material->keys == NULL)
		report_result(arena_failure(secrets, sizeof(*material->keys)), "keep a key");
	MemoryContextSwitchTo(caller);
	return material;
}

/* Reads and opens the material; NULL, with a message, when its keys cannot be had. */
static KeyMaterial *
open_material(ItemEncryption *encryption, const MaterialId *id, const char **message)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_SECRET, ITEM_SECRETS_MAXIMUM);
	const DynamodbItem *stored = read_material(encryption, id, arena);
	const char *ignored;
	ItemOpening *opening;
	DynamodbItem plaintext;
	KeyMaterial *material;

	*message = "the table of keys has no key that opens the item";
	if (stored == NULL)
		return NULL;
	opening = begin_opening(encryption, &encryption->relation->encryption->materials, stored);
	if (!item_opening_end(opening, arena, &plaintext, &ignored))
		return NULL;
	material = make_material(encryption, id);
	if (!result_is_ok(encryption_client_store_keys(&plaintext, material->keys)))
		return NULL;
	arena_release(arena);
	return material;
}

static KeyMaterial *
find_material(ItemEncryption *encryption, const MaterialId *id, const char **message)
{
	KeyMaterial *material;
	MemoryContext caller;
	ListCell *cell;

	foreach (cell, encryption->materials)
	{
		material = lfirst(cell);
		if (bytes_equal(material->id.name, id->name) &&
		    bytes_equal(material->id.version, id->version))
			return material;
	}
	material = open_material(encryption, id, message);
	if (material == NULL)
		return NULL;
	caller = MemoryContextSwitchTo(encryption->context);
	encryption->materials = lappend(encryption->materials, material);
	MemoryContextSwitchTo(caller);
	return material;
}

static bool
open_with_material(ItemOpening *opening, Arena *secrets, DynamodbItem *plaintext,
                   const char **message)
{
	ItemEncryption *encryption = opening->encryption;
	KeyMaterial *material = find_material(encryption, &opening->encrypted.material, message);

	if (material == NULL)
		return false;
	*message = NULL;
	return !is_bad(encryption_client_decrypt(&encryption->handles, secrets, opening->table,
	                                         &opening->encrypted, material->keys, plaintext));
}

/* ---- sealing ---- */

ItemSealing *
item_sealing_begin(ItemEncryption *encryption, const DynamodbItem *key)
{
	const ForeignRelation *relation = encryption->relation;
	const EncryptionClientTable *table = &relation->encryption->client;
	ItemSealing *sealing = palloc0_object(ItemSealing);
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, OPENING_MEMORY_MAXIMUM);
	PlaintextItem prepared;
	KmsRequest request = {
	    .operation = KMS_GENERATE_DATA_KEY,
	    .key_id = relation->encryption->key_id,
	    .number_of_bytes = DATA_KEY_LENGTH,
	};

	table_encryption_require_key(relation);
	CHECK_RESULT(encryption_client_prepare_encryption(arena, table, key, &prepared),
	             "encrypt an item");
	request.context = (KmsContext){prepared.data_key.context, prepared.data_key.context_count};
	kms_check_context(request.context);
	sealing->encryption = encryption;
	sealing->call = kms_call_start(relation->client, encryption->use, &request);
	arena_release(arena);
	return sealing;
}

bool
item_sealing_is_ready(const ItemSealing *sealing)
{
	return kms_call_is_done(sealing->call);
}

void
item_sealing_wait(ItemSealing *sealing)
{
	(void) kms_call_answer(sealing->call, 0);
}

/* Encrypts with the data key of KMS's answer, whose copies are wiped. */
static CheckedResult
encrypt(ItemEncryption *encryption, const KmsAnswer *answer, Arena *secrets,
        const PlaintextItem *prepared, DynamodbItem *sealed)
{
	MaterialDescription description;
	EncryptionClientKeys keys;
	CheckedResult result = encryption_client_keys_from_data_key(
	    &encryption->handles, &prepared->derived, answer->plaintext, &keys);

	if (result_is_ok(result))
		result = encryption_client_describe_data_key(secrets, answer->ciphertext, &description);
	if (result_is_ok(result))
		result = encryption_client_encrypt(&encryption->handles, secrets,
		                                   &encryption->relation->encryption->client, prepared,
		                                   &keys, &description, &system_random_source, sealed);
	encryption_client_keys_wipe(&keys);
	return result;
}

void
item_seal(ItemSealing *sealing, Arena *secrets, const DynamodbItem *plaintext, DynamodbItem *sealed)
{
	ItemEncryption *encryption = sealing->encryption;
	const KmsAnswer *answer = kms_call_answer(sealing->call, 0);
	PlaintextItem prepared;

	CHECK_RESULT(encryption_client_prepare_encryption(
	                 secrets, &encryption->relation->encryption->client, plaintext, &prepared),
	             "encrypt an item");
	CHECK_RESULT(encrypt(encryption, answer, secrets, &prepared, sealed), "encrypt an item");
}
