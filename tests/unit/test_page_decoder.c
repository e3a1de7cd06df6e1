/*
 * test_page_decoder.c
 *		Responses whole, in pieces cut anywhere, malformed in every way, and without memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "item/json_writer.h"
#include "item/page_decoder.h"
#include "unit/block_sources.h"

/* Pages that between them hold every type, every envelope and the spellings JSON allows. */
static const char *const rich_pages[] = {
    /* a Scan */
    "{\"Count\":2,\"Items\":["
    "{\"id\":{\"S\":\"first\"},\"n\":{\"N\":\"-12.5\"},\"b\":{\"B\":\"AAECAw==\"},"
    "\"t\":{\"BOOL\":true},\"f\":{\"BOOL\":false},\"z\":{\"NULL\":true},"
    "\"ss\":{\"SS\":[\"a\",\"b\"]},\"ns\":{\"NS\":[\"1\",\"2.5E3\"]},\"bs\":{\"BS\":[\"AA==\",\"\"]"
    "},"
    "\"l\":{\"L\":[{\"S\":\"\"},{\"L\":[]},{\"M\":{}},{\"N\":\"0\"}]},"
    "\"m\":{\"M\":{\"k\":{\"M\":{\"deep\":{\"L\":[{\"NULL\":true}]}}},\"\":{\"S\":\"v\"}}}},"
    "{\"id\":{\"S\":\"second\"},\"n\":{\"N\":\"7\"}}"
    "],\"ScannedCount\":17,\"LastEvaluatedKey\":{\"id\":{\"S\":\"second\"}},"
    "\"ConsumedCapacity\":{\"CapacityUnits\":128.5,\"TableName\":\"t\"}}",
    /* the same kinds of things, spelled unusually */
    " \n{ \"It\\u0065ms\" :\t[ { \"\\u017elu\\u0165\" : { \"\\u0053\" : "
    "\"\\ud83d\\ude00 \\\"quoted\\\" \\\\ \\/ \\b\\f\\n\\r\\t \\u0000 \xe2\x82\xac\" } , "
    "\"b\" : { \"B\" : \"\\/\\/79\" } , \"s\" : { \"SS\" : [ \"\\u0041\" ] } , "
    "\"t\" : { \"BOOL\" : true } , \"l\" : { \"L\" : [ { \"N\" : \"1\" } , { \"NULL\" : true } ] } "
    "} , { } ] , \"Count\" : 2 , \"Unknown\" : [ 1 , -2.5e+10 , \"x\\u00e9\" , { \"a\" : [ ] , "
    "\"b\" : null } , true , false , 0 ] , \"LastEvaluatedKey\" : { } } \r\n",
    /* BatchGetItem */
    "{\"Responses\":{\"one\":[{\"id\":{\"S\":\"a\"}},{\"id\":{\"S\":\"b\"}}],\"two\":[],"
    "\"three\":[{\"k\":{\"N\":\"1\"}}]},\"UnprocessedKeys\":{\"one\":{\"Keys\":[{\"id\":{\"S\":"
    "\"c\\\"\\u00e9\"}}],\"ConsistentRead\":true}},\"ConsumedCapacity\":[{\"TableName\":\"one\","
    "\"CapacityUnits\":1.5},{\"TableName\":\"three\",\"CapacityUnits\":0.5,\"Table\":"
    "{\"CapacityUnits\":99}}]}",
    /* TransactGetItems */
    "{\"Responses\":[{\"Item\":{\"id\":{\"S\":\"a\"}}},{},{\"Item\":{\"id\":{\"S\":\"b\"}}}]}",
    /* GetItem, and a write's returned attributes */
    "{\"Item\":{\"id\":{\"S\":\"only\"}}}",
    "{\"Attributes\":{\"id\":{\"S\":\"old\"}},\"ItemCollectionMetrics\":{\"SizeEstimateRangeGB\":"
    "[0.0,1.0]}}",
    /* GetRecords */
    "{\"NextShardIterator\":\"arn:x|1|y\\/z\",\"Records\":[{\"eventID\":\"e1\",\"eventName\":"
    "\"INSERT\",\"eventVersion\":\"1.1\",\"dynamodb\":{\"ApproximateCreationDateTime\":1.7E9,"
    "\"Keys\":{\"id\":{\"S\":\"a\"}},\"NewImage\":{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"1\"}},"
    "\"SequenceNumber\":\"100\",\"SizeBytes\":7,\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"}},"
    "{\"dynamodb\":{\"Keys\":{\"id\":{\"S\":\"b\"}},\"OldImage\":{\"id\":{\"S\":\"b\"},\"l\":{"
    "\"L\":[]}},"
    "\"NewImage\":null,\"SequenceNumber\":\"101\"},\"eventName\":\"REMOVE\",\"userIdentity\":"
    "{\"Type\":\"Service\"}}, {}]}",
    "{\"Records\":[]}",
    "{}",
};

#define RICH_PAGE_COUNT (sizeof(rich_pages) / sizeof(rich_pages[0]))

/* All that a page says, as text. */
static void
describe(ByteBuffer *buffer, const DecodedPage *page)
{
	char numbers[160];
	JsonWriter writer;

	json_writer_init(&writer, buffer);
	snprintf(numbers, sizeof(numbers), "%zu items, count %lld of %lld, %.6f units, key %d ",
	         page->item_count, (long long) page->count, (long long) page->scanned_count,
	         page->capacity_units, page->has_last_evaluated_key);
	buffer_append_string(buffer, numbers);
	for (size_t i = 0; i < page->item_count; i++)
	{
		for (uint32_t k = 0; k < page->items[i].count; k++)
			buffer_append_integer(buffer, page->items[i].attributes[k].slot);
		json_item(&writer, &page->items[i]);
	}
	if (page->has_last_evaluated_key)
		json_item(&writer, &page->last_evaluated_key);
	for (size_t i = 0; i < page->record_count; i++)
	{
		const StreamRecord *record = &page->records[i];

		buffer_append_bytes(buffer, record->event_id);
		buffer_append_bytes(buffer, record->event_name);
		buffer_append_bytes(buffer, record->sequence_number);
		buffer_append_integer(buffer, (int64_t) record->created_at);
		buffer_append_integer(buffer, record->has_new_image * 2 + record->has_old_image);
		json_item(&writer, &record->keys);
		json_item(&writer, &record->new_image);
		json_item(&writer, &record->old_image);
	}
	buffer_append_bytes(buffer, page->next_shard_iterator);
	buffer_append_string(buffer, " unprocessed ");
	buffer_append_bytes(buffer, page->unprocessed);
}

/* Decodes a body handed over in pieces that end at `cuts`, which ascend. */
static CheckedResult
decode_cut(Arena *arena, const NameTable *names, Bytes body, const size_t *cuts, size_t count,
           DecodedPage *page)
{
	PageDecoder *decoder = page_decoder_create(arena, names);
	size_t from = 0;

	if (decoder == NULL)
		return result_out_of_memory();
	for (size_t i = 0; i <= count; i++)
	{
		size_t to = i < count ? cuts[i] : body.length;
		/* its own allocation, so that the sanitizer sees a byte read too far */
		char *piece = malloc(to - from + 1);
		CheckedResult result;

		memcpy(piece, body.data + from, to - from);
		result = page_decoder_feed(decoder, (Bytes){piece, to - from});
		free(piece);
		RETURN_IF_FAILED(result);
		from = to;
	}
	return page_decoder_finish(decoder, page);
}

static CheckedResult
decode(Arena *arena, const NameTable *names, Bytes body, DecodedPage *page)
{
	return decode_cut(arena, names, body, NULL, 0, page);
}

static CheckedResult
decode_bytewise(Arena *arena, const NameTable *names, Bytes body, DecodedPage *page)
{
	size_t *cuts = malloc((body.length + 1) * sizeof(*cuts));
	CheckedResult result;

	for (size_t i = 0; i < body.length; i++)
		cuts[i] = i;
	result = decode_cut(arena, names, body, cuts, body.length, page);
	free(cuts);
	return result;
}

/* Fails unless the two pieces of text are the same. */
static void
assert_same_text(const ByteBuffer *a, const ByteBuffer *b)
{
	assert_int_equal(a->length, b->length);
	assert_memory_equal(a->data, b->data, a->length);
}

static Arena arena;
static ByteBuffer expected;
static ByteBuffer found;

static int
begin(void **state)
{
	(void) state;
	arena_init(&arena, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	buffer_init(&expected, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	buffer_init(&found, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	return 0;
}

static int
end(void **state)
{
	(void) state;
	arena_release(&arena);
	buffer_release(&expected);
	buffer_release(&found);
	return 0;
}

static void
assert_ok(CheckedResult result)
{
	if (!result_is_ok(result))
		fail_msg("%s at %zu", result.message, result.position);
}

static DecodedPage
decode_ok(const char *body)
{
	DecodedPage page;

	assert_ok(decode(&arena, NULL, bytes_of_string(body), &page));
	return page;
}

static void
test_scan(void **state)
{
	DecodedPage page = decode_ok(rich_pages[0]);
	const AttributeValue *value;

	(void) state;
	assert_int_equal(page.item_count, 2);
	assert_int_equal(page.count, 2);
	assert_int_equal(page.scanned_count, 17);
	assert_true(page.capacity_units > 128.49 && page.capacity_units < 128.51);
	assert_true(page.has_last_evaluated_key);
	assert_int_equal(page.last_evaluated_key.count, 1);
	assert_int_equal(page.unprocessed.length, 0);
	assert_int_equal(page.items[0].count, 11);
	value = item_find(&page.items[0], BYTES_LITERAL("b"));
	assert_int_equal(value->type, ATTRIBUTE_B);
	assert_true(bytes_equal(value->bytes, BYTES_LITERAL("\0\1\2\3")));
	value = item_find(&page.items[0], BYTES_LITERAL("f"));
	assert_int_equal(value->type, ATTRIBUTE_BOOL);
	assert_false(value->boolean);
	assert_int_equal(item_find(&page.items[0], BYTES_LITERAL("z"))->type, ATTRIBUTE_NULL);
	value = item_find(&page.items[0], BYTES_LITERAL("ns"));
	assert_int_equal(value->type, ATTRIBUTE_NS);
	assert_int_equal(value->count, 2);
	assert_int_equal(value->elements[1].type, ATTRIBUTE_N);
	assert_true(bytes_equal(value->elements[1].bytes, BYTES_LITERAL("2.5E3")));
	value = item_find(&page.items[0], BYTES_LITERAL("m"));
	assert_int_equal(value->type, ATTRIBUTE_M);
	assert_int_equal(value->count, 2);
	assert_true(bytes_equal(map_find(value, BYTES_EMPTY)->bytes, BYTES_LITERAL("v")));
	value = item_find(&page.items[0], BYTES_LITERAL("l"));
	assert_int_equal(value->count, 4);
	assert_int_equal(value->elements[2].type, ATTRIBUTE_M);
	assert_int_equal(value->elements[2].count, 0);
}

static void
test_unusual_spelling(void **state)
{
	DecodedPage page = decode_ok(rich_pages[1]);
	const Attribute *attribute = &page.items[0].attributes[0];

	(void) state;
	assert_true(bytes_equal(attribute->name, BYTES_LITERAL("\xc5\xbelu\xc5\xa5")));
	assert_true(
	    bytes_equal(attribute->value.bytes,
	                BYTES_LITERAL("\xf0\x9f\x98\x80 \"quoted\" \\ / \b\f\n\r\t \0 \xe2\x82\xac")));
	assert_true(
	    bytes_equal(page.items[0].attributes[1].value.bytes, BYTES_LITERAL("\xff\xfe\xfd")));
	assert_int_equal(page.item_count, 2);
	assert_int_equal(page.items[1].count, 0);
	assert_false(page.has_last_evaluated_key);
	assert_int_equal(page.scanned_count, -1);
}

static void
test_batches(void **state)
{
	DecodedPage page = decode_ok(rich_pages[2]);

	(void) state;
	assert_int_equal(page.item_count, 3);
	assert_true(page.capacity_units > 1.99 && page.capacity_units < 2.01);
	assert_true(bytes_equal(page.unprocessed,
	                        BYTES_LITERAL("{\"one\":{\"Keys\":[{\"id\":{\"S\":\"c\\\"\\u00e9\"}}],"
	                                      "\"ConsistentRead\":true}}")));
	page = decode_ok(rich_pages[3]);
	assert_int_equal(page.item_count, 2);
	page = decode_ok("{\"UnprocessedItems\":{\"t\":[]},\"UnprocessedKeys\":{}}");
	assert_true(bytes_equal(page.unprocessed, BYTES_LITERAL("{\"t\":[]}")));
	page = decode_ok("{\"UnprocessedItems\":{},\"UnprocessedKeys\": { } }");
	assert_int_equal(page.unprocessed.length, 0);
}

/* Answers of writes, with everything that can be asked for. */
static void
test_stream_records(void **state)
{
	DecodedPage page = decode_ok(rich_pages[6]);
	const StreamRecord *records = page.records;

	(void) state;
	assert_int_equal(page.item_count, 0);
	assert_int_equal(page.record_count, 3);
	assert_true(bytes_equal(page.next_shard_iterator, BYTES_LITERAL("arn:x|1|y/z")));
	assert_true(bytes_equal(records[0].event_id, BYTES_LITERAL("e1")));
	assert_true(bytes_equal(records[0].event_name, BYTES_LITERAL("INSERT")));
	assert_true(bytes_equal(records[0].sequence_number, BYTES_LITERAL("100")));
	assert_true(records[0].created_at > 1.69e9 && records[0].created_at < 1.71e9);
	assert_int_equal(records[0].keys.count, 1);
	assert_true(records[0].has_new_image && !records[0].has_old_image);
	assert_true(bytes_equal(item_find(&records[0].new_image, BYTES_LITERAL("n"))->bytes,
	                        BYTES_LITERAL("1")));
	assert_true(bytes_equal(records[1].event_name, BYTES_LITERAL("REMOVE")));
	assert_true(!records[1].has_new_image && records[1].has_old_image);
	assert_int_equal(records[1].old_image.count, 2);
	assert_true(
	    bytes_equal(item_find(&records[1].keys, BYTES_LITERAL("id"))->bytes, BYTES_LITERAL("b")));
	assert_int_equal(records[2].keys.count, 0);
	assert_int_equal(decode_ok(rich_pages[7]).next_shard_iterator.length, 0);
}

static void
test_writes(void **state)
{
	DecodedPage page;

	(void) state;
	page = decode_ok("{}");
	assert_int_equal(page.item_count, 0);
	page = decode_ok("{\"Attributes\":{\"id\":{\"S\":\"x\"}},"
	                 "\"ConsumedCapacity\":{\"TableName\":\"t\",\"CapacityUnits\":1.5,"
	                 "\"WriteCapacityUnits\":1.5,\"Table\":{\"CapacityUnits\":1.5}},"
	                 "\"ItemCollectionMetrics\":{\"ItemCollectionKey\":{\"id\":{\"S\":\"x\"}},"
	                 "\"SizeEstimateRangeGB\":[0.0,1.0]}}");
	assert_int_equal(page.item_count, 1);
	assert_true(page.capacity_units == 1.5);
	/* BatchWriteItem */
	page = decode_ok("{\"UnprocessedItems\":{\"t\":[{\"PutRequest\":{\"Item\":"
	                 "{\"id\":{\"S\":\"}\"}}}}]},\"ItemCollectionMetrics\":{\"t\":[{}]},"
	                 "\"ConsumedCapacity\":[{\"TableName\":\"t\",\"CapacityUnits\":1.0},"
	                 "{\"TableName\":\"u\",\"CapacityUnits\":0.5}]}");
	assert_int_equal(page.item_count, 0);
	assert_true(page.capacity_units == 1.5);
	assert_true(bytes_equal(page.unprocessed, BYTES_LITERAL("{\"t\":[{\"PutRequest\":{\"Item\":"
	                                                        "{\"id\":{\"S\":\"}\"}}}}]}")));
	page = decode_ok("{\"UnprocessedItems\":{}}");
	assert_int_equal(page.unprocessed.length, 0);
	/* TransactWriteItems */
	page = decode_ok("{\"ConsumedCapacity\":[{\"CapacityUnits\":2.0}],"
	                 "\"ItemCollectionMetrics\":{}}");
	assert_true(page.capacity_units == 2.0);
}

static void
test_absent_members(void **state)
{
	DecodedPage page = decode_ok(
	    "{\"Items\":null,\"Item\":null,\"Responses\":null,\"LastEvaluatedKey\":null,\"Count\":null,"
	    "\"ScannedCount\":null,\"ConsumedCapacity\":null,\"UnprocessedKeys\":null}");

	(void) state;
	assert_int_equal(page.item_count, 0);
	assert_int_equal(page.count, -1);
	assert_int_equal(page.scanned_count, -1);
	assert_false(page.has_last_evaluated_key);
	assert_int_equal(page.unprocessed.length, 0);
	page = decode_ok("{}");
	assert_int_equal(page.item_count, 0);
	assert_int_equal(page.count, -1);
}

/* Every page, cut at every two bytes apart from each other, says what it says as a whole. */
static void
test_cut_anywhere(void **state)
{
	static const Bytes names[] = {{"n", 1}, {"id", 2}};
	const NameTable table = {names, 2, false};

	(void) state;
	for (size_t i = 0; i < RICH_PAGE_COUNT; i++)
	{
		Bytes body = bytes_of_string(rich_pages[i]);
		DecodedPage page;

		buffer_reset(&expected);
		assert_ok(decode(&arena, &table, body, &page));
		describe(&expected, &page);
		for (size_t cut = 0; cut <= body.length; cut++)
		{
			size_t cuts[] = {cut, cut + (body.length - cut) / 3};

			for (size_t count = 1; count <= 2; count++)
			{
				buffer_reset(&found);
				assert_ok(decode_cut(&arena, &table, body, cuts, count, &page));
				describe(&found, &page);
				assert_same_text(&expected, &found);
			}
			arena_reset(&arena);
		}
		buffer_reset(&found);
		assert_ok(decode_bytewise(&arena, &table, body, &page));
		describe(&found, &page);
		assert_same_text(&expected, &found);
		arena_reset(&arena);
	}
}

/*
 * Attributes that lie whole in the text are taken in one go; byte by byte none ever does. The two
 * must come to the same, results, failures and their places, whatever one byte of the text is.
 */
static void
test_usual_attributes_with_any_byte_changed(void **state)
{
	static const char page_text[] =
	    "{\"Items\":["
	    "{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"1.5\"},\"t\":{\"BOOL\":true},\"x\":{\"S\":\"\"}},"
	    "{\"id\":{\"S\":\"\xc3\xa9 "
	    "b\"},\"n\":{\"N\":\"-2\"},\"t\":{\"BOOL\":false},\"x\":{\"S\":\"yy\"}},"
	    "{\"id\":{\"S\":\"c\\n\"},\"n\":{\"M\":{\"k\":{\"N\":\"0\"},\"l\":{\"S\":\"zz\"}}}}],"
	    "\"Count\":3}";
	static const char changes[] = "\"\\,:{}[] SNBMknit0e.-\x01\x80\xc3";
	static const Bytes names[] = {{"n", 1}, {"id", 2}};
	const NameTable table = {names, 2, false};
	char text[sizeof(page_text)];
	Bytes body = {text, sizeof(page_text) - 1};

	(void) state;
	for (size_t position = 0; position < body.length; position++)
	{
		memcpy(text, page_text, sizeof(text));
		for (size_t i = 0; i < sizeof(changes); i++)
		{
			DecodedPage whole;
			DecodedPage bytewise;
			CheckedResult result;
			CheckedResult other;

			text[position] = changes[i];
			result = decode(&arena, &table, body, &whole);
			other = decode_bytewise(&arena, &table, body, &bytewise);
			assert_int_equal(result.code, other.code);
			assert_int_equal(result.position, other.position);
			if (result_is_ok(result))
			{
				buffer_reset(&expected);
				buffer_reset(&found);
				describe(&expected, &bytewise);
				describe(&found, &whole);
				assert_same_text(&expected, &found);
			}
			arena_reset(&arena);
		}
	}
}

static void
test_written_items_are_read_back(void **state)
{
	(void) state;
	for (size_t i = 0; i < RICH_PAGE_COUNT; i++)
	{
		DecodedPage page = decode_ok(rich_pages[i]);

		for (size_t k = 0; k < page.item_count; k++)
		{
			JsonWriter writer;
			DynamodbItem item;
			AttributeValue before = {.type = ATTRIBUTE_M, .count = page.items[k].count};
			AttributeValue after = {.type = ATTRIBUTE_M};

			buffer_reset(&found);
			json_writer_init(&writer, &found);
			json_item(&writer, &page.items[k]);
			assert_int_equal(json_item_size(&page.items[k]), buffer_bytes(&found).length);
			assert_ok(item_decode(&arena, buffer_bytes(&found), &item));
			before.attributes = page.items[k].attributes;
			after.attributes = item.attributes;
			after.count = item.count;
			assert_true(attribute_value_equal(&before, &after));
		}
	}
}

typedef struct Malformed
{
	const char *body;
	size_t position; /* where it goes wrong, or just behind */
} Malformed;

#define ITEM(text)  "{\"Item\":{\"a\":" text "}}"
#define AT(text)    (sizeof("{\"Item\":{\"a\":" text) - 1)
#define VALUE(text) ITEM("{\"S\":\"" text "\"}")

static const Malformed malformed_bodies[] = {
    /* not JSON */
    {"", 0},
    {"   ", 3},
    {"x", 0},
    {"[]", 0},
    {"null", 0},
    {"\"a\"", 0},
    {"{", 1},
    {"{}x", 2},
    {"{}{}", 2},
    {"{,}", 1},
    {"{\"a\"}", 4},
    {"{\"a\":}", 5},
    {"{\"a\":1,}", 7},
    {"{\"a\":1 \"b\":2}", 7},
    {"{\"a\":1]", 6},
    {"{\"a\":[1}", 7},
    {"{\"a\":[1,]}", 8},
    {"{\"a\":[,1]}", 6},
    {"{a:1}", 1},
    {"{'a':1}", 1},
    {"{\"a\":01}", 6},
    {"{\"a\":+1}", 5},
    {"{\"a\":-}", 6},
    {"{\"a\":1.}", 7},
    {"{\"a\":.5}", 5},
    {"{\"a\":1e}", 7},
    {"{\"a\":NaN}", 5},
    {"{\"a\":tru}", 5},
    {"{\"a\":True}", 5},
    {"{\"a\":nulls}", 9},
    {"{\"a\":\"\\x\"}", 6},
    {"{\"a\":\"\\ud800\"}", 6},
    {"{\"a\":\"\xff\"}", 5},
    {"{\"a\":\"\n\"}", 6},
    {"{\"a\":1}/**/", 7},
    {"\xef\xbb\xbf{}", 0},
    /* the response's own members */
    {"{\"Items\":{}}", 9},
    {"{\"Items\":[[]]}", 10},
    {"{\"Items\":[null]}", 10},
    {"{\"Items\":[1]}", 10},
    {"{\"Items\":[],\"Items\":[]}", 19},
    {"{\"Count\":\"1\"}", 9},
    {"{\"Count\":-1}", 11},
    {"{\"Count\":1.5}", 12},
    {"{\"Count\":99999999999999999999}", 29},
    {"{\"LastEvaluatedKey\":[]}", 20},
    {"{\"Responses\":{\"t\":{}}}", 18},
    {"{\"Responses\":[[]]}", 14},
    {"{\"ConsumedCapacity\":5}", 20},
    {"{\"ConsumedCapacity\":{\"CapacityUnits\":\"5\"}}", 37},
    {"{\"ConsumedCapacity\":{\"CapacityUnits\":"
     "1.000000000000000000000000000000000000000000000000000000000000000000000}}",
     108},
    {"{\"UnprocessedKeys\":[]}", 19},
    {"{\"UnprocessedKeys\":{\"a\":\"\\q\"}}", 25},
    {"{\"Item\":5}", 8},
    /* typed values */
    {ITEM("5"), AT("")},
    {ITEM("null"), AT("")},
    {ITEM("\"x\""), AT("")},
    {ITEM("[]"), AT("")},
    {ITEM("{}"), AT("{")},
    {ITEM("{\"X\":\"a\"}"), AT("{\"X\"")},
    {ITEM("{\"s\":\"a\"}"), AT("{\"s\"")},
    {ITEM("{\"SSS\":[]}"), AT("{\"SSS\"")},
    {ITEM("{\"\":\"a\"}"), AT("{\"\"")},
    {ITEM("{\"S\":\"a\",\"N\":\"1\"}"), AT("{\"S\":\"a\"")},
    {ITEM("{\"S\":1}"), AT("{\"S\":")},
    {ITEM("{\"S\":null}"), AT("{\"S\":")},
    {ITEM("{\"S\":[\"a\"]}"), AT("{\"S\":")},
    {ITEM("{\"S\" \"a\"}"), AT("{\"S\" ")},
    {ITEM("{\"N\":1}"), AT("{\"N\":")},
    {ITEM("{\"N\":\"\"}"), AT("{\"N\":\"\"")},
    {ITEM("{\"N\":\"abc\"}"), AT("{\"N\":\"abc\"")},
    {ITEM("{\"N\":\"NaN\"}"), AT("{\"N\":\"NaN\"")},
    {ITEM("{\"N\":\"1E126\"}"), AT("{\"N\":\"1E126\"")},
    {ITEM("{\"B\":\"A\"}"), AT("{\"B\":\"A\"")},
    {ITEM("{\"B\":\"AA=\"}"), AT("{\"B\":\"AA=\"")},
    {ITEM("{\"B\":\"A-_A\"}"), AT("{\"B\":\"A-_A\"")},
    {ITEM("{\"BOOL\":\"true\"}"), AT("{\"BOOL\":")},
    {ITEM("{\"BOOL\":1}"), AT("{\"BOOL\":")},
    {ITEM("{\"BOOL\":null}"), AT("{\"BOOL\":")},
    {ITEM("{\"NULL\":false}"), AT("{\"NULL\":")},
    {ITEM("{\"NULL\":null}"), AT("{\"NULL\":")},
    {ITEM("{\"SS\":[]}"), AT("{\"SS\":[]")},
    {ITEM("{\"SS\":\"a\"}"), AT("{\"SS\":")},
    {ITEM("{\"SS\":[1]}"), AT("{\"SS\":[")},
    {ITEM("{\"SS\":[{\"S\":\"a\"}]}"), AT("{\"SS\":[")},
    {ITEM("{\"NS\":[\"1\",\"x\"]}"), AT("{\"NS\":[\"1\",\"x\"")},
    {ITEM("{\"NS\":[1]}"), AT("{\"NS\":[")},
    {ITEM("{\"BS\":[\"*\"]}"), AT("{\"BS\":[\"*\"")},
    {ITEM("{\"L\":{}}"), AT("{\"L\":")},
    {ITEM("{\"L\":[\"a\"]}"), AT("{\"L\":[")},
    {ITEM("{\"L\":[{\"S\":\"a\"},]}"), AT("{\"L\":[{\"S\":\"a\"},")},
    {ITEM("{\"M\":[]}"), AT("{\"M\":")},
    {ITEM("{\"M\":{\"k\":\"v\"}}"), AT("{\"M\":{\"k\":")},
    {ITEM("{\"M\":{\"k\":{\"S\":\"1\"},\"k\":{\"S\":\"2\"}}}"),
     AT("{\"M\":{\"k\":{\"S\":\"1\"},\"k\":{\"S\":\"2\"}}")},
    {ITEM("{\"S\":\"1\"},\"a\":{\"S\":\"2\"}"), AT("{\"S\":\"1\"},\"a\":{\"S\":\"2\"}}")},
    {"{\"LastEvaluatedKey\":{\"a\":{\"S\":\"1\"},\"\\u0061\":{\"S\":\"2\"}}}", 54},
    /* strings */
    {VALUE("\x80"), AT("{\"S\":")},
    {VALUE("\xc0\x80"), AT("{\"S\":")},
    {VALUE("\xed\xa0\x80"), AT("{\"S\":")},
    {VALUE("\xf4\x90\x80\x80"), AT("{\"S\":")},
    {VALUE("ab\xe2\x82"), AT("{\"S\":")},
    {VALUE("\\ud83d"), AT("{\"S\":\"")},
    {VALUE("\\ud83d\\u0041"), AT("{\"S\":\"")},
    {VALUE("\\ude00"), AT("{\"S\":\"")},
    {VALUE("ok \\ud83dx"), AT("{\"S\":\"ok ")},
    {VALUE("\\u12g4"), AT("{\"S\":\"")},
    {VALUE("\\u12"), AT("{\"S\":\"")},
    {VALUE("\\a"), AT("{\"S\":\"")},
    {VALUE("\\U0041"), AT("{\"S\":\"")},
    {VALUE("tab\there"), AT("{\"S\":\"tab")},
    {VALUE("\\\n"), AT("{\"S\":\"\\")},
    {VALUE("\x1f"), AT("{\"S\":\"")},
};

#define MALFORMED_COUNT (sizeof(malformed_bodies) / sizeof(malformed_bodies[0]))

static void
test_malformed(void **state)
{
	(void) state;
	for (size_t i = 0; i < MALFORMED_COUNT; i++)
	{
		Bytes body = bytes_of_string(malformed_bodies[i].body);
		DecodedPage page;
		CheckedResult result = decode(&arena, NULL, body, &page);

		if (result.code != RESULT_MALFORMED || result.position != malformed_bodies[i].position)
			fail_msg("%s: code %d at %zu: %s", body.data, (int) result.code, result.position,
			         result.message == NULL ? "" : result.message);
		result = decode_bytewise(&arena, NULL, body, &page);
		if (result.code != RESULT_MALFORMED || result.position != malformed_bodies[i].position)
			fail_msg("%s bytewise: code %d at %zu: %s", body.data, (int) result.code,
			         result.position, result.message == NULL ? "" : result.message);
		arena_reset(&arena);
	}
}

static void
test_zero_byte_in_body(void **state)
{
	static const char body[] = "{\"Count\":1\0}";
	DecodedPage page;
	CheckedResult result;

	(void) state;
	for (size_t at = 0; at < sizeof(body) - 1; at++)
	{
		char copy[sizeof(body)] = "{\"Count\":1 }";

		copy[at] = '\0';
		result = decode(&arena, NULL, (Bytes){copy, sizeof(body) - 1}, &page);
		assert_int_equal(result.code, RESULT_MALFORMED);
		assert_int_equal(result.position, at);
	}
}

/* Every proper beginning of a page is refused at its end, or before. */
static void
test_truncated(void **state)
{
	(void) state;
	for (size_t i = 0; i < RICH_PAGE_COUNT; i++)
	{
		size_t whole = (size_t) (strrchr(rich_pages[i], '}') - rich_pages[i]) + 1;

		for (size_t length = 0; length < whole; length++)
		{
			DecodedPage page;
			CheckedResult result = decode(&arena, NULL, (Bytes){rich_pages[i], length}, &page);

			assert_int_equal(result.code, RESULT_MALFORMED);
			assert_int_equal(result.position, length);
			arena_reset(&arena);
		}
	}
}

/* A failure is told again, whatever follows. */
static void
test_failure_sticks(void **state)
{
	PageDecoder *decoder = page_decoder_create(&arena, NULL);
	DecodedPage page;

	(void) state;
	assert_int_equal(page_decoder_feed(decoder, BYTES_LITERAL("{]")).position, 1);
	assert_int_equal(page_decoder_feed(decoder, BYTES_LITERAL("{}")).code, RESULT_MALFORMED);
	assert_int_equal(page_decoder_finish(decoder, &page).position, 1);
}

/* An item whose one attribute is `levels` of lists or maps around a string. */
static CheckedResult
decode_nested(int levels, const char *opening, const char *closing)
{
	DecodedPage page;

	buffer_reset(&found);
	buffer_append_string(&found, "{\"Item\":{\"a\":");
	for (int i = 0; i < levels; i++)
		buffer_append_string(&found, opening);
	buffer_append_string(&found, "{\"S\":\"x\"}");
	for (int i = 0; i < levels; i++)
		buffer_append_string(&found, closing);
	buffer_append_string(&found, "}}");
	return decode(&arena, NULL, buffer_bytes(&found), &page);
}

static void
test_nesting(void **state)
{
	DecodedPage page;

	(void) state;
	assert_ok(decode_nested(ATTRIBUTE_DEPTH_MAXIMUM, "{\"L\":[", "]}"));
	assert_ok(decode_nested(ATTRIBUTE_DEPTH_MAXIMUM, "{\"M\":{\"k\":", "}}"));
	assert_int_equal(decode_nested(ATTRIBUTE_DEPTH_MAXIMUM + 1, "{\"L\":[", "]}").code,
	                 RESULT_MALFORMED);
	assert_int_equal(decode_nested(ATTRIBUTE_DEPTH_MAXIMUM + 1, "{\"M\":{\"k\":", "}}").code,
	                 RESULT_MALFORMED);
	assert_int_equal(decode_nested(100000, "{\"L\":[", "]}").code, RESULT_MALFORMED);
	/* what is skipped has its bound too */
	buffer_reset(&found);
	buffer_append_string(&found, "{\"x\":");
	for (int i = 0; i < 100000; i++)
		buffer_append_character(&found, '[');
	assert_int_equal(decode(&arena, NULL, buffer_bytes(&found), &page).code, RESULT_MALFORMED);
}

static void
test_slots(void **state)
{
	static const Bytes names[] = {{"c", 1}, {"a", 1}, {"a longer name", 13}, {"l", 1}};
	static const char body[] =
	    "{\"Items\":["
	    "{\"a\":{\"S\":\"1\"},\"b\":{\"S\":\"2\"},\"c\":{\"S\":\"3\"}},"
	    "{\"a\":{\"S\":\"1\"},\"c\":{\"S\":\"3\"}},"
	    "{\"c\":{\"S\":\"3\"},\"a\":{\"S\":\"1\"}},"
	    "{\"b\":{\"M\":{\"c\":{\"L\":[{\"SS\":[\"x\"]}]}}},\"l\":{\"L\":[{\"S\":\"kept\"}]}},"
	    "{\"a longer name\":{\"N\":\"1\"},\"a longer "
	    "same\":{\"N\":\"1\"}}],\"LastEvaluatedKey\":{\"b\":{\"S\":\"2\"},\"a\":{\"S\":\"1\"}}}";
	const NameTable all = {names, 4, false};
	const NameTable known = {names, 4, true};
	DecodedPage page;

	(void) state;
	assert_ok(decode(&arena, &all, bytes_of_string(body), &page));
	assert_int_equal(page.items[0].attributes[0].slot, 1);
	assert_int_equal(page.items[0].attributes[1].slot, ATTRIBUTE_NO_SLOT);
	assert_int_equal(page.items[0].attributes[2].slot, 0);
	assert_int_equal(page.items[1].attributes[1].slot, 0);
	assert_int_equal(page.items[2].attributes[0].slot, 0);
	assert_int_equal(page.items[2].attributes[1].slot, 1);
	assert_int_equal(page.items[3].attributes[0].value.attributes[0].slot, ATTRIBUTE_NO_SLOT);
	assert_int_equal(page.items[4].attributes[0].slot, 2);
	assert_int_equal(page.items[4].attributes[1].slot, ATTRIBUTE_NO_SLOT);

	assert_ok(decode(&arena, &known, bytes_of_string(body), &page));
	assert_int_equal(page.item_count, 5);
	assert_int_equal(page.items[0].count, 2);
	assert_int_equal(page.items[0].attributes[1].slot, 0);
	assert_int_equal(page.items[3].count, 1);
	assert_true(
	    bytes_equal(page.items[3].attributes[0].value.elements[0].bytes, BYTES_LITERAL("kept")));
	/* a key is needed as a whole */
	assert_int_equal(page.last_evaluated_key.count, 2);
}

/* What is left out is checked all the same. */
static void
test_skipped_attributes_are_checked(void **state)
{
	const NameTable none = {NULL, 0, true};

	(void) state;
	for (size_t i = 0; i < MALFORMED_COUNT; i++)
	{
		Bytes body = bytes_of_string(malformed_bodies[i].body);
		DecodedPage page;
		CheckedResult result = decode(&arena, &none, body, &page);

		assert_int_equal(result.code, RESULT_MALFORMED);
		assert_int_equal(result.position, malformed_bodies[i].position);
		arena_reset(&arena);
	}
}

/* {"Items":[…]}: one item of `count` attributes, the last named as `last` says. */
static void
write_wide_item(ByteBuffer *buffer, int count, int last)
{
	buffer_append_string(buffer, "{\"Items\":[{");
	for (int i = 0; i < count; i++)
	{
		buffer_append_string(buffer, i == 0 ? "\"n" : ",\"n");
		buffer_append_integer(buffer, i == count - 1 ? last : i);
		buffer_append_string(buffer, "\":{\"N\":\"1\"}");
	}
	buffer_append_string(buffer, "}]}");
}

static void
test_names_occur_once(void **state)
{
	static const int counts[] = {2, 3, 6, 7, 8, 50, 20000};
	DecodedPage page;

	(void) state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
	{
		buffer_reset(&found);
		write_wide_item(&found, counts[i], counts[i] - 1);
		assert_ok(decode(&arena, NULL, buffer_bytes(&found), &page));
		assert_int_equal(page.items[0].count, counts[i]);
		buffer_reset(&found);
		write_wide_item(&found, counts[i], counts[i] / 2);
		if (counts[i] / 2 < counts[i] - 1)
			assert_int_equal(decode(&arena, NULL, buffer_bytes(&found), &page).code,
			                 RESULT_MALFORMED);
		arena_reset(&arena);
	}
}

/* After an item in one order: the second in another order, with the same name twice. */
static void
test_names_occur_once_in_later_items(void **state)
{
	static const char *const second_items[] = {
	    "{\"a\":{\"N\":\"1\"},\"a\":{\"N\":\"1\"}}",
	    "{\"b\":{\"N\":\"1\"},\"c\":{\"N\":\"1\"},\"b\":{\"N\":\"1\"}}",
	    "{\"c\":{\"N\":\"1\"},\"a\":{\"N\":\"1\"},\"c\":{\"N\":\"1\"}}",
	    "{\"a\":{\"N\":\"1\"},\"x\":{\"N\":\"1\"},\"x\":{\"N\":\"1\"}}",
	    "{\"a\":{\"N\":\"1\"},\"b\":{\"N\":\"1\"},\"c\":{\"N\":\"1\"},\"a\":{\"N\":\"1\"}}",
	};
	DecodedPage page;

	(void) state;
	for (size_t i = 0; i < sizeof(second_items) / sizeof(second_items[0]); i++)
	{
		buffer_reset(&found);
		buffer_append_string(&found, "{\"Items\":[{\"a\":{\"N\":\"1\"},\"b\":{\"N\":\"1\"},"
		                             "\"c\":{\"N\":\"1\"}},");
		buffer_append_string(&found, second_items[i]);
		buffer_append_string(&found, "]}");
		assert_int_equal(decode(&arena, NULL, buffer_bytes(&found), &page).code, RESULT_MALFORMED);
	}
}

/* Strings that are much longer than blocks and pieces, in time that is not their square. */
static void
test_long_string(void **state)
{
	const size_t length = 3 * 1024 * 1024;
	DecodedPage page;

	(void) state;
	buffer_reset(&found);
	buffer_append_string(&found, "{\"Item\":{\"a\":{\"S\":\"");
	for (size_t i = 0; i < length; i++)
		buffer_append_character(&found, (char) ('a' + i % 26));
	buffer_append_string(&found, "\"}}}");
	assert_ok(decode_bytewise(&arena, NULL, buffer_bytes(&found), &page));
	assert_int_equal(page.items[0].attributes[0].value.bytes.length, length);
	assert_memory_equal(page.items[0].attributes[0].value.bytes.data, found.data + 19, length);
	arena_reset(&arena);
}

/* Many items, so that strings, arrays and stacks pass from block to block. */
static void
test_many_items(void **state)
{
	const int count = 30000;
	size_t cuts[200];
	DecodedPage page;

	(void) state;
	buffer_reset(&found);
	buffer_append_string(&found, "{\"Items\":[");
	for (int i = 0; i < count; i++)
	{
		buffer_append_string(&found, i == 0 ? "{\"id\":{\"N\":\"" : ",{\"id\":{\"N\":\"");
		buffer_append_integer(&found, i);
		buffer_append_string(&found, "\"},\"l\":{\"L\":[{\"S\":\"e\\u0301\"},{\"N\":\"2\"}]}}");
	}
	buffer_append_string(&found, "]}");
	for (size_t i = 0; i < 200; i++)
		cuts[i] = i * i * 31 % 1000 + i * 8000;
	assert_ok(decode_cut(&arena, NULL, buffer_bytes(&found), cuts, 200, &page));
	assert_int_equal(page.item_count, count);
	for (int i = 0; i < count; i++)
	{
		char id[16];

		snprintf(id, sizeof(id), "%d", i);
		assert_true(bytes_equal(page.items[i].attributes[0].value.bytes, bytes_of_string(id)));
		assert_true(bytes_equal(page.items[i].attributes[1].value.elements[0].bytes,
		                        BYTES_LITERAL("e\xcc\x81")));
	}
	arena_reset(&arena);
}

/* Unprocessed requests, larger than any block, come back byte for byte. */
static void
test_long_unprocessed(void **state)
{
	DecodedPage page;

	(void) state;
	buffer_reset(&expected);
	buffer_append_string(&expected, "{\"t\":[\"\\u00e9\"");
	for (int i = 0; i < 100000; i++)
		buffer_append_string(&expected, ",{\"k\": \"\\\"v\\\"\"}");
	buffer_append_string(&expected, "]}");
	buffer_reset(&found);
	buffer_append_string(&found, "{\"UnprocessedItems\":");
	buffer_append_bytes(&found, buffer_bytes(&expected));
	buffer_append_string(&found, "}");
	assert_ok(decode_bytewise(&arena, NULL, buffer_bytes(&found), &page));
	assert_true(bytes_equal(page.unprocessed, buffer_bytes(&expected)));
	arena_reset(&arena);
}

/* Each allocation that can fail fails once; then all is given back. */
static void
test_exhaustion(void **state)
{
	static const Bytes names[] = {{"id", 2}, {"l", 1}};
	const NameTable table = {names, 2, false};

	(void) state;
	buffer_reset(&found);
	write_wide_item(&found, 3000, 2999);
	for (size_t i = 0; i <= RICH_PAGE_COUNT; i++)
	{
		Bytes body = i < RICH_PAGE_COUNT ? bytes_of_string(rich_pages[i]) : buffer_bytes(&found);
		CheckedResult result = result_out_of_memory();

		for (size_t allowed = 0; !result_is_ok(result); allowed++)
		{
			ObservedSource source;
			Arena small;
			DecodedPage page;

			arena_init(&small, observed_source(&source, allowed), ARENA_SECRET, SIZE_MAX);
			result = decode_bytewise(&small, &table, body, &page);
			if (!result_is_ok(result))
				assert_int_equal(result.code, RESULT_OUT_OF_MEMORY);
			arena_release(&small);
			assert_int_equal(source.live, 0);
			assert_int_equal(source.released_dirty, 0);
		}
	}
}

static void
test_memory_is_bounded(void **state)
{
	CheckedResult result = result_out_of_memory();

	(void) state;
	buffer_reset(&found);
	write_wide_item(&found, 3000, 2999);
	for (size_t maximum = 16 * 1024; !result_is_ok(result); maximum += 7919)
	{
		Arena small;
		DecodedPage page;

		arena_init(&small, malloc_block_source, ARENA_PLAIN, maximum);
		result = decode(&small, NULL, buffer_bytes(&found), &page);
		if (!result_is_ok(result))
			assert_int_equal(result.code, RESULT_TOO_LARGE);
		arena_release(&small);
		assert_true(maximum < 30 * found.length);
	}
}

/* The arena is full at every place where one can be, and a little before. */
static void
test_full_at_every_place(void **state)
{
	static const Bytes names[] = {{"id", 2}, {"a name of several words", 23}};
	const NameTable table = {names, 2, true};

	(void) state;
	for (size_t i = 0; i <= RICH_PAGE_COUNT; i++)
	{
		CheckedResult result = result_out_of_memory();
		Bytes body;

		buffer_reset(&found);
		write_wide_item(&found, 200, 199);
		body = i < RICH_PAGE_COUNT ? bytes_of_string(rich_pages[i]) : buffer_bytes(&found);
		for (size_t maximum = 0; !result_is_ok(result); maximum += 16)
		{
			Arena small;
			DecodedPage page;

			arena_init(&small, malloc_block_source, ARENA_PLAIN, maximum);
			result = decode_bytewise(&small, &table, body, &page);
			assert_int_not_equal(result.code, RESULT_MALFORMED);
			arena_release(&small);
			assert_true(maximum < 200000);
		}
	}
}

/* The same for a single item. */
static void
test_full_while_decoding_an_item(void **state)
{
	static const char json[] =
	    "{\"a\":{\"M\":{\"k\":{\"L\":[{\"NULL\":true}]}}},\"b\":{\"S\":\"x\"}}";
	CheckedResult result = result_out_of_memory();

	(void) state;
	for (size_t maximum = 0; !result_is_ok(result); maximum += 16)
	{
		Arena small;
		DynamodbItem item;

		arena_init(&small, malloc_block_source, ARENA_PLAIN, maximum);
		result = item_decode(&small, bytes_of_string(json), &item);
		if (!result_is_ok(result))
			assert_int_equal(result.code, RESULT_TOO_LARGE);
		arena_release(&small);
		assert_true(maximum < 50000);
	}
}

static void
test_single_values(void **state)
{
	static const char *const refused[] = {"",
	                                      "{",
	                                      "{}",
	                                      "{\"S\":\"a\"}x",
	                                      "[{\"S\":\"a\"}]",
	                                      "\"a\"",
	                                      "null",
	                                      "{\"S\":\"a\"},",
	                                      "{\"S\":\"a\",\"S\":\"b\"}"};
	AttributeValue value;
	DynamodbItem item;

	(void) state;
	assert_ok(
	    attribute_value_decode(&arena, BYTES_LITERAL(" {\"L\":[{\"NS\":[\"1\"]}]} "), &value));
	assert_int_equal(value.type, ATTRIBUTE_L);
	assert_int_equal(value.elements[0].type, ATTRIBUTE_NS);
	assert_ok(attribute_value_decode(&arena, BYTES_LITERAL("{\"BOOL\":false}"), &value));
	assert_int_equal(value.type, ATTRIBUTE_BOOL);
	assert_ok(item_decode(&arena, BYTES_LITERAL("{}"), &item));
	assert_int_equal(item.count, 0);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		assert_int_equal(attribute_value_decode(&arena, bytes_of_string(refused[i]), &value).code,
		                 RESULT_MALFORMED);
	}
	assert_int_equal(item_decode(&arena, BYTES_LITERAL("{\"a\":1}"), &item).code, RESULT_MALFORMED);
	assert_int_equal(item_decode(&arena, BYTES_LITERAL("{}}"), &item).code, RESULT_MALFORMED);
	assert_int_equal(item_decode(&arena, BYTES_EMPTY, &item).code, RESULT_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_scan),
	    cmocka_unit_test(test_unusual_spelling),
	    cmocka_unit_test(test_batches),
	    cmocka_unit_test(test_stream_records),
	    cmocka_unit_test(test_writes),
	    cmocka_unit_test(test_absent_members),
	    cmocka_unit_test(test_cut_anywhere),
	    cmocka_unit_test(test_usual_attributes_with_any_byte_changed),
	    cmocka_unit_test(test_written_items_are_read_back),
	    cmocka_unit_test(test_malformed),
	    cmocka_unit_test(test_zero_byte_in_body),
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_failure_sticks),
	    cmocka_unit_test(test_nesting),
	    cmocka_unit_test(test_slots),
	    cmocka_unit_test(test_skipped_attributes_are_checked),
	    cmocka_unit_test(test_names_occur_once),
	    cmocka_unit_test(test_names_occur_once_in_later_items),
	    cmocka_unit_test(test_long_string),
	    cmocka_unit_test(test_many_items),
	    cmocka_unit_test(test_long_unprocessed),
	    cmocka_unit_test(test_exhaustion),
	    cmocka_unit_test(test_memory_is_bounded),
	    cmocka_unit_test(test_full_at_every_place),
	    cmocka_unit_test(test_full_while_decoding_an_item),
	    cmocka_unit_test(test_single_values),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
