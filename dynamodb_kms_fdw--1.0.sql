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

-- Nothing is granted by default: each role is given what it needs.
REVOKE ALL ON FUNCTION dynamodb_kms_fdw_handler() FROM PUBLIC;
REVOKE ALL ON FUNCTION dynamodb_kms_fdw_validator(text[], oid) FROM PUBLIC;
REVOKE ALL ON FUNCTION dynamodb_kms_fdw_version() FROM PUBLIC;
REVOKE ALL ON FUNCTION dynamodb_kms_fdw_disconnect(name) FROM PUBLIC;
