-- What a foreign table's columns stand for, and where they disagree with the DynamoDB table
\i sql/server.inc

-- Names, paths and the whole item; columns may share an attribute, and one may lead into another's
CREATE FOREIGN TABLE events (
    id text OPTIONS (key 'hash'),
    happened numeric OPTIONS (attribute_name 'at', key 'range'),
    happened_text jsonb OPTIONS (attribute_name 'at'),
    kind bytea,
    room text OPTIONS (attribute_path 'place.room'),
    second_tag text OPTIONS (attribute_path 'place.tags[1]'),
    third_tag text OPTIONS (attribute_path 'place.tags[2]'),
    tags jsonb OPTIONS (attribute_path '"place".tags'),
    no_document text OPTIONS (attribute_path 'id.room'),
    missing text,
    rest jsonb OPTIONS (whole_item 'true')
) SERVER aws OPTIONS (table_name 'relation_events');
\x on
SELECT * FROM events;
-- what no column maps is the rest: it grows when the column that mapped it goes
ALTER FOREIGN TABLE events DROP COLUMN room, DROP COLUMN second_tag, DROP COLUMN third_tag, DROP COLUMN tags;
ALTER FOREIGN TABLE events ADD COLUMN "Größe" int;
SELECT * FROM events;
\x off
-- a generated column is an attribute like any other
ALTER FOREIGN TABLE events ADD COLUMN place text OPTIONS (attribute_path 'place.room')
    GENERATED ALWAYS AS (id) STORED;
SELECT id, place, rest FROM events;

-- Key attributes, of the table and of its indexes, and columns that cannot hold them
CREATE FOREIGN TABLE wrong (id int, at numeric, kind bytea) SERVER aws OPTIONS (table_name 'relation_events');
SELECT * FROM wrong;
\echo :LAST_ERROR_SQLSTATE
ALTER FOREIGN TABLE wrong ALTER COLUMN id TYPE text, ALTER COLUMN at TYPE text;
SELECT * FROM wrong;
ALTER FOREIGN TABLE wrong ALTER COLUMN at TYPE int, ALTER COLUMN kind TYPE varchar(10);
SELECT * FROM wrong;
ALTER FOREIGN TABLE wrong ALTER COLUMN kind OPTIONS (attribute_type 'B');
SELECT * FROM wrong;
ALTER FOREIGN TABLE wrong ALTER COLUMN kind OPTIONS (SET attribute_type 'N');
SELECT * FROM wrong;
ALTER FOREIGN TABLE wrong ALTER COLUMN kind TYPE jsonb, ALTER COLUMN kind OPTIONS (DROP attribute_type);
SELECT * FROM wrong;
-- an attribute that is no key may be of any type until it is read
ALTER FOREIGN TABLE wrong ADD COLUMN place int;
SELECT id FROM wrong;
SELECT place FROM wrong;
\echo :LAST_ERROR_SQLSTATE

-- The key option has to agree with the description
CREATE FOREIGN TABLE keyed (id text OPTIONS (key 'range'), at int) SERVER aws OPTIONS (table_name 'relation_events');
SELECT * FROM keyed;
\echo :LAST_ERROR_SQLSTATE
ALTER FOREIGN TABLE keyed ALTER COLUMN id OPTIONS (SET key 'hash'), ALTER COLUMN at OPTIONS (ADD key 'hash');
SELECT * FROM keyed;
ALTER FOREIGN TABLE keyed ALTER COLUMN at OPTIONS (SET key 'range');
SELECT * FROM keyed;
ALTER FOREIGN TABLE keyed ADD COLUMN room text OPTIONS (attribute_path 'id.room', key 'hash');
SELECT * FROM keyed;

-- The whole item: one column, of type jsonb
CREATE FOREIGN TABLE whole (id text, rest json OPTIONS (whole_item 'true')) SERVER aws OPTIONS (table_name 'relation_events');
SELECT * FROM whole;
\echo :LAST_ERROR_SQLSTATE
ALTER FOREIGN TABLE whole ALTER COLUMN rest TYPE jsonb, ADD COLUMN more jsonb OPTIONS (whole_item 'true');
SELECT * FROM whole;
\echo :LAST_ERROR_SQLSTATE
ALTER FOREIGN TABLE whole ALTER COLUMN more OPTIONS (SET whole_item 'false');
SELECT * FROM whole;

-- No columns, a table that is not there, an index that is not there
CREATE FOREIGN TABLE nothing () SERVER aws OPTIONS (table_name 'relation_events');
SELECT FROM nothing;
SELECT count(*) FROM nothing;
CREATE FOREIGN TABLE relation_missing (id text) SERVER aws;
\set VERBOSITY sqlstate
SELECT * FROM relation_missing;
\set VERBOSITY default
ALTER FOREIGN TABLE relation_missing OPTIONS (ADD on_missing_table 'empty');
SELECT * FROM relation_missing;
SELECT * FROM relation_missing WHERE id = 'a';
ALTER FOREIGN TABLE keyed DROP COLUMN room, OPTIONS (ADD index_name 'by_nothing');
\set VERBOSITY sqlstate
SELECT * FROM keyed;
\set VERBOSITY default

-- What an owner does to options is seen by the next statement, prepared ones too
PREPARE all_events AS SELECT id, happened FROM events;
EXECUTE all_events;
ALTER FOREIGN TABLE events OPTIONS (SET table_name 'relation_missing', ADD on_missing_table 'empty');
EXECUTE all_events;
ALTER FOREIGN TABLE events OPTIONS (SET table_name 'relation_events');
EXECUTE all_events;
ALTER FOREIGN TABLE events ALTER COLUMN happened OPTIONS (SET attribute_name 'Größe', DROP key);
EXECUTE all_events;
