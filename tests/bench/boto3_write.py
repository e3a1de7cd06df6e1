"""Writes items with boto3: boto3_write.py URL TABLE OPERATION COUNT.

OPERATION is `batch_writer`, or `put_item` for one request after another. The items are those of
shapes.SMALL's rows; making them is not measured. Prints what boto3_scan.py prints.
"""

import hashlib
import sys
from decimal import Decimal

import boto3
from boto3_scan import SESSION, report


def digest(number):
    return hashlib.md5(str(number).encode()).hexdigest()


def item(number):
    return {
        "pk": f"customer {number % 1000}",
        "sk": number,
        "name": digest(number)[:24],
        "amount": Decimal(number) / 100,
        "active": number % 2 == 0,
        "note": digest(number) + digest(-number)[:8],
    }


def write_in_batches(table, items):
    with table.batch_writer() as batch:
        for each in items:
            batch.put_item(Item=each)


def write_one_by_one(table, items):
    for each in items:
        table.put_item(Item=each)


WAYS = {"batch_writer": write_in_batches, "put_item": write_one_by_one}


def main(endpoint_url, table_name, operation, count):
    table = boto3.resource("dynamodb", endpoint_url=endpoint_url, **SESSION).Table(table_name)
    table.load()
    items = [item(number) for number in range(1, int(count) + 1)]

    def write():
        WAYS[operation](table, items)
        return len(items)

    report(write)


if __name__ == "__main__":
    main(*sys.argv[1:])
