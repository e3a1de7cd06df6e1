"""File descriptors: a backend has few, and connections leave some to others."""

from environment.postgresql import running_postgresql
from faults.clients import ROWS, SCAN, create_table, descriptors
from faults.server import FaultServer

SEGMENTS = 64


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
