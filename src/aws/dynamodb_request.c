/*
 * dynamodb_request.c
 *		Members that the bodies of many requests have.
 */
#include "aws/dynamodb_request.h"

CheckedResult
request_writer_init(RequestWriter *writer, Arena *arena, ByteBuffer *body)
{
	json_writer_init(&writer->json, body);
	writer->arena = arena;
	return request_begin_expressions(writer);
}

CheckedResult
request_begin_expressions(RequestWriter *writer)
{
	writer->attributes = expression_attributes_create(writer->arena);
	if (writer->attributes == NULL)
		return arena_failure(writer->arena, 0);
	return result_ok();
}

void
request_write_capacity_wish(JsonWriter *json)
{
	json_string_member(json, "ReturnConsumedCapacity", BYTES_LITERAL("TOTAL"));
}

static void
expression_init(ByteBuffer *expression, const RequestWriter *writer)
{
	buffer_init(expression, writer->arena->source, writer->arena->contents,
	            EXPRESSION_BYTES_MAXIMUM);
}

/* Writes the expression as a member, if it and `result` are good, and releases it. */
static CheckedResult
expression_finish(ByteBuffer *expression, RequestWriter *writer, const char *name,
                  CheckedResult result)
{
	if (result_is_ok(result))
		result = buffer_result(expression);
	if (result_is_ok(result))
		json_string_member(&writer->json, name, buffer_bytes(expression));
	buffer_release(expression);
	return result;
}

CheckedResult
request_write_condition(RequestWriter *writer, const char *name, const Condition *condition)
{
	ByteBuffer expression;
	CheckedResult result;

	if (condition == NULL)
		return result_ok();
	expression_init(&expression, writer);
	result = expression_write_condition(writer->attributes, &expression, condition);
	return expression_finish(&expression, writer, name, result);
}

/* Without paths there is no expression, and DynamoDB gives every attribute. */
CheckedResult
request_write_projection(RequestWriter *writer, const AttributePath *paths, size_t count)
{
	ByteBuffer expression;
	CheckedResult result;

	if (paths == NULL || count == 0)
		return result_ok();
	expression_init(&expression, writer);
	result = expression_write_projection(writer->attributes, &expression, paths, count);
	return expression_finish(&expression, writer, "ProjectionExpression", result);
}

CheckedResult
request_write_changes(RequestWriter *writer, const AttributeChange *changes, size_t count)
{
	ByteBuffer expression;
	CheckedResult result;

	if (count == 0)
		return result_ok();
	expression_init(&expression, writer);
	result = expression_write_update(writer->attributes, &expression, changes, count);
	return expression_finish(&expression, writer, "UpdateExpression", result);
}

CheckedResult
request_write_again(Bytes unprocessed, ByteBuffer *body)
{
	JsonWriter json;

	json_writer_init(&json, body);
	json_begin_object(&json);
	json_name(&json, BYTES_LITERAL("RequestItems"));
	json_raw(&json, unprocessed);
	request_write_capacity_wish(&json);
	json_end_object(&json);
	return buffer_result(body);
}
