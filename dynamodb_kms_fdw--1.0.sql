/* dynamodb_kms_fdw--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION dynamodb_kms_fdw" to load this file. \quit

CREATE FUNCTION dynamodb_kms_fdw_handler()
RETURNS fdw_handler
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;

COMMENT ON FUNCTION dynamodb_kms_fdw_handler()
IS 'callbacks of the foreign-data wrapper for Amazon DynamoDB';

CREATE FUNCTION dynamodb_kms_fdw_validator(options text[], catalog oid)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;

COMMENT ON FUNCTION dynamodb_kms_fdw_validator(text[], oid)
IS 'checks the options of servers, user mappings, foreign tables and columns';

CREATE FOREIGN DATA WRAPPER dynamodb_kms_fdw
    HANDLER dynamodb_kms_fdw_handler
    VALIDATOR dynamodb_kms_fdw_validator;

COMMENT ON FOREIGN DATA WRAPPER dynamodb_kms_fdw
IS 'Amazon DynamoDB tables as foreign tables';

CREATE FUNCTION dynamodb_kms_fdw_version()
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION dynamodb_kms_fdw_version()
IS 'version of the loaded library';

CREATE FUNCTION dynamodb_kms_fdw_disconnect(server name DEFAULT NULL)
RETURNS boolean
AS 'MODULE_PATHNAME'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION dynamodb_kms_fdw_disconnect(name)
IS 'closes this session''s connections for a server, or for every server; true if there was one';

CREATE FUNCTION dynamodb_kms_stats(
    OUT server name,
    OUT service text,
    OUT operation text,
    OUT requests bigint,
    OUT retries bigint,
    OUT throttles bigint,
    OUT errors bigint,
    OUT bytes_in bigint,
    OUT bytes_out bigint,
    OUT capacity_units double precision,
    OUT cache_hits bigint,
    OUT cache_misses bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION dynamodb_kms_stats()
IS 'what this session''s requests to the servers that the role may use have cost';

-- The DynamoDB tables behind foreign tables. What these do is done at once and stays done, whatever
-- becomes of the transaction.

CREATE FUNCTION dynamodb_create_table(foreign_table regclass, wait boolean DEFAULT true)
RETURNS jsonb
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION dynamodb_create_table(regclass, boolean)
IS 'makes the DynamoDB table that the foreign table''s columns and options describe; its description';

CREATE FUNCTION dynamodb_describe_table(foreign_table regclass)
RETURNS jsonb
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION dynamodb_describe_table(regclass)
IS 'what DynamoDB says of the table behind the foreign table, as DescribeTable words it';

CREATE FUNCTION dynamodb_drop_table(foreign_table regclass)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION dynamodb_drop_table(regclass)
IS 'drops the DynamoDB table behind the foreign table, with every item in it';

-- AWS KMS. Arguments other than contexts may not be NULL, or the result is.

CREATE FUNCTION kms_encrypt(
    server name,
    key_id text,
    plaintext text,
    encryption_context jsonb DEFAULT NULL)
RETURNS bytea
AS 'MODULE_PATHNAME'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_encrypt(name, text, text, jsonb)
IS 'AWS KMS Encrypt of a text as UTF-8, at most 4096 bytes';

CREATE FUNCTION kms_encrypt(
    server name,
    key_id text,
    plaintexts text[],
    encryption_context jsonb DEFAULT NULL)
RETURNS bytea[]
AS 'MODULE_PATHNAME', 'kms_encrypt_array'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_encrypt(name, text, text[], jsonb)
IS 'AWS KMS Encrypt of each element, concurrently';

CREATE FUNCTION kms_encrypt_bytea(
    server name,
    key_id text,
    plaintext bytea,
    encryption_context jsonb DEFAULT NULL)
RETURNS bytea
AS 'MODULE_PATHNAME'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_encrypt_bytea(name, text, bytea, jsonb)
IS 'AWS KMS Encrypt of at most 4096 bytes';

CREATE FUNCTION kms_encrypt_bytea(
    server name,
    key_id text,
    plaintexts bytea[],
    encryption_context jsonb DEFAULT NULL)
RETURNS bytea[]
AS 'MODULE_PATHNAME', 'kms_encrypt_bytea_array'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_encrypt_bytea(name, text, bytea[], jsonb)
IS 'AWS KMS Encrypt of each element, concurrently';

CREATE FUNCTION kms_decrypt(
    server name,
    ciphertext bytea,
    encryption_context jsonb DEFAULT NULL,
    key_id text DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_decrypt(name, bytea, jsonb, text)
IS 'AWS KMS Decrypt, giving text; with a key_id, only by that key';

CREATE FUNCTION kms_decrypt(
    server name,
    ciphertexts bytea[],
    encryption_context jsonb DEFAULT NULL,
    key_id text DEFAULT NULL)
RETURNS text[]
AS 'MODULE_PATHNAME', 'kms_decrypt_array'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_decrypt(name, bytea[], jsonb, text)
IS 'AWS KMS Decrypt of each element, concurrently';

CREATE FUNCTION kms_decrypt_bytea(
    server name,
    ciphertext bytea,
    encryption_context jsonb DEFAULT NULL,
    key_id text DEFAULT NULL)
RETURNS bytea
AS 'MODULE_PATHNAME'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_decrypt_bytea(name, bytea, jsonb, text)
IS 'AWS KMS Decrypt, giving bytes; with a key_id, only by that key';

CREATE FUNCTION kms_decrypt_bytea(
    server name,
    ciphertexts bytea[],
    encryption_context jsonb DEFAULT NULL,
    key_id text DEFAULT NULL)
RETURNS bytea[]
AS 'MODULE_PATHNAME', 'kms_decrypt_bytea_array'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_decrypt_bytea(name, bytea[], jsonb, text)
IS 'AWS KMS Decrypt of each element, concurrently';

CREATE FUNCTION kms_reencrypt(
    server name,
    ciphertext bytea,
    destination_key_id text,
    source_encryption_context jsonb DEFAULT NULL,
    destination_encryption_context jsonb DEFAULT NULL)
RETURNS bytea
AS 'MODULE_PATHNAME'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_reencrypt(name, bytea, text, jsonb, jsonb)
IS 'AWS KMS ReEncrypt: the ciphertext under another key or context; the plaintext stays in AWS KMS';

CREATE FUNCTION kms_reencrypt(
    server name,
    ciphertexts bytea[],
    destination_key_id text,
    source_encryption_context jsonb DEFAULT NULL,
    destination_encryption_context jsonb DEFAULT NULL)
RETURNS bytea[]
AS 'MODULE_PATHNAME', 'kms_reencrypt_array'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_reencrypt(name, bytea[], text, jsonb, jsonb)
IS 'AWS KMS ReEncrypt of each element, concurrently';

CREATE FUNCTION kms_generate_data_key(
    server name,
    key_id text,
    encryption_context jsonb DEFAULT NULL,
    number_of_bytes integer DEFAULT 32,
    OUT plaintext bytea,
    OUT ciphertext bytea,
    OUT key_id text)
AS 'MODULE_PATHNAME'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_generate_data_key(name, text, jsonb, integer)
IS 'AWS KMS GenerateDataKey: a key, the same encrypted, and the ARN of the KMS key that did it';

CREATE FUNCTION kms_generate_data_key_without_plaintext(
    server name,
    key_id text,
    encryption_context jsonb DEFAULT NULL,
    number_of_bytes integer DEFAULT 32,
    OUT ciphertext bytea,
    OUT key_id text)
AS 'MODULE_PATHNAME'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_generate_data_key_without_plaintext(name, text, jsonb, integer)
IS 'AWS KMS GenerateDataKeyWithoutPlaintext: an encrypted key, and the ARN of the KMS key that did it';

CREATE FUNCTION kms_generate_mac(
    server name,
    key_id text,
    message bytea,
    algorithm text)
RETURNS bytea
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_generate_mac(name, text, bytea, text)
IS 'AWS KMS GenerateMac of at most 4096 bytes, by an algorithm such as HMAC_SHA_256';

CREATE FUNCTION kms_verify_mac(
    server name,
    key_id text,
    message bytea,
    algorithm text,
    mac bytea)
RETURNS boolean
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_verify_mac(name, text, bytea, text, bytea)
IS 'AWS KMS VerifyMac: whether the code is the message''s';

CREATE FUNCTION kms_generate_random(
    server name,
    number_of_bytes integer)
RETURNS bytea
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_generate_random(name, integer)
IS 'AWS KMS GenerateRandom: 1 to 1024 random bytes';

CREATE FUNCTION kms_describe_key(
    server name,
    key_id text)
RETURNS jsonb
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_describe_key(name, text)
IS 'AWS KMS DescribeKey: the key''s metadata';

CREATE FUNCTION kms_list_keys(
    server name,
    OUT key_id text,
    OUT arn text,
    OUT aliases text[])
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION kms_list_keys(name)
IS 'AWS KMS ListKeys and ListAliases: every key of the account and region';

-- Token vaults: foreign tables whose columns have the option vault_role. What these functions do is
-- allowed by the privileges on the vault: INSERT, SELECT and DELETE.

CREATE FUNCTION tokenize(
    vault regclass,
    value text,
    tenant text DEFAULT NULL,
    expires_in interval DEFAULT NULL,
    single_use boolean DEFAULT false)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION tokenize(regclass, text, text, interval, boolean)
IS 'stores the value in the vault under a new token, and gives the token';

CREATE FUNCTION tokenize(
    vault regclass,
    "values" text[],
    tenant text DEFAULT NULL,
    expires_in interval DEFAULT NULL,
    single_use boolean DEFAULT false)
RETURNS text[]
AS 'MODULE_PATHNAME', 'tokenize_array'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION tokenize(regclass, text[], text, interval, boolean)
IS 'stores each element in the vault under a new token, concurrently';

CREATE FUNCTION detokenize(
    vault regclass,
    token text,
    tenant text DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION detokenize(regclass, text, text)
IS 'the value that the vault holds under the token';

CREATE FUNCTION detokenize(
    vault regclass,
    tokens text[],
    tenant text DEFAULT NULL)
RETURNS text[]
AS 'MODULE_PATHNAME', 'detokenize_array'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION detokenize(regclass, text[], text)
IS 'the values that the vault holds under the tokens, looked up together';

CREATE FUNCTION forget_token(
    vault regclass,
    token text,
    tenant text DEFAULT NULL)
RETURNS boolean
AS 'MODULE_PATHNAME'
LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION forget_token(regclass, text, text)
IS 'removes the token and its value from the vault; true if there was one';

CREATE FUNCTION tokenize_trigger()
RETURNS trigger
AS 'MODULE_PATHNAME'
LANGUAGE C;

COMMENT ON FUNCTION tokenize_trigger()
IS 'puts a token in place of a column''s value: arguments are vault, column and, perhaps, the tenant''s column';

CREATE TABLE dynamodb_migrations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source regclass NOT NULL,
    target regclass NOT NULL,
    migrated_by text NOT NULL,
    phase text NOT NULL,
    stream_arn text NOT NULL,
    target_table text NOT NULL,
    attributes text NOT NULL,
    noted_at timestamptz NOT NULL,
    complete_until timestamptz NOT NULL,
    segments integer NOT NULL DEFAULT 0,
    segments_done integer NOT NULL DEFAULT 0,
    items_seeded bigint NOT NULL DEFAULT 0,
    changes_applied bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    UNIQUE (source, target));

COMMENT ON TABLE dynamodb_migrations
IS 'How far each migration by dynamodb_migrate() is';

COMMENT ON SEQUENCE dynamodb_migrations_id_seq
IS 'numbers of migrations';

CREATE TABLE dynamodb_migration_shards (
    migration bigint NOT NULL REFERENCES dynamodb_migrations ON DELETE CASCADE,
    shard_id text NOT NULL,
    sequence_number text,
    ended boolean NOT NULL,
    PRIMARY KEY (migration, shard_id));

COMMENT ON TABLE dynamodb_migration_shards
IS 'How far each migration has read its source''s change stream';

CREATE PROCEDURE dynamodb_migrate(
    source regclass,
    target regclass,
    follow boolean DEFAULT false,
    follow_lag interval DEFAULT '5s',
    segments integer DEFAULT NULL,
    read_rate integer DEFAULT NULL,
    write_rate integer DEFAULT NULL,
    verify text DEFAULT 'full')
AS 'MODULE_PATHNAME'
LANGUAGE C;

COMMENT ON PROCEDURE dynamodb_migrate(regclass, regclass, boolean, interval, integer, integer, integer, text)
IS 'copies a DynamoDB table into another one, with what is written to it meanwhile';

-- Nothing is granted by default: each role is given what it needs.
REVOKE ALL ON FUNCTION dynamodb_kms_fdw_handler() FROM PUBLIC;
REVOKE ALL ON FUNCTION dynamodb_kms_fdw_validator(text[], oid) FROM PUBLIC;
REVOKE ALL ON FUNCTION dynamodb_kms_fdw_version() FROM PUBLIC;
REVOKE ALL ON FUNCTION dynamodb_kms_fdw_disconnect(name) FROM PUBLIC;
REVOKE ALL ON FUNCTION dynamodb_kms_stats() FROM PUBLIC;
REVOKE ALL ON FUNCTION dynamodb_create_table(regclass, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION dynamodb_describe_table(regclass) FROM PUBLIC;
REVOKE ALL ON FUNCTION dynamodb_drop_table(regclass) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_encrypt(name, text, text, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_encrypt(name, text, text[], jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_encrypt_bytea(name, text, bytea, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_encrypt_bytea(name, text, bytea[], jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_decrypt(name, bytea, jsonb, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_decrypt(name, bytea[], jsonb, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_decrypt_bytea(name, bytea, jsonb, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_decrypt_bytea(name, bytea[], jsonb, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_reencrypt(name, bytea, text, jsonb, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_reencrypt(name, bytea[], text, jsonb, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_generate_data_key(name, text, jsonb, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_generate_data_key_without_plaintext(name, text, jsonb, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_generate_mac(name, text, bytea, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_verify_mac(name, text, bytea, text, bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_generate_random(name, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_describe_key(name, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION kms_list_keys(name) FROM PUBLIC;
REVOKE ALL ON FUNCTION tokenize(regclass, text, text, interval, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION tokenize(regclass, text[], text, interval, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION detokenize(regclass, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION detokenize(regclass, text[], text) FROM PUBLIC;
REVOKE ALL ON FUNCTION forget_token(regclass, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION tokenize_trigger() FROM PUBLIC;
REVOKE ALL ON PROCEDURE dynamodb_migrate(regclass, regclass, boolean, interval, integer, integer, integer, text) FROM PUBLIC;
