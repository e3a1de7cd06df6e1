"""Making tables of an emulator, and putting items there, by a boto3 client."""


def create_table(dynamodb, name, keys, global_indexes=None, local_indexes=None):
    """`keys` are the hash and the range key, each with its type; so are those of an index."""
    types = dict(keys)
    options = {}
    for option, indexes in (
        ("GlobalSecondaryIndexes", global_indexes),
        ("LocalSecondaryIndexes", local_indexes),
    ):
        for index_keys in (indexes or {}).values():
            types |= index_keys
        if indexes:
            options[option] = [_index(index, index_keys) for index, index_keys in indexes.items()]
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in types.items()],
        KeySchema=key_schema(*keys),
        BillingMode="PAY_PER_REQUEST",
        **options,
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def key_schema(*names):
    """Of the hash and the range key."""
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(names, ("HASH", "RANGE"), strict=False)
    ]


def _index(name, keys):
    return {
        "IndexName": name,
        "KeySchema": key_schema(*keys),
        "Projection": {"ProjectionType": "ALL"},
    }


def put_items(dynamodb, table, items):
    requests = [{"PutRequest": {"Item": item}} for item in items]
    for start in range(0, len(requests), 25):
        answer = dynamodb.batch_write_item(RequestItems={table: requests[start : start + 25]})
        assert not answer["UnprocessedItems"]
