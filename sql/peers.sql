-- What others who read DynamoDB from SQL have got wrong: each part says what would go wrong
\i sql/server.inc
\pset null NULL

CREATE FOREIGN TABLE lines (
    "order" text, line int, price int, note text, mark boolean
) SERVER aws OPTIONS (table_name 'peers_lines');
CREATE FUNCTION explained(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        CONTINUE WHEN line ~ 'Bytes Received|Capacity Units';
        RETURN NEXT line;
    END LOOP;
END
$$;

-- Rows lost: the filter leaves the first pages empty, and an empty page taken for the last one
ALTER FOREIGN TABLE lines OPTIONS (ADD fetch_size '5');
SELECT "order", line FROM lines WHERE mark ORDER BY line;
SELECT line FROM lines WHERE mark AND "order" = 'odd';
SELECT line FROM lines WHERE mark ORDER BY line LIMIT 1;
SELECT count(*) FROM lines WHERE mark;
SELECT count(*) FROM lines WHERE mark IS NULL;
ALTER FOREIGN TABLE lines OPTIONS (DROP fetch_size);

-- LIMIT pushed below a sort, a condition that is checked here, a join, an aggregate, a DISTINCT
SELECT line, price FROM lines ORDER BY price LIMIT 2;
SELECT line, price FROM lines ORDER BY price DESC LIMIT 2 OFFSET 1;
SELECT count(*) FROM (SELECT 1 FROM lines WHERE note ~ '0$' AND length(note) = 8 LIMIT 3) AS three;
SELECT count(*) FROM (SELECT 1 FROM lines WHERE note LIKE '%90' LIMIT 2) AS two;
SELECT count(*) FROM (SELECT 1 FROM lines JOIN (VALUES (197), (199)) AS v (line) USING (line) LIMIT 2) AS two;
SELECT count(*) FROM lines LIMIT 1;
SELECT count(*) FROM (SELECT DISTINCT "order" FROM lines LIMIT 2) AS two;

-- OFFSET applied by both sides
SELECT line FROM lines WHERE "order" = 'even' ORDER BY line LIMIT 2 OFFSET 3;
SELECT count(*) FROM (SELECT 1 FROM lines LIMIT 2 OFFSET 3) AS two;
SELECT count(*) FROM (SELECT 1 FROM lines OFFSET 190) AS ten;

-- LIMIT 2 that reads the whole table
SELECT explained('SELECT line FROM lines WHERE "order" = ''even'' ORDER BY line LIMIT 2');
SELECT explained('SELECT line FROM lines LIMIT 2');

-- The sort key: dropped without the hash key, sent in the order of the WHERE, sent twice
SELECT "order", line FROM lines WHERE line = 7;
SELECT line FROM lines WHERE line > 196 ORDER BY 1;
SELECT line FROM lines WHERE line BETWEEN 4 AND 8 AND "order" = 'even' ORDER BY line;
SELECT line FROM lines WHERE line <= 8 AND "order" = 'even' AND line >= 4 AND line <> 6 ORDER BY line;
SELECT line FROM lines WHERE line > 4 AND line > 190 AND "order" = 'even' AND line < 199 AND price < 160 ORDER BY line;
SELECT line FROM lines WHERE line IN (4, 5, 6) AND "order" = 'even' ORDER BY line;
SELECT line FROM lines WHERE line = 4 AND line = 6 AND "order" = 'even';
SELECT count(*) FROM lines WHERE line IS NULL AND "order" = 'even';

-- IN, LIKE, IS NULL that the service refuses
SELECT line FROM lines WHERE price IN (7, 14, NULL) ORDER BY 1;
SELECT count(*) FROM lines WHERE price = ANY (ARRAY(SELECT generate_series(0, 4999)));
SELECT count(*) FROM lines WHERE line = ANY (ARRAY(SELECT generate_series(0, 4999))) AND "order" = 'odd';
SELECT line FROM lines WHERE price IN (SELECT 7) AND note IS NULL;
SELECT line FROM lines WHERE note LIKE 'note 1_0' ORDER BY 1;
SELECT count(*) FROM lines WHERE note LIKE '%';
SELECT count(*) FROM lines WHERE note LIKE '';
SELECT count(*) FROM lines WHERE "order" LIKE 'ev%';
SELECT count(*) FROM lines WHERE note IS NULL;
SELECT count(*) FROM lines WHERE note IS NOT NULL AND "order" = 'even';
SELECT count(*) FROM lines WHERE "order" IS NULL;
SELECT count(*) FROM lines WHERE "order" = '';
SELECT count(*) FROM lines WHERE note IN ('');

-- A missing attribute is unequal to everything for the service, and unknown in SQL
SELECT count(*) FROM lines WHERE note <> 'note 10';
SELECT count(*) FROM lines WHERE NOT (note = 'note 10');
SELECT count(*) FROM lines WHERE NOT (note = 'note 10' OR price = 7);
SELECT count(*) FROM lines WHERE note NOT IN ('note 10', 'note 20');
SELECT count(*) FROM lines WHERE (note = 'note 10') IS NOT TRUE;
SELECT count(*) FROM lines WHERE note IS DISTINCT FROM 'note 10';

-- Numbers cut to 32 or 64 bits or to a double: as keys, as values, in documents, in conditions
CREATE FOREIGN TABLE "values" (id numeric, copy numeric, document jsonb)
    SERVER aws OPTIONS (table_name 'peers_values');
SELECT * FROM "values" ORDER BY id;
SELECT id FROM "values" WHERE id = 12345678901234567890123456789012345678;
SELECT id FROM "values" WHERE id = 12345678901234567890123456789012345679;
SELECT id FROM "values" WHERE copy = 9007199254740993;
SELECT id FROM "values" WHERE copy = 9007199254740992;
SELECT id FROM "values" WHERE copy > 9007199254740992 AND copy < 9007199254740994;
SELECT id FROM "values" WHERE copy = 0.1234567890123456789012345678901234567;
SELECT id FROM "values" WHERE copy = 0.1234567890123456789012345678901234568;
CREATE FOREIGN TABLE bigints (id bigint, copy bigint) SERVER aws OPTIONS (table_name 'peers_values');
SELECT * FROM bigints WHERE id IN (2147483648, -9223372036854775808, 9007199254740993) ORDER BY 1;
SELECT id FROM bigints WHERE id = 9007199254740992;
SELECT id, copy FROM "values" WHERE id = 1e0;
CREATE FOREIGN TABLE doubles (id numeric, copy float8) SERVER aws OPTIONS (table_name 'peers_values');
SELECT copy FROM doubles WHERE id = 9007199254740993;
SELECT copy FROM doubles WHERE id = 2147483648;
CREATE FOREIGN TABLE integers (id numeric, copy int) SERVER aws OPTIONS (table_name 'peers_values');
SELECT copy FROM integers WHERE id = 2147483648;

-- bytea cut at the first NUL
CREATE FOREIGN TABLE blobs (id bytea, copy bytea) SERVER aws OPTIONS (table_name 'peers_blobs');
SELECT * FROM blobs ORDER BY id;
SELECT copy FROM blobs WHERE id = '\x610062';
SELECT id FROM blobs WHERE copy = '\x61';
SELECT id FROM blobs WHERE copy > '\x6100' ORDER BY 1;

-- Injection: quotes, backslashes, control characters in keys, values and names
CREATE FOREIGN TABLE strings (
    id text, text text, copy text,
    apostrophe text OPTIONS (attribute_name 'it''s'),
    quotes text OPTIONS (attribute_name 'say "hi"'),
    backslash text OPTIONS (attribute_name 'back\slash'),
    path text OPTIONS (attribute_name 'a.b[0]'),
    number_sign text OPTIONS (attribute_name '#n0'),
    colon text OPTIONS (attribute_name ':v0'),
    line_feed text OPTIONS (attribute_name E'line\nfeed'),
    reserved text OPTIONS (attribute_name 'select'),
    blank text OPTIONS (attribute_name ' ')
) SERVER aws OPTIONS (table_name 'peers_strings');
-- (moto takes a name with a dot, put in for a placeholder, for a path in projections: it finds 110 of
-- 120. DynamoDB Local is right: a placeholder is one name, whatever is in it.)
CREATE TEMPORARY TABLE held AS SELECT * FROM strings;
SELECT id COLLATE "C", apostrophe, line_feed FROM held ORDER BY 1;
ANALYZE held;
ALTER FOREIGN TABLE strings OPTIONS (ADD allow_full_scan 'false');
SELECT count(*) AS found_by_key FROM held h JOIN strings s ON s.id = h.id AND s.text = h.id WHERE s.copy = h.copy;
SELECT count(*) AS found_by_hash_key FROM held h, LATERAL (SELECT * FROM strings WHERE id = h.id AND copy = h.copy OFFSET 0) AS s;
ALTER FOREIGN TABLE strings OPTIONS (DROP allow_full_scan);
DO $$
DECLARE
    name name;
    wanted text;
    found bigint;
    total bigint := 0;
BEGIN
    FOR name IN SELECT attname FROM pg_attribute WHERE attrelid = 'strings'::regclass AND attnum > 0 LOOP
        FOR wanted IN EXECUTE format('SELECT %I FROM held', name) LOOP
            EXECUTE format('SELECT count(*) FROM strings WHERE %I = %L', name, wanted) INTO found;
            total := total + found;
        END LOOP;
    END LOOP;
    RAISE NOTICE '% of % found', total, 12 * (SELECT count(*) FROM held);
END
$$;
SELECT id FROM strings WHERE copy LIKE '\\''%';
SELECT id FROM strings WHERE id LIKE 'back\\%';
SELECT id FROM strings WHERE id LIKE '#n0 :v_ {}%';
CREATE FOREIGN TABLE hostile_name (id text) SERVER aws OPTIONS (table_name 'peers_strings"}; {"x');

-- Text over a number compared as a string, which nothing equals; a value of another type shown as garbage
CREATE FOREIGN TABLE texts (id text, value text) SERVER aws OPTIONS (table_name 'peers_types');
CREATE FOREIGN TABLE numbers (id text, value bigint) SERVER aws OPTIONS (table_name 'peers_types');
CREATE FOREIGN TABLE documents (id text, value jsonb) SERVER aws OPTIONS (table_name 'peers_types');
SELECT id, value FROM texts WHERE value = '5' AND id IN ('text', 'missing', 'null');
SELECT id FROM texts WHERE value = '5' AND id IN ('number', 'text');
SELECT value FROM texts WHERE id = 'map';
SELECT value FROM texts WHERE id = 'binary';
SELECT value FROM numbers WHERE id = 'text';
SELECT value FROM numbers WHERE id = 'number';
SELECT value FROM numbers WHERE id = 'list';
SELECT id, value FROM documents ORDER BY id;

-- A catch-all column that holds what was not selected, instead of what no column stands for
CREATE FOREIGN TABLE caught (id text, value jsonb, rest jsonb OPTIONS (whole_item 'true'))
    SERVER aws OPTIONS (table_name 'peers_types');
SELECT rest FROM caught WHERE id = 'map';
SELECT id, value, rest FROM caught WHERE id = 'map';
ALTER FOREIGN TABLE caught DROP COLUMN value;
SELECT rest FROM caught WHERE id = 'map';
SELECT id, rest FROM caught WHERE id = 'map';

-- A row of statistics written by every scan: another session waits for this one's lock
BEGIN;
SELECT count(*) FROM lines;
SELECT pg_current_xact_id_if_assigned() AS written;
SELECT count(*) AS exclusive_locks FROM pg_locks
    WHERE pid = pg_backend_pid() AND locktype = 'relation' AND mode <> 'AccessShareLock';
COMMIT;
SET default_transaction_read_only = on;
SELECT count(*) FROM lines;
RESET default_transaction_read_only;

-- The server before it: a server without an endpoint uses it
CREATE SERVER no_endpoint FOREIGN DATA WRAPPER dynamodb_kms_fdw;
CREATE USER MAPPING FOR CURRENT_USER SERVER no_endpoint
    OPTIONS (aws_access_key_id 'AKIDNOBODY', aws_secret_access_key 'nothing');
CREATE FOREIGN TABLE astray (id text) SERVER no_endpoint OPTIONS (table_name 'peers_types');
SELECT count(*) FROM astray;
CREATE SERVER no_mapping FOREIGN DATA WRAPPER dynamodb_kms_fdw
    OPTIONS (region :'region', endpoint_url :'endpoint');
CREATE FOREIGN TABLE nobody (id text) SERVER no_mapping OPTIONS (table_name 'peers_types');
CREATE ROLE peers_guest;
GRANT SELECT ON nobody TO peers_guest;
GRANT USAGE ON FOREIGN SERVER no_mapping TO peers_guest;
SET ROLE peers_guest;
SELECT count(*) FROM nobody;
RESET ROLE;
REVOKE ALL ON nobody FROM peers_guest;
REVOKE ALL ON FOREIGN SERVER no_mapping FROM peers_guest;
DROP ROLE peers_guest;
SELECT count(*) FROM texts;

-- Rows used after their page is gone: sorted, hashed, gathered, held behind the transaction
ALTER FOREIGN TABLE lines OPTIONS (ADD fetch_size '7', ADD scan_segments '3');
SELECT count(*), count(DISTINCT a.note), min(a.note), max(b.note) FROM lines a JOIN lines b USING (line) WHERE a.note IS NOT NULL;
SELECT array_agg(note ORDER BY line) FROM lines WHERE note IS NOT NULL AND line < 50;
SELECT string_agg(l.note, ',' ORDER BY l.line) FROM (SELECT lines AS l FROM lines) AS rows, LATERAL (SELECT (l).note, (l).line) AS l WHERE l.line > 150;
BEGIN;
DECLARE kept CURSOR WITH HOLD FOR SELECT line, note FROM lines WHERE note IS NOT NULL ORDER BY line;
COMMIT;
FETCH 2 FROM kept;
MOVE 15 IN kept;
FETCH 2 FROM kept;
CLOSE kept;
