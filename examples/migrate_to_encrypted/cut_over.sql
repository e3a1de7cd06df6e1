-- The application has stopped writing to the old table.

\echo
\echo '--- 3. The last changes, and a comparison of every item'
\echo
CALL dynamodb_migrate('customers_plain', 'customers_encrypted', follow => true, follow_lag => '1s');
SELECT phase FROM dynamodb_migrations;

\echo
\echo '--- 4. The readers move over'
\echo
CREATE OR REPLACE VIEW customers AS SELECT * FROM customers_encrypted;
SELECT count(*) = (SELECT count(*) FROM customers_plain) AS all_there FROM customers;
SELECT id, card = (SELECT card FROM customers_plain WHERE id = customers.id) AS same
  FROM customers ORDER BY id LIMIT 3;

\echo
\echo '--- 5. What DynamoDB holds of a card'
\echo
CREATE FOREIGN TABLE customers_as_stored (id text, card bytea)
    SERVER aws OPTIONS (table_name 'customers_encrypted');
SELECT count(*) > 0 AND bool_and(position('4111' in card) = 0) AS ciphertexts
  FROM customers_as_stored;
