\i sql/plan.inc

CREATE FOREIGN TABLE orders (
    customer text, placed int, status text, total numeric, paid boolean, coupon text, padding text
) SERVER aws OPTIONS (table_name 'plan_orders');
-- Customers several times and in no order, one that has no orders, and NULL
CREATE TABLE wanted AS
    SELECT n AS line, (ARRAY['ann', 'bob', 'cat', 'dan', NULL])[n * 7 % 5 + 1] AS name, n * 11 % 45 AS since,
        (ARRAY['new', 'paid', 'sent', 'void', 'none'])[n % 5 + 1] AS status
    FROM generate_series(1, 60) n;
ANALYZE wanted;
-- What the joins must give, read by one Scan
CREATE TABLE local_orders AS SELECT customer, placed, status, total, paid, coupon FROM orders;
SELECT count(*) FROM local_orders;
-- What a statement has asked of the service
CREATE FUNCTION requests(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        CONTINUE WHEN line !~ '(Read Ahead|Requests|Items Returned)';
        RETURN NEXT trim(line);
    END LOOP;
END
$$;
-- How many rows of the query over orders and of the one over local_orders the other lacks
CREATE FUNCTION differences(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
    missing bigint;
    invented bigint;
    local_query text := replace(query, 'orders o', 'local_orders o');
BEGIN
    EXECUTE format('CREATE TEMP TABLE found AS %s', query);
    EXECUTE format('SELECT count(*) FROM (%s EXCEPT ALL TABLE found) d', local_query) INTO missing;
    EXECUTE format('SELECT count(*) FROM (TABLE found EXCEPT ALL %s) d', local_query) INTO invented;
    SELECT count(*) FROM found INTO found;
    DROP TABLE found;
    RETURN format('%s rows, %s missing, %s invented', found, missing, invented);
END
$$;
-- The emulators' tables are so small that a Scan would do
ALTER FOREIGN TABLE orders OPTIONS (ADD allow_full_scan 'false');
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET enable_memoize = off;

-- By the partition key alone: the Querys of several rows run beside one another, each customer's once
SELECT plan('SELECT w.line, o.placed FROM wanted w JOIN orders o ON o.customer = w.name');
SELECT requests('SELECT w.line, o.placed FROM wanted w JOIN orders o ON o.customer = w.name');
SELECT differences('SELECT w.line, o.placed, o.status, o.total FROM wanted w JOIN orders o ON o.customer = w.name');

-- With a range of the sort key, and a filter, that the other side's rows know
SELECT plan('SELECT w.line, o.placed FROM wanted w JOIN orders o ON o.customer = w.name AND o.placed > w.since');
SELECT differences('SELECT w.line, o.placed FROM wanted w JOIN orders o ON o.customer = w.name AND o.placed > w.since');
SELECT differences('SELECT w.line, o.placed FROM wanted w JOIN orders o ON o.customer = w.name AND o.placed BETWEEN w.since - 5 AND w.since');
SELECT plan('SELECT w.line, o.placed FROM wanted w JOIN orders o ON o.customer = w.name AND o.status = w.status AND o.paid');
SELECT differences('SELECT w.line, o.placed FROM wanted w JOIN orders o ON o.customer = w.name AND o.status = w.status AND o.paid');
SELECT differences('SELECT w.line, o.placed FROM wanted w JOIN orders o ON o.customer = w.name AND o.total > w.since AND o.placed < 30');
SELECT differences('SELECT w.line, o.placed FROM wanted w JOIN orders o ON o.customer = ANY (ARRAY[w.name, ''cat'', NULL]) AND o.placed < w.since');

-- Each kind of join is PostgreSQL's own
SELECT differences('SELECT w.line, o.placed FROM wanted w LEFT JOIN orders o ON o.customer = w.name AND o.placed > w.since');
SELECT plan('SELECT line FROM wanted w WHERE EXISTS (SELECT FROM orders o WHERE o.customer = w.name AND o.placed > w.since)');
SELECT differences('SELECT line FROM wanted w WHERE EXISTS (SELECT FROM orders o WHERE o.customer = w.name AND o.placed > w.since)');
SELECT plan('SELECT line FROM wanted w WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer = w.name AND o.status = w.status)');
SELECT differences('SELECT line FROM wanted w WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer = w.name AND o.status = w.status)');
SELECT differences('SELECT o.customer, o.placed FROM orders o WHERE o.customer IN (SELECT name FROM wanted)');

-- Of a global index, whose sort key the join must make strict, and of a local one
SELECT plan('SELECT w.line, o.placed FROM wanted w JOIN orders o ON o.status = w.status AND o.total < w.since');
SELECT differences('SELECT w.line, o.customer, o.placed FROM wanted w JOIN orders o ON o.status = w.status AND o.total < w.since');
SELECT plan('SELECT w.line, o.status FROM wanted w JOIN orders o ON o.customer = w.name AND o.total < w.since');
SELECT differences('SELECT w.line, o.status FROM wanted w JOIN orders o ON o.customer = w.name AND o.total < w.since');

-- A limit: no more is read ahead than it probably needs; not all of it is waited for
SELECT line FROM requests('SELECT w.line, o.placed FROM wanted w JOIN orders o ON o.customer = w.name LIMIT 3') line
    WHERE line !~ 'Items Returned';
BEGIN;
DECLARE lines CURSOR FOR SELECT w.line, o.placed FROM wanted w JOIN orders o ON o.customer = w.name ORDER BY w.line, o.placed;
MOVE 1300 IN lines;
FETCH 2 FROM lines;
COMMIT;

-- Only the keys, counted where they are
SELECT differences('SELECT w.line, count(*) FROM wanted w JOIN orders o ON o.customer = w.name GROUP BY 1');

-- Begun anew, with other rows each time
SELECT n, (SELECT count(*) FROM wanted w JOIN orders o ON o.customer = w.name WHERE w.line % 7 = n),
    (SELECT count(*) FROM wanted w JOIN local_orders o ON o.customer = w.name WHERE w.line % 7 = n)
    FROM generate_series(0, 3) n;

-- Two such joins, one behind the other
SELECT plan('SELECT w.line, o.placed, p.placed AS other FROM wanted w JOIN orders o ON o.customer = w.name AND o.placed = w.since
             JOIN orders p ON p.customer = o.customer AND p.placed > o.placed');
SELECT differences('SELECT w.line, o.placed, p.placed AS other FROM wanted w JOIN orders o ON o.customer = w.name AND o.placed = w.since
                    JOIN orders p ON p.customer = o.customer AND p.placed > o.placed');

-- One Query at a time where little memory is allowed, page after page
SET dynamodb_kms_fdw.max_memory_per_scan = 64;
ALTER FOREIGN TABLE orders OPTIONS (ADD fetch_size '7');
SELECT differences('SELECT w.line, o.placed, o.status FROM wanted w JOIN orders o ON o.customer = w.name AND o.placed >= w.since');
RESET dynamodb_kms_fdw.max_memory_per_scan;
SELECT differences('SELECT w.line, o.placed, o.status FROM wanted w JOIN orders o ON o.customer = w.name AND o.placed >= w.since');
ALTER FOREIGN TABLE orders OPTIONS (DROP fetch_size);

-- What the transaction is to write itself
CREATE FOREIGN TABLE drafts (customer text, placed int, status text, padding text)
    SERVER aws OPTIONS (table_name 'plan_orders', write_mode 'transaction', allow_full_scan 'false');
BEGIN;
UPDATE drafts SET status = 'changed' WHERE customer = 'ann' AND placed < 2;
INSERT INTO drafts VALUES ('ann', 100, 'new'), ('dan', 1, 'new');
DELETE FROM drafts WHERE customer = 'bob' AND placed = 39;
SELECT plan('SELECT w.line, d.status FROM wanted w JOIN drafts d ON d.customer = w.name AND d.placed > 37');
SELECT w.name, w.line, d.placed, d.status FROM wanted w JOIN drafts d ON d.customer = w.name
    WHERE w.line < 7 AND (d.placed < 3 OR d.placed > 37) ORDER BY 2, 3;
ROLLBACK;
SELECT w.name, w.line, d.placed, d.status FROM wanted w JOIN drafts d ON d.customer = w.name
    WHERE w.line < 4 AND d.placed < 2 ORDER BY 2, 3;

-- Capacity is limited as ever
ALTER FOREIGN TABLE orders OPTIONS (ADD max_capacity_units '5');
\set VERBOSITY terse
SELECT count(o.padding) FROM wanted w JOIN orders o ON o.customer = w.name AND o.placed >= w.since;
\set VERBOSITY default
ALTER FOREIGN TABLE orders OPTIONS (DROP max_capacity_units);

-- Switched off, one after another
SET dynamodb_kms_fdw.enable_bulk_lookup = off;
SELECT plan('SELECT w.line, o.placed FROM wanted w JOIN orders o ON o.customer = w.name');
