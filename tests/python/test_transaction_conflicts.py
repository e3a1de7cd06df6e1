"""Two sessions and one item: what each write mode makes of it."""

import threading
import time
from itertools import count

import psycopg
import pytest
from conftest import create_server

TABLE_NUMBERS = count()
WAIT_SECONDS = 30


@pytest.fixture
def client(dynamodb):
    return dynamodb.client()


@pytest.fixture
def table_name(client):
    name = f"conflicts_{next(TABLE_NUMBERS)}"
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.put_item(TableName=name, Item={"id": {"S": "x"}, "a": {"N": "1"}, "b": {"S": "one"}})
    yield name
    client.delete_table(TableName=name)


@pytest.fixture
def sessions(postgresql, database, dynamodb, table_name):
    """Two connections to one database with foreign tables of both modes."""
    with postgresql.connect(database) as first, postgresql.connect(database) as second:
        create_server(first, dynamodb)
        columns = "id text, a int, b text, doc jsonb, at timestamptz"
        for mode in ("transaction", "statement"):
            first.execute(
                f"CREATE FOREIGN TABLE {mode}s ({columns}) SERVER aws"
                f" OPTIONS (table_name '{table_name}', write_mode '{mode}')"
            )
        yield first, second


def stored(client, table_name, key="x"):
    return client.get_item(TableName=table_name, Key={"id": {"S": key}}).get("Item")


def failure_of_commit(connection):
    with pytest.raises(psycopg.Error) as raised:
        connection.execute("COMMIT")
    return raised.value


# What the other session does between a write and its commit


def test_a_changed_row_is_not_overwritten(sessions, client, table_name):
    first, second = sessions
    first.execute("BEGIN")
    first.execute("INSERT INTO transactions VALUES ('beside')")
    first.execute("UPDATE transactions SET a = a + 1 WHERE id = 'x'")
    second.execute("UPDATE statements SET a = a + 10 WHERE id = 'x'")
    error = failure_of_commit(first)
    assert error.sqlstate == "40001"
    assert "Key (id)=(x)" in error.diag.message_detail
    assert stored(client, table_name)["a"] == {"N": "11"}
    assert stored(client, table_name, "beside") is None


def test_a_repeated_transaction_succeeds(sessions, client, table_name):
    first, second = sessions
    first.execute("BEGIN")
    first.execute("UPDATE transactions SET a = a + 1 WHERE id = 'x'")
    second.execute("UPDATE transactions SET a = a + 10 WHERE id = 'x'")
    assert failure_of_commit(first).sqlstate == "40001"
    first.execute("UPDATE transactions SET a = a + 1 WHERE id = 'x'")
    assert stored(client, table_name)["a"] == {"N": "12"}


def test_other_attributes_do_not_conflict(sessions, client, table_name):
    first, second = sessions
    first.execute("BEGIN")
    first.execute("UPDATE transactions SET a = 2 WHERE id = 'x'")
    second.execute("UPDATE transactions SET b = 'two' WHERE id = 'x'")
    first.execute("COMMIT")
    assert stored(client, table_name) == {"id": {"S": "x"}, "a": {"N": "2"}, "b": {"S": "two"}}


def test_the_second_write_of_an_item_sees_what_came_meanwhile(sessions, client, table_name):
    """It is conditioned on what it has read, not on what the first write has."""
    first, second = sessions
    first.execute("BEGIN")
    first.execute("UPDATE transactions SET a = 2 WHERE id = 'x'")
    second.execute("UPDATE transactions SET b = 'two' WHERE id = 'x'")
    assert first.execute("SELECT a, b FROM transactions").fetchall() == [(2, "two")]
    first.execute("UPDATE transactions SET b = b || '!' WHERE id = 'x'")
    second.execute("UPDATE transactions SET b = 'three' WHERE id = 'x'")
    assert failure_of_commit(first).sqlstate == "40001"
    assert stored(client, table_name)["b"] == {"S": "three"}


def test_a_deleted_row_is_not_updated(sessions, client, table_name):
    first, second = sessions
    first.execute("BEGIN")
    first.execute("UPDATE transactions SET a = 2 WHERE id = 'x'")
    second.execute("DELETE FROM transactions WHERE id = 'x'")
    assert first.execute("SELECT * FROM transactions").fetchall() == []
    assert failure_of_commit(first).sqlstate == "40001"
    assert stored(client, table_name) is None


def test_a_changed_row_is_not_deleted(sessions, client, table_name):
    first, second = sessions
    first.execute("BEGIN")
    first.execute("DELETE FROM transactions WHERE a = 1")
    second.execute("UPDATE transactions SET a = 5 WHERE id = 'x'")
    assert failure_of_commit(first).sqlstate == "40001"
    assert stored(client, table_name)["a"] == {"N": "5"}


def test_a_move_takes_along_what_came_meanwhile(sessions, client, table_name):
    """It writes the whole item anew, also what the statement has not looked at."""
    first, second = sessions
    first.execute("BEGIN")
    first.execute("UPDATE transactions SET id = 'y' WHERE id = 'x'")
    second.execute("UPDATE transactions SET b = 'two' WHERE id = 'x'")
    first.execute("COMMIT")
    assert stored(client, table_name) is None
    assert stored(client, table_name, "y")["b"] == {"S": "two"}


def test_both_insert(sessions, client, table_name):
    first, second = sessions
    first.execute("BEGIN")
    first.execute("INSERT INTO transactions VALUES ('new', 1)")
    second.execute("INSERT INTO transactions VALUES ('new', 2)")
    error = failure_of_commit(first)
    assert error.sqlstate == "23505"
    assert error.diag.message_detail.startswith("Key (id)=(new) already exists.")
    assert stored(client, table_name, "new")["a"] == {"N": "2"}


def test_absence_that_was_seen_is_a_conflict(sessions, client, table_name):
    first, second = sessions
    first.execute("BEGIN")
    first.execute("INSERT INTO transactions VALUES ('new', 1) ON CONFLICT DO NOTHING")
    second.execute("INSERT INTO transactions VALUES ('new', 2)")
    assert failure_of_commit(first).sqlstate == "40001"
    assert stored(client, table_name, "new")["a"] == {"N": "2"}


def test_two_transactions_of_several_items(sessions, client, table_name):
    first, second = sessions
    for connection, value in ((first, 1), (second, 2)):
        connection.execute("BEGIN")
        connection.execute(f"INSERT INTO transactions VALUES ('p{value}', {value})")
        connection.execute(f"UPDATE transactions SET a = {value} * 100 WHERE id = 'x' AND a = 1")
    second.execute("COMMIT")
    assert failure_of_commit(first).sqlstate == "40001"
    assert stored(client, table_name)["a"] == {"N": "200"}
    assert stored(client, table_name, "p1") is None
    assert stored(client, table_name, "p2")["a"] == {"N": "2"}


# Values that are stored otherwise than they would be written


def test_stored_forms_are_no_conflict(sessions, client, table_name):
    """The set has one element, because moto gives several in another order each time."""
    item = {
        "id": {"S": "form"},
        "a": {"N": "1"},
        "at": {"S": "2026-01-01T00:00:00+02:00"},
        "doc": {"M": {"tags": {"SS": ["p"]}, "bin": {"B": b"\0\1"}, "n": {"N": "1"}}},
    }
    client.put_item(TableName=table_name, Item=item)
    first, _ = sessions
    first.execute("BEGIN")
    first.execute(
        "UPDATE transactions SET doc = jsonb_set(doc, '{n}', '2')"
        " WHERE id = 'form' AND at = '2025-12-31 22:00:00+00'"
    )
    first.execute("UPDATE transactions SET a = a + 1, doc = doc || '{\"m\": 3}' WHERE id = 'form'")
    first.execute("COMMIT")
    doc = {"tags": {"SS": ["p"]}, "bin": {"B": b"\0\1"}, "n": {"N": "2"}, "m": {"N": "3"}}
    assert stored(client, table_name, "form") == item | {"a": {"N": "2"}, "doc": {"M": doc}}


# A change while the statement itself runs


@pytest.mark.parametrize("mode", ["statement", "transaction"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET a = a + 1", "DELETE FROM {}"])
def test_a_change_during_the_statement(sessions, client, table_name, mode, statement):
    """The row is read; then the other session changes it; then it is written."""
    first, second = sessions
    second.execute("SELECT pg_advisory_lock(1)")
    text = statement.format(f"{mode}s") + " WHERE a = 1 AND pg_advisory_lock(1)::text = ''"
    errors = []
    thread = threading.Thread(target=lambda: errors.append(run(first, text)))
    thread.start()
    wait_for_lock(second)
    other = {"id": {"S": "x"}, "a": {"N": "7"}}
    client.put_item(TableName=table_name, Item=other)
    second.execute("SELECT pg_advisory_unlock(1)")
    thread.join(WAIT_SECONDS)
    assert errors == ["40001"]
    assert stored(client, table_name) == other


def run(connection, statement):
    """The SQLSTATE of its failure; None when there is none."""
    try:
        connection.execute(statement)
    except psycopg.Error as error:
        return error.sqlstate
    return None


def wait_for_lock(connection):
    """Returns when another session waits for an advisory lock."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    deadline = time.monotonic() + WAIT_SECONDS
    while connection.execute(waiting).fetchone() == (0,):
        assert time.monotonic() < deadline
