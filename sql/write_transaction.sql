\i sql/server.inc
-- write_mode 'transaction': what a transaction writes is one TransactWriteItems, at its commit
CREATE FOREIGN TABLE accounts (id text, owner text, balance numeric)
    SERVER aws OPTIONS (table_name 'pending_accounts', write_mode 'transaction');
CREATE FOREIGN TABLE notes (id int, body text)
    SERVER aws OPTIONS (table_name 'pending_notes', write_mode 'transaction');

-- outside of a block every statement is a transaction
INSERT INTO accounts VALUES ('a', 'Ann', 100), ('b', 'Ben', 50);
SELECT * FROM accounts ORDER BY id;
UPDATE accounts SET balance = balance - 10 WHERE id = 'a' RETURNING *;
DELETE FROM accounts WHERE id = 'b' RETURNING id, owner;
SELECT * FROM accounts ORDER BY id;
EXPLAIN (VERBOSE, COSTS OFF) INSERT INTO accounts VALUES ('z');

-- several statements and tables; nothing of a rollback is sent
BEGIN;
INSERT INTO accounts VALUES ('c', 'Cleo', 5);
INSERT INTO notes VALUES (1, 'opened');
UPDATE accounts SET balance = balance + 1;
SELECT * FROM accounts ORDER BY id;
ROLLBACK;
SELECT * FROM accounts ORDER BY id;
SELECT * FROM notes;
BEGIN;
INSERT INTO accounts VALUES ('c', 'Cleo', 5);
INSERT INTO notes VALUES (1, 'opened');
UPDATE accounts SET balance = balance + 1;
COMMIT;
SELECT * FROM accounts ORDER BY id;
SELECT * FROM notes;

-- savepoints, nested, released and rolled back
BEGIN;
UPDATE accounts SET owner = 'first' WHERE id = 'a';
SAVEPOINT one;
UPDATE accounts SET owner = 'second' WHERE id = 'a';
INSERT INTO accounts VALUES ('d', 'Dan', 1);
SAVEPOINT two;
DELETE FROM accounts;
SELECT count(*) FROM accounts;
ROLLBACK TO two;
SELECT * FROM accounts ORDER BY id;
RELEASE one;
SAVEPOINT three;
UPDATE accounts SET balance = 0;
ROLLBACK TO three;
SELECT * FROM accounts ORDER BY id;
COMMIT;
SELECT * FROM accounts ORDER BY id;

-- several writes of one item
BEGIN;
INSERT INTO accounts VALUES ('e', 'Eve', 1);
UPDATE accounts SET balance = 2 WHERE id = 'e';
DELETE FROM accounts WHERE id = 'e';
INSERT INTO accounts VALUES ('e', 'Eva', 3);
DELETE FROM accounts WHERE id = 'd';
INSERT INTO accounts VALUES ('d', 'Dora', 4);
UPDATE accounts SET balance = balance * 2 WHERE id IN ('d', 'e');
INSERT INTO accounts VALUES ('f', 'Finn', 1);
DELETE FROM accounts WHERE id = 'f';
COMMIT;
SELECT * FROM accounts ORDER BY id;

-- duplicates: of a pending row at once, of a stored one at the commit; nothing is sent of the rest
BEGIN;
INSERT INTO accounts VALUES ('g', 'Gus', 1);
INSERT INTO accounts VALUES ('g', 'Gus', 1);
ROLLBACK;
BEGIN;
INSERT INTO accounts VALUES ('g', 'Gus', 1);
INSERT INTO accounts VALUES ('a', 'Ann', 1);
\set VERBOSITY terse
COMMIT;
\set VERBOSITY default
SELECT * FROM accounts WHERE id IN ('a', 'g') ORDER BY id;
-- deleted and put again is no duplicate; put and deleted still may be one
BEGIN;
DELETE FROM accounts WHERE id = 'a';
INSERT INTO accounts VALUES ('a', 'Anna', 7);
COMMIT;
BEGIN;
INSERT INTO accounts VALUES ('a', 'Ann', 1);
DELETE FROM accounts WHERE id = 'a';
\set VERBOSITY terse
COMMIT;
\set VERBOSITY default
SELECT * FROM accounts WHERE id = 'a';

-- ON CONFLICT DO NOTHING looks: at pending rows, then at DynamoDB
BEGIN;
INSERT INTO accounts VALUES ('h', 'Hal', 1);
INSERT INTO accounts VALUES ('a', 'no', 0), ('h', 'no', 0), ('i', 'Ida', 1), ('i', 'no', 0)
    ON CONFLICT DO NOTHING RETURNING *;
DELETE FROM accounts WHERE id = 'h';
INSERT INTO accounts VALUES ('h', 'Hilda', 2) ON CONFLICT DO NOTHING;
COMMIT;
SELECT * FROM accounts WHERE id IN ('a', 'h', 'i') ORDER BY id;

-- an UPDATE of the key moves the item: two actions
BEGIN;
UPDATE accounts SET id = 'j', balance = 9 WHERE id = 'i' RETURNING *;
SELECT * FROM accounts WHERE id IN ('i', 'j');
UPDATE accounts SET id = 'k' WHERE id = 'j';
SELECT * FROM accounts WHERE id IN ('i', 'j', 'k');
COMMIT;
SELECT * FROM accounts WHERE id IN ('i', 'j', 'k');
\set VERBOSITY terse
UPDATE accounts SET id = 'a' WHERE id = 'k';
\set VERBOSITY default
SELECT id FROM accounts WHERE id IN ('a', 'k') ORDER BY id;

-- a deferred constraint that fails when the transaction commits: nothing is sent
CREATE TABLE checked (id int PRIMARY KEY, other int REFERENCES checked DEFERRABLE INITIALLY DEFERRED);
BEGIN;
INSERT INTO accounts VALUES ('l', 'Lea', 1);
INSERT INTO checked VALUES (1, 2);
COMMIT;
SELECT * FROM accounts WHERE id = 'l';

-- exception blocks are subtransactions
DO $$
BEGIN
    INSERT INTO notes VALUES (2, 'kept');
    BEGIN
        INSERT INTO notes VALUES (3, 'undone');
        UPDATE notes SET body = 'undone' WHERE id = 2;
        RAISE EXCEPTION 'no';
    EXCEPTION WHEN raise_exception THEN
        INSERT INTO notes VALUES (4, 'after ' || (SELECT string_agg(id::text, ',' ORDER BY id) FROM notes));
    END;
    BEGIN
        INSERT INTO notes VALUES (2, 'duplicate');
    EXCEPTION WHEN unique_violation THEN
        INSERT INTO notes VALUES (5, SQLERRM);
    END;
END $$;
SELECT * FROM notes ORDER BY id;

-- procedures that commit, and chains
CREATE PROCEDURE two_transactions() LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notes VALUES (6, 'committed');
    COMMIT;
    INSERT INTO notes VALUES (7, 'rolled back');
    ROLLBACK;
    INSERT INTO notes VALUES (8, 'committed');
END $$;
CALL two_transactions();
BEGIN;
INSERT INTO notes VALUES (9, 'committed');
COMMIT AND CHAIN;
INSERT INTO notes VALUES (10, 'rolled back');
ROLLBACK AND CHAIN;
INSERT INTO notes VALUES (11, 'committed');
COMMIT;
SELECT id FROM notes WHERE id > 5 ORDER BY id;

-- cursors see what was there when they were opened, also those held over the commit
BEGIN;
INSERT INTO notes VALUES (12, 'before the cursor');
DECLARE held CURSOR WITH HOLD FOR SELECT id, body FROM notes WHERE id > 8 ORDER BY id;
INSERT INTO notes VALUES (13, 'after the cursor');
UPDATE notes SET body = 'changed' WHERE id = 12;
FETCH 2 FROM held;
COMMIT;
FETCH ALL FROM held;
CLOSE held;
SELECT id, body FROM notes WHERE id > 11 ORDER BY id;

-- statements do not see what they write themselves
BEGIN;
INSERT INTO notes SELECT id + 100, body FROM notes WHERE id < 10;
INSERT INTO notes SELECT id + 100, body FROM notes WHERE id > 100;
SELECT count(*), max(id) FROM notes;
WITH deleted AS (DELETE FROM notes WHERE id > 200 RETURNING id)
    SELECT (SELECT count(*) FROM deleted) AS deleted, (SELECT count(*) FROM notes) AS seen;
SELECT count(*) FROM notes;
ROLLBACK;

-- a row is changed once by a statement, as PostgreSQL's own
BEGIN;
UPDATE notes SET body = 'joined ' || n FROM generate_series(1, 3) n WHERE id = 1;
SELECT body LIKE 'joined _' AS changed FROM notes WHERE id = 1;
ROLLBACK;
CREATE FUNCTION interfere() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM notes WHERE id = OLD.id;
    RETURN NEW;
END $$;
CREATE TRIGGER interfere BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION interfere();
UPDATE notes SET body = 'x' WHERE id = 1;
DROP TRIGGER interfere ON notes;

-- COPY
COPY notes FROM stdin;
301	copied
302	\N
\.
SELECT * FROM notes WHERE id > 300 ORDER BY id;

-- limits, named at the statement that crosses them
BEGIN;
INSERT INTO notes SELECT n, 'many' FROM generate_series(401, 500) n;
SAVEPOINT filled;
INSERT INTO notes VALUES (501, 'one too many');
ROLLBACK TO filled;
UPDATE notes SET body = 'changed' WHERE id BETWEEN 401 AND 410;
SELECT count(*) FROM notes WHERE id > 400;
COMMIT;
SELECT body, count(*) FROM notes WHERE id > 400 GROUP BY body ORDER BY body;
DELETE FROM notes WHERE id > 400;
BEGIN;
INSERT INTO notes SELECT n, repeat('x', 390000) FROM generate_series(401, 410) n;
\set VERBOSITY terse
INSERT INTO notes SELECT n, repeat('x', 390000) FROM generate_series(411, 420) n;
\set VERBOSITY default
ROLLBACK;
SELECT count(*) FROM notes WHERE id > 400;
-- two units for each kilobyte, of which the transaction as a whole may consume so many
ALTER FOREIGN TABLE notes OPTIONS (ADD max_capacity_units '8');
BEGIN;
INSERT INTO notes VALUES (401, 'one'), (402, repeat('x', 1024));
SAVEPOINT filled;
INSERT INTO notes VALUES (403, 'three'), (404, 'four');
ROLLBACK TO filled;
UPDATE notes SET body = repeat('x', 2048) WHERE id = 401;
ROLLBACK TO filled;
INSERT INTO notes VALUES (403, 'three');
DELETE FROM notes WHERE id = 402;
INSERT INTO notes VALUES (404, 'four');
COMMIT;
UPDATE notes SET body = repeat('x', 8192) WHERE id = 401;
SELECT * FROM notes WHERE id > 400 ORDER BY id;
ALTER FOREIGN TABLE notes OPTIONS (DROP max_capacity_units);
DELETE FROM notes WHERE id > 400;

-- what cannot be
BEGIN;
INSERT INTO notes VALUES (601, 'x');
PREPARE TRANSACTION 'pending';
SELECT * FROM notes WHERE id = 601;
BEGIN READ ONLY;
INSERT INTO notes VALUES (601, 'x');
ROLLBACK;

-- servers of one account, region, endpoint and principal share a request
CREATE SERVER twin FOREIGN DATA WRAPPER dynamodb_kms_fdw
    OPTIONS (region :'region', endpoint_url :'endpoint');
CREATE USER MAPPING FOR CURRENT_USER SERVER twin
    OPTIONS (aws_access_key_id :'access_key_id', aws_secret_access_key :'secret_access_key');
CREATE FOREIGN TABLE near (id int, body text)
    SERVER twin OPTIONS (table_name 'pending_notes', write_mode 'transaction');
BEGIN;
INSERT INTO notes VALUES (601, 'here');
INSERT INTO near VALUES (602, 'another server, the same account');
SELECT * FROM near WHERE id > 600 ORDER BY id;
COMMIT;
SELECT * FROM notes WHERE id > 600 ORDER BY id;
-- one statement may write to both
CREATE TABLE parted (id int, body text) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE lower_part PARTITION OF parted FOR VALUES FROM (0) TO (700)
    SERVER aws OPTIONS (table_name 'pending_notes', write_mode 'transaction');
CREATE FOREIGN TABLE upper_part PARTITION OF parted FOR VALUES FROM (700) TO (800)
    SERVER twin OPTIONS (table_name 'pending_notes', write_mode 'transaction');
ALTER USER MAPPING FOR CURRENT_USER SERVER twin OPTIONS (SET aws_access_key_id 'another');
BEGIN;
INSERT INTO notes VALUES (603, 'here');
INSERT INTO near VALUES (604, 'as somebody else');
ROLLBACK;
INSERT INTO parted VALUES (605, 'here'), (705, 'there');
SELECT id FROM notes WHERE id > 600 ORDER BY id;
DELETE FROM notes WHERE id > 600;
