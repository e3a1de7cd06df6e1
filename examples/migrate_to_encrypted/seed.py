"""The plain table of customers, the key for the encrypted one, and an application that writes.

create(clients) takes boto3 clients by service name (dynamodb, kms) and makes table and key.
Writer(client) is the application: it inserts, changes and removes customers until it is stopped.
"""

import random
import threading

TABLE = "customers"
COUNT = 500
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def create(clients):
    dynamodb = clients["dynamodb"]
    for table, stream in ((TABLE, STREAM), (f"{TABLE}_encrypted", {"StreamEnabled": False})):
        dynamodb.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            **({"StreamSpecification": stream} if stream["StreamEnabled"] else {}),
        )
    key_id = clients["kms"].create_key(Description="cards")["KeyMetadata"]["KeyId"]
    clients["kms"].create_alias(AliasName="alias/customers", TargetKeyId=key_id)
    for start in range(0, COUNT, 25):
        requests = [{"PutRequest": {"Item": customer(n)}} for n in range(start, start + 25)]
        dynamodb.batch_write_item(RequestItems={TABLE: requests})


def customer(number, orders=0):
    return {
        "id": {"S": f"c-{number:04}"},
        "name": {"S": f"Customer {number}"},
        "card": {"S": f"4111 {number:04} {orders:04}"},
        "orders": {"N": str(orders)},
        "fax": {"S": "+49 000"},
    }


class Writer:
    def __init__(self, dynamodb):
        self.written = 0
        self.failure = None
        self._dynamodb = dynamodb
        self._random = random.Random(4)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _run(self):
        try:
            while not self._stop.is_set():
                self._write(self._random.randrange(COUNT + 100))
                self.written += 1
        except Exception as failure:
            self.failure = failure

    def _write(self, number):
        if self._random.random() < 0.2:
            key = {"id": customer(number)["id"]}
            self._dynamodb.delete_item(TableName=TABLE, Key=key)
        else:
            item = customer(number, self._random.randrange(10_000))
            self._dynamodb.put_item(TableName=TABLE, Item=item)
