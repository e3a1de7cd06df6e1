/*
 * test_dynamodb_write.c
 *		Bodies of writes, their sizes, and the reasons of cancelled transactions.
 */
#include "aws/dynamodb_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/exhaustion.h"
#include "unit/fixture.h"

#define TOKEN BYTES_LITERAL("token-1")

/* An item {"id":"x"}, which is its key, too, and {"n":1} as another attribute of it. */
static Attribute attributes[] = {
    {{"id", 2}, ATTRIBUTE_NO_SLOT, {.type = ATTRIBUTE_S, .bytes = {"x", 1}}},
    {{"n", 1}, ATTRIBUTE_NO_SLOT, {.type = ATTRIBUTE_N, .bytes = {"1", 1}}},
};

static AttributePathStep id_step = {.name = {"id", 2}};
static AttributePathStep n_step = {.name = {"n", 1}};
static AttributeValue two = {.type = ATTRIBUTE_N, .bytes = {"2", 1}};
static AttributeChange set_n = {{&n_step, 1}, &two};

static Condition exists = {.kind = CONDITION_EXISTS, .path = {&id_step, 1}};
static Condition n_is_one = {.kind = CONDITION_EQUAL,
                             .path = {&n_step, 1},
                             .values = &attributes[1].value,
                             .value_count = 1};

static ItemWrite
write_of(ItemWriteAction action)
{
	ItemWrite write = {.action = action, .table_name = BYTES_LITERAL("tab")};

	if (action == ITEM_WRITE_PUT)
		write.item = (DynamodbItem){attributes, 2};
	else
		write.key = (DynamodbItem){attributes, 1};
	if (action == ITEM_WRITE_UPDATE)
	{
		write.changes = &set_n;
		write.change_count = 1;
	}
	return write;
}

static void
assert_refused(CheckedResult result)
{
	assert_int_equal(result.code, RESULT_INVALID_ARGUMENT);
	buffer_reset(&buffer);
}

static void
puts_are_written(void **state)
{
	ItemWrite put = write_of(ITEM_WRITE_PUT);

	assert_body(dynamodb_write_item(&arena, &put, RETURN_NO_ATTRIBUTES, &buffer),
	            "{\"TableName\":\"tab\",\"Item\":{\"id\":{\"S\":\"x\"},\"n\":{\"N\":\"1\"}},"
	            "\"ReturnConsumedCapacity\":\"TOTAL\"}");
	put.condition = &n_is_one;
	assert_body(dynamodb_write_item(&arena, &put, RETURN_OLD_ATTRIBUTES, &buffer),
	            "{\"TableName\":\"tab\",\"Item\":{\"id\":{\"S\":\"x\"},\"n\":{\"N\":\"1\"}},"
	            "\"ConditionExpression\":\"#0 = :0\",\"ExpressionAttributeNames\":{\"#0\":\"n\"},"
	            "\"ExpressionAttributeValues\":{\":0\":{\"N\":\"1\"}},\"ReturnValues\":\"ALL_OLD\","
	            "\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\","
	            "\"ReturnConsumedCapacity\":\"TOTAL\"}");
}

static void
updates_share_placeholders_with_their_conditions(void **state)
{
	ItemWrite update = write_of(ITEM_WRITE_UPDATE);

	update.condition = &n_is_one;
	assert_body(dynamodb_write_item(&arena, &update, RETURN_NEW_ATTRIBUTES, &buffer),
	            "{\"TableName\":\"tab\",\"Key\":{\"id\":{\"S\":\"x\"}},"
	            "\"UpdateExpression\":\"SET #0 = :0\",\"ConditionExpression\":\"#0 = :1\","
	            "\"ExpressionAttributeNames\":{\"#0\":\"n\"},"
	            "\"ExpressionAttributeValues\":{\":0\":{\"N\":\"2\"},\":1\":{\"N\":\"1\"}},"
	            "\"ReturnValues\":\"ALL_NEW\",\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\","
	            "\"ReturnConsumedCapacity\":\"TOTAL\"}");
	update.change_count = 0;
	update.condition = NULL;
	assert_body(dynamodb_write_item(&arena, &update, RETURN_NO_ATTRIBUTES, &buffer),
	            "{\"TableName\":\"tab\",\"Key\":{\"id\":{\"S\":\"x\"}},"
	            "\"ReturnConsumedCapacity\":\"TOTAL\"}");
}

static void
deletes_are_written(void **state)
{
	ItemWrite deletion = write_of(ITEM_WRITE_DELETE);

	deletion.condition = &exists;
	assert_body(dynamodb_write_item(&arena, &deletion, RETURN_NO_ATTRIBUTES, &buffer),
	            "{\"TableName\":\"tab\",\"Key\":{\"id\":{\"S\":\"x\"}},"
	            "\"ConditionExpression\":\"attribute_exists(#0)\","
	            "\"ExpressionAttributeNames\":{\"#0\":\"id\"},"
	            "\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\","
	            "\"ReturnConsumedCapacity\":\"TOTAL\"}");
}

static void
what_no_single_write_can_be_is_refused(void **state)
{
	ItemWrite check = write_of(ITEM_WRITE_CHECK);
	ItemWrite put = write_of(ITEM_WRITE_PUT);

	check.condition = &exists;
	assert_refused(dynamodb_write_item(&arena, &check, RETURN_NO_ATTRIBUTES, &buffer));
	assert_refused(dynamodb_write_item(&arena, &put, RETURN_NEW_ATTRIBUTES, &buffer));
}

static void
batches_are_written_table_by_table(void **state)
{
	ItemWrite writes[] = {write_of(ITEM_WRITE_PUT), write_of(ITEM_WRITE_DELETE),
	                      write_of(ITEM_WRITE_DELETE)};

	writes[1].table_name = BYTES_LITERAL("other");
	assert_body(dynamodb_write_batch(writes, 3, &buffer),
	            "{\"RequestItems\":{"
	            "\"tab\":[{\"PutRequest\":{\"Item\":{\"id\":{\"S\":\"x\"},\"n\":{\"N\":\"1\"}}}},"
	            "{\"DeleteRequest\":{\"Key\":{\"id\":{\"S\":\"x\"}}}}],"
	            "\"other\":[{\"DeleteRequest\":{\"Key\":{\"id\":{\"S\":\"x\"}}}}]},"
	            "\"ReturnConsumedCapacity\":\"TOTAL\"}");
}

static void
what_no_batch_can_have_is_refused(void **state)
{
	ItemWrite writes[BATCH_WRITE_ITEMS_MAXIMUM + 1];

	for (size_t i = 0; i < BATCH_WRITE_ITEMS_MAXIMUM + 1; i++)
		writes[i] = write_of(ITEM_WRITE_PUT);
	assert_refused(dynamodb_write_batch(writes, 0, &buffer));
	assert_refused(dynamodb_write_batch(writes, BATCH_WRITE_ITEMS_MAXIMUM + 1, &buffer));
	assert_true(result_is_ok(dynamodb_write_batch(writes, BATCH_WRITE_ITEMS_MAXIMUM, &buffer)));
	writes[1] = write_of(ITEM_WRITE_UPDATE);
	assert_refused(dynamodb_write_batch(writes, 2, &buffer));
	writes[1] = write_of(ITEM_WRITE_CHECK);
	assert_refused(dynamodb_write_batch(writes, 2, &buffer));
	writes[1] = write_of(ITEM_WRITE_PUT);
	writes[1].condition = &exists;
	assert_refused(dynamodb_write_batch(writes, 2, &buffer));
}

static void
unprocessed_items_are_sent_as_they_came(void **state)
{
	assert_body(
	    dynamodb_write_batch_again(
	        BYTES_LITERAL("{\"tab\":[{\"DeleteRequest\":{\"Key\":{\"id\":{\"S\":\"x\"}}}}]}"),
	        &buffer),
	    "{\"RequestItems\":{\"tab\":[{\"DeleteRequest\":{\"Key\":{\"id\":{\"S\":\"x\"}}}}]},"
	    "\"ReturnConsumedCapacity\":\"TOTAL\"}");
}

/* The bodies of batches of one and of all kinds are as long as the sizes say. */
static void
batch_sizes_are_those_of_bodies(void **state)
{
	ItemWrite writes[BATCH_WRITE_ITEMS_MAXIMUM];
	char names[BATCH_WRITE_ITEMS_MAXIMUM][256];
	size_t size = 0;

	for (size_t i = 0; i < BATCH_WRITE_ITEMS_MAXIMUM; i++)
	{
		size_t before = buffer.length;

		writes[i] = write_of(i % 2 == 0 ? ITEM_WRITE_PUT : ITEM_WRITE_DELETE);
		size += item_write_batch_size(&writes[i]);
		buffer_reset(&buffer);
		assert_true(result_is_ok(dynamodb_write_batch(writes, i + 1, &buffer)));
		if (i > 0) /* and a comma */
			assert_int_equal(buffer.length - before, item_write_batch_size(&writes[i]) + 1);
	}
	for (int i = 0; i < BATCH_WRITE_ITEMS_MAXIMUM; i++)
	{
		sprintf(names[i], "%0255d", i);
		writes[i].table_name = bytes_of_string(names[i]);
	}
	buffer_reset(&buffer);
	assert_true(result_is_ok(dynamodb_write_batch(writes, BATCH_WRITE_ITEMS_MAXIMUM, &buffer)));
	assert_true(buffer.length > size && buffer.length <= size + BATCH_ENVELOPE_MAXIMUM);
}

static void
transactions_have_placeholders_for_each_action(void **state)
{
	ItemWrite writes[] = {write_of(ITEM_WRITE_PUT), write_of(ITEM_WRITE_UPDATE),
	                      write_of(ITEM_WRITE_DELETE), write_of(ITEM_WRITE_CHECK)};

	writes[1].condition = &exists;
	writes[3].condition = &n_is_one;
	assert_body(
	    dynamodb_write_transaction(&arena, writes, 4, TOKEN, &buffer),
	    "{\"TransactItems\":[{\"Put\":{\"TableName\":\"tab\","
	    "\"Item\":{\"id\":{\"S\":\"x\"},\"n\":{\"N\":\"1\"}}}},"
	    "{\"Update\":{\"TableName\":\"tab\",\"Key\":{\"id\":{\"S\":\"x\"}},"
	    "\"UpdateExpression\":\"SET #0 = :0\",\"ConditionExpression\":\"attribute_exists(#1)\","
	    "\"ExpressionAttributeNames\":{\"#0\":\"n\",\"#1\":\"id\"},"
	    "\"ExpressionAttributeValues\":{\":0\":{\"N\":\"2\"}},"
	    "\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"}},"
	    "{\"Delete\":{\"TableName\":\"tab\",\"Key\":{\"id\":{\"S\":\"x\"}}}},"
	    "{\"ConditionCheck\":{\"TableName\":\"tab\",\"Key\":{\"id\":{\"S\":\"x\"}},"
	    "\"ConditionExpression\":\"#0 = :0\",\"ExpressionAttributeNames\":{\"#0\":\"n\"},"
	    "\"ExpressionAttributeValues\":{\":0\":{\"N\":\"1\"}},"
	    "\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"}}],"
	    "\"ClientRequestToken\":\"token-1\",\"ReturnConsumedCapacity\":\"TOTAL\"}");
}

static void
what_no_transaction_can_have_is_refused(void **state)
{
	static ItemWrite writes[TRANSACTION_ITEMS_MAXIMUM + 1];
	char token[CLIENT_REQUEST_TOKEN_MAXIMUM + 2] = "0123456789012345678901234567890123456";

	for (size_t i = 0; i < TRANSACTION_ITEMS_MAXIMUM + 1; i++)
		writes[i] = write_of(ITEM_WRITE_PUT);
	assert_refused(dynamodb_write_transaction(&arena, writes, 0, TOKEN, &buffer));
	assert_refused(
	    dynamodb_write_transaction(&arena, writes, TRANSACTION_ITEMS_MAXIMUM + 1, TOKEN, &buffer));
	assert_true(result_is_ok(
	    dynamodb_write_transaction(&arena, writes, TRANSACTION_ITEMS_MAXIMUM, TOKEN, &buffer)));
	assert_refused(dynamodb_write_transaction(&arena, writes, 1, BYTES_EMPTY, &buffer));
	assert_refused(dynamodb_write_transaction(&arena, writes, 1, bytes_of_string(token), &buffer));
	writes[0] = write_of(ITEM_WRITE_CHECK);
	assert_refused(dynamodb_write_transaction(&arena, writes, 1, TOKEN, &buffer));
	writes[0] = write_of(ITEM_WRITE_UPDATE);
	writes[0].change_count = 0;
	assert_refused(dynamodb_write_transaction(&arena, writes, 1, TOKEN, &buffer));
}

static size_t
transaction_size(const ItemWrite *write)
{
	size_t size;

	assert_int_equal(item_write_transaction_size(&arena, write, &size).code, RESULT_OK);
	return size;
}

/* As DynamoDB Local says it when a transaction is too large. */
static void
transaction_sizes_count_items_and_expressions(void **state)
{
	ItemWrite put = write_of(ITEM_WRITE_PUT);
	ItemWrite update = write_of(ITEM_WRITE_UPDATE);
	ItemWrite deletion = write_of(ITEM_WRITE_DELETE);

	assert_int_equal(transaction_size(&put), 3 + 3);
	assert_int_equal(transaction_size(&deletion), 3);
	deletion.condition = &n_is_one;
	/* the key; "#0 = :0"; the name and the value */
	assert_int_equal(transaction_size(&deletion), 3 + 7 + 1 + 2);
	/* "SET #0 = :0" */
	assert_int_equal(transaction_size(&update), 3 + 11 + 1 + 2);
	update.condition = &n_is_one;
	/* and "#0 = :1", the name again */
	assert_int_equal(transaction_size(&update), 3 + 11 + 1 + 2 + 7 + 1 + 2);
}

static void
sizes_fail_as_expressions_do(void **state)
{
	static Condition *children[400];
	Condition all = {.kind = CONDITION_AND, .children = children, .child_count = 400};
	ItemWrite check = write_of(ITEM_WRITE_CHECK);
	size_t size;

	for (size_t i = 0; i < 400; i++)
		children[i] = &exists;
	check.condition = &all;
	assert_int_equal(item_write_transaction_size(&arena, &check, &size).code, RESULT_TOO_LARGE);
}

static void
operations_have_names(void **state)
{
	assert_string_equal(item_write_operation(ITEM_WRITE_PUT), "PutItem");
	assert_string_equal(item_write_operation(ITEM_WRITE_UPDATE), "UpdateItem");
	assert_string_equal(item_write_operation(ITEM_WRITE_DELETE), "DeleteItem");
	assert_string_equal(item_write_operation(ITEM_WRITE_CHECK), "ConditionCheck");
}

static void
reasons_are_read_in_order(void **state)
{
	CancellationReason *reasons;
	size_t count;

	assert_int_equal(
	    dynamodb_read_cancellation(
	        &arena,
	        BYTES_LITERAL(" [{\"Code\":\"None\"}, {\"Code\":\"ConditionalCheckFailed\","
	                      "\"Message\":\"The \\\"conditional\\\" request\\u0020failed\","
	                      "\"Item\":{\"id\":{\"S\":\"x\"},\"n\":{\"N\":\"1\"}}},"
	                      "{\"Item\":null,\"More\":[1,{}],\"Code\":\"TransactionConflict\","
	                      "\"Message\":null}] "),
	        &reasons, &count)
	        .code,
	    RESULT_OK);
	assert_int_equal(count, 3);
	assert_true(bytes_equal(reasons[0].code, BYTES_LITERAL("None")));
	assert_false(reasons[0].has_item);
	assert_int_equal(reasons[0].message.length, 0);
	assert_true(bytes_equal(reasons[1].code, BYTES_LITERAL("ConditionalCheckFailed")));
	assert_true(
	    bytes_equal(reasons[1].message, BYTES_LITERAL("The \"conditional\" request failed")));
	assert_true(reasons[1].has_item);
	assert_int_equal(reasons[1].item.count, 2);
	assert_true(
	    bytes_equal(item_find(&reasons[1].item, BYTES_LITERAL("id"))->bytes, BYTES_LITERAL("x")));
	assert_true(bytes_equal(reasons[2].code, BYTES_LITERAL("TransactionConflict")));
	assert_false(reasons[2].has_item);
	assert_int_equal(dynamodb_read_cancellation(&arena, BYTES_LITERAL("[]"), &reasons, &count).code,
	                 RESULT_OK);
	assert_int_equal(count, 0);
}

static void
what_are_no_reasons_is_malformed(void **state)
{
	static const char *const texts[] = {
	    "",
	    "{}",
	    "[1]",
	    "[[]]",
	    "[{}]",
	    "[{\"Code\":5}]",
	    "[{\"Code\":\"\"}]",
	    "[{\"Code\":\"None\"}",
	    "[{\"Code\":\"None\"},]",
	    "[{\"Code\":\"None\"}]]",
	    "[{\"Code\":\"None\",\"Item\":{\"id\":5}}]",
	    "[{\"Code\":\"None\",\"Item\":{\"id\":{\"N\":\"x\"}}}]",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		CancellationReason *reasons;
		size_t count;
		CheckedResult result =
		    dynamodb_read_cancellation(&arena, bytes_of_string(texts[i]), &reasons, &count);

		if (result.code != RESULT_MALFORMED)
			fail_msg("%s", texts[i]);
	}
}

static CheckedResult
write_without_memory(Arena *limited)
{
	ItemWrite writes[] = {write_of(ITEM_WRITE_PUT), write_of(ITEM_WRITE_UPDATE)};
	ByteBuffer limited_body;
	CheckedResult result;
	size_t size;

	writes[0].condition = &n_is_one;
	buffer_init(&limited_body, limited->source, ARENA_PLAIN, 4096);
	result = dynamodb_write_transaction(limited, writes, 2, TOKEN, &limited_body);
	if (result_is_ok(result))
		result = dynamodb_write_item(limited, &writes[1], RETURN_NO_ATTRIBUTES, &limited_body);
	if (result_is_ok(result))
		result = item_write_transaction_size(limited, &writes[0], &size);
	buffer_release(&limited_body);
	return result;
}

static CheckedResult
read_without_memory(Arena *limited)
{
	CancellationReason *reasons;
	size_t count;

	return dynamodb_read_cancellation(
	    limited,
	    BYTES_LITERAL("[{\"Code\":\"None\",\"Message\":\"m\"},{\"Code\":\"a\",\"Item\":{\"id\":{"
	                  "\"L\":[{\"S\":\"x\"}]}}}]"),
	    &reasons, &count);
}

static void
exhaustion_is_survived(void **state)
{
	assert_survives_exhaustion(write_without_memory);
	assert_survives_exhaustion(read_without_memory);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(puts_are_written),
	    TEST(updates_share_placeholders_with_their_conditions),
	    TEST(deletes_are_written),
	    TEST(what_no_single_write_can_be_is_refused),
	    TEST(batches_are_written_table_by_table),
	    TEST(what_no_batch_can_have_is_refused),
	    TEST(unprocessed_items_are_sent_as_they_came),
	    TEST(batch_sizes_are_those_of_bodies),
	    TEST(transactions_have_placeholders_for_each_action),
	    TEST(what_no_transaction_can_have_is_refused),
	    TEST(transaction_sizes_count_items_and_expressions),
	    TEST(sizes_fail_as_expressions_do),
	    TEST(operations_have_names),
	    TEST(reasons_are_read_in_order),
	    TEST(what_are_no_reasons_is_malformed),
	    TEST(exhaustion_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
