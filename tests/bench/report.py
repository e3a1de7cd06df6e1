"""The benchmark's results as text and as JSON."""

import os
import platform
import statistics
from dataclasses import asdict

from bench.measures import MEGABYTE


def text(throughputs, measures):
    return "\n".join([*_speeds(throughputs), "", *_targets(measures), ""])


def _table(heading, rows):
    """Columns as wide as they must be; the first is of words, the others of numbers."""
    widths = [max(len(row[column]) for row in [heading, *rows]) for column in range(len(heading))]
    for row in [heading, ["-" * width for width in widths], *rows]:
        first, *others = zip(row, widths, strict=True)
        yield "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])


def _speeds(throughputs):
    heading = ["all items read", "items/s", "from", "to", "MB/s of JSON", "CPU s", "peak MB"]
    rows = [
        _speed(throughput, way, samples)
        for throughput in throughputs
        for way, samples in throughput.samples.items()
    ]
    return _table(heading, rows)


def _speed(throughput, way, samples):
    speeds = throughput.items_per_second(way)
    cpu = statistics.median(sample.cpu_seconds for sample in samples)
    return [
        f"{throughput.shape.name}: {way}",
        *(f"{speed:,.0f}" for speed in (statistics.median(speeds), min(speeds), max(speeds))),
        "" if way.startswith("heap") else f"{_json_speed(throughput, way) / 1e6:,.0f}",
        f"{cpu:.2f}",
        f"{max(sample.peak_bytes for sample in samples) / MEGABYTE:.0f}",
    ]


def _json_speed(throughput, way):
    """Bytes a second."""
    return statistics.median(throughput.items_per_second(way)) * throughput.item_bytes


def _targets(measures):
    heading = ["measure", "must reach", "value", "from", "to", "verdict"]
    rows = [_target(measure) for measure in measures]
    notes = [f"{measure.name}: {measure.note}" for measure in measures if measure.note]
    return [*_table(heading, rows), "", *notes]


def _target(measure):
    target = "" if measure.target is None else str(measure.target)
    if not measure.values:
        return [measure.name, target, "", "", "", measure.verdict]
    numbers = (measure.value, min(measure.values), max(measure.values))
    return [measure.name, target, *(f"{number:.2f}" for number in numbers), measure.verdict]


def document(throughputs, measures, extent):
    """What a program may want to read."""
    return {
        "machine": {"processors": os.cpu_count(), "kernel": platform.release()},
        "extent": asdict(extent),
        "throughputs": [
            {
                "shape": throughput.shape.name,
                "way": way,
                "items": throughput.items[way],
                "samples": [asdict(sample) for sample in samples],
            }
            for throughput in throughputs
            for way, samples in throughput.samples.items()
        ],
        "measures": [
            {
                "name": measure.name,
                "target": None if measure.target is None else str(measure.target),
                "values": measure.values,
                "verdict": measure.verdict,
                "note": measure.note,
            }
            for measure in measures
        ],
    }
