\i sql/server.inc
-- write_mode 'transaction': the transaction that writes reads what it has written
CREATE FOREIGN TABLE readings (sensor text COLLATE "C", taken int, level text COLLATE "C", value int)
    SERVER aws OPTIONS (table_name 'pending_readings', write_mode 'transaction');
-- the same DynamoDB table for others: whole items, through the index alone, and with expiry
CREATE FOREIGN TABLE items (sensor text, taken int, item jsonb OPTIONS (whole_item 'true'))
    SERVER aws OPTIONS (table_name 'pending_readings');
CREATE FOREIGN TABLE levels (sensor text, taken int, level text, value int)
    SERVER aws OPTIONS (table_name 'pending_readings', index_name 'by_level');
CREATE FOREIGN TABLE unexpired (sensor text, taken int, value int)
    SERVER aws OPTIONS (table_name 'pending_readings', hide_expired 'true', ttl_attribute 'value');

SELECT * FROM readings ORDER BY sensor, taken;
BEGIN;
INSERT INTO readings VALUES ('a', 25, 'low', 100), ('b', 5, 'high', 101), ('c', 1, NULL, 2000000000);
UPDATE readings SET value = 200 WHERE sensor = 'a' AND taken = 10;
UPDATE readings SET level = 'low' WHERE sensor = 'a' AND taken = 20;
UPDATE readings SET level = NULL WHERE sensor = 'b' AND taken = 50;
DELETE FROM readings WHERE sensor = 'a' AND taken = 30;

-- a scan, a count, one key, many keys
SELECT * FROM readings ORDER BY sensor, taken;
SELECT count(*) FROM readings;
SELECT * FROM readings WHERE sensor = 'a' AND taken = 25;
SELECT * FROM readings WHERE sensor = 'a' AND taken = 30;
SELECT * FROM readings WHERE sensor = 'a' AND taken = ANY ('{10,20,25,30,40,99}') ORDER BY taken;
-- a Query, in both orders, with a limit, with conditions on keys and on others
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM readings WHERE sensor = 'a' ORDER BY taken DESC LIMIT 3;
SELECT * FROM readings WHERE sensor = 'a' ORDER BY taken;
SELECT * FROM readings WHERE sensor = 'a' ORDER BY taken DESC LIMIT 3;
SELECT * FROM readings WHERE sensor = 'a' AND taken BETWEEN 20 AND 30 ORDER BY taken;
SELECT * FROM readings WHERE sensor = 'a' AND taken > 20 AND value > 50;
SELECT count(*) FROM readings WHERE sensor = 'a';
-- an index, whose key attributes have been changed, set and removed
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM readings WHERE level = 'low' ORDER BY taken;
SELECT * FROM readings WHERE level = 'low' ORDER BY taken;
SELECT * FROM readings WHERE level = 'low' AND taken > 15 ORDER BY taken DESC;
SELECT * FROM levels ORDER BY taken;
SELECT * FROM levels WHERE level = 'high' ORDER BY taken;
-- others who read the table
SELECT * FROM items ORDER BY sensor, taken;
SELECT item FROM items WHERE sensor = 'a' AND taken = 10;
SELECT * FROM unexpired ORDER BY sensor, taken;
-- joins, with keys from the other table
SELECT n, value FROM generate_series(5, 30, 5) n LEFT JOIN readings ON sensor = 'a' AND taken = n ORDER BY n;
-- the same rows again, from a cursor and by a rescan
DECLARE again SCROLL CURSOR FOR SELECT taken, value FROM readings WHERE sensor = 'a' ORDER BY taken;
FETCH 2 FROM again;
FETCH BACKWARD ALL FROM again;
FETCH 2 FROM again;
CLOSE again;
SELECT n, (SELECT sum(value) FROM readings r WHERE r.sensor = 'a' AND r.taken > n * 0) FROM generate_series(1, 2) n;
-- what is read and then written again
UPDATE readings SET value = value + 1;
UPDATE readings SET value = value + 1 WHERE level = 'low';
DELETE FROM readings WHERE value > 201;
SELECT * FROM readings ORDER BY sensor, taken;
ROLLBACK;
SELECT * FROM readings ORDER BY sensor, taken;

-- a GetItem of a row that is put, or deleted, needs no request
BEGIN;
INSERT INTO readings VALUES ('d', 1, 'low', 1);
DELETE FROM readings WHERE sensor = 'a' AND taken = 10;
SELECT * FROM readings WHERE sensor = 'd' AND taken = 1;
CREATE FUNCTION requests_of(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
    RETURN plan -> 0 -> 'Plan' ->> 'Requests';
END $$;
SELECT requests_of($$SELECT * FROM readings WHERE sensor = 'd' AND taken = 1$$) AS put,
       requests_of($$SELECT * FROM readings WHERE sensor = 'a' AND taken = 10$$) AS deleted,
       requests_of($$SELECT * FROM readings WHERE sensor = 'a' AND taken = 20$$) AS others;
ROLLBACK;

-- functions that read see what was written before the statement that calls them, or all of it
CREATE FUNCTION stable_count() RETURNS bigint STABLE LANGUAGE sql AS 'SELECT count(*) FROM readings';
CREATE FUNCTION volatile_count() RETURNS bigint VOLATILE LANGUAGE plpgsql AS
    'BEGIN RETURN (SELECT count(*) FROM readings); END';
BEGIN;
INSERT INTO readings SELECT 'e', n, 'low', stable_count() FROM generate_series(1, 3) n;
INSERT INTO readings SELECT 'f', n, 'low', volatile_count() FROM generate_series(1, 3) n;
SELECT * FROM readings WHERE sensor IN ('e', 'f') ORDER BY sensor, taken;
ROLLBACK;
