"""Queues over a service that loses, damages, refuses and stalls."""

import contextlib
import json
import re
import time

import psycopg
import pytest
from faults import server as faults
from faults.clients import create_table
from faults.queue import KEY, URL, ScriptedQueue, fail_entries, md5, sent
from faults.server import FaultServer, refuse


@contextlib.contextmanager
def scripted(postgresql, database, queue, **options):
    """A connection to a table q over the queue, and the server that answers for it."""
    with (
        FaultServer(proper=queue.answer) as server,
        postgresql.connect(database) as connection,
    ):
        connection.notices = []
        connection.add_notice_handler(
            lambda notice: connection.notices.append(
                (notice.message_primary, notice.message_detail)
            )
        )
        create_table(connection, server.endpoint_url)
        clause = "".join(f", {name} '{value}'" for name, value in options.items())
        connection.execute(f"""
            CREATE FOREIGN TABLE q (body text, message_id text,
                a text OPTIONS (message_attribute 'A'))
            SERVER aws OPTIONS (queue_url '{URL}'{clause})
        """)
        yield connection, server


def operations(server):
    return [request.operation for request in server.requests]


# --- received messages ----------------------------------------------------------------------------


def damage(**changes):
    """Every message of the answer, changed."""

    def behave(conversation):
        result = conversation.server.queue.ReceiveMessage(conversation.request.body)
        result["Messages"] = [message | changes for message in result["Messages"]]
        conversation.answer(result)

    return behave


@pytest.mark.parametrize(
    "changes",
    [
        {"MD5OfBody": md5("another")},
        {
            "MessageAttributes": {"A": {"DataType": "String", "StringValue": "x"}},
            "MD5OfMessageAttributes": md5("another"),
        },
        {"MessageAttributes": {"A": {"DataType": "String", "StringValue": "x"}}},
    ],
)
def test_a_damaged_message_is_an_error_and_goes_back(postgresql, database, changes):
    queue = ScriptedQueue(3)
    with scripted(postgresql, database, queue) as (connection, server):
        server.queue = queue
        server.script("ReceiveMessage", damage(**changes))
        with pytest.raises(psycopg.errors.DataCorrupted, match="id of body 0") as error:
            connection.execute("DELETE FROM q")
        assert "scripted" in error.value.diag.message_primary
        assert len(queue.visible) == 3 and not queue.in_flight


@pytest.mark.parametrize(
    "answer",
    [b"[]", b'{"Messages": {}}', b'{"Messages": [{"MessageId": "1"}]}', b'{"Messages": [', b"\xff"],
)
def test_an_answer_that_is_none_is_asked_for_again(postgresql, database, answer):
    queue = ScriptedQueue(2)
    with scripted(postgresql, database, queue) as (connection, server):
        server.script("ReceiveMessage", faults.answer_bytes(answer))
        assert connection.execute("SELECT count(*) FROM q").fetchone() == (2,)


@pytest.mark.parametrize("behaviour", [faults.reset_at_once, faults.reset_in_body])
def test_a_lost_answer_is_asked_for_again(postgresql, database, behaviour):
    queue = ScriptedQueue(12)
    queue.answer_lost = behaviour
    with scripted(postgresql, database, queue) as (connection, server):
        if behaviour is faults.reset_in_body:
            behaviour = damage_then_reset(queue)
        server.script("ReceiveMessage", behaviour)
        rows = connection.execute("SELECT body FROM q").fetchall()
        assert len(rows) + len(queue.in_flight) >= 12


def damage_then_reset(queue):
    def behave(conversation):
        data = json.dumps(queue.ReceiveMessage(conversation.request.body)).encode()
        conversation.send_head(200, len(data))
        conversation.send(data[:100])
        conversation.reset()

    return behave


def test_a_long_poll_is_cancelled(postgresql, database):
    queue = ScriptedQueue()
    with scripted(postgresql, database, queue, wait_time="20s") as (connection, server):
        server.script("ReceiveMessage", faults.stall)
        connection.execute("SET statement_timeout = '300ms'")
        started = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT * FROM q")
        # The request under way is given a moment to bring what is then put back.
        assert time.monotonic() - started < 0.3 + 0.1


def test_denied_by_the_key(postgresql, database):
    with scripted(postgresql, database, ScriptedQueue(1)) as (connection, server):
        server.script("ReceiveMessage", refuse(400, "KmsAccessDenied", "not authorized to Decrypt"))
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as error:
            connection.execute("SELECT * FROM q")
        assert f"KMS key: {KEY}." in error.value.diag.message_detail
        server.script("ReceiveMessage", refuse(400, "AccessDeniedException"))
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as error:
            connection.execute("SELECT * FROM q")
        assert KEY not in error.value.diag.message_detail


def test_who_may_not_read_attributes_says_the_timeout_itself(postgresql, database):
    queue = ScriptedQueue(1)
    with scripted(postgresql, database, queue) as (connection, server):
        server.script("GetQueueAttributes", refuse(400, "AccessDeniedException"))
        assert connection.execute("DELETE FROM q").rowcount == 1
        received = [r.body for r in server.requests if r.operation == "ReceiveMessage"]
        assert {body["VisibilityTimeout"] for body in received} == {30}


# --- the end of a transaction ---------------------------------------------------------------------


def test_failed_deletions_are_repeated(postgresql, database):
    queue = ScriptedQueue(25)
    with scripted(postgresql, database, queue) as (connection, server):
        server.script("DeleteMessageBatch", fail_entries(0, 3), faults.reset_at_once)
        assert connection.execute("DELETE FROM q").rowcount == 25
        assert not connection.notices
        assert len(set(queue.deleted)) >= 15


def test_a_deletion_that_fails_for_good_is_a_warning(postgresql, database):
    queue = ScriptedQueue(12)
    with scripted(postgresql, database, queue) as (connection, server):
        connection.execute("CREATE TABLE t (body text)")
        server.script(
            "DeleteMessageBatch",
            fail_entries(1, sender_fault=True, code="ReceiptHandleIsInvalid"),
            refuse(400, "AccessDeniedException", "no deletion"),
        )
        connection.execute("WITH m AS (DELETE FROM q RETURNING body) INSERT INTO t SELECT * FROM m")
        ((message, detail),) = connection.notices
        # Which of the two batches comes first is nobody's to say.
        assert re.fullmatch("(3|11) of 12 messages were not deleted from their queue", message)
        assert "scripted" in detail or "no deletion" in detail
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (12,)


def test_a_commit_does_not_wait_for_ever(postgresql, database):
    queue = ScriptedQueue(35)
    with scripted(postgresql, database, queue) as (connection, server):
        server.script("DeleteMessageBatch", *[faults.stall] * 4)
        started = time.monotonic()
        assert connection.execute("DELETE FROM q").rowcount == 35
        assert 4.5 < time.monotonic() - started < 7
        assert "answered in time" in connection.notices[0][1]
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_rollback_does_not_wait_for_ever(postgresql, database):
    queue = ScriptedQueue(1)
    with scripted(postgresql, database, queue) as (connection, server):
        server.script("ChangeMessageVisibilityBatch", faults.stall)
        started = time.monotonic()
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("DELETE FROM q RETURNING 1 / 0")
        assert time.monotonic() - started < 5
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_order_of_a_commit(postgresql, database):
    queue = ScriptedQueue(3)
    with scripted(postgresql, database, queue, write_mode="transaction") as (connection, server):
        connection.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD write_mode 'transaction')")
        with connection.transaction():
            connection.execute("INSERT INTO q (body) VALUES ('new')")
            connection.execute("INSERT INTO faults VALUES ('new', 1)")
            connection.execute("DELETE FROM q")
        last = operations(server)[-3:]
        assert last == ["TransactWriteItems", "SendMessageBatch", "DeleteMessageBatch"]


def test_a_failed_commit_of_dynamodb_puts_back(postgresql, database):
    queue = ScriptedQueue(3)
    with scripted(postgresql, database, queue, write_mode="transaction") as (connection, server):
        connection.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD write_mode 'transaction')")
        server.script("TransactWriteItems", refuse(400, "ValidationException"))
        with pytest.raises(psycopg.Error), connection.transaction():
            connection.execute("INSERT INTO faults SELECT body, 1 FROM q")
            connection.execute("INSERT INTO q (body) VALUES ('new')")
            connection.execute("DELETE FROM q")
        assert sorted(queue.visible) == ["body 0", "body 1", "body 2"]
        assert not queue.sent and not queue.deleted


def test_lost_visibility_fails_the_commit(postgresql, database):
    queue = ScriptedQueue(3, visibility_timeout=1)
    with scripted(postgresql, database, queue) as (connection, server):
        server.script(
            "ChangeMessageVisibilityBatch",
            fail_entries(1, sender_fault=True, code="MessageNotInflight"),
        )
        with pytest.raises(psycopg.errors.SerializationFailure, match="no longer"):
            connection.execute("DELETE FROM q")
        assert "DeleteMessageBatch" not in operations(server)


def test_an_extension_that_is_answered_too_late_fails_the_commit(postgresql, database):
    queue = ScriptedQueue(3, visibility_timeout=2)

    def late(conversation):
        conversation.is_over_within(2.5)
        queue.answer(conversation)

    with scripted(postgresql, database, queue) as (connection, server):
        server.script("ChangeMessageVisibilityBatch", late)
        with pytest.raises(psycopg.errors.SerializationFailure, match="no longer"):
            connection.execute("DELETE FROM q")
        assert "DeleteMessageBatch" not in operations(server)


def test_a_commit_has_time_enough(postgresql, database):
    queue = ScriptedQueue(3, visibility_timeout=2)
    with scripted(postgresql, database, queue) as (connection, server):
        assert connection.execute("DELETE FROM q").rowcount == 3
        assert operations(server)[-2:] == ["ChangeMessageVisibilityBatch", "DeleteMessageBatch"]
        entries = server.requests[-2].body["Entries"]
        assert [entry["VisibilityTimeout"] for entry in entries] == [10, 10, 10]


def test_a_long_poll_adds_its_time_to_what_is_deleted(postgresql, database):
    queue = ScriptedQueue(1)
    with scripted(postgresql, database, queue, wait_time="20s") as (connection, server):
        connection.execute("DELETE FROM q")
        connection.execute("SELECT * FROM q")
        asked = [
            request.body.get("VisibilityTimeout")
            for request in server.requests
            if request.operation == "ReceiveMessage"
        ]
        assert set(asked) == {50, None}


# --- sending --------------------------------------------------------------------------------------


def test_failed_entries_are_sent_again(postgresql, database):
    queue = ScriptedQueue()
    with scripted(postgresql, database, queue) as (connection, server):
        server.script("SendMessageBatch", fail_entries(2, 5, result=sent))
        connection.execute("INSERT INTO q (body) SELECT n::text FROM generate_series(1, 10) n")
        assert queue.sent == ["3", "6"]


def test_an_entry_that_is_refused_is_named(postgresql, database):
    queue = ScriptedQueue()
    with scripted(postgresql, database, queue) as (connection, server):
        fault = fail_entries(2, sender_fault=True, code="InvalidMessageContents", result=sent)
        server.script("SendMessageBatch", fault)
        with pytest.raises(psycopg.Error, match="scripted") as error:
            connection.execute("INSERT INTO q (body) SELECT n::text FROM generate_series(1, 10) n")
        detail = error.value.diag.message_detail
        assert "InvalidMessageContents" in detail and "message 3 of the statement" in detail
        assert "Messages that the statement has sent: 9." in detail
        assert 'foreign table "q"' in error.value.diag.context


def test_what_arrived_damaged_is_an_error(postgresql, database):
    queue = ScriptedQueue()
    with scripted(postgresql, database, queue) as (connection, server):
        answer = {"Successful": [{"Id": "0", "MessageId": "1", "MD5OfMessageBody": md5("y")}]}
        server.script("SendMessageBatch", faults.answer_bytes(json.dumps(answer).encode()))
        with pytest.raises(psycopg.errors.DataCorrupted):
            connection.execute("INSERT INTO q (body) VALUES ('x')")


def test_an_unknown_outcome_is_sent_again(postgresql, database):
    queue = ScriptedQueue()
    with scripted(postgresql, database, queue) as (connection, server):
        server.script("SendMessageBatch", faults.close_without_answer)
        connection.execute("INSERT INTO q (body) VALUES ('x')")
        assert queue.sent == ["x"] and server.count("SendMessageBatch") == 2


STAY = 'rolling back does not undo what was written through foreign table "q"'
SENT = 'Messages sent to queue "scripted" that stay: {}.'
UNKNOWN = 'Messages of which it is not known whether they were sent to queue "scripted": {}.'


def test_what_is_under_way_is_waited_for_before_an_error(postgresql, database):
    queue = ScriptedQueue()

    def late(conversation):
        conversation.is_over_within(0.5)
        queue.answer(conversation)

    with scripted(postgresql, database, queue) as (connection, server):
        server.script("SendMessageBatch", refuse(400, "AccessDeniedException"), late, late)
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as error:
            connection.execute("INSERT INTO q (body) SELECT n::text FROM generate_series(1, 30) n")
        assert "None of the request's messages were sent." in error.value.diag.message_detail
        assert "Messages that the statement has sent: 20." in error.value.diag.message_detail
        assert len(queue.sent) == 20
        assert connection.notices == [(STAY, SENT.format(20))]


def test_a_rollback_says_what_was_sent(postgresql, database):
    queue = ScriptedQueue()
    with scripted(postgresql, database, queue) as (connection, server):
        with connection.transaction(force_rollback=True):
            connection.execute("INSERT INTO q (body) SELECT n::text FROM generate_series(1, 12) n")
            with connection.transaction(force_rollback=True):
                connection.execute("INSERT INTO q (body) VALUES ('x') RETURNING message_id")
            assert connection.notices == [(STAY, SENT.format(1))]
        assert connection.notices == [(STAY, SENT.format(1)), (STAY, SENT.format(12))]
        with connection.transaction():
            connection.execute("INSERT INTO q (body) VALUES ('x')")
        assert len(connection.notices) == 2 and len(queue.sent) == 14


def test_a_cancelled_send_says_what_is_not_known(postgresql, database):
    queue = ScriptedQueue()
    with scripted(postgresql, database, queue) as (connection, server):
        server.script("SendMessageBatch", queue.answer, faults.stall)
        connection.execute("SET statement_timeout = '1s'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("INSERT INTO q (body) SELECT n::text FROM generate_series(1, 15) n")
        ((message, detail),) = connection.notices
        # Which of the two batches comes first is nobody's to say.
        assert message == STAY
        assert detail in (
            f"{SENT.format(10)} {UNKNOWN.format(5)}",
            f"{SENT.format(5)} {UNKNOWN.format(10)}",
        )


def test_a_failure_behind_the_commits_sends_says_what_was_sent(postgresql, database):
    queue = ScriptedQueue()
    with scripted(postgresql, database, queue, write_mode="transaction") as (connection, server):
        connection.execute(f"""
            CREATE FOREIGN TABLE other (body text) SERVER aws
            OPTIONS (queue_url '{URL}-other', write_mode 'transaction')
        """)

        def of_one(conversation):
            if conversation.request.body["QueueUrl"] == URL:
                conversation.refuse(400, "AccessDeniedException")
            else:
                queue.answer(conversation)

        server.script("SendMessageBatch", of_one, of_one)
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege) as error,
            connection.transaction(),
        ):
            connection.execute("INSERT INTO q (body) VALUES ('x')")
            connection.execute("INSERT INTO other (body) VALUES ('y')")
        assert "None of the request's messages" in error.value.diag.message_detail
        stay = [(STAY.replace('"q"', '"other"'), SENT.format(1).replace('d"', 'd-other"'))]
        assert connection.notices == stay and queue.sent == ["y"]


def test_a_refused_batch_is_an_error_of_the_commit(postgresql, database):
    queue = ScriptedQueue(1)
    with scripted(postgresql, database, queue, write_mode="transaction") as (connection, server):
        connection.execute("CREATE TABLE t (n int)")
        server.script("SendMessageBatch", refuse(400, "AccessDeniedException"))
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute("INSERT INTO t VALUES (1)")
            connection.execute("INSERT INTO q (body) VALUES ('x')")
            connection.execute("DELETE FROM q")
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
        assert queue.visible == ["body 0"]
