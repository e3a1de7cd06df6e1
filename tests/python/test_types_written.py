"""Generated values, written by SQL, are the same values when boto3 reads them.

The other direction is test_types_boto3.py, whose generators and table are used here.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
from attribute_values import meaning, meanings
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb
from test_types_boto3 import (
    BINARIES,
    DOCUMENTS,
    EXACT,
    EXAMPLES,
    KEY,
    NAMES,
    TEXTS,
    WITHOUT_NUL,
    dynamodb_numbers,
    exact_floats,
    item,
    serialized,
)

__all__ = ["item"]


def insert(item, **values):
    """Inserts the row; the last one is deleted by boto3, because moto cannot project numbers that
    are written with more than 38 digits, trailing zeroes included."""
    connection = item._connection
    item._client.delete_item(TableName=item._table_name, Key=KEY)
    names = "".join(f", {name}" for name in values)
    places = "".join(", %s" for _ in values)
    connection.execute(
        f"INSERT INTO item (id{names}) VALUES ('item'{places})", list(values.values())
    )


def stored(item):
    """What boto3 reads, without the key."""
    answer = item._client.get_item(TableName=item._table_name, Key=KEY, ConsistentRead=True)
    attributes = answer["Item"]
    assert attributes.pop("id") == KEY["id"]
    return meanings(attributes)


def json_text(typed):
    """A value of boto3's as DynamoDB's typed JSON for jsonb; binaries are base64."""

    def encode(value):
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        raise TypeError(value)

    return Jsonb(typed, dumps=lambda value: json.dumps(value, default=encode))


def test_scalars(item):
    item.declare(
        s="text",
        n="numeric",
        b="bytea",
        yes="boolean",
        bytes_of_string="bytea OPTIONS (attribute_type 'S')",
        i="bigint",
        f="double precision",
        u="uuid",
    )

    @EXAMPLES
    @given(
        TEXTS,
        dynamodb_numbers(),
        BINARIES,
        st.booleans(),
        st.text(max_size=40),
        st.integers(-(2**63), 2**63 - 1),
        exact_floats(),
        st.uuids(),
    )
    def check(text, number, binary, boolean, any_text, integer, real, uuid):
        insert(
            item,
            s=text,
            n=number,
            b=binary,
            yes=boolean,
            bytes_of_string=any_text.encode(),
            i=integer,
            f=real,
            u=uuid,
        )
        assert stored(item) == {
            "s": ("S", text),
            "n": ("N", number),
            "b": ("B", binary),
            "yes": ("BOOL", boolean),
            "bytes_of_string": ("S", any_text),
            "i": ("N", Decimal(integer)),
            "f": ("N", shortest(item, real)),
            "u": ("S", str(uuid)),
        }

    check()


def shortest(item, real):
    """PostgreSQL's shortest text of the float."""
    (text,) = item._connection.execute("SELECT %s::float8::text", [real]).fetchone()
    return Decimal(text)


def test_documents(item):
    item.declare(
        plain="jsonb",
        typed="jsonb OPTIONS (json_format 'dynamodb')",
        whole="jsonb OPTIONS (whole_item 'true', json_format 'dynamodb')",
    )
    plain = st.recursive(
        st.one_of(TEXTS, st.integers(-(10**30), 10**30), st.booleans(), st.none()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)
        ),
        max_leaves=10,
    ).filter(lambda value: value is not None)

    @EXAMPLES
    @given(plain, DOCUMENTS, DOCUMENTS)
    def check(document, typed, unmapped):
        insert(
            item,
            plain=Jsonb(document),
            typed=json_text(serialized(typed)),
            whole=json_text({"w": serialized(unmapped)}),
        )
        assert stored(item) == {
            "plain": meaning(serialized(document)),
            "typed": meaning(serialized(typed)),
            "w": meaning(serialized(unmapped)),
        }

    check()


def test_arrays(item):
    item.declare(
        texts="text[] OPTIONS (attribute_type 'SS')",
        numbers="numeric[] OPTIONS (attribute_type 'NS')",
        binaries="bytea[] OPTIONS (attribute_type 'BS')",
        listed="text[]",
    )

    @EXAMPLES
    @given(
        st.sets(st.text(WITHOUT_NUL, min_size=1, max_size=10), min_size=1, max_size=6),
        st.sets(dynamodb_numbers(), min_size=1, max_size=6),
        st.sets(st.binary(min_size=1, max_size=10), min_size=1, max_size=6),
        st.lists(st.one_of(TEXTS, st.none()), max_size=6),
    )
    def check(texts, numbers, binaries, listed):
        insert(
            item, texts=list(texts), numbers=list(numbers), binaries=list(binaries), listed=listed
        )
        assert stored(item) == {
            "texts": meaning({"SS": list(texts)}),
            "numbers": meaning({"NS": list(numbers)}),
            "binaries": meaning({"BS": list(binaries)}),
            "listed": meaning(serialized(listed)),
        }

    check()


def test_times(item):
    item.declare(
        day="date",
        ts="timestamp",
        tz="timestamptz",
        seconds="timestamptz OPTIONS (time_format 'epoch_seconds')",
        milliseconds="timestamptz OPTIONS (time_format 'epoch_milliseconds')",
    )
    moments = st.datetimes(
        min_value=datetime(1, 1, 3),
        max_value=datetime(9999, 12, 29),
        timezones=st.just(UTC),
    )

    @EXAMPLES
    @given(st.dates(), st.datetimes(), moments)
    def check(day, local, moment):
        insert(item, day=day, ts=local, tz=moment, seconds=moment, milliseconds=moment)
        found = stored(item)
        since_1970 = moment - datetime(1970, 1, 1, tzinfo=UTC)
        seconds = Decimal(since_1970 // timedelta(microseconds=1)).scaleb(-6, EXACT)
        assert found["day"] == ("S", day.isoformat())
        assert datetime.fromisoformat(found["ts"][1]) == local
        assert datetime.fromisoformat(found["tz"][1]) == moment
        assert found["seconds"] == ("N", seconds)
        assert found["milliseconds"] == ("N", seconds.scaleb(3, EXACT))

    check()


def test_null_is_no_attribute_or_a_null_attribute(item):
    item.declare(gone="text", kept="text OPTIONS (write_null 'null')")
    insert(item, gone=None, kept=None)
    assert stored(item) == {"kept": ("NULL", True)}


def test_places_inside_of_documents(item):
    """Enclosing maps and lists are made; elements that no column maps are NULL."""
    item.declare(
        city="text OPTIONS (attribute_path 'address.city')",
        street="text OPTIONS (attribute_path 'address.lines[1]')",
        flag="boolean OPTIONS (attribute_path 'deep.er.est')",
    )
    insert(item, city="Paris", street="Rue", flag=True)
    assert stored(item) == {
        "address": meaning(
            {"M": {"city": {"S": "Paris"}, "lines": {"L": [{"NULL": True}, {"S": "Rue"}]}}}
        ),
        "deep": meaning({"M": {"er": {"M": {"est": {"BOOL": True}}}}}),
    }
    assert item.read("city, street, flag") == ("Paris", "Rue", True)


def test_columns_of_one_place_must_agree(item):
    item.declare(
        address="jsonb",
        city="text OPTIONS (attribute_path 'address.city')",
        whole="jsonb OPTIONS (whole_item 'true')",
    )
    insert(item, address=Jsonb({"city": "Paris"}), city="Paris")
    insert(item, address=Jsonb({"street": "Rue"}), city="Paris", whole=Jsonb({"more": 1}))
    assert stored(item) == {
        "address": meaning({"M": {"city": {"S": "Paris"}, "street": {"S": "Rue"}}}),
        "more": ("N", Decimal(1)),
    }
    for values in (
        {"address": Jsonb({"city": "Lyon"}), "city": "Paris"},
        {"address": Jsonb("a string"), "city": "Paris"},
        {"whole": Jsonb({"address": {}})},
        {"whole": Jsonb([1])},
    ):
        try:
            insert(item, **values)
            raise AssertionError(f"not refused: {values}")
        except psycopg.Error as error:
            assert error.sqlstate == "22023"
