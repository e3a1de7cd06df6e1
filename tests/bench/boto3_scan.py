"""Reads a table with boto3's paginator: boto3_scan.py URL TABLE. Prints what drain.c prints."""

import json
import re
import sys
import time
from pathlib import Path

import boto3
from botocore.config import Config

SESSION = {
    "region_name": "eu-central-1",
    "aws_access_key_id": "AKIDREPLAY",
    "aws_secret_access_key": "replay",
    "config": Config(proxies={}),
}


def peak_bytes():
    text = Path("/proc/self/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB$", text, re.MULTILINE)[1]) * 1024


def report(work, *arguments):
    """Does the work, which gives the number of its items, and prints what it took."""
    begin, begin_cpu = time.perf_counter(), time.process_time()
    items = work(*arguments)
    measured = {
        "seconds": time.perf_counter() - begin,
        "cpu_seconds": time.process_time() - begin_cpu,
        "peak_bytes": peak_bytes(),
        "items": items,
    }
    print(json.dumps(measured))


def scan(client, table):
    items = 0
    for page in client.get_paginator("scan").paginate(TableName=table):
        items += len(page["Items"])
    return items


def main(endpoint_url, table):
    client = boto3.client("dynamodb", endpoint_url=endpoint_url, **SESSION)
    client.describe_table(TableName=table)
    report(scan, client, table)


if __name__ == "__main__":
    main(*sys.argv[1:])
