/*
 * stream_reader.h
 *		The changes of a table, from its stream: shards read concurrently, each item's changes in
 *		their order.
 *
 * A shard is read when its parent has been handed out to its end. Shards that come out of others
 * while these are read are found and followed. An iterator that has expired is replaced by one that
 * begins behind the last record that was handed out. Records that are no longer kept, where they
 * were asked for, are an error (55000) and never a gap.
 */
#ifndef POSTGRES_STREAM_STREAM_READER_H
#define POSTGRES_STREAM_STREAM_READER_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "postgres/compat.h"

#include "item/page_decoder.h"
#include "postgres/service/service_call.h"

typedef enum StreamStartKind
{
	STREAM_FROM_TRIM_HORIZON,    /* everything that is kept */
	STREAM_FROM_LATEST,          /* what comes from now on */
	STREAM_FROM_SEQUENCE_NUMBER, /* this record, and what is behind it */
	STREAM_FROM_POSITIONS        /* where an earlier reader was */
} StreamStartKind;

/* How far one shard has been read. */
typedef struct ShardPosition
{
	const char *shard_id;
	const char *sequence_number; /* of the last record that was handed out; NULL: none was */
	bool ended;                  /* all of its records were handed out, or were not wanted */
} ShardPosition;

typedef struct StreamStart
{
	StreamStartKind kind;
	const char *sequence_number; /* with STREAM_FROM_SEQUENCE_NUMBER */
	List *positions;             /* with STREAM_FROM_POSITIONS: ShardPositions */
} StreamStart;

/* What has been asked and received. */
typedef struct StreamCounters
{
	int64 requests;
	int64 records;
	int64 bytes_received;
	int64 retries;
} StreamCounters;

typedef struct StreamReader StreamReader;

/*
 * A reader of the stream, in a context of its own below CurrentMemoryContext. `names` is for the
 * images' attributes, as page_decoder_create() takes them, borrowed; NULL: no slots. Nothing else
 * is borrowed. Asks which shards there are. 55000 when positions, or a sequence number, are of
 * records that are no longer kept.
 */
extern StreamReader *stream_reader_open(ServiceClient *client, const char *stream_arn,
                                        const StreamStart *start, const NameTable *names);

/*
 * The next record, valid until the next call; NULL when every shard's end as of now is reached:
 * when it has ended, or is open and so many answers in a row brought nothing. (An answer without
 * records alone does not mean the end: the service looks through a part of the shard at a time.)
 * Waits where it must; errors are reported.
 */
extern const StreamRecord *stream_reader_next(StreamReader *reader);

/* True when stream_reader_next() would not wait. */
extern bool stream_reader_is_ready(const StreamReader *reader);

/*
 * How many answers without records are the end of an open shard, unless said otherwise. The service
 * gives no number. Shards are closed after about four hours, which bounds how much of one is empty.
 */
#define SHARD_EMPTY_ANSWERS 20

/* Has another number of them be the end. */
extern void stream_reader_end_after(StreamReader *reader, int empty_answers);

/*
 * Has what follows a record that was made after this time (seconds since 1970) left alone, so that
 * reading comes to an end while others write. 0, as at first: read on.
 */
extern void stream_reader_stop_after(StreamReader *reader, double seconds);

/* After the end as of now: looks for more with the next call. */
extern void stream_reader_go_on(StreamReader *reader);

/* Gives up the requests in flight, so that the reader outlives a transaction; nothing is lost. */
extern void stream_reader_pause(StreamReader *reader);

/* Where it stands: ShardPositions, in CurrentMemoryContext, their texts borrowed from the reader.
 */
extern List *stream_reader_positions(const StreamReader *reader);

extern StreamCounters stream_reader_counters(const StreamReader *reader);

extern void stream_reader_close(StreamReader *reader);

#endif
