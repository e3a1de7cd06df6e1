/*
 * fuzz_material_description.c
 *		Any bytes as the description of an encrypted item: what is read is written again as it was.
 */
#include <stdint.h>
#include <stdlib.h>

#include "crypto/encryption_client_description.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes bytes = {(const char *) data, size};
	MaterialDescription description;
	Bytes written;
	Arena arena;

	arena_init(&arena, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	if (result_is_ok(material_description_read(&arena, bytes, &description)))
	{
		demand(result_is_ok(material_description_write(&arena, &description, &written)));
		demand(bytes_equal(written, bytes));
		for (uint32_t i = 0; i < description.count; i++)
			demand(material_description_find(&description, description.entries[i].name) ==
			       &description.entries[i].value);
	}
	arena_release(&arena);
	return 0;
}
