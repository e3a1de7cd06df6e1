"""examples/queue_to_table while its backends are killed: nothing lost, nothing twice."""

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


class Worker:
    """Drains the queue again and again, whatever happens to its backend."""

    def __init__(self, server, database):
        self.connect = lambda: server.connect(database)
        self.statement = (examples.QUEUE_TO_TABLE.with_name("drain.sql")).read_text()
        self.backend = None
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.stopped.is_set():
            try:
                with self.connect() as connection:
                    self.backend = connection.info.backend_pid
                    while not self.stopped.is_set():
                        connection.execute(self.statement)
            except psycopg.Error:
                self.backend = None
                self.stopped.wait(0.05)  # the server starts anew


@pytest.fixture
def killed_server():
    """A server of its own, since all backends of one fall with the one that is killed."""
    with postgresql.running_postgresql("pytest-queue-kills-postgresql") as server:
        yield server


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
                " DROP wait_time, ADD max_messages '20')"
            )
        sqs = administrator(emulator, variables, "sqs")
        worker = Worker(killed_server, database)
        worker.thread.start()
        sent = killed = 0
        for _ in range(KILLS):
            for _ in range(30):
                seed.send(sqs, f"Name {sent},First name {sent}")
                sent += 1
            time.sleep(generator.random() * 0.3)
            if worker.backend is not None:
                os.kill(worker.backend, signal.SIGKILL)
                worker.backend = None
                killed += 1
        assert killed > KILLS // 2
        await_empty(sqs, seed.QUEUE)
        worker.stopped.set()
        worker.thread.join()
        pages = administrator(emulator, variables, "dynamodb").get_paginator("scan")
        names = [
            item["Name"]["S"]
            for page in pages.paginate(TableName="Person")
            for item in page["Items"]
        ]
        assert sorted(names) == sorted(f"Name {number}" for number in range(sent))
        dead = sqs.receive_message(
            QueueUrl=sqs.get_queue_url(QueueName=seed.DEAD_LETTERS)["QueueUrl"]
        )
        assert "Messages" not in dead


def await_empty(sqs, queue_name):
    """Until nothing can be received and nothing is invisible."""
    url = sqs.get_queue_url(QueueName=queue_name)["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        if all(found[name] == "0" for name in names):
            return
        time.sleep(0.2)
    raise AssertionError(f"messages are left: {found}")
