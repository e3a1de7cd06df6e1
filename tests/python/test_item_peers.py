"""Our decoder and our numbers against Python's json and decimal and boto3's deserializer."""

import base64
import decimal
import json
import os
import random
import re

import pytest
from boto3.dynamodb.types import DYNAMODB_CONTEXT, TypeDeserializer
from json_lines import ask

PAGES = 300
MUTATIONS = 4000
NUMBERS = 4000

# DynamoDB's numbers: 38 digits, 1E-130 to 9.9…E+125.
DIGITS = 38
LEAST_EXPONENT = -130
GREATEST_EXPONENT = 125
# Beyond what decimal can read, and what the digits of a number here could make up for.
FAR = 10**9

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
TEXTS = [
    "",
    "a",
    "x" * 40,
    "ü",
    "名前",
    "😀",
    '"',
    "\\",
    "/",
    "\n\t\r\b\f",
    "\0",
    "\x7f\u2028",
    "a.b",
]
DEEPEST = 32


@pytest.fixture(scope="module")
def program():
    from environment import paths

    return paths.BUILD / "plain" / "decode_items"


@pytest.fixture
def generator():
    seed = int(os.environ.get("TEST_SEED", "20261123"))
    return random.Random(seed)


def random_number(generator):
    digits = "".join(generator.choices("0123456789", k=generator.choice([1, 2, 5, 17, 19, 20, 38])))
    if generator.random() < 0.5:
        place = generator.randint(0, len(digits))
        digits = digits[:place] + "." + digits[place:]
    exponent = generator.choice(["", "", f"E{generator.randint(-170, 130)}", "e+5", "E-0"])
    return generator.choice(["", "", "-", "+"]) + digits + exponent


def valid_number(generator):
    """One that boto3 reads too, whose least exponent is a little greater than DynamoDB's."""
    while True:
        text = random_number(generator)
        try:
            DYNAMODB_CONTEXT.create_decimal(text)
        except decimal.DecimalException:
            continue
        if number_is_valid(text):
            return text


def number_is_valid(text):
    match = NUMBER.fullmatch(text)
    if match is None:
        return False
    if not match[1].strip("0."):
        return True
    if abs(int(match[2][1:] if match[2] else 0)) > FAR:
        return False
    with decimal.localcontext(prec=1000, Emin=-2 * FAR, Emax=2 * FAR):
        number = decimal.Decimal(text)
        digits = "".join(map(str, number.as_tuple().digits)).strip("0")
        return len(digits) <= DIGITS and LEAST_EXPONENT <= number.adjusted() <= GREATEST_EXPONENT


def random_text(generator):
    return "".join(generator.choices(TEXTS, k=generator.randint(0, 4)))


def random_binary(generator):
    return base64.b64encode(generator.randbytes(generator.randint(0, 50))).decode()


def some(generator, make, least=0):
    return [make(generator) for _ in range(generator.randint(least, 4))]


def random_value(generator, depth=3):
    deeper = ["L", "M"] * 2 if depth else []
    kind = generator.choice(["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", *deeper])
    make = {
        "S": lambda: random_text(generator),
        "N": lambda: valid_number(generator),
        "B": lambda: random_binary(generator),
        "BOOL": lambda: generator.random() < 0.5,
        "NULL": lambda: True,
        "SS": lambda: some(generator, random_text, 1),
        "NS": lambda: some(generator, valid_number, 1),
        "BS": lambda: some(generator, random_binary, 1),
        "L": lambda: [random_value(generator, depth - 1) for _ in range(generator.randint(0, 4))],
        "M": lambda: random_item(generator, depth - 1),
    }
    return {kind: make[kind]()}


def random_item(generator, depth=3):
    return {
        random_text(generator): random_value(generator, depth)
        for _ in range(generator.randint(0, 12))
    }


def random_page(generator):
    page = {
        "Items": [random_item(generator) for _ in range(generator.randint(0, 6))],
        "Count": generator.randint(0, 10**6),
        "ScannedCount": generator.randint(0, 10**18),
        "Ignored": [None, 1.5e10, {"a": [True, False, "\0"]}],
    }
    if generator.random() < 0.5:
        page["LastEvaluatedKey"] = random_item(generator, 0)
    if generator.random() < 0.5:
        page["UnprocessedKeys"] = {"table": {"Keys": [random_item(generator, 1)]}}
    members = list(page.items())
    generator.shuffle(members)
    return dict(members)


def spell(generator, value):
    """JSON in one of the spellings that writers use."""
    return json.dumps(
        value,
        ensure_ascii=generator.random() < 0.5,
        separators=generator.choice([(",", ":"), (", ", ": "), (" ,\n", "\t:\r\n ")]),
    ).encode()


def deserialized(item):
    """What boto3 makes of an item; numbers as they are, binaries as bytes."""
    plain = json.loads(json.dumps(item), object_hook=_decode_binary)
    return {name: TypeDeserializer().deserialize(value) for name, value in plain.items()}


def _decode_binary(node):
    if list(node) == ["B"] and isinstance(node["B"], str):
        return {"B": base64.b64decode(node["B"])}
    if list(node) == ["BS"] and isinstance(node["BS"], list):
        return {"BS": [base64.b64decode(element) for element in node["BS"]]}
    return node


def test_pages_mean_what_they_mean_to_boto3(program, generator):
    pages = [random_page(generator) for _ in range(PAGES)]
    bodies = [spell(generator, page) for page in pages]
    questions = [
        {
            "page": body.hex(),
            "cuts": sorted(generator.randint(0, len(body)) for _ in range(generator.randint(0, 9))),
        }
        for body in bodies
    ]
    for page, answer in zip(pages, ask(program, questions), strict=True):
        assert "error" not in answer, page
        assert [deserialized(item) for item in answer["items"]] == [
            deserialized(item) for item in page["Items"]
        ]
        # and not only in meaning: nothing is respelled on the way
        assert answer["items"] == page["Items"]
        assert answer["count"] == page["Count"]
        assert answer["scanned_count"] == page["ScannedCount"]
        assert answer["key"] == (page.get("LastEvaluatedKey") or None)
        if "UnprocessedKeys" in page:
            assert json.loads(answer["unprocessed"]) == page["UnprocessedKeys"]
        else:
            assert answer["unprocessed"] == ""


def refuse(*_):
    raise ValueError


def unique_pairs(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError
    return dict(pairs)


def item_is_valid(body):
    """The same rules as ours, said once more by other means."""
    try:
        item = json.loads(
            body.decode("utf-8"), object_pairs_hook=unique_pairs, parse_constant=refuse
        )
        json.dumps(item, ensure_ascii=False).encode("utf-8")  # refuses lone surrogates
    except (ValueError, RecursionError):
        return False
    return isinstance(item, dict) and all(value_is_valid(value, 0) for value in item.values())


def base64_is_valid(text):
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except ValueError:
        return False


def set_of(is_valid):
    return lambda elements, depth: (
        isinstance(elements, list) and elements != [] and all(map(is_valid, elements))
    )


def is_text(value):
    return isinstance(value, str)


def is_number(value):
    return is_text(value) and number_is_valid(value)


def is_binary(value):
    return is_text(value) and base64_is_valid(value)


CHECKS = {
    "S": lambda content, depth: is_text(content),
    "N": lambda content, depth: is_number(content),
    "B": lambda content, depth: is_binary(content),
    "BOOL": lambda content, depth: isinstance(content, bool),
    "NULL": lambda content, depth: content is True,
    "SS": set_of(is_text),
    "NS": set_of(is_number),
    "BS": set_of(is_binary),
    "L": lambda content, depth: (
        isinstance(content, list)
        and depth < DEEPEST
        and all(value_is_valid(value, depth + 1) for value in content)
    ),
    "M": lambda content, depth: (
        isinstance(content, dict)
        and depth < DEEPEST
        and all(value_is_valid(value, depth + 1) for value in content.values())
    ),
}


def value_is_valid(value, depth):
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((kind, content),) = value.items()
    return kind in CHECKS and CHECKS[kind](content, depth)


def mutated(generator, body):
    """One to three small changes, of the kind that leaves most of the JSON standing."""
    for _ in range(generator.randint(1, 3)):
        place = generator.randrange(len(body) + 1)
        end = min(len(body), place + generator.randint(0, 2))
        new = generator.choice(
            [b"", b'"', b"\\", b",", b"}", b"{", b"[", b"]", b":", b"0", b"e", b"-", b" ", b"\0"]
            + [b"\xc3\xa9", b"\x80", b"\\ud83d", b"\\u0041", b"null", b"true", b"N", b"S", b"="]
            + [b'"a":{"S":"b"},', b'{"NULL":true},', body[place : place + 20], body[:20]]
        )
        body = body[:place] + new + body[end:]
    return body


def test_malformed_items_are_refused_where_python_refuses_them(program, generator):
    bodies = [
        mutated(generator, spell(generator, random_item(generator, 2))) for _ in range(MUTATIONS)
    ]
    answers = ask(program, [{"item": body.hex()} for body in bodies])
    refused = 0
    for body, answer in zip(bodies, answers, strict=True):
        assert ("error" not in answer) == item_is_valid(body), body
        refused += "error" in answer
    # both outcomes are common, or the comparison says little
    assert MUTATIONS / 10 < refused < MUTATIONS * 99 / 100


def canonical(text):
    with decimal.localcontext(prec=1000, Emin=-2 * FAR, Emax=2 * FAR):
        number = decimal.Decimal(text)
        plain = format(number, "f")
        if "." in plain:
            plain = plain.rstrip("0").rstrip(".")
        sign = "-" if number < 0 else ""
        plain = plain.lstrip("+-").lstrip("0") or "0"
        return sign + ("0" if plain.startswith(".") else "") + plain


def test_numbers_are_those_of_decimal(program, generator):
    texts = [random_number(generator) for _ in range(NUMBERS)]
    answers = ask(program, [{"number": text} for text in texts])
    for text, answer in zip(texts, answers, strict=True):
        assert ("error" not in answer) == number_is_valid(text), text
        if "error" in answer:
            continue
        assert answer["canonical"] == canonical(text)
        number = decimal.Decimal(answer["canonical"])
        is_int64 = number == int(number) and -(2**63) <= number < 2**63
        assert ("int64" in answer) == is_int64, text
        if is_int64:
            assert answer["int64"] == int(number)
