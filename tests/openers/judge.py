"""What the database said of each opener, deferral and hook of a library, held against what the catalog says of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.openers import NONE_HERE
from tests.openers.postgres import ABSENT
from txlint.model.catalog import Deferral, Hook, Library, Opener

TOP = Path(__file__).parents[2]
PROVED = tuple(sorted(path.stem.removeprefix("on_") for path in Path(__file__).parent.glob("on_*.py")))
REASONS = (ABSENT, NONE_HERE)
"""Why one may go unexecuted; there is no other excuse."""

Answer = list[bool] | str


class Verdict(NamedTuple):
    """Names that were shown, names that a reason excuses, and a line for each that is wrong."""

    shown: frozenset[str]
    excused: frozenset[str]
    wrong: tuple[str, ...]


def entries_of(library: Library) -> dict[str, Opener | Deferral | Hook]:
    """By name; ``NAME as hook`` and so on where several tables have it. Entries of one table and name differ only in their conditions."""
    found: dict[str, dict[str, Opener | Deferral | Hook]] = {}
    for entry in library.entries:
        if isinstance(entry, Opener | Deferral | Hook):
            found.setdefault(entry.name, {}).setdefault(type(entry).__name__.lower(), entry)
    return {name if len(tables) == 1 else f"{name} as {table}": entry for name, tables in found.items() for table, entry in tables.items()}


def executed(name: str) -> dict[str, Answer]:
    """What ``tests.openers`` saw, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.openers", name],
        cwd=TOP,
        env={**os.environ, "PYTHONPATH": str(TOP), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout:
        raise AssertionError(done.stderr[-3000:])
    found: dict[str, Answer] = json.loads(done.stdout)
    return found


def judge(library: Library, seen: Mapping[str, Answer]) -> Verdict:
    entries = entries_of(library)
    wrong = [f"{name}: nothing executes it" for name in sorted(entries.keys() - seen.keys())]
    wrong += [f"{name}: the catalog has no such entry" for name in sorted(seen.keys() - entries.keys())]
    shown, excused = set(), set()
    for name in sorted(entries.keys() & seen.keys()):
        answer, entry = seen[name], entries[name]
        wanted = [False, not (isinstance(entry, Hook) and entry.state == "out")]
        if answer == wanted:
            shown.add(name)
        elif answer in REASONS:
            excused.add(name)
        else:
            wrong.append(f"{name}: {answer}" if isinstance(answer, str) else f"{name}: before and then: {answer}, not {wanted}")
    return Verdict(frozenset(shown), frozenset(excused), tuple(wrong))
