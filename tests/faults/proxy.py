"""A proxy before an emulator of DynamoDB that loses requests and answers as it is told.

It is a FaultServer whose proper answers are the emulator's, so a test can let a request take effect
and have its answer lost, or have it lost before it takes effect, and then look at what is stored.
"""

import http.client
import json
from urllib.parse import urlsplit

from faults.server import FaultServer, close_without_answer, refuse, reset_at_once, stall


class FaultProxy(FaultServer):
    def __init__(self, emulator, proper=None):
        """`proper` answers what no script is for, in place of pass_through."""
        self._emulator = urlsplit(emulator.endpoint_url)
        super().__init__(proper=proper or pass_through)

    def forward(self, request, body=None):
        """Status and body of the emulator's answer; `body` in place of the request's own."""
        connection = http.client.HTTPConnection(self._emulator.hostname, self._emulator.port)
        headers = {
            name: request.headers[name]
            for name in ("content-type", "x-amz-target", "x-amz-date", "authorization")
        }
        connection.request("POST", "/", json.dumps(body or request.body), headers)
        response = connection.getresponse()
        answer = response.status, response.read()
        connection.close()
        return answer


def pass_through(conversation):
    status, body = conversation.server.forward(conversation.request)
    conversation.answer(body, status)


def after_effect(fault):
    """The request is carried out, and then `fault` is all that is heard of it."""

    def behave(conversation):
        conversation.server.forward(conversation.request)
        fault(conversation)

    return behave


def leave_unprocessed(count):
    """BatchWriteItem of all but the last `count` items, which come back as unprocessed."""

    def behave(conversation):
        ((table, items),) = conversation.request.body["RequestItems"].items()
        done, left = items[: len(items) - count], items[len(items) - count :]
        answer = {}
        if done:
            _, body = conversation.server.forward(
                conversation.request, conversation.request.body | {"RequestItems": {table: done}}
            )
            answer = json.loads(body)
        conversation.answer(answer | {"UnprocessedItems": {table: left} if left else {}})

    return behave


# Faults whose answer says nothing of whether the request was carried out.
AMBIGUOUS = {
    "internal error": refuse(500, "InternalServerError"),
    "unavailable": refuse(503, "ServiceUnavailable"),
    "closed": close_without_answer,
    "reset": reset_at_once,
    "timeout": stall,
}

THROTTLED = refuse(400, "ProvisionedThroughputExceededException")
