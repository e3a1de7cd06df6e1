\i sql/server.inc
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE TYPE mood AS ENUM ('sad', 'très heureux');
CREATE DOMAIN positive AS int CHECK (VALUE >= 0);
CREATE DOMAIN required AS text NOT NULL;
CREATE TYPE home AS (city text, "Zip" int, visits date[]);
CREATE TYPE owner AS (name varchar(10), home home);
RESET client_min_messages;

-- Scalars: ordinary values, the edges of each type, missing and NULL attributes
CREATE FOREIGN TABLE scalars (
    id text, s text, vc varchar(5), bp char(5), b bytea,
    sb bytea OPTIONS (attribute_type 'S'), sn text OPTIONS (attribute_type 'N'),
    n numeric, i2 smallint, i4 int, i8 bigint, f4 real, f8 double precision,
    yes boolean, u uuid, mood mood, ip inet, positive positive,
    d date, ts timestamp, tz timestamptz, t time, tt timetz,
    seconds timestamptz OPTIONS (time_format 'epoch_seconds'),
    milliseconds timestamp OPTIONS (time_format 'epoch_milliseconds'),
    day date OPTIONS (time_format 'epoch_seconds')
) SERVER aws OPTIONS (table_name 'types_scalars');
\x on
SELECT * FROM scalars ORDER BY id COLLATE "C";
\x off

-- A session's settings change how values are shown, not how they are read
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'sql_standard';
SET timezone = 'America/St_Johns';
SELECT d, ts, tz AT TIME ZONE 'UTC' AS tz, seconds AT TIME ZONE 'UTC' AS seconds, day
    FROM scalars WHERE id = 'ordinary';
SET datestyle = 'ISO, YMD';
RESET intervalstyle;
SET timezone = 'UTC';

-- All digits of a number arrive
SELECT n = 9.9999999999999999999999999999999999999E+125 AS largest,
       sn = '12345678901234567890123456789012345678' AS digits
    FROM scalars WHERE id = 'highest';
SELECT n = -0.12345678901234567890123456789012345678 AS digits, sn::numeric = 1E-130 AS smallest
    FROM scalars WHERE id = 'digits';

-- A column as another type than the attribute's: jsonb takes all of them
CREATE FOREIGN TABLE scalars_as_jsonb (
    id text, s jsonb, b jsonb, n jsonb, yes jsonb, d jsonb, missing jsonb
) SERVER aws OPTIONS (table_name 'types_scalars');
SELECT * FROM scalars_as_jsonb WHERE id IN ('ordinary', 'null') ORDER BY id;

-- Refused: each statement reads the one item whose column cannot hold its attribute
CREATE FOREIGN TABLE refused (
    id text, s text, vc varchar(5), bp char(5), b bytea,
    sb bytea OPTIONS (attribute_type 'S'), sn text OPTIONS (attribute_type 'N'),
    i2 smallint, i4 int, i8 bigint, n2 numeric(4,2), f4 real, f8 double precision,
    yes boolean, u uuid, mood mood, positive positive,
    d date, ts timestamp, ts3 timestamp(3), tz timestamptz, t time,
    seconds timestamptz OPTIONS (time_format 'epoch_seconds'),
    day date OPTIONS (time_format 'epoch_seconds'),
    texts text[], numbers numeric[], home home, doc jsonb,
    listed jsonb OPTIONS (attribute_type 'L'), rest jsonb OPTIONS (whole_item 'true')
) SERVER aws OPTIONS (table_name 'types_refused');

CREATE FUNCTION refusal(identifier text) RETURNS TABLE (code text, message text, hint text)
LANGUAGE plpgsql AS $$
DECLARE
    found refused;
    detail text;
BEGIN
    SELECT * INTO found FROM refused WHERE id = identifier;
    code := 'read';
    message := found::text;
    RETURN NEXT;
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, code = RETURNED_SQLSTATE;
    message := concat_ws(E'\n', message, nullif(detail, ''));
    RETURN NEXT;
END
$$;
\x on
SELECT identifier, refusal.* FROM (VALUES
    ('s U+0000'), ('s N'), ('s M'), ('vc long'), ('vc blanks'), ('bp long'), ('b S'), ('sn S'),
    ('sb B'), ('yes S'), ('i2 large'), ('i4 large'), ('i4 fraction'), ('i4 S'), ('i8 large'),
    ('n2 fraction'), ('n2 large'), ('f4 digits'), ('f4 large'), ('f4 small'), ('f8 digits'),
    ('f8 38 digits'), ('u upper'), ('u short'), ('mood other'), ('positive -1'), ('d order'),
    ('d word'), ('d leap'), ('d year'), ('d time'), ('ts offset'), ('ts digits'), ('ts3 digits'),
    ('tz word'), ('tz offset'), ('t hour'), ('seconds digits'), ('seconds large'), ('seconds S'),
    ('day time'), ('texts NS'), ('texts inside'), ('texts S'), ('numbers ragged'),
    ('numbers mixed'), ('numbers empty'), ('home inside'), ('home L'), ('doc U+0000'), ('listed S'),
    ('rest U+0000')
) AS identifiers (identifier), refusal(identifier);
\x off

-- The error says where: table, column and key
SELECT * FROM refused WHERE id = 'i4 S';
-- and columns that are not asked for are not read
SELECT id, n2 FROM refused WHERE id = 'i4 S';

-- Sets, lists and maps
CREATE FOREIGN TABLE containers (
    id text, texts text[], numbers numeric[], binaries bytea[], moods mood[],
    tags text[] OPTIONS (attribute_type 'SS'), dates date[], anything jsonb[],
    home home, homes home[], owner owner
) SERVER aws OPTIONS (table_name 'types_containers');
\x on
SELECT id, texts, numbers, binaries, moods, tags, dates, anything FROM containers
    WHERE id <> 'sets' ORDER BY id;
SELECT id, home, homes, owner, (home).city, (owner).home FROM containers ORDER BY id;
\x off
-- Sets have no order of their own, and are read in ascending order
SELECT texts, numbers, binaries, tags, moods, dates FROM containers WHERE id = 'sets';
SELECT id, array_dims(numbers), numbers[2][1] FROM containers WHERE id = 'lists';

-- A domain that is NOT NULL refuses a missing attribute
CREATE FOREIGN TABLE requiring (id text, tags required)
    SERVER aws OPTIONS (table_name 'types_containers');
SELECT * FROM requiring WHERE id = 'missing';

-- Documents in both formats
CREATE FOREIGN TABLE documents (
    id text, plain jsonb OPTIONS (attribute_name 'v'),
    typed jsonb OPTIONS (attribute_name 'v', json_format 'dynamodb'),
    plain_json json OPTIONS (attribute_name 'v')
) SERVER aws OPTIONS (table_name 'types_documents');
SELECT id, plain, typed FROM documents WHERE id NOT IN ('deep', 'N large', 'N small')
    ORDER BY id COLLATE "C";
SELECT id, plain = to_jsonb((typed ->> 'N')::numeric) AS exact, jsonb_typeof(plain)
    FROM documents WHERE id LIKE 'N %' ORDER BY id;
SELECT plain #>> array_fill('0'::text, ARRAY[31]) AS plain,
       length(typed::text) AS typed FROM documents WHERE id = 'deep';
SELECT id, plain_json FROM documents WHERE id IN ('S', 'M', 'B', 'missing') ORDER BY id;

-- Places in documents
CREATE FOREIGN TABLE places (
    id text,
    line text OPTIONS (attribute_path 'address.lines[1]'),
    beyond text OPTIONS (attribute_path 'address.lines[9]'),
    quoted int OPTIONS (attribute_path 'address."a.b"."[0]"'),
    inside jsonb OPTIONS (attribute_path 'v."a.b"'),
    list_of_document text[] OPTIONS (attribute_path 'address.lines')
) SERVER aws OPTIONS (table_name 'types_documents');
SELECT * FROM places WHERE id IN ('M', 'L', 'S') ORDER BY id;

-- The whole item: what no column maps, whichever columns are selected
CREATE FOREIGN TABLE whole (
    id text, v jsonb, "Case" int, rest jsonb OPTIONS (whole_item 'true')
) SERVER aws OPTIONS (table_name 'types_documents');
SELECT rest FROM whole WHERE id = 'M';
SELECT v -> 'b' AS b, "Case", rest FROM whole WHERE id = 'M';
SELECT * FROM whole WHERE id = 'missing';
SELECT id, rest FROM whole WHERE rest ? 'other' ORDER BY id;
CREATE FOREIGN TABLE whole_typed (
    id text, rest jsonb OPTIONS (whole_item 'true', json_format 'dynamodb')
) SERVER aws OPTIONS (table_name 'types_documents');
SELECT rest FROM whole_typed WHERE id IN ('BS', 'missing') ORDER BY id;

-- A column that maps a place inside an attribute leaves the attribute in the whole item
CREATE FOREIGN TABLE whole_with_place (
    id text, v jsonb, line text OPTIONS (attribute_path 'address.lines[0]'),
    rest jsonb OPTIONS (whole_item 'true')
) SERVER aws OPTIONS (table_name 'types_documents');
SELECT line, rest FROM whole_with_place WHERE id = 'M';

-- Conditions on values compare as SQL does
SELECT id FROM scalars WHERE n > 42 ORDER BY id;
SELECT id FROM scalars WHERE f8 = 0.30000000000000004;
SELECT id FROM scalars WHERE f8 = 'NaN';
SELECT id FROM scalars WHERE i8 = 9223372036854775807;
SELECT id FROM scalars WHERE b = '\x';
SELECT id FROM scalars WHERE u < 'b0000000-0000-0000-0000-000000000000' ORDER BY id;
SELECT id FROM scalars WHERE d BETWEEN '0001-01-01' AND '2024-12-31' ORDER BY id;
SELECT id FROM scalars WHERE d < 'infinity' ORDER BY id;
SELECT id FROM scalars WHERE tz = '2024-02-29 10:34:56.789+00';
SELECT id FROM scalars WHERE seconds < '1970-01-01 00:00:00+00';
SELECT id FROM scalars WHERE bp = 'ab   ';
SELECT id FROM scalars WHERE mood > 'sad';
SELECT id FROM scalars WHERE yes IS NOT TRUE ORDER BY id;
SELECT id FROM scalars WHERE sn = '-12.5';
SELECT id FROM scalars WHERE sn = '-12.50';
SELECT id FROM scalars WHERE n IS NULL ORDER BY id;
SELECT id FROM scalars WHERE n <> 42 ORDER BY id;

-- Types and options that do not go together
CREATE FOREIGN TABLE unfit_type (id text, v int OPTIONS (attribute_type 'S')) SERVER aws;
SELECT v FROM unfit_type;
CREATE FOREIGN TABLE unfit_time (id text, v int OPTIONS (time_format 'epoch_seconds')) SERVER aws;
SELECT v FROM unfit_time;
CREATE FOREIGN TABLE unfit_set (id text, v text[] OPTIONS (attribute_type 'M')) SERVER aws;
SELECT v FROM unfit_set;
CREATE FOREIGN TABLE unfit_name (id text, v name) SERVER aws;
SELECT v FROM unfit_name;
