\i sql/plan.inc

CREATE FOREIGN TABLE documents (id int, document jsonb, _item jsonb OPTIONS (whole_item 'true'))
    SERVER aws OPTIONS (table_name 'plan_documents');
CREATE TABLE local_documents AS SELECT * FROM documents;
-- The rows of both, which must be the same
CREATE FUNCTION rows_of(condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    remote int[];
    local int[];
BEGIN
    EXECUTE 'SELECT array_agg(id ORDER BY id) FROM documents WHERE ' || condition INTO remote;
    EXECUTE 'SELECT array_agg(id ORDER BY id) FROM local_documents WHERE ' || condition INTO local;
    RETURN CASE WHEN remote IS NOT DISTINCT FROM local THEN remote::text ELSE format('%s, not %s', remote, local) END;
END
$$;
SELECT id, document, _item FROM documents ORDER BY id;

-- The text of a member
SELECT plan('SELECT id FROM documents WHERE document ->> ''status'' = ''open''');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'document ->> ''status'' = ''open''',
    'document ->> ''status'' = ''5''',
    'document ->> ''status'' = ''true''',
    'document ->> ''status'' = ''''',
    '''open'' = document ->> ''status''',
    'document ->> ''status'' <> ''open''',
    'document ->> ''status'' IN (''open'', ''5'', ''none'')',
    'document ->> ''status'' NOT IN (''open'', ''5'')',
    'document ->> ''status'' = ''open'' OR document ->> ''status'' = ''closed''',
    'document ->> ''status'' = ''open'' OR document ->> ''nr'' = ''1''',
    'document ->> ''status'' IS NULL',
    'document ->> ''status'' IS NOT NULL',
    'document ->> ''status'' IS DISTINCT FROM ''open''',
    'document ->> ''status'' LIKE ''op%''',
    'document ->> ''status'' LIKE ''%e%''',
    'starts_with(document ->> ''status'', ''t'')',
    'document ->> ''status'' < ''open'' COLLATE "C"',
    'document ->> ''status'' = NULL',
    'NOT (document ->> ''status'' = ''open'')',
    '(document ->> ''status'' = ''open'') IS NULL'
]) condition;
SELECT plan('SELECT id FROM documents WHERE document ->> ''status'' IN (''open'', ''5'') AND document ->> ''nr'' IS NOT NULL');

-- Of a document in it, of the whole item, of a name with a dot
SELECT plan('SELECT id FROM documents WHERE document -> ''status'' ->> ''status'' = ''open''');
SELECT plan('SELECT id FROM documents WHERE _item ->> ''status'' = ''open'' AND _item ->> ''a.b'' LIKE ''o%''');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'document -> ''status'' ->> ''status'' = ''open''',
    'document -> ''status'' ->> ''status'' IS NULL',
    '_item ->> ''status'' = ''open''',
    '_item -> ''status'' ->> ''status'' = ''open''',
    '_item ->> ''a.b'' = ''closed''',
    '_item ->> ''none'' IS NULL AND _item ->> ''status'' IS NOT NULL'
]) condition;

-- As a number or a boolean
SELECT plan('SELECT id FROM documents WHERE (document ->> ''nr'')::int = 1');
SELECT plan('SELECT id FROM documents WHERE (document ->> ''nr'')::numeric BETWEEN 0.5 AND 1.5');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    '(document ->> ''nr'')::int = 1',
    '(document ->> ''nr'')::bigint > 1',
    '(document ->> ''nr'')::numeric BETWEEN 0.5 AND 1.5',
    '(document ->> ''nr'')::boolean',
    '(document ->> ''nr'')::int IS NULL',
    'id IN (3, 4) AND (document ->> ''status'')::int = 5',
    'id IN (5, 6) AND (document ->> ''status'')::boolean'
]) condition;
SELECT id FROM documents WHERE id = 1 AND (document ->> 'status')::int = 5;

-- Of other tables' values, and for each of their rows
PREPARE by_status(text) AS SELECT id FROM documents WHERE document ->> 'status' = $1 ORDER BY id;
SET plan_cache_mode = force_generic_plan;
SELECT plan('EXECUTE by_status(''open'')');
EXECUTE by_status('open');
EXECUTE by_status(NULL);
RESET plan_cache_mode;

-- What is not sent: other operators, what another column holds, other casts
SELECT plan('SELECT id FROM documents WHERE document -> ''status'' > ''5''');
SELECT plan('SELECT id FROM documents WHERE document ?| ARRAY[''status'']');
SELECT plan('SELECT id FROM documents WHERE _item ->> ''document'' = ''open''');
SELECT plan('SELECT id FROM documents WHERE (document ->> ''status'')::bpchar = ''open''');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'document -> ''status'' = ''5''',
    'document -> ''status'' ->> 0 = ''open''',
    '_item ->> ''document'' = ''open''',
    '_item ->> ''document'' IS NULL',
    '(document ->> ''status'')::bpchar = ''open ''',
    'document @> ''{"status": "open"}'''
]) condition;
CREATE FOREIGN TABLE typed_documents (id int, document jsonb OPTIONS (json_format 'dynamodb'))
    SERVER aws OPTIONS (table_name 'plan_documents');
SELECT plan('SELECT id FROM typed_documents WHERE document -> ''M'' -> ''status'' ->> ''S'' = ''open''');
SELECT id FROM typed_documents WHERE document -> 'M' -> 'status' ->> 'S' = 'open';

-- Keys are no part of a filter, and not known from a document
CREATE FOREIGN TABLE orders (customer text, _item jsonb OPTIONS (whole_item 'true'))
    SERVER aws OPTIONS (table_name 'plan_orders');
SELECT plan('SELECT customer FROM orders WHERE customer = ''ann'' AND _item ->> ''placed'' = ''3'' AND _item ->> ''status'' = ''void''');
SELECT customer, _item ->> 'total' FROM orders
    WHERE customer = 'ann' AND _item ->> 'placed' = '3' AND _item ->> 'status' = 'void';
SELECT count(*) FROM orders WHERE _item ->> 'placed' = '3';
SELECT count(*) FROM orders WHERE (_item ->> 'placed')::int < 3 AND _item ->> 'customer' IS NULL;
