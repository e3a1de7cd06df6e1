"""Which plan is chosen for tables of sizes, and with indexes, that no emulator has.

A scripted service describes the tables; nothing is read but where a test says so.
"""

import pytest
from faults.clients import create_scripted_server

MILLION = 1_000_000
ITEM_BYTES = 300


def key_schema(**kinds):
    return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds.items()]


def index(name, keys, projection="ALL", items=MILLION, size=MILLION * ITEM_BYTES):
    return {
        "IndexName": name,
        "KeySchema": keys,
        "Projection": {"ProjectionType": projection},
        "IndexStatus": "ACTIVE",
        "ItemCount": items,
        "IndexSizeBytes": size,
    }


TABLE = {
    "TableName": "readings",
    "TableStatus": "ACTIVE",
    "TableArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/readings",
    "KeySchema": key_schema(id="HASH"),
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "N" if name in ("id", "day") else "S"}
        for name in ("id", "code", "country", "city", "day", "street")
    ],
    "ItemCount": MILLION,
    "TableSizeBytes": MILLION * ITEM_BYTES,
    "GlobalSecondaryIndexes": [
        index("by_code", key_schema(code="HASH"), "KEYS_ONLY", size=MILLION * 50),
        index(
            "by_place", key_schema(country="HASH", city="HASH", day="RANGE", street="RANGE"), "ALL"
        ),
    ],
}
COLUMNS = """
    id bigint, code text, country text, city text, day int, street text COLLATE "C", note text"""


@pytest.fixture
def session(postgresql, database, service):
    for _ in range(10):
        service.script("DescribeTable", lambda exchange: exchange.answer({"Table": TABLE}))
    with postgresql.connect(database) as connection:
        create_scripted_server(connection, service.endpoint_url)
        connection.execute(f"CREATE FOREIGN TABLE readings ({COLUMNS}) SERVER aws")
        yield connection


def plan(connection, query):
    lines = connection.execute(f"EXPLAIN (VERBOSE, COSTS OFF) {query}").fetchall()
    return "\n".join(line for (line,) in lines)


def local_keys(connection, count):
    connection.execute(f"CREATE TABLE wanted AS SELECT n AS id FROM generate_series(1, {count}) n")
    connection.execute("ANALYZE wanted")


JOIN = "SELECT w.id, r.note FROM wanted w JOIN readings r ON r.id = w.id"


@pytest.mark.parametrize("count", [10, 10_000])
def test_few_local_rows_look_up_together(session, count):
    local_keys(session, count)
    half = "SELECT note FROM readings r WHERE id IN (SELECT id FROM wanted)"
    for query in (JOIN, JOIN.replace("JOIN", "LEFT JOIN"), half):
        found = plan(session, query)
        assert "DynamoDB Request: BatchGetItem" in found
        assert "DynamoDB Read Ahead" in found


def test_one_local_row_looks_up_by_itself(session):
    local_keys(session, 1)
    found = plan(session, JOIN)
    assert "DynamoDB Request: GetItem" in found
    assert "DynamoDB Read Ahead" not in found


def test_a_million_local_rows_scan_once(session):
    local_keys(session, MILLION)
    found = plan(session, JOIN)
    assert "DynamoDB Request: Scan" in found
    assert "Hash" in found or "Merge" in found


def test_keys_of_an_index_are_looked_up_where_a_scan_costs_more(session):
    found = plan(session, "SELECT note FROM readings WHERE code = 'x'")
    assert "DynamoDB Request: Query, then BatchGetItem" in found
    assert "Index: by_code" in found


def test_the_smallest_index_is_scanned(session):
    found = plan(session, "SELECT id FROM readings WHERE code > 'x' COLLATE \"C\"")
    assert "DynamoDB Request: Scan" in found
    assert "Index: by_code" in found


PLACE = "country = 'DE' AND city = 'Ulm'"


@pytest.mark.parametrize(
    ("conditions", "sent"),
    [
        (PLACE, 2),
        (f"{PLACE} AND day = 3", 3),
        (f"{PLACE} AND day > 3", 3),
        (f"{PLACE} AND day = 3 AND street LIKE 'A%'", 4),
        (f"{PLACE} AND day > 3 AND street LIKE 'A%'", 3),
        (f"{PLACE} AND street = 'A'", 2),
    ],
)
def test_index_of_several_attributes(session, service, conditions, sent):
    """Every hash attribute, and of the range attributes those up to the first that is a range."""
    session.execute("ALTER FOREIGN TABLE readings OPTIONS (ADD dense_indexes 'true')")
    service.script("Query", lambda exchange: exchange.answer({"Items": [], "Count": 0}))
    query = f"SELECT note FROM readings WHERE {conditions}"
    assert "Index: by_place" in plan(session, query)
    assert session.execute(query).fetchall() == []
    (request,) = [r for r in service.requests if r.operation == "Query"]
    assert request.body["KeyConditionExpression"].count("#") == sent
    assert "FilterExpression" not in request.body


def test_index_of_several_attributes_needs_every_hash_attribute(session):
    assert "DynamoDB Request: Scan" in plan(session, "SELECT id FROM readings WHERE country = 'DE'")


def test_many_values_of_several_range_attributes(session, service):
    """What is widened to a range ends the key condition."""
    session.execute("ALTER FOREIGN TABLE readings OPTIONS (ADD dense_indexes 'true')")
    service.script("Query", lambda exchange: exchange.answer({"Items": [], "Count": 0}))
    days = "day = ANY (ARRAY(SELECT generate_series(1, 200)))"
    streets = "street = ANY (ARRAY(SELECT 's' || n FROM generate_series(1, 200) n))"
    query = f"SELECT note FROM readings WHERE {PLACE} AND {days} AND {streets}"
    assert session.execute(query).fetchall() == []
    (request,) = [r for r in service.requests if r.operation == "Query"]
    assert request.body["KeyConditionExpression"].count("BETWEEN") == 1
    assert request.body["KeyConditionExpression"].count("#") == 3
