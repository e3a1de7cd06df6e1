"""Statements of all kinds while the service misbehaves and the user cancels, all at random: each
ends with its rows or with an error that has a SQLSTATE of ours, and the session goes on."""

import contextlib
import random
import threading

import psycopg
import pytest
from faults import server as faults
from faults.clients import ROWS, SCAN, create_table, descriptors
from faults.server import FaultServer

STATEMENTS = 300
BEHAVIOURS = [
    faults.refuse(400, "ThrottlingException"),
    faults.refuse(400, "ValidationException"),
    faults.refuse(400, "AccessDeniedException"),
    faults.refuse(400, "ExpiredTokenException"),
    faults.refuse(400, "ResourceNotFoundException"),
    faults.refuse(500, "InternalServerError"),
    faults.close_without_answer,
    faults.reset_at_once,
    faults.reset_in_body,
    faults.end_in_body,
    faults.wrong_checksum,
    faults.not_http,
    faults.endless_head,
    faults.drip,
    faults.stall,
    faults.compress(),
    faults.answer_bytes(b"x"),
    faults.page(faults.ITEMS, "more"),
    faults.page([], "more"),
    faults.item_with({"S": "no number"}),
]
PROPER = [faults.answer_properly] * len(BEHAVIOURS)
QUERIES = [
    "SELECT count(value) FROM faults",
    "SELECT value FROM faults WHERE id = 'key 3'",
    "SELECT * FROM faults WHERE id = ANY (ARRAY(SELECT 'key ' || generate_series(1, 250)))",
    "SELECT count(*) FROM faults JOIN faults AS again USING (id)",
    "SELECT * FROM faults LIMIT 1",
    """SELECT count(*) FROM generate_series(0, 4) AS n,
        LATERAL (SELECT * FROM faults WHERE id = 'key ' || n OFFSET 0) AS looked_up""",
    """DO $$
    BEGIN
        FOR i IN 1..3 LOOP
            BEGIN
                PERFORM value FROM faults;
            EXCEPTION WHEN OTHERS THEN NULL;
            END;
        END LOOP;
    END $$""",
    """DO $$
    DECLARE
        one refcursor;
        two refcursor;
        found record;
    BEGIN
        OPEN one FOR SELECT * FROM faults;
        FETCH one INTO found;
        OPEN two FOR SELECT * FROM faults;
        BEGIN
            FETCH two INTO found;
            RAISE division_by_zero;
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
        MOVE FORWARD ALL IN one;
    END $$""",
    "ANALYZE faults",
    "EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM faults",
    "ALTER SERVER aws OPTIONS (SET max_connections '1')",
    "ALTER SERVER aws OPTIONS (SET max_connections '5')",
    "ALTER FOREIGN TABLE faults OPTIONS (SET scan_segments '7')",
    "SELECT dynamodb_kms_fdw_disconnect()",
]


def misbehave(service, generator):
    """What the next few requests meet; what the last statement left over is forgotten."""
    service.forget_scripts()
    for operation in ("Scan", "GetItem", "BatchGetItem"):
        behaviours = generator.choices(BEHAVIOURS + PROPER, k=generator.randrange(4))
        service.script(operation, *behaviours)


def run(connection, generator):
    """The SQLSTATE; with the next statement safe from this one's cancel."""
    canceller = threading.Timer(generator.uniform(0, 0.05), connection.cancel)
    cancelled = generator.random() < 0.4
    if cancelled:
        canceller.start()
    try:
        connection.execute(generator.choice(QUERIES))
    except psycopg.Error as error:
        return error.sqlstate
    finally:
        if cancelled:
            canceller.cancel()
            canceller.join()
            with contextlib.suppress(psycopg.errors.QueryCanceled):
                connection.execute("SELECT")
    return "00000"


@pytest.mark.parametrize("seed", range(2))
def test_session_goes_on(postgresql, database, seed):
    generator = random.Random(seed)
    with FaultServer() as service, postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url, max_attempts=2, request_timeout="200ms")
        connection.execute("ALTER SERVER aws OPTIONS (max_connections '3')")
        connection.execute("ALTER FOREIGN TABLE faults OPTIONS (scan_segments '2')")
        ends = set()
        for _ in range(STATEMENTS):
            misbehave(service, generator)
            ends.add(run(connection, generator))
        assert {"00000", "57014"} < ends
        assert not {end for end in ends if end is None or end.startswith("XX")}
        service.forget_scripts()
        connection.execute("ALTER FOREIGN TABLE faults OPTIONS (SET scan_segments '1')")
        assert connection.execute(SCAN).fetchall() == ROWS
        assert len(descriptors(connection)) < 20
