\i sql/plan.inc

CREATE FOREIGN TABLE nested (id int, doc jsonb, place jsonb) SERVER aws OPTIONS (table_name 'plan_nested');
CREATE FOREIGN TABLE whole (id int, _item jsonb OPTIONS (whole_item 'true')) SERVER aws OPTIONS (table_name 'plan_nested');
CREATE TABLE local_nested AS SELECT * FROM nested;
CREATE TABLE local_whole AS SELECT * FROM whole;
-- The rows of both, which must be the same
CREATE FUNCTION rows_of(condition text, tab text DEFAULT 'nested') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    remote int[];
    local int[];
BEGIN
    EXECUTE format('SELECT array_agg(id ORDER BY id) FROM %s WHERE %s', tab, condition) INTO remote;
    EXECUTE format('SELECT array_agg(id ORDER BY id) FROM local_%s WHERE %s', tab, condition) INTO local;
    RETURN CASE WHEN remote IS NOT DISTINCT FROM local THEN remote::text ELSE format('%s, not %s', remote, local) END;
END
$$;
SELECT id, place, doc FROM nested ORDER BY id;

-- Objects that are contained: the members that are scalars, and that there is something where arrays are
SELECT plan('SELECT id FROM nested WHERE place @> ''{"size": "xl"}''');
SELECT plan('SELECT id FROM nested WHERE doc @> ''{"place": {"size": "xl", "deep": {"n": 1.5}, "ok": true, "none": null}}''');
SELECT plan('SELECT id FROM nested WHERE ''{"place": ["red"]}'' <@ doc');
SELECT plan('SELECT id FROM nested WHERE doc -> ''place'' @> ''{"size": 5}''');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'place @> ''{"size": "xl"}''', 'place @> ''{"size": 5}''', 'place @> ''{"size": null}''',
    'place @> ''{"ok": true}''', 'place @> ''{"ok": false}''', 'place @> ''{"deep": {"n": 1.5}}''',
    'place @> ''{"deep": {}}''', 'place @> ''{"deep": [1]}''', 'place @> ''{"deep": []}''', 'place @> ''{}''',
    'place @> ''{"size": "xl", "0": "red"}''', 'place @> ''{"": 1}''', 'place @> ''{"size": 1e200}''',
    'doc @> ''{"place": {"size": "xl"}}''', 'doc @> ''{"place": "red"}''', 'doc @> ''{"place": "reed"}''',
    'doc @> ''{"place": 5}''', 'doc @> ''{"place": true}''', 'doc @> ''{"place": null}''', 'doc @> ''{"place": {}}''',
    'doc @> ''{"place": ["red"]}''', 'doc @> ''{"place": ["reed"]}''', 'doc @> ''{"place": [5]}''',
    'doc @> ''{"place": [["red"]]}''', 'doc @> ''{"place": [null]}''', 'doc @> ''{"place": []}''',
    '''{"place": ["red"]}'' <@ doc', 'doc @> ''{"place": {"size": "xl"}, "none": 1}''',
    'NOT (place @> ''{"size": "xl"}'')', '(place @> ''{"size": "xl"}'') IS NULL', 'place <@ ''{"size": "xl"}'''
]) condition;

-- Scalars and arrays that a member contains: an array contains its elements
SELECT plan('SELECT id FROM nested WHERE doc -> ''place'' @> ''"red"''');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'doc -> ''place'' @> ''{"size": 5}''', 'doc -> ''place'' @> ''"red"''', 'doc -> ''place'' @> ''"reed"''',
    'doc -> ''place'' @> ''5''', 'doc -> ''place'' @> ''true''', 'doc -> ''place'' @> ''null''',
    'doc -> ''place'' @> ''["red", 5]''', 'doc -> ''place'' @> ''[]''', 'place @> ''"red"''', 'place @> ''["red"]'''
]) condition;

-- Members that equal a document
SELECT plan('SELECT id FROM nested WHERE doc -> ''place'' = ''"red"''');
SELECT plan('SELECT id FROM nested WHERE ''{"n": 1.5}'' = doc -> ''place'' -> ''deep''');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'doc -> ''place'' = ''"red"''', 'doc -> ''place'' = ''"reed"''', 'doc -> ''place'' = ''5.0''',
    'doc -> ''place'' = ''null''', 'doc -> ''place'' = ''true''', 'doc -> ''place'' = ''[]''', 'doc -> ''place'' = ''{}''',
    'doc -> ''place'' = ''["blue", "red"]''', 'doc -> ''place'' <> ''"red"''', '''{"n": 1.5}'' = doc -> ''place'' -> ''deep''',
    'place = ''{"size": 5, "ok": false, "deep": [1]}''', 'place = ''"red"'''
]) condition;

-- Keys that there are, also with null; arrays of strings have them, too
SELECT plan('SELECT id FROM nested WHERE place ? ''size''');
SELECT plan('SELECT id FROM nested WHERE doc -> ''place'' ? ''deep'' AND doc ? ''place''');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'place ? ''size''', 'place ? ''red''', 'place ? ''0''', 'doc -> ''place'' ? ''size''', 'doc -> ''place'' ? ''reed''',
    'doc ? ''place''', 'doc -> ''place'' -> ''deep'' ? ''n''', 'NOT (place ? ''size'')', 'place ? '''''
]) condition;

-- Elements of lists; sets have no places, and scalars have one
SELECT plan('SELECT id FROM nested WHERE place ->> 0 = ''red''');
SELECT plan('SELECT id FROM nested WHERE doc -> ''place'' -> 2 ->> ''size'' = ''xl''');
SELECT plan('SELECT id FROM nested WHERE doc #>> ''{place,2,size}'' = ''xl'' AND doc #> ''{place,0}'' = ''5''');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'place ->> 0 = ''red''', 'place ->> 0 = ''5''', 'place ->> 1 = ''red''', 'place ->> 0 = ''blue''', 'place ->> 0 = ''reed''',
    'place ->> 2 IS NULL', 'place ->> 0 IS NOT NULL', 'place ->> 0 <> ''red''', 'place ->> -1 = ''red''',
    'place ->> 0 IN (''5'', ''reed'')', 'place ->> 0 LIKE ''re%''', 'length(place ->> 0) > 3',
    'place -> 0 ->> 0 = ''red''', 'place -> 2 ->> ''size'' = ''xl''', 'doc -> ''place'' -> 2 ->> ''size'' = ''xl''',
    'doc #>> ''{place,2,size}'' = ''xl''', 'doc #>> ''{place,0}'' = ''red''', 'doc #>> ''{place,1}'' = ''7''',
    'doc #>> ''{place,-1}'' = ''red''', 'doc #>> ''{place,01}'' = ''red''', 'doc #>> ''{place}'' = ''red''', 'doc #>> ''{}'' = ''red''',
    'doc #> ''{place,0}'' = ''5''', 'place -> 0 = ''"red"''', 'place -> 2 @> ''{"size": "xl"}''', 'place -> 2 ? ''size''',
    '(doc #>> ''{place,deep,n}'')::numeric = 1.5', 'id < 3 AND place ->> 2147483647 IS NULL'
]) condition;

-- Nothing is as deep as this
SELECT plan(format('SELECT id FROM nested WHERE doc @> %L', repeat('{"a":', 40) || '1' || repeat('}', 40)));
SELECT rows_of(format('doc @> %L OR doc #>> %L = ''1''', repeat('{"a":', 40) || '1' || repeat('}', 40), string_to_array(repeat('a,', 40), ',')));

-- Of the whole item, without what other columns hold
SELECT plan('SELECT id FROM whole WHERE _item @> ''{"place": {"size": "xl"}, "id": 9}''');
SELECT condition, rows_of(condition, 'whole') FROM unnest(ARRAY[
    '_item @> ''{"place": {"size": "xl"}}''', '_item @> ''{"place": {"size": "xl"}, "id": 9}''', '_item @> ''{"id": 9}''',
    '_item ? ''place''', '_item ? ''id''', '_item -> ''place'' ->> 0 = ''red''', '_item #>> ''{doc,place,0}'' = ''red''',
    '_item -> 0 = ''5'''
]) condition;
