"""A private PostgreSQL: a relocated copy of the installed one that also has our extension.

PostgreSQL finds its files relative to its executable. So copies of the executables in a directory
that mirrors the installation's layout, with links to everything else, make a server that loads the
extension from there: nothing is installed, and any number of them live side by side.
"""

import contextlib
import functools
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from environment import paths, processes

EXECUTABLES = ("initdb", "postgres", "psql")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "shared_buffers": "64MB",
    "log_line_prefix": "%m [%p] %q%d ",
    "timezone": "UTC",
    "lc_messages": "C",
}


@functools.cache
def pg_config(option):
    return subprocess.check_output([paths.PG_CONFIG, option], text=True).strip()


def pg_regress():
    return Path(pg_config("--pgxs")).parents[1] / "test/regress/pg_regress"


def pg_isolation_regress():
    return Path(pg_config("--pgxs")).parents[1] / "test/isolation/pg_isolation_regress"


def server_account():
    """The account the server runs as: ours, or when we are root, which it refuses, another."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise processes.StartFailure("no unprivileged account: neither postgres nor nobody exists")


@dataclass
class PostgreSQL:
    """A running server. Connect through `host`, its socket directory, as `user`."""

    host: str
    port: int
    bindir: Path
    password: str  # for TCP on 127.0.0.1; the socket directory is closed to other accounts
    log_path: Path
    process_id: int
    user: str = "postgres"
    _database_number: int = field(default=0, repr=False)

    def environment(self, database="postgres"):
        """What psql, pg_regress and libpq need to find this server and none other."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        return kept | {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGDATABASE": database,
            "PGSYSCONFDIR": self.host,
            "PSQLRC": "/dev/null",
            "PSQL_HISTORY": "/dev/null",
        }

    def connect(self, database="postgres", **options):
        """A psycopg connection in autocommit mode; `options` are libpq's or psycopg's."""
        parameters = {"host": self.host, "port": self.port, "user": self.user, "dbname": database}
        return psycopg.connect(**(parameters | {"autocommit": True} | options))

    def create_database(self):
        """The name of a new database that has the extension."""
        self._database_number += 1
        name = f"test_{self._database_number}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        with self.connect(name) as connection:
            connection.execute("CREATE EXTENSION dynamodb_kms_fdw")
        return name

    def drop_database(self, name):
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextlib.contextmanager
    def database(self):
        """A new database with the extension, dropped at the end."""
        name = self.create_database()
        try:
            yield name
        finally:
            self.drop_database(name)


@contextlib.contextmanager
def running_postgresql(name="postgresql", environment=None, settings=None, library=None):
    """A server with a new, empty cluster; `environment` is added to the server's own. `library` is
    the extension's, else the one in BUILD."""
    account = server_account()
    with _runtime_directory(account) as directory:
        bindir = _make_root(directory / "root", library or paths.EXTENSION_LIBRARY)
        password = secrets.token_urlsafe(16)
        _make_cluster(bindir, directory, account, password)
        with _start(name, bindir, directory, account, environment, settings) as (process, port):
            yield PostgreSQL(str(directory), port, bindir, password, process.log_path, process.pid)


@contextlib.contextmanager
def _runtime_directory(account):
    """A short path, because a socket's may have no more than 107 bytes, closed to others."""
    parent = tempfile.gettempdir()
    if len(parent) > 60:
        parent = "/tmp"
    directory = Path(tempfile.mkdtemp(prefix="dynamodb_kms_fdw.", dir=parent))
    try:
        os.chown(directory, account.pw_uid, account.pw_gid)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _make_root(root, library):
    """Mirrors the installation under `root`; the path of the copied executables."""
    bindir, sharedir, libdir = (
        Path(pg_config(option)) for option in ("--bindir", "--sharedir", "--pkglibdir")
    )
    for directory in (bindir, sharedir / "extension", libdir):
        _under(root, directory).mkdir(parents=True, exist_ok=True)
    for executable in EXECUTABLES:
        shutil.copy2(bindir / executable, _under(root, bindir))
    _link_all(libdir, _under(root, libdir))
    _link_all(sharedir, _under(root, sharedir), leave_out=("extension",))
    _link_all(sharedir / "extension", _under(root, sharedir / "extension"))
    _install(library, _under(root, libdir))
    for file in paths.extension_files():
        _install(file, _under(root, sharedir / "extension"))
    return _under(root, bindir)


def _under(root, path):
    return root / path.relative_to("/")


def _link_all(source, target, leave_out=()):
    for entry in source.iterdir():
        if entry.name not in leave_out and not (target / entry.name).exists():
            (target / entry.name).symlink_to(entry)


def _install(file, directory):
    """Copies, because the server's account may not be able to reach the tree."""
    copy = directory / file.name
    copy.unlink(missing_ok=True)
    shutil.copyfile(file, copy)
    copy.chmod(0o755 if file.suffix == ".so" else 0o644)


def _as_account(account):
    if os.geteuid() != 0:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _make_cluster(bindir, directory, account, password):
    password_file = directory / "password"
    password_file.write_text(password)
    password_file.chmod(0o600)
    os.chown(password_file, account.pw_uid, account.pw_gid)
    command = [
        bindir / "initdb",
        f"--pgdata={directory / 'data'}",
        "--username=postgres",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--auth-local=trust",
        "--auth-host=scram-sha-256",
        f"--pwfile={password_file}",
        "--no-sync",
        "--no-instructions",
    ]
    done = subprocess.run(
        command,
        cwd=directory,
        env=_clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **_as_account(account),
    )
    password_file.unlink()
    if done.returncode != 0:
        raise processes.StartFailure(f"initdb failed:\n{done.stdout}{done.stderr}")


def _clean_environment():
    """Without settings of the person's own PostgreSQL or AWS account."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "AWS_"))}
    return kept | {"HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}


@contextlib.contextmanager
def _start(name, bindir, directory, account, environment, settings):
    """Starts the server on a free port; tries another when somebody else was faster."""
    for attempt in range(10):
        port = processes.free_port()
        all_settings = SETTINGS | {"unix_socket_directories": str(directory)} | (settings or {})
        command = [bindir / "postgres", "-D", directory / "data", "-p", str(port)]
        command += [f"--{key}={value}" for key, value in all_settings.items()]
        # SIGQUIT ends the server and its backends at once; the cluster is thrown away anyway.
        with processes.running(
            name,
            command,
            stop_signal=signal.SIGQUIT,
            cwd=directory,
            env=_clean_environment() | (environment or {}),
            **_as_account(account),
        ) as process:
            try:
                processes.wait_until(lambda: _is_ready(directory, port), process, "PostgreSQL")
            except processes.StartFailure:
                if attempt < 9 and "Address already in use" in processes.log_of(process):
                    continue
                raise
            yield process, port
            return


def _is_ready(directory, port):
    try:
        psycopg.connect(
            host=str(directory), port=port, user="postgres", dbname="postgres", connect_timeout=5
        ).close()
    except psycopg.OperationalError:
        return False
    return True
