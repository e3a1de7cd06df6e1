"""The PGXS build, as a user does it, out of a copy of the tree, with gcc and with clang."""

import shutil

from environment import paths
from runner.outcome import Outcome, outcome_of_command

NEEDED = ("Makefile", "dynamodb_kms_fdw.control", "src", "sql", "expected")


def run():
    for compiler in ("gcc", "clang"):
        yield from _build(compiler)


def _build(compiler):
    copy = paths.BUILD / "pgxs" / compiler
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    _copy_tree(copy)
    make = ["make", "--no-print-directory", "-s", "-j2", "-C", copy, f"CC={compiler}"]
    yield outcome_of_command(f"build PGXS all with {compiler}", [*make, "all"])
    installed = paths.BUILD / "pgxs" / f"{compiler}-installed"
    shutil.rmtree(installed, ignore_errors=True)
    yield outcome_of_command(
        f"build PGXS install with {compiler}", [*make, f"DESTDIR={installed}", "install"]
    )
    yield _installs_what_it_must(compiler, installed)


def _copy_tree(copy):
    for name in NEEDED:
        source = paths.TREE / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("*.o", "*.bc", "*.d", "*.so")
            shutil.copytree(source, copy / name, ignore=ignored)
        elif source.exists():
            shutil.copy2(source, copy / name)
    for script in paths.TREE.glob("dynamodb_kms_fdw--*.sql"):
        shutil.copy2(script, copy / script.name)


def _installs_what_it_must(compiler, installed):
    names = {file.name for file in installed.rglob("*")}
    expected = {file.name for file in [*paths.extension_files(), paths.EXTENSION_LIBRARY]}
    missing = expected - names
    return Outcome(
        f"build PGXS installed files with {compiler}", not missing, f"not installed: {missing}"
    )
