"""What has changed since a revision: the lines of the working tree that ``git diff`` names, and files that git does not know yet.

git itself is asked, with whatever a user's configuration could change about its output switched off; nothing is written, not even the
index. Where lines were only removed, the lines before and after the gap count as changed."""

from __future__ import annotations

import os
import subprocess
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from txlint.config import ConfigError
from txlint.model.finding import Finding, Opener, Place, Problem

_QUIET = ("--no-pager", "--no-optional-locks", "-c", "core.quotePath=false", "-c", "core.fsmonitor=false", "-c", "diff.relative=false")
_DIFF = (
    "diff",
    "--unified=0",
    "--inter-hunk-context=0",
    "--find-renames",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=all",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
_ALL = ((1, 1 << 60),)
_ESCAPES = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}

Lines = Sequence[tuple[int, int]]
"""First and last changed lines, sorted."""


@dataclass(slots=True)
class Changes:
    """``lines`` by path from the top folder of the repository; a folder that git does not know ends in ``/``."""

    top: str
    lines: dict[str, Lines]
    known: dict[str, Lines] = field(default_factory=dict)  # the same, by paths as reports show them

    def touch(self, finding: Finding, opener: Opener | None) -> bool:
        """Does the effect, the opener, the entry or a step between them stand on a changed line?"""
        places = (finding.place, *((opener.place, opener.entry, *(step.place for step in opener.trace)) if opener is not None else ()))
        return any(self._touch(place) for place in places)

    def touch_problem(self, problem: Problem) -> bool:
        """A file that cannot be read has no lines: any change counts."""
        if problem.code == "TX900":
            return bool(self._of(problem.path))
        return self._touch(Place(problem.path, problem.line, 1, problem.line, 1))

    def _touch(self, place: Place) -> bool:
        lines = self._of(place.path)
        at = bisect_right(lines, (place.end_line, 1 << 61)) - 1
        return at >= 0 and lines[at][1] >= place.line

    def _of(self, path: str) -> Lines:
        if path not in self.known:
            relative = os.path.relpath(os.path.realpath(path), self.top).replace(os.sep, "/")
            found = self.lines.get(relative)
            while found is None and relative:
                relative = relative.rstrip("/").rpartition("/")[0]
                found = self.lines.get(f"{relative}/") if relative else ()
            self.known[path] = found or ()
        return self.known[path]


def changes_since(revision: str, folder: str) -> Changes:
    """The changes between ``revision`` and the working tree of the repository that holds ``folder``. Raises ``ConfigError``, in one
    line, where there is no git, repository or revision."""
    top = os.fsdecode(_git(folder, "rev-parse", "--show-toplevel", wrong="no git repository to compare with").rstrip(b"\r\n"))
    unknown = f"no such revision: {revision!r}"
    if not revision or revision.startswith("-") or "\0" in revision:
        raise ConfigError(f"--since: {unknown}")
    commit = os.fsdecode(_git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", wrong=unknown).strip())
    lines = {os.fsdecode(path): _merged(spans) for path, spans in parse_diff(_git(top, *_DIFF, commit, "--")).items()}
    for path in _git(top, "ls-files", "--others", "--exclude-standard", "-z").split(b"\0"):
        if path:
            lines[os.fsdecode(path)] = _ALL
    return Changes(os.path.realpath(top), lines)


def _git(folder: str, *words: str, wrong: str = "") -> bytes:
    """What git prints. ``wrong`` says what it means when git fails; else its own words are shown."""
    try:
        done = subprocess.run(
            ["git", *_QUIET, *words],
            cwd=folder if Path(folder).is_dir() else None,
            env=os.environ | {"LC_ALL": "C", "LANGUAGE": ""},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise ConfigError("--since: git was not found") from None
    except OSError as error:
        raise ConfigError(f"--since: git cannot be run: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        if wrong and (not said or "not a git repository" in said):
            raise ConfigError(f"--since: {wrong}")
        raise ConfigError(f"--since: git {words[0]}: {said or done.returncode}")
    return done.stdout


def parse_diff(diff: bytes) -> dict[bytes, list[tuple[int, int]]]:
    """The changed lines of each file as it is now. Hunks are read by their counts: their content may look like anything."""
    found: dict[bytes, list[tuple[int, int]]] = {}
    spans: list[tuple[int, int]] = []
    left = 0
    for line in diff.split(b"\n"):
        if left and line[:1] in (b"+", b"-", b" "):
            left -= 1
        elif line.startswith(b"+++ "):
            spans = found.setdefault(_name(line[4:]), [])
        elif line.startswith(b"@@ "):
            removed, added = (_span(part[1:]) for part in line.split(b" ", 3)[1:3])
            left = removed[1] + added[1]
            spans.append((added[0], added[0] + added[1] - 1) if added[1] else (max(added[0], 1), added[0] + 1))
        elif line.startswith(b"Binary files ") and line.endswith(b" differ"):
            name = _name(line.removesuffix(b" differ").rpartition(b" and ")[2])
            found[name] = list(_ALL)
    return found


def _span(text: bytes) -> tuple[int, int]:
    """``12,3`` or ``12`` of a hunk's head: the first line and the number of lines."""
    first, comma, count = text.partition(b",")
    return int(first), int(count) if comma else 1


def _name(text: bytes) -> bytes:
    """A path as a diff names it, with its prefix and, where it is odd, quoted as in C."""
    text = text.rstrip(b"\t\r")
    if not text.startswith(b'"'):
        return text.removeprefix(b"b/")
    out = bytearray()
    at, end = 1, len(text) - 1
    while at < end:
        char = text[at : at + 1]
        if char != b"\\":
            out += char
            at += 1
        elif (escape := text[at + 1 : at + 2]) in _ESCAPES:
            out.append(_ESCAPES[escape])
            at += 2
        else:
            out.append(int(text[at + 1 : at + 4], 8))
            at += 4
    return bytes(out).removeprefix(b"b/")


def _merged(spans: Sequence[tuple[int, int]]) -> Lines:
    """Spans in order, none within reach of the one before, so that the last that starts before a place is the one to ask."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(merged[-1][1], last)
        else:
            merged.append((first, last))
    return merged
