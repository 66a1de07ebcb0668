"""Patterns as ``.gitignore`` writes them; ``exclude`` and ``extend-exclude`` are read the same way, relative to the project root.

Globs, never regular expressions of the user's: ``*``, ``?``, ``[a-z]``, ``**``; a slash inside ties a pattern to its folder, one at
the end asks for a folder, ``!`` takes back. The last pattern that fits decides."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple


class _Group(NamedTuple):
    """Patterns that follow one another with the same sign: any may fit."""

    excludes: bool
    names: frozenset[str]  # plain names of files or folders
    folders: frozenset[str]  # plain names of folders only
    any: re.Pattern[str] | None  # over the path below the patterns' own folder
    any_folder: re.Pattern[str] | None


class Patterns(NamedTuple):
    """The patterns of one file, tied to the folder ``base`` (absolute, no slash at the end)."""

    base: str
    groups: tuple[_Group, ...]  # last first
    names: frozenset[str]  # all names of all groups
    any: re.Pattern[str] | None  # all globs of all groups

    def verdict(self, path: str, name: str, is_folder: bool) -> bool | None:
        """True for left out, False for taken back, None where no pattern fits."""
        below = path[len(self.base) + 1 :].replace(os.sep, "/")
        if name not in self.names and (self.any is None or not self.any.match(below)):
            return None  # as for nearly all files: two questions instead of some for each group
        for group in self.groups:
            if name in group.names or (is_folder and name in group.folders):
                return group.excludes
            for pattern in (group.any, group.any_folder if is_folder else None):
                if pattern is not None and pattern.match(below):
                    return group.excludes
        return None


def compile_patterns(lines: Iterable[str], base: str) -> Patterns | None:
    """The patterns of these lines, None if there are none."""
    groups: list[_Group] = []
    sign = True
    pending: list[tuple[str, bool]] = []
    for line in lines:
        text = line.rstrip("\r\n")
        while text.endswith(" ") and not text.endswith("\\ "):
            text = text[:-1]
        if not text or text.startswith("#"):
            continue
        excludes = not text.startswith("!")
        text = text[not excludes :].removeprefix("\\") if text[:2] in ("\\#", "\\!") or not excludes else text
        only_folders = text.endswith("/")
        text = text.rstrip("/")
        if not text:
            continue
        if pending and excludes != sign:
            groups.append(_group(sign, pending))
            pending = []
        sign = excludes
        pending.append((text, only_folders))
    if pending:
        groups.append(_group(sign, pending))
    if not groups:
        return None
    names = frozenset([name for group in groups for name in (*group.names, *group.folders)])
    globs = [each.pattern for group in groups for each in (group.any, group.any_folder) if each is not None]
    return Patterns(base.rstrip("/"), tuple(reversed(groups)), names, _any_of(globs))


def read_gitignore(folder: str) -> Patterns | None:
    """The patterns of the folder's own ``.gitignore``; one that cannot be read leaves nothing out."""
    try:
        with open(f"{folder}/.gitignore", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 -- in the hot loop
            return compile_patterns(file.read(1 << 20).split("\n"), folder)
    except OSError:
        return None


def _group(sign: bool, pending: list[tuple[str, bool]]) -> _Group:
    names: set[str] = set()
    folders: set[str] = set()
    anything: list[str] = []
    any_folder: list[str] = []
    for text, only_folders in pending:
        if "/" in text or any(c in text for c in "*?[\\"):
            (any_folder if only_folders else anything).append(_translate(text))
        else:
            (folders if only_folders else names).add(text)
    return _Group(sign, frozenset(names), frozenset(folders), _any_of(anything), _any_of(any_folder))


def _any_of(alternatives: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(alternatives), re.DOTALL) if alternatives else None


def _translate(glob: str) -> str:
    """A regular expression for one glob. Each star takes the first place at which what follows it fits, and never another one
    (atomic groups): whole names are compared, so the first place is as good as any, and time cannot explode."""
    runs: list[list[str]] = [[]]  # names between "**"
    for part in glob.split("/"):
        if part == "**":
            runs.append([])
        elif part:
            runs[-1].append(_segment(part))
    if "/" not in glob:
        runs.insert(0, [])
    out = ["/".join(runs[0])]
    middle = [run for run in runs[1:-1] if run]
    if runs[0] and len(runs) > 1:
        out.append("/")
    out.extend([f"(?>(?:[^/]+/)*?{'/'.join(run)}/)" for run in middle])
    if len(runs) > 1:
        out.append(f"(?:[^/]+/)*{'/'.join(runs[-1])}" if runs[-1] else ".+")
    return f"(?:{''.join(out)})\\Z"


def _segment(glob: str) -> str:
    pieces: list[list[str]] = [[]]  # between stars
    i = 0
    while i < len(glob):
        c = glob[i]
        i += 1
        if c == "*":
            pieces.append([])
        elif c == "?":
            pieces[-1].append("[^/]")
        elif c == "\\" and i < len(glob):
            pieces[-1].append(re.escape(glob[i]))
            i += 1
        elif c == "[" and (end := glob.find("]", i + 1 + (glob[i : i + 1] in "!^"))) > 0:
            pieces[-1].append(_class(glob[i:end]))
            i = end + 1
        else:
            pieces[-1].append(re.escape(c))
    first, *rest = ["".join(piece) for piece in pieces]
    if not rest:
        return first
    last = rest.pop()
    return first + "".join([f"(?>[^/]*?{piece})" for piece in rest if piece]) + f"[^/]*{last}(?=/|\\Z)"


def _class(inside: str) -> str:
    negated = inside[:1] in ("!", "^")
    body = re.sub(r"([\\\[\]&~|])", r"\\\1", inside[negated:])
    try:
        re.compile(f"[{body}]")
    except re.error:  # a range that runs backwards
        return re.escape(f"[{inside}]")
    return f"(?!/)[{'^' if negated else ''}{body}]"
