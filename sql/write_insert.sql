\i sql/server.inc
-- INSERT: every row is a PutItem on the condition that there is no item of its key
CREATE FOREIGN TABLE parts (id int, name text, stock int)
    SERVER aws OPTIONS (table_name 'write_insert_parts');
CREATE FOREIGN TABLE readings (sensor text, taken int, value numeric DEFAULT 1.5,
    doubled numeric GENERATED ALWAYS AS (value * 2) STORED)
    SERVER aws OPTIONS (table_name 'write_insert_readings');

INSERT INTO parts VALUES (1, 'bolt', 10), (2, 'nut', 20), (3, NULL, NULL);
INSERT INTO parts (name, id) VALUES ('washer', 4) RETURNING *;
SELECT * FROM parts ORDER BY id;

-- defaults and generated columns are written
INSERT INTO readings (sensor, taken) VALUES ('a', 1) RETURNING *;
INSERT INTO readings (sensor, taken, value) VALUES ('a', 2, 21);
SELECT * FROM readings ORDER BY taken;

-- many rows, from a query; more than are in flight at once
INSERT INTO parts SELECT i, 'part ' || i, i FROM generate_series(100, 299) i;
SELECT count(*), min(id), max(id), sum(stock) FROM parts WHERE id >= 100;

-- a duplicate names the key; what was written beside it stays, and is said to
INSERT INTO parts VALUES (2, 'duplicate', 0);
INSERT INTO readings VALUES ('a', 2, 0);
SET client_min_messages = error; -- the WARNING may come before or after the ERROR
INSERT INTO parts VALUES (5, 'five', 5), (6, 'six', 6), (2, 'duplicate', 0);
SELECT * FROM parts WHERE id < 7 ORDER BY id;
-- also one of the statement's own rows
INSERT INTO parts VALUES (7, 'seven', 7), (7, 'seven again', 7);
SELECT * FROM parts WHERE id = 7;
RESET client_min_messages;

-- a rollback undoes nothing, and says so
BEGIN;
INSERT INTO parts VALUES (8, 'eight', 8);
SAVEPOINT before_nine;
INSERT INTO parts VALUES (9, 'nine', 9);
ROLLBACK TO before_nine;
ROLLBACK;
SELECT * FROM parts WHERE id IN (8, 9) ORDER BY id;

-- ON CONFLICT DO NOTHING
INSERT INTO parts VALUES (8, 'other', 0), (10, 'ten', 10), (10, 'ten again', 0), (9, 'other', 0)
    ON CONFLICT DO NOTHING;
INSERT INTO parts VALUES (10, 'other', 0), (11, 'eleven', 11) ON CONFLICT DO NOTHING RETURNING *;
SELECT * FROM parts WHERE id BETWEEN 8 AND 11 ORDER BY id;
INSERT INTO parts VALUES (8, 'other', 0) ON CONFLICT (id) DO NOTHING;

-- keys
INSERT INTO parts (name) VALUES ('without key');
INSERT INTO readings (sensor, taken) VALUES ('', 1);
INSERT INTO readings (sensor, taken) VALUES (repeat('x', 2049), 1);
CREATE FOREIGN TABLE names (name text) SERVER aws OPTIONS (table_name 'write_insert_parts');
INSERT INTO names VALUES ('x');

-- what DynamoDB does not store
CREATE FOREIGN TABLE values (id text, n numeric, s text, tags text[] OPTIONS (attribute_type 'SS'),
    doc jsonb, bin bytea, at timestamptz)
    SERVER aws OPTIONS (table_name 'write_insert_values');
INSERT INTO values (id, n) VALUES ('n', 1234567890123456789012345678901234567890);
INSERT INTO values (id, n) VALUES ('n', 'NaN');
INSERT INTO values (id, n) VALUES ('n', 1e126);
INSERT INTO values (id, tags) VALUES ('s', '{}');
INSERT INTO values (id, tags) VALUES ('s', '{a,b,a}');
INSERT INTO values (id, tags) VALUES ('s', '{a,NULL}');
INSERT INTO values (id, doc) VALUES ('d', '{"a": [1, {"b": 1e200}]}');
INSERT INTO values (id, doc) VALUES ('d', (repeat('[', 33) || repeat(']', 33))::jsonb);
INSERT INTO values (id, at) VALUES ('t', 'infinity');
INSERT INTO values (id, s) VALUES ('large', repeat('x', 409600));
INSERT INTO values (id, s) VALUES ('large', repeat('x', 400000)) RETURNING length(s);
SELECT id, length(s) FROM values ORDER BY 1;

-- tables that are not to be written
ALTER FOREIGN TABLE parts OPTIONS (ADD updatable 'false');
INSERT INTO parts VALUES (12, 'x', 1);
CREATE FOREIGN TABLE missing (id int) SERVER aws OPTIONS (table_name 'write_missing', on_missing_table 'empty');
INSERT INTO missing VALUES (1);
