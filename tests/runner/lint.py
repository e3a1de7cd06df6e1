"""What no test run shows: one format, the wall, and words that have no place in the tree."""

import re
import shutil
import sys
from pathlib import Path

from environment import paths
from runner.outcome import Outcome, outcome_of_command

SERVER_FREE_ROOMS = ("foundation", "item", "aws", "crypto")
LONGEST_FUNCTION = 100
LONGEST_FILE = 1100

# Calls that have a safer form, or that would wait outside transport.c (transport_events.c looks
# without waiting). `allowed` are file names.
BANNED_IN_C = [
    (r"\b(sprintf|vsprintf|strcpy|strcat|strncpy|gets|strtok|atoi|atol|alloca)\s*\(", ()),
    (r"\b(sleep|usleep|nanosleep|pg_usleep)\s*\(", ()),
    (r"\b(setenv|putenv|unsetenv|system|popen)\s*\(", ()),
    (r"\b(WaitLatch(OrSocket)?|WaitEventSetWait)\s*\(", ("transport.c",)),
    (r"\bepoll_p?wait2?\s*\(", ("transport_events.c",)),
    (r"\bcurl_easy_perform\s*\(", ()),
    (r"\bPG_VERSION_NUM\b", ("compat.h",)),
    # Gone since PostgreSQL 18, whose pg_noreturn stands in front.
    (r"\bpg_attribute_noreturn\b", ("compat.h",)),
]
BANNED_WORDS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# clang-format leaves the space out where it breaks a line; `make format` puts it in.
STAR_AND_WORD = re.compile(r"^ \*[A-Za-z]")
TEXT_SUFFIXES = {".c", ".h", ".py", ".sh", ".sql", ".md", ".txt", ".xml", ".out"}


def run():
    yield from _formats()
    yield from _wall()
    yield from _banned_calls()
    yield _lines_with("lint unfinished work", BANNED_WORDS, TEXT_SUFFIXES)
    yield _lines_with("lint words that touch their comment's star", STAR_AND_WORD, {".c", ".h"})
    yield from _lengths()
    yield from _shell_scripts()


def files(*suffixes, under=("src", "tests", "examples", "sql", "docs")):
    for directory in under:
        for file in sorted((paths.TREE / directory).rglob("*")):
            if file.suffix in suffixes and file.is_file():
                yield file


def _formats():
    command = ["clang-format", "--dry-run", "-Werror"]
    yield outcome_of_command("lint C format", [*command, *files(".c", ".h")])
    ruff = Path(sys.executable).with_name("ruff")
    python = [paths.TREE / "tests", paths.TREE / "examples"]
    yield outcome_of_command("lint Python", [ruff, "check", "--no-cache", "--quiet", *python])
    yield outcome_of_command(
        "lint Python format", [ruff, "format", "--no-cache", "--diff", "--quiet", *python]
    )


def _wall():
    """The server-free rooms compile without the server's headers, and name none of them."""
    for compiler in ("gcc", "clang"):
        for room in SERVER_FREE_ROOMS:
            sources = list(files(".c", under=[f"src/{room}"]))
            headers = list(files(".h", under=[f"src/{room}"]))
            if sources or headers:
                yield _wall_of(compiler, room, sources + headers)


def _wall_of(compiler, room, sources):
    flags = ["-std=c11", "-D_GNU_SOURCE", "-Isrc", "-fsyntax-only", "-Wall", "-Wextra", "-Werror"]
    flags += [
        "-Wno-unused-parameter",
        "-Wno-missing-field-initializers",
        "-Wno-unknown-warning-option",
    ]
    flags += ["-Wno-pragma-once-outside-header", "-Wno-unused-function"]
    for source in sources:
        command = [compiler, *flags, "-x", "c", source]
        outcome = outcome_of_command(f"lint wall {room} with {compiler}", command)
        included = re.findall(r'#include "((?:postgres|utils|nodes)[/.][^"]*)"', source.read_text())
        if included:
            return Outcome(outcome.name, False, f"{source} includes {included}")
        if not outcome.passed:
            return outcome
    return Outcome(f"lint wall {room} with {compiler}", True)


def _banned_calls():
    for pattern, allowed in BANNED_IN_C:
        found = [
            f"{file.relative_to(paths.TREE)}:{number}: {line.strip()}"
            for file in files(".c", ".h", under=["src"])
            if file.name not in allowed
            for number, line in enumerate(_code_lines(file), 1)
            if re.search(pattern, line)
        ]
        yield Outcome(f"lint no {pattern}", not found, "\n".join(found))


def _code_lines(file):
    """The lines with comments blanked out."""
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), file.read_text(), flags=re.S)
    return text.splitlines()


def _lines_with(name, pattern, suffixes):
    found = [
        f"{file.relative_to(paths.TREE)}:{number}: {line.strip()}"
        for file in files(*suffixes)
        if file != Path(__file__)
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    return Outcome(name, not found, "\n".join(found))


def _lengths():
    long_functions = []
    long_files = []
    for file in files(".c", ".h"):
        lines = file.read_text().splitlines()
        if len(lines) > LONGEST_FILE:
            long_files.append(f"{file.relative_to(paths.TREE)}: {len(lines)} lines")
        long_functions += _long_functions(file, lines)
    yield Outcome("lint length of files", not long_files, "\n".join(long_files))
    yield Outcome("lint length of functions", not long_functions, "\n".join(long_functions))


def _long_functions(file, lines):
    """In this tree's format a function's braces stand alone in the first column."""
    begin = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            begin = number
        elif line == "}" and begin is not None:
            if number - begin > LONGEST_FUNCTION:
                yield f"{file.relative_to(paths.TREE)}:{begin}: {number - begin} lines"
            begin = None


def _shell_scripts():
    scripts = [*files(".sh"), paths.TREE / ".ci/run"]
    for script in scripts:
        name = f"lint shell {script.relative_to(paths.TREE)}"
        yield outcome_of_command(name, ["sh", "-n", script])
        if shutil.which("shellcheck"):
            yield outcome_of_command(f"{name} by shellcheck", ["shellcheck", script])
