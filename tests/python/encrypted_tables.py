"""Encrypted tables for the tests about them: AWS's library for Python at the other end.

Items are in boto3's typed form, with bytes for binaries.
"""

import itertools
from dataclasses import dataclass, field

import psycopg
import pytest
from dynamodb_encryption_sdk.encrypted.client import EncryptedClient
from dynamodb_encryption_sdk.identifiers import CryptoAction
from dynamodb_encryption_sdk.material_providers.aws_kms import AwsKmsCryptographicMaterialsProvider
from dynamodb_encryption_sdk.structures import AttributeActions
from encryption_client import DO_NOTHING, ENCRYPT_AND_SIGN, SIGN_ONLY
from environment.emulators import REGION

NAMES = (f"encrypted_table_{number}" for number in itertools.count())
ACTIONS = {
    DO_NOTHING: CryptoAction.DO_NOTHING,
    SIGN_ONLY: CryptoAction.SIGN_ONLY,
    ENCRYPT_AND_SIGN: CryptoAction.ENCRYPT_AND_SIGN,
}


# The fixtures `kms`, `key` and `encrypting`.
pytest_plugins = ["encrypted_columns"]


@dataclass
class EncryptedTable:
    """A DynamoDB table, AWS's client for it, and the foreign table `t`."""

    name: str
    client: object  # boto3's
    kms: object
    key_id: str
    default_action: int = ENCRYPT_AND_SIGN
    actions: dict = field(default_factory=dict)

    @property
    def provider(self):
        """AWS's provider of data keys."""
        return AwsKmsCryptographicMaterialsProvider(
            self.key_id, regional_clients={REGION: self.kms}
        )

    @property
    def library(self):
        """AWS's EncryptedClient."""
        return EncryptedClient(
            client=self.client,
            materials_provider=self.provider,
            attribute_actions=AttributeActions(
                default_action=ACTIONS[self.default_action],
                attribute_actions={name: ACTIONS[action] for name, action in self.actions.items()},
            ),
        )

    def put(self, **item):
        """The library writes an item."""
        self.library.put_item(TableName=self.name, Item=item)

    def get(self, **key):
        """The library reads an item; None when there is none."""
        return self.library.get_item(TableName=self.name, Key=key).get("Item")

    def stored(self, **key):
        """The item as it is stored."""
        return self.client.get_item(TableName=self.name, Key=key).get("Item")

    def store(self, item):
        self.client.put_item(TableName=self.name, Item=item)

    def declare(self, connection, columns, foreign_table="t", **options):
        options = {"table_name": self.name, "kms_key_id": "alias/items", **options}
        options.setdefault("encryption", "dynamodb_encryption_client")
        quoted = ", ".join(f"{name} {psycopg.sql.quote(v)}" for name, v in options.items())
        connection.execute(
            f"CREATE FOREIGN TABLE {foreign_table} ({columns}) SERVER aws OPTIONS ({quoted})"
        )


@pytest.fixture
def make_table(dynamodb, kms, key):
    """Makes an EncryptedTable: hash key `id`, perhaps the range key `r`, of these types."""
    client = dynamodb.client()
    made = []

    def make(hash_type="S", range_type=None, indexes=(), hash_key="id", range_key="r", **options):
        name = next(NAMES)
        attributes = {hash_key: hash_type}
        if range_type is not None:
            attributes[range_key] = range_type
        schema = list(zip(attributes, ["HASH", "RANGE"], strict=False))
        for index in indexes:
            attributes |= index["attributes"]
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in schema],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": kind} for name, kind in attributes.items()
            ],
            **({"GlobalSecondaryIndexes": [i["definition"] for i in indexes]} if indexes else {}),
        )
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
        made.append(name)
        return EncryptedTable(name, client, kms, key, **options)

    yield make
    for name in made:
        client.delete_table(TableName=name)


def index(name, attribute, kind, projection):
    return {
        "attributes": {attribute: kind},
        "definition": {
            "IndexName": name,
            "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}],
            "Projection": projection,
        },
    }


def one(connection, query, *parameters):
    return connection.execute(query, parameters or None).fetchone()[0]


def rows(connection, query, *parameters):
    return connection.execute(query, parameters or None).fetchall()


def error_of(connection, query, *parameters):
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(query, parameters or None)
    return raised.value


def everything_shown(error):
    diagnosis = error.diag
    return " ".join(
        filter(
            None,
            [
                diagnosis.message_primary,
                diagnosis.message_detail,
                diagnosis.message_hint,
                diagnosis.context,
            ],
        )
    )


def plan_of(connection, query):
    plan = one(connection, f"EXPLAIN (VERBOSE, FORMAT JSON) {query}")
    return plan[0]["Plan"]


def executed_plan_of(connection, query):
    plan = one(connection, f"EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) {query}")
    return plan[0]["Plan"]
