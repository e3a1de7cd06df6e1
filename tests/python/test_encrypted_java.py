"""Encrypted items in SQL against AWS's library for Java, both ways, both emulators store."""

import json

import pytest
from attribute_values import meanings
from encrypted_tables import one, rows
from encryption_client import DO_NOTHING, ENCRYPT_AND_SIGN, SIGN_ONLY, Table
from test_encryption_client_java import MIXED, java

pytest_plugins = ["encrypted_tables"]
__all__ = ["java"]

NAMES = {ENCRYPT_AND_SIGN: "encrypt_and_sign", SIGN_ONLY: "sign_only", DO_NOTHING: "do_nothing"}


@pytest.fixture
def provider(moto, key):
    return {"kms": {"endpoint": moto.endpoint_url, "region": moto.region, "key_id": key}}


@pytest.mark.parametrize("default_action", [ENCRYPT_AND_SIGN, SIGN_ONLY])
def test_both_ways(encrypting, make_table, java, provider, default_action):
    ours = make_table(range_type="N")
    theirs = Table(name=ours.name, range_key="r", default_action=default_action)
    others = {
        **{name: {"S": f"named {name}"} for name in MIXED},
        "texts": {"SS": [*MIXED]},
        "map": {"M": {name: {"N": "1.50"} for name in MIXED}},
        "number": {"N": "1.2345678901234567890123456789012345678"},
    }
    item = {"id": {"S": "java"}, "r": {"N": "-0.5"}, **others}
    ours.store(java.encrypt(theirs, item, provider))
    ours.declare(
        encrypting,
        "id text, r numeric, rest jsonb OPTIONS (whole_item 'true', json_format 'dynamodb')",
        crypto_action=NAMES[default_action],
        signature_order="utf16",
    )
    rest = one(encrypting, "SELECT rest FROM t WHERE id = 'java' AND r = -0.5")
    assert meanings(rest) == meanings(others)
    encrypting.execute("INSERT INTO t VALUES ('sql', 7, %s::jsonb)", (json.dumps(others),))
    encrypting.execute("""UPDATE t SET rest = rest || '{"new": {"S": "x"}}'""")
    for key in ({"id": {"S": "sql"}, "r": {"N": "7"}}, {"id": {"S": "java"}, "r": {"N": "-0.5"}}):
        opened = java.decrypt(theirs, ours.stored(**key), provider)
        assert meanings(opened) == meanings({**key, **others, "new": {"S": "x"}})
    assert len(rows(encrypting, "SELECT id FROM t")) == 2
