"""Sets over a service that gives their elements in another order with each answer, as it may.

Rows read from them are the same all the time, and an UPDATE that has read one order is not refused
because another one is stored: the service compares sets as sets.
"""

import json
import random

import psycopg
import pytest
from conftest import create_server
from faults.proxy import FaultProxy

TABLE = "sets"
# Neither in the order of their spelling nor in that of what comes from a database.
TEXTS = ["Z", "a", "b", "ä", "😀", ""]
NUMBERS = ["100", "-2.5", "20", "3", "0", "-10"]
BINARIES = ["", "\x00", "A", "\x7f", "\xff\x00", "\xff"]

ITEM = {
    "id": {"N": "1"},
    "texts": {"SS": TEXTS},
    "numbers": {"NS": NUMBERS},
    "binaries": {"BS": [text.encode("latin-1") for text in BINARIES]},
    "document": {"M": {"inner": {"L": [{"NS": NUMBERS}]}}},
    "value": {"S": "old"},
}
SORTED_TEXTS = ["", "Z", "a", "b", "ä", "😀"]
SORTED_NUMBERS = [-10, -2.5, 0, 3, 20, 100]
SORTED_BINARIES = sorted(text.encode("latin-1") for text in BINARIES)
TYPED_NUMBERS = {"NS": [str(number) for number in SORTED_NUMBERS]}

COLUMNS = {
    "texts": "text[]",
    "texts_json": "jsonb OPTIONS (attribute_name 'texts')",
    "texts_typed": "jsonb OPTIONS (attribute_name 'texts', json_format 'dynamodb')",
    "numbers": "numeric[]",
    "binaries": "bytea[]",
    "document": "jsonb",
    "document_typed": "jsonb OPTIONS (attribute_name 'document', json_format 'dynamodb')",
}
MODES = ["statement", "transaction"]


def reorder_sets(value, reorder):
    """The JSON value with `reorder` of the elements of every set in it."""
    if isinstance(value, list):
        return [reorder_sets(element, reorder) for element in value]
    if not isinstance(value, dict):
        return value
    for name in ("SS", "NS", "BS"):
        if len(value) == 1 and isinstance(value.get(name), list):
            return {name: reorder(value[name])}
    return {name: reorder_sets(member, reorder) for name, member in value.items()}


def in_one_order(item):
    return reorder_sets(item, sorted)


_order = random.Random(1)


def shuffle(conversation):
    """The emulator's answer, but for the order of its sets."""
    status, body = conversation.server.forward(conversation.request)
    answer = reorder_sets(json.loads(body), lambda elements: _order.sample(elements, len(elements)))
    conversation.answer(answer, status)


@pytest.fixture
def service(emulator):
    with FaultProxy(emulator, proper=shuffle) as proxy:
        yield proxy


@pytest.fixture
def client(emulator):
    client = emulator.client()
    client.put_item(TableName=TABLE, Item=ITEM)
    return client


@pytest.fixture
def session(postgresql, database, emulator, service, client):
    with postgresql.connect(database) as connection:
        create_server(connection, emulator, dynamodb_endpoint_url=service.endpoint_url)
        yield connection


def create_table(connection, *columns, write_mode="statement"):
    connection.execute(
        f"CREATE FOREIGN TABLE items (id int, value text, {', '.join(columns)}) SERVER aws"
        f" OPTIONS (table_name '{TABLE}', write_mode '{write_mode}')"
    )


def stored(client):
    return client.get_item(TableName=TABLE, Key={"id": ITEM["id"]}, ConsistentRead=True)["Item"]


def test_elements_are_read_in_ascending_order(session):
    create_table(session, *(f"{name} {rest}" for name, rest in COLUMNS.items()))
    for _ in range(5):
        row = session.execute("SELECT * FROM items").fetchone()
        assert row[2:] == (
            SORTED_TEXTS,
            SORTED_TEXTS,
            {"SS": SORTED_TEXTS},
            SORTED_NUMBERS,
            SORTED_BINARIES,
            {"inner": [SORTED_NUMBERS]},
            {"M": {"inner": {"L": [TYPED_NUMBERS]}}},
        )


@pytest.mark.parametrize("json_format", ["plain", "dynamodb"])
def test_elements_of_a_whole_item_are_read_in_ascending_order(session, json_format):
    create_table(session, f"rest jsonb OPTIONS (whole_item 'true', json_format '{json_format}')")
    rows = [session.execute("SELECT rest FROM items").fetchone()[0] for _ in range(5)]
    assert rows == rows[:1] * 5
    plain = json_format == "plain"
    assert rows[0]["texts"] == (SORTED_TEXTS if plain else {"SS": SORTED_TEXTS})
    assert rows[0]["numbers"] == (SORTED_NUMBERS if plain else TYPED_NUMBERS)


def test_a_pending_set_is_read_as_it_will_be(session):
    create_table(session, "tags text[] OPTIONS (attribute_type 'SS')", write_mode="transaction")
    with session.transaction():
        session.execute("INSERT INTO items (id, tags) VALUES (2, '{c,a,b}')")
        pending = session.execute("SELECT tags FROM items WHERE id = 2").fetchone()
    assert pending == session.execute("SELECT tags FROM items WHERE id = 2").fetchone()
    assert pending == (["a", "b", "c"],)
    session.execute("DELETE FROM items WHERE id = 2")


# A column that shows sets, and a condition that has read it without DynamoDB judging it.
READ = {
    "array": ("texts text[]", "texts[1] = '' AND texts[6] = '😀'"),
    "set": ("texts text[] OPTIONS (attribute_type 'SS')", "texts[1] = '' AND texts[6] = '😀'"),
    "numbers": ("numbers numeric[]", "numbers[1] = -10 AND numbers[6] = 100"),
    "binaries": ("binaries bytea[]", "binaries[6] = '\\xff00'"),
    "plain": ("texts jsonb", "texts ->> 5 = '😀'"),
    "typed": ("texts jsonb OPTIONS (json_format 'dynamodb')", "texts -> 'SS' ->> 5 = '😀'"),
    "document": ("document jsonb", "document #>> '{inner,0,5}' = '100'"),
    "whole": ("rest jsonb OPTIONS (whole_item 'true')", "rest -> 'numbers' ->> 5 = '100'"),
}


@pytest.mark.parametrize("write_mode", MODES)
@pytest.mark.parametrize(("column", "condition"), READ.values(), ids=READ.keys())
def test_another_order_is_no_change(session, client, write_mode, column, condition):
    create_table(session, column, write_mode=write_mode)
    for value in ("first", "second", "third"):
        done = session.execute(f"UPDATE items SET value = '{value}' WHERE {condition}")
        assert done.rowcount == 1
        assert in_one_order(stored(client)) == in_one_order(ITEM | {"value": {"S": value}})
    assert session.execute(f"DELETE FROM items WHERE {condition}").rowcount == 1


def test_a_set_is_compared_as_one_at_once(session, service):
    create_table(session, "texts text[] OPTIONS (attribute_type 'SS')")
    session.execute("UPDATE items SET value = 'new' WHERE texts[1] = ''")
    assert service.count("UpdateItem") == 1


@pytest.mark.parametrize("write_mode", MODES)
@pytest.mark.parametrize(("column", "condition"), [READ["array"], READ["plain"]])
def test_another_element_is_a_change(session, service, client, write_mode, column, condition):
    create_table(session, column, write_mode=write_mode)

    def interfere(conversation):
        client.put_item(TableName=TABLE, Item=ITEM | {"texts": {"SS": [*TEXTS, "new"]}})
        shuffle(conversation)

    service.script("UpdateItem", interfere)
    service.script("TransactWriteItems", interfere)
    with pytest.raises(psycopg.errors.SerializationFailure):
        session.execute("UPDATE items SET value = 'new' WHERE " + condition)
    assert stored(client)["value"] == ITEM["value"]
