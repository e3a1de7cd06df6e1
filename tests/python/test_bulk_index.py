"""Keys that many rows find in an index, looked up together, at a service that answers as a test
wants.

The table `orders` has the hash key `id`, its index `by_customer` the hash key `customer` and keys
alone.
"""

import random
import threading

import pytest
from bulk_joins import NESTED_LOOP, BulkJoin, create_wanted
from faults import server as faults
from faults.clients import create_scripted_server, memory
from faults.crowd import Crowd
from faults.server import WAIT_SECONDS, FaultServer, base64_of, ciphertext_of

CUSTOMERS = 60
CONNECTIONS = 4
PAGE_ITEMS = 3
MILLION = 1_000_000
JOIN = (
    "SELECT line, id, value FROM wanted LEFT JOIN orders ON customer = 'c' || n ORDER BY line, id"
)

DESCRIPTION = {
    "TableName": "orders",
    "TableStatus": "ACTIVE",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "customer", "AttributeType": "S"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_customer",
            "IndexStatus": "ACTIVE",
            "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
            "ItemCount": MILLION,
            "IndexSizeBytes": 40 * MILLION,
        }
    ],
    "ItemCount": MILLION,
    "TableSizeBytes": 300 * MILLION,
}


def orders_of(number):
    """Every fifth customer has none, others one to four, so up to two pages."""
    return [] if number % 5 == 0 else [f"{number}-{order}" for order in range(number % 4 + 1)]


def is_gone(order):
    """Of what the index still has, some is gone, and some is another customer's by now."""
    return order.endswith("7-0")


def has_moved(order):
    return order.endswith("8-0")


def item_of(order, padding=0):
    number = order.partition("-")[0]
    customer = "someone else" if has_moved(order) else f"c{number}"
    item = {"id": {"S": order}, "customer": {"S": customer}, "value": {"S": f"of {order}"}}
    return item | {"note": {"S": "x" * padding}} if padding else item


def customer_of(body):
    (value,) = body["ExpressionAttributeValues"].values()
    return value["S"]


def find_keys(body):
    """Keys behind the start key, a few at a time."""
    start = body.get("ExclusiveStartKey")
    customer = customer_of(body)
    found = [
        order for order in orders_of(int(customer[1:])) if start is None or order > start["id"]["S"]
    ]
    some = found[: min(PAGE_ITEMS, body.get("Limit", PAGE_ITEMS))]
    answer = {
        "Items": [{"id": {"S": order}} for order in some],
        "Count": len(some),
        "ScannedCount": len(some),
        "ConsumedCapacity": {"TableName": "orders", "CapacityUnits": 0.5},
    }
    if len(some) < len(found) or ("Limit" in body and some):
        last = {"id": {"S": some[-1]}, "customer": {"S": customer}}
        answer["LastEvaluatedKey"] = last
    return answer


def keys_of(body):
    return [key["id"]["S"] for key in body["RequestItems"]["orders"]["Keys"]]


def items_of(keys, padding=0):
    items = [item_of(key, padding) for key in keys if not is_gone(key)]
    capacity = [{"TableName": "orders", "CapacityUnits": len(keys) / 2}]
    return {"Responses": {"orders": items}, "ConsumedCapacity": capacity}


def answer_orders(conversation):
    operation, body = conversation.request.operation, conversation.request.body
    if operation == "Query":
        assert body["IndexName"] == "by_customer"
        conversation.answer(find_keys(body))
    elif operation == "BatchGetItem":
        conversation.answer(items_of(keys_of(body)))
    elif operation == "DescribeTable":
        conversation.answer({"Table": DESCRIPTION})
    else:
        faults.answer_properly(conversation)


@pytest.fixture
def service():
    with FaultServer(proper=answer_orders) as server:
        yield server


@pytest.fixture
def session(postgresql, database, service):
    with postgresql.connect(database) as connection:
        create_scripted_server(
            connection, service.endpoint_url, max_attempts=2, max_connections=CONNECTIONS
        )
        connection.execute(
            "CREATE FOREIGN TABLE orders (id text, customer text, value text, note text) "
            "SERVER aws OPTIONS (allow_full_scan 'false')"
        )
        create_wanted(connection, CUSTOMERS)
        yield connection


def found_by(number):
    return [order for order in orders_of(number) if not is_gone(order) and not has_moved(order)]


def expected():
    rows = []
    for line in range(1, 2 * CUSTOMERS + 1):
        found = found_by(line % CUSTOMERS)
        rows += [(line, order, f"of {order}") for order in found]
        rows += [] if found else [(line, None, None)]
    return [*rows, (100000, None, None)]


EXPECTED = expected()
BULK_JOIN = BulkJoin(JOIN, EXPECTED, answer_orders)


def plan(connection, statement):
    lines = connection.execute(f"EXPLAIN (VERBOSE, COSTS OFF) {statement}").fetchall()
    return "\n".join(line for (line,) in lines)


def bodies(service, operation):
    return [request.body for request in service.requests if request.operation == operation]


def test_what_an_index_finds_is_looked_up_together(session, service):
    found = plan(session, JOIN)
    assert "DynamoDB Read Ahead" in found
    assert "DynamoDB Request: Query, then BatchGetItem" in found
    BULK_JOIN.check(session)
    lookups = [keys_of(body) for body in bodies(service, "BatchGetItem")]
    customers = sum(bool(orders_of(n)) for n in range(CUSTOMERS))
    # Where an answer takes two pages, a row looks its keys up alone.
    assert len(lookups) < 2 * customers * 2 / 3
    assert max(map(len, lookups)) > 4
    assert all(len(set(keys)) == len(keys) <= 100 for keys in lookups)


def test_lookups_are_for_the_keys_of_many_rows(session, service):
    """Every Query's answer has come when the first keys are looked up: one request has them all."""
    session.execute("ALTER SERVER aws OPTIONS (SET max_connections '64')")
    session.execute("SET dynamodb_kms_fdw.max_memory_per_scan = '1GB'")
    session.execute("CREATE TABLE few AS SELECT n FROM generate_series(1, 32) n WHERE n % 4 = 2")
    session.execute("ANALYZE few")
    all_there = threading.Event()
    expected_keys = sorted(key for n in range(2, 33, 4) for key in orders_of(n))
    lock, answered = threading.Lock(), set()

    def first_comes_last(conversation):
        customer = customer_of(conversation.request.body)
        if customer == "c2":
            assert all_there.wait(WAIT_SECONDS)
        answer_orders(conversation)
        with lock:
            answered.add(customer)
            if len(answered) == 7:
                all_there.set()

    service.script("Query", *[first_comes_last] * 20)
    join = "SELECT id, value FROM few JOIN orders ON customer = 'c' || n"
    found = sorted(order for order, _ in session.execute(join).fetchall())
    assert found == sorted(order for n in range(2, 33, 4) for order in found_by(n))
    lookups = [keys_of(body) for body in bodies(service, "BatchGetItem")]
    assert sorted(key for keys in lookups for key in keys) == expected_keys
    # What the kernel still has of an answer may come too late for the first request.
    assert len(lookups) <= 2


def test_rows_with_more_keys_than_are_looked_up_together(session, service):
    """A row that has them looks them up for itself; none is looked up twice."""

    def find_many(conversation):
        customer = customer_of(conversation.request.body)
        count = 3 if customer in ("c1", "c4") else 150
        keys = [{"id": {"S": f"{customer[1:]}-{order:04}"}} for order in range(count)]
        conversation.answer({"Items": keys, "Count": count, "ScannedCount": count})

    session.execute("CREATE TABLE few AS SELECT n FROM generate_series(1, 6) n")
    session.execute("ANALYZE few")
    service.script("Query", *[find_many] * 6)
    join = (
        "SELECT n, count(value) FROM few JOIN orders ON customer = 'c' || n GROUP BY 1 ORDER BY 1"
    )
    found = session.execute(join).fetchall()
    assert found == [(1, 3), (2, 150), (3, 150), (4, 3), (5, 150), (6, 150)]
    keys = [key for body in bodies(service, "BatchGetItem") for key in keys_of(body)]
    assert len(keys) == len(set(keys)) == 606


def test_querys_run_beside_one_another(session, service):
    """As many as leave lookups a connection."""
    crowd = Crowd(CONNECTIONS - 1, answer_orders)
    service.script("Query", *[crowd.linger] * 300)
    BULK_JOIN.check(session)
    assert crowd.was_there.is_set()


@pytest.mark.parametrize("seed", range(3))
def test_answers_come_in_no_order(session, service, seed):
    delays = random.Random(seed)

    def late(conversation):
        if not conversation.is_over_within(delays.choice([0, 0.005, 0.02])):
            answer_orders(conversation)

    service.script("Query", *[late] * 300)
    service.script("BatchGetItem", *[late] * 300)
    BULK_JOIN.check(session)


def test_answers_in_parts(session, service):
    def look_up_in_parts(conversation):
        keys = keys_of(conversation.request.body)
        part = max(len(keys) // 3, 1)
        answer = items_of(keys[:part])
        if keys[part:]:
            left = [{"id": {"S": key}} for key in keys[part:]]
            answer["UnprocessedKeys"] = {"orders": {"Keys": left}}
        conversation.answer(answer)

    service.script("BatchGetItem", *[look_up_in_parts] * 400)
    BULK_JOIN.check(session)


@pytest.mark.parametrize("negation", ["", "NOT "])
def test_semi_and_anti_joins(session, service, negation):
    half = (
        f"SELECT line FROM wanted WHERE {negation}EXISTS "
        "(SELECT FROM orders WHERE customer = 'c' || n AND value > 'o')"
    )
    assert "DynamoDB Read Ahead" in plan(session, half)
    found = sorted(line for (line,) in session.execute(half).fetchall())
    assert found == sorted(
        {line for line, order, _ in EXPECTED if (order is None) == bool(negation)}
    )


def test_a_limit_asks_for_little(session, service):
    join = "SELECT line, id FROM wanted JOIN orders ON customer = 'c' || n LIMIT 1"
    assert len(session.execute(join).fetchall()) == 1
    assert len(bodies(service, "Query")) <= 2
    assert len(bodies(service, "BatchGetItem")) <= 2


@pytest.mark.parametrize("operation", ["Query", "BatchGetItem"])
def test_throttled(session, service, operation):
    BULK_JOIN.check_throttled(session, service, operation)


@pytest.mark.parametrize("operation", ["Query", "BatchGetItem"])
def test_refused(session, service, operation):
    BULK_JOIN.check_refused(session, service, operation)


def test_what_no_row_asks_for_is_no_error(session, service):
    """The second row's Query is refused, but the first row is all that is fetched."""
    refused = threading.Event()

    def refuse_others(conversation):
        """Requests overtake one another, so it is the customer that decides."""
        if customer_of(conversation.request.body) == "c1":
            refused.wait(WAIT_SECONDS)
            answer_orders(conversation)
        else:
            conversation.refuse(400, "AccessDeniedException")
            refused.set()

    service.script("Query", *[refuse_others] * CONNECTIONS)
    with session.transaction():
        join = "SELECT n, id FROM wanted JOIN orders ON customer = 'c' || n"
        session.execute(f"DECLARE lines CURSOR FOR {join}")
        assert session.execute("FETCH 1 FROM lines").fetchall() == [(1, "1-0")]
        session.execute("CLOSE lines")


@pytest.mark.parametrize("operation", ["Query", "BatchGetItem"])
def test_cancel(session, service, operation):
    BULK_JOIN.check_cancelled(session, service, operation, CONNECTIONS)


def test_memory_is_bounded(session, service):
    """Items of 350 KB: fewer of them are looked up at once."""
    session.execute("SET dynamodb_kms_fdw.max_memory_per_scan = '8MB'")
    session.execute("ALTER SERVER aws OPTIONS (SET max_connections '32')")
    join = "SELECT note FROM wanted JOIN orders ON customer = 'c' || n"
    large = 350_000

    def answer_large(conversation):
        """At most 16 MB, as the service has it."""
        keys = keys_of(conversation.request.body)
        answer = items_of(keys[:40], large)
        if keys[40:]:
            left = [{"id": {"S": key}} for key in keys[40:]]
            answer["UnprocessedKeys"] = {"orders": {"Keys": left}}
        conversation.answer(answer)

    session.execute(JOIN)
    before = memory(session)
    service.script("BatchGetItem", *[answer_large] * 400)
    with session.transaction():
        session.execute(f"DECLARE lines CURSOR FOR {join}")
        sizes = []
        while session.execute("FETCH 1 FROM lines").fetchone() is not None:
            sizes.append(memory(session))
    assert len(sizes) == sum(order is not None for _, order, _ in EXPECTED)
    assert max(sizes) - before < 80 * 1024 * 1024
    assert max(sizes[len(sizes) // 2 :]) - before < 40 * 1024 * 1024


def test_encrypted_columns_are_decrypted_together(session, service):
    session.execute("""
        DROP FOREIGN TABLE orders;
        CREATE FOREIGN TABLE orders (id text, customer text,
            value text OPTIONS (kms_encrypted 'true'))
        SERVER aws OPTIONS (allow_full_scan 'false', kms_key_id 'alias/scripted')""")

    def look_up_ciphertexts(conversation):
        answer = items_of(keys_of(conversation.request.body))
        for item in answer["Responses"]["orders"]:
            item["value"] = {"B": base64_of(ciphertext_of(item["value"]["S"].encode()))}
        conversation.answer(answer)

    crowd = Crowd(CONNECTIONS, faults.answer_properly)
    service.script("BatchGetItem", *[look_up_ciphertexts] * 300)
    service.script("Decrypt", *[crowd.linger] * 300)
    BULK_JOIN.check(session)
    assert crowd.was_there.is_set()


def local_keys(connection, count):
    connection.execute(f"CREATE TABLE others AS SELECT n FROM generate_series(1, {count}) n")
    connection.execute("ANALYZE others")
    connection.execute("ALTER FOREIGN TABLE orders OPTIONS (SET allow_full_scan 'true')")
    for method in NESTED_LOOP:
        connection.execute(f"RESET enable_{method}")


OTHERS = "SELECT n, value FROM others JOIN orders ON customer = 'c' || n"


@pytest.mark.parametrize("count", [3, 10])
def test_few_local_rows_ask_the_index(session, count):
    local_keys(session, count)
    for statement in (OTHERS, OTHERS.replace("JOIN", "LEFT JOIN"), f"{OTHERS} AND value > 'a'"):
        found = plan(session, statement)
        assert "DynamoDB Request: Query, then BatchGetItem" in found
        assert "DynamoDB Read Ahead" in found


def test_a_million_local_rows_scan_once(session):
    local_keys(session, MILLION)
    found = plan(session, OTHERS)
    assert "DynamoDB Request: Scan" in found
    assert "Hash" in found or "Merge" in found
