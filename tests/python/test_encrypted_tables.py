"""Encrypted items as SQL reads them: AWS's library for Python writes, both emulators store."""

import itertools
from decimal import Decimal

import boto3
import pytest
from dynamodb_encryption_sdk.encrypted.client import EncryptedClient
from dynamodb_encryption_sdk.material_providers.most_recent import CachingMostRecentProvider
from dynamodb_encryption_sdk.material_providers.store.meta import MetaStore
from dynamodb_encryption_sdk.structures import AttributeActions
from encrypted_tables import (
    error_of,
    everything_shown,
    executed_plan_of,
    index,
    one,
    plan_of,
    rows,
)
from encryption_client import (
    DESCRIPTION,
    DO_NOTHING,
    ENCRYPT_AND_SIGN,
    SIGN_ONLY,
    SIGNATURE,
)

pytest_plugins = ["encrypted_tables"]

SECRET = "s3cret of the items €"
KEYS = {
    "S": [({"S": "key"}, "key"), ({"S": "ключ 😀"}, "ключ 😀")],
    "N": [({"N": "42"}, Decimal(42)), ({"N": "-0.5"}, Decimal("-0.5"))],
    "B": [({"B": b"\x00\xff"}, b"\x00\xff")],
}
SQL_TYPES = {"S": "text", "N": "numeric", "B": "bytea"}

# By SQL's type: what is stored, and what SQL makes of it.
VALUES = {
    "s text": ({"S": SECRET}, SECRET),
    "empty text": ({"S": ""}, ""),
    "n numeric": ({"N": "1234567890.123456789012345678"}, Decimal("1234567890.123456789012345678")),
    "small numeric": ({"N": "1E-130"}, Decimal("1E-130")),
    "i int": ({"N": "-7"}, -7),
    "b bytea": ({"B": bytes(range(256))}, bytes(range(256))),
    "no bytea": ({"B": b""}, b""),
    "o boolean": ({"BOOL": False}, False),
    "nothing text": ({"NULL": True}, None),
    "ss text[]": ({"SS": ["b", "a", "ü"]}, {"a", "b", "ü"}),
    "ns numeric[]": ({"NS": ["10", "9", "-1.5"]}, {Decimal("-1.5"), Decimal(9), Decimal(10)}),
    "bs bytea[]": ({"BS": [b"\x01\x02", b"\x01"]}, {b"\x01", b"\x01\x02"}),
    "l jsonb": ({"L": [{"S": "x"}, {"N": "1"}, {"L": []}]}, ["x", 1, []]),
    "m jsonb": ({"M": {"k": {"BOOL": True}, "ü": {"M": {}}}}, {"k": True, "ü": {}}),
}


def every_value():
    return {column.split()[0]: stored for column, (stored, _) in VALUES.items()}


def assert_every_value(connection, where=""):
    columns = ", ".join(column.split()[0] for column in VALUES)
    (row,) = rows(connection, f"SELECT {columns} FROM t {where}")
    for value, (column, (_, expected)) in zip(row, VALUES.items(), strict=True):
        found = (
            set(map(bytes if column == "bs bytea[]" else lambda e: e, value))
            if isinstance(expected, set)
            else value
        )
        assert found == expected, column


@pytest.mark.parametrize("default_action", [ENCRYPT_AND_SIGN, SIGN_ONLY, DO_NOTHING])
def test_every_type_and_action(encrypting, make_table, default_action):
    table = make_table(default_action=default_action, actions={"one": SIGN_ONLY, "two": DO_NOTHING})
    table.put(id={"S": "x"}, one={"S": "1"}, two={"S": "2"}, **every_value())
    names = {ENCRYPT_AND_SIGN: "encrypt_and_sign", SIGN_ONLY: "sign_only", DO_NOTHING: "do_nothing"}
    table.declare(
        encrypting,
        ", ".join(
            [
                "id text",
                "one text OPTIONS (crypto_action 'sign_only')",
                "two text OPTIONS (crypto_action 'do_nothing')",
                *VALUES,
            ]
        ),
        crypto_action=names[default_action],
    )
    assert_every_value(encrypting)
    assert_every_value(encrypting, "WHERE id = 'x'")
    assert rows(encrypting, "SELECT id, one, two FROM t") == [("x", "1", "2")]


@pytest.mark.parametrize("hash_type", KEYS)
@pytest.mark.parametrize("range_type", [None, *KEYS])
def test_every_shape_of_key(encrypting, make_table, hash_type, range_type):
    table = make_table(hash_type, range_type)
    columns = [f"id {SQL_TYPES[hash_type]}", "v text"]
    ranges = [(None, None)] if range_type is None else KEYS[range_type]
    if range_type is not None:
        columns.append(f"r {SQL_TYPES[range_type]}")
    table.declare(encrypting, ", ".join(columns))
    for (hash_key, hash_value), (range_key, range_value) in itertools.product(
        KEYS[hash_type], ranges
    ):
        item = {"id": hash_key, "v": {"S": SECRET}}
        conditions, parameters = "id = %s", [hash_value]
        if range_key is not None:
            item["r"] = range_key
            conditions, parameters = "id = %s AND r = %s", [hash_value, range_value]
        table.put(**item)
        assert rows(encrypting, f"SELECT v FROM t WHERE {conditions}", *parameters) == [(SECRET,)]
        assert rows(encrypting, "SELECT v FROM t WHERE id = %s", hash_value) != []
    assert one(encrypting, "SELECT count(*) FROM t") == len(KEYS[hash_type]) * len(ranges)


def test_attributes_without_a_column_are_verified_and_shown(encrypting, make_table):
    table = make_table()
    table.put(id={"S": "x"}, v={"S": SECRET}, other={"N": "1"}, more={"SS": ["a"]})
    table.declare(encrypting, "id text, v text, rest jsonb OPTIONS (whole_item 'true')")
    assert rows(encrypting, "SELECT id, v, rest FROM t") == [
        ("x", SECRET, {"other": 1, "more": ["a"]})
    ]
    table.declare(encrypting, "id text", "ids")
    assert rows(encrypting, "SELECT id FROM ids") == [("x",)]
    stored = table.stored(id={"S": "x"})
    table.store({**stored, "other": {"B": bytes(32)}})
    assert error_of(encrypting, "SELECT id FROM ids").sqlstate == "XX001"


def test_the_vaults_table(encrypting, make_table):
    """An unsigned sort key is bound through the encryption context."""
    table = make_table(
        range_type="S",
        hash_key="Hash_Key",
        range_key="Account_Id",
        actions={"Account_Id": DO_NOTHING},
    )
    token = "0e9e6a0e-5c8d-4b57-a5f2-6b0f4a3c6c55"
    table.put(
        Hash_Key={"S": token}, Account_Id={"S": "1"}, CandidateString={"S": "4111 1111 1111 1111"}
    )
    table.declare(
        encrypting,
        """"Hash_Key" uuid, "Account_Id" text OPTIONS (crypto_action 'do_nothing'),
           "CandidateString" text""",
    )
    query = 'SELECT "CandidateString" FROM t WHERE "Hash_Key" = %s AND "Account_Id" = %s'
    assert one(encrypting, query, token, "1") == "4111 1111 1111 1111"
    table.store(
        {**table.stored(Hash_Key={"S": token}, Account_Id={"S": "1"}), "Account_Id": {"S": "2"}}
    )
    error = error_of(encrypting, query, token, "2")
    assert error.sqlstate == "XX001" and "4111" not in everything_shown(error)
    assert one(encrypting, query, token, "1") == "4111 1111 1111 1111"


def test_both_orders_of_signatures_are_read(encrypting, make_table):
    """Attribute names and elements that UTF-8 and UTF-16 order differently."""
    names = {"\ue000": {"S": "1"}, "😀": {"S": "2"}, "s": {"SS": ["\ue000", "😀"]}}
    table = make_table(default_action=SIGN_ONLY)
    table.put(id={"S": "x"}, **names)
    for order in ("utf8", "utf16"):
        table.declare(
            encrypting,
            'id text, "😀" text',
            order,
            signature_order=order,
            crypto_action="sign_only",
        )
        assert rows(encrypting, f'SELECT "😀" FROM {order}') == [("2",)]


# --- requests -----------------------------------------------------------------------------------


@pytest.fixture
def conditions_table(encrypting, make_table):
    table = make_table(range_type="N", actions={"plain": SIGN_ONLY})
    for number in range(8):
        table.put(
            id={"S": "ab"[number % 2]},
            r={"N": str(number)},
            v={"S": f"{SECRET} {number}"},
            plain={"S": str(number)},
        )
    table.declare(
        encrypting,
        """id text, r int, v text, plain text OPTIONS (crypto_action 'sign_only') COLLATE "C\"""",
    )
    return table


def test_conditions_on_what_is_encrypted_stay_here(encrypting, conditions_table):
    for condition in ("v = 'x'", "v IS NULL", "v LIKE 'a%'", "v IN ('x', 'y')", "v > 'a'"):
        plan = plan_of(encrypting, f"SELECT r FROM t WHERE {condition}")
        assert "DynamoDB Filter" not in plan and "Filter" in plan and "Projection" not in plan
    assert rows(encrypting, "SELECT r FROM t WHERE v = %s", f"{SECRET} 5") == [(5,)]


def test_conditions_on_what_is_signed_are_sent_and_checked_again(encrypting, conditions_table):
    plan = plan_of(encrypting, "SELECT r FROM t WHERE plain = '3'")
    assert "plain" in plan["DynamoDB Filter"] and "plain" in plan["Filter"]
    executed = executed_plan_of(encrypting, "SELECT r FROM t WHERE plain = '3'")
    assert executed["KMS Calls"] == 1 and executed["Actual Rows"] == 1


def test_key_conditions_are_sent_and_checked_again(encrypting, conditions_table):
    plan = plan_of(encrypting, "SELECT v FROM t WHERE id = 'a' AND r BETWEEN 2 AND 4")
    assert plan["DynamoDB Request"] == "Query" and "id" in plan["Key Condition"]
    assert "id" in plan["Filter"]
    query = "SELECT r FROM t WHERE id = 'a' AND r BETWEEN 2 AND 4 ORDER BY r DESC"
    assert rows(encrypting, query) == [(4,), (2,)]
    plan = plan_of(encrypting, "SELECT v FROM t WHERE id = 'a' AND r = 2")
    assert plan["DynamoDB Request"] == "GetItem"
    assert rows(encrypting, "SELECT v FROM t WHERE (id, r) IN (('a', 2), ('b', 3)) ORDER BY r") == [
        (f"{SECRET} 2",),
        (f"{SECRET} 3",),
    ]


def test_counting_verifies(encrypting, conditions_table):
    plan = executed_plan_of(encrypting, "SELECT count(*) FROM t")["Plans"][0]
    assert plan["KMS Calls"] + plan["Data Key Cache Hits"] == 8 and "Projection" not in plan
    damage(conditions_table, id={"S": "a"}, r={"N": "2"})
    assert error_of(encrypting, "SELECT count(*) FROM t").sqlstate == "XX001"


def test_indexes_that_hold_whole_items_are_used(encrypting, make_table):
    indexes = [
        index("whole", "one", "S", {"ProjectionType": "ALL"}),
        index("keys", "two", "S", {"ProjectionType": "KEYS_ONLY"}),
    ]
    table = make_table(indexes=indexes, actions={"one": SIGN_ONLY, "two": SIGN_ONLY})
    for number in range(4):
        table.put(
            id={"S": str(number)},
            v={"S": f"{SECRET} {number}"},
            one={"S": f"one {number}"},
            two={"S": f"two {number}"},
        )
    table.declare(
        encrypting,
        """id text, v text, one text OPTIONS (crypto_action 'sign_only'),
           two text OPTIONS (crypto_action 'sign_only')""",
    )
    plan = plan_of(encrypting, "SELECT v FROM t WHERE one = 'one 2'")
    assert (plan["DynamoDB Request"], plan["Index"]) == ("Query", "whole")
    encrypting.execute("ALTER FOREIGN TABLE t OPTIONS (ADD allow_full_scan 'false')")
    plan = plan_of(encrypting, "SELECT id FROM t WHERE two = 'two 2'")
    assert (plan["DynamoDB Request"], plan["Index"]) == ("Query, then BatchGetItem", "keys")
    for name in ("one", "two"):
        query = f"SELECT id, v FROM t WHERE {name} = '{name} 2'"
        assert rows(encrypting, query) == [("2", f"{SECRET} 2")]
    table.declare(
        encrypting,
        "id text, two text OPTIONS (crypto_action 'sign_only')",
        "by_keys",
        index_name="keys",
    )
    assert error_of(encrypting, "SELECT id FROM by_keys").sqlstate == "0A000"


# --- keys ---------------------------------------------------------------------------------------


def test_data_keys_are_kept(encrypting, make_table):
    table = make_table()
    for number in range(20):
        table.put(id={"S": str(number)}, v={"S": SECRET})
    table.declare(encrypting, "id text, v text")
    plan = executed_plan_of(encrypting, "SELECT v FROM t")
    assert (plan["KMS Calls"], plan["Data Key Cache Hits"]) == (20, 0)
    plan = executed_plan_of(encrypting, "SELECT v FROM t")
    assert (plan["KMS Calls"], plan["Data Key Cache Hits"]) == (0, 20)
    encrypting.execute("ALTER SERVER aws OPTIONS (ADD data_key_cache_size '5')")
    assert executed_plan_of(encrypting, "SELECT v FROM t")["KMS Calls"] == 20
    assert executed_plan_of(encrypting, "SELECT v FROM t WHERE id = '1'")["KMS Calls"] <= 1
    assert executed_plan_of(encrypting, "SELECT v FROM t WHERE id = '1'")["KMS Calls"] == 0
    encrypting.execute("ALTER SERVER aws OPTIONS (ADD data_key_cache_ttl '0')")
    for _ in range(2):
        assert executed_plan_of(encrypting, "SELECT v FROM t")["KMS Calls"] == 20


def test_data_keys_of_one_mapping_do_not_serve_another(encrypting, make_table):
    table = make_table()
    table.put(id={"S": "x"}, v={"S": SECRET})
    table.declare(encrypting, "id text, v text")
    assert executed_plan_of(encrypting, "SELECT v FROM t")["KMS Calls"] == 1
    encrypting.execute("""
        CREATE ROLE encrypted_other;
        GRANT SELECT ON t TO encrypted_other;
        CREATE USER MAPPING FOR encrypted_other SERVER aws
            OPTIONS (aws_access_key_id 'OTHER', aws_secret_access_key 'other')""")
    try:
        encrypting.execute("SET ROLE encrypted_other")
        assert executed_plan_of(encrypting, "SELECT v FROM t")["KMS Calls"] == 1
        encrypting.execute("RESET ROLE")
        assert executed_plan_of(encrypting, "SELECT v FROM t")["KMS Calls"] == 0
    finally:
        encrypting.execute(
            "RESET ROLE; DROP USER MAPPING FOR encrypted_other SERVER aws; "
            "DROP OWNED BY encrypted_other; DROP ROLE encrypted_other"
        )


def test_only_the_keys_that_are_named_open_items(encrypting, make_table, kms, key):
    other = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{other['KeyId']}", TargetKeyId=other["KeyId"])
    table = make_table()
    table.put(id={"S": "x"}, v={"S": SECRET})
    arn, name, alias = other["Arn"], other["KeyId"], f"alias/{other['KeyId']}"
    own = key.rsplit("/", 1)[1]
    for number, allowed in enumerate([arn, name, alias, f"{arn}, {name}", f"{alias}, {arn}"]):
        table.declare(
            encrypting, "id text, v text", f"no_{number}", kms_key_ids_for_decrypt=allowed
        )
        error = error_of(encrypting, f"SELECT id FROM no_{number}")
        # Of a single key KMS itself says that it is wrong; moto, that access is denied.
        assert error.sqlstate == "XX001" if "," in allowed else "42501"
        assert SECRET not in everything_shown(error)
    allowing = [key, own, "alias/items", f"{alias},alias/items", f"{arn}, {key}", f"{name}, {own}"]
    for number, allowed in enumerate(allowing):
        table.declare(encrypting, "id text, v text", f"y_{number}", kms_key_ids_for_decrypt=allowed)
        assert one(encrypting, f"SELECT v FROM y_{number}") == SECRET
    table.declare(encrypting, "id text, v text", "other", kms_key_id=arn)
    assert error_of(encrypting, "SELECT v FROM other").sqlstate == "42501"


def test_max_kms_calls_holds(encrypting, make_table):
    table = make_table()
    for number in range(5):
        table.put(id={"S": str(number)}, v={"S": SECRET})
    table.declare(encrypting, "id text, v text", max_kms_calls="4")
    error = error_of(encrypting, "SELECT v FROM t")
    assert error.sqlstate == "53400" and "max_kms_calls" in str(error)
    assert len(rows(encrypting, "SELECT v FROM t LIMIT 4")) == 4


# --- bad items ------------------------------------------------------------------------------------


def damage(table, attribute="v", **key):
    """Changes the last byte of an attribute, which for a ciphertext is padding."""
    item = table.stored(**key)
    data = item[attribute]["B"]
    item[attribute] = {"B": data[:-1] + bytes([data[-1] ^ 1])}
    table.store(item)


def altered_description(item, old, new):
    data = item[DESCRIPTION]["B"]
    assert old in data and len(old) == len(new)
    return {**item, DESCRIPTION: {"B": data.replace(old, new)}}


BAD_ITEMS = {
    "signature": lambda item, _: {**item, SIGNATURE: {"B": bytes(32)}},
    "short signature": lambda item, _: {**item, SIGNATURE: {"B": item[SIGNATURE]["B"][:31]}},
    "no signature": lambda item, _: {n: v for n, v in item.items() if n != SIGNATURE},
    "text for a signature": lambda item, _: {**item, SIGNATURE: {"S": "x"}},
    "no description": lambda item, _: {n: v for n, v in item.items() if n != DESCRIPTION},
    "another version": lambda item, _: {
        **item,
        DESCRIPTION: {"B": b"\0\0\0\1" + item[DESCRIPTION]["B"][4:]},
    },
    "truncated description": lambda item, _: {
        **item,
        DESCRIPTION: {"B": item[DESCRIPTION]["B"][:-1]},
    },
    "another algorithm": lambda item, _: altered_description(item, b"AES/256", b"AES/128"),
    "an unknown algorithm": lambda item, _: altered_description(item, b"AES/256", b"DES/256"),
    "another mode": lambda item, _: altered_description(item, b"/CBC/", b"/ECB/"),
    "a huge description": lambda item, _: {
        **item,
        DESCRIPTION: {"B": item[DESCRIPTION]["B"] + b"\0\0\0\1x\0\5\x57\x30" + bytes(350_000)},
    },
    "a missing signed attribute": lambda item, _: {n: v for n, v in item.items() if n != "plain"},
    "a signed attribute": lambda item, _: {**item, "plain": {"S": "changed"}},
    "a new attribute": lambda item, _: {**item, "new": {"S": "x"}},
    "an attribute of another item": lambda item, other: {**item, "v": other["v"]},
    "attributes exchanged": lambda item, _: {**item, "v": item["w"], "w": item["v"]},
    "plaintext for a ciphertext": lambda item, _: {**item, "v": {"S": "x"}},
    "padding": lambda item, _: {
        **item,
        "v": {"B": item["v"]["B"][:-1] + bytes([item["v"]["B"][-1] ^ 1])},
    },
    "a truncated ciphertext": lambda item, _: {**item, "v": {"B": item["v"]["B"][:-16]}},
    "an empty ciphertext": lambda item, _: {**item, "v": {"B": b""}},
    "another item's everything": lambda item, other: {**other, "id": item["id"]},
    "another item's keys": lambda item, other: {
        **item,
        DESCRIPTION: other[DESCRIPTION],
        SIGNATURE: other[SIGNATURE],
    },
}
# Of these, what is wrong may be told from the outside; all others have one message.
TOLD = {
    "no signature",
    "text for a signature",
    "no description",
    "another version",
    "truncated description",
    "an unknown algorithm",
    "another mode",
    "a huge description",
}
WRONG_CONTEXT = {"another algorithm", "another item's everything", "another item's keys"}


@pytest.fixture
def bad(encrypting, make_table):
    table = make_table(actions={"plain": SIGN_ONLY})
    for name in ("good", "other"):
        table.put(
            id={"S": name}, v={"S": f"{SECRET} {name}"}, w={"S": SECRET}, plain={"S": "signed"}
        )
    columns = "id text, v text, w text, plain text OPTIONS (crypto_action 'sign_only')"
    table.declare(encrypting, columns)
    table.declare(encrypting, columns, "skipping", on_bad_item="skip")
    return table


@pytest.mark.parametrize("name", BAD_ITEMS)
def test_bad_items(encrypting, bad, name):
    good, other = bad.stored(id={"S": "good"}), bad.stored(id={"S": "other"})
    bad.store(BAD_ITEMS[name](good, other))
    error = error_of(encrypting, "SELECT * FROM t WHERE id = 'good'")
    assert error.sqlstate == "XX001"
    assert f'encrypted DynamoDB table "{bad.name}" does not verify' in str(error)
    assert error.diag.context == 'foreign table "t", key {"id": "good"}'
    assert SECRET not in everything_shown(error)
    if name in WRONG_CONTEXT:
        assert error.diag.message_detail == "AWS KMS does not open its data key for this item."
    else:
        assert (error.diag.message_detail is not None) == (name in TOLD)
    notices = []
    encrypting.add_notice_handler(
        lambda notice: notices.append(f"{notice.severity}: {notice.message_primary}")
    )
    assert rows(encrypting, "SELECT id FROM skipping") == [("other",)]
    (notice,) = notices
    assert notice.startswith("WARNING: 1 item of encrypted")
    assert one(encrypting, "SELECT count(*) FROM skipping") == 1


def test_items_of_another_table_are_bad(encrypting, make_table):
    there, here = make_table(), make_table()
    there.put(id={"S": "x"}, v={"S": SECRET})
    here.store(there.stored(id={"S": "x"}))
    here.declare(encrypting, "id text, v text")
    assert error_of(encrypting, "SELECT v FROM t").sqlstate == "XX001"
    here.declare(encrypting, "id text, v text", "moved", logical_table_name=there.name)
    assert one(encrypting, "SELECT v FROM moved") == SECRET


def test_values_that_do_not_fit_are_not_shown(encrypting, make_table):
    table = make_table()
    table.put(id={"S": "x"}, v={"S": SECRET}, n={"N": "12345678901"})
    table.declare(encrypting, "id text, v date, n int")
    for column, sqlstate in (("v", "22007"), ("n", "22003")):
        error = error_of(encrypting, f"SELECT {column} FROM t")
        assert error.sqlstate == sqlstate
        assert f'column "{column}", key {{"id": "x"}}' in error.diag.context
        assert not any(s in everything_shown(error) for s in (SECRET, "12345678901"))


def test_unencrypted_items_are_bad(encrypting, bad):
    bad.store({"id": {"S": "good"}, "v": {"S": "x"}})
    error = error_of(encrypting, "SELECT v FROM t WHERE id = 'good'")
    assert error.sqlstate == "XX001" and error.diag.message_detail == "Item has no signature."


def test_import_says_what_it_has_found(encrypting, make_table):
    table = make_table(range_type="N", actions={"plain": SIGN_ONLY})
    table.put(id={"S": "x"}, r={"N": "1"}, v={"S": SECRET}, plain={"S": "p"})
    notices = []
    encrypting.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    encrypting.execute(
        f"IMPORT FOREIGN SCHEMA dynamodb LIMIT TO ({table.name}) FROM SERVER aws INTO public"
    )
    assert notices == [
        f'items of DynamoDB table "{table.name}" are encrypted by the DynamoDB Encryption Client'
    ]
    columns = rows(
        encrypting,
        "SELECT attname FROM pg_attribute WHERE attnum > 0 AND attrelid = %s::regclass "
        "ORDER BY attnum",
        table.name,
    )
    assert columns == [("id",), ("r",), ("_item",)]
    assert error_of(encrypting, f"SELECT * FROM {table.name}").sqlstate == "HV00J"
    encrypting.execute(f"ALTER FOREIGN TABLE {table.name} OPTIONS (ADD kms_key_id 'alias/items')")
    assert error_of(encrypting, f"SELECT * FROM {table.name}").sqlstate == "XX001"
    encrypting.execute(
        f"ALTER FOREIGN TABLE {table.name} ADD plain text OPTIONS (crypto_action 'sign_only')"
    )
    assert rows(encrypting, f"SELECT * FROM {table.name}") == [("x", 1, {"v": SECRET}, "p")]


# --- other statements ---------------------------------------------------------------------------


def test_analyze_keeps_plaintext_out_of_the_catalog(encrypting, make_table):
    table = make_table(actions={"plain": SIGN_ONLY})
    for number in range(30):
        table.put(id={"S": str(number)}, v={"S": f"{SECRET} {number % 3}"}, plain={"S": "p"})
    table.declare(
        encrypting,
        """id text, v text, plain text OPTIONS (crypto_action 'sign_only'),
           rest jsonb OPTIONS (whole_item 'true')""",
    )
    encrypting.execute("ANALYZE t")
    assert one(encrypting, "SELECT reltuples FROM pg_class WHERE relname = 't'") == 30
    statistics = rows(
        encrypting,
        "SELECT attname, n_distinct, most_common_vals::text FROM pg_stats "
        "WHERE tablename = 't' AND null_frac < 1 ORDER BY attname",
    )
    assert [name for name, *_ in statistics] == ["id", "plain"]


def test_options_that_cannot_be(encrypting, make_table):
    table = make_table()
    for number, (columns, options, sqlstate) in enumerate(
        [
            ("id text OPTIONS (crypto_action 'encrypt_and_sign')", {}, "HV024"),
            (
                "id text, v text OPTIONS (crypto_action 'sign_only')",
                {"encryption": "none"},
                "HV024",
            ),
            ("id text, v text OPTIONS (kms_encrypted 'true')", {}, "HV024"),
            (
                """id text, v text OPTIONS (crypto_action 'sign_only'),
            w text OPTIONS (attribute_path 'v.x', crypto_action 'do_nothing')""",
                {},
                "HV024",
            ),
        ]
    ):
        table.declare(encrypting, columns, f"f_{number}", **options)
        assert error_of(encrypting, f"SELECT * FROM f_{number}").sqlstate == sqlstate
    encrypting.execute("ALTER FOREIGN TABLE f_0 OPTIONS (DROP kms_key_id)")
    encrypting.execute("ALTER FOREIGN TABLE f_0 ALTER id OPTIONS (DROP crypto_action)")
    assert error_of(encrypting, "SELECT * FROM f_0").sqlstate == "HV00J"


def test_tables_with_which_nothing_is_done_are_plain(encrypting, make_table):
    table = make_table(default_action=DO_NOTHING)
    table.put(id={"S": "x"}, v={"S": "plain"})
    assert table.stored(id={"S": "x"}) == {"id": {"S": "x"}, "v": {"S": "plain"}}
    table.declare(encrypting, "id text, v text", crypto_action="do_nothing")
    assert rows(encrypting, "SELECT id, v FROM t") == [("x", "plain")]


def test_numbers_that_the_library_rounds(encrypting, make_table):
    table = make_table(default_action=SIGN_ONLY)
    digits = "1234567890123456789012345678901234567.8"
    table.put(id={"S": "x"}, n={"N": digits})
    table.declare(encrypting, "id text, n numeric", crypto_action="sign_only")
    assert error_of(encrypting, "SELECT n FROM t").sqlstate == "XX001"
    table.declare(
        encrypting,
        "id text, n numeric",
        "rounded",
        crypto_action="sign_only",
        accept_rounded_numbers="true",
    )
    assert one(encrypting, "SELECT n FROM rounded") == Decimal(digits)


def test_tables_of_keys(encrypting, make_table, dynamodb, key):
    """Two versions of a material; the items of a third table of keys cannot be opened."""
    resource = boto3.resource(
        "dynamodb",
        endpoint_url=dynamodb.endpoint_url,
        region_name=dynamodb.region,
        aws_access_key_id=dynamodb.access_key_id,
        aws_secret_access_key=dynamodb.secret_access_key,
    )
    table = make_table()
    materials = make_table(hash_key="N", range_type="N", range_key="V")
    store = MetaStore(resource.Table(materials.name), table.provider)
    for number in range(6):
        provider = CachingMostRecentProvider(store, "material", 60.0)
        if number % 2 == 0:
            store.get_or_create_provider("material", number)
        library = EncryptedClient(
            client=table.client,
            materials_provider=provider,
            attribute_actions=AttributeActions(),
            expect_standard_dictionaries=False,
        )
        item = {"id": {"S": str(number)}, "v": {"S": f"{SECRET} {number}"}}
        library.put_item(TableName=table.name, Item=item)
    table.declare(encrypting, "id text, v text", material_table=materials.name)
    assert rows(encrypting, "SELECT id, v FROM t ORDER BY id") == [
        (str(number), f"{SECRET} {number}") for number in range(6)
    ]
    plan = executed_plan_of(encrypting, "SELECT v FROM t")
    assert plan["KMS Calls"] + plan["Data Key Cache Hits"] == 3
    error = error_of(encrypting, "INSERT INTO t VALUES ('x', 'y')")
    assert error.sqlstate == "0A000"
    damage(materials, "enc", N={"S": "material"}, V={"N": "4"})
    error = error_of(encrypting, "SELECT v FROM t")
    assert error.sqlstate == "XX001" and SECRET not in everything_shown(error)
    table.declare(encrypting, "id text, v text", "plain")
    assert error_of(encrypting, "SELECT v FROM plain").sqlstate == "XX001"


def test_large_items(encrypting, make_table):
    table = make_table()
    texts = {f"a{number}": "€" * 33_000 for number in range(3)}
    table.put(id={"S": "x"}, **{name: {"S": text} for name, text in texts.items()})
    table.declare(encrypting, "id text, rest jsonb OPTIONS (whole_item 'true')")
    assert one(encrypting, "SELECT rest FROM t") == texts
