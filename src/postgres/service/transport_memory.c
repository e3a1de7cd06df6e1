/*
 * transport_memory.c
 *		libcurl's memory, wiped as it is given back.
 *
 * libcurl copies what it is to send, head and body, into buffers of its own, which it frees as they
 * are. malloc_usable_size() says how much there is to wipe, so a block needs no head of ours, and
 * one that is freed by plain free() does no harm.
 */
#include "postgres.h"

#include <curl/curl.h>
#include <malloc.h>

#include "postgres/compat.h"

#include "foundation/arena.h"
#include "postgres/service/transport_memory.h"

static void
wiping_free(void *memory)
{
	if (memory == NULL)
		return;
	wipe(memory, malloc_usable_size(memory));
	free(memory);
}

/* realloc() would move the contents and leave the old ones behind. */
static void *
wiping_realloc(void *memory, size_t size)
{
	size_t present = memory == NULL ? 0 : malloc_usable_size(memory);
	void *moved;

	if (size <= present && size >= present / 2)
		return memory;
	moved = malloc(size);
	if (moved == NULL || memory == NULL)
		return moved;
	memcpy(moved, memory, Min(present, size));
	wiping_free(memory);
	return moved;
}

CURLcode
transport_memory_init(void)
{
	return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup,
	                            calloc);
}
