\i sql/plan.inc

CREATE FOREIGN TABLE orders (
    customer text, placed int, status text, total numeric, paid boolean, coupon text, padding text
) SERVER aws OPTIONS (table_name 'plan_orders');
CREATE FOREIGN TABLE files (owner text, path text COLLATE "C", title text)
    SERVER aws OPTIONS (table_name 'plan_files');

-- Whole keys as rows, each looked up once
SELECT plan('SELECT status FROM orders WHERE (customer, placed) IN ((''ann'', 3), (''bob'', 5), (''ann'', 3))');
SELECT customer, placed, status FROM orders
    WHERE (customer, placed) IN (('ann', 3), ('bob', 5), ('ann', 3), ('dan', 1)) ORDER BY 1, 2;
SELECT customer, placed FROM orders
    WHERE (customer = 'bob' AND placed IN (1, 2)) OR (customer IN ('ann', 'bob') AND placed = 2) ORDER BY 1, 2;
SELECT plan('SELECT placed FROM orders WHERE customer = ''ann'' AND ((placed = 3 AND status = ''void'')
             OR (placed = 5 AND paid))');
SELECT placed FROM orders WHERE customer = 'ann' AND ((placed = 3 AND status = 'void')
    OR (placed = 5 AND paid)) ORDER BY 1;

-- Values that are known when reading begins
PREPARE two(text, int, text, int) AS SELECT customer, placed FROM orders
    WHERE (customer, placed) IN (($1, $2), ($3, $4)) ORDER BY 1, 2;
SET plan_cache_mode = force_generic_plan;
SELECT plan('EXECUTE two(''ann'', 1, ''bob'', 2)');
EXECUTE two('ann', 1, 'bob', 2);
EXECUTE two('ann', 1, 'ann', 1);
EXECUTE two('ann', NULL, 'bob', 2);
EXECUTE two(NULL, NULL, NULL, NULL);
RESET plan_cache_mode;

-- A range for each alternative: those of one hash key that meet are read once
SELECT plan('SELECT placed FROM orders WHERE (customer = ''ann'' AND placed > 37)
             OR (customer = ''bob'' AND placed < 2)');
SELECT customer, placed FROM orders
    WHERE (customer = 'ann' AND placed > 37) OR (customer = 'bob' AND placed < 2) ORDER BY 1, 2;
SELECT placed FROM orders
    WHERE customer = 'ann' AND ((placed BETWEEN 3 AND 5) OR (placed BETWEEN 5 AND 7)) ORDER BY 1;
SELECT placed FROM orders
    WHERE customer = 'ann' AND ((placed > 3 AND placed < 5) OR (placed > 5 AND placed < 7)) ORDER BY 1;
SELECT placed FROM orders WHERE customer = 'ann' AND (placed < 2 OR placed = 1 OR placed > 37) ORDER BY 1;
SELECT count(*) FROM orders WHERE customer = 'ann' AND (placed > 20 OR placed > 30 OR placed < 25);
SELECT placed FROM orders WHERE customer = 'ann' AND (placed <= 0 OR placed >= 39) ORDER BY 1;
SELECT path FROM files
    WHERE owner = 'ann' AND (path LIKE 'ab%' OR path LIKE 'abc%' OR path = 'b') ORDER BY 1;
SELECT path FROM files WHERE owner = 'ann' AND (path LIKE 'b%' OR path < 'a%') ORDER BY 1;
SELECT owner, path FROM files WHERE (owner = 'ann' AND path LIKE 'ab%')
    OR (owner = 'bob' AND path LIKE 'ab%') OR (owner = 'bob' AND path LIKE 'ab%' AND title <> 'x') ORDER BY 1, 2;

-- Alternatives on an index, which all exclude the items that are not in it
SELECT plan('SELECT placed FROM orders WHERE (status = ''new'' AND total < 20) OR (status = ''paid'' AND total > 100)');
SELECT customer, status, total FROM orders
    WHERE (status = 'new' AND total < 20) OR (status = 'paid' AND total > 110) ORDER BY 1, 3;

-- No keys in one of them: everything is read
SELECT plan('SELECT placed FROM orders WHERE (customer = ''ann'' AND placed = 3) OR status = ''none''');
SELECT placed FROM orders WHERE (customer = 'ann' AND placed = 3) OR status = 'none';

-- Too many combinations
SELECT count(*) FROM orders WHERE (customer = 'ann' AND placed = ANY (ARRAY(SELECT generate_series(0, 9999))))
    OR (customer = 'bob' AND placed = ANY (ARRAY(SELECT generate_series(30, 9999, 2))));
