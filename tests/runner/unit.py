"""The server-free part's tests: cmocka programs, plain and under the sanitizers."""

import os
import re
import subprocess

from environment import paths
from runner.outcome import Outcome, make

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
        done = subprocess.run(
            [program],
            cwd=paths.TREE,
            env=os.environ | {"CMOCKA_MESSAGE_OUTPUT": "TAP"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        yield Outcome(title, False, f"not done in {SECONDS} s")
        return
    tests = [match.groups() for line in done.stdout.splitlines() if (match := TAP_LINE.match(line))]
    output = done.stdout + done.stderr
    for verdict, test in tests:
        yield Outcome(f"{title} {test}", verdict == "ok", output)
    all_ok = bool(tests) and all(verdict == "ok" for verdict, _ in tests)
    if not tests or (done.returncode != 0 and all_ok):
        yield Outcome(title, False, f"exit status {done.returncode}\n{output}")
