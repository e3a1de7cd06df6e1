"""Encrypted columns for the tests about them: tables, keys, and a scripted service."""

import contextlib
import itertools

import psycopg
import pytest
from conftest import create_server
from faults import server as faults
from faults.clients import create_table

SECRET = "s3cret of the columns €"
NAMES = (f"kms_columns_{number}" for number in itertools.count())


@pytest.fixture(scope="session")
def kms(moto):
    return moto.client("kms")


@pytest.fixture(scope="session")
def key(kms):
    """The ARN of a key that has the aliases alias/columns and alias/items."""
    metadata = kms.create_key()["KeyMetadata"]
    for alias in "alias/columns", "alias/items":
        kms.create_alias(AliasName=alias, TargetKeyId=metadata["KeyId"])
    return metadata["Arn"]


@pytest.fixture
def encrypting(postgresql, database, dynamodb, moto):
    """As `connection`, but that the server has moto's KMS."""
    with postgresql.connect(database) as connection:
        create_server(connection, dynamodb, kms_endpoint_url=moto.endpoint_url)
        yield connection


@pytest.fixture
def table(dynamodb):
    """The name of a new table with the hash key `id`, and what puts an item into it."""
    client = dynamodb.client()
    name = next(NAMES)
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})

    def put(**item):
        client.put_item(TableName=name, Item=item)

    yield name, put
    client.delete_table(TableName=name)


@pytest.fixture
def scripted(postgresql, database, service):
    """The foreign table `faults` has an encrypted column `value`."""
    with encrypted_faults(postgresql, database, service) as connection:
        yield connection


@contextlib.contextmanager
def encrypted_faults(postgresql, database, service, **options):
    with postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url, max_attempts="2", **options)
        connection.execute("""
            DROP FOREIGN TABLE faults;
            CREATE FOREIGN TABLE faults (id text, value text OPTIONS (kms_encrypted 'true'))
            SERVER aws OPTIONS (kms_key_id 'alias/scripted')""")
        yield connection


def one(connection, query, *parameters):
    return connection.execute(query, parameters).fetchone()[0]


def error_of(connection, query, *parameters):
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(query, parameters).fetchall()
    return raised.value


def encrypted(kms, key, plaintext, **context):
    data = plaintext if isinstance(plaintext, bytes) else plaintext.encode()
    parameters = {"EncryptionContext": context} if context else {}
    return {"B": kms.encrypt(KeyId=key, Plaintext=data, **parameters)["CiphertextBlob"]}


def declare(connection, table, columns, options="kms_key_id 'alias/columns'"):
    connection.execute(
        f"CREATE FOREIGN TABLE t (id text, {columns}) SERVER aws "
        f"OPTIONS (table_name '{table}', {options})"
    )


def ciphertext_of(text):
    return {"B": faults.base64_of(faults.ciphertext_of(text.encode()))}
