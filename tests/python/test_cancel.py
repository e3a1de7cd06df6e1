"""Cancel, statement_timeout and the end of the backend reach a request in each of its phases."""

import contextlib
import os
import re
import signal
import socket
import threading
import time
from pathlib import Path

import psycopg
import pytest
from environment.postgresql import running_postgresql
from faults import preloaded
from faults import server as faults
from faults.clients import ROWS, SCAN, create_table, descriptors
from faults.server import FaultServer, FullBacklog, SilentListener

LIMIT_SECONDS = 0.1
SIGNALS_OF_BACKENDS = {
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGALRM,
}
WAIT_SECONDS = 10
LONG_KEYS = [f"{number:04}" + "x" * 2000 for number in range(100)]
LOOKUP = "SELECT id FROM faults WHERE id = ANY (%s)"


class Resolver:
    """Names under .hang.invalid do not resolve before release() in a server that has its
    environment."""

    def __init__(self, directory):
        library = preloaded.build("slow_resolver", directory)
        path = directory / "lookups"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o777)
        self._listener.listen(8)
        self._listener.settimeout(WAIT_SECONDS)
        self._lookups = []
        self.environment = {"LD_PRELOAD": str(library), "SLOW_RESOLVER_SOCKET": str(path)}

    def wait_for_lookup(self):
        self._lookups.append(self._listener.accept()[0])

    def release(self):
        while self._lookups:
            self._lookups.pop().close()

    def close(self):
        self.release()
        self._listener.close()


@pytest.fixture(scope="module")
def resolver():
    with (
        preloaded.open_directory() as directory,
        contextlib.closing(Resolver(directory)) as resolver,
    ):
        yield resolver


@pytest.fixture(scope="module")
def postgresql(resolver):
    with running_postgresql("cancel-postgresql", environment=resolver.environment) as server:
        yield server


class Phase:
    """A service that lets a request come so far and no further."""

    statement, parameters = SCAN, ()

    def __init__(self, endpoint_url, wait):
        self.endpoint_url = endpoint_url
        self.wait = wait  # returns when the request is in the phase


@contextlib.contextmanager
def resolve(resolver, **_):
    try:
        yield Phase("http://service.hang.invalid:8000", resolver.wait_for_lookup)
    finally:
        resolver.release()


def is_connecting(process_id, port):
    """True while the process has a connection to the port that is not answered yet."""
    syn_sent = "02"
    return any(
        fields[3] == syn_sent
        and int(fields[2].rpartition(":")[2], 16) == port
        and f"socket:[{fields[9]}]" in open_files(process_id)
        for fields in map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
    )


def open_files(process_id):
    found = set()
    for entry in Path(f"/proc/{process_id}/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(os.readlink(entry))
    return found


@contextlib.contextmanager
def connect(process_id, **_):
    with FullBacklog() as listener:

        def wait():
            deadline = time.monotonic() + WAIT_SECONDS
            while not is_connecting(process_id, listener.port):
                assert time.monotonic() < deadline, "the backend does not connect"

        yield Phase(f"http://127.0.0.1:{listener.port}", wait)


@contextlib.contextmanager
def tls(**_):
    with SilentListener() as listener, contextlib.ExitStack() as accepted:

        def wait():
            connection = listener.accept()
            accepted.enter_context(connection)
            assert connection.recv(1, socket.MSG_PEEK) == b"\x16"  # a handshake has begun

        yield Phase(f"https://127.0.0.1:{listener.port}", wait)


@contextlib.contextmanager
def send(**_):
    """The table is described; then a large request goes to a connection that nobody reads."""
    with FaultServer(receive_buffer=4096) as service:

        def refuse_to_read(conversation):
            conversation.answer(conversation.result(), headers={"Connection": "close"})
            conversation.connection.close()

        def never_read(conversation):
            # Something has arrived, and is left where it is.
            conversation.connection.recv(1, socket.MSG_PEEK)
            conversation.reached()
            conversation.server.wait_for_stop()

        service.script("DescribeTable", refuse_to_read)
        service.script("connection", None, never_read)
        phase = Phase(service.endpoint_url, service.wait_until_reached)
        phase.statement, phase.parameters = LOOKUP, (LONG_KEYS,)
        yield phase


@contextlib.contextmanager
def scripted(behaviour):
    with FaultServer() as service:
        service.script("Scan", behaviour)
        yield Phase(service.endpoint_url, service.wait_until_reached)


def wait(**_):
    return scripted(faults.stall)


def body(**_):
    return scripted(faults.stall_in_body)


def back_off(**_):
    def ask_for_patience(conversation):
        conversation.refuse(400, "ThrottlingException", headers={"x-amz-retry-after": "5000"})
        conversation.reached()

    return scripted(ask_for_patience)


PHASES = [resolve, connect, tls, send, wait, body, back_off]


@pytest.fixture(params=PHASES, ids=lambda phase: phase.__name__)
def stuck(request, postgresql, database, resolver):
    """A context manager: a connection and the phase that its statement will be stuck in."""

    @contextlib.contextmanager
    def enter():
        with postgresql.connect(database) as connection:
            process_id = connection.info.backend_pid
            with request.param(resolver=resolver, process_id=process_id) as phase:
                connection.execute("DROP SERVER IF EXISTS aws CASCADE")
                create_table(
                    connection, phase.endpoint_url, connect_timeout="60s", request_timeout="60s"
                )
                yield connection, phase

    return enter


def best_of_three(measure):
    """A machine that is busy with other work delays one try; a fault of ours delays all."""
    seconds = []
    while len(seconds) < 3 and min(seconds, default=LIMIT_SECONDS) >= LIMIT_SECONDS:
        seconds.append(measure())
    assert min(seconds) < LIMIT_SECONDS, seconds


class Statement:
    """Runs in a thread of its own; says when and how it ended."""

    def __init__(self, connection, phase):
        self._thread = threading.Thread(target=self._run, args=(connection, phase), daemon=True)
        self._thread.start()
        self.error = None

    def _run(self, connection, phase):
        try:
            connection.execute(phase.statement, phase.parameters).fetchall()
        except psycopg.Error as error:
            self.error = error
        self.ended_at = time.monotonic()

    def seconds_until_end(self, since):
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive(), "the statement does not end"
        return self.ended_at - since


def check_next_statement(connection):
    """With a service that works, the same connection reads, and nothing was leaked."""
    with FaultServer() as service:
        connection.execute(f"ALTER SERVER aws OPTIONS (SET endpoint_url '{service.endpoint_url}')")
        assert connection.execute(SCAN).fetchall() == ROWS
        before = descriptors(connection)
        assert connection.execute(SCAN).fetchall() == ROWS
        assert len(descriptors(connection)) <= len(before)


def test_cancel(stuck):
    def measure():
        with stuck() as (connection, phase):
            statement = Statement(connection, phase)
            phase.wait()
            cancelled_at = time.monotonic()
            connection.cancel()
            seconds = statement.seconds_until_end(cancelled_at)
            assert statement.error.sqlstate == "57014"
            check_next_statement(connection)
            return seconds

    best_of_three(measure)


def test_statement_timeout(stuck):
    timeout_seconds = 0.4

    def measure():
        with stuck() as (connection, phase):
            connection.execute(f"SET statement_timeout = '{timeout_seconds * 1000:.0f}ms'")
            started_at = time.monotonic()
            statement = Statement(connection, phase)
            phase.wait()
            seconds = statement.seconds_until_end(started_at) - timeout_seconds
            assert statement.error.sqlstate == "57014"
            connection.execute("RESET statement_timeout")
            check_next_statement(connection)
            return seconds

    best_of_three(measure)


def wait_for_end(process_id):
    deadline = time.monotonic() + WAIT_SECONDS
    while Path(f"/proc/{process_id}").exists():
        assert time.monotonic() < deadline, "the backend does not end"


def test_terminate(stuck, postgresql):
    def measure():
        with stuck() as (connection, phase), postgresql.connect() as other:
            statement = Statement(connection, phase)
            phase.wait()
            terminated_at = time.monotonic()
            other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
            wait_for_end(connection.info.backend_pid)
            seconds = time.monotonic() - terminated_at
            statement.seconds_until_end(terminated_at)
            assert statement.error.sqlstate == "57P01"
            return seconds

    best_of_three(measure)


def test_a_name_that_resolves_late_harms_nothing(postgresql, resolver):
    """The thread of the look-up outlives its statement; when it returns, nobody is surprised."""
    with postgresql.database() as name, postgresql.connect(name) as connection:
        create_table(
            connection, "http://late.hang.invalid:8000", connect_timeout="100ms", max_attempts=1
        )
        with pytest.raises(psycopg.Error) as raised:
            connection.execute(SCAN)
        assert raised.value.sqlstate == "08001"
        resolver.wait_for_lookup()
        resolver.release()
        check_next_statement(connection)


def signals_taken(thread):
    """Those of the backend's signals that the thread does not block."""
    status = (thread / "status").read_text()
    blocked = int(re.search(r"^SigBlk:\s+([0-9a-f]+)$", status, re.MULTILINE)[1], 16)
    return {number for number in SIGNALS_OF_BACKENDS if not blocked & 1 << (number - 1)}


def test_threads_of_lookups_take_no_signals(postgresql, resolver):
    """A backend's handlers are for the backend's own thread."""
    with postgresql.database() as name, postgresql.connect(name) as connection:
        create_table(connection, "http://signals.hang.invalid:8000", connect_timeout="60s")
        statement = Statement(connection, Phase(None, None))
        resolver.wait_for_lookup()
        process_id = connection.info.backend_pid
        threads = {int(task.name): task for task in Path(f"/proc/{process_id}/task").iterdir()}
        assert signals_taken(threads.pop(process_id)) == SIGNALS_OF_BACKENDS
        assert len(threads) == 1
        assert not any(signals_taken(thread) for thread in threads.values())
        connection.cancel()
        statement.seconds_until_end(time.monotonic())
        resolver.release()
