"""Drains a queue with boto3: boto3_drain.py URL QUEUE_URL.

Ten messages are received, then deleted, until none come. Prints what boto3_scan.py prints.
"""

import sys

import boto3
from boto3_scan import SESSION, report


def drain(sqs, queue_url):
    count = 0
    while True:
        answer = sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        if not messages:
            return count
        entries = [
            {"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]}
            for i, message in enumerate(messages)
        ]
        sqs.delete_message_batch(QueueUrl=queue_url, Entries=entries)
        count += len(messages)


def main(endpoint_url, queue_url):
    sqs = boto3.client("sqs", endpoint_url=endpoint_url, **SESSION)
    report(drain, sqs, queue_url)


if __name__ == "__main__":
    main(*sys.argv[1:])
