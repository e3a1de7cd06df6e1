\i sql/plan.inc

CREATE FOREIGN TABLE sets (id int, tags text[], counts int[], hashes bytea[])
    SERVER aws OPTIONS (table_name 'plan_sets');
CREATE FOREIGN TABLE words (id int, word text)
    SERVER aws OPTIONS (table_name 'plan_wide');

-- An element of a set. Lists pass the filter, since they may be nested or hold anything, and are
-- judged here; the set of numbers is left out by its id, because no array of texts is made of it.
SELECT plan('SELECT id FROM sets WHERE ''red'' = ANY (tags) AND id < 8');
SELECT id FROM sets WHERE 'red' = ANY (tags) AND id < 8 ORDER BY 1;
SELECT id FROM sets WHERE 'white' = ANY (tags) AND id < 8 ORDER BY 1;
SELECT id FROM sets WHERE 'Red' = ANY (tags) AND id < 8 ORDER BY 1;
SELECT id FROM sets WHERE NULL = ANY (tags) AND id < 8;
SELECT plan('SELECT id FROM sets WHERE 100 = ANY (counts) AND 3 = ANY (counts)');
SELECT id FROM sets WHERE 100 = ANY (counts) AND 3 = ANY (counts);
SELECT id FROM sets WHERE 5::bigint = ANY (counts);
SELECT plan('SELECT id FROM sets WHERE ''\x02'' = ANY (hashes)');
SELECT id FROM sets WHERE '\x02' = ANY (hashes);
SELECT plan('SELECT id FROM sets WHERE ''red'' <> ALL (tags)');

-- Several: all of them, or any
SELECT plan('SELECT id FROM sets WHERE tags @> ''{red,green}'' AND id < 8');
SELECT id FROM sets WHERE tags @> '{red,green}' AND id < 8 ORDER BY 1;
SELECT id FROM sets WHERE ARRAY['red', 'black'] <@ tags AND id < 8 ORDER BY 1;
SELECT id FROM sets WHERE tags @> '{}' AND id < 8 ORDER BY 1;
SELECT id FROM sets WHERE tags @> '{red,NULL}' AND id < 8 ORDER BY 1;
SELECT plan('SELECT id FROM sets WHERE tags && ''{green,blue}'' AND id < 8');
SELECT id FROM sets WHERE tags && '{green,blue}' AND id < 8 ORDER BY 1;
SELECT id FROM sets WHERE '{white}' && tags AND id < 8 ORDER BY 1;
SELECT id FROM sets WHERE tags && '{}' AND id < 8;

-- No others: one of them then, and no more; only a list may be empty
SELECT plan('SELECT id FROM sets WHERE tags <@ ''{red,green,NULL}'' AND id < 8');
SELECT id FROM sets WHERE tags <@ '{red,green,blue}' AND id < 8 ORDER BY 1;
SELECT id FROM sets WHERE '{red,green,NULL}' @> tags AND id < 8 ORDER BY 1;
SELECT id FROM sets WHERE tags <@ '{red}' AND id < 8 ORDER BY 1;
SELECT id FROM sets WHERE tags <@ '{red,black}' AND id < 8 ORDER BY 1;
SELECT plan('SELECT id FROM sets WHERE tags <@ ''{}'' AND id < 8');
SELECT id FROM sets WHERE tags <@ '{}' AND id < 8 ORDER BY 1;
SELECT id FROM sets WHERE tags <@ '{NULL}' AND id < 8 ORDER BY 1;
SELECT id FROM sets WHERE NOT (tags <@ '{red,green}') AND id < 8 ORDER BY 1;
SELECT plan('SELECT id FROM sets WHERE counts <@ ''{2,3,100}''');
SELECT id FROM sets WHERE counts <@ '{2,3,100}' ORDER BY 1;
SELECT plan('DELETE FROM sets WHERE id = 2 AND counts <@ ''{2,3,100}''');
SELECT id FROM sets WHERE counts <@ (SELECT array_agg(n) FROM generate_series(3, 1000) n) ORDER BY 1;

-- Values of parameters
SET plan_cache_mode = force_generic_plan;
PREPARE with_tag(text) AS SELECT id FROM sets WHERE $1 = ANY (tags) AND id < 8 ORDER BY 1;
PREPARE within_tags(text[]) AS SELECT id FROM sets WHERE tags <@ $1 AND id < 8 ORDER BY 1;
PREPARE with_tags(text[]) AS SELECT id FROM sets WHERE tags @> $1 AND id < 8 ORDER BY 1;
SELECT plan('EXECUTE with_tag(''red'')');
EXECUTE with_tag('blue');
EXECUTE with_tag('');
EXECUTE with_tag(NULL);
SELECT plan('EXECUTE with_tags(''{}'')');
EXECUTE with_tags('{red,blue}');
EXECUTE with_tags('{}');
EXECUTE with_tags('{NULL}');
EXECUTE with_tags(NULL);
SELECT plan('EXECUTE within_tags(''{}'')');
EXECUTE within_tags('{red,blue}');
EXECUTE within_tags('{}');
EXECUTE within_tags('{NULL}');
EXECUTE within_tags(NULL);
RESET plan_cache_mode;

-- A set of another kind is found out when it is read, whatever is asked of it
SELECT id FROM sets WHERE 'red' = ANY (tags);
SELECT id FROM sets WHERE tags @> '{red}';

-- Where the column takes sets alone, lists are errors as well; where it takes none, nothing is sent
CREATE FOREIGN TABLE only_sets (id int, tags text[] OPTIONS (attribute_type 'SS'))
    SERVER aws OPTIONS (table_name 'plan_sets');
CREATE FOREIGN TABLE only_lists (id int, tags text[] OPTIONS (attribute_type 'L'))
    SERVER aws OPTIONS (table_name 'plan_sets');
SELECT id FROM only_sets WHERE tags @> '{green}' AND id < 3;
SELECT id FROM only_sets WHERE tags @> '{green}' AND id < 4;
SELECT plan('SELECT id FROM only_lists WHERE ''red'' = ANY (tags)');
SELECT plan('SELECT id FROM only_lists WHERE tags <@ ''{red}''');
-- numeric elements: equal whatever their scale
CREATE FOREIGN TABLE amounts (id int, counts numeric[]) SERVER aws OPTIONS (table_name 'plan_sets');
SELECT plan('SELECT id FROM amounts WHERE counts @> ''{3.0}'' AND counts && ''{1e2,1e200}''');
SELECT id FROM amounts WHERE counts @> '{3.0}' AND counts && '{1e2,1e200}';
SELECT id FROM amounts WHERE counts @> '{1e200}';
SELECT id FROM amounts WHERE counts <@ '{3.00,1e2}';

-- Parts of strings: the longest run of characters between wildcards
SELECT plan('SELECT id FROM words WHERE word LIKE ''%d 1%''');
SELECT id FROM words WHERE word LIKE '%d 1%' ORDER BY 1;
SELECT plan('SELECT id FROM words WHERE word LIKE ''_o%rd_3''');
SELECT id FROM words WHERE word LIKE '_o%rd_3';
SELECT plan('SELECT id FROM words WHERE word LIKE ''%\%%''');
SELECT id FROM words WHERE word LIKE '%\%%';
SELECT plan('SELECT id FROM words WHERE word LIKE ''%_%''');
SELECT count(*) FROM words WHERE word LIKE '%_%';
SELECT id FROM words WHERE word LIKE '%d\';
SELECT plan('SELECT id FROM words WHERE strpos(word, ''d 2'') > 0');
SELECT id FROM words WHERE strpos(word, 'd 2') > 0;
SELECT count(*) FROM words WHERE strpos(word, '') > 0;
SELECT plan('SELECT id FROM words WHERE position(''d 2'' IN word) > 1');
SELECT plan('SELECT id FROM words WHERE strpos(word, ''d 2'') < 1');

-- Of another table's values, for each of its rows
CREATE TABLE wanted (id int, tags text[]);
INSERT INTO wanted VALUES (1, '{red,green}'), (2, '{blue}'), (5, '{}'), (3, '{black,red,NULL}'), (1, NULL);
SELECT w.id, w.tags FROM wanted w JOIN sets s ON s.id = w.id AND s.tags <@ w.tags AND s.id < 8 ORDER BY 1, 2;
SELECT w.id, q.id FROM wanted w, LATERAL (SELECT s.id FROM sets s WHERE s.tags <@ w.tags AND s.id < 8 OFFSET 0) q ORDER BY 1, 2;
