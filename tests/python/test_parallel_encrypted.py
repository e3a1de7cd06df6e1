"""Encrypted items and columns that several processes read, each asking KMS for itself."""

import os

import psycopg
import pytest
from encrypted_tables import executed_plan_of
from faults import server as faults
from faults.clients import KEYS, create_table
from parallel_scans import (
    ROWS,
    SEGMENTS,
    WORKERS,
    SegmentServer,
    asked_in_thread,
    found_in_shared_memory,
    have_processes,
    hold_first_pages,
    workers_of,
)
from test_encrypted_faults import encrypted

TEXTS = "SELECT count(*), count(DISTINCT value), min(value), max(value) FROM faults"
WIDTH = len(str(ROWS))
READ = (ROWS, ROWS, "s3cret of row 00", f"s3cret of row {ROWS - 1}")


def text_of(value):
    return f"s3cret of row {value:0{WIDTH}}"


class EncryptedSegments(SegmentServer):
    """Every item has a data key of its own."""

    def __init__(self):
        super().__init__()
        self.data_keys = [os.urandom(32) for _ in range(ROWS)]
        self._items = [encrypted(n, text_of(n), key) for n, key in enumerate(self.data_keys)]
        self.bad = set()

    def item(self, value):
        item = self._items[value]
        return item | {"value": self._items[value - 1]["value"]} if value in self.bad else item


class EncryptedColumns(SegmentServer):
    """Every item has a ciphertext of KMS of its own."""

    def item(self, value):
        ciphertext = faults.ciphertext_of(text_of(value).encode())
        return {"id": {"S": f"{value}"}, "value": {"B": faults.base64_of(ciphertext)}}


@pytest.fixture
def service():
    with EncryptedSegments() as service:
        yield service


@pytest.fixture
def columns():
    with EncryptedColumns() as service:
        yield service


def read_by_processes(connection, service, column_options="", **options):
    create_table(connection, service.endpoint_url, max_attempts="2")
    options |= {"kms_key_id": "alias/scripted"}
    quoted = ", ".join(f"{name} {psycopg.sql.quote(value)}" for name, value in options.items())
    connection.execute("DROP FOREIGN TABLE faults")
    connection.execute(
        f"CREATE FOREIGN TABLE faults (id text, value text {column_options}) "
        f"SERVER aws OPTIONS ({quoted})"
    )
    have_processes(connection, TEXTS)


@pytest.fixture
def connection(postgresql, database, service):
    """The foreign table `faults` is encrypted."""
    with postgresql.connect(database) as connection:
        read_by_processes(connection, service, encryption="dynamodb_encryption_client")
        yield connection


@pytest.fixture
def of_columns(postgresql, database, columns):
    """The column `value` of the foreign table `faults` is encrypted."""
    with postgresql.connect(database) as connection:
        read_by_processes(connection, columns, "OPTIONS (kms_encrypted 'true')")
        yield connection


def scans_below(plan):
    below = [scan for child in plan.get("Plans", []) for scan in scans_below(child)]
    return [plan, *below] if plan["Node Type"] == "Foreign Scan" else below


def decryptions(connection):
    return connection.execute(
        "SELECT requests, cache_hits FROM dynamodb_kms_stats() WHERE operation = 'Decrypt'"
    ).fetchone()


@pytest.mark.parametrize("participation", ["on", "off"])
def test_items_are_opened_by_processes_at_once(connection, service, participation):
    connection.execute(f"SET parallel_leader_participation = {participation}")
    if participation == "on":
        hold_first_pages(service)
    assert connection.execute(TEXTS).fetchone() == READ
    assert service.count("Decrypt") == ROWS
    assert decryptions(connection) == (ROWS, 0)


def test_calls_of_all_processes_are_shown(connection, service):
    hold_first_pages(service)
    (scan,) = scans_below(executed_plan_of(connection, TEXTS))
    assert scan["KMS Calls"] == ROWS
    assert scan["Items Returned"] == ROWS


def test_columns_are_decrypted_by_processes_at_once(of_columns, columns):
    hold_first_pages(columns)
    (scan,) = scans_below(executed_plan_of(of_columns, TEXTS))
    assert scan["KMS Calls"] == ROWS == columns.count("Decrypt")
    assert of_columns.execute(TEXTS).fetchone() == READ


@pytest.mark.parametrize("where", ["connection", "of_columns"])
def test_calls_of_all_processes_are_bounded_together(request, where):
    connection = request.getfixturevalue(where)
    server = request.getfixturevalue("service" if where == "connection" else "columns")
    connection.execute("ALTER SERVER aws OPTIONS (ADD data_key_cache_size '0')")
    connection.execute(f"ALTER FOREIGN TABLE faults OPTIONS (ADD max_kms_calls '{ROWS - 1}')")
    for _ in range(2):
        server.all_have_come.clear()
        server.scans.clear()
        hold_first_pages(server)
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded) as raised:
            connection.execute(TEXTS)
        assert "max_kms_calls" in str(raised.value)
    assert server.count("Decrypt") <= 2 * (ROWS - 1)
    connection.execute(f"ALTER FOREIGN TABLE faults OPTIONS (SET max_kms_calls '{ROWS}')")
    for _ in range(2):
        assert connection.execute(TEXTS).fetchone() == READ


def test_bad_items_of_all_processes_are_counted_together(connection, service):
    """The first item of each segment; three processes have two segments each."""
    service.bad = {segment * ROWS // SEGMENTS for segment in range(SEGMENTS)} | {1}
    connection.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD on_bad_item 'skip')")
    notices = []
    connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    hold_first_pages(service)
    assert connection.execute("SELECT count(value) FROM faults").fetchone() == (ROWS - 7,)
    assert notices == [
        '7 items of encrypted DynamoDB table "faults" do not verify and were skipped'
    ]


def test_a_bad_item_of_a_worker_is_the_statements_error(connection, service):
    service.bad = {ROWS - 1}
    connection.execute("SET parallel_leader_participation = off")
    with pytest.raises(psycopg.errors.DataCorrupted) as raised:
        connection.execute(TEXTS)
    assert "parallel worker" in raised.value.diag.context
    shown = f"{raised.value} {raised.value.diag.message_detail} {raised.value.diag.context}"
    assert "s3cret" not in shown


def test_no_secret_is_in_memory_that_processes_share(connection, service):
    """An aggregate takes no row out of its process; the keys are in each one's own memory."""
    secrets = [*service.data_keys, KEYS["aws_secret_access_key"].encode()]
    secrets += [text_of(value).encode() for value in range(ROWS)]
    found = []

    def look(conversation):
        found.append(found_in_shared_memory(secrets))
        service.answer(conversation)

    service.script("Scan", *[service.hold] * SEGMENTS, *[look] * SEGMENTS)
    query = "SELECT count(value), sum(length(value)) FROM faults"
    assert connection.execute(query).fetchone() == (ROWS, ROWS * len(text_of(0)))
    assert found == [set()] * SEGMENTS


def test_cancel_while_workers_wait_for_keys(postgresql, connection, service):
    connection.execute("SET parallel_leader_participation = off")
    service.script("Decrypt", *[faults.stall] * ROWS)
    with postgresql.connect() as other:
        ended = asked_in_thread(connection, TEXTS)
        service.wait_until_reached()
        assert len(workers_of(connection, other)) == WORKERS
        connection.cancel()
        assert ended().sqlstate == "57014"
        assert workers_of(connection, other) == []
    service.forget_scripts()
    assert connection.execute(TEXTS).fetchone() == READ
