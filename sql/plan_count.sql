\i sql/plan.inc
-- Where only the number of a table's items matters, DynamoDB counts, and the plan has one row for
-- each count instead of an empty one for each item.
\set ECHO none
CREATE FOREIGN TABLE orders (customer text, placed int, status text, total numeric, coupon text)
    SERVER aws OPTIONS (table_name 'plan_orders');
CREATE TABLE local_orders AS SELECT * FROM orders;
CREATE TABLE customers AS SELECT unnest(ARRAY['ann', 'bob', 'eve', NULL]) AS name;
-- What was sent and came, of a scan whose items are of one size each
CREATE FUNCTION counters(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        CONTINUE WHEN line !~ 'Foreign Scan|Relations|Requests|Items';
        RETURN NEXT regexp_replace(line, 'actual rows=(\d+)(\.00)?', 'actual rows=\1');
    END LOOP;
END
$$;
\set ECHO all

-- One row comes of it, whatever is asked with it
SELECT plan('SELECT count(*) FROM orders');
SELECT counters('SELECT count(*) FROM orders');
SELECT count(*), count(1), count('x'), count(*) * 2, 'n = ' || count(*) FROM orders;
SELECT plan('SELECT count(*) + 1 AS more, now() IS NULL FROM orders WHERE customer = ''ann'' ORDER BY 1 LIMIT 1');
SELECT count(*) + 1 AS more, now() IS NULL FROM orders WHERE customer = 'ann' ORDER BY 1 LIMIT 1;
SELECT count(*) FROM orders LIMIT 0;
SELECT count(*) FROM orders OFFSET 1;
SELECT count(*), generate_series(1, 2) FROM orders;
SELECT DISTINCT count(*) OVER (), count(*) FROM orders;

-- A key attribute is in every item; another one may be missing
SELECT plan('SELECT count(customer), count(placed), count(*) FROM orders');
SELECT count(customer), count(placed), count(*) FROM orders;
SELECT plan('SELECT count(status) FROM orders');
SELECT count(status), count(*) FROM orders;
SELECT count(status), count(*) FROM local_orders;
SELECT count(NULL), count(*) FROM orders;
SELECT count(DISTINCT customer) FROM orders;
SELECT count(*) FILTER (WHERE customer = 'ann') FROM orders;
SELECT count(*), max(placed) FROM orders;

-- Not through a sparse index by itself; through it where the condition says that items are in it
SELECT plan('SELECT count(*) FROM orders WHERE status = ''new'' AND total > 30');
SELECT count(*) FROM orders WHERE status = 'new' AND total > 30;
SELECT count(*) FROM local_orders WHERE status = 'new' AND total > 30;

-- A condition that is checked here takes rows
SELECT plan('SELECT count(*) FROM orders WHERE customer = ''ann'' AND coupon IS NOT NULL');
SELECT count(*) FROM orders WHERE customer = 'ann' AND coupon IS NOT NULL;
SELECT count(*) FROM orders WHERE now() IS NULL;
SELECT count(*) FROM orders WHERE false;
SELECT count(*) FROM orders WHERE customer = NULL;
PREPARE of_customer_if(text, boolean) AS SELECT count(*) FROM orders WHERE customer = $1 AND $2;
SET plan_cache_mode = force_generic_plan;
EXECUTE of_customer_if('ann', true);
EXECUTE of_customer_if('ann', false);
RESET plan_cache_mode;

-- HAVING
SELECT plan('SELECT count(*) FROM orders HAVING count(*) > 100');
SELECT count(*) FROM orders HAVING count(*) > 100;
SELECT 'many' FROM orders HAVING count(*) > 200;
SELECT count(*) FROM orders HAVING false;
SELECT 1 FROM orders HAVING true;

-- Groups are made of rows
SELECT plan('SELECT count(*) FROM orders GROUP BY ()');
SELECT count(*) FROM orders WHERE customer = 'eve' GROUP BY ();
SELECT count(*) FROM orders WHERE customer = 'eve' GROUP BY now();
SELECT count(*) FROM orders WHERE customer = 'eve';
SELECT count(*) FROM orders GROUP BY GROUPING SETS ((), ());

-- Parameters
PREPARE since(text, int) AS SELECT count(*) FROM orders WHERE customer = $1 AND placed >= $2;
EXECUTE since('ann', 30);
SET plan_cache_mode = force_generic_plan;
SELECT plan('EXECUTE since(''ann'', 30)');
EXECUTE since('ann', 30);
EXECUTE since('bob', 39);
EXECUTE since(NULL, 30);
RESET plan_cache_mode;

-- Counted again for each row that asks, and not again where nothing has changed
SELECT plan('SELECT name, (SELECT count(*) FROM orders WHERE customer = name) FROM customers');
SELECT name, (SELECT count(*) FROM orders WHERE customer = name) FROM customers;
SELECT name, c FROM customers, LATERAL (SELECT count(*) FROM orders WHERE customer = name) o(c);
SELECT name FROM customers WHERE 40 = (SELECT count(*) FROM orders WHERE customer = name) ORDER BY 1;
SET enable_material = off;
SELECT counters('SELECT n FROM customers LEFT JOIN LATERAL (SELECT count(*) AS n FROM orders) o ON true');
RESET enable_material;

-- In views, with the rights of their owners; in cursors
CREATE VIEW order_count AS SELECT count(*) AS orders FROM orders;
CREATE ROLE count_reader;
GRANT SELECT ON order_count TO count_reader;
SET ROLE count_reader;
SELECT * FROM order_count;
RESET ROLE;
DROP OWNED BY count_reader;
DROP ROLE count_reader;
BEGIN;
DECLARE counted SCROLL CURSOR FOR SELECT count(*) FROM orders;
FETCH NEXT FROM counted;
FETCH NEXT FROM counted;
FETCH BACKWARD FROM counted;
COMMIT;

-- Rows that are made for it
WITH c AS MATERIALIZED (SELECT count(*) AS n FROM orders) SELECT a.n + b.n FROM c a, c b;
SELECT count(*) FROM (SELECT FROM orders OFFSET 0) o;
SELECT count(*) FROM orders a, orders b WHERE a.customer = 'ann' AND b.customer = 'bob';
SELECT count(*) FROM orders LEFT JOIN customers ON false WHERE customer = 'ann';

-- Several segments at once
ALTER FOREIGN TABLE orders OPTIONS (ADD scan_segments '4');
SELECT counters('SELECT count(*) FROM orders');
ALTER FOREIGN TABLE orders OPTIONS (DROP scan_segments);

-- Guards
ALTER FOREIGN TABLE orders OPTIONS (ADD allow_full_scan 'false');
SELECT count(*) FROM orders;
SELECT count(*) FROM orders WHERE customer = 'ann';
ALTER FOREIGN TABLE orders OPTIONS (DROP allow_full_scan);
ALTER FOREIGN TABLE orders OPTIONS (ADD max_capacity_units '0.5');
\set VERBOSITY sqlstate
SELECT count(*) FROM orders WHERE customer = 'ann';
\set VERBOSITY default
ALTER FOREIGN TABLE orders OPTIONS (DROP max_capacity_units);

-- Every item of an encrypted table is to be verified, and of rows that expire each is looked at
CREATE FOREIGN TABLE expiring (customer text, placed int)
    SERVER aws OPTIONS (table_name 'plan_orders', hide_expired 'true', ttl_attribute 'placed');
SELECT plan('SELECT count(*) FROM expiring WHERE customer = ''ann''');
SELECT count(*) FROM expiring WHERE customer = 'ann';

-- A table that does not exist
CREATE FOREIGN TABLE missing (id int) SERVER aws
    OPTIONS (table_name 'plan_no_such_table', on_missing_table 'empty');
SELECT count(*) FROM missing;

-- What the transaction is to write is counted
CREATE FOREIGN TABLE transactional (customer text, placed int, status text)
    SERVER aws OPTIONS (table_name 'plan_orders', write_mode 'transaction');
BEGIN;
DELETE FROM transactional WHERE customer = 'ann' AND placed < 3;
INSERT INTO transactional VALUES ('ann', 1000, 'new'), ('ann', 2, 'new'), ('zoe', 1, 'new');
SELECT count(*) FROM transactional;
SELECT count(*) FROM transactional WHERE customer = 'ann';
SELECT name, (SELECT count(*) FROM transactional WHERE customer = name) FROM customers;
ROLLBACK;

-- The number of each partition, added up
CREATE TABLE all_orders (customer text, placed int) PARTITION BY LIST (customer);
CREATE FOREIGN TABLE some_orders PARTITION OF all_orders FOR VALUES IN ('ann', 'bob', 'cat')
    SERVER aws OPTIONS (table_name 'plan_orders');
CREATE TABLE other_orders PARTITION OF all_orders DEFAULT;
INSERT INTO other_orders VALUES ('dan', 1), ('dan', 2);
CREATE FOREIGN TABLE more_orders (customer text, placed int) SERVER aws OPTIONS (table_name 'plan_orders');
ALTER TABLE all_orders ATTACH PARTITION more_orders FOR VALUES IN ('eve');
SELECT count(*) FROM all_orders;
SET enable_partitionwise_aggregate = on;
SELECT plan('SELECT count(*) FROM all_orders');
SELECT count(*) FROM all_orders;
SELECT count(*), count(customer) FROM all_orders HAVING count(*) > 200;
SELECT plan('SELECT count(*) FROM all_orders WHERE customer = ''ann''');
SELECT count(*) FROM all_orders WHERE customer = 'ann';
SET enable_async_append = off;
SELECT count(*) FROM all_orders;
SELECT customer, count(*) FROM all_orders GROUP BY customer ORDER BY customer;
