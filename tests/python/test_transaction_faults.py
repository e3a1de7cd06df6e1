"""COMMIT of write_mode 'transaction' over a service that loses requests and answers, and in
backends that end: DynamoDB has all of a transaction or nothing, and what is not known is said, with
the client request token."""

import contextlib
import os
import random
import re
import threading
import time

import psycopg
import pytest
from conftest import create_server
from faults.kills import connect_again, kill
from faults.proxy import AMBIGUOUS, after_effect, pass_through
from faults.server import refuse, stall

TABLE = "transaction_faults"
OPERATION = "TransactWriteItems"
TOKEN = re.compile(r"[0-9a-f]{8}-([0-9a-f]{16})-[0-9a-f]{8}")
ALL = {1: "new", 2: "new", 3: "new"}
WAIT_SECONDS = 30


@pytest.fixture
def service(proxy):
    return proxy


@pytest.fixture
def items(emulator):
    """What is stored, by id; nothing at first."""
    client = emulator.client()

    def read():
        found = client.scan(TableName=TABLE, ConsistentRead=True)["Items"]
        return {int(item["id"]["N"]): item["value"]["S"] for item in found}

    for number in read():
        client.delete_item(TableName=TABLE, Key={"id": {"N": str(number)}})
    return read


def set_up(connection, emulator, service, timeout="500ms"):
    create_server(
        connection,
        emulator,
        dynamodb_endpoint_url=service.endpoint_url,
        max_attempts=2,
        request_timeout=timeout,
    )
    connection.execute(
        f"CREATE FOREIGN TABLE items (id int, value text) SERVER aws"
        f" OPTIONS (table_name '{TABLE}', write_mode 'transaction')"
    )


@pytest.fixture
def session(postgresql, database, emulator, service):
    with postgresql.connect(database) as connection:
        connection.notices = []
        connection.add_notice_handler(
            lambda notice: connection.notices.append(notice.message_primary)
        )
        set_up(connection, emulator, service)
        yield connection


def write(connection):
    connection.execute("BEGIN")
    for number, value in ALL.items():
        connection.execute("INSERT INTO items VALUES (%s, %s)", (number, value))


def failure_of_commit(connection):
    with pytest.raises(psycopg.Error) as raised:
        connection.execute("COMMIT")
    return raised.value


def tokens(service):
    return [
        request.body["ClientRequestToken"]
        for request in service.requests
        if request.operation == OPERATION
    ]


def canceled(*codes):
    """TransactWriteItems is canceled for these reasons, one an action."""

    def behave(conversation):
        reasons = [{"Code": code} for code in codes]
        error = {
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled",
            "CancellationReasons": reasons,
        }
        conversation.answer(error, 400)

    return behave


def status_of(connection, token):
    """What PostgreSQL says of the transaction that the token names."""
    number = int(TOKEN.fullmatch(token).group(1), 16)
    return connection.execute(f"SELECT pg_xact_status('{number}'::xid8)").fetchone()[0]


# Lost requests and answers


@pytest.mark.parametrize("fault", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
@pytest.mark.parametrize("effect", [lambda fault: fault, after_effect], ids=["before", "after"])
def test_one_lost_answer_is_made_good(session, service, items, fault, effect):
    service.script(OPERATION, effect(fault))
    write(session)
    session.execute("COMMIT")
    assert items() == ALL
    first, second = tokens(service)
    assert first == second
    assert TOKEN.fullmatch(first)
    assert status_of(session, first) == "committed"


@pytest.mark.parametrize("fault", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
@pytest.mark.parametrize("effect", [lambda fault: fault, after_effect], ids=["before", "after"])
def test_an_unknown_outcome_is_said_with_the_token(session, service, items, fault, effect):
    service.script(OPERATION, effect(fault), fault)
    write(session)
    error = failure_of_commit(session)
    assert error.sqlstate == "08006"
    assert tokens(service)[0] in error.diag.message_detail
    assert items() == (ALL if effect is after_effect else {})
    assert status_of(session, tokens(service)[0]) == "aborted"


@pytest.mark.parametrize(
    "refusal",
    [
        refuse(400, "ProvisionedThroughputExceededException"),
        refuse(400, "TransactionInProgressException"),
        canceled("None", "TransactionConflict", "None"),
        canceled("ThrottlingError", "None", "None"),
    ],
    ids=["throttled", "in progress", "conflict", "throttled item"],
)
def test_what_time_cures_is_tried_again(session, service, items, refusal):
    service.script(OPERATION, refusal)
    write(session)
    session.execute("COMMIT")
    assert items() == ALL
    assert len(set(tokens(service))) == 1


@pytest.mark.parametrize(
    ("refusal", "sqlstate"),
    [
        (canceled("None", "TransactionConflict", "None"), "40001"),
        (refuse(400, "TransactionInProgressException"), "08006"),
        (refuse(400, "ProvisionedThroughputExceededException"), "53400"),
        (canceled("None", "ThrottlingError", "None"), "53400"),
    ],
    ids=["conflict", "in progress", "throttled", "throttled item"],
)
def test_what_time_does_not_cure(session, service, items, refusal, sqlstate):
    service.script(OPERATION, refusal, refusal)
    write(session)
    assert failure_of_commit(session).sqlstate == sqlstate
    assert items() == {}


@pytest.mark.parametrize(
    ("refusal", "sqlstate"),
    [
        (refuse(400, "AccessDeniedException"), "42501"),
        (refuse(400, "ValidationException"), "HV000"),
        (canceled("None", "ValidationError", "None"), "HV000"),
        (canceled("ItemCollectionSizeLimitExceeded", "None", "None"), "54000"),
    ],
    ids=["access denied", "validation", "validation of an item", "collection"],
)
def test_other_refusals_are_reported(session, service, items, refusal, sqlstate):
    service.script(OPERATION, refusal)
    write(session)
    assert failure_of_commit(session).sqlstate == sqlstate
    assert items() == {}
    assert len(tokens(service)) == 1


def test_throttled_after_an_unknown_outcome_is_still_unknown(session, service, items):
    service.script(
        OPERATION,
        after_effect(AMBIGUOUS["internal error"]),
        refuse(400, "ProvisionedThroughputExceededException"),
    )
    write(session)
    assert failure_of_commit(session).sqlstate == "08006"
    assert items() == ALL


def test_the_token_is_logged(session, service, items):
    session.execute("SET dynamodb_kms_fdw.log_requests = on")
    session.execute("SET client_min_messages = log")
    write(session)
    session.execute("COMMIT")
    assert any(tokens(service)[0] in (text or "") for text in session.notices)


# Nothing is sent


@pytest.mark.parametrize("end", ["ROLLBACK", "terminate", "idle"])
def test_nothing_is_sent_without_a_commit(session, service, postgresql, database, items, end):
    write(session)
    if end == "ROLLBACK":
        session.execute("ROLLBACK")
    else:
        with postgresql.connect(database) as other, contextlib.suppress(psycopg.Error):
            if end == "terminate":
                other.execute("SELECT pg_terminate_backend(%s)", (session.info.backend_pid,))
            else:
                session.execute("SET idle_in_transaction_session_timeout = 1")
            wait_for_end(other, session.info.backend_pid)
            session.execute("COMMIT")
    assert service.count(OPERATION) == 0
    assert items() == {}


def wait_for_end(connection, pid):
    deadline = time.monotonic() + WAIT_SECONDS
    query = f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}"
    while connection.execute(query).fetchone() != (0,):
        assert time.monotonic() < deadline


def test_nothing_is_sent_of_what_postgresql_refuses_last(
    session, service, postgresql, database, items
):
    """Two serializable transactions, each of which has read what the other has written."""
    session.execute("CREATE TABLE duty (name text PRIMARY KEY, present boolean)")
    session.execute("INSERT INTO duty VALUES ('a', true), ('b', true)")
    with postgresql.connect(database) as other:
        for connection, name in ((other, "a"), (session, "b")):
            connection.execute("BEGIN ISOLATION LEVEL SERIALIZABLE")
            connection.execute("SELECT count(*) FROM duty WHERE present")
            connection.execute("UPDATE duty SET present = false WHERE name = %s", (name,))
        session.execute("INSERT INTO items VALUES (1, 'new')")
        other.execute("COMMIT")
    assert failure_of_commit(session).sqlstate == "40001"
    assert service.count(OPERATION) == 0
    assert items() == {}


def test_a_changed_sender_is_refused(session, items):
    """Everything is sent as, and to where, it was written."""
    write(session)
    session.execute("ALTER SERVER aws OPTIONS (ADD connect_timeout '2s')")
    session.execute("SELECT count(*) FROM items")
    session.execute("COMMIT")
    session.execute("BEGIN")
    session.execute("UPDATE items SET value = 'other'")
    session.execute(
        "ALTER USER MAPPING FOR CURRENT_USER SERVER aws OPTIONS (SET aws_secret_access_key 'other')"
    )
    session.execute("SELECT count(*) FROM items")
    assert failure_of_commit(session).sqlstate == "55000"
    assert items() == ALL


# Backends that end, or are told to, while the answer is on its way


def in_thread(function, *arguments):
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    return thread


def commit(connection, outcomes):
    try:
        connection.execute("COMMIT")
        outcomes.append(None)
    except psycopg.Error as error:
        outcomes.append(error.sqlstate)


@pytest.mark.parametrize("effect", [lambda fault: fault, after_effect], ids=["before", "after"])
def test_cancel_while_the_answer_is_on_its_way(
    postgresql, database, emulator, service, items, effect
):
    with postgresql.connect(database) as connection:
        notices = []
        connection.add_notice_handler(lambda notice: notices.append(notice.message_detail))
        set_up(connection, emulator, service, "60s")
        service.script(OPERATION, effect(stall))
        write(connection)
        outcomes = []
        thread = in_thread(commit, connection, outcomes)
        service.wait_until_reached()
        connection.cancel()
        thread.join(WAIT_SECONDS)
        assert outcomes == ["57014"]
        (token,) = tokens(service)
        assert any(token in (detail or "") for detail in notices)
        assert status_of(connection, token) == "aborted"
    assert items() == (ALL if effect is after_effect else {})


def test_terminate_while_the_answer_is_on_its_way(postgresql, database, emulator, service, items):
    with postgresql.connect(database) as other:
        connection = postgresql.connect(database)
        set_up(connection, emulator, service, "60s")
        service.script(OPERATION, stall)
        write(connection)
        thread = in_thread(commit, connection, [])
        service.wait_until_reached()
        other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        thread.join(WAIT_SECONDS)
        wait_for_end(other, connection.info.backend_pid)
        connection.close()
        assert status_of(other, tokens(service)[0]) == "aborted"
    assert items() == {}


def test_kill_leaves_all_or_nothing(postgresql, database, emulator, service, items):
    """PostgreSQL never has what DynamoDB has not; the reverse shows by the token."""
    generator = random.Random(int(os.environ.get("TEST_SEED", "20261125")))
    with connect_again(postgresql, database) as connection:
        set_up(connection, emulator, service, "60s")
        connection.execute("CREATE TABLE beside (id int)")
    for number in range(6):
        connection = connect_again(postgresql, database)
        pid = connection.info.backend_pid
        service.reached.clear()
        service.script(OPERATION, generator.choice([stall, after_effect(stall), pass_through]))
        first = 10 * (number + 1)
        connection.execute("BEGIN")
        connection.execute("INSERT INTO beside VALUES (%s)", (first,))
        connection.execute(
            "INSERT INTO items SELECT %s + n, 'new' FROM generate_series(0, 4) n", (first,)
        )
        thread = in_thread(commit, connection, [])
        service.reached.wait(generator.random() * 0.3)
        kill(postgresql, database, pid)
        thread.join(WAIT_SECONDS)
        connection.close()
        check_after_kill(postgresql, database, service, items, first)
    service.forget_scripts()


def check_after_kill(postgresql, database, service, items, first):
    with connect_again(postgresql, database) as connection:
        stored = {key for key in items() if first <= key < first + 10}
        assert stored in (set(), set(range(first, first + 5)))
        beside = connection.execute(
            "SELECT count(*) FROM beside WHERE id = %s", (first,)
        ).fetchone()
        assert stored or beside == (0,)
        sent = [
            request.body["ClientRequestToken"]
            for request in service.requests
            if request.operation == OPERATION
            and request.body["TransactItems"][0]["Put"]["Item"]["id"]["N"] == str(first)
        ]
        for token in sent:
            assert status_of(connection, token) == ("committed" if beside == (1,) else "aborted")
