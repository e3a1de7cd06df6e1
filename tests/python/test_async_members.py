"""Encrypted tables, encrypted columns and change streams beside plain tables below one Append."""

import base64
import os
import threading
import time
from collections import Counter

import pytest
from encrypted_columns import encrypted as kms_ciphertext
from encrypted_tables import error_of, rows
from faults import server as faults
from faults.clients import create_table, descriptors_of_its_own
from faults.server import WAIT_SECONDS, FaultServer
from faults.streams import ScriptedStream, Shard, record
from test_async_append import Gate, plan_of
from test_encrypted_faults import cancelled, encrypted
from test_streams import STREAM_OPERATIONS

pytest_plugins = ["encrypted_tables"]

# ---- a scripted service ----

COUNT = 12
TABLES = ("plain", "ciphertexts", "sealed")
NAMES = {"plain": "plain", "ciphertexts": "ciphertexts", "sealed": "faults"}
TABLES_UNION = " UNION ALL ".join(f"SELECT value FROM {table}" for table in TABLES)
UNION = f"{TABLES_UNION} UNION ALL SELECT 'changes ' || sequence_number FROM changes"


def values_of(*members):
    return sorted(f"{member} {number}" for member in members for number in range(COUNT))


ALL_VALUES = values_of(*TABLES, "changes")


def items_of_table(name):
    """What DynamoDB stores of the table: each value in its way."""
    member = next(member for member in TABLES if NAMES[member] == name)
    texts = values_of(member)
    if member == "sealed":
        return [encrypted(number, text, os.urandom(32)) for number, text in enumerate(texts)]
    if member == "ciphertexts":
        ciphertexts = [faults.base64_of(faults.ciphertext_of(text.encode())) for text in texts]
        return [{"id": {"S": c}, "value": {"B": c}} for c in ciphertexts]
    return [{"id": {"S": text}, "value": {"S": text}} for text in texts]


class ScriptedMembers:
    """Answers for all tables, a few items a page, and for the stream."""

    def __init__(self):
        changes = [record(number) for number in range(COUNT)]
        self.stream = ScriptedStream(root=Shard(changes, page=5, open=False))
        self.items = {name: items_of_table(name) for name in NAMES.values()}

    def answer(self, conversation):
        if conversation.request.operation in STREAM_OPERATIONS:
            self.stream.answer(conversation)
        elif conversation.request.operation == "Scan":
            self.scan(conversation)
        else:
            faults.answer_properly(conversation)

    def scan(self, conversation):
        items = self.items[conversation.request.body["TableName"]]
        begin = 0
        if "ExclusiveStartKey" in conversation.request.body:
            start = conversation.request.body["ExclusiveStartKey"]["id"]
            begin = 1 + [item["id"] for item in items].index(start)
        some = items[begin : begin + 5]
        more = {"LastEvaluatedKey": {"id": some[-1]["id"]}} if begin + 5 < len(items) else {}
        counts = {"Count": len(some), "ScannedCount": len(some)}
        conversation.answer({"Items": some} | counts | more)


@pytest.fixture
def members():
    return ScriptedMembers()


@pytest.fixture
def service(members):
    with FaultServer(proper=members.answer) as service:
        yield service


@pytest.fixture
def connection(postgresql, database, service):
    with postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url, max_attempts=1)
        connection.execute("""
            CREATE FOREIGN TABLE plain (id text, value text) SERVER aws;
            CREATE FOREIGN TABLE ciphertexts (id text, value text OPTIONS (kms_encrypted 'true'))
                SERVER aws OPTIONS (kms_key_id 'alias/scripted');
            CREATE FOREIGN TABLE sealed (id text, value text) SERVER aws
                OPTIONS (table_name 'faults', encryption 'dynamodb_encryption_client',
                         kms_key_id 'alias/scripted');
            CREATE FOREIGN TABLE changes (sequence_number int) SERVER aws
                OPTIONS (stream_of 'faults')""")
        yield connection


def read(connection, query=UNION):
    return sorted(value for (value,) in connection.execute(query))


def test_tables_are_asked_at_once_however_they_are_encrypted(connection, members, service):
    """The stream is read in its turn; no Scan is answered before there is one of each table."""
    plan = plan_of(connection, UNION)
    assert plan.count("Async Foreign Scan") == len(TABLES)
    assert plan.count("Foreign Scan") == len(TABLES) + 1
    gate = Gate(len(TABLES))

    def meet(conversation):
        gate.wait()
        members.scan(conversation)

    service.script("Scan", *[meet] * len(TABLES))
    assert read(connection) == ALL_VALUES
    assert service.count("Scan") == 3 * len(TABLES)
    assert service.count("Decrypt") == 2 * COUNT


def test_tables_are_asked_before_a_stream_is_waited_for(connection, members, service):
    """No Scan is answered before the stream is asked, nor the stream before each Scan is."""
    stream_was_asked = threading.Event()
    all_were_answered = threading.Semaphore(0)

    def scan(conversation):
        assert stream_was_asked.wait(WAIT_SECONDS)
        members.scan(conversation)
        all_were_answered.release()

    def slow(conversation):
        stream_was_asked.set()
        for _ in TABLES:
            assert all_were_answered.acquire(timeout=WAIT_SECONDS)
        members.answer(conversation)

    service.script("Scan", *[scan] * len(TABLES))
    service.script("GetRecords", slow)
    assert read(connection) == ALL_VALUES


@pytest.mark.parametrize("order", [TABLES, TABLES[::-1]])
def test_rows_of_others_do_not_wait_for_kms(connection, service, order):
    may_answer = threading.Event()

    def hold(conversation):
        assert may_answer.wait(WAIT_SECONDS)
        faults.answer_properly(conversation)

    service.script("Decrypt", *[hold] * 2 * COUNT)
    union = " UNION ALL ".join(f"SELECT value FROM {table}" for table in order)
    with connection.transaction():
        connection.execute(f"DECLARE reader CURSOR FOR {union}")
        assert read(connection, f"FETCH {COUNT} FROM reader") == values_of("plain")
        may_answer.set()
        assert read(connection, "FETCH ALL FROM reader") == values_of("ciphertexts", "sealed")


def test_a_cursor_that_is_closed_while_kms_is_waited_for(connection, members, service):
    assert read(connection) == ALL_VALUES
    before = descriptors_of_its_own(connection, service)
    for _ in range(3):
        with connection.transaction():
            service.script("Decrypt", *[faults.stall] * 2 * COUNT)
            connection.execute(f"DECLARE reader CURSOR FOR {TABLES_UNION}")
            assert len(read(connection, f"FETCH {COUNT} FROM reader")) == COUNT
            connection.execute("CLOSE reader")
        service.forget_scripts()
        assert read(connection) == ALL_VALUES
        assert descriptors_of_its_own(connection, service) == before


@pytest.mark.parametrize("operation", ["Decrypt", "Scan", "GetRecords", "DescribeStream"])
def test_a_cancel_ends_the_wait_for_any_of_them(connection, service, operation):
    assert read(connection) == ALL_VALUES
    before = descriptors_of_its_own(connection, service)
    connection.execute("ALTER SERVER aws OPTIONS (ADD data_key_cache_size '0')")
    service.script(operation, *[faults.stall] * 2 * COUNT)
    sqlstate, _ = cancelled(connection, service, UNION)
    assert sqlstate == "57014"
    service.forget_scripts()
    assert read(connection) == ALL_VALUES
    assert len(descriptors_of_its_own(connection, service)) <= len(before)


@pytest.mark.parametrize("operation", ["Decrypt", "Scan", "GetRecords", "ListStreams"])
def test_what_one_of_them_is_refused_is_the_statements_error(connection, service, operation):
    service.script(operation, faults.refuse(400, "AccessDeniedException"))
    assert error_of(connection, UNION).sqlstate == "42501"
    service.forget_scripts()
    assert read(connection) == ALL_VALUES


@pytest.mark.parametrize("refused", ["Decrypt", "GetRecords"])
def test_an_error_does_not_wait_for_the_others(connection, members, service, refused):
    """A table that never answers ends with the statement."""
    closed = threading.Event()

    def scan(conversation):
        if conversation.request.body["TableName"] != "plain":
            members.scan(conversation)
            return
        faults.stall(conversation)
        closed.set()

    service.script("Scan", *[scan] * 3 * len(TABLES))
    service.script(refused, faults.refuse(400, "AccessDeniedException"))
    assert error_of(connection, UNION).sqlstate == "42501"
    assert closed.wait(WAIT_SECONDS)
    service.forget_scripts()
    assert read(connection) == ALL_VALUES


def spoil(item):
    """The ciphertext with another last byte."""
    value = bytearray(base64.b64decode(item["value"]["B"]))
    value[-1] ^= 1
    return item | {"value": {"B": faults.base64_of(bytes(value))}}


def test_a_bad_item_among_them(connection, members, service):
    items = members.items["faults"]
    bad = [3, 7, 8]
    for number in bad:
        items[number] = spoil(items[number])
    assert error_of(connection, UNION).sqlstate == "XX001"
    connection.execute("ALTER FOREIGN TABLE sealed OPTIONS (ADD on_bad_item 'skip')")
    notices = []
    connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    left_out = Counter(values_of("sealed")[number] for number in bad)
    assert Counter(read(connection)) == Counter(ALL_VALUES) - left_out
    assert len(notices) == 1 and "3" in notices[0]
    for number in range(COUNT):
        items[number] = spoil(items[number]) if number not in bad else items[number]
    assert read(connection) == values_of("plain", "ciphertexts", "changes")


def test_a_limit_ends_early(connection, service):
    """The tables are asked one after another, and no more is decrypted than is wanted."""
    assert len(read(connection, f"{UNION} LIMIT {COUNT}")) == COUNT
    assert service.count("Decrypt") == service.count("GetRecords") == 0
    query = f"SELECT value FROM sealed UNION ALL {UNION} LIMIT 2"
    assert "Async" not in plan_of(connection, query)
    assert read(connection, query) == values_of("sealed")[:2]
    assert service.count("Decrypt") <= 3
    changes = "SELECT 'changes ' || sequence_number FROM changes"
    query = f"{changes} UNION ALL {TABLES_UNION} LIMIT 3"
    before = service.count("Scan")
    assert read(connection, query) == ["changes 0", "changes 1", "changes 2"]
    assert service.count("Scan") == before


def test_a_guard_of_kms_among_them(connection):
    """It counts the calls of the whole statement."""
    connection.execute("ALTER FOREIGN TABLE sealed OPTIONS (ADD max_kms_calls '5')")
    assert error_of(connection, UNION).sqlstate == "53400"
    connection.execute("ALTER SERVER aws OPTIONS (ADD data_key_cache_size '0')")
    connection.execute(f"ALTER FOREIGN TABLE sealed OPTIONS (SET max_kms_calls '{2 * COUNT}')")
    assert read(connection) == ALL_VALUES


# ---- begun again ----

BEGUN_AGAIN = [
    # Each row of the other side reads everything, or up to the first row that fits.
    "SELECT n, count(*) FROM generate_series(0, 12) n JOIN ({union}) u "
    "ON u.value LIKE '% ' || n GROUP BY n",
    "SELECT n FROM generate_series(0, 25) n WHERE EXISTS "
    "(SELECT FROM ({union}) u WHERE u.value LIKE '% ' || n OFFSET 0)",
    "SELECT n FROM generate_series(0, 25) n WHERE NOT EXISTS "
    "(SELECT FROM ({union}) u WHERE u.value LIKE '% ' || n)",
    "SELECT n, (SELECT count(*) FROM ({union}) u WHERE u.value > '' || n) "
    "FROM generate_series(0, 5) n",
    "SELECT n, value FROM generate_series(0, 5) n, LATERAL "
    "(SELECT value FROM ({union}) u WHERE length(u.value) > n + 5 OFFSET 0) l",
    "SELECT n, value FROM generate_series(0, 5) n, LATERAL "
    "(SELECT value FROM ({union}) u WHERE length(u.value) > n + 5 ORDER BY value LIMIT 3) l",
    "SELECT n, value FROM generate_series(0, 20) n LEFT JOIN ({union}) u ON u.value LIKE '% ' || n",
]


@pytest.mark.parametrize("slow", [None, *TABLES])
def test_begun_again(connection, members, service, slow):
    """As often as the other side has rows, also while a slow table is still waited for."""
    for method in ("hashjoin", "mergejoin", "material", "memoize"):
        connection.execute(f"SET enable_{method} = off")
    connection.execute("CREATE TABLE local (value text)")
    connection.cursor().executemany("INSERT INTO local VALUES (%s)", [(v,) for v in ALL_VALUES])

    def scan(conversation):
        if slow is not None and conversation.request.body["TableName"] == NAMES[slow]:
            time.sleep(0.02)
        members.scan(conversation)

    service.script("Scan", *[scan] * 10_000)
    for query in BEGUN_AGAIN:
        expected = Counter(connection.execute(query.format(union="SELECT value FROM local")))
        assert Counter(connection.execute(query.format(union=UNION))) == expected, query


# ---- emulators, AWS's library and boto3 ----


@pytest.fixture
def every_kind(encrypting, kms, key, make_table):
    """Foreign tables of each kind with the columns id, value and part; their rows."""
    columns = "id text, value text, part int"
    expected = []

    def items(part):
        for number in range(40):
            row = (f"{part}-{number}", f"value {number % 9} of {part} €", part)
            expected.append(row)
            identifier, value, part = row
            yield {"id": {"S": identifier}, "value": {"S": value}, "part": {"N": str(part)}}

    plain, sealed, ciphertexts, watched = (make_table() for _ in range(4))
    for item in items(0):
        plain.store(item)
    for item in items(1):
        sealed.put(**item)
    for item in items(2):
        value = kms_ciphertext(kms, key, item["value"]["S"])
        ciphertexts.store(item | {"value": value})
    watched.client.update_table(
        TableName=watched.name,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    watched.client.get_waiter("table_exists").wait(
        TableName=watched.name, WaiterConfig={"Delay": 1}
    )
    for item in items(3):
        watched.put(**item)
    sealed.declare(encrypting, columns, "sealed")
    plain.declare(encrypting, columns, "plain", encryption="none")
    encrypting.execute(f"""
        CREATE FOREIGN TABLE ciphertexts
            (id text, value text OPTIONS (kms_encrypted 'true'), part int)
            SERVER aws OPTIONS (table_name '{ciphertexts.name}', kms_key_id 'alias/columns');
        CREATE FOREIGN TABLE changes ({columns}) SERVER aws
            OPTIONS (stream_of '{watched.name}', encryption 'dynamodb_encryption_client',
                     kms_key_id 'alias/items')""")
    encrypting.execute(f"CREATE TABLE local ({columns})")
    encrypting.cursor().executemany("INSERT INTO local VALUES (%s, %s, %s)", expected)
    return encrypting, Counter(expected)


KINDS = ("plain", "sealed", "ciphertexts", "changes")
OF_EACH_KIND = " UNION ALL ".join(f"TABLE {kind}" for kind in KINDS)
QUERIES = [
    "SELECT * FROM {u} u",
    "SELECT part, count(*), min(value), max(id) FROM {u} u GROUP BY part",
    "SELECT id FROM {u} u WHERE value LIKE '% 3 %' OR part = 3 AND id LIKE '%-1%'",
    "SELECT n, (SELECT count(*) FROM {u} u WHERE u.value LIKE 'value ' || n || '%') "
    "FROM generate_series(0, 9) n",
    "SELECT n, l.id FROM generate_series(0, 3) n, LATERAL "
    "(SELECT id FROM {u} u WHERE u.part >= n ORDER BY id LIMIT 3) l",
    "SELECT * FROM {u} u ORDER BY value, id LIMIT 7",
    "SELECT a.id, b.id FROM {u} a JOIN {u} b ON a.value = b.value AND a.id < b.id",
]


@pytest.mark.parametrize("as_partitions", [False, True])
def test_every_kind_in_one(every_kind, as_partitions):
    connection, expected = every_kind
    source = f"({OF_EACH_KIND})"
    if as_partitions:
        source = "every"
        connection.execute("""
            CREATE TABLE every (id text, value text, part int) PARTITION BY LIST (part)""")
        for number, kind in enumerate(KINDS):
            connection.execute(
                f"ALTER TABLE every ATTACH PARTITION {kind} FOR VALUES IN ({number})"
            )
    assert plan_of(connection, f"SELECT * FROM {source} u").count("Async Foreign Scan") == 3
    assert Counter(rows(connection, f"SELECT * FROM {source} u")) == expected
    for query in QUERIES:
        local = Counter(rows(connection, query.format(u="local")))
        assert Counter(rows(connection, query.format(u=source))) == local, query
    limited = rows(connection, f"SELECT * FROM {source} u LIMIT 50")
    assert len(limited) == 50 and not Counter(limited) - expected
