/*
 * test_dynamodb_streams.c
 *		Requests to DynamoDB Streams, its answers, and the order of sequence numbers.
 */
#include "aws/dynamodb_streams.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aws/description.h"
#include "unit/exhaustion.h"

static Arena arena;
static ByteBuffer buffer;

static int
set_up(void **state)
{
	arena_init(&arena, malloc_block_source, ARENA_PLAIN, 16 * 1024 * 1024);
	buffer_init(&buffer, malloc_block_source, ARENA_PLAIN, 1024 * 1024);
	return 0;
}

static int
tear_down(void **state)
{
	arena_release(&arena);
	buffer_release(&buffer);
	return 0;
}

/* The body is the expected text, and is empty afterwards. */
static void
assert_body(CheckedResult result, const char *expected)
{
	assert_int_equal(result.code, RESULT_OK);
	if (!bytes_equal(buffer_bytes(&buffer), bytes_of_string(expected)))
		fail_msg("%.*s\nis not\n%s", (int) buffer.length, buffer.data, expected);
	buffer_reset(&buffer);
}

static void
lists_of_streams_are_asked_for_in_pages(void **state)
{
	assert_body(streams_write_list_streams(BYTES_LITERAL("tab"), BYTES_EMPTY, &buffer),
	            "{\"TableName\":\"tab\"}");
	assert_body(streams_write_list_streams(BYTES_LITERAL("tab"), BYTES_LITERAL("a:1"), &buffer),
	            "{\"TableName\":\"tab\",\"ExclusiveStartStreamArn\":\"a:1\"}");
	assert_body(streams_write_describe_stream(BYTES_LITERAL("a:1"), BYTES_LITERAL("s"), &buffer),
	            "{\"StreamArn\":\"a:1\",\"ExclusiveStartShardId\":\"s\"}");
}

static void
iterators_name_a_sequence_number_where_they_need_one(void **state)
{
	Bytes arn = BYTES_LITERAL("a");
	Bytes shard = BYTES_LITERAL("s");

	assert_body(
	    streams_write_get_shard_iterator(arn, shard, SHARD_LATEST, BYTES_LITERAL("9"), &buffer),
	    "{\"StreamArn\":\"a\",\"ShardId\":\"s\",\"ShardIteratorType\":\"LATEST\"}");
	assert_body(streams_write_get_shard_iterator(arn, shard, SHARD_AFTER_SEQUENCE_NUMBER,
	                                             BYTES_LITERAL("9"), &buffer),
	            "{\"StreamArn\":\"a\",\"ShardId\":\"s\",\"ShardIteratorType\":"
	            "\"AFTER_SEQUENCE_NUMBER\",\"SequenceNumber\":\"9\"}");
}

static void
records_are_asked_for_by_iterator(void **state)
{
	assert_body(streams_write_get_records(BYTES_LITERAL("i"), 0, &buffer),
	            "{\"ShardIterator\":\"i\"}");
	assert_body(streams_write_get_records(BYTES_LITERAL("i"), 5, &buffer),
	            "{\"ShardIterator\":\"i\",\"Limit\":5}");
}

/* What is written of it; both are in the arena. */
static StreamRecord
read_record(const char *json)
{
	PageDecoder *decoder = page_decoder_create(&arena, NULL);
	DecodedPage page;

	assert_non_null(decoder);
	assert_int_equal(page_decoder_feed(decoder, bytes_of_string(json)).code, RESULT_OK);
	assert_int_equal(page_decoder_finish(decoder, &page).code, RESULT_OK);
	assert_int_equal(page.record_count, 1);
	return page.records[0];
}

/* A record that was read is written as it was. */
static void
assert_kept(const char *json)
{
	StreamRecord record = read_record(json);

	assert_body(streams_write_record(&record, &buffer), json);
}

static void
records_are_written_as_they_are_read(void **state)
{
	assert_kept(
	    "{\"Records\":[{\"eventID\":\"e\\\"1\",\"eventName\":\"MODIFY\",\"dynamodb\":{"
	    "\"ApproximateCreationDateTime\":1700000000.25,"
	    "\"Keys\":{\"id\":{\"N\":\"1.50\"}},"
	    "\"NewImage\":{\"id\":{\"N\":\"1.50\"},\"b\":{\"B\":\"AAE=\"},\"s\":{\"SS\":[\"y\",\"x\"]},"
	    "\"m\":{\"M\":{\"l\":{\"L\":[{\"NULL\":true},{\"BOOL\":false}]}}}},"
	    "\"OldImage\":{\"id\":{\"N\":\"1.50\"}},"
	    "\"SequenceNumber\":\"100000000003498069978\"}}]}");
	assert_kept("{\"Records\":[{\"eventID\":\"\",\"eventName\":\"REMOVE\",\"dynamodb\":{"
	            "\"Keys\":{\"id\":{\"S\":\"a\"}},\"SequenceNumber\":\"7\"}}]}");
}

static void
a_stream_is_enabled_with_both_images(void **state)
{
	assert_body(dynamodb_write_enable_stream(BYTES_LITERAL("tab"), &buffer),
	            "{\"TableName\":\"tab\",\"StreamSpecification\":{\"StreamEnabled\":true,"
	            "\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"}}");
}

static void
names_of_all_pages_are_collected(void **state)
{
	StreamNames names = {0};

	assert_int_equal(
	    streams_read_names(
	        &arena,
	        BYTES_LITERAL("{\"Streams\":[{\"StreamArn\":\"a:1\",\"StreamLabel\":\"1\"}],"
	                      "\"LastEvaluatedStreamArn\":\"a:1\"}"),
	        &names)
	        .code,
	    RESULT_OK);
	assert_true(bytes_equal(names.last_evaluated, BYTES_LITERAL("a:1")));
	assert_int_equal(
	    streams_read_names(
	        &arena, BYTES_LITERAL("{\"Streams\":[{\"StreamArn\":\"a:2\",\"StreamLabel\":\"2\"}]}"),
	        &names)
	        .code,
	    RESULT_OK);
	assert_int_equal(names.count, 2);
	assert_true(bytes_equal(names.names[1].arn, BYTES_LITERAL("a:2")));
	assert_int_equal(names.last_evaluated.length, 0);
}

static const char page_of_shards[] =
    "{\"StreamDescription\":{\"StreamStatus\":\"ENABLED\",\"StreamViewType\":\"NEW_IMAGE\","
    "\"Shards\":["
    "{\"ShardId\":\"s1\",\"SequenceNumberRange\":{\"StartingSequenceNumber\":\"100\","
    "\"EndingSequenceNumber\":\"199\"}},"
    "{\"ShardId\":\"s2\",\"ParentShardId\":\"s1\",\"SequenceNumberRange\":"
    "{\"StartingSequenceNumber\":\"200\"}}],\"LastEvaluatedShardId\":\"s2\"}}";

static void
shards_are_read(void **state)
{
	StreamDescription description = {0};

	assert_int_equal(
	    streams_read_description(&arena, bytes_of_string(page_of_shards), &description).code,
	    RESULT_OK);
	assert_int_equal(description.shard_count, 2);
	assert_true(bytes_equal(description.view_type, BYTES_LITERAL("NEW_IMAGE")));
	assert_int_equal(description.shards[0].parent.length, 0);
	assert_true(bytes_equal(description.shards[0].last, BYTES_LITERAL("199")));
	assert_true(bytes_equal(description.shards[1].parent, BYTES_LITERAL("s1")));
	assert_int_equal(description.shards[1].last.length, 0);
	assert_true(bytes_equal(description.last_evaluated, BYTES_LITERAL("s2")));
}

static void
answers_that_are_none_are_refused(void **state)
{
	StreamDescription description = {0};
	StreamNames names = {0};
	Bytes iterator;

	assert_int_equal(streams_read_names(&arena, BYTES_LITERAL("{}"), &names).code,
	                 RESULT_MALFORMED);
	assert_int_equal(streams_read_names(&arena, BYTES_LITERAL("{\"Streams\":[{}]}"), &names).code,
	                 RESULT_MALFORMED);
	assert_int_equal(streams_read_description(&arena, BYTES_LITERAL("{}"), &description).code,
	                 RESULT_MALFORMED);
	assert_int_equal(
	    streams_read_description(
	        &arena,
	        BYTES_LITERAL("{\"StreamDescription\":{\"StreamStatus\":\"x\",\"Shards\":[1]}}"),
	        &description)
	        .code,
	    RESULT_MALFORMED);
	assert_int_equal(streams_read_shard_iterator(&arena, BYTES_LITERAL("{}"), &iterator).code,
	                 RESULT_MALFORMED);
}

static CheckedResult
read_shards(Arena *exhausted)
{
	StreamDescription description = {0};

	return streams_read_description(exhausted, bytes_of_string(page_of_shards), &description);
}

static void
descriptions_survive_exhaustion(void **state)
{
	assert_survives_exhaustion(read_shards);
}

static void
sequence_numbers_are_ordered_as_numbers(void **state)
{
	assert_true(sequence_number_compare(BYTES_LITERAL("99"), BYTES_LITERAL("100")) < 0);
	assert_true(sequence_number_compare(BYTES_LITERAL("00100"), BYTES_LITERAL("99")) > 0);
	assert_int_equal(sequence_number_compare(BYTES_LITERAL("000"), BYTES_LITERAL("0")), 0);
	assert_true(sequence_number_compare(BYTES_LITERAL("100000000000000000000000000000000001"),
	                                    BYTES_LITERAL("100000000000000000000000000000000002")) < 0);
	assert_true(sequence_number_is_valid(BYTES_LITERAL("000000000000000000001")));
	assert_false(sequence_number_is_valid(BYTES_EMPTY));
	assert_false(sequence_number_is_valid(BYTES_LITERAL("1a")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(lists_of_streams_are_asked_for_in_pages),
	    TEST(iterators_name_a_sequence_number_where_they_need_one),
	    TEST(records_are_asked_for_by_iterator),
	    TEST(records_are_written_as_they_are_read),
	    TEST(a_stream_is_enabled_with_both_images),
	    TEST(names_of_all_pages_are_collected),
	    TEST(shards_are_read),
	    TEST(answers_that_are_none_are_refused),
	    TEST(descriptions_survive_exhaustion),
	    TEST(sequence_numbers_are_ordered_as_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
