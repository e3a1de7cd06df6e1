\i sql/server.inc
-- TRUNCATE: a Scan of the keys, and a delete for each, whatever the write mode is
CREATE FOREIGN TABLE parts (id int, name text)
    SERVER aws OPTIONS (table_name 'write_truncate_parts');
CREATE FOREIGN TABLE readings (sensor text, taken int, value numeric)
    SERVER aws OPTIONS (table_name 'write_truncate_readings', write_mode 'overwrite', hide_expired 'true', ttl_attribute 'value');
CREATE TABLE here (id int);

INSERT INTO parts SELECT i, 'part' FROM generate_series(1, 130) i;
INSERT INTO readings SELECT 'sensor ' || i % 3, i, 1 FROM generate_series(1, 130) i;
SELECT count(*) FROM parts;
TRUNCATE parts;
SELECT count(*) FROM parts;
-- items that are hidden because they have expired go as well
INSERT INTO parts VALUES (1, 'part');
INSERT INTO here VALUES (1);
TRUNCATE parts, here, readings;
ALTER FOREIGN TABLE readings OPTIONS (DROP hide_expired);
SELECT (SELECT count(*) FROM parts), (SELECT count(*) FROM here), (SELECT count(*) FROM readings);
TRUNCATE parts;

ALTER FOREIGN TABLE parts OPTIONS (ADD truncatable 'false');
TRUNCATE parts;
CREATE FOREIGN TABLE missing (id int) SERVER aws
    OPTIONS (table_name 'write_truncate_missing', on_missing_table 'empty');
TRUNCATE missing;

-- write_mode 'transaction': the deletes wait for the commit like other writes
CREATE FOREIGN TABLE pending (id int, name text)
    SERVER aws OPTIONS (table_name 'write_truncate_parts', write_mode 'transaction');
INSERT INTO pending SELECT i, 'part' FROM generate_series(1, 60) i;
BEGIN;
TRUNCATE pending;
SELECT count(*) FROM pending;
ROLLBACK;
SELECT count(*) FROM pending;
-- also what the transaction itself has written, and not what it writes afterwards
BEGIN;
INSERT INTO pending VALUES (61, 'new'), (62, 'new');
DELETE FROM pending WHERE id IN (1, 61);
UPDATE pending SET name = 'changed' WHERE id IN (2, 62);
SAVEPOINT one;
TRUNCATE pending;
INSERT INTO pending VALUES (3, 'again'), (62, 'again');
SELECT * FROM pending ORDER BY id;
ROLLBACK TO one;
SELECT count(*), min(id), max(id), min(name) FROM pending;
TRUNCATE pending;
INSERT INTO pending VALUES (3, 'again'), (63, 'new');
TRUNCATE here, pending;
INSERT INTO pending VALUES (4, 'at last');
COMMIT;
SELECT * FROM pending ORDER BY id;
-- up to as many items as a transaction takes
INSERT INTO pending SELECT i, 'part' FROM generate_series(5, 100) i;
INSERT INTO pending VALUES (101, 'part'), (102, 'part'), (103, 'part'), (104, 'part');
TRUNCATE pending;
SELECT count(*) FROM pending;
DELETE FROM pending WHERE id = 104;
TRUNCATE pending;
SELECT count(*) FROM pending;
ALTER FOREIGN TABLE pending OPTIONS (ADD truncatable 'false');
TRUNCATE pending;
