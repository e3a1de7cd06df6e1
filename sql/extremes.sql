-- As many columns, conditions and values as PostgreSQL takes
\i sql/server.inc

-- More columns than DynamoDB takes in a projection or a filter
DO $$
DECLARE
    columns text;
BEGIN
    SELECT string_agg(format('c%s numeric', n), ', ') INTO columns FROM generate_series(1, 1590) AS n;
    EXECUTE format('CREATE FOREIGN TABLE wide (id int, %s) SERVER aws OPTIONS (table_name ''extremes_wide'')', columns);
END
$$;
SELECT count(wide), sum(length(wide::text)) FROM wide;
SELECT id, c3, c1590, length(wide::text) FROM wide WHERE id = 2;
SELECT id, c1590, length(wide::text) FROM wide WHERE id IN (0, 3) ORDER BY id;
DO $$
DECLARE
    operator text;
    condition text;
    ids int[];
BEGIN
    FOREACH operator IN ARRAY ARRAY[' AND ', ' OR '] LOOP
        SELECT string_agg(format('c%s = %s', n, 2 * n), operator) INTO condition FROM generate_series(1, 1590) AS n;
        EXECUTE 'SELECT array_agg(id) FROM wide WHERE ' || condition INTO ids;
        RAISE NOTICE '% by %', ids, operator;
    END LOOP;
END
$$;

-- Conditions nested deep, and long lists of all kinds
DO $$
DECLARE
    condition text := 'c1 = 2';
    list text;
    found int;
BEGIN
    FOR n IN 1..400 LOOP
        condition := format('NOT (%s AND c2 <> %s)', condition, n);
    END LOOP;
    EXECUTE 'SELECT count(*) FROM wide WHERE ' || condition INTO found;
    RAISE NOTICE '% by nested conditions', found;
    SELECT string_agg(n::text, ', ') INTO list FROM generate_series(2, 20000) AS n;
    EXECUTE format('SELECT count(*) FROM wide WHERE id IN (%s)', list) INTO found;
    RAISE NOTICE '% by a list of keys', found;
    EXECUTE format('SELECT count(*) FROM wide WHERE c1 IN (%s)', list) INTO found;
    RAISE NOTICE '% by a list of values', found;
    EXECUTE format('SELECT count(*) FROM wide WHERE c1 NOT IN (%s)', list) INTO found;
    RAISE NOTICE '% by a list of other values', found;
    SELECT string_agg('id = ' || n, ' OR ') INTO condition FROM generate_series(2, 3000) AS n;
    EXECUTE 'SELECT count(*) FROM wide WHERE ' || condition INTO found;
    RAISE NOTICE '% by alternatives', found;
END
$$;

-- No column at all
CREATE FOREIGN TABLE bare () SERVER aws OPTIONS (table_name 'extremes_wide');
SELECT count(*) FROM bare;
SELECT FROM bare;

-- The longest name of an attribute
DO $$
BEGIN
    EXECUTE format('CREATE FOREIGN TABLE long_name (id int, x text OPTIONS (attribute_name %L)) SERVER aws '
        'OPTIONS (table_name ''extremes_wide'')', repeat('x', 65535));
END
$$;
SELECT count(x) FROM long_name;
SELECT id FROM long_name WHERE x IS NULL OR x = 'y' ORDER BY 1;
