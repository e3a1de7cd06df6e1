"""What is written without reading ends as what is read first: on items of every form.

Two DynamoDB tables hold the same items. One is changed through a foreign table that hides expired
rows, of which there are none, so that it is always read first; the other one without reading.
UNREAD_WRITES sets how many statements are tried.
"""

import os
import random
from itertools import count

import psycopg
import pytest
from conftest import create_server
from psycopg.rows import tuple_row

STATEMENTS = int(os.environ.get("UNREAD_WRITES", "80"))
TABLE_NUMBERS = count()

S, N, NULL = {"S": "a"}, {"N": "7"}, {"NULL": True}
UNREADABLE = {"BOOL": True}

# By column: forms that the column takes, then, behind None for nothing, those that it does not.
FORMS = {
    "name": [S, {"S": "it's"}, {"S": ""}, NULL, None, N, UNREADABLE, {"SS": ["a"]}],
    "stock": [{"N": "0"}, {"N": "-1.5"}, {"N": "1e30"}, NULL, None, S, {"NS": ["1"]}],
    "flag": [{"BOOL": True}, {"BOOL": False}, NULL, None, S, {"N": "1"}],
    "tags": [{"SS": ["x"]}, {"SS": ["x", "y"]}, NULL, None, S, {"N": "1"}],
    "colours": [{"L": [S]}, {"L": []}, {"SS": ["x", "y"]}, {"L": [S, NULL]}, NULL, None, {"M": {}}],
    "at": [{"S": "2026-01-01T00:00:00Z"}, {"S": "2026-01-01T01:00:00+01:00"}, NULL, None, S, N],
    "doc": [{"M": {"a": N}}, {"SS": ["x"]}, {"B": b"x"}, S, NULL, None],
    "place": [{"M": {"city": S}}, {"M": {"city": NULL, "b": N}}, {"M": {}}, None, S, NULL],
}

CONDITIONS = {
    "name": [
        "name = 'a'",
        "name <> 'a'",
        "name IN ('a', '', NULL)",
        "name NOT IN ('b', 'it''s')",
        "name LIKE 'it%'",
        "starts_with(name, 'a')",
        "name IS NULL",
        "name IS NOT NULL",
        "name IS DISTINCT FROM 'a'",
        "(name = 'a' OR name IS NULL)",
        "(name = 'a' OR stock < 1)",
        "NOT (name = 'a' AND stock = 0)",
    ],
    "stock": [
        "stock = 0",
        "stock <> 0",
        "stock < 1e31",
        "stock >= 'NaN'",
        "stock <> 'NaN'",
        "stock BETWEEN -2 AND 0",
        "stock IS NOT NULL",
        "stock NOT IN (0, 'NaN')",
        "stock = ANY ('{0,-1.5,NULL}')",
    ],
    "flag": ["flag", "NOT flag", "flag IS NOT TRUE", "flag IS NOT FALSE", "flag IS UNKNOWN"],
    "tags": [
        "tags @> '{x}'",
        "tags && '{y,z}'",
        "'y' = ANY (tags)",
        "tags IS NULL",
        "tags @> '{}'",
    ],
    "colours": [
        "colours @> '{x}'",
        "colours IS NULL",
        "colours IS NOT NULL",
        "'a' = ANY (colours)",
    ],
    "at": ["at = '2026-01-01Z'", "at IS NULL", "at IS NOT NULL", "at > '2025-01-01Z'"],
    "doc": ["doc IS NULL", "doc IS NOT NULL"],
    "place": ["city = 'a'", "city <> 'a'", "city IS NULL", "city IS NOT NULL"],
}

VALUES = {
    "name": ["NULL", "'new'", "''"],
    "stock": ["NULL", "0", "1.50", "'NaN'"],
    "flag": ["NULL", "true"],
    "tags": ["NULL", "'{n}'", "'{}'"],
    "colours": ["NULL", "'{n}'", "'{n,NULL}'", "'{}'", "'{n,n}'"],
    "at": ["NULL", "'2026-02-02Z'"],
    "place": ["NULL", "'new'"],
}

COLUMNS = """id int, name text COLLATE "C", stock numeric, flag boolean,
    tags text[] OPTIONS (attribute_type 'SS'), colours text[], at timestamptz, doc jsonb,
    city text OPTIONS (attribute_path 'place.city')"""


def comparable(value):
    """The value, but for the order of sets and for NULL in maps, which SQL sees as nothing."""
    ((kind, content),) = value.items()
    if kind == "M":
        members = {name: comparable(member) for name, member in content.items()}
        return {name: member for name, member in members.items() if "NULL" not in member}
    return {kind: sorted(content) if kind in ("SS", "NS") else content}


class Twins:
    """The foreign tables `unread` and `read` over tables of the same items."""

    def __init__(self, connection, client, names):
        self.connection = connection
        self._client = client
        self._names = names
        for name, options in (("unread", ""), ("read", ", hide_expired 'true'")):
            connection.execute(
                f"CREATE FOREIGN TABLE {name} ({COLUMNS}) SERVER aws"
                f" OPTIONS (table_name '{names[name]}'{options})"
            )

    def put(self, items):
        for name in self._names.values():
            for item in self._client.scan(TableName=name)["Items"]:
                self._client.delete_item(TableName=name, Key={"id": item["id"]})
            for item in items:
                self._client.put_item(TableName=name, Item=item)

    def items(self, name):
        found = self._client.scan(TableName=self._names[name], ConsistentRead=True)["Items"]
        return {item["id"]["N"]: comparable({"M": item}) for item in found}

    def outcome(self, statement, name):
        """Count and rows, or the error's code."""
        cursor = self.connection.cursor(row_factory=tuple_row)
        try:
            cursor.execute(statement.replace("TABLE", name))
        except psycopg.Error as error:
            return error.sqlstate
        rows = sorted(map(repr, cursor.fetchall())) if cursor.description else None
        return cursor.rowcount, rows

    def is_unread(self, statement):
        plan = self.connection.execute("EXPLAIN " + statement.replace("TABLE", "unread"))
        return any("Foreign Update on" in line or "Foreign Delete on" in line for (line,) in plan)


def random_item(generator, key, odd):
    """An item whose column `odd` may hold anything, others what they take."""
    item = {"id": {"N": str(key)}}
    for column, forms in FORMS.items():
        readable = forms[: forms.index(None) + 1] if None in forms else forms
        form = generator.choice(forms if column == odd else readable)
        if form is not None:
            item[column] = form
    return item


def random_statement(generator, odd):
    """Looks at column `odd`, and assigns others."""
    keys = generator.choice(["id = 1", "id IN (1, 2, 3)", "id = ANY ('{1,2,2,NULL,9}')"])
    condition = f"{keys} AND {generator.choice(CONDITIONS[odd])}"
    if generator.random() < 0.2:
        return f"DELETE FROM TABLE WHERE {condition}{generator.choice(['', ' RETURNING id'])}"
    columns = generator.sample([column for column in VALUES if column != odd], 2)
    assignments = ", ".join(
        f"{'city' if column == 'place' else column} = {generator.choice(VALUES[column])}"
        for column in columns
    )
    returning = generator.choice(["", " RETURNING *", " RETURNING id, name, city"])
    return f"UPDATE TABLE SET {assignments} WHERE {condition}{returning}"


@pytest.fixture
def twins(postgresql, database, dynamodb_local):
    """On DynamoDB Local: moto takes 1 for true, and fails on places below what is no map."""
    client = dynamodb_local.client()
    number = next(TABLE_NUMBERS)
    names = {name: f"unread_writes_{name}_{number}" for name in ("unread", "read")}
    for table in names.values():
        client.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    with postgresql.connect(database) as connection:
        create_server(connection, dynamodb_local)
        yield Twins(connection, client, names)
    for table in names.values():
        client.delete_table(TableName=table)


@pytest.mark.parametrize("seed", [1, 2])
def test_same_outcome(twins, seed):
    generator = random.Random(seed)
    unread = 0
    for _ in range(STATEMENTS):
        odd = generator.choice(list(CONDITIONS))
        items = [random_item(generator, key, odd) for key in (1, 2, 3, 4)]
        statement = random_statement(generator, odd)
        twins.put(items)
        unread += twins.is_unread(statement)
        outcomes = [twins.outcome(statement, name) for name in ("unread", "read")]
        assert outcomes[0] == outcomes[1], f"{statement}\n{items}"
        if not isinstance(outcomes[0], str):
            assert twins.items("unread") == twins.items("read"), f"{statement}\n{items}"
    assert unread > STATEMENTS / 2
