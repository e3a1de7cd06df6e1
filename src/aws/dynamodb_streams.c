/*
 * dynamodb_streams.c
 *		Request bodies and answers of DynamoDB Streams.
 */
#include "aws/dynamodb_streams.h"

#include <stdio.h>

#include "aws/description.h"
#include "aws/dynamodb_request.h"
#include "foundation/ascii.h"

static const char *const iterator_types[] = {
    [SHARD_TRIM_HORIZON] = "TRIM_HORIZON",
    [SHARD_LATEST] = "LATEST",
    [SHARD_AT_SEQUENCE_NUMBER] = "AT_SEQUENCE_NUMBER",
    [SHARD_AFTER_SEQUENCE_NUMBER] = "AFTER_SEQUENCE_NUMBER",
};

/* ---- requests ---- */

/* A request of one or two strings; the second is left out when it has no bytes. */
static CheckedResult
write_strings(ByteBuffer *body, const char *name, Bytes value, const char *other_name, Bytes other)
{
	JsonWriter json;

	json_writer_init(&json, body);
	json_begin_object(&json);
	json_string_member(&json, name, value);
	if (other.length > 0)
		json_string_member(&json, other_name, other);
	json_end_object(&json);
	return buffer_result(body);
}

CheckedResult
streams_write_list_streams(Bytes table_name, Bytes start, ByteBuffer *body)
{
	return write_strings(body, "TableName", table_name, "ExclusiveStartStreamArn", start);
}

CheckedResult
streams_write_describe_stream(Bytes stream_arn, Bytes start, ByteBuffer *body)
{
	return write_strings(body, "StreamArn", stream_arn, "ExclusiveStartShardId", start);
}

CheckedResult
streams_write_get_shard_iterator(Bytes stream_arn, Bytes shard_id, ShardIteratorType type,
                                 Bytes sequence_number, ByteBuffer *body)
{
	JsonWriter json;

	json_writer_init(&json, body);
	json_begin_object(&json);
	json_string_member(&json, "StreamArn", stream_arn);
	json_string_member(&json, "ShardId", shard_id);
	json_string_member(&json, "ShardIteratorType", bytes_of_string(iterator_types[type]));
	if (type == SHARD_AT_SEQUENCE_NUMBER || type == SHARD_AFTER_SEQUENCE_NUMBER)
		json_string_member(&json, "SequenceNumber", sequence_number);
	json_end_object(&json);
	return buffer_result(body);
}

CheckedResult
streams_write_get_records(Bytes iterator, int limit, ByteBuffer *body)
{
	JsonWriter json;

	json_writer_init(&json, body);
	json_begin_object(&json);
	json_string_member(&json, "ShardIterator", iterator);
	if (limit > 0)
		json_integer_member(&json, "Limit", limit);
	json_end_object(&json);
	return buffer_result(body);
}

/* Seconds with all the digits that a double has. */
static void
write_time(JsonWriter *json, double seconds)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%.17g", seconds);

	json_name(json, BYTES_LITERAL("ApproximateCreationDateTime"));
	json_raw(json, (Bytes){text, (size_t) length});
}

static void
write_change(JsonWriter *json, const StreamRecord *record)
{
	json_begin_object(json);
	if (record->created_at > 0)
		write_time(json, record->created_at);
	json_item_member(json, "Keys", &record->keys);
	if (record->has_new_image)
		json_item_member(json, "NewImage", &record->new_image);
	if (record->has_old_image)
		json_item_member(json, "OldImage", &record->old_image);
	json_string_member(json, "SequenceNumber", record->sequence_number);
	json_end_object(json);
}

CheckedResult
streams_write_record(const StreamRecord *record, ByteBuffer *json)
{
	JsonWriter writer;

	json_writer_init(&writer, json);
	json_begin_object(&writer);
	json_begin_array_member(&writer, "Records");
	json_begin_object(&writer);
	json_string_member(&writer, "eventID", record->event_id);
	json_string_member(&writer, "eventName", record->event_name);
	json_name(&writer, BYTES_LITERAL("dynamodb"));
	write_change(&writer, record);
	json_end_object(&writer);
	json_end_array(&writer);
	json_end_object(&writer);
	return buffer_result(json);
}

CheckedResult
dynamodb_write_enable_stream(Bytes table_name, ByteBuffer *body)
{
	JsonWriter json;

	json_writer_init(&json, body);
	json_begin_object(&json);
	json_string_member(&json, "TableName", table_name);
	json_begin_object_member(&json, "StreamSpecification");
	json_boolean_member(&json, "StreamEnabled", true);
	json_string_member(&json, "StreamViewType", BYTES_LITERAL("NEW_AND_OLD_IMAGES"));
	json_end_object(&json);
	json_end_object(&json);
	return buffer_result(body);
}

/* ---- answers ---- */

/* A string that must be there. */
static CheckedResult
copy_required(Arena *arena, json_object *object, const char *name, Bytes *copy)
{
	RETURN_IF_FAILED(description_copy_string(arena, object, name, copy));
	return copy->length > 0
	           ? result_ok()
	           : result_failed(RESULT_MALFORMED, "description of a stream lacks a member");
}

static CheckedResult
add_name(Arena *arena, json_object *object, StreamNames *names)
{
	StreamName *name;

	names->names =
	    arena_grow_array(arena, names->names, names->count, &names->capacity, sizeof(StreamName));
	if (names->names == NULL)
		return arena_failure(arena, names->capacity * sizeof(StreamName));
	name = &names->names[names->count++];
	RETURN_IF_FAILED(copy_required(arena, object, "StreamArn", &name->arn));
	return description_copy_string(arena, object, "StreamLabel", &name->label);
}

static CheckedResult
read_names(Arena *arena, json_object *document, void *context)
{
	StreamNames *names = context;
	json_object *streams = description_array(document, "Streams");

	if (streams == NULL)
		return result_failed(RESULT_MALFORMED, "response has no list of streams");
	for (size_t i = 0; i < json_object_array_length(streams); i++)
		RETURN_IF_FAILED(add_name(arena, json_object_array_get_idx(streams, i), names));
	return description_copy_string(arena, document, "LastEvaluatedStreamArn",
	                               &names->last_evaluated);
}

CheckedResult
streams_read_names(Arena *arena, Bytes json, StreamNames *names)
{
	return description_read(arena, json, read_names, names);
}

static CheckedResult
add_shard(Arena *arena, json_object *object, StreamDescription *description)
{
	json_object *range = description_object(object, "SequenceNumberRange");
	ShardDescription *shard;

	description->shards = arena_grow_array(arena, description->shards, description->shard_count,
	                                       &description->shard_capacity, sizeof(ShardDescription));
	if (description->shards == NULL)
		return arena_failure(arena, description->shard_capacity * sizeof(ShardDescription));
	shard = &description->shards[description->shard_count++];
	RETURN_IF_FAILED(copy_required(arena, object, "ShardId", &shard->id));
	RETURN_IF_FAILED(description_copy_string(arena, object, "ParentShardId", &shard->parent));
	RETURN_IF_FAILED(
	    description_copy_string(arena, range, "StartingSequenceNumber", &shard->first));
	return description_copy_string(arena, range, "EndingSequenceNumber", &shard->last);
}

static CheckedResult
read_description(Arena *arena, json_object *document, void *context)
{
	StreamDescription *description = context;
	json_object *stream = description_object(document, "StreamDescription");
	json_object *shards = description_array(stream, "Shards");

	if (stream == NULL)
		return result_failed(RESULT_MALFORMED, "response does not describe a stream");
	RETURN_IF_FAILED(copy_required(arena, stream, "StreamStatus", &description->status));
	RETURN_IF_FAILED(
	    description_copy_string(arena, stream, "StreamViewType", &description->view_type));
	for (size_t i = 0; shards != NULL && i < json_object_array_length(shards); i++)
		RETURN_IF_FAILED(add_shard(arena, json_object_array_get_idx(shards, i), description));
	return description_copy_string(arena, stream, "LastEvaluatedShardId",
	                               &description->last_evaluated);
}

CheckedResult
streams_read_description(Arena *arena, Bytes json, StreamDescription *description)
{
	return description_read(arena, json, read_description, description);
}

static CheckedResult
read_iterator(Arena *arena, json_object *document, void *context)
{
	return copy_required(arena, document, "ShardIterator", context);
}

CheckedResult
streams_read_shard_iterator(Arena *arena, Bytes json, Bytes *iterator)
{
	return description_read(arena, json, read_iterator, iterator);
}

/* ---- sequence numbers ---- */

bool
sequence_number_is_valid(Bytes number)
{
	if (number.length == 0 || number.length > STREAM_SEQUENCE_NUMBER_MAXIMUM)
		return false;
	for (size_t i = 0; i < number.length; i++)
	{
		if (!ascii_is_digit(number.data[i]))
			return false;
	}
	return true;
}

static Bytes
without_zeroes(Bytes number)
{
	while (number.length > 1 && number.data[0] == '0')
		number = (Bytes){number.data + 1, number.length - 1};
	return number;
}

int
sequence_number_compare(Bytes a, Bytes b)
{
	a = without_zeroes(a);
	b = without_zeroes(b);
	if (a.length != b.length)
		return a.length < b.length ? -1 : 1;
	return bytes_compare(a, b);
}
