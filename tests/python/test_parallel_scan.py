"""A Scan that several processes share, against a service that sees who asks for what."""

import contextlib
import threading
from collections import Counter
from pathlib import Path

import psycopg
import pytest
from faults import server as faults
from faults.clients import KEYS, create_table
from faults.server import TABLE, TABLE_DESCRIPTION, WAIT_SECONDS, FaultServer

SEGMENTS = 6
WORKERS = 2
PAGES_OF_SEGMENT = 3
ITEMS_OF_PAGE = 4
PAGE_UNITS = 100
ROWS = SEGMENTS * PAGES_OF_SEGMENT * ITEMS_OF_PAGE
SCAN = "SELECT id, value FROM faults"
COUNT = "SELECT count(*), count(DISTINCT id), sum(value) FROM faults"
SUMS = (ROWS, ROWS, ROWS * (ROWS - 1) // 2)
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/reader", "role_session_name": "parallel"}


class SegmentServer(FaultServer):
    """Each segment has so many pages."""

    def __init__(self, pages=PAGES_OF_SEGMENT, items=1000):
        super().__init__(proper=self.answer)
        self.pages = pages
        self.description = TABLE_DESCRIPTION | {"ItemCount": items, "TableSizeBytes": 1 << 20}
        self.all_have_come = threading.Event()
        self.scans = Counter()
        self._lock_of_scans = threading.Lock()

    def hold(self, conversation):
        """Answers only when every segment's first page was asked for, by processes at once."""
        with self._lock_of_scans:
            self.scans["held"] += 1
            if self.scans["held"] == SEGMENTS:
                self.all_have_come.set()
        assert self.all_have_come.wait(WAIT_SECONDS), "not all processes ask at once"
        self.answer(conversation)

    def answer(self, conversation):
        body = conversation.request.body
        if conversation.request.operation == "DescribeTable":
            conversation.answer({"Table": self.description})
        elif conversation.request.operation == "Scan":
            conversation.answer(self._page(body["Segment"], body.get("ExclusiveStartKey")))
        else:
            conversation.answer(conversation.result())

    def _page(self, segment, start):
        number = int(start["id"]["S"].partition(" ")[2]) + 1 if start else 0
        with self._lock_of_scans:
            self.scans[segment, number] += 1
        first = (segment * self.pages + number) * ITEMS_OF_PAGE
        items = [
            {"id": {"S": f"key {value}"}, "value": {"N": str(value)}}
            for value in range(first, first + ITEMS_OF_PAGE)
        ]
        page = {
            "Items": items,
            "Count": len(items),
            "ScannedCount": len(items),
            "ConsumedCapacity": {"TableName": TABLE, "CapacityUnits": PAGE_UNITS},
        }
        more = {"LastEvaluatedKey": {"id": {"S": f"page {number}"}}}
        return page | more if number + 1 < self.pages else page


@pytest.fixture
def service():
    with SegmentServer() as service:
        yield service


@pytest.fixture
def connection(postgresql, database):
    with postgresql.connect(database) as connection:
        yield connection


def share(connection, service, mapping=KEYS, **options):
    create_table(connection, service.endpoint_url, mapping, **options)
    connection.execute(f"ALTER FOREIGN TABLE faults OPTIONS (ADD scan_segments '{SEGMENTS}')")
    connection.execute(f"SET max_parallel_workers_per_gather = {WORKERS}")
    connection.execute("SET parallel_setup_cost = 0")
    connection.execute("SET parallel_tuple_cost = 0")
    connection.execute("SET min_parallel_table_scan_size = 0")
    plan = connection.execute(f"EXPLAIN {COUNT}").fetchall()
    assert "Workers Planned: 2" in str(plan) and "Parallel Foreign Scan" in str(plan)


def hold_first_pages(service):
    service.script("Scan", *[service.hold] * SEGMENTS)


def workers_of(connection, other):
    return [
        process_id
        for (process_id,) in other.execute(
            "SELECT pid FROM pg_stat_activity WHERE leader_pid = %s AND pid <> leader_pid",
            (connection.info.backend_pid,),
        )
    ]


def asked_in_thread(connection, query):
    """Runs the query in a thread; a function that gives its error once it has ended."""
    errors = []

    def run():
        try:
            connection.execute(query).fetchall()
            errors.append(None)
        except psycopg.Error as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def ended():
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive(), "the statement does not end"
        return errors[0]

    return ended


def test_each_page_is_asked_for_once_by_processes_at_once(connection, service):
    """Six requests are in flight, of which a process sends two: so there are three of them."""
    share(connection, service)
    hold_first_pages(service)
    assert connection.execute(COUNT).fetchone() == SUMS
    service.scans.pop("held")
    expected = {(segment, page) for segment in range(SEGMENTS) for page in range(PAGES_OF_SEGMENT)}
    assert service.scans == Counter(expected)
    assert {request.body["TotalSegments"] for request in scans_of(service)} == {SEGMENTS}


def scans_of(service):
    return [request for request in service.requests if request.operation == "Scan"]


def test_without_workers_the_leader_reads_everything(connection, service):
    share(connection, service)
    connection.execute("SET max_parallel_workers = 0")
    assert connection.execute(COUNT).fetchone() == SUMS
    assert set(service.scans.values()) == {1}


def test_statistics_count_what_workers_have_read(connection, service):
    share(connection, service)
    connection.execute("SET parallel_leader_participation = off")
    assert connection.execute(COUNT).fetchone() == SUMS
    counted = connection.execute(
        "SELECT requests, capacity_units FROM dynamodb_kms_stats() WHERE operation = 'Scan'"
    )
    assert counted.fetchall() == [(len(service.scans), len(service.scans) * PAGE_UNITS)]


def test_what_workers_consume_is_one_sum(connection, service):
    """No process reads more than two of the six pages that it may read before it is stopped."""
    share(connection, service)
    limit = SEGMENTS * PAGE_UNITS - 1
    connection.execute(f"ALTER FOREIGN TABLE faults OPTIONS (ADD max_capacity_units '{limit}')")
    service.pages = 1
    hold_first_pages(service)
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(COUNT)
    assert raised.value.sqlstate == "53400"
    assert "has consumed 600 capacity units" in raised.value.diag.message_detail
    connection.execute("ALTER FOREIGN TABLE faults OPTIONS (SET max_capacity_units '600')")
    assert connection.execute("SELECT count(*) FROM faults").fetchone() == (24,)


def test_an_error_of_a_worker_is_the_statements(connection, service):
    share(connection, service)
    connection.execute("SET parallel_leader_participation = off")
    service.script("Scan", faults.refuse(400, "AccessDeniedException", "not for you"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as raised:
        connection.execute(COUNT)
    assert "not for you" in str(raised.value.diag.message_detail) + str(raised.value)
    assert "parallel worker" in raised.value.diag.context
    service.scans.clear()
    assert connection.execute(COUNT).fetchone() == SUMS


def test_a_row_of_a_worker_that_does_not_convert(connection, service):
    share(connection, service)
    connection.execute("SET parallel_leader_participation = off")
    connection.execute("ALTER FOREIGN TABLE faults ALTER value TYPE boolean")
    with pytest.raises(psycopg.Error) as raised:
        connection.execute("SELECT count(value) FROM faults")
    assert 'column "value"' in str(raised.value.diag.context) + str(raised.value)
    assert "parallel worker" in raised.value.diag.context


def test_cancel_ends_workers(postgresql, connection, service):
    share(connection, service)
    service.script("Scan", *[faults.stall] * SEGMENTS)
    with postgresql.connect() as other:
        ended = asked_in_thread(connection, COUNT)
        service.wait_until_reached()
        connection.cancel()
        assert ended().sqlstate == "57014"
        assert workers_of(connection, other) == []
    service.forget_scripts()
    service.scans.clear()
    assert connection.execute(COUNT).fetchone() == SUMS


def test_the_end_of_a_worker_is_the_statements(postgresql, connection, service):
    share(connection, service)
    connection.execute("SET parallel_leader_participation = off")
    service.script("Scan", *[faults.stall] * SEGMENTS)
    with postgresql.connect() as other:
        ended = asked_in_thread(connection, COUNT)
        service.wait_until_reached()
        for worker in workers_of(connection, other):
            other.execute("SELECT pg_terminate_backend(%s)", (worker,))
        assert ended() is not None
    service.forget_scripts()
    assert connection.execute(COUNT).fetchone() == SUMS


def test_workers_have_credentials_of_their_own(connection, service):
    """Each assumes the role itself; nothing of that is in memory that processes share."""
    share(connection, service, mapping=KEYS | ROLE)
    secrets = [b"secret of role", b"token of role", KEYS["aws_secret_access_key"].encode()]
    found = []

    def look_into_shared_memory(conversation):
        for segment in Path("/dev/shm").glob("PostgreSQL.*"):
            with contextlib.suppress(OSError):
                content = segment.read_bytes()
                found.extend(secret for secret in secrets if secret in content)
        found.append("looked")
        service.hold(conversation)

    service.script("Scan", *[look_into_shared_memory] * SEGMENTS)
    before = service.count("AssumeRole")
    assert connection.execute(COUNT).fetchone() == SUMS
    assert set(found) == {"looked"}
    assert service.count("AssumeRole") == before + WORKERS


def test_enough_rows_end_every_process(postgresql, connection):
    """The table is endless; a LIMIT that its estimates take for most of it is reached."""
    with SegmentServer(pages=1 << 40, items=1000000) as service, postgresql.connect() as other:
        share(connection, service)
        query = "SELECT count(*) FROM (SELECT id FROM faults WHERE value % 1 = 0 LIMIT 5000) q"
        plan = connection.execute(f"EXPLAIN {query}").fetchall()
        assert "Gather" in str(plan)
        assert connection.execute(query).fetchone() == (5000,)
        assert workers_of(connection, other) == []
