"""CALL dynamodb_migrate() into tables of encrypted items and between them: AWS's library reads."""

from encrypted_tables import error_of
from encryption_client import DESCRIPTION, meanings
from test_migrate import Pair, Writer, contents, fill, item

pytest_plugins = ["encrypted_tables"]

ENCRYPTED = {"encryption": "dynamodb_encryption_client", "kms_key_id": "alias/items"}


def assert_library_reads(table, expected):
    """The table has these items, and no others."""
    stored = contents(table.client, table.name)
    assert [entry["id"] for entry in stored] == [entry["id"] for entry in expected]
    assert all(DESCRIPTION in entry for entry in stored)
    for entry in expected:
        assert meanings(table.get(id=entry["id"])) == meanings(entry)


def test_plain_items_become_encrypted_ones(encrypting, dynamodb, make_table):
    pair = Pair(encrypting, dynamodb)
    target = make_table()
    pair.declare("target", target.name, **ENCRYPTED)
    fill(pair.client, pair.source, 60)
    with Writer(pair.client, pair.source, keys=60):
        pair.migrate(", segments => 2, verify => 'none'")
    pair.migrate(", follow => true, follow_lag => '100ms'")
    assert_library_reads(target, contents(pair.client, pair.source))


def test_encrypted_items_go_from_one_table_to_another(encrypting, dynamodb, make_table):
    """The signature of an item names its table, so each is opened and sealed anew."""
    pair = Pair(encrypting, dynamodb)
    source, target = make_table(), make_table()
    pair.declare("source", source.name, **ENCRYPTED)
    pair.declare("target", target.name, **ENCRYPTED)
    items = {number: item(number) for number in range(12)}
    for entry in items.values():
        source.put(**entry)
    pair.migrate()
    # These changes come by the stream.
    items[3] = item(3, 300)
    source.put(**items[3])
    source.client.delete_item(TableName=source.name, Key={"id": items.pop(5)["id"]})
    pair.migrate()
    expected = sorted(items.values(), key=lambda entry: entry["id"]["S"])
    assert_library_reads(target, expected)
    # An image that does not verify stops the migration.
    source.store(source.stored(id=items[3]["id"]) | {"id": {"S": "moved"}})
    assert error_of(encrypting, "CALL dynamodb_migrate('source', 'target')").sqlstate == "XX001"
    assert_library_reads(target, expected)
