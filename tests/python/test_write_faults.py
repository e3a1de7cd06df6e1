"""Writes to a service that loses requests and answers.

What is reported as stored is stored; what is reported as failed is not, unless the error or the
WARNING at the end of the transaction says that it is not known.
"""

import re
import threading

import psycopg
import pytest
from conftest import create_server
from faults.proxy import (
    AMBIGUOUS,
    THROTTLED,
    after_effect,
    leave_unprocessed,
    pass_through,
)
from faults.server import refuse, reset_at_once, stall

TABLE = "write_faults"


class Table:
    """The foreign table through the proxy, and the items as they are."""

    def __init__(self, connection, client):
        self.connection = connection
        self._client = client
        self.warnings = []  # their details
        connection.add_notice_handler(
            lambda notice: self.warnings.append(notice.message_detail or "")
        )

    def put(self, *rows):
        for number, value in rows:
            item = {"id": {"N": str(number)}, "value": {"S": value}}
            self._client.put_item(TableName=TABLE, Item=item)

    def items(self):
        found = self._client.scan(TableName=TABLE, ConsistentRead=True)["Items"]
        return {int(item["id"]["N"]): item["value"]["S"] for item in found}

    def clear(self):
        for number in self.items():
            self._client.delete_item(TableName=TABLE, Key={"id": {"N": str(number)}})

    def execute(self, statement):
        """The rows that the statement says it has written; or the error."""
        try:
            return self.connection.execute(statement).rowcount
        except psycopg.Error as error:
            return error

    def unknown(self):
        """True when a WARNING has said that something is not known."""
        return any("not known" in detail for detail in self.warnings)


@pytest.fixture
def service(proxy):
    return proxy


@pytest.fixture
def table(postgresql, database, service, emulator):
    with postgresql.connect(database) as connection:
        create_server(
            connection,
            emulator,
            dynamodb_endpoint_url=service.endpoint_url,
            max_attempts=2,
            request_timeout="300ms",
        )
        connection.execute(
            f"CREATE FOREIGN TABLE items (id int, value text) SERVER aws"
            f" OPTIONS (table_name '{TABLE}')"
        )
        table = Table(connection, emulator.client())
        table.clear()
        yield table


@pytest.fixture
def patient(table):
    """The table, whose requests are not given up: only what is scripted is lost."""
    table.connection.execute("ALTER SERVER aws OPTIONS (SET request_timeout '60s')")
    return table


# One row, one request: the operation, what is there before, the statement, and what it leads to.
WRITES = {
    "insert": ("PutItem", {}, "INSERT INTO items VALUES (1, 'new')", {1: "new"}),
    "update": (
        "UpdateItem",
        {1: "old"},
        "UPDATE items SET value = 'new' WHERE value = 'old'",
        {1: "new"},
    ),
    "unread update": (
        "UpdateItem",
        {1: "old"},
        "UPDATE items SET value = 'new' WHERE id = 1",
        {1: "new"},
    ),
    "delete": ("DeleteItem", {1: "old"}, "DELETE FROM items WHERE value = 'old'", {}),
    "move": (
        "TransactWriteItems",
        {1: "old"},
        "UPDATE items SET id = 2 WHERE value = 'old'",
        {2: "old"},
    ),
}


@pytest.fixture(params=WRITES.values(), ids=WRITES.keys())
def write(request, table):
    operation, before, statement, after = request.param
    table.put(*before.items())
    return operation, before, statement, after


@pytest.mark.parametrize("fault", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
@pytest.mark.parametrize("effect", [lambda fault: fault, after_effect], ids=["before", "after"])
def test_one_lost_request_is_made_good(table, service, write, fault, effect):
    operation, _, statement, after = write
    service.script(operation, effect(fault))
    assert table.execute(statement) == 1
    assert table.items() == after
    assert service.count(operation) == 2
    assert table.connection.execute("SELECT count(*) FROM items").fetchone() == (len(after),)


def test_throttling_is_made_good(table, service, write):
    operation, _, statement, after = write
    service.script(operation, THROTTLED)
    assert table.execute(statement) == 1
    assert table.items() == after


@pytest.mark.parametrize("effect", [lambda fault: fault, after_effect], ids=["before", "after"])
def test_the_last_attempt_is_decided(table, service, write, effect):
    """Both attempts are lost: a read finds out, or of a move the same request, with its token."""
    operation, before, statement, after = write
    fault = effect(refuse(500, "InternalServerError"))
    service.script(operation, fault, fault)
    outcome = table.execute(statement)
    happened = effect is after_effect or operation == "TransactWriteItems"
    assert table.items() == (after if happened else before)
    if happened:
        assert outcome == 1
    else:
        assert outcome.sqlstate == "HV000"
    assert not table.unknown()


MOVE = "UPDATE items SET id = 2 WHERE value = 'old'"


def tokens(service):
    return [
        request.body["ClientRequestToken"]
        for request in service.requests
        if request.operation == "TransactWriteItems"
    ]


@pytest.mark.parametrize("effect", [lambda fault: fault, after_effect], ids=["before", "after"])
def test_a_move_that_is_never_answered(table, service, effect):
    table.put((1, "old"))
    fault = effect(refuse(500, "InternalServerError"))
    service.script("TransactWriteItems", *[fault] * 4)
    outcome = table.execute(MOVE)
    assert outcome.sqlstate == "08006"
    assert "(id)=(1)" in outcome.diag.message_detail
    assert table.unknown()
    assert len(tokens(service)) == 4
    assert len(set(tokens(service))) == 1
    assert table.items() == ({2: "old"} if effect is after_effect else {1: "old"})


def test_a_repeated_move_that_is_refused(table, service):
    """Somebody puts an item under the new key while the answers are lost."""
    table.put((1, "old"))
    fault = refuse(500, "InternalServerError")
    service.script("TransactWriteItems", fault, fault, change_before(table, (2, "theirs")))
    assert table.execute(MOVE).sqlstate == "23505"
    assert not table.unknown()
    assert table.items() == {1: "old", 2: "theirs"}


def test_a_repeated_move_of_an_item_that_has_changed(table, service):
    table.put((1, "old"))
    fault = refuse(500, "InternalServerError")
    service.script("TransactWriteItems", fault, fault, change_before(table, (1, "theirs")))
    assert table.execute(MOVE).sqlstate == "40001"
    assert not table.unknown()
    assert table.items() == {1: "theirs"}


def test_what_cannot_be_found_out_is_said(table, service):
    table.put()
    fault = after_effect(refuse(500, "InternalServerError"))
    service.script("PutItem", fault, fault)
    service.script("GetItem", *[refuse(500, "InternalServerError")] * 2)
    outcome = table.execute("INSERT INTO items VALUES (1, 'new')")
    assert outcome.sqlstate == "08006"
    assert "(id)=(1)" in outcome.diag.message_detail
    assert table.unknown()


def test_a_duplicate_stays_one_after_a_lost_request(table, service):
    table.put((1, "theirs"))
    service.script("PutItem", refuse(500, "InternalServerError"))
    assert table.execute("INSERT INTO items VALUES (1, 'mine')").sqlstate == "23505"
    assert table.items() == {1: "theirs"}


def test_failures_among_many_rows(table, service):
    """All that is in flight is waited for; the error counts what is stored."""
    service.script("PutItem", *[pass_through] * 5, *[refuse(400, "ValidationException")] * 3)
    outcome = table.execute("INSERT INTO items SELECT i, 'new' FROM generate_series(1, 20) i")
    assert outcome.sqlstate == "HV000"
    stored = len(table.items())
    assert stored >= 5
    assert f"Rows that the statement has stored: {stored}." in outcome.diag.message_detail
    assert any(f"that stay: {stored}." in detail for detail in table.warnings)
    assert not table.unknown()


def change_before(table, *rows):
    """What somebody else does before the request reaches the service."""

    def change_first(conversation):
        table.put(*rows)
        pass_through(conversation)

    return change_first


@pytest.mark.parametrize(
    ("operation", "statement", "sqlstate"),
    [
        ("PutItem", "INSERT INTO items VALUES (1, 'mine')", "23505"),
        ("UpdateItem", "UPDATE items SET value = value || '!' WHERE id = 1", "40001"),
    ],
)
def test_a_row_that_changed_after_a_lost_answer_may_have_been_stored(
    patient, service, operation, statement, sqlstate
):
    if operation == "UpdateItem":
        patient.put((1, "old"))
    lost = after_effect(refuse(500, "InternalServerError"))
    service.script(operation, lost, change_before(patient, (1, "theirs")))
    outcome = patient.execute(statement)
    assert outcome.sqlstate == sqlstate
    assert "not known whether the row was stored" in outcome.diag.message_detail
    assert patient.unknown()
    assert patient.items() == {1: "theirs"}


# Writes without reading


UNREAD = {
    "update": ("UpdateItem", "UPDATE items SET value = 'new' WHERE id = 1 AND value = 'old'"),
    "delete": ("DeleteItem", "DELETE FROM items WHERE id = 1"),
    "delete on a condition": ("DeleteItem", "DELETE FROM items WHERE id = 1 AND value = 'old'"),
}


@pytest.fixture(params=UNREAD.values(), ids=UNREAD.keys())
def unread(request):
    return request.param


def test_a_write_that_was_not_carried_out_is_made_good(patient, service, unread):
    operation, statement = unread
    patient.put((1, "old"))
    service.script(operation, refuse(500, "InternalServerError"))
    assert patient.execute(statement) == 1
    assert patient.items() == ({1: "new"} if operation == "UpdateItem" else {})


@pytest.mark.parametrize("attempts", [1, 2])
def test_whether_there_was_a_row_is_not_guessed(patient, service, unread, attempts):
    """The item is as the statement leaves it: by its first request, or since ever."""
    operation, statement = unread
    for before in ((1, "old"), (1, "new")) if operation == "UpdateItem" else ((1, "old"), None):
        patient.clear()
        if before is not None:
            patient.put(before)
        after = [after_effect(refuse(500, "InternalServerError"))] * attempts
        service.script(operation, *after)
        outcome = patient.execute(statement)
        assert outcome.sqlstate == "08006", before
        assert "may have been so before" in outcome.diag.message_detail
        assert patient.unknown()
        assert patient.items() == ({1: "new"} if operation == "UpdateItem" else {})


@pytest.mark.parametrize(
    ("operation", "statement"),
    [
        ("UpdateItem", "UPDATE items SET value = 'new' WHERE id = 7"),
        ("UpdateItem", "UPDATE items SET value = 'new' WHERE id = 1 AND value = 'x'"),
        ("DeleteItem", "DELETE FROM items WHERE id = 1 AND value = 'x'"),
    ],
)
def test_what_is_no_row_after_a_lost_request_was_none_before(
    patient, service, operation, statement
):
    patient.put((1, "old"))
    service.script(operation, refuse(500, "InternalServerError"))
    assert patient.execute(statement) == 0
    assert patient.items() == {1: "old"}


def test_rows_are_returned_after_a_lost_answer(patient, service):
    patient.put((1, "old"), (2, "other"))
    service.script("UpdateItem", after_effect(refuse(500, "InternalServerError")))
    rows = patient.connection.execute(
        "UPDATE items SET value = 'new' WHERE id IN (1, 2, 3) RETURNING id, value"
    ).fetchall()
    assert sorted(rows) == [(1, "new"), (2, "new")]


@pytest.mark.parametrize(
    ("operation", "statement"),
    [
        ("UpdateItem", "UPDATE items SET value = 'new' WHERE id = ANY (%s)"),
        ("DeleteItem", "DELETE FROM items WHERE id = ANY (%s) AND value <> 'x'"),
    ],
)
def test_unread_rows_are_written_at_once(patient, service, operation, statement):
    """Four requests wait for one another; so they are under way together. Nothing is read."""
    patient.put(*[(number, "old") for number in range(100)])
    patient.connection.execute("ALTER FOREIGN TABLE items OPTIONS (ADD batch_size '10')")
    patient.connection.execute("ANALYZE items")
    together = threading.Barrier(4)

    def wait_for_others(conversation):
        together.wait(30)
        pass_through(conversation)

    service.script(operation, *[wait_for_others] * 4)
    reads = service.count("Scan")
    keys = [*range(24), *range(10), 1000]
    assert patient.connection.execute(statement, [keys]).rowcount == 24
    assert service.count(operation) == 25
    assert service.count("Scan") == reads
    assert service.count("BatchGetItem") == service.count("GetItem") == 0
    left = list(patient.items().values())
    assert left.count("old") == 76
    assert len(left) == (100 if operation == "UpdateItem" else 76)


def test_an_item_that_comes_with_a_refusal_is_looked_at(patient, service):
    """A list that is stored as a set stays one; what others change meanwhile makes it 40001."""
    patient.connection.execute("ALTER FOREIGN TABLE items ADD COLUMN tags text[]")
    client = patient._client
    key = {"id": {"N": "1"}}
    item = key | {"value": {"S": "old"}}
    client.put_item(TableName=TABLE, Item=item | {"tags": {"SS": ["a"]}})
    assert patient.execute("UPDATE items SET tags = '{b}' WHERE id = 1") == 1
    assert client.get_item(TableName=TABLE, Key=key)["Item"]["tags"] == {"SS": ["b"]}

    service.script("UpdateItem", pass_through, change_before(patient, (1, "theirs")))
    statement = "UPDATE items SET tags = '{c}' WHERE id = 1 AND value = 'old'"
    assert patient.execute(statement).sqlstate == "40001"
    assert patient.items() == {1: "theirs"}


# Batches


@pytest.fixture
def overwriting(table):
    table.connection.execute("ALTER FOREIGN TABLE items OPTIONS (ADD write_mode 'overwrite')")
    return table


FIFTY = "INSERT INTO items SELECT i, 'new' FROM generate_series(1, 50) i"
ALL_FIFTY = {number: "new" for number in range(1, 51)}


def test_unprocessed_items_are_sent_again(overwriting, service):
    service.script(
        "BatchWriteItem", leave_unprocessed(20), leave_unprocessed(25), leave_unprocessed(3)
    )
    assert overwriting.execute(FIFTY) == 50
    assert overwriting.items() == ALL_FIFTY


def test_the_last_row_of_a_key_wins_across_batches(overwriting, service):
    """The first batch is lost and comes late; no batch with the same key overtakes it."""
    lost = []

    def lose_the_first(conversation):
        is_first = len(conversation.request.body["RequestItems"][TABLE]) == 25 and not lost
        if is_first:
            lost.append(conversation)
        (stall if is_first else pass_through)(conversation)

    service.script("BatchWriteItem", *[lose_the_first] * 3)
    rows = "SELECT i, 'new' FROM generate_series(1, 25) i UNION ALL SELECT 1, 'last'"
    assert overwriting.execute(f"INSERT INTO items {rows}") == 26
    assert overwriting.items() == {number: "new" for number in range(2, 26)} | {1: "last"}
    assert service.count("BatchWriteItem") == 3


@pytest.mark.parametrize("effect", [lambda fault: fault, after_effect], ids=["before", "after"])
@pytest.mark.parametrize("fault", [reset_at_once, stall])
def test_a_lost_batch_is_sent_again(overwriting, service, fault, effect):
    service.script("BatchWriteItem", effect(fault))
    assert overwriting.execute(FIFTY) == 50
    assert overwriting.items() == ALL_FIFTY


def test_a_failed_batch_is_said_to_be_unknown(overwriting, service):
    service.script("BatchWriteItem", *[after_effect(refuse(500, "InternalServerError"))] * 4)
    outcome = overwriting.execute(FIFTY)
    assert outcome.sqlstate == "HV000"
    assert "not known" in outcome.diag.message_detail
    assert overwriting.unknown()


def test_a_refused_batch_is_said_to_be_unwritten(overwriting, service):
    service.script("BatchWriteItem", *[refuse(400, "ValidationException")] * 2)
    outcome = overwriting.execute(FIFTY)
    assert "None of 25 rows" in outcome.diag.message_detail
    assert overwriting.items() == {}
    assert not overwriting.unknown()


# Ends in the middle


def test_a_cancel_says_what_is_not_known(table, service):
    table.connection.execute("ALTER SERVER aws OPTIONS (SET request_timeout '60s')")
    service.script("PutItem", *[after_effect(stall)] * 5)
    outcomes = []
    statement = "INSERT INTO items SELECT i, 'new' FROM generate_series(1, 5) i"
    thread = threading.Thread(target=lambda: outcomes.append(table.execute(statement)))
    thread.start()
    service.wait_until_reached()
    table.connection.cancel()
    thread.join(30)
    assert outcomes[0].sqlstate == "57014"
    assert table.unknown()
    assert table.connection.execute("SELECT 1").fetchone() == (1,)


def test_the_end_of_the_backend_is_logged_with_what_is_not_known(table, service, postgresql):
    table.connection.execute("ALTER SERVER aws OPTIONS (SET request_timeout '60s')")
    service.script("PutItem", *[after_effect(stall)] * 5)
    statement = "INSERT INTO items SELECT i, 'new' FROM generate_series(1, 5) i"
    pid = table.connection.info.backend_pid
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(table.execute(statement)))
    thread.start()
    service.wait_until_reached()
    with postgresql.connect("postgres") as other:
        other.execute("SELECT pg_terminate_backend(%s, 30000)", [pid])
    thread.join(30)
    assert outcomes[0].sqlstate == "57P01"
    log = [line for line in postgresql.log_path.read_text().splitlines() if f"[{pid}]" in line]
    assert any("rolling back does not undo" in line for line in log)
    assert any("not known" in line for line in log)


def test_an_error_elsewhere_leaves_rows_in_flight_unknown_or_counted(table):
    statement = "INSERT INTO items SELECT i, (1 / (9 - i))::text FROM generate_series(1, 20) i"
    table.connection.execute("ALTER FOREIGN TABLE items OPTIONS (ADD batch_size '1')")
    outcome = table.execute(statement)
    assert outcome.sqlstate == "22012"
    (detail,) = table.warnings
    counts = [int(number) for number in re.findall(r": (\d+)", detail)]
    assert len(table.items()) <= sum(counts) <= 8


# Others in between


@pytest.mark.parametrize(
    ("operation", "statement"),
    [
        ("UpdateItem", "UPDATE items SET value = value || '!' WHERE id = 1"),
        ("UpdateItem", "UPDATE items SET value = 'mine' WHERE value = 'old'"),
        ("DeleteItem", "DELETE FROM items WHERE value = 'old'"),
        ("GetItem", "UPDATE items SET id = 7 WHERE value = 'old'"),
        ("TransactWriteItems", "UPDATE items SET id = 7 WHERE value = 'old'"),
    ],
)
def test_a_row_that_changed_since_it_was_read_is_40001(table, service, operation, statement):
    """Somebody else changes the item after it was read and before it is written."""
    table.put((1, "old"))

    def change_first(conversation):
        table.put((1, "theirs"))
        pass_through(conversation)

    service.script(operation, change_first)
    assert table.execute(statement).sqlstate == "40001"
    assert table.items() == {1: "theirs"}


@pytest.mark.parametrize(
    ("operation", "statement"),
    [
        ("UpdateItem", "UPDATE items SET value = value || '!' WHERE id = 1"),
        ("DeleteItem", "DELETE FROM items WHERE id = 1 AND value || '!' <> 'x'"),
    ],
)
def test_a_row_that_was_deleted_since_it_was_read_is_40001(table, service, operation, statement):
    table.put((1, "old"))

    def delete_first(conversation):
        table.clear()
        pass_through(conversation)

    service.script(operation, delete_first)
    assert table.execute(statement).sqlstate == "40001"
    assert table.items() == {}


def test_an_update_that_reads_nothing_keeps_what_others_change(table, service):
    """Only the attribute that is assigned is written; what others have written stays."""
    table.put((1, "old"))
    table.connection.execute("ALTER FOREIGN TABLE items ADD COLUMN other text")

    def change_first(conversation):
        table.put((1, "theirs"))
        pass_through(conversation)

    service.script("UpdateItem", change_first)
    assert table.execute("UPDATE items SET other = 'mine' WHERE id = 1") == 1
    query = "SELECT value, other FROM items"
    assert table.connection.execute(query).fetchall() == [("theirs", "mine")]
