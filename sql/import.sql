-- IMPORT FOREIGN SCHEMA: which tables, which columns, of which types, under which names
\i sql/server.inc

-- What was imported into a schema: tables, columns, types, options
CREATE FUNCTION imported(schema name)
RETURNS TABLE (table_name name, column_name name, type text, options text[]) LANGUAGE sql AS $$
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attfdwoptions
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = schema::regnamespace AND a.attnum > 0
    ORDER BY c.relname COLLATE "C", a.attnum
$$;
CREATE FUNCTION imported_tables(schema name) RETURNS TABLE (name name, options text[]) LANGUAGE sql AS $$
    SELECT c.relname, t.ftoptions
    FROM pg_class c JOIN pg_foreign_table t ON t.ftrelid = c.oid
    WHERE c.relnamespace = schema::regnamespace
    ORDER BY c.relname COLLATE "C"
$$;

-- Keys first, then the keys of indexes, with their true types; then what items hold; then the rest
CREATE SCHEMA person;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (import_person) FROM SERVER aws INTO person;
\d person.import_person
SELECT * FROM person.import_person WHERE "Name" = 'Vega' AND "Firstname" = 'Ana';

-- Types: one type in all items, or jsonb
CREATE SCHEMA types;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (import_types) FROM SERVER aws INTO types;
SELECT column_name, type, options FROM imported('types');
\x on
SELECT * FROM types.import_types ORDER BY id;
\x off

-- Names: kept as they are where a column can have them, else changed and mapped
CREATE SCHEMA names;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (import_names) FROM SERVER aws INTO names;
SELECT column_name, type, options FROM imported('names');
\x on
SELECT * FROM names.import_names;
-- without the column _item its name is an attribute's as any other
CREATE SCHEMA names_without_item;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (import_names) FROM SERVER aws INTO names_without_item
    OPTIONS (whole_item 'false');
-- a name with dots: moto takes what a projection's placeholder stands for as a path, where DynamoDB
-- and DynamoDB Local take it literally, so moto finds nothing
\getenv emulator DYNAMODB_EMULATOR
SELECT "a.path[0]" IS NOT DISTINCT FROM CASE WHEN :'emulator' <> 'moto' THEN 9 END AS literal
    FROM names_without_item.import_names;
ALTER FOREIGN TABLE names_without_item.import_names DROP COLUMN "a.path[0]";
\x on
SELECT * FROM names_without_item.import_names;
\x off

-- More attributes than columns: keys and as many as fit, the rest in _item
CREATE SCHEMA wide;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (import_wide) FROM SERVER aws INTO wide;
SELECT count(*), (array_agg(column_name))[1:3] AS first, (array_agg(column_name))[1599:1600] AS last FROM imported('wide');
SELECT zz_hash, attribute_1596, (SELECT count(*) FROM jsonb_object_keys(_item)), _item -> 'attribute_1699' AS last
    FROM wide.import_wide WHERE attribute_0001 = 1;
CREATE SCHEMA wide_without_item;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (import_wide) FROM SERVER aws INTO wide_without_item OPTIONS (whole_item 'false');
SELECT count(*) FROM imported('wide_without_item');

-- Which tables: all with a prefix, some, all but some; names match DynamoDB's to the letter
CREATE SCHEMA prefixed;
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER aws INTO prefixed OPTIONS (table_prefix 'import_', keys_only 'true');
SELECT * FROM imported_tables('prefixed');
SELECT * FROM imported('prefixed') WHERE table_name NOT LIKE 'import\_long%';
CREATE SCHEMA most;
IMPORT FOREIGN SCHEMA dynamodb EXCEPT (import_wide, import_names, import_missing) FROM SERVER aws INTO most
    OPTIONS (table_prefix 'import_', keys_only 'true', whole_item 'false');
SELECT name FROM imported_tables('most');
CREATE SCHEMA quoted;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO ("Import.Quoted-Name", import_missing, import_empty, import_empty)
    FROM SERVER aws INTO quoted;
SELECT * FROM imported_tables('quoted');
SELECT count(*) FROM quoted."Import.Quoted-Name";
CREATE SCHEMA folded;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (Import_Person, import_PERSON) FROM SERVER aws INTO folded OPTIONS (sample_items '0');
SELECT column_name FROM imported('folded');
-- a name that is longer than an identifier: what LIMIT TO says was cut, and matches the first
CREATE SCHEMA long;
IMPORT FOREIGN SCHEMA dynamodb
    LIMIT TO (import_long_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx_a)
    FROM SERVER aws INTO long;
SELECT * FROM imported_tables('long');
SELECT count(*) FROM long.import_long_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx;

-- A table that is there already is not replaced, and nothing is imported
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (import_person, import_empty) FROM SERVER aws INTO person;
SELECT name FROM imported_tables('person');

-- A role needs USAGE on the server, and a mapping of its own
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_import_user;
RESET client_min_messages;
CREATE ROLE regress_import_user;
CREATE SCHEMA of_user AUTHORIZATION regress_import_user;
SET ROLE regress_import_user;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (import_empty) FROM SERVER aws INTO of_user;
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER aws TO regress_import_user;
SET ROLE regress_import_user;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (import_empty) FROM SERVER aws INTO of_user;
CREATE USER MAPPING FOR CURRENT_USER SERVER aws;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (import_empty) FROM SERVER aws INTO of_user;
ALTER USER MAPPING FOR CURRENT_USER SERVER aws OPTIONS (aws_access_key_id 'AKIDOTHER', aws_secret_access_key 'other');
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (import_empty) FROM SERVER aws INTO of_user;
SELECT * FROM of_user.import_empty;
RESET ROLE;
DROP OWNED BY regress_import_user CASCADE;
DROP ROLE regress_import_user;
