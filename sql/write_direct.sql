\i sql/server.inc
-- UPDATE and DELETE of one key that need nothing of the item go without reading it
CREATE FOREIGN TABLE parts (id int, name text, stock int, tags text[] OPTIONS (attribute_type 'SS'),
    doc jsonb, city text OPTIONS (attribute_path 'place.city'))
    SERVER aws OPTIONS (table_name 'write_direct_parts');
INSERT INTO parts VALUES (1, 'bolt', 10), (2, 'nut', 20), (3, 'washer', 30);

EXPLAIN (VERBOSE, COSTS OFF) UPDATE parts SET stock = 7, name = upper('x') WHERE id = 1;
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM parts WHERE id = 1;
UPDATE parts SET stock = 7 WHERE id = 1;
UPDATE parts SET stock = 8, name = NULL, tags = '{a}' WHERE id = 2;
UPDATE parts SET stock = 8 WHERE id = 77;
UPDATE parts SET stock = 8 WHERE id = NULL;
DELETE FROM parts WHERE id = 3;
DELETE FROM parts WHERE id = 3;
SELECT * FROM parts ORDER BY id;
PREPARE set_stock(int, int) AS UPDATE parts SET stock = $2 WHERE id = $1;
EXECUTE set_stock(1, 100);
EXECUTE set_stock(78, 100);
DO $$ BEGIN UPDATE parts SET stock = 101 WHERE id = 1; IF NOT FOUND THEN RAISE 'lost'; END IF;
    UPDATE parts SET stock = 101 WHERE id = 79; IF FOUND THEN RAISE 'invented'; END IF; END $$;
SELECT id, stock FROM parts ORDER BY id;
UPDATE parts SET tags = '{}' WHERE id = 1;

-- what needs the old row
EXPLAIN (COSTS OFF) UPDATE parts SET stock = stock + 1 WHERE id = 1;
EXPLAIN (COSTS OFF) UPDATE parts SET stock = 1 WHERE id = 1 AND name = 'bolt';
EXPLAIN (COSTS OFF) UPDATE parts SET stock = 1 WHERE id IN (1, 2);
EXPLAIN (COSTS OFF) UPDATE parts SET stock = 1 WHERE id = 1 RETURNING name;
EXPLAIN (COSTS OFF) UPDATE parts SET id = 5 WHERE id = 1;
EXPLAIN (COSTS OFF) UPDATE parts SET doc = '{}' WHERE id = 1;
EXPLAIN (COSTS OFF) UPDATE parts SET city = 'Paris' WHERE id = 1;
ALTER FOREIGN TABLE parts OPTIONS (ADD write_mode 'overwrite');
EXPLAIN (COSTS OFF) DELETE FROM parts WHERE id = 1;
