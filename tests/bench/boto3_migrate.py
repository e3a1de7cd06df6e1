"""Copies a table into another with boto3: boto3_migrate.py URL SOURCE TARGET.

Pages of a Scan, each item of which a batch_writer puts. Prints what boto3_scan.py prints.
"""

import sys

import boto3
from boto3_scan import SESSION, report


def copy(dynamodb, source, target):
    count = 0
    with dynamodb.Table(target).batch_writer() as batch:
        pages = dynamodb.meta.client.get_paginator("scan").paginate(
            TableName=source, ConsistentRead=True
        )
        for page in pages:
            for item in page["Items"]:
                batch.put_item(Item=item)
            count += len(page["Items"])
    return count


def main(endpoint_url, source, target):
    dynamodb = boto3.resource("dynamodb", endpoint_url=endpoint_url, **SESSION)
    report(copy, dynamodb, source, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
