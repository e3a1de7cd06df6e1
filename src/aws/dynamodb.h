/*
 * dynamodb.h
 *		DynamoDB's API: the bodies of its requests and the reading of its descriptions.
 *
 * A builder writes one request's JSON body into a ByteBuffer; scratch memory is from the arena. Its
 * result is the first failure of either, or RESULT_TOO_LARGE when an expression passes DynamoDB's
 * limits. Responses of the data plane are read by item/page_decoder.h.
 */
#ifndef AWS_DYNAMODB_H
#define AWS_DYNAMODB_H

#include "aws/service.h"
#include "foundation/buffer.h"
#include "item/condition.h"

#define BATCH_GET_KEYS_MAXIMUM 100

/* What Query and Scan have in common. Absent parts are NULL, no bytes, or zero. */
typedef struct ReadRequest
{
	Bytes table_name;
	Bytes index_name;               /* no bytes: the table itself */
	const Condition *key_condition; /* Query only */
	const Condition *filter;
	const AttributePath *projection; /* NULL: every attribute (of the index's projection) */
	size_t projection_count;
	bool count_only; /* Select=COUNT: no items, so no projection */
	bool consistent_read;
	bool backward;   /* Query only: ScanIndexForward=false */
	int64_t limit;   /* items examined at most; 0: the service's page */
	int32_t segment; /* Scan only, with total_segments > 1 */
	int32_t total_segments;
	const DynamodbItem *exclusive_start_key; /* NULL: from the start */
} ReadRequest;

/* All of them ask for ReturnConsumedCapacity=TOTAL. */
extern CheckedResult dynamodb_write_query(Arena *arena, const ReadRequest *request,
                                          ByteBuffer *body) MUST_CHECK;
extern CheckedResult dynamodb_write_scan(Arena *arena, const ReadRequest *request,
                                         ByteBuffer *body) MUST_CHECK;

typedef struct LookupRequest
{
	Bytes table_name;
	const DynamodbItem
	    *keys;        /* each with exactly the table's key attributes; unique for BatchGetItem */
	size_t key_count; /* 1 for GetItem, up to BATCH_GET_KEYS_MAXIMUM for BatchGetItem */
	const AttributePath *projection;
	size_t projection_count;
	bool consistent_read;
} LookupRequest;

extern CheckedResult dynamodb_write_get_item(Arena *arena, const LookupRequest *request,
                                             ByteBuffer *body) MUST_CHECK;
extern CheckedResult dynamodb_write_batch_get_item(Arena *arena, const LookupRequest *request,
                                                   ByteBuffer *body) MUST_CHECK;

/* The BatchGetItem that asks again for `unprocessed`, the UnprocessedKeys of an answer. */
extern CheckedResult dynamodb_write_batch_get_again(Bytes unprocessed, ByteBuffer *body) MUST_CHECK;

extern CheckedResult dynamodb_write_describe_table(Bytes table_name, ByteBuffer *body) MUST_CHECK;
extern CheckedResult dynamodb_write_describe_time_to_live(Bytes table_name,
                                                          ByteBuffer *body) MUST_CHECK;

/* `start` is the last answer's LastEvaluatedTableName; no bytes for the first. */
extern CheckedResult dynamodb_write_list_tables(Bytes start, ByteBuffer *body) MUST_CHECK;

#define KEY_ATTRIBUTES_MAXIMUM 4 /* of one kind, in an index with several */

typedef struct KeyAttribute
{
	Bytes name;
	AttributeType type; /* S, N or B */
} KeyAttribute;

typedef struct KeySchema
{
	KeyAttribute hash[KEY_ATTRIBUTES_MAXIMUM];
	uint32_t hash_count; /* 1 for tables and local indexes */
	KeyAttribute range[KEY_ATTRIBUTES_MAXIMUM];
	uint32_t range_count; /* 0 or 1 for tables */
} KeySchema;

/* True when the attribute is one of the keys. */
extern bool key_schema_has(const KeySchema *keys, Bytes name);

typedef enum IndexProjection
{
	PROJECTION_ALL,
	PROJECTION_KEYS_ONLY,
	PROJECTION_INCLUDE
} IndexProjection;

typedef struct IndexDescription
{
	Bytes name;
	KeySchema keys;
	bool global;
	bool active; /* local indexes always are */
	IndexProjection projection;
	Bytes *included; /* non-key attributes of PROJECTION_INCLUDE */
	uint32_t included_count;
	int64_t read_capacity_units; /* of global indexes; 0 when on demand */
	int64_t write_capacity_units;
	int64_t item_count; /* as of the service's last count, about every six hours */
	int64_t size_bytes;
} IndexDescription;

typedef struct TableDescription
{
	Bytes name;
	Bytes arn;    /* no bytes when the service does not say */
	Bytes status; /* "ACTIVE" … */
	KeySchema keys;
	IndexDescription *indexes;
	uint32_t index_count;
	int64_t item_count;
	int64_t size_bytes;
	bool on_demand;
	int64_t read_capacity_units; /* 0 when on demand */
	int64_t write_capacity_units;
	Bytes stream_view_type; /* "NEW_IMAGE" …; no bytes without a stream */
	bool has_kms_key; /* encrypted at rest with a key of AWS KMS, not with DynamoDB's own … */
	Bytes kms_key_id; /* … this one: an ARN as the service describes it */
	bool deletion_protection;
	Bytes ttl_attribute; /* of DescribeTimeToLive; no bytes when unknown or disabled */
} TableDescription;

/* Reads DescribeTable's answer; all memory is from `arena`. RESULT_MALFORMED when it is not one. */
extern CheckedResult dynamodb_read_table_description(Arena *arena, Bytes json,
                                                     TableDescription *description) MUST_CHECK;

/*
 * Reads DescribeTimeToLive's answer: the attribute's name where TTL is enabled, else no bytes. What
 * expires is settled only then; who wants to enable it also asks for what is being enabled.
 */
extern CheckedResult dynamodb_read_time_to_live(Arena *arena, Bytes json, bool or_enabling,
                                                Bytes *attribute_name) MUST_CHECK;

typedef struct TableNames
{
	Bytes *names;
	uint32_t count;
	Bytes last_evaluated; /* no bytes when the list is complete */
} TableNames;

extern CheckedResult dynamodb_read_table_names(Arena *arena, Bytes json,
                                               TableNames *names) MUST_CHECK;

#endif
