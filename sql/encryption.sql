-- Items that are encrypted and signed as AWS's DynamoDB Encryption Client does it
\i sql/plan.inc
\getenv kms_endpoint KMS_ENDPOINT
\set ECHO none
ALTER SERVER aws OPTIONS (ADD kms_endpoint_url :'kms_endpoint');
\set ECHO all

CREATE FOREIGN TABLE patients (
    id text OPTIONS (key 'hash'),
    ward text OPTIONS (crypto_action 'sign_only'),
    bed int OPTIONS (crypto_action 'do_nothing'),
    diagnosis text,
    rest jsonb OPTIONS (whole_item 'true')
) SERVER aws OPTIONS (table_name 'encryption_patients',
                      encryption 'dynamodb_encryption_client', kms_key_id 'alias/regress');
-- The same items as they are stored
CREATE FOREIGN TABLE stored (
    id text OPTIONS (key 'hash'),
    ward text,
    bed int,
    diagnosis bytea,
    signature bytea OPTIONS (attribute_name '*amzn-ddb-map-sig*'),
    description bytea OPTIONS (attribute_name '*amzn-ddb-map-desc*'),
    rest jsonb OPTIONS (whole_item 'true')
) SERVER aws OPTIONS (table_name 'encryption_patients');

-- Written in plaintext, stored encrypted
INSERT INTO patients VALUES ('a', 'B', 1, 'influenza', '{"age": 7}'), ('b', 'B', 2, 'measles', '{}'),
                            ('c', 'C', NULL, NULL, NULL);
INSERT INTO patients VALUES ('a', 'X', 9, 'x', NULL) ON CONFLICT DO NOTHING RETURNING id;
SELECT * FROM patients ORDER BY id;
SELECT id, ward, bed, length(diagnosis), length(signature), length(description) > 100 AS described,
       rest ? 'age' AS has_age
FROM stored ORDER BY id;

-- What is encrypted is judged here; what is not, by DynamoDB and here again; nothing is projected
SELECT plan($$SELECT id FROM patients WHERE diagnosis = 'measles'$$);
SELECT plan($$SELECT diagnosis FROM patients WHERE ward = 'B'$$);
SELECT plan($$SELECT diagnosis FROM patients WHERE id = 'a'$$);
SELECT plan($$SELECT count(*) FROM patients$$);
SELECT plan($$SELECT id FROM patients WHERE rest ->> 'age' = '7'$$);
SELECT id FROM patients WHERE diagnosis = 'measles';
SELECT id FROM patients WHERE rest ->> 'age' = '7';
SELECT diagnosis FROM patients WHERE ward = 'B' AND bed > 1;
SELECT count(*) FROM patients;

-- Changes are made of the whole item
SELECT plan($$UPDATE patients SET diagnosis = 'none' WHERE id = 'a'$$);
SELECT plan($$DELETE FROM patients WHERE id = 'a'$$);
UPDATE patients SET diagnosis = 'none', bed = bed + 1 WHERE diagnosis = 'influenza' RETURNING *;
UPDATE patients SET id = 'd' WHERE id = 'c' RETURNING id, ward;
DELETE FROM patients WHERE diagnosis = 'measles' RETURNING id;
SELECT * FROM patients ORDER BY id;

-- Bad items: found out, or left out
UPDATE stored SET bed = 7 WHERE id = 'a';
SELECT id, bed FROM patients WHERE id = 'a';
UPDATE stored SET ward = 'X' WHERE id = 'a';
SELECT id FROM patients WHERE id = 'a';
UPDATE patients SET bed = 1 WHERE id = 'a';
ALTER FOREIGN TABLE patients OPTIONS (ADD on_bad_item 'skip');
SELECT id FROM patients;
TRUNCATE patients;
SELECT count(*) FROM stored;

-- Options that cannot be
ALTER FOREIGN TABLE patients ALTER id OPTIONS (ADD crypto_action 'encrypt_and_sign');
SELECT id FROM patients;
ALTER FOREIGN TABLE patients ALTER id OPTIONS (DROP crypto_action);
ALTER FOREIGN TABLE patients ALTER diagnosis OPTIONS (ADD crypto_action 'encrypt');
ALTER FOREIGN TABLE patients ALTER rest OPTIONS (ADD crypto_action 'sign_only');
ALTER FOREIGN TABLE patients ALTER ward OPTIONS (ADD kms_encrypted 'true');
ALTER FOREIGN TABLE patients OPTIONS (DROP encryption);
ALTER FOREIGN TABLE patients OPTIONS (DROP kms_key_id);
SELECT id FROM patients;
ALTER FOREIGN TABLE stored ALTER ward OPTIONS (ADD crypto_action 'sign_only');
SELECT id FROM stored;
