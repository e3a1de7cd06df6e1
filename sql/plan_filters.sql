\i sql/plan.inc

CREATE FOREIGN TABLE wide (
    id int, word text, number int, fraction numeric, flag boolean, day date, bytes bytea,
    room text OPTIONS (attribute_path 'place.rooms[0]'),
    room_number bigint OPTIONS (attribute_path 'place.rooms[1]'),
    place jsonb
) SERVER aws OPTIONS (table_name 'plan_wide');

-- Comparisons by equality and order. DynamoDB Local refuses a request with a name or a value that no
-- expression uses, so every filter here shows that there is none.
SELECT plan('SELECT id FROM wide WHERE word = ''word 3''');
SELECT id FROM wide WHERE word = 'word 3';
SELECT plan('SELECT id FROM wide WHERE number > 20 AND number <= 50');
SELECT id FROM wide WHERE number > 20 AND number <= 50 ORDER BY 1;
SELECT id FROM wide WHERE number BETWEEN 50 AND 20;
SELECT plan('SELECT id FROM wide WHERE fraction < 3.250 OR 9.25 = fraction');
SELECT id FROM wide WHERE fraction < 3.250 OR 9.25 = fraction ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE word > ''word 5'' COLLATE "C"');
SELECT id FROM wide WHERE word > 'word 5' COLLATE "C" ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE bytes >= ''\x09ff''');
SELECT id FROM wide WHERE bytes >= '\x09ff' ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE day = ''2024-01-05''');
SELECT id FROM wide WHERE day = '2024-01-05';
SELECT id FROM wide WHERE day > '2024-01-08' ORDER BY 1;

-- Values that no item can hold equal nothing, and order nothing
SELECT id FROM wide WHERE fraction = 'NaN';
SELECT count(*) FROM wide WHERE fraction < 'NaN';
SELECT id FROM wide WHERE fraction = 0.123456789012345678901234567890123456789;
SELECT count(*) FROM wide WHERE fraction > 0.123456789012345678901234567890123456789;
SELECT id FROM wide WHERE number = 20.0;
SELECT id FROM wide WHERE number = 9000000000;
SELECT count(*) FROM wide WHERE number < 9000000000;

-- Missing and NULL attributes: not equal, not unequal, in neither order
SELECT plan('SELECT id FROM wide WHERE number <> 30');
SELECT id FROM wide WHERE number <> 30 ORDER BY 1;
SELECT id FROM wide WHERE NOT (number = 30) ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE NOT (number > 30 OR word = ''word 1'')');
SELECT id FROM wide WHERE NOT (number > 30 OR word = 'word 1') ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE number IS NULL');
SELECT id FROM wide WHERE number IS NULL ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE number IS NOT NULL AND room_number > 8');
SELECT id FROM wide WHERE number IS NOT NULL AND room_number > 8 ORDER BY 1;
SELECT id FROM wide WHERE number IS NULL OR number = 10 ORDER BY 1;
SELECT id FROM wide WHERE place IS NULL ORDER BY 1;
SELECT id FROM wide WHERE id IS NULL;
SELECT count(*) FROM wide WHERE id IS NOT NULL;
SELECT id FROM wide WHERE number = NULL OR number <> NULL;

-- Booleans
SELECT plan('SELECT id FROM wide WHERE flag');
SELECT id FROM wide WHERE flag ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE NOT flag');
SELECT id FROM wide WHERE NOT flag ORDER BY 1;
SELECT id FROM wide WHERE flag IS TRUE ORDER BY 1;
SELECT id FROM wide WHERE flag IS FALSE ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE flag IS UNKNOWN');
SELECT id FROM wide WHERE flag IS UNKNOWN ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE flag IS NOT TRUE');
SELECT id FROM wide WHERE flag IS NOT TRUE ORDER BY 1;
SELECT id FROM wide WHERE flag = (number > 50) ORDER BY 1;

-- IN
SELECT plan('SELECT id FROM wide WHERE number IN (10, 30, NULL, 30)');
SELECT id FROM wide WHERE number IN (10, 30, NULL, 30) ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE number NOT IN (10, 30)');
SELECT id FROM wide WHERE number NOT IN (10, 30) ORDER BY 1;
SELECT id FROM wide WHERE number NOT IN (10, NULL);
SELECT id FROM wide WHERE number = ANY (NULL);
SELECT id FROM wide WHERE flag IN (true, false) ORDER BY 1;

-- An IN of more operands than an expression takes is checked here alone, or in part
SELECT count(*) FROM wide WHERE number = ANY (ARRAY(SELECT generate_series(1, 250)));
SELECT count(*) FROM wide WHERE number = ANY (ARRAY(SELECT generate_series(1, 5000)));
SELECT count(*) FROM wide WHERE word = repeat('x', 400000) OR number = 10;
DO $$
DECLARE
    condition text;
    found bigint;
BEGIN
    SELECT string_agg(format('(number = %s AND word = ''word %s'' AND flag IS NOT NULL)', n * 10, n), ' OR ')
        INTO condition FROM generate_series(1, 400) n;
    EXECUTE 'SELECT count(*) FROM wide WHERE ' || condition INTO found;
    RAISE NOTICE '% rows by a condition of % characters', found, length(condition);
END
$$;

-- Prefixes
SELECT plan('SELECT id FROM wide WHERE word LIKE ''word 1%''');
SELECT id FROM wide WHERE word LIKE 'word 1%' ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE word LIKE ''%1''');
SELECT id FROM wide WHERE word LIKE '%1' ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE word NOT LIKE ''word%''');
SELECT id FROM wide WHERE word NOT LIKE 'word 1%' ORDER BY 1;
SELECT id FROM wide WHERE word LIKE 'word 1\';

-- Nested paths
SELECT plan('SELECT id FROM wide WHERE room = ''hall'' AND room_number = 7');
SELECT id FROM wide WHERE room = 'hall' AND room_number = 7;
SELECT id FROM wide WHERE room_number IS NULL ORDER BY 1;

-- What DynamoDB cannot say is not sent; what it can say of an AND is
SELECT plan('SELECT id FROM wide WHERE length(word || '''') = 6 AND number > 20');
SELECT id FROM wide WHERE length(word || '') = 6 AND number > 70 ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE length(word || '''') = 7 OR number = 20');
SELECT id FROM wide WHERE length(word || '') = 7 OR number = 20 ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE (number = 20 AND length(word || '''') = 6) OR id = 3');
SELECT id FROM wide WHERE (number = 20 AND length(word || '') = 6) OR id = 3 ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE number = id * 10');
SELECT count(*) FROM wide WHERE number = id * 10;
SELECT plan('SELECT id FROM wide WHERE number + 0 = 10');
SELECT plan('SELECT id FROM wide WHERE (number, id) > (20, 3)');
SELECT id FROM wide WHERE (number, id) > (80, 8) ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE number IS DISTINCT FROM 10');
SELECT id FROM wide WHERE number IS NOT DISTINCT FROM NULL ORDER BY 1;
SELECT plan('SELECT id FROM wide WHERE word > ''word 5'' COLLATE "en-x-icu"');
SELECT plan('SELECT id FROM wide WHERE place = ''{}''');
SELECT plan('SELECT id FROM wide WHERE CASE WHEN flag THEN number = 20 END');
SELECT id FROM wide WHERE CASE WHEN flag THEN number = 20 END;

-- Volatile functions are evaluated for each row, stable ones once
SELECT plan('SELECT id FROM wide WHERE number > random() * 0 + 90');
SELECT plan('SELECT id FROM wide WHERE number > (random() * 0)::int + 90');
SELECT id FROM wide WHERE number > (random() * 0)::int + 90;
CREATE FUNCTION threshold() RETURNS int STABLE LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'threshold evaluated';
    RETURN 90;
END
$$;
SELECT plan('SELECT id FROM wide WHERE number > threshold()');
-- once for the estimates and once for the key
SELECT word FROM wide WHERE id = threshold() / 30;
SELECT plan('SELECT id FROM wide WHERE day <= current_date - 1 AND number > 80');
SELECT id FROM wide WHERE day <= current_date - 1 AND number > 80 ORDER BY 1;

-- Parameters: custom and generic plans, with values, NULL, and values that no item can hold
PREPARE by_number(int) AS SELECT id FROM wide WHERE number = $1 ORDER BY 1;
PREPARE by_numbers(int[]) AS SELECT id FROM wide WHERE number = ANY ($1) ORDER BY 1;
PREPARE by_range(numeric, numeric) AS SELECT id FROM wide WHERE fraction BETWEEN $1 AND $2 ORDER BY 1;
PREPARE by_pattern(text) AS SELECT id FROM wide WHERE word LIKE $1 ORDER BY 1;
PREPARE by_id(int) AS SELECT word FROM wide WHERE id = $1;
PREPARE by_ids(int[]) AS SELECT word FROM wide WHERE id = ANY ($1) ORDER BY 1;
SET plan_cache_mode = force_custom_plan;
EXECUTE by_number(30);
EXECUTE by_number(NULL);
EXECUTE by_numbers('{10,NULL,20}');
EXECUTE by_range(2, 4);
EXECUTE by_pattern('word 1%');
EXECUTE by_id(4);
EXECUTE by_ids('{4,5}');
SET plan_cache_mode = force_generic_plan;
SELECT plan('EXECUTE by_number(1)');
SELECT plan('EXECUTE by_numbers(NULL)');
SELECT plan('EXECUTE by_range(1, 2)');
SELECT plan('EXECUTE by_pattern(''x'')');
SELECT plan('EXECUTE by_id(1)');
SELECT plan('EXECUTE by_ids(NULL)');
EXECUTE by_number(30);
EXECUTE by_number(NULL);
EXECUTE by_number(40);
EXECUTE by_numbers('{10,NULL,20}');
EXECUTE by_numbers('{}');
EXECUTE by_numbers(NULL);
EXECUTE by_range(2, 4);
EXECUTE by_range(4, 2);
EXECUTE by_range(NULL, 2);
EXECUTE by_range('NaN', 'NaN');
EXECUTE by_range(8, 'NaN');
EXECUTE by_pattern('word 1%');
EXECUTE by_pattern('word 1');
EXECUTE by_pattern('%1%');
EXECUTE by_pattern(NULL);
EXECUTE by_pattern('word 1\');
EXECUTE by_id(4);
EXECUTE by_id(NULL);
EXECUTE by_ids('{4,5,4,NULL,99}');
EXECUTE by_ids('{}');
EXECUTE by_ids(NULL);
RESET plan_cache_mode;
DEALLOCATE ALL;

-- Values of a type that the column does not take: found out when they are read, as if nothing had
-- been sent. The bounds on id let one item through.
CREATE FOREIGN TABLE texts (id text COLLATE "C", value text)
    SERVER aws OPTIONS (table_name 'plan_values');
CREATE FOREIGN TABLE numbers (id text COLLATE "C", value int)
    SERVER aws OPTIONS (table_name 'plan_values');
CREATE FOREIGN TABLE documents (id text, value jsonb) SERVER aws OPTIONS (table_name 'plan_values');
SELECT plan('SELECT id FROM texts WHERE value = ''5'' AND id BETWEEN ''number 5'' AND ''number 5''');
SELECT id FROM texts WHERE value = '5' AND id BETWEEN 'number 5' AND 'number 5';
SELECT id FROM texts WHERE value = '6' AND id BETWEEN 'number 5' AND 'number 5';
SELECT id FROM texts WHERE value <> '5' AND id BETWEEN 'true' AND 'true';
SELECT id FROM texts WHERE value LIKE '5%' AND id BETWEEN 'map' AND 'map';
SELECT id FROM texts WHERE value IN ('5', '6') AND id BETWEEN 'map' AND 'map';
SELECT id FROM texts WHERE value = '5' AND id BETWEEN 'text 5' AND 'text 5';
SELECT id FROM texts WHERE value = '5' AND id BETWEEN 'missing' AND 'missing';
SELECT id FROM texts WHERE value = '5' AND id BETWEEN 'null' AND 'null';
SELECT id FROM numbers WHERE value > 6 AND id BETWEEN 'map' AND 'map';
SELECT id FROM numbers WHERE value = 5 AND id BETWEEN 'text 5' AND 'text 5';
SELECT id FROM numbers WHERE value <> 6 AND id BETWEEN 'text 5' AND 'text 5';
SELECT id FROM numbers WHERE value > 6 AND id BETWEEN 'missing' AND 'number 7' ORDER BY 1;
SELECT id FROM numbers WHERE value <> 5 AND id BETWEEN 'missing' AND 'number 7' ORDER BY 1;
SELECT id FROM numbers WHERE value IS NULL ORDER BY 1;
SELECT id FROM numbers WHERE value IS NOT NULL AND id BETWEEN 'map' AND 'map';
SELECT plan('SELECT id FROM documents WHERE value = ''5''');
SELECT id FROM documents WHERE value = '5';
SELECT id FROM documents WHERE value IS NULL ORDER BY 1;
