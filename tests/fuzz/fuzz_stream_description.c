/*
 * fuzz_stream_description.c
 *		Answers of ListStreams, DescribeStream and GetShardIterator.
 */
#include <stdlib.h>

#include "aws/dynamodb_streams.h"

#define ARENA_MAXIMUM ((size_t) 64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool condition)
{
	if (!condition)
		abort();
}

static void
check_order(const ShardDescription *shard)
{
	int order = sequence_number_compare(shard->first, shard->last);

	check(sequence_number_compare(shard->last, shard->first) == -order);
	check(sequence_number_compare(shard->first, shard->first) == 0);
}

static void
check_description(const StreamDescription *description)
{
	check(description->status.length > 0);
	for (size_t i = 0; i < description->shard_count; i++)
		check_order(&description->shards[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes json = {(const char *) data, size};
	StreamDescription description = {0};
	StreamNames names = {0};
	Bytes iterator;
	Arena arena;

	arena_init(&arena, malloc_block_source, ARENA_PLAIN, ARENA_MAXIMUM);
	if (result_is_ok(streams_read_description(&arena, json, &description)))
		check_description(&description);
	if (result_is_ok(streams_read_names(&arena, json, &names)))
		check(names.count == 0 || names.names[0].arn.length > 0);
	if (result_is_ok(streams_read_shard_iterator(&arena, json, &iterator)))
		check(iterator.length > 0);
	arena_release(&arena);
	return 0;
}
