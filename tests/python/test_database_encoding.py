"""A database whose encoding is not UTF-8: names and values are DynamoDB's, in that encoding."""

import psycopg
import pytest
from conftest import create_server

TABLE = "encoding_sizes"
ITEM = {"id": {"S": "naïve"}, "größe": {"N": "3"}, "名前": {"S": "plain"}}


@pytest.fixture
def latin1(postgresql, dynamodb):
    """A connection to a LATIN1 database with a server for the emulator, which has the table."""
    client = dynamodb.client()
    if TABLE not in client.list_tables()["TableNames"]:
        client.create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        client.put_item(TableName=TABLE, Item=ITEM)
    with postgresql.connect() as connection:
        connection.execute(
            "CREATE DATABASE in_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
        )
    try:
        with postgresql.connect("in_latin1", client_encoding="utf-8") as connection:
            connection.execute("CREATE EXTENSION dynamodb_kms_fdw")
            create_server(connection, dynamodb)
            yield connection
    finally:
        postgresql.drop_database("in_latin1")


def test_names_are_converted_or_said_to_be_left_out(latin1):
    notices = []
    latin1.add_notice_handler(lambda given: notices.append(given.message_primary))
    latin1.execute(f"IMPORT FOREIGN SCHEMA dynamodb LIMIT TO ({TABLE}) FROM SERVER aws INTO public")
    columns = latin1.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", [TABLE]
    ).fetchall()
    assert columns == [("id",), ("größe",), ("_item",)]
    assert len(notices) == 1
    assert latin1.execute(f'SELECT id, "größe" FROM {TABLE}').fetchall() == [("naïve", 3)]
    found = latin1.execute(f'SELECT "größe" FROM {TABLE} WHERE id = %s', ["naïve"]).fetchall()
    assert found == [(3,)]
    with pytest.raises(psycopg.errors.UntranslatableCharacter):
        latin1.execute(f"SELECT _item FROM {TABLE}")


def test_options_name_attributes_in_the_databases_encoding(latin1):
    latin1.execute(
        "CREATE FOREIGN TABLE sizes (id text, size int OPTIONS (attribute_name 'größe'),"
        " same int OPTIONS (attribute_path 'größe'))"
        f" SERVER aws OPTIONS (table_name '{TABLE}')"
    )
    assert latin1.execute("SELECT * FROM sizes WHERE size = 3").fetchall() == [("naïve", 3, 3)]
