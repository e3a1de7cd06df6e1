"""Keys of many rows looked up together, at a service that answers as a test wants it to."""

import base64
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from bulk_joins import BulkJoin, create_wanted
from faults import server as faults
from faults.clients import create_table, descriptors_of_its_own
from faults.crowd import Crowd
from faults.server import TABLE, WAIT_SECONDS, FaultServer, base64_of, ciphertext_of

CONNECTIONS = 2
NUMBERS = 700
JOIN = "SELECT n, value FROM wanted LEFT JOIN faults ON id = 'key ' || n ORDER BY line"


def value_of(number):
    """Every seventh key has no item."""
    return None if number % 7 == 0 else number


def keys_of(body, table=TABLE):
    return [key["id"]["S"] for key in body["RequestItems"][table]["Keys"]]


def answer_of(keys, unprocessed=(), table=TABLE):
    numbers = [int(key.removeprefix("key ")) for key in keys]
    answer = {
        "Responses": {
            table: [
                {"id": {"S": f"key {number}"}, "value": {"N": str(number)}}
                for number in numbers
                if value_of(number) is not None
            ]
        },
        "ConsumedCapacity": [{"TableName": table, "CapacityUnits": len(numbers) / 2}],
    }
    if unprocessed:
        left = [{"id": {"S": key}} for key in unprocessed]
        answer["UnprocessedKeys"] = {table: {"Keys": left}}
    return answer


def look_up(conversation):
    if conversation.request.operation == "BatchGetItem":
        body = conversation.request.body
        (table,) = body["RequestItems"]
        conversation.answer(answer_of(keys_of(body, table), table=table))
    else:
        faults.answer_properly(conversation)


def look_up_ciphertexts(conversation):
    answer = answer_of(keys_of(conversation.request.body))
    for item in answer["Responses"][TABLE]:
        item["value"] = {"B": base64_of(ciphertext_of(item["value"]["N"].encode()))}
    conversation.answer(answer)


def look_up_in_parts(conversation):
    """In no order, and most of the keys only when they are asked for again."""
    keys = keys_of(conversation.request.body)
    random.Random(len(keys)).shuffle(keys)
    part = max(len(keys) // 3, 1)
    conversation.answer(answer_of(keys[:part], keys[part:]))


@pytest.fixture
def service():
    with FaultServer(proper=look_up) as server:
        yield server


@pytest.fixture
def session(postgresql, database, service):
    with postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url, max_attempts=2, max_connections=CONNECTIONS)
        create_wanted(connection, NUMBERS)
        yield connection


EXPECTED = [(line % NUMBERS, value_of(line % NUMBERS)) for line in range(1, 2 * NUMBERS + 1)] + [
    (None, None)
]
BULK_JOIN = BulkJoin(JOIN, EXPECTED, look_up)


def lookups(service):
    """The keys of each BatchGetItem."""
    return [
        keys_of(request.body) for request in service.requests if request.operation == "BatchGetItem"
    ]


def test_many_keys_a_request(session, service):
    BULK_JOIN.check(session)
    requests = lookups(service)
    assert service.count("GetItem") == 0
    assert len(requests) < 2 * NUMBERS / 100 + 4
    assert all(len(set(keys)) == len(keys) <= 100 for keys in requests)


def test_answers_in_parts_and_in_no_order(session, service):
    service.script("BatchGetItem", *[look_up_in_parts] * 200)
    BULK_JOIN.check(session)


def test_requests_of_the_same_rows_run_at_once(session, service):
    """Behind the first hundred rows there are two hundred, whose two requests wait for another."""
    both = threading.Barrier(2)

    def meet(conversation):
        both.wait(WAIT_SECONDS)
        look_up(conversation)

    service.script("BatchGetItem", look_up, meet, meet)
    BULK_JOIN.check(session)


def test_throttled(session, service):
    BULK_JOIN.check_throttled(session, service, "BatchGetItem")


def test_refused(session, service):
    BULK_JOIN.check_refused(session, service, "BatchGetItem")


def test_cancel(session, service):
    BULK_JOIN.check_cancelled(session, service, "BatchGetItem", CONNECTIONS)


def test_a_limit_asks_for_few_keys(session, service):
    query = "SELECT n, value FROM wanted LEFT JOIN faults ON id = 'key ' || n LIMIT 3"
    assert session.execute(query).fetchall() == EXPECTED[:3]
    assert [len(keys) for keys in lookups(service)] == [3]


def test_switched_off(session, service):
    session.execute("SET dynamodb_kms_fdw.enable_bulk_lookup = off")
    session.execute("SET enable_nestloop = on")
    found = session.execute("SELECT value FROM wanted JOIN faults ON id = 'key ' || n WHERE n = 3")
    assert found.fetchall() == [(3,), (3,)]
    assert lookups(service) == []


@pytest.fixture
def encrypted(session, service):
    """The session, where `value` is encrypted."""
    session.execute("""
        DROP FOREIGN TABLE faults;
        CREATE FOREIGN TABLE faults (id text, value int OPTIONS (kms_encrypted 'true'))
        SERVER aws OPTIONS (kms_key_id 'alias/scripted')""")
    service.script("BatchGetItem", *[look_up_ciphertexts] * 40)
    return session


def test_encrypted_columns_are_decrypted_together(encrypted, service):
    both = Crowd(2, faults.answer_properly)
    service.script("Decrypt", *[both.linger] * 40)
    BULK_JOIN.check(encrypted)
    assert both.was_there.is_set()
    different = sum(value_of(number) is not None for number in range(NUMBERS))
    assert different <= service.count("Decrypt") <= 2 * different


def test_answers_that_overtake_others_wait_for_them(encrypted, service):
    """Of seven requests that are made together the fifth overtakes the second.

    While it does, rows of the first wait for KMS, and look for the items to come.
    """
    encrypted.execute("ALTER SERVER aws OPTIONS (SET max_connections '4')")
    encrypted.execute("CREATE TABLE different AS SELECT n FROM generate_series(1, 1400) n")
    encrypted.execute("ANALYZE different")
    fifth_has_come, first_is_done = threading.Event(), threading.Event()

    def look_up_in_wrong_order(conversation):
        keys = keys_of(conversation.request.body)
        if keys[0] == "key 801":
            assert first_is_done.wait(WAIT_SECONDS)
            time.sleep(0.3)
        values = [base64_of(ciphertext_of(key.removeprefix("key ").encode())) for key in keys]
        items = [
            {"id": {"S": key}, "value": {"B": value}}
            for key, value in zip(keys, values, strict=True)
        ]
        conversation.answer({"Responses": {TABLE: items}})
        if keys[0] == "key 1101":
            fifth_has_come.set()

    def decrypt(conversation):
        ciphertext = base64.b64decode(conversation.request.body["CiphertextBlob"])
        if ciphertext in (ciphertext_of(b"790"), ciphertext_of(b"800")):
            assert fifth_has_come.wait(WAIT_SECONDS)
        faults.answer_properly(conversation)
        if ciphertext == ciphertext_of(b"800"):
            first_is_done.set()

    service.forget_scripts()
    service.script("BatchGetItem", *[look_up_in_wrong_order] * 40)
    service.script("Decrypt", *[decrypt] * 1400)
    found = encrypted.execute("SELECT n, value FROM different LEFT JOIN faults ON id = 'key ' || n")
    assert sorted(found.fetchall()) == [(n, n) for n in range(1, 1401)]


def test_a_guard_of_kms_is_not_hit_by_what_is_read_ahead(encrypted, service):
    encrypted.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD max_kms_calls '3')")
    query = "SELECT n, value FROM wanted LEFT JOIN faults ON id = 'key ' || n LIMIT 3"
    assert encrypted.execute(query).fetchall() == EXPECTED[:3]
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
        encrypted.execute(JOIN)


PARTS = ("first", "second", "third")


def make_partitions(session):
    """The tables `wanted_parts` and `parts`, in partitions of the same bounds by the key."""
    session.execute("CREATE TABLE parts (id text, value numeric) PARTITION BY HASH (id)")
    session.execute("CREATE TABLE wanted_parts (line int, key text) PARTITION BY HASH (key)")
    for number, name in enumerate(PARTS):
        bounds = f"FOR VALUES WITH (MODULUS {len(PARTS)}, REMAINDER {number})"
        session.execute(f"CREATE FOREIGN TABLE {name} PARTITION OF parts {bounds} SERVER aws")
        session.execute(f"CREATE TABLE wanted_{name} PARTITION OF wanted_parts {bounds}")
    session.execute("INSERT INTO wanted_parts SELECT line, 'key ' || n FROM wanted")
    session.execute("ANALYZE wanted_parts")


PARTS_JOIN = "SELECT line, value FROM wanted_parts LEFT JOIN parts ON id = key ORDER BY line"
EXPECTED_OF_PARTS = [(line, value_of(line % NUMBERS)) for line in range(1, 2 * NUMBERS + 1)] + [
    (100000, None)
]


def lookups_of_parts(service):
    """The table and the keys of each BatchGetItem."""
    bodies = [r.body for r in service.requests if r.operation == "BatchGetItem"]
    return [(table, keys_of(body, table)) for body in bodies for table in body["RequestItems"]]


def check_lookups_of_parts(session, service):
    """Each key is asked of its own partition, and of no other."""
    assert service.count("GetItem") == 0
    of_partitions = {
        name: {key for (key,) in session.execute(f"SELECT DISTINCT key FROM wanted_{name}") if key}
        for name in PARTS
    }
    asked = {name: set() for name in PARTS}
    for table, keys in lookups_of_parts(service):
        assert len(set(keys)) == len(keys) <= 100
        asked[table] |= set(keys)
    assert asked == of_partitions


@pytest.mark.parametrize("partitionwise", ["on", "off"])
def test_partitions_are_joined(session, service, partitionwise):
    """With the other's partition of the same bounds, or all of them with all rows."""
    make_partitions(session)
    session.execute(f"SET enable_partitionwise_join = {partitionwise}")
    assert session.execute(PARTS_JOIN).fetchall() == EXPECTED_OF_PARTS
    check_lookups_of_parts(session, service)
    # Of each partition at most the last request of each of four readings is not full.
    assert len(lookups_of_parts(service)) < 2 * NUMBERS / 100 + len(PARTS) * 4


@pytest.mark.parametrize("partitionwise", ["on", "off"])
def test_a_limit_above_partitions_asks_for_few_keys(session, service, partitionwise):
    make_partitions(session)
    session.execute(f"SET enable_partitionwise_join = {partitionwise}")
    query = "SELECT key, value FROM wanted_parts LEFT JOIN parts ON id = key LIMIT 3"
    assert len(session.execute(query).fetchall()) == 3
    asked = sum(len(keys) for _, keys in lookups_of_parts(service)) + service.count("GetItem")
    assert 1 <= asked <= 3


def test_partitions_that_any_row_may_be_in(session, service):
    """Where the executor asks all of them for each row, each looks up all keys together."""
    make_partitions(session)
    session.execute("SET enable_partition_pruning = off")
    query = "SELECT line, value FROM wanted LEFT JOIN parts ON id = 'key ' || n ORDER BY line"
    expected = []
    for row in EXPECTED_OF_PARTS:
        expected += [row] * (1 if row[1] is None else len(PARTS))
    assert session.execute(query).fetchall() == expected
    assert service.count("GetItem") == 0
    assert len(lookups_of_parts(service)) < len(PARTS) * (2 * NUMBERS / 100 + 4)


def test_errors_and_cancels_among_partitions(session, service):
    make_partitions(session)
    service.script("BatchGetItem", look_up, look_up, faults.refuse(400, "AccessDeniedException"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(PARTS_JOIN)
    service.forget_scripts()
    assert session.execute(PARTS_JOIN).fetchall() == EXPECTED_OF_PARTS
    before = descriptors_of_its_own(session, service)
    service.script("BatchGetItem", look_up, look_up, faults.stall)
    service.reached.clear()
    with ThreadPoolExecutor() as pool:
        statement = pool.submit(session.execute, PARTS_JOIN)
        service.wait_until_reached()
        session.cancel()
        with pytest.raises(psycopg.errors.QueryCanceled):
            statement.result(WAIT_SECONDS)
    service.forget_scripts()
    assert session.execute(PARTS_JOIN).fetchall() == EXPECTED_OF_PARTS
    assert len(descriptors_of_its_own(session, service)) <= len(before)
