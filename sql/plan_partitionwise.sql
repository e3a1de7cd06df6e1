\i sql/plan.inc
-- Joins of partitions, each with its own: keys of the one are looked up in the other

CREATE TABLE devices (id int, kind text) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE low_devices PARTITION OF devices FOR VALUES FROM (0) TO (1000)
    SERVER aws OPTIONS (table_name 'partitionwise_low', write_mode 'overwrite');
CREATE FOREIGN TABLE high_devices PARTITION OF devices FOR VALUES FROM (1000) TO (2000)
    SERVER aws OPTIONS (table_name 'partitionwise_high', write_mode 'overwrite');
ALTER FOREIGN TABLE low_devices ALTER COLUMN id OPTIONS (key 'hash');
ALTER FOREIGN TABLE high_devices ALTER COLUMN id OPTIONS (key 'hash');
SELECT dynamodb_create_table('low_devices') IS NOT NULL AND dynamodb_create_table('high_devices') IS NOT NULL;
INSERT INTO devices SELECT n, 'kind ' || n % 7 FROM generate_series(0, 1990, 10) n;

CREATE TABLE sightings (device int, place text, kind text) PARTITION BY RANGE (device);
CREATE TABLE low_sightings PARTITION OF sightings FOR VALUES FROM (0) TO (1000);
CREATE TABLE high_sightings PARTITION OF sightings FOR VALUES FROM (1000) TO (2000);
INSERT INTO sightings SELECT n, 'place ' || n, 'kind ' || n % 3 FROM unnest('{5,10,20,500,1005,1010,1990}'::int[]) n;
ANALYZE sightings;

SET enable_partitionwise_join = on;
ALTER FOREIGN TABLE low_devices OPTIONS (ADD allow_full_scan 'false');
ALTER FOREIGN TABLE high_devices OPTIONS (ADD allow_full_scan 'false');

SELECT plan('SELECT s.place, d.kind FROM sightings s JOIN devices d ON d.id = s.device');
SELECT s.place, d.kind FROM sightings s JOIN devices d ON d.id = s.device ORDER BY s.device;

-- A condition that DynamoDB judges, one that is judged here, and rows without a partner
SELECT plan('SELECT s.place, d.id FROM sightings s LEFT JOIN devices d ON d.id = s.device AND d.kind <> s.kind AND length(d.kind || s.place) > 3');
SELECT s.place, d.id FROM sightings s LEFT JOIN devices d ON d.id = s.device AND d.kind <> s.kind AND length(d.kind || s.place) > 3 ORDER BY s.device;
SELECT s.place FROM sightings s WHERE NOT EXISTS (SELECT FROM devices d WHERE d.id = s.device) ORDER BY s.device;

-- Two levels of partitions
CREATE TABLE lowest_sightings PARTITION OF sightings FOR VALUES FROM (2000) TO (3000) PARTITION BY LIST (place);
CREATE TABLE deep_sightings PARTITION OF lowest_sightings DEFAULT;
CREATE TABLE highest_devices PARTITION OF devices FOR VALUES FROM (2000) TO (3000) PARTITION BY LIST (kind);
CREATE FOREIGN TABLE deep_devices PARTITION OF highest_devices DEFAULT
    SERVER aws OPTIONS (table_name 'partitionwise_high', allow_full_scan 'false');
ALTER FOREIGN TABLE deep_devices ALTER COLUMN id OPTIONS (key 'hash');
INSERT INTO sightings VALUES (2500, 'deep', 'kind 1');
ANALYZE sightings;
SELECT s.place, d.kind FROM sightings s LEFT JOIN devices d ON d.id = s.device ORDER BY s.device;

-- The rows of each partition are read ahead, and their keys looked up together, each once
CREATE TABLE local_devices AS SELECT n AS id, 'kind ' || n % 7 AS kind FROM generate_series(0, 1990, 10) n;
INSERT INTO sightings SELECT n * 7 % 2000, 'again ' || n, 'kind ' || n % 3 FROM generate_series(1, 600) n;
ANALYZE sightings;
CREATE FUNCTION requests(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        CONTINUE WHEN line !~ '(Read Ahead|Foreign Scan|Requests|Items Returned)';
        RETURN NEXT regexp_replace(line, '[ >-]*(.*?)( \(actual.*)?$', '\1');
    END LOOP;
END
$$;
-- The same join of what is in local tables is what each must give
CREATE FUNCTION differences(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    local text := regexp_replace(query, '\m(devices|visits)\M', 'local_\1', 'g');
    found bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) d', query, local)
        INTO found;
    RETURN found;
END
$$;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT plan('SELECT s.place, d.kind FROM sightings s JOIN devices d ON d.id = s.device WHERE s.device < 2000');
SELECT requests('SELECT s.place, d.kind FROM sightings s JOIN devices d ON d.id = s.device WHERE s.device < 2000');
SELECT count(*) FROM sightings s JOIN devices d ON d.id = s.device;
SELECT differences('SELECT s.place, d.kind FROM sightings s JOIN devices d ON d.id = s.device');
SELECT differences('SELECT s.place, d.id FROM sightings s LEFT JOIN devices d ON d.id = s.device AND d.kind <> s.kind AND length(d.kind || s.place) > 3');
SELECT plan('SELECT s.place FROM sightings s WHERE NOT EXISTS (SELECT FROM devices d WHERE d.id = s.device AND d.kind > s.kind) AND s.device < 2000');
SELECT differences('SELECT s.place FROM sightings s WHERE NOT EXISTS (SELECT FROM devices d WHERE d.id = s.device AND d.kind > s.kind)');
SELECT differences('SELECT s.place FROM sightings s WHERE EXISTS (SELECT FROM devices d WHERE d.id = s.device AND d.kind > s.kind)');
SELECT plan('SELECT d.kind FROM devices d WHERE d.id IN (SELECT device FROM sightings) AND d.id < 2000');
SELECT differences('SELECT d.id, d.kind FROM devices d WHERE d.id IN (SELECT device FROM sightings)');
-- Behind another join of partitions, begun anew, and a limit
SELECT plan('SELECT s.place, d.kind, e.id FROM sightings s JOIN devices d ON d.id = s.device JOIN devices e ON e.id = d.id AND e.kind > s.kind WHERE s.device < 2000');
SELECT differences('SELECT s.place, d.kind, e.id FROM sightings s JOIN devices d ON d.id = s.device JOIN devices e ON e.id = d.id AND e.kind > s.kind');
SELECT n, (SELECT count(*) FROM sightings s JOIN devices d ON d.id = s.device WHERE s.device % 7 = n),
    (SELECT count(*) FROM sightings s JOIN local_devices d ON d.id = s.device WHERE s.device % 7 = n)
    FROM generate_series(0, 2) n;
SELECT plan('SELECT s.place, d.kind FROM sightings s LEFT JOIN devices d ON d.id = s.device WHERE s.device < 2000 LIMIT 3');
SELECT count(*) FROM (SELECT FROM sightings s LEFT JOIN devices d ON d.id = s.device LIMIT 3) l;
-- Prepared, with a plan for any value
PREPARE above(int) AS SELECT count(*), count(d.kind) FROM sightings s LEFT JOIN devices d ON d.id = s.device WHERE s.device > $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE above(0);
EXECUTE above(1500);
RESET plan_cache_mode;
-- Switched off
SET dynamodb_kms_fdw.enable_bulk_lookup = off;
SELECT differences('SELECT s.place, d.kind FROM sightings s JOIN devices d ON d.id = s.device');
SELECT plan('SELECT s.place, d.kind FROM sightings s JOIN devices d ON d.id = s.device WHERE s.device < 2000');
RESET dynamodb_kms_fdw.enable_bulk_lookup;

-- Querys of hash keys, in the same manner
CREATE TABLE visits (id int, at int, kind text, note text) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE low_visits PARTITION OF visits FOR VALUES FROM (0) TO (1000)
    SERVER aws OPTIONS (table_name 'partitionwise_low_visits', write_mode 'overwrite', allow_full_scan 'false',
    global_indexes '{"by_kind": {"hash": "kind", "projection": "keys_only"}}');
-- Its columns have another order
CREATE FOREIGN TABLE high_visits (note text, kind text, at int, id int)
    SERVER aws OPTIONS (table_name 'partitionwise_high_visits', write_mode 'overwrite', allow_full_scan 'false',
    global_indexes '{"by_kind": {"hash": "kind", "projection": "keys_only"}}');
ALTER FOREIGN TABLE low_visits ALTER COLUMN id OPTIONS (key 'hash'), ALTER COLUMN at OPTIONS (key 'range');
ALTER FOREIGN TABLE high_visits ALTER COLUMN id OPTIONS (key 'hash'), ALTER COLUMN at OPTIONS (key 'range');
ALTER TABLE visits ATTACH PARTITION high_visits FOR VALUES FROM (1000) TO (2000);
SELECT dynamodb_create_table('low_visits') IS NOT NULL AND dynamodb_create_table('high_visits') IS NOT NULL;
CREATE TABLE local_visits AS SELECT n * 10 AS id, at, 'kind ' || (n + at) % 5 AS kind, 'note ' || n AS note
    FROM generate_series(0, 199) n, generate_series(1, 3) at;
INSERT INTO visits SELECT * FROM local_visits;
DROP TABLE lowest_sightings;
SELECT plan('SELECT s.place, v.at FROM sightings s JOIN visits v ON v.id = s.device AND v.at >= 2 AND v.kind <> s.kind');
SELECT differences('SELECT s.place, v.at FROM sightings s JOIN visits v ON v.id = s.device AND v.at >= 2 AND v.kind <> s.kind');
SELECT differences('SELECT s.place, v.at, v.kind FROM sightings s LEFT JOIN visits v ON v.id = s.device AND v.at < length(s.place)');
SELECT differences('SELECT s.place FROM sightings s WHERE EXISTS (SELECT FROM visits v WHERE v.id = s.device AND v.kind = s.kind)');

-- Rows that are in no partitions: each partition looks up the keys that its bounds allow
RESET enable_partitionwise_join;
CREATE TABLE places AS SELECT device, place FROM sightings WHERE device < 2000;
INSERT INTO places VALUES (NULL, 'nowhere'), (1990, 'last');
ANALYZE places;
SELECT plan('SELECT p.place, d.kind FROM places p LEFT JOIN devices d ON d.id = p.device');
SELECT requests('SELECT p.place, d.kind FROM places p LEFT JOIN devices d ON d.id = p.device');
SELECT differences('SELECT p.place, d.kind FROM places p LEFT JOIN devices d ON d.id = p.device');
SELECT differences('SELECT p.place FROM places p WHERE NOT EXISTS (SELECT FROM devices d WHERE d.id = p.device AND d.kind > ''kind 3'')');
SELECT differences('SELECT d.id, d.kind FROM devices d WHERE d.id IN (SELECT device FROM places)');
SELECT differences('SELECT p.place, v.at FROM places p LEFT JOIN visits v ON v.id = p.device AND v.at >= 2');
SELECT requests('SELECT p.place, v.at FROM places p JOIN visits v ON v.id = p.device AND v.at >= 2 WHERE p.device % 100 = 10');
-- By way of an index that has keys alone: what is asked for may be in any partition
CREATE TABLE kinds AS SELECT n AS line, 'kind ' || n % 6 AS kind FROM generate_series(1, 30) n;
INSERT INTO kinds VALUES (31, NULL);
ANALYZE kinds;
SELECT line FROM plan('SELECT k.line, v.id, v.note FROM kinds k JOIN visits v ON v.kind = k.kind') line
    WHERE line !~ ' Filter:'; -- where each version of PostgreSQL has its own order
SELECT differences('SELECT k.line, v.id, v.at, v.note FROM kinds k LEFT JOIN visits v ON v.kind = k.kind');
-- Of another type, with an expression, begun anew, and with what may be in any partition
SELECT differences('SELECT p.place, d.kind FROM places p LEFT JOIN devices d ON d.id = p.device::bigint + 10');
SELECT n, (SELECT count(*) FROM places p JOIN devices d ON d.id = p.device + n AND d.kind > p.place),
    (SELECT count(*) FROM places p JOIN local_devices d ON d.id = p.device + n AND d.kind > p.place)
    FROM generate_series(0, 20, 10) n;
ALTER TABLE devices DETACH PARTITION highest_devices;
SET enable_partition_pruning = off;
SELECT differences('SELECT p.place, d.kind FROM places p LEFT JOIN devices d ON d.id = p.device');
RESET enable_partition_pruning;
-- Below UNION ALL, where no member is passed over; and beside a partition that is a local table
SELECT count(*) FROM places p JOIN (TABLE low_devices UNION ALL TABLE high_devices) d ON d.id = p.device;
SELECT count(*) FROM places p JOIN local_devices d ON d.id = p.device;
ALTER TABLE devices DETACH PARTITION high_devices;
CREATE TABLE kept_devices PARTITION OF devices (PRIMARY KEY (id)) FOR VALUES FROM (1000) TO (2000);
INSERT INTO kept_devices SELECT * FROM local_devices WHERE id >= 1000;
ANALYZE kept_devices;
SELECT requests('SELECT p.place, d.kind FROM places p LEFT JOIN devices d ON d.id = p.device');
SELECT differences('SELECT p.place, d.kind FROM places p LEFT JOIN devices d ON d.id = p.device');

SELECT dynamodb_drop_table('low_visits');
SELECT dynamodb_drop_table('high_visits');
SELECT dynamodb_drop_table('low_devices');
SELECT dynamodb_drop_table('high_devices');
