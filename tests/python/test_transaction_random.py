"""write_mode 'transaction' against a heap table: random transactions with savepoints, rollbacks and
exceptions see the same rows at every step, and leave the same ones behind.

GENERATED_TRANSACTIONS sets how many transactions each emulator gets.
"""

import os
import random
from itertools import count

import psycopg
import pytest

TRANSACTIONS = int(os.environ.get("GENERATED_TRANSACTIONS", "25"))
STEPS = 14
IDS = ["a", "b", "c"]
NUMBERS = range(1, 8)
LEVELS = ["low", "high"]
TABLE_NUMBERS = count()


@pytest.fixture
def table_name(dynamodb):
    client = dynamodb.client()
    name = f"random_transactions_{next(TABLE_NUMBERS)}"
    types = {"id": "S", "n": "N", "level": "S"}
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": k, "AttributeType": t} for k, t in types.items()],
        KeySchema=_schema("id", "n"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_level",
                "KeySchema": _schema("level", "n"),
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    yield name
    client.delete_table(TableName=name)


def _schema(hash_key, range_key):
    return [
        {"AttributeName": hash_key, "KeyType": "HASH"},
        {"AttributeName": range_key, "KeyType": "RANGE"},
    ]


@pytest.fixture
def twins(connection, table_name):
    columns = 'id text COLLATE "C", n int, level text COLLATE "C", value numeric, doc jsonb'
    options = f"SERVER aws OPTIONS (table_name '{table_name}', write_mode 'transaction'"
    connection.execute(f"CREATE FOREIGN TABLE far ({columns}) {options})")
    connection.execute(f"CREATE FOREIGN TABLE far_other ({columns}) {options})")
    connection.execute(
        f"CREATE FOREIGN TABLE far_indexed ({columns}) {options}, index_name 'by_level')"
    )
    connection.execute(f"CREATE TABLE near ({columns}, PRIMARY KEY (id, n))")
    connection.execute("CREATE VIEW near_other AS SELECT * FROM near")
    connection.execute("CREATE VIEW near_indexed AS SELECT * FROM near WHERE level IS NOT NULL")
    return Twins(connection)


class Twins:
    """Runs each statement on both; `@` stands for the prefix of the tables' names."""

    def __init__(self, connection):
        self._connection = connection
        self.log = []

    def run(self, statement):
        """The outcomes must be the same: rows, their number, or the SQLSTATE."""
        self.log.append(statement)
        far, near = (self._outcome(statement, name) for name in ("far", "near"))
        assert far == near, "\n".join(self.log)
        return near

    def _outcome(self, statement, name):
        # A failure must leave both in the same state, so each has a savepoint of its own.
        text = statement.replace("@", name)
        self._connection.execute("SAVEPOINT statement")
        try:
            cursor = self._connection.execute(text)
        except psycopg.Error as error:
            self._connection.execute("ROLLBACK TO statement")
            return error.sqlstate
        self._connection.execute("RELEASE statement")
        return cursor.fetchall() if cursor.description else cursor.rowcount

    def control(self, statement):
        self.log.append(statement)
        self._connection.execute(statement)


class Generator:
    def __init__(self, seed):
        self._random = random.Random(seed)
        self._savepoints = []
        self._names = count()
        self._moves = count()

    def _one_of(self, *choices):
        return self._random.choice(choices)

    def _id(self):
        return f"'{self._one_of(*IDS)}'"

    def _number(self):
        return self._one_of(*NUMBERS)

    def _level(self):
        return self._one_of("NULL", "'low'", "'high'")

    def _doc(self):
        return self._one_of("NULL", "'{\"x\": 1}'", '\'{"x": {"y": [1, 2]}, "z": "t"}\'', "'[1]'")

    def _condition(self):
        return self._one_of(
            f"id = {self._id()} AND n = {self._number()}",
            f"id = {self._id()}",
            f"id = {self._id()} AND n > {self._number()}",
            f"level = {self._level()}",
            f"level = 'low' AND n < {self._number()}",
            f"value > {self._number()}",
            f"n IN ({self._number()}, {self._number()})",
            f"(id, n) IN (({self._id()}, {self._number()}), ({self._id()}, {self._number()}))",
            "doc -> 'x' IS NOT NULL",
        )

    def _assignment(self):
        return self._one_of(
            "value = value + 1",
            "value = n * 10",
            "value = NULL",
            f"level = {self._level()}",
            f"doc = {self._doc()}",
            "doc = doc || '{\"w\": [true]}'",
            "doc = doc - 'x'",
            "level = 'low', value = 0",
        )

    def _row(self):
        return f"({self._id()}, {self._number()}, {self._level()}, {self._number()}, {self._doc()})"

    def _insert(self):
        rows = ", ".join(self._row() for _ in range(self._random.randint(1, 3)))
        return f"INSERT INTO @ VALUES {rows} ON CONFLICT DO NOTHING RETURNING id, n"

    def _insert_missing(self):
        return (
            f"INSERT INTO @ SELECT v.* FROM (VALUES {self._row()}) AS v(id, n, level, value, doc)"
            " WHERE NOT EXISTS (SELECT FROM @ AS t WHERE t.id = v.id AND t.n = v.n)"
        ).replace("v.*", "v.id, v.n, v.level, v.value, v.doc::jsonb")

    def _update(self):
        table = self._one_of("@", "@", "@_other")
        return f"UPDATE {table} SET {self._assignment()} WHERE {self._condition()}"

    def _move(self):
        """To keys that are new: a stored one is found to be there only at the commit."""
        fresh = 100 * (next(self._moves) + 1)
        return f"UPDATE @ SET n = n + {fresh} WHERE {self._condition()} AND n < 100"

    def _delete(self):
        table = self._one_of("@", "@", "@_other")
        return f"DELETE FROM {table} WHERE {self._condition()}"

    def _block(self):
        """An exception is caught: of its two writes none stays."""
        statements = "; ".join(self._one_of(self._update, self._delete)() for _ in range(2))
        return (
            f"DO $$ BEGIN BEGIN {statements}; RAISE division_by_zero;"
            f" EXCEPTION WHEN division_by_zero THEN {self._update()}; END; END $$"
        )

    def write(self):
        kinds = [self._insert, self._insert_missing, self._update, self._update, self._move]
        return self._one_of(*kinds, self._delete, self._block)()

    def read(self):
        limit = self._random.randint(1, 5)
        order = self._one_of("", " DESC")
        return self._one_of(
            "SELECT * FROM @ ORDER BY id, n",
            "SELECT count(*), count(level), sum(value) FROM @",
            f"SELECT * FROM @ WHERE {self._condition()} ORDER BY id, n",
            f"SELECT * FROM @ WHERE id = {self._id()} ORDER BY n{order} LIMIT {limit}",
            f"SELECT id, n FROM @ WHERE level = 'low' ORDER BY n{order}, id LIMIT {limit}",
            f"SELECT level, n, value FROM @_indexed ORDER BY n, id LIMIT {limit}",
            f"SELECT * FROM @_other WHERE {self._condition()} ORDER BY id, n",
            "SELECT a.id, a.n, b.value FROM @ a JOIN @_other b ON a.id = b.id AND a.n = b.n + 1"
            " ORDER BY 1, 2",
        )

    def savepoint(self):
        """A statement about savepoints, which concerns both tables at once."""
        choice = self._random.random()
        if not self._savepoints or choice < 0.5:
            name = f"s{next(self._names)}"
            self._savepoints.append(name)
            return f"SAVEPOINT {name}"
        place = self._random.randrange(len(self._savepoints))
        name = self._savepoints[place]
        if choice < 0.8:
            del self._savepoints[place + 1 :]
            return f"ROLLBACK TO {name}"
        del self._savepoints[place:]
        return f"RELEASE {name}"

    def begin(self):
        self._savepoints.clear()
        return self._one_of("BEGIN", "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ")

    def end(self):
        return self._one_of("COMMIT", "COMMIT", "COMMIT", "ROLLBACK")

    def step(self):
        (kind,) = self._random.choices([self.write, self.read, self.savepoint], [6, 6, 3])
        return kind


def run_transaction(twins, generator):
    twins.log.clear()
    twins.control(generator.begin())
    for _ in range(STEPS):
        step = generator.step()
        if step == generator.savepoint:
            twins.control(step())
        else:
            twins.run(step())
    twins.run("SELECT * FROM @ ORDER BY id, n")
    twins.control(generator.end())
    twins.control("BEGIN")
    twins.run("SELECT * FROM @ ORDER BY id, n")
    twins.control("COMMIT")


def test_transactions_see_and_leave_the_same_rows(twins):
    generator = Generator(int(os.environ.get("TEST_SEED", "20261125")))
    for _ in range(TRANSACTIONS):
        run_transaction(twins, generator)
