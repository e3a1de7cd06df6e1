"""A Scan that several processes share, against a service that sees who asks for what."""

import time
from collections import Counter

import psycopg
import pytest
from faults import server as faults
from faults.clients import KEYS
from parallel_scans import (
    COUNT,
    ITEMS_OF_PAGE,
    PAGE_UNITS,
    PAGES_OF_SEGMENT,
    SEGMENTS,
    SUMS,
    WORKERS,
    SegmentServer,
    asked_in_thread,
    found_in_shared_memory,
    hold_first_pages,
    share,
    workers_of,
)

ROLE = {"role_arn": "arn:aws:iam::123456789012:role/reader", "role_session_name": "parallel"}


@pytest.fixture
def service():
    with SegmentServer() as service:
        yield service


@pytest.fixture
def connection(postgresql, database):
    with postgresql.connect(database) as connection:
        yield connection


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
    assert "has consumed 768 capacity units" in raised.value.diag.message_detail
    connection.execute("ALTER FOREIGN TABLE faults OPTIONS (SET max_capacity_units '768')")
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
        found.append(found_in_shared_memory(secrets))
        service.hold(conversation)

    service.script("Scan", *[look_into_shared_memory] * SEGMENTS)
    before = service.count("AssumeRole")
    assert connection.execute(COUNT).fetchone() == SUMS
    assert found == [set()] * SEGMENTS
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


def test_processes_below_two_gathers_consume_one_sum(connection, service):
    """Each Gather's part is below the limit. Rows wait in the first while the second's are read."""
    share(connection, service)
    connection.execute("SET parallel_leader_participation = off")
    connection.execute("SET enable_hashjoin = off")
    connection.execute("SET enable_nestloop = off")
    once = SEGMENTS * PAGES_OF_SEGMENT * PAGE_UNITS
    query = (
        "SELECT count(*) FROM (SELECT id, value FROM faults ORDER BY value OFFSET 0) a "
        "JOIN (SELECT id, value FROM faults ORDER BY value OFFSET 0) b USING (value)"
    )
    assert str(connection.execute(f"EXPLAIN {query}").fetchall()).count("Gather Merge") == 2
    limit = f"max_capacity_units '{2 * once}'"
    connection.execute(f"ALTER FOREIGN TABLE faults OPTIONS (ADD {limit})")
    assert connection.execute(query).fetchone() == SUMS[:1]
    limit = f"max_capacity_units '{once + once // 2}'"
    connection.execute(f"ALTER FOREIGN TABLE faults OPTIONS (SET {limit})")
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded) as raised:
        connection.execute(query)
    assert "parallel worker" in raised.value.diag.context
    assert connection.execute(COUNT).fetchone() == SUMS


@pytest.mark.parametrize("participation", ["on", "off"])
def test_a_scan_that_is_too_much_is_refused_before_workers_begin(
    connection, service, participation
):
    """What workers have consumed before the leader begins is not counted twice."""
    service.description["TableSizeBytes"] = SEGMENTS * PAGES_OF_SEGMENT << 20
    share(connection, service)
    connection.execute(f"SET parallel_leader_participation = {participation}")
    estimated = SEGMENTS * PAGES_OF_SEGMENT * PAGE_UNITS
    connection.execute(f"ALTER FOREIGN TABLE faults OPTIONS (ADD max_capacity_units '{estimated}')")
    for _ in range(3):
        assert connection.execute(COUNT).fetchone() == SUMS
    service.scans.clear()
    limit = f"max_capacity_units '{estimated - 1}'"
    connection.execute(f"ALTER FOREIGN TABLE faults OPTIONS (SET {limit})")
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded) as raised:
        connection.execute(COUNT)
    assert "would exceed max_capacity_units" in str(raised.value)
    assert service.scans == Counter()


def test_processes_share_the_rate(connection, service):
    """Three processes by themselves would be done in a third of the time."""
    share(connection, service)
    rate = 9000
    service.pages = 10
    connection.execute(f"ALTER FOREIGN TABLE faults OPTIONS (ADD rate_limit '{rate}')")
    arrivals = []

    def note(conversation):
        arrivals.append(time.monotonic())
        service.answer(conversation)

    pages = SEGMENTS * service.pages
    for statement in range(2):
        arrivals.clear()
        service.script("Scan", *[note] * pages)
        assert connection.execute("SELECT count(*), max(value) FROM faults").fetchone() == (
            pages * ITEMS_OF_PAGE,
            pages * ITEMS_OF_PAGE - 1,
        ), statement
        assert arrivals[-1] - arrivals[0] > 0.7 * (pages - 1) * PAGE_UNITS / rate


@pytest.mark.parametrize(("rate", "workers"), [(3000, 0), (6000, 1), (6001, 2), (90000, 2)])
def test_a_rate_gives_so_many_processes_something_to_do(connection, service, rate, workers):
    share(connection, service)
    connection.execute(f"ALTER FOREIGN TABLE faults OPTIONS (ADD rate_limit '{rate}')")
    plan = str(connection.execute(f"EXPLAIN {COUNT}").fetchall())
    assert (f"Workers Planned: {workers}" in plan) == (workers > 0)
    assert ("Gather" in plan) == (workers > 0)
