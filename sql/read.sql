\i sql/server.inc

CREATE FOREIGN TABLE readings (
    sensor text, taken int, level text, value numeric, note text,
    room text OPTIONS (attribute_path 'place.room'),
    shelf int OPTIONS (attribute_path 'place.shelf')
) SERVER aws OPTIONS (table_name 'read_readings');
CREATE FOREIGN TABLE parts (id int, name text, stock int)
    SERVER aws OPTIONS (table_name 'read_parts');

-- GetItem
SELECT * FROM readings WHERE sensor = 'a' AND taken = 7;
SELECT * FROM readings WHERE sensor = 'a' AND taken = 700;
SELECT name FROM parts WHERE id = 17;

-- GetItem of a key that an expression gives
SELECT name FROM parts WHERE id = (SELECT 10 + 7);

-- BatchGetItem: more keys than one request takes, some that no item has, some twice
SELECT count(*), min(id), max(id) FROM parts
    WHERE id = ANY (ARRAY(SELECT generate_series(1, 240)) || ARRAY[1, 2, 3, 4000, 5000]);
SELECT id, name FROM parts WHERE id IN (3, 1, 3, 777) ORDER BY id;
SELECT sensor, taken FROM readings WHERE sensor IN ('a', 'c') AND taken IN (1, 2) ORDER BY 1, 2;

-- Query: one partition, a range, both directions
SELECT taken, value FROM readings WHERE sensor = 'b' AND taken BETWEEN 5 AND 8;
SELECT taken FROM readings WHERE sensor = 'b' AND taken > 37 ORDER BY taken;
SELECT taken FROM readings WHERE sensor = 'b' AND taken < 4 ORDER BY taken DESC;
SELECT taken FROM readings WHERE sensor = 'b' ORDER BY taken DESC LIMIT 3;
SELECT taken FROM readings WHERE sensor = 'b' ORDER BY taken LIMIT 2 OFFSET 3;

-- Query: several partitions
SELECT sensor, count(*) FROM readings WHERE sensor IN ('a', 'c', 'x') GROUP BY 1 ORDER BY 1;

-- Query of an index
SELECT sensor, taken FROM readings WHERE level = 'error' AND taken > 34 ORDER BY 2, 1;

-- Scan
SELECT count(*) FROM readings;
SELECT count(*), sum(value), count(note), min(room), max(shelf) FROM readings;
SELECT sensor, taken FROM readings WHERE note = 'note 39' ORDER BY 1;
SELECT sensor, taken FROM readings WHERE note IS NULL AND taken < 9 ORDER BY 1, 2;
SELECT count(*) FROM readings WHERE room = 'room 3' AND shelf = 3;

-- LIMIT counts rows, whatever the conditions are
SELECT count(*) FROM (SELECT 1 FROM readings LIMIT 7) AS seven;
SELECT count(*) FROM (SELECT 1 FROM readings WHERE note = 'note 39' LIMIT 2) AS two;
SELECT count(*) FROM (SELECT 1 FROM readings WHERE length(note || '') = 7 LIMIT 90) AS many;
SELECT count(*) FROM (SELECT 1 FROM readings LIMIT 10 OFFSET 115) AS rest;

-- Pages of three items each: most pages of a filter are empty, and all are followed
ALTER FOREIGN TABLE readings OPTIONS (ADD fetch_size '3');
SELECT count(*) FROM readings;
SELECT sensor, taken FROM readings WHERE note = 'note 39' ORDER BY 1;
SELECT taken FROM readings WHERE sensor = 'c' AND note = 'note 39';
SELECT count(*) FROM readings WHERE sensor = 'c' AND note IS NULL;
SELECT taken FROM readings WHERE sensor = 'a' AND taken > 20 ORDER BY taken DESC LIMIT 5;
SELECT count(*) FROM (SELECT 1 FROM readings WHERE note = 'note 39' LIMIT 2) AS two;

-- The same in four segments, and with so little memory that pages come one by one
ALTER FOREIGN TABLE readings OPTIONS (ADD scan_segments '4');
SELECT count(*), sum(value) FROM readings;
SET dynamodb_kms_fdw.max_memory_per_scan = '64kB';
SELECT count(*), sum(value) FROM readings;
SELECT sensor, count(*) FROM readings WHERE sensor IN ('a', 'c', 'x') GROUP BY 1 ORDER BY 1;
RESET dynamodb_kms_fdw.max_memory_per_scan;
ALTER FOREIGN TABLE readings OPTIONS (DROP scan_segments, DROP fetch_size);

-- Strongly consistent reads
ALTER FOREIGN TABLE readings OPTIONS (ADD consistent_read 'true');
SELECT count(*) FROM readings WHERE sensor = 'a';
SELECT count(*) FROM readings WHERE level = 'error';
ALTER FOREIGN TABLE readings OPTIONS (DROP consistent_read);

-- Large items: pages end at the service's 1 MB, and BatchGetItem leaves keys over at 16 MB
CREATE FOREIGN TABLE scans (patient text, number int, image bytea)
    SERVER aws OPTIONS (table_name 'read_scans');
SELECT count(*), sum(length(image)) FROM scans;
SELECT number, length(image), get_byte(image, 379999) FROM scans
    WHERE patient = 'p' AND number > 50 ORDER BY number;
ALTER FOREIGN TABLE scans OPTIONS (ADD allow_full_scan 'false');
SELECT count(*), sum(number), sum(length(image)) FROM scans
    WHERE patient = 'p' AND number = ANY (ARRAY(SELECT generate_series(1, 60)));

-- Parameters, once with a plan for the values and then with one for all values
PREPARE reading(text, int) AS
    SELECT taken, note FROM readings WHERE sensor = $1 AND taken = $2;
SET plan_cache_mode = force_custom_plan;
EXECUTE reading('a', 1);
EXECUTE reading('a', NULL);
SET plan_cache_mode = force_generic_plan;
EXECUTE reading('a', 1);
EXECUTE reading('b', 2);
EXECUTE reading('a', NULL);
RESET plan_cache_mode;
DEALLOCATE reading;

-- Joins look keys up
CREATE TABLE wanted (sensor text, taken int);
INSERT INTO wanted VALUES ('a', 1), ('b', 40), ('c', 41), (NULL, 1), ('a', 1);
ANALYZE wanted;
SELECT w.*, r.value FROM wanted w LEFT JOIN readings r USING (sensor, taken) ORDER BY 1, 2;
SELECT g, (SELECT name FROM parts WHERE id = g) FROM generate_series(249, 251) AS g;

-- Read again and again: the same values, other values
SET enable_material = off;
SELECT count(*), sum(taken) FROM generate_series(1, 3) AS g,
    LATERAL (SELECT taken FROM readings WHERE sensor = 'a' AND taken > 38 OFFSET 0) AS r;
SELECT g, count(*), min(taken) FROM generate_series(38, 40) AS g,
    LATERAL (SELECT taken FROM readings WHERE sensor = 'a' AND taken > g OFFSET 0) AS r
    GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM generate_series(1, 2) AS g, LATERAL (SELECT 1 FROM readings OFFSET 0) AS r;
RESET enable_material;

-- A cursor that is left in the middle of the table
BEGIN;
DECLARE left_early CURSOR FOR SELECT id FROM parts WHERE id < 100;
MOVE 10 IN left_early;
CLOSE left_early;
DECLARE backwards SCROLL CURSOR FOR SELECT taken FROM readings WHERE sensor = 'a' ORDER BY taken;
FETCH 3 FROM backwards;
FETCH BACKWARD 2 FROM backwards;
MOVE FORWARD ALL IN backwards;
FETCH BACKWARD 1 FROM backwards;
COMMIT;

-- Rows of a foreign table are remembered while others are locked
SELECT w.taken, r.value FROM wanted w JOIN readings r USING (sensor, taken)
    WHERE w.taken = 40 FOR UPDATE OF w;

-- What a foreign table has beside its columns
SELECT tableoid::regclass, taken FROM readings WHERE sensor = 'a' AND taken = 1;
SELECT r FROM readings r WHERE sensor = 'a' AND taken = 1;

-- No column at all, and only the key
SELECT FROM readings WHERE sensor = 'a' AND taken < 3;
SELECT count(*) FROM readings WHERE sensor = 'a' AND taken < 3;
SELECT max(taken) FROM readings WHERE sensor = 'a';

-- An empty table, a missing one, and one that may be missing
CREATE FOREIGN TABLE empty (id text) SERVER aws OPTIONS (table_name 'read_empty');
SELECT * FROM empty;
SELECT count(*) FROM empty;
CREATE FOREIGN TABLE missing (id text) SERVER aws OPTIONS (table_name 'read_missing');
\set VERBOSITY sqlstate
SELECT * FROM missing;
\set VERBOSITY default
ALTER FOREIGN TABLE missing OPTIONS (ADD on_missing_table 'empty');
SELECT * FROM missing;
SELECT count(*) FROM missing WHERE id = 'x';

-- Expired items: the service deletes them days later
CREATE FOREIGN TABLE sessions (id text) SERVER aws OPTIONS (table_name 'read_sessions');
SELECT id FROM sessions ORDER BY id;
ALTER FOREIGN TABLE sessions OPTIONS (ADD hide_expired 'true');
SELECT id FROM sessions ORDER BY id;
SELECT count(*) FROM sessions;
SELECT id FROM sessions WHERE id = 'long gone';
SELECT id FROM sessions WHERE id IN ('long gone', 'eternal');
ALTER FOREIGN TABLE sessions OPTIONS (ADD ttl_attribute 'some_other');
SELECT count(*) FROM sessions;

-- A value that the column cannot hold is an error that says where, and only if it is read
SELECT count(*), sum(stock) FROM parts;
SELECT name FROM parts WHERE id = 999;
SELECT stock FROM parts WHERE id = 999;
DO $$
BEGIN
    PERFORM stock FROM parts WHERE id = 999;
EXCEPTION WHEN fdw_invalid_data_type THEN
    RAISE NOTICE 'caught: %', SQLERRM;
END
$$;
SELECT sum(stock) FROM parts WHERE id < 250;

-- Capacity: a statement that takes more than it may
ALTER FOREIGN TABLE parts OPTIONS (ADD max_capacity_units '0.6');
SELECT name FROM parts WHERE id = 1;
SELECT count(name) FROM generate_series(1, 3) AS g, LATERAL (
    SELECT name FROM parts WHERE id = g OFFSET 0) AS p;
ALTER FOREIGN TABLE parts OPTIONS (DROP max_capacity_units);

-- A view reads with its owner's rights and credentials
CREATE ROLE read_guest;
CREATE VIEW first_parts AS SELECT id, name FROM parts WHERE id IN (1, 2);
GRANT SELECT ON first_parts TO read_guest;
GRANT SELECT ON empty TO read_guest;
SET ROLE read_guest;
SELECT * FROM first_parts ORDER BY id;
SELECT * FROM empty;
RESET ROLE;
REVOKE ALL ON first_parts, empty FROM read_guest;
DROP ROLE read_guest;
