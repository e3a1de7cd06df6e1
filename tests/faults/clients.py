"""The PostgreSQL side of the tests against a misbehaving service."""

import contextlib
import os
from pathlib import Path

import psycopg

SCAN = "SELECT id, value FROM faults ORDER BY id"
ROWS = [(f"key {number}", number) for number in range(5)]


KEYS = {"aws_access_key_id": "AKIDFAULTS", "aws_secret_access_key": "secret of the tests"}


def create_scripted_server(connection, endpoint_url, mapping=KEYS, **options):
    """Server `aws` for the endpoint, and the user mapping."""
    server = {"region": "eu-central-1", "endpoint_url": endpoint_url} | options
    connection.execute(
        f"CREATE SERVER aws FOREIGN DATA WRAPPER dynamodb_kms_fdw {options_clause(server)}"
    )
    connection.execute(f"CREATE USER MAPPING FOR CURRENT_USER SERVER aws {options_clause(mapping)}")


def create_table(connection, endpoint_url, mapping=KEYS, **options):
    """Server `aws`, mapping and foreign table `faults` for the endpoint."""
    create_scripted_server(connection, endpoint_url, mapping, **options)
    connection.execute("CREATE FOREIGN TABLE faults (id text, value numeric) SERVER aws")


def options_clause(options):
    quoted = [f"{key} {psycopg.sql.quote(str(value))}" for key, value in options.items()]
    return f"OPTIONS ({', '.join(quoted)})"


def descriptors(connection):
    """What the backend holds open that is a socket or belongs to waiting: name by number."""
    directory = Path(f"/proc/{connection.info.backend_pid}/fd")
    found = {}
    for entry in directory.iterdir():
        with contextlib.suppress(OSError):
            name = os.readlink(entry)
            if name.startswith(("socket:", "anon_inode:", "pipe:")):
                found[entry.name] = name
    return found


def descriptors_of_its_own(connection, service):
    """As descriptors(), without the connections with the service: a backend keeps as many of them
    as it ever had at once, which is for the order of events to decide."""
    with_service = connections(connection, service)
    return {
        number: name for number, name in descriptors(connection).items() if name not in with_service
    }


def connections(connection, service):
    """The sockets by which the backend is connected with the service, named as by descriptors()."""
    remote_end = f"0100007F:{service.port:04X}"
    table = Path(f"/proc/{connection.info.backend_pid}/net/tcp").read_text().splitlines()
    fields = [line.split() for line in table[1:]]
    names = {f"socket:[{field[9]}]" for field in fields if field[2] == remote_end}
    return names & set(descriptors(connection).values())


def memory(connection):
    """Resident bytes of the backend."""
    status = Path(f"/proc/{connection.info.backend_pid}/statm").read_text().split()
    return int(status[1]) * os.sysconf("SC_PAGE_SIZE")
