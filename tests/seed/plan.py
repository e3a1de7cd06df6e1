"""Tables of sql/plan_*.sql."""

from environment.tables import create_table, key_schema, put_items

STATUSES = ("new", "paid", "sent", "void")
PATHS = ("A", "a", "a%b", "a_b", "ab", "abc", "abcd", "b", "ba", "é", "日本")


def create(dynamodb):
    _create_orders(dynamodb)
    _create_articles(dynamodb)
    _create_files(dynamodb)
    _create_values(dynamodb)
    _create_wide(dynamodb)
    _create_sets(dynamodb)
    _create_documents(dynamodb)
    _create_sizes(dynamodb)
    _create_nested(dynamodb)


def _create_orders(dynamodb):
    """Hash and range key, two global indexes, one of them sparse, and a local one."""
    dynamodb.create_table(
        TableName="plan_orders",
        AttributeDefinitions=[
            {"AttributeName": "customer", "AttributeType": "S"},
            {"AttributeName": "placed", "AttributeType": "N"},
            {"AttributeName": "status", "AttributeType": "S"},
            {"AttributeName": "total", "AttributeType": "N"},
            {"AttributeName": "coupon", "AttributeType": "S"},
        ],
        KeySchema=key_schema("customer", "placed"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_status",
                "KeySchema": key_schema("status", "total"),
                "Projection": {"ProjectionType": "ALL"},
            },
            {
                "IndexName": "by_coupon",
                "KeySchema": key_schema("coupon"),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "by_total",
                "KeySchema": key_schema("customer", "total"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["status"]},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    put_items(
        dynamodb, "plan_orders", [_order(c, n) for c in ("ann", "bob", "cat") for n in range(40)]
    )


def _order(customer, number):
    """Every tenth order has no status and every seventh no total, so neither is in by_status."""
    item = {
        "customer": {"S": customer},
        "placed": {"N": str(number)},
        "paid": {"BOOL": number % 2 == 0},
        "padding": {"S": "x" * 2000},
    }
    if number % 10 != 9:
        item["status"] = {"S": STATUSES[number % 4]}
    if number % 7 != 6:
        item["total"] = {"N": f"{number * 3}.5"}
    if number % 13 == 0:
        item["coupon"] = {"S": f"c{number}"}
    return item


def _create_articles(dynamodb):
    """A hash key alone, and enough bytes that looking a few keys up is cheaper than scanning."""
    create_table(dynamodb, "plan_articles", {"id": "N"})
    put_items(
        dynamodb,
        "plan_articles",
        [
            {"id": {"N": str(n)}, "name": {"S": f"article {n}"}, "padding": {"S": "x" * 700}}
            for n in range(2000)
        ],
    )


def _create_files(dynamodb):
    """A text range key whose values meet wildcards, case and letters beyond ASCII."""
    dynamodb.create_table(
        TableName="plan_files",
        AttributeDefinitions=[
            {"AttributeName": "owner", "AttributeType": "S"},
            {"AttributeName": "path", "AttributeType": "S"},
        ],
        KeySchema=key_schema("owner", "path"),
        BillingMode="PAY_PER_REQUEST",
    )
    put_items(
        dynamodb,
        "plan_files",
        [
            {"owner": {"S": owner}, "path": {"S": path}, "title": {"S": path}}
            for owner in ("ann", "bob")
            for path in PATHS
        ],
    )


def _create_values(dynamodb):
    """One attribute with values of several types, NULL, and none."""
    create_table(dynamodb, "plan_values", {"id": "S"})
    values = {
        "text 5": {"S": "5"},
        "number 5": {"N": "5"},
        "number 7": {"N": "7"},
        "true": {"BOOL": True},
        "null": {"NULL": True},
        "map": {"M": {"a": {"N": "5"}}},
        "missing": None,
    }
    put_items(
        dynamodb,
        "plan_values",
        [
            {"id": {"S": name}} | ({} if value is None else {"value": value})
            for name, value in values.items()
        ],
    )


def _create_wide(dynamodb):
    """Scalars of each type, a nested path, and rows where all but the key is missing or NULL."""
    create_table(dynamodb, "plan_wide", {"id": "N"})
    items = [_wide(n) for n in range(1, 11)]
    items.append({"id": {"N": "11"}})
    # moto cannot project a path that leads through a NULL: so `place` is a map without rooms
    names = ("word", "number", "fraction", "flag", "day", "bytes")
    nulls = {name: {"NULL": True} for name in names}
    items.append({"id": {"N": "12"}, "place": {"M": {}}} | nulls)
    put_items(dynamodb, "plan_wide", items)


def _wide(number):
    return {
        "id": {"N": str(number)},
        "word": {"S": f"word {number}"},
        "number": {"N": str(number * 10)},
        "fraction": {"N": f"{number}.25"},
        "flag": {"BOOL": number % 2 == 0},
        "day": {"S": f"2024-01-{number:02}"},
        "bytes": {"B": bytes([number, 255])},
        "place": {"M": {"rooms": {"L": [{"S": "hall"}, {"N": str(number)}]}}},
    }


def _create_sets(dynamodb):
    """Sets of each kind, beside a list, a nested one, NULL, nothing, and a set of another kind."""
    create_table(dynamodb, "plan_sets", {"id": "N"})
    tags = [
        {"SS": ["red", "green"]},
        {"SS": ["red", "blue"]},
        {"L": [{"S": "red"}, {"S": "black"}]},
        {"L": [{"L": [{"S": "red"}]}, {"L": [{"S": "white"}]}]},
        {"L": []},
        {"NULL": True},
        None,
        {"NS": ["1", "2"]},
    ]
    items = [
        {
            "id": {"N": str(number)},
            "counts": {"NS": [str(number), "100"]},
            "hashes": {"BS": [bytes([number]), b"x"]},
        }
        | ({} if value is None else {"tags": value})
        for number, value in enumerate(tags, 1)
    ]
    put_items(dynamodb, "plan_sets", items)


def _create_documents(dynamodb):
    """Documents with members of each type, with none, and what is no document."""
    create_table(dynamodb, "plan_documents", {"id": "N"})
    members = [
        {"S": "open"},
        {"S": "closed"},
        {"S": "5"},
        {"N": "5"},
        {"S": "true"},
        {"BOOL": True},
        {"NULL": True},
        {"SS": ["open"]},
        {"L": [{"S": "open"}]},
        {"M": {"status": {"S": "open"}}},
        {"S": ""},
        None,
    ]
    items = [
        {
            "id": {"N": str(number)},
            "document": {"M": {} if member is None else {"status": member, "nr": {"N": "1"}}},
        }
        | ({} if member is None else {"status": member, "a.b": member})
        for number, member in enumerate(members, 1)
    ]
    documents = [{"S": "open"}, {"L": [{"S": "open"}]}, {"NULL": True}, None]
    items += [
        {"id": {"N": str(number)}} | ({} if document is None else {"document": document})
        for number, document in enumerate(documents, len(items) + 1)
    ]
    put_items(dynamodb, "plan_documents", items)


def _create_sizes(dynamodb):
    """Values of many lengths, and of types that have none, or another."""
    create_table(dynamodb, "plan_sizes", {"id": "N"})
    words = ("", "a", "ab", "abc", "é", "éé", "日本", "日本語", "😀", "😀😀", "abcde")
    items = [{"word": {"S": word}, "document": {"M": {"name": {"S": word}}}} for word in words]
    items += [
        {"bytes": {"B": b""}, "tags": {"SS": ["a"]}, "numbers": {"NS": ["1"]}},
        {"bytes": {"B": b"abc"}, "tags": {"SS": ["a", "b"]}, "numbers": {"NS": ["1", "2"]}},
        {"bytes": {"B": b"\x00" * 5}, "tags": {"SS": ["a", "b", "c"]}},
        {"tags": {"L": []}, "numbers": {"L": [{"N": "1"}, {"N": "2"}, {"N": "3"}]}},
        {"tags": {"L": [{"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "c"}, {"S": "d"}]}]}},
        {"tags": {"L": [{"S": "a"}, {"NULL": True}]}, "word": {"NULL": True}},
        {"document": {"M": {"name": {"N": "12345"}}}},
        {"document": {"M": {"name": {"BOOL": True}}}},
        {"document": {"M": {"name": {"L": [{"S": "a"}]}}}},
        {"document": {"M": {"name": {"NULL": True}}}},
        {"document": {"M": {}}},
    ]
    put_items(
        dynamodb,
        "plan_sizes",
        [{"id": {"N": str(number)}} | item for number, item in enumerate(items, 1)],
    )


def _create_nested(dynamodb):
    """Documents in which one place holds a list, a set, a map, or something else."""
    create_table(dynamodb, "plan_nested", {"id": "N"})
    places = [
        {"L": [{"S": "red"}, {"N": "5"}, {"M": {"size": {"S": "xl"}}}]},
        {"L": [{"N": "5"}, {"S": "red"}, {"NULL": True}]},
        {"L": [{"L": [{"S": "red"}]}]},
        {"L": []},
        {"SS": ["red", "blue"]},
        {"NS": ["5", "7"]},
        {"BS": [b"\xad\xe7\x9d", b"ab"]},  # base64 of the first is "reed"
        {"B": b"\xad\xe7\x9d"},
        {"M": {"0": {"S": "red"}, "size": {"S": "xl"}, "deep": {"M": {"n": {"N": "1.50"}}}}},
        {"M": {"size": {"NULL": True}, "ok": {"BOOL": True}, "deep": {"M": {}}}},
        {"M": {"size": {"N": "5"}, "ok": {"BOOL": False}, "deep": {"L": [{"N": "1"}]}}},
        {"M": {}},
        {"S": "red"},
        {"S": "reed"},
        {"S": "size"},
        {"N": "5"},
        {"BOOL": True},
        {"NULL": True},
        None,
        {"L": [{"B": b"\xad\xe7\x9d"}, {"BOOL": True}, {"N": "5.0"}, {"NULL": True}]},
        {"L": [{"S": ""}, {"S": "redder"}, {"BOOL": False}]},
    ]
    items = [{} if place is None else {"place": place} for place in places]
    put_items(
        dynamodb,
        "plan_nested",
        [
            {"id": {"N": str(number)}, "doc": {"M": item}, **item}
            for number, item in enumerate(items, 1)
        ],
    )
