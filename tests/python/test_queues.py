"""Queues as foreign tables: what boto3 sends is received by us, and the reverse. Against moto."""

import contextlib
import json
import time

import psycopg
import pytest
from conftest import create_server

COLUMNS = """
    body text, message_id text, sent_at timestamptz, receive_count int, receipt_handle text,
    message_attributes jsonb, action text OPTIONS (message_attribute 'Action'),
    rank numeric OPTIONS (message_attribute 'Rank'), blob bytea OPTIONS (message_attribute 'Blob')
"""
FIFO_COLUMNS = "body text, message_group_id text, message_deduplication_id text"


@pytest.fixture
def sqs(moto):
    return moto.client("sqs")


@pytest.fixture
def server(postgresql, database, moto):
    with postgresql.connect(database) as connection:
        create_server(connection, moto)
        yield connection


@pytest.fixture
def queue(server, sqs, request):
    """A new queue and the foreign table q over it, by its URL."""
    with queue_of(sqs, request.node.name) as url:
        create_table(server, url)
        yield url


@contextlib.contextmanager
def queue_of(sqs, name, **attributes):
    name = "".join(c if c.isalnum() else "-" for c in name)[:70]
    name += ".fifo" if attributes.get("FifoQueue") else ""
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


def create_table(connection, url, name="q", columns=COLUMNS, **options):
    clause = "".join(f", {key} '{value}'" for key, value in options.items())
    connection.execute(
        f"CREATE FOREIGN TABLE {name} ({columns}) SERVER aws OPTIONS (queue_url '{url}'{clause})"
    )


def send(sqs, url, *bodies, **attributes):
    given = {name: {"DataType": "String", "StringValue": v} for name, v in attributes.items()}
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=given)


def counts(sqs, url):
    """Messages that can be received, and those that are invisible."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return tuple(int(found[name]) for name in names)


def receive_all(sqs, url):
    messages = []
    while True:
        got = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])
        if not got:
            return messages
        messages += got


# --- SELECT ---------------------------------------------------------------------------------------


def test_what_boto3_sends_is_read(server, sqs, queue):
    attributes = {
        "Action": {"DataType": "String", "StringValue": "création"},
        "Rank": {"DataType": "Number", "StringValue": "12.50"},
        "Blob": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        "Own": {"DataType": "String.name", "StringValue": "x"},
    }
    sent = sqs.send_message(QueueUrl=queue, MessageBody='a "b"\n😀', MessageAttributes=attributes)
    row = server.execute(
        "SELECT body, message_id, now() - sent_at < '1 min', receive_count, action, rank, blob,"
        " message_attributes, receipt_handle FROM q"
    ).fetchone()
    assert row[:4] == ('a "b"\n😀', sent["MessageId"], True, 1)
    assert row[4] == "création" and str(row[5]) in ("12.5", "12.50") and row[6] == b"\x00\xff"
    assert row[7] == {
        "Action": "création",
        "Rank": 12.50,
        "Blob": {"DataType": "Binary", "BinaryValue": "AP8="},
        "Own": {"DataType": "String.name", "StringValue": "x"},
    }
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=row[8])
    assert counts(sqs, queue) == (0, 0)


def test_a_select_reads_everything_and_deletes_nothing(server, sqs, queue):
    bodies = {f"message {n}" for n in range(57)}
    send(sqs, queue, *bodies)
    assert {body for (body,) in server.execute("SELECT body FROM q")} == bodies
    assert counts(sqs, queue) == (0, 57)


def test_count(server, sqs, queue):
    send(sqs, queue, *map(str, range(23)))
    assert server.execute("SELECT count(*) FROM q").fetchone() == (23,)


def test_a_limit_receives_no_more(server, sqs, queue):
    send(sqs, queue, *map(str, range(40)))
    assert len(server.execute("SELECT body FROM q LIMIT 13").fetchall()) == 13
    assert counts(sqs, queue) == (27, 13)


def test_what_does_not_match_goes_back_at_once(server, sqs, queue):
    send(sqs, queue, *map(str, range(30)))
    rows = server.execute("SELECT body FROM q WHERE body::int % 3 = 0").fetchall()
    assert sorted(int(body) for (body,) in rows) == list(range(0, 30, 3))
    assert counts(sqs, queue) == (20, 10)


def test_what_nobody_fetches_goes_back(server, sqs, queue):
    send(sqs, queue, *map(str, range(50)))
    with server.transaction():
        server.execute("DECLARE c CURSOR FOR SELECT body FROM q")
        assert len(server.execute("FETCH 15 FROM c").fetchall()) == 15
        server.execute("CLOSE c")
    assert counts(sqs, queue) == (35, 15)


def test_a_rescan_does_not_receive(server, sqs, queue):
    send(sqs, queue, "1", "2", "3")
    server.execute("CREATE TABLE t AS SELECT generate_series(1, 3) AS n; ANALYZE t")
    server.execute("SET enable_hashjoin = off; SET enable_mergejoin = off")
    server.execute("SET enable_material = off")
    rows = server.execute("SELECT n, body FROM t, q WHERE n <= body::int ORDER BY 1, 2").fetchall()
    assert rows == [(1, "1"), (1, "2"), (1, "3"), (2, "2"), (2, "3"), (3, "3")]
    rows = server.execute("SELECT n, (SELECT body FROM q WHERE body = n::text) FROM t").fetchall()
    assert rows == [(1, None), (2, None), (3, None)]


def test_correlated_conditions_find_what_was_received(server, sqs, queue):
    send(sqs, queue, "1", "2", "3")
    server.execute("CREATE TABLE t AS SELECT generate_series(1, 4) AS n")
    rows = server.execute("SELECT n, (SELECT body FROM q WHERE body = n::text) FROM t ORDER BY 1")
    assert rows.fetchall() == [(1, "1"), (2, "2"), (3, "3"), (4, None)]


def test_max_messages(server, sqs, queue):
    send(sqs, queue, *map(str, range(30)))
    create_table(server, queue, "few", max_messages=12)
    assert server.execute("SELECT count(*) FROM few").fetchone() == (12,)
    assert counts(sqs, queue) == (18, 12)


def test_a_visibility_timeout_of_zero_lets_others_see(server, sqs, queue):
    send(sqs, queue, "1", "2")
    create_table(server, queue, "peek", visibility_timeout="0s")
    for _ in range(2):
        assert server.execute("SELECT count(*) FROM peek").fetchone() == (2,)
    assert counts(sqs, queue) == (2, 0)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        server.execute("DELETE FROM peek")


def test_json_bodies(server, sqs, queue):
    send(sqs, queue, '{"a": [1, 2]}')
    create_table(server, queue, "documents", "body jsonb")
    assert server.execute("SELECT body -> 'a' FROM documents").fetchone() == ([1, 2],)
    server.execute("""INSERT INTO documents VALUES ('{"b": null}')""")
    assert [json.loads(m["Body"]) for m in receive_all(sqs, queue)] == [{"b": None}]


def test_a_rolled_back_select_puts_back(server, sqs, queue):
    send(sqs, queue, *map(str, range(12)))
    with server.transaction(force_rollback=True):
        assert server.execute("SELECT count(*) FROM q").fetchone() == (12,)
        assert counts(sqs, queue) == (0, 12)
    assert counts(sqs, queue) == (12, 0)


# --- DELETE ---------------------------------------------------------------------------------------


def test_a_delete_takes_effect_at_the_commit(server, sqs, queue):
    send(sqs, queue, *map(str, range(35)), Action="creation")
    with server.transaction():
        rows = server.execute("DELETE FROM q RETURNING body, action, message_attributes").fetchall()
        assert sorted(int(row[0]) for row in rows) == list(range(35))
        assert {(row[1], row[2]["Action"]) for row in rows} == {("creation", "creation")}
        assert counts(sqs, queue) == (0, 35)
    assert counts(sqs, queue) == (0, 0)


def test_a_rolled_back_delete_puts_back(server, sqs, queue):
    send(sqs, queue, *map(str, range(35)))
    with server.transaction(force_rollback=True):
        assert server.execute("DELETE FROM q").rowcount == 35
    assert counts(sqs, queue) == (35, 0)


def test_a_delete_leaves_what_does_not_match(server, sqs, queue):
    send(sqs, queue, *map(str, range(20)))
    assert server.execute("DELETE FROM q WHERE body::int >= 5").rowcount == 15
    assert counts(sqs, queue) == (5, 0)


def test_a_delete_leaves_what_does_not_join(server, sqs, queue):
    send(sqs, queue, *map(str, range(20)))
    server.execute(
        "CREATE TABLE t AS SELECT n::text FROM generate_series(1, 4) n, (VALUES (1), (2)) v"
    )
    rows = server.execute("DELETE FROM q USING t WHERE body = n RETURNING body, n").fetchall()
    assert sorted(rows) == [(str(n), str(n)) for n in range(1, 5)]
    assert counts(sqs, queue) == (16, 0)


def test_a_savepoint_puts_back_what_it_has_deleted(server, sqs, queue):
    send(sqs, queue, "1", "2", "3")
    with server.transaction():
        assert server.execute("DELETE FROM q WHERE body = '1'").rowcount == 1
        with server.transaction(force_rollback=True):
            assert server.execute("DELETE FROM q").rowcount == 2
            assert counts(sqs, queue) == (0, 3)
        assert counts(sqs, queue) == (2, 1)
    assert counts(sqs, queue) == (2, 0)


def test_one_statement_moves_messages(server, sqs, queue):
    send(sqs, queue, *map(str, range(25)))
    server.execute("CREATE TABLE t (n int PRIMARY KEY); INSERT INTO t VALUES (3)")
    move = """
        WITH received AS (DELETE FROM q RETURNING body)
        INSERT INTO t SELECT body::int FROM received ON CONFLICT DO NOTHING
    """
    assert server.execute(move).rowcount == 24
    assert server.execute("SELECT count(*), sum(n) FROM t").fetchone() == (25, sum(range(25)))
    assert counts(sqs, queue) == (0, 0)


def test_an_error_in_the_statement_puts_back(server, sqs, queue):
    send(sqs, queue, *map(str, range(11)))
    with pytest.raises(psycopg.errors.DivisionByZero):
        server.execute("DELETE FROM q RETURNING 1 / (body::int - 7)")
    assert counts(sqs, queue) == (11, 0)


def test_what_is_lost_before_the_commit_is_an_error(server, sqs, queue):
    send(sqs, queue, "1", "2")
    create_table(server, queue, "hasty", visibility_timeout="1s")
    server.execute("CREATE TABLE t (body text)")
    with pytest.raises(psycopg.errors.SerializationFailure), server.transaction():
        server.execute("WITH m AS (DELETE FROM hasty RETURNING body) INSERT INTO t SELECT * FROM m")
        server.execute("SELECT pg_sleep(1.1)")
    assert server.execute("SELECT count(*) FROM t").fetchone() == (0,)
    assert server.execute("DELETE FROM q").rowcount == 2


def test_a_long_statement_extends_its_time(server, sqs, queue):
    send(sqs, queue, *map(str, range(24)))
    create_table(server, queue, "hasty", visibility_timeout="2s")
    with server.transaction():
        rows = server.execute("DELETE FROM hasty RETURNING body, pg_sleep(0.15)").fetchall()
        assert len({row[0] for row in rows}) == 24
    assert counts(sqs, queue) == (0, 0)


def test_statements_extend_the_time_of_their_transaction(server, sqs, queue):
    send(sqs, queue, "1", "2")
    create_table(server, queue, "hasty", visibility_timeout="4s")
    with server.transaction():
        assert server.execute("DELETE FROM hasty").rowcount == 2
        for _ in range(2):
            time.sleep(2.2)
            server.execute("SELECT 1")
        assert sqs.receive_message(QueueUrl=queue).get("Messages") is None
    assert counts(sqs, queue) == (0, 0)


def test_what_another_has_received_meanwhile_is_left_to_it(server, sqs, queue):
    send(sqs, queue, "1")
    create_table(server, queue, "hasty", visibility_timeout="1s")
    lost = pytest.raises(psycopg.errors.SerializationFailure, match="no longer")
    with lost, server.transaction():
        assert server.execute("DELETE FROM hasty").rowcount == 1
        (other,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
        server.execute("SELECT 1")
    # Neither deleted, nor made visible while the other has it.
    assert counts(sqs, queue) == (0, 1)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=other["ReceiptHandle"])
    assert counts(sqs, queue) == (0, 0)


@pytest.mark.parametrize("statement", ["DELETE FROM q", "INSERT INTO later (body) VALUES ('2')"])
def test_a_prepared_transaction_is_refused(server, sqs, queue, statement):
    create_table(server, queue, "later", write_mode="transaction")
    send(sqs, queue, "1")
    server.execute(f"BEGIN; {statement}")
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="cannot prepare"):
        server.execute("PREPARE TRANSACTION 'p'")
    server.execute("ROLLBACK")
    assert counts(sqs, queue) == (1, 0)


@pytest.mark.parametrize("statement", ["UPDATE q SET body = 'x'", "TRUNCATE q"])
def test_other_changes_are_refused(server, queue, statement):
    with pytest.raises(psycopg.errors.DatabaseError) as refused:
        server.execute(statement)
    assert refused.value.sqlstate in ("55000", "0A000")


# --- INSERT ---------------------------------------------------------------------------------------


def test_boto3_receives_what_is_sent(server, sqs, queue):
    server.execute(
        "INSERT INTO q (body, action, rank, blob, message_attributes) VALUES (%s, %s, %s, %s, %s)",
        (
            'ü "1"',
            "création",
            "1.50",
            b"\x00\xfe",
            json.dumps({"Action": "other", "Own": {"DataType": "Number.int", "StringValue": "7"}}),
        ),
    )
    (message,) = receive_all(sqs, queue)
    assert message["Body"] == 'ü "1"'
    found = {
        name: (a["DataType"], a.get("StringValue", a.get("BinaryValue")))
        for name, a in message["MessageAttributes"].items()
    }
    assert found == {
        "Action": ("String", "création"),
        "Rank": ("Number", "1.5"),
        "Blob": ("Binary", b"\x00\xfe"),
        "Own": ("Number.int", "7"),
    }


def test_many_are_sent(server, sqs, queue):
    server.execute("INSERT INTO q (body) SELECT n::text FROM generate_series(1, 333) n")
    bodies = [m["Body"] for m in receive_all(sqs, queue)]
    assert sorted(map(int, bodies)) == list(range(1, 334))


def test_copy_sends(server, sqs, queue):
    with server.cursor() as cursor, cursor.copy("COPY q (body) FROM STDIN") as copy:
        for number in range(25):
            copy.write_row((str(number),))
    assert len(receive_all(sqs, queue)) == 25


def test_large_messages_share_batches_as_they_fit(server, sqs, queue):
    server.execute(
        "INSERT INTO q (body) SELECT repeat('x', 400000) || n FROM generate_series(1, 7) n"
    )
    server.execute("INSERT INTO q (body) VALUES (repeat('x', 1048576))")
    assert len(receive_all(sqs, queue)) == 8
    with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="too large") as refused:
        server.execute("INSERT INTO q (body, action) VALUES (repeat('x', 1048560), 'creation')")
    assert "1048580 bytes" in refused.value.diag.message_detail


def test_returning_tells_the_id(server, sqs, queue):
    rows = server.execute("INSERT INTO q (body) VALUES ('a'), ('b') RETURNING message_id, body")
    sent = {m["MessageId"]: m["Body"] for m in receive_all(sqs, queue)}
    assert dict(rows.fetchall()) == sent


@pytest.mark.parametrize(
    "values, state",
    [
        ("(body) VALUES (NULL)", "23502"),
        ("(body) VALUES ('')", "23502"),
        ("(body, message_id) VALUES ('a', 'b')", "0A000"),
        ("""(body, message_attributes) VALUES ('a', '{"x": null}')""", "22023"),
        ("""(body, message_attributes) VALUES ('a', '[]')""", "22023"),
        ("(body, action) VALUES ('a', '')", "22023"),
        ("(body) VALUES ('a' || chr(11))", "22021"),
        ("(body) VALUES ('a' || chr(65535))", "22021"),
        ("(body, action) VALUES ('a', chr(8))", "22021"),
        (r"""(body, message_attributes) VALUES ('a', '{"x": "\u0008"}')""", "22021"),
        ("""(body, message_attributes) VALUES ('a', '{"a b": "c"}')""", "22023"),
        ("""(body, message_attributes) VALUES ('a', '{"": "c"}')""", "22023"),
        ("""(body, message_attributes) VALUES ('a', '{"aws.x": "c"}')""", "22023"),
        (
            """(body, message_attributes)
            VALUES ('a', '{"x": {"DataType": "Foo", "StringValue": "y"}}')""",
            "22023",
        ),
        ("(body) VALUES ('a') ON CONFLICT DO NOTHING", "0A000"),
        (
            "(body, message_attributes) SELECT 'a', jsonb_object_agg('a' || n, n)"
            " FROM generate_series(1, 11) n",
            "54000",
        ),
    ],
)
def test_what_is_no_message_is_refused(server, sqs, queue, values, state):
    with pytest.raises(psycopg.errors.DatabaseError) as refused:
        server.execute(f"INSERT INTO q {values}")
    assert refused.value.sqlstate == state
    assert counts(sqs, queue) == (0, 0)


@pytest.mark.parametrize("number", ["'NaN'", "repeat('1', 39)::numeric", "1e126", "1e-131"])
def test_a_number_that_no_message_holds(server, sqs, queue, number):
    with pytest.raises(psycopg.errors.NumericValueOutOfRange) as refused:
        server.execute(f"INSERT INTO q (body, rank) VALUES ('a', {number})")
    assert refused.value.diag.message_primary == (
        'number cannot be sent in message attribute "Rank"'
    )
    assert "Amazon SQS" in refused.value.diag.message_detail
    assert 'column "rank"' in refused.value.diag.context
    assert counts(sqs, queue) == (0, 0)


def test_unusual_characters_are_sent(server, sqs, queue):
    body = "\t\n\r\x7f\x80\ud7ff\ue000\ufffd\U00010000\U0010ffff"
    server.execute("INSERT INTO q (body, action) VALUES (%s, %s)", (body, body))
    (message,) = receive_all(sqs, queue)
    assert message["Body"] == body
    assert message["MessageAttributes"]["Action"]["StringValue"] == body
    sqs.change_message_visibility(
        QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
    )
    assert server.execute("SELECT body, action FROM q").fetchall() == [(body, body)]


def test_columns_of_one_part_agree(server, sqs, queue):
    create_table(server, queue, "twice", "body text, document jsonb OPTIONS (queue_role 'body')")
    server.execute("INSERT INTO twice VALUES ('[1]', '[1]'), ('[2]', NULL)")
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="disagree"):
        server.execute("INSERT INTO twice VALUES ('[3]', '[4]')")
    assert server.execute("SELECT * FROM twice ORDER BY 1").fetchall() == [
        ("[1]", [1]),
        ("[2]", [2]),
    ]


def test_the_commit_sends(server, sqs, queue):
    create_table(server, queue, "later", write_mode="transaction")
    with server.transaction(force_rollback=True):
        server.execute("INSERT INTO later (body) VALUES ('never')")
    with server.transaction():
        server.execute("INSERT INTO later (body) SELECT n::text FROM generate_series(1, 24) n")
        with server.transaction(force_rollback=True):
            server.execute("INSERT INTO later (body) VALUES ('nor this')")
        with server.transaction():
            server.execute("INSERT INTO later (body) VALUES ('25')")
        assert counts(sqs, queue) == (0, 0)
    assert sorted(int(m["Body"]) for m in receive_all(sqs, queue)) == list(range(1, 26))


def test_fifo(server, sqs):
    with queue_of(sqs, "fifo", FifoQueue="true") as url:
        create_table(server, url, columns=FIFO_COLUMNS + ", sequence_number numeric")
        server.execute("INSERT INTO q SELECT n::text, 'g', 'd' || n FROM generate_series(1, 8) n")
        with pytest.raises(psycopg.errors.NotNullViolation, match="group id"):
            server.execute("INSERT INTO q (body) VALUES ('x')")
        rows = server.execute("DELETE FROM q RETURNING *").fetchall()
        assert [row[:3] for row in rows] == [(str(n), "g", f"d{n}") for n in range(1, 9)]
        assert len({row[3] for row in rows}) == 8
        assert counts(sqs, url) == (0, 0)


# --- the table itself -----------------------------------------------------------------------------


def test_a_queue_by_name(server, sqs, queue):
    name = queue.rpartition("/")[2]
    server.execute(f"CREATE FOREIGN TABLE n (body text) SERVER aws OPTIONS (queue_name '{name}')")
    send(sqs, queue, "1")
    assert server.execute("SELECT body FROM n").fetchall() == [("1",)]


def test_a_missing_queue(server):
    server.execute("CREATE FOREIGN TABLE n (body text) SERVER aws OPTIONS (queue_name 'missing')")
    with pytest.raises(psycopg.errors.DatabaseError) as refused:
        server.execute("SELECT * FROM n")
    assert refused.value.sqlstate == "HV00R"


@pytest.mark.parametrize(
    "columns, state",
    [
        ("other text", "HV024"),
        ("body bool", "HV004"),
        ("sent_at text", "HV004"),
        ("message_attributes text", "HV004"),
        ("a jsonb OPTIONS (message_attribute 'A')", "HV004"),
        ("body text OPTIONS (message_attribute 'A', queue_role 'body')", "HV024"),
        ("body text OPTIONS (attribute_name 'A')", "HV00D"),
    ],
)
def test_columns_are_checked(server, queue, columns, state):
    with pytest.raises(psycopg.errors.DatabaseError) as refused:
        create_table(server, queue, "bad", columns)
        server.execute("SELECT * FROM bad")
    assert refused.value.sqlstate == state


def test_explain(server, sqs, queue):
    create_table(server, queue, "p", visibility_timeout="40s", wait_time="1s", max_messages=5)
    text = "\n".join(r[0] for r in server.execute("EXPLAIN VERBOSE SELECT * FROM p LIMIT 3"))
    for line in ("ReceiveMessage", "Visibility Timeout: 40 s", "Wait Time: 1 s", "Max Messages: 5"):
        assert line in text
    assert "Limit: 3" in text
    send(sqs, queue, "1", "2", "3")
    text = "\n".join(
        r[0] for r in server.execute("EXPLAIN ANALYZE SELECT * FROM q WHERE body > '1'")
    )
    assert "Messages Received: 3" in text and "Messages Returned: 2" in text
    assert "Rows Removed by Filter: 1" in text
    text = "\n".join(r[0] for r in server.execute("EXPLAIN (VERBOSE, ANALYZE) DELETE FROM q"))
    assert "DeleteMessageBatch, after the commit" in text


def test_statistics(server, sqs, queue):
    send(sqs, queue, "1")
    server.execute("DELETE FROM q")
    rows = server.execute(
        "SELECT operation, requests FROM dynamodb_kms_stats() WHERE service = 'sqs'"
    )
    found = dict(rows.fetchall())
    assert found["ReceiveMessage"] >= 2 and found["DeleteMessageBatch"] == 1


def test_import(server, sqs):
    with queue_of(sqs, "import one"), queue_of(sqs, "import-two", FifoQueue="true"):
        server.execute("""
            CREATE SCHEMA s;
            IMPORT FOREIGN SCHEMA sqs EXCEPT ("import-one") FROM SERVER aws INTO s
                OPTIONS (table_prefix 'import-')
        """)
        tables = server.execute("""
            SELECT relname, array_agg(attname::text ORDER BY attnum)
            FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
            WHERE relnamespace = 's'::regnamespace AND attnum > 0 GROUP BY 1
        """).fetchall()
        columns = "body message_id sent_at receive_count message_attributes receipt_handle"
        columns += " message_group_id message_deduplication_id sequence_number"
        assert tables == [("import-two.fifo", columns.split())]
        assert server.execute('SELECT count(*) FROM s."import-two.fifo"').fetchone() == (0,)
