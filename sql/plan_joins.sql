\i sql/plan.inc

CREATE FOREIGN TABLE articles (id int, name text, padding text)
    SERVER aws OPTIONS (table_name 'plan_articles');
CREATE FOREIGN TABLE orders (
    customer text, placed int, status text, total numeric, paid boolean, coupon text, padding text
) SERVER aws OPTIONS (table_name 'plan_orders');
CREATE TABLE wanted (article int, customer text, day int, articles bigint[]);
INSERT INTO wanted VALUES (7, 'ann', 3, '{1,2}'), (11, 'bob', 5, '{2,3}'), (NULL, NULL, NULL, NULL),
    (5000, 'dan', 77, '{}');
ANALYZE wanted;

-- The emulators' tables are small, and some do not tell their size: rows are made dear
ALTER SERVER aws OPTIONS (ADD fdw_tuple_cost '10');

-- A join with a small local table looks keys up
SELECT plan('SELECT w.article, a.name FROM wanted w JOIN articles a ON a.id = w.article');
SELECT w.article, a.name FROM wanted w JOIN articles a ON a.id = w.article ORDER BY 1;
SELECT plan('SELECT w.article, a.name FROM wanted w LEFT JOIN articles a ON a.id = w.article');
SELECT w.article, a.name FROM wanted w LEFT JOIN articles a ON a.id = w.article ORDER BY 1;
SELECT article FROM wanted w WHERE EXISTS (SELECT FROM articles a WHERE a.id = w.article) ORDER BY 1;
SELECT article FROM wanted w WHERE NOT EXISTS (SELECT FROM articles a WHERE a.id = w.article) ORDER BY 1;

-- Values of other integer types, and of expressions
SELECT plan('SELECT a.name FROM wanted w JOIN articles a ON a.id = w.article::bigint + 1');
SELECT a.name FROM wanted w JOIN articles a ON a.id = w.article::bigint + 1 ORDER BY 1;
SELECT plan('SELECT a.name FROM wanted w JOIN articles a ON a.id::bigint = w.article');
SELECT a.name FROM wanted w JOIN articles a ON a.id::bigint = w.article ORDER BY 1;

-- Arrays of keys
SELECT plan('SELECT a.id FROM wanted w JOIN articles a ON a.id = ANY (w.articles)');
SELECT w.article, a.id FROM wanted w JOIN articles a ON a.id = ANY (w.articles) ORDER BY 1, 2;

-- The whole key from one table, or from two
SELECT plan('SELECT o.status FROM wanted w JOIN orders o ON o.customer = w.customer AND o.placed = w.day');
SELECT o.customer, o.placed, o.status FROM wanted w
    JOIN orders o ON o.customer = w.customer AND o.placed = w.day ORDER BY 1, 2;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT plan('SELECT o.placed FROM wanted w JOIN orders o ON o.customer = w.customer WHERE o.placed < 2');
SELECT o.customer, o.placed FROM wanted w JOIN orders o ON o.customer = w.customer
    WHERE o.placed < 2 ORDER BY 1, 2;
SELECT plan('SELECT o.placed FROM wanted w JOIN orders o ON o.customer = w.customer AND o.placed > w.day + 34');
SELECT o.customer, o.placed FROM wanted w
    JOIN orders o ON o.customer = w.customer AND o.placed > w.day + 34 ORDER BY 1, 2;
SELECT plan('SELECT o.status FROM wanted c, wanted d, orders o
             WHERE o.customer = c.customer AND o.placed = d.day AND c.article < d.article');
SELECT o.customer, o.placed, o.status FROM wanted c, wanted d, orders o
    WHERE o.customer = c.customer AND o.placed = d.day AND c.article < d.article ORDER BY 1, 2;

-- An index, with a condition that only the join makes strict on its key
SELECT plan('SELECT o.customer, o.placed FROM (VALUES (''c13''), (''c26'')) v (coupon)
             JOIN orders o ON o.coupon = v.coupon');
SELECT o.customer, o.placed, o.coupon FROM (VALUES ('c13'), ('c26')) v (coupon)
    JOIN orders o ON o.coupon = v.coupon ORDER BY 1, 2;

-- LATERAL, with an order and a limit of its own
SELECT plan('SELECT c.name, o.placed FROM (VALUES (''ann''), (''bob'')) c (name),
             LATERAL (SELECT placed FROM orders WHERE customer = c.name ORDER BY placed DESC LIMIT 2) o');
SELECT c.name, o.placed FROM (VALUES ('ann'), ('bob')) c (name),
    LATERAL (SELECT placed FROM orders WHERE customer = c.name ORDER BY placed DESC LIMIT 2) o;

-- A subquery for each row
SELECT plan('SELECT (SELECT a.name FROM articles a WHERE a.id = w.article) FROM wanted w');
SELECT w.article, (SELECT a.name FROM articles a WHERE a.id = w.article) FROM wanted w ORDER BY 1;

-- Two foreign tables, and one with itself
SELECT plan('SELECT a.name FROM orders o JOIN articles a ON a.id = o.placed
             WHERE o.customer = ''ann'' AND o.placed = 17');
SELECT a.name FROM orders o JOIN articles a ON a.id = o.placed WHERE o.customer = 'ann' AND o.placed = 17;
SELECT a.name, b.name FROM articles a JOIN articles b ON b.id = a.id + 1 WHERE a.id = 7;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;

-- A large local table is joined with one Scan
CREATE TABLE numbers AS SELECT n FROM generate_series(0, 9999) n;
ANALYZE numbers;
SELECT plan('SELECT count(*) FROM numbers JOIN articles a ON a.id = n');
SELECT count(*) FROM numbers JOIN articles a ON a.id = n;

-- What is no equality with a key joins here
SELECT plan('SELECT a.id FROM wanted w JOIN articles a ON a.name = ''article '' || w.article');
SELECT a.id FROM wanted w JOIN articles a ON a.name = 'article ' || w.article ORDER BY 1;
SELECT count(*) FROM wanted w JOIN articles a ON a.id < w.article AND a.id > 1990;

-- Writing to a local table from a join
UPDATE wanted SET customer = a.name FROM articles a WHERE a.id = wanted.article;
SELECT article, customer FROM wanted ORDER BY 1;
BEGIN;
SELECT w.article, a.name FROM wanted w JOIN articles a ON a.id = w.article ORDER BY 1 FOR UPDATE OF w;
COMMIT;
