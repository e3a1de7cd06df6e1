-- DynamoDB tables made, described and dropped from foreign tables
\i sql/server.inc

-- From the columns alone: on demand, without indexes
CREATE FOREIGN TABLE notes (id text OPTIONS (key 'hash'), body text)
    SERVER aws OPTIONS (table_name 'administration_notes');
\set VERBOSITY sqlstate
SELECT * FROM notes;
\set VERBOSITY default
CREATE FUNCTION parts(description jsonb, VARIADIC names text[]) RETURNS text
    LANGUAGE sql
    AS $$SELECT string_agg(name || ' ' || coalesce((description -> name)::text, '-'), E'\n')
         FROM unnest(names) AS name$$;
SELECT parts(dynamodb_create_table('notes'),
    'TableName', 'TableStatus', 'KeySchema', 'AttributeDefinitions', 'StreamSpecification');
-- a statement of the same session sees it, and it is empty
SELECT * FROM notes;
SELECT parts(dynamodb_describe_table('notes'), 'TableName', 'ItemCount', 'TimeToLiveDescription');
-- once more is no error, for what is there is what the foreign table says
SELECT parts(dynamodb_create_table('notes', wait => false), 'TableStatus');
SELECT dynamodb_drop_table('notes');
\set VERBOSITY sqlstate
SELECT * FROM notes;
\set VERBOSITY default
SELECT dynamodb_drop_table('notes');
\echo :LAST_ERROR_SQLSTATE
SELECT dynamodb_describe_table('notes');
\echo :LAST_ERROR_SQLSTATE

-- What a rollback does not undo
BEGIN;
SELECT parts(dynamodb_create_table('notes'), 'TableName');
ROLLBACK;
SELECT * FROM notes;
SELECT dynamodb_drop_table('notes');

-- Everything that both emulators know
CREATE FOREIGN TABLE songs (
    artist text OPTIONS (key 'hash'),
    title text OPTIONS (key 'range'),
    year int,
    genre text OPTIONS (attribute_name 'Genre'),
    added timestamptz OPTIONS (time_format 'epoch_seconds'),
    expires timestamptz OPTIONS (time_format 'epoch_seconds'),
    cover bytea
) SERVER aws OPTIONS (
    table_name 'administration_songs',
    billing_mode 'provisioned', read_capacity_units '5', write_capacity_units '6',
    local_indexes '{"by_year": {"range": "year", "projection": "keys_only"}}',
    global_indexes '{"by_genre": {"hash": "Genre", "range": "year", "projection": ["cover", "added"],
                                  "read_capacity_units": 2, "write_capacity_units": 3},
                     "by_cover": {"hash": "cover"}}',
    stream_view_type 'new_and_old_images',
    ttl_attribute 'expires',
    deletion_protection 'on'
);
SELECT parts(description - 'LocalSecondaryIndexes' - 'GlobalSecondaryIndexes',
           'TableStatus', 'KeySchema', 'AttributeDefinitions', 'StreamSpecification',
           'DeletionProtectionEnabled', 'TimeToLiveDescription'),
       description #> '{ProvisionedThroughput,ReadCapacityUnits}' AS read,
       description #> '{ProvisionedThroughput,WriteCapacityUnits}' AS write
    FROM dynamodb_create_table('songs') AS description;
SELECT i ->> 'IndexName' AS name, i -> 'KeySchema' AS keys, i -> 'Projection' AS projection,
       i #> '{ProvisionedThroughput,ReadCapacityUnits}' AS read,
       i #> '{ProvisionedThroughput,WriteCapacityUnits}' AS write
    FROM dynamodb_describe_table('songs') AS d,
         jsonb_array_elements((d -> 'LocalSecondaryIndexes') || (d -> 'GlobalSecondaryIndexes')) AS i
    ORDER BY name;
-- an index that holds everything answers queries
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM songs WHERE cover = '\x00';
-- the service protects it
\set VERBOSITY terse
SELECT dynamodb_drop_table('songs');
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE

-- A table that is there and differs; what the foreign table does not say is not compared
CREATE FOREIGN TABLE silent (artist text OPTIONS (key 'hash'), title text OPTIONS (key 'range'))
    SERVER aws OPTIONS (table_name 'administration_songs');
SELECT parts(dynamodb_create_table('silent'), 'TableStatus');
CREATE FOREIGN TABLE other (
    artist text OPTIONS (key 'hash'), title int OPTIONS (key 'range'), year text, genre text
) SERVER aws OPTIONS (
    table_name 'administration_songs',
    billing_mode 'pay_per_request',
    local_indexes '{}',
    global_indexes '{"by_year": {"hash": "year"},
                     "by_genre": {"hash": "genre", "projection": "keys_only"}}',
    stream_view_type 'none',
    deletion_protection 'off'
);
SELECT dynamodb_create_table('other');
\echo :LAST_ERROR_SQLSTATE
ALTER FOREIGN TABLE other DROP COLUMN title;
ALTER FOREIGN TABLE other OPTIONS (DROP billing_mode, DROP local_indexes, DROP global_indexes,
    SET stream_view_type 'new_image', DROP deletion_protection);
SELECT dynamodb_create_table('other');
ALTER FOREIGN TABLE songs OPTIONS (SET read_capacity_units '7',
    SET global_indexes '{"by_genre": {"hash": "Genre", "range": "year", "projection": ["added", "cover"]},
                         "by_cover": {"hash": "cover"}}');
SELECT dynamodb_create_table('songs');
ALTER FOREIGN TABLE silent OPTIONS (ttl_attribute 'added');
SELECT dynamodb_create_table('silent');
\echo :LAST_ERROR_SQLSTATE

-- What cannot be made
CREATE FOREIGN TABLE wrong (id text, at int) SERVER aws OPTIONS (table_name 'administration_wrong');
SELECT dynamodb_create_table('wrong');
\echo :LAST_ERROR_SQLSTATE
ALTER FOREIGN TABLE wrong ALTER COLUMN id OPTIONS (key 'hash'), ALTER COLUMN at OPTIONS (key 'hash');
SELECT dynamodb_create_table('wrong');
\echo :LAST_ERROR_SQLSTATE
ALTER FOREIGN TABLE wrong ALTER COLUMN at OPTIONS (SET key 'range'), ALTER COLUMN at TYPE jsonb;
SELECT dynamodb_create_table('wrong');
\echo :LAST_ERROR_SQLSTATE
ALTER FOREIGN TABLE wrong ALTER COLUMN at TYPE boolean;
SELECT dynamodb_create_table('wrong');
ALTER FOREIGN TABLE wrong ALTER COLUMN at OPTIONS (attribute_path 'a.b');
SELECT dynamodb_create_table('wrong');
ALTER FOREIGN TABLE wrong ALTER COLUMN at OPTIONS (DROP attribute_path), ALTER COLUMN at TYPE int;
ALTER FOREIGN TABLE wrong OPTIONS (local_indexes '{"by_size": {"range": "size"}}');
SELECT dynamodb_create_table('wrong');
\echo :LAST_ERROR_SQLSTATE
ALTER FOREIGN TABLE wrong OPTIONS (SET local_indexes '{}',
    global_indexes '{"by_at": {"hash": "at", "read_capacity_units": 1, "write_capacity_units": 1}}');
SELECT dynamodb_create_table('wrong');
-- nothing was made
\set VERBOSITY sqlstate
SELECT * FROM wrong;
\set VERBOSITY default

-- Options are checked when they are set
ALTER FOREIGN TABLE wrong OPTIONS (read_capacity_units '1');
ALTER FOREIGN TABLE wrong OPTIONS (read_capacity_units '1', write_capacity_units '1');
ALTER FOREIGN TABLE wrong OPTIONS (read_capacity_units '1', write_capacity_units '1', billing_mode 'pay_per_request');
ALTER FOREIGN TABLE wrong OPTIONS (billing_mode 'provisioned');
ALTER FOREIGN TABLE wrong OPTIONS (billing_mode 'free');
ALTER FOREIGN TABLE wrong OPTIONS (read_capacity_units '0', write_capacity_units '1', billing_mode 'provisioned');
ALTER FOREIGN TABLE wrong OPTIONS (stream_view_type 'NEW_IMAGE');
ALTER FOREIGN TABLE wrong OPTIONS (deletion_protection 'perhaps');
ALTER FOREIGN TABLE wrong OPTIONS (sse_kms_key_id 'a key');
ALTER FOREIGN TABLE wrong OPTIONS (tags '{"team": 5}');
ALTER FOREIGN TABLE wrong OPTIONS (tags '{"": "x"}');
ALTER FOREIGN TABLE wrong OPTIONS (SET global_indexes '[]');
ALTER FOREIGN TABLE wrong OPTIONS (SET global_indexes '{"by_at": {"hash": "at"}');
ALTER FOREIGN TABLE wrong OPTIONS (SET global_indexes '{"x": {"hash": "at"}}');
ALTER FOREIGN TABLE wrong OPTIONS (SET global_indexes '{"by_at": {"hash": "at"}, "by_at": {"hash": "at"}}');
ALTER FOREIGN TABLE wrong OPTIONS (SET global_indexes '{"by_at": {"range": "at"}}');
ALTER FOREIGN TABLE wrong OPTIONS (SET global_indexes '{"by_at": {"hash": 5}}');
ALTER FOREIGN TABLE wrong OPTIONS (SET global_indexes '{"by_at": {"hash": "at", "Projection": "all"}}');
ALTER FOREIGN TABLE wrong OPTIONS (SET global_indexes '{"by_at": {"hash": "at", "projection": "some"}}');
ALTER FOREIGN TABLE wrong OPTIONS (SET global_indexes '{"by_at": {"hash": "at", "projection": []}}');
ALTER FOREIGN TABLE wrong OPTIONS (SET global_indexes '{"by_at": {"hash": "at", "read_capacity_units": 1}}');
ALTER FOREIGN TABLE wrong OPTIONS (SET global_indexes '{"by_at": {"hash": "at", "read_capacity_units": 1.5}}');
ALTER FOREIGN TABLE wrong OPTIONS (SET local_indexes '{"by_at": {"hash": "id", "range": "at"}}');
ALTER FOREIGN TABLE wrong OPTIONS (SET local_indexes '{"by_at": {"range": ["at", "id"]}}');

-- Who may do it: the foreign table's owner, with USAGE on the server and EXECUTE on the function
CREATE ROLE administration_role;
SET ROLE administration_role;
SELECT dynamodb_create_table('wrong');
RESET ROLE;
GRANT EXECUTE ON FUNCTION dynamodb_create_table, dynamodb_drop_table, dynamodb_describe_table TO administration_role;
SET ROLE administration_role;
SELECT dynamodb_create_table('wrong');
SELECT dynamodb_drop_table('silent');
SELECT dynamodb_describe_table('silent');
RESET ROLE;
ALTER FOREIGN TABLE notes OWNER TO administration_role;
SET ROLE administration_role;
SELECT dynamodb_create_table('notes');
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER aws TO administration_role;
SET ROLE administration_role;
-- and with a user mapping
SELECT dynamodb_create_table('notes');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
REVOKE USAGE ON FOREIGN SERVER aws FROM administration_role;
DROP FOREIGN TABLE notes;
REVOKE EXECUTE ON FUNCTION dynamodb_create_table, dynamodb_drop_table, dynamodb_describe_table FROM administration_role;
DROP ROLE administration_role;

-- Foreign tables of this wrapper only
CREATE TABLE heap (id text);
SELECT dynamodb_create_table('heap');
\echo :LAST_ERROR_SQLSTATE
CREATE FOREIGN DATA WRAPPER other_wrapper;
CREATE SERVER other_server FOREIGN DATA WRAPPER other_wrapper;
CREATE FOREIGN TABLE elsewhere (id text) SERVER other_server;
SELECT dynamodb_describe_table('elsewhere');
SELECT dynamodb_describe_table(NULL);
CREATE FOREIGN TABLE changes (keys jsonb) SERVER aws OPTIONS (stream_of 'orders');
CREATE FOREIGN TABLE jobs (body text) SERVER aws OPTIONS (queue_name 'jobs');
SELECT dynamodb_create_table('changes');
\echo :LAST_ERROR_SQLSTATE
SELECT dynamodb_drop_table('jobs');
CALL dynamodb_migrate('changes', 'jobs');
SELECT tokenize('changes', 'x');
SELECT dynamodb_create_table(0);
