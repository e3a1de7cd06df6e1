/*
 * test_dynamodb_table.c
 *		Requests of the control plane, their answers, differences of tables, texts of indexes.
 */
#include "aws/dynamodb_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aws/index_definitions.h"
#include "unit/exhaustion.h"
#include "unit/fixture.h"

/* A table of hash key "id", string, on demand. */
static TableDefinition
small_table(void)
{
	TableDefinition definition = {
	    .table = {.name = BYTES_LITERAL("tab"), .status = BYTES_LITERAL("ACTIVE")}};

	definition.table.keys.hash[0] = (KeyAttribute){BYTES_LITERAL("id"), ATTRIBUTE_S};
	definition.table.keys.hash_count = 1;
	definition.table.on_demand = true;
	return definition;
}

static void
small_tables_are_made_of_few_words(void **state)
{
	TableDefinition definition = small_table();

	assert_body(dynamodb_write_create_table(&definition, &buffer),
	            "{\"TableName\":\"tab\",\"BillingMode\":\"PAY_PER_REQUEST\","
	            "\"AttributeDefinitions\":[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"}],"
	            "\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}]}");
}

/* Attributes of several keys are defined once. */
static void
tables_have_all_their_parts(void **state)
{
	TableDefinition definition = small_table();
	Bytes included[] = {BYTES_LITERAL("x"), BYTES_LITERAL("y")};
	TableTag tag = {BYTES_LITERAL("team"), BYTES_LITERAL("")};
	IndexDescription indexes[] = {
	    {.name = BYTES_LITERAL("glo"),
	     .global = true,
	     .read_capacity_units = 3,
	     .write_capacity_units = 4,
	     .projection = PROJECTION_INCLUDE,
	     .included = included,
	     .included_count = 2},
	    {.name = BYTES_LITERAL("loc"), .projection = PROJECTION_KEYS_ONLY},
	};

	indexes[0].keys =
	    (KeySchema){.hash = {{BYTES_LITERAL("at"), ATTRIBUTE_N}, {BYTES_LITERAL("b"), ATTRIBUTE_B}},
	                .hash_count = 2,
	                .range = {{BYTES_LITERAL("id"), ATTRIBUTE_S}},
	                .range_count = 1};
	indexes[1].keys = (KeySchema){.hash = {{BYTES_LITERAL("id"), ATTRIBUTE_S}},
	                              .hash_count = 1,
	                              .range = {{BYTES_LITERAL("b"), ATTRIBUTE_B}},
	                              .range_count = 1};
	definition.table.keys.range[0] = (KeyAttribute){BYTES_LITERAL("at"), ATTRIBUTE_N};
	definition.table.keys.range_count = 1;
	definition.table.indexes = indexes;
	definition.table.index_count = 2;
	definition.table.on_demand = false;
	definition.table.read_capacity_units = 1;
	definition.table.write_capacity_units = 2;
	definition.table.stream_view_type = BYTES_LITERAL("NEW_IMAGE");
	definition.table.has_kms_key = true;
	definition.table.kms_key_id = BYTES_LITERAL("key");
	definition.table.deletion_protection = true;
	definition.tags = (TableTags){.tags = &tag, .count = 1};
	assert_body(
	    dynamodb_write_create_table(&definition, &buffer),
	    "{\"TableName\":\"tab\",\"BillingMode\":\"PROVISIONED\",\"AttributeDefinitions\":["
	    "{\"AttributeName\":\"id\",\"AttributeType\":\"S\"},"
	    "{\"AttributeName\":\"at\",\"AttributeType\":\"N\"},"
	    "{\"AttributeName\":\"b\",\"AttributeType\":\"B\"}],"
	    "\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"},"
	    "{\"AttributeName\":\"at\",\"KeyType\":\"RANGE\"}],"
	    "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":1,\"WriteCapacityUnits\":2},"
	    "\"LocalSecondaryIndexes\":[{\"IndexName\":\"loc\",\"KeySchema\":["
	    "{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"},"
	    "{\"AttributeName\":\"b\",\"KeyType\":\"RANGE\"}],"
	    "\"Projection\":{\"ProjectionType\":\"KEYS_ONLY\"}}],"
	    "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"glo\",\"KeySchema\":["
	    "{\"AttributeName\":\"at\",\"KeyType\":\"HASH\"},"
	    "{\"AttributeName\":\"b\",\"KeyType\":\"HASH\"},"
	    "{\"AttributeName\":\"id\",\"KeyType\":\"RANGE\"}],"
	    "\"Projection\":{\"ProjectionType\":\"INCLUDE\",\"NonKeyAttributes\":[\"x\",\"y\"]},"
	    "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":3,\"WriteCapacityUnits\":4}}],"
	    "\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"NEW_IMAGE\"},"
	    "\"SSESpecification\":{\"Enabled\":true,\"SSEType\":\"KMS\",\"KMSMasterKeyId\":\"key\"},"
	    "\"DeletionProtectionEnabled\":true,\"Tags\":[{\"Key\":\"team\",\"Value\":\"\"}]}");
}

static void
the_key_that_aws_manages_is_not_named(void **state)
{
	TableDefinition definition = small_table();

	definition.table.has_kms_key = true;
	definition.table.kms_key_id = DYNAMODB_KEY_ALIAS;
	assert_body(dynamodb_write_create_table(&definition, &buffer),
	            "{\"TableName\":\"tab\",\"BillingMode\":\"PAY_PER_REQUEST\","
	            "\"AttributeDefinitions\":[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"}],"
	            "\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],"
	            "\"SSESpecification\":{\"Enabled\":true,\"SSEType\":\"KMS\"}}");
}

static void
other_requests_are_small(void **state)
{
	Bytes name = BYTES_LITERAL("tab");

	assert_body(dynamodb_write_delete_table(name, &buffer), "{\"TableName\":\"tab\"}");
	assert_body(dynamodb_write_describe_continuous_backups(name, &buffer),
	            "{\"TableName\":\"tab\"}");
	assert_body(dynamodb_write_update_time_to_live(name, BYTES_LITERAL("exp"), &buffer),
	            "{\"TableName\":\"tab\",\"TimeToLiveSpecification\":"
	            "{\"Enabled\":true,\"AttributeName\":\"exp\"}}");
	assert_body(dynamodb_write_update_continuous_backups(name, &buffer),
	            "{\"TableName\":\"tab\",\"PointInTimeRecoverySpecification\":"
	            "{\"PointInTimeRecoveryEnabled\":true}}");
	assert_body(dynamodb_write_list_tags(BYTES_LITERAL("arn"), BYTES_EMPTY, &buffer),
	            "{\"ResourceArn\":\"arn\"}");
	assert_body(dynamodb_write_list_tags(BYTES_LITERAL("arn"), BYTES_LITERAL("next"), &buffer),
	            "{\"ResourceArn\":\"arn\",\"NextToken\":\"next\"}");
}

/* ---- answers ---- */

static void
descriptions_tell_everything_that_can_be_wanted(void **state)
{
	const char *json =
	    "{\"Table\":{\"TableName\":\"tab\",\"TableStatus\":\"ACTIVE\",\"TableArn\":\"arn:t\","
	    "\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],"
	    "\"AttributeDefinitions\":[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"}],"
	    "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":1,\"WriteCapacityUnits\":2},"
	    "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"glo\",\"IndexStatus\":\"%s\",\"KeySchema\":["
	    "{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],"
	    "\"Projection\":{\"ProjectionType\":\"ALL\"},"
	    "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":3,\"WriteCapacityUnits\":4}}],"
	    "\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"NEW_IMAGE\"},"
	    "\"SSEDescription\":{\"Status\":\"ENABLED\",\"SSEType\":\"KMS\",\"KMSMasterKeyArn\":"
	    "\"arn:k\"},\"DeletionProtectionEnabled\":true}}";
	TableDescription table;
	char text[2048];

	sprintf(text, json, "ACTIVE");
	assert_int_equal(dynamodb_read_table_description(&arena, bytes_of_string(text), &table).code,
	                 RESULT_OK);
	assert_true(bytes_equal(table.arn, BYTES_LITERAL("arn:t")));
	assert_false(table.on_demand);
	assert_int_equal(table.read_capacity_units, 1);
	assert_int_equal(table.write_capacity_units, 2);
	assert_int_equal(table.indexes[0].read_capacity_units, 3);
	assert_int_equal(table.indexes[0].write_capacity_units, 4);
	assert_true(bytes_equal(table.stream_view_type, BYTES_LITERAL("NEW_IMAGE")));
	assert_true(table.has_kms_key);
	assert_true(bytes_equal(table.kms_key_id, BYTES_LITERAL("arn:k")));
	assert_true(table.deletion_protection);
	assert_true(table_is_active(&table));
	sprintf(text, json, "CREATING");
	assert_int_equal(dynamodb_read_table_description(&arena, bytes_of_string(text), &table).code,
	                 RESULT_OK);
	assert_false(table_is_active(&table));
	table.index_count = 0;
	assert_true(table_is_active(&table));
	table.status = BYTES_LITERAL("UPDATING");
	assert_false(table_is_active(&table));
}

static void
what_is_off_is_as_if_it_were_not_there(void **state)
{
	Bytes json = BYTES_LITERAL(
	    "{\"Table\":{\"TableName\":\"tab\",\"TableStatus\":\"ACTIVE\","
	    "\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],"
	    "\"AttributeDefinitions\":[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"}],"
	    "\"StreamSpecification\":{\"StreamEnabled\":false},"
	    "\"SSEDescription\":{\"Status\":\"DISABLED\"},"
	    "\"DeletionProtectionEnabled\":false}}");
	TableDescription table;

	assert_int_equal(dynamodb_read_table_description(&arena, json, &table).code, RESULT_OK);
	assert_int_equal(table.arn.length, 0);
	assert_int_equal(table.stream_view_type.length, 0);
	assert_false(table.has_kms_key);
	assert_false(table.deletion_protection);
}

static void
answers_about_parts_are_read(void **state)
{
	Bytes attribute;
	Bytes next;
	TableTags tags = {.count = 0};
	bool enabled;

	assert_int_equal(
	    dynamodb_read_time_to_live(&arena,
	                               BYTES_LITERAL("{\"TimeToLiveDescription\":{\"TimeToLiveStatus\":"
	                                             "\"ENABLING\",\"AttributeName\":\"exp\"}}"),
	                               true, &attribute)
	        .code,
	    RESULT_OK);
	assert_true(bytes_equal(attribute, BYTES_LITERAL("exp")));
	assert_int_equal(
	    dynamodb_read_time_to_live(&arena,
	                               BYTES_LITERAL("{\"TimeToLiveDescription\":{\"TimeToLiveStatus\":"
	                                             "\"DISABLING\",\"AttributeName\":\"exp\"}}"),
	                               true, &attribute)
	        .code,
	    RESULT_OK);
	assert_int_equal(attribute.length, 0);
	assert_int_equal(dynamodb_read_point_in_time_recovery(
	                     BYTES_LITERAL("{\"ContinuousBackupsDescription\":{"
	                                   "\"PointInTimeRecoveryDescription\":{"
	                                   "\"PointInTimeRecoveryStatus\":\"ENABLED\"}}}"),
	                     &enabled)
	                     .code,
	                 RESULT_OK);
	assert_true(enabled);
	assert_int_equal(dynamodb_read_point_in_time_recovery(
	                     BYTES_LITERAL("{\"ContinuousBackupsDescription\":{}}"), &enabled)
	                     .code,
	                 RESULT_OK);
	assert_false(enabled);
	assert_int_equal(dynamodb_read_tags(&arena,
	                                    BYTES_LITERAL("{\"Tags\":[{\"Key\":\"a\",\"Value\":\"\"}],"
	                                                  "\"NextToken\":\"n\"}"),
	                                    &tags, &next)
	                     .code,
	                 RESULT_OK);
	assert_true(bytes_equal(next, BYTES_LITERAL("n")));
	assert_int_equal(
	    dynamodb_read_tags(&arena, BYTES_LITERAL("{\"Tags\":[{\"Key\":\"b\",\"Value\":\"2\"}]}"),
	                       &tags, &next)
	        .code,
	    RESULT_OK);
	assert_int_equal(next.length, 0);
	assert_int_equal(tags.count, 2);
	assert_true(bytes_equal(tags.tags[0].key, BYTES_LITERAL("a")));
	assert_int_equal(tags.tags[0].value.length, 0);
	assert_true(bytes_equal(tags.tags[1].value, BYTES_LITERAL("2")));
}

static void
what_is_no_answer_is_malformed(void **state)
{
	static const char *const texts[] = {"", "[]", "{}", "{\"Tags\":{}}",
	                                    "{\"TimeToLiveDescription\":5}"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		Bytes text = bytes_of_string(texts[i]);
		TableTags tags = {.count = 0};
		Bytes bytes;
		bool enabled;

		assert_int_equal(dynamodb_read_time_to_live(&arena, text, true, &bytes).code,
		                 RESULT_MALFORMED);
		assert_int_equal(dynamodb_read_point_in_time_recovery(text, &enabled).code,
		                 RESULT_MALFORMED);
		assert_int_equal(dynamodb_read_tags(&arena, text, &tags, &bytes).code, RESULT_MALFORMED);
	}
}

/* ---- differences ---- */

static void
assert_differences(const TableDefinition *wanted, const TableDescription *found,
                   const char *expected)
{
	TableTags no_tags = {.count = 0};

	table_write_differences(&buffer, wanted, found, &no_tags);
	if (!bytes_equal(buffer_bytes(&buffer), bytes_of_string(expected)))
		fail_msg("%.*s\nis not\n%s", (int) buffer.length, buffer.data, expected);
	buffer_reset(&buffer);
}

static void
keys_are_always_compared(void **state)
{
	TableDefinition wanted = small_table();
	TableDescription found = small_table().table;

	assert_differences(&wanted, &found, "");
	found.keys.hash[0].type = ATTRIBUTE_N;
	assert_differences(&wanted, &found,
	                   "The keys of the table are hash \"id\" (N), not hash \"id\" (S).");
	found.keys = wanted.table.keys;
	found.keys.range[0] = (KeyAttribute){BYTES_LITERAL("at"), ATTRIBUTE_B};
	found.keys.range_count = 1;
	assert_differences(
	    &wanted, &found,
	    "The keys of the table are hash \"id\" (S), range \"at\" (B), not hash \"id\" (S).");
}

/* What the definition does not speak of may be anything. */
static void
only_what_is_said_is_compared(void **state)
{
	IndexDescription index = {.name = BYTES_LITERAL("glo"), .global = true};
	TableDefinition wanted = small_table();
	TableDescription found = small_table().table;

	found.on_demand = false;
	found.read_capacity_units = found.write_capacity_units = 5;
	found.stream_view_type = BYTES_LITERAL("NEW_IMAGE");
	found.has_kms_key = true;
	found.deletion_protection = true;
	index.keys = found.keys;
	found.indexes = &index;
	found.index_count = 1;
	assert_differences(&wanted, &found, "");
	wanted.says = TABLE_SAYS_CAPACITY | TABLE_SAYS_GLOBAL_INDEXES | TABLE_SAYS_LOCAL_INDEXES |
	              TABLE_SAYS_STREAM | TABLE_SAYS_DELETION_PROTECTION;
	assert_differences(&wanted, &found,
	                   "Global index \"glo\" is not wanted. The billing mode is PROVISIONED, not "
	                   "PAY_PER_REQUEST. The stream's view type is NEW_IMAGE, not none. Deletion "
	                   "protection is on, not off.");
}

static void
included_attributes_have_no_order(void **state)
{
	Bytes one_way[] = {BYTES_LITERAL("a"), BYTES_LITERAL("b")};
	Bytes other_way[] = {BYTES_LITERAL("b"), BYTES_LITERAL("a")};
	IndexDescription wanted_index = {.name = BYTES_LITERAL("loc"),
	                                 .projection = PROJECTION_INCLUDE,
	                                 .included = one_way,
	                                 .included_count = 2};
	IndexDescription found_index = wanted_index;
	TableDefinition wanted = small_table();
	TableDescription found = small_table().table;

	wanted_index.keys = found_index.keys = found.keys;
	found_index.included = other_way;
	wanted.says = TABLE_SAYS_LOCAL_INDEXES;
	wanted.table.indexes = &wanted_index;
	found.indexes = &found_index;
	wanted.table.index_count = found.index_count = 1;
	assert_differences(&wanted, &found, "");
	other_way[1] = BYTES_LITERAL("c");
	assert_differences(&wanted, &found,
	                   "The projection of local index \"loc\" is INCLUDE (\"b\", \"c\"), not "
	                   "INCLUDE (\"a\", \"b\").");
}

/* ---- texts of indexes and tags ---- */

static void
indexes_are_parsed(void **state)
{
	IndexDescription *indexes;
	uint32_t count;

	assert_int_equal(
	    index_definitions_parse(
	        &arena,
	        BYTES_LITERAL(" {\"by_a\": {\"hash\": \"a\"},\n"
	                      "\"by.b\": {\"hash\": [\"b\", \"\\u00fc\"], \"range\": \"c\","
	                      "\"projection\": [\"d\"], \"read_capacity_units\": 1,"
	                      "\"write_capacity_units\": 2000000000},"
	                      "\"by-c\": {\"projection\": \"keys_only\", \"hash\": \"c\"}} "),
	        true, &indexes, &count)
	        .code,
	    RESULT_OK);
	assert_int_equal(count, 3);
	assert_true(bytes_equal(indexes[0].name, BYTES_LITERAL("by_a")));
	assert_true(indexes[0].global);
	assert_int_equal(indexes[0].projection, PROJECTION_ALL);
	assert_int_equal(indexes[0].read_capacity_units, 0);
	assert_int_equal(indexes[1].keys.hash_count, 2);
	assert_true(bytes_equal(indexes[1].keys.hash[1].name, BYTES_LITERAL("\xc3\xbc")));
	assert_true(bytes_equal(indexes[1].keys.range[0].name, BYTES_LITERAL("c")));
	assert_int_equal(indexes[1].projection, PROJECTION_INCLUDE);
	assert_true(bytes_equal(indexes[1].included[0], BYTES_LITERAL("d")));
	assert_int_equal(indexes[1].write_capacity_units, 2000000000);
	assert_int_equal(indexes[2].projection, PROJECTION_KEYS_ONLY);
	assert_int_equal(index_definitions_parse(&arena,
	                                         BYTES_LITERAL("{\"by_a\": {\"range\": \"a\"}}"), false,
	                                         &indexes, &count)
	                     .code,
	                 RESULT_OK);
	assert_int_equal(indexes[0].keys.hash_count, 0);
	assert_int_equal(
	    index_definitions_parse(&arena, BYTES_LITERAL("{}"), false, &indexes, &count).code,
	    RESULT_OK);
	assert_int_equal(count, 0);
}

/* A bar stands where the text goes wrong. */
static void
wrong_texts_are_malformed_where_they_go_wrong(void **state)
{
	static const struct
	{
		const char *text;
		bool global;
	} wrong[] = {
	    {"|", true},
	    {"|[]", true},
	    {"{\"by_a\":{\"hash\":\"a\"}|", true},
	    {"{\"by_a\":{\"hash\":\"a\"}} |x", true},
	    {"{\"by_a\":|5}", true},
	    {"{\"|ab\":{\"hash\":\"a\"}}", true},
	    {"{\"|a b\":{\"hash\":\"a\"}}", true},
	    {"{\"by_a\":{\"hash\":\"a\"},\"|by_a\":{\"hash\":\"a\"}}", true},
	    {"{\"by_a\":|{}}", true},
	    {"{\"by_a\":|{\"range\":\"a\"}}", true},
	    {"{\"by_a\":{\"hash\":|\"\"}}", true},
	    {"{\"by_a\":{\"hash\":|null}}", true},
	    {"{\"by_a\":{\"hash\":|[]}}", true},
	    {"{\"by_a\":{\"hash\":[|5]}}", true},
	    {"{\"by_a\":{\"hash\":[\"a\",\"b\",\"c\",\"d\",|\"e\"]}}", true},
	    {"{\"by_a\":{\"hash\":\"a\",\"|hash\":\"a\"}}", true},
	    {"{\"by_a\":{\"hash\":\"a\",\"|Range\":\"a\"}}", true},
	    {"{\"by_a\":{\"hash\":\"a\",\"projection\":|\"ALL\"}}", true},
	    {"{\"by_a\":{\"hash\":\"a\",\"projection\":|[]}}", true},
	    {"{\"by_a\":{\"hash\":\"a\",\"projection\":[|1]}}", true},
	    {"{\"by_a\":|{\"hash\":\"a\",\"read_capacity_units\":1}}", true},
	    {"{\"by_a\":{\"hash\":\"a\",\"read_capacity_units\":|0}}", true},
	    {"{\"by_a\":{\"hash\":\"a\",\"read_capacity_units\":|-1}}", true},
	    {"{\"by_a\":{\"hash\":\"a\",\"read_capacity_units\":|\"1\"}}", true},
	    {"{\"by_a\":{\"hash\":\"a\",\"read_capacity_units\":|1.5}}", true},
	    {"{\"by_a\":{\"hash\":\"a\",\"read_capacity_units\":|3000000000}}", true},
	    {"{\"by_a\":{\"|hash\":\"a\",\"range\":\"b\"}}", false},
	    {"{\"by_a\":{\"range\":|[\"b\"]}}", false},
	    {"{\"by_a\":|{}}", false},
	    {"{\"by_a\":{\"range\":\"b\",\"|read_capacity_units\":1}}", false},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		size_t position = (size_t) (strchr(wrong[i].text, '|') - wrong[i].text);
		char text[256];
		IndexDescription *indexes;
		uint32_t count;
		CheckedResult result;

		strcpy(text, wrong[i].text);
		memmove(text + position, wrong[i].text + position + 1, strlen(wrong[i].text) - position);
		result = index_definitions_parse(&arena, bytes_of_string(text), wrong[i].global, &indexes,
		                                 &count);
		if (result.code != RESULT_MALFORMED || result.position != position)
			fail_msg("%s: %d %zu %s", wrong[i].text, (int) result.code, result.position,
			         result.message);
	}
}

static void
tags_are_parsed(void **state)
{
	static const char *const wrong[] = {"", "[]", "{\"a\":1}", "{\"\":\"x\"}", "{\"a\":{}}"};
	TableTags tags;

	assert_int_equal(
	    table_tags_parse(&arena, BYTES_LITERAL("{\"a\":\"\",\"b\\n\":\"2\"}"), &tags).code,
	    RESULT_OK);
	assert_int_equal(tags.count, 2);
	assert_int_equal(tags.tags[0].value.length, 0);
	assert_true(bytes_equal(tags.tags[1].key, BYTES_LITERAL("b\n")));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(table_tags_parse(&arena, bytes_of_string(wrong[i]), &tags).code,
		                 RESULT_MALFORMED);
}

static CheckedResult
parse_without_memory(Arena *limited)
{
	IndexDescription *indexes;
	uint32_t count;
	TableTags tags;
	Bytes next;

	RETURN_IF_FAILED(index_definitions_parse(
	    limited,
	    BYTES_LITERAL("{\"by_a\":{\"hash\":\"a\",\"range\":\"b\",\"projection\":[\"c\",\"d\"]}}"),
	    true, &indexes, &count));
	RETURN_IF_FAILED(table_tags_parse(limited, BYTES_LITERAL("{\"a\":\"b\"}"), &tags));
	return dynamodb_read_tags(limited, BYTES_LITERAL("{\"Tags\":[{\"Key\":\"a\"}]}"), &tags, &next);
}

static void
exhaustion_is_survived(void **state)
{
	assert_survives_exhaustion(parse_without_memory);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(small_tables_are_made_of_few_words),
	    TEST(tables_have_all_their_parts),
	    TEST(the_key_that_aws_manages_is_not_named),
	    TEST(other_requests_are_small),
	    TEST(descriptions_tell_everything_that_can_be_wanted),
	    TEST(what_is_off_is_as_if_it_were_not_there),
	    TEST(answers_about_parts_are_read),
	    TEST(what_is_no_answer_is_malformed),
	    TEST(keys_are_always_compared),
	    TEST(only_what_is_said_is_compared),
	    TEST(included_attributes_have_no_order),
	    TEST(indexes_are_parsed),
	    TEST(wrong_texts_are_malformed_where_they_go_wrong),
	    TEST(tags_are_parsed),
	    TEST(exhaustion_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
