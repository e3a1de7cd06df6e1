"""Copies a table into another with boto3: boto3_migrate.py URL SOURCE TARGET.

Pages of a Scan, each item of which a batch_writer puts. Prints what boto3_scan.py prints.
"""

import json
import sys
import time

import boto3
from boto3_scan import SESSION, peak_bytes


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
    begin, begin_cpu = time.perf_counter(), time.process_time()
    count = copy(dynamodb, source, target)
    report = {
        "seconds": time.perf_counter() - begin,
        "cpu_seconds": time.process_time() - begin_cpu,
        "peak_bytes": peak_bytes(),
        "items": count,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
