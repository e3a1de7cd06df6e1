"""Our effect of changes, our differences and our limits against the emulators'.

GENERATED_CHANGES sets how many are tried by each test.
"""

import base64
import json
import os
import re
from decimal import Decimal
from itertools import count

import pytest
from attribute_values import meanings
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from json_lines import ask

EXAMPLES = settings(
    max_examples=int(os.environ.get("GENERATED_CHANGES", "50")), deadline=None, database=None
)
KEY = {"id": {"S": "item"}}
ITEM_SIZE_MAXIMUM = 400 * 1024
TABLE_NUMBERS = count()

# ItemViolationKind, ItemWriteAction and ConditionKind by number.
IS_FINE, TOO_LARGE, TOO_DEEP = 0, 1, 10
PUT, UPDATE = 0, 1
EQUAL = 0

# --- what is generated --------------------------------------------------------------------------

# Few names, so that changes meet what is there.
NAMES = st.sampled_from(["a", "b", "c.d", "ü"])
NUMBERS = st.sampled_from(["0", "1", "1.0", "-2.50", "1E3", "0.001", "9" * 38])
BINARIES = st.binary(max_size=5).map(lambda binary: base64.b64encode(binary).decode())


def typed(kind, content):
    return content.map(lambda value: {kind: value})


def sets(kind, content, key=None):
    return typed(kind, st.lists(content, min_size=1, max_size=4, unique_by=key))


SCALARS = st.one_of(
    typed("S", st.text(st.characters(exclude_categories=["Cs"]), max_size=5)),
    typed("N", NUMBERS),
    typed("B", BINARIES),
    typed("BOOL", st.booleans()),
    st.just({"NULL": True}),
    sets("SS", st.text("ab", max_size=2), key=lambda text: text),
    sets("NS", NUMBERS, key=Decimal),
    sets("BS", BINARIES, key=lambda text: text),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        typed("L", st.lists(inner, max_size=4)),
        typed("M", st.dictionaries(NAMES, inner, max_size=4)),
    ),
    max_leaves=12,
)
ITEMS = st.dictionaries(NAMES, VALUES, max_size=4)


def places(value, path):
    """The paths of a value and of what is in it."""
    yield path
    ((kind, content),) = value.items()
    if kind == "L":
        for index, element in enumerate(content):
            yield from places(element, f"{path}[{index}]")
    if kind == "M":
        for name, element in content.items():
            yield from places(element, f"{path}.{quoted(name)}")


def quoted(name):
    return f'"{name}"' if "." in name else name


@st.composite
def changes_of(draw, item):
    """Mostly of places that are there, or beside them; sometimes such as no item can have."""
    there = [path for name in item for path in places(item[name], quoted(name))]
    paths = set()
    for _ in range(draw(st.integers(1, 5))):
        path = draw(st.sampled_from(there)) if there else draw(NAMES.map(quoted))
        path += draw(st.sampled_from(["", "", "", ".a", ".b", "[0]", "[3]", "[7]"]))
        paths.add(path)
    changes = [{"path": path} for path in sorted(paths)]
    for change in changes:
        if draw(st.integers(0, 2)) > 0:
            change["value"] = draw(VALUES)
    return changes


ITEMS_AND_CHANGES = ITEMS.flatmap(lambda item: st.tuples(st.just(item), changes_of(item)))

# --- both sides ---------------------------------------------------------------------------------


def as_boto3(value):
    """The value as boto3 takes it: binaries as bytes."""
    ((kind, content),) = value.items()
    match kind:
        case "B":
            return {kind: base64.b64decode(content)}
        case "BS":
            return {kind: [base64.b64decode(element) for element in content]}
        case "L":
            return {kind: [as_boto3(element) for element in content]}
        case "M":
            return {kind: {name: as_boto3(element) for name, element in content.items()}}
    return value


def as_boto3_parameters(body):
    """A body of ours as parameters of boto3's client."""
    parameters = json.loads(body)
    for name in ("Item", "Key", "ExpressionAttributeValues"):
        if name in parameters:
            parameters[name] = {key: as_boto3(value) for key, value in parameters[name].items()}
    return parameters


class Peer:
    """A table of an emulator, and our programs."""

    def __init__(self, client, programs):
        self.client = client
        self.table = f"item_changes_{next(TABLE_NUMBERS)}"
        self._programs = programs
        client.create_table(
            TableName=self.table,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def put(self, item):
        stored = {name: as_boto3(value) for name, value in item.items()}
        self.client.put_item(TableName=self.table, Item=KEY | stored)

    def accepts(self, item):
        try:
            self.put(item)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ValidationException"
            return False
        return True

    def update(self, changes, condition=None):
        """The item behind our UpdateItem, without its key; None when it is refused."""
        write = {"action": UPDATE, "table": self.table, "key": KEY, "changes": changes}
        if condition:
            write["condition"] = condition
        question = {"operation": "UpdateItem", "writes": [write], "returned": 2}
        (answer,) = ask(self._programs / "write_request", [question])
        try:
            parameters = as_boto3_parameters(answer["body"])
            attributes = self.client.update_item(**parameters)["Attributes"]
        except ClientError as error:
            codes = ("ValidationException", "ConditionalCheckFailedException")
            assert error.response["Error"]["Code"] in codes
            return None
        del attributes["id"]
        return attributes

    def ours(self, **question):
        (answer,) = ask(self._programs / "change_item", [question])
        return answer


@pytest.fixture(scope="module")
def local(dynamodb_local, programs):
    """DynamoDB Local, which is exact here; moto is not."""
    return Peer(dynamodb_local.client(), programs)


@pytest.fixture(scope="module")
def peer(dynamodb, programs):
    return Peer(dynamodb.client(), programs)


# --- tests --------------------------------------------------------------------------------------


def test_changes_have_the_effect_they_have_in_dynamodb(local):
    @EXAMPLES
    @given(ITEMS_AND_CHANGES)
    def check(example):
        item, changes = example
        local.put(item)
        theirs = local.update(changes)
        ours = local.ours(item=item, changes=changes)
        if theirs is None:
            assert "error" in ours
        else:
            assert meanings(ours["item"]) == meanings(theirs)

    check()


def test_differences_make_the_one_of_the_other(peer):
    @EXAMPLES
    @given(ITEMS, ITEMS)
    def check(before, after):
        changes = peer.ours(item=before, after=after)["changes"]
        if not changes:
            assert meanings(before) == meanings(after)
            return
        peer.put(before)
        assert meanings(peer.update(changes)) == meanings(after)

    check()


def respelled(value):
    """An equal value: sets and maps the other way round, numbers written differently."""
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return {kind: f"{Decimal(content):E}"}
        case "NS":
            return {kind: [f"{Decimal(element):E}" for element in reversed(content)]}
        case "SS" | "BS":
            return {kind: content[::-1]}
        case "L":
            return {kind: [respelled(element) for element in content]}
        case "M":
            return {kind: {name: respelled(content[name]) for name in reversed(content)}}
    return value


def test_conditions_compare_values_of_every_type(local):
    """Equal is what attribute_value_equal says; moto compares texts of numbers inside documents."""

    @EXAMPLES
    @given(VALUES, VALUES)
    def check(stored, other):
        local.put({"a": stored})
        change = [{"path": "changed", "value": {"BOOL": True}}]
        for value in (stored, respelled(stored), other):
            condition = {"kind": EQUAL, "path": "a", "values": [value]}
            equal = local.ours(item={"a": stored}, after={"a": value})["changes"] == []
            assert (local.update(change, condition) is not None) == equal
        assert local.ours(item={"a": stored}, after={"a": respelled(stored)})["changes"] == []

    check()


def test_sizes_are_exact(local):
    """An item that is filled up to the limit is stored, with one byte more it is not."""

    @EXAMPLES
    @given(ITEMS)
    def check(item):
        size = local.ours(item=item | KEY | {"filler": {"S": ""}}, rules=[])["size"]
        for excess in (0, 1):
            filler = "x" * (ITEM_SIZE_MAXIMUM - size + excess)
            filled = item | KEY | {"filler": {"S": filler}}
            ours = local.ours(item=filled, rules=[])
            assert ours["kind"] == (TOO_LARGE if excess else IS_FINE)
            assert local.accepts(filled) == (not excess)

    check()


def nested(levels, innermost):
    value = innermost
    for level in range(levels):
        value = {"L": [value]} if level % 2 else {"M": {"a": value}}
    return value


@pytest.mark.parametrize("innermost", [{"S": "x"}, {"L": []}, {"M": {}}, {"NS": ["1"]}])
def test_depth_is_exact(local, innermost):
    kinds = []
    for levels in (29, 30, 31):
        item = KEY | {"v": nested(levels, innermost)}
        kinds.append(local.ours(item=json.dumps(item), rules=[])["kind"])
        assert local.accepts(item) == (kinds[-1] == IS_FINE)
    assert kinds[:2] == [IS_FINE, IS_FINE]
    assert kinds[2] in (IS_FINE, TOO_DEEP)


# Key attributes: of the table `h` and `r`, of an index `g` and `i`.
RULES = [
    {"name": "h", "type": "S", "required": True},
    {"name": "r", "type": "B", "range": True, "required": True},
    {"name": "g", "type": "S"},
    {"name": "i", "type": "S", "range": True},
]
KEYS = {"h": {"S": "x"}, "r": {"B": "AAAA"}}
KEY_CASES = [
    {},
    {"h": None},
    {"r": None},
    {"h": {"S": ""}},
    {"h": {"S": "x" * 2048}},
    {"h": {"S": "x" * 2049}},
    {"h": {"S": "é" * 1024}},
    {"h": {"S": "é" * 1024 + "x"}},
    {"h": {"N": "1"}},
    {"h": {"NULL": True}},
    {"r": {"B": ""}},
    {"r": {"B": base64.b64encode(b"x" * 1024).decode()}},
    {"r": {"B": base64.b64encode(b"x" * 1025).decode()}},
    {"r": {"S": "AAAA"}},
    {"g": {"S": "x" * 2048}, "i": {"S": "x" * 1024}},
    {"g": {"S": "x" * 2049}},
    {"i": {"S": "x" * 1025}},
    {"g": {"S": ""}},
    {"i": {"S": ""}},
    {"g": {"N": "1"}},
    {"n": {"S": ""}, "m": {"M": {"a": {"S": ""}}}, "s": {"SS": [""]}},
    {"n" * 65535: {"S": ""}},
    {"n" * 65536: {"S": ""}},
    {"m": {"M": {"n" * 65536: {"S": ""}}}},
    {"": {"S": ""}},
    {"m": {"M": {"": {"S": ""}}}},
]


@pytest.fixture(scope="module")
def keyed(dynamodb_local):
    client = dynamodb_local.client()
    name = f"item_changes_keys_{next(TABLE_NUMBERS)}"
    types = {rule["name"]: rule["type"] for rule in RULES}

    def schema(hash_name, range_name):
        return [
            {"AttributeName": hash_name, "KeyType": "HASH"},
            {"AttributeName": range_name, "KeyType": "RANGE"},
        ]

    index = {
        "IndexName": "index",
        "KeySchema": schema("g", "i"),
        "Projection": {"ProjectionType": "ALL"},
    }
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in types.items()],
        KeySchema=schema("h", "r"),
        GlobalSecondaryIndexes=[index],
        BillingMode="PAY_PER_REQUEST",
    )
    return client, name


@pytest.mark.parametrize("case", KEY_CASES, ids=range(len(KEY_CASES)))
def test_keys_and_names_are_what_dynamodb_takes(local, keyed, case):
    client, table = keyed
    item = {name: value for name, value in (KEYS | case).items() if value is not None}
    ours = local.ours(item=item, rules=RULES)
    stored = {name: as_boto3(value) for name, value in item.items()}
    try:
        client.put_item(TableName=table, Item=stored)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ValidationException"
        assert ours["kind"] != IS_FINE
    else:
        assert ours["kind"] == IS_FINE


def test_transactions_count_as_they_do_for_dynamodb(local):
    """DynamoDB Local says the size when it is too large: writes of ours in front of a large one."""
    large = [
        {
            "Put": {
                "TableName": local.table,
                "Item": {"id": {"S": str(n)}, "v": {"B": b"x" * 400000}},
            }
        }
        for n in range(11)
    ]

    def payload_size(actions):
        """The large ones come last, for it counts until it is too much."""
        with pytest.raises(ClientError) as raised:
            local.client.transact_write_items(TransactItems=actions + large)
        return int(re.search(r"Payload Size: (\d+)", str(raised.value))[1])

    def as_boto3_action(action):
        ((name, part),) = action.items()
        return {name: as_boto3_parameters(json.dumps(part))}

    nothing = payload_size([])

    @EXAMPLES
    @given(ITEMS, VALUES, VALUES, st.booleans())
    def check(item, set_value, compared, has_condition):
        put = {"action": PUT, "table": local.table, "item": item | KEY}
        key = {"id": {"S": "other"}}
        change = [{"path": "b", "value": set_value}, {"path": "c"}]
        update = {"action": UPDATE, "table": local.table, "key": key, "changes": change}
        writes = [put, update]
        if has_condition:
            for write in writes:
                write["condition"] = {"kind": EQUAL, "path": "ü", "values": [compared]}
        question = {"operation": "TransactWriteItems", "writes": writes, "token": "x"}
        (answer,) = ask(local._programs / "write_request", [question])
        actions = [as_boto3_action(a) for a in json.loads(answer["body"])["TransactItems"]]
        assert payload_size(actions) == nothing + sum(answer["sizes"])

    check()
