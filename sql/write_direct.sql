\i sql/server.inc
-- UPDATE and DELETE that name keys, and need nothing of the items, go without reading them
CREATE FOREIGN TABLE parts (id int, name text, stock int, price numeric, flag boolean,
    tags text[] OPTIONS (attribute_type 'SS'), colours text[], doc jsonb,
    typed jsonb OPTIONS (json_format 'dynamodb'), city text OPTIONS (attribute_path 'place.city'),
    room text OPTIONS (attribute_path 'place.rooms[1]'))
    SERVER aws OPTIONS (table_name 'write_direct_parts');
CREATE FUNCTION refill() RETURNS void LANGUAGE sql AS $$
    DELETE FROM parts WHERE id > 0;
    INSERT INTO parts VALUES (1, 'bolt', 10, 1.5, true, '{a}', '{red}', '{"x": 1}'),
        (2, 'nut', 20, NULL, false, NULL, NULL, NULL), (3, 'washer', 30, 0.25, NULL, '{c}', '{}', '[1]');
$$;
SELECT refill();

EXPLAIN (VERBOSE, COSTS OFF) UPDATE parts SET stock = 7, name = upper('x') WHERE id = 1;
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM parts WHERE id = 1;
UPDATE parts SET stock = 7 WHERE id = 1;
UPDATE parts SET stock = 8, name = NULL, tags = '{a}' WHERE id = 2;
UPDATE parts SET stock = 8 WHERE id = 77;
UPDATE parts SET stock = 8 WHERE id = NULL;
DELETE FROM parts WHERE id = 3;
DELETE FROM parts WHERE id = 3;
SELECT id, name, stock, tags FROM parts ORDER BY id;
DO $$ BEGIN UPDATE parts SET stock = 101 WHERE id = 1; IF NOT FOUND THEN RAISE 'lost'; END IF;
    UPDATE parts SET stock = 101 WHERE id = 79; IF FOUND THEN RAISE 'invented'; END IF; END $$;
SELECT id, stock FROM parts ORDER BY id;

-- several keys, each once
SELECT refill();
EXPLAIN (VERBOSE, COSTS OFF) UPDATE parts SET stock = 0 WHERE id IN (1, 2, 99);
UPDATE parts SET stock = 0 WHERE id IN (1, 2, 2, 99, NULL);
DELETE FROM parts WHERE id = ANY ('{}');
DELETE FROM parts WHERE id = ANY (NULL::int[]);
DELETE FROM parts WHERE id = ANY ('{NULL}');
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM parts WHERE id = 1 OR id = 3;
DELETE FROM parts WHERE id = 1 OR id = 3 OR id = 98;
SELECT id, stock FROM parts ORDER BY id;
SET plan_cache_mode = force_generic_plan;
PREPARE set_stock(int[], int) AS UPDATE parts SET stock = $2 WHERE id = ANY ($1);
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE set_stock('{1,2}', 100);
EXECUTE set_stock('{1,2,2,3}', 100);
EXECUTE set_stock('{78}', 100);
EXECUTE set_stock('{}', 100);
EXECUTE set_stock(NULL, 100);
EXECUTE set_stock('{2,NULL}', NULL);
RESET plan_cache_mode;
SELECT id, stock FROM parts ORDER BY id;
UPDATE parts SET stock = 1 WHERE id = ANY (ARRAY(SELECT generate_series(1, 5)));

-- hash and range keys
CREATE FOREIGN TABLE readings (sensor text COLLATE "C", taken int, value numeric, note text COLLATE "C")
    SERVER aws OPTIONS (table_name 'write_direct_readings');
INSERT INTO readings SELECT s, t, t, s || t FROM unnest('{a,b,c}'::text[]) s, generate_series(1, 4) t;
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM readings WHERE sensor IN ('a', 'b') AND taken IN (1, 2, 9);
DELETE FROM readings WHERE sensor IN ('a', 'b') AND taken IN (1, 2, 9);
EXPLAIN (VERBOSE, COSTS OFF)
    UPDATE readings SET value = 0 WHERE (sensor = 'a' AND taken = 3) OR (sensor = 'c' AND taken = 4);
UPDATE readings SET value = 0 WHERE (sensor = 'a' AND taken = 3) OR (sensor = 'c' AND taken = 4);
EXPLAIN (VERBOSE, COSTS OFF)
    UPDATE readings SET value = -1 WHERE sensor = 'c' AND taken IN (1, 2, 3, 4) AND taken < 3 AND value >= 2;
UPDATE readings SET value = -1 WHERE sensor = 'c' AND taken IN (1, 2, 3, 4) AND taken < 3 AND value >= 2;
SELECT * FROM readings ORDER BY sensor, taken;
-- more combinations than are looked up one by one
DELETE FROM readings WHERE sensor = ANY ('{b,c}') AND taken IN (SELECT 1 WHERE false);
DELETE FROM readings WHERE sensor IN ('b', 'c') AND taken = ANY (ARRAY(SELECT generate_series(3, 40)));
SELECT count(*) FROM readings;
EXPLAIN (COSTS OFF) DELETE FROM readings WHERE sensor = 'a';
EXPLAIN (COSTS OFF) DELETE FROM readings WHERE sensor = 'a' AND taken > 3;

-- conditions that DynamoDB decides
SELECT refill();
CREATE TABLE twin AS SELECT * FROM parts;
CREATE PROCEDURE try(condition text) LANGUAGE plpgsql AS $$
DECLARE
    there bigint; here bigint; plan text; direct boolean := false;
BEGIN
    FOR plan IN EXECUTE 'EXPLAIN UPDATE parts SET name = ''t'' WHERE id IN (1, 2, 3, 4) AND ' || condition LOOP
        direct := direct OR plan LIKE '%Foreign Update%';
    END LOOP;
    EXECUTE 'UPDATE parts SET city = ''t'' WHERE id IN (1, 2, 3, 4) AND ' || condition;
    GET DIAGNOSTICS there = ROW_COUNT;
    EXECUTE 'UPDATE twin SET city = ''t'' WHERE id IN (1, 2, 3, 4) AND ' || condition;
    GET DIAGNOSTICS here = ROW_COUNT;
    IF there <> here OR EXISTS (SELECT id, city FROM parts EXCEPT SELECT id, city FROM twin) THEN
        RAISE 'there %, here %: %', there, here, condition;
    END IF;
    RAISE NOTICE '% % rows: %', CASE WHEN direct THEN 'unread' ELSE 'read  ' END, there, condition;
    UPDATE parts SET city = NULL WHERE id IN (1, 2, 3);
    UPDATE twin SET city = NULL;
END $$;
CALL try($$ stock = 20 $$);
CALL try($$ stock <> 20 $$);
CALL try($$ stock > 10 AND price IS NULL $$);
CALL try($$ price IS NOT NULL $$);
CALL try($$ stock IS DISTINCT FROM 10 $$);
CALL try($$ price IS NOT DISTINCT FROM 1.5 $$);
CALL try($$ price < 1e30 $$);
CALL try($$ price < 'NaN' $$);
CALL try($$ price = 'NaN' $$);
CALL try($$ price <> 'NaN' $$);
CALL try($$ flag $$);
CALL try($$ NOT flag $$);
CALL try($$ flag IS NOT TRUE $$);
CALL try($$ flag IS UNKNOWN $$);
CALL try($$ name IN ('nut', 'x') $$);
CALL try($$ name NOT IN ('nut', 'x') $$);
CALL try($$ name NOT IN ('nut', NULL) $$);
CALL try($$ name <> ALL ('{}') $$);
CALL try($$ (name = 'nut' OR price < 0.5) $$);
CALL try($$ (name = 'nut' AND stock = 20 OR flag) $$);
CALL try($$ NOT (name = 'nut' AND stock = 20) $$);
CALL try($$ name LIKE 'n%' $$);
CALL try($$ name LIKE '%t' $$);
CALL try($$ name LIKE 'n_t' $$);
CALL try($$ starts_with(name, 'wa') $$);
CALL try($$ tags @> '{a}' $$);
CALL try($$ tags && '{b,a}' $$);
CALL try($$ 'c' = ANY (tags) $$);
CALL try($$ tags @> '{}' $$);
CALL try($$ doc IS NOT NULL $$);
CALL try($$ doc IS NULL $$);
CALL try($$ city IS NULL $$);
CALL try($$ city = 'nowhere' $$);
CALL try($$ id % 2 = 0 $$);
CALL try($$ id < 3 $$);
CALL try($$ stock = 10 AND name > 'a' COLLATE "C" $$);
CALL try($$ stock + 1 = 11 $$);
CALL try($$ random() < 2 $$);
SET plan_cache_mode = force_generic_plan;
PREPARE sell(int, numeric, text[]) AS
    UPDATE parts SET stock = 9 WHERE id = $1 AND price >= $2 AND name = ANY ($3) RETURNING id, stock;
CREATE FUNCTION many(text) RETURNS text[] LANGUAGE sql AS
    $$ SELECT array_agg('n' || i) || $1 FROM generate_series(1, 2000) i $$;
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE sell(1, 1.5, '{bolt}');
EXECUTE sell(1, 1.5, '{bolt,x}');
EXECUTE sell(1, 1.51, '{bolt,x}');
EXECUTE sell(1, NULL, '{bolt,x}');
EXECUTE sell(1, 1.5, NULL);
EXECUTE sell(2, 0, '{nut}');
-- values that DynamoDB cannot compare, or not in one expression: then the items are read
EXECUTE sell(1, '-Infinity', '{bolt}');
EXECUTE sell(1, 'NaN', '{bolt}');
EXECUTE sell(1, 1, many('bolt'));
EXECUTE sell(1, 1, many('x'));
-- a condition that does not hold costs a write
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE sell(1, 2, '{bolt}');
RESET plan_cache_mode;

-- an attribute that is stored in another form than it would be written in is looked at by SQL
SELECT refill();
CREATE FOREIGN TABLE raw (id int, item jsonb OPTIONS (whole_item 'true', json_format 'dynamodb'))
    SERVER aws OPTIONS (table_name 'write_direct_parts');
INSERT INTO raw VALUES (4, '{"name": {"N": "5"}, "stock": {"N": "1.5"}}'),
    (5, '{"name": {"NULL": true}, "stock": {"N": "4"}, "colours": {"SS": ["x", "y"]}}');
UPDATE parts SET stock = 5 WHERE id = 5 AND name IS NULL RETURNING id, name, stock;
UPDATE parts SET stock = 6 WHERE id = 5 AND name IS NOT NULL RETURNING id;
UPDATE parts SET stock = 6 WHERE id = 5 AND name <> 'a';
-- of a type that the column does not take: the error of reading it, and nothing is written
UPDATE parts SET price = 1 WHERE id = 4 AND name = 'a';
UPDATE parts SET price = 1 WHERE id = 4 AND name <> 'a';
UPDATE parts SET price = 1 WHERE id = 4 AND name IS NOT NULL;
-- a number that the column cannot hold compares all the same; columns that nothing looks at may hold it
UPDATE parts SET price = 1 WHERE id = 4 AND stock > 1;
UPDATE parts SET stock = 1, name = 'whole' WHERE id = 4;
SELECT item FROM raw WHERE id = 4;

-- RETURNING looks at the item when it is written; the WARNING may come before or after the error
SET client_min_messages = error;
INSERT INTO raw VALUES (6, '{"stock": {"N": "1.5"}}');
UPDATE parts SET name = 'kept' WHERE id IN (5, 6) RETURNING stock;
SELECT item FROM raw WHERE id = 6;
DELETE FROM raw WHERE id = 6;
RESET client_min_messages;

-- documents: lists keep their form when it is a set's, typed JSON says all, other JSON is read
EXPLAIN (VERBOSE, COSTS OFF) UPDATE parts SET colours = '{z}', typed = '{"S": "a"}' WHERE id = 5;
UPDATE parts SET colours = '{z}', typed = '{"SS": ["a"]}' WHERE id IN (1, 2, 5);
SELECT id, item->'colours', item->'typed' FROM raw WHERE id IN (1, 2, 5) ORDER BY id;
UPDATE parts SET colours = NULL, typed = NULL WHERE id IN (1, 2, 5);
EXPLAIN (COSTS OFF) UPDATE parts SET doc = '{}' WHERE id = 1;
EXPLAIN (COSTS OFF) UPDATE raw SET item = '{}' WHERE id = 1;
-- places in documents, which are made where they are missing; elements of lists are read
UPDATE parts SET city = 'Paris' WHERE id IN (1, 2, 99);
UPDATE parts SET city = 'Rome' WHERE id = 1 AND city = 'Paris';
UPDATE parts SET city = NULL WHERE id IN (2, 3);
SELECT id, item->'place' FROM raw WHERE id IN (1, 2, 3) ORDER BY id;
EXPLAIN (COSTS OFF) UPDATE parts SET room = 'r' WHERE id = 1;

-- RETURNING
SELECT refill();
CREATE FOREIGN TABLE whole (id int, name text, price numeric, city text OPTIONS (attribute_path 'place.city'),
    rest jsonb OPTIONS (whole_item 'true'))
    SERVER aws OPTIONS (table_name 'write_direct_parts');
EXPLAIN (VERBOSE, COSTS OFF) UPDATE whole SET price = 2.50 WHERE id IN (1, 2, 99) RETURNING *;
UPDATE whole SET price = 2.50 WHERE id IN (1, 2, 99) RETURNING *;
-- here the whole item shows the old place of the city, as with every row that is read
EXPLAIN (COSTS OFF) UPDATE whole SET city = 'Oslo' WHERE id = 1 RETURNING *;
UPDATE whole SET city = 'Oslo' WHERE id = 1 RETURNING city;
UPDATE whole SET price = NULL WHERE id IN (1, 2) AND name = 'bolt' RETURNING whole, tableoid::regclass;
UPDATE whole SET name = 'n' WHERE id IN (1, 2, 99) RETURNING 'one', id + 1, name || price;
WITH changed AS (UPDATE parts SET price = 7 WHERE id IN (1, 3) RETURNING id, stock, price)
    SELECT sum(stock), sum(price) FROM changed;
UPDATE parts SET stock = 3 WHERE id = 3 RETURNING (SELECT max(stock) FROM parts), doc;
DELETE FROM parts WHERE id IN (4, 5, 97) RETURNING id, id * 2;
DELETE FROM parts WHERE id = 96 RETURNING 1;
EXPLAIN (COSTS OFF) DELETE FROM parts WHERE id = 3 RETURNING id;
EXPLAIN (COSTS OFF) DELETE FROM parts WHERE id = 3 RETURNING name;
DELETE FROM parts WHERE id = 3 RETURNING *;

-- errors come only where there is a row
UPDATE parts SET tags = '{}' WHERE id = 95;
UPDATE parts SET tags = '{}' WHERE id = 1;
UPDATE parts SET price = 'NaN' WHERE id = 95;
UPDATE parts SET price = 'NaN' WHERE id = 1;
UPDATE parts SET name = repeat('x', 500000) WHERE id = 95;
UPDATE parts SET name = repeat('x', 500000) WHERE id = 1;
PREPARE divide(int) AS UPDATE parts SET stock = 1 / $1 WHERE id = 95;
SET plan_cache_mode = force_generic_plan;
EXECUTE divide(0);
RESET plan_cache_mode;

-- what needs the old row, or may do something for a row that is not there
CREATE SEQUENCE numbers;
EXPLAIN (COSTS OFF) UPDATE parts SET stock = stock + 1 WHERE id = 1;
EXPLAIN (COSTS OFF) UPDATE parts SET id = 5 WHERE id = 1;
EXPLAIN (COSTS OFF) UPDATE parts SET stock = nextval('numbers') WHERE id = 1;
EXPLAIN (COSTS OFF) UPDATE parts SET stock = (SELECT count(*) FROM twin) WHERE id = 1;
EXPLAIN (COSTS OFF) UPDATE parts SET stock = t.stock FROM twin t WHERE parts.id = 1 AND t.id = 1;
EXPLAIN (COSTS OFF) UPDATE parts SET name = now()::text WHERE id = 1;

-- triggers, check options and partitions
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE NOTICE '% %', tg_op, tg_level; RETURN new; END $$;
CREATE TRIGGER each_row BEFORE UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION tell();
EXPLAIN (COSTS OFF) UPDATE parts SET stock = 1 WHERE id = 1;
EXPLAIN (COSTS OFF) DELETE FROM parts WHERE id = 1;
DROP TRIGGER each_row ON parts;
CREATE TRIGGER each_statement AFTER UPDATE ON parts FOR EACH STATEMENT EXECUTE FUNCTION tell();
UPDATE parts SET stock = 1 WHERE id IN (1, 94);
DROP TRIGGER each_statement ON parts;
CREATE VIEW cheap AS SELECT id, name, stock FROM parts WHERE stock < 10;
EXPLAIN (VERBOSE, COSTS OFF) UPDATE cheap SET stock = 50 WHERE id IN (1, 2);
UPDATE cheap SET stock = 50 WHERE id IN (1, 2);
CREATE VIEW checked AS SELECT id, name, stock FROM parts WHERE stock < 60 WITH CHECK OPTION;
EXPLAIN (COSTS OFF) UPDATE checked SET stock = 70 WHERE id = 1;
UPDATE checked SET stock = 70 WHERE id = 1;
UPDATE checked SET stock = 59 WHERE id = 1;
DELETE FROM checked WHERE id = 1 AND name = 'x';
ALTER FOREIGN TABLE parts ADD COLUMN doubled int GENERATED ALWAYS AS (stock * 2) STORED;
EXPLAIN (COSTS OFF) UPDATE parts SET stock = 1 WHERE id = 1;
EXPLAIN (COSTS OFF) DELETE FROM parts WHERE id = 1;
ALTER FOREIGN TABLE parts DROP COLUMN doubled;
UPDATE parts SET stock = 11 WHERE id IN (1, 2) AND stock = 59 RETURNING id, stock, name;
CREATE TABLE parted (id int, name text, stock int) PARTITION BY RANGE (id);
CREATE TABLE parted_here PARTITION OF parted FOR VALUES FROM (100) TO (200);
CREATE FOREIGN TABLE parted_there PARTITION OF parted FOR VALUES FROM (0) TO (100)
    SERVER aws OPTIONS (table_name 'write_direct_parts');
INSERT INTO parted VALUES (101, 'here', 1), (50, 'there', 1), (51, 'there', 2);
EXPLAIN (COSTS OFF) UPDATE parted SET stock = 0 WHERE id = 50;
EXPLAIN (COSTS OFF) DELETE FROM parted WHERE id IN (50, 101);
DELETE FROM parted WHERE id IN (50, 101, 102) RETURNING tableoid::regclass, id;
DELETE FROM parted WHERE id IN (51, 101);
-- several foreign partitions, which a query would read at the same time
CREATE FOREIGN TABLE parted_too PARTITION OF parted FOR VALUES FROM (200) TO (300)
    SERVER aws OPTIONS (table_name 'write_direct_others');
INSERT INTO parted VALUES (52, 'there', 1), (53, 'there', 1), (201, 'too', 1), (202, 'too', 2);
EXPLAIN (COSTS OFF) DELETE FROM parted WHERE id IN (52, 201, 299);
DELETE FROM parted WHERE id IN (52, 201, 299) RETURNING id;
DELETE FROM parted WHERE id IN (53, 202, 299) AND stock < 2;
SELECT * FROM parted WHERE id > 50 ORDER BY id;
CREATE TABLE family (id int, name text, stock int);
INSERT INTO family VALUES (1, 'parent', 1);
CREATE FOREIGN TABLE family_there () INHERITS (family)
    SERVER aws OPTIONS (table_name 'write_direct_parts');
EXPLAIN (COSTS OFF) UPDATE family SET stock = 77 WHERE id IN (1, 2);
UPDATE family SET stock = 77 WHERE id IN (1, 2) RETURNING tableoid::regclass, id, stock;
SELECT id, stock FROM parts ORDER BY id;

-- a security barrier: functions that may leak see no row that the view hides
CREATE FOREIGN TABLE guarded (id text COLLATE "C", owner text COLLATE "C", secret text COLLATE "C",
    other text) SERVER aws OPTIONS (table_name 'write_direct_guarded');
INSERT INTO guarded VALUES ('a', 'me', 's1'), ('b', 'you', 's2');
CREATE VIEW mine WITH (security_barrier) AS SELECT * FROM guarded WHERE owner = 'me';
CREATE FUNCTION leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS
    $$ BEGIN RAISE NOTICE 'leaked %', $1; RETURN true; END $$;
EXPLAIN (VERBOSE, COSTS OFF) UPDATE mine SET other = 'x' WHERE id IN ('a', 'b') AND secret <> 's';
UPDATE mine SET other = 'x' WHERE id IN ('a', 'b') AND secret <> 's';
EXPLAIN (COSTS OFF) UPDATE mine SET other = 'y' WHERE id IN ('a', 'b') AND leak(secret);
UPDATE mine SET other = 'y' WHERE id IN ('a', 'b') AND leak(secret);
EXPLAIN (COSTS OFF) DELETE FROM mine WHERE leak(secret);
DELETE FROM mine WHERE leak(secret) AND id IN ('a', 'b');
-- LIKE is not leakproof: what it says of rows is not sent before the view has had its say
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM mine WHERE id IN ('a', 'b') AND secret LIKE 's%';
DELETE FROM mine WHERE id IN ('a', 'b') AND secret LIKE 's%';
SELECT * FROM guarded ORDER BY id;

-- encrypted columns are neither compared nor written nor returned; what a ciphertext is bound to is looked at
CREATE FOREIGN TABLE sealed (id text COLLATE "C", owner text, other text, secret text
    OPTIONS (kms_encrypted 'true', kms_key_id 'alias/k', kms_encryption_context '{"owner": "$owner"}'))
    SERVER aws OPTIONS (table_name 'write_direct_guarded');
EXPLAIN (COSTS OFF) UPDATE sealed SET other = 'x' WHERE id = 'b' RETURNING id, other;
EXPLAIN (COSTS OFF) UPDATE sealed SET other = 'x' WHERE id = 'b' RETURNING *;
EXPLAIN (COSTS OFF) UPDATE sealed SET secret = 'x' WHERE id = 'b';
EXPLAIN (COSTS OFF) UPDATE sealed SET owner = 'x' WHERE id = 'b';
EXPLAIN (COSTS OFF) DELETE FROM sealed WHERE id = 'b' AND secret IS NOT NULL;
UPDATE sealed SET other = 'sealed' WHERE id = 'b' AND owner = 'you' RETURNING id, other;
DELETE FROM sealed WHERE id = 'none' AND owner <> 'me';

-- an encrypted item is signed as a whole
CREATE FOREIGN TABLE signed (id text COLLATE "C", owner text, other text) SERVER aws
    OPTIONS (table_name 'write_direct_guarded', encryption 'dynamodb_encryption_client', kms_key_id 'alias/k');
EXPLAIN (COSTS OFF) UPDATE signed SET other = 'x' WHERE id = 'b';
EXPLAIN (COSTS OFF) DELETE FROM signed WHERE id = 'b';

-- privileges are PostgreSQL's
CREATE ROLE direct_writer;
CREATE USER MAPPING FOR direct_writer SERVER aws
    OPTIONS (aws_access_key_id :'access_key_id', aws_secret_access_key :'secret_access_key');
GRANT SELECT (id), UPDATE (other) ON guarded TO direct_writer;
SET ROLE direct_writer;
UPDATE guarded SET other = 'z' WHERE id = 'b' AND owner = 'you';
UPDATE guarded SET owner = 'z' WHERE id = 'b';
DELETE FROM guarded WHERE id = 'b';
UPDATE guarded SET other = 'z' WHERE id = 'b';
RESET ROLE;
REVOKE ALL ON guarded FROM direct_writer;
DROP USER MAPPING FOR direct_writer SERVER aws;
DROP ROLE direct_writer;

-- other modes do not know of a single write whether there was a row
ALTER FOREIGN TABLE parts OPTIONS (ADD write_mode 'overwrite');
EXPLAIN (COSTS OFF) DELETE FROM parts WHERE id = 1;
ALTER FOREIGN TABLE parts OPTIONS (SET write_mode 'transaction');
EXPLAIN (COSTS OFF) UPDATE parts SET stock = 1 WHERE id = 1;
