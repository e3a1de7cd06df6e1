"""Memory: bounded whatever is read, and given back.

A peak is what /proc calls VmHWM: the largest resident size since the mark was reset. It counts more
than the backend's own memory, namely the pages of libraries and of shared buffers that it has
touched; so it is an upper bound, and unlike a sampled value misses nothing. What a session leaves
behind is measured as RssAnon, which is its own memory alone.
"""

import re
from pathlib import Path

import psycopg
import pytest
from faults import server as faults
from faults.clients import descriptors
from faults.pages import MEGABYTE, pages_of

PEAK_LIMIT = 64 * MEGABYTE
WITHOUT_JIT = "-c jit=off"  # LLVM's libraries alone take 60 MB in the backend that uses them
GIGABYTE = 1 << 30
WHOLE_ITEM = (
    "CREATE FOREIGN TABLE whole (item jsonb OPTIONS (whole_item 'true')) SERVER aws "
    "OPTIONS (table_name 'faults', scan_segments '4')"
)

SMALL = {"id": {"S": "customer"}, "value": {"N": "12345.678"}, "note": {"S": "n" * 150}}
LARGE = {"id": {"S": "large"}, "note": {"S": "l" * 400_000}}
WIDE = {"id": {"S": "wide"}, "note": {"S": "short"}} | {
    f"attribute {n}": {"S": f"value {n}"} for n in range(300)
}


def nested(depth):
    """A document of small values, which take much more memory decoded than as JSON."""
    if depth == 0:
        return {"L": [{"N": str(n)} for n in range(10)]}
    return {"M": {name: nested(depth - 1) for name in "abcd"}}


NESTED = {"id": {"S": "nested"}, "note": nested(4)}


@pytest.fixture
def reader(postgresql, database, session):
    """A new backend, so that all that the first statement takes is counted as well."""
    session.execute("ALTER FOREIGN TABLE faults ADD note jsonb")
    with postgresql.connect(database, options=WITHOUT_JIT) as connection:
        yield connection


def status(connection, field):
    """Bytes of one field of the backend's /proc/…/status."""
    text = Path(f"/proc/{connection.info.backend_pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB$", text, re.MULTILINE)[1]) * 1024


class Peak:
    """The most that the backend takes within the block over what it took at its beginning."""

    def __init__(self, connection):
        self._connection = connection

    def __enter__(self):
        Path(f"/proc/{self._connection.info.backend_pid}/clear_refs").write_text("5")
        self._start = status(self._connection, "VmRSS")
        return self

    def __exit__(self, *_):
        self.bytes = status(self._connection, "VmHWM") - self._start


def read(connection, service, pages, statement):
    """The statement's one value, read from the pages within the limit."""
    pages.install(service)
    with Peak(connection) as peak:
        (value,) = connection.execute(statement).fetchone()
    assert peak.bytes < PEAK_LIMIT, f"{peak.bytes / MEGABYTE:.0f} MB"
    return value


@pytest.mark.parametrize("segments", [1, 8])
def test_gigabyte(session, reader, service, segments):
    session.execute(f"ALTER FOREIGN TABLE faults OPTIONS (scan_segments '{segments}')")
    pages = pages_of(SMALL, MEGABYTE, GIGABYTE, segments)
    assert pages.bytes > 0.99 * GIGABYTE
    assert read(reader, service, pages, "SELECT count(value) FROM faults") == pages.item_count
    assert service.count("Scan") == pages.page_count * segments


# The size of all pages no longer matters, as the gigabytes show; that of one does.
SHAPES = {
    "small pages": (SMALL, 16 << 10, 32 * MEGABYTE),
    "a quarter of a megabyte": (SMALL, MEGABYTE // 4, 128 * MEGABYTE),
    "long JSON of a page": (SMALL, 3 * MEGABYTE, 128 * MEGABYTE),
    "nested items": (NESTED, 2 * MEGABYTE, 128 * MEGABYTE),
    "items of 400 kB": (LARGE, MEGABYTE, 128 * MEGABYTE),
    "items of 300 attributes": (WIDE, MEGABYTE, 128 * MEGABYTE),
}


@pytest.mark.parametrize("segments", [1, 32])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_shapes_of_pages(session, reader, service, shape, segments):
    session.execute(f"ALTER FOREIGN TABLE faults OPTIONS (scan_segments '{segments}')")
    pages = pages_of(*shape, segment_count=segments)
    assert read(reader, service, pages, "SELECT count(note) FROM faults") == pages.item_count


def test_a_scan_keeps_to_its_setting(session, reader, service):
    session.execute("ALTER FOREIGN TABLE faults OPTIONS (scan_segments '8')")
    pages = pages_of(SMALL, MEGABYTE, 64 * MEGABYTE, segment_count=8)
    reader.execute("SET dynamodb_kms_fdw.max_memory_per_scan = '2MB'")
    assert reader.execute("SELECT count(value) FROM faults").fetchone() == (len(faults.ITEMS) * 8,)
    pages.install(service)
    with Peak(reader) as peak:
        assert reader.execute("SELECT count(value) FROM faults").fetchone() == (pages.item_count,)
    # A page alone takes more than the setting, and is read nevertheless.
    assert peak.bytes < 8 * MEGABYTE


@pytest.mark.parametrize("item", [WIDE, NESTED, LARGE], ids=["wide", "nested", "large"])
def test_whole_items(session, reader, service, item):
    session.execute(WHOLE_ITEM)
    pages = pages_of(item, MEGABYTE, 64 * MEGABYTE, segment_count=4)
    assert read(reader, service, pages, "SELECT count(item) FROM whole") == pages.item_count


def large_items(conversation):
    """As many of the keys' items, of 400 kB, as BatchGetItem answers at most: 16 MB."""
    keys = conversation.request.body["RequestItems"]["faults"]["Keys"]
    items = [LARGE | key for key in keys[:40]]
    left = {"UnprocessedKeys": {"faults": {"Keys": keys[40:]}} if keys[40:] else {}}
    conversation.answer({"Responses": {"faults": items}} | left)


def test_lookups_of_large_items(session, reader, service):
    session.execute("ALTER FOREIGN TABLE faults OPTIONS (allow_full_scan 'false')")
    service.script("BatchGetItem", *[large_items] * 100)
    query = "SELECT count(note) FROM faults WHERE id = ANY (%s)"
    with Peak(reader) as peak:
        keys = [f"key {number}" for number in range(1500)]
        assert reader.execute(query, [keys]).fetchone() == (1500,)
    assert peak.bytes < PEAK_LIMIT, f"{peak.bytes / MEGABYTE:.0f} MB"


@pytest.mark.parametrize("segments", [1, 16])
def test_cursor_reads_on_as_it_is_fetched(session, reader, service, segments):
    """Bytes wait at the service, not in the backend, for a client that takes its time."""
    session.execute(f"ALTER FOREIGN TABLE faults OPTIONS (scan_segments '{segments}')")
    pages = pages_of(SMALL, MEGABYTE, GIGABYTE, segments)
    pages.install(service)
    with Peak(reader) as peak, reader.transaction():
        reader.execute("DECLARE slow CURSOR FOR SELECT id FROM faults")
        fetched = 0
        for _ in range(200):
            fetched += len(reader.execute("FETCH 100 FROM slow").fetchall())
        read_pages = fetched / len(pages.items)
        assert service.count("Scan") <= read_pages + 2 * segments + 1
    assert peak.bytes < PEAK_LIMIT


# What a session leaves behind


def refused(connection, statement, sqlstate):
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(statement).fetchall()
    assert raised.value.sqlstate == sqlstate


def lookup(connection, service):
    assert connection.execute("SELECT value FROM faults WHERE id = 'key 3'").fetchone() == (3,)


def failing_conversion(connection, service):
    service.script("Scan", faults.page([{"id": {"S": "a"}, "value": {"S": "no number"}}]))
    refused(connection, "SELECT * FROM faults", "HV004")


def ended_by_limit(connection, service):
    service.script("Scan", faults.page(faults.ITEMS, "more"))
    query = "SELECT upper(id) FROM faults WHERE id <> 'x' LIMIT 2"
    assert len(connection.execute(query).fetchall()) == 2


def ended_in_flight(connection, service):
    """The next page is on its way when the cursor is closed."""
    service.script("Scan", faults.page(faults.ITEMS, "more"))
    with connection.transaction():
        connection.execute("DECLARE early CURSOR FOR SELECT id FROM faults")
        connection.execute("FETCH 1 FROM early")


def looked_up_in_nested_loop(connection, service):
    query = (
        "SELECT count(f.value) FROM generate_series(0, 4) AS n "
        "CROSS JOIN LATERAL (SELECT * FROM faults WHERE id = 'key ' || n OFFSET 0) AS f"
    )
    assert connection.execute(query).fetchone() == (5,)


def scanned_again_in_nested_loop(connection, service):
    query = (
        "SELECT count(f.value) FROM generate_series(1, 3) AS n "
        "CROSS JOIN LATERAL (SELECT * FROM faults WHERE value > n OFFSET 0) AS f"
    )
    assert connection.execute(query).fetchone()[0] > 0


def refused_by_service(connection, service):
    service.script("Scan", faults.refuse(400, "AccessDeniedException"))
    refused(connection, "SELECT * FROM faults", "42501")


def caught_in_subtransaction(connection, service):
    service.script("Scan", faults.page([{"id": {"S": "a"}, "value": {"S": "no number"}}], "more"))
    connection.execute(
        "DO $$ BEGIN PERFORM * FROM faults; EXCEPTION WHEN fdw_invalid_data_type THEN NULL; END $$"
    )


def timed_out(connection, service):
    service.script("Scan", faults.stall)
    # The end of the transaction ends the timeout, which no other statement is to meet.
    with pytest.raises(psycopg.errors.QueryCanceled), connection.transaction():
        connection.execute("SET LOCAL statement_timeout = '5ms'")
        connection.execute("SELECT * FROM faults")


QUERIES = [
    lookup,
    failing_conversion,
    ended_by_limit,
    ended_in_flight,
    looked_up_in_nested_loop,
    scanned_again_in_nested_loop,
    refused_by_service,
    caught_in_subtransaction,
    timed_out,
]


def growth(session, service, query):
    """Bytes that a hundred more such queries leave behind."""
    before = status(session, "RssAnon")
    for _ in range(100):
        query(session, service)
    return status(session, "RssAnon") - before


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.__name__)
def test_nothing_is_left_behind(session, service, query):
    growth(session, service, query)
    lookup(
        session, service
    )  # so that there is one connection, whether the last one was kept or not
    files = descriptors(session)
    # What a catalog's invalidation or a larger block costs comes once, a leak every time.
    assert min(growth(session, service, query) for _ in range(3)) < 32 * 1024
    lookup(session, service)
    assert len(descriptors(session)) <= len(files)
