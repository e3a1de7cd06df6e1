"""dynamodb_kms_fdw_disconnect: connections are closed, and the next statement opens new ones."""

import psycopg
import pytest
from faults import server as faults
from faults.clients import ROWS, SCAN

DISCONNECT = "SELECT dynamodb_kms_fdw_disconnect"


def disconnect(connection, arguments="()"):
    return connection.execute(DISCONNECT + arguments).fetchone()[0]


@pytest.mark.parametrize("arguments", ["()", "(NULL)", "('aws')"])
def test_connections_are_closed(session, service, arguments):
    session.execute(SCAN)
    opened = service.connection_count
    session.execute(SCAN)
    assert service.connection_count == opened, "connections are kept"
    assert disconnect(session, arguments)
    assert not disconnect(session, arguments), "there is none left"
    assert session.execute(SCAN).fetchall() == ROWS
    assert service.connection_count == opened + 1


def test_there_may_be_none(session):
    assert not disconnect(session)
    assert not disconnect(session, "('aws')")


def test_other_servers_keep_theirs(session, service):
    session.execute("CREATE SERVER other FOREIGN DATA WRAPPER dynamodb_kms_fdw")
    session.execute(SCAN)
    opened = service.connection_count
    assert not disconnect(session, "('other')")
    session.execute(SCAN)
    assert service.connection_count == opened


def test_an_open_cursor_reads_on(session, service):
    half = [{"id": {"S": f"key {n}"}, "value": {"N": str(n)}} for n in range(5)]
    service.script("Scan", faults.page(half[:2], "key 1"), faults.page(half[2:]))
    with session.transaction():
        session.execute("DECLARE rows CURSOR FOR SELECT id, value FROM faults")
        first = session.execute("FETCH 1 FROM rows").fetchall()
        disconnect(session)
        assert first + session.execute("FETCH ALL FROM rows").fetchall() == ROWS


def test_the_server_must_be_there_and_usable(session):
    with pytest.raises(psycopg.errors.UndefinedObject):
        disconnect(session, "('nowhere')")
    session.execute("DROP ROLE IF EXISTS disconnecting_role")
    session.execute("CREATE ROLE disconnecting_role")
    try:
        session.execute("SET ROLE disconnecting_role")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="for function"):
            disconnect(session)
        session.execute("RESET ROLE")
        session.execute(
            "GRANT EXECUTE ON FUNCTION dynamodb_kms_fdw_disconnect(name) TO disconnecting_role"
        )
        session.execute("SET ROLE disconnecting_role")
        assert not disconnect(session)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="foreign server aws"):
            disconnect(session, "('aws')")
    finally:
        session.execute("RESET ROLE")
        session.execute("DROP OWNED BY disconnecting_role")
        session.execute("DROP ROLE disconnecting_role")
