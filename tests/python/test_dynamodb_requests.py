"""Bodies of our requests against botocore's model of DynamoDB's API, over random requests."""

import base64
import json
import os
import random
import re

import botocore.session
import pytest
from botocore.serialize import create_serializer
from botocore.validate import ParamValidator
from json_lines import ask

REQUESTS = 500

# ConditionKind by number, with how many values it takes.
LEAVES = {0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 2, 7: 3, 8: 1, 9: 1, 10: 0, 11: 0, 13: 1}
EQUAL = 0
PATHS = [
    "id",
    "name",
    "size",
    "größe",
    "a.b[0].c",
    '"a.b"',
    '"with ""quotes"""',
    "x[3][4]",
    "#0",
    ":0",
]
TEXTS = ["", "x", "ü", "😀", '"\\\n\t\u0001', "\u2028", "a" * 300]
EXPRESSIONS = [
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
    "UpdateExpression",
    "ConditionExpression",
]

# ItemWriteAction by number: the operation of one write, and its name in a transaction.
PUT, UPDATE, DELETE, CHECK = range(4)
SINGLE = {PUT: "PutItem", UPDATE: "UpdateItem", DELETE: "DeleteItem"}
IN_TRANSACTION = {PUT: "Put", UPDATE: "Update", DELETE: "Delete", CHECK: "ConditionCheck"}
# ReturnedAttributes by number.
RETURNED = [None, "ALL_OLD", "ALL_NEW"]
WRITES = [*SINGLE.values(), "BatchWriteItem", "TransactWriteItems"]


def random_value(generator, depth=2):
    kinds = ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS"] + (["L", "M"] if depth else [])
    kind = generator.choice(kinds)
    text = generator.choice(TEXTS)
    number = str(generator.randint(-(10**30), 10**30))
    binary = base64.b64encode(generator.randbytes(generator.randint(0, 40))).decode()
    value = {
        "S": text,
        "N": number,
        "B": binary,
        "BOOL": generator.random() < 0.5,
        "NULL": True,
        "SS": sorted({text, "other"}),
        "NS": sorted({number, "0.5"}),
        "BS": [binary],
    }
    if kind == "L":
        return {"L": [random_value(generator, depth - 1) for _ in range(generator.randint(0, 3))]}
    if kind == "M":
        names = generator.sample(TEXTS[1:], generator.randint(0, 3))
        return {"M": {name: random_value(generator, depth - 1) for name in names}}
    return {kind: value[kind]}


def random_condition(generator, depth=2):
    if depth and generator.random() < 0.5:
        kind = generator.choice(["all", "any"])
        return {
            kind: [random_condition(generator, depth - 1) for _ in range(generator.randint(1, 3))]
        }
    kind = generator.choice(list(LEAVES))
    values = [random_value(generator, 1) for _ in range(LEAVES[kind])]
    return {"kind": kind, "path": generator.choice(PATHS), "values": values}


def random_key(generator):
    return {"id": {"S": generator.choice(TEXTS[1:])}, "größe": {"N": str(generator.randint(0, 9))}}


def random_changes(generator):
    """Of different top-level attributes, so that none overlap."""
    changes = []
    for number in range(generator.randint(1, 5)):
        path = generator.choice(["a{}", "ü{}", '"a.b{}"', "#{}"]).format(number)
        change = {"path": path + generator.choice(["", ".x", "[7].y"])}
        if generator.random() < 0.7:
            change["value"] = random_value(generator)
        changes.append(change)
    return changes


def random_write(generator, actions, conditions=True):
    action = generator.choice(actions)
    write = {"action": action, "table": generator.choice(["abc", "a.b-c_d", "T" * 255])}
    if action == PUT:
        write["item"] = random_key(generator) | {"v": random_value(generator)}
    else:
        write["key"] = random_key(generator)
    if action == UPDATE:
        write["changes"] = random_changes(generator)
    if action == CHECK or (conditions and generator.random() < 0.5):
        write["condition"] = random_condition(generator)
    return write


def random_write_request(generator, operation):
    if operation == "BatchWriteItem":
        count = generator.randint(1, 25)
        writes = [random_write(generator, [PUT, DELETE], conditions=False) for _ in range(count)]
        return {"operation": operation, "writes": writes}
    if operation == "TransactWriteItems":
        writes = [random_write(generator, list(IN_TRANSACTION)) for _ in range(5)]
        token = "x" * generator.randint(1, 36)
        return {"operation": operation, "writes": writes, "token": token}
    (action,) = [action for action, name in SINGLE.items() if name == operation]
    returned = generator.choice([0, 1, 2] if action == UPDATE else [0, 1])
    writes = [random_write(generator, [action])]
    return {"operation": operation, "writes": writes, "returned": returned}


def random_request(generator):
    operation = generator.choice(["Query", "Scan", "GetItem", "BatchGetItem", *WRITES])
    if operation in WRITES:
        return random_write_request(generator, operation)
    keys = generator.randint(1, 100) if operation == "BatchGetItem" else 1
    request = {
        "operation": operation,
        "table": generator.choice(["abc", "a.b-c_d", "T" * 255]),
        "projection": generator.sample(PATHS, generator.randint(0, 4)),
        "keys": [random_key(generator) for _ in range(keys)],
        "consistent": generator.random() < 0.5,
        "count": generator.random() < 0.2,
        "backward": generator.random() < 0.5,
        "limit": generator.choice([0, 1, 1000]),
    }
    if operation == "Query":
        request["key"] = {"kind": EQUAL, "path": "id", "values": [{"S": "x"}]}
    if operation == "Scan" and generator.random() < 0.5:
        request |= {"segment": 3, "total_segments": 1000}
    if generator.random() < 0.5:
        request["filter"] = random_condition(generator)
    if generator.random() < 0.5:
        request |= {"index": "by-name", "start": [random_key(generator)]}
    return request


def decoded(shape, value):
    """The value as botocore takes it: blobs as bytes. Fails on members that the shape has not."""
    if shape.type_name == "structure":
        return {name: decoded(shape.members[name], part) for name, part in value.items()}
    if shape.type_name == "list":
        return [decoded(shape.member, part) for part in value]
    if shape.type_name == "map":
        return {name: decoded(shape.value, part) for name, part in value.items()}
    if shape.type_name == "blob":
        return base64.b64decode(value, validate=True)
    return value


def assert_placeholders_are_used(part):
    """DynamoDB refuses names and values that no expression uses, as much as missing ones."""
    text = " ".join(part.get(name, "") for name in EXPRESSIONS)
    assert set(re.findall(r"#\d+", text)) == set(part.get("ExpressionAttributeNames", {}))
    assert set(re.findall(r":\d+", text)) == set(part.get("ExpressionAttributeValues", {}))
    assert {} not in part.values()


@pytest.fixture(scope="module")
def model():
    return botocore.session.get_session().get_service_model("dynamodb")


@pytest.fixture(scope="module")
def answers(programs):
    """Pairs of a request and the answer to it."""
    seed = int(os.environ.get("REQUESTS_SEED", random.randrange(2**32)))
    print(f"REQUESTS_SEED={seed}")
    generator = random.Random(seed)
    requests = [random_request(generator) for _ in range(REQUESTS)]
    return list(zip(requests, ask(programs / "write_request", requests), strict=True))


@pytest.fixture(scope="module")
def bodies(answers):
    """Pairs of a request and its body."""
    return [(request, json.loads(answer["body"])) for request, answer in answers]


def test_bodies_are_valid_by_the_model(bodies, model):
    validator = ParamValidator()
    for request, body in bodies:
        shape = model.operation_model(request["operation"]).input_shape
        report = validator.validate(decoded(shape, body), shape)
        assert not report.has_errors(), (request, body, report.generate_report())


def test_bodies_are_what_the_serializer_makes_of_the_same(bodies, model):
    """Also that none has a member which means nothing, and that values are of the right kind."""
    serializer = create_serializer("json")
    for request, body in bodies:
        operation = model.operation_model(request["operation"])
        parameters = decoded(operation.input_shape, body)
        serialized = serializer.serialize_to_request(parameters, operation)
        assert json.loads(serialized["body"]) == body


def test_bodies_say_what_was_asked_for(bodies):
    for request, body in bodies:
        if request["operation"] in WRITES:
            continue
        batch = request["operation"] == "BatchGetItem"
        part = body["RequestItems"][request["table"]] if batch else body
        assert body["ReturnConsumedCapacity"] == "TOTAL"
        assert part.get("ConsistentRead", False) == request["consistent"]
        assert_placeholders_are_used(part)
        if batch:
            assert part["Keys"] == request["keys"]
        elif request["operation"] == "GetItem":
            assert body["Key"] == request["keys"][0]
        else:
            assert_read_is(request, body)


def assert_read_is(request, body):
    assert body["TableName"] == request["table"]
    assert body.get("IndexName") == request.get("index")
    assert body.get("Limit", 0) == request["limit"]
    assert body.get("Select") == ("COUNT" if request["count"] else None)
    assert ("FilterExpression" in body) == ("filter" in request)
    assert body.get("ExclusiveStartKey") == request.get("start", [None])[0]
    assert body.get("Segment") == request.get("segment")
    assert body.get("TotalSegments") == request.get("total_segments")
    projected = bool(request["projection"]) and not request["count"]
    assert ("ProjectionExpression" in body) == projected
    if request["operation"] == "Query":
        assert body.get("ScanIndexForward", True) != request["backward"]


def assert_write_is(write, part, action_is_named=True):
    assert part.get("Item") == write.get("item")
    assert part.get("Key") == write.get("key")
    if not action_is_named:
        return
    assert part["TableName"] == write["table"]
    assert ("ConditionExpression" in part) == ("condition" in write)
    assert ("UpdateExpression" in part) == ("changes" in write)
    on_failure = part.get("ReturnValuesOnConditionCheckFailure")
    assert on_failure == ("ALL_OLD" if "condition" in write else None)
    assert_placeholders_are_used(part)
    values = list(part.get("ExpressionAttributeValues", {}).values())
    for change in write.get("changes", []):
        assert "value" not in change or equal_value(change["value"], values)


def equal_value(value, values):
    """One of the values, or one that means the same and came first."""
    return value in values or any(v.keys() == value.keys() for v in values)


def test_single_writes_say_what_was_asked_for(bodies):
    seen = set()
    for request, body in bodies:
        if request["operation"] not in SINGLE.values():
            continue
        (write,) = request["writes"]
        assert_write_is(write, body)
        assert body["ReturnConsumedCapacity"] == "TOTAL"
        assert body.get("ReturnValues") == RETURNED[request["returned"]]
        seen.add((request["operation"], request["returned"], "condition" in write))
    assert len(seen) == 3 * 2 * 2 + 2


def test_batches_hold_the_writes_of_each_table_in_order(bodies):
    for request, body in bodies:
        if request["operation"] != "BatchWriteItem":
            continue
        assert body["ReturnConsumedCapacity"] == "TOTAL"
        for table, parts in body["RequestItems"].items():
            writes = [write for write in request["writes"] if write["table"] == table]
            for write, part in zip(writes, parts, strict=True):
                (name,) = part
                assert name == ("PutRequest" if write["action"] == PUT else "DeleteRequest")
                assert_write_is(write, part[name], action_is_named=False)
        assert set(body["RequestItems"]) == {write["table"] for write in request["writes"]}


def test_transactions_hold_the_actions_in_order(bodies):
    for request, body in bodies:
        if request["operation"] != "TransactWriteItems":
            continue
        assert body["ReturnConsumedCapacity"] == "TOTAL"
        assert body["ClientRequestToken"] == request["token"]
        for write, part in zip(request["writes"], body["TransactItems"], strict=True):
            (name,) = part
            assert name == IN_TRANSACTION[write["action"]]
            assert_write_is(write, part[name])


def test_sizes_of_batches_are_those_of_their_bodies(answers):
    """The envelope is small, and there is a comma between any two writes of a table."""
    for request, answer in answers:
        if request["operation"] != "BatchWriteItem":
            continue
        items = json.loads(answer["body"])["RequestItems"]
        envelope = {table: [] for table in items}
        commas = sum(len(parts) - 1 for parts in items.values())
        expected = len(
            json.dumps(
                {"RequestItems": envelope, "ReturnConsumedCapacity": "TOTAL"},
                separators=(",", ":"),
            )
        )
        assert len(answer["body"].encode()) == expected + commas + sum(answer["sizes"])
