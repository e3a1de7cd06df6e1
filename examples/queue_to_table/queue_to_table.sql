-- An encrypted queue into an encrypted table: one statement, and no message lost.

\echo
\echo '--- 1. A server, four roles that assume roles of AWS, two queues and the table'
\echo
\ir setup.sql

\echo
\echo '--- 2. queue_sender may send, and no more'
\echo
SET ROLE queue_sender;
INSERT INTO my_sample_queue (body, action) VALUES
    ('Doe,Jane', 'creation'), ('Roe,Richard', 'creation'), ('Doe,Jane', 'creation'),
    ('no comma', 'creation'), ('Doe,John', 'deletion');
\set ON_ERROR_STOP off
SELECT count(*) FROM person;
\set ON_ERROR_STOP on

\echo
\echo '--- 3. person_writer makes items of messages; a second time there is nothing to do'
\echo
SET ROLE person_writer;
\ir drain.sql
\ir drain.sql
SELECT * FROM person ORDER BY 1, 2;

\echo
\echo '--- 4. What could not be understood is a dead letter; what was not meant for us is still there'
\echo
SELECT body, reason FROM my_dead_letters;
SELECT body, action FROM my_sample_queue;

\echo
\echo '--- 5. What is rolled back is received again'
\echo
RESET ROLE;
SET ROLE queue_sender;
INSERT INTO my_sample_queue (body, action) VALUES ('Poe,Edgar', 'creation');
SET ROLE person_writer;
BEGIN;
DELETE FROM my_sample_queue WHERE action = 'creation' RETURNING body;
ROLLBACK;
\ir drain.sql
SELECT * FROM person WHERE "Name" = 'Poe';

\echo
\echo '--- 6. Without the key nothing is read of what it has encrypted'
\echo
-- AWS denies the table as well; the emulator does not ask the key for that.
SET ROLE person_reader_without_key;
\set ON_ERROR_STOP off
SELECT kms_encrypt('aws', 'alias/person', 'text');
\set ON_ERROR_STOP on

\echo
\echo '--- 7. key_administrator sees the key, and neither uses it nor reads data'
\echo
SET ROLE key_administrator;
SELECT kms_describe_key('aws', 'alias/person') -> 'KeyState' AS state;
\set ON_ERROR_STOP off
SELECT kms_encrypt('aws', 'alias/person', 'text');
SELECT count(*) FROM person;
\set ON_ERROR_STOP on
RESET ROLE;
