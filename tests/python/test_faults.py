"""A service that misbehaves: the right rows or the right SQLSTATE, nothing leaked, and the next
statement works."""

import json
import threading
import time
from contextlib import ExitStack, contextmanager
from email.utils import formatdate

import psycopg
import pytest
from environment.postgresql import running_postgresql
from faults import server as faults
from faults.certificates import make_certificate
from faults.clients import ROWS, SCAN, create_table, descriptors, memory
from faults.server import WAIT_SECONDS, FaultServer

THROTTLED = faults.refuse(400, "ProvisionedThroughputExceededException")


@pytest.fixture
def session(postgresql, database, service):
    """A connection with the foreign table; two attempts make a failure quick."""
    with postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url, max_attempts=2)
        yield connection


@pytest.fixture
def unharmed(session):
    """Fails the test that leaves the backend with more descriptors, or unable to read."""
    assert session.execute(SCAN).fetchall() == ROWS
    before = descriptors(session)
    yield session
    assert session.execute(SCAN).fetchall() == ROWS
    assert len(descriptors(session)) <= len(before)


def failure(connection, statement=SCAN):
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(statement).fetchall()
    return raised.value


@contextmanager
def fetching(connection, statement):
    """Runs the statement while the block does; its rows are there at the block's end."""
    rows = []

    def fetch():
        rows.extend(connection.execute(statement).fetchall())

    thread = threading.Thread(target=fetch)
    thread.start()
    yield rows
    thread.join()


def wait_until_it_waits(observer, process_id):
    """Until the backend waits for the network, in a statement that has begun."""
    query = "SELECT wait_event_type, state FROM pg_stat_activity WHERE pid = %s"
    deadline = time.monotonic() + WAIT_SECONDS
    while observer.execute(query, [process_id]).fetchone() != ("Extension", "active"):
        assert time.monotonic() < deadline, "the backend does not wait"


# Faults that another attempt cures

CURED = {
    "throttled": THROTTLED,
    "throttling": faults.refuse(400, "ThrottlingException"),
    "internal error": faults.refuse(500, "InternalServerError"),
    "unavailable": faults.refuse(503, "ServiceUnavailable"),
    "a proxy's page": faults.answer_bytes(b"<html>Bad Gateway</html>", 502),
    "closed without an answer": faults.close_without_answer,
    "reset": faults.reset_at_once,
    "reset in the body": faults.reset_in_body,
    "ended in the body": faults.end_in_body,
    "wrong checksum": faults.wrong_checksum,
    "truncated JSON": faults.answer_bytes(b'{"Items": [{"id": {"S": "key 0"'),
    "not JSON": faults.answer_bytes(b"OK"),
    "no body": faults.answer_bytes(b""),
    "broken gzip": faults.compress(lambda data: data[: len(data) // 2]),
    "not gzip": faults.compress(lambda data: b"plain"),
    "garbage behind gzip": faults.compress(lambda data: data + b"more"),
    "not HTTP": faults.not_http,
    "endless head": faults.endless_head,
}


@pytest.mark.parametrize("behaviour", CURED.values(), ids=CURED.keys())
def test_one_fault_is_tried_again(unharmed, service, behaviour):
    requests = service.count("Scan")
    service.script("Scan", behaviour)
    assert unharmed.execute(SCAN).fetchall() == ROWS
    assert service.count("Scan") == requests + 2


def test_statistics_count_the_retry(unharmed, service):
    service.script("Scan", faults.refuse(500, "InternalServerError"))
    plan = unharmed.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {SCAN}").fetchone()[0]
    assert '"Retries": 1' in json.dumps(plan)


# Faults that stay

LASTING = {
    "throttled": (THROTTLED, "53400"),
    "internal error": (faults.refuse(500, "InternalServerError"), "HV000"),
    "unavailable": (faults.refuse(503, "ServiceUnavailable"), "HV000"),
    "closed without an answer": (faults.close_without_answer, "08006"),
    "reset in the body": (faults.reset_in_body, "08006"),
    "ended in the body": (faults.end_in_body, "08006"),
    "wrong checksum": (faults.wrong_checksum, "08P01"),
    "truncated JSON": (faults.answer_bytes(b'{"Items": [{"id": '), "08P01"),
    "broken gzip": (faults.compress(lambda data: data[: len(data) // 2]), "08P01"),
    "not HTTP": (faults.not_http, "08P01"),
    "endless head": (faults.endless_head, "08P01"),
}


@pytest.mark.parametrize(("behaviour", "sqlstate"), LASTING.values(), ids=LASTING.keys())
def test_lasting_fault_is_reported_after_the_last_attempt(unharmed, service, behaviour, sqlstate):
    requests = service.count("Scan")
    service.script("Scan", behaviour, behaviour)
    assert failure(unharmed).sqlstate == sqlstate
    assert service.count("Scan") == requests + 2


# Faults that no other attempt cures

FINAL = {
    "access denied": (faults.refuse(400, "AccessDeniedException"), "42501"),
    "unknown key": (faults.refuse(400, "UnrecognizedClientException"), "28000"),
    "expired token": (faults.refuse(400, "ExpiredTokenException"), "28000"),
    "validation": (faults.refuse(400, "ValidationException"), "HV000"),
    "unknown code": (faults.refuse(400, "SomethingNewException"), "HV000"),
    "redirect": (faults.redirect("http://127.0.0.1:1/"), "HV000"),
    "flood": (faults.flood, "54000"),
    "gzip bomb": (faults.gzip_bomb, "54000"),
}


@pytest.mark.parametrize(("behaviour", "sqlstate"), FINAL.values(), ids=FINAL.keys())
def test_final_fault_is_reported_at_once(unharmed, service, behaviour, sqlstate):
    requests = service.count("Scan")
    service.script("Scan", behaviour)
    assert failure(unharmed).sqlstate == sqlstate
    assert service.count("Scan") == requests + 1


def test_flood_is_not_kept_in_memory(unharmed, service):
    before = memory(unharmed)
    service.script("Scan", faults.flood)
    failure(unharmed)
    assert memory(unharmed) - before < 96 << 20


def test_detail_names_code_status_and_request(unharmed, service):
    service.script("Scan", faults.refuse(400, "AccessDeniedException", "no dynamodb:Scan for you"))
    error = failure(unharmed)
    assert "no dynamodb:Scan for you" in error.diag.message_primary
    assert error.diag.message_detail.startswith(
        "AWS error code: AccessDeniedException, HTTP status: 400, request id: REQUEST-ID."
    )


def test_control_characters_of_the_service_are_not_shown(unharmed, service):
    service.script("Scan", faults.refuse(400, "ValidationException", "a\x1b[2Jb\r\nc"))
    primary = failure(unharmed).diag.message_primary
    assert primary.isprintable() and "[2Jb" in primary


def test_no_message_holds_the_secret(unharmed, service):
    for behaviour in (faults.reset_at_once, faults.reset_at_once):
        service.script("Scan", behaviour)
    error = failure(unharmed)
    assert "secret of the tests" not in repr(vars(error)) + str(error)


# Pages


def test_empty_pages_do_not_end_the_reading(unharmed, service):
    empty = [faults.page([], f"after {number}") for number in range(3)]
    service.script("Scan", *empty, faults.page(faults.ITEMS[:2], "key 1"))
    service.script("Scan", faults.page([], "key 2"), faults.page(faults.ITEMS[2:]))
    assert unharmed.execute(SCAN).fetchall() == ROWS


def test_endless_pages_end_with_the_limit(unharmed, service):
    service.script("Scan", *[faults.page(faults.ITEMS[:1], "again")] * 200)
    rows = unharmed.execute("SELECT id FROM faults LIMIT 20").fetchall()
    assert rows == [("key 0",)] * 20
    service._scripts.clear()


def test_endless_pages_can_be_cancelled(unharmed, service):
    def again(conversation):
        service.script("Scan", again)
        faults.page([], "again")(conversation)

    service.script("Scan", again)
    unharmed.execute("SET statement_timeout = '300ms'")
    assert failure(unharmed).sqlstate == "57014"
    unharmed.execute("RESET statement_timeout")
    service._scripts.clear()


def test_half_read_pages_can_be_given_up(unharmed, service):
    service.script("Scan", *[faults.page(faults.ITEMS, "again")] * 50)
    with unharmed.transaction():
        cursor = unharmed.cursor("reader")
        cursor.execute("SELECT id FROM faults")
        assert cursor.fetchone() == ("key 0",)
        cursor.close()
    service._scripts.clear()


# Compression


def test_gzip_is_inflated_and_its_checksum_is_that_of_the_wire(unharmed, service):
    service.script("Scan", faults.compress())
    assert unharmed.execute(SCAN).fetchall() == ROWS


def test_gzip_is_asked_for_only_where_compression_is_on(unharmed, service):
    unharmed.execute(SCAN).fetchall()
    assert service.requests[-1].headers["accept-encoding"] == "identity"
    unharmed.execute("ALTER SERVER aws OPTIONS (ADD compression 'true')")
    unharmed.execute(SCAN).fetchall()
    assert service.requests[-1].headers["accept-encoding"] == "gzip"


# Time


def test_no_answer_ends_with_the_request_timeout(unharmed, service):
    unharmed.execute("ALTER SERVER aws OPTIONS (ADD request_timeout '200ms')")
    service.script("Scan", faults.stall, faults.stall)
    assert failure(unharmed).sqlstate == "08006"


def test_a_byte_a_second_ends_with_the_request_timeout(unharmed, service):
    unharmed.execute("ALTER SERVER aws OPTIONS (ADD request_timeout '200ms', SET max_attempts '1')")
    service.script("Scan", faults.drip)
    assert failure(unharmed).sqlstate == "08006"
    service.wait_until_closed()


def test_time_that_a_cursor_rests_is_not_the_service_s(postgresql, unharmed, service):
    """The answer to a request sent before the rest comes only after it."""
    may_answer = threading.Event()

    def answer_in_time(conversation):
        may_answer.wait(WAIT_SECONDS)
        faults.answer_properly(conversation)

    unharmed.execute("ALTER SERVER aws OPTIONS (ADD request_timeout '1s', SET max_attempts '1')")
    service.script("Scan", faults.page(faults.ITEMS[:1], "more"), answer_in_time)
    with unharmed.transaction(), postgresql.connect() as observer:
        unharmed.execute("DECLARE reader CURSOR FOR SELECT id FROM faults")
        assert unharmed.execute("FETCH 1 FROM reader").fetchall() == [("key 0",)]
        unharmed.execute("SELECT pg_sleep(1.2)")
        with fetching(unharmed, "FETCH ALL FROM reader") as rows:
            wait_until_it_waits(observer, unharmed.info.backend_pid)
            may_answer.set()
        assert len(rows) == len(ROWS)


def skewed(conversation, seconds):
    """Refuses a request unless it was signed by a clock that is `seconds` ahead."""
    signed = time.strptime(conversation.request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
    now = time.time() + seconds
    date = {"Date": formatdate(now, usegmt=True)}
    if abs(now - (time.mktime(signed) - time.timezone)) < 100:
        conversation.answer(conversation.result(), headers=date)
    else:
        conversation.refuse(400, "InvalidSignatureException", "Signature expired: …", date)


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_clock_skew_is_learned_once(unharmed, service, seconds):
    requests = service.count("Scan")
    service.script("Scan", *[lambda conversation: skewed(conversation, seconds)] * 4)
    for _ in range(3):
        assert unharmed.execute(SCAN).fetchall() == ROWS
    assert service.count("Scan") == requests + 4


# Connections


def test_connection_is_kept_for_the_next_statement(session, service):
    for _ in range(5):
        session.execute(SCAN).fetchall()
    assert service.connection_count == 1


def test_connection_ends_with_the_transaction_where_it_is_not_kept(session, service):
    session.execute("ALTER SERVER aws OPTIONS (ADD keep_connections 'false')")
    for expected in (1, 2):
        session.execute(SCAN).fetchall()
        assert service.connection_count == expected


@pytest.mark.parametrize(
    "change",
    [
        "ALTER SERVER aws OPTIONS (ADD fetch_size '10')",
        "ALTER USER MAPPING FOR CURRENT_USER SERVER aws OPTIONS (SET aws_access_key_id 'AKIDNEW')",
    ],
)
def test_connection_ends_with_a_change_of_server_or_mapping(session, service, change):
    session.execute(SCAN).fetchall()
    session.execute(change)
    session.execute(SCAN).fetchall()
    assert service.connection_count == 2


def test_changed_keys_are_used_by_the_next_statement(session, service):
    session.execute(SCAN).fetchall()
    session.execute(
        "ALTER USER MAPPING FOR CURRENT_USER SERVER aws OPTIONS (SET aws_access_key_id 'AKIDNEW')"
    )
    session.execute(SCAN).fetchall()
    assert "Credential=AKIDNEW/" in service.requests[-1].headers["authorization"]


def test_connections_are_limited(session, service):
    session.execute("ALTER SERVER aws OPTIONS (ADD max_connections '2')")
    session.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD scan_segments '8')")
    # The service gives every segment all of its items.
    assert session.execute("SELECT value FROM faults").rowcount == 8 * len(ROWS)
    assert service.connection_count <= 2
    assert service.count("Scan") == 8


def test_requests_are_under_way_together(session, service):
    """Once it is known how large pages are, none is answered before all have come."""
    all_came = threading.Barrier(4)

    def answer_when_all_came(conversation):
        all_came.wait(WAIT_SECONDS)
        faults.answer_properly(conversation)

    service.script("Scan", *[faults.page(faults.ITEMS, "more")] * 4, *[answer_when_all_came] * 4)
    session.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD scan_segments '4')")
    assert session.execute("SELECT value FROM faults").rowcount == 8 * len(ROWS)
    assert service.count("Scan") == 8
    assert service.connection_count == 4


def test_connections_are_limited_for_all_scans_together(postgresql, session, service):
    """While one scan's pages are on their way, another scan waits for its turn."""
    may_answer = threading.Event()

    def answer_in_time(conversation):
        may_answer.wait(WAIT_SECONDS)
        faults.answer_properly(conversation)

    session.execute("ALTER SERVER aws OPTIONS (ADD max_connections '2')")
    session.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD scan_segments '2')")
    service.script("Scan", *[faults.page(faults.ITEMS, "more")] * 2, *[answer_in_time] * 4)
    with session.transaction(), postgresql.connect() as observer:
        session.execute("DECLARE one CURSOR FOR SELECT value FROM faults")
        session.execute("DECLARE two CURSOR FOR SELECT value FROM faults")
        session.execute("FETCH 1 FROM one")
        with fetching(session, "FETCH 1 FROM two") as rows:
            wait_until_it_waits(observer, session.info.backend_pid)
            may_answer.set()
        assert len(rows) == 1
        assert session.execute("FETCH ALL FROM one").rowcount == 4 * len(ROWS) - 1
        assert session.execute("FETCH ALL FROM two").rowcount == 2 * len(ROWS) - 1
    assert service.connection_count == 2


def test_no_proxy_of_the_environment_is_used(service):
    with FaultServer() as proxy:
        names = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
        environment = dict.fromkeys(names, proxy.endpoint_url)
        with (
            running_postgresql("proxies", environment=environment) as postgresql,
            postgresql.database() as database,
            postgresql.connect(database) as connection,
        ):
            create_table(connection, service.endpoint_url)
            assert connection.execute(SCAN).fetchall() == ROWS
        assert proxy.connection_count == 0


def test_servers_do_not_meet(session, service):
    with FaultServer() as other:
        session.execute("CREATE SCHEMA elsewhere")
        session.execute(
            "CREATE SERVER other FOREIGN DATA WRAPPER dynamodb_kms_fdw"
            f" OPTIONS (endpoint_url '{other.endpoint_url}')"
        )
        session.execute(
            "CREATE USER MAPPING FOR CURRENT_USER SERVER other"
            " OPTIONS (aws_access_key_id 'AKIDOTHER', aws_secret_access_key 'x')"
        )
        session.execute("CREATE FOREIGN TABLE elsewhere.faults (id text) SERVER other")
        join = "SELECT count(*) FROM faults a JOIN elsewhere.faults b USING (id)"
        assert session.execute(join).fetchall() == [(len(ROWS),)]
        for server, key in ((service, "AKIDFAULTS"), (other, "AKIDOTHER")):
            assert server.requests
            for request in server.requests:
                assert f"Credential={key}/" in request.headers["authorization"]


def test_refused_connection(session):
    with FaultServer() as gone:
        endpoint = gone.endpoint_url
    session.execute(f"ALTER SERVER aws OPTIONS (SET endpoint_url '{endpoint}')")
    assert failure(session).sqlstate == "08001"
    before = descriptors(session)
    for _ in range(10):
        assert failure(session).sqlstate == "08001"
    assert len(descriptors(session)) == len(before)


def test_many_failures_leak_no_descriptor(unharmed, service):
    for behaviour in (faults.reset_in_body, faults.close_without_answer, faults.flood) * 4:
        service.script("Scan", behaviour, behaviour)
        failure(unharmed)
    service._scripts.clear()


def test_name_that_does_not_exist(session):
    session.execute("ALTER SERVER aws OPTIONS (SET endpoint_url 'http://nowhere.invalid:8000')")
    assert failure(session).sqlstate == "08001"


# TLS


@pytest.fixture
def certificates(postgresql, tmp_path_factory):
    """Two certificates for 127.0.0.1 and one for another address, where the server can read."""
    directory = tmp_path_factory.mktemp("certificates")
    for parent in (directory, *directory.parents[:2]):
        parent.chmod(0o755)
    return {
        "right": make_certificate(directory, "right"),
        "stranger": make_certificate(directory, "stranger"),
        "elsewhere": make_certificate(directory, "elsewhere", "127.0.0.2"),
    }


@pytest.fixture
def secure_session(postgresql, database, certificates):
    """A function: a connection whose table is served under one certificate and trusts another."""
    with ExitStack() as stack:

        def connect(shown, trusted):
            context = faults.server_context(*certificates[shown])
            service = stack.enter_context(FaultServer(tls=context))
            connection = stack.enter_context(postgresql.connect(database))
            options = {} if trusted is None else {"ca_file": certificates[trusted][0]}
            create_table(connection, service.endpoint_url, max_attempts=2, **options)
            return connection, service

        yield connect


def test_tls_with_the_trusted_certificate(secure_session):
    connection, _ = secure_session("right", "right")
    assert connection.execute(SCAN).fetchall() == ROWS


@pytest.mark.parametrize(
    ("shown", "trusted"), [("stranger", "right"), ("right", None), ("elsewhere", "elsewhere")]
)
def test_tls_with_a_wrong_certificate(secure_session, shown, trusted):
    connection, service = secure_session(shown, trusted)
    assert failure(connection).sqlstate == "08001"
    # Another attempt is no cure.
    assert service.connection_count == 1
    assert not service.requests
