"""A scripted SQS: a queue whose answers are right, until a test scripts others."""

import hashlib
import itertools
import threading

from faults.server import RESULTS

URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/scripted"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/queue"


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class ScriptedQueue:
    """The queue's contents; `answer` is the proper behaviour of a FaultServer."""

    def __init__(self, count=0, visibility_timeout=30):
        self.visible = [f"body {number}" for number in range(count)]
        self.in_flight = {}
        self.deleted = []
        self.sent = []
        self.visibility_timeout = visibility_timeout
        self._handles = itertools.count()
        self._lock = threading.Lock()

    def answer(self, conversation):
        request = conversation.request
        own = getattr(self, request.operation, None)
        with self._lock:
            result = own(request.body) if own else RESULTS[request.operation](request.body)
        conversation.answer(result)

    def GetQueueAttributes(self, body):  # noqa: N802
        return {
            "Attributes": {
                "VisibilityTimeout": str(self.visibility_timeout),
                "ApproximateNumberOfMessages": str(len(self.visible)),
                "KmsMasterKeyId": KEY,
            }
        }

    def ReceiveMessage(self, body):  # noqa: N802
        taken = self.visible[: body["MaxNumberOfMessages"]]
        del self.visible[: len(taken)]
        return {"Messages": [self.message(text) for text in taken]}

    def message(self, text):
        handle = f"handle {next(self._handles)}"
        self.in_flight[handle] = text
        return {
            "MessageId": f"id of {text}",
            "ReceiptHandle": handle,
            "Body": text,
            "MD5OfBody": md5(text),
        }

    def DeleteMessageBatch(self, body):  # noqa: N802
        for entry in body["Entries"]:
            self.deleted.append(self.in_flight.pop(entry["ReceiptHandle"], None))
        return succeeded(body)

    def ChangeMessageVisibilityBatch(self, body):  # noqa: N802
        for entry in body["Entries"]:
            if entry["VisibilityTimeout"] == 0 and entry["ReceiptHandle"] in self.in_flight:
                self.visible.append(self.in_flight.pop(entry["ReceiptHandle"]))
        return succeeded(body)

    def SendMessageBatch(self, body):  # noqa: N802
        self.sent += [entry["MessageBody"] for entry in body["Entries"]]
        return sent(body)

    def TransactWriteItems(self, body):  # noqa: N802
        return {}


def succeeded(body):
    return {"Successful": [{"Id": entry["Id"]} for entry in body["Entries"]], "Failed": []}


def sent(body):
    entries = [
        {
            "Id": entry["Id"],
            "MessageId": f"id of {entry['MessageBody']}",
            "MD5OfMessageBody": md5(entry["MessageBody"]),
        }
        for entry in body["Entries"]
    ]
    return {"Successful": entries, "Failed": []}


def fail_entries(*numbers, sender_fault=False, code="InternalError", result=succeeded):
    """These entries of the batch fail, the others are answered by `result`."""

    def behave(conversation):
        answer = result(conversation.request.body)
        failed = [entry for entry in answer["Successful"] if int(entry["Id"]) in numbers]
        answer["Successful"] = [entry for entry in answer["Successful"] if entry not in failed]
        answer["Failed"] = [
            {"Id": e["Id"], "SenderFault": sender_fault, "Code": code, "Message": "scripted"}
            for e in failed
        ]
        conversation.answer(answer)

    return behave
