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
