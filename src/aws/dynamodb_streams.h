/*
 * dynamodb_streams.h
 *		DynamoDB Streams' API: the bodies of its requests and the reading of its answers.
 *
 * A stream is a set of shards. A shard holds changes in their order, is open or has ended, and may
 * have come out of another, its parent; all changes of an item are in one line of such shards. What
 * GetRecords answers is read by item/page_decoder.h.
 */
#ifndef AWS_DYNAMODB_STREAMS_H
#define AWS_DYNAMODB_STREAMS_H

#include "aws/dynamodb.h"
#include "item/page_decoder.h"

/* The service's bounds. */
#define STREAM_RECORDS_MAXIMUM         1000 /* of one GetRecords, beside 1 MB */
#define STREAM_ARN_MAXIMUM             1024
#define STREAM_SHARD_ID_MAXIMUM        65
#define STREAM_SEQUENCE_NUMBER_MAXIMUM 40 /* digits */

/* Where in a shard reading begins. The order is that of the table in dynamodb_streams.c. */
typedef enum ShardIteratorType
{
	SHARD_TRIM_HORIZON, /* the oldest record that is kept */
	SHARD_LATEST,       /* what comes from now on */
	SHARD_AT_SEQUENCE_NUMBER,
	SHARD_AFTER_SEQUENCE_NUMBER
} ShardIteratorType;

/* `start` is the last answer's last_evaluated; no bytes for the first. */
extern CheckedResult streams_write_list_streams(Bytes table_name, Bytes start,
                                                ByteBuffer *body) MUST_CHECK;
extern CheckedResult streams_write_describe_stream(Bytes stream_arn, Bytes start,
                                                   ByteBuffer *body) MUST_CHECK;

/* `sequence_number` is looked at for the two types that have one. */
extern CheckedResult streams_write_get_shard_iterator(Bytes stream_arn, Bytes shard_id,
                                                      ShardIteratorType type, Bytes sequence_number,
                                                      ByteBuffer *body) MUST_CHECK;

/* `limit`: records at most; 0: the service's page. */
extern CheckedResult streams_write_get_records(Bytes iterator, int limit,
                                               ByteBuffer *body) MUST_CHECK;

/*
 * An answer of GetRecords with this record alone: what page_decoder reads as the same record. For
 * whoever keeps records.
 */
extern CheckedResult streams_write_record(const StreamRecord *record, ByteBuffer *json) MUST_CHECK;

/* UpdateTable, which gives the table a stream of both images. */
extern CheckedResult dynamodb_write_enable_stream(Bytes table_name, ByteBuffer *body) MUST_CHECK;

/* One of a table's streams: an earlier one is kept for a day after it was switched off. */
typedef struct StreamName
{
	Bytes arn;
	Bytes label; /* when it was begun, as ISO 8601: later ones sort behind earlier ones */
} StreamName;

typedef struct StreamNames
{
	StreamName *names;
	size_t count;
	size_t capacity;
	Bytes last_evaluated; /* an ARN; no bytes when the list is complete */
} StreamNames;

/* Adds the names of ListStreams' answer; memory is from `arena`. RESULT_MALFORMED when it is none.
 */
extern CheckedResult streams_read_names(Arena *arena, Bytes json, StreamNames *names) MUST_CHECK;

typedef struct ShardDescription
{
	Bytes id;
	Bytes parent; /* no bytes: none */
	Bytes first;  /* sequence numbers: of the range it holds … */
	Bytes last;   /* … no bytes while it is open */
} ShardDescription;

typedef struct StreamDescription
{
	Bytes status;    /* "ENABLED", "ENABLING", "DISABLED" … */
	Bytes view_type; /* "NEW_AND_OLD_IMAGES" … */
	ShardDescription *shards;
	size_t shard_count;
	size_t shard_capacity;
	Bytes last_evaluated; /* a shard's id; no bytes when the description is complete */
} StreamDescription;

/* Adds DescribeStream's answer; memory is from `arena`. RESULT_MALFORMED when it is none. */
extern CheckedResult streams_read_description(Arena *arena, Bytes json,
                                              StreamDescription *description) MUST_CHECK;

/* Reads GetShardIterator's answer. */
extern CheckedResult streams_read_shard_iterator(Arena *arena, Bytes json,
                                                 Bytes *iterator) MUST_CHECK;

/* True for text that is a sequence number by its characters. */
extern bool sequence_number_is_valid(Bytes number);

/* Negative, zero or positive as a is before, is, or is behind b. Zeroes in front do not count. */
extern int sequence_number_compare(Bytes a, Bytes b);

#endif
