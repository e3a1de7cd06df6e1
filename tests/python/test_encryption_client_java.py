"""Items of the DynamoDB Encryption Client against AWS's library for Java, both ways.

One Java process for all of it: tests/peers/EncryptionClient.java.
"""

import base64
import itertools
import json
import subprocess

import pytest
from attribute_values import meaning, meanings
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from encryption_client import (
    DO_NOTHING,
    DOES_NOT_VERIFY,
    ENCRYPT_AND_SIGN,
    MATERIAL_STORE,
    SIGN_ONLY,
    STATIC,
    UTF8,
    UTF16,
    WRAPPED,
    Kms,
    Program,
    Table,
    generated,
    hexadecimal,
    items,
    private_der,
    public_der,
    typed_json,
    unwire,
    values,
)
from environment import paths, processes
from hypothesis import given, strategies

# On either side of the surrogates, where UTF-8 and UTF-16 differ in order.
MIXED = "\ue000", "😀", "a"

ITEM = {
    "id": {"S": "x"},
    "number": {"N": "5"},
    "secret": {"S": "text"},
    "list": {"L": [{"N": "1.2345678901234567890123456789012345678"}, {"S": "ü"}]},
}


class Java:
    """The library. A question is answered before the next one is asked."""

    def __init__(self, process):
        self._process = process

    def ask(self, operation, **question):
        line = json.dumps({"operation": operation, **question}) + "\n"
        self._process.stdin.write(line.encode())
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def serialize(self, value):
        return base64.b64decode(self.ask("serialize", value=typed_json(value))["bytes"])

    def encrypt(self, table, item, provider):
        return self._crypt("encrypt", table, item, provider)

    def decrypt(self, table, item, provider):
        """The item, or the text of the library's exception."""
        return self._crypt("decrypt", table, item, provider)

    def _crypt(self, operation, table, item, provider):
        names = [name for name in item if not name.startswith("*amzn-ddb-map-")]
        answer = self.ask(
            operation,
            table={
                "name": table.name,
                "hash_key": table.hash_key,
                "range_key": table.range_key or "",
            },
            item=typed_json(item),
            actions={name.encode().hex(): table.action(name) for name in names},
            provider=provider,
        )
        return unwire(answer["item"]) if "item" in answer else answer["error"]


@pytest.fixture(scope="module")
def java():
    source = paths.TREE / "tests/peers/EncryptionClient.java"
    options = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8"]
    command = ["java", *options, "-cp", f"{paths.DOWNLOADS}/peers/*", source]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=processes.die_with_parent,
    ) as process:
        yield Java(process)
        process.stdin.close()


@pytest.fixture
def program(programs):
    return Program(programs)


@pytest.fixture(scope="module")
def kms(moto):
    client = moto.client("kms")
    return Kms(client, client.create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def kms_provider(moto, kms):
    return {"kms": {"endpoint": moto.endpoint_url, "region": moto.region, "key_id": kms.key_id}}


def assert_both_ways(program, java, kms, provider, table, item):
    (opened,) = kms.decrypt(program, table, [java.encrypt(table, item, provider)])
    assert meanings(opened) == meanings(item)
    (ours,) = kms.encrypt(program, table, [item])
    assert meanings(java.decrypt(table, ours, provider)) == meanings(item)


@pytest.mark.parametrize("default_action", [ENCRYPT_AND_SIGN, SIGN_ONLY, DO_NOTHING])
def test_every_type_and_action(program, java, kms, kms_provider, default_action):
    table = Table(
        range_key="range",
        default_action=default_action,
        actions={"one": SIGN_ONLY, "two": DO_NOTHING, "three": ENCRYPT_AND_SIGN},
        form=UTF16,
    )
    item = {
        "id": {"B": b"\x00\xff"},
        "range": {"N": "-0.5"},
        "one": {"S": "1"},
        "two": {"S": ""},
        "three": {"S": "nul \0, ünïcödé, 名前, 😀, \ue000"},
        "number": {"N": "1.2345678901234567890123456789012345678"},
        "zeroes": {"N": "1200.00"},
        "binary": {"B": bytes(range(256))},
        "true": {"BOOL": True},
        "null": {"NULL": True},
        "texts": {"SS": [*MIXED, ""]},
        "numbers": {"NS": ["10", "9", "1.0", "-1"]},
        "binaries": {"BS": [b"\x01", b"\x80", b"\xff\x00", b""]},
        "list": {"L": [{"L": []}, {"M": {}}, {"N": "1E+3"}]},
        "map": {"M": {name: {"S": name} for name in MIXED}},
        **{name: {"S": "named"} for name in MIXED},
    }
    assert_both_ways(program, java, kms, kms_provider, table, item)


def test_large_items(program, java, kms, kms_provider):
    item = {
        "id": {"S": "x"},
        "text": {"S": "ü" * 100_000},
        "binary": {"B": bytes(50_000)},
        "set": {"SS": [f"element {n}" for n in range(2000)]},
        "list": {"L": [{"N": str(n)} for n in range(5000)]},
    }
    for action in (ENCRYPT_AND_SIGN, SIGN_ONLY):
        table = Table(default_action=action, form=UTF16)
        assert_both_ways(program, java, kms, kms_provider, table, item)


@generated
@given(item=items(digits=38))
def test_generated_items(program, java, kms, kms_provider, item):
    actions = dict(
        zip(
            sorted(name for name in item if name not in ("id", "range")),
            itertools.cycle([ENCRYPT_AND_SIGN, SIGN_ONLY, DO_NOTHING]),
            strict=False,
        )
    )
    table = Table(range_key="range", actions=actions, form=UTF16)
    assert_both_ways(program, java, kms, kms_provider, table, item)


@generated
@given(value=strategies.lists(values(digits=38), min_size=20, max_size=60))
def test_generated_values_are_serialized_as_the_library_does(program, java, value):
    answers = program.ask("serialize", [{"value": typed_json(e), "form": UTF16} for e in value])
    for each, answer in zip(value, answers, strict=True):
        assert base64.b64decode(answer["bytes"]) == java.serialize(each), each


@pytest.mark.parametrize(
    "item",
    [
        {name: {"NULL": True} for name in MIXED},
        {"map": {"M": {name: {"NULL": True} for name in MIXED}}},
        {"texts": {"SS": list(MIXED)}},
        {"binaries": {"BS": [b"\x01", b"\x80"]}},
    ],
)
def test_what_only_one_form_signs(program, java, kms, kms_provider, item):
    """The library reads what is signed in its own form alone; we read both."""
    item = {"id": {"S": "x"}, **item}
    utf8 = Table(default_action=SIGN_ONLY, form=UTF8)
    utf16 = Table(default_action=SIGN_ONLY, form=UTF16)
    for table in (utf8, utf16):
        (opened,) = kms.decrypt(program, table, [java.encrypt(table, item, kms_provider)])
        assert meanings(opened) == meanings(item)
    (other,) = kms.encrypt(program, utf8, [item])
    assert "Bad signature" in java.decrypt(utf8, other, kms_provider)
    (same,) = kms.encrypt(program, utf16, [item])
    assert meanings(java.decrypt(utf16, same, kms_provider)) == meanings(item)


def test_static_keys(program, java):
    keys = {"mac": "HmacSHA256", "signing_key": bytes(range(32)), "content_key": bytes(16)}
    table = Table(provider=STATIC, actions={"number": SIGN_ONLY}, form=UTF16)
    provider = {"static": hexadecimal(keys)}
    theirs = java.encrypt(table, ITEM, provider)
    assert program.decrypt(table, [theirs], keys) == [ITEM]
    (ours,) = program.encrypt(table, [ITEM], [keys])
    assert java.decrypt(table, ours, provider) == ITEM


def test_keys_wrapped_with_aes(program, java):
    keys = {"mac": "HmacSHA256", "signing_key": bytes(32), "wrapping_key": bytes(range(32))}
    table = Table(provider=WRAPPED, actions={"number": SIGN_ONLY})
    theirs = java.encrypt(table, ITEM, {"wrapped": hexadecimal(keys)})
    assert program.decrypt(table, [theirs], keys) == [ITEM]
    wrong = {**keys, "wrapping_key": bytes(32)}
    assert program.decrypt(table, [theirs], wrong) == [DOES_NOT_VERIFY]


@pytest.mark.parametrize(
    "signature", ["SHA256withRSA", "SHA512withRSA", "SHA256withECDSA", "SHA384withECDSA"]
)
def test_keys_wrapped_with_rsa(program, java, signature):
    wrapping = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signing = wrapping if signature.endswith("RSA") else ec.generate_private_key(ec.SECP384R1())
    keys = {"unwrapping_key": private_der(wrapping), "verification_key": public_der(signing)}
    others = {
        "signature": signature,
        "wrapping_public_key": public_der(wrapping),
        "private_key": private_der(signing),
    }
    table = Table(provider=WRAPPED, actions={"number": SIGN_ONLY})
    theirs = java.encrypt(table, ITEM, {"wrapped": hexadecimal({**keys, **others})})
    assert program.decrypt(table, [theirs], keys) == [ITEM]
    moved = {**theirs, "secret": theirs["list"], "list": theirs["secret"]}
    assert program.decrypt(table, [moved], keys) == [DOES_NOT_VERIFY]
    unsigned = {**theirs, "number": {"N": "6"}}
    assert program.decrypt(table, [unsigned], keys) == [DOES_NOT_VERIFY]


def test_table_of_keys(program, java, moto, kms, kms_provider):
    dynamodb = moto.client()
    dynamodb.create_table(
        TableName="java-materials",
        AttributeDefinitions=[
            {"AttributeName": "N", "AttributeType": "S"},
            {"AttributeName": "V", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "N", "KeyType": "HASH"},
            {"AttributeName": "V", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    table = Table(provider=MATERIAL_STORE, actions={"number": SIGN_ONLY})
    provider = {"store": {**kms_provider["kms"], "table": "java-materials", "material": "mätérial"}}
    theirs = java.encrypt(table, ITEM, provider)
    (asked,) = program.with_table("prepare_decryption", table, [theirs])
    assert asked["material"] == {"N": {"S": "mätérial"}, "V": {"N": "0"}}
    stored = dynamodb.get_item(TableName="java-materials", Key=asked["material"])["Item"]
    keys_table = Table(name="java-materials", hash_key="N", range_key="V")
    (material,) = kms.decrypt(program, keys_table, [stored])
    (answer,) = program.ask("store_keys", [{"item": typed_json(material)}])
    keys = {
        "mac": answer["mac"],
        "signing_key": base64.b64decode(answer["signing_key"]),
        "wrapping_key": base64.b64decode(answer["wrapping_key"]),
    }
    (opened,) = program.decrypt(table, [theirs], keys)
    assert {name: meaning(value) for name, value in opened.items()} == meanings(ITEM)
