"""Generated values, written by boto3, are the same values when SQL reads them.

GENERATED_VALUES sets how many are tried by each test, on each emulator.
"""

import base64
import json
import os
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Context, Decimal
from functools import partial
from itertools import count

import psycopg
import pytest
from attribute_values import meaning
from boto3.dynamodb.types import Binary, TypeSerializer
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import set_json_loads

GENERATED_VALUES = int(os.environ.get("GENERATED_VALUES", "60"))
EXAMPLES = settings(max_examples=GENERATED_VALUES, deadline=None, database=None)
KEY = {"id": {"S": "item"}}
EXACT = Context(prec=200)
TABLE_NUMBERS = count()

# --- what is generated --------------------------------------------------------------------------


@st.composite
def dynamodb_numbers(draw):
    """Up to 38 digits, of a magnitude from 1E-130 to 9.99…E+125."""
    digits = draw(st.one_of(st.integers(0, 10**6), st.integers(0, 10**38 - 1)))
    length = len(str(digits))
    exponent = draw(st.one_of(st.integers(-5, 5), st.integers(-130, 126 - length)))
    number = Decimal(digits).scaleb(exponent, EXACT)
    return draw(st.sampled_from([number, -number])) if digits else Decimal(0)


def exact_floats():
    """Floats within DynamoDB's magnitudes, as the shortest decimals that mean them."""
    positive = st.floats(min_value=1e-130, max_value=9.9e125)
    return st.one_of(positive, positive.map(lambda number: -number), st.just(0.0))


WITHOUT_NUL = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXTS = st.text(WITHOUT_NUL, max_size=40)
NAMES = st.text(WITHOUT_NUL, min_size=1, max_size=12)
BINARIES = st.binary(max_size=40)
SCALARS = st.one_of(TEXTS, dynamodb_numbers(), BINARIES.map(Binary), st.booleans(), st.none())
SETS = st.one_of(
    st.sets(st.text(WITHOUT_NUL, min_size=1, max_size=10), min_size=1, max_size=5),
    st.sets(dynamodb_numbers(), min_size=1, max_size=5),
    st.sets(st.binary(min_size=1, max_size=10).map(Binary), min_size=1, max_size=5),
)
DOCUMENTS = st.recursive(
    st.one_of(SCALARS, SETS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=15,
)

# --- what is expected ---------------------------------------------------------------------------


def stored_order(element):
    """Sorts binaries and strings by their bytes, numbers by value."""
    if isinstance(element, Binary):
        return element.value
    return element.encode() if isinstance(element, str) else element


def plain(value):
    """The value as plain JSON has it, sets as lists in the order of what DynamoDB stores."""
    match value:
        case Binary():
            return base64.b64encode(value.value).decode()
        case set():
            return [plain(element) for element in sorted(value, key=stored_order)]
        case list():
            return [plain(element) for element in value]
        case dict():
            return {name: plain(element) for name, element in value.items()}
    return value


def serialized(value):
    return TypeSerializer().serialize(value)


# --- a table of one item --------------------------------------------------------------------------


class OneItem:
    """A DynamoDB table whose only item is put and read again."""

    def __init__(self, client, connection, table_name):
        self._client = client
        self._connection = connection
        self._table_name = table_name

    def declare(self, **columns):
        definitions = "".join(f", {name} {type}" for name, type in columns.items())
        self._connection.execute(
            f"CREATE FOREIGN TABLE item (id text{definitions}) SERVER aws"
            f" OPTIONS (table_name '{self._table_name}')"
        )

    def put(self, **attributes):
        self._client.put_item(TableName=self._table_name, Item=KEY | attributes)

    def read(self, columns="*"):
        return self._connection.execute(f"SELECT {columns} FROM item WHERE id = 'item'").fetchone()


@pytest.fixture
def item(connection, dynamodb):
    client = dynamodb.client()
    name = f"types_boto3_{next(TABLE_NUMBERS)}"
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    set_json_loads(partial(json.loads, parse_float=Decimal, parse_int=Decimal), connection)
    connection.execute("SET timezone = 'UTC'")
    yield OneItem(client, connection, name)
    client.delete_table(TableName=name)


@contextmanager
def refused(sqlstate):
    with pytest.raises(psycopg.Error) as raised:
        yield
    assert raised.value.sqlstate == sqlstate


# --- tests ----------------------------------------------------------------------------------------


def test_scalars(item):
    item.declare(
        s="text",
        n="numeric",
        b="bytea",
        yes="boolean",
        bytes_of_string="bytea OPTIONS (attribute_type 'S')",
        n_text="text OPTIONS (attribute_name 'n', attribute_type 'N')",
    )

    @EXAMPLES
    @given(TEXTS, dynamodb_numbers(), BINARIES, st.booleans(), st.text(max_size=40))
    def check(text, number, binary, boolean, any_text):
        item.put(
            s={"S": text},
            n=serialized(number),
            b={"B": binary},
            yes={"BOOL": boolean},
            bytes_of_string={"S": any_text},
        )
        *read, number_text = item.read("s, n, b, yes, bytes_of_string, n_text")
        assert read == [text, number, binary, boolean, any_text.encode()]
        assert Decimal(number_text) == number
        assert number_text == format(number.normalize(EXACT), "f")

    check()


def test_numbers_are_exact_or_refused(item, connection):
    limits = {"i2": 2**15, "i4": 2**31, "i8": 2**63}
    types = {"i2": "smallint", "i4": "int", "i8": "bigint", "f8": "double precision"}
    item.declare(**{name: f"{type} OPTIONS (attribute_name 'n')" for name, type in types.items()})

    def float8_text(number):
        """PostgreSQL's shortest text of the nearest float.

        Python's may be a digit shorter: a decimal halfway between two floats.
        """
        query = "SELECT %s::numeric::float8::text"
        return Decimal(connection.execute(query, [number]).fetchone()[0])

    def check_one(column, is_held, number):
        if is_held:
            (read,) = item.read(f"{column}::text")
            assert Decimal(read) == number
        else:
            with refused("22003"):
                item.read(column)

    integers = st.integers(-(2**64), 2**64).map(Decimal)
    edges = st.sampled_from([s * 2**p + d for p in (15, 31, 63) for s in (1, -1) for d in (-1, 0)])
    numbers = st.one_of(
        dynamodb_numbers(), integers, edges.map(Decimal), exact_floats().map(repr).map(Decimal)
    )

    @EXAMPLES
    @given(numbers)
    def check(number):
        item.put(n=serialized(number))
        for column, limit in limits.items():
            is_whole = number == number.to_integral_value(context=EXACT)
            check_one(column, is_whole and -limit <= number < limit, number)
        check_one("f8", float8_text(number) == number, number)

    check()


def test_documents(item):
    item.declare(
        plain="jsonb OPTIONS (attribute_name 'v')",
        plain_json="json OPTIONS (attribute_name 'v')",
        typed="jsonb OPTIONS (attribute_name 'v', json_format 'dynamodb')",
        whole="jsonb OPTIONS (whole_item 'true', json_format 'dynamodb')",
    )

    @EXAMPLES
    @given(DOCUMENTS, DOCUMENTS)
    def check(mapped, unmapped):
        item.put(v=serialized(mapped), w=serialized(unmapped))
        read_plain, read_json, typed, whole = item.read("plain, plain_json, typed, whole")
        assert read_plain == plain(mapped)
        assert read_json == read_plain
        if mapped is None:
            assert typed is None
        else:
            assert meaning(typed) == meaning(serialized(mapped))
        assert whole.keys() == {"w"}
        assert meaning(whole["w"]) == meaning(serialized(unmapped))

    check()


def test_arrays(item):
    item.declare(
        texts="text[]",
        numbers="numeric[]",
        binaries="bytea[]",
        listed="text[]",
        square="numeric[]",
    )
    squares = st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(dynamodb_numbers(), min_size=width, max_size=width), min_size=1, max_size=4
        )
    )

    @EXAMPLES
    @given(
        st.sets(st.text(WITHOUT_NUL, min_size=1, max_size=10), min_size=1, max_size=6),
        st.sets(dynamodb_numbers(), min_size=1, max_size=6),
        st.sets(st.binary(min_size=1, max_size=10), min_size=1, max_size=6),
        st.lists(st.one_of(TEXTS, st.none()), max_size=6),
        squares,
    )
    def check(texts, numbers, binaries, listed, square):
        item.put(
            texts=serialized(texts),
            numbers=serialized(numbers),
            binaries={"BS": sorted(binaries)},
            listed=serialized(listed),
            square=serialized(square),
        )
        read = item.read("texts, numbers, binaries, listed, square")
        assert read == (sorted(texts), sorted(numbers), sorted(binaries), listed, square)

    check()


def test_times(item):
    item.declare(
        day="date",
        ts="timestamp",
        tz="timestamptz",
        seconds="timestamptz OPTIONS (time_format 'epoch_seconds')",
        milliseconds="timestamptz OPTIONS (time_format 'epoch_milliseconds')",
    )
    offsets = st.integers(-15 * 60, 15 * 60).map(
        lambda minutes: timezone(timedelta(minutes=minutes))
    )
    moments = st.datetimes(
        min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=offsets
    )

    @EXAMPLES
    @given(st.dates(), st.datetimes(), moments)
    def check(day, local, moment):
        since_1970 = moment - datetime(1970, 1, 1, tzinfo=UTC)
        seconds = Decimal(since_1970 // timedelta(microseconds=1)).scaleb(-6)
        item.put(
            day={"S": day.isoformat()},
            ts={"S": local.isoformat()},
            tz={"S": moment.isoformat()},
            seconds=serialized(seconds),
            milliseconds=serialized(seconds.scaleb(3)),
        )
        assert item.read("day, ts, tz, seconds, milliseconds") == (
            day,
            local,
            moment,
            moment,
            moment,
        )

    check()


def test_a_value_of_another_type_is_refused(item):
    values = {
        "S": {"S": "1"},
        "N": {"N": "1"},
        "B": {"B": b"1"},
        "BOOL": {"BOOL": True},
        "SS": {"SS": ["1"]},
        "NS": {"NS": ["1"]},
        "BS": {"BS": [b"1"]},
        "L": {"L": []},
        "M": {"M": {}},
    }
    accepted = {
        "text": {"S"},
        "numeric": {"N"},
        "bigint": {"N"},
        "double precision": {"N"},
        "bytea": {"B"},
        "boolean": {"BOOL"},
        "text[]": {"SS", "L"},
        "numeric[]": {"NS", "L"},
        "bytea[]": {"BS", "L"},
        "jsonb": set(values),
        "json": set(values),
    }
    columns = {f"c{number}": type for number, type in enumerate(accepted)}
    item.declare(**{name: f"{type} OPTIONS (attribute_name 'v')" for name, type in columns.items()})
    for kind, value in values.items():
        item.put(v=value)
        for column, type in columns.items():
            if kind in accepted[type]:
                assert item.read(column) != (None,)
            else:
                with refused("HV004"):
                    item.read(column)


def test_dates_outside_of_four_digits_cannot_be_read(item):
    item.declare(day="date")
    for text in ("10000-01-01", "0000-12-31", "-0001-01-01", "2024-1-1", "20240101"):
        item.put(day={"S": text})
        with refused("22007"):
            item.read("day")
    item.put(day={"S": "9999-12-31"})
    assert item.read("day") == (date.max,)
