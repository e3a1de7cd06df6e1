"""Tables of sql/read.sql and sql/explain.sql."""

from environment.tables import create_table, put_items

LEVELS = ("info", "warning", "error")


def create(dynamodb):
    _create_readings(dynamodb)
    _create_parts(dynamodb)
    _create_sessions(dynamodb)
    _create_scans(dynamodb)
    create_table(dynamodb, "read_empty", {"id": "S"})


def _create_readings(dynamodb):
    """Three sensors, forty readings each: hash and range key, and an index by level."""
    create_table(
        dynamodb,
        "read_readings",
        {"sensor": "S", "taken": "N"},
        {"by_level": {"level": "S", "taken": "N"}},
    )
    put_items(dynamodb, "read_readings", [_reading(s, n) for s in "abc" for n in range(1, 41)])


def _reading(sensor, number):
    """Every fourth reading has no note; every tenth has one that is NULL."""
    item = {
        "sensor": {"S": sensor},
        "taken": {"N": str(number)},
        "level": {"S": LEVELS[number % 3]},
        "value": {"N": f"{number}.5"},
        "place": {"M": {"room": {"S": f"room {number % 5}"}, "shelf": {"N": str(number % 7)}}},
    }
    if number % 10 == 0:
        item["note"] = {"NULL": True}
    elif number % 4 != 0:
        item["note"] = {"S": f"note {number}"}
    return item


def _create_parts(dynamodb):
    """A hash key alone, and more items than one BatchGetItem takes; one of a wrong type."""
    create_table(dynamodb, "read_parts", {"id": "N"})
    items = [
        {"id": {"N": str(n)}, "name": {"S": f"part {n}"}, "stock": {"N": str(n % 9)}}
        for n in range(1, 251)
    ]
    items.append({"id": {"N": "999"}, "name": {"S": "part 999"}, "stock": {"S": "none"}})
    put_items(dynamodb, "read_parts", items)


def _create_sessions(dynamodb):
    """Items with an expiry in the past, in the far future, of another type, and without one."""
    create_table(dynamodb, "read_sessions", {"id": "S"})
    dynamodb.update_time_to_live(
        TableName="read_sessions",
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"},
    )
    put_items(
        dynamodb,
        "read_sessions",
        [
            {"id": {"S": "long gone"}, "expires": {"N": "1000000000"}},
            {"id": {"S": "with a fraction"}, "expires": {"N": "1000000000.5"}},
            {"id": {"S": "far away"}, "expires": {"N": "32503680000"}},
            {"id": {"S": "not a number"}, "expires": {"S": "1000000000"}},
            {"id": {"S": "eternal"}},
        ],
    )


def _create_scans(dynamodb):
    """Items of 380 KB: a page holds two or three, and an answer of BatchGetItem about forty."""
    create_table(dynamodb, "read_scans", {"patient": "S", "number": "N"})
    for number in range(1, 56):
        item = {
            "patient": {"S": "p"},
            "number": {"N": str(number)},
            "image": {"B": number.to_bytes(1, "big") * 380_000},
        }
        dynamodb.put_item(TableName="read_scans", Item=item)
