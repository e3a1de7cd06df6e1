"""Several tables below one Append: their requests are under way together."""

import base64
import threading
import time

import psycopg
import pytest
from faults import server as faults
from faults.clients import SCAN, create_table, descriptors
from faults.queue import URL, ScriptedQueue
from faults.server import ITEMS, WAIT_SECONDS, FaultServer

TABLES = ("faults", "second", "third")
UNION = " UNION ALL ".join(f"SELECT value FROM {table}" for table in TABLES)
COUNT = f"SELECT count(*), sum(value) FROM ({UNION}) every"
SUMS = (len(ITEMS) * len(TABLES), sum(range(len(ITEMS))) * len(TABLES))


class Gate:
    """Lets nobody through before so many have come."""

    def __init__(self, count):
        self._barrier = threading.Barrier(count, timeout=WAIT_SECONDS)

    def wait(self):
        self._barrier.wait()

    def answer(self, conversation):
        self.wait()
        faults.answer_properly(conversation)


@pytest.fixture
def service():
    with FaultServer() as service:
        yield service


@pytest.fixture
def connection(postgresql, database, service):
    with postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url, max_attempts=1)
        for table in TABLES[1:]:
            connection.execute(
                f"CREATE FOREIGN TABLE {table} (id text, value numeric) SERVER aws "
                "OPTIONS (table_name 'faults')"
            )
        yield connection


def pages(conversation):
    """Two pages instead of one."""
    result = conversation.result()
    half = len(ITEMS) // 2
    if "ExclusiveStartKey" in conversation.request.body:
        items = ITEMS[half:]
        more = {}
    else:
        items = ITEMS[:half]
        more = {"LastEvaluatedKey": {"id": ITEMS[half - 1]["id"]}}
    conversation.answer(result | {"Items": items, "Count": len(items)} | more)


def plan_of(connection, query):
    return "\n".join(line for (line,) in connection.execute(f"EXPLAIN {query}"))


def test_all_tables_are_asked_at_once(connection, service):
    """No Scan is answered before there is one of each table."""
    assert plan_of(connection, COUNT).count("Async Foreign Scan") == len(TABLES)
    for _ in range(2):
        service.script("Scan", *[Gate(len(TABLES)).answer] * len(TABLES))
        assert connection.execute(COUNT).fetchone() == SUMS
    assert service.count("Scan") == 2 * len(TABLES)


def test_partitions_are_asked_at_once(connection, service):
    partition(connection)
    service.script("Scan", *[Gate(3).answer] * 3)
    assert connection.execute("SELECT count(*), sum(value) FROM every").fetchone() == SUMS


def test_partitions_are_counted_at_once(connection, service):
    """Each partition's pages are added up as they come, and no Scan waits for another's answer."""
    connection.execute("CREATE TABLE every (id text, value numeric) PARTITION BY LIST (id)")
    for table in TABLES:
        connection.execute(f"ALTER TABLE every ATTACH PARTITION {table} FOR VALUES IN ('{table}')")
    connection.execute("SET enable_partitionwise_aggregate = on")
    query = "SELECT count(*) FROM every"
    plan = plan_of(connection, query)
    assert plan.count("Async Foreign Scan") == plan.count("Aggregate on") == len(TABLES)
    service.script("Scan", *[Gate(len(TABLES)).answer] * len(TABLES))
    assert connection.execute(query).fetchone() == (len(ITEMS) * len(TABLES),)
    service.script("Scan", *[pages] * 2 * len(TABLES))
    assert connection.execute(query).fetchone() == (len(ITEMS) * len(TABLES),)
    assert {
        request.body["Select"] for request in service.requests if request.operation == "Scan"
    } == {"COUNT"}


def test_rows_of_the_fast_do_not_wait_for_the_slow(connection, service):
    """The first Scan is answered only after the second page of the others was asked for."""
    others_have_finished = threading.Event()
    finished = []

    def slow(conversation):
        assert others_have_finished.wait(WAIT_SECONDS)
        faults.answer_properly(conversation)

    def last_page(conversation):
        pages(conversation)
        finished.append(1)
        if len(finished) == len(TABLES) - 1:
            others_have_finished.set()

    service.script("Scan", slow, pages, pages, last_page, last_page)
    assert connection.execute(COUNT).fetchone() == SUMS


def test_pages_of_all_tables_arrive(connection, service):
    service.script("Scan", *[pages] * 6)
    rows = connection.execute(UNION).fetchall()
    assert sorted(value for (value,) in rows) == sorted(list(range(5)) * 3)


def test_few_rows_are_asked_of_one_table(connection, service):
    query = f"{UNION} LIMIT 2"
    assert "Async" not in plan_of(connection, query)
    assert len(connection.execute(query).fetchall()) == 2
    assert service.count("Scan") == 1
    sorted_query = f"SELECT * FROM ({UNION}) every ORDER BY value LIMIT 2"
    assert "Async" in plan_of(connection, sorted_query)
    assert connection.execute(sorted_query).fetchall() == [(0,), (0,)]


def test_begun_again(connection):
    connection.execute("SET enable_material = off")
    connection.execute("SET enable_hashjoin = off")
    connection.execute("SET enable_mergejoin = off")
    query = (
        "SELECT n, count(every) FROM generate_series(0, 5) n LEFT JOIN LATERAL "
        f"(SELECT value FROM ({UNION}) u WHERE value >= n OFFSET 0) every ON true "
        "GROUP BY n ORDER BY n"
    )
    assert connection.execute(query).fetchall() == [(n, (5 - n) * 3) for n in range(6)]
    query = (
        f"SELECT n, count(*) FROM generate_series(0, 2) n JOIN ({UNION}) every ON value % 3 = n "
        "GROUP BY n ORDER BY n"
    )
    assert connection.execute(query).fetchall() == [(0, 6), (1, 6), (2, 3)]


def partition(connection, names=("part_0", "part_1", "part_2")):
    """The table `every` with foreign tables as partitions."""
    connection.execute(
        "CREATE TABLE every (id text, value numeric, part int) PARTITION BY LIST (part)"
    )
    for number, name in enumerate(names):
        connection.execute(
            f"CREATE FOREIGN TABLE {name} PARTITION OF every FOR VALUES IN ({number}) "
            "SERVER aws OPTIONS (table_name 'faults')"
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE every SET value = value + 1 WHERE value % 2 = 0",
        "DELETE FROM every WHERE value % 2 = 0",
        "DELETE FROM every USING faults WHERE every.value = faults.value + 0",
    ],
)
def test_what_is_changed_is_not_read_together(connection, service, statement):
    """A scan that runs ahead of its statement would meet what the statement has changed."""
    partition(connection)
    assert "Async" in plan_of(connection, "SELECT * FROM every")
    assert "Async" not in plan_of(connection, statement)


def test_rows_read_together_can_be_inserted(connection, service):
    connection.execute("CREATE TABLE kept (value numeric)")
    statement = f"INSERT INTO kept {UNION}"
    assert "Async" in plan_of(connection, statement)
    connection.execute(statement)
    assert connection.execute("SELECT count(*), sum(value) FROM kept").fetchone() == SUMS


def test_one_table_twice(connection, service):
    union = "SELECT value FROM faults UNION ALL SELECT value FROM faults WHERE value > $1"
    connection.execute(f"PREPARE twice(numeric) AS SELECT count(*), sum(value) FROM ({union}) u")
    connection.execute("SET plan_cache_mode = force_generic_plan")
    assert plan_of(connection, "EXECUTE twice(2)").count("Async Foreign Scan") == 2
    service.script("Scan", *[Gate(2).answer] * 2)
    for least in (2, 3, 100):
        found = connection.execute(f"EXECUTE twice({least})").fetchone()
        values = [*range(len(ITEMS)), *range(least + 1, len(ITEMS))]
        assert found == (len(values), sum(values))


def test_queues_among_them_are_read_in_their_turn(postgresql, database):
    """They wait in a way of their own, so nobody waits for them and a table together."""
    queue = ScriptedQueue(count=3)
    with FaultServer(proper=queue.answer) as service, postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url)
        connection.execute(
            f"CREATE FOREIGN TABLE q (body text) SERVER aws OPTIONS (queue_url '{URL}')"
        )
        union = "SELECT id FROM faults UNION ALL SELECT body FROM q UNION ALL SELECT id FROM faults"
        plan = plan_of(connection, union)
        assert plan.count("Async Foreign Scan") == 2
        assert plan.count("Foreign Scan") == 3
        found = [text for (text,) in connection.execute(union)]
        assert len(found) == 2 * len(ITEMS) + 3


def page_of_ciphertexts(name):
    """A page of three items whose values are ciphertexts."""
    texts = [f"{name} {number}" for number in range(3)]
    values = [faults.base64_of(faults.ciphertext_of(text.encode())) for text in texts]
    items = [
        {"id": {"S": text}, "value": {"B": value}}
        for text, value in zip(texts, values, strict=True)
    ]
    return faults.page(items)


def test_rows_do_not_wait_for_the_keys_of_others(postgresql, database):
    """KMS answers for the slow table's first row when the fast one's last is asked for.

    That is asked for only when rows before it were handed out.
    """
    last_was_asked_for = threading.Event()

    def decrypt(conversation):
        ciphertext = base64.b64decode(conversation.request.body["CiphertextBlob"])
        if ciphertext == faults.ciphertext_of(b"fast 2"):
            last_was_asked_for.set()
        if ciphertext == faults.ciphertext_of(b"slow 0"):
            assert last_was_asked_for.wait(WAIT_SECONDS)
        faults.answer_properly(conversation)

    def scan(conversation):
        page_of_ciphertexts(conversation.request.body["TableName"])(conversation)

    with FaultServer() as service, postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url, max_attempts=1)
        for table in ("slow", "fast"):
            connection.execute(
                f"CREATE FOREIGN TABLE {table} (id text, "
                "value text OPTIONS (kms_encrypted 'true')) SERVER aws "
                "OPTIONS (kms_key_id 'alias/scripted')"
            )
        service.script("Scan", scan, scan)
        service.script("Decrypt", *[decrypt] * 6)
        union = "SELECT value FROM slow UNION ALL SELECT value FROM fast"
        assert plan_of(connection, union).count("Async Foreign Scan") == 2
        found = [value for (value,) in connection.execute(union)]
        expected = [f"{table} {number}" for table in ("fast", "slow") for number in range(3)]
        assert sorted(found) == expected


def copies_of_transport(connection):
    """Descriptors of epoll: one of the server's, two of ours, and what scans have of one."""
    return sum(name == "anon_inode:[eventpoll]" for name in descriptors(connection).values())


def test_a_cursor_that_is_closed_early(connection, service):
    assert connection.execute(SCAN).fetchall()
    before = copies_of_transport(connection)
    for _ in range(3):
        with connection.transaction():
            connection.execute(f"DECLARE reader CURSOR FOR {UNION}")
            service.script("Scan", pages, pages, pages)
            assert len(connection.execute("FETCH 1 FROM reader").fetchall()) == 1
            connection.execute("CLOSE reader")
        service.forget_scripts()
        assert connection.execute(COUNT).fetchone() == SUMS
        assert copies_of_transport(connection) == before


def test_an_error_of_one_table(connection, service):
    service.script("Scan", faults.answer_properly, faults.refuse(400, "AccessDeniedException"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(COUNT)
    before = copies_of_transport(connection)
    service.script("Scan", faults.stall, faults.refuse(400, "AccessDeniedException"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(COUNT)
    assert connection.execute(COUNT).fetchone() == SUMS
    assert copies_of_transport(connection) == before


def test_an_error_of_one_table_ends_what_others_are_sent(connection, service):
    """The stalled conversation sees its connection closed; nothing is read from it later."""
    closed = threading.Event()

    def wait_for_end(conversation):
        faults.stall(conversation)
        closed.set()

    service.script("Scan", wait_for_end, faults.refuse(400, "AccessDeniedException"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(COUNT)
    assert closed.wait(WAIT_SECONDS)
    assert connection.execute(COUNT).fetchone() == SUMS


def test_time_that_is_waited_for_all_counts_for_each(connection, service):
    connection.execute("ALTER SERVER aws OPTIONS (ADD request_timeout '300ms')")
    service.script("Scan", *[faults.stall] * len(TABLES))
    with pytest.raises(psycopg.OperationalError) as raised:
        connection.execute(COUNT)
    assert raised.value.sqlstate == "08006"
    service.forget_scripts()
    assert connection.execute(COUNT).fetchone() == SUMS


def test_retries_while_all_are_waited_for(postgresql, connection, service):
    connection.execute("ALTER SERVER aws OPTIONS (SET max_attempts '4')")
    throttle = faults.refuse(400, "ThrottlingException", headers={"x-amz-retry-after": "50"})
    service.script("Scan", *[throttle] * len(TABLES))
    assert connection.execute(COUNT).fetchone() == SUMS


def test_cancel(connection, service):
    service.script("Scan", *[faults.stall] * len(TABLES))
    error = []

    def run():
        try:
            connection.execute(COUNT)
        except psycopg.Error as raised:
            error.append(raised)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    deadline = time.monotonic() + WAIT_SECONDS
    service.wait_until_reached()
    while service.count("Scan") < len(TABLES):
        assert time.monotonic() < deadline
        service.reached.clear()
        service.reached.wait(0.01)
    connection.cancel()
    thread.join(WAIT_SECONDS)
    assert error and error[0].sqlstate == "57014"
    service.forget_scripts()
    assert connection.execute(COUNT).fetchone() == SUMS
