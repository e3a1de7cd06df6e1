"""The library loaded by the postmaster: what it starts, it starts in a backend, after the fork."""

from pathlib import Path

from environment.postgresql import running_postgresql
from faults.clients import ROWS, SCAN, create_table
from faults.server import FaultServer


def test_preloaded_library_starts_nothing_before_the_fork():
    settings = {"shared_preload_libraries": "dynamodb_kms_fdw"}
    with (
        FaultServer() as service,
        running_postgresql("preloaded", settings=settings) as postgresql,
        postgresql.database() as database,
        postgresql.connect(database) as first,
        postgresql.connect(database) as second,
    ):
        create_table(first, service.endpoint_url)
        for connection in (first, second, first):
            assert connection.execute(SCAN).fetchall() == ROWS
        assert service.connection_count == 2
        threads = Path(f"/proc/{postgresql.process_id}/task").iterdir()
        assert len(list(threads)) == 1
