/*
 * test_dynamodb.c
 *		Bodies of requests, and descriptions of tables.
 */
#include "aws/dynamodb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/exhaustion.h"
#include "unit/fixture.h"

/* A comparison of an attribute with a number. */
static Condition
compare(ConditionKind kind, const char *name, AttributeValue *number)
{
	return (Condition){.kind = kind, .path = path_of(name), .values = number, .value_count = 1};
}

static void
scans_say_no_more_than_needed(void **state)
{
	ReadRequest request = {.table_name = BYTES_LITERAL("t")};

	assert_body(dynamodb_write_scan(&arena, &request, &buffer),
	            "{\"TableName\":\"t\",\"ReturnConsumedCapacity\":\"TOTAL\"}");
}

static void
scans_have_all_their_parts(void **state)
{
	AttributeValue one = attribute_number(BYTES_LITERAL("1"));
	Condition filter = compare(CONDITION_LESS, "size", &one);
	AttributePath projection[] = {path_of("a"), path_of("size")};
	Attribute key = {BYTES_LITERAL("id"), ATTRIBUTE_NO_SLOT, attribute_string(BYTES_LITERAL("x"))};
	DynamodbItem start = {&key, 1};
	ReadRequest request = {.table_name = BYTES_LITERAL("t"),
	                       .index_name = BYTES_LITERAL("i"),
	                       .filter = &filter,
	                       .projection = projection,
	                       .projection_count = 2,
	                       .consistent_read = true,
	                       .limit = 10,
	                       .segment = 0,
	                       .total_segments = 4,
	                       .exclusive_start_key = &start};

	assert_body(dynamodb_write_scan(&arena, &request, &buffer),
	            "{\"TableName\":\"t\",\"IndexName\":\"i\",\"FilterExpression\":\"#0 < :0\","
	            "\"ProjectionExpression\":\"#1, #0\",\"ConsistentRead\":true,\"Limit\":10,"
	            "\"ExclusiveStartKey\":{\"id\":{\"S\":\"x\"}},\"Segment\":0,\"TotalSegments\":4,"
	            "\"ExpressionAttributeNames\":{\"#0\":\"size\",\"#1\":\"a\"},"
	            "\"ExpressionAttributeValues\":{\":0\":{\"N\":\"1\"}},"
	            "\"ReturnConsumedCapacity\":\"TOTAL\"}");
}

static void
queries_have_all_their_parts(void **state)
{
	AttributeValue one = attribute_number(BYTES_LITERAL("1"));
	AttributeValue text = attribute_string(BYTES_LITERAL("\"\n"));
	Condition key = compare(CONDITION_EQUAL, "id", &one);
	Condition filter = compare(CONDITION_GREATER, "name", &text);
	ReadRequest request = {.table_name = BYTES_LITERAL("t"),
	                       .key_condition = &key,
	                       .filter = &filter,
	                       .backward = true};

	assert_body(dynamodb_write_query(&arena, &request, &buffer),
	            "{\"TableName\":\"t\",\"FilterExpression\":\"#0 > :0\","
	            "\"KeyConditionExpression\":\"#1 = :1\",\"ScanIndexForward\":false,"
	            "\"ExpressionAttributeNames\":{\"#0\":\"name\",\"#1\":\"id\"},"
	            "\"ExpressionAttributeValues\":{\":0\":{\"S\":\"\\\"\\n\"},\":1\":{\"N\":\"1\"}},"
	            "\"ReturnConsumedCapacity\":\"TOTAL\"}");
}

static void
counts_have_no_projection(void **state)
{
	AttributePath projection = path_of("a");
	ReadRequest request = {.table_name = BYTES_LITERAL("t"),
	                       .projection = &projection,
	                       .projection_count = 1,
	                       .count_only = true};

	assert_body(dynamodb_write_scan(&arena, &request, &buffer),
	            "{\"TableName\":\"t\",\"Select\":\"COUNT\",\"ReturnConsumedCapacity\":\"TOTAL\"}");
}

static void
expressions_beyond_the_limit_are_refused(void **state)
{
	static AttributeValue values[5000];
	Condition filter = {.kind = CONDITION_IN, .path = path_of("a"), .values = values};
	ReadRequest request = {.table_name = BYTES_LITERAL("t"), .filter = &filter};

	for (int i = 0; i < 5000; i++)
	{
		char *digits = arena_allocate(&arena, 8);

		assert_non_null(digits);
		values[i] = attribute_number((Bytes){digits, (size_t) snprintf(digits, 8, "%d", i)});
	}
	filter.value_count = 5000;
	assert_int_equal(dynamodb_write_scan(&arena, &request, &buffer).code, RESULT_TOO_LARGE);
}

static void
lookups_name_their_keys(void **state)
{
	Attribute keys[] = {
	    {BYTES_LITERAL("id"), ATTRIBUTE_NO_SLOT, attribute_binary(BYTES_LITERAL("\x01\x02"))},
	    {BYTES_LITERAL("id"), ATTRIBUTE_NO_SLOT, attribute_number(BYTES_LITERAL("-5"))},
	};
	DynamodbItem items[] = {{&keys[0], 1}, {&keys[1], 1}};
	AttributePath projection = path_of("a");
	LookupRequest request = {.table_name = BYTES_LITERAL("t"),
	                         .keys = items,
	                         .key_count = 1,
	                         .projection = &projection,
	                         .projection_count = 1,
	                         .consistent_read = true};

	assert_body(dynamodb_write_get_item(&arena, &request, &buffer),
	            "{\"TableName\":\"t\",\"Key\":{\"id\":{\"B\":\"AQI=\"}},"
	            "\"ProjectionExpression\":\"#0\",\"ExpressionAttributeNames\":{\"#0\":\"a\"},"
	            "\"ConsistentRead\":true,\"ReturnConsumedCapacity\":\"TOTAL\"}");
	request.key_count = 2;
	assert_body(dynamodb_write_batch_get_item(&arena, &request, &buffer),
	            "{\"RequestItems\":{\"t\":{\"Keys\":[{\"id\":{\"B\":\"AQI=\"}},"
	            "{\"id\":{\"N\":\"-5\"}}],\"ProjectionExpression\":\"#0\","
	            "\"ExpressionAttributeNames\":{\"#0\":\"a\"},\"ConsistentRead\":true}},"
	            "\"ReturnConsumedCapacity\":\"TOTAL\"}");
	assert_int_equal(dynamodb_write_get_item(&arena, &request, &buffer).code,
	                 RESULT_INVALID_ARGUMENT);
	request.key_count = BATCH_GET_KEYS_MAXIMUM + 1;
	assert_int_equal(dynamodb_write_batch_get_item(&arena, &request, &buffer).code,
	                 RESULT_INVALID_ARGUMENT);
}

static void
small_requests_are_written(void **state)
{
	assert_body(dynamodb_write_batch_get_again(BYTES_LITERAL("{\"t\":{\"Keys\":[]}}"), &buffer),
	            "{\"RequestItems\":{\"t\":{\"Keys\":[]}},\"ReturnConsumedCapacity\":\"TOTAL\"}");
	assert_body(dynamodb_write_describe_table(BYTES_LITERAL("t\"\xc3\xa9"), &buffer),
	            "{\"TableName\":\"t\\\"\xc3\xa9\"}");
	assert_body(dynamodb_write_describe_time_to_live(BYTES_LITERAL("t"), &buffer),
	            "{\"TableName\":\"t\"}");
	assert_body(dynamodb_write_list_tables(BYTES_EMPTY, &buffer), "{}");
	assert_body(dynamodb_write_list_tables(BYTES_LITERAL("t"), &buffer),
	            "{\"ExclusiveStartTableName\":\"t\"}");
}

static CheckedResult
write_query_in(Arena *small)
{
	AttributePathStep step = {.name = BYTES_LITERAL("id")};
	AttributeValue one = attribute_number(BYTES_LITERAL("1"));
	Condition key = {.kind = CONDITION_EQUAL, .path = {&step, 1}, .values = &one, .value_count = 1};
	AttributePath projection = {&step, 1};
	ReadRequest request = {.table_name = BYTES_LITERAL("t"),
	                       .key_condition = &key,
	                       .projection = &projection,
	                       .projection_count = 1};
	ByteBuffer query;
	CheckedResult result;

	buffer_init(&query, small->source, ARENA_SECRET, 4096);
	result = dynamodb_write_query(small, &request, &query);
	buffer_release(&query);
	return result;
}

#define DEFINITION(name, type) "{\"AttributeName\":\"" name "\",\"AttributeType\":\"" type "\"}"
#define KEY(name, kind)        "{\"AttributeName\":\"" name "\",\"KeyType\":\"" kind "\"}"
#define TABLE(members)                                                                             \
	"{\"Table\":{\"TableName\":\"t\",\"TableStatus\":\"ACTIVE\",\"AttributeDefinitions\":"         \
	"[" DEFINITION("h", "S") "," DEFINITION("r", "N") "," DEFINITION("b", "B") "]," members "}}"
#define KEYS "\"KeySchema\":[" KEY("h", "HASH") "," KEY("r", "RANGE") "]"

#define WHOLE_TABLE                                                                                \
	TABLE(                                                                                         \
	    KEYS                                                                                       \
	    ",\"ItemCount\":5000000000,\"TableSizeBytes\":123,"                                        \
	    "\"CreationDateTime\":1.7E9,\"Unknown\":[[{}]],"                                           \
	    "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":7},"                                     \
	    "\"LocalSecondaryIndexes\":[{\"IndexName\":\"l\",\"KeySchema\":[" KEY(                     \
	        "h",                                                                                   \
	        "HASH") "," KEY("b",                                                                   \
	                        "RANGE") "],"                                                          \
	                                 "\"Projection\":{\"ProjectionType\":\"KEYS_ONLY\"},"          \
	                                 "\"ItemCount\":2}],"                                          \
	                                 "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"g\","           \
	                                 "\"IndexStatus\":\"CREATING\","                               \
	                                 "\"KeySchema\":[" KEY("r", "HASH") "," KEY(                   \
	                                     "b",                                                      \
	                                     "HASH") "," KEY("h",                                      \
	                                                     "RANGE") "],"                             \
	                                                              "\"Projection\":{"               \
	                                                              "\"ProjectionType\":"            \
	                                                              "\"INCLUDE\","                   \
	                                                              "\"NonKeyAttributes\":[\"x\","   \
	                                                              "\"\xc3\xa9\"]},"                \
	                                                              "\"IndexSizeBytes\":9},"         \
	                                                              "{\"IndexName\":\"a\","          \
	                                                              "\"IndexStatus\":\"ACTIVE\","    \
	                                                              "\"KeySchema\":[" KEY(           \
	                                                                  "b",                         \
	                                                                  "HASH") "],\"Projection\":{" \
	                                                                          "\"ProjectionType\"" \
	                                                                          ":\"ALL\"}}]")

static void
assert_key(const KeyAttribute *attribute, const char *name, AttributeType type)
{
	assert_bytes(attribute->name, name);
	assert_int_equal(attribute->type, type);
}

static void
assert_indexes(const TableDescription *description)
{
	const IndexDescription *local = &description->indexes[0];
	const IndexDescription *global = &description->indexes[1];
	const IndexDescription *all = &description->indexes[2];

	assert_int_equal(description->index_count, 3);
	assert_bytes(local->name, "l");
	assert_true(local->active && !local->global);
	assert_int_equal(local->projection, PROJECTION_KEYS_ONLY);
	assert_int_equal(local->item_count, 2);
	assert_key(&local->keys.range[0], "b", ATTRIBUTE_B);
	assert_true(global->global && !global->active);
	assert_int_equal(global->keys.hash_count, 2);
	assert_int_equal(global->keys.range_count, 1);
	assert_key(&global->keys.hash[0], "r", ATTRIBUTE_N);
	assert_key(&global->keys.hash[1], "b", ATTRIBUTE_B);
	assert_key(&global->keys.range[0], "h", ATTRIBUTE_S);
	assert_int_equal(global->projection, PROJECTION_INCLUDE);
	assert_int_equal(global->included_count, 2);
	assert_bytes(global->included[1], "\xc3\xa9");
	assert_int_equal(global->size_bytes, 9);
	assert_true(all->global && all->active);
	assert_int_equal(all->keys.range_count, 0);
	assert_int_equal(all->projection, PROJECTION_ALL);
}

static CheckedResult
read_whole_table(Arena *some_arena)
{
	TableDescription description;

	RETURN_IF_FAILED(
	    dynamodb_read_table_description(some_arena, BYTES_LITERAL(WHOLE_TABLE), &description));
	assert_bytes(description.name, "t");
	assert_bytes(description.status, "ACTIVE");
	assert_int_equal(description.keys.hash_count, 1);
	assert_int_equal(description.keys.range_count, 1);
	assert_key(&description.keys.hash[0], "h", ATTRIBUTE_S);
	assert_key(&description.keys.range[0], "r", ATTRIBUTE_N);
	assert_int_equal(description.item_count, 5000000000);
	assert_int_equal(description.size_bytes, 123);
	assert_false(description.on_demand);
	assert_int_equal(description.read_capacity_units, 7);
	assert_int_equal(description.ttl_attribute.length, 0);
	assert_indexes(&description);
	return result_ok();
}

static void
exhaustion_is_survived(void **state)
{
	assert_survives_exhaustion(read_whole_table);
	assert_survives_exhaustion(write_query_in);
}

static void
billing_is_read(void **state)
{
	static const struct
	{
		const char *json;
		bool on_demand;
		int64_t units;
	} cases[] = {
	    {TABLE(KEYS), true, 0},
	    {TABLE(KEYS ",\"ProvisionedThroughput\":{\"ReadCapacityUnits\":0}"), true, 0},
	    {TABLE(KEYS ",\"ProvisionedThroughput\":{\"ReadCapacityUnits\":5},"
	                "\"BillingModeSummary\":{\"BillingMode\":\"PAY_PER_REQUEST\"}"),
	     true, 0},
	    {TABLE(KEYS ",\"ProvisionedThroughput\":{\"ReadCapacityUnits\":5},"
	                "\"BillingModeSummary\":{\"BillingMode\":\"PROVISIONED\"}"),
	     false, 5},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		TableDescription description;

		assert_int_equal(
		    dynamodb_read_table_description(&arena, bytes_of_string(cases[i].json), &description)
		        .code,
		    RESULT_OK);
		assert_int_equal(description.on_demand, cases[i].on_demand);
		assert_int_equal(description.read_capacity_units, cases[i].units);
	}
}

#define INDEX(members) TABLE(KEYS ",\"GlobalSecondaryIndexes\":[" members "]")

static void
other_descriptions_are_malformed(void **state)
{
	static const char *const descriptions[] = {
	    "",
	    "[]",
	    "{}",
	    "{\"Table\":null}",
	    "{\"Table\":[]}",
	    "{\"Table\":{}}",
	    TABLE("\"x\":1"),
	    TABLE("\"KeySchema\":[]"),
	    TABLE("\"KeySchema\":{}"),
	    TABLE("\"KeySchema\":[5]"),
	    TABLE("\"KeySchema\":[" KEY("r", "RANGE") "]"),
	    TABLE("\"KeySchema\":[" KEY("h", "hash") "]"),
	    TABLE("\"KeySchema\":[" KEY("unknown", "HASH") "]"),
	    TABLE("\"KeySchema\":[" KEY("h", "HASH") "," KEY("r", "HASH") "]"),
	    TABLE("\"KeySchema\":[" KEY("h", "HASH") "," KEY("r", "RANGE") "," KEY("b", "RANGE") "]"),
	    TABLE("\"KeySchema\":[" KEY("h", "HASH") "," KEY("h", "HASH") "," KEY("h", "HASH") "," KEY(
	        "h", "HASH") "," KEY("h", "HASH") "]"),
	    TABLE(KEYS "}}garbage"),
	    INDEX("5"),
	    INDEX("{}"),
	    INDEX("{\"IndexName\":\"g\"," KEYS "}"),
	    INDEX("{\"IndexName\":\"g\"," KEYS ",\"Projection\":{\"ProjectionType\":\"SOME\"}}"),
	    INDEX("{\"IndexName\":\"g\"," KEYS
	          ",\"Projection\":{\"ProjectionType\":\"INCLUDE\",\"NonKeyAttributes\":[1]}}"),
	    "{\"Table\":{\"TableName\":\"t\",\"TableStatus\":\"ACTIVE\",\"AttributeDefinitions\":["
	    "{\"AttributeName\":\"h\",\"AttributeType\":\"M\"}],\"KeySchema\":[" KEY("h", "HASH") "]}}",
	};

	for (size_t i = 0; i < sizeof(descriptions) / sizeof(descriptions[0]); i++)
	{
		TableDescription description;

		assert_int_equal(
		    dynamodb_read_table_description(&arena, bytes_of_string(descriptions[i]), &description)
		        .code,
		    RESULT_MALFORMED);
	}
}

static void
truncated_descriptions_are_malformed(void **state)
{
	Bytes whole = BYTES_LITERAL(WHOLE_TABLE);

	for (size_t length = 0; length < whole.length; length++)
	{
		TableDescription description;
		char *cut = malloc(length + 1);

		memcpy(cut, whole.data, length);
		assert_int_equal(
		    dynamodb_read_table_description(&arena, (Bytes){cut, length}, &description).code,
		    RESULT_MALFORMED);
		free(cut);
	}
}

static void
deep_descriptions_are_malformed(void **state)
{
	static char json[200002];
	TableDescription description;

	memset(json, '[', 200000);
	memcpy(json, "{\"a\":", 5);
	assert_int_equal(
	    dynamodb_read_table_description(&arena, bytes_of_string(json), &description).code,
	    RESULT_MALFORMED);
}

static void
time_to_live_is_read(void **state)
{
	static const struct
	{
		const char *json;
		const char *attribute;
	} cases[] = {
	    {"{\"TimeToLiveDescription\":{\"TimeToLiveStatus\":\"ENABLED\","
	     "\"AttributeName\":\"expires\"}}",
	     "expires"},
	    {"{\"TimeToLiveDescription\":{\"TimeToLiveStatus\":\"DISABLED\"}}", ""},
	    {"{\"TimeToLiveDescription\":{\"TimeToLiveStatus\":\"ENABLING\","
	     "\"AttributeName\":\"expires\"}}",
	     ""},
	    {"{\"TimeToLiveDescription\":{}}", ""},
	};
	Bytes attribute;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		assert_int_equal(
		    dynamodb_read_time_to_live(&arena, bytes_of_string(cases[i].json), false, &attribute)
		        .code,
		    RESULT_OK);
		assert_int_equal(attribute.length, strlen(cases[i].attribute));
		assert_memory_equal(attribute.length == 0 ? "" : attribute.data, cases[i].attribute,
		                    attribute.length);
	}
	assert_int_equal(
	    dynamodb_read_time_to_live(&arena, BYTES_LITERAL("{}"), false, &attribute).code,
	    RESULT_MALFORMED);
}

static void
table_names_are_read(void **state)
{
	TableNames names;

	assert_int_equal(dynamodb_read_table_names(&arena,
	                                           BYTES_LITERAL("{\"TableNames\":[\"a\",\"b\"],"
	                                                         "\"LastEvaluatedTableName\":\"b\"}"),
	                                           &names)
	                     .code,
	                 RESULT_OK);
	assert_int_equal(names.count, 2);
	assert_bytes(names.names[0], "a");
	assert_bytes(names.names[1], "b");
	assert_bytes(names.last_evaluated, "b");
	assert_int_equal(
	    dynamodb_read_table_names(&arena, BYTES_LITERAL("{\"TableNames\":[]}"), &names).code,
	    RESULT_OK);
	assert_int_equal(names.count, 0);
	assert_int_equal(names.last_evaluated.length, 0);
	assert_int_equal(dynamodb_read_table_names(&arena, BYTES_LITERAL("{}"), &names).code,
	                 RESULT_MALFORMED);
	assert_int_equal(
	    dynamodb_read_table_names(&arena, BYTES_LITERAL("{\"TableNames\":[null]}"), &names).code,
	    RESULT_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(scans_say_no_more_than_needed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(scans_have_all_their_parts, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(queries_have_all_their_parts, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(counts_have_no_projection, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(expressions_beyond_the_limit_are_refused, set_up,
	                                    tear_down),
	    cmocka_unit_test_setup_teardown(lookups_name_their_keys, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(small_requests_are_written, set_up, tear_down),
	    cmocka_unit_test(exhaustion_is_survived),
	    cmocka_unit_test_setup_teardown(billing_is_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(other_descriptions_are_malformed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(truncated_descriptions_are_malformed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(deep_descriptions_are_malformed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(time_to_live_is_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(table_names_are_read, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
