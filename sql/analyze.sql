\i sql/server.inc

CREATE FOREIGN TABLE orders (
    id int, state text, discount numeric, rest jsonb OPTIONS (whole_item 'true')
) SERVER aws OPTIONS (table_name 'analyze_orders');

-- All of a small table is read, in pages of any size
ALTER FOREIGN TABLE orders OPTIONS (ADD fetch_size '70');
ANALYZE orders;
SELECT reltuples, relpages > 0 AS has_pages FROM pg_class WHERE oid = 'orders'::regclass;
SELECT attname, n_distinct, round(null_frac::numeric, 2) AS null_frac,
    cardinality(most_common_vals::text::text[]) AS common_values
    FROM pg_stats WHERE tablename = 'orders' AND attname <> 'rest' ORDER BY attname;

-- A sample smaller than the table
ALTER FOREIGN TABLE orders ALTER id SET STATISTICS 1;
ANALYZE orders (id);
SELECT reltuples FROM pg_class WHERE oid = 'orders'::regclass;
SELECT cardinality(histogram_bounds::text::int[]) AS bounds
    FROM pg_stats WHERE tablename = 'orders' AND attname = 'id';

-- The planner uses it
CREATE FUNCTION estimated_rows(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN plan #>> '{0,Plan,Plan Rows}';
END
$$;
SELECT estimated_rows('SELECT * FROM orders WHERE state = ''open'' AND discount IS NULL');
SELECT estimated_rows('SELECT * FROM orders WHERE discount = 8');

-- The same as a part of VACUUM's command, and of a parent's statistics
CREATE TABLE all_orders (id int, state text) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE first_orders PARTITION OF all_orders FOR VALUES FROM (0) TO (1000)
    SERVER aws OPTIONS (table_name 'analyze_orders');
ANALYZE all_orders;
SELECT attname, n_distinct FROM pg_stats WHERE tablename = 'all_orders' AND inherited ORDER BY 1;

-- Nothing, and no table
CREATE FOREIGN TABLE nothing (id int, state text) SERVER aws OPTIONS (table_name 'analyze_nothing');
ANALYZE nothing;
SELECT reltuples FROM pg_class WHERE oid = 'nothing'::regclass;
ALTER FOREIGN TABLE nothing OPTIONS (SET table_name 'analyze_missing', ADD on_missing_table 'empty');
ANALYZE nothing;
SELECT reltuples FROM pg_class WHERE oid = 'nothing'::regclass;

-- A value that a column cannot hold is an error here too
ALTER FOREIGN TABLE orders ALTER state TYPE int;
\set SHOW_CONTEXT never
ANALYZE orders;
\set SHOW_CONTEXT errors

-- The guard holds for ANALYZE
ALTER FOREIGN TABLE orders ALTER state TYPE text, OPTIONS (ADD max_capacity_units '2');
\set VERBOSITY sqlstate
ANALYZE orders;
\set VERBOSITY default
