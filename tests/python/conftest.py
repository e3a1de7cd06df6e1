"""What every test file gets: a private server, the emulators, a database and a connection.

connection   a superuser's connection to a new database with the extension and with a server
             `aws` for the emulator, mapped for the current role
service      a service that answers as a test wants it to, and properly where it says nothing
session      a superuser's connection to a new database with the foreign table `faults` there
dynamodb     the running emulator (boto3 client: dynamodb.client()); a test that asks for it, or
             for `connection`, runs once against each
"""

import sys
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from environment import emulators, paths, processes  # noqa: E402
from environment import postgresql as private_postgresql  # noqa: E402
from faults.clients import create_table  # noqa: E402
from faults.proxy import FaultProxy  # noqa: E402
from faults.server import FaultServer  # noqa: E402


def pytest_configure(config):
    processes.die_with_parent()
    processes.interrupt_on_signals()


@pytest.fixture(scope="session")
def postgresql():
    """The running private server: a PostgreSQL of environment.postgresql."""
    with private_postgresql.running_postgresql("pytest-postgresql") as server:
        yield server


@pytest.fixture(scope="session")
def running_emulators():
    """Emulators by name, started when first asked for."""
    with ExitStack() as stack:
        started = {}

        def emulator(name):
            if name not in started:
                context = emulators.EMULATORS[name](f"pytest-{name}")
                started[name] = stack.enter_context(context)
            return started[name]

        yield emulator


@pytest.fixture(params=sorted(emulators.EMULATORS), scope="session")
def dynamodb(request, running_emulators):
    """An Emulator of environment.emulators; its tables live as long as the session."""
    return running_emulators(request.param)


@pytest.fixture(scope="session")
def moto(running_emulators):
    return running_emulators("moto")


@pytest.fixture(scope="session")
def dynamodb_local(running_emulators):
    return running_emulators("dynamodb_local")


@pytest.fixture
def service():
    with FaultServer() as server:
        yield server


@pytest.fixture
def session(postgresql, database, service):
    with postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url)
        yield connection


@pytest.fixture(scope="module")
def emulator(request, dynamodb_local):
    """dynamodb_local with the module's TABLE, whose key is a number, `id`."""
    name = request.module.TABLE
    client = dynamodb_local.client()
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield dynamodb_local
    client.delete_table(TableName=name)


@pytest.fixture
def proxy(emulator):
    """A FaultProxy before it."""
    with FaultProxy(emulator) as proxy:
        yield proxy


@pytest.fixture
def database(postgresql):
    """The name of a new database with the extension."""
    with postgresql.database() as name:
        yield name


@pytest.fixture
def connection(postgresql, database, dynamodb):
    """A connection to `database`, where the server `aws` is `dynamodb`."""
    with postgresql.connect(database) as connection:
        create_server(connection, dynamodb)
        yield connection


def create_server(connection, emulator, name="aws", **options):
    """CREATE SERVER and the current role's mapping for an emulator; `options` are the server's."""
    endpoint = {"region": emulator.region, "endpoint_url": emulator.endpoint_url}
    keys = {
        "aws_access_key_id": emulator.access_key_id,
        "aws_secret_access_key": emulator.secret_access_key,
    }
    connection.execute(
        f"CREATE SERVER {name} FOREIGN DATA WRAPPER dynamodb_kms_fdw {_clause(endpoint | options)}"
    )
    connection.execute(f"CREATE USER MAPPING FOR CURRENT_USER SERVER {name} {_clause(keys)}")


def _clause(options):
    quoted = [f"{key} {psycopg.sql.quote(str(value))}" for key, value in options.items()]
    return f"OPTIONS ({', '.join(quoted)})"


@pytest.fixture(scope="session")
def programs():
    """The directory of the compiled tests/programs/*.c."""
    return paths.BUILD / "plain"
