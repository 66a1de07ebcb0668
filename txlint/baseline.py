"""The baseline: findings that a project knows of, so that a run reports new ones only. One line of text per entry:

    shop/orders.py TX101 9f0c2a7be1d4aa03 shop.orders.place_order: receipt.delay <- shop.views.checkout: transaction.atomic

An entry is a pair of path (relative to the baseline's folder) and fingerprint; the code says which rule's it is, the rest is for people.
No entry holds a line number, and the lines are sorted, so that an edit elsewhere changes nothing and two branches merge by lines. Where
a finding has more pairs than are listed, one more entry with the fingerprint of the finding stands for all of them: which ones
are listed may change. A file that could not be analysed has an entry ``PATH TX900 -``."""

# The file is read in runs whose start-up counts: os.path instead of pathlib.
# ruff: noqa: PTH100, PTH113, PTH120, PTH123

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from txlint.config import ConfigError
from txlint.model.finding import Finding, Opener, Problem

NAME = "txlint-baseline.txt"
HEADER = "# txlint baseline 1"
_NO_FINGERPRINT = "-"
_CONFLICT = ("<<<<<<< ", "=======", ">>>>>>> ", "||||||| ")
_HEX = frozenset("0123456789abcdef")


class Key(NamedTuple):
    """What makes two entries the same: the escaped path and the fingerprint."""

    path: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """A file that was read: its name, its bytes, and its entries, each with its code and the whole line."""

    file: str
    data: bytes
    entries: Mapping[Key, tuple[str, str]]

    def knows(self, finding: Finding, opener: Opener | None) -> bool:
        """Is it in the baseline, by this opener; or as a whole, where it has none or has more of them than are told?"""
        path = self.path(finding.place.path)
        whole = opener is None or bool(finding.omitted)
        return (opener is not None and Key(path, opener.fingerprint) in self.entries) or (
            whole and Key(path, finding.fingerprint) in self.entries
        )

    def knows_problem(self, problem: Problem) -> bool:
        return problem.code == "TX900" and Key(self.path(problem.path), _NO_FINGERPRINT) in self.entries

    def path(self, path: str) -> str:
        """The path of a report as entries name it."""
        return relative(path, self.file)


def read_baseline(file: str) -> Baseline:
    """Raises ``ConfigError``, in one line, for what is no baseline."""
    if not os.path.lexists(file):
        raise ConfigError(f"{file}: there is no such baseline (`txlint baseline` writes one)")
    if not os.path.isfile(file):
        raise ConfigError(f"{file}: not a regular file")
    try:
        with open(file, "rb") as stream:
            data = stream.read()
        lines = data.decode("utf-8-sig").split("\n")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: not a txlint baseline: it is not valid UTF-8") from None
    if lines[0].rstrip("\r") != HEADER:
        told = "written by another version of txlint" if lines[0].startswith(HEADER.rpartition(" ")[0]) else "not a txlint baseline"
        raise ConfigError(f"{file}: {told}: its first line is not {HEADER!r}")
    return Baseline(file, data, dict(_entry(file, number, line) for number, line in enumerate(lines, 1) if line.strip() and line[0] != "#"))


def _entry(file: str, number: int, line: str) -> tuple[Key, tuple[str, str]]:
    line = line.rstrip("\r")
    if line.startswith(_CONFLICT):
        raise ConfigError(f"{file}:{number}: a merge conflict was left here")
    path, code, fingerprint, *_ = (*line.split(" ", 3), "", "")
    right = len(fingerprint) == 16 and _HEX.issuperset(fingerprint)
    if not path or not (code.startswith("TX") and code[2:].isdecimal()) or not (right or (code == "TX900" and fingerprint == "-")):
        raise ConfigError(f"{file}:{number}: not an entry: `PATH CODE FINGERPRINT ...` is wanted")
    return Key(path, fingerprint), (code, line)


def entries(file: str, findings: Iterable[Finding], problems: Iterable[Problem] = ()) -> dict[Key, str]:
    """The lines of a baseline ``file`` that knows these."""
    found: dict[Key, str] = {}
    for finding in findings:
        path = relative(finding.place.path, file)
        ways = [(opener.fingerprint, f"{opener.trace[0].function}: {opener.opener}") for opener in finding.openers]
        if finding.omitted or not finding.openers:
            ways.append((finding.fingerprint, "every transaction"))
        for fingerprint, way in ways:
            told = _shown(f"{finding.function}: {finding.effect.callee} <- {way}")
            found[Key(path, fingerprint)] = f"{path} {finding.code} {fingerprint} {told}"
    for problem in problems:
        if problem.code == "TX900" and os.path.isfile(problem.path):
            path = relative(problem.path, file)
            found[Key(path, _NO_FINGERPRINT)] = f"{path} TX900 {_NO_FINGERPRINT} not analysed"
    return found


def text(lines: Iterable[str]) -> str:
    """The content of a baseline with these entries."""
    return "".join(f"{line}\n" for line in (HEADER, *sorted(set(lines))))


def not_met(baseline: Baseline, met: Iterable[Key], judged: Callable[[str, str], bool]) -> dict[Key, str]:
    """The lines of entries that stand for nothing any more. ``judged``: would this run have met a finding with this (escaped) path
    and code?"""
    met = frozenset(met)
    return {key: line for key, (code, line) in baseline.entries.items() if key not in met and judged(key.path, code)}


def relative(path: str, file: str) -> str:
    """A path seen from the baseline's folder, with all that is no plain character of a word as ``%20``."""
    relative = os.path.relpath(path, os.path.dirname(os.path.abspath(file))).replace(os.sep, "/")
    if relative.isascii() and relative.isprintable() and not {" ", "%"} & set(relative) and relative[0] != "#":
        return relative
    return "".join(_escaped(char) for char in relative)


def _escaped(char: str) -> str:
    if char.isprintable() and char not in " %#":
        return char
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))


def _shown(name: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in " ".join(name.split()))
