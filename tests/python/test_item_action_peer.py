"""Actions on one item, one after the other and folded into one, in DynamoDB Local: what is stored
in the end is the same, and the folded one refuses whatever one of them would have refused."""

import json
import os
import random

import botocore.exceptions
import pytest
from json_lines import ask

TABLE = "item_actions"
SEQUENCES = 250
LONGEST = 5

PATHS = ["n", "s", "doc", "doc.a", "doc.b", "doc.in", "doc.in.x", "l", "l[0]", "l[1]", "l[2].y"]
REFUSED = {
    "ConditionalCheckFailedException",
    "ValidationException",
    "TransactionCanceledException",
}


@pytest.fixture(scope="module")
def dynamodb_client(dynamodb_local):
    client = dynamodb_local.client()
    client.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield client
    client.delete_table(TableName=TABLE)


@pytest.fixture
def generator():
    return random.Random(int(os.environ.get("TEST_SEED", "20261125")))


# Values, items, actions


def random_value(generator, depth=2):
    kind = generator.choice(["N", "S", "NULL", "NS"] + (["M", "L", "M", "L"] if depth else []))
    if kind == "M":
        names = generator.sample(["a", "b", "in", "x", "y"], generator.randint(0, 3))
        return {"M": {name: random_value(generator, depth - 1) for name in names}}
    if kind == "L":
        return {"L": [random_value(generator, depth - 1) for _ in range(generator.randint(0, 3))]}
    number = str(generator.randint(0, 9))
    return {kind: {"N": number, "S": f"text {number}", "NULL": True, "NS": [number, "10"]}[kind]}


def random_item(generator, key):
    names = generator.sample(["n", "s", "doc", "l"], generator.randint(0, 4))
    return {"id": {"S": key}} | {name: random_value(generator) for name in names}


def overlap(a, b):
    """True when one of the paths is the other or leads into it."""
    a, b = parts(a), parts(b)
    return all(x == y for x, y in zip(a, b, strict=False))


def parts(path):
    return path.replace("[", ".[").split(".")


def disjoint_paths(generator, most):
    chosen = []
    for path in generator.sample(PATHS, most):
        if not any(overlap(path, other) for other in chosen):
            chosen.append(path)
    return chosen


def find(item, path):
    """The value at the path; None when there is none."""
    value = {"M": item}
    for part in parts(path):
        if part.startswith("["):
            elements = value.get("L", [])
            value = elements[int(part[1:-1])] if int(part[1:-1]) < len(elements) else None
        else:
            value = value.get("M", {}).get(part)
        if value is None:
            return None
    return value


def element_of(path):
    """The list's element that the path is, or leads into; None outside of lists."""
    return path[: path.index("]") + 1] if "[" in path else None


def random_changes(generator, item):
    changes = []
    for path in disjoint_paths(generator, generator.randint(1, 3)):
        change = {"path": path}
        if generator.random() < 0.7:
            change["value"] = random_value(generator)
        if element_of(path) is None or find(item, element_of(path)) is not None:
            changes.append(change)
    return {"changes": changes or [{"path": "n", "value": random_value(generator)}]}


def paths_to_expect(generator, action):
    """An UPDATE changes elements that are there, and expects each to be as it was read.

    Without that the folded action asked for less than one after the other: that there is a list at
    all DynamoDB finds out by itself, but not where a later action has replaced or deleted the list.
    """
    elements = {element_of(change["path"]) for change in action.get("changes", [])} - {None}
    return sorted(elements | set(generator.sample(PATHS, generator.randint(0, 3))))


def random_action(generator, key, item):
    """One that may follow; its expectations are true of the item."""
    if item is None:
        return {"put": random_item(generator, key)}
    action = {"delete": True} if generator.random() < 0.2 else random_changes(generator, item)
    action["expect"] = []
    for path in paths_to_expect(generator, action):
        value = find(item, path)
        action["expect"].append({"path": path} | ({} if value is None else {"value": value}))
    return action


# Doing them in DynamoDB


class Expression:
    """An expression with its placeholders."""

    def __init__(self):
        self.names = {}
        self.values = {}

    def path(self, path):
        text = ""
        for part in parts(path):
            if part.startswith("["):
                text += part
                continue
            name = f"#{len(self.names)}"
            self.names[name] = part
            text += f".{name}" if text else name
        return text

    def value(self, value):
        name = f":{len(self.values)}"
        self.values[name] = value
        return name

    def arguments(self):
        arguments = {"ExpressionAttributeNames": self.names}
        if self.values:
            arguments["ExpressionAttributeValues"] = self.values
        return arguments


def condition_of(expression, action):
    if "put" in action:
        return f"attribute_not_exists({expression.path('id')})"
    terms = [f"attribute_exists({expression.path('id')})"]
    for expectation in action["expect"]:
        path = expression.path(expectation["path"])
        if "value" in expectation:
            terms.append(f"{path} = {expression.value(expectation['value'])}")
        else:
            terms.append(f"attribute_not_exists({path})")
    return " AND ".join(terms)


def do(client, key, action):
    """Does the action; False when DynamoDB refuses."""
    expression = Expression()
    common = {"TableName": TABLE, "ConditionExpression": condition_of(expression, action)}
    try:
        if "put" in action:
            client.put_item(Item=action["put"], **common, **expression.arguments())
        elif "delete" in action:
            client.delete_item(Key={"id": {"S": key}}, **common, **expression.arguments())
        else:
            common["UpdateExpression"] = update_of(expression, action["changes"])
            client.update_item(Key={"id": {"S": key}}, **common, **expression.arguments())
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] in REFUSED
        return False
    return True


def update_of(expression, changes):
    sets = [
        f"{expression.path(change['path'])} = {expression.value(change['value'])}"
        for change in changes
        if "value" in change
    ]
    removes = [expression.path(change["path"]) for change in changes if "value" not in change]
    clauses = ([f"SET {', '.join(sets)}"] if sets else []) + (
        [f"REMOVE {', '.join(removes)}"] if removes else []
    )
    return " ".join(clauses)


def stored(client, key):
    return client.get_item(TableName=TABLE, Key={"id": {"S": key}}, ConsistentRead=True).get("Item")


def store(client, key, item):
    if item is None:
        client.delete_item(TableName=TABLE, Key={"id": {"S": key}})
    else:
        client.put_item(TableName=TABLE, Item=item)


def do_folded(client, body, token):
    request = json.loads(body)
    try:
        client.transact_write_items(
            TransactItems=request["TransactItems"], ClientRequestToken=token
        )
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] in REFUSED
        return False
    return True


def normal(value):
    """Sets have no order."""
    if isinstance(value, dict):
        return {
            name: sorted(member) if name == "NS" else normal(member)
            for name, member in value.items()
        }
    return [normal(element) for element in value] if isinstance(value, list) else value


# The test


def make_sequence(generator, client, number):
    """Actions that DynamoDB has done one after the other, and what they have led to."""
    key = f"{number}"
    base = random_item(generator, key) if generator.random() < 0.7 else None
    store(client, key, base)
    item = base
    actions = []
    for _ in range(generator.randint(1, LONGEST)):
        action = random_action(generator, key, item)
        if do(client, key, action):
            actions.append(action)
            item = stored(client, key)
    question = {"table": TABLE, "key": {"id": {"S": key}}, "actions": actions}
    if base is not None:
        question["stored"] = base
    return question, base, item


def do_one_by_one(client, key, base, actions):
    """What is stored in the end; the second value is False when one of them was refused."""
    store(client, key, base)
    done = all(do(client, key, action) for action in actions)
    return stored(client, key), done


def test_folded_actions_do_what_each_does(dynamodb_client, programs, generator):
    sequences = [make_sequence(generator, dynamodb_client, n) for n in range(SEQUENCES)]
    sequences = [sequence for sequence in sequences if sequence[0]["actions"]]
    answers = ask(programs / "fold_actions", [question for question, _, _ in sequences])
    for number, ((question, base, last), answer) in enumerate(zip(sequences, answers, strict=True)):
        assert "error" not in answer, (question, answer)
        key = question["key"]["id"]["S"]
        store(dynamodb_client, key, base)
        assert do_folded(dynamodb_client, answer["body"], f"same {number}"), (question, answer)
        assert normal(stored(dynamodb_client, key)) == normal(last), (question, answer)
        after = json.loads(answer["after"]) if answer["after"] else None
        assert normal(after) == normal(last), (question, answer)


def test_folded_actions_refuse_what_one_refuses(dynamodb_client, programs, generator):
    """The stored item changes at one place before the commit: a folded action that still goes
    through has done what all of them would have done."""
    sequences = [make_sequence(generator, dynamodb_client, n) for n in range(SEQUENCES)]
    sequences = [sequence for sequence in sequences if sequence[0]["actions"]]
    answers = ask(programs / "fold_actions", [question for question, _, _ in sequences])
    refused = 0
    for number, ((question, base, _), answer) in enumerate(zip(sequences, answers, strict=True)):
        key = question["key"]["id"]["S"]
        other = base and {**base, generator.choice("nsl"): random_value(generator)}
        if generator.random() < 0.1:
            other = None if base else random_item(generator, key)
        last, done = do_one_by_one(dynamodb_client, key, other, question["actions"])
        store(dynamodb_client, key, other)
        if do_folded(dynamodb_client, answer["body"], f"other {number}"):
            assert done, (question, other, answer)
            assert normal(stored(dynamodb_client, key)) == normal(last), (question, other, answer)
        else:
            refused += 1
    assert 0 < refused < len(sequences)
