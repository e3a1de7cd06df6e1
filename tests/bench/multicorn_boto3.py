"""What Multicorn needs to read a table with boto3, as its users write it: the wrapper Boto3Scan."""

import boto3
from boto3.dynamodb.types import TypeDeserializer
from boto3_scan import SESSION
from multicorn import ForeignDataWrapper


class Boto3Scan(ForeignDataWrapper):
    """Options of a table: endpoint_url, table_name."""

    def __init__(self, options, columns):
        super().__init__(options, columns)
        self.table_name = options["table_name"]
        self.client = boto3.client("dynamodb", endpoint_url=options["endpoint_url"], **SESSION)

    def execute(self, quals, columns, **unused):
        deserialize = TypeDeserializer().deserialize
        for page in self.client.get_paginator("scan").paginate(TableName=self.table_name):
            for item in page["Items"]:
                yield {name: deserialize(item[name]) for name in columns if name in item}
