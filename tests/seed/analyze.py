"""Tables of sql/analyze.sql: a thousand orders whose distribution is known, and none at all."""

STATES = ("open", "paid", "sent", "done")


def create(dynamodb):
    for name in ("analyze_orders", "analyze_nothing"):
        dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    orders = [{"PutRequest": {"Item": _order(number)}} for number in range(1000)]
    for start in range(0, len(orders), 25):
        answer = dynamodb.batch_write_item(
            RequestItems={"analyze_orders": orders[start : start + 25]}
        )
        assert not answer["UnprocessedItems"]


def _order(number):
    """Four states, equally often; a discount for every fourth order."""
    item = {"id": {"N": str(number)}, "state": {"S": STATES[number % 4]}}
    if number % 4 == 0:
        item["discount"] = {"N": str(number % 20)}
    return item
