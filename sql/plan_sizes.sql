\i sql/plan.inc

-- Strings near the differences of characters, UTF-16 units and bytes; sets, binaries, and other types
CREATE FOREIGN TABLE sizes (id int, word text, bytes bytea, tags text[], numbers int[], document jsonb)
    SERVER aws OPTIONS (table_name 'plan_sizes');
CREATE TABLE local_sizes AS SELECT * FROM sizes;
-- The rows of both, which must be the same
CREATE FUNCTION rows_of(condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    remote int[];
    local int[];
BEGIN
    EXECUTE 'SELECT array_agg(id ORDER BY id) FROM sizes WHERE ' || condition INTO remote;
    EXECUTE 'SELECT array_agg(id ORDER BY id) FROM local_sizes WHERE ' || condition INTO local;
    RETURN CASE WHEN remote IS NOT DISTINCT FROM local THEN remote::text ELSE format('%s, not %s', remote, local) END;
END
$$;
SELECT id, word, length(word), octet_length(word), bytes, tags, numbers FROM sizes ORDER BY id;

-- Characters: at least one unit of size() each, and four at most
SELECT plan('SELECT id FROM sizes WHERE length(word) > 2');
SELECT plan('SELECT id FROM sizes WHERE char_length(word) <= 2 AND 1 < character_length(word)');
SELECT plan('SELECT id FROM sizes WHERE length(word) = 2');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'length(word) > 2', 'length(word) >= 2', 'length(word) = 2', 'length(word) < 2', 'length(word) <= 2',
    'length(word) <> 2', 'length(word) = 0', 'length(word) < 0', 'length(word) > -1', '2 < length(word)',
    'length(word) BETWEEN 1 AND 2', 'length(word) = 2::bigint', 'length(word) > 9223372036854775806',
    'length(word) = NULL', 'NOT (length(word) > 2)', '(length(word) > 2) IS NULL',
    'length(word) > 2 OR cardinality(tags) = 2'
]) condition;

-- Bytes of a text: a quarter of a unit each at least, one unit at most
SELECT plan('SELECT id FROM sizes WHERE octet_length(word) BETWEEN 3 AND 6');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'octet_length(word) > 4', 'octet_length(word) = 4', 'octet_length(word) = 2', 'octet_length(word) <= 3',
    'octet_length(word) BETWEEN 3 AND 6'
]) condition;

-- Bytes of a binary value, elements of a set: as they are
SELECT plan('SELECT id FROM sizes WHERE length(bytes) = 3 OR octet_length(bytes) > 4');
SELECT plan('SELECT id FROM sizes WHERE cardinality(tags) >= 2 AND array_length(numbers, 1) < 3');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'length(bytes) = 3', 'octet_length(bytes) > 1', 'octet_length(bytes) = 0',
    'cardinality(tags) >= 2', 'cardinality(tags) = 0', 'cardinality(tags) < 2',
    'array_length(numbers, 1) < 3', 'array_length(numbers, 1) IS NULL', 'array_length(numbers, 2) < 3'
]) condition;

-- Of a member of a document, which may be of any type
SELECT plan('SELECT id FROM sizes WHERE length(document ->> ''name'') > 2');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'length(document ->> ''name'') > 2', 'length(document ->> ''name'') <= 2', 'length(document ->> ''name'') = 4'
]) condition;

-- Known when the scan begins
PREPARE longer(int) AS SELECT id FROM sizes WHERE length(word) > $1 ORDER BY id;
SET plan_cache_mode = force_generic_plan;
SELECT plan('EXECUTE longer(2)');
EXECUTE longer(2);
EXECUTE longer(NULL);
RESET plan_cache_mode;

-- What is not sent
SELECT plan('SELECT id FROM sizes WHERE length(word) > 1.5');
SELECT plan('SELECT id FROM sizes WHERE length(word) <> 3');
SELECT plan('SELECT id FROM sizes WHERE array_length(tags, 2) = 1');
SELECT plan('SELECT id FROM sizes WHERE length(word::char(5)) = 3');
