"""The vault, the orders' table, their key in AWS KMS, and who may do what.

An order is there that an application has stored with AWS's DynamoDB Encryption Client for Python
(pip install dynamodb-encryption-sdk).

create(clients) takes boto3 clients by service name (dynamodb, kms, iam) and gives the access keys
of each IAM user, as environment variables that setup.sql reads.
"""

import json

import boto3
from dynamodb_encryption_sdk.encrypted.client import EncryptedClient
from dynamodb_encryption_sdk.identifiers import CryptoAction
from dynamodb_encryption_sdk.material_providers.aws_kms import AwsKmsCryptographicMaterialsProvider
from dynamodb_encryption_sdk.structures import AttributeActions

VAULT = "CreditCardTokenizerTable"
ORDERS = "CustomerOrderTable"
ALIAS = "alias/cards"

# The actions on the two tables, and on the key, of each IAM user.
USERS = {
    "shop": (["DescribeTable", "PutItem", "BatchWriteItem"], ["GenerateDataKey"]),
    "billing": (
        ["DescribeTable", "GetItem", "BatchGetItem", "Query", "Scan"],
        ["Decrypt", "DescribeKey"],
    ),
    "analyst": (["DescribeTable", "GetItem", "BatchGetItem", "Query", "Scan"], []),
}

# What the application has stored: the token that its order holds, and the card.
TOKEN = "8f14e45f-ceea-467f-9ad4-3b1c5a6f7d20"
CARD = "5555555555554444"


def create(clients):
    dynamodb = clients["dynamodb"]
    create_table(dynamodb, VAULT, Hash_Key="HASH", Account_Id="RANGE")
    create_table(dynamodb, ORDERS, Order_Id="HASH")
    create_key(clients["kms"])
    put_order(clients)
    environment = {}
    for name, (table_actions, key_actions) in USERS.items():
        environment |= create_user(clients["iam"], name, policy(table_actions, key_actions))
    return environment


def create_table(dynamodb, name, **keys):
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def create_key(kms):
    key_id = kms.create_key(Description="card numbers")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=key_id)


def encrypting(dynamodb, kms):
    """AWS's client: the card is encrypted and signed, the token signed, the account left alone."""
    key = kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["Arn"]
    return EncryptedClient(
        client=dynamodb,
        materials_provider=AwsKmsCryptographicMaterialsProvider(
            key, regional_clients={kms.meta.region_name: kms}
        ),
        attribute_actions=AttributeActions(
            default_action=CryptoAction.ENCRYPT_AND_SIGN,
            attribute_actions={"Account_Id": CryptoAction.DO_NOTHING},
        ),
    )


def put_order(clients):
    card = {
        "Hash_Key": {"S": TOKEN},
        "Account_Id": {"S": "acme"},
        "CandidateString": {"S": CARD},
    }
    order = {
        "Order_Id": {"S": "o-0001"},
        "Account_Id": {"S": "acme"},
        "Customer": {"S": "amelie"},
        "Address": {"S": "Graz"},
        "Card_Token": {"S": TOKEN},
    }
    encrypting(clients["dynamodb"], clients["kms"]).put_item(TableName=VAULT, Item=card)
    clients["dynamodb"].put_item(TableName=ORDERS, Item=order)


def policy(table_actions, key_actions):
    """In AWS, name the tables and the key; the emulator judges by actions alone."""
    actions = [f"dynamodb:{action}" for action in table_actions]
    actions += [f"kms:{action}" for action in key_actions]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def create_user(iam, name, document):
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="cards", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        f"{name.upper()}_ACCESS_KEY_ID": key["AccessKeyId"],
        f"{name.upper()}_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }


if __name__ == "__main__":
    for name, value in create(
        {service: boto3.client(service) for service in ("dynamodb", "kms", "iam")}
    ).items():
        print(f"export {name}={value}")
