-- AWS KMS: functions, and columns that are encrypted with it
\i sql/server.inc
\getenv kms_endpoint KMS_ENDPOINT
\set ECHO none
ALTER SERVER aws OPTIONS (ADD kms_endpoint_url :'kms_endpoint');
\set ECHO all
\set VERBOSITY terse

-- Functions: both ways, with and without context, by value and by array
SELECT kms_decrypt('aws', kms_encrypt('aws', 'alias/regress', 'hunter2')) AS plaintext;
SELECT kms_decrypt_bytea('aws', kms_encrypt_bytea('aws', 'alias/regress', '\x00ff'::bytea)) AS plaintext;
SELECT kms_decrypt('aws', kms_encrypt('aws', 'alias/regress', 'hunter2', '{"a": "1", "b": "2"}'),
                   '{"b": "2", "a": "1"}', 'alias/regress') AS plaintext;
SELECT kms_decrypt('aws', kms_encrypt('aws', 'alias/regress', '{{a,b},{NULL,€}}'::text[])) AS plaintexts;
SELECT kms_decrypt('aws', kms_reencrypt('aws', kms_encrypt('aws', 'alias/regress', 'x', '{"a": "1"}'),
                                        'alias/regress', '{"a": "1"}', '{"a": "2"}'),
                   '{"a": "2"}') AS plaintext;
SELECT length(plaintext), kms_decrypt_bytea('aws', ciphertext) = plaintext AS opened
FROM kms_generate_data_key('aws', 'alias/regress', number_of_bytes => 16);
SELECT length(kms_generate_random('aws', 32));
SELECT kms_describe_key('aws', 'alias/regress') ->> 'Description' AS description;
SELECT aliases FROM kms_list_keys('aws') WHERE 'alias/regress' = ANY (aliases);
SELECT kms_encrypt('aws', 'alias/regress', NULL::text) IS NULL AS null_gives_null;

-- Errors: none shows a value
\set VERBOSITY default
SELECT kms_encrypt('aws', 'alias/regress', repeat('x', 4097));
SELECT kms_encrypt('aws', 'alias/regress', '');
SELECT kms_encrypt('aws', 'alias/regress', 'x', '{"a": 1}');
SELECT kms_decrypt('aws', '\x'::bytea);
SELECT kms_decrypt('aws', kms_encrypt_bytea('aws', 'alias/regress', '\xff'::bytea));
\set VERBOSITY sqlstate
SELECT kms_decrypt('aws', kms_encrypt('aws', 'alias/regress', 'x', '{"a": "1"}'), '{"a": "2"}');
SELECT kms_encrypt('aws', 'alias/none', 'x');
\set VERBOSITY default

-- Columns
CREATE FOREIGN TABLE secrets (
    id text OPTIONS (key 'hash'),
    number numeric,
    note text,
    token text OPTIONS (kms_encrypted 'true',
                        kms_encryption_context '{"table": "secrets", "id": "$id"}'),
    amount numeric OPTIONS (kms_encrypted 'true')
) SERVER aws OPTIONS (table_name 'kms_secrets', kms_key_id 'alias/regress');
CREATE FOREIGN TABLE stored (
    id text OPTIONS (key 'hash'),
    token bytea,
    amount bytea
) SERVER aws OPTIONS (table_name 'kms_secrets');

INSERT INTO secrets VALUES ('a', 1, 'x', 'hunter2', 12.50), ('b', 2, 'y', NULL, NULL);
SELECT * FROM secrets ORDER BY id;
SELECT id, kms_decrypt('aws', token, jsonb_build_object('table', 'secrets', 'id', id)) AS token,
       kms_decrypt('aws', amount) AS amount
FROM stored ORDER BY id;
SELECT id FROM secrets WHERE token = 'hunter2';
SELECT id FROM secrets WHERE token IS NULL;

-- A condition on an encrypted column is checked here; other columns need no decryption
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM secrets WHERE token = 'hunter2' AND number > 0;
EXPLAIN (VERBOSE, COSTS OFF) SELECT note FROM secrets WHERE id = 'a';

-- An update encrypts what it assigns
UPDATE secrets SET amount = 13 WHERE id = 'b';
UPDATE secrets SET token = token || '!' WHERE token = 'hunter2' RETURNING id, token, amount;
UPDATE secrets SET note = 'z' WHERE id = 'a';
SELECT * FROM secrets ORDER BY id;
UPDATE secrets SET token = NULL, amount = NULL WHERE id = 'a';
SELECT * FROM stored WHERE id = 'a';

-- What a ciphertext is bound to does not change without it
UPDATE secrets SET id = 'c' WHERE id = 'b';
UPDATE secrets SET id = 'c', token = 'hunter3' WHERE id = 'b';
SELECT id, token, amount FROM secrets ORDER BY id;

-- A ciphertext that was moved to another item does not open
UPDATE stored SET token = (SELECT token FROM stored WHERE id = 'c') WHERE id = 'a';
\set VERBOSITY sqlstate
SELECT token FROM secrets WHERE id = 'a';
\set VERBOSITY default
SELECT id, note FROM secrets WHERE id = 'a';

-- ANALYZE looks at no plaintext
ANALYZE secrets;
SELECT attname FROM pg_stats WHERE tablename = 'secrets' ORDER BY 1;

DELETE FROM secrets;
SELECT count(*) FROM secrets;
