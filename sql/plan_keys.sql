\i sql/plan.inc

CREATE FOREIGN TABLE orders (
    customer text, placed int, status text, total numeric, paid boolean, coupon text, padding text
) SERVER aws OPTIONS (table_name 'plan_orders');
CREATE FOREIGN TABLE articles (id int, name text, padding text)
    SERVER aws OPTIONS (table_name 'plan_articles');
CREATE FOREIGN TABLE files (owner text, path text COLLATE "C", title text)
    SERVER aws OPTIONS (table_name 'plan_files');

-- GetItem: every key attribute has a value
SELECT plan('SELECT placed, status FROM orders WHERE customer = ''ann'' AND placed = 3');
SELECT placed, status FROM orders WHERE customer = 'ann' AND placed = 3;
SELECT plan('SELECT name FROM articles WHERE id = 17');
SELECT name FROM articles WHERE id = 17;

-- An equality with a constant needs no check; every other condition is checked again
SELECT plan('SELECT name FROM articles WHERE 17 = id AND name <> ''x''');
SELECT name FROM articles WHERE 17 = id AND name <> 'x';

-- Integers of other widths are the same numbers, and 17.5 is none of an integer column
SELECT plan('SELECT name FROM articles WHERE id = 17::bigint');
SELECT name FROM articles WHERE id = 17::bigint;
SELECT name FROM articles WHERE id = 3000000017;
SELECT plan('SELECT name FROM articles WHERE id = 17.5');
SELECT count(*) FROM articles WHERE id = 17.5;

-- Contradictions and NULL send nothing
SELECT name FROM articles WHERE id = 17 AND id = 18;
SELECT name FROM articles WHERE id = NULL;
SELECT plan('SELECT name FROM articles WHERE id = (SELECT NULL::int)');
SELECT name FROM articles WHERE id = (SELECT NULL::int);

-- BatchGetItem: keys once each, NULL and impossible ones left out
SELECT plan('SELECT id FROM articles WHERE id IN (3, 1, 3, NULL, 4000)');
SELECT id FROM articles WHERE id IN (3, 1, 3, NULL, 4000) ORDER BY 1;
SELECT id FROM articles WHERE id = ANY (ARRAY[2, 5, 2]::bigint[]) ORDER BY 1;
SELECT id FROM articles WHERE id = ANY ('{}') ORDER BY 1;
SELECT id FROM articles WHERE id IN (1, 2, 3) AND id IN (2, 3, 4) ORDER BY 1;
SELECT plan('SELECT placed FROM orders WHERE customer IN (''ann'', ''bob'') AND placed IN (1, 2, 77)');
SELECT customer, placed FROM orders
    WHERE customer IN ('ann', 'bob') AND placed IN (1, 2, 77) ORDER BY 1, 2;
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' AND placed = ANY (ARRAY[1, 2])');

-- Points outside of a range on the same attribute are not looked up
SELECT placed FROM orders WHERE customer = 'ann' AND placed IN (1, 2, 3, 4) AND placed > 2 ORDER BY 1;

-- Too many combinations of keys to look up one by one: a Query of each hash key
SELECT plan('SELECT count(*) FROM orders WHERE customer IN (''ann'', ''bob'')
             AND placed = ANY (ARRAY(SELECT generate_series(0, 9999)))');
SELECT count(*) FROM orders
    WHERE customer IN ('ann', 'bob') AND placed = ANY (ARRAY(SELECT generate_series(0, 9999)));
SELECT count(*) FROM orders
    WHERE customer IN ('ann', 'bob') AND placed = ANY (ARRAY(SELECT generate_series(2, 20002, 2)));

-- Query: the hash key, and at most one condition on the range key
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann''');
SELECT count(*), min(placed), max(placed) FROM orders WHERE customer = 'ann';
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' AND placed > 37');
SELECT placed FROM orders WHERE customer = 'ann' AND placed > 37 ORDER BY 1;
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' AND placed BETWEEN 5 AND 7');
SELECT placed FROM orders WHERE customer = 'ann' AND placed BETWEEN 5 AND 7 ORDER BY 1;

-- Several conditions on the range key become one
SELECT placed FROM orders WHERE customer = 'ann' AND placed > 5 AND placed < 8 ORDER BY 1;
SELECT placed FROM orders WHERE customer = 'ann' AND placed >= 5 AND placed < 8 ORDER BY 1;
SELECT placed FROM orders WHERE customer = 'ann' AND placed > 1 AND placed > 37 ORDER BY 1;
SELECT placed FROM orders WHERE customer = 'ann' AND placed < 2 AND placed <= 2 AND placed < 30 ORDER BY 1;
SELECT placed FROM orders WHERE customer = 'ann' AND placed = 5 AND placed > 4;
SELECT placed FROM orders WHERE customer = 'ann' AND placed = 5 AND placed > 5;
SELECT placed FROM orders WHERE customer = 'ann' AND placed >= 5 AND placed <= 5;

-- A range that ends before it begins is refused by the service, and empty
SELECT placed FROM orders WHERE customer = 'ann' AND placed BETWEEN 7 AND 5;
SELECT placed FROM orders WHERE customer = 'ann' AND placed > 5 AND placed < 5;
SELECT placed FROM orders WHERE customer = 'ann' AND placed >= 5 AND placed < 5;

-- Several hash keys: a Query of each
SELECT plan('SELECT placed FROM orders WHERE customer IN (''ann'', ''cat'', ''dan'') AND placed < 2');
SELECT customer, placed FROM orders WHERE customer IN ('ann', 'cat', 'dan') AND placed < 2 ORDER BY 1, 2;

-- The same said with OR
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' OR customer = ''dan''');
SELECT count(*) FROM orders WHERE customer = 'ann' OR customer = 'dan' OR customer = NULL;
SELECT plan('SELECT name FROM articles WHERE id = 3 OR id = 4 OR id = 3');
SELECT name FROM articles WHERE id = 3 OR id = 4 OR id = 3 ORDER BY 1;
SELECT plan('SELECT name FROM articles WHERE id = 3 OR id > 1998');
SELECT name FROM articles WHERE id = 3 OR id > 1998 ORDER BY 1;
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' OR placed = 7');

-- What a Query's key condition cannot say, its filter may not mention
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' AND placed <> 3 AND placed % 20 = 3');
SELECT placed FROM orders WHERE customer = 'ann' AND placed <> 3 AND placed % 20 = 3;
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' AND (placed = 3 OR total = 7.5)');
SELECT placed FROM orders WHERE customer = 'ann' AND (placed = 3 OR total = 30.5) ORDER BY 1;
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' AND customer <> ''bob''');

-- Rows compared: what follows equal columns, and of several columns the first
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' AND (customer, placed) > (''ann'', 37)');
SELECT placed FROM orders WHERE customer = 'ann' AND (customer, placed) > ('ann', 37) ORDER BY 1;
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' AND (customer, placed) <= (''ann'', 1)
             ORDER BY placed DESC LIMIT 1');
SELECT placed FROM orders WHERE customer = 'ann' AND (customer, placed) <= ('ann', 1)
    ORDER BY placed DESC LIMIT 1;
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' AND (placed, total) > (37, 111.5)');
SELECT placed FROM orders WHERE customer = 'ann' AND (placed, total) > (37, 111.5) ORDER BY 1;
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' AND (customer, placed) > (''bob'', 37)');
SELECT plan('SELECT placed FROM orders WHERE (customer, placed) > (''cat'', 37)');
SELECT plan('SELECT placed FROM orders WHERE (placed, customer) < (1, ''b'')');
SELECT customer, placed FROM orders WHERE (placed, customer) < (1, 'bb') ORDER BY 1;
PREPARE page(text, int) AS SELECT placed FROM orders
    WHERE customer = $1 AND (customer, placed) > ($1, $2) ORDER BY placed LIMIT 2;
SET plan_cache_mode = force_generic_plan;
SELECT plan('EXECUTE page(''ann'', 5)');
EXECUTE page('ann', 5);
EXECUTE page('ann', NULL);
RESET plan_cache_mode;

-- The range key without the hash key is a filter
SELECT plan('SELECT customer FROM orders WHERE placed = 3');
SELECT customer FROM orders WHERE placed = 3 ORDER BY 1;
SELECT plan('SELECT customer FROM orders WHERE customer > ''ann'' AND placed = 3');
SELECT plan('SELECT customer FROM orders WHERE customer >= ''b'' COLLATE "C" AND placed = 3');
SELECT customer FROM orders WHERE customer >= 'b' COLLATE "C" AND placed = 3 ORDER BY 1;

-- Text range keys: order only where strings are compared by their bytes
SELECT plan('SELECT path FROM files WHERE owner = ''ann'' AND path > ''ab''');
SELECT path FROM files WHERE owner = 'ann' AND path > 'ab' ORDER BY path;
SELECT plan('SELECT path FROM files WHERE owner = ''ann'' AND path > ''ab'' COLLATE "en-x-icu"');
SELECT count(*) FROM files WHERE owner = 'ann' AND path > 'ab' COLLATE "en-x-icu";

-- Prefixes, with wildcards that are letters
SELECT plan('SELECT path FROM files WHERE owner = ''ann'' AND path LIKE ''ab%''');
SELECT path FROM files WHERE owner = 'ann' AND path LIKE 'ab%' ORDER BY path;
SELECT path FROM files WHERE owner = 'ann' AND path LIKE 'a_' ORDER BY path;
SELECT path FROM files WHERE owner = 'ann' AND path LIKE 'a\_b' ORDER BY path;
SELECT path FROM files WHERE owner = 'ann' AND path LIKE 'a\%%' ORDER BY path;
SELECT path FROM files WHERE owner = 'ann' AND path LIKE 'a#_%' ESCAPE '#' ORDER BY path;
SELECT path FROM files WHERE owner = 'ann' AND path LIKE 'a%c' ORDER BY path;
SELECT path FROM files WHERE owner = 'ann' AND path LIKE '%b' ORDER BY path;
SELECT path FROM files WHERE owner = 'ann' AND path LIKE 'ab';
SELECT count(*) FROM files WHERE owner = 'ann' AND path LIKE '%';
SELECT path FROM files WHERE owner = 'ann' AND path LIKE '';
SELECT plan('SELECT path FROM files WHERE owner = ''ann'' AND starts_with(path, ''ab'')');
SELECT path FROM files WHERE owner = 'ann' AND starts_with(path, 'ab') ORDER BY path;
SELECT path FROM files WHERE owner = 'ann' AND path ^@ '日' ORDER BY path;
SELECT path FROM files WHERE owner = 'ann' AND path LIKE 'ab%' AND path LIKE 'abc%' ORDER BY path;
SELECT path FROM files WHERE owner = 'ann' AND path LIKE 'ab%' AND path LIKE 'b%';
SELECT path FROM files WHERE owner = 'ann' AND path LIKE 'ab%' AND path > 'abc' ORDER BY path;
SELECT plan('SELECT path FROM files WHERE owner = ''ann'' AND path ILIKE ''AB%''');
SELECT path FROM files WHERE owner = 'ann' AND path ILIKE 'AB%' ORDER BY path;

-- Values that no key can have: empty, or too long
SELECT title FROM files WHERE owner = '' AND path = 'a';
SELECT title FROM files WHERE owner = 'ann' AND path = '';
SELECT title FROM files WHERE owner = 'ann' AND path = repeat('a', 1025);
SELECT title FROM files WHERE owner = repeat('a', 2049);
SELECT count(*) FROM files WHERE owner = 'ann' AND path > '';
SELECT count(*) FROM files WHERE owner = 'ann' AND path < '';
SELECT count(*) FROM files WHERE owner = 'ann' AND path > repeat('a', 1025);
SELECT count(*) FROM files WHERE owner = 'ann' AND path LIKE repeat('a', 1025) || '%';
SELECT count(*) FROM files WHERE owner IN ('', 'ann', repeat('a', 2049));

-- Indexes: all that is needed must be in them, and every item that can match
SELECT plan('SELECT placed FROM orders WHERE status = ''new'' AND total > 100');
SELECT customer, placed FROM orders WHERE status = 'new' AND total > 100 ORDER BY 1, 2;
-- an order without a total is not in by_status, so the status alone does not make it usable
SELECT plan('SELECT placed FROM orders WHERE status = ''paid''');
SELECT count(*), count(total) FROM orders WHERE status = 'paid';
SELECT plan('SELECT placed FROM orders WHERE status = ''paid'' AND total IS NOT NULL');
SELECT count(*), count(total) FROM orders WHERE status = 'paid' AND total IS NOT NULL;
-- by_coupon holds only keys
SELECT plan('SELECT customer, placed FROM orders WHERE coupon = ''c13''');
SELECT customer, placed FROM orders WHERE coupon = 'c13' ORDER BY 1;
SELECT customer, paid FROM orders WHERE coupon = 'c13' ORDER BY 1;
SELECT plan('SELECT placed FROM orders WHERE coupon IN (''c13'', ''c26'', ''none'')');
SELECT count(*) FROM orders WHERE coupon IN ('c13', 'c26', 'none');
-- a local index
SELECT plan('SELECT status FROM orders WHERE customer = ''bob'' AND total BETWEEN 9 AND 13');
SELECT placed, status, total FROM orders WHERE customer = 'bob' AND total BETWEEN 9 AND 13 ORDER BY 1;

-- dense_indexes: the user says that every item is in every index
ALTER FOREIGN TABLE orders OPTIONS (ADD dense_indexes 'true');
SELECT plan('SELECT placed FROM orders WHERE status = ''paid''');
SELECT count(*) FROM orders WHERE status = 'paid';
ALTER FOREIGN TABLE orders OPTIONS (DROP dense_indexes);

-- Consistent reads are not to be had from a global index
ALTER FOREIGN TABLE orders OPTIONS (ADD consistent_read 'true');
SELECT plan('SELECT customer, placed FROM orders WHERE coupon = ''c13''');
SELECT customer, placed FROM orders WHERE coupon = 'c13' ORDER BY 1;
ALTER FOREIGN TABLE orders OPTIONS (DROP consistent_read);

-- index_name: this index, or an error that says why not
ALTER FOREIGN TABLE orders OPTIONS (ADD index_name 'by_coupon');
SELECT plan('SELECT customer, placed, coupon FROM orders');
SELECT count(*) FROM orders;
SELECT plan('SELECT customer FROM orders WHERE coupon = ''c13'' AND customer = ''ann'' AND placed = 13');
SELECT customer FROM orders WHERE coupon = 'c13' AND customer = 'ann' AND placed = 13;
SELECT paid FROM orders;
ALTER FOREIGN TABLE orders OPTIONS (ADD consistent_read 'true');
SELECT customer FROM orders;
ALTER FOREIGN TABLE orders OPTIONS (DROP consistent_read, SET index_name 'nowhere');
SELECT customer FROM orders;
ALTER FOREIGN TABLE orders OPTIONS (DROP index_name);

-- allow_full_scan: what knows no key is refused
ALTER FOREIGN TABLE orders OPTIONS (ADD allow_full_scan 'false');
SELECT count(*) FROM orders WHERE customer = 'ann';
SELECT count(*) FROM orders WHERE coupon = 'c13';
SELECT count(*) FROM orders WHERE placed = 1;
\set VERBOSITY sqlstate
SELECT count(*) FROM orders WHERE placed = 1;
\set VERBOSITY default
ALTER FOREIGN TABLE orders OPTIONS (DROP allow_full_scan);

-- Domains are their base type, and partitions tables of their own
CREATE DOMAIN customer_name AS text;
CREATE FOREIGN TABLE domains (customer customer_name, placed int, status varchar(10))
    SERVER aws OPTIONS (table_name 'plan_orders');
SELECT plan('SELECT placed FROM domains WHERE customer = ''ann'' AND placed = 3');
SELECT status FROM domains WHERE customer = 'ann' AND placed = 3 AND status LIKE 'v%';
CREATE TABLE parted (customer text, placed int) PARTITION BY LIST (customer);
CREATE FOREIGN TABLE parted_ann PARTITION OF parted FOR VALUES IN ('ann')
    SERVER aws OPTIONS (table_name 'plan_orders');
SELECT plan('SELECT placed FROM parted WHERE customer = ''ann'' ORDER BY placed DESC LIMIT 2');
SELECT placed FROM parted WHERE customer = 'ann' ORDER BY placed DESC LIMIT 2;

-- A security barrier comes first
CREATE VIEW of_ann WITH (security_barrier) AS SELECT * FROM orders WHERE customer = 'ann';
SELECT plan('SELECT status FROM of_ann WHERE placed < 3 AND status LIKE ''n%''');
SELECT status FROM of_ann WHERE placed < 3 AND status LIKE 'n%';

-- A table that does not exist and reads as empty
CREATE FOREIGN TABLE nothing (id text, value int)
    SERVER aws OPTIONS (table_name 'plan_nothing', on_missing_table 'empty');
SELECT * FROM nothing WHERE id = 'x';
SELECT count(*) FROM nothing;

-- System columns
SELECT tableoid::regclass, name FROM articles WHERE id = 1;
SELECT ctid FROM articles WHERE id = 1;
SELECT xmin FROM articles WHERE id = 1;

-- Whole rows
SELECT a.id, (a).name FROM (SELECT articles AS a, id FROM articles WHERE id = 1) AS a;
