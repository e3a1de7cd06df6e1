/*
 * stream_shards.h
 *		The shards of a stream, their lines of descent, and how far each has been read.
 *
 * No requests are made here.
 */
#ifndef POSTGRES_STREAM_STREAM_SHARDS_H
#define POSTGRES_STREAM_STREAM_SHARDS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/dynamodb_streams.h"
#include "postgres/stream/stream_reader.h"

typedef enum ShardState
{
	SHARD_READING,
	SHARD_AT_END, /* open, and nothing more is there as of now */
	SHARD_ENDED
} ShardState;

/* See stream_reader.c. */
typedef struct ShardPage ShardPage;

typedef struct Shard
{
	Bytes id;             /* terminated */
	struct Shard *parent; /* NULL: none that is kept */
	ShardState state;
	bool closed;                                              /* nothing is added to it anymore */
	ShardIteratorType start;                                  /* where a new iterator begins … */
	char sequence_number[STREAM_SEQUENCE_NUMBER_MAXIMUM + 1]; /* … or "" */
	bool handed_out;    /* a record was, since it began; its number is sequence_number */
	bool skips_earlier; /* records before the reader's first sequence number are not wanted */
	char *iterator;     /* for the next page; NULL: to be asked for */
	int empty_answers;  /* in a row, up to now */
	int renewals;       /* of the iterator, in a row */
	ShardPage *page;    /* NULL unless it is being read */
} Shard;

typedef struct ShardSet
{
	MemoryContext context;
	Shard **shards; /* parents before their children */
	int count;
	int capacity;
} ShardSet;

/* An empty set; all that it will hold is in `context`. */
extern void shard_set_init(ShardSet *set, MemoryContext context);

/*
 * Adds the described shards that are new, and notes which have been closed. The first time, each
 * begins as `start` says; after that, at its beginning, being new. 55000 when records between the
 * start and what is described are no longer kept. True when there were new ones.
 */
extern bool shard_set_merge(ShardSet *set, const StreamDescription *description,
                            const StreamStart *start);

/* True when the shard's turn has come: it is to be read, and its parent has been. */
extern bool shard_is_due(const Shard *shard);

#endif
