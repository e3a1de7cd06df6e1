"""Libraries that change what the C library does for a server, and the directory they are in."""

import contextlib
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

from environment import paths


@contextlib.contextmanager
def open_directory():
    """A directory where the server's account can reach what is in it, with a path that fits a
    socket's address."""
    directory = Path(tempfile.mkdtemp(prefix="preloaded.", dir="/tmp"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def build(name, directory):
    """The path of the library made from tests/faults/<name>.c, for LD_PRELOAD."""
    library = directory / f"{name}.so"
    source = paths.TREE / "tests" / "faults" / f"{name}.c"
    flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"]
    command = [os.environ.get("CC", "cc"), *flags, "-o", library, source, "-ldl"]
    subprocess.run(command, check=True)
    return library


class MovedClock:
    """The clock of a server that has its environment."""

    def __init__(self, directory):
        self._file = directory / "seconds"
        self._file.write_bytes(struct.pack("q", 0))
        self.environment = {
            "LD_PRELOAD": str(build("moved_clock", directory)),
            "MOVED_CLOCK_FILE": str(self._file),
        }

    def move(self, seconds):
        """Puts it ahead of the time by so many seconds."""
        with self._file.open("r+b") as file:  # as mapped: not cut short first
            file.write(struct.pack("q", seconds))
