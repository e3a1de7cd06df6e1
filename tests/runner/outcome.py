"""What a suite says of one of its tests."""

import subprocess
from dataclasses import dataclass

from environment import paths


@dataclass(frozen=True)
class Outcome:
    name: str  # suite and test, separated by blanks
    passed: bool
    detail: str = ""  # shown when it failed


def outcome_of_command(name, command, **options):
    """The outcome of a command that succeeds with exit status 0."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=paths.TREE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        **options,
    )
    return Outcome(name, done.returncode == 0, done.stdout)


def make(*targets):
    """Builds targets of tests/Makefile; the outcome has no output worth keeping on success."""
    command = ["make", "--no-print-directory", "-j2", "-k", "-f", "tests/Makefile"]
    return outcome_of_command(f"build {' '.join(targets)}", [*command, *targets])
