-- Options of every object: what is accepted, what is refused and how, and who may set what.
-- Needs no emulator: nothing here sends a request.
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_options_user;
RESET client_min_messages;
CREATE EXTENSION dynamodb_kms_fdw;
CREATE SERVER aws FOREIGN DATA WRAPPER dynamodb_kms_fdw;
CREATE USER MAPPING FOR CURRENT_USER SERVER aws;
CREATE FOREIGN TABLE things (id text) SERVER aws;

-- What adding options to an object gives: ok, or the error's code, message, detail and hint.
CREATE FUNCTION outcome(object text, options text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    command text := CASE object
        WHEN 'server' THEN 'ALTER SERVER aws'
        WHEN 'mapping' THEN 'ALTER USER MAPPING FOR CURRENT_USER SERVER aws'
        WHEN 'table' THEN 'ALTER FOREIGN TABLE things'
        WHEN 'column' THEN 'ALTER FOREIGN TABLE things ALTER COLUMN id'
    END || format(' OPTIONS (%s)', options);
    state text; message text; detail text; hint text;
BEGIN
    BEGIN
        EXECUTE command;
        RAISE EXCEPTION USING ERRCODE = 'U0000';  -- so that the option is not kept
    EXCEPTION
        WHEN SQLSTATE 'U0000' THEN
            RETURN 'ok';
        WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
            RETURN state || ' ' || concat_ws(' | ', message, nullif(detail, ''), nullif(hint, ''));
    END;
END
$$;

CREATE FUNCTION outcomes(object text, option text, VARIADIC choices text[])
RETURNS TABLE (value text, outcome text) LANGUAGE sql AS $$
    SELECT value, outcome(object, format('%s %L', option, value))
    FROM unnest(choices) WITH ORDINALITY AS choice(value, place) ORDER BY place
$$;

\t on
\a

-- Server
SELECT * FROM outcomes('server', 'region', 'eu-west-1', 'local', '', 'eu west', 'eu.west', repeat('r', 65));
SELECT * FROM outcomes('server', 'endpoint_url', 'http://127.0.0.1:8000', 'https://dynamodb.example.com', 'http://h/path',
    '', 'ftp://h', 'h:8000', 'http://user@h', 'http://h/?query', 'http://h:70000', E'http://h\r\nx');
SELECT * FROM outcomes('server', 'dynamodb_endpoint_url', 'http://127.0.0.1:8000', 'nonsense');
SELECT * FROM outcomes('server', 'sts_endpoint_url', 'http://127.0.0.1:8000', 'nonsense');
SELECT * FROM outcomes('server', 'use_fips', 'true', 'off', 'perhaps');
SELECT * FROM outcomes('server', 'use_dualstack', 'yes', '');
SELECT * FROM outcomes('server', 'connect_timeout', '500ms', '5s', '2min', '250', '0', '-1s', '2d', '5 parsecs', '');
SELECT * FROM outcomes('server', 'request_timeout', '90s', '0');
SELECT * FROM outcomes('server', 'max_attempts', '1', '100', '0', '101', 'many');
SELECT * FROM outcomes('server', 'max_connections', '1', '1000', '0', '1001');
SELECT * FROM outcomes('server', 'consistent_read', 'on', 'sometimes');
SELECT * FROM outcomes('server', 'fetch_size', '1', '1000000', '0', '-5', '99999999999999999999');
SELECT * FROM outcomes('server', 'fdw_startup_cost', '0', '12.5', '-0.1', 'NaN', 'free');
SELECT * FROM outcomes('server', 'fdw_tuple_cost', '0.01', '1e400', '');
SELECT * FROM outcomes('server', 'keep_connections', 'false', '2');
SELECT * FROM outcomes('server', 'allow_full_scan', 'false', 'no way');
SELECT * FROM outcomes('server', 'max_capacity_units', '0.5', '1e6', '0', '-1', 'Infinity');
SELECT * FROM outcomes('server', 'ca_file', '/etc/ssl/own.pem', 'own.pem', '');
SELECT * FROM outcomes('server', 'compression', 'true', 'gzip');

-- User mapping
SELECT outcome('mapping', $$aws_access_key_id 'AKID', aws_secret_access_key 'secret'$$);
SELECT outcome('mapping', $$aws_access_key_id 'AKID', aws_secret_access_key 'secret', aws_session_token 'token'$$);
SELECT outcome('mapping', $$aws_access_key_id 'AKID'$$);
SELECT outcome('mapping', $$aws_secret_access_key 'secret'$$);
SELECT outcome('mapping', $$aws_session_token 'token'$$);
SELECT outcome('mapping', $$aws_access_key_id '', aws_secret_access_key ''$$);
SELECT outcome('mapping', $$role_arn 'arn:aws:iam::123456789012:role/reader'$$);
SELECT outcome('mapping', $$role_arn 'reader'$$);
SELECT outcome('mapping', $$external_id 'abc'$$);
SELECT outcome('mapping', $$role_session_name 'abc'$$);
SELECT outcome('mapping', $$role_duration '1h'$$);
SELECT value, outcome FROM (VALUES
    ($$external_id 'partner:12/3'$$), ($$external_id 'a'$$), ($$external_id 'not this'$$),
    ($$role_session_name 'app@host'$$), ($$role_session_name 'a b'$$),
    ($$role_duration '900'$$), ($$role_duration '12h'$$), ($$role_duration '899'$$), ($$role_duration '13h'$$)
) AS given(value), outcome('mapping', $$role_arn 'arn:aws:iam::1:role/r', $$ || value);
SELECT * FROM outcomes('mapping', 'credentials_required', 'true', 'false', 'unless');
SELECT * FROM outcomes('mapping', 'mfa_serial', 'arn:aws:iam::123456789012:mfa/me');

-- Foreign table
SELECT * FROM outcomes('table', 'table_name', 'Music', 'my_table-1.2', 'arn:aws:dynamodb:eu-west-1:123456789012:table/Music',
    '', 'ab', 'two words', repeat('t', 256));
SELECT * FROM outcomes('table', 'index_name', 'by_date', 'x', 'by date');
SELECT * FROM outcomes('table', 'scan_segments', '1', '1000000', '0', '1000001');
SELECT * FROM outcomes('table', 'consistent_read', 'true', 'eventually');
SELECT * FROM outcomes('table', 'fetch_size', '25', 'all');
SELECT * FROM outcomes('table', 'allow_full_scan', 'false', '-');
SELECT * FROM outcomes('table', 'max_capacity_units', '100', 'none');
SELECT * FROM outcomes('table', 'on_missing_table', 'error', 'empty', 'ignore', 'true');
SELECT * FROM outcomes('table', 'hide_expired', 'true', 'soon');
SELECT * FROM outcomes('table', 'ttl_attribute', 'expires', '');
SELECT * FROM outcomes('table', 'dense_indexes', 'true', 'rather');

-- Column
SELECT * FROM outcomes('column', 'attribute_name', 'Id', 'a.b[0]', ' ', '');
SELECT * FROM outcomes('column', 'attribute_path', 'a', 'address.lines[0]', '"a.b".c', 'a..b', 'a[', 'a[-1]', '[0]', '');
SELECT * FROM outcomes('column', 'attribute_type', 'S', 'N', 'B', 'BOOL', 'SS', 'NS', 'BS', 'L', 'M', 'NULL', 's', '');
SELECT * FROM outcomes('column', 'key', 'hash', 'range', 'primary');
SELECT * FROM outcomes('column', 'whole_item', 'true', 'false', 'half');
SELECT * FROM outcomes('column', 'json_format', 'plain', 'dynamodb', 'bson');
SELECT * FROM outcomes('column', 'time_format', 'iso8601', 'epoch_seconds', 'epoch_milliseconds', 'sundial');
SELECT outcome('column', $$attribute_name 'a', attribute_path 'a.b'$$);
SELECT option, outcome('column', 'whole_item ''true'', ' || option) FROM (VALUES
    ($$attribute_name 'a'$$), ($$attribute_path 'a.b'$$), ($$attribute_type 'M'$$), ($$key 'hash'$$),
    ($$time_format 'iso8601'$$), ($$json_format 'dynamodb'$$)
) AS options(option);
SELECT outcome('column', $$whole_item 'false', attribute_name 'a'$$);

-- What tables, change streams and queues have in common, and what not
SELECT option, outcome('column', option) FROM (VALUES
    ($$stream_role 'keys', json_format 'dynamodb'$$), ($$stream_role 'keys', attribute_name 'a'$$),
    ($$kms_encrypted 'true', stream_role 'keys'$$), ($$stream_role 'keys', key 'hash'$$),
    ($$queue_role 'body', stream_role 'keys'$$), ($$queue_role 'body', attribute_type 'S'$$),
    ($$key 'hash', message_attribute 'a'$$),
    ($$queue_role 'message_attribute', message_attribute 'a'$$)
) AS options(option);
SELECT option, outcome('table', option) FROM (VALUES
    ($$stream_of 'Music', encryption 'dynamodb_encryption_client', kms_key_id 'alias/app'$$),
    ($$stream_of 'Music', table_name 'Music'$$), ($$stream_of 'Music', write_mode 'statement'$$),
    ($$stream_of 'Music', queue_name 'q'$$), ($$queue_name 'q', wait_time '1s', batch_size '5'$$),
    ($$queue_name 'q', encryption 'none'$$), ($$queue_name 'q', write_mode 'overwrite'$$),
    ($$wait_time '1s'$$), ($$start_at 'latest'$$)
) AS options(option);

-- Unknown options: the nearest name, or whose option it is, or all there are
SELECT outcome('server', $$regoin 'eu-west-1'$$);
SELECT outcome('server', $$endpoint 'http://h'$$);
SELECT outcome('server', $$request_time_out '5s'$$);
SELECT outcome('server', $$aws_secret_access_key 'secret'$$);
SELECT outcome('server', $$table_name 'Music'$$);
SELECT outcome('server', $$user 'me'$$);
SELECT outcome('server', $$sts_endpoint_ur 'http://h'$$);
SELECT outcome('mapping', $$region 'eu-west-1'$$);
SELECT outcome('mapping', $$user 'me'$$);
SELECT outcome('mapping', $$aws_secret_key 'secret'$$);
SELECT outcome('mapping', $$aws_acces_key_id 'AKID'$$);
SELECT outcome('table', $$tablename 'Music'$$);
SELECT outcome('table', $$attribute_name 'a'$$);
SELECT outcome('table', $$whole_item 'true'$$);
SELECT outcome('table', $$Table_Name 'Music'$$), outcome('table', $$"Table_Name" 'Music'$$);
SELECT outcome('table', $$user 'me'$$);
SELECT outcome('column', $$atribute_name 'a'$$);
SELECT outcome('column', $$column_name 'a'$$);
SELECT outcome('column', $$consistent_read 'true'$$);
SELECT outcome('column', $$mfa_serial 'x'$$);
\a
\t off

-- The wrapper itself has no options
ALTER FOREIGN DATA WRAPPER dynamodb_kms_fdw OPTIONS (ADD region 'eu-west-1');

-- ADD, SET, DROP, on every object
ALTER SERVER aws OPTIONS (ADD region 'eu-west-1', ADD fetch_size '10');
ALTER SERVER aws OPTIONS (SET fetch_size '20', DROP region);
ALTER SERVER aws OPTIONS (SET fetch_size 'twenty');
ALTER USER MAPPING FOR CURRENT_USER SERVER aws
    OPTIONS (ADD aws_access_key_id 'AKID', ADD aws_secret_access_key 'secret');
ALTER USER MAPPING FOR CURRENT_USER SERVER aws OPTIONS (DROP aws_secret_access_key);
ALTER USER MAPPING FOR CURRENT_USER SERVER aws
    OPTIONS (SET aws_access_key_id 'AKID2', ADD role_arn 'arn:aws:iam::123456789012:role/r');
ALTER FOREIGN TABLE things OPTIONS (ADD table_name 'Music', ADD hide_expired 'true');
ALTER FOREIGN TABLE things OPTIONS (SET table_name 'Musicians', DROP hide_expired);
ALTER FOREIGN TABLE things ALTER COLUMN id OPTIONS (ADD attribute_name 'Id', ADD key 'hash');
ALTER FOREIGN TABLE things ALTER COLUMN id OPTIONS (ADD attribute_path 'Id');
ALTER FOREIGN TABLE things ALTER COLUMN id OPTIONS (DROP attribute_name, ADD attribute_path 'Id');
SELECT srvoptions FROM pg_foreign_server WHERE srvname = 'aws';
SELECT umoptions FROM pg_user_mappings WHERE srvname = 'aws';
SELECT ftoptions FROM pg_foreign_table WHERE ftrelid = 'things'::regclass;
SELECT attfdwoptions FROM pg_attribute WHERE attrelid = 'things'::regclass AND attname = 'id';

-- Options of IMPORT FOREIGN SCHEMA, and the one schema there is
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER aws INTO public OPTIONS (sample_items '-1');
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER aws INTO public OPTIONS (sample_item '5');
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER aws INTO public OPTIONS (keys_only 'no doubt');
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER aws INTO public OPTIONS (table_prefix '');
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER aws INTO public OPTIONS (table_name 'Music');
IMPORT FOREIGN SCHEMA public FROM SERVER aws INTO public;

-- Roles other than superusers
CREATE ROLE regress_options_user;
GRANT USAGE ON FOREIGN DATA WRAPPER dynamodb_kms_fdw TO regress_options_user;
SET ROLE regress_options_user;
CREATE SERVER own FOREIGN DATA WRAPPER dynamodb_kms_fdw OPTIONS (region 'eu-west-1', connect_timeout '1s');
ALTER SERVER own OPTIONS (ADD endpoint_url 'http://127.0.0.1:8000');
ALTER SERVER own OPTIONS (ADD dynamodb_endpoint_url 'http://127.0.0.1:8000');
ALTER SERVER own OPTIONS (ADD sts_endpoint_url 'http://127.0.0.1:8000');
ALTER SERVER own OPTIONS (ADD ca_file '/etc/ssl/own.pem');
CREATE USER MAPPING FOR CURRENT_USER SERVER own OPTIONS (credentials_required 'false');
CREATE USER MAPPING FOR CURRENT_USER SERVER own OPTIONS (credentials_required 'true',
    aws_access_key_id 'AKID', aws_secret_access_key 'secret');
ALTER USER MAPPING FOR CURRENT_USER SERVER own OPTIONS (SET credentials_required 'off');
SET dynamodb_kms_fdw.allowed_endpoints = 'http://127.0.0.1:8000';
SET dynamodb_kms_fdw.log_requests = on;
SET dynamodb_kms_fdw.max_memory_per_scan = '8MB';
RESET ROLE;

-- What a superuser lists, other roles may set: the same URL, but no other one
SET dynamodb_kms_fdw.allowed_endpoints = 'http://127.0.0.1:8000, https://Dynamodb.Example.com/path';
SET ROLE regress_options_user;
ALTER SERVER own OPTIONS (ADD endpoint_url 'http://127.0.0.1:8000');
ALTER SERVER own OPTIONS (ADD dynamodb_endpoint_url 'https://dynamodb.example.com/path');
ALTER SERVER own OPTIONS (SET dynamodb_endpoint_url 'https://dynamodb.example.com/other');
ALTER SERVER own OPTIONS (SET dynamodb_endpoint_url 'http://dynamodb.example.com/path');
ALTER SERVER own OPTIONS (SET dynamodb_endpoint_url 'https://dynamodb.example.com.evil/path');
ALTER SERVER own OPTIONS (SET endpoint_url 'http://127.0.0.1:80');
RESET ROLE;
RESET dynamodb_kms_fdw.allowed_endpoints;

-- What a superuser has set, its owner cannot keep while changing something else
ALTER SERVER own OPTIONS (ADD ca_file '/etc/ssl/own.pem', DROP endpoint_url, DROP dynamodb_endpoint_url);
SET ROLE regress_options_user;
ALTER SERVER own OPTIONS (ADD max_attempts '2');
ALTER SERVER own OPTIONS (DROP ca_file, ADD max_attempts '2');
RESET ROLE;
SELECT srvoptions FROM pg_foreign_server WHERE srvname = 'own';

-- Settings
SHOW dynamodb_kms_fdw.allowed_endpoints;
SHOW dynamodb_kms_fdw.max_memory_per_scan;
SHOW dynamodb_kms_fdw.log_requests;
SET dynamodb_kms_fdw.allowed_endpoints = 'http://h, nonsense';
SET dynamodb_kms_fdw.allowed_endpoints = 'http://h,,http://i';
SET dynamodb_kms_fdw.max_memory_per_scan = '1kB';
SET dynamodb_kms_fdw.log_requests = 'always';
SET dynamodb_kms_fdw.no_such_setting = 1;

-- Nothing is granted by default
\pset format unaligned
SELECT p.proname, p.proacl IS NOT NULL AS has_acl, has_function_privilege('regress_options_user', p.oid, 'EXECUTE') AS may_execute
FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'dynamodb_kms_fdw')
ORDER BY 1;
-- and every object of the extension is commented
SELECT pg_describe_object(classid, objid, 0) AS object, obj_description(objid, classid::regclass::name) AS description
FROM pg_depend
WHERE deptype = 'e' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'dynamodb_kms_fdw')
ORDER BY 1;
\pset format aligned
SELECT dynamodb_kms_fdw_version() = extversion AS same_version FROM pg_extension WHERE extname = 'dynamodb_kms_fdw';

-- It can be moved to another schema
CREATE SCHEMA elsewhere;
ALTER EXTENSION dynamodb_kms_fdw SET SCHEMA elsewhere;
SELECT elsewhere.dynamodb_kms_fdw_version() IS NOT NULL AS moved;

\set VERBOSITY terse
DROP EXTENSION dynamodb_kms_fdw CASCADE;
\set VERBOSITY default
DROP OWNED BY regress_options_user;
DROP ROLE regress_options_user;
