/*
 * options.h
 *		Every option of every object: one table, one validator, typed structs for those who read
 * them.
 */
#ifndef POSTGRES_OPTIONS_OPTIONS_H
#define POSTGRES_OPTIONS_OPTIONS_H

#include "postgres.h"

#include "foreign/foreign.h"

#include "postgres/compat.h"

#include "aws/service.h"
#include "item/attribute_value.h"

/* Durations are in milliseconds. Absent texts are NULL, absent numbers as commented. */
typedef struct ServerOptions
{
	char *region;
	char *endpoint_url;
	char *service_endpoint_urls[AWS_SERVICE_COUNT]; /* a service's own; NULL: endpoint_url */
	bool use_fips;
	bool use_dualstack;
	int connect_timeout_ms;
	int request_timeout_ms;
	int max_attempts;
	int max_connections;
	bool consistent_read;
	int fetch_size; /* 0: the service's page */
	double fdw_startup_cost;
	double fdw_tuple_cost;
	bool keep_connections;
	bool allow_full_scan;
	bool updatable;
	bool truncatable;
	int batch_size;
	double max_capacity_units; /* 0: no maximum */
	int max_kms_calls;         /* 0: no maximum */
	int data_key_cache_size;
	int data_key_cache_ttl_ms;
	char *ca_file;
	bool compression;
} ServerOptions;

typedef struct MappingOptions
{
	char *aws_access_key_id;
	char *aws_secret_access_key;
	char *aws_session_token;
	char *role_arn;
	char *external_id;
	char *role_session_name;
	int role_duration_seconds; /* 0: the service's default */
	char *profile;
	char *config_file;
	char *credentials_file;
	bool credentials_required;
} MappingOptions;

/* How the rows of a table reach DynamoDB; see write_mode.h. */
typedef enum WriteModeName
{
	WRITE_MODE_STATEMENT,
	WRITE_MODE_TRANSACTION,
	WRITE_MODE_OVERWRITE
} WriteModeName;

/* The format of a table's items. */
typedef enum EncryptionFormat
{
	ENCRYPTION_NONE,
	ENCRYPTION_DYNAMODB_ENCRYPTION_CLIENT
} EncryptionFormat;

typedef enum SignatureOrder
{
	SIGNATURE_ORDER_UTF8,
	SIGNATURE_ORDER_UTF16
} SignatureOrder;

/* What is done with an attribute of an encrypted table. */
typedef enum CryptoActionName
{
	ACTION_UNSAID,
	ACTION_DO_NOTHING,
	ACTION_SIGN_ONLY,
	ACTION_ENCRYPT_AND_SIGN
} CryptoActionName;

/* What a vault's tokens are; see token_format.h. */
typedef enum TokenFormat
{
	TOKEN_FORMAT_UUID,
	TOKEN_FORMAT_DIGITS,
	TOKEN_FORMAT_DETERMINISTIC
} TokenFormat;

typedef enum BillingMode
{
	BILLING_UNSAID,
	BILLING_PAY_PER_REQUEST,
	BILLING_PROVISIONED
} BillingMode;

typedef enum StreamView
{
	STREAM_UNSAID,
	STREAM_NONE,
	STREAM_KEYS_ONLY,
	STREAM_NEW_IMAGE,
	STREAM_OLD_IMAGE,
	STREAM_NEW_AND_OLD_IMAGES
} StreamView;

/* Of an option where it matters whether it is set. */
typedef enum OptionalBoolean
{
	BOOLEAN_UNSAID,
	BOOLEAN_FALSE,
	BOOLEAN_TRUE
} OptionalBoolean;

/* What a table does not say itself is its server's. */
typedef struct TableOptions
{
	char *table_name; /* of a stream, the table's that it is of */
	char *index_name;
	int scan_segments; /* 0: chosen by size */
	bool consistent_read;
	int fetch_size;
	bool allow_full_scan;
	double max_capacity_units;
	double rate_limit; /* units a second; 0: no limit */
	int max_kms_calls;
	char *kms_key_id;              /* NULL: none */
	char *kms_key_ids_for_decrypt; /* comma-separated; NULL: the key that encrypts */
	EncryptionFormat encryption;
	CryptoActionName crypto_action; /* unsaid: attributes are encrypted and signed */
	SignatureOrder signature_order;
	bool accept_rounded_numbers;
	bool skips_bad_items;        /* on_bad_item 'skip' */
	char *logical_table_name;    /* NULL: table_name */
	char *material_table;        /* NULL: data keys are KMS's */
	bool missing_table_is_empty; /* on_missing_table 'empty' */
	bool hide_expired;
	char *ttl_attribute;
	bool dense_indexes;
	WriteModeName write_mode;
	bool updatable;
	bool truncatable;
	int batch_size;
	TokenFormat token_format;
	bool missing_token_is_error; /* missing_token 'error' */

	/* Of the DynamoDB table that is to be made. */
	BillingMode billing_mode;
	int read_capacity_units; /* with BILLING_PROVISIONED */
	int write_capacity_units;
	char *local_indexes; /* see aws/index_definitions.h; NULL: nothing said */
	char *global_indexes;
	StreamView stream_view_type;
	char *sse_kms_key_id;
	bool point_in_time_recovery;
	OptionalBoolean deletion_protection;
	char *tags; /* see aws/index_definitions.h */

	/* Of a change stream. */
	char *stream_of;   /* the DynamoDB table's name; NULL: the foreign table is no stream */
	char *start_at;    /* "trim_horizon", "latest" or a sequence number; NULL: the first of these */
	int empty_answers; /* in a row, that are an open shard's end; 0: SHARD_EMPTY_ANSWERS */

	/* Of a queue, which has one of the first two. */
	char *queue_name;
	char *queue_url;
	int visibility_timeout_seconds; /* -1: the queue's own */
	int wait_time_seconds;
	int max_messages; /* 0: no maximum */
} TableOptions;

typedef enum KeyRole
{
	KEY_ROLE_UNSAID,
	KEY_ROLE_HASH,
	KEY_ROLE_RANGE
} KeyRole;

/* The parts of a token vault; see vault.h. */
typedef enum VaultRole
{
	VAULT_ROLE_NONE,
	VAULT_ROLE_TOKEN,
	VAULT_ROLE_VALUE,
	VAULT_ROLE_TENANT,
	VAULT_ROLE_EXPIRES_AT,
	VAULT_ROLE_USES_LEFT
} VaultRole;

#define VAULT_ROLE_COUNT (VAULT_ROLE_USES_LEFT + 1)

typedef enum DocumentFormat
{
	JSON_FORMAT_PLAIN,
	JSON_FORMAT_DYNAMODB
} DocumentFormat;

typedef enum TimeFormat
{
	TIME_FORMAT_ISO8601,
	TIME_FORMAT_EPOCH_SECONDS,
	TIME_FORMAT_EPOCH_MILLISECONDS
} TimeFormat;

/* What a column of a change stream holds. */
typedef enum StreamRole
{
	STREAM_ROLE_UNSAID,
	STREAM_EVENT_ID,
	STREAM_EVENT_NAME,
	STREAM_SEQUENCE_NUMBER,
	STREAM_HAPPENED_AT,
	STREAM_KEYS,
	STREAM_NEW_IMAGE_OF_ITEM,
	STREAM_OLD_IMAGE_OF_ITEM
} StreamRole;

/* What a column of a queue holds. */
typedef enum QueueRole
{
	QUEUE_ROLE_UNSAID,
	QUEUE_BODY,
	QUEUE_MESSAGE_ID,
	QUEUE_SENT_AT,
	QUEUE_RECEIVE_COUNT,
	QUEUE_MESSAGE_ATTRIBUTES, /* all of them */
	QUEUE_MESSAGE_ATTRIBUTE,  /* one of them */
	QUEUE_RECEIPT_HANDLE,
	QUEUE_MESSAGE_GROUP_ID,
	QUEUE_MESSAGE_DEDUPLICATION_ID,
	QUEUE_SEQUENCE_NUMBER
} QueueRole;

typedef struct ColumnOptions
{
	char *attribute_name; /* NULL: the column's name */
	char *attribute_path; /* NULL: attribute_name */
	bool has_attribute_type;
	AttributeType attribute_type;
	KeyRole key;
	bool whole_item;
	bool kms_encrypted;
	char *kms_key_id;             /* NULL: the table's */
	char *kms_encryption_context; /* a JSON object of strings; NULL: none */
	CryptoActionName crypto_action;
	DocumentFormat json_format;
	TimeFormat time_format;
	bool write_null; /* SQL NULL is stored as a NULL attribute */
	StreamRole stream_role;
	QueueRole queue_role;
	char *message_attribute; /* NULL: none, or with that role the column's name */
	VaultRole vault_role;
} ColumnOptions;

typedef struct ImportOptions
{
	int sample_items;
	bool whole_item;
	bool keys_only;
	char *table_prefix; /* NULL: every table */
} ImportOptions;

/* What a foreign table is. */
typedef enum RelationKind
{
	RELATION_IS_TABLE,  /* of DynamoDB */
	RELATION_IS_STREAM, /* of a DynamoDB table's changes */
	RELATION_IS_QUEUE   /* of SQS */
} RelationKind;

/* By the options of the foreign table. */
extern RelationKind relation_kind(Oid relation_id);

/* Allocated in CurrentMemoryContext, defaults filled in. Errors for objects that are not there. */
extern ServerOptions *options_of_server(const ForeignServer *server);
extern MappingOptions *options_of_mapping(const UserMapping *mapping);
extern TableOptions *options_of_table(const ForeignTable *table, const ServerOptions *server);

/* The table's, found by its oid. */
extern TableOptions *options_of_relation_id(Oid relation_id);
extern ColumnOptions *options_of_column(Oid relation_id, AttrNumber attribute_number);

/* The role that a column of this name has in a stream unless its options say another. */
extern StreamRole stream_role_by_name(const char *column);

/* The same for a queue, unless its options say another. */
extern QueueRole queue_role_by_name(const char *column);

/* Raises HV00D for an option of the column that makes no sense for a foreign table of this kind. */
extern void refuse_options_of_other_kinds(Oid relation_id, AttrNumber attribute_number,
                                          RelationKind kind);

/* The name of an option of the column that says something of an attribute; NULL: none does. */
extern const char *option_of_attributes(Oid relation_id, AttrNumber attribute_number);

extern ImportOptions *options_of_import(List *options);

/* A name in an option, or a column's, as DynamoDB spells it; palloc'd or borrowed from `text`. */
extern Bytes utf8_of_text(const char *text);

#endif
