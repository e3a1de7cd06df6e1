"""Generated queries give the same rows on a foreign table and on a heap table of the same rows.

GENERATED_QUERIES sets how many are run for each table, GENERATED_SEED which ones. Amazon's DynamoDB
Local has most of them: moto, which takes ten times as long for each, has one in ten.
"""

import os
import random
from dataclasses import dataclass

import pytest

from generated_queries import COLUMNS, JSON, SETS, SHAPES, QueryGenerator, draw_rows, sql_text

QUERIES = int(os.environ.get("GENERATED_QUERIES", "500"))
OF_MOTO = QUERIES // 10
SEED = int(os.environ.get("GENERATED_SEED", "20261123"))
ROWS = 120

# The foreign table behind what no condition, limit or aggregate is pushed through.
UNPUSHED = "(SELECT * FROM foreign_twin OFFSET 0)"
UNPUSHED_EVERY = int(os.environ.get("GENERATED_UNPUSHED_EVERY", "5"))


def create_remote_table(client, twin):
    """The table, with sparse global indexes and a local one, each inviting a wrong short cut."""
    definitions = [
        {"AttributeName": column.name, "AttributeType": key_type}
        for column in twin.columns[:2]
        for key_type in column.attribute(column.values[0])
    ]
    keys = [("pk", "HASH"), ("sk", "RANGE")]
    schema = [{"AttributeName": name, "KeyType": kind} for name, kind in keys]
    client.create_table(
        TableName=twin.table_name,
        KeySchema=schema,
        AttributeDefinitions=definitions
        + [
            {"AttributeName": "u", "AttributeType": "S"},
            {"AttributeName": "d", "AttributeType": "N"},
            {"AttributeName": "vc", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_vc",
                "KeySchema": [{"AttributeName": "vc", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
            {
                "IndexName": "by_u",
                "KeySchema": [
                    {"AttributeName": "u", "KeyType": "HASH"},
                    {"AttributeName": "d", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            },
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "by_d",
                "KeySchema": [schema[0], {"AttributeName": "d", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for row in twin.rows:
        # An index key cannot be a NULL attribute: such an item would be refused.
        item = {
            name: value
            for name, value in row.item.items()
            if not (name in ("u", "d", "vc") and "NULL" in value)
        }
        client.put_item(TableName=twin.table_name, Item=item)


def create_local_twin(connection, twin):
    definitions = ", ".join(column.definition(foreign=False) for column in twin.columns)
    connection.execute(f"CREATE TABLE heap_twin ({definitions})")
    names = ", ".join(column.name for column in twin.columns)
    places = ", ".join(
        f"%s::{column.sql_type.partition(' COLLATE ')[0]}" for column in twin.columns
    )
    for row in twin.rows:
        values = [row.values[column.name] for column in twin.columns]
        connection.execute(
            f"INSERT INTO heap_twin ({names}) VALUES ({places})",
            [None if value is None else sql_text(value) for value in values],
        )
    create_local_keys(connection)
    connection.execute("ANALYZE heap_twin, local_keys")


def create_local_keys(connection):
    """Keys that are there, some of them twice, and NULL."""
    connection.execute("""
        CREATE TABLE local_keys AS
            SELECT pk AS k, sk AS v, u AS w, vc AS x FROM heap_twin ORDER BY pk, sk LIMIT 8""")
    connection.execute("INSERT INTO local_keys SELECT * FROM local_keys LIMIT 2")
    connection.execute("INSERT INTO local_keys VALUES (NULL, NULL, NULL, NULL)")


def create_foreign_twin(connection, twin):
    """The foreign table, and one that may not be scanned, so that indexes must do."""
    definitions = ", ".join(column.definition(foreign=True) for column in twin.columns)
    for name, options in (("foreign_twin", ""), ("unscanned_twin", ", allow_full_scan 'false'")):
        connection.execute(
            f"CREATE FOREIGN TABLE {name} ({definitions}) SERVER aws "
            f"OPTIONS (table_name '{twin.table_name}'{options})"
        )


def rows_of(connection, query, table):
    """The rows as sorted text: what has no ORDER BY has no order, and what has one a total one."""
    rows = row_texts(connection.execute(on_table(query, table)))
    return rows if "ORDER BY" in query and "LATERAL" not in query else sorted(rows)


def on_table(query, table):
    return query.replace("FROM T", f"FROM {table} t").replace("JOIN T ", f"JOIN {table} t ")


def row_texts(cursor):
    return [tuple(map(value_text, row)) for row in cursor]


def value_text(value):
    """The elements of a set are in nobody's order."""
    return repr(sorted(value, key=repr) if isinstance(value, list) else value)


@dataclass(frozen=True)
class RemoteTwin:
    table_name: str
    columns: list
    rows: list


@pytest.fixture(scope="session", params=sorted(SHAPES))
def remote_twin(request, dynamodb):
    """A table in the emulator and what is in it."""
    client = dynamodb.client()
    columns = [*SHAPES[request.param], *COLUMNS, *SETS, *JSON]
    twin = RemoteTwin(
        f"generated_{request.param}", columns, draw_rows(random.Random(SEED), columns, ROWS)
    )
    create_remote_table(client, twin)
    yield twin
    client.delete_table(TableName=twin.table_name)


@pytest.fixture(scope="session")
def query_count(dynamodb):
    """The emulator's share of the queries."""
    return OF_MOTO if dynamodb.name == "moto" else QUERIES - OF_MOTO


@pytest.fixture
def twins(connection, remote_twin, dynamodb):
    """A connection with heap_twin and foreign_twin, and a generator of queries about them."""
    create_local_twin(connection, remote_twin)
    create_foreign_twin(connection, remote_twin)
    draws = random.Random(f"{SEED} {dynamodb.name}")
    return connection, QueryGenerator(draws, remote_twin.columns)


def compare(connection, query, table="foreign_twin", expected=None):
    """What is wrong with the rows on the table; `expected` are those of heap_twin, if known."""
    expected = expected if expected is not None else rows_of(connection, query, "heap_twin")
    found = rows_of(connection, query, table)
    if found == expected:
        return None
    missing = [row for row in expected if row not in found][:3]
    invented = [row for row in found if row not in expected][:3]
    return (
        f"{query} on {table}\n  {len(expected)} rows expected, {len(found)} found"
        f"\n  missing {missing}\n  invented {invented}"
    )


def assert_agreement(connection, queries):
    """Each query as it is planned, and every so many of them without anything pushed down."""
    differences = []
    for number, query in enumerate(queries):
        expected = rows_of(connection, query, "heap_twin")
        tables = ["foreign_twin"] + [UNPUSHED] * (number % UNPUSHED_EVERY == 0)
        found = [compare(connection, query, table, expected) for table in tables]
        differences += [difference for difference in found if difference is not None]
    print(f"seed {SEED}: {len(differences)} of {len(queries)} queries differ")
    assert not differences, f"seed {SEED}\n" + "\n".join(differences[:10])


def test_twins_hold_the_same_rows(twins):
    connection, _ = twins
    assert_agreement(connection, ["SELECT * FROM T", "SELECT count(*) FROM T"])


def test_generated_queries(twins, query_count):
    connection, generator = twins
    assert_agreement(connection, [generator.query() for _ in range(query_count)])


def test_generated_queries_of_documents(twins, query_count):
    """What documents hold, in maps, lists and sets."""
    connection, generator = twins
    assert_agreement(connection, [generator.query_of_documents() for _ in range(query_count // 5)])


def test_generated_queries_of_several_processes(twins, query_count):
    """Workers take part wherever they may."""
    connection, generator = twins
    # moto cannot tell in which segment the item of a binary key is: it answers with status 500.
    segments = 1 if generator.by_name["pk"].sql_type == "bytea" else 5
    connection.execute(f"ALTER FOREIGN TABLE foreign_twin OPTIONS (ADD scan_segments '{segments}')")
    for setting in ("parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size"):
        connection.execute(f"SET {setting} = 0")
    connection.execute("SET max_parallel_workers_per_gather = 2")
    assert "Gather" in str(connection.execute("EXPLAIN SELECT * FROM foreign_twin").fetchall())
    assert_agreement(connection, [generator.query() for _ in range(query_count // 5)])


def test_keys_of_an_index_are_looked_up(twins, query_count):
    """An index that holds keys alone finds what the table then gives."""
    connection, generator = twins
    queries = [generator.query_of_index() for _ in range(query_count // 10)]
    differences = [
        difference
        for query in queries
        if (difference := compare(connection, query, "unscanned_twin")) is not None
    ]
    assert not differences, f"seed {SEED}\n" + "\n".join(differences[:10])


def test_keys_of_joins_are_looked_up_together(twins, query_count):
    """Nested loops, whatever they cost; most of them read ahead."""
    connection, generator = twins
    for method in ("hashjoin", "mergejoin", "material", "memoize"):
        connection.execute(f"SET enable_{method} = off")
    queries = [generator.join_of_keys() for _ in range(query_count // 5)]
    plans = [explained(connection, query, "foreign_twin") for query in queries]
    ahead = [plan for plan in plans if "DynamoDB Read Ahead" in plan]
    assert len(ahead) > len(queries) / 2
    # moto has too few queries for each kind to be among them.
    assert len(queries) < 50 or any("Query, then BatchGetItem" in plan for plan in ahead)
    assert_agreement(connection, queries)


def explained(connection, query, table):
    return str(connection.execute(f"EXPLAIN (VERBOSE) {on_table(query, table)}").fetchall())


def test_conditions_partition_the_table(twins, query_count):
    """p, NOT p and p IS NULL add up to every row, whatever p is."""
    connection, generator = twins
    total = connection.execute("SELECT count(*) FROM foreign_twin").fetchone()[0]
    for _ in range(query_count // 10):
        condition = generator.condition()
        counts = [
            connection.execute(
                f"SELECT count(*) FROM (SELECT * FROM foreign_twin WHERE {part}) q"
            ).fetchone()[0]
            for part in (condition, f"NOT ({condition})", f"({condition}) IS NULL")
        ]
        assert sum(counts) == total, f"seed {SEED}: {condition}: {counts}"


def test_parameters_of_prepared_statements(twins, query_count):
    """Generic plans bind what custom plans know; NULL parameters are compared as NULL."""
    connection, generator = twins
    differences = []
    for mode in ("force_generic_plan", "force_custom_plan"):
        connection.execute(f"SET plan_cache_mode = {mode}")
        for number in range(query_count // 20):
            differences += compare_prepared(connection, generator, f"{mode}_{number}")
    assert not differences, "\n".join(differences[:10])


def compare_prepared(connection, generator, name):
    columns = [generator.column() for _ in range(2)]
    operators = [generator.random.choice(["=", "<>", "<", ">=", "= ANY"]) for _ in columns]
    types = [
        column.sql_type.partition(" COLLATE ")[0] + ("[]" if "ANY" in operator else "")
        for column, operator in zip(columns, operators)
    ]
    conditions = [
        f"{column.name} {operator} (${place})"
        for place, (column, operator) in enumerate(zip(columns, operators), 1)
    ]
    joined = generator.random.choice([" AND ", " OR "]).join(conditions)
    for table in ("heap_twin", "foreign_twin"):
        connection.execute(
            f"PREPARE {table}_{name} ({', '.join(types)}) AS SELECT * FROM {table} WHERE {joined}"
        )
    return [
        difference
        for _ in range(3)
        if (difference := compare_execution(connection, generator, name, columns, types, joined))
    ]


def compare_execution(connection, generator, name, columns, types, joined):
    arguments = ", ".join(
        argument(generator, column, sql_type) for column, sql_type in zip(columns, types)
    )
    found, expected = (
        sorted(row_texts(connection.execute(f"EXECUTE {table}_{name} ({arguments})")))
        for table in ("foreign_twin", "heap_twin")
    )
    return (
        None
        if found == expected
        else (f"{joined} with {arguments}: {len(expected)} rows expected, {len(found)} found")
    )


def argument(generator, column, sql_type):
    if not sql_type.endswith("[]"):
        return generator.literal(column)
    if generator.random.random() < 0.1:
        return f"NULL::{sql_type}"
    literals = ", ".join(generator.literal(column) for _ in range(generator.random.randint(0, 3)))
    return f"ARRAY[{literals}]::{sql_type}"
