"""`make psql`: a shell on a private server with the demonstration's tables."""

import signal
import subprocess
import sys
from contextlib import ExitStack

from environment import emulators, paths, postgresql, processes


def psql(server, emulator, *arguments, database="postgres"):
    """The command's exit status. An interactive psql handles Ctrl-C itself."""
    environment = server.environment(database) | emulator.environment()
    if sys.stdin.isatty():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        environment["PSQL_HISTORY"] = str(paths.BUILD / "psql_history")
    command = [server.bindir / "psql", "-v", "ON_ERROR_STOP=1", *arguments]
    return subprocess.run(command, env=environment, cwd=paths.TREE, check=False).returncode


def main():
    processes.die_with_parent()
    processes.end_cleanly_on_signals()
    with ExitStack() as stack:
        emulator = stack.enter_context(emulators.running_moto("psql-moto"))
        server = stack.enter_context(postgresql.running_postgresql("psql-postgresql"))
        database = stack.enter_context(server.database())
        print(f"DynamoDB: {emulator.endpoint_url}")
        print(f"PostgreSQL: host={server.host} port={server.port} dbname={database} user=postgres")
        return psql(server, emulator, database=database)


if __name__ == "__main__":
    sys.exit(main())
