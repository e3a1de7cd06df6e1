\i sql/plan.inc

CREATE FOREIGN TABLE articles (id int, name text, padding text)
    SERVER aws OPTIONS (table_name 'plan_articles');
CREATE FOREIGN TABLE orders (
    customer text, placed int, status text, total numeric, paid boolean, coupon text, padding text
) SERVER aws OPTIONS (table_name 'plan_orders');
-- Every key twice, some that no item has, and NULL
CREATE TABLE wanted AS SELECT n AS line, n * 17 % 2500 AS article FROM generate_series(1, 300) n;
INSERT INTO wanted SELECT line + 300, article FROM wanted;
INSERT INTO wanted VALUES (601, NULL), (602, 3);
ANALYZE wanted;
-- What the joins must give, read by one Scan
CREATE TABLE local_articles AS SELECT id, name FROM articles;
CREATE TABLE local_orders AS SELECT customer, placed, status, paid FROM orders;
SELECT count(*) FROM local_articles;
-- What a statement has asked of the service; the requests of lookups alone
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
-- The emulators' tables are small, and some do not tell their size: rows are made dear
ALTER SERVER aws OPTIONS (ADD fdw_tuple_cost '10');
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;

-- The rows of the other side are read ahead, and their keys looked up together, each once
SELECT plan('SELECT w.line, a.name FROM wanted w JOIN articles a ON a.id = w.article');
SELECT requests('SELECT w.line, a.name FROM wanted w JOIN articles a ON a.id = w.article');
SELECT count(*) FROM wanted JOIN articles ON id = article;
SELECT count(*) FROM wanted JOIN local_articles ON id = article;
CREATE TABLE joined AS SELECT w.line, a.name FROM wanted w JOIN articles a ON a.id = w.article;
SELECT count(*) FROM (TABLE joined EXCEPT ALL SELECT line, name FROM wanted JOIN local_articles ON id = article) d;

-- Each kind of join is PostgreSQL's own
SELECT plan('SELECT w.line, a.name FROM wanted w LEFT JOIN articles a ON a.id = w.article AND a.name LIKE ''%7''');
SELECT count(*), count(name) FROM wanted LEFT JOIN articles a ON id = article AND name LIKE '%7';
SELECT count(*), count(name) FROM wanted LEFT JOIN local_articles a ON id = article AND name LIKE '%7';
SELECT plan('SELECT line FROM wanted WHERE NOT EXISTS (SELECT FROM articles a WHERE a.id = article AND name LIKE ''%7'')');
SELECT count(*), min(line), max(line) FROM wanted
    WHERE NOT EXISTS (SELECT FROM articles a WHERE a.id = article AND name LIKE '%7');
SELECT count(*), min(line), max(line) FROM wanted
    WHERE NOT EXISTS (SELECT FROM local_articles a WHERE a.id = article AND name LIKE '%7');
SELECT plan('SELECT line FROM wanted WHERE EXISTS (SELECT FROM articles a WHERE a.id = article AND name LIKE ''%7'')');
SELECT count(*) FROM wanted WHERE EXISTS (SELECT FROM articles a WHERE a.id = article AND name LIKE '%7');
SELECT count(*) FROM wanted WHERE EXISTS (SELECT FROM local_articles a WHERE a.id = article AND name LIKE '%7');
SELECT plan('SELECT name FROM articles WHERE id IN (SELECT article FROM wanted)');
SELECT count(*) FROM articles WHERE id IN (SELECT article FROM wanted);
SELECT count(*) FROM local_articles WHERE id IN (SELECT article FROM wanted);

-- A limit: no more is read ahead than it probably needs
SELECT plan('SELECT w.line, a.name FROM wanted w JOIN articles a ON a.id = w.article LIMIT 3');
SELECT requests('SELECT w.line, a.name FROM wanted w JOIN articles a ON a.id = w.article LIMIT 3');
BEGIN;
DECLARE lines CURSOR FOR SELECT w.line, a.name FROM wanted w JOIN articles a ON a.id = w.article;
FETCH 2 FROM lines;
MOVE 190 IN lines;
FETCH 1 FROM lines;
COMMIT;

-- Order of the other side
CREATE INDEX ON wanted (line);
SET enable_sort = off;
SET enable_seqscan = off;
SELECT plan('SELECT w.line, a.name FROM wanted w JOIN articles a ON a.id = w.article ORDER BY w.line');
SELECT w.line, a.name FROM wanted w JOIN articles a ON a.id = w.article ORDER BY w.line OFFSET 198 LIMIT 4;
RESET enable_sort;
RESET enable_seqscan;
DROP INDEX wanted_line_idx;

-- Expressions, arrays of keys, keys of two attributes, one of them a constant
SELECT plan('SELECT a.name FROM wanted w JOIN articles a ON a.id = w.article::bigint + 1 WHERE w.line <= 100');
SELECT count(*) FROM wanted w JOIN articles a ON a.id = w.article::bigint + 1 WHERE w.line <= 100;
SELECT count(*) FROM wanted w JOIN local_articles a ON a.id = w.article::bigint + 1 WHERE w.line <= 100;
SELECT plan('SELECT a.name FROM wanted w JOIN articles a ON a.id = ANY (ARRAY[w.article, w.line, NULL])');
SELECT count(*), sum(id) FROM wanted w JOIN articles a ON a.id = ANY (ARRAY[w.article, w.line, NULL]);
SELECT count(*), sum(id) FROM wanted w JOIN local_articles a ON a.id = ANY (ARRAY[w.article, w.line, NULL]);
SELECT plan('SELECT o.status FROM wanted w JOIN orders o ON o.placed = w.line AND o.customer = ''ann''');
SELECT count(*), count(status) FROM wanted w JOIN orders o ON o.placed = w.line AND o.customer = 'ann';
SELECT count(*), count(status) FROM wanted w JOIN local_orders o ON o.placed = w.line AND o.customer = 'ann';
SELECT count(*) FROM wanted w CROSS JOIN (VALUES ('ann'), ('bob'), ('zoe')) c (name)
    JOIN orders o ON o.customer = c.name AND o.placed = w.line AND o.paid;
SELECT count(*) FROM wanted w CROSS JOIN (VALUES ('ann'), ('bob'), ('zoe')) c (name)
    JOIN local_orders o ON o.customer = c.name AND o.placed = w.line AND o.paid;

-- Two tables, one behind the other; and one with itself
SELECT plan('SELECT o.status, a.name FROM wanted w JOIN orders o ON o.customer = ''bob'' AND o.placed = w.line
             JOIN articles a ON a.id = o.placed + w.article');
SELECT count(*), min(a.name) FROM wanted w JOIN orders o ON o.customer = 'bob' AND o.placed = w.line
    JOIN articles a ON a.id = o.placed + w.article;
SELECT count(*), min(a.name) FROM wanted w JOIN local_orders o ON o.customer = 'bob' AND o.placed = w.line
    JOIN local_articles a ON a.id = o.placed + w.article;
SELECT count(*) FROM orders o JOIN articles a ON a.id = o.placed WHERE o.customer = 'cat';

-- Begun anew, with other rows each time
SELECT plan('SELECT (SELECT count(*) FROM wanted w JOIN articles a ON a.id = w.article WHERE w.line % 7 = n)
             FROM generate_series(0, 3) n');
SELECT n, (SELECT count(*) FROM wanted w JOIN articles a ON a.id = w.article WHERE w.line % 7 = n),
    (SELECT count(*) FROM wanted w JOIN local_articles a ON a.id = w.article WHERE w.line % 7 = n)
    FROM generate_series(0, 3) n;

-- No rows, and rows without a key
SELECT count(*) FROM wanted w JOIN articles a ON a.id = w.article WHERE w.line > 700;
SELECT count(*) FROM wanted w LEFT JOIN articles a ON a.id = w.article WHERE w.line IN (601, 602);
SELECT count(*) FROM wanted w JOIN articles a ON a.id = NULLIF(w.article, w.article);

-- Few keys at a time where little memory is allowed
SET dynamodb_kms_fdw.max_memory_per_scan = 64;
SELECT count(padding) FROM wanted w JOIN articles a ON a.id = w.article;
RESET dynamodb_kms_fdw.max_memory_per_scan;

-- Rows that are locked, and local rows that are changed
BEGIN;
SELECT plan('SELECT w.line, a.name FROM wanted w JOIN articles a ON a.id = w.article FOR UPDATE OF w');
SELECT count(*) FROM (SELECT w.line, a.name FROM wanted w JOIN articles a ON a.id = w.article FOR UPDATE) j;
UPDATE wanted SET line = -line FROM articles a WHERE a.id = article AND a.name LIKE '%7';
SELECT count(*) FROM wanted WHERE line < 0;
ROLLBACK;

-- What the transaction is to write itself
CREATE FOREIGN TABLE drafts (id int, name text)
    SERVER aws OPTIONS (table_name 'plan_articles', write_mode 'transaction');
BEGIN;
UPDATE drafts SET name = 'changed' WHERE id = 17;
INSERT INTO drafts VALUES (2006, 'new');
DELETE FROM drafts WHERE id = 34;
SELECT plan('SELECT w.line, d.name FROM wanted w JOIN drafts d ON d.id = w.article WHERE w.line < 5');
SELECT w.line, d.name FROM wanted w JOIN drafts d ON d.id = w.article WHERE w.line IN (1, 2, 3, 118) ORDER BY 1;
UPDATE drafts SET name = 'line ' || w.line FROM wanted w WHERE drafts.id = w.article AND w.line % 300 < 60;
SELECT count(*), count(*) FILTER (WHERE d.name = 'line ' || w.line) FROM wanted w JOIN drafts d ON d.id = w.article
    WHERE w.line < 60;
ROLLBACK;
SELECT w.line, d.name FROM wanted w JOIN drafts d ON d.id = w.article WHERE w.line IN (1, 2, 3, 118) ORDER BY 1;

-- Capacity is limited as ever
ALTER FOREIGN TABLE articles OPTIONS (ADD max_capacity_units '100');
\set VERBOSITY terse
SELECT count(name) FROM wanted w JOIN articles a ON a.id = w.article;
\set VERBOSITY default
ALTER FOREIGN TABLE articles OPTIONS (DROP max_capacity_units);

-- Switched off, one after another
SET dynamodb_kms_fdw.enable_bulk_lookup = off;
SELECT plan('SELECT w.line, a.name FROM wanted w JOIN articles a ON a.id = w.article');
