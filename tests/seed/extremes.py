"""Tables of sql/extremes.sql."""


def create(dynamodb):
    _create_wide(dynamodb)


def _create_wide(dynamodb):
    """Items of as many attributes as a PostgreSQL table has columns at most, and one of a few."""
    dynamodb.create_table(
        TableName="extremes_wide",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName="extremes_wide", WaiterConfig={"Delay": 1})
    for number in range(4):
        count = 3 if number == 0 else 1590
        attributes = {f"c{n}": {"N": str(number * n)} for n in range(1, count + 1)}
        dynamodb.put_item(TableName="extremes_wide", Item={"id": {"N": str(number)}} | attributes)
