"""A scripted DynamoDB of two tables in memory: `origin`, which has a change stream, and `copy`.

For a FaultServer: `FaultServer(proper=tables.answer)`. It says what requests consume, and notes
when each came.
"""

import threading
import time
from collections import defaultdict

from faults.server import NO_TIME_TO_LIVE, TABLE_DESCRIPTION
from faults.streams import ScriptedStream, Shard

STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def item(number, value=None):
    return {"id": {"S": f"key {number}"}, "value": {"N": str(number if value is None else value)}}


def items(count):
    return {f"key {number}": item(number) for number in range(count)}


class ScriptedTables:
    def __init__(self, count=0, **shards):
        self.tables = {"origin": items(count), "copy": {}}
        self.specification = STREAM
        self.stream = ScriptedStream(**(shards or {"only": Shard()}))
        self.page = 5  # items
        self.units = 0.5  # of each item that is read; of each that is written it is 1
        self.arrivals = defaultdict(list)  # by operation and table: when, and units
        self._lock = threading.Lock()

    def answer(self, conversation):
        request = conversation.request
        answer = getattr(self, f"_{request.operation}", None)
        if answer is None:
            self.stream.answer(conversation)
            return
        with self._lock:
            result = answer(request.body)
        conversation.answer(result)

    def units_before(self, operation, table):
        """Pairs: when a request came, and what those before it have consumed."""
        sum_of_units = 0
        for arrived_at, units in self.arrivals[operation, table]:
            yield arrived_at, sum_of_units
            sum_of_units += units

    def _consumed(self, operation, table, units):
        self.arrivals[operation, table].append((time.monotonic(), units))
        return {"TableName": table, "CapacityUnits": units}

    def _DescribeTable(self, body):
        description = TABLE_DESCRIPTION | {"TableName": body["TableName"]}
        if body["TableName"] == "origin" and self.specification:
            description["StreamSpecification"] = self.specification
        return {"Table": description}

    def _DescribeTimeToLive(self, body):
        return {"TimeToLiveDescription": NO_TIME_TO_LIVE}

    def _Scan(self, body):
        name = body["TableName"]
        segment, segments = body.get("Segment", 0), body.get("TotalSegments", 1)
        stored = list(self.tables[name].values())[segment::segments]
        begin = int(body.get("ExclusiveStartKey", {"id": {"S": "0"}})["id"]["S"])
        end = begin + min(self.page, body.get("Limit", self.page))
        found = stored[begin:end]
        answer = {
            "Count": len(found),
            "ScannedCount": len(found),
            "ConsumedCapacity": self._consumed("Scan", name, self.units * len(found)),
        }
        if body.get("Select") != "COUNT":
            answer["Items"] = found
        if end < len(stored):
            answer["LastEvaluatedKey"] = {"id": {"S": str(end)}}
        return answer

    def _GetItem(self, body):
        found = self.tables[body["TableName"]].get(body["Key"]["id"]["S"])
        capacity = {"ConsumedCapacity": self._consumed("GetItem", body["TableName"], self.units)}
        return capacity | ({"Item": found} if found else {})

    def _BatchGetItem(self, body):
        ((name, wanted),) = body["RequestItems"].items()
        stored = self.tables[name]
        keys = [key["id"]["S"] for key in wanted["Keys"]]
        consumed = self._consumed("BatchGetItem", name, self.units * len(keys))
        found = [stored[key] for key in keys if key in stored]
        return {"Responses": {name: found}, "ConsumedCapacity": [consumed]}

    def _BatchWriteItem(self, body):
        ((name, requests),) = body["RequestItems"].items()
        for request in requests:
            if "PutRequest" in request:
                put = request["PutRequest"]["Item"]
                self.tables[name][put["id"]["S"]] = put
            else:
                self.tables[name].pop(request["DeleteRequest"]["Key"]["id"]["S"], None)
        consumed = self._consumed("BatchWriteItem", name, len(requests))
        return {"UnprocessedItems": {}, "ConsumedCapacity": [consumed]}
