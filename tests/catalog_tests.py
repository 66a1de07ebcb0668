"""The four tests of HOUSE's catalog, counted for each library: true, used, explained, real. `bench/truth.py` records what this measures.

    true        each name, base and alias is there in the installed release
    used        an effect, opener, closer or deferral is called by a line of its fixture, and the analysis sees it
    explained   `why`, sorted, and something to say
    real        executed as in its fixture, an effect leaves the process, and a deferral or what is called silent does not; an opener,
                deferral or hook of a library that `tests/openers` executes does what is said of it, by the database's word

Each is [passed, of]. ``untested`` counts the entries that say why the last cannot be run on them: they are not in its numbers, and what
they find is at most `likely`. ``versions`` are the releases that the names were looked up in, ``skipped`` says why a library was not
executed."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from tests import catalog_truth, catalog_use
from tests.openers import judge as openers
from tests.real.judge import judge, tested
from txlint.catalog.loader import LIBRARIES, read_library
from txlint.model.catalog import Library

JOBS = 4  # fixtures that are executed at once: most of the time they wait for what does not come
TESTS = ("true", "used", "explained", "real")


def measure(names: Iterable[str] | None = None) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Figures of each library (``names`` None: all); and what does not hold."""
    catalog_truth.prepare()
    wanted = None if names is None else set(names)
    figures = {}
    problems = []
    paths = [path for path in sorted(LIBRARIES.glob("*.toml")) if wanted is None or path.stem in wanted]
    found = [static(path) for path in paths]  # in this thread: it changes the working directory
    with ThreadPoolExecutor(JOBS) as pool:
        for path, each in zip(paths, pool.map(executed, found), strict=True):
            figures[path.stem] = each.figures
            problems += [f"{path.stem}: {line}" for line in each.problems]
    return figures, problems


class Tested(NamedTuple):
    """One library: its figures, what does not hold, and the lines of its effects."""

    library: Library
    figures: dict[str, Any]
    problems: list[str]
    lines: dict[str, set[int]]


def static(path: Path) -> Tested:
    """What needs no execution."""
    library = read_library(path)
    have = catalog_truth.installed(library)
    unexplained = catalog_truth.unexplained(path)
    of = len(library.entries)
    found: dict[str, Any] = {"versions": [have] if have else [], "entries": of}
    problems = [f"{name}: {problem}" for name, problem in unexplained.items()]

    false = catalog_truth.untrue(library) if have else set()
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
    if not have:
        found["skipped"] = f"{library.distribution} is not installed"
    return Tested(library, found, problems, lines)


def executed(given: Tested) -> Tested:
    """The same, with what was seen of its effects, deferrals and silent calls."""
    library, found, _, lines = given
    fixture = catalog_use.fixture_of(library)
    entries = tested(library, fixture, lines)
    untested = [entry for entry in entries if entry.untested]
    found["real"] = [0, len(entries) - len(untested)]
    found["untested"] = len(untested)
    if "skipped" in found:
        return given
    failed: set[str] = set()
    if len(untested) < len(entries):
        verdict = judge(library, fixture, lines)
        found["real"][0] = len(verdict.shown)
        failed |= verdict.failed.keys()
    if library.name in openers.PROVED:
        asked = openers.judge(library, openers.executed(library.name))
        found["real"][0] += len(asked.shown)
        found["real"][1] += len(asked.shown) + len(asked.wrong)
        found["untested"] += len(asked.excused)
        failed.update(asked.wrong)
    if failed:
        found["not real"] = sorted(failed)
    return given


def passes(figures: dict[str, Any]) -> bool:
    """All four tests, with at least one entry that was executed."""
    return (
        bool(figures["versions"])
        and "skipped" not in figures
        and figures["real"][1] > 0
        and all(figures[test][0] == figures[test][1] for test in TESTS)
    )
