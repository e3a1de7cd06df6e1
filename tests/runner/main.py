"""The order of the suites, the progress on the terminal, and the last line."""

import sys
import time
import traceback

from environment import paths
from runner import build, fuzz, isolation, lint, python_tests, regress, unit, versions
from runner.outcome import Outcome

SUITES = {
    "lint": lint.run,
    "build": build.run,
    "unit": unit.run,
    "fuzz": fuzz.run_short,
    "regress": regress.run,
    "isolation": isolation.run,
    "pytest": python_tests.run,
    "versions": versions.run,
}
ON_REQUEST = {"fuzz-long": fuzz.run_long}


def main(selected):
    known = SUITES | ON_REQUEST
    unknown = [name for name in selected if name not in known]
    if unknown:
        print(f"no such suite: {' '.join(unknown)}; there are: {' '.join(known)}", file=sys.stderr)
        return 2
    paths.RESULTS.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for name in selected or SUITES:
        outcomes += _run_suite(name, known[name])
    return _conclude(outcomes)


def _run_suite(name, run):
    """All outcomes of a suite; one that breaks, or that has no test, has failed."""
    print(f"== {name}", flush=True)
    begin = time.monotonic()
    outcomes = []
    try:
        for outcome in run():
            _show(outcome)
            outcomes.append(outcome)
    except Exception:
        outcomes.append(Outcome(f"{name} (the suite itself)", False, traceback.format_exc()))
        _show(outcomes[-1])
    if not outcomes:
        outcomes.append(Outcome(name, False, "the suite has no test"))
        _show(outcomes[-1])
    print(f"-- {name}: {time.monotonic() - begin:.0f} s", flush=True)
    return outcomes


def _show(outcome):
    if outcome.passed:
        print(f"ok      {outcome.name}", flush=True)
    else:
        print(f"FAILED  {outcome.name}", flush=True)
        print("\n".join(f"    {line}" for line in outcome.detail.splitlines()), flush=True)


def _conclude(outcomes):
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if failed:
        print("== failed")
        for outcome in failed:
            print(f"FAILED  {outcome.name}")
    print(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed", flush=True)
    return 1 if failed else 0
