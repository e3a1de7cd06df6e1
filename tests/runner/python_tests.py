"""pytest over tests/python, counted from its JUnit report. A skipped test has not passed."""

import os
import shlex
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

from environment import paths, processes
from runner.outcome import Outcome, make

# Exit statuses of pytest whose report is the whole truth.
PASSED, SOME_FAILED = 0, 1


def run():
    for target in ("extension", "programs"):
        built = make(target)
        yield built
        if not built.passed:
            return
    report = paths.RESULTS / "pytest.xml"
    report.unlink(missing_ok=True)
    # Not in BUILD: the server's account must be able to reach what tests give it to read.
    with tempfile.TemporaryDirectory(prefix="dynamodb_kms_fdw.") as directory:
        status = _pytest(report, f"{directory}/pytest")
    if status not in (PASSED, SOME_FAILED):
        yield Outcome("pytest", False, f"it ended with exit status {status}")
    yield from _outcomes(report)


def _pytest(report, directory):
    """Its exit status."""
    arguments = shlex.split(os.environ.get("PYTEST_ARGS", "")) or ["tests/python"]
    if not any(argument.startswith("tests/python") for argument in arguments):
        arguments.append("tests/python")
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]
    command += ["-p", "no:cacheprovider", f"--basetemp={directory}"]
    with subprocess.Popen(
        command,
        cwd=paths.TREE,
        stdin=subprocess.DEVNULL,
        preexec_fn=processes.die_with_parent,
    ) as process:
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            raise


def _outcomes(report):
    if not report.exists():
        yield Outcome("pytest", False, "it ended without a report")
        return
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"pytest {case.get('classname')} {case.get('name')}"
        troubles = [child for child in case if child.tag in ("failure", "error", "skipped")]
        detail = "\n".join(f"{t.tag}: {t.get('message')}\n{t.text or ''}" for t in troubles)
        yield Outcome(name, not troubles, detail)
