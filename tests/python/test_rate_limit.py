"""rate_limit holds requests back, and max_capacity_units refuses what is known to be too much."""

import threading
import time

import psycopg
import pytest
from faults.clients import create_table
from faults.server import TABLE, TABLE_DESCRIPTION, WAIT_SECONDS, FaultServer

SCAN = "SELECT count(value) FROM faults"
PAGES = 5


class MeteredServer(FaultServer):
    """Says what each request consumes, and notes when it came."""

    def __init__(self):
        super().__init__(proper=self.answer)
        self.units = 128
        self.size = 0
        self.arrivals = []

    def answer(self, conversation):
        body = conversation.request.body
        capacity = {"TableName": TABLE, "CapacityUnits": self.units}
        operation = conversation.request.operation
        if operation == "DescribeTable":
            size = {"ItemCount": 1000, "TableSizeBytes": self.size}
            conversation.answer({"Table": TABLE_DESCRIPTION | size})
            return
        if operation in ("Scan", "PutItem", "BatchWriteItem"):
            self.arrivals.append(time.monotonic())
        if operation == "Scan":
            number = int(body.get("ExclusiveStartKey", {"id": {"S": "0"}})["id"]["S"])
            items = [{"id": {"S": f"{number}"}, "value": {"N": "1"}}]
            more = {"LastEvaluatedKey": {"id": {"S": f"{number + 1}"}}}
            page = {"Items": items, "Count": 1, "ScannedCount": 1, "ConsumedCapacity": capacity}
            conversation.answer(page | (more if number + 1 < PAGES else {}))
        elif operation == "PutItem":
            conversation.answer({"ConsumedCapacity": capacity})
        elif operation == "BatchWriteItem":
            conversation.answer({"UnprocessedItems": {}, "ConsumedCapacity": [capacity]})
        else:
            conversation.answer(conversation.result())


@pytest.fixture
def service():
    with MeteredServer() as service:
        yield service


@pytest.fixture
def connection(postgresql, database, service):
    with postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url)
        yield connection


def set_rate(connection, rate, verb="ADD"):
    connection.execute(f"ALTER FOREIGN TABLE faults OPTIONS ({verb} rate_limit '{rate}')")


def assert_held_back(service, rate):
    """What was used before a request takes its time at that rate before the request is sent.

    Half a request's time is for the server, which may have noted the first one late.
    """
    begin = service.arrivals[0]
    for number, arrival in enumerate(service.arrivals):
        assert arrival - begin >= (number - 0.5) * service.units / rate


def test_pages_come_at_the_rate(connection, service):
    set_rate(connection, 1280)
    assert connection.execute(SCAN).fetchone() == (PAGES,)
    assert len(service.arrivals) == PAGES
    assert_held_back(service, 1280)


def test_statements_share_the_rate(connection, service):
    set_rate(connection, 2560)
    for _ in range(2):
        assert connection.execute(SCAN).fetchone() == (PAGES,)
    assert_held_back(service, 2560)


def test_segments_share_the_rate(connection, service):
    connection.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD scan_segments '3')")
    set_rate(connection, 7680)
    assert connection.execute(SCAN).fetchone() == (3 * PAGES,)
    assert_held_back(service, 7680)


@pytest.mark.parametrize("mode", ["statement", "overwrite"])
def test_writes_come_at_the_rate(connection, service, mode):
    service.units = 25 if mode == "overwrite" else 1
    rate = 20 * service.units
    set_rate(connection, rate)
    connection.execute(f"ALTER FOREIGN TABLE faults OPTIONS (ADD write_mode '{mode}')")
    rows = 4 * (25 if mode == "overwrite" else 1)
    connection.execute(
        "INSERT INTO faults SELECT n::text, n FROM generate_series(1, %s) n", (rows,)
    )
    assert len(service.arrivals) == 4
    assert_held_back(service, rate)


def test_without_a_rate_nothing_waits(connection, service):
    """What a rate has left is forgotten with it."""
    set_rate(connection, 0.1)
    service.units = 0.01
    assert connection.execute(SCAN).fetchone() == (PAGES,)
    service.units = 1000
    connection.execute("ALTER FOREIGN TABLE faults OPTIONS (DROP rate_limit)")
    for _ in range(2):
        assert connection.execute(SCAN).fetchone() == (PAGES,)


def test_a_cancel_ends_the_wait(connection, service):
    set_rate(connection, 0.1)
    errors = []

    def run():
        try:
            connection.execute(SCAN)
        except psycopg.Error as error:
            errors.append(error.sqlstate)

    statement = threading.Thread(target=run, daemon=True)
    statement.start()
    deadline = time.monotonic() + WAIT_SECONDS
    while not service.arrivals:
        assert time.monotonic() < deadline
        statement.join(0.01)
    connection.cancel()
    statement.join(WAIT_SECONDS)
    assert errors == ["57014"]
    assert len(service.arrivals) == 1


def test_a_scan_that_is_too_much_is_not_begun(connection, service):
    service.size = 10 * 1024 * 1024  # 1280 units
    connection.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD max_capacity_units '1200')")
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(SCAN)
    assert raised.value.sqlstate == "53400"
    assert "would exceed max_capacity_units" in str(raised.value)
    assert "about 1280 capacity units; the limit of the statement is 1200" in str(raised.value)
    assert "raise the option max_capacity_units" in raised.value.diag.message_hint
    assert service.arrivals == []
    assert connection.execute(f"EXPLAIN {SCAN}").fetchall()
    assert connection.execute("SELECT value FROM faults LIMIT 1").fetchone() == (1,)
    connection.execute("ALTER FOREIGN TABLE faults OPTIONS (SET max_capacity_units '1300')")
    assert connection.execute(SCAN).fetchone() == (PAGES,)


def test_what_was_consumed_before_counts(connection, service):
    """The second of two Scans of a statement is refused for what the first has left."""
    service.size = 5 * 1024 * 1024  # 640 units, as both consume
    connection.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD max_capacity_units '1000')")
    assert connection.execute(SCAN).fetchone() == (PAGES,)
    connection.execute("SET enable_async_append = off")
    with pytest.raises(psycopg.Error) as raised:
        connection.execute("SELECT value FROM faults UNION ALL SELECT value FROM faults")
    assert "would exceed max_capacity_units" in str(raised.value)
    assert len(service.arrivals) == 2 * PAGES
