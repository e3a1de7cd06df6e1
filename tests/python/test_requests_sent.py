"""What statements and options put into requests that neither rows nor EXPLAIN show."""

import re

import pytest
from faults.server import TABLE, TABLE_DESCRIPTION, FaultServer

STATEMENTS = {
    "GetItem": "SELECT value FROM faults WHERE id = 'key 1'",
    "BatchGetItem": "SELECT value FROM faults WHERE id IN ('key 1', 'key 2')",
    "Query": "SELECT value FROM ranges WHERE id = 'key 1' AND value > 0",
    "Scan": "SELECT value FROM faults",
}
WITH_RANGE_KEY = TABLE_DESCRIPTION | {
    "TableName": "ranges",
    "KeySchema": [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "value", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "value", "AttributeType": "N"},
    ],
}


def describe(conversation):
    name = conversation.request.body["TableName"]
    conversation.answer({"Table": WITH_RANGE_KEY if name == "ranges" else TABLE_DESCRIPTION})


@pytest.fixture
def service():
    with FaultServer() as server:
        server.script("DescribeTable", *[describe] * 100)
        yield server


@pytest.fixture
def session(session):
    session.execute("CREATE FOREIGN TABLE ranges (id text, value numeric) SERVER aws")
    return session


def sent(session, service, statement):
    """The operation and the body of the statement's one request about items."""
    before = len(service.requests)
    session.execute(statement).fetchall()
    requests = [r for r in service.requests[before:] if r.operation != "DescribeTable"]
    assert len(requests) == 1
    return requests[0].operation, requests[0].body


def members(session, service, statement):
    """The request's members; of a BatchGetItem those for its table."""
    operation, body = sent(session, service, statement)
    return body["RequestItems"][TABLE] if operation == "BatchGetItem" else body


@pytest.mark.parametrize(("operation", "statement"), STATEMENTS.items(), ids=STATEMENTS.keys())
def test_reads_are_as_consistent_as_the_options_say(session, service, operation, statement):
    table = "ranges" if operation == "Query" else "faults"
    assert sent(session, service, statement)[0] == operation
    assert not members(session, service, statement).get("ConsistentRead", False)
    session.execute("ALTER SERVER aws OPTIONS (ADD consistent_read 'true')")
    assert members(session, service, statement)["ConsistentRead"] is True
    session.execute(f"ALTER FOREIGN TABLE {table} OPTIONS (ADD consistent_read 'false')")
    assert not members(session, service, statement).get("ConsistentRead", False)


@pytest.mark.parametrize(("operation", "statement"), STATEMENTS.items(), ids=STATEMENTS.keys())
def test_only_needed_attributes_are_asked_for(session, service, operation, statement):
    """The keys are needed in any case: an error says with them which item it is about."""
    table = "ranges" if operation == "Query" else "faults"
    session.execute(f"ALTER FOREIGN TABLE {table} ADD note text, ADD wide jsonb")
    request = members(session, service, statement)
    placeholders = request["ProjectionExpression"].split(", ")
    names = request["ExpressionAttributeNames"]
    assert {names[placeholder] for placeholder in placeholders} == {"id", "value"}


def test_what_only_counts_asks_for_no_attribute(session, service):
    body = members(session, service, "SELECT count(*) FROM faults")
    assert body["Select"] == "COUNT"
    assert "ProjectionExpression" not in body
    body = members(session, service, "SELECT count(*) FROM ranges WHERE id = 'key 1'")
    assert body["Select"] == "COUNT"
    # What is checked here must come here.
    body = members(session, service, "SELECT count(*) FROM faults WHERE value % 2 = 0")
    assert "Select" not in body


def test_whole_items_are_asked_for_whole(session, service):
    session.execute("ALTER FOREIGN TABLE faults ADD item jsonb OPTIONS (whole_item 'true')")
    assert "ProjectionExpression" not in members(session, service, "SELECT item FROM faults")


@pytest.mark.parametrize(("operation", "statement"), STATEMENTS.items(), ids=STATEMENTS.keys())
def test_capacity_is_asked_for(session, service, operation, statement):
    assert sent(session, service, statement)[1]["ReturnConsumedCapacity"] == "TOTAL"


def readable(body, member):
    """The expression, its placeholders replaced by what they stand for."""
    names, values = body["ExpressionAttributeNames"], body["ExpressionAttributeValues"]
    text = names | {key: next(iter(value.values())) for key, value in values.items()}
    return re.sub(r"[#:]\w+", lambda match: text[match[0]], body[member])


@pytest.mark.parametrize(
    ("condition", "sent_as"),
    [
        ("value = 2", "value = 2"),
        ("value > 1", "value > 1"),
        ("value <= 3.50", "value <= 3.5"),
        ("value BETWEEN 1 AND 3", "value BETWEEN 1 AND 3"),
        ("value > 1 AND value < 3 AND value <> 2", "value BETWEEN 1 AND 3"),
        ("value >= 0 AND value >= 1 AND value < 9", "value BETWEEN 1 AND 9"),
    ],
)
def test_a_range_is_one_key_condition(session, service, condition, sent_as):
    statement = f"SELECT note FROM ranges WHERE id = 'key 1' AND {condition}"
    session.execute("ALTER FOREIGN TABLE ranges ADD note text")
    operation, body = sent(session, service, statement)
    if operation == "GetItem":
        assert body["Key"] == {"id": {"S": "key 1"}, "value": {"N": "2"}}
    else:
        expression = readable(body, "KeyConditionExpression")
        assert expression == f"id = key 1 AND {sent_as}"
        assert "FilterExpression" not in body


@pytest.mark.parametrize(
    ("condition", "sent_as"),
    [
        ("value = 2", "value = 2"),
        ("value <> 2", "attribute_exists(value) AND value <> 2"),
        ("note LIKE 'a%'", "begins_with(note, a)"),
        ("note LIKE 'a\\_b'", "note = a_b"),
        ("value IS NOT NULL", "attribute_exists(value) AND NOT (attribute_type(value, NULL))"),
    ],
)
def test_a_filter_says_what_null_means(session, service, condition, sent_as):
    session.execute("ALTER FOREIGN TABLE faults ADD note text")
    _, body = sent(session, service, f"SELECT id FROM faults WHERE {condition}")
    assert sent_as in readable(body, "FilterExpression")


OPERATORS = re.compile(r"<>|<=|>=|[<>=]|\b(?:AND|OR|NOT|BETWEEN|IN|[a-z_]+\()")


def test_a_filter_stays_within_the_service_s_limits(session, service):
    """300 operators, 4 KB of expression, 2 MB of values; what is above is checked here alone."""
    session.execute("ALTER FOREIGN TABLE faults ADD note text")
    many = " AND ".join(f"value <> {number}" for number in range(120))
    _, body = sent(session, service, f"SELECT id FROM faults WHERE {many}")
    assert 200 < len(OPERATORS.findall(body["FilterExpression"])) <= 300
    assert len(body["FilterExpression"]) <= 4096
    names = [f"'{letter}' || repeat('x', 300000)" for letter in "abcdefgh"]
    _, body = sent(session, service, f"SELECT id FROM faults WHERE note IN ({', '.join(names)})")
    assert "FilterExpression" not in body


def test_no_more_is_sampled_than_asked_for(session, service):
    session.execute("CREATE SCHEMA imported")
    session.execute(
        "IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (faults) FROM SERVER aws INTO imported"
        " OPTIONS (sample_items '3')"
    )
    (scan,) = [request for request in service.requests if request.operation == "Scan"]
    assert scan.body["Limit"] == 3
