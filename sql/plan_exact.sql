\i sql/server.inc
-- A condition on keys that DynamoDB judges as SQL does is not checked again; the columns that only
-- such conditions look at are not read, and where nothing else is, DynamoDB only counts.
\set ECHO none
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
        CONTINUE WHEN line ~ '^ *(Table|Segments|Direction|Estimated Capacity Units):';
        RETURN NEXT line;
    END LOOP;
END
$$;
\pset tuples_only on
\pset format unaligned
\set ECHO all

CREATE FOREIGN TABLE orders (customer text, placed int, status text, total numeric)
    SERVER aws OPTIONS (table_name 'plan_orders');
CREATE FOREIGN TABLE files (owner text, path text COLLATE "C", title text)
    SERVER aws OPTIONS (table_name 'plan_files');

-- Counted by DynamoDB
SELECT plan('SELECT count(*) FROM orders');
SELECT plan('SELECT count(*) FROM orders WHERE customer = ''ann''');
SELECT count(*) FROM orders WHERE customer = 'ann';
SELECT plan('SELECT count(*) FROM orders WHERE customer IN (''ann'', ''bob'') AND placed > 30');
SELECT count(*) FROM orders WHERE customer IN ('ann', 'bob') AND placed > 30;
SELECT plan('SELECT count(*) FROM orders WHERE customer = ''ann'' AND placed BETWEEN 3 AND 7');
SELECT count(*) FROM orders WHERE customer = 'ann' AND placed BETWEEN 3 AND 7;
SELECT count(*) FROM orders WHERE customer = 'ann' AND placed BETWEEN 7 AND 3;
SELECT plan('SELECT count(*) FROM files WHERE owner = ''ann'' AND path LIKE ''ab%''');
SELECT count(*) FROM files WHERE owner = 'ann' AND path LIKE 'ab%';
SELECT plan('SELECT count(*) FROM files WHERE owner = ''ann'' AND starts_with(path, ''ab'')');
SELECT plan('SELECT count(*) FROM orders WHERE status = ''new'' AND total > 100');
SELECT count(*) FROM orders WHERE status = 'new' AND total > 100;
SELECT plan('SELECT EXISTS (SELECT FROM orders WHERE customer = ''ann'' AND placed > 30)');
SELECT EXISTS (SELECT FROM orders WHERE customer = 'ann' AND placed > 30),
    EXISTS (SELECT FROM orders WHERE customer = 'ann' AND placed > 300);

-- Parameters
SET plan_cache_mode = force_generic_plan;
PREPARE of_customer(text) AS SELECT count(*) FROM orders WHERE customer = $1;
PREPARE after(text, int) AS SELECT count(*) FROM orders WHERE customer = $1 AND placed > $2;
PREPARE behind(text, text) AS SELECT count(*) FROM files WHERE owner = $1 AND path > $2;
SELECT plan('EXECUTE of_customer(''ann'')');
EXECUTE of_customer('ann');
EXECUTE of_customer('');
EXECUTE of_customer(NULL);
SELECT plan('EXECUTE after(''ann'', 3)');
EXECUTE after('ann', 30);
EXECUTE after('ann', NULL);
-- a text may be one that no key can be, so it is compared here
SELECT plan('EXECUTE behind(''ann'', ''b'')');
EXECUTE behind('ann', 'b');
EXECUTE behind('ann', '');
EXECUTE behind('ann', repeat('z', 2000));
RESET plan_cache_mode;

-- Not counted: two bounds of which one excludes its value, values widened to a range, patterns that
-- say more, other columns, values that no key can have
SELECT plan('SELECT count(*) FROM orders WHERE customer = ''ann'' AND placed > 3 AND placed <= 7');
SELECT count(*) FROM orders WHERE customer = 'ann' AND placed > 3 AND placed <= 7;
SELECT plan('SELECT count(*) FROM orders WHERE customer = ''ann'' AND placed = ANY (ARRAY(SELECT generate_series(0, 20000, 2)))');
SELECT count(*) FROM orders WHERE customer = 'ann' AND placed = ANY (ARRAY(SELECT generate_series(0, 20000, 2)));
SELECT plan('SELECT count(*) FROM files WHERE owner = ''ann'' AND path LIKE ''ab%d''');
SELECT count(*) FROM files WHERE owner = 'ann' AND path LIKE 'ab%d';
SELECT plan('SELECT count(*) FROM files WHERE owner = ''ann'' AND path > ''ab'' AND path LIKE ''ab%''');
SELECT count(*) FROM files WHERE owner = 'ann' AND path > 'ab' AND path LIKE 'ab%';
SELECT plan('SELECT count(*) FROM files WHERE owner = ''ann'' AND path > ''''');
SELECT plan('SELECT count(*) FROM orders WHERE customer = ''ann'' AND total > 100');
SELECT count(*) FROM orders WHERE customer = 'ann' AND total > 100;
SELECT plan('SELECT count(*) FROM orders WHERE customer = ''ann'' AND (placed, total) > (37, 111.5)');
SELECT count(*) FROM orders WHERE customer = 'ann' AND (placed, total) > (37, 111.5);
SELECT plan('SELECT count(*) FROM orders WHERE (customer = ''ann'' AND upper(status) = ''NEW'') OR customer = ''bob''');
SELECT count(*) FROM orders WHERE (customer = 'ann' AND upper(status) = 'NEW') OR customer = 'bob';
SELECT plan('SELECT count(*) FROM orders WHERE customer = ''ann'' AND (placed > 30 OR placed < 3)');
SELECT count(*) FROM orders WHERE customer = 'ann' AND (placed > 30 OR placed < 3);
SELECT plan('SELECT count(*) FROM orders WHERE customer = ''ann'' AND (customer, placed) > (''ann'', 30)');
SELECT count(*) FROM orders WHERE customer = 'ann' AND (customer, placed) > ('ann', 30);

-- Columns of such conditions are read where something else wants them
SELECT plan('SELECT max(total) FROM orders WHERE customer = ''ann'' AND placed > 30');
SELECT max(total) FROM orders WHERE customer = 'ann' AND placed > 30;
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' AND placed > 37');
SELECT plan('SELECT o FROM orders o WHERE customer = ''ann'' AND placed = 1');
SELECT o FROM orders o WHERE customer = 'ann' AND placed = 1;
SELECT plan('SELECT count(*) FROM orders o WHERE customer = ''ann'' AND placed > 30 AND placed % 2 = 0');
BEGIN;
SELECT status FROM orders WHERE customer = 'ann' AND placed = 1 FOR UPDATE;
COMMIT;

-- The hash key's different values are made of the keys alone: there is no way to skip the others
SELECT plan('SELECT DISTINCT customer FROM orders');
SELECT DISTINCT customer FROM orders ORDER BY 1;
SELECT plan('SELECT customer FROM orders GROUP BY customer');
SELECT customer, count(*), min(placed) FROM orders GROUP BY customer ORDER BY 1;

-- A filter's count is made of the items that pass it, since one of another type is an error
SELECT plan('SELECT count(*) FROM orders WHERE status = ''new''');
SELECT count(*) FROM orders WHERE status = 'new';

-- A join looks no further than to the first row where that decides
CREATE TABLE names (name text);
INSERT INTO names VALUES ('ann'), ('bob'), ('dan'), (NULL);
ANALYZE names;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
-- The emulators' tables are small, and some do not tell their size: rows are made dear
ALTER SERVER aws OPTIONS (ADD fdw_tuple_cost '10');
SELECT plan('SELECT name FROM names WHERE EXISTS (SELECT FROM orders WHERE customer = name)');
SELECT name FROM names WHERE EXISTS (SELECT FROM orders WHERE customer = name) ORDER BY 1;
SELECT plan('SELECT name FROM names WHERE NOT EXISTS (SELECT FROM orders WHERE customer = name AND total > 100)');
SELECT name FROM names WHERE NOT EXISTS (SELECT FROM orders WHERE customer = name AND total > 100) ORDER BY 1;
SELECT plan('SELECT name, (SELECT count(*) FROM orders WHERE customer = name) FROM names');
SELECT name, (SELECT count(*) FROM orders WHERE customer = name) FROM names ORDER BY 1;
