"""What is measured, and what must be reached.

A Measure is one line of the table that the benchmark ends with. Its value is the median over the
rounds of a ratio, or of a difference, of two runs of the same round.
"""

import math
import statistics
from dataclasses import dataclass, field

from psycopg.sql import quote

from bench import shapes
from bench.contenders import copy_statement

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    rounds: int
    pages: int  # of the tables that are read in each round
    boto3_pages: int
    large_scan_bytes: int
    written_rows: int
    migrated_items: int


FULL = Extent(
    rounds=5,
    pages=64,
    boto3_pages=4,
    large_scan_bytes=1 << 30,
    written_rows=100_000,
    migrated_items=200_000,
)
QUICK = Extent(
    rounds=2,
    pages=16,
    boto3_pages=2,
    large_scan_bytes=1 << 27,
    written_rows=20_000,
    migrated_items=40_000,
)


@dataclass(frozen=True)
class Target:
    at_most: bool
    limit: float
    unit: str = ""

    def is_reached(self, value):
        return value <= self.limit if self.at_most else value >= self.limit

    def __str__(self):
        return f"{'≤' if self.at_most else '≥'} {self.limit:g}{self.unit}"


@dataclass(frozen=True)
class Measure:
    name: str
    target: Target | None
    values: list = field(default_factory=list)  # of the rounds; none: not measured
    note: str = ""

    @property
    def value(self):
        return statistics.median(self.values)

    @property
    def verdict(self):
        if not self.values:
            return "not measured"
        if self.target is None:
            return "no target"
        return "reached" if self.target.is_reached(self.value) else "not reached"


def at_most(limit, unit=""):
    return Target(True, limit, unit)


def at_least(limit, unit=""):
    return Target(False, limit, unit)


class Throughput:
    """How fast each way reads all of a shape's items: a list of Samples by the way's name."""

    def __init__(self, shape, items, item_bytes):
        self.shape = shape
        self.items = items  # by the way's name
        self.item_bytes = item_bytes  # of JSON
        self.samples = {name: [] for name in items}

    def items_per_second(self, way):
        """One number a round."""
        return [self.items[way] / sample.seconds for sample in self.samples[way]]

    def cpu_ratio(self, numerator, denominator):
        """Of the medians of the processor time an item takes."""
        above, below = (
            statistics.median(sample.cpu_seconds for sample in self.samples[way]) / self.items[way]
            for way in (numerator, denominator)
        )
        return above / below

    def ratios(self, numerator, denominator):
        """Of the times an item takes, one a round."""
        return [
            below / above
            for above, below in zip(
                self.items_per_second(numerator), self.items_per_second(denominator), strict=True
            )
        ]


def measure_throughput(backend, programs, shape, extent):
    pages = f".pages-{extent.pages}"
    few_pages = f".pages-{extent.boto3_pages}"
    table = backend.foreign_table(shape, pages)
    heap = backend.heap_table(shape, table)
    items = backend.value(f"SELECT count(*) FROM {heap}")
    if items != backend.value(f"SELECT count(*) FROM {table}"):
        raise AssertionError(f"{heap} has other rows than {table}")
    ways = {
        "ours, COPY": lambda: backend.copy(table),
        "ours, aggregates": lambda: backend.run(f"SELECT {shape.aggregate} FROM {table}"),
        "heap, COPY": lambda: backend.run_on_heap(copy_statement(heap)),
        "heap, aggregates": lambda: backend.run_on_heap(f"SELECT {shape.aggregate} FROM {heap}"),
        "libcurl": lambda: programs.drain_scan(shape.name + pages),
        "boto3": lambda: programs.boto3_scan(shape.name + few_pages),
    }
    of_boto3 = {"boto3": items * extent.boto3_pages // extent.pages}
    item_bytes = programs.drain("scan", shape.name + pages)["bytes"] / items
    throughput = Throughput(shape, {name: items for name in ways} | of_boto3, item_bytes)
    for way in ways.values():
        way()
    for _ in range(extent.rounds):
        for name, way in ways.items():
            throughput.samples[name].append(way())
    return throughput


def copy_over_heap(throughput):
    limits = {"small": 2.0, "wide": 2.0, "nested": 3.0}
    name = throughput.shape.name
    return Measure(
        f"COPY of every column over COPY from a heap table, {name}",
        at_most(limits[name]) if name in limits else None,
        throughput.ratios("ours, COPY", "heap, COPY"),
        f"{throughput.cpu_ratio('ours, COPY', 'heap, COPY'):.2f} by processor time",
    )


def speed_over_boto3(throughput):
    name = throughput.shape.name
    return Measure(
        f"full scan against boto3's paginator, {name}",
        at_least(15, "x") if name != "binary" else None,
        throughput.ratios("boto3", "ours, COPY"),
    )


def in_turns(rounds, first, second):
    """Pairs of samples; one more of each before them warms up."""
    return [(first(), second()) for _ in range(rounds + 1)][1:]


def limited_rate(backend, programs, shape, extent):
    settings = f".pages-{extent.pages}.rate-50"
    table = backend.foreign_table(shape, settings)
    pairs = in_turns(
        extent.rounds,
        lambda: backend.copy(table).seconds,
        lambda: programs.drain_scan(shape.name + settings).seconds,
    )
    return Measure(
        f"full scan at 50 MB/s over libcurl, {shape.name}",
        at_most(1.15),
        [ours / curl for ours, curl in pairs],
    )


def counting(backend, programs, latency_ms, extent):
    settings = f".pages-{extent.pages * 8}.latency-{latency_ms}"
    table = backend.foreign_table(shapes.SMALL, settings)
    query = f"SELECT count(*) FROM {table}"
    received, requests = backend.received_bytes(query)
    pairs = in_turns(
        extent.rounds,
        lambda: backend.run(query).seconds,
        lambda: programs.drain_count(shapes.SMALL.name + settings).seconds,
    )
    return Measure(
        f"count(*) over libcurl with the same calls, {latency_ms} ms a page",
        at_most(1.1),
        [ours / curl for ours, curl in pairs],
        f"{received / requests:.0f} bytes a page of 8,333 items",
    )


def segments(backend, extent):
    settings = ".pages-64.latency-40.items-500"
    one = backend.foreign_table(shapes.SMALL, settings)
    eight = backend.foreign_table(shapes.SMALL, settings, segments=8)
    pairs = in_turns(
        extent.rounds, lambda: backend.copy(one).seconds, lambda: backend.copy(eight).seconds
    )
    return Measure(
        "8 segments against one, 64 pages of 40 ms, one backend",
        at_least(6, "x"),
        [of_one / of_eight for of_one, of_eight in pairs],
    )


def workers(backend, programs, shape, extent):
    """Two workers against one: the leader only collects, and nothing waits but for a processor.

    Conversion is what limits nested items. Of wide ones it takes so little that the server's part
    in two processors leaves two workers no more than 1.7 times the speed of one.
    """
    table = backend.foreign_table(shape, f".pages-{extent.pages * 4}", segments=32)
    query = f"SELECT {shape.every_column} FROM {table}"
    pairs = in_turns(
        extent.rounds,
        lambda: programs.beside_server(lambda: backend.run_with_workers(query, 1)),
        lambda: programs.beside_server(lambda: backend.run_with_workers(query, 2)),
    )
    of_server = statistics.median(server / two.seconds for _, (two, server) in pairs)
    return Measure(
        f"two workers against one, parallel-aware scan, {shape.name}",
        at_least(1.7, "x") if shape is shapes.NESTED else None,
        [one.seconds / two.seconds for (one, _), (two, _) in pairs],
        f"the replay server takes {of_server:.0%} of a processor beside two",
    )


def lookup(backend, programs, extent):
    table = backend.foreign_table(shapes.SMALL)
    pairs = in_turns(
        extent.rounds,
        lambda: backend.lookup_p50(table),
        lambda: programs.drain("lookup", shapes.SMALL.name)["p50_seconds"],
    )
    ours = statistics.median(pair[0] for pair in pairs)
    curl = statistics.median(pair[1] for pair in pairs)
    return Measure(
        "point lookup, prepared, p50 over libcurl's",
        at_most(0.3, " ms"),
        [(ours - curl) * 1000 for ours, curl in pairs],
        f"{ours * 1000:.3f} ms; libcurl {curl * 1000:.3f} ms",
    )


def joined_lookups(backend, extent):
    """Seconds a row of a nested loop, its keys looked up one after another, and together."""
    table = backend.foreign_table(shapes.SMALL, ".pages-1024.latency-5")
    pairs = in_turns(
        extent.rounds,
        lambda: backend.nested_loop(table, 200, bulk_lookup=False).seconds / 200,
        lambda: backend.nested_loop(table, 10000, bulk_lookup=True).seconds / 10000,
    )
    return Measure(
        "join of 10,000 local rows with key lookups against one lookup after another, 5 ms",
        at_least(20, "x"),
        [one_by_one / together for one_by_one, together in pairs],
        f"{1 / statistics.median(pair[1] for pair in pairs):,.0f} rows a second",
    )


def decryption_by_kms(backend, extent):
    """Seconds a call, of a function a row and of one array; no ciphertext comes twice."""
    call = "kms_decrypt('replay', {}, NULL, 'small.latency-10')"
    ciphertext = "int4send(n)"
    one_by_one = f"SELECT count({call.format(ciphertext)}) FROM generate_series(1, 100) n"
    array = f"(SELECT array_agg({ciphertext}) FROM generate_series(1, 10000) n)"
    at_once = f"SELECT cardinality({call.format(array)})"
    pairs = in_turns(
        extent.rounds,
        lambda: backend.run(one_by_one).seconds / 100,
        lambda: backend.run(at_once).seconds / 10000,
    )
    return Measure(
        "kms_decrypt of 10,000 in an array against one after another, 10 ms",
        at_least(16, "x"),
        [sequential / concurrent for sequential, concurrent in pairs],
        f"{1 / statistics.median(pair[1] for pair in pairs):,.0f} a second",
    )


def items_decrypted_by_kms(backend, extent):
    """Seconds an item: read with one call of KMS after another, and with many in flight."""
    one_by_one = (
        "SELECT count(attribute_02) FROM "
        f"(SELECT attribute_02 FROM {backend.encrypted_table(1)} LIMIT 100) AS first"
    )
    at_once = f"SELECT count(attribute_02) FROM {backend.encrypted_table(32)}"
    pairs = in_turns(
        extent.rounds,
        lambda: backend.run(one_by_one).seconds / 100,
        lambda: backend.run(at_once).seconds / 1000,
    )
    return Measure(
        "decrypting 1,000 items against one call of KMS after another, 10 ms",
        at_least(16, "x"),
        [sequential / concurrent for sequential, concurrent in pairs],
        f"{1 / statistics.median(pair[1] for pair in pairs):,.0f} items a second",
    )


def copy_over_batch_writer(backend, programs, extent):
    table = backend.foreign_table(shapes.SMALL, write_mode="overwrite")
    rows = backend.copied_out(backend.local_rows("copied_rows", shapes.SMALL, extent.written_rows))
    pairs = in_turns(
        extent.rounds,
        lambda: backend.copy_in(table, rows).seconds,
        lambda: programs.boto3_write("batch_writer", "small", extent.written_rows).seconds,
    )
    return Measure(
        f"COPY of {extent.written_rows:,} rows, overwrite, against boto3's batch_writer",
        at_least(3, "x"),
        [boto3 / ours for ours, boto3 in pairs],
        speeds_of_writes(pairs, extent.written_rows, extent.written_rows),
    )


def inserts_over_put_item(backend, programs, extent):
    settings = ".latency-5"
    rows, boto3_rows = extent.written_rows // 10, 200
    table = backend.foreign_table(shapes.SMALL, settings)
    source = backend.local_rows("inserted_rows", shapes.SMALL, rows)
    pairs = in_turns(
        extent.rounds,
        lambda: backend.run(f"INSERT INTO {table} SELECT * FROM {source}").seconds,
        lambda: programs.boto3_write("put_item", "small" + settings, boto3_rows).seconds,
    )
    return Measure(
        "INSERT … SELECT, statement, against boto3's PutItem one after another, 5 ms",
        at_least(5, "x"),
        [(boto3 / boto3_rows) / (ours / rows) for ours, boto3 in pairs],
        speeds_of_writes(pairs, rows, boto3_rows),
    )


def migration(backend, programs, extent):
    """All items of a table into an empty one; there are no changes to apply."""
    pages = f".pages-{extent.migrated_items // 5_000}.items-5000"
    source = backend.foreign_table(shapes.SMALL, pages)
    target = backend.foreign_table(shapes.SMALL, ".pages-0")
    statement = f"CALL dynamodb_migrate({quote(source)}, {quote(target)}, verify => 'none')"
    pairs = in_turns(
        extent.rounds,
        lambda: backend.run(statement).seconds,
        lambda: programs.boto3_migrate(f"small{pages}", "small.pages-0").seconds,
    )
    seeded = backend.value("SELECT items_seeded FROM dynamodb_migrations")
    if seeded != extent.migrated_items:
        raise AssertionError(f"{seeded:,} items of {extent.migrated_items:,} were migrated")
    return Measure(
        f"migration of {extent.migrated_items:,} items against boto3's Scan and batch_writer",
        at_least(5, "x"),
        [boto3 / ours for ours, boto3 in pairs],
        speeds_of_writes(pairs, extent.migrated_items, extent.migrated_items),
    )


def queue_drain(backend, programs, extent):
    count = 10_000
    statement = f"DELETE FROM {backend.queue()}"

    def drain(how):
        programs.fill_queue(count)
        return how().seconds

    pairs = in_turns(
        extent.rounds,
        lambda: drain(lambda: backend.run(statement)),
        lambda: drain(programs.boto3_drain),
    )
    return Measure(
        f"draining a queue of {count:,} against boto3 receiving and deleting in turns, 5 ms",
        at_least(4, "x"),
        [boto3 / ours for ours, boto3 in pairs],
        f"{statistics.median(count / pair[0] for pair in pairs):,.0f} messages/s",
    )


def speeds_of_writes(pairs, rows, boto3_rows):
    ours = statistics.median(rows / pair[0] for pair in pairs)
    boto3 = statistics.median(boto3_rows / pair[1] for pair in pairs)
    return f"{ours:,.0f} rows/s; boto3 {boto3:,.0f}"


def large_scan_memory(backend, throughput, extent):
    shape = throughput.shape
    page_bytes = throughput.item_bytes * throughput.items["ours, COPY"] / extent.pages
    pages = math.ceil(extent.large_scan_bytes / page_bytes)
    table = backend.foreign_table(shape, f".pages-{pages}")
    sample = backend.run_in_new_backend(copy_statement(table))
    return Measure(
        f"memory of a scan of {extent.large_scan_bytes // MEGABYTE} MB, peak over start, "
        f"{shape.name}",
        at_most(64, " MB"),
        [sample.peak_bytes / MEGABYTE],
    )


def encrypted_items(programs, extent):
    rounds = [programs.encrypted_items() for _ in range(extent.rounds)]
    rates = {who: statistics.median(rates[who] for rates in rounds) for who in rounds[0]}
    note = ", ".join(f"{who} {rate:,.0f} items/s" for who, rate in rates.items())
    return [
        Measure(
            "decrypting items of 2 KB and 20 attributes over a bare loop of OpenSSL's primitives",
            at_least(0.7),
            [rates["ours"] / rates["bare"] for rates in rounds],
            note,
        ),
        Measure(
            "decrypting the same items against AWS's library for Python",
            at_least(20, "x"),
            [rates["ours"] / rates["python"] for rates in rounds],
        ),
    ]


def speed_over_multicorn(backend, shape, extent):
    """Seconds an item of both, each of a table of its own length. Every column is converted."""
    name = f"full scan against Multicorn 2 with boto3, {shape.name}"
    if not backend.has_multicorn():
        note = "the extension multicorn is not installed; neither Debian nor PyPI offers it"
        return Measure(name, at_least(40, "x"), note=note)
    tables = (
        backend.multicorn_table(shape, f".pages-{extent.boto3_pages}"),
        backend.foreign_table(shape, f".pages-{extent.pages}"),
    )
    rows = [backend.value(f"SELECT count(*) FROM {table}") for table in tables]
    theirs, ours = (f"SELECT {shape.every_column} FROM {table}" for table in tables)
    pairs = in_turns(
        extent.rounds,
        lambda: backend.run(theirs).seconds / rows[0],
        lambda: backend.run(ours).seconds / rows[1],
    )
    return Measure(
        name,
        at_least(40, "x"),
        [multicorn / ours for multicorn, ours in pairs],
        f"Multicorn {1 / statistics.median(pair[0] for pair in pairs):,.0f} rows/s",
    )


def measure_all(backend, programs, extent, say):
    """All Throughputs, and all Measures in the order of the table."""
    throughputs = []
    for shape in shapes.SHAPES:
        say(f"{shape.name} items")
        throughputs.append(measure_throughput(backend, programs, shape, extent))
    measures = [copy_over_heap(throughput) for throughput in throughputs]
    say("limited rate")
    measures += [limited_rate(backend, programs, shape, extent) for shape in shapes.SHAPES]
    measures += [speed_over_boto3(throughput) for throughput in throughputs]
    measures += [
        speed_over_multicorn(backend, shape, extent) for shape in (shapes.SMALL, shapes.WIDE)
    ]
    say("counting, latency, lookups")
    measures += [counting(backend, programs, latency_ms, extent) for latency_ms in (0, 5)]
    measures.append(segments(backend, extent))
    measures += [
        workers(backend, programs, shape, extent) for shape in (shapes.WIDE, shapes.NESTED)
    ]
    measures.append(lookup(backend, programs, extent))
    measures.append(joined_lookups(backend, extent))
    measures.append(decryption_by_kms(backend, extent))
    say("writes")
    measures.append(copy_over_batch_writer(backend, programs, extent))
    measures.append(inserts_over_put_item(backend, programs, extent))
    say("migration")
    measures.append(migration(backend, programs, extent))
    say("queue")
    measures.append(queue_drain(backend, programs, extent))
    say("encrypted items")
    measures += encrypted_items(programs, extent)
    measures.append(items_decrypted_by_kms(backend, extent))
    say("memory")
    measures += [large_scan_memory(backend, throughput, extent) for throughput in throughputs]
    return throughputs, measures
