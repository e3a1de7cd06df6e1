/*
 * dynamodb_request.h
 *		What the bodies of DynamoDB's requests have in common, for the files that write them.
 */
#ifndef AWS_DYNAMODB_REQUEST_H
#define AWS_DYNAMODB_REQUEST_H

#include "item/attribute_change.h"
#include "item/condition.h"

/* What the parts of one request's body are written with. */
typedef struct RequestWriter
{
	JsonWriter json;
	Arena *arena;
	ExpressionAttributes *attributes; /* of the expressions that are being written */
} RequestWriter;

extern CheckedResult request_writer_init(RequestWriter *writer, Arena *arena,
                                         ByteBuffer *body) MUST_CHECK;

/*
 * Begins expressions that have placeholders of their own, as each action of a transaction has.
 * Those before have been written with expression_attributes_write().
 */
extern CheckedResult request_begin_expressions(RequestWriter *writer) MUST_CHECK;

/* ReturnConsumedCapacity=TOTAL, which every request asks for. */
extern void request_write_capacity_wish(JsonWriter *json);

/* Members that hold an expression; nothing when there is no condition, path or change. */
extern CheckedResult request_write_condition(RequestWriter *writer, const char *name,
                                             const Condition *condition) MUST_CHECK;
extern CheckedResult request_write_projection(RequestWriter *writer, const AttributePath *paths,
                                              size_t count) MUST_CHECK;
extern CheckedResult request_write_changes(RequestWriter *writer, const AttributeChange *changes,
                                           size_t count) MUST_CHECK;

/* The request that asks for what an answer left over: {"RequestItems":unprocessed,…}. */
extern CheckedResult request_write_again(Bytes unprocessed, ByteBuffer *body) MUST_CHECK;

#endif
