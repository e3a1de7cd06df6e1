/*
 * dynamodb.c
 *		Request bodies of DynamoDB's API of 2012-08-10, and its descriptions of tables.
 */
#include "aws/dynamodb.h"

#include <string.h>

#include "aws/description.h"
#include "aws/dynamodb_request.h"

/* The members that Query and Scan have in common. */
static CheckedResult
write_read(RequestWriter *writer, const ReadRequest *request)
{
	JsonWriter *json = &writer->json;

	json_string_member(json, "TableName", request->table_name);
	if (request->index_name.length > 0)
		json_string_member(json, "IndexName", request->index_name);
	RETURN_IF_FAILED(request_write_condition(writer, "FilterExpression", request->filter));
	if (request->count_only)
		json_string_member(json, "Select", BYTES_LITERAL("COUNT"));
	else
		RETURN_IF_FAILED(
		    request_write_projection(writer, request->projection, request->projection_count));
	if (request->consistent_read)
		json_boolean_member(json, "ConsistentRead", true);
	if (request->limit > 0)
		json_integer_member(json, "Limit", request->limit);
	if (request->exclusive_start_key != NULL)
		json_item_member(json, "ExclusiveStartKey", request->exclusive_start_key);
	request_write_capacity_wish(json);
	return result_ok();
}

CheckedResult
dynamodb_write_query(Arena *arena, const ReadRequest *request, ByteBuffer *body)
{
	RequestWriter writer;

	RETURN_IF_FAILED(request_writer_init(&writer, arena, body));
	json_begin_object(&writer.json);
	RETURN_IF_FAILED(write_read(&writer, request));
	RETURN_IF_FAILED(
	    request_write_condition(&writer, "KeyConditionExpression", request->key_condition));
	if (request->backward)
		json_boolean_member(&writer.json, "ScanIndexForward", false);
	expression_attributes_write(writer.attributes, &writer.json);
	json_end_object(&writer.json);
	return buffer_result(body);
}

CheckedResult
dynamodb_write_scan(Arena *arena, const ReadRequest *request, ByteBuffer *body)
{
	RequestWriter writer;

	RETURN_IF_FAILED(request_writer_init(&writer, arena, body));
	json_begin_object(&writer.json);
	RETURN_IF_FAILED(write_read(&writer, request));
	if (request->total_segments > 1)
	{
		json_integer_member(&writer.json, "Segment", request->segment);
		json_integer_member(&writer.json, "TotalSegments", request->total_segments);
	}
	expression_attributes_write(writer.attributes, &writer.json);
	json_end_object(&writer.json);
	return buffer_result(body);
}

/* What is to be read of each item that is looked up. */
static CheckedResult
write_lookup_parts(RequestWriter *writer, const LookupRequest *request)
{
	RETURN_IF_FAILED(
	    request_write_projection(writer, request->projection, request->projection_count));
	expression_attributes_write(writer->attributes, &writer->json);
	if (request->consistent_read)
		json_boolean_member(&writer->json, "ConsistentRead", true);
	return result_ok();
}

CheckedResult
dynamodb_write_get_item(Arena *arena, const LookupRequest *request, ByteBuffer *body)
{
	RequestWriter writer;

	if (request->key_count != 1)
		return result_failed(RESULT_INVALID_ARGUMENT, "GetItem takes one key");
	RETURN_IF_FAILED(request_writer_init(&writer, arena, body));
	json_begin_object(&writer.json);
	json_string_member(&writer.json, "TableName", request->table_name);
	json_item_member(&writer.json, "Key", &request->keys[0]);
	RETURN_IF_FAILED(write_lookup_parts(&writer, request));
	request_write_capacity_wish(&writer.json);
	json_end_object(&writer.json);
	return buffer_result(body);
}

static void
write_keys(JsonWriter *json, const LookupRequest *request)
{
	json_begin_array_member(json, "Keys");
	for (size_t i = 0; i < request->key_count; i++)
		json_item(json, &request->keys[i]);
	json_end_array(json);
}

CheckedResult
dynamodb_write_batch_get_item(Arena *arena, const LookupRequest *request, ByteBuffer *body)
{
	RequestWriter writer;

	if (request->key_count == 0 || request->key_count > BATCH_GET_KEYS_MAXIMUM)
		return result_failed(RESULT_INVALID_ARGUMENT, "BatchGetItem takes 1 to 100 keys");
	RETURN_IF_FAILED(request_writer_init(&writer, arena, body));
	json_begin_object(&writer.json);
	json_name(&writer.json, BYTES_LITERAL("RequestItems"));
	json_begin_object(&writer.json);
	json_name(&writer.json, request->table_name);
	json_begin_object(&writer.json);
	write_keys(&writer.json, request);
	RETURN_IF_FAILED(write_lookup_parts(&writer, request));
	json_end_object(&writer.json);
	json_end_object(&writer.json);
	request_write_capacity_wish(&writer.json);
	json_end_object(&writer.json);
	return buffer_result(body);
}

CheckedResult
dynamodb_write_batch_get_again(Bytes unprocessed, ByteBuffer *body)
{
	return request_write_again(unprocessed, body);
}

/* {"name":"value"}, or {} when there is no value. */
static CheckedResult
write_single_member(ByteBuffer *body, const char *name, Bytes value)
{
	JsonWriter json;

	json_writer_init(&json, body);
	json_begin_object(&json);
	if (value.length > 0)
		json_string_member(&json, name, value);
	json_end_object(&json);
	return buffer_result(body);
}

CheckedResult
dynamodb_write_describe_table(Bytes table_name, ByteBuffer *body)
{
	return write_single_member(body, "TableName", table_name);
}

CheckedResult
dynamodb_write_describe_time_to_live(Bytes table_name, ByteBuffer *body)
{
	return write_single_member(body, "TableName", table_name);
}

CheckedResult
dynamodb_write_list_tables(Bytes start, ByteBuffer *body)
{
	return write_single_member(body, "ExclusiveStartTableName", start);
}

static CheckedResult
not_a_description(void)
{
	return result_failed(RESULT_MALFORMED, "response does not describe a table");
}

/* A copy of a string member that has to be there. */
static CheckedResult
copy_required_string(Arena *arena, json_object *object, const char *name, Bytes *copy)
{
	RETURN_IF_FAILED(description_copy_string(arena, object, name, copy));
	return copy->length == 0 ? not_a_description() : result_ok();
}

static size_t
array_length(json_object *array)
{
	return array == NULL ? 0 : json_object_array_length(array);
}

/* A copy of an array of strings; NULL and no elements when there is no array. */
static CheckedResult
copy_strings(Arena *arena, json_object *array, Bytes **strings, uint32_t *count)
{
	size_t length = array_length(array);

	*strings = NULL;
	*count = 0;
	if (length == 0)
		return result_ok();
	*strings = arena_allocate_array(arena, length, sizeof(Bytes));
	if (*strings == NULL)
		return arena_failure(arena, length * sizeof(Bytes));
	for (size_t i = 0; i < length; i++)
	{
		json_object *element = json_object_array_get_idx(array, i);
		Bytes *copy = &(*strings)[i];
		Bytes text;

		if (!json_object_is_type(element, json_type_string))
			return not_a_description();
		text =
		    (Bytes){json_object_get_string(element), (size_t) json_object_get_string_len(element)};
		*copy = (Bytes){arena_copy(arena, text), text.length};
		if (copy->data == NULL)
			return arena_failure(arena, text.length + 1);
		(*count)++;
	}
	return result_ok();
}

/* The type that the table's AttributeDefinitions give the attribute: S, N or B. */
static CheckedResult
find_attribute_type(json_object *definitions, Bytes name, AttributeType *type)
{
	for (size_t i = 0; i < array_length(definitions); i++)
	{
		json_object *definition = json_object_array_get_idx(definitions, i);

		if (!bytes_equal(description_string(definition, "AttributeName"), name))
			continue;
		if (attribute_type_from_name(description_string(definition, "AttributeType"), type) &&
		    (*type == ATTRIBUTE_S || *type == ATTRIBUTE_N || *type == ATTRIBUTE_B))
			return result_ok();
		break;
	}
	return not_a_description();
}

/* Adds one element of a KeySchema to the attributes of its kind. */
static CheckedResult
read_key_element(Arena *arena, json_object *element, json_object *definitions, KeySchema *keys)
{
	Bytes kind = description_string(element, "KeyType");
	bool is_hash = bytes_equal(kind, BYTES_LITERAL("HASH"));
	KeyAttribute *attributes = is_hash ? keys->hash : keys->range;
	uint32_t *count = is_hash ? &keys->hash_count : &keys->range_count;
	KeyAttribute *attribute;

	if ((!is_hash && !bytes_equal(kind, BYTES_LITERAL("RANGE"))) ||
	    *count == KEY_ATTRIBUTES_MAXIMUM)
		return not_a_description();
	attribute = &attributes[(*count)++];
	RETURN_IF_FAILED(copy_required_string(arena, element, "AttributeName", &attribute->name));
	return find_attribute_type(definitions, attribute->name, &attribute->type);
}

static CheckedResult
read_key_schema(Arena *arena, json_object *schema, json_object *definitions, KeySchema *keys)
{
	*keys = (KeySchema){.hash_count = 0};
	for (size_t i = 0; i < array_length(schema); i++)
		RETURN_IF_FAILED(
		    read_key_element(arena, json_object_array_get_idx(schema, i), definitions, keys));
	return keys->hash_count == 0 ? not_a_description() : result_ok();
}

static CheckedResult
read_index_projection(Arena *arena, json_object *projection, IndexDescription *index)
{
	static const struct
	{
		const char *name;
		IndexProjection projection;
	} kinds[] = {{"ALL", PROJECTION_ALL},
	             {"KEYS_ONLY", PROJECTION_KEYS_ONLY},
	             {"INCLUDE", PROJECTION_INCLUDE}};
	Bytes name = description_string(projection, "ProjectionType");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		if (!bytes_equal(name, bytes_of_string(kinds[i].name)))
			continue;
		index->projection = kinds[i].projection;
		return copy_strings(arena, description_array(projection, "NonKeyAttributes"),
		                    &index->included, &index->included_count);
	}
	return not_a_description();
}

static CheckedResult
read_index(Arena *arena, json_object *object, json_object *definitions, bool global,
           IndexDescription *index)
{
	json_object *throughput;

	*index = (IndexDescription){.global = global};
	RETURN_IF_FAILED(copy_required_string(arena, object, "IndexName", &index->name));
	RETURN_IF_FAILED(
	    read_key_schema(arena, description_array(object, "KeySchema"), definitions, &index->keys));
	RETURN_IF_FAILED(read_index_projection(arena, description_object(object, "Projection"), index));
	index->active =
	    !global || bytes_equal(description_string(object, "IndexStatus"), BYTES_LITERAL("ACTIVE"));
	throughput = description_object(object, "ProvisionedThroughput");
	index->read_capacity_units = description_integer(throughput, "ReadCapacityUnits", 0);
	index->write_capacity_units = description_integer(throughput, "WriteCapacityUnits", 0);
	index->item_count = description_integer(object, "ItemCount", 0);
	index->size_bytes = description_integer(object, "IndexSizeBytes", 0);
	return result_ok();
}

static CheckedResult
read_indexes(Arena *arena, json_object *table, const char *member, json_object *definitions,
             bool global, TableDescription *description)
{
	json_object *array = description_array(table, member);

	for (size_t i = 0; i < array_length(array); i++)
	{
		IndexDescription *index = &description->indexes[description->index_count];

		RETURN_IF_FAILED(
		    read_index(arena, json_object_array_get_idx(array, i), definitions, global, index));
		description->index_count++;
	}
	return result_ok();
}

static CheckedResult
read_all_indexes(Arena *arena, json_object *table, json_object *definitions,
                 TableDescription *description)
{
	size_t count = array_length(description_array(table, "LocalSecondaryIndexes")) +
	               array_length(description_array(table, "GlobalSecondaryIndexes"));

	if (count == 0)
		return result_ok();
	description->indexes = arena_allocate_array(arena, count, sizeof(IndexDescription));
	if (description->indexes == NULL)
		return arena_failure(arena, count * sizeof(IndexDescription));
	RETURN_IF_FAILED(
	    read_indexes(arena, table, "LocalSecondaryIndexes", definitions, false, description));
	return read_indexes(arena, table, "GlobalSecondaryIndexes", definitions, true, description);
}

/*
 * A table without BillingModeSummary has provisioned capacity, unless that is zero, as some
 * versions of the service and its emulators describe on-demand tables.
 */
static void
read_capacity(json_object *table, TableDescription *description)
{
	Bytes mode = description_string(description_object(table, "BillingModeSummary"), "BillingMode");
	json_object *throughput = description_object(table, "ProvisionedThroughput");

	description->read_capacity_units = description_integer(throughput, "ReadCapacityUnits", 0);
	description->write_capacity_units = description_integer(throughput, "WriteCapacityUnits", 0);
	description->on_demand = mode.length > 0 ? bytes_equal(mode, BYTES_LITERAL("PAY_PER_REQUEST"))
	                                         : description->read_capacity_units == 0;
	if (description->on_demand)
		description->read_capacity_units = description->write_capacity_units = 0;
}

/* Of a stream and a key that are being turned off the service says nothing, or that they are not
 * on.
 */
static CheckedResult
read_stream_and_key(Arena *arena, json_object *table, TableDescription *description)
{
	json_object *stream = description_object(table, "StreamSpecification");
	json_object *encryption = description_object(table, "SSEDescription");
	Bytes status = description_string(encryption, "Status");

	if (description_boolean(stream, "StreamEnabled"))
		RETURN_IF_FAILED(description_copy_string(arena, stream, "StreamViewType",
		                                         &description->stream_view_type));
	description->has_kms_key = bytes_equal(status, BYTES_LITERAL("ENABLED")) ||
	                           bytes_equal(status, BYTES_LITERAL("ENABLING")) ||
	                           bytes_equal(status, BYTES_LITERAL("UPDATING"));
	return description_copy_string(arena, encryption, "KMSMasterKeyArn", &description->kms_key_id);
}

static CheckedResult
read_table(Arena *arena, json_object *document, void *result)
{
	TableDescription *description = result;
	json_object *table = description_object(document, "Table");
	json_object *definitions = description_array(table, "AttributeDefinitions");

	RETURN_IF_FAILED(copy_required_string(arena, table, "TableName", &description->name));
	RETURN_IF_FAILED(description_copy_string(arena, table, "TableArn", &description->arn));
	RETURN_IF_FAILED(copy_required_string(arena, table, "TableStatus", &description->status));
	RETURN_IF_FAILED(read_key_schema(arena, description_array(table, "KeySchema"), definitions,
	                                 &description->keys));
	if (description->keys.hash_count != 1 || description->keys.range_count > 1)
		return not_a_description();
	description->item_count = description_integer(table, "ItemCount", 0);
	description->size_bytes = description_integer(table, "TableSizeBytes", 0);
	description->deletion_protection = description_boolean(table, "DeletionProtectionEnabled");
	read_capacity(table, description);
	RETURN_IF_FAILED(read_stream_and_key(arena, table, description));
	return read_all_indexes(arena, table, definitions, description);
}

CheckedResult
dynamodb_read_table_description(Arena *arena, Bytes json, TableDescription *description)
{
	*description = (TableDescription){.name = BYTES_EMPTY};
	return description_read(arena, json, read_table, description);
}

/* In which state an attribute is asked for, and its name. */
typedef struct TimeToLiveReading
{
	bool or_enabling;
	Bytes *attribute_name;
} TimeToLiveReading;

static CheckedResult
read_time_to_live(Arena *arena, json_object *document, void *result)
{
	const TimeToLiveReading *reading = result;
	json_object *ttl = description_object(document, "TimeToLiveDescription");
	Bytes status = description_string(ttl, "TimeToLiveStatus");

	if (ttl == NULL)
		return result_failed(RESULT_MALFORMED, "response does not describe a time to live");
	if (!bytes_equal(status, BYTES_LITERAL("ENABLED")) &&
	    !(reading->or_enabling && bytes_equal(status, BYTES_LITERAL("ENABLING"))))
		return result_ok();
	return description_copy_string(arena, ttl, "AttributeName", reading->attribute_name);
}

CheckedResult
dynamodb_read_time_to_live(Arena *arena, Bytes json, bool or_enabling, Bytes *attribute_name)
{
	TimeToLiveReading reading = {or_enabling, attribute_name};

	*attribute_name = BYTES_EMPTY;
	return description_read(arena, json, read_time_to_live, &reading);
}

static CheckedResult
read_table_names(Arena *arena, json_object *document, void *result)
{
	TableNames *names = result;
	json_object *array = description_array(document, "TableNames");

	if (array == NULL)
		return result_failed(RESULT_MALFORMED, "response has no table names");
	RETURN_IF_FAILED(copy_strings(arena, array, &names->names, &names->count));
	return description_copy_string(arena, document, "LastEvaluatedTableName",
	                               &names->last_evaluated);
}

CheckedResult
dynamodb_read_table_names(Arena *arena, Bytes json, TableNames *names)
{
	*names = (TableNames){.names = NULL};
	return description_read(arena, json, read_table_names, names);
}

bool
key_schema_has(const KeySchema *keys, Bytes name)
{
	for (uint32_t i = 0; i < keys->hash_count; i++)
	{
		if (bytes_equal(keys->hash[i].name, name))
			return true;
	}
	for (uint32_t i = 0; i < keys->range_count; i++)
	{
		if (bytes_equal(keys->range[i].name, name))
			return true;
	}
	return false;
}
