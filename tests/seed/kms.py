"""The table of sql/kms.sql. Its key in AWS KMS is made by whoever has a KMS: create_key(kms)."""

ALIAS = "alias/regress"


def create(dynamodb):
    dynamodb.create_table(
        TableName="kms_secrets",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    dynamodb.get_waiter("table_exists").wait(TableName="kms_secrets", WaiterConfig={"Delay": 1})


def create_key(kms):
    key = kms.create_key(Description="regression tests")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=key)
