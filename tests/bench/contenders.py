"""What is measured: a backend, a bare libcurl loop, and boto3's paginator."""

import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from environment import emulators, paths, processes
from environment.postgresql import pg_config, running_postgresql
from psycopg.sql import quote

DIRECTORY = paths.BUILD / "bench"
ENCRYPTED_ITEMS = DIRECTORY / "encrypted_items.jsonl"

# Of the replay server's one queue.
QUEUE_URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/replay"

# One backend against one: no workers. LLVM's code would only be made for the larger inputs.
SESSION = "-c jit=off -c max_parallel_workers_per_gather=0"
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
# Where Multicorn's Python finds the wrapper, boto3, and itself if the caller says where it is.
PYTHON = {
    "PYTHONPATH": os.pathsep.join(
        [str(paths.TREE / "tests/bench"), *sys.path[1:], os.environ.get("PYTHONPATH", "")]
    )
}


@dataclass(frozen=True)
class Sample:
    """One run. `peak_bytes` is what a backend took over its size before, and all of a program."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


class Backend:
    """A backend that reads foreign tables of the replay server, and one that reads heap tables.

    They are two, because what a backend did before decides how its allocator gets memory.
    """

    def __init__(self, server, database, connections, endpoint_url):
        self.server = server
        self.database = database
        self.connection, self._heap_connection = connections
        self._tables = set()
        self._endpoint_url = endpoint_url
        self._create_server(endpoint_url)

    def _create_server(self, endpoint_url, name="replay", options=""):
        keys = f"aws_access_key_id {quote(emulators.ACCESS_KEY_ID)}, aws_secret_access_key 'replay'"
        self.connection.execute(
            f"CREATE SERVER {name} FOREIGN DATA WRAPPER dynamodb_kms_fdw OPTIONS "
            f"(region {quote(emulators.REGION)}, endpoint_url {quote(endpoint_url)}{options})"
        )
        self.connection.execute(
            f"CREATE USER MAPPING FOR CURRENT_USER SERVER {name} OPTIONS ({keys})"
        )

    def encrypted_table(self, connections):
        """A thousand encrypted items of one page, by so many connections; no data key is kept."""
        name = f"encrypted_{connections}"
        if name not in self._tables:
            options = f", max_connections '{connections}', data_key_cache_size '0'"
            self._create_server(self._endpoint_url, f"replay_{connections}", options)
            self.connection.execute(
                f"CREATE FOREIGN TABLE {name} (pk text, sk int, attribute_02 text) "
                f"SERVER replay_{connections} OPTIONS (table_name 'encrypted.pages-1', "
                "logical_table_name 'encrypted', encryption 'dynamodb_encryption_client', "
                "kms_key_id 'small.latency-10')"
            )
            self._tables.add(name)
        return name

    def foreign_table(self, shape, settings="", segments=1, write_mode="statement"):
        """A foreign table of the shape, served as the settings say."""
        table = f"{shape.name}{settings}"
        name = f'"{table}.segments-{segments}.{write_mode}"'
        if name not in self._tables:
            self.connection.execute(
                f"CREATE FOREIGN TABLE {name} ({shape.column_definitions()}) SERVER replay "
                f"OPTIONS (table_name {quote(table)}, scan_segments '{segments}', "
                f"write_mode '{write_mode}')"
            )
            self._tables.add(name)
        return name

    def has_multicorn(self):
        return self.value("SELECT count(*) FROM pg_available_extensions WHERE name = 'multicorn'")

    def multicorn_table(self, shape, settings):
        """The same table, read by Multicorn with boto3."""
        if "multicorn" not in self._tables:
            self.connection.execute("CREATE EXTENSION multicorn")
            self.connection.execute(
                "CREATE SERVER multicorn FOREIGN DATA WRAPPER multicorn "
                "OPTIONS (wrapper 'multicorn_boto3.Boto3Scan')"
            )
            self._tables.add("multicorn")
        name = f"multicorn_{shape.name}"
        self.connection.execute(
            f"CREATE FOREIGN TABLE {name} ({shape.column_definitions()}) SERVER multicorn OPTIONS "
            f"(endpoint_url {quote(self._endpoint_url)}, table_name {quote(shape.name + settings)})"
        )
        return name

    def queue(self):
        """A foreign table over the replay server's queue."""
        if "queue" not in self._tables:
            self.connection.execute(
                "CREATE FOREIGN TABLE queue (body text, message_id text) SERVER replay "
                f"OPTIONS (queue_url {quote(QUEUE_URL)})"
            )
            self._tables.add("queue")
        return "queue"

    def local_rows(self, name, shape, count):
        """A local table of so many rows of the shape, each with a key of its own."""
        self.connection.execute(
            f"CREATE UNLOGGED TABLE {name} AS SELECT {shape.row_of_number} "
            f"FROM generate_series(1, {count}) n"
        )
        return name

    def copied_out(self, table):
        """What COPY makes of the table."""
        with self.connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
            return b"".join(bytes(block) for block in copy)

    def copy_in(self, table, rows):
        """The Sample of a COPY of what copied_out() has given."""

        def write():
            with self.connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(rows)

        return _measure(self.connection, write)

    def heap_table(self, shape, foreign_table):
        """A local table with the same rows, as a vacuumed one is after a while."""
        name = f"heap_{shape.name}"
        create = f"CREATE UNLOGGED TABLE {name} AS SELECT * FROM {foreign_table}"
        self._heap_connection.execute(create)
        self._heap_connection.execute(f"VACUUM ANALYZE {name}")
        return name

    def value(self, query):
        return self.connection.execute(query).fetchone()[0]

    def run(self, statement):
        """The statement's Sample."""
        return _run(self.connection, statement)

    def run_on_heap(self, statement):
        return _run(self._heap_connection, statement)

    def run_in_new_backend(self, statement):
        """The Sample of a backend's first statement: whatever memory it needs, it has to take."""
        with self.server.connect(self.database, options=SESSION) as connection:
            return _run(connection, statement)

    def run_with_workers(self, query, workers):
        """The Sample of a plan for two workers that gets so many; the leader reads nothing."""
        settings = {
            "max_parallel_workers_per_gather": 2,
            "max_parallel_workers": workers,
            "parallel_leader_participation": False,
            "parallel_setup_cost": 0,
            "parallel_tuple_cost": 0,
            "min_parallel_table_scan_size": 0,
        }
        with self.connection.transaction():
            for name, value in settings.items():
                self.connection.execute(f"SET LOCAL {name} = {value}")
            plan = str(self.connection.execute(f"EXPLAIN {query}").fetchall())
            if "Workers Planned: 2'" not in plan or "Parallel Foreign Scan" not in plan:
                raise AssertionError(f"not two workers: {plan}")
            return self.run(query)

    def copy(self, table):
        return self.run(copy_statement(table))

    def received_bytes(self, query):
        """Bytes and requests that the query's one foreign scan reports."""
        (plan,) = self.connection.execute(
            f"EXPLAIN (ANALYZE, TIMING off, FORMAT json) {query}"
        ).fetchone()
        text = json.dumps(plan)
        return tuple(
            int(re.search(rf'"{name}": (\d+)', text)[1]) for name in ("Bytes Received", "Requests")
        )

    def nested_loop(self, table, rows, bulk_lookup):
        """The Sample of a nested loop of so many local rows with key lookups."""
        settings = {
            "dynamodb_kms_fdw.enable_bulk_lookup": bulk_lookup,
            "enable_hashjoin": False,
            "enable_mergejoin": False,
            "enable_material": False,
        }
        with self.connection.transaction():
            for name, value in settings.items():
                self.connection.execute(f"SET LOCAL {name} = {value}")
            self.connection.execute(
                "CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS "
                f"SELECT n::bigint AS key FROM generate_series(1, {rows}) n"
            )
            self.connection.execute("ANALYZE wanted")
            return self.run(
                f"SELECT count(note) FROM wanted JOIN {table} ON pk = 'customer' AND sk = key"
            )

    def lookup_p50(self, table, count=2000):
        """Seconds of a prepared lookup by key, as pgbench's one client sees them."""
        script = (
            "\\set key random(1, 1000000)\n"
            f"SELECT * FROM {table} WHERE pk = 'customer' AND sk = :key;\n"
        )
        program = Path(pg_config("--bindir")) / "pgbench"
        with tempfile.TemporaryDirectory() as directory:
            log_prefix = f"{directory}/log"
            subprocess.run(
                [program, "-n", "-M", "prepared", "-t", str(count), "-l", "-f", "-"]
                + [f"--log-prefix={log_prefix}"],
                input=script,
                env=self.server.environment(self.database),
                check=True,
                capture_output=True,
                text=True,
            )
            (log,) = Path(directory).iterdir()
            microseconds = [int(line.split()[2]) for line in log.read_text().splitlines()]
        return statistics.median(microseconds) * 1e-6


def copy_statement(table):
    return f"COPY (SELECT * FROM {table}) TO '/dev/null'"


def _run(connection, statement):
    return _measure(connection, lambda: connection.execute(statement))


def _measure(connection, do):
    """The Sample of what `do` has the connection's backend do."""
    process = Path(f"/proc/{connection.info.backend_pid}")
    (process / "clear_refs").write_text("5")
    start_bytes = _status(process, "VmRSS")
    start_cpu = _cpu_seconds(process)
    begin = time.perf_counter()
    do()
    seconds = time.perf_counter() - begin
    peak_bytes = _status(process, "VmHWM") - start_bytes
    return Sample(seconds, _cpu_seconds(process) - start_cpu, peak_bytes)


def _status(process, field):
    text = (process / "status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB$", text, re.MULTILINE)[1]) * 1024


def _cpu_seconds(process):
    return int((process / "schedstat").read_text().split()[0]) * 1e-9


@dataclass(frozen=True)
class Programs:
    """Clients that are programs of their own, and the server that everybody asks."""

    endpoint_url: str
    server_id: int  # of its process

    def beside_server(self, run):
        """The Sample of a run, and the processor time that the server has taken meanwhile."""
        process = Path(f"/proc/{self.server_id}")
        before = _cpu_seconds(process)
        sample = run()
        return sample, _cpu_seconds(process) - before

    def drain(self, what, table):
        """What drain.c prints."""
        return self._run(DIRECTORY / "drain", what, self.endpoint_url, table)

    def drain_scan(self, table):
        return _sample(self.drain("scan", table))

    def drain_count(self, table):
        return _sample(self.drain("count", table))

    def boto3_scan(self, table):
        script = Path(__file__).with_name("boto3_scan.py")
        return _sample(self._run(sys.executable, script, self.endpoint_url, table))

    def boto3_write(self, operation, table, count):
        """The Sample of boto3 writing so many items: with `batch_writer`, or with `put_item`."""
        script = Path(__file__).with_name("boto3_write.py")
        return _sample(
            self._run(sys.executable, script, self.endpoint_url, table, operation, str(count))
        )

    def boto3_migrate(self, source, target):
        """The Sample of a loop that reads one table and writes its items to another."""
        script = Path(__file__).with_name("boto3_migrate.py")
        return _sample(self._run(sys.executable, script, self.endpoint_url, source, target))

    def fill_queue(self, count):
        """The replay server's queue has so many messages from now on."""
        request = urllib.request.Request(
            self.endpoint_url,
            data=json.dumps({"QueueUrl": QUEUE_URL, "Messages": count}).encode(),
            headers={"X-Amz-Target": "AmazonSQS.FillQueue"},
        )
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()

    def boto3_drain(self):
        """The Sample of boto3 receiving and deleting until the queue is empty, call by call."""
        script = Path(__file__).with_name("boto3_drain.py")
        return _sample(self._run(sys.executable, script, self.endpoint_url, QUEUE_URL))

    def encrypted_items(self):
        """Items a second that are decrypted, by who does it."""
        rates = self._run(DIRECTORY / "encrypted_items", ENCRYPTED_ITEMS)
        script = Path(__file__).with_name("python_decrypt.py")
        return rates | self._run(sys.executable, script, ENCRYPTED_ITEMS)

    @staticmethod
    def _run(*command):
        return json.loads(subprocess.check_output(command, text=True))


def _sample(report):
    return Sample(report["seconds"], report["cpu_seconds"], report["peak_bytes"])


@contextlib.contextmanager
def running_replay_server():
    """URL and process of a server of the tables that replay_pages.h describes."""
    subprocess.run(
        [DIRECTORY / "encrypted_items", ENCRYPTED_ITEMS], check=True, stdout=subprocess.DEVNULL
    )
    command = [DIRECTORY / "replay_server", ENCRYPTED_ITEMS]
    with processes.running("bench-replay-server", command) as process:
        processes.wait_until(
            lambda: processes.log_of(process).endswith("\n"), process, "the replay server"
        )
        yield f"http://127.0.0.1:{processes.log_of(process).strip()}", process.pid


@contextlib.contextmanager
def running_contenders():
    """A Backend, and the Programs, on a replay server."""
    with contextlib.ExitStack() as stack:
        endpoint_url, server_id = stack.enter_context(running_replay_server())
        server = stack.enter_context(
            running_postgresql("bench-postgresql", environment=PYTHON, settings=SETTINGS)
        )
        database = stack.enter_context(server.database())
        connections = [
            stack.enter_context(server.connect(database, options=SESSION)) for _ in range(2)
        ]
        yield (
            Backend(server, database, connections, endpoint_url),
            Programs(endpoint_url, server_id),
        )
