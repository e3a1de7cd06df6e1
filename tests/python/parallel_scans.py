"""A service whose Scans have segments and pages, and a foreign table that workers share."""

import contextlib
import threading
from collections import Counter
from pathlib import Path

import psycopg
from faults.clients import KEYS, create_table
from faults.server import TABLE, TABLE_DESCRIPTION, WAIT_SECONDS, FaultServer

SEGMENTS = 6
WORKERS = 2
PAGES_OF_SEGMENT = 3
ITEMS_OF_PAGE = 4
PAGE_UNITS = 128
ROWS = SEGMENTS * PAGES_OF_SEGMENT * ITEMS_OF_PAGE
COUNT = "SELECT count(*), count(DISTINCT id), sum(value) FROM faults"
SUMS = (ROWS, ROWS, ROWS * (ROWS - 1) // 2)


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

    def item(self, value):
        return {"id": {"S": f"key {value}"}, "value": {"N": str(value)}}

    def _page(self, segment, start):
        number = int(start["id"]["S"].partition(" ")[2]) + 1 if start else 0
        with self._lock_of_scans:
            self.scans[segment, number] += 1
        first = (segment * self.pages + number) * ITEMS_OF_PAGE
        items = [self.item(value) for value in range(first, first + ITEMS_OF_PAGE)]
        page = {
            "Items": items,
            "Count": len(items),
            "ScannedCount": len(items),
            "ConsumedCapacity": {"TableName": TABLE, "CapacityUnits": PAGE_UNITS},
        }
        more = {"LastEvaluatedKey": {"id": {"S": f"page {number}"}}}
        return page | more if number + 1 < self.pages else page


def share(connection, service, mapping=KEYS, **options):
    """Creates the foreign table, and has three processes read it."""
    create_table(connection, service.endpoint_url, mapping, **options)
    have_processes(connection)


def have_processes(connection, query=COUNT, workers=WORKERS):
    connection.execute(f"ALTER FOREIGN TABLE faults OPTIONS (ADD scan_segments '{SEGMENTS}')")
    connection.execute(f"SET max_parallel_workers_per_gather = {WORKERS}")
    connection.execute("SET parallel_setup_cost = 0")
    connection.execute("SET parallel_tuple_cost = 0")
    connection.execute("SET min_parallel_table_scan_size = 0")
    plan = str(connection.execute(f"EXPLAIN {query}").fetchall())
    assert f"Workers Planned: {workers}" in plan and "Parallel Foreign Scan" in plan


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


def found_in_shared_memory(secrets):
    """Those of the secrets that are in memory that PostgreSQL's processes share by files."""
    found = set()
    for segment in Path("/dev/shm").glob("PostgreSQL.*"):
        with contextlib.suppress(OSError):
            content = segment.read_bytes()
            found |= {secret for secret in secrets if secret in content}
    return found
