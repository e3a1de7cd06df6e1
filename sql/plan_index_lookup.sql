\i sql/plan.inc

CREATE FOREIGN TABLE orders (
    customer text, placed int, status text, total numeric, paid boolean, coupon text, padding text
) SERVER aws OPTIONS (table_name 'plan_orders');
CREATE TABLE coupons (coupon text);
INSERT INTO coupons VALUES ('c13'), ('c26'), ('none'), (NULL);
ANALYZE coupons;
-- Where a Scan is allowed, cost decides; the emulators' tables are small, and some do not tell their
-- size.
SELECT plan('SELECT paid FROM orders WHERE coupon IS NULL');
ALTER FOREIGN TABLE orders OPTIONS (ADD allow_full_scan 'false');

-- by_coupon holds keys alone: what it finds is looked up in the table, and checked there
SELECT plan('SELECT customer, paid FROM orders WHERE coupon = ''c13''');
SELECT customer, placed, paid FROM orders WHERE coupon = 'c13' ORDER BY 1;
SELECT plan('SELECT customer, paid FROM orders WHERE coupon IN (''c13'', ''c26'', ''none'') AND paid');
SELECT customer, placed, paid FROM orders WHERE coupon IN ('c13', 'c26', 'none') AND paid ORDER BY 1, 2;
SELECT plan('SELECT paid FROM orders WHERE coupon = ''c13'' AND customer > ''b'' COLLATE "C" AND status = ''paid''');
SELECT customer, paid FROM orders WHERE coupon = 'c13' AND customer > 'b' COLLATE "C" AND status = 'paid' ORDER BY 1;
SELECT count(padding) FROM orders WHERE coupon = 'none';
SELECT length(o::text) > 2000 FROM orders o WHERE coupon = 'c26' ORDER BY customer LIMIT 1;

-- An index that holds all that is needed, and the table itself, are cheaper
SELECT plan('SELECT placed, paid FROM orders WHERE customer = ''bob'' AND total > 100 AND status = ''paid''');
SELECT placed, paid FROM orders WHERE customer = 'bob' AND total > 100 AND status = 'paid' ORDER BY 1;

-- Limits, ends, and reading again
SELECT paid FROM orders WHERE coupon = 'c13' LIMIT 1;
SELECT count(*) FROM (VALUES ('ann'), ('bob')) v (name),
    LATERAL (SELECT paid FROM orders WHERE coupon = 'c26' AND customer >= name COLLATE "C" OFFSET 0) o;
SELECT count(paid) FROM orders WHERE customer = 'ann' AND total > 0.5 AND total < 110;

-- In a join, for each row of the other side
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT plan('SELECT o.customer, o.paid FROM coupons c JOIN orders o ON o.coupon = c.coupon');
SELECT o.coupon, o.customer, o.paid FROM coupons c JOIN orders o ON o.coupon = c.coupon ORDER BY 1, 2;
-- The Querys of all rows run beside one another, and what they find is looked up together
CREATE TABLE local_orders AS SELECT * FROM orders WHERE customer IN ('ann', 'bob', 'cat');
CREATE TABLE wanted AS
    SELECT n AS line, 'c' || n % 5 * 13 AS coupon, n % 3 = 0 AS paid FROM generate_series(1, 40) n;
INSERT INTO wanted VALUES (41, NULL, true);
ANALYZE wanted;
SET enable_memoize = off;
SELECT plan('SELECT w.line, o.padding FROM wanted w LEFT JOIN orders o ON o.coupon = w.coupon AND o.paid = w.paid');
SELECT count(*), count(o.padding) FROM
    (SELECT w.line, o.padding, o.total FROM wanted w LEFT JOIN orders o ON o.coupon = w.coupon AND o.paid = w.paid
     EXCEPT ALL
     SELECT w.line, o.padding, o.total FROM wanted w LEFT JOIN local_orders o ON o.coupon = w.coupon AND o.paid = w.paid) o;
SELECT count(*), count(o.padding) FROM
    (SELECT w.line, o.padding, o.total FROM wanted w LEFT JOIN local_orders o ON o.coupon = w.coupon AND o.paid = w.paid
     EXCEPT ALL
     SELECT w.line, o.padding, o.total FROM wanted w LEFT JOIN orders o ON o.coupon = w.coupon AND o.paid = w.paid) o;
SELECT count(*), count(o.padding) FROM wanted w LEFT JOIN orders o ON o.coupon = w.coupon AND o.paid = w.paid;
SELECT string_agg(line::text, ' ' ORDER BY line) FROM wanted w
    WHERE NOT EXISTS (SELECT FROM orders o WHERE o.coupon = w.coupon AND o.paid = w.paid AND o.total > 100);
SELECT string_agg(line::text, ' ' ORDER BY line) FROM wanted w
    WHERE NOT EXISTS (SELECT FROM local_orders o WHERE o.coupon = w.coupon AND o.paid = w.paid AND o.total > 100);

-- Item by item in little memory
SET dynamodb_kms_fdw.max_memory_per_scan = 64;
ALTER FOREIGN TABLE orders OPTIONS (ADD fetch_size '1');
SELECT count(*), count(o.padding) FROM wanted w LEFT JOIN orders o ON o.coupon = w.coupon AND o.paid = w.paid;
ALTER FOREIGN TABLE orders OPTIONS (DROP fetch_size);
RESET dynamodb_kms_fdw.max_memory_per_scan;
-- With what the transaction is to write itself
CREATE FOREIGN TABLE drafts (customer text, placed int, paid boolean, coupon text, padding text)
    SERVER aws OPTIONS (table_name 'plan_orders', write_mode 'transaction', allow_full_scan 'false');
BEGIN;
UPDATE drafts SET paid = NULL WHERE customer = 'ann' AND placed = 13;
UPDATE drafts SET coupon = 'c26' WHERE customer = 'bob' AND placed = 13;
INSERT INTO drafts VALUES ('dan', 1, true, 'c13'), ('dan', 2, true, NULL);
DELETE FROM drafts WHERE customer = 'cat' AND placed = 26;
SELECT w.line, d.coupon, d.customer, d.placed, d.paid FROM wanted w JOIN drafts d ON d.coupon = w.coupon
    WHERE w.line < 5 ORDER BY 1, 3, 4;
ROLLBACK;

-- A global index cannot be read consistently, a local one can
ALTER FOREIGN TABLE orders OPTIONS (ADD consistent_read 'true');
SELECT paid FROM orders WHERE coupon = 'c13';
SELECT plan('SELECT paid FROM orders WHERE customer = ''bob'' AND total > 100');
SELECT count(paid) FROM orders WHERE customer = 'bob' AND total > 100;
ALTER FOREIGN TABLE orders OPTIONS (DROP consistent_read);
