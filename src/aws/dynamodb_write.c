/*
 * dynamodb_write.c
 *		Request bodies of DynamoDB's writes.
 */
#include "aws/dynamodb_write.h"

#include <string.h>

#include "aws/dynamodb_request.h"
#include "item/json_text.h"
#include "item/page_decoder.h"

/* By ItemWriteAction: what the write is called where. */
typedef struct ActionNames
{
	const char *operation;
	const char *transaction; /* in TransactWriteItems */
	const char *batch;       /* in BatchWriteItem; NULL where it cannot be */
	const char *item;        /* the member that holds the item or its key */
} ActionNames;

static const ActionNames action_names[] = {
    [ITEM_WRITE_PUT] = {"PutItem", "Put", "PutRequest", "Item"},
    [ITEM_WRITE_UPDATE] = {"UpdateItem", "Update", NULL, "Key"},
    [ITEM_WRITE_DELETE] = {"DeleteItem", "Delete", "DeleteRequest", "Key"},
    [ITEM_WRITE_CHECK] = {"ConditionCheck", "ConditionCheck", NULL, "Key"},
};

static const char *const returned_names[] = {
    [RETURN_NO_ATTRIBUTES] = "NONE",
    [RETURN_OLD_ATTRIBUTES] = "ALL_OLD",
    [RETURN_NEW_ATTRIBUTES] = "ALL_NEW",
};

const char *
item_write_operation(ItemWriteAction action)
{
	return action_names[action].operation;
}

/* The item that is put, or the key of the one that is meant. */
static const DynamodbItem *
item_or_key(const ItemWrite *write)
{
	return write->action == ITEM_WRITE_PUT ? &write->item : &write->key;
}

static void
write_item_or_key(JsonWriter *json, const ItemWrite *write)
{
	json_item_member(json, action_names[write->action].item, item_or_key(write));
}

/* The members that a write has by itself and in a transaction. */
static CheckedResult
write_parts(RequestWriter *writer, const ItemWrite *write)
{
	JsonWriter *json = &writer->json;

	json_string_member(json, "TableName", write->table_name);
	write_item_or_key(json, write);
	if (write->action == ITEM_WRITE_UPDATE)
		RETURN_IF_FAILED(request_write_changes(writer, write->changes, write->change_count));
	RETURN_IF_FAILED(request_write_condition(writer, "ConditionExpression", write->condition));
	expression_attributes_write(writer->attributes, json);
	if (write->condition != NULL)
		json_string_member(json, "ReturnValuesOnConditionCheckFailure", BYTES_LITERAL("ALL_OLD"));
	return result_ok();
}

CheckedResult
dynamodb_write_item(Arena *arena, const ItemWrite *write, ReturnedAttributes returned,
                    ByteBuffer *body)
{
	RequestWriter writer;

	if (write->action == ITEM_WRITE_CHECK)
		return result_failed(RESULT_INVALID_ARGUMENT, "a check is no write by itself");
	if (returned == RETURN_NEW_ATTRIBUTES && write->action != ITEM_WRITE_UPDATE)
		return result_failed(RESULT_INVALID_ARGUMENT, "only an update returns new attributes");
	RETURN_IF_FAILED(request_writer_init(&writer, arena, body));
	json_begin_object(&writer.json);
	RETURN_IF_FAILED(write_parts(&writer, write));
	if (returned != RETURN_NO_ATTRIBUTES)
		json_string_member(&writer.json, "ReturnValues", bytes_of_string(returned_names[returned]));
	request_write_capacity_wish(&writer.json);
	json_end_object(&writer.json);
	return buffer_result(body);
}

/* ---- Batches ---- */

static CheckedResult
check_batch(const ItemWrite *writes, size_t count)
{
	if (count == 0 || count > BATCH_WRITE_ITEMS_MAXIMUM)
		return result_failed(RESULT_INVALID_ARGUMENT, "BatchWriteItem takes 1 to 25 writes");
	for (size_t i = 0; i < count; i++)
	{
		if (action_names[writes[i].action].batch == NULL)
			return result_failed(RESULT_INVALID_ARGUMENT, "BatchWriteItem only puts and deletes");
		if (writes[i].condition != NULL)
			return result_failed(RESULT_INVALID_ARGUMENT, "BatchWriteItem takes no conditions");
	}
	return result_ok();
}

static void
write_batch_element(JsonWriter *json, const ItemWrite *write)
{
	json_begin_object(json);
	json_name(json, bytes_of_string(action_names[write->action].batch));
	json_begin_object(json);
	write_item_or_key(json, write);
	json_end_object(json);
	json_end_object(json);
}

/* Whether no write before the `index`th is of its table. */
static bool
is_first_of_table(const ItemWrite *writes, size_t index)
{
	for (size_t i = 0; i < index; i++)
	{
		if (bytes_equal(writes[i].table_name, writes[index].table_name))
			return false;
	}
	return true;
}

/* The writes of one table, the first of which is the `first`th of all. */
static void
write_batch_of_table(JsonWriter *json, const ItemWrite *writes, size_t first, size_t count)
{
	json_name(json, writes[first].table_name);
	json_begin_array(json);
	for (size_t i = first; i < count; i++)
	{
		if (bytes_equal(writes[i].table_name, writes[first].table_name))
			write_batch_element(json, &writes[i]);
	}
	json_end_array(json);
}

CheckedResult
dynamodb_write_batch(const ItemWrite *writes, size_t count, ByteBuffer *body)
{
	JsonWriter json;

	RETURN_IF_FAILED(check_batch(writes, count));
	json_writer_init(&json, body);
	json_begin_object(&json);
	json_begin_object_member(&json, "RequestItems");
	for (size_t i = 0; i < count; i++)
	{
		if (is_first_of_table(writes, i))
			write_batch_of_table(&json, writes, i, count);
	}
	json_end_object(&json);
	request_write_capacity_wish(&json);
	json_end_object(&json);
	return buffer_result(body);
}

size_t
item_write_batch_size(const ItemWrite *write)
{
	const ActionNames *names = &action_names[write->action];

	if (names->batch == NULL)
		return 0;
	return strlen("{\"\":{\"\":}}") + strlen(names->batch) + strlen(names->item) +
	       json_item_size(item_or_key(write));
}

CheckedResult
dynamodb_write_batch_again(Bytes unprocessed, ByteBuffer *body)
{
	return request_write_again(unprocessed, body);
}

/* ---- Transactions ---- */

/* What TransactWriteItems requires of an action beyond what a write by itself has to have. */
static CheckedResult
check_transaction_action(const ItemWrite *write)
{
	if (write->action == ITEM_WRITE_UPDATE && write->change_count == 0)
		return result_failed(RESULT_INVALID_ARGUMENT, "update of a transaction lacks changes");
	if (write->action == ITEM_WRITE_CHECK && write->condition == NULL)
		return result_failed(RESULT_INVALID_ARGUMENT, "check of a transaction lacks a condition");
	return result_ok();
}

static CheckedResult
write_transaction_action(RequestWriter *writer, const ItemWrite *write)
{
	RETURN_IF_FAILED(check_transaction_action(write));
	RETURN_IF_FAILED(request_begin_expressions(writer));
	json_begin_object(&writer->json);
	json_name(&writer->json, bytes_of_string(action_names[write->action].transaction));
	json_begin_object(&writer->json);
	RETURN_IF_FAILED(write_parts(writer, write));
	json_end_object(&writer->json);
	json_end_object(&writer->json);
	return result_ok();
}

/* Adds the size of what a written expression is, and forgets it. */
static CheckedResult
add_expression_size(ByteBuffer *expression, CheckedResult result, size_t *size)
{
	if (result_is_ok(result))
		result = buffer_result(expression);
	*size += expression->length;
	buffer_reset(expression);
	return result;
}

static CheckedResult
add_expression_sizes(ExpressionAttributes *attributes, ByteBuffer *expression,
                     const ItemWrite *write, size_t *size)
{
	if (write->action == ITEM_WRITE_UPDATE && write->change_count > 0)
		RETURN_IF_FAILED(add_expression_size(
		    expression,
		    expression_write_update(attributes, expression, write->changes, write->change_count),
		    size));
	if (write->condition != NULL)
		RETURN_IF_FAILED(add_expression_size(
		    expression, expression_write_condition(attributes, expression, write->condition),
		    size));
	*size += expression_attributes_size(attributes);
	return result_ok();
}

CheckedResult
item_write_transaction_size(Arena *arena, const ItemWrite *write, size_t *size)
{
	ExpressionAttributes *attributes = expression_attributes_create(arena);
	ByteBuffer expression;
	CheckedResult result;

	if (attributes == NULL)
		return arena_failure(arena, 0);
	*size = item_size(item_or_key(write));
	buffer_init(&expression, arena->source, arena->contents, EXPRESSION_BYTES_MAXIMUM);
	result = add_expression_sizes(attributes, &expression, write, size);
	buffer_release(&expression);
	return result;
}

CheckedResult
dynamodb_write_transaction(Arena *arena, const ItemWrite *writes, size_t count,
                           Bytes client_request_token, ByteBuffer *body)
{
	RequestWriter writer;

	if (count == 0 || count > TRANSACTION_ITEMS_MAXIMUM)
		return result_failed(RESULT_INVALID_ARGUMENT, "TransactWriteItems takes 1 to 100 actions");
	if (client_request_token.length == 0 ||
	    client_request_token.length > CLIENT_REQUEST_TOKEN_MAXIMUM)
		return result_failed(RESULT_INVALID_ARGUMENT, "client request token has 1 to 36 bytes");
	RETURN_IF_FAILED(request_writer_init(&writer, arena, body));
	json_begin_object(&writer.json);
	json_name(&writer.json, BYTES_LITERAL("TransactItems"));
	json_begin_array(&writer.json);
	for (size_t i = 0; i < count; i++)
		RETURN_IF_FAILED(write_transaction_action(&writer, &writes[i]));
	json_end_array(&writer.json);
	json_string_member(&writer.json, "ClientRequestToken", client_request_token);
	request_write_capacity_wish(&writer.json);
	json_end_object(&writer.json);
	return buffer_result(body);
}

/* ---- Cancelled transactions ---- */

static CheckedResult
not_reasons(void)
{
	return result_failed(RESULT_MALFORMED, "response does not give reasons of a cancellation");
}

/* The text of a string, in the arena; no bytes for a value that is none. */
static CheckedResult
read_text(Arena *arena, Bytes value, Bytes *text)
{
	char *decoded;

	*text = BYTES_EMPTY;
	if (!json_text_is_string(value))
		return result_ok();
	decoded = arena_allocate(arena, value.length);
	if (decoded == NULL)
		return arena_failure(arena, value.length);
	*text = (Bytes){decoded, json_text_decode(value, decoded, value.length)};
	return result_ok();
}

static CheckedResult
read_reason_member(Arena *arena, Bytes name, Bytes value, CancellationReason *reason)
{
	if (bytes_equal(name, BYTES_LITERAL("Code")))
		return read_text(arena, value, &reason->code);
	if (bytes_equal(name, BYTES_LITERAL("Message")))
		return read_text(arena, value, &reason->message);
	if (!bytes_equal(name, BYTES_LITERAL("Item")) || !json_text_is_object(value))
		return result_ok();
	reason->has_item = true;
	return item_decode(arena, value, &reason->item);
}

static CheckedResult
read_reason(Arena *arena, Bytes object, CancellationReason *reason)
{
	JsonTextWalk walk;
	Bytes name;
	Bytes value;

	if (!json_text_is_object(object))
		return not_reasons();
	*reason = (CancellationReason){.has_item = false};
	walk = json_text_walk(object);
	while (json_text_next_member(&walk, &name, &value))
		RETURN_IF_FAILED(read_reason_member(arena, name, value, reason));
	return reason->code.length == 0 ? not_reasons() : result_ok();
}

CheckedResult
dynamodb_read_cancellation(Arena *arena, Bytes json, CancellationReason **reasons, size_t *count)
{
	size_t capacity = 0;
	JsonTextWalk walk;
	Bytes array;
	Bytes object;

	*reasons = NULL;
	*count = 0;
	if (!json_text_check(json, &array) || !json_text_is_array(array))
		return not_reasons();
	walk = json_text_walk(array);
	while (json_text_next_element(&walk, &object))
	{
		*reasons = arena_grow_array(arena, *reasons, *count, &capacity, sizeof(**reasons));
		if (*reasons == NULL)
			return arena_failure(arena, capacity * sizeof(**reasons));
		RETURN_IF_FAILED(read_reason(arena, object, &(*reasons)[(*count)++]));
	}
	return result_ok();
}
