\i sql/plan.inc

CREATE FOREIGN TABLE orders (
    customer text, placed int, status text, total numeric, paid boolean, coupon text, padding text
) SERVER aws OPTIONS (table_name 'plan_orders');
CREATE FOREIGN TABLE files (owner text, path text, title text)
    SERVER aws OPTIONS (table_name 'plan_files');

-- One hash key: the service's order is the query's, either way
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' ORDER BY placed');
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' ORDER BY placed DESC');
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' ORDER BY customer, placed DESC NULLS LAST');
SELECT placed FROM orders WHERE customer = 'ann' AND placed < 3 ORDER BY placed;
SELECT placed FROM orders WHERE customer = 'ann' AND placed < 3 ORDER BY placed DESC;
SELECT plan('SELECT placed, status FROM orders WHERE customer = ''ann'' ORDER BY placed, status');
SELECT placed, status FROM orders WHERE customer = 'ann' ORDER BY placed, status LIMIT 3;

-- Several hash keys: their Querys merged by the range key, or one after another by the hash key
SELECT plan('SELECT placed FROM orders WHERE customer IN (''ann'', ''bob'') ORDER BY placed');
SELECT customer, placed FROM orders WHERE customer IN ('ann', 'bob') AND placed < 2 ORDER BY placed, customer;
SELECT plan('SELECT customer, placed FROM orders WHERE customer IN (''ann'', ''bob'', ''dan'') ORDER BY placed DESC LIMIT 3');
SELECT placed FROM orders WHERE customer IN ('ann', 'bob', 'dan') ORDER BY placed DESC LIMIT 3;
SELECT count(*), max(placed), bool_and(in_order) FROM (SELECT placed,
    placed >= lag(placed, 1, 0) OVER (ROWS UNBOUNDED PRECEDING) AS in_order
    FROM (SELECT placed FROM orders WHERE customer IN ('ann', 'bob', 'cat') ORDER BY placed) o) o;
SELECT placed, customer FROM orders WHERE customer = ANY (ARRAY['cat', 'ann', 'ann']) AND placed IN (9, 3)
    ORDER BY placed, customer;
SELECT plan('SELECT placed FROM orders WHERE customer = ANY (ARRAY(SELECT ''ann'')) ORDER BY placed LIMIT 1');
CREATE FOREIGN TABLE readers (customer text COLLATE "C", placed int, status text)
    SERVER aws OPTIONS (table_name 'plan_orders');
SELECT plan('SELECT customer, placed FROM readers WHERE customer IN (''bob'', ''ann'') ORDER BY customer, placed DESC LIMIT 2');
SELECT customer, placed FROM readers WHERE customer IN ('bob', 'ann') ORDER BY customer, placed DESC LIMIT 2;
SELECT customer, placed FROM readers WHERE customer IN ('bob', 'ann') AND placed > 37
    ORDER BY customer DESC, placed;
SELECT plan('SELECT customer, status FROM readers WHERE customer IN (''bob'', ''ann'') ORDER BY customer, status LIMIT 2');

-- None, or keys that are looked up: sorted here
SELECT plan('SELECT placed FROM orders ORDER BY placed');
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' AND placed IN (7, 3) ORDER BY placed');
SELECT placed FROM orders WHERE customer = 'ann' AND placed IN (7, 3) ORDER BY placed;

-- The order of an index
SELECT plan('SELECT total FROM orders WHERE customer = ''ann'' AND total IS NOT NULL ORDER BY total DESC');
SELECT total FROM orders WHERE customer = 'ann' AND total < 10 ORDER BY total DESC;

-- Text is in the service's order only where it is compared by its bytes
SELECT plan('SELECT path FROM files WHERE owner = ''ann'' ORDER BY path COLLATE "C"');
SELECT path FROM files WHERE owner = 'ann' ORDER BY path COLLATE "C" DESC;
SELECT plan('SELECT path FROM files WHERE owner = ''ann'' ORDER BY path COLLATE "en-x-icu"');
SELECT string_agg(path, ' ' ORDER BY path COLLATE "en-x-icu") FROM files WHERE owner = 'ann';

-- The least and the greatest range key are the first of a Query
SELECT plan('SELECT max(placed) FROM orders WHERE customer = ''ann''');
SELECT min(placed), max(placed) FROM orders WHERE customer = 'ann';

-- LIMIT: a few items are asked for, more if they do not give rows enough
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' ORDER BY placed LIMIT 5');
SELECT placed FROM orders WHERE customer = 'ann' ORDER BY placed LIMIT 5;
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' ORDER BY placed DESC LIMIT 2 OFFSET 3');
SELECT placed FROM orders WHERE customer = 'ann' ORDER BY placed DESC LIMIT 2 OFFSET 3;
SELECT plan('SELECT placed FROM orders LIMIT 3');
SELECT count(*) FROM (SELECT placed FROM orders LIMIT 3) few;
SELECT count(*) FROM (SELECT placed FROM orders LIMIT 2 OFFSET 119) few;
SELECT count(*) FROM (SELECT placed FROM orders LIMIT 0) few;

-- LIMIT counts the rows that are left after all conditions: those sent and those checked here
SELECT count(*) FROM (SELECT placed FROM orders WHERE total > 110 LIMIT 2) few;
SELECT placed FROM orders WHERE customer = 'ann' AND total > 100 ORDER BY placed LIMIT 2;
SELECT placed FROM orders WHERE customer = 'ann' AND placed % 19 = 18 ORDER BY placed LIMIT 2;
SELECT placed FROM orders WHERE customer = 'ann' AND total > 100 AND placed % 7 = 4 ORDER BY placed LIMIT 2;
SELECT placed FROM orders WHERE customer = 'ann' AND placed > 5 AND placed < 9 ORDER BY placed LIMIT 2;
SELECT placed FROM orders WHERE customer = 'ann' AND placed > 5 ORDER BY placed LIMIT 1;

-- LIMIT is not the table's where rows are sorted, grouped, joined or made unique first
SELECT plan('SELECT placed FROM orders ORDER BY total DESC NULLS LAST LIMIT 1');
SELECT placed FROM orders ORDER BY total DESC NULLS LAST LIMIT 1;
SELECT plan('SELECT status, count(*) FROM orders GROUP BY status LIMIT 1');
SELECT status, count(*) FROM orders WHERE status IS NOT NULL GROUP BY status ORDER BY 1 LIMIT 1;
SELECT plan('SELECT DISTINCT customer FROM orders LIMIT 3');
SELECT count(*) FROM (SELECT DISTINCT customer FROM orders LIMIT 3) all_of_them;
SELECT plan('SELECT 1 FROM orders a, orders b WHERE a.placed = b.placed LIMIT 1');
SELECT count(*) FROM (SELECT 1 FROM orders a JOIN orders b ON b.placed = a.placed + 38 LIMIT 20) nine;
SELECT sum(placed) OVER () FROM orders WHERE customer = 'ann' LIMIT 1;

-- The ends of the sort key are the first items of Querys, those of other columns are not
SELECT plan('SELECT min(placed), max(placed) FROM orders WHERE customer = ''ann''');
SELECT min(placed), max(placed) FROM orders WHERE customer = 'ann';
SELECT plan('SELECT max(placed) FROM orders WHERE customer = ''ann'' AND placed < 10 AND total > 5');
SELECT max(placed) FROM orders WHERE customer = 'ann' AND placed < 10 AND total > 5;
SELECT min(placed), max(placed) FROM orders WHERE customer = 'dan';
SELECT plan('SELECT max(total) FROM orders WHERE customer = ''ann'' AND placed < 10');
SELECT max(total) FROM orders WHERE customer = 'ann' AND placed < 10;

-- EXISTS wants one item; the first page of a Query answers
SELECT plan('SELECT EXISTS (SELECT FROM orders WHERE customer = ''ann'' AND placed > 30)');
SELECT EXISTS (SELECT FROM orders WHERE customer = 'ann' AND placed > 30),
    EXISTS (SELECT FROM orders WHERE customer = 'ann' AND placed > 40);

-- Foreign tables have no samples
SELECT count(*) FROM orders TABLESAMPLE BERNOULLI (10);

-- WITH TIES, FETCH, parameters, cursors
SELECT placed / 10 FROM orders WHERE customer = 'ann' ORDER BY placed / 10 FETCH FIRST 1 ROW WITH TIES;
PREPARE some_of(int, int) AS
    SELECT placed FROM orders WHERE customer = 'ann' ORDER BY placed LIMIT $1 OFFSET $2;
EXECUTE some_of(2, 3);
SET plan_cache_mode = force_generic_plan;
SELECT plan('EXECUTE some_of(2, 3)');
EXECUTE some_of(2, 3);
EXECUTE some_of(NULL, 37);
RESET plan_cache_mode;
BEGIN;
DECLARE backward CURSOR FOR SELECT placed FROM orders WHERE customer = 'ann' ORDER BY placed DESC;
FETCH 2 FROM backward;
FETCH 1 FROM backward;
COMMIT;

-- Nothing but the number of rows is needed
SELECT plan('SELECT count(*) FROM orders WHERE customer = ''ann''');
SELECT count(*) FROM orders WHERE customer = 'ann';
SELECT count(*) FROM orders;
