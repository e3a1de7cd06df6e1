/*
 * table_description.c
 *		Descriptions of DynamoDB tables: asked for, kept, dropped.
 *
 * Each description has a memory context of its own below the cache's. One that is dropped is handed
 * to the transaction, because a running statement may still read it.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "postgres/compat.h"

#include "postgres/memory.h"
#include "postgres/relation/table_description.h"
#include "postgres/report.h"

/* The service's bound on a response of the control plane is far below this. */
#define ANSWER_MAXIMUM ((Size) 4 * 1024 * 1024)

/* A description is a few kilobytes; an index with its projection less than a hundred. */
#define DESCRIPTION_MAXIMUM ((Size) 16 * 1024 * 1024)

/* User mappings, not servers: roles may see different accounts through one server. */
typedef struct DescriptionKey
{
	Oid mapping;
	const char *table_name; /* in the entry's context */
} DescriptionKey;

typedef struct DescriptionEntry
{
	DescriptionKey key; /* first, as dynahash wants it */
	MemoryContext context;
	TableDescription *description; /* NULL: the caller may not describe the table … */
	ServiceError *refusal;         /* … in these words of the service; else NULL */
	TimestampTz made_at;
	bool stale;     /* the server or a user mapping changed since */
	bool ttl_known; /* ttl_attribute was asked for */
	Bytes ttl_attribute;
} DescriptionEntry;

static MemoryContext cache_context = NULL;
static HTAB *descriptions = NULL;

/* ---- the cache ---- */

static uint32
hash_description_key(const void *key, Size size)
{
	const DescriptionKey *description_key = key;

	return hash_combine(murmurhash32(description_key->mapping),
	                    string_hash(description_key->table_name, MaxAllocSize));
}

/* Zero when equal. */
static int
compare_description_keys(const void *a, const void *b, Size size)
{
	const DescriptionKey *key_a = a;
	const DescriptionKey *key_b = b;

	if (key_a->mapping != key_b->mapping)
		return 1;
	return strcmp(key_a->table_name, key_b->table_name);
}

/* May be called at any time, even while a description is being read: so it only marks. */
static void
mark_descriptions_stale(Datum argument, int cache_id, uint32 hash_value)
{
	HASH_SEQ_STATUS status;
	DescriptionEntry *entry;

	hash_seq_init(&status, descriptions);
	while ((entry = hash_seq_search(&status)) != NULL)
		entry->stale = true;
}

static void
create_cache(void)
{
	HASHCTL control = {0};

	cache_context = AllocSetContextCreate(TopMemoryContext, "DynamoDB table descriptions",
	                                      ALLOCSET_DEFAULT_SIZES);
	control.keysize = sizeof(DescriptionKey);
	control.entrysize = sizeof(DescriptionEntry);
	control.hash = hash_description_key;
	control.match = compare_description_keys;
	control.hcxt = cache_context;
	descriptions = hash_create("DynamoDB table descriptions", 16, &control,
	                           HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);

	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, mark_descriptions_stale, (Datum) 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, mark_descriptions_stale, (Datum) 0);
}

static DescriptionKey
key_of(const ServiceClient *client, const char *table_name)
{
	DescriptionKey key;

	memset(&key, 0, sizeof(key));
	key.mapping = service_client_mapping(client);
	key.table_name = table_name;
	return key;
}

/* The table's entry, of whatever age; NULL when there is none. */
static DescriptionEntry *
find_entry(const ServiceClient *client, const char *table_name)
{
	DescriptionKey key = key_of(client, table_name);

	if (descriptions == NULL)
		create_cache();
	return hash_search(descriptions, &key, HASH_FIND, NULL);
}

static bool
is_fresh(const DescriptionEntry *entry)
{
	return !entry->stale && !TimestampDifferenceExceeds(entry->made_at, GetCurrentTimestamp(),
	                                                    TABLE_DESCRIPTION_AGE_MS);
}

/* Those who borrowed from the context have it until the transaction ends. */
static void
give_to_transaction(MemoryContext context)
{
	MemoryContextSetParent(context, TopTransactionContext);
}

/*
 * The table's entry, emptied, to be filled with what lives in `context`, which becomes the cache's.
 * What the entry held before is the transaction's.
 */
static DescriptionEntry *
replace_entry(const ServiceClient *client, const char *table_name, MemoryContext context)
{
	DescriptionKey key = key_of(client, MemoryContextStrdup(context, table_name));
	bool found;
	DescriptionEntry *entry = hash_search(descriptions, &key, HASH_ENTER, &found);

	if (found)
		give_to_transaction(entry->context);
	MemoryContextSetParent(context, cache_context);
	memset(entry, 0, sizeof(*entry));
	entry->key = key;
	entry->context = context;
	entry->made_at = GetCurrentTimestamp();
	return entry;
}

void
table_description_forget(ServiceClient *client, const char *table_name)
{
	DescriptionEntry *entry = find_entry(client, table_name);
	MemoryContext context;

	if (entry == NULL)
		return;
	context = entry->context;
	hash_search(descriptions, &entry->key, HASH_REMOVE, NULL);
	give_to_transaction(context);
}

/* ---- asking the service ---- */

typedef CheckedResult (*DescribeWriter)(Bytes table_name, ByteBuffer *body);

/*
 * Asks about one table. False when the service refuses for a reason in the set `expected`, with its
 * words in `refusal`. The answer and everything that the call takes are in CurrentMemoryContext.
 */
static bool
describe(ServiceClient *client, const char *operation, DescribeWriter write, const char *table_name,
         uint32 expected, Bytes *answer, ServiceError *refusal)
{
	ByteBuffer *body = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, ANSWER_MAXIMUM);
	ServiceRequest request = {
	    .service = AWS_DYNAMODB,
	    .operation = operation,
	    .table = bytes_of_string(table_name),
	};

	CHECK_RESULT(write(bytes_of_string(table_name), body), "write a request");
	request.body = buffer_bytes(body);
	return service_call_answer_unless(client, &request, ANSWER_MAXIMUM, expected, answer, refusal);
}

/* A context for what one question takes, below the current one. */
static MemoryContext
question_context(void)
{
	return AllocSetContextCreate(CurrentMemoryContext, "DynamoDB table question",
	                             ALLOCSET_DEFAULT_SIZES);
}

/* The description of DescribeTable's answer, in `context`. */
static TableDescription *
read_description(MemoryContext context, Bytes answer)
{
	Arena *arena = memory_context_arena(context, ARENA_PLAIN, DESCRIPTION_MAXIMUM);
	TableDescription *description = MemoryContextAllocZero(context, sizeof(*description));

	CHECK_RESULT(dynamodb_read_table_description(arena, answer, description),
	             "read a table's description");
	return description;
}

/*
 * Keeps what the service answered, in `context`: a description, or that the caller may not have it,
 * so that a role without the permission does not ask before every statement.
 */
static void
keep_answer(ServiceClient *client, const char *table_name, MemoryContext context,
            TableDescription *description, const ServiceError *refusal)
{
	ServiceError *kept_refusal = NULL;
	DescriptionEntry *entry;

	if (description == NULL)
	{
		kept_refusal = MemoryContextAlloc(context, sizeof(*kept_refusal));
		*kept_refusal = *refusal;
	}
	entry = replace_entry(client, table_name, context);
	entry->description = description;
	entry->refusal = kept_refusal;
}

/* Asks for the description and keeps the answer; NULL as table_description_find. */
static const TableDescription *
ask_description(ServiceClient *client, const char *table_name, ServiceError *refusal)
{
	MemoryContext context = AllocSetContextCreate(
	    CurrentMemoryContext, "DynamoDB table description", ALLOCSET_SMALL_SIZES);
	MemoryContext question = question_context();
	MemoryContext caller = MemoryContextSwitchTo(question);
	TableDescription *description = NULL;
	Bytes answer;

	if (describe(client, "DescribeTable", dynamodb_write_describe_table, table_name,
	             ERROR_CLASS_BIT(ERROR_CLASS_NOT_FOUND) |
	                 ERROR_CLASS_BIT(ERROR_CLASS_ACCESS_DENIED),
	             &answer, refusal))
		description = read_description(context, answer);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(question);

	/* A missing table may be made at any moment: that is not kept. */
	if (description != NULL || refusal->class == ERROR_CLASS_ACCESS_DENIED)
		keep_answer(client, table_name, context, description, refusal);
	else
		MemoryContextDelete(context);
	return description;
}

const TableDescription *
table_description_find(ServiceClient *client, const char *table_name, ServiceError *refusal)
{
	DescriptionEntry *entry = find_entry(client, table_name);

	if (entry == NULL || !is_fresh(entry))
		return ask_description(client, table_name, refusal);
	if (entry->description == NULL)
		*refusal = *entry->refusal;
	return entry->description;
}

/* ---- time to live ---- */

/* The TTL attribute of DescribeTimeToLive's answer, in `context`. */
static Bytes
read_ttl_attribute(MemoryContext context, Bytes answer)
{
	Arena *arena = memory_context_arena(context, ARENA_PLAIN, DESCRIPTION_MAXIMUM);
	Bytes attribute = BYTES_EMPTY;

	CHECK_RESULT(dynamodb_read_time_to_live(arena, answer, false, &attribute),
	             "read a table's time to live");
	return attribute;
}

static void
warn_of_unknown_ttl(const char *table_name, const ServiceError *refusal)
{
	ereport(WARNING,
	        (errmsg("expired items of DynamoDB table \"%s\" are not hidden", table_name),
	         errdetail("DescribeTimeToLive failed: %s (HTTP status %d, request id %s).",
	                   refusal->code, refusal->http_status, refusal->request_id),
	         errhint("Name the attribute by the foreign table's option \"ttl_attribute\".")));
}

/* Refusals of the question itself, as opposed to a service that cannot be reached just now. */
#define REFUSALS_TO_TELL                                                                           \
	(ERROR_CLASS_BIT(ERROR_CLASS_ACCESS_DENIED) | ERROR_CLASS_BIT(ERROR_CLASS_NOT_FOUND) |         \
	 ERROR_CLASS_BIT(ERROR_CLASS_VALIDATION) | ERROR_CLASS_BIT(ERROR_CLASS_OTHER))

/* Asks for the attribute and keeps it with the description. */
static void
ask_ttl_attribute(ServiceClient *client, DescriptionEntry *entry)
{
	MemoryContext question = question_context();
	MemoryContext caller = MemoryContextSwitchTo(question);
	ServiceError refusal;
	Bytes answer;

	if (describe(client, "DescribeTimeToLive", dynamodb_write_describe_time_to_live,
	             entry->key.table_name, REFUSALS_TO_TELL, &answer, &refusal))
		entry->ttl_attribute = read_ttl_attribute(entry->context, answer);
	else
		warn_of_unknown_ttl(entry->key.table_name, &refusal);
	entry->ttl_known = true;
	if (entry->description != NULL)
		entry->description->ttl_attribute = entry->ttl_attribute;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(question);
}

Bytes
table_ttl_attribute(ServiceClient *client, const char *table_name)
{
	ServiceError refusal;
	DescriptionEntry *entry;

	/* Which enters the table in the cache, also where it may not be described. */
	(void) table_description_find(client, table_name, &refusal);
	entry = find_entry(client, table_name);
	if (entry == NULL)
		return BYTES_EMPTY;
	if (!entry->ttl_known)
		ask_ttl_attribute(client, entry);
	return entry->ttl_attribute;
}

/* ---- reading a description ---- */

const IndexDescription *
table_index(const TableDescription *description, Bytes name)
{
	for (uint32 i = 0; i < description->index_count; i++)
	{
		if (bytes_equal(description->indexes[i].name, name))
			return &description->indexes[i];
	}
	return NULL;
}
