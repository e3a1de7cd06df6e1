/*
 * dynamodb_table.c
 *		Request bodies of DynamoDB's control plane, and what of its answers is no description of a
 *		table.
 */
#include "aws/dynamodb_table.h"

#include "aws/description.h"
#include "aws/dynamodb_request.h"

static const char *const projection_names[] = {
    [PROJECTION_ALL] = "ALL",
    [PROJECTION_KEYS_ONLY] = "KEYS_ONLY",
    [PROJECTION_INCLUDE] = "INCLUDE",
};

/* ---- CreateTable ---- */

static void
write_key_element(JsonWriter *json, const KeyAttribute *key, const char *kind)
{
	json_begin_object(json);
	json_string_member(json, "AttributeName", key->name);
	json_string_member(json, "KeyType", bytes_of_string(kind));
	json_end_object(json);
}

static void
write_key_schema(JsonWriter *json, const KeySchema *keys)
{
	json_begin_array_member(json, "KeySchema");
	for (uint32_t i = 0; i < keys->hash_count; i++)
		write_key_element(json, &keys->hash[i], "HASH");
	for (uint32_t i = 0; i < keys->range_count; i++)
		write_key_element(json, &keys->range[i], "RANGE");
	json_end_array(json);
}

/* The `index`th key attribute of a schema, hash before range; NULL behind the last. */
static const KeyAttribute *
key_attribute(const KeySchema *keys, uint32_t index)
{
	if (index < keys->hash_count)
		return &keys->hash[index];
	index -= keys->hash_count;
	return index < keys->range_count ? &keys->range[index] : NULL;
}

static bool
schema_has(const KeySchema *keys, Bytes name)
{
	const KeyAttribute *key;

	for (uint32_t i = 0; (key = key_attribute(keys, i)) != NULL; i++)
	{
		if (bytes_equal(key->name, name))
			return true;
	}
	return false;
}

/* The keys of the table, and behind them those of its indexes. */
static const KeySchema *
schema_of(const TableDescription *table, uint32_t number)
{
	return number == 0 ? &table->keys : &table->indexes[number - 1].keys;
}

/* Whether the `index`th attribute of the schema of that number is in none before, nor in this. */
static bool
is_first_mention(const TableDescription *table, uint32_t number, uint32_t index)
{
	Bytes name = key_attribute(schema_of(table, number), index)->name;

	for (uint32_t i = 0; i < number; i++)
	{
		if (schema_has(schema_of(table, i), name))
			return false;
	}
	for (uint32_t i = 0; i < index; i++)
	{
		if (bytes_equal(key_attribute(schema_of(table, number), i)->name, name))
			return false;
	}
	return true;
}

static void
write_attribute_definition(JsonWriter *json, const KeyAttribute *key)
{
	json_begin_object(json);
	json_string_member(json, "AttributeName", key->name);
	json_string_member(json, "AttributeType", bytes_of_string(attribute_type_name(key->type)));
	json_end_object(json);
}

/* Each attribute that is in some key, once: DynamoDB refuses more and less. */
static void
write_attribute_definitions(JsonWriter *json, const TableDescription *table)
{
	json_begin_array_member(json, "AttributeDefinitions");
	for (uint32_t number = 0; number <= table->index_count; number++)
	{
		const KeyAttribute *key;

		for (uint32_t i = 0; (key = key_attribute(schema_of(table, number), i)) != NULL; i++)
		{
			if (is_first_mention(table, number, i))
				write_attribute_definition(json, key);
		}
	}
	json_end_array(json);
}

static void
write_throughput(JsonWriter *json, int64_t read_capacity_units, int64_t write_capacity_units)
{
	json_begin_object_member(json, "ProvisionedThroughput");
	json_integer_member(json, "ReadCapacityUnits", read_capacity_units);
	json_integer_member(json, "WriteCapacityUnits", write_capacity_units);
	json_end_object(json);
}

static void
write_projection(JsonWriter *json, const IndexDescription *index)
{
	json_begin_object_member(json, "Projection");
	json_string_member(json, "ProjectionType",
	                   bytes_of_string(projection_names[index->projection]));
	if (index->projection == PROJECTION_INCLUDE)
	{
		json_begin_array_member(json, "NonKeyAttributes");
		for (uint32_t i = 0; i < index->included_count; i++)
			json_string(json, index->included[i]);
		json_end_array(json);
	}
	json_end_object(json);
}

static void
write_index(JsonWriter *json, const IndexDescription *index, bool on_demand)
{
	json_begin_object(json);
	json_string_member(json, "IndexName", index->name);
	write_key_schema(json, &index->keys);
	write_projection(json, index);
	if (index->global && !on_demand)
		write_throughput(json, index->read_capacity_units, index->write_capacity_units);
	json_end_object(json);
}

/* The indexes of one kind; nothing when there are none. */
static void
write_indexes(JsonWriter *json, const TableDescription *table, bool global)
{
	bool begun = false;

	for (uint32_t i = 0; i < table->index_count; i++)
	{
		if (table->indexes[i].global != global)
			continue;
		if (!begun)
			json_begin_array_member(json,
			                        global ? "GlobalSecondaryIndexes" : "LocalSecondaryIndexes");
		begun = true;
		write_index(json, &table->indexes[i], table->on_demand);
	}
	if (begun)
		json_end_array(json);
}

static void
write_capacity(JsonWriter *json, const TableDescription *table)
{
	json_string_member(json, "BillingMode",
	                   table->on_demand ? BYTES_LITERAL("PAY_PER_REQUEST")
	                                    : BYTES_LITERAL("PROVISIONED"));
	if (!table->on_demand)
		write_throughput(json, table->read_capacity_units, table->write_capacity_units);
}

static void
write_stream(JsonWriter *json, const TableDescription *table)
{
	if (table->stream_view_type.length == 0)
		return;
	json_begin_object_member(json, "StreamSpecification");
	json_boolean_member(json, "StreamEnabled", true);
	json_string_member(json, "StreamViewType", table->stream_view_type);
	json_end_object(json);
}

/* DynamoDB wants its own alias left out. */
static void
write_encryption(JsonWriter *json, const TableDescription *table)
{
	if (!table->has_kms_key)
		return;
	json_begin_object_member(json, "SSESpecification");
	json_boolean_member(json, "Enabled", true);
	json_string_member(json, "SSEType", BYTES_LITERAL("KMS"));
	if (!bytes_equal(table->kms_key_id, DYNAMODB_KEY_ALIAS))
		json_string_member(json, "KMSMasterKeyId", table->kms_key_id);
	json_end_object(json);
}

static void
write_tags(JsonWriter *json, const TableTags *tags)
{
	if (tags->count == 0)
		return;
	json_begin_array_member(json, "Tags");
	for (uint32_t i = 0; i < tags->count; i++)
	{
		json_begin_object(json);
		json_string_member(json, "Key", tags->tags[i].key);
		json_string_member(json, "Value", tags->tags[i].value);
		json_end_object(json);
	}
	json_end_array(json);
}

CheckedResult
dynamodb_write_create_table(const TableDefinition *definition, ByteBuffer *body)
{
	const TableDescription *table = &definition->table;
	JsonWriter json;

	json_writer_init(&json, body);
	json_begin_object(&json);
	json_string_member(&json, "TableName", table->name);
	write_attribute_definitions(&json, table);
	write_key_schema(&json, &table->keys);
	write_indexes(&json, table, false);
	write_indexes(&json, table, true);
	write_capacity(&json, table);
	write_stream(&json, table);
	write_encryption(&json, table);
	if (table->deletion_protection)
		json_boolean_member(&json, "DeletionProtectionEnabled", true);
	write_tags(&json, &definition->tags);
	json_end_object(&json);
	return buffer_result(body);
}

/* ---- other requests ---- */

static void
begin_request(JsonWriter *json, ByteBuffer *body, const char *name, Bytes value)
{
	json_writer_init(json, body);
	json_begin_object(json);
	json_string_member(json, name, value);
}

static CheckedResult
end_request(JsonWriter *json)
{
	json_end_object(json);
	return buffer_result(json->buffer);
}

CheckedResult
dynamodb_write_delete_table(Bytes table_name, ByteBuffer *body)
{
	JsonWriter json;

	begin_request(&json, body, "TableName", table_name);
	return end_request(&json);
}

CheckedResult
dynamodb_write_update_time_to_live(Bytes table_name, Bytes attribute_name, ByteBuffer *body)
{
	JsonWriter json;

	begin_request(&json, body, "TableName", table_name);
	json_begin_object_member(&json, "TimeToLiveSpecification");
	json_boolean_member(&json, "Enabled", true);
	json_string_member(&json, "AttributeName", attribute_name);
	json_end_object(&json);
	return end_request(&json);
}

CheckedResult
dynamodb_write_describe_continuous_backups(Bytes table_name, ByteBuffer *body)
{
	JsonWriter json;

	begin_request(&json, body, "TableName", table_name);
	return end_request(&json);
}

CheckedResult
dynamodb_write_update_continuous_backups(Bytes table_name, ByteBuffer *body)
{
	JsonWriter json;

	begin_request(&json, body, "TableName", table_name);
	json_begin_object_member(&json, "PointInTimeRecoverySpecification");
	json_boolean_member(&json, "PointInTimeRecoveryEnabled", true);
	json_end_object(&json);
	return end_request(&json);
}

CheckedResult
dynamodb_write_list_tags(Bytes table_arn, Bytes next_token, ByteBuffer *body)
{
	JsonWriter json;

	begin_request(&json, body, "ResourceArn", table_arn);
	if (next_token.length > 0)
		json_string_member(&json, "NextToken", next_token);
	return end_request(&json);
}

/* ---- answers ---- */

CheckedResult
dynamodb_read_point_in_time_recovery(Bytes json, bool *enabled)
{
	json_object *document;
	json_object *backups;
	json_object *recovery;

	RETURN_IF_FAILED(description_open(json, &document));
	backups = description_object(document, "ContinuousBackupsDescription");
	recovery = description_object(backups, "PointInTimeRecoveryDescription");
	*enabled = bytes_equal(description_string(recovery, "PointInTimeRecoveryStatus"),
	                       BYTES_LITERAL("ENABLED"));
	description_close(document);
	return backups != NULL
	           ? result_ok()
	           : result_failed(RESULT_MALFORMED, "response does not describe continuous backups");
}

static CheckedResult
add_tag(Arena *arena, json_object *object, TableTags *tags)
{
	TableTag *tag;

	tags->tags =
	    arena_grow_array(arena, tags->tags, tags->count, &tags->capacity, sizeof(TableTag));
	if (tags->tags == NULL)
		return arena_failure(arena, tags->capacity * sizeof(TableTag));
	tag = &tags->tags[tags->count++];
	RETURN_IF_FAILED(description_copy_string(arena, object, "Key", &tag->key));
	return description_copy_string(arena, object, "Value", &tag->value);
}

/* What an answer adds to. */
typedef struct TagsReading
{
	TableTags *tags;
	Bytes *next_token;
} TagsReading;

static CheckedResult
read_tags(Arena *arena, json_object *document, void *result)
{
	const TagsReading *reading = result;
	json_object *array = description_array(document, "Tags");

	if (array == NULL)
		return result_failed(RESULT_MALFORMED, "response has no tags");
	for (size_t i = 0; i < json_object_array_length(array); i++)
		RETURN_IF_FAILED(add_tag(arena, json_object_array_get_idx(array, i), reading->tags));
	return description_copy_string(arena, document, "NextToken", reading->next_token);
}

CheckedResult
dynamodb_read_tags(Arena *arena, Bytes json, TableTags *tags, Bytes *next_token)
{
	TagsReading reading = {tags, next_token};

	return description_read(arena, json, read_tags, &reading);
}

bool
table_is_active(const TableDescription *table)
{
	for (uint32_t i = 0; i < table->index_count; i++)
	{
		if (!table->indexes[i].active)
			return false;
	}
	return bytes_equal(table->status, BYTES_LITERAL("ACTIVE"));
}
