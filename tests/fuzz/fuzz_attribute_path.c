/*
 * fuzz_attribute_path.c
 *		Any bytes as a path; what parses is written, and parses to the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "item/attribute_path.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

static void
check_written(Arena *arena, const AttributePath *path)
{
	ByteBuffer buffer;
	AttributePath again;

	buffer_init(&buffer, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	attribute_path_write(&buffer, path);
	demand(result_is_ok(attribute_path_parse(arena, buffer_bytes(&buffer), &again)));
	demand(attribute_path_equal(path, &again));
	demand(attribute_path_overlap(path, &again));
	buffer_release(&buffer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes text = {(const char *) data, size};
	Arena arena;
	AttributePath path;
	CheckedResult result;

	arena_init(&arena, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	result = attribute_path_parse(&arena, text, &path);
	if (result_is_ok(result))
	{
		demand(path.count > 0 && !path.steps[0].is_index);
		check_written(&arena, &path);
	}
	else
		demand(result.position <= size);
	arena_release(&arena);
	return 0;
}
