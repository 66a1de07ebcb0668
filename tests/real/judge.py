"""Which entry a line of a fixture is about, what is expected of it, and what was measured.

An effect must be seen leaving on one of the lines that the analysis takes for it. A deferral and what the catalog calls silent must not
be seen on any line that names them. Openers, closers and hooks are proved by ``tests/proof``."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from txlint.model.catalog import Deferral, Effect, Entry, Library, Silent

TOP = Path(__file__).parents[2]
NETWORK = ["network"]
ACCEPTED = {
    "storage": ["network", "file"],
    "storage-write": ["network", "file"],
    "process": ["network", "process"],
    "wait": ["network", "wait"],
}
"""Effect kind -> the meanings of an event that show it; of the other kinds only the network."""
PATIENCE = 2.5  # seconds: a thread of the library may be the one that sends
SILENCE = 0.3  # seconds without an event are silence


@dataclass(slots=True)
class Verdict:
    """For one library: entry name -> why it is not shown to be real; ``shown`` are those that are."""

    shown: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)


def tested(library: Library, fixture: Path, effect_lines: Mapping[str, set[int]]) -> list[Entry]:
    """The entries that this test is about; of several of one name, the first. Those that hold for some versions or settings only are left
    out where the fixture does not show them, and so are deferrals and silent calls that it does not name."""
    found: dict[str, Entry] = {}
    quiet = quiet_lines(fixture) if fixture.exists() else {}
    for entry in library.entries:
        conditional = any(when.version or when.setting for when in entry.when)
        if isinstance(entry, Effect):
            wanted = entry.name in effect_lines or not conditional
        else:
            wanted = isinstance(entry, Deferral | Silent) and not conditional and entry.name.rpartition(".")[2] in quiet
        if wanted:
            found.setdefault(entry.name, entry)
    return list(found.values())


def judge(library: Library, fixture: Path, effect_lines: Mapping[str, set[int]]) -> Verdict:
    """Execute the lines of the fixture, but for entries that are marked as untested. ``effect_lines``: effect's name -> lines that the
    analysis takes for it."""
    verdict = Verdict()
    quiet = quiet_lines(fixture)
    lines: dict[str, list[int]] = {}
    requests = []
    entries = [entry for entry in tested(library, fixture, effect_lines) if entry.untested is None]
    for entry in entries:
        effect = isinstance(entry, Effect)
        lines[entry.name] = sorted(effect_lines.get(entry.name, ()) if effect else quiet.get(entry.name.rpartition(".")[2], ()))
        if not lines[entry.name]:
            verdict.failed[entry.name] = "no line of the fixture is about it"
        listen = ACCEPTED.get(entry.kind, NETWORK) if isinstance(entry, Effect) else ["network", "process"]
        wait = PATIENCE if effect else SILENCE
        requests += [{"number": line, "wanted": listen, "seconds": wait, "atomic": not effect} for line in lines[entry.name]]
    answers = execute(fixture, requests) if requests else {}
    for entry in entries:
        told = [answers[line] for line in lines[entry.name]]
        if not told:
            continue
        if isinstance(entry, Effect):
            wrong = None if any(answer["events"] for answer in told) else told[0]["error"] or "nothing left the process"
        else:
            wrong = next((f"{answer['events'][0]} was seen" for answer in told if answer["events"]), None)
            wrong = wrong or next((answer["error"] for answer in told if answer["error"]), None)
        if wrong:
            verdict.failed[entry.name] = f"line {lines[entry.name][0]}: {wrong}"
        else:
            verdict.shown.add(entry.name)
    return verdict


def execute(fixture: Path, lines: list[dict[str, object]]) -> dict[int, dict[str, object]]:
    """Number of a line -> what was seen."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.real.worker"],
            input=json.dumps({"path": str(fixture), "lines": lines}),
            cwd=TOP,
            env={**os.environ, "PYTHONPATH": str(TOP), "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": home},
            capture_output=True,
            text=True,
            check=False,
        )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(lines):
        raise AssertionError(f"{fixture.name}: the process ended early: {done.stderr[-2000:]}")
    return {answer["number"]: answer for answer in answers}


def quiet_lines(fixture: Path) -> dict[str, set[int]]:
    """Last segment of a name -> lines without a mark that call it."""
    source = fixture.read_text(encoding="utf-8")
    marked = {number for number, line in enumerate(source.splitlines(), 1) if "# want:" in line or "# missed:" in line}
    found: dict[str, set[int]] = defaultdict(set)
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and node.lineno not in marked:
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                found[name].add(node.lineno)
    return found
