"""Items of the DynamoDB Encryption Client against AWS's library for Python, both ways."""

import base64
import io
import itertools

import boto3
import moto
import pytest
from attribute_values import meaning, meanings
from boto3.dynamodb.types import Binary
from cryptography.hazmat.primitives.asymmetric import rsa
from dynamodb_encryption_sdk.delegated_keys.jce import JceNameLocalDelegatedKey
from dynamodb_encryption_sdk.encrypted import CryptoConfig
from dynamodb_encryption_sdk.encrypted.item import decrypt_dynamodb_item, encrypt_dynamodb_item
from dynamodb_encryption_sdk.exceptions import SignatureVerificationError
from dynamodb_encryption_sdk.identifiers import CryptoAction, EncryptionKeyType, KeyEncodingType
from dynamodb_encryption_sdk.internal.formatting import material_description
from dynamodb_encryption_sdk.internal.formatting.deserialize.attribute import deserialize_attribute
from dynamodb_encryption_sdk.internal.formatting.serialize.attribute import serialize_attribute
from dynamodb_encryption_sdk.material_providers.aws_kms import AwsKmsCryptographicMaterialsProvider
from dynamodb_encryption_sdk.material_providers.most_recent import CachingMostRecentProvider
from dynamodb_encryption_sdk.material_providers.static import StaticCryptographicMaterialsProvider
from dynamodb_encryption_sdk.material_providers.store.meta import MetaStore
from dynamodb_encryption_sdk.material_providers.wrapped import WrappedCryptographicMaterialsProvider
from dynamodb_encryption_sdk.materials.raw import RawDecryptionMaterials, RawEncryptionMaterials
from dynamodb_encryption_sdk.structures import AttributeActions, EncryptionContext
from encryption_client import (
    AWS_KMS,
    DESCRIPTION,
    DO_NOTHING,
    DOES_NOT_VERIFY,
    ENCRYPT_AND_SIGN,
    MATERIAL_STORE,
    NOT_VERIFIED,
    SIGN_ONLY,
    SIGNATURE,
    STATIC,
    UTF8,
    UTF8_ROUNDED,
    UTF16,
    WRAPPED,
    Kms,
    Program,
    Table,
    generated,
    items,
    private_der,
    public_der,
    typed_json,
    unwire_value,
    values,
)
from hypothesis import given, strategies

REGION = "eu-central-1"
ACTIONS = {
    DO_NOTHING: CryptoAction.DO_NOTHING,
    SIGN_ONLY: CryptoAction.SIGN_ONLY,
    ENCRYPT_AND_SIGN: CryptoAction.ENCRYPT_AND_SIGN,
}

# Values of every type, with what is special about each.
VALUES = [
    {"S": ""},
    {"S": "text"},
    {"S": "nul \0, ünïcödé, 名前, 😀, \ue000"},
    {"S": "e\u0301 is not \u00e9"},
    {"N": "0"},
    {"N": "-5"},
    {"N": "100"},
    {"N": "1.50"},
    {"N": "1E+3"},
    {"N": "1234567890123456789012345678"},
    {"N": "0." + "0" * 129 + "1"},
    {"N": "9" * 28 + "E+98"},
    {"B": b""},
    {"B": bytes(range(256))},
    {"BOOL": True},
    {"BOOL": False},
    {"NULL": True},
    {"SS": ["b", "", "a", "ü", "aa"]},
    {"NS": ["10", "9", "1.0", "-1", "0.5"]},
    {"BS": [b"\x01\x02", b"\x01", b"", b"\x7f"]},
    {"L": []},
    {"M": {}},
    {"L": [{"S": "x"}, {"N": "1"}, {"L": [{"NULL": True}]}, {"M": {"k": {"BOOL": False}}}]},
    {"M": {"b": {"SS": ["y", "x"]}, "a": {"M": {"": {"S": ""}}}, "ü": {"B": b"\xff"}}},
]
KEY_VALUES = [{"S": "key"}, {"S": "ключ 😀"}, {"N": "42"}, {"N": "-0.5"}, {"B": b"\x00\xff"}]


@pytest.fixture
def program(programs):
    return Program(programs)


@pytest.fixture(scope="module")
def aws():
    """AWS within this process."""
    with pytest.MonkeyPatch.context() as environment, moto.mock_aws():
        environment.setenv("AWS_ACCESS_KEY_ID", "AKIDTEST")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield lambda service: boto3.client(service, region_name=REGION)


@pytest.fixture(scope="module")
def kms(aws):
    client = aws("kms")
    return Kms(client, client.create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def kms_provider(kms):
    return AwsKmsCryptographicMaterialsProvider(kms.key_id, regional_clients={REGION: kms.client})


def crypto_config(table, item, provider):
    actions = AttributeActions(
        default_action=ACTIONS[table.default_action],
        attribute_actions={name: ACTIONS[action] for name, action in table.actions.items()},
    )
    actions.set_index_keys(*table.keys)
    context = EncryptionContext(
        table_name=table.name,
        partition_key_name=table.hash_key,
        sort_key_name=table.range_key,
        attributes=item,
    )
    return CryptoConfig(provider, context, actions)


def they_encrypt(table, item, provider):
    return encrypt_dynamodb_item(item, crypto_config(table, item, provider))


def they_decrypt(table, item, provider):
    return decrypt_dynamodb_item(dict(item), crypto_config(table, item, provider))


def tables(**options):
    """Each action for whatever has no key."""
    for action in (ENCRYPT_AND_SIGN, SIGN_ONLY):
        yield Table(default_action=action, **options)
    yield Table(default_action=DO_NOTHING, actions={"signed": SIGN_ONLY}, **options)


def every_value():
    return {f"value {number}": value for number, value in enumerate(VALUES)}


def assert_both_ways(program, kms, provider, table, originals):
    theirs = [they_encrypt(table, item, provider) for item in originals]
    for original, opened in zip(originals, kms.decrypt(program, table, theirs), strict=True):
        assert meanings(opened) == meanings(original)
    for original, ours in zip(originals, kms.encrypt(program, table, originals), strict=True):
        assert ours.keys() == original.keys() | {SIGNATURE, DESCRIPTION}
        assert meanings(they_decrypt(table, ours, provider)) == meanings(original)


# --- items whose keys come from KMS ---------------------------------------------------------------


@pytest.mark.parametrize("default_action", [ENCRYPT_AND_SIGN, SIGN_ONLY, DO_NOTHING])
def test_every_type_and_action(program, kms, kms_provider, default_action):
    table = Table(default_action=default_action, actions={"one": SIGN_ONLY, "two": DO_NOTHING})
    original = {"id": {"S": "x"}, "one": {"S": "1"}, "two": {"S": "2"}, **every_value()}
    assert_both_ways(program, kms, kms_provider, table, [original])
    (ours,) = kms.encrypt(program, table, [original])
    for name, value in original.items():
        is_encrypted = table.action(name) == ENCRYPT_AND_SIGN
        assert is_encrypted == (meaning(ours[name]) != meaning(value)), name


def test_every_shape_of_key(program, kms, kms_provider):
    for hash_value, range_value in itertools.product(KEY_VALUES, [None, *KEY_VALUES]):
        item = {"id": hash_value, "secret": {"S": "text"}}
        if range_value is not None:
            item["range"] = range_value
        table = Table(range_key="range" if range_value else None)
        assert_both_ways(program, kms, kms_provider, table, [item])


def test_unsigned_key_is_bound_by_kms(program, kms, kms_provider):
    """A sort key that nothing is done with is in the data key's context all the same."""
    table = Table(
        name="CreditCardTokenizerTable",
        hash_key="Hash_Key",
        range_key="Account_Id",
        actions={"Account_Id": DO_NOTHING},
    )
    item = {
        "Hash_Key": {"S": "0e9e6a0e-5c8d-4b57-a5f2-6b0f4a3c6c55"},
        "Account_Id": {"S": "123"},
        "CandidateString": {"S": "4111 1111 1111 1111"},
    }
    assert_both_ways(program, kms, kms_provider, table, [item])
    theirs = they_encrypt(table, item, kms_provider)
    (asked,) = program.with_table("prepare_decryption", table, [theirs])
    assert asked["context"] == {
        "*amzn-ddb-env-alg*": "AES/256",
        "*amzn-ddb-sig-alg*": "HmacSHA256/256",
        "Hash_Key": "0e9e6a0e-5c8d-4b57-a5f2-6b0f4a3c6c55",
        "Account_Id": "123",
        "*aws-kms-table*": "CreditCardTokenizerTable",
    }
    theirs["Account_Id"] = {"S": "124"}
    assert kms.decrypt(program, table, [theirs]) == [{"error": "KMS"}]


def test_unicode_names(program, kms, kms_provider):
    names = ["ünïcödé", "名前", "😀", "\ue000", " ", "a.b[0]", '"', "\0", "*x*", "x" * 500]
    table = Table(
        name="名前-table", hash_key="ключ", range_key="😀key", actions={"名前": SIGN_ONLY}
    )
    item = {name: {"S": name} for name in names} | {"ключ": {"S": "k"}, "😀key": {"S": "r"}}
    assert_both_ways(program, kms, kms_provider, table, [item])


def test_large_items(program, kms, kms_provider):
    item = {
        "id": {"S": "x"},
        "text": {"S": "ü" * 100_000},
        "binary": {"B": bytes(50_000)},
        "set": {"SS": [f"element {n}" for n in range(2000)]},
        "list": {"L": [{"N": str(n)} for n in range(5000)]},
    }
    for table in (Table(), Table(default_action=SIGN_ONLY)):
        assert_both_ways(program, kms, kms_provider, table, [item])


def test_description_is_the_library_s(program, kms, kms_provider):
    """Byte by byte, the wrapped key aside."""
    table, item = Table(), {"id": {"S": "x"}, "a": {"S": "b"}}
    (ours,) = kms.encrypt(program, table, [item])
    entries = [
        material_description.deserialize(encrypted[DESCRIPTION])
        for encrypted in (ours, they_encrypt(table, item, kms_provider))
    ]
    for description in entries:
        assert len(base64.b64decode(description.pop("amzn-ddb-env-key"))) > 32
    assert entries[0] == entries[1]


def test_every_value_has_a_vector_of_its_own(program, kms):
    item = {"id": {"S": "x"}, **{f"attribute {n}": {"S": "text"} for n in range(50)}}
    encrypted = kms.encrypt(program, Table(), [item] * 4)
    vectors = [each[name]["B"][:16] for each in encrypted for name in item if name != "id"]
    assert len(set(vectors)) == len(vectors) == 200


def test_long_data_keys(program, kms, kms_provider):
    """The library for Java asked KMS for 256 bytes until 2016; every reader takes them."""
    table, item = Table(), {"id": {"S": "x"}, "secret": {"S": "text"}}
    (encrypted,) = kms.encrypt(program, table, [item], number_of_bytes=256)
    assert they_decrypt(table, encrypted, kms_provider) == item
    assert kms.decrypt(program, table, [encrypted]) == [item]


@generated
@given(item=items())
def test_generated_items(program, kms, kms_provider, item):
    actions = dict(
        zip(
            sorted(name for name in item if name not in ("id", "range")),
            itertools.cycle([ENCRYPT_AND_SIGN, SIGN_ONLY, DO_NOTHING]),
            strict=False,
        )
    )
    table = Table(range_key="range", actions=actions)
    assert_both_ways(program, kms, kms_provider, table, [item])


def test_order_of_sets_does_not_matter(program, kms, kms_provider):
    table = Table(default_action=SIGN_ONLY)
    item = {
        "id": {"S": "x"},
        "ss": {"SS": ["c", "a", "b"]},
        "ns": {"NS": ["3", "1", "2"]},
        "bs": {"BS": [b"c", b"a", b"b"]},
    }
    theirs = they_encrypt(table, item, kms_provider)
    shuffled = []
    for order in itertools.permutations(range(3)):
        changed = dict(theirs)
        for name, kind in (("ss", "SS"), ("ns", "NS"), ("bs", "BS")):
            changed[name] = {kind: [item[name][kind][place] for place in order]}
        shuffled.append(changed)
    assert all(
        meanings(opened) == meanings(item) for opened in kms.decrypt(program, table, shuffled)
    )


# --- numbers that Python's library rounds ---------------------------------------------------------

LONG_NUMBER = "1.2345678901234567890123456789012345678"
ROUNDED_NUMBER = "1.234567890123456789012345679"


def test_long_numbers_that_are_encrypted(program, kms, kms_provider):
    """The library rounds what it encrypts; what we encrypt stays whole for us."""
    table = Table()
    item = {"id": {"S": "x"}, "number": {"N": LONG_NUMBER}, "set": {"NS": [LONG_NUMBER]}}
    (theirs,) = kms.decrypt(program, table, [they_encrypt(table, item, kms_provider)])
    assert theirs["number"] == {"N": ROUNDED_NUMBER}
    (encrypted,) = kms.encrypt(program, table, [item])
    assert kms.decrypt(program, table, [encrypted]) == [item]
    assert they_decrypt(table, encrypted, kms_provider)["number"] == {"N": ROUNDED_NUMBER}


def test_long_numbers_that_are_signed(program, kms, kms_provider):
    """The library signs another number than it stores; we read that only when told to."""
    table = Table(default_action=SIGN_ONLY)
    item = {"id": {"S": "x"}, "number": {"N": LONG_NUMBER}, "set": {"NS": [LONG_NUMBER]}}
    theirs = they_encrypt(table, item, kms_provider)
    assert kms.decrypt(program, table, [theirs]) == [DOES_NOT_VERIFY]
    lenient = Table(default_action=SIGN_ONLY, rounded=True)
    assert kms.decrypt(program, lenient, [theirs]) == [item]
    altered = {
        **theirs,
        "number": {"N": LONG_NUMBER.replace("5678901234567890", "5678901234567891")},
    }
    assert kms.decrypt(program, lenient, [altered]) == [DOES_NOT_VERIFY]
    (ours,) = kms.encrypt(program, table, [item])
    assert kms.decrypt(program, table, [ours]) == [item]
    with pytest.raises(SignatureVerificationError):
        they_decrypt(table, ours, kms_provider)


@generated
@given(value=strategies.lists(values(digits=38), min_size=20, max_size=60))
def test_generated_values_are_serialized_as_the_library_does(program, value):
    answers = program.ask(
        "serialize", [{"value": typed_json(each), "form": UTF8_ROUNDED} for each in value]
    )
    for each, answer in zip(value, answers, strict=True):
        assert base64.b64decode(answer["bytes"]) == serialize_attribute(each), each


@generated
@given(value=strategies.lists(values(), min_size=20, max_size=60))
def test_generated_values_come_back(program, value):
    answers = program.ask("deserialize", [{"bytes": serialize_attribute(e).hex()} for e in value])
    for each, answer in zip(value, answers, strict=True):
        assert meaning(unwire_value(answer["value"])) == meaning(each)


@generated
@given(
    value=strategies.lists(strategies.tuples(values(), strategies.data()), min_size=10, max_size=30)
)
def test_damaged_values_mean_to_us_what_they_mean_to_the_library(program, value):
    damaged = []
    for each, data in value:
        serialized = bytearray(serialize_attribute(each))
        place = data.draw(strategies.integers(0, len(serialized) - 1))
        serialized[place] = data.draw(strategies.integers(0, 255))
        damaged.append(bytes(serialized))
    answers = program.ask("deserialize", [{"bytes": each.hex()} for each in damaged])
    for each, answer in zip(damaged, answers, strict=True):
        if "error" not in answer:
            assert meaning(unwire_value(answer["value"])) == meaning(deserialize_attribute(each))


def test_truncated_values(program):
    whole = serialize_attribute({"L": VALUES})
    cut = [whole[:length] for length in range(len(whole))] + [whole + b"\0"]
    answers = program.ask("deserialize", [{"bytes": each.hex()} for each in cut])
    assert {answer.get("error") for answer in answers} == {"serialized attribute is malformed"}


def test_old_spellings_of_numbers(program):
    """Earlier versions of the library wrote exponents."""
    spellings = [b"5E+1", b"5.0", b"50.", b"0050", b"-0", b"5e-3"]
    serialized = [b"\0n" + len(text).to_bytes(4, "big") + text for text in spellings]
    answers = program.ask("deserialize", [{"bytes": each.hex()} for each in serialized])
    assert [answer["value"] for answer in answers] == [{"N": text.decode()} for text in spellings]


# --- other providers ------------------------------------------------------------------------------


def symmetric(algorithm, key):
    return JceNameLocalDelegatedKey(
        key, algorithm, EncryptionKeyType.SYMMETRIC, KeyEncodingType.RAW
    )


ITEM = {
    "id": {"S": "x"},
    "number": {"N": "5"},
    "secret": {"S": "text"},
    "list": {"L": [{"N": "1"}, {"S": "ü"}]},
}


@pytest.mark.parametrize("mac", ["HmacSHA224", "HmacSHA256", "HmacSHA384", "HmacSHA512"])
@pytest.mark.parametrize("length", [16, 24, 32])
def test_static_keys(program, mac, length):
    content_key, signing_key = bytes(range(length)), bytes(range(40, 72))
    encryption_key, mac_key = symmetric("AES", content_key), symmetric(mac, signing_key)
    provider = StaticCryptographicMaterialsProvider(
        encryption_materials=RawEncryptionMaterials(mac_key, encryption_key),
        decryption_materials=RawDecryptionMaterials(mac_key, encryption_key),
    )
    table = Table(provider=STATIC, actions={"number": SIGN_ONLY})
    keys = {"mac": mac, "signing_key": signing_key, "content_key": content_key}
    theirs = they_encrypt(table, ITEM, provider)
    assert program.decrypt(table, [theirs], keys) == [ITEM]
    (ours,) = program.encrypt(table, [ITEM], [keys])
    assert they_decrypt(table, ours, provider) == ITEM
    assert program.decrypt(table, [theirs], {**keys, "signing_key": bytes(32)}) == [DOES_NOT_VERIFY]
    assert program.decrypt(table, [theirs], {**keys, "content_key": bytes(32)}) == [DOES_NOT_VERIFY]


def test_items_that_are_only_signed(program):
    signing_key = bytes(range(32))
    mac_key = symmetric("HmacSHA256", signing_key)
    provider = StaticCryptographicMaterialsProvider(
        encryption_materials=RawEncryptionMaterials(mac_key),
        decryption_materials=RawDecryptionMaterials(mac_key),
    )
    table = Table(provider=STATIC, default_action=SIGN_ONLY)
    keys = {"mac": "HmacSHA256", "signing_key": signing_key}
    theirs = they_encrypt(table, ITEM, provider)
    assert program.decrypt(table, [theirs], keys) == [ITEM]
    (ours,) = program.encrypt(table, [ITEM], [keys])
    assert ours == theirs


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def rsa_delegated(rsa_key, algorithm, kind):
    der = private_der(rsa_key) if kind is EncryptionKeyType.PRIVATE else public_der(rsa_key)
    return JceNameLocalDelegatedKey(der, algorithm, kind, KeyEncodingType.DER)


@pytest.mark.parametrize("length", [16, 24, 32])
@pytest.mark.parametrize("content", ["AES/256", "AES/128", "AES/192", None])
def test_keys_wrapped_with_aes(program, length, content):
    wrapping_key, signing_key = bytes(range(length)), bytes(range(40, 72))
    wrapping = symmetric("AES", wrapping_key)
    provider = WrappedCryptographicMaterialsProvider(
        symmetric("HmacSHA256", signing_key),
        wrapping_key=wrapping,
        unwrapping_key=wrapping,
        material_description={"amzn-ddb-env-alg": content} if content else {},
    )
    table = Table(provider=WRAPPED, actions={"number": SIGN_ONLY})
    keys = {"mac": "HmacSHA256", "signing_key": signing_key, "wrapping_key": wrapping_key}
    theirs = they_encrypt(table, ITEM, provider)
    assert program.decrypt(table, [theirs], keys) == [ITEM]
    wrong = {**keys, "wrapping_key": bytes(length)}
    assert program.decrypt(table, [theirs], wrong) == [DOES_NOT_VERIFY]


@pytest.mark.parametrize(
    "wrap",
    [
        None,
        "RSA",
        "RSA/ECB/PKCS1Padding",
        "RSA/ECB/OAEPWithSHA-1AndMGF1Padding",
        "RSA/ECB/OAEPWithSHA-512AndMGF1Padding",
    ],
)
def test_keys_wrapped_with_rsa(program, rsa_key, wrap):
    private, public = EncryptionKeyType.PRIVATE, EncryptionKeyType.PUBLIC
    provider = WrappedCryptographicMaterialsProvider(
        rsa_delegated(rsa_key, "SHA512withRSA", private),
        wrapping_key=rsa_delegated(rsa_key, "RSA", public),
        material_description={"amzn-ddb-wrap-alg": wrap} if wrap else {},
    )
    table = Table(provider=WRAPPED, actions={"number": SIGN_ONLY})
    keys = {"unwrapping_key": private_der(rsa_key), "verification_key": public_der(rsa_key)}
    theirs = they_encrypt(table, ITEM, provider)
    assert program.decrypt(table, [theirs], keys) == [ITEM]
    moved = {**theirs, "secret": theirs["list"], "list": theirs["secret"]}
    assert program.decrypt(table, [moved], keys) == [DOES_NOT_VERIFY]


def test_altered_descriptions_of_wrapped_keys(program):
    signing_key, wrapping = bytes(range(32)), symmetric("AES", bytes(32))
    provider = WrappedCryptographicMaterialsProvider(
        symmetric("HmacSHA256", signing_key), wrapping_key=wrapping
    )
    table = Table(provider=WRAPPED)
    keys = {"mac": "HmacSHA256", "signing_key": signing_key, "wrapping_key": bytes(32)}
    theirs = they_encrypt(table, ITEM, provider)
    entries = material_description.deserialize(theirs[DESCRIPTION])

    def opened(**changes):
        changed = {**entries, **{name.replace("_", "-"): to for name, to in changes.items()}}
        pairs = [(name, value) for name, value in changed.items() if value is not None]
        (answer,) = program.decrypt(table, [{**theirs, DESCRIPTION: described(pairs)}], keys)
        return answer

    assert opened() == ITEM
    assert opened(amzn_ddb_env_alg="AES") == ITEM
    assert opened(amzn_ddb_env_alg=None) == ITEM
    assert opened(amzn_ddb_wrap_alg=None) == ITEM
    assert opened(amzn_ddb_env_alg="AES/128") == DOES_NOT_VERIFY
    assert opened(amzn_ddb_wrap_alg="RSA") == DOES_NOT_VERIFY
    for change in (
        {"amzn_ddb_env_alg": "DESede"},
        {"amzn_ddb_wrap_alg": "kms"},
        {"amzn_ddb_env_key": None},
    ):
        assert opened(**change)["code"] == NOT_VERIFIED
    for key in ("", "AAA", "A===", "*AAA"):
        answer = opened(amzn_ddb_env_key=key)
        assert answer["error"] == "description of the item holds no key"


@pytest.fixture
def material_table(aws):
    resource = boto3.resource("dynamodb", region_name=REGION)
    MetaStore.create_table(aws("dynamodb"), "materials", 1, 1)
    yield resource.Table("materials")
    aws("dynamodb").delete_table(TableName="materials")


def test_table_of_keys(program, aws, kms, kms_provider, material_table):
    store = MetaStore(material_table, kms_provider)
    provider = CachingMostRecentProvider(store, "material", 60.0)
    table = Table(provider=MATERIAL_STORE, actions={"number": SIGN_ONLY})
    theirs = they_encrypt(table, ITEM, provider)

    (asked,) = program.with_table("prepare_decryption", table, [theirs])
    assert asked["material"] == {"N": {"S": "material"}, "V": {"N": "0"}}
    stored = aws("dynamodb").get_item(TableName="materials", Key=asked["material"])["Item"]
    keys_table = Table(name="materials", hash_key="N", range_key="V", provider=AWS_KMS)
    (material,) = kms.decrypt(program, keys_table, [stored])
    (answer,) = program.ask("store_keys", [{"item": typed_json(material)}])
    keys = {
        "mac": answer["mac"],
        "signing_key": base64.b64decode(answer["signing_key"]),
        "wrapping_key": base64.b64decode(answer["wrapping_key"]),
    }
    assert program.decrypt(table, [theirs], keys) == [ITEM]
    swapped = {**keys, "signing_key": keys["wrapping_key"]}
    assert program.decrypt(table, [theirs], swapped) == [DOES_NOT_VERIFY]
    (refused,) = program.ask("store_keys", [{"item": typed_json({**material, "t": {"S": "1"}})}])
    assert refused["error"] == "item of a table of keys is of no known kind"


# --- items that are not as they were written ------------------------------------------------------


@pytest.fixture
def written(kms, kms_provider):
    """A table, its item, and that item encrypted by the library."""
    table = Table(range_key="range", actions={"signed": SIGN_ONLY, "free": DO_NOTHING})
    item = {
        "id": {"S": "x"},
        "range": {"N": "1"},
        "secret": {"S": "text"},
        "other": {"S": "text"},
        "signed": {"S": "text"},
        "free": {"S": "text"},
    }
    return table, item, they_encrypt(table, item, kms_provider)


def refusals(program, kms, table, bad_items):
    answers = kms.decrypt(program, table, bad_items)
    assert all("error" in answer for answer in answers), answers
    return {answer["error"] for answer in answers}


def test_altered_attributes(program, kms, kms_provider, written):
    table, item, theirs = written
    second = they_encrypt(table, {**item, "range": {"N": "2"}}, kms_provider)
    bad = [
        {**theirs, "secret": second["secret"]},  # of another item
        {**theirs, "secret": theirs["other"]},  # of another attribute
        {**theirs, "secret": theirs["other"], "other": theirs["secret"]},
        {**theirs, "secret": {"S": "text"}},  # not encrypted
        {**theirs, "signed": {"S": "Text"}},
        {**theirs, "signed": {"B": b"text"}},
        {**theirs, "signed": {"SS": ["text"]}},
        {**theirs, "added": {"S": "text"}},
        {**theirs, SIGNATURE: second[SIGNATURE]},
        {**theirs, SIGNATURE: {"B": b""}},
        {**theirs, SIGNATURE: {"B": theirs[SIGNATURE]["B"][:-1]}},
        {**theirs, SIGNATURE: {"B": theirs[SIGNATURE]["B"] + b"\0"}},
        *(
            {name: value for name, value in theirs.items() if name != gone}
            for gone in ("secret", "signed", "other")
        ),
    ]
    assert refusals(program, kms, table, bad) == {"item does not verify"}
    renamed = {"Secret" if name == "secret" else name: value for name, value in theirs.items()}
    assert refusals(program, kms, table, [renamed]) == {"item does not verify"}
    (opened,) = kms.decrypt(program, table, [{**theirs, "free": {"S": "changed"}}])
    assert opened == {**item, "free": {"S": "changed"}}


def test_other_keys_and_tables(program, kms, written):
    table, _, theirs = written
    assert refusals(program, kms, table, [{**theirs, "range": {"N": "2"}}]) == {"KMS"}
    other = Table(name="other", range_key="range", actions=table.actions)
    assert refusals(program, kms, other, [theirs]) == {"KMS"}
    without = {name: value for name, value in theirs.items() if name != "range"}
    assert refusals(program, kms, table, [without]) == {"item lacks a key attribute"}
    unsigned = {name: value for name, value in theirs.items() if name != SIGNATURE}
    not_binary = {**theirs, SIGNATURE: {"S": "x"}}
    assert refusals(program, kms, table, [unsigned, not_binary]) == {"item has no signature"}


def test_actions_are_the_table_s(program, kms, written):
    """An item never says which of its attributes are encrypted or signed."""
    table, _, theirs = written
    for actions in (
        {**table.actions, "secret": SIGN_ONLY},
        {**table.actions, "secret": DO_NOTHING},
        {**table.actions, "signed": ENCRYPT_AND_SIGN},
        {**table.actions, "free": SIGN_ONLY},
        {**table.actions, "id": DO_NOTHING},
    ):
        other = Table(range_key="range", actions=actions)
        assert refusals(program, kms, other, [theirs]) == {"item does not verify"}


def test_every_bit_of_an_item(program, kms):
    """Through the whole of what is signed; the data key is known, so KMS is not asked."""
    table = Table(provider=STATIC, actions={"signed": SIGN_ONLY})
    keys = {"mac": "HmacSHA256", "signing_key": bytes(32), "content_key": bytes(32)}
    item = {"id": {"S": "xy"}, "signed": {"S": "ab"}, "secret": {"S": "text"}}
    (encrypted,) = program.encrypt(table, [item], [keys])
    bad = []
    for name in ("secret", SIGNATURE):
        whole = encrypted[name]["B"]
        for bit in range(len(whole) * 8):
            changed = bytearray(whole)
            changed[bit // 8] ^= 1 << bit % 8
            bad.append({**encrypted, name: {"B": bytes(changed)}})
        bad += [{**encrypted, name: {"B": whole[:length]}} for length in range(len(whole))]
    answers = program.decrypt(table, bad, keys)
    assert all(answer == DOES_NOT_VERIFY for answer in answers)


def described(entries):
    """A description with any entries, which are pairs."""
    out = io.BytesIO()
    out.write(bytes(4))
    for text in itertools.chain.from_iterable(entries):
        text = text if isinstance(text, bytes) else text.encode()
        out.write(len(text).to_bytes(4, "big") + text)
    return {"B": out.getvalue()}


def test_altered_descriptions(program, kms, written):
    table, _, theirs = written
    entries = material_description.deserialize(theirs[DESCRIPTION])
    fixed = {
        "amzn-ddb-map-sym-mode": ["", "/GCM/NoPadding", "/CBC/NoPadding", "/ECB/PKCS5Padding"],
        "amzn-ddb-env-alg": ["", "AES/257", "DES/64", "HmacSHA256/256"],
        "amzn-ddb-sig-alg": ["", "HmacMD5/128", "AES/256", "HmacSHA256/8"],
        "amzn-ddb-wrap-alg": ["", "AESWrap", "RSA"],
        "aws-kms-ec-attr": ["", "*all*"],
        "amzn-ddb-env-key": ["", "*", "AAAA=", "AAA"],
        "amzn-ddb-map-signingAlg": ["", "HmacSHA512", "SHA256withRSA"],
    }
    bad = [
        {**theirs, DESCRIPTION: described({**entries, name: value}.items())}
        for name, alternatives in fixed.items()
        for value in alternatives
    ]
    needed = [name for name in entries if name != "amzn-ddb-map-signingAlg"]
    bad += [
        {**theirs, DESCRIPTION: described(p for p in entries.items() if p[0] != name)}
        for name in needed
    ]
    bad += [
        {**theirs, DESCRIPTION: described({**entries, name: value}.items())}
        for name, value in [("amzn-ddb-env-alg", "AES/128"), ("amzn-ddb-sig-alg", "HmacSHA512/256")]
    ]
    for answer in kms.decrypt(program, table, bad):
        assert answer == {"error": "KMS"} or answer["code"] == NOT_VERIFIED
    more = {**theirs, DESCRIPTION: described({**entries, "of the user": "ü"}.items())}
    assert "error" not in kms.decrypt(program, table, [more])[0]


def test_malformed_descriptions(program, kms, written):
    table, _, theirs = written
    whole = theirs[DESCRIPTION]["B"]
    entries = list(material_description.deserialize(theirs[DESCRIPTION]).items())
    bad = [{"B": whole[:length]} for length in range(len(whole))]
    bad += [{"B": whole + b"\0"}, {"B": bytes(3) + b"\1" + whole[4:]}, {"S": "x"}]
    bad += [described([*entries, entries[0]]), described([*entries, ("x", b"\xff")])]
    bad += [described([*entries, *((f"{n}", "") for n in range(200))])]
    answers = kms.decrypt(program, table, [{**theirs, DESCRIPTION: each} for each in bad])
    assert {answer["code"] for answer in answers} == {NOT_VERIFIED}
    (answer,) = program.ask("read_description", [{"bytes": bytes(3_000_000).hex()}])
    assert answer["error"] == "description of the item is too large"
    missing = {name: value for name, value in theirs.items() if name != DESCRIPTION}
    assert refusals(program, kms, table, [missing]) == {"description of the item lacks an entry"}


def test_padding_fails_as_a_signature_does(program):
    """Only who has the signing key can get as far as the padding."""
    signing_key = bytes(range(32))
    table = Table(provider=STATIC)
    keys = {"mac": "HmacSHA256", "signing_key": signing_key, "content_key": bytes(32)}
    item = {"id": {"S": "x"}, "secret": {"S": "text"}}
    (encrypted,) = program.encrypt(table, [item], [keys])
    mac_key = symmetric("HmacSHA256", signing_key)
    answers = []
    for place in range(32):
        ciphertext = bytearray(encrypted["secret"]["B"])
        ciphertext[place] ^= 0x55
        damaged = {**encrypted, "secret": {"B": bytes(ciphertext)}}
        (string,) = program.ask(
            "string_to_sign",
            [
                {
                    "table": table.question(),
                    "item": typed_json({"id": damaged["id"], "secret": damaged["secret"]}),
                    "form": UTF8,
                }
            ],
        )
        signature = mac_key.sign("HmacSHA256", base64.b64decode(string["bytes"]))
        answers += program.decrypt(table, [{**damaged, SIGNATURE: {"B": signature}}], keys)
    wrong = [answer for answer in answers if answer != DOES_NOT_VERIFY]
    # a changed vector may leave a value that reads well; nothing else does
    assert all(answer["secret"] != {"S": "text"} for answer in wrong)
    assert len(wrong) <= 4


# --- forms ----------------------------------------------------------------------------------------

MIXED = "\ue000", "😀"


@pytest.mark.parametrize("form", [UTF8, UTF16])
def test_the_reader_tries_both_forms(program, kms, form):
    writer = Table(default_action=SIGN_ONLY, form=form)
    reader = Table(default_action=SIGN_ONLY, form=UTF8 if form == UTF16 else UTF16)
    item = {
        "id": {"S": "x"},
        **{name: {"S": name} for name in MIXED},
        "map": {"M": {name: {"NULL": True} for name in MIXED}},
        "texts": {"SS": list(MIXED)},
        "binaries": {"BS": [b"\x01", b"\x80"]},
    }
    (written,) = kms.encrypt(program, writer, [item])
    assert kms.decrypt(program, reader, [written]) == [item]
    assert kms.decrypt(program, writer, [written]) == [item]


def test_a_table_cannot_sign_rounded_numbers(program):
    table = Table(form=UTF8_ROUNDED)
    (answer,) = program.with_table("prepare_encryption", table, [{"id": {"S": "x"}}])
    assert answer["error"] == "rounded numbers are never signed"


def test_binaries_of_boto3(program, kms, kms_provider):
    """The library's users hand it boto3's own type for bytes."""
    table = Table()
    item = {"id": {"S": "x"}, "binary": {"B": Binary(b"bytes")}}
    theirs = they_encrypt(table, item, kms_provider)
    (opened,) = kms.decrypt(program, table, [theirs])
    assert opened["binary"] == {"B": b"bytes"}
