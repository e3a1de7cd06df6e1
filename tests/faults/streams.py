"""A scripted DynamoDB Streams: shards that split, end and are trimmed as a test says.

For a FaultServer: `FaultServer(proper=stream.answer)`.
"""

import threading
from dataclasses import dataclass, field

ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/faults/stream/2026-01-01T00:00:00.000"


def record(number, key=None, name="MODIFY", created=1_700_000_000):
    """A change of the item `key`; its sequence number is its place in the stream."""
    keys = {"id": {"S": key or f"key {number}"}}
    image = keys | {"value": {"N": str(number)}}
    change = {"Keys": keys, "SequenceNumber": str(number), "ApproximateCreationDateTime": created}
    if name != "REMOVE":
        change["NewImage"] = image
    if name != "INSERT":
        change["OldImage"] = image
    return {"eventID": f"event {number}", "eventName": name, "dynamodb": change}


@dataclass
class Shard:
    records: list = field(default_factory=list)
    parent: str | None = None
    open: bool = True
    first: int | None = None  # sequence number of its range's beginning
    page: int = 2  # records on one page
    gaps: dict = field(default_factory=dict)  # answers without records, by the place before which
    trimmed_before: int = 0  # records below this number are gone

    def numbers(self):
        return [int(entry["dynamodb"]["SequenceNumber"]) for entry in self.records]


class Refusal(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


class ScriptedStream:
    def __init__(self, **shards):
        self.shards = shards
        self.log = []  # what was asked of which shard, in order
        self.iterators = {}  # what each stands for: shard, next record's place, answers of its gap
        self.expired = set()
        self.headers = {}  # of every answer
        self._lock = threading.Lock()

    def answer(self, conversation):
        operation = conversation.request.operation
        try:
            with self._lock:
                result = getattr(self, f"_{operation}")(conversation.request.body)
        except Refusal as refusal:
            conversation.refuse(400, refusal.code)
            return
        conversation.answer(result, headers=self.headers)

    def expire_iterators(self):
        with self._lock:
            self.expired |= set(self.iterators)

    def _ListStreams(self, body):
        return {"Streams": [{"StreamArn": ARN, "StreamLabel": "2026", "TableName": "faults"}]}

    def _DescribeStream(self, body):
        """One shard a page, so that whoever forgets to ask on sees only the first."""
        names = list(self.shards)
        start = body.get("ExclusiveStartShardId")
        name = names[names.index(start) + 1 if start else 0]
        description = {
            "StreamArn": ARN,
            "StreamStatus": "ENABLED",
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            "Shards": [self._description(name)],
        }
        if name != names[-1]:
            description["LastEvaluatedShardId"] = name
        return {"StreamDescription": description}

    def _description(self, name):
        shard = self.shards[name]
        numbers = shard.numbers() or [0]
        bounds = {"StartingSequenceNumber": str(shard.first or numbers[0])}
        if not shard.open:
            bounds["EndingSequenceNumber"] = str(numbers[-1])
        description = {"ShardId": name, "SequenceNumberRange": bounds}
        return description | ({"ParentShardId": shard.parent} if shard.parent else {})

    def _GetShardIterator(self, body):
        name, kind = body["ShardId"], body["ShardIteratorType"]
        shard, numbers = self.shards[name], self.shards[name].numbers()
        self.log.append((kind, name, body.get("SequenceNumber")))
        if kind == "LATEST":
            return self._iterator(name, len(numbers), 0)
        if kind == "TRIM_HORIZON":
            place = sum(number < shard.trimmed_before for number in numbers)
            return self._iterator(name, place, 0)
        number = int(body["SequenceNumber"])
        if number < shard.trimmed_before:
            raise Refusal("TrimmedDataAccessException")
        if number not in numbers:
            raise Refusal("ValidationException")
        return self._iterator(name, numbers.index(number) + (kind[:5] == "AFTER"), 0)

    def _iterator(self, name, place, gone):
        text = f"{name}|{place}|{gone}|{len(self.iterators)}"
        self.iterators[text] = (name, place, gone)
        return {"ShardIterator": text}

    def _GetRecords(self, body):
        if body["ShardIterator"] in self.expired:
            raise Refusal("ExpiredIteratorException")
        name, place, gone = self.iterators[body["ShardIterator"]]
        shard = self.shards[name]
        self.log.append(("GetRecords", name, place))
        if gone < shard.gaps.get(place, 0):
            return self._page(name, [], place, gone + 1)
        end = min([gap for gap in shard.gaps if gap > place] + [place + shard.page])
        records = shard.records[place:end]
        return self._page(name, records, place + len(records), 0 if records else gone)

    def _page(self, name, records, place, gone):
        shard = self.shards[name]
        answer = {"Records": records}
        if shard.open or place < len(shard.records) or gone < shard.gaps.get(place, 0):
            answer["NextShardIterator"] = self._iterator(name, place, gone)["ShardIterator"]
        return answer
