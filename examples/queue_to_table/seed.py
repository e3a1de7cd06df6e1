"""The queues, their key and the table's, and who may do what: as an administrator makes them.

create(clients) takes boto3 clients by service name (sqs, kms, iam) and gives the access keys of two
IAM users and the ARNs of four roles, as environment variables that setup.sql reads.
"""

import json

import boto3

QUEUE = "MySampleQueue"
DEAD_LETTERS = "MyDeadLetters"
SERVICES = ("sqs", "kms", "iam")

RECEIVING = ["GetQueueUrl", "GetQueueAttributes", "ReceiveMessage", "DeleteMessage*"]
RECEIVING += ["ChangeMessageVisibility*"]
SENDING = ["GetQueueUrl", "GetQueueAttributes", "SendMessage*"]
READING = ["DescribeTable", "GetItem", "BatchGetItem", "Query", "Scan"]
WRITING = ["PutItem", "UpdateItem", "DeleteItem"]
USING_KEYS = ["Encrypt", "Decrypt", "GenerateDataKey*", "DescribeKey"]

# The actions of each role: on queues, tables and keys.
ROLES = {
    "person-writer": (RECEIVING + SENDING, READING + WRITING, USING_KEYS),
    "person-reader-without-key": ([], READING, []),
    "queue-sender": (SENDING, [], USING_KEYS),
    "key-administrator": ([], [], ["DescribeKey", "ListKeys", "ListAliases"]),
}


def create(clients):
    create_key(clients["kms"], "alias/person")
    queue_key = create_key(clients["kms"], "alias/my-sample-queue")
    for name in (DEAD_LETTERS, QUEUE):
        clients["sqs"].create_queue(QueueName=name, Attributes={"KmsMasterKeyId": queue_key})
    environment = create_user(clients["iam"], "administrator", ["*"])
    environment |= create_user(clients["iam"], "postgresql", ["sts:AssumeRole"])
    for name, (sqs, dynamodb, kms) in ROLES.items():
        actions = [f"sqs:{action}" for action in sqs]
        actions += [f"dynamodb:{action}" for action in dynamodb]
        actions += [f"kms:{action}" for action in kms]
        environment[f"{variable(name)}_ARN"] = create_role(clients["iam"], name, actions)
    return environment


def create_key(kms, alias):
    key = kms.create_key(Description=alias)["KeyMetadata"]
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    return key["Arn"]


def policy(actions):
    """In AWS, name queue, table and keys; the emulator judges by actions alone."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def variable(name):
    return name.upper().replace("-", "_")


def create_user(iam, name, actions):
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(actions))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        f"{variable(name)}_ACCESS_KEY_ID": key["AccessKeyId"],
        f"{variable(name)}_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }


def create_role(iam, name, actions):
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(actions))
    return role["Arn"]


def send(sqs, body, action="creation"):
    """What an application does without us."""
    sqs.send_message(
        QueueUrl=sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"],
        MessageBody=body,
        MessageAttributes={"Action": {"DataType": "String", "StringValue": action}},
    )


if __name__ == "__main__":
    for name, value in create({service: boto3.client(service) for service in SERVICES}).items():
        print(f"export {name}={value}")
