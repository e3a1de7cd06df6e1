\i sql/server.inc
-- write_mode 'overwrite': rows replace what is there, 25 in a BatchWriteItem
CREATE FOREIGN TABLE parts (id int, name text, stock int)
    SERVER aws OPTIONS (table_name 'write_overwrite_parts', write_mode 'overwrite');
CREATE FOREIGN TABLE parts_rest (id int, rest jsonb OPTIONS (whole_item 'true'))
    SERVER aws OPTIONS (table_name 'write_overwrite_parts');

EXPLAIN (VERBOSE, COSTS OFF) INSERT INTO parts VALUES (1, 'bolt', 10);
INSERT INTO parts VALUES (1, 'bolt', 10), (2, 'nut', 20);
INSERT INTO parts_rest VALUES (3, '{"name": "washer", "unmapped": true}');
-- the whole item is replaced, also attributes that no column maps
INSERT INTO parts VALUES (2, 'nut', NULL), (3, 'washer', 30);
SELECT * FROM parts_rest ORDER BY id;

-- of rows of one key the last one wins: within a batch, and beyond it
INSERT INTO parts SELECT i % 10, 'round ' || i / 10, i FROM generate_series(0, 999) i;
SELECT * FROM parts ORDER BY id;

INSERT INTO parts SELECT i, 'part', i FROM generate_series(1, 260) i;
COPY parts FROM stdin WITH (FORMAT csv);
1000,copied,1
1001,copied,2
\.
SELECT count(*), sum(stock) FROM parts;
UPDATE parts SET stock = 0 WHERE id > 250;
SELECT count(*), sum(stock) FROM parts;
DELETE FROM parts WHERE id > 100;
SELECT count(*), max(id) FROM parts;
INSERT INTO parts VALUES (1, 'x', 1) ON CONFLICT DO NOTHING;
INSERT INTO parts VALUES (NULL, 'x', 1);

BEGIN;
INSERT INTO parts VALUES (2000, 'stays', 1);
ROLLBACK;
SELECT * FROM parts WHERE id = 2000;
SELECT * FROM parts WHERE id BETWEEN 1 AND 3 ORDER BY id;
