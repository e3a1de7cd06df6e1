"""The table of sql/encryption.sql; its items are written there. The KMS key is kms.py's."""


def create(dynamodb):
    dynamodb.create_table(
        TableName="encryption_patients",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    dynamodb.get_waiter("table_exists").wait(
        TableName="encryption_patients", WaiterConfig={"Delay": 1}
    )
