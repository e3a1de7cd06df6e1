"""Change streams of encrypted tables: AWS's library writes, and opens what boto3 reads as well."""

import os
from contextlib import contextmanager

import pytest
from dynamodb_encryption_sdk.encrypted import CryptoConfig
from dynamodb_encryption_sdk.encrypted.item import decrypt_dynamodb_item
from dynamodb_encryption_sdk.structures import AttributeActions, EncryptionContext
from encrypted_columns import encrypted as kms_ciphertext
from encrypted_tables import error_of, everything_shown, executed_plan_of, one, rows
from encryption_client import DESCRIPTION, DO_NOTHING, ENCRYPT_AND_SIGN, SIGN_ONLY
from faults import server as faults
from faults.clients import create_table, options_clause
from faults.server import FaultServer, answer_properly
from faults.streams import ScriptedStream, Shard
from test_encrypted_faults import cancelled, encrypted, keys_in_memory, together
from test_kms_columns import found_in_memory, secret_texts
from test_streams import STREAM_OPERATIONS, records_of_boto3, typed_json

pytest_plugins = ["encrypted_tables"]

ENCRYPTION = {"encryption": "dynamodb_encryption_client", "kms_key_id": "alias/items"}
IMAGES = (
    "event_name text, keys jsonb OPTIONS (json_format 'dynamodb'), "
    "new_image jsonb OPTIONS (json_format 'dynamodb'), "
    "old_image jsonb OPTIONS (json_format 'dynamodb')"
)


@pytest.fixture
def make_stream(make_table):
    """Makes an EncryptedTable with a stream of this view."""

    def make(view="NEW_AND_OLD_IMAGES", **options):
        table = make_table(**options)
        stream = {"StreamEnabled": True, "StreamViewType": view}
        table.client.update_table(TableName=table.name, StreamSpecification=stream)
        table.client.get_waiter("table_exists").wait(
            TableName=table.name, WaiterConfig={"Delay": 1}
        )
        return table

    return make


def declare(connection, table, columns=IMAGES, **options):
    connection.execute("DROP FOREIGN TABLE IF EXISTS changes")
    clause = options_clause({"stream_of": table.name} | ENCRYPTION | options)
    connection.execute(f"CREATE FOREIGN TABLE changes ({columns}) SERVER aws {clause}")


def item(key, **attributes):
    return {"id": {"S": key}} | attributes


def write_some(table):
    table.put(**item("a", n={"N": "1"}, data={"B": b"\x00\x01"}, tags={"SS": ["x", "y"]}))
    table.put(**item("b", n={"N": "2"}, secret={"S": "of b"}))
    table.put(**item("a", n={"N": "3"}, nested={"M": {"deep": {"L": [{"N": "1"}]}}}))
    table.client.delete_item(TableName=table.name, Key={"id": {"S": "b"}})


def opened(table, image):
    """What AWS's library makes of an image that boto3 has read."""
    if image is None:
        return None
    actions = AttributeActions(
        default_action=table.library._attribute_actions.default_action,
        attribute_actions=dict(table.library._attribute_actions.attribute_actions),
    )
    actions.set_index_keys("id")
    context = EncryptionContext(table.name, "id", attributes=image)
    return decrypt_dynamodb_item(image, CryptoConfig(table.provider, context, actions))


def test_images_are_what_the_library_opens(encrypting, dynamodb, make_stream):
    table = make_stream(default_action=ENCRYPT_AND_SIGN, actions={"n": SIGN_ONLY})
    write_some(table)
    columns = IMAGES + ", n int OPTIONS (crypto_action 'sign_only')"
    declare(encrypting, table, columns)
    changes = [entry["dynamodb"] for entry in records_of_boto3(dynamodb, table.name)]
    assert all(DESCRIPTION in (c.get("NewImage") or c["OldImage"]) for c in changes)
    theirs = [
        tuple(typed_json(opened(table, change.get(name))) for name in ("NewImage", "OldImage"))
        for change in changes
    ]
    assert rows(encrypting, "SELECT new_image, old_image FROM changes") == theirs
    assert rows(encrypting, "SELECT event_name, keys, n FROM changes") == [
        ("INSERT", {"id": {"S": "a"}}, 1),
        ("INSERT", {"id": {"S": "b"}}, 2),
        ("MODIFY", {"id": {"S": "a"}}, 3),
        ("REMOVE", {"id": {"S": "b"}}, 2),
    ]


def test_single_attributes_are_opened(encrypting, make_stream):
    table = make_stream(actions={"open": DO_NOTHING})
    table.put(**item("a", value={"S": "one"}, open={"S": "x"}))
    table.put(**item("a", value={"S": "two"}, open={"S": "y"}))
    table.client.delete_item(TableName=table.name, Key={"id": {"S": "a"}})
    declare(
        encrypting,
        table,
        "event_name text, id text, value text, open text OPTIONS (crypto_action 'do_nothing'), "
        "deep text OPTIONS (attribute_path 'value'), rest jsonb OPTIONS (whole_item 'true')",
    )
    assert rows(encrypting, "SELECT * FROM changes") == [
        ("INSERT", "a", "one", "x", "one", {}),
        ("MODIFY", "a", "two", "y", "two", {}),
        ("REMOVE", "a", "two", "y", "two", {}),
    ]
    assert rows(encrypting, "SELECT event_name FROM changes WHERE value = 'two'") == [
        ("MODIFY",),
        ("REMOVE",),
    ]


def calls(connection, query):
    plan = executed_plan_of(connection, query)
    plan = plan.get("Plans", [plan])[0]
    return plan.get("KMS Calls"), plan.get("Data Key Cache Hits")


def test_only_what_is_asked_for_is_decrypted(encrypting, make_stream):
    table = make_stream()
    write_some(table)
    declare(encrypting, table)
    encrypting.execute("ALTER SERVER aws OPTIONS (ADD data_key_cache_size '0')")
    # Three items were written, one of them twice; each has a data key of its own.
    assert calls(encrypting, "SELECT event_name, keys FROM changes") == (None, None)
    assert calls(encrypting, "SELECT new_image FROM changes") == (3, 0)
    assert calls(encrypting, "SELECT old_image FROM changes") == (2, 0)
    assert calls(encrypting, "SELECT new_image FROM changes LIMIT 1") == (1, 0)
    encrypting.execute("ALTER SERVER aws OPTIONS (DROP data_key_cache_size)")
    assert calls(encrypting, "SELECT new_image, old_image FROM changes") == (3, 2)
    assert calls(encrypting, "SELECT new_image, old_image FROM changes") == (0, 5)


@pytest.mark.parametrize("guard", ["0", "1"])
def test_calls_of_kms_are_guarded(encrypting, make_stream, guard):
    table = make_stream()
    write_some(table)
    declare(encrypting, table, max_kms_calls=int(guard) + 1)
    assert error_of(encrypting, "SELECT new_image FROM changes").sqlstate == "53400"
    assert len(rows(encrypting, "SELECT keys FROM changes")) == 4


@pytest.mark.parametrize("view", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE"])
def test_what_a_view_leaves_out_is_null(encrypting, make_stream, view):
    table = make_stream(view)
    table.put(**item("a", value={"S": "one"}))
    table.put(**item("a", value={"S": "two"}))
    table.client.delete_item(TableName=table.name, Key={"id": {"S": "a"}})
    declare(encrypting, table, "id text, value text, new_image jsonb, old_image jsonb")
    one_image, two = ({"id": "a", "value": value} for value in ("one", "two"))
    expected = {
        "KEYS_ONLY": [("a", None, None, None)] * 3,
        "NEW_IMAGE": [
            ("a", "one", one_image, None),
            ("a", "two", two, None),
            ("a", None, None, None),
        ],
        "OLD_IMAGE": [
            ("a", None, None, None),
            ("a", "one", None, one_image),
            ("a", "two", None, two),
        ],
    }
    assert rows(encrypting, "SELECT * FROM changes") == expected[view]


SECRET = "not to be shown"


def store_bad_image(table):
    """A good item, then one under another key than it was made for, then the good one removed."""
    table.put(**item("good", value={"S": SECRET}))
    table.store(table.stored(id={"S": "good"}) | {"id": {"S": "moved"}})
    table.client.delete_item(TableName=table.name, Key={"id": {"S": "good"}})


def test_a_bad_image_is_an_error(encrypting, make_stream):
    table = make_stream()
    store_bad_image(table)
    declare(encrypting, table, "id text, value text, keys jsonb, new_image jsonb, old_image jsonb")
    for column in "new_image", "value":
        error = error_of(encrypting, f"SELECT {column} FROM changes")
        assert error.sqlstate == "XX001"
        assert f'table "{table.name}"' in error.diag.message_primary
        assert "moved" in error.diag.context
        assert SECRET not in everything_shown(error)
    # Its key can be seen, and what does not need it is read.
    assert len(rows(encrypting, "SELECT keys, old_image FROM changes")) == 3


def test_bad_images_are_skipped_where_they_are_to_be(encrypting, make_stream):
    table = make_stream()
    store_bad_image(table)
    declare(encrypting, table, "keys jsonb, new_image jsonb, value text", on_bad_item="skip")
    warnings = []
    encrypting.add_notice_handler(
        lambda said: warnings.append((said.sqlstate, said.message_primary))
    )
    assert rows(encrypting, "SELECT keys->>'id', new_image->>'value', value FROM changes") == [
        ("good", SECRET, SECRET),
        ("good", None, SECRET),
    ]
    assert warnings == [
        (
            "XX001",
            f'1 item of encrypted DynamoDB table "{table.name}" does not verify and was skipped',
        )
    ]


def test_a_scan_that_is_run_again_opens_the_same(encrypting, make_stream):
    table = make_stream()
    write_some(table)
    declare(encrypting, table)
    for setting in "enable_hashjoin", "enable_mergejoin", "enable_material":
        encrypting.execute(f"SET {setting} = off")
    join = "SELECT count(*), count(b.new_image) FROM changes a JOIN changes b ON a.keys = b.keys"
    assert rows(encrypting, join) == [(8, 6)]
    # The first row is read again while others have not been read yet.
    parts = """SELECT (SELECT count(new_image) FROM
                        (SELECT new_image FROM changes LIMIT n) AS first)
               FROM generate_series(1, 5) AS n"""
    assert rows(encrypting, parts) == [(1,), (2,), (3,), (3,), (3,)]


def test_the_table_is_asked_for_its_keys(encrypting, make_stream):
    table = make_stream()
    declare(encrypting, table, stream_of="no_such_table")
    assert error_of(encrypting, "SELECT new_image FROM changes").sqlstate == "HV00R"
    encrypting.execute("EXPLAIN SELECT new_image FROM changes")


def test_a_copy_is_bound_to_the_name_of_the_original(encrypting, make_stream):
    original, copy = make_stream(), make_stream()
    original.put(**item("a", value={"S": "one"}))
    copy.store(original.stored(id={"S": "a"}))
    declare(encrypting, copy)
    assert error_of(encrypting, "SELECT new_image FROM changes").sqlstate == "XX001"
    declare(encrypting, copy, logical_table_name=original.name)
    assert one(encrypting, "SELECT new_image->'value' FROM changes") == {"S": "one"}


def test_encrypted_columns_are_decrypted(encrypting, kms, key, make_stream):
    table = make_stream()
    for text in "one", "two":
        table.store(item("a", value=kms_ciphertext(kms, key, text, of="a")))
    table.client.delete_item(TableName=table.name, Key={"id": {"S": "a"}})
    declare(
        encrypting,
        table,
        "id text, event_name text, old_image jsonb, value text OPTIONS (kms_encrypted 'true', "
        """kms_encryption_context '{"of": "$id"}')""",
        encryption="none",
    )
    assert rows(encrypting, "SELECT event_name, value FROM changes") == [
        ("INSERT", "one"),
        ("MODIFY", "two"),
        ("REMOVE", "two"),
    ]
    assert rows(encrypting, "SELECT jsonb_typeof(old_image->'value') FROM changes") == [
        (None,),
        ("string",),
        ("string",),
    ]
    assert calls(encrypting, "SELECT event_name FROM changes") == (None, None)


@pytest.mark.parametrize(
    "columns, encryption, code",
    [
        ("new_image jsonb OPTIONS (crypto_action 'sign_only')", True, "HV00D"),
        ("new_image jsonb OPTIONS (kms_encrypted 'true')", False, "HV00D"),
        ("event_name text OPTIONS (kms_encrypted 'true')", False, "HV00D"),
        ("value text OPTIONS (kms_encrypted 'true')", True, "HV024"),
        ("value text OPTIONS (crypto_action 'sign_only')", False, "HV024"),
        (
            "event_name text, value text OPTIONS (kms_encrypted 'true', "
            """kms_encryption_context '{"of": "$event_name"}')""",
            False,
            "HV024",
        ),
    ],
)
def test_options_that_make_no_sense_are_refused(encrypting, make_stream, columns, encryption, code):
    table = make_stream()
    declare(encrypting, table, columns, **({} if encryption else {"encryption": "none"}))
    assert error_of(encrypting, "SELECT * FROM changes").sqlstate == code


# ---- a scripted service ----


def image_records(texts, data_keys):
    """New items, each with a data key of its own."""
    made = []
    for number, (text, data_key) in enumerate(zip(texts, data_keys, strict=True)):
        image = encrypted(number, text, data_key)
        change = {
            "Keys": {"id": image["id"]},
            "NewImage": image,
            "SequenceNumber": str(number + 1),
            "ApproximateCreationDateTime": 1_700_000_000,
        }
        made.append({"eventID": f"{number}", "eventName": "INSERT", "dynamodb": change})
    return made


@contextmanager
def scripted_changes(postgresql, database, texts, data_keys=None, columns="new_image jsonb"):
    data_keys = data_keys or [os.urandom(32) for _ in texts]
    stream = ScriptedStream(root=Shard(image_records(texts, data_keys), page=100, open=False))

    def answer(conversation):
        of_stream = conversation.request.operation in STREAM_OPERATIONS
        (stream.answer if of_stream else answer_properly)(conversation)

    with FaultServer(proper=answer) as service, postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url, max_attempts="2")
        connection.execute(f"""
            CREATE FOREIGN TABLE changes ({columns}) SERVER aws
            OPTIONS (stream_of 'faults', encryption 'dynamodb_encryption_client',
                     kms_key_id 'alias/scripted')""")
        yield connection, service


def test_data_keys_are_asked_for_together(postgresql, database):
    texts = [f"text {number}" for number in range(63)]
    with scripted_changes(postgresql, database, texts) as (connection, service):
        in_turns = [
            behave for count in (1, 2, 4, 8, 16, 32) for behave in together(count, answer_properly)
        ]
        service.script("Decrypt", *in_turns)
        found = rows(connection, "SELECT new_image->>'value' FROM changes")
        assert [text for (text,) in found] == texts
        assert service.count("Decrypt") == 63


def test_a_cancel_reaches_the_wait_for_a_data_key(postgresql, database):
    with scripted_changes(postgresql, database, ["a", "b"]) as (connection, service):
        service.script("Decrypt", faults.stall)
        sqlstate, seconds = cancelled(connection, service, "SELECT new_image FROM changes")
        assert sqlstate == "57014" and seconds < 0.1
        assert one(connection, "SELECT count(new_image) FROM changes") == 2


def test_errors_of_kms_are_no_bad_images(postgresql, database):
    with scripted_changes(postgresql, database, ["a", "b"]) as (connection, service):
        connection.execute("ALTER FOREIGN TABLE changes OPTIONS (ADD on_bad_item 'skip')")
        service.script("Decrypt", faults.refuse(400, "AccessDeniedException"))
        assert error_of(connection, "SELECT new_image FROM changes").sqlstate == "42501"


def test_nothing_of_images_gone_by_is_in_memory(postgresql, database):
    texts = secret_texts(300)
    data_keys = [os.urandom(32) for _ in texts]
    columns = "value text, image jsonb OPTIONS (stream_role 'new_image')"
    with scripted_changes(postgresql, database, texts, data_keys, columns) as (connection, _):
        connection.execute("ALTER SERVER aws OPTIONS (ADD data_key_cache_size '0')")
        assert one(connection, "SELECT sum(length(value)) FROM changes") == sum(map(len, texts))
        # Of the first row an aggregate makes a copy of its own, to compare groups with.
        assert not found_in_memory(connection, texts[1:])
        assert not keys_in_memory(connection, data_keys)
        # What a rescan needs is kept, but not in the clear.
        with connection.transaction():
            connection.execute("DECLARE c CURSOR FOR SELECT length(value) FROM changes")
            connection.execute("MOVE 200 FROM c")
            assert not found_in_memory(connection, texts[1:150])


def test_errors_leave_no_plaintext(postgresql, database):
    texts = secret_texts(10)
    with scripted_changes(postgresql, database, texts, columns="value int") as (connection, _):
        error = error_of(connection, "SELECT value FROM changes")
        assert not any(text in everything_shown(error) for text in texts)
        assert not found_in_memory(connection, texts)
