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

-- A global index cannot be read consistently, a local one can
ALTER FOREIGN TABLE orders OPTIONS (ADD consistent_read 'true');
SELECT paid FROM orders WHERE coupon = 'c13';
SELECT plan('SELECT paid FROM orders WHERE customer = ''bob'' AND total > 100');
SELECT count(paid) FROM orders WHERE customer = 'bob' AND total > 100;
ALTER FOREIGN TABLE orders OPTIONS (DROP consistent_read);
