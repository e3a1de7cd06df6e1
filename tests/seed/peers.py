"""Tables of sql/peers.sql."""

HARD_STRINGS = (
    "it's",
    'say "hi"',
    "back\\slash",
    "\\' OR '1'='1",
    "'; DROP TABLE peers_values; --",
    "line\nfeed",
    "tab\tand\rreturn",
    "bell\x07 escape\x1b delete\x7f",
    "#n0 :v0 {} [0] $1 %s",
    "ünï çødé 日本 🎉",
)
HARD_NAMES = (
    "it's",
    'say "hi"',
    "back\\slash",
    "a.b[0]",
    "#n0",
    ":v0",
    "line\nfeed",
    "select",
    " ",
)


def create(dynamodb):
    _create_values(dynamodb)
    _create_lines(dynamodb)
    _create_strings(dynamodb)
    _create_blobs(dynamodb)
    _create_types(dynamodb)


def _create(dynamodb, name, **keys):
    """A table with the key attributes `keys`, the hash key first, and their types."""
    kinds = zip(keys, ("HASH", "RANGE"), strict=False)
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": kind} for key, kind in keys.items()
        ],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in kinds],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def _put(dynamodb, name, items):
    for item in items:
        dynamodb.put_item(TableName=name, Item=item)


def _create_values(dynamodb):
    """Numeric keys that no machine type holds."""
    _create(dynamodb, "peers_values", id="N")
    numbers = (
        "1",
        "2147483648",
        "-9223372036854775808",
        "9007199254740993",
        "12345678901234567890123456789012345678",
        "0.1234567890123456789012345678901234567",
    )
    for number in numbers:
        document = {"M": {"n": {"N": number}, "list": {"L": [{"N": number}]}}}
        item = {"id": {"N": number}, "copy": {"N": number}, "document": document}
        _put(dynamodb, "peers_values", [item])


def _create_lines(dynamodb):
    """Two hundred lines in two orders; few have a note, and the last ones alone a mark."""
    _create(dynamodb, "peers_lines", order="S", line="N")
    for number in range(200):
        item = {
            "order": {"S": "even" if number % 2 == 0 else "odd"},
            "line": {"N": str(number)},
            "price": {"N": str(number * 7 % 200)},
        }
        if number % 10 == 0:
            item["note"] = {"S": f"note {number}"}
        if number >= 198:
            item["mark"] = {"BOOL": True}
        _put(dynamodb, "peers_lines", [item])


def _create_strings(dynamodb):
    _create(dynamodb, "peers_strings", id="S", text="S")
    for text in HARD_STRINGS:
        names = {name: {"S": f"{text} in {name}"} for name in HARD_NAMES}
        item = {"id": {"S": text}, "text": {"S": text}, "copy": {"S": text}} | names
        _put(dynamodb, "peers_strings", [item])


def _create_blobs(dynamodb):
    _create(dynamodb, "peers_blobs", id="B")
    for blob in (b"\x00", b"a\x00b", b"a\x00c", b"a", b"\xff\x00\xfe"):
        _put(dynamodb, "peers_blobs", [{"id": {"B": blob}, "copy": {"B": blob}}])


def _create_types(dynamodb):
    """One attribute of every type in turn, and missing."""
    _create(dynamodb, "peers_types", id="S")
    values = {
        "text": {"S": "5"},
        "number": {"N": "5"},
        "boolean": {"BOOL": True},
        "null": {"NULL": True},
        "map": {"M": {"n": {"N": "5"}}},
        "list": {"L": [{"S": "5"}]},
        "binary": {"B": b"5"},
    }
    items = [{"id": {"S": name}, "value": value} for name, value in values.items()]
    _put(dynamodb, "peers_types", [*items, {"id": {"S": "missing"}}])
