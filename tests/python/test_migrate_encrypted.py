"""CALL dynamodb_migrate() into tables of encrypted items and between them: AWS's library reads."""

from attribute_values import meanings
from encrypted_tables import error_of
from encryption_client import DESCRIPTION
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


def test_items_go_from_one_key_to_another_and_back_to_plain_ones(
    encrypting, dynamodb, make_table, kms
):
    """The second table's items open with the second key alone; the third's are the first items."""
    pair = Pair(encrypting, dynamodb)
    source, middle = make_table(), make_table()
    middle.key_id = kms.create_key()["KeyMetadata"]["Arn"]
    items = [item(number) for number in range(12)]
    for entry in items:
        source.put(**entry)
    pair.declare("source", source.name, **ENCRYPTED)
    pair.declare("target", middle.name, **ENCRYPTED | {"kms_key_id": middle.key_id})
    pair.migrate()
    assert_library_reads(middle, sorted(items, key=lambda entry: entry["id"]["S"]))
    pair.declare("source", middle.name, **ENCRYPTED | {"kms_key_id": middle.key_id})
    pair.declare("target", pair.target)
    pair.migrate()
    expected = sorted(items, key=lambda entry: entry["id"]["S"])
    assert contents(pair.client, pair.target) == expected


def test_an_item_that_encryption_makes_too_large_is_named(encrypting, dynamodb, make_table):
    """Each attribute becomes larger, by what its padding and initialization vector take."""
    pair = Pair(encrypting, dynamodb)
    pair.declare("target", make_table().name, **ENCRYPTED)
    for name, count in (("small", 1), ("large", 500)):
        values = {f"value {number}": {"S": "#" * 780} for number in range(count)}
        pair.client.put_item(TableName=pair.source, Item={"id": {"S": name}} | values)
    error = error_of(encrypting, "CALL dynamodb_migrate('source', 'target')")
    assert error.sqlstate == "54000"
    assert 'foreign table "target", key {"id": "large"}' in error.diag.context
    assert "###" not in str(error)


def test_items_that_the_source_skips_are_not_in_the_target(encrypting, dynamodb, make_table):
    """Neither one that was bad at first, nor one that has become so."""
    pair = Pair(encrypting, dynamodb)
    source, target = make_table(), make_table()
    pair.declare("source", source.name, **ENCRYPTED, on_bad_item="skip")
    pair.declare("target", target.name, **ENCRYPTED)
    items = [item(number) for number in range(6)]
    for entry in items:
        source.put(**entry)

    def spoil(number):
        stored = source.stored(id=items[number]["id"])
        source.store(stored | {"tags": {"SS": ["spoilt"]}})

    spoil(2)
    notices = []
    pair.connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    pair.migrate()
    assert_library_reads(target, items[:2] + items[3:])
    assert f'1 item of encrypted DynamoDB table "{source.name}" does not verify' in "".join(notices)
    spoil(4)
    pair.migrate()
    assert_library_reads(target, items[:2] + items[3:4] + items[5:])


def test_values_are_in_no_error_of_a_generated_column(encrypting, dynamodb, make_table):
    pair = Pair(encrypting, dynamodb)
    target = make_table()
    columns = (
        "id text OPTIONS (key 'hash'), name text, number int GENERATED ALWAYS AS (name::int) STORED"
    )
    pair.declare("source", pair.source, "id text OPTIONS (key 'hash'), name text")
    pair.declare("target", target.name, columns, **ENCRYPTED)
    pair.client.put_item(TableName=pair.source, Item={"id": {"S": "1"}, "name": {"S": "secret"}})
    error = error_of(encrypting, "CALL dynamodb_migrate('source', 'target')")
    assert error.sqlstate == "22P02"
    assert "secret" not in str(error)
