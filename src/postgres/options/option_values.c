/*
 * option_values.c
 *		Checks of single values of options.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/varlena.h"

#include "postgres/compat.h"

#include "aws/dynamodb_streams.h"
#include "aws/index_definitions.h"
#include "aws/kms.h"
#include "aws/sqs.h"
#include "foundation/ascii.h"
#include "item/attribute_path.h"
#include "postgres/memory.h"
#include "postgres/options/option_values.h"
#include "postgres/options/options.h"

/* DynamoDB's names are UTF-8, whatever the database's encoding is. */
Bytes
utf8_of_text(const char *text)
{
	return bytes_of_string(pg_server_to_any(text, strlen(text), PG_UTF8));
}

bool
is_region(const char *value)
{
	return *value != '\0' && region_name_is_valid(bytes_of_string(value));
}

bool
is_endpoint(const char *value)
{
	Endpoint endpoint;
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, MaxAllocSize);

	return result_is_ok(endpoint_parse(arena, bytes_of_string(value), &endpoint));
}

bool
is_absolute_file_name(const char *value)
{
	return is_absolute_path(value);
}

/* True for `minimum` to `maximum` letters, digits and characters of `others`. */
static bool
consists_of(const char *value, size_t minimum, size_t maximum, const char *others)
{
	size_t length = strlen(value);

	if (length < minimum || length > maximum)
		return false;
	for (const char *p = value; *p != '\0'; p++)
	{
		if (!ascii_is_letter(*p) && !ascii_is_digit(*p) && strchr(others, *p) == NULL)
			return false;
	}
	return true;
}

bool
is_role_arn(const char *value)
{
	return strncmp(value, "arn:", 4) == 0 && strstr(value, ":role/") != NULL &&
	       strlen(value) <= 2048;
}

bool
is_role_session_name(const char *value)
{
	return consists_of(value, 2, 64, "_+=,.@-");
}

bool
is_external_id(const char *value)
{
	return consists_of(value, 2, 1224, "_+=,.@:/-");
}

bool
is_index_name(const char *value)
{
	return consists_of(value, 3, 255, "_-.");
}

bool
is_table_name(const char *value)
{
	return is_index_name(value) ||
	       (strncmp(value, "arn:", 4) == 0 && consists_of(value, 5, 1024, "_-.:/"));
}

bool
is_queue_name(const char *value)
{
	const char *dot = strchr(value, '.');

	return consists_of(value, 1, 80, "_-.") &&
	       (dot == NULL || (dot > value && strcmp(dot, ".fifo") == 0));
}

/* The service finds the queue by its account and name; the request goes to the server's endpoint.
 */
bool
is_queue_url(const char *value)
{
	Bytes name = sqs_queue_name(bytes_of_string(value));

	return (strncmp(value, "https://", 8) == 0 || strncmp(value, "http://", 7) == 0) &&
	       consists_of(value, 10, 2048, "_-.:/") && is_queue_name(name.data);
}

bool
is_message_attribute_name(const char *value)
{
	return sqs_attribute_name_is_valid(bytes_of_string(value));
}

CheckedResult
parse_local_indexes(Arena *arena, Bytes text)
{
	IndexDescription *indexes;
	uint32_t count;

	return index_definitions_parse(arena, text, false, &indexes, &count);
}

CheckedResult
parse_global_indexes(Arena *arena, Bytes text)
{
	IndexDescription *indexes;
	uint32_t count;

	return index_definitions_parse(arena, text, true, &indexes, &count);
}

CheckedResult
parse_tags(Arena *arena, Bytes text)
{
	TableTags tags;

	return table_tags_parse(arena, text, &tags);
}

bool
is_attribute_path(const char *value)
{
	AttributePath path;
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, MaxAllocSize);

	return result_is_ok(attribute_path_parse(arena, utf8_of_text(value), &path));
}

bool
is_stream_start(const char *value)
{
	return strcmp(value, "trim_horizon") == 0 || strcmp(value, "latest") == 0 ||
	       sequence_number_is_valid(bytes_of_string(value));
}

bool
is_kms_key_id(const char *value)
{
	return consists_of(value, 1, KMS_KEY_ID_MAXIMUM, "_-:/.");
}

bool
is_list_of_kms_key_ids(const char *value)
{
	List *names;
	ListCell *cell;

	if (!SplitGUCList(pstrdup(value), ',', &names) || names == NIL)
		return false;
	foreach (cell, names)
	{
		if (!is_kms_key_id(lfirst(cell)))
			return false;
	}
	return true;
}

/* Whether it names columns that are there shows when the table is used. */
bool
is_encryption_context(const char *value)
{
	return strlen(value) <= KMS_CONTEXT_MAXIMUM && kms_is_context_text(utf8_of_text(value));
}
