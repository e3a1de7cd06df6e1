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

-- The same, or the error of both
CREATE FUNCTION outcome_of(condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    outcomes text[];
    tab text;
    outcome text;
BEGIN
    FOREACH tab IN ARRAY ARRAY['nested', 'local_nested'] LOOP
        BEGIN
            EXECUTE format('SELECT array_agg(id ORDER BY id) FROM %s WHERE %s', tab, condition) INTO outcome;
        EXCEPTION WHEN OTHERS THEN
            outcome := SQLERRM;
        END;
        outcomes := outcomes || outcome;
    END LOOP;
    RETURN CASE WHEN outcomes[1] IS NOT DISTINCT FROM outcomes[2] THEN outcomes[1] ELSE outcomes::text END;
END
$$;

-- Objects that are contained: the members that are scalars, and the scalars in arrays
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

-- Elements of lists and sets, among them what base64 makes of binary values; none that are arrays or
-- objects, null, or empty
SELECT plan('SELECT id FROM nested WHERE place @> ''["red", 5, true]''');
SELECT plan('SELECT id FROM nested WHERE doc @> ''{"place": ["red", ["reed"], null, {"size": "xl"}]}''');
SELECT plan('SELECT id FROM nested WHERE place @> ''"red"'' OR place @> ''5''');
SELECT plan('SELECT id FROM nested WHERE place @> ''[[1], {"size": "xl"}]''');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'place @> ''["red"]''', 'place @> ''["reed"]''', 'place @> ''["red", 5]''', 'place @> ''["red", "red"]''',
    'place @> ''[5.00]''', format('place @> ''[5.%s]''', repeat('0', 60)), 'place @> ''[1e200]''', 'place @> ''[true]''', 'place @> ''[null]''', 'place @> ''[""]''',
    'place @> ''[]''', 'place @> ''[["red"]]''', 'place @> ''[{"size": "xl"}]''', 'place @> ''["red", {"size": "xl"}]''',
    'place @> ''["red", null]''', 'place @> ''["redd"]''', '''["red"]'' <@ place', 'place @> ''"reed"''', 'place @> ''5''',
    'place @> ''true''', 'place @> ''null''', 'place @> ''""''', 'place @> ''1e200''', 'NOT (place @> ''["red"]'')',
    '(place @> ''["red"]'') IS NULL', 'place @> ''["red"]'' OR place @> ''["reed"]''', 'place = ''["blue", "red"]''',
    'place = ''["red", "blue"]''', 'place = ''"red"''', 'place = ''"reed"''', 'place = ''5''', 'place = ''[]''', 'place <> ''"red"''',
    'doc @> ''{"place": ["reed", true]}''', 'doc @> ''{"place": ["red", ["reed"]]}''', 'doc @> ''{"place": {"deep": [1]}}''',
    'doc -> ''place'' @> ''["red", 5]''', 'doc -> ''place'' @> ''"reed"''', 'doc -> ''place'' @> ''true''',
    'doc -> ''place'' -> 0 @> ''["red"]''', 'place -> 0 @> ''"red"''', 'place -> 0 @> ''5'''
]) condition;

-- What is contained in an array has one of its elements or none, or is one itself
SELECT plan('SELECT id FROM nested WHERE place <@ ''["red", 5]''');
SELECT plan('SELECT id FROM nested WHERE ''["reed"]'' @> (doc -> ''place'')');
SELECT plan('SELECT id FROM nested WHERE place <@ ''"red"''');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'place <@ ''["red", 5]''', 'place <@ ''["red", "blue", 7, 5.0]''', 'place <@ ''["reed", "YWI="]''', 'place <@ ''[]''',
    'place <@ ''[true]''', 'place <@ ''["red", null, 5]''', 'place <@ ''["red", 5, {"size": "xl", "a": 1}]''',
    'place <@ ''"red"''', 'place <@ ''5''', 'place <@ ''null''', 'place <@ ''["", "redder", false]''',
    '''["reed"]'' @> (doc -> ''place'')', 'doc -> ''place'' <@ ''"reed"''', 'doc -> ''place'' <@ ''[]''',
    'place -> 0 <@ ''["red"]''', 'NOT (place <@ ''["red", 5]'')', '(place <@ ''["red"]'') IS NULL'
]) condition;

-- What does not fit into one expression is left out: an element, elements behind many others, an OR
SELECT rows_of(format('place @> %L', '["red", "' || repeat('long ', 1000000) || '"]'));
SELECT rows_of(format('place @> %L OR place @> ''["red"]''', (SELECT jsonb_agg(n) FROM generate_series(1, 400) n)));
SELECT rows_of(format('place @> %L AND place @> ''["red"]''', (SELECT jsonb_agg(n) FROM generate_series(1, 400) n)));
SELECT rows_of(format('place ?| %L', (SELECT array_agg('k' || n) || ARRAY['red'] FROM generate_series(1, 400) n)));

-- Members that equal a document
SELECT plan('SELECT id FROM nested WHERE doc -> ''place'' = ''"red"''');
SELECT plan('SELECT id FROM nested WHERE ''{"n": 1.5}'' = doc -> ''place'' -> ''deep''');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'doc -> ''place'' = ''"red"''', 'doc -> ''place'' = ''"reed"''', 'doc -> ''place'' = ''5.0''',
    'doc -> ''place'' = ''null''', 'doc -> ''place'' = ''true''', 'doc -> ''place'' = ''[]''', 'doc -> ''place'' = ''{}''',
    'doc -> ''place'' = ''["blue", "red"]''', 'doc -> ''place'' <> ''"red"''', '''{"n": 1.5}'' = doc -> ''place'' -> ''deep''',
    'place = ''{"size": 5, "ok": false, "deep": [1]}''', 'place = ''"red"'''
]) condition;

-- Keys that there are, also with null; strings are keys, too, by themselves and in arrays
SELECT plan('SELECT id FROM nested WHERE place ? ''size''');
SELECT plan('SELECT id FROM nested WHERE doc -> ''place'' ? ''deep'' AND doc ? ''place''');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'place ? ''size''', 'place ? ''red''', 'place ? ''0''', 'doc -> ''place'' ? ''size''', 'doc -> ''place'' ? ''reed''',
    'doc ? ''place''', 'doc -> ''place'' -> ''deep'' ? ''n''', 'NOT (place ? ''size'')', 'place ? '''''
]) condition;

-- Any of several keys, or all of them; NULL is none
SELECT plan('SELECT id FROM nested WHERE place ?| ''{size,red}''');
SELECT plan('SELECT id FROM nested WHERE doc -> ''place'' ?& ''{size,NULL,ok}''');
SELECT plan('SELECT id FROM nested WHERE place ?| ''{size,""}''');
SELECT plan('SELECT id FROM nested WHERE place ?& ''{size,""}''');
SELECT condition, rows_of(condition) FROM unnest(ARRAY[
    'place ?| ''{size,red}''', 'place ?| ''{size,""}''', 'place ?| ''{reed,NULL}''', 'place ?| ''{NULL}''', 'place ?| ''{}''',
    'place ?& ''{size,deep}''', 'place ?& ''{red,NULL,blue}''', 'place ?& ''{size,""}''', 'place ?& ''{}''', 'place ?& ''{NULL}''',
    'doc -> ''place'' ?| ''{size,reed}''', 'doc -> ''place'' ?& ''{size,ok}''', 'doc ?& ''{place}''', 'doc ?| ''{place,none}''',
    'NOT (place ?| ''{size,red}'')', '(place ?& ''{size,red}'') IS NULL', 'place -> 2 ?| ''{size}''', 'place -> 0 ?| ''{red}'''
]) condition;

-- Elements are counted; what is no array has no number of them, which is the same error here and there.
-- A range of ids is sent in the filter, an id would be looked up without one.
SELECT plan('SELECT id FROM nested WHERE jsonb_array_length(place) > 1');
SELECT plan('SELECT id FROM nested WHERE jsonb_array_length(doc -> ''place'') BETWEEN 1 AND 2');
SELECT plan('SELECT id FROM nested WHERE 3 = jsonb_array_length(doc #> ''{place}'')');
SELECT plan('SELECT id FROM nested WHERE jsonb_array_length(place) <> 3');
SELECT condition, outcome_of(condition) FROM unnest(ARRAY[
    'id < 8 AND jsonb_array_length(place) > 1', 'id < 8 AND jsonb_array_length(doc -> ''place'') >= 3',
    'id < 8 AND jsonb_array_length(doc -> ''place'') BETWEEN 1 AND 2', 'id < 8 AND jsonb_array_length(place) = 0',
    'id < 8 AND jsonb_array_length(place) < 0', 'id < 8 AND jsonb_array_length(place) <> 3',
    'id < 8 AND 3 = jsonb_array_length(place)', 'id < 8 AND jsonb_array_length(place) <= 2::smallint',
    'id BETWEEN 3 AND 3 AND jsonb_array_length(place -> 0) = 1', 'id BETWEEN 5 AND 5 AND jsonb_array_length(place -> 0) = 1',
    'id BETWEEN 8 AND 8 AND jsonb_array_length(place) > 1', 'id BETWEEN 9 AND 9 AND jsonb_array_length(place) > 1',
    'id BETWEEN 11 AND 11 AND jsonb_array_length(place -> ''deep'') > 1', 'id BETWEEN 16 AND 16 AND jsonb_array_length(place) > 1',
    'id BETWEEN 16 AND 16 AND jsonb_array_length(place) < 0', 'id BETWEEN 16 AND 16 AND jsonb_array_length(place) = NULL',
    'id BETWEEN 18 AND 18 AND jsonb_array_length(place) > 1', 'id BETWEEN 18 AND 18 AND jsonb_array_length(doc -> ''place'') > 1',
    'id BETWEEN 19 AND 19 AND jsonb_array_length(place) > 1', 'id BETWEEN 19 AND 19 AND jsonb_array_length(doc -> ''place'') > 1'
]) condition;
SET plan_cache_mode = force_generic_plan;
PREPARE longer(int, int) AS SELECT id FROM nested WHERE id BETWEEN $1 AND $1 AND jsonb_array_length(place) > $2;
PREPARE local_longer(int, int) AS SELECT id FROM local_nested WHERE id BETWEEN $1 AND $1 AND jsonb_array_length(place) > $2;
SELECT plan('EXECUTE longer(1, 2)');
EXECUTE longer(1, 2);
EXECUTE longer(1, NULL);
EXECUTE longer(16, NULL);
EXECUTE local_longer(16, NULL);
RESET plan_cache_mode;

-- A column that takes documents of one type: the others are errors as soon as they may be asked about
CREATE FOREIGN TABLE lists (id int, place jsonb OPTIONS (attribute_type 'L')) SERVER aws OPTIONS (table_name 'plan_nested');
SELECT id FROM lists WHERE id < 5 AND place @> '["red"]' ORDER BY id;
SELECT id FROM lists WHERE id BETWEEN 6 AND 6 AND place @> '["red"]';
SELECT id FROM lists WHERE id BETWEEN 6 AND 6 AND jsonb_array_length(place) > 5;
SELECT id FROM lists WHERE id BETWEEN 16 AND 16 AND place ? 'red';
SELECT id FROM lists WHERE id BETWEEN 16 AND 16 AND place ->> 'size' = 'xl';

-- Writes without reading: none of this is decided by DynamoDB alone
SELECT plan('DELETE FROM nested WHERE id = 9 AND place @> ''["red"]''');
SELECT plan('DELETE FROM nested WHERE id = 9 AND place @> ''"red"'' AND jsonb_array_length(place) > 1');
SELECT plan('DELETE FROM nested WHERE id = 9 AND place = ''5''');

-- What is not sent
SELECT plan('SELECT id FROM nested WHERE place @? ''$[*] ? (@ == "red")''');
SELECT plan('SELECT id FROM nested WHERE jsonb_path_exists(place, ''$.size'')');
SELECT plan('SELECT id FROM nested WHERE place <@ ''["red", null]''');
SELECT plan('SELECT id FROM nested WHERE place <@ ''{"size": "xl"}''');
SELECT plan('SELECT id FROM nested WHERE jsonb_array_length(place) > 1.5');

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
SELECT plan('SELECT id FROM whole WHERE _item @> ''{"place": ["red"]}'' AND _item ?& ''{doc,id}''');
SELECT plan('SELECT id FROM whole WHERE jsonb_array_length(_item) > 1');
SELECT condition, rows_of(condition, 'whole') FROM unnest(ARRAY[
    '_item @> ''{"place": {"size": "xl"}}''', '_item @> ''{"place": {"size": "xl"}, "id": 9}''', '_item @> ''{"id": 9}''',
    '_item ? ''place''', '_item ? ''id''', '_item -> ''place'' ->> 0 = ''red''', '_item #>> ''{doc,place,0}'' = ''red''',
    '_item -> 0 = ''5''', '_item @> ''{"place": ["red"]}''', '_item @> ''["red"]''', '_item @> ''"red"''', '_item = ''[]''', '_item <@ ''["red"]''',
    '_item ?| ''{place,id}''', '_item ?& ''{place,doc}''', '_item ?& ''{place,id}''', '_item -> ''place'' ?| ''{red,size}''',
    'id < 8 AND jsonb_array_length(_item -> ''place'') > 2'
]) condition;
