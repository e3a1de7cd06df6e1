/*
 * json_writer.c
 *		Writing JSON, and DynamoDB's typed JSON, into a buffer.
 */
#include "item/json_writer.h"

#include "foundation/base64.h"

#include <string.h>

void
json_writer_init(JsonWriter *writer, ByteBuffer *buffer)
{
	*writer = (JsonWriter){.buffer = buffer};
}

/* What comes before every value and every name. */
static void
separate(JsonWriter *writer)
{
	if (writer->needs_comma)
		buffer_append_character(writer->buffer, ',');
	writer->needs_comma = true;
}

static void
begin(JsonWriter *writer, char bracket)
{
	separate(writer);
	buffer_append_character(writer->buffer, bracket);
	writer->needs_comma = false;
}

static void
end(JsonWriter *writer, char bracket)
{
	buffer_append_character(writer->buffer, bracket);
	writer->needs_comma = true;
}

void
json_begin_object(JsonWriter *writer)
{
	begin(writer, '{');
}

void
json_end_object(JsonWriter *writer)
{
	end(writer, '}');
}

void
json_begin_array(JsonWriter *writer)
{
	begin(writer, '[');
}

void
json_end_array(JsonWriter *writer)
{
	end(writer, ']');
}

static bool
needs_escape(char character)
{
	return (unsigned char) character < 0x20 || character == '"' || character == '\\';
}

static void
write_escape(ByteBuffer *buffer, char character)
{
	buffer_append_character(buffer, '\\');
	if (character == '"' || character == '\\')
	{
		buffer_append_character(buffer, character);
		return;
	}
	buffer_append_string(buffer, "u00");
	buffer_append_hexadecimal(buffer, (Bytes){&character, 1});
}

static void
write_quoted(ByteBuffer *buffer, Bytes text)
{
	size_t written = 0;

	buffer_append_character(buffer, '"');
	for (size_t i = 0; i < text.length; i++)
	{
		if (!needs_escape(text.data[i]))
			continue;
		buffer_append(buffer, text.data + written, i - written);
		write_escape(buffer, text.data[i]);
		written = i + 1;
	}
	if (written < text.length)
		buffer_append(buffer, text.data + written, text.length - written);
	buffer_append_character(buffer, '"');
}

void
json_name(JsonWriter *writer, Bytes name)
{
	separate(writer);
	write_quoted(writer->buffer, name);
	buffer_append_character(writer->buffer, ':');
	writer->needs_comma = false;
}

void
json_string(JsonWriter *writer, Bytes text)
{
	separate(writer);
	write_quoted(writer->buffer, text);
}

void
json_integer(JsonWriter *writer, int64_t number)
{
	separate(writer);
	buffer_append_integer(writer->buffer, number);
}

void
json_boolean(JsonWriter *writer, bool boolean)
{
	separate(writer);
	buffer_append_string(writer->buffer, boolean ? "true" : "false");
}

void
json_null(JsonWriter *writer)
{
	separate(writer);
	buffer_append_string(writer->buffer, "null");
}

void
json_base64(JsonWriter *writer, Bytes bytes)
{
	ByteBuffer *buffer = writer->buffer;
	size_t length;
	char *room;

	separate(writer);
	buffer_append_character(buffer, '"');
	/* A length that wraps could never be in memory; refused as any other that is too large. */
	length = bytes.length > SIZE_MAX / 2 ? SIZE_MAX : BASE64_ENCODED_LENGTH(bytes.length);
	room = buffer_reserve(buffer, length);
	if (room == NULL)
		return;
	base64_encode(bytes, room);
	buffer_commit(buffer, length);
	buffer_append_character(buffer, '"');
}

void
json_raw(JsonWriter *writer, Bytes json)
{
	separate(writer);
	buffer_append_bytes(writer->buffer, json);
}

static void write_value(JsonWriter *writer, const AttributeValue *value, uint32_t depth);

static void
write_attributes(JsonWriter *writer, const Attribute *attributes, uint32_t count, uint32_t depth)
{
	json_begin_object(writer);
	for (uint32_t i = 0; i < count; i++)
	{
		json_name(writer, attributes[i].name);
		write_value(writer, &attributes[i].value, depth);
	}
	json_end_object(writer);
}

static void
write_list(JsonWriter *writer, const AttributeValue *list, uint32_t depth)
{
	json_begin_array(writer);
	for (uint32_t i = 0; i < list->count; i++)
		write_value(writer, &list->elements[i], depth);
	json_end_array(writer);
}

static void
write_set(JsonWriter *writer, const AttributeValue *set)
{
	json_begin_array(writer);
	for (uint32_t i = 0; i < set->count; i++)
	{
		if (set->type == ATTRIBUTE_BS)
			json_base64(writer, set->elements[i].bytes);
		else
			json_string(writer, set->elements[i].bytes);
	}
	json_end_array(writer);
}

/* What stands behind the type's name. */
static void
write_content(JsonWriter *writer, const AttributeValue *value, uint32_t depth)
{
	switch (value->type)
	{
		case ATTRIBUTE_S:
		case ATTRIBUTE_N:
			json_string(writer, value->bytes);
			break;
		case ATTRIBUTE_B:
			json_base64(writer, value->bytes);
			break;
		case ATTRIBUTE_BOOL:
			json_boolean(writer, value->boolean);
			break;
		case ATTRIBUTE_NULL:
			json_boolean(writer, true);
			break;
		case ATTRIBUTE_SS:
		case ATTRIBUTE_NS:
		case ATTRIBUTE_BS:
			write_set(writer, value);
			break;
		case ATTRIBUTE_L:
			write_list(writer, value, depth + 1);
			break;
		case ATTRIBUTE_M:
			write_attributes(writer, value->attributes, value->count, depth + 1);
			break;
	}
}

/* `depth` is the number of lists and maps around the value, inside its attribute. */
static void
write_value(JsonWriter *writer, const AttributeValue *value, uint32_t depth)
{
	if (depth > ATTRIBUTE_DEPTH_MAXIMUM)
	{
		buffer_fail(writer->buffer,
		            result_failed(RESULT_TOO_LARGE, "lists and maps are nested too deep"));
		return;
	}
	json_begin_object(writer);
	json_name(writer, bytes_of_string(attribute_type_name(value->type)));
	write_content(writer, value, depth);
	json_end_object(writer);
}

void
json_attribute_value(JsonWriter *writer, const AttributeValue *value)
{
	write_value(writer, value, 0);
}

void
json_item(JsonWriter *writer, const DynamodbItem *item)
{
	write_attributes(writer, item->attributes, item->count, 0);
}

/* ---- Sizes ---- */

/* With its quotes. */
static size_t
string_size(Bytes text)
{
	size_t size = text.length + 2;

	for (size_t i = 0; i < text.length; i++)
	{
		if (text.data[i] == '"' || text.data[i] == '\\')
			size += 1;
		else if ((unsigned char) text.data[i] < 0x20)
			size += strlen("\\u0000") - 1;
	}
	return size;
}

static size_t
base64_size(Bytes bytes)
{
	return BASE64_ENCODED_LENGTH(bytes.length) + 2;
}

/* Of brackets, and of the commas between `count` parts. */
static size_t
brackets_size(uint32_t count)
{
	return 2 + (count > 0 ? count - 1 : 0);
}

static size_t value_size(const AttributeValue *value);

static size_t
attributes_size(const Attribute *attributes, uint32_t count)
{
	size_t size = brackets_size(count);

	for (uint32_t i = 0; i < count; i++)
		size += string_size(attributes[i].name) + 1 + value_size(&attributes[i].value);
	return size;
}

static size_t
elements_size(const AttributeValue *value, size_t (*size_of)(const AttributeValue *element))
{
	size_t size = brackets_size(value->count);

	for (uint32_t i = 0; i < value->count; i++)
		size += size_of(&value->elements[i]);
	return size;
}

static size_t
scalar_size(const AttributeValue *value)
{
	return value->type == ATTRIBUTE_B ? base64_size(value->bytes) : string_size(value->bytes);
}

static size_t
content_size(const AttributeValue *value)
{
	switch (value->type)
	{
		case ATTRIBUTE_S:
		case ATTRIBUTE_N:
		case ATTRIBUTE_B:
			return scalar_size(value);
		case ATTRIBUTE_BOOL:
			return strlen(value->boolean ? "true" : "false");
		case ATTRIBUTE_NULL:
			return strlen("true");
		case ATTRIBUTE_SS:
		case ATTRIBUTE_NS:
		case ATTRIBUTE_BS:
			return elements_size(value, scalar_size);
		case ATTRIBUTE_L:
			return elements_size(value, value_size);
		case ATTRIBUTE_M:
			return attributes_size(value->attributes, value->count);
	}
	return 0;
}

static size_t
value_size(const AttributeValue *value)
{
	return strlen("{\"\":}") + strlen(attribute_type_name(value->type)) + content_size(value);
}

size_t
json_item_size(const DynamodbItem *item)
{
	return attributes_size(item->attributes, item->count);
}

/* ---- members ---- */

void
json_string_member(JsonWriter *writer, const char *name, Bytes text)
{
	json_name(writer, bytes_of_string(name));
	json_string(writer, text);
}

void
json_integer_member(JsonWriter *writer, const char *name, int64_t number)
{
	json_name(writer, bytes_of_string(name));
	json_integer(writer, number);
}

void
json_boolean_member(JsonWriter *writer, const char *name, bool boolean)
{
	json_name(writer, bytes_of_string(name));
	json_boolean(writer, boolean);
}

void
json_base64_member(JsonWriter *writer, const char *name, Bytes bytes)
{
	json_name(writer, bytes_of_string(name));
	json_base64(writer, bytes);
}

void
json_item_member(JsonWriter *writer, const char *name, const DynamodbItem *item)
{
	json_name(writer, bytes_of_string(name));
	json_item(writer, item);
}

void
json_begin_object_member(JsonWriter *writer, const char *name)
{
	json_name(writer, bytes_of_string(name));
	json_begin_object(writer);
}

void
json_begin_array_member(JsonWriter *writer, const char *name)
{
	json_name(writer, bytes_of_string(name));
	json_begin_array(writer);
}

void
json_string_member_if_any(JsonWriter *writer, const char *name, Bytes text)
{
	if (text.length > 0)
		json_string_member(writer, name, text);
}
