"""Pages: which are asked for and when, what is asked for again, and that no item is lost."""

import random

import psycopg
import pytest
from faults import server as faults
from faults.clients import options_clause

KEYS = [item["id"]["S"] for item in faults.ITEMS]
LOOKUP = "SELECT id FROM faults WHERE id = ANY (%s)"


@pytest.fixture
def session(session):
    session.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD allow_full_scan 'false')")
    return session


@pytest.fixture
def scanning(session):
    session.execute("ALTER FOREIGN TABLE faults OPTIONS (SET allow_full_scan 'true')")
    return session


# Reading ahead


def test_next_page_is_asked_for_before_the_items_are_handed_out(scanning, service):
    service.script("Scan", faults.page(faults.ITEMS, "more"), faults.stall)
    with scanning.transaction():
        cursor = scanning.cursor("reader")
        cursor.execute("SELECT id FROM faults")
        assert cursor.fetchone() == (KEYS[0],)
        service.wait_until_reached()
        assert service.count("Scan") == 2
        cursor.close()
    service.wait_until_closed()


def test_limit_asks_for_nothing_ahead(scanning, service):
    for _ in range(10):
        service.script("Scan", faults.page(faults.ITEMS[:1], "more"))
    assert len(scanning.execute("SELECT id FROM faults LIMIT 3").fetchall()) == 3
    limits = [r.body["Limit"] for r in service.requests if r.operation == "Scan"]
    assert limits == [3, 6, 12]


def test_rescan_with_the_same_values_sends_nothing(scanning, service):
    statement = (
        "SELECT count(id) FROM (VALUES (1), (2), (3)) AS v (n)"
        " LEFT JOIN LATERAL (SELECT id FROM faults WHERE value < {} OFFSET 0) AS f ON true"
    )
    scanning.execute("SET enable_material = off")
    assert scanning.execute(statement.format("n")).fetchone() == (6,)
    assert service.count("Scan") == 3
    assert scanning.execute(statement.format("3")).fetchone() == (9,)
    assert service.count("Scan") == 4


# Counting


def test_pages_of_a_count_are_added_up(scanning, service):
    service.script("Scan", faults.page(faults.ITEMS, "more"), faults.page([], "more"))
    expected = 2 * len(faults.ITEMS)
    assert scanning.execute("SELECT count(*) FROM faults").fetchone() == (expected,)
    scans = [request.body for request in service.requests if request.operation == "Scan"]
    assert [scan["Select"] for scan in scans] == ["COUNT"] * 3


def test_a_count_is_kept_for_a_rescan(scanning, service):
    """Unless what it depends on has changed."""
    statement = (
        "SELECT array_agg(f.n) FROM (VALUES (1), (2), (3)) AS v (n)"
        " LEFT JOIN LATERAL (SELECT count(*) + {} AS n FROM faults) AS f ON true"
    )
    scanning.execute("SET enable_material = off")
    service.script("Scan", faults.page(faults.ITEMS, "more"))
    counted = 2 * len(faults.ITEMS)
    assert scanning.execute(statement.format("0")).fetchone() == ([counted] * 3,)
    assert service.count("Scan") == 2


def test_a_count_is_cancelled(scanning, service):
    service.script("Scan", faults.page(faults.ITEMS, "more"), faults.stall)
    scanning.execute("SET statement_timeout = '1s'")
    with pytest.raises(psycopg.errors.QueryCanceled):
        scanning.execute("SELECT count(*) FROM faults")
    service.wait_until_closed()


# UnprocessedKeys


def answer_of(found, left):
    """A BatchGetItem's answer that leaves some keys over."""

    def behave(conversation):
        asked = conversation.request.body["RequestItems"][faults.TABLE]
        keys = [{"id": {"S": key}} for key in left]
        items = [item for item in faults.ITEMS if item["id"]["S"] in found]
        conversation.answer(
            {
                "Responses": {faults.TABLE: items},
                "UnprocessedKeys": {faults.TABLE: asked | {"Keys": keys}} if left else {},
            }
        )

    return behave


def test_unprocessed_keys_are_asked_for_to_the_end(session, service):
    service.script("BatchGetItem", answer_of([], KEYS), answer_of(KEYS[:3], KEYS[3:]))
    service.script("BatchGetItem", answer_of([], KEYS[3:]), answer_of(KEYS[3:], []))
    assert sorted(session.execute(LOOKUP, [KEYS]).fetchall()) == [(key,) for key in KEYS]
    requests = [r.body["RequestItems"][faults.TABLE] for r in service.requests[1:]]
    assert [len(request["Keys"]) for request in requests] == [5, 5, 2, 2]
    assert len({request["ProjectionExpression"] for request in requests}) == 1


def test_keys_that_stay_unprocessed_are_an_error(session, service):
    service.script("BatchGetItem", *[answer_of([], KEYS)] * 8)
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
        session.execute(LOOKUP, [KEYS])
    assert sorted(session.execute(LOOKUP, [KEYS]).fetchall()) == [(key,) for key in KEYS]


# Any size of pages, any number of streams


def create_partitions(client):
    if "pages" in client.list_tables()["TableNames"]:
        return
    client.create_table(
        TableName="pages",
        AttributeDefinitions=[
            {"AttributeName": "part", "AttributeType": "S"},
            {"AttributeName": "number", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "part", "KeyType": "HASH"},
            {"AttributeName": "number", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName="pages", WaiterConfig={"Delay": 1})
    items = [
        {"part": {"S": part}, "number": {"N": str(number)}, "odd": {"BOOL": number % 2 == 1}}
        for part, number in PARTITIONS
    ]
    for start in range(0, len(items), 25):
        requests = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        assert not client.batch_write_item(RequestItems={"pages": requests})["UnprocessedItems"]


PARTITIONS = [(part, number) for part in "abcdefgh" for number in range(ord(part) - ord("a"), 25)]


def expected_rows(condition):
    return sorted(row for row in PARTITIONS if condition(*row))


SHAPES = {
    "true": lambda part, number: True,
    "odd": lambda part, number: number % 2 == 1,
    "part = 'c'": lambda part, number: part == "c",
    "part IN ('b', 'e', 'h', 'x')": lambda part, number: part in "beh",
    "part IN ('b', 'e', 'h') AND number > 20": lambda part, number: part in "beh" and number > 20,
    "part IN ('a', 'd', 'g') AND number = ANY (ARRAY(SELECT generate_series(3, 40)))": (
        lambda part, number: part in "adg" and number >= 3
    ),
    "number = 24 AND odd IS NOT NULL": lambda part, number: number == 24,
}


@pytest.mark.parametrize("seed", range(6))
def test_every_item_comes_once(connection, dynamodb, seed):
    create_partitions(dynamodb.client())
    choice = random.Random(seed)
    options = {
        "fetch_size": choice.choice([2, 7, 100]),
        "scan_segments": choice.choice([1, 2, 5]),
    }
    connection.execute(
        f"ALTER SERVER aws OPTIONS (ADD max_connections '{choice.choice([1, 2, 3, 32])}')"
    )
    memory = choice.choice(["64kB", "200kB", "32MB"])
    connection.execute(f"SET dynamodb_kms_fdw.max_memory_per_scan = '{memory}'")
    connection.execute(
        "CREATE FOREIGN TABLE pages (part text, number int, odd boolean) SERVER aws "
        + options_clause(options)
    )
    for condition, matches in SHAPES.items():
        rows = connection.execute(f"SELECT part, number FROM pages WHERE {condition}").fetchall()
        expected = expected_rows(matches)
        assert sorted(rows) == expected, (condition, options)
        limit = choice.randrange(1, 30)
        limited = connection.execute(
            f"SELECT part, number FROM pages WHERE {condition} LIMIT {limit}"
        ).fetchall()
        assert len(set(limited)) == len(limited) == min(limit, len(expected)), (condition, options)
        assert set(limited) <= set(expected)
    count = connection.execute("SELECT count(*) FROM pages WHERE part IN ('a', 'b')").fetchone()
    assert count == (49,)
