"""File descriptors: a backend has few, and connections leave some to others."""

from pathlib import Path

from environment.postgresql import running_postgresql
from faults.clients import ROWS, SCAN, create_table, descriptors
from faults.server import FaultServer

SEGMENTS = 64
CREATE_CHILDREN = """
DO $$
BEGIN
    FOR number IN 1..100 LOOP
        EXECUTE format('CREATE TABLE file_%s () INHERITS (files)', number);
        EXECUTE format('INSERT INTO file_%s VALUES (1)', number);
    END LOOP;
END
$$
"""


def test_more_connections_than_descriptors():
    """Requests wait for a connection, also when idle ones of another server hold what there is."""
    with (
        FaultServer() as service,
        FaultServer() as other,
        running_postgresql("descriptors", settings={"max_files_per_process": "100"}) as postgresql,
        postgresql.database() as database,
        postgresql.connect(database) as connection,
    ):
        create_table(connection, service.endpoint_url, max_connections=SEGMENTS)
        connection.execute(f"ALTER FOREIGN TABLE faults OPTIONS (scan_segments '{SEGMENTS}')")
        for server in (service, other, service):
            connection.execute(
                f"ALTER SERVER aws OPTIONS (SET endpoint_url '{server.endpoint_url}')"
            )
            # The service gives every segment all of its items.
            assert connection.execute(SCAN).rowcount == SEGMENTS * len(ROWS)
        assert 1 < len(descriptors(connection)) < 100 / 3


def test_connections_make_room_among_the_servers_own_files():
    """A backend holds as many files open as it may; connections count among them."""
    with (
        FaultServer() as service,
        running_postgresql("descriptors", settings={"max_files_per_process": "100"}) as postgresql,
        postgresql.database() as database,
        postgresql.connect(database) as connection,
    ):
        create_table(connection, service.endpoint_url)
        connection.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD scan_segments '10')")
        connection.execute("CREATE TABLE files (one int)")
        connection.execute(CREATE_CHILDREN)
        connection.execute("SELECT value FROM faults WHERE id = 'key 1'")
        with connection.transaction():
            connection.execute("SELECT count(*) FROM files")
            files = open_descriptors(connection)
            assert files > 60
            assert connection.execute(SCAN).rowcount == 10 * len(ROWS)
            assert len(descriptors(connection)) > 10
            assert open_descriptors(connection) <= files


def open_descriptors(connection):
    """How many descriptors the backend has."""
    return len(list(Path(f"/proc/{connection.info.backend_pid}/fd").iterdir()))
