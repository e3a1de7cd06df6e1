"""What a suite says of one of its tests."""

import subprocess
from dataclasses import dataclass

from environment import paths, processes


@dataclass(frozen=True)
class Outcome:
    name: str  # suite and test, separated by blanks
    passed: bool
    detail: str = ""  # shown when it failed


_running = set()  # what run() has started and not seen the end of, in whichever thread


def run(command, timeout=None, **options):
    """Runs a command in the tree and waits; stdout of the result has all of its output."""
    with subprocess.Popen(
        [str(word) for word in command],
        cwd=paths.TREE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=processes.die_with_parent,
        **options,
    ) as process:
        _running.add(process)
        try:
            output, _ = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
        finally:
            _running.discard(process)
    return subprocess.CompletedProcess(process.args, process.returncode, output)


def kill_running():
    """For an interrupted thread that would wait for others, whose commands take their time."""
    for process in list(_running):
        process.kill()


def outcome_of_command(name, command, **options):
    """The outcome of a command that succeeds with exit status 0."""
    done = run(command, **options)
    return Outcome(name, done.returncode == 0, done.stdout)


def make(*targets):
    """Builds targets of tests/Makefile; the outcome has no output worth keeping on success."""
    command = ["make", "--no-print-directory", "-j2", "-k", "-f", "tests/Makefile"]
    return outcome_of_command(f"build {' '.join(targets)}", [*command, *targets])
