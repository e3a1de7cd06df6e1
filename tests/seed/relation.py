"""The table of sql/relation.sql."""


def create(dynamodb):
    dynamodb.create_table(
        TableName="relation_events",
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "N"},
            {"AttributeName": "kind", "AttributeType": "B"},
        ],
        KeySchema=[
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_kind",
                "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName="relation_events", WaiterConfig={"Delay": 1})
    dynamodb.put_item(
        TableName="relation_events",
        Item={
            "id": {"S": "a"},
            "at": {"N": "1"},
            "kind": {"B": b"\x01"},
            "place": {"M": {"room": {"S": "hall"}, "tags": {"L": [{"S": "x"}, {"S": "y"}]}}},
            "Größe": {"N": "3"},
        },
    )
