/*
 * fuzz_index_definitions.c
 *		The texts of indexes and tags.
 */
#include <stdlib.h>

#include "aws/index_definitions.h"

#define ARENA_MAXIMUM ((size_t) 64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool condition)
{
	if (!condition)
		abort();
}

static void
check_index(const IndexDescription *index, bool global)
{
	check(index->name.length >= 3 && index->name.length <= 255);
	check(index->global == global);
	check(index->keys.hash_count <= (global ? KEY_ATTRIBUTES_MAXIMUM : 0));
	check(index->keys.range_count <= (global ? KEY_ATTRIBUTES_MAXIMUM : 1));
	check(index->keys.hash_count + index->keys.range_count > 0);
	for (uint32_t i = 0; i < index->keys.hash_count; i++)
		check(index->keys.hash[i].name.length > 0);
	for (uint32_t i = 0; i < index->keys.range_count; i++)
		check(index->keys.range[i].name.length > 0);
	check((index->projection == PROJECTION_INCLUDE) == (index->included_count > 0));
	check((index->read_capacity_units > 0) == (index->write_capacity_units > 0));
}

/* What goes wrong does so within the text, or at its end. */
static void
parse_indexes(Bytes text, bool global)
{
	IndexDescription *indexes;
	CheckedResult result;
	uint32_t count;
	Arena arena;

	arena_init(&arena, malloc_block_source, ARENA_PLAIN, ARENA_MAXIMUM);
	result = index_definitions_parse(&arena, text, global, &indexes, &count);
	check(result.position <= text.length);
	for (uint32_t i = 0; result_is_ok(result) && i < count; i++)
		check_index(&indexes[i], global);
	arena_release(&arena);
}

static void
parse_tags(Bytes text)
{
	CheckedResult result;
	TableTags tags;
	Arena arena;

	arena_init(&arena, malloc_block_source, ARENA_PLAIN, ARENA_MAXIMUM);
	result = table_tags_parse(&arena, text, &tags);
	check(result.position <= text.length);
	for (uint32_t i = 0; result_is_ok(result) && i < tags.count; i++)
		check(tags.tags[i].key.length > 0);
	arena_release(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes text = {(const char *) data, size};

	parse_indexes(text, true);
	parse_indexes(text, false);
	parse_tags(text);
	return 0;
}
