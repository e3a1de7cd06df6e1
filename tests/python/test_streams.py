"""Change streams as foreign tables: emulators against boto3; a scripted service."""

import base64
import threading
import time
import uuid
from email.utils import formatdate
from types import SimpleNamespace

import psycopg
import pytest
from boto3.dynamodb.types import TypeSerializer
from conftest import create_server
from faults.clients import create_scripted_server, options_clause
from faults.server import WAIT_SECONDS, FaultServer, stall
from faults.streams import ScriptedStream, Shard, record
from test_cancel import Statement, best_of_three

READ = "SELECT sequence_number FROM changes"
ALL = "event_id, event_name, sequence_number, happened_at, keys, new_image, old_image"


# ---- emulators ----


@pytest.fixture
def table(dynamodb):
    """The name of a DynamoDB table with a stream, and its boto3 client."""
    name = f"streams_{uuid.uuid4().hex[:12]}"
    client = dynamodb.client()
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return name


def put(dynamodb, table, **attributes):
    item = {name: TypeSerializer().serialize(value) for name, value in attributes.items()}
    dynamodb.client().put_item(TableName=table, Item=item)


def remove(dynamodb, table, key):
    dynamodb.client().delete_item(TableName=table, Key={"id": {"S": key}})


def write_some(dynamodb, table):
    put(dynamodb, table, id="a", n=1, data=b"\x00\x01", tags={"x", "y"})
    put(dynamodb, table, id="b", n=2)
    put(dynamodb, table, id="a", n=3, nested={"deep": [1, None, True]})
    remove(dynamodb, table, "b")


def create_stream(connection, table, columns=None, **options):
    columns = columns or (
        "event_id text, event_name text, sequence_number numeric, happened_at timestamptz, "
        "keys jsonb OPTIONS (json_format 'dynamodb'), "
        "new_image jsonb OPTIONS (json_format 'dynamodb'), "
        "old_image jsonb OPTIONS (json_format 'dynamodb')"
    )
    clause = options_clause({"stream_of": table} | options)
    connection.execute("DROP FOREIGN TABLE IF EXISTS changes")
    connection.execute(f"CREATE FOREIGN TABLE changes ({columns}) SERVER aws {clause}")


def typed_json(item):
    """An item as boto3 gives it, as DynamoDB's typed JSON; sets in ascending order."""
    if item is None:
        return None

    def plain(value):
        ((kind, content),) = value.items()
        if kind == "M":
            return {kind: {name: plain(inner) for name, inner in content.items()}}
        if kind == "L":
            return {kind: [plain(inner) for inner in content]}
        if kind == "B":
            return {kind: base64.b64encode(content).decode()}
        return {kind: sorted(content) if kind in ("SS", "NS") else content}

    return {name: plain(value) for name, value in item.items()}


def records_of_boto3(dynamodb, table):
    streams = dynamodb.client("dynamodbstreams")
    arn = streams.list_streams(TableName=table)["Streams"][0]["StreamArn"]
    records = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            if not page["Records"]:
                break
            records += page["Records"]
            iterator = page.get("NextShardIterator")
    return records


def test_rows_are_what_boto3_reads(connection, dynamodb, table):
    write_some(dynamodb, table)
    create_stream(connection, table)
    theirs = [
        (
            entry["eventID"],
            entry["eventName"],
            int(entry["dynamodb"]["SequenceNumber"]),
            typed_json(entry["dynamodb"]["Keys"]),
            typed_json(entry["dynamodb"].get("NewImage")),
            typed_json(entry["dynamodb"].get("OldImage")),
        )
        for entry in records_of_boto3(dynamodb, table)
    ]
    ours = connection.execute(
        "SELECT event_id, event_name, sequence_number, keys, new_image, old_image FROM changes"
    ).fetchall()
    assert [name for _, name, *_ in theirs] == ["INSERT", "INSERT", "MODIFY", "REMOVE"]
    assert ours == theirs


def test_happened_at_is_the_time_of_the_change(connection, dynamodb, table):
    write_some(dynamodb, table)
    create_stream(connection, table)
    (recent,) = connection.execute(
        "SELECT bool_and(happened_at BETWEEN now() - '10 min'::interval "
        "AND now() + '10 min'::interval) FROM changes"
    ).fetchone()
    assert recent


def test_typed_columns_are_the_item_as_it_became_or_as_it_was(connection, dynamodb, table):
    write_some(dynamodb, table)
    create_stream(
        connection, table, "event_name text, id text, n int, rest jsonb OPTIONS (whole_item 'true')"
    )
    rows = connection.execute("SELECT event_name, id, n, rest ? 'nested' FROM changes").fetchall()
    assert rows == [
        ("INSERT", "a", 1, False),
        ("INSERT", "b", 2, False),
        ("MODIFY", "a", 3, True),
        ("REMOVE", "b", 2, False),
    ]


def test_an_attribute_may_be_called_as_a_role_is(connection, dynamodb, table):
    put(dynamodb, table, id="a", keys="an attribute")
    columns = (
        "what text OPTIONS (stream_role 'event_name'), "
        "keys text OPTIONS (attribute_name 'keys'), item jsonb OPTIONS (stream_role 'new_image')"
    )
    create_stream(connection, table, columns)
    assert connection.execute("SELECT * FROM changes").fetchall() == [
        ("INSERT", "an attribute", {"id": "a", "keys": "an attribute"})
    ]


def test_conditions_joins_and_aggregates_are_sqls_own(connection, dynamodb, table):
    write_some(dynamodb, table)
    create_stream(connection, table)
    assert connection.execute(
        "SELECT event_name, count(*) FROM changes WHERE new_image IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall() == [("INSERT", 2), ("MODIFY", 1)]
    # A nested loop runs the inner side again.
    connection.execute(
        "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off"
    )
    assert connection.execute(
        "SELECT count(*) FROM changes a JOIN changes b ON a.keys = b.keys"
    ).fetchone() == (8,)


def test_reading_on_from_a_sequence_number(connection, dynamodb, table):
    write_some(dynamodb, table)
    create_stream(connection, table)
    numbers = [n for (n,) in connection.execute("SELECT sequence_number FROM changes")]
    create_stream(connection, table, start_at=str(numbers[2]))
    assert [n for (n,) in connection.execute("SELECT sequence_number FROM changes")] == numbers[2:]


def test_each_change_is_taken_once(connection, dynamodb, table):
    """As the documentation has it: keep what was taken, and take what is new."""
    create_stream(connection, table, "event_id text, event_name text, id text")
    connection.execute("CREATE TABLE log (LIKE changes, PRIMARY KEY (event_id))")
    take = """INSERT INTO log SELECT * FROM changes ON CONFLICT (event_id) DO NOTHING
              RETURNING event_name, id"""
    write_some(dynamodb, table)
    with connection.transaction(force_rollback=True):
        assert len(connection.execute(take).fetchall()) == 4
    assert len(connection.execute(take).fetchall()) == 4
    assert connection.execute(take).fetchall() == []
    put(dynamodb, table, id="c")
    remove(dynamodb, table, "c")
    assert connection.execute(take).fetchall() == [("INSERT", "c"), ("REMOVE", "c")]


def test_latest_has_nothing_of_before(connection, dynamodb, table):
    write_some(dynamodb, table)
    create_stream(connection, table, start_at="latest")
    assert connection.execute("SELECT * FROM changes").fetchall() == []


def test_a_table_without_a_stream_is_an_error(connection, dynamodb):
    create_stream(connection, "no_such_table")
    with pytest.raises(psycopg.Error) as caught:
        connection.execute("SELECT * FROM changes")
    assert caught.value.sqlstate == "HV00R"


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO changes (event_id) VALUES ('x')",
        "UPDATE changes SET event_id = 'x'",
        "DELETE FROM changes",
        "TRUNCATE changes",
        "COPY changes (event_id) FROM PROGRAM 'echo x'",
    ],
)
def test_what_happened_cannot_be_changed(connection, dynamodb, table, statement):
    create_stream(connection, table)
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(statement)
    assert caught.value.sqlstate in ("0A000", "55000")
    assert "changes" in str(caught.value)


def test_a_column_of_the_wrong_type_is_refused(connection, dynamodb, table):
    create_stream(connection, table, "new_image text")
    with pytest.raises(psycopg.Error) as caught:
        connection.execute("SELECT * FROM changes")
    assert caught.value.sqlstate == "HV004"


@pytest.mark.parametrize(
    "table_options, column, kind",
    [
        ("stream_of 'some'", "id text OPTIONS (key 'hash')", "a change stream"),
        ("stream_of 'some'", "id text OPTIONS (write_null 'null')", "a change stream"),
        ("stream_of 'some'", "id text OPTIONS (queue_role 'body')", "a change stream"),
        ("stream_of 'some'", "id text OPTIONS (message_attribute 'a')", "a change stream"),
        ("table_name 'some'", "id text OPTIONS (queue_role 'body')", "a DynamoDB table"),
        ("table_name 'some'", "id text OPTIONS (stream_role 'event_id')", "a DynamoDB table"),
        ("queue_name 'some'", "body text OPTIONS (attribute_name 'a')", "a queue"),
        ("queue_name 'some'", "body text OPTIONS (stream_role 'event_id')", "a queue"),
    ],
)
def test_options_of_other_kinds_of_tables_are_refused(
    postgresql, database, moto, table_options, column, kind
):
    with postgresql.connect(database) as connection:
        create_server(connection, moto)
        connection.execute(
            f"CREATE FOREIGN TABLE t ({column}) SERVER aws OPTIONS ({table_options})"
        )
        with pytest.raises(psycopg.errors.FdwInvalidOptionName) as caught:
            connection.execute("SELECT * FROM t")
        assert caught.value.diag.message_detail == f"The foreign table is {kind}."


@pytest.mark.parametrize("option", ["time_format 'epoch_seconds'", "attribute_type 'S'"])
def test_a_part_of_a_change_has_no_options_of_attributes(connection, dynamodb, table, option):
    create_stream(connection, table, f"happened_at timestamptz OPTIONS ({option})")
    with pytest.raises(psycopg.errors.FdwInvalidOptionName):
        connection.execute("SELECT * FROM changes")


def test_explain_says_what_is_read(connection, dynamodb, table):
    write_some(dynamodb, table)
    create_stream(connection, table)
    (plan,) = connection.execute(
        "EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) SELECT keys FROM changes"
    ).fetchone()[0]
    node = plan["Plan"]
    assert node["DynamoDB Request"] == "GetRecords"
    assert node["Stream Of"] == table
    assert node["Start At"] == "trim_horizon"
    assert node["Items Returned"] == 4
    assert node["Requests"] >= 2


def test_analyze_passes_over_it(connection, dynamodb, table):
    create_stream(connection, table)
    connection.execute("ANALYZE")


# ---- a scripted service ----


@pytest.fixture
def scripted(postgresql, database):
    """Makes the foreign table `changes` over the scripted shards; gives connection and stream."""
    opened = []

    def begin(columns="sequence_number int, id text", options=None, server=None, **shards):
        stream = ScriptedStream(**shards)
        service = FaultServer(proper=stream.answer)
        opened.append(service)
        connection = postgresql.connect(database)
        opened.append(connection)
        create_scripted_server(connection, service.endpoint_url, **(server or {}))
        create_stream(connection, "faults", columns, **(options or {}))
        return connection, stream, service

    yield begin
    for thing in reversed(opened):
        thing.close()


def numbers(connection):
    return [n for (n,) in connection.execute(READ).fetchall()]


def records(*numbers, **kwargs):
    return [record(number, **kwargs) for number in numbers]


def test_parents_come_before_their_children(scripted):
    connection, stream, _ = scripted(
        # Listed before their parents, which no order of the answers promises.
        grandchild=Shard(records(7, 8), parent="left"),
        left=Shard(records(3, 4, 5), parent="root", open=False),
        right=Shard(records(6, 9), parent="root"),
        root=Shard(records(1, 2), open=False, parent="long gone"),
        other=Shard(records(10, 11)),
    )
    rows = numbers(connection)
    assert sorted(rows) == list(range(1, 12))
    order = {number: place for place, number in enumerate(rows)}
    for line in ([1, 2, 3, 4, 5, 7, 8], [1, 2, 6, 9], [10, 11]):
        assert [order[number] for number in line] == sorted(order[number] for number in line)
    first_asked = [name for kind, name, _ in stream.log if kind == "TRIM_HORIZON"]
    assert first_asked.index("root") < first_asked.index("left") < first_asked.index("grandchild")


def test_a_shard_that_splits_while_it_is_read_is_followed(scripted):
    connection, stream, service = scripted(root=Shard(records(1, 2, 3, 4)))

    def split(conversation):
        stream.shards["root"].open = False
        stream.shards["left"] = Shard(records(5), parent="root")
        stream.shards["right"] = Shard(records(6, 7), parent="root", open=False)
        stream.shards["last"] = Shard(records(8), parent="right")
        stream.answer(conversation)

    service.script("GetRecords", stream.answer, split)
    rows = numbers(connection)
    assert rows[:4] == [1, 2, 3, 4]
    assert sorted(rows[4:]) == [5, 6, 7, 8]
    assert rows.index(7) < rows.index(8)


def test_answers_without_records_are_not_the_end(scripted):
    connection, _, _ = scripted(
        open=Shard(records(1, 2, 3), gaps={0: 19, 2: 19}),
        closed=Shard(records(4, 5), gaps={0: 200, 1: 300, 2: 100}, open=False),
        child=Shard(records(6), parent="closed", gaps={0: 19}),
        empty=Shard(open=False),
    )
    assert sorted(numbers(connection)) == [1, 2, 3, 4, 5, 6]


def test_how_many_are_the_end_can_be_said(scripted):
    connection, _, service = scripted(root=Shard(records(1, 2), gaps={1: 20}))
    assert numbers(connection) == [1]
    connection.execute("ALTER FOREIGN TABLE changes OPTIONS (ADD empty_answers '21')")
    assert numbers(connection) == [1, 2]
    connection.execute("ALTER FOREIGN TABLE changes OPTIONS (SET empty_answers '1')")
    before = service.count("GetRecords")
    assert numbers(connection) == [1]
    assert service.count("GetRecords") - before == 2


def test_a_shard_that_ends_while_nothing_comes_is_left_for_its_children(scripted):
    connection, stream, service = scripted(root=Shard(records(1)))

    def split(conversation):
        stream.shards["root"].open = False
        stream.shards["child"] = Shard(records(2), parent="root")
        stream.answer(conversation)

    service.script("GetRecords", *[stream.answer] * 10, split)
    assert numbers(connection) == [1, 2]


def refuse_once(code):
    return lambda conversation: conversation.refuse(400, code)


STREAM_OPERATIONS = ["ListStreams", "DescribeStream", "GetShardIterator", "GetRecords"]


def test_too_many_requests_are_sent_again(scripted):
    connection, _, service = scripted(root=Shard(records(1, 2, 3)))
    for operation in STREAM_OPERATIONS:
        service.script(operation, refuse_once("LimitExceededException"))
    service.script("GetRecords", refuse_once("ProvisionedThroughputExceededException"))
    plan = connection.execute("EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM changes").fetchone()
    assert plan[0][0]["Plan"]["Actual Rows"] == 3
    assert plan[0][0]["Plan"]["Retries"] == 3


@pytest.mark.parametrize("operation", STREAM_OPERATIONS)
def test_too_many_requests_for_too_long_are_an_error(scripted, operation):
    connection, _, service = scripted(server={"max_attempts": "1"}, root=Shard(records(1)))
    service.script(operation, refuse_once("LimitExceededException"))
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
        numbers(connection)
    assert numbers(connection) == [1]


@pytest.mark.parametrize("operation", STREAM_OPERATIONS)
def test_what_the_policy_denies_is_an_error(scripted, operation):
    connection, _, service = scripted(root=Shard(records(1)))
    service.script(operation, refuse_once("AccessDeniedException"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        numbers(connection)
    assert numbers(connection) == [1]


def test_an_expired_iterator_is_renewed_behind_the_last_record(scripted):
    connection, stream, service = scripted(root=Shard(records(*range(1, 8))))

    def expire(conversation):
        stream.expire_iterators()
        stream.answer(conversation)

    service.script("GetRecords", stream.answer, expire)
    assert numbers(connection) == list(range(1, 8))
    assert ("AFTER_SEQUENCE_NUMBER", "root", "2") in stream.log


def test_iterators_that_always_are_expired_are_an_error(scripted):
    connection, stream, service = scripted(root=Shard(records(1)))

    def expire(conversation):
        stream.expire_iterators()
        stream.answer(conversation)

    service.script("GetRecords", *[expire] * 10)
    with pytest.raises(psycopg.Error) as caught:
        numbers(connection)
    assert "ExpiredIteratorException" in str(caught.value.diag.message_detail)


def test_a_sequence_number_is_looked_for_in_every_shard_that_may_hold_it(scripted):
    connection, stream, _ = scripted(
        options={"start_at": "5"},
        earlier=Shard(records(1, 2), open=False),
        holds=Shard(records(3, 5, 9)),
        may_hold=Shard(records(4, 6, 8)),
        later=Shard(records(7)),
    )
    assert sorted(numbers(connection)) == [5, 6, 7, 8, 9]
    assert "earlier" not in [name for _, name, _ in stream.log]


@pytest.mark.parametrize("trimmed", [4, 100])
def test_a_sequence_number_that_was_trimmed_is_an_error(scripted, trimmed):
    connection, stream, _ = scripted(
        options={"start_at": "3"}, root=Shard(records(3, 4, 5), trimmed_before=trimmed)
    )
    with pytest.raises(psycopg.Error) as caught:
        numbers(connection)
    assert caught.value.sqlstate == "55000"
    assert "24 hours" in caught.value.diag.message_hint


def test_a_sequence_number_before_every_shard_is_an_error(scripted):
    connection, _, _ = scripted(options={"start_at": "3"}, root=Shard(records(4, 5)))
    with pytest.raises(psycopg.Error) as caught:
        numbers(connection)
    assert caught.value.sqlstate == "55000"


def test_records_that_are_trimmed_while_reading_are_an_error(scripted):
    connection, stream, service = scripted(root=Shard(records(*range(1, 8))))

    def trim(conversation):
        conversation.refuse(400, "TrimmedDataAccessException")

    service.script("GetRecords", stream.answer, trim)
    with pytest.raises(psycopg.Error) as caught:
        numbers(connection)
    assert caught.value.sqlstate == "55000"


def test_reading_ends_though_others_write(scripted):
    connection, stream, service = scripted(root=Shard(records(1, 2)))

    def write(conversation):
        shard = stream.shards["root"]
        number = len(shard.records) + 1
        shard.records += records(number, number + 1, created=4_000_000_000)
        stream.answer(conversation)

    service.script("GetRecords", *[write] * 1000)
    assert numbers(connection) == [1, 2]


def test_the_end_is_told_by_the_services_clock(scripted):
    """Ours is four minutes late, which signatures bear."""
    late = 240
    now = time.time()
    made = [
        record(number, created=int(now + late - age)) for number, age in [(1, 100), (2, 10), (3, 1)]
    ]
    connection, stream, _ = scripted(
        root=Shard([*made, record(4, created=int(now + late + 3600))]),
    )
    stream.headers["Date"] = formatdate(now + late, usegmt=True)
    assert numbers(connection) == [1, 2, 3]


def test_shards_are_read_at_once(scripted):
    shards = {f"shard{number}": Shard(records(number), open=False) for number in range(1, 7)}
    connection, stream, service = scripted(**shards)
    all_asked = threading.Barrier(len(shards), timeout=WAIT_SECONDS)

    def wait_for_the_others(conversation):
        all_asked.wait()
        stream.answer(conversation)

    service.script("GetRecords", *[wait_for_the_others] * len(shards))
    assert sorted(numbers(connection)) == list(range(1, 7))
    assert not all_asked.broken


def test_a_cancel_ends_the_waiting(scripted):
    connection, stream, service = scripted(root=Shard(records(1)))

    def hang(conversation):
        conversation.reached()
        conversation.wait_for_close()

    service.script("GetRecords", hang)
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute("SET statement_timeout = '500ms'")
        numbers(connection)
    service.wait_until_closed()
    connection.execute("RESET statement_timeout")
    assert numbers(connection) == [1]


def ask_for_patience(conversation):
    conversation.refuse(400, "LimitExceededException", headers={"x-amz-retry-after": "5000"})
    conversation.reached()


@pytest.mark.parametrize("behaviour", [stall, ask_for_patience])
@pytest.mark.parametrize("operation", STREAM_OPERATIONS)
def test_a_cancel_ends_each_wait_at_once(scripted, operation, behaviour):
    connection, _, service = scripted(root=Shard(records(1)))

    def measure():
        service.reached.clear()
        service.script(operation, behaviour)
        statement = Statement(connection, SimpleNamespace(statement=READ, parameters=()))
        service.wait_until_reached()
        cancelled_at = time.monotonic()
        connection.cancel()
        seconds = statement.seconds_until_end(cancelled_at)
        assert statement.error.sqlstate == "57014"
        return seconds

    best_of_three(measure)
    assert numbers(connection) == [1]


def test_a_cancel_ends_a_shard_in_which_nothing_comes(scripted):
    connection, _, service = scripted(
        options={"empty_answers": "1000000"}, root=Shard(records(1), open=True)
    )

    def measure():
        before = service.count("GetRecords")
        statement = Statement(connection, SimpleNamespace(statement=READ, parameters=()))
        while service.count("GetRecords") < before + 20:
            assert statement.error is None
        cancelled_at = time.monotonic()
        connection.cancel()
        seconds = statement.seconds_until_end(cancelled_at)
        assert statement.error.sqlstate == "57014"
        return seconds

    best_of_three(measure)


def test_requests_go_to_the_endpoint_of_streams(scripted, postgresql, database):
    connection, stream, service = scripted(root=Shard(records(1)))
    connection.execute("ALTER SERVER aws OPTIONS (SET endpoint_url 'http://127.0.0.1:9')")
    connection.execute(
        f"ALTER SERVER aws OPTIONS (ADD streams_endpoint_url '{service.endpoint_url}')"
    )
    assert numbers(connection) == [1]


def test_options_are_checked(scripted):
    connection, _, _ = scripted(root=Shard())
    for options, code in {
        "start_at 'latest'": "HV00J",
        "empty_answers '7'": "HV00J",
        "stream_of 'table', empty_answers '0'": "HV024",
        "stream_of 'table', start_at 'soon'": "HV024",
        "stream_of 'table', table_name 'table'": "HV00D",
    }.items():
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(f"CREATE FOREIGN TABLE bad (id text) SERVER aws OPTIONS ({options})")
        assert caught.value.sqlstate == code, options
