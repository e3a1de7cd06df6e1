"""examples/migrate_to_encrypted, and what it leaves for boto3 to read."""

import pytest
from encrypted_tables import EncryptedTable
from encryption_client import SIGN_ONLY
from environment import examples, migration


@pytest.fixture(scope="module")
def shown(postgresql):
    """The emulator, the writer, and what psql has printed."""
    with (
        migration.running_customers("pytest-customers") as (emulator, writer),
        postgresql.database() as name,
    ):
        with postgresql.connect(name) as connection:
            connection.execute("DROP EXTENSION dynamodb_kms_fdw")
        with writer:
            output = run(postgresql, name, emulator, "migrate.sql")
        output += run(postgresql, name, emulator, "cut_over.sql")
        yield emulator, writer, output


def run(postgresql, database, emulator, script):
    return examples.run_script(
        postgresql, database, migration.MIGRATION / script, emulator.environment(), "-At"
    )


def test_the_migration_ends_and_readers_see_the_same(shown):
    _, writer, output = shown
    assert writer.written > 0
    assert "done|t|t" in output and "all_there" not in output
    assert output.count("|t\n") >= 3
    assert "f\n" not in output.partition("--- 4. ")[2].replace("If\n", "")


def test_both_tables_hold_the_same(shown):
    """Each item is opened by AWS's library, as any application would."""
    emulator, _, _ = shown
    dynamodb, kms = emulator.client(), emulator.client("kms")
    key = kms.describe_key(KeyId="alias/customers")["KeyMetadata"]["Arn"]
    table = EncryptedTable("customers_encrypted", dynamodb, kms, key, actions={"orders": SIGN_ONLY})
    plain = {item["id"]["S"]: item for item in scan(dynamodb, "customers")}
    stored = {item["id"]["S"]: item for item in scan(dynamodb, "customers_encrypted")}
    assert set(plain) == set(stored)
    for name, item in plain.items():
        assert table.get(id=item["id"]) == {
            "id": item["id"],
            "full_name": item["name"],
            "card": item["card"],
            "orders": item["orders"],
        }
        assert stored[name]["orders"] == item["orders"] and "B" in stored[name]["card"]


def scan(dynamodb, table):
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]
