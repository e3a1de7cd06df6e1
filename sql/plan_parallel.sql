\i sql/plan.inc

CREATE FOREIGN TABLE orders (
    customer text, placed int, status text, total numeric, paid boolean, coupon text, padding text
) SERVER aws OPTIONS (table_name 'plan_orders');
CREATE TABLE local_orders AS SELECT * FROM orders;

CREATE FUNCTION counters(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF) ' || query LOOP
        CONTINUE WHEN line !~ 'Workers Launched|Segments|Requests|Items|Retries';
        RETURN NEXT trim(line);
    END LOOP;
END
$$;

-- A table below min_parallel_table_scan_size is one process's
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SELECT plan('SELECT count(*), sum(total) FROM orders');

-- Several processes share the segments
SET min_parallel_table_scan_size = 0;
ALTER FOREIGN TABLE orders OPTIONS (ADD scan_segments '5');
SET max_parallel_workers_per_gather = 2;
SELECT plan('SELECT count(*), sum(total) FROM orders WHERE paid');
SELECT count(*), sum(total) FROM orders WHERE paid;
SELECT count(*), count(DISTINCT (customer, placed)) FROM orders;
SELECT * FROM orders EXCEPT ALL SELECT * FROM local_orders;
SELECT * FROM local_orders EXCEPT ALL SELECT * FROM orders;

-- Sorted and merged, joined, grouped, in a subquery, in a partitioned table
SELECT plan('SELECT customer, placed FROM orders ORDER BY total, placed');
SELECT array_agg(placed) = (SELECT array_agg(placed) FROM (
        SELECT placed FROM local_orders ORDER BY total, customer, placed) l)
    FROM (SELECT placed FROM orders ORDER BY total, customer, placed) o;
SELECT status, count(*) FROM orders GROUP BY status ORDER BY status;
SELECT count(*) FROM orders o JOIN local_orders l USING (customer, placed, total);
SELECT count(*) FROM orders a JOIN orders b USING (customer, placed);
CREATE TABLE all_orders (customer text, placed int, paid boolean) PARTITION BY LIST (customer);
CREATE FOREIGN TABLE some_orders PARTITION OF all_orders FOR VALUES IN ('ann', 'bob', 'cat')
    SERVER aws OPTIONS (table_name 'plan_orders', scan_segments '4');
CREATE TABLE other_orders PARTITION OF all_orders DEFAULT;
INSERT INTO other_orders VALUES ('dan', 1, true), ('dan', 2, true);
SELECT plan('SELECT count(paid) FROM all_orders');
SELECT count(paid) FROM all_orders;

-- What each process is to know: parameters of statements, results of subqueries
PREPARE above(numeric) AS SELECT count(paid) FROM orders WHERE total > $1;
SET plan_cache_mode = force_generic_plan;
SELECT plan('EXECUTE above(60)');
EXECUTE above(60);
RESET plan_cache_mode;
SELECT count(*) FROM orders WHERE total > (SELECT avg(total) FROM local_orders);

-- Enough rows: the others are given up; none where a few are wanted from the first
SELECT count(*) FROM (SELECT placed FROM orders ORDER BY placed % 7 LIMIT 5) few;
SELECT count(*) FROM (SELECT placed FROM orders OFFSET 0) o WHERE EXISTS (SELECT FROM orders WHERE paid);
SELECT count(*) FROM (SELECT placed FROM orders WHERE placed % 2 = 0 LIMIT 55) few;
SELECT plan('SELECT placed FROM orders LIMIT 3');
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann''');

-- Begun again, with other values and with the same
SELECT plan('SELECT n, (SELECT count(*) FROM orders WHERE placed < n OFFSET 0) FROM generate_series(1, 3) n');
SET enable_material = off;
SELECT plan('SELECT l.n, count(*) FROM (VALUES (1), (2), (3)) l(n) LEFT JOIN (SELECT placed FROM orders OFFSET 0) o
    ON o.placed % l.n = 0 GROUP BY l.n ORDER BY l.n');
SELECT l.n, count(*) FROM (VALUES (1), (2), (3)) l(n) LEFT JOIN (SELECT placed FROM orders OFFSET 0) o
    ON o.placed % l.n = 0 GROUP BY l.n ORDER BY l.n;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_memoize = off;
SELECT plan('SELECT count(*) FROM orders a, orders b WHERE a.total = b.total AND a.paid = b.paid');
SELECT count(*) FROM orders a, orders b WHERE a.total = b.total AND a.paid = b.paid;
SELECT counters('SELECT count(*) FROM (VALUES (1), (2), (3)) l(n) LEFT JOIN (SELECT placed FROM orders OFFSET 0) o
    ON o.placed % l.n = 0');
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;

-- No worker is to be had, or the leader only collects
SET max_parallel_workers = 0;
SELECT count(*), sum(total) FROM orders;
RESET max_parallel_workers;
SET parallel_leader_participation = off;
SELECT count(*), sum(total) FROM orders;
RESET parallel_leader_participation;

-- A cursor, which may stop and go on, has no workers
BEGIN;
DECLARE reader CURSOR FOR SELECT customer, placed FROM orders;
FETCH FORWARD 0 FROM reader;
MOVE FORWARD 50 FROM reader;
MOVE FORWARD ALL FROM reader;
COMMIT;

-- What everybody has cost is counted together
SELECT counters('SELECT count(total) FROM orders');
SET parallel_leader_participation = off;
SELECT counters('SELECT count(total) FROM orders');
RESET parallel_leader_participation;

-- A guard is everybody's
ALTER FOREIGN TABLE orders OPTIONS (ADD max_capacity_units '3');
DO $$ BEGIN
    PERFORM count(total) FROM orders;
EXCEPTION WHEN configuration_limit_exceeded THEN
    RAISE NOTICE 'too many capacity units';
END $$;
ALTER FOREIGN TABLE orders OPTIONS (SET max_capacity_units '1000');
SELECT count(total) FROM orders;
ALTER FOREIGN TABLE orders OPTIONS (DROP max_capacity_units);

-- An error in whichever process
CREATE FOREIGN TABLE wrong_orders (customer text, placed int, status int)
    SERVER aws OPTIONS (table_name 'plan_orders', scan_segments '5');
DO $$ BEGIN
    PERFORM sum(status) FROM wrong_orders;
EXCEPTION WHEN invalid_text_representation OR fdw_invalid_data_type THEN
    RAISE NOTICE 'a value that is no number';
END $$;
SELECT count(*) FROM orders;

-- What the transaction has yet to write is its leader's, also for a plan that was made before
CREATE FOREIGN TABLE readings (sensor text, taken int, level text, value int)
    SERVER aws OPTIONS (table_name 'pending_readings', write_mode 'transaction', scan_segments '5');
PREPARE readings AS SELECT count(*), sum(value), count(*) FILTER (WHERE sensor = 'parallel') FROM readings;
SET plan_cache_mode = force_generic_plan;
SELECT plan('EXECUTE readings');
EXECUTE readings \gset before_
BEGIN;
INSERT INTO readings VALUES ('parallel', 1, 'low', 1000), ('parallel', 2, 'low', 2000);
SELECT plan('SELECT sum(value) FROM readings');
SELECT plan('EXECUTE readings');
EXECUTE readings \gset after_
SELECT :after_count - :before_count, :after_sum - :before_sum;
SET parallel_leader_participation = off;
EXECUTE readings \gset after_
SELECT :after_count - :before_count, :after_sum - :before_sum;
RESET parallel_leader_participation;
ROLLBACK;
EXECUTE readings \gset after_
SELECT :after_count - :before_count, :after_sum - :before_sum;
