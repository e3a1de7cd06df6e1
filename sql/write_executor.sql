\i sql/server.inc
-- All the ways in which PostgreSQL writes to a foreign table
CREATE FOREIGN TABLE parts (id int, name text, stock int)
    SERVER aws OPTIONS (table_name 'write_executor_parts');
CREATE TABLE log (number serial, entry text);
SET client_min_messages = error; -- a WARNING may come before or after its ERROR

-- triggers: they see, and change, what is written, and may read the table
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    present int;
BEGIN
    SELECT count(*) INTO present FROM parts;
    IF TG_LEVEL = 'STATEMENT' THEN
        INSERT INTO log (entry) VALUES (format('%s %s statement, %s rows', TG_WHEN, TG_OP, present));
        RETURN NULL;
    END IF;
    INSERT INTO log (entry) VALUES (format('%s %s %s -> %s, %s rows', TG_WHEN, TG_OP, OLD, NEW, present));
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    IF TG_WHEN = 'BEFORE' THEN NEW.name := upper(NEW.name); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER before_row BEFORE INSERT OR UPDATE OR DELETE ON parts FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER after_row AFTER INSERT OR UPDATE OR DELETE ON parts FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER after_statement AFTER INSERT OR UPDATE OR DELETE ON parts FOR EACH STATEMENT EXECUTE FUNCTION note();
INSERT INTO parts VALUES (1, 'bolt', 10), (2, 'nut', 20);
UPDATE parts SET stock = stock + 1 WHERE id = 1;
DELETE FROM parts WHERE id = 2;
SELECT entry FROM log ORDER BY number;
SELECT * FROM parts;
DROP FUNCTION note CASCADE;

-- a function that reads the table sees the rows that were handed over before its own
ALTER FOREIGN TABLE parts OPTIONS (ADD batch_size '1');
CREATE FUNCTION present() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT count(*) FROM parts';
INSERT INTO parts SELECT i, 'part', present() FROM generate_series(11, 14) i;
ALTER FOREIGN TABLE parts OPTIONS (SET batch_size '3');
INSERT INTO parts SELECT i, 'part', present() FROM generate_series(15, 18) i;
SELECT id, stock FROM parts WHERE id > 10 ORDER BY id;

-- COPY
COPY parts FROM stdin WITH (FORMAT csv);
21,copied,1
22,"copied, too",
23,,3
\.
COPY parts (id) FROM stdin;
24
21
\.
SELECT * FROM parts WHERE id > 20 ORDER BY id;
DELETE FROM parts WHERE id > 1;

-- a view, and one with a check
CREATE VIEW stocked AS SELECT id, stock FROM parts WHERE stock > 0 WITH CHECK OPTION;
INSERT INTO stocked VALUES (31, 1);
INSERT INTO stocked VALUES (32, 0);
UPDATE stocked SET stock = stock - 1 WHERE id = 31;
UPDATE stocked SET stock = stock + 1 WHERE id = 31 RETURNING *;
DELETE FROM stocked WHERE id = 31;
SELECT * FROM parts ORDER BY id;

-- prepared statements, PL/pgSQL, exception blocks, CTEs
PREPARE put(int, text) AS INSERT INTO parts VALUES ($1, $2, 0);
EXECUTE put(41, 'a');
EXECUTE put(42, 'b');
DO $$
BEGIN
    FOR i IN 43 .. 45 LOOP
        INSERT INTO parts VALUES (i, 'loop', i);
    END LOOP;
    BEGIN
        INSERT INTO parts VALUES (41, 'again', 0);
    EXCEPTION WHEN unique_violation THEN
        UPDATE parts SET name = 'found', stock = stock + 1 WHERE id = 41;
    END;
    PERFORM FROM parts WHERE id = 45;
    IF NOT FOUND THEN RAISE 'missing'; END IF;
END $$;
WITH added AS (INSERT INTO parts VALUES (46, 'cte', 1) RETURNING id),
     removed AS (DELETE FROM parts WHERE id = 42 RETURNING *)
    SELECT added.id, removed.* FROM added, removed;
SELECT * FROM parts WHERE id > 40 ORDER BY id;
-- what fails in a function that the failing statement calls is not lost
CREATE FUNCTION peek() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(*) FROM parts);
EXCEPTION WHEN OTHERS THEN
    RETURN -1;
END $$;
INSERT INTO parts SELECT 41, 'duplicate', peek() FROM generate_series(1, 2);
SELECT name FROM parts WHERE id = 41;

-- partitions
CREATE TABLE rows (kind text, id int, name text) PARTITION BY LIST (kind);
CREATE TABLE rows_here PARTITION OF rows FOR VALUES IN ('here');
CREATE FOREIGN TABLE rows_there PARTITION OF rows FOR VALUES IN ('there')
    SERVER aws OPTIONS (table_name 'write_executor_parts');
DELETE FROM parts;
INSERT INTO rows VALUES ('here', 1, 'a'), ('there', 2, 'b'), ('there', 3, 'c');
SELECT tableoid::regclass, * FROM rows ORDER BY id;
COPY rows FROM stdin WITH (FORMAT csv);
there,4,d
here,5,e
\.
UPDATE rows SET name = name || '!' WHERE id > 1;
UPDATE rows SET kind = 'there' WHERE id = 1;
UPDATE rows SET kind = 'here' WHERE id = 2;
UPDATE rows_there SET kind = 'here' WHERE id = 2;
INSERT INTO rows_there VALUES ('here', 9, 'x');
DELETE FROM rows WHERE id = 3;
SELECT tableoid::regclass, * FROM rows ORDER BY id;

-- what foreign tables cannot do
INSERT INTO parts VALUES (2, 'x', 0) ON CONFLICT (id) DO UPDATE SET name = 'x';
MERGE INTO parts USING (VALUES (2)) AS v(id) ON parts.id = v.id WHEN MATCHED THEN DELETE;
