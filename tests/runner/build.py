"""The PGXS build, as a user does it, out of a copy of the tree, with gcc and with clang."""

import shutil

from environment import paths, postgresql
from runner.outcome import Outcome, outcome_of_command

NEEDED = ("Makefile", "dynamodb_kms_fdw.control", "src", "sql", "expected")


def run():
    for compiler in ("gcc", "clang"):
        yield from _build(compiler)


def _build(compiler):
    copy = paths.BUILD / "pgxs" / compiler
    installed = paths.BUILD / "pgxs" / f"{compiler}-installed"
    for directory in (copy, installed):
        shutil.rmtree(directory, ignore_errors=True)
    copy.mkdir(parents=True)
    _copy_tree(copy)
    make = ["make", "--no-print-directory", "-s", "-j2", "-C", copy, f"CC={compiler}"]
    for target in ("all", "install"):
        name = f"build PGXS {target} with {compiler}"
        outcome = outcome_of_command(name, [*make, f"DESTDIR={installed}", target])
        yield outcome
        if not outcome.passed:
            return
    yield _installs_what_it_must(compiler, installed)
    yield _installcheck(compiler, copy, make)


def _installcheck(compiler, copy, make):
    """make installcheck by a superuser of any name, against a server that loads what was built."""
    library = copy / paths.EXTENSION_LIBRARY.name
    with postgresql.running_postgresql("pgxs-postgresql", library=library) as server:
        with server.connect() as connection:
            connection.execute("CREATE ROLE installer SUPERUSER LOGIN")
        environment = server.environment("contrib_regression") | {"PGUSER": "installer"}
        name = f"build PGXS installcheck with {compiler}"
        return outcome_of_command(name, [*make, "installcheck"], env=environment)


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
