"""A large table for the fault server: the same page again and again, rendered once.

The items and their number are what a test wants to put through the backend; the server's own cost
is a copy into the socket's buffer, so that a gigabyte takes seconds.
"""

import itertools
import json
import zlib
from dataclasses import dataclass

from faults.server import TABLE_DESCRIPTION

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Pages:
    """Answers Scan with `page_count` pages of `items` in every segment."""

    items: list
    page_count: int  # of each segment
    segment_count: int = 1

    def __post_init__(self):
        rows = ",".join(json.dumps(item) for item in self.items)
        counts = f'"Count":{len(self.items)},"ScannedCount":{len(self.items)}'
        head = f'{{"Items":[{rows}],{counts}'.encode()
        object.__setattr__(self, "_head", head)
        object.__setattr__(self, "_checksum", zlib.crc32(head))

    @property
    def item_count(self):
        return len(self.items) * self.page_count * self.segment_count

    @property
    def bytes(self):
        """Of all pages, as they go over the wire."""
        return len(self._head) * self.page_count * self.segment_count

    def install(self, service):
        """Makes the table the one that the fault server has; to be called once."""
        requests = (self.page_count + 1) * self.segment_count
        service.script("Scan", *itertools.repeat(self._answer, requests))
        service.script("DescribeTable", self._describe)

    def _describe(self, conversation):
        sizes = {"ItemCount": self.item_count, "TableSizeBytes": self.bytes}
        conversation.answer({"Table": TABLE_DESCRIPTION | sizes})

    def _answer(self, conversation):
        """The page that follows the key at which the last one ended: its number."""
        start = conversation.request.body.get("ExclusiveStartKey")
        number = int(start["id"]["S"]) + 1 if start else 1
        key = {"id": {"S": str(number)}}
        more = f',"LastEvaluatedKey":{json.dumps(key)}' if number < self.page_count else ""
        tail = f"{more}}}".encode()
        checksum = zlib.crc32(tail, self._checksum)
        length = len(self._head) + len(tail)
        conversation.send_head(200, length, {"x-amz-crc32": str(checksum)})
        conversation.send(self._head)
        conversation.send(tail)


def pages_of(item, page_bytes, total_bytes, segment_count=1):
    """Pages of copies of `item`, each page of about so many bytes of JSON."""
    copies = max(page_bytes // len(json.dumps(item)), 1)
    page_count = max(total_bytes // page_bytes // segment_count, 1)
    return Pages([item] * copies, page_count, segment_count)
