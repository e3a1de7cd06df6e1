"""Child processes that never outlive who started them."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from environment import paths

PR_SET_PDEATHSIG = 1
LISTENING = "0A"  # in /proc/net/tcp
_libc = ctypes.CDLL(None, use_errno=True)


class StartFailure(Exception):
    """A process ended, or was not ready in time. The message ends with its log."""


def die_with_parent(death_signal=signal.SIGTERM):
    """Asks the kernel to send this process `death_signal` when its parent ends."""
    if _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def interrupt_on_signals(signals=(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)):
    """Turns signals into KeyboardInterrupt, so that every `finally` runs. Further ones are ignored
    while it does."""

    def interrupt(_number, _frame):
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in signals:
        signal.signal(number, interrupt)


def run_main(main):
    """Ends the process with main()'s status, cleanly also on signals and when the parent ends."""
    die_with_parent()
    interrupt_on_signals()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)


def free_port():
    """A loopback port nobody listens on. Somebody else may take it before it is used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(name, command, stop_signal=signal.SIGTERM, **options):
    """Runs a command in a session of its own, its output in LOGS/name.log; stops it at the end.

    If this process is killed, the kernel sends the command `stop_signal`.
    """
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    log_path = paths.LOGS / f"{name}.log"
    with open(log_path, "wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(stop_signal),
            **options,
        )
    process.log_path = log_path
    try:
        yield process
    finally:
        _stop(process, stop_signal)


def _stop(process, stop_signal):
    process.send_signal(stop_signal)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(ready, process, what, seconds=60):
    """Waits until ready() is true; StartFailure when the process ends first or time is up."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise StartFailure(f"{what} ended with status {process.returncode}:\n{log_of(process)}")
        if time.monotonic() > deadline:
            raise StartFailure(f"{what} was not ready in {seconds} s:\n{log_of(process)}")
        time.sleep(0.02)


def log_of(process):
    return process.log_path.read_text(errors="replace")[-4000:]


def listens(process, port):
    """True when this very process, and no stranger, listens on the port."""
    inodes = {
        fields[9]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for fields in map(str.split, Path(table).read_text().splitlines()[1:])
        if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port
    }
    return any(f"socket:[{inode}]" in _open_files(process.pid) for inode in inodes)


def _open_files(process_id):
    names = set()
    for entry in Path(f"/proc/{process_id}/fd").iterdir():
        with contextlib.suppress(OSError):
            names.add(os.readlink(entry))
    return names
