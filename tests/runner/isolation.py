"""pg_isolation_regress: the files of tests/isolation against each emulator."""

import os

from environment import emulators, paths, postgresql
from runner import regress
from runner.outcome import make
from runner.outcome import run as run_command

DIRECTORY = paths.TREE / "tests/isolation"


def run():
    built = make("extension")
    yield built
    if not built.passed:
        return
    with postgresql.running_postgresql("isolation-postgresql") as server:
        for start in emulators.EMULATORS.values():
            with start(f"isolation-{start.__name__}") as emulator:
                for name in selected_specs():
                    yield _run_file(server, emulator, name)


def selected_specs():
    """The names in ISOLATION, else all."""
    names = os.environ.get("ISOLATION", "").split()
    return names or sorted(file.stem for file in (DIRECTORY / "specs").glob("*.spec"))


def _run_file(server, emulator, name):
    with server.database() as database:
        _create_server(server, emulator, database)
        return regress.run_program(
            postgresql.pg_isolation_regress(),
            server,
            f"isolation {emulator.name} {name}",
            [f"--inputdir={DIRECTORY}", "--use-existing", f"--dbname={database}", name],
        )


def _create_server(server, emulator, database):
    """A specification has no variables, so the server \"aws\" is there before it begins."""
    done = run_command(
        [server.bindir / "psql", "--quiet", "--set=ON_ERROR_STOP=1", "--file=sql/server.inc"],
        env=server.environment(database) | emulator.environment(),
    )
    if done.returncode != 0:
        raise RuntimeError(done.stdout)
