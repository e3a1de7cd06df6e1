"""Tables of sql/types.sql: one item a case, values at the edges of what DynamoDB holds."""

DIGITS_38 = "12345678901234567890123456789012345678"
LARGEST = "9." + "9" * 37 + "E+125"
UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"


def create(dynamodb):
    _create_table(dynamodb, "types_scalars", SCALARS)
    _create_table(dynamodb, "types_refused", REFUSED)
    _create_table(dynamodb, "types_containers", CONTAINERS)
    _create_table(dynamodb, "types_documents", DOCUMENTS)


def _create_table(dynamodb, name, items):
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    for key, attributes in items.items():
        dynamodb.put_item(TableName=name, Item={"id": {"S": key}} | attributes)


def _all(attribute_type, value, *names):
    return {name: {attribute_type: value} for name in names}


NUMBERS = ("n", "i2", "i4", "i8", "f4", "f8")
SCALAR_NAMES = (
    *("s", "vc", "bp", "b", "sb", "sn", *NUMBERS, "yes", "u", "mood", "ip", "positive"),
    *("d", "ts", "tz", "t", "tt", "seconds", "milliseconds", "day"),
)

SCALARS = {
    "ordinary": {
        "s": {"S": "text"},
        "vc": {"S": "12345"},
        "bp": {"S": "ab"},
        "b": {"B": b"\x00\x01\xfe\xff"},
        "sb": {"S": "a\u0000b"},
        "sn": {"N": "-12.5"},
        **_all("N", "42", *NUMBERS, "positive"),
        "yes": {"BOOL": True},
        "u": {"S": UUID},
        "mood": {"S": "très heureux"},
        "ip": {"S": "2001:db8::1/64"},
        "d": {"S": "2024-02-29"},
        "ts": {"S": "2024-02-29T12:34:56.789"},
        "tz": {"S": "2024-02-29T12:34:56.789+02:00"},
        "t": {"S": "12:34:56.789"},
        "tt": {"S": "12:34:56-03:30"},
        "seconds": {"N": "1709210096.123456"},
        "milliseconds": {"N": "1709210096123.456"},
        "day": {"N": "1709164800"},
    },
    "lowest": {
        **_all("S", "", "s", "vc", "bp", "sb"),
        "b": {"B": b""},
        **_all("N", "0", "sn", "n", "positive"),
        "i2": {"N": "-32768"},
        "i4": {"N": "-2147483648"},
        "i8": {"N": "-9223372036854775808"},
        "f4": {"N": "-0.0000012345"},
        "f8": {"N": "1E-130"},
        "yes": {"BOOL": False},
        "u": {"S": "00000000-0000-0000-0000-000000000000"},
        "d": {"S": "0001-01-01"},
        "ts": {"S": "0001-01-01 00:00"},
        "tz": {"S": "0001-01-01T00:00:00Z"},
        "t": {"S": "00:00"},
        "tt": {"S": "00:00:00+15:59"},
        "seconds": {"N": "-0.000001"},
        "milliseconds": {"N": "-62135596800000"},
        "day": {"N": "-86400"},
    },
    "highest": {
        "s": {"S": 'äΩ€😀\t"\\\u2028'},
        "vc": {"S": "äΩ€😀\n"},
        "bp": {"S": "äΩ€😀x"},
        "b": {"B": bytes(range(0, 256, 17))},
        "sb": {"S": "😀"},
        "sn": {"N": DIGITS_38},
        "n": {"N": LARGEST},
        "i2": {"N": "32767"},
        "i4": {"N": "2147483647"},
        "i8": {"N": "9223372036854775807"},
        "f4": {"N": "3.4028235E+38"},
        "f8": {"N": "0.30000000000000004"},
        "u": {"S": "ffffffff-ffff-ffff-ffff-ffffffffffff"},
        "mood": {"S": "sad"},
        "d": {"S": "9999-12-31"},
        "ts": {"S": "9999-12-31T23:59:59.999999000"},
        "tz": {"S": "9999-12-31T23:59:59.999999Z"},
        "t": {"S": "24:00:00"},
        "tt": {"S": "23:59:59.999999-15:59"},
        "seconds": {"N": "253402300799.999999"},
        "milliseconds": {"N": "253402300799999.999"},
        "day": {"N": "253402214400"},
        "positive": {"N": "1"},
    },
    "digits": {
        "n": {"N": "-0." + DIGITS_38},
        "sn": {"N": "1E-130"},
        "f8": {"N": "-5.000000000000001E+124"},
        "i8": {"N": "-1E+18"},
        "positive": {"N": "7"},
    },
    "missing": {},
    "null": _all("NULL", True, *SCALAR_NAMES),
}

# What the column named in the key must refuse.
REFUSED = {
    "s U+0000": {"s": {"S": "secret\u0000"}},
    "s N": {"s": {"N": "1"}},
    "s M": {"s": {"M": {}}},
    "vc long": {"vc": {"S": "123456"}},
    "vc blanks": {"vc": {"S": "12345 "}},
    "bp long": {"bp": {"S": "123456"}},
    "b S": {"b": {"S": "text"}},
    "sn S": {"sn": {"S": "1"}},
    "sb B": {"sb": {"B": b"\xff"}},
    "yes S": {"yes": {"S": "true"}},
    "i2 large": {"i2": {"N": "32768"}},
    "i4 large": {"i4": {"N": "-2147483649"}},
    "i4 fraction": {"i4": {"N": "1.5"}},
    "i4 S": {"i4": {"S": "1"}},
    "i8 large": {"i8": {"N": "9223372036854775808"}},
    "n2 fraction": {"n2": {"N": "1.234"}},
    "n2 large": {"n2": {"N": "1000"}},
    "f4 digits": {"f4": {"N": "16777217"}},
    "f4 large": {"f4": {"N": "1E+39"}},
    "f4 small": {"f4": {"N": "1E-60"}},
    "f8 digits": {"f8": {"N": "9007199254740993"}},
    "f8 38 digits": {"f8": {"N": "0.1000000000000000055511151231257827"}},
    "u upper": {"u": {"S": UUID.upper()}},
    "u short": {"u": {"S": UUID[1:]}},
    "mood other": {"mood": {"S": "angry"}},
    "positive -1": {"positive": {"N": "-1"}},
    "d order": {"d": {"S": "29/02/2024"}},
    "d word": {"d": {"S": "today"}},
    "d leap": {"d": {"S": "2023-02-29"}},
    "d year": {"d": {"S": "10000-01-01"}},
    "d time": {"d": {"S": "2024-02-29T00:00:00"}},
    "ts offset": {"ts": {"S": "2024-02-29T12:34:56Z"}},
    "ts digits": {"ts": {"S": "2024-02-29T12:34:56.1234567"}},
    "ts3 digits": {"ts3": {"S": "2024-02-29T12:34:56.1234"}},
    "tz word": {"tz": {"S": "infinity"}},
    "tz offset": {"tz": {"S": "2024-02-29T12:34:56+16:00"}},
    "t hour": {"t": {"S": "24:00:01"}},
    "seconds digits": {"seconds": {"N": "0.0000001"}},
    "seconds large": {"seconds": {"N": "1E+20"}},
    "seconds S": {"seconds": {"S": "2024-02-29T12:34:56Z"}},
    "day time": {"day": {"N": "1"}},
    "texts NS": {"texts": {"NS": ["1"]}},
    "texts inside": {"texts": {"L": [{"S": "a"}, {"N": "1"}]}},
    "texts S": {"texts": {"S": "a"}},
    "numbers ragged": {"numbers": {"L": [{"L": [{"N": "1"}, {"N": "2"}]}, {"L": [{"N": "3"}]}]}},
    "numbers mixed": {"numbers": {"L": [{"L": [{"N": "1"}]}, {"N": "2"}]}},
    "numbers empty": {"numbers": {"L": [{"L": []}]}},
    "home inside": {"home": {"M": {"city": {"N": "1"}}}},
    "home L": {"home": {"L": []}},
    "doc U+0000": {"doc": {"M": {"list": {"L": [{"S": "ok"}, {"S": "no\u0000"}]}}}},
    "listed S": {"listed": {"S": "a"}},
    "rest U+0000": {"unmapped": {"M": {"inner": {"S": "\u0000"}}}},
}

CONTAINERS = {
    "sets": {
        "texts": {"SS": ["b", "a", "ä😀"]},
        "numbers": {"NS": ["3", "-1.5", DIGITS_38]},
        "binaries": {"BS": [b"\x00", b"\xff\x00"]},
        "moods": {"SS": ["sad"]},
        "tags": {"SS": ["y", "x"]},
        "dates": {"SS": ["2024-02-29"]},
    },
    "lists": {
        "texts": {"L": [{"S": "b"}, {"NULL": True}, {"S": ""}]},
        "numbers": {"L": [{"L": [{"N": "1"}, {"N": "2"}]}, {"L": [{"N": "3"}, {"N": "4"}]}]},
        "binaries": {"L": [{"B": b""}]},
        "moods": {"L": [{"S": "sad"}, {"S": "très heureux"}]},
        "anything": {"L": [{"S": "a"}, {"L": [{"N": "1"}]}, {"M": {"k": {"BOOL": True}}}]},
        "dates": {"L": [{"S": "0001-01-01"}, {"S": "9999-12-31"}]},
        "home": {
            "M": {
                "city": {"S": "Köln"},
                "Zip": {"N": "50667"},
                "visits": {"L": [{"S": "2024-02-29"}]},
                "unknown": {"BOOL": True},
            }
        },
        "homes": {"L": [{"M": {"city": {"S": "Bonn"}}}, {"NULL": True}]},
        "owner": {"M": {"name": {"S": "x"}, "home": {"M": {"Zip": {"NULL": True}}}}},
    },
    "empty": {
        "texts": {"L": []},
        "numbers": {"L": []},
        "anything": {"L": []},
        "home": {"M": {}},
        "homes": {"L": []},
        "owner": {"M": {"home": {"M": {}}}},
    },
    "missing": {},
    "null": _all(
        "NULL",
        True,
        *("texts", "numbers", "binaries", "moods", "tags", "dates"),
        *("anything", "home", "homes", "owner"),
    ),
}

DOCUMENTS = {
    "S": {"v": {"S": 'quote " backslash \\ tab \t €😀'}},
    "N": {"v": {"N": DIGITS_38}},
    "N large": {"v": {"N": LARGEST}},
    "N small": {"v": {"N": "1E-130"}},
    "B": {"v": {"B": bytes(range(7))}},
    "B empty": {"v": {"B": b""}},
    "BOOL": {"v": {"BOOL": False}},
    "NULL": {"v": {"NULL": True}},
    "SS": {"v": {"SS": ["one"]}},
    "NS": {"v": {"NS": ["1.5"]}},
    "BS": {"v": {"BS": [b"\xff"]}},
    "L": {"v": {"L": [{"S": ""}, {"NULL": True}, {"L": []}, {"B": b"\x01"}]}},
    "M": {
        "v": {
            "M": {
                "b": {"N": "1"},
                "a.b": {"M": {"[0]": {"SS": ["x"]}}},
                "ключ": {"L": [{"M": {}}]},
            }
        },
        "other": {"S": "seen only in the whole item"},
        "Case": {"N": "2"},
        "address": {
            "M": {
                "lines": {"L": [{"S": "first"}, {"S": "second"}]},
                "a.b": {"M": {"[0]": {"N": "9"}}},
            }
        },
    },
    "deep": {"v": None},
    "missing": {"other": {"NULL": True}},
}


def _nested(levels):
    value = {"S": "bottom"}
    for _ in range(levels):
        value = {"L": [value]}
    return value


DOCUMENTS["deep"]["v"] = _nested(31)
