/*
 * fuzz_cancellation.c
 *		The reasons of a cancelled transaction, with the items that its conditions failed on.
 */
#include <stdlib.h>

#include "aws/dynamodb_write.h"
#include "item/json_text.h"

#define ARENA_MAXIMUM ((size_t) 64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool condition)
{
	if (!condition)
		abort();
}

/* The walk over the array finds as many elements as there are reasons. */
static void
check_count(Bytes json, size_t count)
{
	JsonTextWalk walk;
	Bytes element;

	check(json_text_check(json, &element));
	walk = json_text_walk(element);
	while (json_text_next_element(&walk, &element))
		check(count-- > 0);
	check(count == 0);
}

static void
check_reason(const CancellationReason *reason)
{
	check(reason->code.length > 0);
	check(reason->has_item || reason->item.count == 0);
	for (uint32_t i = 0; i < reason->item.count; i++)
		check(attribute_value_equal(&reason->item.attributes[i].value,
		                            &reason->item.attributes[i].value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes json = {(const char *) data, size};
	CancellationReason *reasons;
	size_t count;
	Arena arena;

	arena_init(&arena, malloc_block_source, ARENA_PLAIN, ARENA_MAXIMUM);
	if (result_is_ok(dynamodb_read_cancellation(&arena, json, &reasons, &count)))
	{
		check_count(json, count);
		for (size_t i = 0; i < count; i++)
			check_reason(&reasons[i]);
	}
	arena_release(&arena);
	return 0;
}
