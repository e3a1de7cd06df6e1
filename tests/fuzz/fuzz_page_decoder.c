/*
 * fuzz_page_decoder.c
 *		Any bytes as a response.
 *
 * The first two bytes say where the body is cut and whether unknown attributes are skipped. Whole
 * and in two pieces it must come to the same, and items that are written must be read back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "item/json_writer.h"
#include "item/page_decoder.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY_MAXIMUM ((size_t) 64 * 1024 * 1024)

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

static CheckedResult
decode(Arena *arena, const NameTable *names, Bytes body, size_t cut, DecodedPage *page)
{
	PageDecoder *decoder = page_decoder_create(arena, names);

	demand(decoder != NULL);
	RETURN_IF_FAILED(page_decoder_feed(decoder, (Bytes){body.data, cut}));
	RETURN_IF_FAILED(page_decoder_feed(decoder, (Bytes){body.data + cut, body.length - cut}));
	return page_decoder_finish(decoder, page);
}

static void
describe(ByteBuffer *buffer, const DecodedPage *page)
{
	JsonWriter writer;

	json_writer_init(&writer, buffer);
	json_begin_array(&writer);
	json_integer(&writer, page->count);
	json_integer(&writer, page->scanned_count);
	for (size_t i = 0; i < page->item_count; i++)
		json_item(&writer, &page->items[i]);
	if (page->has_last_evaluated_key)
		json_item(&writer, &page->last_evaluated_key);
	for (size_t i = 0; i < page->record_count; i++)
	{
		json_string(&writer, page->records[i].sequence_number);
		json_item(&writer, &page->records[i].keys);
		json_item(&writer, &page->records[i].new_image);
		json_item(&writer, &page->records[i].old_image);
	}
	json_end_array(&writer);
	buffer_append_bytes(buffer, page->next_shard_iterator);
	buffer_append_bytes(buffer, page->unprocessed);
	demand(result_is_ok(buffer_result(buffer)));
}

static void
check_read_back(Arena *arena, const DynamodbItem *item)
{
	AttributeValue before = {.type = ATTRIBUTE_M, .count = item->count};
	AttributeValue after = {.type = ATTRIBUTE_M};
	ByteBuffer buffer;
	JsonWriter writer;
	DynamodbItem again;

	buffer_init(&buffer, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	json_writer_init(&writer, &buffer);
	json_item(&writer, item);
	demand(result_is_ok(item_decode(arena, buffer_bytes(&buffer), &again)));
	before.attributes = item->attributes;
	after.attributes = again.attributes;
	after.count = again.count;
	demand(attribute_value_equal(&before, &after));
	demand(item_size(item) == item_size(&again));
	buffer_release(&buffer);
}

static void
check_unprocessed(Arena *arena, Bytes unprocessed)
{
	PageDecoder *decoder = page_decoder_create(arena, NULL);
	DecodedPage page;

	if (unprocessed.length == 0)
		return;
	demand(result_is_ok(page_decoder_feed(decoder, BYTES_LITERAL("{\"UnprocessedKeys\":"))));
	demand(result_is_ok(page_decoder_feed(decoder, unprocessed)));
	demand(result_is_ok(page_decoder_feed(decoder, BYTES_LITERAL("}"))));
	demand(result_is_ok(page_decoder_finish(decoder, &page)));
	demand(bytes_equal(page.unprocessed, unprocessed));
}

static void
check_same(CheckedResult whole_result, const DecodedPage *whole, CheckedResult cut_result,
           const DecodedPage *cut)
{
	ByteBuffer first;
	ByteBuffer second;

	demand(whole_result.code == cut_result.code);
	demand(whole_result.position == cut_result.position);
	if (!result_is_ok(whole_result))
		return;
	buffer_init(&first, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	buffer_init(&second, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	describe(&first, whole);
	describe(&second, cut);
	demand(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
	buffer_release(&first);
	buffer_release(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const Bytes known[] = {{"id", 2}, {"a", 1}};
	NameTable names = {known, 2, false};
	DecodedPage whole = {0};
	DecodedPage cut = {0};
	CheckedResult whole_result;
	CheckedResult cut_result;
	Arena arena;
	Bytes body;

	if (size < 2)
		return 0;
	names.skip_unknown = (data[0] & 1) != 0;
	body = (Bytes){(const char *) data + 2, size - 2};
	arena_init(&arena, malloc_block_source, ARENA_PLAIN, MEMORY_MAXIMUM);
	whole_result = decode(&arena, &names, body, body.length, &whole);
	cut_result =
	    decode(&arena, &names, body, (data[0] / 2 * 256u + data[1]) % (body.length + 1), &cut);
	check_same(whole_result, &whole, cut_result, &cut);
	if (result_is_ok(whole_result))
	{
		for (size_t i = 0; i < whole.item_count && i < 16; i++)
			check_read_back(&arena, &whole.items[i]);
		check_unprocessed(&arena, whole.unprocessed);
	}
	arena_release(&arena);
	return 0;
}
