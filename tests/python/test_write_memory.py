"""Loading many rows takes a bounded amount of memory."""

from pathlib import Path

from faults.clients import create_table, memory

ROWS = 100_000
MAXIMUM = 64 * 1024 * 1024


def peak(connection):
    """The most that the backend has ever had resident, in bytes."""
    status = Path(f"/proc/{connection.info.backend_pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def test_copy_of_many_rows(postgresql, database, service):
    with postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url)
        connection.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD write_mode 'overwrite')")
        connection.execute("SELECT * FROM faults")
        before = memory(connection)
        with connection.cursor().copy("COPY faults (id, value) FROM STDIN") as copy:
            for number in range(ROWS):
                copy.write_row((f"key {number} {'x' * 60}", number))
        assert peak(connection) - before < MAXIMUM
    requests = [r for r in service.requests if r.operation == "BatchWriteItem"]
    written = [
        item["PutRequest"]["Item"]["value"]["N"]
        for request in requests
        for item in request.body["RequestItems"]["faults"]
    ]
    assert sorted(map(int, written)) == list(range(ROWS))
    assert len(requests) == ROWS / 25


def test_copy_of_large_rows(postgresql, database, service):
    """Items of nearly 400 KB: the bytes in flight are limited, not only the requests."""
    with postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url)
        connection.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD write_mode 'overwrite')")
        connection.execute("ALTER FOREIGN TABLE faults ADD COLUMN text text")
        before = memory(connection)
        with connection.cursor().copy("COPY faults FROM STDIN") as copy:
            for number in range(300):
                copy.write_row((f"key {number}", number, "x" * 390_000))
        assert peak(connection) - before < MAXIMUM
