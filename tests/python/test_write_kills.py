"""Backends killed while they write: what was reported as stored is there, and nothing by halves."""

import contextlib
import itertools
import os
import random

import pytest
from conftest import create_server
from environment.postgresql import running_postgresql
from faults.kills import connect_again, killing_within

KILLS = int(os.environ.get("WRITE_KILLS", "5"))
ROWS = 60


class Rows:
    """The rows of a table that only these statements write, and what each may be."""

    def __init__(self, client, name, mode):
        self.client = client
        self.name = name
        self.mode = mode
        self.possible = {}  # by id: the values of which the item has one; None: there is no item
        client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def declare(self, connection):
        connection.execute(
            f"CREATE FOREIGN TABLE {self.name} (id int OPTIONS (key 'hash'), value text, more text)"
            f" SERVER aws OPTIONS (write_mode '{self.mode}')"
        )

    def run(self, connection, statement, ids, value):
        """Until the statement has ended, each item may be as before or as afterwards."""
        for number in ids:
            self.possible.setdefault(number, {None}).add(value)
        connection.execute(statement)
        self.possible |= {number: {value} for number in ids}

    def write(self, connection, numbers):
        """Inserts, changes and removes rows for ever."""
        for first in numbers:
            ids = range(first * ROWS, (first + 1) * ROWS)
            values = f"generate_series({ids[0]}, {ids[-1]}) AS id"
            last = ids[-ROWS // 3 :]
            self.run(
                connection,
                f"INSERT INTO {self.name} SELECT id, 'new', 'new {first}' FROM {values}",
                ids,
                ("new", f"new {first}"),
            )
            self.run(
                connection,
                f"UPDATE {self.name} SET value = 'old', more = 'old ' || {first}"
                f" WHERE id IN (SELECT {values})",
                ids,
                ("old", f"old {first}"),
            )
            self.run(
                connection,
                f"DELETE FROM {self.name} WHERE id = ANY (ARRAY{list(last)})",
                last,
                None,
            )

    def check(self):
        stored = {
            int(item["id"]["N"]): (item["value"]["S"], item["more"]["S"])
            for page in self.client.get_paginator("scan").paginate(TableName=self.name)
            for item in page["Items"]
        }
        assert stored.keys() <= self.possible.keys()
        wrong = {
            number: stored.get(number)
            for number, values in self.possible.items()
            if stored.get(number) not in values
        }
        assert not wrong


@pytest.mark.parametrize("mode", ["statement", "overwrite"])
def test_what_was_stored_survives_a_kill(dynamodb, mode):
    generator = random.Random(11)
    rows = Rows(dynamodb.client(), f"write_kills_{mode}", mode)
    numbers = itertools.count()
    with running_postgresql(f"pytest-write-kills-{mode}") as server, server.database() as database:
        with server.connect(database) as connection:
            create_server(connection, dynamodb)
            rows.declare(connection)
            # Nothing of this may be lost with a backend.
            connection.execute("CHECKPOINT")
        for _ in range(KILLS):
            with (
                contextlib.closing(connect_again(server, database)) as connection,
                killing_within(generator.uniform(0.05, 0.6), server, database, connection),
            ):
                rows.write(connection, numbers)
        connect_again(server, database).close()
    rows.check()
    # Some statements had their say, and some were cut off.
    assert any(len(values) == 1 for values in rows.possible.values())
    assert any(len(values) > 1 for values in rows.possible.values())
