-- A tour of reading: run by `make demo`, with every statement shown before its result.

\echo
\echo '--- 1. A server, a role''s keys, and every table of the account as a foreign table'
\echo
\ir setup.sql

\echo
\echo '--- 2. Keys have their true types; other attributes were found by sampling items'
\echo
\d orders

\echo
\echo '--- 3. A key lookup is one GetItem'
\echo
SELECT id, name, credit, tags FROM customers WHERE id = 'c-0003';
EXPLAIN (VERBOSE, COSTS OFF)
SELECT id, name, credit, tags FROM customers WHERE id = 'c-0003';

\echo
\echo '--- 4. A range of the sort key, newest first, is one Query read backwards'
\echo
SELECT ordered_at, status, total FROM orders
WHERE customer_id = 'c-0003' AND ordered_at >= '2026-05-01'
ORDER BY ordered_at DESC
LIMIT 5;
EXPLAIN (VERBOSE, COSTS OFF)
SELECT ordered_at, status, total FROM orders
WHERE customer_id = 'c-0003' AND ordered_at >= '2026-05-01'
ORDER BY ordered_at DESC
LIMIT 5;

\echo
\echo '--- 5. A condition on an index''s key is a Query of the index'
\echo
SELECT customer_id, total FROM orders WHERE status = 'open' ORDER BY total DESC LIMIT 3;
EXPLAIN (VERBOSE, COSTS OFF)
SELECT customer_id, total FROM orders WHERE status = 'open';

\echo
\echo '--- 6. Other conditions are evaluated by DynamoDB while it scans, and once more here'
\echo
SELECT customer_id, ordered_at, total FROM orders WHERE total > 700 ORDER BY total DESC;
EXPLAIN (VERBOSE, COSTS OFF)
SELECT customer_id, ordered_at, total FROM orders WHERE total > 700;

\echo
\echo '--- 7. A join with a local table looks keys up instead of scanning'
\echo
CREATE TABLE account_managers (customer_id text PRIMARY KEY, manager text NOT NULL);
INSERT INTO account_managers VALUES ('c-0002', 'Noor'), ('c-0007', 'Pavel'), ('c-0011', 'Noor');
ANALYZE account_managers;
SELECT manager, name, credit
FROM account_managers JOIN customers ON customers.id = account_managers.customer_id
ORDER BY name;
EXPLAIN (VERBOSE, COSTS OFF)
SELECT manager, name, credit
FROM account_managers JOIN customers ON customers.id = account_managers.customer_id;

\echo
\echo '--- 8. A foreign table of one''s own: places inside documents, and the whole item as jsonb'
\echo
CREATE FOREIGN TABLE customer_documents (
    id text OPTIONS (key 'hash'),
    city text OPTIONS (attribute_path 'address.city'),
    first_phone text OPTIONS (attribute_path 'phones[0]')
) SERVER aws OPTIONS (table_name 'customers');

SELECT id, city, first_phone FROM customer_documents
WHERE id IN ('c-0001', 'c-0002', 'c-0003') ORDER BY id;

CREATE FOREIGN TABLE customer_items (
    id text OPTIONS (key 'hash'),
    item jsonb OPTIONS (whole_item 'true')
) SERVER aws OPTIONS (table_name 'customers');

SELECT id, jsonb_pretty(item) AS item FROM customer_items WHERE id = 'c-0001';

\echo
\echo '--- 9. What a statement asked for, read and cost'
\echo
EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT status, count(*), sum(total) FROM orders GROUP BY status;
