"""pg_regress: sql/*.sql against each emulator, every file in a database of its own."""

import contextlib
import os
from contextlib import ExitStack

from environment import emulators, paths, postgresql
from environment.scripts import load_script
from runner.outcome import Outcome, make
from runner.outcome import run as run_command


def run():
    built = make("extension")
    yield built
    if not built.passed:
        return
    with ExitStack() as stack:
        server = stack.enter_context(postgresql.running_postgresql("regress-postgresql"))
        needs_kms = not {"kms", "encryption"}.isdisjoint(selected_tests())
        kms = stack.enter_context(running_kms()) if needs_kms else {}
        for start in emulators.EMULATORS.values():
            with start(f"regress-{start.__name__}") as emulator:
                yield from _run_against(server, emulator, kms)


@contextlib.contextmanager
def running_kms():
    """What psql reads of a KMS, which is moto's beside either emulator. It has the tests' key."""
    with emulators.running_moto("regress-kms") as moto:
        load_script(paths.TREE / "tests/seed/kms.py").create_key(moto.client("kms"))
        yield {"KMS_ENDPOINT": moto.endpoint_url}


def selected_tests():
    """The names in REGRESS, else all."""
    names = os.environ.get("REGRESS", "").split()
    return names or sorted(file.stem for file in (paths.TREE / "sql").glob("*.sql"))


def _run_against(server, emulator, kms):
    yield from _seed(emulator)
    for name in selected_tests():
        yield _run_file(server, emulator, kms, name)


def _seed(emulator):
    """Makes the tables that the selected files name: those of tests/seed/x.py begin with x_."""
    sources = [(paths.TREE / "sql" / f"{name}.sql").read_text() for name in selected_tests()]
    for script in sorted((paths.TREE / "tests/seed").glob("*.py")):
        if any(f"{script.stem}_" in source for source in sources):
            try:
                load_script(script).create(emulator.client())
            except Exception as error:
                yield Outcome(f"regress {emulator.name} seed {script.stem}", False, repr(error))


def _run_file(server, emulator, kms, name):
    return run_program(
        postgresql.pg_regress(),
        server,
        f"regress {emulator.name} {name}",
        [f"--dbname=regress_{name}", name],
        emulator.environment() | kms,
    )


def run_program(program, server, title, arguments, environment=()):
    """The Outcome of pg_regress, or of its sister, for one file; its output is named by `title`."""
    output = paths.RESULTS.joinpath(*title.split())
    output.mkdir(parents=True, exist_ok=True)
    difference = output / "regression.diffs"
    difference.unlink(missing_ok=True)
    done = run_command(
        [
            program,
            f"--bindir={server.bindir}",
            f"--inputdir={paths.TREE}",
            f"--outputdir={output}",
            f"--host={server.host}",
            f"--port={server.port}",
            f"--user={server.user}",
            *arguments,
        ],
        env=server.environment() | dict(environment),
    )
    shown = difference.read_text(errors="replace") if difference.exists() else ""
    return Outcome(title, done.returncode == 0, shown or done.stdout)
