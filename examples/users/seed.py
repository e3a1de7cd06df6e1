"""The users' table, their keys in AWS KMS, and who may do what: as an administrator makes them.

create(clients) takes boto3 clients by service name (dynamodb, kms, iam) and gives the access keys
of each IAM user, as environment variables that setup.sql reads.
"""

import json

import boto3

TABLE = "users"
READING = ["DescribeTable", "GetItem", "BatchGetItem", "Query", "Scan"]
WRITING = ["PutItem", "UpdateItem", "DeleteItem"]

# The actions on the table, and on the keys, of each IAM user.
USERS = {
    "registration": (READING + WRITING, ["Encrypt"]),
    "support": (READING, ["Decrypt", "DescribeKey"]),
    "reporting": (READING, []),
    "key-administrator": (
        READING + WRITING,
        ["Encrypt", "Decrypt", "DescribeKey", "ListKeys", "ListAliases", "ReEncrypt*"],
    ),
}


def create(clients):
    create_table(clients["dynamodb"])
    for alias in ("alias/users", "alias/users-next"):
        create_key(clients["kms"], alias)
    put_user(clients, "u-0001", "amelie", "token of the SDK")
    environment = {}
    for name, (table_actions, key_actions) in USERS.items():
        environment |= create_user(clients["iam"], name, policy(table_actions, key_actions))
    return environment


def create_table(dynamodb):
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})


def create_key(kms, alias):
    key_id = kms.create_key(Description="tokens of users")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=alias, TargetKeyId=key_id)


def put_user(clients, user_id, username, token):
    """What an application does without us: Encrypt, then PutItem."""
    answer = clients["kms"].encrypt(KeyId="alias/users", Plaintext=token.encode())
    item = {
        "id": {"S": user_id},
        "username": {"S": username},
        "token": {"B": answer["CiphertextBlob"]},
    }
    clients["dynamodb"].put_item(TableName=TABLE, Item=item)


def policy(table_actions, key_actions):
    """In AWS, name the table and the keys; the emulator judges by actions alone."""
    actions = [f"dynamodb:{action}" for action in table_actions]
    actions += [f"kms:{action}" for action in key_actions]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def create_user(iam, name, document):
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="users", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    variable = name.upper().replace("-", "_")
    return {
        f"{variable}_ACCESS_KEY_ID": key["AccessKeyId"],
        f"{variable}_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }


if __name__ == "__main__":
    for name, value in create(
        {service: boto3.client(service) for service in ("dynamodb", "kms", "iam")}
    ).items():
        print(f"export {name}={value}")
