"""What `txlint catalog` and the documentation say of the catalog: its libraries with what was tested of them, and its entries by word.

The tests of a library are those that `tests/catalog_tests.py` counts and `make truth` records. An installed package has the record beside
this module; a checkout has it under docs/."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from txlint.catalog.loader import table_of
from txlint.catalog.lookup import PROJECT, Catalog
from txlint.model.catalog import Entry, Library

TESTS: Mapping[str, str] = {
    "true": "each name is there in the installed releases",
    "used": "a line of a fixture calls each entry, and the analysis sees it",
    "explained": "each entry says why",
    "real": "run for real, an effect leaves the process, a deferral does not, and the database says that an opener opened",
}
"""The four tests, each with what it means. Not executed are entries that say why they cannot be (`untested`)."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "effects": ("effect",),
    "openers": ("opener", "closer"),
    "deferrals": ("deferral",),
    "hooks": ("hook", "calls"),
    "types": ("returns", "class", "signature"),
    "silent": ("silent",),
}
"""Tables that are counted together."""


class Tested(NamedTuple):
    """What was measured of a library: the releases that its names were looked up in, oldest first; by test how many entries passed it, of
    how many."""

    versions: tuple[str, ...] = ()
    counts: Mapping[str, tuple[int, int]] = {}
    untested: int = 0  # entries that say why they cannot be executed

    @property
    def passed(self) -> tuple[str, ...]:
        """The tests that all passed. A library of which nothing can be executed does not pass `real`, whatever else it passes."""
        return tuple(test for test in TESTS if self.versions and self._passes(*self.counts.get(test, (0, 1)), test == "real"))

    @staticmethod
    def _passes(good: int, of: int, needs_one: bool) -> bool:
        return good == of and (of > 0 or not needs_one)

    @property
    def failed(self) -> tuple[str, ...]:
        return tuple(test for test in TESTS if test not in self.passed)


class Listed(NamedTuple):
    """A library as it is listed. ``source`` is the file that it was read from."""

    library: Library
    tested: Tested
    source: str

    @property
    def is_project(self) -> bool:
        return self.library.name == PROJECT

    def count(self, group: str) -> int:
        return sum(table_of(entry) in GROUPS[group] for entry in self.library.entries)

    @property
    def silent(self) -> tuple[Entry, ...]:
        """What is known of it to be harmless."""
        return tuple(entry for entry in self.library.entries if table_of(entry) == "silent")


class Told(NamedTuple):
    """An entry in words. ``what`` says what the call is or does, ``notes`` go with it: label and text."""

    entry: Entry
    table: str
    codes: tuple[str, ...]
    what: str
    notes: tuple[tuple[str, str], ...]
    source: str


def listed(catalog: Catalog, source: str = "") -> list[Listed]:
    """The libraries of a catalog by name, the project's own tables (of the file ``source``) first."""
    found = read_tested()
    libraries = sorted(catalog.libraries.values(), key=lambda library: (library.name != PROJECT, library.name))
    return [
        Listed(each, found.get(each.name, Tested()), source if each.name == PROJECT else f"txlint/catalog/libs/{each.name}.toml")
        for each in libraries
    ]


def read_tested() -> dict[str, Tested]:
    """What was recorded of each library; nothing where there is no record."""
    here = Path(__file__)
    for path in (here.with_name("tested.json"), here.parents[2] / "docs" / "truth" / "catalog.json"):
        if path.exists():
            return tested(json.loads(path.read_text(encoding="utf-8")))
    return {}


def tested(record: Mapping[str, Any]) -> dict[str, Tested]:
    """What a record of `bench/truth.py` says of each library."""
    return {
        name: Tested(
            tuple(figures["versions"]),
            {test: (figures[test][0], figures[test][1]) for test in TESTS if test in figures},
            figures["untested"],
        )
        for name, figures in record["figures"]["libraries"].items()
    }


def search(catalog: Catalog, word: str) -> list[Entry]:
    """The entries that a word is about: what is known under that name, in whichever home and along the bases; else the entries of the
    library of that name or import name; else those of which it is the method, or part of the name. Capitals do not matter."""
    known: list[Entry] = [entry for field in catalog.at(word) for entry in field]
    if known:
        return known
    folded = word.casefold()
    for library in catalog.libraries.values():
        if folded in (library.name.casefold(), library.distribution.casefold(), *(each.casefold() for each in library.packages)):
            return sorted(library.entries, key=_order)
    found = list(catalog.entries)
    last = [entry for entry in found if entry.name.casefold().rpartition(".")[2] == folded]
    return sorted(last or [entry for entry in found if folded in entry.name.casefold()], key=_order)


def _order(entry: Entry) -> tuple[str, str, str]:
    return entry.library, table_of(entry), entry.name


def waiting(catalog: Catalog, entry: Entry) -> list[str]:
    """The calls that do what an effect does and wait for the commit: the deferrals of the same class or module that take no callable."""
    owner = entry.name.rpartition(".")[0]
    library = catalog.libraries[entry.library]
    return [
        each.name
        for each in library.entries
        if table_of(each) == "deferral" and each.name.rpartition(".")[0] == owner and getattr(each, "callable", None) is None
    ]
