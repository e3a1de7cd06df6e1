"""Tables of the files sql/write_*.sql, empty but for what the files change."""

TABLES = {
    "insert_parts": {"id": "N"},
    "insert_readings": {"sensor": "S", "taken": "N"},
    "insert_values": {"id": "S"},
    "update_parts": {"id": "N"},
    "update_documents": {"id": "S"},
    "executor_parts": {"id": "N"},
    "overwrite_parts": {"id": "N"},
    "truncate_parts": {"id": "N"},
    "truncate_readings": {"sensor": "S", "taken": "N"},
    "direct_parts": {"id": "N"},
    "direct_readings": {"sensor": "S", "taken": "N"},
    "direct_guarded": {"id": "S"},
    "direct_others": {"id": "N"},
}


def create(dynamodb):
    for name, keys in TABLES.items():
        _create_table(dynamodb, f"write_{name}", keys)


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
