"""`make demo` and `make psql`: examples/tour on a private server and Amazon's DynamoDB Local.

python -m environment.tour demo    the tour with its output, and then the other examples, with moto
python -m environment.tour psql    a shell on the same set-up, or a script on standard input
"""

import contextlib
import signal
import subprocess
import sys

from environment import emulators, examples, migration, paths, postgresql, processes
from environment.scripts import load_script

TOUR = paths.TREE / "examples" / "tour"
DATABASE = "tour"


@contextlib.contextmanager
def running_tour(name):
    """The emulator with the tour's tables, and a server with an empty database."""
    with contextlib.ExitStack() as stack:
        emulator = stack.enter_context(emulators.running_dynamodb_local(f"{name}-dynamodb-local"))
        load_script(TOUR / "seed.py").create(emulator.client())
        server = stack.enter_context(postgresql.running_postgresql(f"{name}-postgresql"))
        with server.connect() as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        print(f"Amazon's DynamoDB Local: {emulator.endpoint_url}")
        print(f"PostgreSQL: host={server.host} port={server.port} dbname={DATABASE} user=postgres")
        sys.stdout.flush()
        yield server, emulator


def psql(server, emulator, *arguments, **environment):
    """The exit status of a psql that stops at the first error."""
    return subprocess.run(
        [server.bindir / "psql", "-v", "ON_ERROR_STOP=1", *arguments],
        cwd=paths.TREE,
        env=server.environment(DATABASE) | emulator.environment() | environment,
        check=False,
    ).returncode


def show(server, emulator, script, **environment):
    return psql(server, emulator, "-e", "-P", "pager=off", "-f", script, **environment)


def show_example(server, script):
    """One of the systems, in a database of its own; all of AWS is moto's."""
    database = script.stem
    with examples.running_example(script, f"demo-{database}") as (emulator, keys):
        with server.connect() as connection:
            connection.execute(f"CREATE DATABASE {database}")
        return show(server, emulator, script, PGDATABASE=database, **keys)


def show_migration(server):
    """The fourth system: a writer writes until the last changes are to be brought over."""
    with migration.running_customers("demo-customers") as (emulator, writer):
        with server.connect() as connection:
            connection.execute("CREATE DATABASE customers")
        with writer:
            script = migration.MIGRATION / "migrate.sql"
            status = show(server, emulator, script, PGDATABASE="customers")
        script = migration.MIGRATION / "cut_over.sql"
        return status or show(server, emulator, script, PGDATABASE="customers")


def demo():
    with running_tour("demo") as (server, emulator):
        return (
            show(server, emulator, TOUR / "tour.sql")
            or show_example(server, examples.USERS)
            or show_example(server, examples.QUEUE_TO_TABLE)
            or show_example(server, examples.CARD_TOKENS)
            or show_migration(server)
        )


def shell():
    with running_tour("psql") as (server, emulator):
        status = psql(server, emulator, "-q", "-f", TOUR / "setup.sql")
        if status != 0:
            return status
        if sys.stdin.isatty():
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is psql's own
        return psql(server, emulator, PSQL_HISTORY=str(paths.BUILD / "psql_history"))


if __name__ == "__main__":
    processes.run_main({"demo": demo, "psql": shell}[sys.argv[1]])
