"""Tables of sql/write_transaction.sql and sql/write_transaction_reads.sql."""


def create(dynamodb):
    _create_table(dynamodb, "pending_accounts", {"id": "S"})
    _create_table(dynamodb, "pending_notes", {"id": "N"})
    _create_table(
        dynamodb,
        "pending_readings",
        {"sensor": "S", "taken": "N"},
        {"by_level": {"level": "S", "taken": "N"}},
    )
    for number in range(1, 7):
        dynamodb.put_item(TableName="pending_readings", Item=_reading(number))


def _create_table(dynamodb, name, keys, indexes=None):
    """`keys` are the hash and the range key, each with its type; so are those of an index."""
    indexes = indexes or {}
    types = dict(keys)
    for index_keys in indexes.values():
        types |= index_keys
    options = {}
    if indexes:
        options["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index,
                "KeySchema": _key_schema(index_keys),
                "Projection": {"ProjectionType": "ALL"},
            }
            for index, index_keys in indexes.items()
        ]
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in types.items()],
        KeySchema=_key_schema(keys),
        BillingMode="PAY_PER_REQUEST",
        **options,
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def _key_schema(keys):
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(keys, ("HASH", "RANGE"), strict=False)
    ]


def _reading(number):
    return {
        "sensor": {"S": "a" if number <= 4 else "b"},
        "taken": {"N": str(number * 10)},
        "level": {"S": "low" if number % 2 else "high"},
        "value": {"N": str(number)},
    }
