"""Querys of many rows under way beside one another, at a service that answers as a test wants.

The table `orders` has the hash key `customer` and the sort key `placed`.
"""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from bulk_joins import NESTED_LOOP, BulkJoin, create_wanted
from faults import server as faults
from faults.clients import create_scripted_server, memory
from faults.crowd import Crowd
from faults.server import WAIT_SECONDS, FaultServer, base64_of, ciphertext_of

CUSTOMERS = 40
CONNECTIONS = 4
PAGE_ITEMS = 3
MILLION = 1_000_000
JOIN = (
    "SELECT line, customer, placed FROM wanted LEFT JOIN orders ON customer = 'c' || n "
    "ORDER BY line, placed"
)

DESCRIPTION = {
    "TableName": "orders",
    "TableStatus": "ACTIVE",
    "KeySchema": [
        {"AttributeName": "customer", "KeyType": "HASH"},
        {"AttributeName": "placed", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "customer", "AttributeType": "S"},
        {"AttributeName": "placed", "AttributeType": "N"},
    ],
    "ItemCount": MILLION,
    "TableSizeBytes": 300 * MILLION,
}


def orders_of(number):
    """Every fourth customer has none, others up to three pages."""
    return [] if number % 4 == 0 else list(range(number % 9))


def customer_of(body):
    values = [value["S"] for value in body["ExpressionAttributeValues"].values() if "S" in value]
    return values[0]


def item_of(customer, placed, padding=0):
    item = {"customer": {"S": customer}, "placed": {"N": str(placed)}}
    return item | {"note": {"S": "x" * padding}} if padding else item


def page_of(body, padding=0):
    """Items behind the start key, a few at a time."""
    customer = customer_of(body)
    start = body.get("ExclusiveStartKey")
    placed = [
        number
        for number in orders_of(int(customer[1:]))
        if start is None or number > int(start["placed"]["N"])
    ]
    some = placed[: min(PAGE_ITEMS, body.get("Limit", PAGE_ITEMS))]
    answer = {
        "Items": [item_of(customer, number, padding) for number in some],
        "Count": len(some),
        "ScannedCount": len(some),
        "ConsumedCapacity": {"TableName": "orders", "CapacityUnits": 0.5},
    }
    return answer | {"LastEvaluatedKey": item_of(customer, some[-1])} if some else answer


def query(conversation):
    if conversation.request.operation == "Query":
        conversation.answer(page_of(conversation.request.body))
    elif conversation.request.operation == "DescribeTable":
        conversation.answer({"Table": DESCRIPTION})
    else:
        faults.answer_properly(conversation)


@pytest.fixture
def service():
    with FaultServer(proper=query) as server:
        yield server


@pytest.fixture
def session(postgresql, database, service):
    with postgresql.connect(database) as connection:
        create_scripted_server(
            connection, service.endpoint_url, max_attempts=2, max_connections=CONNECTIONS
        )
        connection.execute(
            "CREATE FOREIGN TABLE orders (customer text, placed int, note text) SERVER aws"
        )
        create_wanted(connection, CUSTOMERS)
        yield connection


def expected():
    rows = []
    for line in range(1, 2 * CUSTOMERS + 1):
        placed = orders_of(line % CUSTOMERS)
        rows += [(line, f"c{line % CUSTOMERS}", number) for number in placed]
        rows += [] if placed else [(line, None, None)]
    return [*rows, (100000, None, None)]


EXPECTED = expected()
BULK_JOIN = BulkJoin(JOIN, EXPECTED, query)


def plan(connection, statement):
    lines = connection.execute(f"EXPLAIN (VERBOSE, COSTS OFF) {statement}").fetchall()
    return "\n".join(line for (line,) in lines)


def querys(service):
    return [request.body for request in service.requests if request.operation == "Query"]


def test_every_page_of_every_row(session, service):
    assert "DynamoDB Read Ahead" in plan(session, JOIN)
    BULK_JOIN.check(session)
    pages = sum(len(orders_of(n)) // PAGE_ITEMS + bool(orders_of(n)) for n in range(CUSTOMERS))
    # Each customer's pages once, and again at most where memory was not kept for the second time
    assert pages <= len(querys(service)) <= 3 * pages


def test_querys_of_the_same_rows_run_at_once(session, service):
    crowd = Crowd(CONNECTIONS, query)
    service.script("Query", *[crowd.linger] * 150)
    BULK_JOIN.check(session)
    assert crowd.was_there.is_set()


def test_answers_come_in_no_order(session, service):
    delays = random.Random(1)

    def late(conversation):
        if not conversation.is_over_within(delays.choice([0, 0.01, 0.03])):
            query(conversation)

    service.script("Query", *[late] * 150)
    BULK_JOIN.check(session)


def test_first_row_is_enough_for_a_semi_join(session, service):
    half = "SELECT line FROM wanted WHERE EXISTS (SELECT FROM orders WHERE customer = 'c' || n)"
    assert "Nested Loop Semi Join" in plan(session, half)
    assert "DynamoDB Read Ahead" in plan(session, half)
    found = sorted(line for (line,) in session.execute(half).fetchall())
    assert found == sorted({line for line, _, placed in EXPECTED if placed is not None})
    assert all("ExclusiveStartKey" not in body for body in querys(service))


def test_anti_join(session, service):
    none = "SELECT line FROM wanted WHERE NOT EXISTS (SELECT FROM orders WHERE customer = 'c' || n)"
    found = sorted(line for (line,) in session.execute(none).fetchall())
    assert found == sorted(line for line, _, placed in EXPECTED if placed is None)


def test_throttled(session, service):
    BULK_JOIN.check_throttled(session, service, "Query")


def test_refused(session, service):
    BULK_JOIN.check_refused(session, service, "Query")


def test_what_no_row_asks_for_is_no_error(session, service):
    """The second row's Query is refused, but the first row is all that is fetched."""
    refused = threading.Event()

    def refuse_others(conversation):
        """Requests overtake one another, so it is the customer that decides."""
        if customer_of(conversation.request.body) == "c1":
            refused.wait(WAIT_SECONDS)
            query(conversation)
        else:
            conversation.refuse(400, "AccessDeniedException")
            refused.set()

    service.script("Query", refuse_others, refuse_others)
    with session.transaction():
        join = "SELECT n, placed FROM wanted JOIN orders ON customer = 'c' || n"
        session.execute(f"DECLARE lines CURSOR FOR {join}")
        assert session.execute("FETCH 1 FROM lines").fetchall() == [(1, 0)]
        session.execute("CLOSE lines")


@pytest.fixture
def overtaken(session, service):
    """Joins of which only the first row is asked for, one for each of `steps`. The second row's
    answer comes before the first's, further ones never; each consumes ten units."""
    answered = threading.Event()

    def answer_the_second_first(conversation):
        customer = customer_of(conversation.request.body)
        if customer == "c1":
            answered.wait(WAIT_SECONDS)
        elif customer not in ("c2", "c1001"):
            faults.stall(conversation)
        capacity = {"TableName": "orders", "CapacityUnits": 10}
        conversation.answer({"Items": [item_of(customer, 0)], "ConsumedCapacity": capacity})
        answered.set()

    service.script("Query", *[answer_the_second_first] * 4 * CONNECTIONS)
    return """
        SELECT (
            WITH ahead AS MATERIALIZED (
                SELECT placed FROM wanted JOIN orders ON customer = 'c' || (n + step)
            )
            SELECT placed FROM ahead LIMIT 1
        )
        FROM unnest(ARRAY[{steps}]) step
    """.format


def scan_of(plan):
    if plan["Node Type"] == "Foreign Scan":
        return plan
    return next(filter(None, map(scan_of, plan.get("Plans", []))), None)


def test_explain_counts_what_no_row_asks_for(session, overtaken):
    explained = session.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {overtaken(steps=0)}").fetchone()[
        0
    ]
    scan = scan_of(explained[0]["Plan"])
    assert scan["Consumed Capacity Units"] == 20


def test_the_maximum_counts_what_no_row_asks_for(session, overtaken):
    session.execute("ALTER FOREIGN TABLE orders OPTIONS (ADD max_capacity_units '25')")
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="has consumed 30"):
        session.execute(overtaken(steps="0, 1000"))


def test_cancel(session, service):
    BULK_JOIN.check_cancelled(session, service, "Query", CONNECTIONS)


def test_memory_is_bounded(session, service):
    """Pages of a megabyte: as many are under way as there is memory for."""
    session.execute("SET dynamodb_kms_fdw.max_memory_per_scan = '8MB'")
    session.execute("ALTER SERVER aws OPTIONS (SET max_connections '32')")
    join = "SELECT sum(length(note)) FROM wanted JOIN orders ON customer = 'c' || n"
    large = 350_000

    def answer_large(conversation):
        conversation.answer(page_of(conversation.request.body, large))

    session.execute(join)
    before = memory(session)
    service.script("Query", *[answer_large] * 400)
    with session.transaction():
        session.execute(f"DECLARE lines CURSOR FOR {join.replace('sum(length(note))', 'note')}")
        sizes = []
        while session.execute("FETCH 1 FROM lines").fetchone() is not None:
            sizes.append(memory(session))
    assert len(sizes) == sum(placed is not None for _, _, placed in EXPECTED)
    assert max(sizes) - before < 40 * 1024 * 1024


@pytest.fixture
def encrypted(session, service):
    """The session, where `note` is encrypted and each customer has one order."""
    session.execute("""
        DROP FOREIGN TABLE orders;
        CREATE FOREIGN TABLE orders (customer text, placed int,
            note text OPTIONS (kms_encrypted 'true'))
        SERVER aws OPTIONS (kms_key_id 'alias/scripted')""")

    def answer_ciphertext(conversation):
        customer = customer_of(conversation.request.body)
        note = {"B": base64_of(ciphertext_of(f"of {customer}".encode()))}
        item = item_of(customer, 1) | {"note": note}
        conversation.answer({"Items": [item], "Count": 1, "ScannedCount": 1})

    service.script("Query", *[answer_ciphertext] * 400)
    return session


NOTES = "SELECT n, note FROM wanted JOIN orders ON customer = 'c' || n"
EXPECTED_NOTES = [
    (line % CUSTOMERS, f"of c{line % CUSTOMERS}") for line in range(1, 2 * CUSTOMERS + 1)
]


def test_encrypted_columns_of_several_rows_are_decrypted_together(encrypted, service):
    crowd = Crowd(CONNECTIONS, faults.answer_properly)
    service.script("Decrypt", *[crowd.linger] * 400)
    assert encrypted.execute(NOTES).fetchall() == EXPECTED_NOTES
    assert crowd.was_there.is_set()
    # A statement asks for a value once.
    assert service.count("Decrypt") == CUSTOMERS


def test_few_rows_cost_few_kms_calls(encrypted, service):
    with encrypted.transaction():
        encrypted.execute(f"DECLARE lines CURSOR FOR {NOTES}")
        for number in range(4):
            found = encrypted.execute("FETCH 1 FROM lines").fetchall()
            assert found == EXPECTED_NOTES[number : number + 1]
            # As many ahead as were asked for before
            assert service.count("Decrypt") <= 2 * number + 1


def test_a_guard_of_kms_is_not_hit_by_what_is_read_ahead(encrypted):
    encrypted.execute("ALTER FOREIGN TABLE orders OPTIONS (ADD max_kms_calls '3')")
    assert encrypted.execute(f"{NOTES} LIMIT 3").fetchall() == EXPECTED_NOTES[:3]
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
        encrypted.execute(NOTES)


def test_a_cancel_reaches_a_join_that_waits_for_values(encrypted, service):
    service.script("Decrypt", faults.answer_properly, *[faults.stall] * CONNECTIONS)
    with ThreadPoolExecutor() as pool:
        statement = pool.submit(encrypted.execute, NOTES)
        service.wait_until_reached()
        encrypted.cancel()
        with pytest.raises(psycopg.errors.QueryCanceled):
            statement.result(WAIT_SECONDS)


def local_keys(connection, count):
    connection.execute(f"CREATE TABLE others AS SELECT n FROM generate_series(1, {count}) n")
    connection.execute("ANALYZE others")
    for method in NESTED_LOOP:
        connection.execute(f"RESET enable_{method}")


OTHERS = "SELECT n, placed FROM others JOIN orders ON customer = 'c' || n"


@pytest.mark.parametrize("count", [10, 100])
def test_few_local_rows_query_together(session, count):
    local_keys(session, count)
    for statement in (OTHERS, OTHERS.replace("JOIN", "LEFT JOIN"), f"{OTHERS} AND placed > n"):
        found = plan(session, statement)
        assert "DynamoDB Request: Query" in found
        assert "DynamoDB Read Ahead" in found


def test_a_million_local_rows_scan_once(session):
    local_keys(session, MILLION)
    found = plan(session, OTHERS)
    assert "DynamoDB Request: Scan" in found
    assert "Hash" in found or "Merge" in found
