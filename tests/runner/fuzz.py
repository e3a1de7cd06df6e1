"""One libFuzzer target a parser: a short run in every test, a long one on request."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from environment import paths
from runner.outcome import Outcome, kill_running, make, outcome_of_command

SHORT_SECONDS = 10
LONG_SECONDS = int(os.environ.get("FUZZ_SECONDS", "600"))


def run_short():
    yield from _run(SHORT_SECONDS)


def run_long():
    yield from _run(LONG_SECONDS)


def _run(seconds):
    yield make("fuzzers")
    names = [source.stem for source in sorted((paths.TREE / "tests/fuzz").glob("fuzz_*.c"))]
    with ThreadPoolExecutor(max_workers=max(1, os.cpu_count() or 1)) as pool:
        try:
            yield from pool.map(lambda name: _fuzz(name, seconds), names)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            kill_running()
            raise


def _fuzz(name, seconds):
    """New inputs are kept in BUILD/fuzz; those of the tree, tests/fuzz/corpus, are only read."""
    fuzzer = paths.BUILD / "fuzz" / name
    if not fuzzer.exists():
        return Outcome(f"fuzz {name}", False, "it was not built")
    corpus = paths.BUILD / "fuzz" / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = paths.TREE / "tests/fuzz/corpus" / name
    command = [
        fuzzer,
        f"-max_total_time={seconds}",
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
        f"-artifact_prefix={paths.RESULTS}/{name}-",
        *_dictionary(name),
        corpus,
        *([seeds] if seeds.is_dir() else []),
    ]
    try:
        return outcome_of_command(f"fuzz {name}", command, timeout=seconds + 120)
    except subprocess.TimeoutExpired:
        return Outcome(f"fuzz {name}", False, "it did not end by itself")


def _dictionary(name):
    dictionary = paths.TREE / "tests/fuzz" / f"{name}.dict"
    return [f"-dict={dictionary}"] if dictionary.exists() else []
