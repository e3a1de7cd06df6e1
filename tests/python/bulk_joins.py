"""What tests have in common that join local rows with a scripted table, many keys at a time."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
import pytest
from faults import server as faults
from faults.clients import connections, descriptors_of_its_own
from faults.server import WAIT_SECONDS

NESTED_LOOP = ("hashjoin", "mergejoin", "material", "memoize")


def create_wanted(connection, numbers):
    """`wanted` has each number below `numbers` twice, and NULL; joins with it are nested loops."""
    connection.execute(
        f"CREATE TABLE wanted AS SELECT line, line % {numbers} AS n "
        f"FROM generate_series(1, {2 * numbers}) line"
    )
    connection.execute("INSERT INTO wanted VALUES (100000, NULL)")
    connection.execute("ANALYZE wanted")
    for method in NESTED_LOOP:
        connection.execute(f"SET enable_{method} = off")


@dataclass
class BulkJoin:
    """A join, the rows that it has, and how its requests are answered properly."""

    statement: str
    rows: list
    answer: Callable

    def check(self, session):
        assert session.execute(self.statement).fetchall() == self.rows

    def check_refused(self, session, service, operation):
        """The error of one statement is none of the next."""
        service.script(operation, self.answer, faults.refuse(400, "AccessDeniedException"))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(self.statement)
        self.check(session)

    def check_throttled(self, session, service, operation):
        """Every third request is refused when it is made for the first time."""
        lock, known, refused = threading.Lock(), [], []

        def throttle(conversation):
            body = conversation.request.body
            with lock:
                is_refused = body not in known and len(known) % 3 == 2
                if body not in known:
                    known.append(body)
            if is_refused:
                refused.append(body)
                conversation.refuse(400, "ProvisionedThroughputExceededException")
            else:
                self.answer(conversation)

        service.script(operation, *[throttle] * 30)
        self.check(session)
        assert refused

    def check_cancelled(self, session, service, operation, most_connections):
        """While every connection waits for an answer; nothing of them is left."""
        self.check(session)
        before = descriptors_of_its_own(session, service)
        service.script(operation, self.answer, *[faults.stall] * most_connections)
        with ThreadPoolExecutor() as pool:
            statement = pool.submit(session.execute, self.statement)
            service.wait_until_reached()
            session.cancel()
            with pytest.raises(psycopg.errors.QueryCanceled):
                statement.result(WAIT_SECONDS)
        service.forget_scripts()
        self.check(session)
        assert descriptors_of_its_own(session, service) == before
        assert len(connections(session, service)) <= most_connections
