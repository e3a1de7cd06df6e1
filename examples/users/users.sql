-- Users with an encrypted column: who may encrypt, who may decrypt, and a new key.

\echo
\echo '--- 1. A server, three roles with keys of their own, and the table'
\echo
\ir setup.sql

\echo
\echo '--- 2. registration may encrypt: it inserts, and an application reads what it has stored'
\echo
SET ROLE registration;
INSERT INTO users VALUES ('u-0002', 'bo', 'token of SQL'), ('u-0003', 'carla', 'another token');
UPDATE users SET token = 'a new token' WHERE id = 'u-0003';
SELECT id, username FROM users ORDER BY id;

\echo
\echo '--- 3. ... but it may not decrypt, and the error names the key'
\echo
\set ON_ERROR_STOP off
SELECT id, token FROM users ORDER BY id;
\set ON_ERROR_STOP on

\echo
\echo '--- 4. support may decrypt, also what an application has encrypted'
\echo
SET ROLE support;
SELECT id, username, token FROM users ORDER BY id;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT token FROM users;

\echo
\echo '--- 5. ... but it may neither encrypt nor write'
\echo
\set ON_ERROR_STOP off
INSERT INTO users VALUES ('u-0004', 'dmitri', 'no token');
\set ON_ERROR_STOP on

\echo
\echo '--- 6. reporting may do neither, and counts users all the same'
\echo
SET ROLE reporting;
SELECT count(*) FROM users;
SELECT username FROM users WHERE id = 'u-0002';
\set ON_ERROR_STOP off
SELECT username FROM users WHERE token = 'token of SQL';
\set ON_ERROR_STOP on

\echo
\echo '--- 7. A new key: while it comes, both open the column; new tokens take the new one'
\echo
RESET ROLE;
ALTER FOREIGN TABLE users OPTIONS (
    SET kms_key_id 'alias/users-next',
    ADD kms_key_ids_for_decrypt 'alias/users, alias/users-next');

-- The plaintext does not leave AWS KMS.
UPDATE users_as_stored SET token = kms_reencrypt('aws', token, 'alias/users-next');

-- Now the old key opens nothing any more.
ALTER FOREIGN TABLE users OPTIONS (DROP kms_key_ids_for_decrypt);

SET ROLE support;
SELECT id, username, token FROM users ORDER BY id;
RESET ROLE;
