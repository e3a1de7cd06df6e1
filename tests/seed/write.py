"""Tables of the files sql/write_*.sql, empty but for what the files change."""


def create(dynamodb):
    _create_table(dynamodb, "write_parts", {"id": "N"})
    _create_table(dynamodb, "write_readings", {"sensor": "S", "taken": "N"})
    _create_table(dynamodb, "write_values", {"id": "S"})
    _create_table(dynamodb, "write_documents", {"id": "S"})
    _create_table(dynamodb, "write_blobs", {"id": "B"})


def _create_table(dynamodb, name, keys):
    """`keys` are the hash and the range key, each with its type."""
    kinds = ("HASH", "RANGE")
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in keys.items()],
        KeySchema=[{"AttributeName": n, "KeyType": k} for n, k in zip(keys, kinds, strict=False)],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
