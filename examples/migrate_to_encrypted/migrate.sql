-- From a plain table to one whose items are encrypted, while an application writes on.
\getenv endpoint DYNAMODB_ENDPOINT
\getenv region DYNAMODB_REGION
\getenv access_key_id DYNAMODB_ACCESS_KEY_ID
\getenv secret_access_key DYNAMODB_SECRET_ACCESS_KEY

\echo
\echo '--- 1. Both tables; the attribute "fax" has no column in the new one, so it stays behind'
\echo
CREATE EXTENSION IF NOT EXISTS dynamodb_kms_fdw;

-- With AWS itself there is no endpoint_url.
CREATE SERVER aws FOREIGN DATA WRAPPER dynamodb_kms_fdw
    OPTIONS (region :'region', endpoint_url :'endpoint');
CREATE USER MAPPING FOR CURRENT_USER SERVER aws
    OPTIONS (aws_access_key_id :'access_key_id', aws_secret_access_key :'secret_access_key');

CREATE FOREIGN TABLE customers_plain (
    id text OPTIONS (key 'hash'),
    name text,
    card text,
    orders integer
) SERVER aws OPTIONS (table_name 'customers');

-- Names and cards are encrypted and signed, numbers of orders signed alone, so that DynamoDB can
-- still compare them.
CREATE FOREIGN TABLE customers_encrypted (
    id text OPTIONS (key 'hash'),
    name text OPTIONS (attribute_name 'full_name'),
    card text,
    orders integer OPTIONS (crypto_action 'sign_only')
) SERVER aws OPTIONS (
    table_name 'customers_encrypted',
    encryption 'dynamodb_encryption_client',
    kms_key_id 'alias/customers'
);

-- What readers use.
CREATE VIEW customers AS SELECT * FROM customers_plain;

\echo
\echo '--- 2. The migration, while the application inserts, changes and removes customers'
\echo
CALL dynamodb_migrate('customers_plain', 'customers_encrypted', verify => 'none');
SELECT phase, items_seeded > 0 AS seeded, changes_applied > 0 AS applied FROM dynamodb_migrations;
