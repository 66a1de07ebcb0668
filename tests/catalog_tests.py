"""The four tests of HOUSE's catalog, counted for each library: true, used, explained, real. `bench/truth.py` records what this measures.

    true        each name, base and alias is there in the installed release
    used        an effect, opener, closer or deferral is called by a line of its fixture, and the analysis sees it
    explained   `why`, sorted, and something to say
    real        executed as in its fixture, an effect leaves the process, and a deferral or what is called silent does not

Each is [passed, of]. ``untested`` counts the entries that say why the last cannot be run on them: they are not in its numbers, and what
they find is at most `likely`. ``versions`` are the releases that the names were looked up in, ``skipped`` says why a library was not
executed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests import catalog_truth, catalog_use
from tests.real.judge import judge, tested
from txlint.catalog.loader import LIBRARIES, read_library
from txlint.model.catalog import Library

TESTS = ("true", "used", "explained", "real")


def measure(names: Iterable[str] = ()) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Figures of each library, all without ``names``; and what does not hold."""
    catalog_truth.prepare()
    wanted = set(names)
    figures = {}
    problems = []
    for path in sorted(LIBRARIES.glob("*.toml")):
        if not wanted or path.stem in wanted:
            figures[path.stem], wrong = of_library(path)
            problems += [f"{path.stem}: {line}" for line in wrong]
    return figures, problems


def of_library(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Figures of one library, and what does not hold."""
    library = read_library(path)
    have = catalog_truth.installed(library)
    unexplained = catalog_truth.unexplained(path)
    of = len(library.entries)
    found: dict[str, Any] = {"versions": [have] if have else [], "entries": of}
    problems = [f"{name}: {problem}" for name, problem in unexplained.items()]

    false = untrue(library) if have else set()
    names = of + len(library.aliases)
    found["true"] = [names - len(false) if have else 0, names]
    problems += sorted(false)

    fixture = catalog_use.fixture_of(library)
    lines = catalog_use.effect_lines(fixture) if fixture.exists() else {}
    checked = catalog_use.checked(library)
    unused = catalog_use.unused(library, lines) if fixture.exists() else {entry.name for entry in checked}
    found["used"] = [sum(entry.name not in unused for entry in checked), len(checked)]
    problems += [f"{name}: no line of the fixture is about it" for name in sorted(unused)]
    found["explained"] = [of - len(unexplained), of]

    entries = tested(library, fixture)
    untested = [entry for entry in entries if entry.untested]
    found["real"] = [0, len(entries) - len(untested)]
    found["untested"] = len(untested)
    if have and fixture.exists() and len(untested) < len(entries):
        verdict = judge(library, fixture, lines)
        found["real"][0] = len(verdict.shown)
        found["not real"] = sorted(verdict.failed)
    if not have:
        found["skipped"] = f"{library.distribution} is not installed"
    return found, problems


def untrue(library: Library) -> set[str]:
    """What is not there in the installed release."""
    found = {problem for entry in library.entries if (problem := catalog_truth.problem(entry, library))}
    return found | {problem for new in library.aliases.values() if (problem := catalog_truth.missing(new, library))}


def passes(figures: dict[str, Any]) -> bool:
    """All four tests, with at least one entry that was executed."""
    return bool(figures["versions"]) and figures["real"][1] > 0 and all(figures[test][0] == figures[test][1] for test in TESTS)
