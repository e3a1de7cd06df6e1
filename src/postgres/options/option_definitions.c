/*
 * option_definitions.c
 *		Every option of every object, as one table.
 *
 * A new option is a row of option_definitions and a field of the struct that it fills.
 */
#include "postgres.h"

#include <float.h>
#include <limits.h>

#include "postgres/compat.h"

#include "aws/sqs.h"
#include "postgres/options/option_definitions.h"
#include "postgres/options/option_values.h"
#include "postgres/options/options.h"

static const OptionChoice on_missing_table_choices[] = {{"error", false}, {"empty", true}, {0}};

static const OptionChoice attribute_type_choices[] = {
    {"S", ATTRIBUTE_S},   {"N", ATTRIBUTE_N},
    {"B", ATTRIBUTE_B},   {"BOOL", ATTRIBUTE_BOOL},
    {"SS", ATTRIBUTE_SS}, {"NS", ATTRIBUTE_NS},
    {"BS", ATTRIBUTE_BS}, {"L", ATTRIBUTE_L},
    {"M", ATTRIBUTE_M},   {0}};

static const OptionChoice key_choices[] = {{"hash", KEY_ROLE_HASH}, {"range", KEY_ROLE_RANGE}, {0}};

static const OptionChoice json_format_choices[] = {
    {"plain", JSON_FORMAT_PLAIN}, {"dynamodb", JSON_FORMAT_DYNAMODB}, {0}};

static const OptionChoice time_format_choices[] = {
    {"iso8601", TIME_FORMAT_ISO8601},
    {"epoch_seconds", TIME_FORMAT_EPOCH_SECONDS},
    {"epoch_milliseconds", TIME_FORMAT_EPOCH_MILLISECONDS},
    {0}};

static const OptionChoice write_mode_choices[] = {{"statement", WRITE_MODE_STATEMENT},
                                                  {"transaction", WRITE_MODE_TRANSACTION},
                                                  {"overwrite", WRITE_MODE_OVERWRITE},
                                                  {0}};

static const OptionChoice encryption_choices[] = {
    {"none", ENCRYPTION_NONE},
    {"dynamodb_encryption_client", ENCRYPTION_DYNAMODB_ENCRYPTION_CLIENT},
    {0}};

static const OptionChoice crypto_action_choices[] = {{"encrypt_and_sign", ACTION_ENCRYPT_AND_SIGN},
                                                     {"sign_only", ACTION_SIGN_ONLY},
                                                     {"do_nothing", ACTION_DO_NOTHING},
                                                     {0}};

static const OptionChoice signature_order_choices[] = {
    {"utf8", SIGNATURE_ORDER_UTF8}, {"utf16", SIGNATURE_ORDER_UTF16}, {0}};

static const OptionChoice on_bad_item_choices[] = {{"error", false}, {"skip", true}, {0}};

static const OptionChoice stream_role_choices[] = {{"event_id", STREAM_EVENT_ID},
                                                   {"event_name", STREAM_EVENT_NAME},
                                                   {"sequence_number", STREAM_SEQUENCE_NUMBER},
                                                   {"happened_at", STREAM_HAPPENED_AT},
                                                   {"keys", STREAM_KEYS},
                                                   {"new_image", STREAM_NEW_IMAGE_OF_ITEM},
                                                   {"old_image", STREAM_OLD_IMAGE_OF_ITEM},
                                                   {0}};

static const OptionChoice queue_role_choices[] = {
    {"body", QUEUE_BODY},
    {"message_id", QUEUE_MESSAGE_ID},
    {"sent_at", QUEUE_SENT_AT},
    {"receive_count", QUEUE_RECEIVE_COUNT},
    {"message_attributes", QUEUE_MESSAGE_ATTRIBUTES},
    {"message_attribute", QUEUE_MESSAGE_ATTRIBUTE},
    {"receipt_handle", QUEUE_RECEIPT_HANDLE},
    {"message_group_id", QUEUE_MESSAGE_GROUP_ID},
    {"message_deduplication_id", QUEUE_MESSAGE_DEDUPLICATION_ID},
    {"sequence_number", QUEUE_SEQUENCE_NUMBER},
    {0}};

static const OptionChoice token_format_choices[] = {{"uuid", TOKEN_FORMAT_UUID},
                                                    {"digits", TOKEN_FORMAT_DIGITS},
                                                    {"deterministic", TOKEN_FORMAT_DETERMINISTIC},
                                                    {0}};

static const OptionChoice missing_token_choices[] = {{"null", false}, {"error", true}, {0}};

static const OptionChoice vault_role_choices[] = {
    {"token", VAULT_ROLE_TOKEN},         {"value", VAULT_ROLE_VALUE},
    {"tenant", VAULT_ROLE_TENANT},       {"expires_at", VAULT_ROLE_EXPIRES_AT},
    {"uses_left", VAULT_ROLE_USES_LEFT}, {0}};

static const OptionChoice write_null_choices[] = {{"remove", false}, {"null", true}, {0}};

static const OptionChoice billing_mode_choices[] = {
    {"pay_per_request", BILLING_PAY_PER_REQUEST}, {"provisioned", BILLING_PROVISIONED}, {0}};

static const OptionChoice stream_view_choices[] = {
    {"none", STREAM_NONE},
    {"keys_only", STREAM_KEYS_ONLY},
    {"new_image", STREAM_NEW_IMAGE},
    {"old_image", STREAM_OLD_IMAGE},
    {"new_and_old_images", STREAM_NEW_AND_OLD_IMAGES},
    {0}};

#define FIELD(type, field) offsetof(type, field), sizeof(((type *) 0)->field)

#define TEXT(name, object, flags, type, field, accept, accepts)                                    \
	{                                                                                              \
		name, object, OPTION_TEXT, flags, FIELD(type, field), 0, 0, NULL, accept, accepts          \
	}
#define BOOLEAN(name, object, flags, type, field)                                                  \
	{                                                                                              \
		name, object, OPTION_BOOLEAN, flags, FIELD(type, field), 0, 0, NULL, NULL, NULL            \
	}
#define NUMBER(name, object, kind, type, field, minimum, maximum)                                  \
	{                                                                                              \
		name, object, kind, 0, FIELD(type, field), minimum, maximum, NULL, NULL, NULL              \
	}
#define CHOICE(name, object, type, field, choices)                                                 \
	{                                                                                              \
		name, object, OPTION_CHOICE, 0, FIELD(type, field), 0, 0, choices, NULL, NULL              \
	}
#define REFUSED(name, object, why)                                                                 \
	{                                                                                              \
		name, object, OPTION_REFUSED, 0, 0, 0, 0, 0, NULL, NULL, why                               \
	}

#define SERVER_TEXT(name, flags, field, accept, accepts)                                           \
	TEXT(name, OPTION_OF_SERVER, flags, ServerOptions, field, accept, accepts)
#define SERVER_BOOLEAN(name, field) BOOLEAN(name, OPTION_OF_SERVER, 0, ServerOptions, field)
#define SERVER_NUMBER(name, kind, field, minimum, maximum)                                         \
	NUMBER(name, OPTION_OF_SERVER, kind, ServerOptions, field, minimum, maximum)
#define MAPPING_TEXT(name, flags, field, accept, accepts)                                          \
	TEXT(name, OPTION_OF_MAPPING, flags, MappingOptions, field, accept, accepts)
#define TABLE_TEXT(name, field, accept, accepts)                                                   \
	TEXT(name, OPTION_OF_TABLE, 0, TableOptions, field, accept, accepts)
#define TABLE_BOOLEAN(name, field) BOOLEAN(name, OPTION_OF_TABLE, 0, TableOptions, field)
#define TABLE_JSON(name, field, parse, accepts)                                                    \
	{                                                                                              \
		name, OPTION_OF_TABLE, OPTION_JSON, 0, FIELD(TableOptions, field), 0, 0, NULL, NULL,       \
		    accepts, parse                                                                         \
	}
#define TABLE_NUMBER(name, kind, field, minimum, maximum)                                          \
	NUMBER(name, OPTION_OF_TABLE, kind, TableOptions, field, minimum, maximum)
#define COLUMN_TEXT(name, field, accept, accepts)                                                  \
	TEXT(name, OPTION_OF_COLUMN, 0, ColumnOptions, field, accept, accepts)
#define COLUMN_CHOICE(name, field, choices)                                                        \
	CHOICE(name, OPTION_OF_COLUMN, ColumnOptions, field, choices)

#define KMS_KEY_ACCEPTS    "the ARN, id or alias of a KMS key, such as alias/name"
#define URL_ACCEPTS        "a URL such as https://host:port"
#define TABLE_NAME_ACCEPTS "a name of 3 to 255 letters, digits, underscores, hyphens and dots"
#define NAME_ACCEPTS       "a name of 3 to 255 letters, digits, underscores, hyphens and dots, or an ARN"

/* Far more than fit on a page of 1 MB; DynamoDB itself sets no maximum to Limit. */
#define FETCH_SIZE_MAXIMUM 1000000

/* Each of them takes a kilobyte or two. */
#define DATA_KEY_CACHE_SIZE_MAXIMUM 1000000

/* Rows that wait for being written together are all in memory. */
#define BATCH_SIZE_MAXIMUM 10000

/* DynamoDB's bound on TotalSegments. */
#define SCAN_SEGMENTS_MAXIMUM 1000000

#define DAY_MS 86400000.0

const OptionDefinition option_definitions[] = {
    SERVER_TEXT("region", 0, region, is_region, "the name of an AWS region, such as eu-west-1"),
    SERVER_TEXT("endpoint_url", OPTION_ENDPOINT, endpoint_url, is_endpoint, URL_ACCEPTS),
    SERVER_TEXT("dynamodb_endpoint_url", OPTION_ENDPOINT, service_endpoint_urls[AWS_DYNAMODB],
                is_endpoint, URL_ACCEPTS),
    SERVER_TEXT("kms_endpoint_url", OPTION_ENDPOINT, service_endpoint_urls[AWS_KMS], is_endpoint,
                URL_ACCEPTS),
    SERVER_TEXT("sqs_endpoint_url", OPTION_ENDPOINT, service_endpoint_urls[AWS_SQS], is_endpoint,
                URL_ACCEPTS),
    SERVER_TEXT("sts_endpoint_url", OPTION_ENDPOINT, service_endpoint_urls[AWS_STS], is_endpoint,
                URL_ACCEPTS),
    SERVER_TEXT("streams_endpoint_url", OPTION_ENDPOINT,
                service_endpoint_urls[AWS_DYNAMODB_STREAMS], is_endpoint, URL_ACCEPTS),
    SERVER_BOOLEAN("use_fips", use_fips),
    SERVER_BOOLEAN("use_dualstack", use_dualstack),
    SERVER_NUMBER("connect_timeout", OPTION_MILLISECONDS, connect_timeout_ms, 1, DAY_MS),
    SERVER_NUMBER("request_timeout", OPTION_MILLISECONDS, request_timeout_ms, 1, DAY_MS),
    SERVER_NUMBER("max_attempts", OPTION_INTEGER, max_attempts, 1, 100),
    SERVER_NUMBER("max_connections", OPTION_INTEGER, max_connections, 1, 1000),
    SERVER_BOOLEAN("consistent_read", consistent_read),
    SERVER_NUMBER("fetch_size", OPTION_INTEGER, fetch_size, 1, FETCH_SIZE_MAXIMUM),
    SERVER_NUMBER("fdw_startup_cost", OPTION_REAL, fdw_startup_cost, 0, DBL_MAX),
    SERVER_NUMBER("fdw_tuple_cost", OPTION_REAL, fdw_tuple_cost, 0, DBL_MAX),
    SERVER_BOOLEAN("keep_connections", keep_connections),
    SERVER_BOOLEAN("allow_full_scan", allow_full_scan),
    SERVER_BOOLEAN("updatable", updatable),
    SERVER_BOOLEAN("truncatable", truncatable),
    SERVER_NUMBER("batch_size", OPTION_INTEGER, batch_size, 1, BATCH_SIZE_MAXIMUM),
    SERVER_NUMBER("max_capacity_units", OPTION_REAL, max_capacity_units, 0.5, DBL_MAX),
    SERVER_NUMBER("max_kms_calls", OPTION_INTEGER, max_kms_calls, 1, INT_MAX),
    SERVER_NUMBER("data_key_cache_size", OPTION_INTEGER, data_key_cache_size, 0,
                  DATA_KEY_CACHE_SIZE_MAXIMUM),
    SERVER_NUMBER("data_key_cache_ttl", OPTION_MILLISECONDS, data_key_cache_ttl_ms, 0, DAY_MS),
    SERVER_TEXT("ca_file", OPTION_SUPERUSER, ca_file, is_absolute_file_name,
                "an absolute file name"),
    SERVER_BOOLEAN("compression", compression),

    MAPPING_TEXT("aws_access_key_id", 0, aws_access_key_id, NULL, "an access key id"),
    MAPPING_TEXT("aws_secret_access_key", OPTION_SECRET, aws_secret_access_key, NULL,
                 "a secret access key"),
    MAPPING_TEXT("aws_session_token", OPTION_SECRET, aws_session_token, NULL, "a session token"),
    MAPPING_TEXT("role_arn", 0, role_arn, is_role_arn,
                 "the ARN of a role, such as arn:aws:iam::123456789012:role/name"),
    MAPPING_TEXT("external_id", OPTION_SECRET, external_id, is_external_id,
                 "2 to 1224 letters, digits and characters of _+=,.@:/-"),
    MAPPING_TEXT("role_session_name", 0, role_session_name, is_role_session_name,
                 "2 to 64 letters, digits and characters of _+=,.@-"),
    NUMBER("role_duration", OPTION_OF_MAPPING, OPTION_SECONDS, MappingOptions,
           role_duration_seconds, 900, 43200),
    MAPPING_TEXT("profile", OPTION_SUPERUSER, profile, NULL, "the name of a profile"),
    MAPPING_TEXT("config_file", OPTION_SUPERUSER, config_file, is_absolute_file_name,
                 "an absolute file name"),
    MAPPING_TEXT("credentials_file", OPTION_SUPERUSER, credentials_file, is_absolute_file_name,
                 "an absolute file name"),
    BOOLEAN("credentials_required", OPTION_OF_MAPPING, OPTION_SUPERUSER_FALSE, MappingOptions,
            credentials_required),
    REFUSED("mfa_serial", OPTION_OF_MAPPING,
            "A backend cannot ask for a code. Get temporary credentials with the code and set "
            "aws_access_key_id, aws_secret_access_key and aws_session_token."),

    TABLE_TEXT("table_name", table_name, is_table_name, NAME_ACCEPTS),
    TABLE_TEXT("index_name", index_name, is_index_name,
               "a name of 3 to 255 letters, digits, underscores, hyphens and dots"),
    TABLE_NUMBER("scan_segments", OPTION_INTEGER, scan_segments, 1, SCAN_SEGMENTS_MAXIMUM),
    TABLE_BOOLEAN("consistent_read", consistent_read),
    TABLE_NUMBER("fetch_size", OPTION_INTEGER, fetch_size, 1, FETCH_SIZE_MAXIMUM),
    TABLE_BOOLEAN("allow_full_scan", allow_full_scan),
    TABLE_NUMBER("max_capacity_units", OPTION_REAL, max_capacity_units, 0.5, DBL_MAX),
    TABLE_NUMBER("rate_limit", OPTION_REAL, rate_limit, 0.1, DBL_MAX),
    TABLE_NUMBER("max_kms_calls", OPTION_INTEGER, max_kms_calls, 1, INT_MAX),
    TABLE_TEXT("kms_key_id", kms_key_id, is_kms_key_id, KMS_KEY_ACCEPTS),
    TABLE_TEXT("kms_key_ids_for_decrypt", kms_key_ids_for_decrypt, is_list_of_kms_key_ids,
               "a comma-separated list, each of it " KMS_KEY_ACCEPTS),
    CHOICE("encryption", OPTION_OF_TABLE, TableOptions, encryption, encryption_choices),
    CHOICE("crypto_action", OPTION_OF_TABLE, TableOptions, crypto_action, crypto_action_choices),
    CHOICE("signature_order", OPTION_OF_TABLE, TableOptions, signature_order,
           signature_order_choices),
    TABLE_BOOLEAN("accept_rounded_numbers", accept_rounded_numbers),
    CHOICE("on_bad_item", OPTION_OF_TABLE, TableOptions, skips_bad_items, on_bad_item_choices),
    TABLE_TEXT("logical_table_name", logical_table_name, NULL, "the name of a table"),
    TABLE_TEXT("material_table", material_table, is_index_name, TABLE_NAME_ACCEPTS),
    CHOICE("on_missing_table", OPTION_OF_TABLE, TableOptions, missing_table_is_empty,
           on_missing_table_choices),
    TABLE_BOOLEAN("hide_expired", hide_expired),
    TABLE_TEXT("ttl_attribute", ttl_attribute, NULL, "the name of an attribute"),
    TABLE_BOOLEAN("dense_indexes", dense_indexes),
    CHOICE("write_mode", OPTION_OF_TABLE, TableOptions, write_mode, write_mode_choices),
    TABLE_BOOLEAN("updatable", updatable),
    TABLE_BOOLEAN("truncatable", truncatable),
    TABLE_NUMBER("batch_size", OPTION_INTEGER, batch_size, 1, BATCH_SIZE_MAXIMUM),
    CHOICE("token_format", OPTION_OF_TABLE, TableOptions, token_format, token_format_choices),
    CHOICE("missing_token", OPTION_OF_TABLE, TableOptions, missing_token_is_error,
           missing_token_choices),
    CHOICE("billing_mode", OPTION_OF_TABLE, TableOptions, billing_mode, billing_mode_choices),
    TABLE_NUMBER("read_capacity_units", OPTION_INTEGER, read_capacity_units, 1, INT_MAX),
    TABLE_NUMBER("write_capacity_units", OPTION_INTEGER, write_capacity_units, 1, INT_MAX),
    TABLE_JSON("local_indexes", local_indexes, parse_local_indexes,
               "a JSON object such as {\"by_year\": {\"range\": \"year\"}}"),
    TABLE_JSON("global_indexes", global_indexes, parse_global_indexes,
               "a JSON object such as {\"by_year\": {\"hash\": \"year\", \"range\": \"title\", "
               "\"projection\": [\"genre\"]}}"),
    CHOICE("stream_view_type", OPTION_OF_TABLE, TableOptions, stream_view_type,
           stream_view_choices),
    TABLE_TEXT("sse_kms_key_id", sse_kms_key_id, is_kms_key_id, KMS_KEY_ACCEPTS),
    TABLE_BOOLEAN("point_in_time_recovery", point_in_time_recovery),
    NUMBER("deletion_protection", OPTION_OF_TABLE, OPTION_MAYBE, TableOptions, deletion_protection,
           0, 0),
    TABLE_JSON("tags", tags, parse_tags, "a JSON object of strings"),
    TABLE_TEXT("stream_of", stream_of, is_table_name, NAME_ACCEPTS),
    TABLE_TEXT("start_at", start_at, is_stream_start,
               "\"trim_horizon\", \"latest\" or a sequence number of at most 40 digits"),
    TABLE_NUMBER("empty_answers", OPTION_INTEGER, empty_answers, 1, 1000000),
    TABLE_TEXT("queue_name", queue_name, is_queue_name,
               "a name of 1 to 80 letters, digits, underscores and hyphens, with \".fifo\" behind "
               "that of a FIFO queue"),
    TABLE_TEXT("queue_url", queue_url, is_queue_url,
               "a queue's URL such as https://sqs.eu-west-1.amazonaws.com/123456789012/name"),
    TABLE_NUMBER("visibility_timeout", OPTION_SECONDS, visibility_timeout_seconds, 0,
                 SQS_VISIBILITY_SECONDS_MAXIMUM),
    TABLE_NUMBER("wait_time", OPTION_SECONDS, wait_time_seconds, 0, SQS_WAIT_SECONDS_MAXIMUM),
    TABLE_NUMBER("max_messages", OPTION_INTEGER, max_messages, 1, INT_MAX),

    COLUMN_TEXT("attribute_name", attribute_name, NULL, "the name of an attribute"),
    COLUMN_TEXT("attribute_path", attribute_path, is_attribute_path,
                "a path such as address.lines[0]"),
    COLUMN_CHOICE("attribute_type", attribute_type, attribute_type_choices),
    COLUMN_CHOICE("key", key, key_choices),
    BOOLEAN("whole_item", OPTION_OF_COLUMN, 0, ColumnOptions, whole_item),
    BOOLEAN("kms_encrypted", OPTION_OF_COLUMN, 0, ColumnOptions, kms_encrypted),
    COLUMN_TEXT("kms_key_id", kms_key_id, is_kms_key_id, KMS_KEY_ACCEPTS),
    COLUMN_TEXT("kms_encryption_context", kms_encryption_context, is_encryption_context,
                "a JSON object of strings, of at most 8192 bytes"),
    COLUMN_CHOICE("crypto_action", crypto_action, crypto_action_choices),
    COLUMN_CHOICE("json_format", json_format, json_format_choices),
    COLUMN_CHOICE("time_format", time_format, time_format_choices),
    COLUMN_CHOICE("write_null", write_null, write_null_choices),
    COLUMN_CHOICE("stream_role", stream_role, stream_role_choices),
    COLUMN_CHOICE("queue_role", queue_role, queue_role_choices),
    COLUMN_TEXT("message_attribute", message_attribute, is_message_attribute_name,
                "a name of 1 to 256 letters, digits, underscores, hyphens and single dots within "
                "it, which does not begin with \"AWS.\" or \"Amazon.\""),
    COLUMN_CHOICE("vault_role", vault_role, vault_role_choices),

    NUMBER("sample_items", OPTION_OF_IMPORT, OPTION_INTEGER, ImportOptions, sample_items, 0,
           FETCH_SIZE_MAXIMUM),
    BOOLEAN("whole_item", OPTION_OF_IMPORT, 0, ImportOptions, whole_item),
    BOOLEAN("keys_only", OPTION_OF_IMPORT, 0, ImportOptions, keys_only),
    TEXT("table_prefix", OPTION_OF_IMPORT, 0, ImportOptions, table_prefix, NULL,
         "the beginning of a table's name"),
};
const size_t option_definition_count = lengthof(option_definitions);

#define OF_ITEMS (OWNER_TABLE | OWNER_STREAM)

const OptionOwners option_owners[] = {
    {OPTION_OF_TABLE, "max_kms_calls", OF_ITEMS},
    {OPTION_OF_TABLE, "kms_key_id", OF_ITEMS},
    {OPTION_OF_TABLE, "kms_key_ids_for_decrypt", OF_ITEMS},
    {OPTION_OF_TABLE, "encryption", OF_ITEMS},
    {OPTION_OF_TABLE, "crypto_action", OF_ITEMS},
    {OPTION_OF_TABLE, "signature_order", OF_ITEMS},
    {OPTION_OF_TABLE, "accept_rounded_numbers", OF_ITEMS},
    {OPTION_OF_TABLE, "on_bad_item", OF_ITEMS},
    {OPTION_OF_TABLE, "logical_table_name", OF_ITEMS},
    {OPTION_OF_TABLE, "material_table", OF_ITEMS},
    {OPTION_OF_TABLE, "stream_of", OWNER_STREAM},
    {OPTION_OF_TABLE, "start_at", OWNER_STREAM},
    {OPTION_OF_TABLE, "empty_answers", OWNER_STREAM},
    {OPTION_OF_TABLE, "write_mode", OWNER_TABLE | OWNER_QUEUE},
    {OPTION_OF_TABLE, "updatable", OWNER_TABLE | OWNER_QUEUE},
    {OPTION_OF_TABLE, "batch_size", OWNER_TABLE | OWNER_QUEUE},
    {OPTION_OF_TABLE, "queue_name", OWNER_QUEUE},
    {OPTION_OF_TABLE, "queue_url", OWNER_QUEUE},
    {OPTION_OF_TABLE, "visibility_timeout", OWNER_QUEUE},
    {OPTION_OF_TABLE, "wait_time", OWNER_QUEUE},
    {OPTION_OF_TABLE, "max_messages", OWNER_QUEUE},
    {OPTION_OF_COLUMN, "attribute_name", OF_ITEMS},
    {OPTION_OF_COLUMN, "attribute_path", OF_ITEMS},
    {OPTION_OF_COLUMN, "attribute_type", OF_ITEMS},
    {OPTION_OF_COLUMN, "whole_item", OF_ITEMS},
    {OPTION_OF_COLUMN, "kms_encrypted", OF_ITEMS},
    {OPTION_OF_COLUMN, "kms_key_id", OF_ITEMS},
    {OPTION_OF_COLUMN, "kms_encryption_context", OF_ITEMS},
    {OPTION_OF_COLUMN, "crypto_action", OF_ITEMS},
    {OPTION_OF_COLUMN, "json_format", OF_ITEMS},
    {OPTION_OF_COLUMN, "time_format", OF_ITEMS},
    {OPTION_OF_COLUMN, "stream_role", OWNER_STREAM},
    {OPTION_OF_COLUMN, "queue_role", OWNER_QUEUE},
    {OPTION_OF_COLUMN, "message_attribute", OWNER_QUEUE},
};
const size_t option_owners_count = lengthof(option_owners);

const OptionPair option_needs[] = {
    {OPTION_OF_MAPPING, "aws_access_key_id", "aws_secret_access_key"},
    {OPTION_OF_MAPPING, "aws_secret_access_key", "aws_access_key_id"},
    {OPTION_OF_MAPPING, "aws_session_token", "aws_access_key_id"},
    {OPTION_OF_MAPPING, "external_id", "role_arn"},
    {OPTION_OF_MAPPING, "role_session_name", "role_arn"},
    {OPTION_OF_MAPPING, "role_duration", "role_arn"},
    {OPTION_OF_COLUMN, "kms_encryption_context", "kms_encrypted"},
    {OPTION_OF_TABLE, "crypto_action", "encryption"},
    {OPTION_OF_TABLE, "signature_order", "encryption"},
    {OPTION_OF_TABLE, "accept_rounded_numbers", "encryption"},
    {OPTION_OF_TABLE, "on_bad_item", "encryption"},
    {OPTION_OF_TABLE, "logical_table_name", "encryption"},
    {OPTION_OF_TABLE, "material_table", "encryption"},
    {OPTION_OF_TABLE, "read_capacity_units", "billing_mode"},
    {OPTION_OF_TABLE, "read_capacity_units", "write_capacity_units"},
    {OPTION_OF_TABLE, "write_capacity_units", "read_capacity_units"},
};
const size_t option_need_count = lengthof(option_needs);

const OptionPair option_conflicts[] = {
    {OPTION_OF_COLUMN, "attribute_name", "attribute_path"},
    {OPTION_OF_COLUMN, "kms_encrypted", "crypto_action"},
    {OPTION_OF_TABLE, "queue_name", "queue_url"},
    {OPTION_OF_MAPPING, "aws_access_key_id", "profile"},
    {OPTION_OF_MAPPING, "aws_access_key_id", "config_file"},
    {OPTION_OF_MAPPING, "aws_access_key_id", "credentials_file"},
};
const size_t option_conflict_count = lengthof(option_conflicts);
