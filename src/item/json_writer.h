/*
 * json_writer.h
 *		JSON into a ByteBuffer: the bodies of requests.
 *
 * Written straight into a bounded buffer that can be wiped, because request bodies carry values
 * that must not stay behind in a library's heap. Commas are the writer's business. Failures are the
 * buffer's: see buffer_result().
 */
#ifndef ITEM_JSON_WRITER_H
#define ITEM_JSON_WRITER_H

#include "foundation/buffer.h"
#include "item/attribute_value.h"

typedef struct JsonWriter
{
	ByteBuffer *buffer;
	bool needs_comma; /* a value was written at this level */
} JsonWriter;

extern void json_writer_init(JsonWriter *writer, ByteBuffer *buffer);

extern void json_begin_object(JsonWriter *writer);
extern void json_end_object(JsonWriter *writer);
extern void json_begin_array(JsonWriter *writer);
extern void json_end_array(JsonWriter *writer);

/* The name of the next member of an object, UTF-8. */
extern void json_name(JsonWriter *writer, Bytes name);

/* Values. Strings are UTF-8; control characters, quote and backslash are escaped. */
extern void json_string(JsonWriter *writer, Bytes text);
extern void json_integer(JsonWriter *writer, int64_t number);
extern void json_boolean(JsonWriter *writer, bool boolean);
extern void json_null(JsonWriter *writer);
extern void json_base64(JsonWriter *writer, Bytes bytes);

/* Members of an object: a name and its value, or the beginning of one. */
extern void json_string_member(JsonWriter *writer, const char *name, Bytes text);
extern void json_integer_member(JsonWriter *writer, const char *name, int64_t number);
extern void json_boolean_member(JsonWriter *writer, const char *name, bool boolean);
extern void json_base64_member(JsonWriter *writer, const char *name, Bytes bytes);
extern void json_item_member(JsonWriter *writer, const char *name, const DynamodbItem *item);
extern void json_begin_object_member(JsonWriter *writer, const char *name);
extern void json_begin_array_member(JsonWriter *writer, const char *name);

/* Nothing where the text has no bytes. */
extern void json_string_member_if_any(JsonWriter *writer, const char *name, Bytes text);

/* Text that is JSON already, copied as it is. */
extern void json_raw(JsonWriter *writer, Bytes json);

/* {"S":"…"}: a value in DynamoDB's typed JSON. */
extern void json_attribute_value(JsonWriter *writer, const AttributeValue *value);

/* {"name":{"S":"…"},…}: an item, or a key, in DynamoDB's typed JSON. */
extern void json_item(JsonWriter *writer, const DynamodbItem *item);

/* The bytes that json_item() writes. */
extern size_t json_item_size(const DynamodbItem *item);

#endif
