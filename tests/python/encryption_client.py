"""Our side of the DynamoDB Encryption Client's tests: questions to the program encryption_client.

Items are in boto3's typed form, with bytes for binaries.
"""

import base64
import json
from dataclasses import dataclass, field
from decimal import Decimal

from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, settings, strategies
from json_lines import ask

# The settings of tests that take generated items.
generated = settings(
    deadline=None,
    database=None,
    derandomize=True,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

DO_NOTHING, SIGN_ONLY, ENCRYPT_AND_SIGN = range(3)
AWS_KMS, STATIC, WRAPPED, MATERIAL_STORE = range(4)
UTF8, UTF16, UTF8_ROUNDED = range(3)

SIGNATURE = "*amzn-ddb-map-sig*"
DESCRIPTION = "*amzn-ddb-map-desc*"

# RESULT_NOT_VERIFIED, and what is said of everything from the signature on.
NOT_VERIFIED = 8
DOES_NOT_VERIFY = {"error": "item does not verify", "code": NOT_VERIFIED}


@dataclass(frozen=True)
class Table:
    """What the tables' questions are made of."""

    name: str = "table"
    hash_key: str = "id"
    range_key: str | None = None
    provider: int = AWS_KMS
    default_action: int = ENCRYPT_AND_SIGN
    actions: dict = field(default_factory=dict)
    form: int = UTF8
    rounded: bool = False

    def question(self):
        return {
            "name": self.name,
            "hash_key": self.hash_key,
            "range_key": self.range_key or "",
            "provider": self.provider,
            "default_action": self.default_action,
            "actions": [
                {"name": name.encode().hex(), "action": action}
                for name, action in self.actions.items()
            ],
            "form": self.form,
            "rounded": int(self.rounded),
        }

    @property
    def keys(self):
        return [name for name in (self.hash_key, self.range_key) if name]

    def action(self, name):
        if name in self.actions:
            return self.actions[name]
        return min(self.default_action, SIGN_ONLY) if name in self.keys else self.default_action


def wire(value):
    """A typed value, or anything that holds some, with base64 for bytes."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: wire(member) for name, member in value.items()}
    if isinstance(value, list):
        return [wire(element) for element in value]
    return value


def unwire_value(value):
    ((kind, content),) = value.items()
    if kind == "B":
        content = base64.b64decode(content)
    elif kind == "BS":
        content = [base64.b64decode(element) for element in content]
    elif kind == "L":
        content = [unwire_value(element) for element in content]
    elif kind == "M":
        content = unwire(content)
    return {kind: content}


def unwire(item):
    return {name: unwire_value(value) for name, value in item.items()}


def typed_json(value):
    """A value or an item as the program is given it."""
    return json.dumps(wire(value)).encode().hex()


def hexadecimal(keys):
    return {name: key.hex() if isinstance(key, bytes) else key for name, key in keys.items()}


class Program:
    """Runs questions, each a batch."""

    def __init__(self, programs):
        self._path = programs / "encryption_client"

    def ask(self, operation, questions):
        return ask(self._path, [{"operation": operation, **question} for question in questions])

    def with_table(self, operation, table, items, keys=None):
        """Answers for many items of one table; `keys` are those of each, or of all."""
        keys = keys if isinstance(keys, list) else [keys or {}] * len(items)
        questions = [
            {"table": table.question(), "item": typed_json(item), "keys": hexadecimal(of_item)}
            for item, of_item in zip(items, keys, strict=True)
        ]
        return self.ask(operation, questions)

    def decrypt(self, table, items, keys=None):
        return [_with_item(answer) for answer in self.with_table("decrypt", table, items, keys)]

    def encrypt(self, table, items, keys, ciphertexts=None):
        questions = [
            {"table": table.question(), "item": typed_json(item), "keys": hexadecimal(of_item)}
            for item, of_item in zip(items, keys, strict=True)
        ]
        for question, ciphertext in zip(questions, ciphertexts or [], strict=False):
            question["ciphertext"] = ciphertext.hex()
        return [_with_item(answer) for answer in self.ask("encrypt", questions)]


def _with_item(answer):
    return unwire(answer["item"]) if "item" in answer else answer


class Kms:
    """The calls that a backend makes between the two steps."""

    def __init__(self, client, key_id):
        self.client = client
        self.key_id = key_id

    def decrypt(self, program, table, items):
        """Items decrypted by us; an error's answer where KMS or we refuse."""
        asked = program.with_table("prepare_decryption", table, items)
        data_keys = [self._data_key(answer) for answer in asked]
        opened = program.decrypt(
            table, items, [{"data_key": key or bytes(32)} for key in data_keys]
        )
        return [
            {"error": "KMS"} if key is None and "error" not in before else answer
            for before, key, answer in zip(asked, data_keys, opened, strict=True)
        ]

    def _data_key(self, answer):
        if "error" in answer:
            return None
        try:
            return self.client.decrypt(
                CiphertextBlob=base64.b64decode(answer["ciphertext"]),
                EncryptionContext=answer["context"],
            )["Plaintext"]
        except self.client.exceptions.InvalidCiphertextException:
            return None

    def encrypt(self, program, table, items, number_of_bytes=32):
        """Items encrypted by us, with data keys of that length."""
        asked = program.with_table("prepare_encryption", table, items)
        generated = [
            self.client.generate_data_key(
                KeyId=self.key_id,
                NumberOfBytes=number_of_bytes,
                EncryptionContext=answer["context"],
            )
            for answer in asked
        ]
        keys = [{"data_key": answer["Plaintext"]} for answer in generated]
        ciphertexts = [answer["CiphertextBlob"] for answer in generated]
        return program.encrypt(table, items, keys, ciphertexts)


# --- generated values ---------------------------------------------------------------------------

texts = strategies.text(max_size=12)
names = strategies.text(min_size=1, max_size=12).filter(lambda name: not name.startswith("*amzn"))
binaries = strategies.binary(max_size=20)


def decimals(digits):
    """Numbers within DynamoDB's bounds of up to so many significant digits, in some spelling."""
    return strategies.builds(
        _spelled,
        strategies.integers(-(10**digits) + 1, 10**digits - 1),
        strategies.integers(-90, 85),
        strategies.sampled_from(["{:f}", "{:E}", "{}"]),
    )


def _spelled(coefficient, exponent, spelling):
    number = Decimal(coefficient).scaleb(exponent) if coefficient else Decimal(0)
    text = spelling.format(number)
    # boto3 takes no more digits than DynamoDB, zeroes at the end included
    return text if sum(map(str.isdigit, text)) <= 38 else f"{number:E}"


def values(digits=28, depth=3):
    """Typed values of every type; sets of different elements."""
    numbers = decimals(digits)
    scalars = strategies.one_of(
        strategies.builds(lambda text: {"S": text}, texts),
        strategies.builds(lambda number: {"N": number}, numbers),
        strategies.builds(lambda binary: {"B": binary}, binaries),
        strategies.builds(lambda boolean: {"BOOL": boolean}, strategies.booleans()),
        strategies.just({"NULL": True}),
        _sets("SS", texts, None),
        _sets("NS", numbers, Decimal),
        _sets("BS", binaries, None),
    )
    return strategies.recursive(scalars, _documents, max_leaves=2**depth)


def _sets(kind, elements, key):
    lists = strategies.lists(elements, min_size=1, max_size=5, unique_by=key or (lambda e: e))
    return strategies.builds(lambda content: {kind: content}, lists)


def _documents(children):
    return strategies.one_of(
        strategies.builds(lambda content: {"L": content}, strategies.lists(children, max_size=4)),
        strategies.builds(
            lambda content: {"M": content}, strategies.dictionaries(texts, children, max_size=4)
        ),
    )


def items(**of_values):
    """Items with a hash key `id` and a range key `range` of any type, and other attributes."""
    keys = strategies.one_of(
        strategies.builds(lambda text: {"S": text}, strategies.text(min_size=1, max_size=12)),
        strategies.builds(lambda n: {"N": str(n)}, strategies.integers(-(10**27), 10**27)),
        strategies.builds(lambda b: {"B": b}, strategies.binary(min_size=1, max_size=20)),
    )
    others = strategies.dictionaries(names, values(**of_values), max_size=8)
    return strategies.builds(
        lambda hash_key, range_key, rest: {**rest, "id": hash_key, "range": range_key},
        keys,
        keys,
        others,
    )


def private_der(key):
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_der(key):
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
