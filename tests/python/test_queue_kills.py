"""examples/queue_to_table while its backends are killed: nothing lost, nothing twice."""

import itertools
import os
import random
import signal
import threading
import time

import psycopg
import pytest
from environment import examples, postgresql
from environment.scripts import load_script
from queue_example import administrator, run_script

# How often a backend is killed; `make test-long` does it more often.
KILLS = int(os.environ.get("QUEUE_KILLS", "12"))

# So many messages wait for the worker, who is never idle then, and takes fewer at a time.
BACKLOG = 100
TAKEN = 20

WAIT_SECONDS = 60


class Worker:
    """Drains the queue again and again, whatever happens to its backend."""

    def __init__(self, server, database):
        self.connect = lambda: server.connect(database)
        self.statement = (examples.QUEUE_TO_TABLE.with_name("drain.sql")).read_text()
        self.modes = itertools.cycle(["statement", "transaction"])
        self.backend = None
        self.connected = threading.Event()
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.stopped.is_set():
            try:
                with self.connect() as connection:
                    self.drain(connection)
            except psycopg.Error:
                self.connected.clear()
                self.stopped.wait(0.05)  # the server starts anew

    def drain(self, connection):
        """Each backend writes to the table in another way."""
        mode = next(self.modes)
        connection.execute(f"ALTER FOREIGN TABLE person OPTIONS (SET write_mode '{mode}')")
        self.backend = connection.info.backend_pid
        self.connected.set()
        while not self.stopped.is_set():
            connection.execute(self.statement)

    def kill(self):
        assert self.connected.wait(WAIT_SECONDS)
        self.connected.clear()
        os.kill(self.backend, signal.SIGKILL)


@pytest.fixture
def killed_server():
    """A server of its own, since all backends of one fall with the one that is killed."""
    with postgresql.running_postgresql("pytest-queue-kills-postgresql") as server:
        yield server


class Queue:
    """The queue as its other side sees it."""

    def __init__(self, sqs, name):
        self.sqs = sqs
        self.url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        self.sent = 0

    def counts(self):
        """Messages that can be received, and those that are invisible."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return tuple(int(found[name]) for name in names)

    def send_ten(self):
        entries = [
            {
                "Id": str(number),
                "MessageBody": f"Name {number},First name {number}",
                "MessageAttributes": {"Action": {"DataType": "String", "StringValue": "creation"}},
            }
            for number in range(self.sent, self.sent + 10)
        ]
        self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)
        self.sent += 10

    def fill(self):
        while self.counts()[0] < BACKLOG:
            self.send_ten()

    def await_empty(self):
        """Until nothing can be received and nothing is invisible."""
        deadline = time.monotonic() + WAIT_SECONDS
        while self.counts() != (0, 0):
            assert time.monotonic() < deadline, f"messages are left: {self.counts()}"
            time.sleep(0.2)


def test_no_message_is_lost_when_backends_are_killed(killed_server):
    """Each kill is at a random moment of receiving, writing, committing and deleting."""
    generator = random.Random(7)
    seed = load_script(examples.QUEUE_TO_TABLE.with_name("seed.py"))
    database = killed_server.create_database()
    with examples.running_example(examples.QUEUE_TO_TABLE, "pytest-queue-kills") as (
        emulator,
        variables,
    ):
        run_script(killed_server, database, emulator, variables, "setup.sql")
        with killed_server.connect(database) as connection:
            connection.execute(
                "ALTER FOREIGN TABLE my_sample_queue OPTIONS (SET visibility_timeout '2s',"
                f" DROP wait_time, ADD max_messages '{TAKEN}')"
            )
            connection.execute("ALTER FOREIGN TABLE person OPTIONS (ADD write_mode 'statement')")
        queue = Queue(administrator(emulator, variables, "sqs"), seed.QUEUE)
        worker = Worker(killed_server, database)
        worker.thread.start()
        busy = 0
        for _ in range(KILLS):
            queue.fill()
            assert worker.connected.wait(WAIT_SECONDS)
            time.sleep(generator.random() * 0.3)
            worker.kill()
            busy += queue.counts()[0] > 0
        assert busy > KILLS // 2, "kills came while there was nothing to do"
        queue.await_empty()
        worker.stopped.set()
        worker.thread.join()
        pages = administrator(emulator, variables, "dynamodb").get_paginator("scan")
        names = [
            item["Name"]["S"]
            for page in pages.paginate(TableName="Person")
            for item in page["Items"]
        ]
        assert sorted(names) == sorted(f"Name {number}" for number in range(queue.sent))
        assert Queue(queue.sqs, seed.DEAD_LETTERS).counts() == (0, 0)
