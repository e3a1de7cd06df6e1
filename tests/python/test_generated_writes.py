"""Random statements on a foreign table and on a heap table with the same rows end in the same rows.

GENERATED_WRITES sets how many statements each sequence has.
"""

import os
import random
from itertools import count

import psycopg
import pytest
from psycopg.rows import tuple_row

STATEMENTS = int(os.environ.get("GENERATED_WRITES", "50"))
TABLE_NUMBERS = count()
COLUMNS = "id, name, stock, doc, tags, flag, city"


class Twins:
    """The foreign table `there` and the heap table `here`."""

    def __init__(self, connection, table_name, mode):
        self.connection = connection
        columns = (
            "id int, name text, stock numeric, doc jsonb, tags text[], flag boolean, city text"
        )
        connection.execute(f"CREATE TABLE here ({columns}, PRIMARY KEY (id))")
        connection.execute(
            f"CREATE FOREIGN TABLE there ({columns}) SERVER aws"
            f" OPTIONS (table_name '{table_name}', write_mode '{mode}')"
        )
        connection.execute(
            "ALTER FOREIGN TABLE there ALTER city OPTIONS (ADD attribute_path 'place.city')"
        )

    def outcome(self, statement, table):
        """Rows, count and SQLSTATE."""
        cursor = self.connection.cursor(row_factory=tuple_row)
        try:
            cursor.execute(statement.replace("TABLE", table))
        except psycopg.Error as error:
            return error.sqlstate
        rows = sorted(map(repr, cursor.fetchall())) if cursor.description else None
        return cursor.rowcount, rows

    def rows(self, table):
        return self.connection.execute(f"SELECT {COLUMNS} FROM {table} ORDER BY id").fetchall()

    def check(self, statement):
        assert self.outcome(statement, "there") == self.outcome(statement, "here"), statement
        assert self.rows("there") == self.rows("here"), statement


class Statements:
    """TABLE stands for the table's name.

    No statement of several rows fails: what a failed one has stored is not undone on one side.
    """

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._fresh = count(1000)

    def _one_of(self, *choices):
        return self._random.choice(choices)

    def _name(self):
        return self._one_of("NULL", "'a'", "'b'", "'it''s'", "''", "'ünï'")

    def _stock(self):
        return self._one_of("NULL", "0", "-1.5", "1e20", "12345678901234567890.5")

    def _doc(self):
        return self._one_of(
            "NULL",
            """'{"a": 1, "b": [1, "x", null], "c": {"d": true}}'""",
            """'{"a": 2, "c": {}}'""",
            "'{}'",
            """'{"b": [], "c": [1, {"a": [null]}], "ü": "ü"}'""",
            "'{\"a\": 1}'",
        )

    def _tags(self):
        return self._one_of("NULL", "'{}'", "'{x,y}'", "'{x,NULL,z}'")

    def _flag(self):
        return self._one_of("NULL", "true", "false")

    def _city(self):
        return self._one_of("NULL", "'Paris'", "'Rome'")

    def _values(self, key):
        return (
            f"({key}, {self._name()}, {self._stock()}, {self._doc()}, {self._tags()},"
            f" {self._flag()}, {self._city()})"
        )

    def _assignment(self):
        return self._one_of(
            f"name = {self._name()}",
            "name = name || '!'",
            f"stock = {self._stock()}",
            "stock = stock + 1",
            f"doc = {self._doc()}",
            'doc = doc || \'{"c": {"e": [1]}}\'',
            "doc = jsonb_set(doc, '{b,1}', '\"y\"')",
            "doc = doc - 'a'",
            f"tags = {self._tags()}",
            "tags = tags || 'more'",
            f"flag = {self._flag()}",
            "flag = NOT flag",
            f"city = {self._city()}",
            "city = city || name",
        )

    def _condition(self):
        return self._one_of(
            f"id = {self._random.randrange(12)}",
            f"id IN ({self._random.randrange(12)}, {self._random.randrange(12)})",
            "id % 2 = 0",
            "name = 'a'",
            "name IS NULL",
            "stock > 0",
            "stock < 1e21",
            "flag",
            "doc @> '{\"a\": 1}'",
            "doc->'c' IS NOT NULL",
            "tags @> '{x}'",
            "city = 'Paris'",
            "city IS NULL",
            "true",
        )

    def _insert(self):
        return f"INSERT INTO TABLE VALUES {self._values(self._random.randrange(12))}"

    def _insert_fresh(self):
        rows = ", ".join(self._values(next(self._fresh)) for _ in range(3))
        return f"INSERT INTO TABLE VALUES {rows} RETURNING *"

    def _insert_new(self):
        rows = ", ".join(self._values(self._random.randrange(12)) for _ in range(3))
        returning = self._one_of("", " RETURNING id")
        return f"INSERT INTO TABLE VALUES {rows} ON CONFLICT DO NOTHING{returning}"

    def _insert_select(self):
        return (
            f"INSERT INTO TABLE SELECT id + {next(self._fresh) * 100}, name, stock, doc, tags,"
            f" flag, city FROM TABLE WHERE {self._condition()} AND id < 12"
        )

    def _update(self):
        assignments = {a.partition(" = ")[0]: a for a in (self._assignment(), self._assignment())}
        returning = self._one_of("", " RETURNING *", " RETURNING id, name")
        changes = ", ".join(assignments.values())
        return f"UPDATE TABLE SET {changes} WHERE {self._condition()}{returning}"

    def _update_from(self):
        return (
            f"UPDATE TABLE SET {self._assignment()} FROM (VALUES (1), (2), (3), (3)) AS v(i)"
            " WHERE id = i OR id = i * 2"
        )

    def _move(self):
        return (
            f"UPDATE TABLE SET id = id + {next(self._fresh) * 100}, {self._assignment()}"
            f" WHERE {self._condition()} AND id < 12"
        )

    def _keys(self):
        keys = ", ".join(str(self._random.randrange(14)) for _ in range(4))
        return self._one_of(
            f"id = {self._random.randrange(12)}",
            f"id IN ({keys})",
            f"id = ANY ('{{{keys}, NULL}}')",
            f"(id = {self._random.randrange(12)} OR id = {self._random.randrange(12)})",
        )

    def _decided(self):
        return self._one_of(
            "name = 'a'",
            "name <> 'a'",
            "name IN ('a', 'it''s', NULL)",
            "name NOT IN ('b', 'ünï')",
            "name LIKE 'it%'",
            "name IS NULL",
            "name IS DISTINCT FROM 'a'",
            "stock >= 0",
            "(stock < 1e21 OR name IS NOT NULL)",
            "stock IS NOT NULL AND stock <> -1.5",
            "flag",
            "NOT flag",
            "flag IS NOT TRUE",
            "doc IS NULL",
            "city IS DISTINCT FROM 'Paris'",
            "city IS NULL",
            "id < 6",
            "NOT (name = 'a' AND stock = 0)",
            "true",
        )

    def unread(self):
        """An UPDATE or DELETE that names keys, and mostly needs nothing of the items."""
        condition = f"{self._keys()} AND {self._decided()}"
        if self._random.random() < 0.2:
            return f"DELETE FROM TABLE WHERE {condition}{self._one_of('', ' RETURNING id')}"
        assignments = {
            a.partition(" = ")[0]: a
            for a in self._random.sample(
                [
                    f"name = {self._name()}",
                    f"stock = {self._stock()}",
                    f"tags = {self._tags()}",
                    f"flag = {self._flag()}",
                    f"city = {self._city()}",
                ],
                2,
            )
        }
        returning = self._one_of("", " RETURNING *", " RETURNING id, name || '!', city")
        return f"UPDATE TABLE SET {', '.join(assignments.values())} WHERE {condition}{returning}"

    def _delete(self):
        returning = self._one_of("", " RETURNING id, doc")
        return f"DELETE FROM TABLE WHERE {self._condition()} AND {self._condition()}{returning}"

    def next(self):
        kinds = {
            self._insert: 5,
            self._insert_fresh: 2,
            self._insert_new: 4,
            self._insert_select: 1,
            self._update: 9,
            self._update_from: 2,
            self._move: 2,
            self._delete: 3,
        }
        (kind,) = self._random.choices(list(kinds), kinds.values())
        return kind()


@pytest.fixture
def new_table(dynamodb):
    client = dynamodb.client()
    name = f"generated_writes_{next(TABLE_NUMBERS)}"
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield name
    client.delete_table(TableName=name)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_statement_mode(connection, new_table, seed):
    twins = Twins(connection, new_table, "statement")
    statements = Statements(seed)
    for _ in range(STATEMENTS):
        twins.check(statements.next())


@pytest.mark.parametrize("seed", [4, 5])
def test_without_reading(connection, new_table, seed):
    """Among statements that are read first, which fill the table again."""
    twins = Twins(connection, new_table, "statement")
    statements = Statements(seed)
    unread = 0
    for number in range(STATEMENTS * 2):
        if number % 3 == 0:
            twins.check(statements.next())
            continue
        statement = statements.unread()
        plan = connection.execute("EXPLAIN " + statement.replace("TABLE", "there")).fetchall()
        unread += any(
            "Foreign Update on" in line or "Foreign Delete on" in line for (line,) in plan
        )
        twins.check(statement)
    assert unread > STATEMENTS
