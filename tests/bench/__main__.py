"""python -m bench [--quick] [--rounds N]: measures, and writes BUILD/bench/results.*"""

import argparse
import json
import sys
from dataclasses import replace

from environment import processes

from bench import chart, contenders, measures, report


def arguments():
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--rounds", type=int, help="instead of 5, or of 2 with --quick")
    return parser.parse_args()


def say(what):
    print(f"measuring: {what}", file=sys.stderr, flush=True)


def main():
    wishes = arguments()
    extent = measures.QUICK if wishes.quick else measures.FULL
    if wishes.rounds is not None:
        extent = replace(extent, rounds=wishes.rounds)
    with contenders.running_contenders() as (backend, programs):
        throughputs, measured = measures.measure_all(backend, programs, extent, say)
    directory = contenders.DIRECTORY
    text = report.text(throughputs, measured)
    (directory / "results.txt").write_text(text)
    document = report.document(throughputs, measured, extent)
    (directory / "results.json").write_text(json.dumps(document, indent=1) + "\n")
    chart.draw(throughputs, directory / "results.svg")
    print(text)
    print(f"written: {directory}/results.txt, results.json, results.svg")


if __name__ == "__main__":
    processes.run_main(main)
