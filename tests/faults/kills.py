"""Backends that are killed: the postmaster then ends all others and recovers."""

import contextlib
import os
import signal
import threading
import time

import psycopg
import pytest

WAIT_SECONDS = 60


def kill(server, database, pid):
    """Kills the backend; returns when the server has ended all others because of it."""
    with contextlib.closing(server.connect(database)) as bystander:
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            bystander.execute("SELECT pg_sleep(%s)", (WAIT_SECONDS,))


@contextlib.contextmanager
def killing_within(seconds, server, database, connection):
    """The connection's backend is killed after so long, and to lose it is no error here."""
    timer = threading.Timer(seconds, kill, (server, database, connection.info.backend_pid))
    timer.start()
    with contextlib.suppress(psycopg.OperationalError):
        yield
    timer.join()


def connect_again(server, database):
    """A connection once the server has recovered."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return server.connect(database)
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
