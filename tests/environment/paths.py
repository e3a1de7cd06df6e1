"""Where things are: the tree, what is built, what was downloaded."""

import os
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]


def _directory(variable, default):
    return (TREE / os.environ.get(variable, default)).resolve()


BUILD = _directory("BUILD", "build")
DOWNLOADS = _directory("DOWNLOADS", "build/downloads")
LOGS = BUILD / "logs"
RESULTS = BUILD / "results"
EXTENSION_LIBRARY = BUILD / "extension" / "dynamodb_kms_fdw.so"
PG_CONFIG = os.environ.get("PG_CONFIG", "pg_config")


def extension_files():
    """The control file and the SQL scripts."""
    return [TREE / "dynamodb_kms_fdw.control", *sorted(TREE.glob("dynamodb_kms_fdw--*.sql"))]
