"""The server-free part's tests: cmocka programs, plain and under the sanitizers."""

import os
import re
import subprocess

from environment import paths
from runner.outcome import Outcome, make
from runner.outcome import run as run_command

TAP_LINE = re.compile(r"^(ok|not ok) \d+ - (.*)$")
SECONDS = 300


def run():
    for target in ("unit", "programs"):
        yield make(target)
    for kind in ("plain", "sanitized"):
        for source in sorted((paths.TREE / "tests/unit").glob("test_*.c")):
            yield from _run_program(kind, source.stem)


def _run_program(kind, name):
    """One outcome a test of the program, and one more if it ended badly."""
    program = paths.BUILD / kind / name
    title = f"unit {kind} {name}"
    if not program.exists():
        yield Outcome(title, False, "it was not built")
        return
    try:
        environment = os.environ | {"CMOCKA_MESSAGE_OUTPUT": "TAP"}
        done = run_command([program], env=environment, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        yield Outcome(title, False, f"not done in {SECONDS} s")
        return
    tests = [match.groups() for line in done.stdout.splitlines() if (match := TAP_LINE.match(line))]
    for verdict, test in tests:
        yield Outcome(f"{title} {test}", verdict == "ok", done.stdout)
    all_ok = bool(tests) and all(verdict == "ok" for verdict, _ in tests)
    if not tests or (done.returncode != 0 and all_ok):
        yield Outcome(title, False, f"exit status {done.returncode}\n{done.stdout}")
