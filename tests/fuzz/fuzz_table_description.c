/*
 * fuzz_table_description.c
 *		Answers of DescribeTable, DescribeTimeToLive and ListTables.
 */
#include <stdlib.h>

#include "aws/dynamodb.h"

#define ARENA_MAXIMUM ((size_t) 64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool condition)
{
	if (!condition)
		abort();
}

static void
check_keys(const KeySchema *keys)
{
	check(keys->hash_count >= 1 && keys->hash_count <= KEY_ATTRIBUTES_MAXIMUM);
	check(keys->range_count <= KEY_ATTRIBUTES_MAXIMUM);
	for (uint32_t i = 0; i < keys->hash_count; i++)
		check(keys->hash[i].name.length > 0 && keys->hash[i].type <= ATTRIBUTE_B);
	for (uint32_t i = 0; i < keys->range_count; i++)
		check(keys->range[i].name.length > 0 && keys->range[i].type <= ATTRIBUTE_B);
}

static void
check_description(const TableDescription *description)
{
	check(description->name.length > 0 && description->status.length > 0);
	check_keys(&description->keys);
	for (uint32_t i = 0; i < description->index_count; i++)
		check_keys(&description->indexes[i].keys);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes json = {(const char *) data, size};
	TableDescription description;
	TableNames names;
	Bytes attribute;
	Arena arena;

	arena_init(&arena, malloc_block_source, ARENA_PLAIN, ARENA_MAXIMUM);
	if (result_is_ok(dynamodb_read_table_description(&arena, json, &description)))
		check_description(&description);
	if (result_is_ok(dynamodb_read_table_names(&arena, json, &names)))
		check(names.count == 0 || names.names != NULL);
	if (result_is_ok(dynamodb_read_time_to_live(&arena, json, false, &attribute)))
		check(attribute.length == 0 || attribute.data != NULL);
	arena_release(&arena);
	return 0;
}
