\i sql/server.inc

CREATE FOREIGN TABLE readings (
    sensor text, taken int, level text, value numeric, note text,
    room text OPTIONS (attribute_path 'place.room')
) SERVER aws OPTIONS (table_name 'read_readings');
CREATE FOREIGN TABLE parts (id int, name text, stock int)
    SERVER aws OPTIONS (table_name 'read_parts');
CREATE FOREIGN TABLE whole (sensor text, taken int, item jsonb OPTIONS (whole_item 'true'))
    SERVER aws OPTIONS (table_name 'read_readings');

-- Bytes and capacity are the emulator's affair: only whether there were any is shown
CREATE FUNCTION explained(query text, VARIADIC options text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE format('EXPLAIN (COSTS OFF, %s) %s', array_to_string(options, ', '), query) LOOP
        line := regexp_replace(line, 'Bytes Received: [1-9]\d*', 'Bytes Received: some');
        line := regexp_replace(line, 'Consumed Capacity Units: (0\.[1-9]|[1-9])[\d.]*', 'Consumed Capacity Units: some');
        line := regexp_replace(line, 'Estimated Capacity Units: [\d.]+', 'Estimated Capacity Units: some');
        CONTINUE WHEN line LIKE 'Planning Time%' OR line LIKE 'Execution Time%';
        RETURN NEXT line;
    END LOOP;
END
$$;

-- Without VERBOSE and ANALYZE: nothing that other scans would not show
EXPLAIN (COSTS OFF) SELECT name FROM parts WHERE id = 1;

-- One request of each kind
SELECT explained('SELECT name FROM parts WHERE id = 1', 'VERBOSE');
SELECT explained('SELECT name FROM parts WHERE id IN (1, 2, 3)', 'VERBOSE');
SELECT explained('SELECT value, room FROM readings WHERE sensor = ''a'' AND taken > 7', 'VERBOSE');
SELECT explained('SELECT * FROM readings WHERE sensor = ''a'' ORDER BY taken DESC LIMIT 3', 'VERBOSE');
SELECT explained('SELECT taken FROM readings WHERE level = ''error'' AND taken BETWEEN 1 AND 9', 'VERBOSE');
SELECT explained('SELECT value FROM readings WHERE note = ''it''''s'' AND value > 3', 'VERBOSE');
SELECT explained('SELECT * FROM whole', 'VERBOSE');
SELECT explained('SELECT count(*) FROM readings', 'VERBOSE');

-- Parameters
SET plan_cache_mode = force_generic_plan;
PREPARE reading(text, int) AS SELECT value FROM readings WHERE sensor = $1 AND taken > $2 AND note = 'x';
SELECT explained('EXECUTE reading(''a'', 1)', 'VERBOSE');
DEALLOCATE reading;
RESET plan_cache_mode;

-- What it has cost: a lookup, a lookup of nothing, pages, a filter
SELECT explained('SELECT name FROM parts WHERE id = 1', 'ANALYZE', 'TIMING OFF', 'SUMMARY OFF');
SELECT explained('SELECT name FROM parts WHERE id = 4711', 'ANALYZE', 'TIMING OFF', 'SUMMARY OFF');
SELECT explained('SELECT name FROM parts WHERE id = NULL::int', 'ANALYZE', 'TIMING OFF', 'SUMMARY OFF');
SELECT explained('SELECT value FROM readings WHERE note = ''note 39''', 'ANALYZE', 'TIMING OFF', 'SUMMARY OFF');
ALTER FOREIGN TABLE readings OPTIONS (ADD fetch_size '7');
SELECT explained('SELECT value FROM readings WHERE sensor = ''a''', 'ANALYZE', 'TIMING OFF', 'SUMMARY OFF');

-- LIMIT reads what it needs
SELECT explained('SELECT value FROM readings WHERE sensor = ''a'' LIMIT 3', 'ANALYZE', 'TIMING OFF', 'SUMMARY OFF');
ALTER FOREIGN TABLE readings OPTIONS (DROP fetch_size);
SELECT explained('SELECT value FROM readings WHERE sensor = ''a'' LIMIT 3', 'ANALYZE', 'TIMING OFF', 'SUMMARY OFF');

-- A batch of more than a hundred keys is more than one request
SELECT explained('SELECT name FROM parts WHERE id = ANY (ARRAY(SELECT generate_series(1, 150)))',
    'ANALYZE', 'TIMING OFF', 'SUMMARY OFF');

-- A join looks up each key; what is read again with the same values is not asked for again
CREATE TABLE wanted AS SELECT 'a' AS sensor, generate_series(1, 3) AS taken;
ANALYZE wanted;
ALTER FOREIGN TABLE readings OPTIONS (ADD allow_full_scan 'false');
SELECT explained('SELECT value FROM wanted JOIN readings USING (sensor, taken)',
    'ANALYZE', 'VERBOSE', 'TIMING OFF', 'SUMMARY OFF');
SET enable_material = off;
SELECT explained('SELECT r.taken FROM wanted LEFT JOIN LATERAL (SELECT taken FROM readings
    WHERE sensor = ''a'' AND taken > 38 OFFSET 0) AS r ON true', 'ANALYZE', 'TIMING OFF', 'SUMMARY OFF');
RESET enable_material;
ALTER FOREIGN TABLE readings OPTIONS (DROP allow_full_scan);

-- A part of the plan that is never executed
SELECT explained('SELECT name FROM parts WHERE id = 1 AND now() IS NULL', 'ANALYZE', 'TIMING OFF', 'SUMMARY OFF');

-- JSON
CREATE FUNCTION explained_json(query text, options text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT json, COSTS OFF, %s) %s', options, query) INTO plan;
    plan := plan -> 0 -> 'Plan';
    RETURN jsonb_object_agg(key, CASE WHEN key ~ 'Capacity|Bytes' THEN to_jsonb(jsonb_typeof(value)) ELSE value END)
        FROM jsonb_each(plan);
END
$$;
SELECT jsonb_pretty(explained_json('SELECT value FROM readings WHERE sensor = ''a'' AND taken > 7 AND note = ''x''',
    'ANALYZE, VERBOSE, TIMING OFF, SUMMARY OFF'));
SELECT jsonb_pretty(explained_json('SELECT name FROM parts', 'VERBOSE'));
