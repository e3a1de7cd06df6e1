\i sql/plan.inc
-- What a transaction is about to write takes part in each way of reading, where its order and its
-- conditions put it. Nothing here is committed.
CREATE FOREIGN TABLE orders (
    customer text COLLATE "C", placed int, status text, total numeric, paid boolean, coupon text
) SERVER aws OPTIONS (table_name 'plan_orders', write_mode 'transaction');
BEGIN;
INSERT INTO orders VALUES ('ann', 100, 'new', 500, true, 'c13'), ('bob', 100, 'new', 50, false, NULL),
    ('bob', -1, NULL, NULL, true, NULL), ('eve', 39, 'new', 300, true, 'c26');
UPDATE orders SET total = 1000 WHERE customer = 'ann' AND placed = 39;
DELETE FROM orders WHERE customer = 'bob' AND placed = 38;

-- Counted, although DynamoDB cannot
SELECT count(*) FROM orders WHERE customer = 'ann' AND placed > 30;
SELECT count(*) FROM orders WHERE customer IN ('ann', 'bob', 'eve') AND placed BETWEEN 38 AND 100;
SELECT plan('SELECT count(*) FROM orders WHERE customer = ''ann'' AND total > 100');
SELECT count(*) FROM orders WHERE customer = 'ann' AND total > 100;
SELECT count(*) FROM orders WHERE customer = 'bob' AND total > 40 AND total <= 50;
SELECT plan('SELECT count(*) FROM orders WHERE status = ''new'' AND total > 100');
SELECT count(*) FROM orders WHERE status = 'new' AND total > 100;
SELECT EXISTS (SELECT FROM orders WHERE customer = 'eve'), EXISTS (SELECT FROM orders WHERE customer = 'dan');

-- Alternatives, and keys of an index
SELECT customer, placed, total FROM orders
    WHERE (customer, placed) IN (('ann', 100), ('ann', 39), ('bob', 38), ('cat', 1)) ORDER BY 1, 2;
SELECT customer, placed FROM orders
    WHERE (customer = 'bob' AND placed < 1) OR (customer = 'eve' AND placed > 1) ORDER BY 1, 2;
ALTER FOREIGN TABLE orders OPTIONS (ADD allow_full_scan 'false');
SELECT plan('SELECT customer, paid FROM orders WHERE coupon = ''c13''');
SELECT customer, placed, paid FROM orders WHERE coupon = 'c13' ORDER BY 1, 2;

-- In the order of a Query, of merged ones, and of one after another
SELECT placed FROM orders WHERE customer = 'bob' ORDER BY placed DESC LIMIT 3;
SELECT plan('SELECT customer, placed FROM orders WHERE customer IN (''ann'', ''bob'', ''eve'') ORDER BY placed DESC LIMIT 4');
SELECT placed FROM orders WHERE customer IN ('ann', 'bob', 'eve') ORDER BY placed DESC LIMIT 5;
SELECT customer, placed FROM orders WHERE customer IN ('ann', 'bob', 'eve') AND placed > 37 ORDER BY customer DESC, placed;
SELECT customer, placed FROM orders WHERE customer IN ('ann', 'bob', 'eve') AND placed < 1 ORDER BY customer, placed DESC;
SELECT total FROM orders WHERE customer = 'ann' AND total > 110 ORDER BY total DESC;
ROLLBACK;

-- A cursor that is read after a write sees what was there before
BEGIN;
DECLARE latest CURSOR FOR SELECT total FROM orders WHERE customer = 'ann' AND placed > 37 ORDER BY placed;
INSERT INTO orders VALUES ('ann', 100, 'new', 500, true, NULL);
FETCH ALL FROM latest;
ROLLBACK;
